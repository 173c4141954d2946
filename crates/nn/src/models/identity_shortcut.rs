//! The way around a block that narrows images and has no parameters.

use std::marker::PhantomData;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Tensor, Tree};

use crate::LIBRARY;
use crate::layers::{AvgPool2d, IntoSizes, stateless};

/// Every s-th pixel, with zeros for further channels: the shortcut of option A ([He et al. 2016], §3.3).
///
/// Half of the new channels stand before the old ones, half behind.
///
/// [He et al. 2016]: https://arxiv.org/abs/1512.03385
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, trace::{Var, compile}};
/// use quadric_nn::models::IdentityShortcut;
/// let shortcut: IdentityShortcut<Var> = IdentityShortcut::new(2, 2);
/// let y = compile(|x: Var| shortcut.apply(x)).call(Tensor::new([1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])?)?;
/// assert_eq!(y, Tensor::new([1, 3, 1, 1], &[0.0, 1.0, 0.0])?);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq)]
pub struct IdentityShortcut<T = Tensor> {
    /// s, down and across.
    pub stride: [usize; 2],
    /// How many channels are added.
    pub added: usize,
    leaf: PhantomData<T>,
}

impl<T> IdentityShortcut<T> {
    /// Every `stride`-th pixel, and so many channels of zeros.
    pub fn new(stride: impl IntoSizes<2>, added: usize) -> IdentityShortcut<T> {
        IdentityShortcut { stride: stride.sizes(), added, leaf: PhantomData }
    }
}

impl IdentityShortcut<Var> {
    /// # Shapes
    /// `x: [B, C, H, W]`, result `[B, C + added, ⌈H/s⌉, ⌈W/s⌉]`.
    ///
    /// # Errors
    /// Stops the trace if `x` has other axes.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("identity_shortcut", || {
            let pixels: AvgPool2d<Var> = AvgPool2d::new(1).stride(self.stride); // means of one
            pixels.apply(x).pad(1, self.added / 2, self.added - self.added / 2)
        })
    }
}

stateless!(IdentityShortcut);
