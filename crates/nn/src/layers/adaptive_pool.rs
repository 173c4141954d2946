//! Pools whose output has the size that is asked for.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, concat, constant, stop};
use quadric_autodiff::{Error, ErrorKind, Tensor, Tree};

use super::stateless;
use super::windows::{IntoSizes, Windows, one_to_three};
use crate::LIBRARY;

macro_rules! adaptive {
    ($(#[$doc:meta])* $Pool:ident, $reduce:ident, $scope:ident, $names:expr, $($alias:ident $n:literal $axes:literal),*) => {
        $(#[$doc])*
        #[derive(Tree, Clone, Copy, Debug, PartialEq)]
        pub struct $Pool<const N: usize, T = Tensor> {
            /// The sizes of the output.
            pub sizes: [usize; N],
            leaf: PhantomData<T>,
        }

        $(
            #[doc = concat!("[`", stringify!($Pool), "`] over arrays `", $axes, "`.")]
            pub type $alias<T = Tensor> = $Pool<$n, T>;
        )*

        impl<const N: usize, T> $Pool<N, T> {
            /// Outputs of this size: a number, or one for each axis.
            pub fn new(sizes: impl IntoSizes<N>) -> Self {
                const { one_to_three(N) };
                $Pool { sizes: sizes.sizes(), leaf: PhantomData }
            }
        }

        impl<const N: usize> $Pool<N, Var> {
            /// # Shapes
            /// `x: [B, C, n…]`, result `[B, C, m…]`, m the sizes that are asked for.
            ///
            /// # Errors
            /// Stops the trace if `x` has other axes, or a size is 0 here and not there.
            #[track_caller]
            pub fn apply(&self, x: Var) -> Var {
                let name = Windows::<N>::name($names);
                LIBRARY.$scope(name, || adaptive(name, x, &self.sizes, Var::$reduce))
            }
        }

        stateless!(const $Pool);
    };
}

adaptive! {
    /// The mean of each of m parts of an axis of n entries: part i is `⌊i n/m⌋ .. ⌈(i + 1) n/m⌉`, as in PyTorch.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Tensor, trace::{Var, compile}};
    /// use quadric_nn::AdaptiveAvgPool1d;
    /// let pool: AdaptiveAvgPool1d<Var> = AdaptiveAvgPool1d::new(2);
    /// assert_eq!(compile(|x: Var| pool.apply(x)).call(Tensor::new([1, 1, 3], &[1.0, 2.0, 6.0])?)?, Tensor::new([1, 1, 2], &[1.5, 4.0])?);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    AdaptiveAvgPool, mean_axes, scope, ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d"],
    AdaptiveAvgPool1d 1 "[B, C, L]", AdaptiveAvgPool2d 2 "[B, C, H, W]", AdaptiveAvgPool3d 3 "[B, C, D, H, W]"
}

adaptive! {
    /// The largest entry of each of m parts of an axis of n entries: part i is `⌊i n/m⌋ .. ⌈(i + 1) n/m⌉`, as in PyTorch. Ties share
    /// the derivative equally.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Tensor, trace::{Var, compile}};
    /// use quadric_nn::AdaptiveMaxPool1d;
    /// let pool: AdaptiveMaxPool1d<Var> = AdaptiveMaxPool1d::new(2);
    /// assert_eq!(compile(|x: Var| pool.apply(x)).call(Tensor::new([1, 1, 3], &[1.0, 2.0, 6.0])?)?, Tensor::new([1, 1, 2], &[2.0, 6.0])?);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    AdaptiveMaxPool, max_axes, nonlinear_scope, ["adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"],
    AdaptiveMaxPool1d 1 "[B, C, L]", AdaptiveMaxPool2d 2 "[B, C, H, W]", AdaptiveMaxPool3d 3 "[B, C, D, H, W]"
}

#[track_caller]
fn adaptive<const N: usize>(name: &str, x: Var, sizes: &[usize; N], reduce: fn(Var, &[isize]) -> Var) -> Var {
    let ty = x.ty();
    if ty.shape.rank() != N + 2 || ty.shape[2..].contains(&0) || sizes.contains(&0) {
        let what =
            format!("{name}: the input {ty} cannot be cut into {sizes:?} parts along the axes behind its channels");
        stop(Error::new(ErrorKind::Shape, what));
    }
    parts(x, sizes, 0, reduce)
}

/// The parts along this axis and those behind it, as `[B, C, parts…]`; of each axis before it there are already two, of parts and within them.
///
/// Parts of one size are taken together, and there are no more than two sizes along an axis, so the program does not grow with the number
/// of parts. Each is reduced over all axes at once, so that ties share equally.
#[track_caller]
fn parts(x: Var, sizes: &[usize], axis: usize, reduce: fn(Var, &[isize]) -> Var) -> Var {
    let shape = x.shape();
    if axis == sizes.len() {
        return reduce(x, &(0..axis as isize).map(|axis| 2 * axis + 3).collect::<Vec<_>>());
    }
    let (place, m) = (2 * axis + 2, sizes[axis]);
    let n = shape[place];
    let of_size = |x: Var, count: usize, size: usize| {
        let apart = [&shape[..place], &[count, size], &shape[place + 1..]].concat();
        parts(x.reshape(apart), sizes, axis + 1, reduce)
    };
    if n.is_multiple_of(m) {
        return of_size(x, m, n / m); // side by side
    }
    let ranges: Vec<_> = (0..m).map(|i| i * n / m..((i + 1) * n).div_ceil(m)).collect();
    let (mut reduced, mut order) = (Vec::new(), Vec::with_capacity(m));
    for size in [n / m + 1, n / m + 2] {
        let these: Vec<usize> = (0..m).filter(|i| ranges[*i].len() == size).collect();
        if !these.is_empty() {
            let entries = indices(these.iter().flat_map(|i| ranges[*i].clone()));
            reduced.push(of_size(x.gather(entries, place as isize), these.len(), size));
            order.extend(these);
        }
    }
    let mut back = vec![0; m];
    order.iter().enumerate().for_each(|(place, part)| back[*part] = place);
    let along = axis as isize + 2;
    if reduced.len() == 1 { reduced[0] } else { concat(&reduced, along).gather(indices(back.into_iter()), along) }
}

#[track_caller]
fn indices(places: impl Iterator<Item = usize>) -> Var {
    let places: Vec<i32> = places.map(|place| i32::try_from(place).expect("an axis that indices can count")).collect();
    constant(&Tensor::new([places.len()], &places).expect("a number for each place"))
}
