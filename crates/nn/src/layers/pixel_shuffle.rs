//! Channels as pixels.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind, Tensor, Tree};

use super::stateless;
use crate::LIBRARY;

/// Every r² channels as one channel of r times the height and width: `y[b, c, r h + i, r w + j] = x[b, r² c + r i + j, h, w]` ([Shi et al. 2016]).
///
/// [Shi et al. 2016]: https://arxiv.org/abs/1609.05158
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, trace::{Var, compile}};
/// use quadric_nn::PixelShuffle;
/// let shuffle: PixelShuffle<Var> = PixelShuffle::new(2);
/// let y = compile(|x: Var| shuffle.apply(x)).call(Tensor::new([1, 4, 1, 1], &[1.0, 2.0, 3.0, 4.0])?)?;
/// assert_eq!(y, Tensor::new([1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])?);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq)]
pub struct PixelShuffle<T = Tensor> {
    /// r.
    pub factor: usize,
    leaf: PhantomData<T>,
}

impl<T> PixelShuffle<T> {
    /// By this factor.
    pub fn new(factor: usize) -> PixelShuffle<T> {
        PixelShuffle { factor, leaf: PhantomData }
    }
}

impl PixelShuffle<Var> {
    /// # Shapes
    /// `x: [B, r² C, H, W]`, result `[B, C, r H, r W]`.
    ///
    /// # Errors
    /// Stops the trace if `x` has other axes, or r² does not divide its channels.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("pixel_shuffle", || {
            let (ty, r) = (x.ty(), self.factor);
            match ty.shape[..] {
                [batch, channels, height, width] if r > 0 && channels % (r * r) == 0 => {
                    let apart = x.reshape([batch, channels / (r * r), r, r, height, width]);
                    let together = [batch, channels / (r * r), height * r, width * r];
                    apart.permute(&[0, 1, 4, 2, 5, 3]).reshape(together)
                }
                _ => {
                    let what =
                        format!("pixel_shuffle: the input is {ty}, [B,C,H,W] with C a multiple of {} is needed", r * r);
                    stop(Error::new(ErrorKind::Shape, what))
                }
            }
        })
    }
}

stateless!(PixelShuffle);
