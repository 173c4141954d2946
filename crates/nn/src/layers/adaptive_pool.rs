//! Pools whose output has the size that is asked for.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, concat, stop};
use quadric_autodiff::{Error, ErrorKind, Tensor, Tree};

use super::stateless;
use super::windows::IntoSizes;
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
                let names: [&str; 3] = $names;
                LIBRARY.$scope(names[N - 1], || adaptive(names[N - 1], x, &self.sizes, Var::$reduce))
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
    if (0..N).all(|axis| ty.shape[axis + 2].is_multiple_of(sizes[axis])) {
        // Parts of one size, side by side: an axis of parts and one within the part.
        let apart = (0..N).flat_map(|axis| [sizes[axis], ty.shape[axis + 2] / sizes[axis]]);
        let apart: Vec<usize> = ty.shape[..2].iter().copied().chain(apart).collect();
        let within: Vec<isize> = (0..N as isize).map(|axis| 2 * axis + 3).collect();
        return reduce(x.reshape(apart), &within);
    }
    parts(x, sizes, 0, reduce)
}

/// The parts along this axis and those behind it. Each is reduced over all axes at once, so that ties share equally.
#[track_caller]
fn parts(x: Var, sizes: &[usize], axis: usize, reduce: fn(Var, &[isize]) -> Var) -> Var {
    let shape = x.shape();
    if axis == sizes.len() {
        let all: Vec<isize> = (2..shape.rank() as isize).collect();
        return reduce(x, &all).expand_dims(&all);
    }
    let (n, m) = (shape[axis + 2], sizes[axis]);
    let mut reduced = Vec::with_capacity(m);
    for i in 0..m {
        let part = x.slice(axis as isize + 2, i * n / m..((i + 1) * n).div_ceil(m));
        reduced.push(parts(part, sizes, axis + 1, reduce));
    }
    concat(&reduced, axis as isize + 2)
}
