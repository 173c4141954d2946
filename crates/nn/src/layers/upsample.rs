//! Larger images from smaller ones.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, concat, constant, stop};
use quadric_autodiff::{Error, ErrorKind, Static, Tensor, Tree};

use super::stateless;
use super::windows::IntoSizes;
use crate::LIBRARY;

/// What stands between the pixels of an [`Upsample`].
#[derive(Static, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The nearest pixel, that is every one repeated.
    Nearest,
    /// A weighted mean of the two nearest along each axis; pixels are squares, and beyond the centres of the outermost ones is the
    /// outermost value. PyTorch's `bilinear` with `align_corners=False`. Who is no neighbour has no part in it, be it infinite or NaN.
    Bilinear,
}

/// Images of `f` times the height and width.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, trace::{Var, compile}};
/// use quadric_nn::{Interpolation, Upsample};
/// let of = |interpolation| Upsample::<Var>::new([1, 2], interpolation);
/// let (nearest, linear) = (of(Interpolation::Nearest), of(Interpolation::Bilinear));
/// let y = compile(|x: Var| (nearest.apply(x), linear.apply(x))).call(Tensor::new([1, 1, 1, 2], &[0.0, 4.0])?)?;
/// assert_eq!(y, (Tensor::new([1, 1, 1, 4], &[0.0, 0.0, 4.0, 4.0])?, Tensor::new([1, 1, 1, 4], &[0.0, 1.0, 3.0, 4.0])?));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq)]
pub struct Upsample<T = Tensor> {
    /// f, down and across.
    pub factors: [usize; 2],
    /// What stands between the pixels.
    pub interpolation: Interpolation,
    leaf: PhantomData<T>,
}

impl<T> Upsample<T> {
    /// By this factor, or one down and one across.
    pub fn new(factors: impl IntoSizes<2>, interpolation: Interpolation) -> Upsample<T> {
        Upsample { factors: factors.sizes(), interpolation, leaf: PhantomData }
    }
}

impl Upsample<Var> {
    /// # Shapes
    /// `x: [B, C, H, W]`, result `[B, C, f H, f W]`.
    ///
    /// # Errors
    /// Stops the trace if `x` has other axes, a factor is 0, or there is nothing between the values of an `x` that are no floats.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("upsample", || {
            let ty = x.ty();
            if ty.shape.rank() != 4 {
                stop(Error::new(ErrorKind::Shape, format!("upsample: the input is {ty}, [B,C,H,W] is needed")));
            }
            let [down, across] = self.factors;
            if self.factors.contains(&0) {
                let what = format!("upsample: the factors {:?} must be at least 1", self.factors);
                stop(Error::new(ErrorKind::Shape, what));
            }
            match self.interpolation {
                Interpolation::Nearest => x.repeat(down, 2).repeat(across, 3),
                Interpolation::Bilinear if ty.dtype.is_float() => linear(linear(x, 2, down), 3, across),
                Interpolation::Bilinear => {
                    let what = format!("upsample: the input is {ty}, and weighted means are of floats");
                    stop(Error::new(ErrorKind::DType, what))
                }
            }
        })
    }
}

/// Each of n entries in a line as `factor` places; between the centres of two neighbours is their mean by distance.
///
/// Half of the first entry's places lie before its centre and half of the last one's behind it. All others lie in gaps of `factor` places
/// that begin at an entry's centre, where an odd factor has a place with the entry itself.
#[track_caller]
fn linear(x: Var, axis: usize, factor: usize) -> Var {
    let (n, along) = (x.shape()[axis], axis as isize);
    if factor == 1 || n == 0 {
        return x.repeat(factor, along);
    }
    let odd = factor % 2 == 1;
    let first = x.slice(along, 0..1).repeat(factor / 2, along);
    let last = x.slice(along, n - 1..n).repeat(factor.div_ceil(2), along);
    let weights = Tensor::from_fn(x.dtype(), [factor - usize::from(odd)], |i| {
        let places = if odd { i as f64 + 1.0 } else { i as f64 + 0.5 };
        places / factor as f64
    });
    // An axis for the places within a gap, behind the one of gaps.
    let weights = constant(&weights).reshape([&[weights.size()][..], &vec![1; 3 - axis]].concat());
    let (left, right) =
        (x.slice(along, 0..n - 1).expand_dims(&[along + 1]), x.slice(along, 1..n).expand_dims(&[along + 1]));
    let mixed = left * (1.0 - weights) + right * weights;
    let gaps = if odd { concat(&[left, mixed], along + 1) } else { mixed };
    let gaps = gaps.reshape(x.shape().resized(axis, (n - 1) * factor));
    concat(&[first, gaps, last], along)
}

stateless!(Upsample);
