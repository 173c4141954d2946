//! The largest entry of every window.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, concat, full};
use quadric_autodiff::{Tensor, Tree};

use super::stateless;
use super::windows::{IntoSizes, Padding, Windows, window_settings};
use crate::LIBRARY;

/// The maximum over windows of each channel; the padding is −∞.
///
/// Where several entries of a window are the largest, they share its derivative equally, as in [`Var::max_axes`]; PyTorch and JAX give it to the
/// first of them. The values are the same.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, trace::{Var, compile}};
/// use quadric_nn::MaxPool2d;
/// let pool: MaxPool2d<Var> = MaxPool2d::new(2);
/// let y = compile(|x: Var| pool.apply(x)).call(Tensor::new([1, 1, 2, 4], &[1.0, 2.0, 5.0, 6.0, 3.0, 4.0, 7.0, 8.0])?)?;
/// assert_eq!(y, Tensor::new([1, 1, 1, 2], &[4.0, 8.0])?);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq)]
pub struct MaxPool<const N: usize, T = Tensor> {
    /// Kernel, stride, padding and dilation.
    pub windows: Windows<N>,
    /// Whether a window may reach beyond the end, as long as it begins before it.
    pub ceil: bool,
    leaf: PhantomData<T>,
}

/// [`MaxPool`] over sequences, `[B, C, L]`.
pub type MaxPool1d<T = Tensor> = MaxPool<1, T>;
/// [`MaxPool`] over images, `[B, C, H, W]`.
pub type MaxPool2d<T = Tensor> = MaxPool<2, T>;
/// [`MaxPool`] over volumes, `[B, C, D, H, W]`.
pub type MaxPool3d<T = Tensor> = MaxPool<3, T>;

impl<const N: usize, T> MaxPool<N, T> {
    /// Windows of this size side by side: the stride is the kernel.
    pub fn new(kernel: impl IntoSizes<N>) -> Self {
        let kernel = kernel.sizes();
        MaxPool { windows: Windows { stride: kernel, ..Windows::new(kernel) }, ceil: false, leaf: PhantomData }
    }

    window_settings!(stride: "this distance between neighbouring windows", dilation: "this distance between neighbouring entries of a window");

    /// The same layer with this padding.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding<N>>) -> Self {
        self.windows.padding = padding.into();
        self
    }

    /// The same layer with as many windows as begin within the input or the padding before it.
    #[must_use]
    pub fn ceil(self) -> Self {
        MaxPool { ceil: true, ..self }
    }
}

impl<const N: usize> MaxPool<N, Var> {
    /// The maxima.
    ///
    /// # Shapes
    /// `x: [B, C, n…]`, result `[B, C, m…]` with m as of a [`Conv`](super::Conv), rounded up with [`ceil`](MaxPool::ceil).
    ///
    /// # Errors
    /// Stops the trace if `x` has other axes, the window does not fit it, or a window lies in the padding alone.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        let name = Windows::<N>::name(["max_pool1d", "max_pool2d", "max_pool3d"]);
        LIBRARY.nonlinear_scope(name, || {
            let sizes = self.windows.sizes(name, x);
            self.windows.check(name, &sizes, &x.ty());
            let windows = if self.ceil { self.windows.rounded_up(&sizes) } else { self.windows };
            windows.check_entries(name, &sizes, &x.ty());
            let mut padded = x;
            for (axis, (low, high)) in windows.padded(&sizes).into_iter().enumerate() {
                let nothing = |n: usize| full(x.dtype(), padded.shape().resized(axis + 2, n), f64::NEG_INFINITY);
                let parts: Vec<Var> = [(low, nothing(low)), (usize::MAX, padded), (high, nothing(high))]
                    .into_iter()
                    .filter_map(|(n, part)| (n > 0).then_some(part))
                    .collect();
                if parts.len() > 1 {
                    padded = concat(&parts, axis as isize + 2);
                }
            }
            Windows { padding: Padding::Valid, ..windows }.reduce(padded, Var::max_axes)
        })
    }
}

stateless!(const MaxPool);
