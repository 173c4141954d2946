//! Larger images from smaller ones.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, constant, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Static, Tensor, Tree};

use super::stateless;
use super::windows::IntoSizes;
use crate::LIBRARY;

/// What stands between the pixels of an [`Upsample`].
#[derive(Static, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The nearest pixel, that is every one repeated.
    Nearest,
    /// A weighted mean of the two nearest along each axis; pixels are squares, and beyond the centres of the outermost ones is the
    /// outermost value. PyTorch's `bilinear` with `align_corners=False`.
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
    /// Stops the trace if `x` has other axes.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("upsample", || {
            let [_, _, height, width] = x.shape()[..] else {
                stop(Error::new(ErrorKind::Shape, format!("upsample: the input is {}, [B,C,H,W] is needed", x.ty())))
            };
            let [down, across] = self.factors;
            match self.interpolation {
                Interpolation::Nearest => x.repeat(down, 2).repeat(across, 3),
                Interpolation::Bilinear => {
                    let weights = |n, factor| constant(&between(x.dtype(), n, factor));
                    weights(height, down).t().matmul(x).matmul(weights(width, across))
                }
            }
        })
    }
}

/// How much each of n pixels in a line counts in each of `n · factor`: `[n, n · factor]`.
fn between(dtype: DType, n: usize, factor: usize) -> Tensor {
    let m = n * factor;
    Tensor::from_fn(dtype, [n, m], |i| {
        let (from, to) = (i / m, i % m);
        let last = n as f64 - 1.0;
        let place = ((to as f64 + 0.5) / factor as f64 - 0.5).clamp(0.0, last);
        (1.0 - (place - from as f64).abs()).max(0.0)
    })
}

stateless!(Upsample);
