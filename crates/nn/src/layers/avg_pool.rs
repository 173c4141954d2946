//! The mean of every window.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, constant};
use quadric_autodiff::{Tensor, Tree};

use super::stateless;
use super::windows::{IntoSizes, Padding, Windows};
use crate::LIBRARY;

/// The mean over windows of each channel. The padding is zeros that count as entries, unless
/// [`without_padding_counted`](AvgPool::without_padding_counted) says otherwise.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, trace::{Var, compile}};
/// use quadric_nn::AvgPool1d;
/// let pool: AvgPool1d<Var> = AvgPool1d::new(2).padding(1);
/// let inside = pool.without_padding_counted();
/// let y = compile(|x: Var| (pool.apply(x), inside.apply(x))).call(Tensor::new([1, 1, 4], &[1.0, 2.0, 4.0, 8.0])?)?;
/// assert_eq!(y, (Tensor::new([1, 1, 3], &[0.5, 3.0, 4.0])?, Tensor::new([1, 1, 3], &[1.0, 3.0, 8.0])?));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq)]
pub struct AvgPool<const N: usize, T = Tensor> {
    /// Kernel, stride and padding; the dilation is 1.
    pub windows: Windows<N>,
    /// Whether a window may reach beyond the end, as long as it begins before it. What is beyond the padding is never counted.
    pub ceil: bool,
    /// Whether the padding is counted.
    pub counts_padding: bool,
    leaf: PhantomData<T>,
}

/// [`AvgPool`] over sequences, `[B, C, L]`.
pub type AvgPool1d<T = Tensor> = AvgPool<1, T>;
/// [`AvgPool`] over images, `[B, C, H, W]`.
pub type AvgPool2d<T = Tensor> = AvgPool<2, T>;
/// [`AvgPool`] over volumes, `[B, C, D, H, W]`.
pub type AvgPool3d<T = Tensor> = AvgPool<3, T>;

impl<const N: usize, T> AvgPool<N, T> {
    /// Windows of this size side by side: the stride is the kernel.
    pub fn new(kernel: impl IntoSizes<N>) -> Self {
        let kernel = kernel.sizes();
        let windows = Windows { stride: kernel, ..Windows::new(kernel) };
        AvgPool { windows, ceil: false, counts_padding: true, leaf: PhantomData }
    }

    /// The same layer with this distance between neighbouring windows.
    #[must_use]
    pub fn stride(mut self, stride: impl IntoSizes<N>) -> Self {
        self.windows.stride = stride.sizes();
        self
    }

    /// The same layer with this padding.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding<N>>) -> Self {
        self.windows.padding = padding.into();
        self
    }

    /// The same layer with as many windows as begin within the input or the padding before it.
    #[must_use]
    pub fn ceil(self) -> Self {
        AvgPool { ceil: true, ..self }
    }

    /// The same layer with means over the entries of the input alone.
    #[must_use]
    pub fn without_padding_counted(self) -> Self {
        AvgPool { counts_padding: false, ..self }
    }
}

impl<const N: usize> AvgPool<N, Var> {
    /// The means.
    ///
    /// # Shapes
    /// `x: [B, C, n…]`, result `[B, C, m…]` with m as of a [`Conv`](super::Conv), rounded up with [`ceil`](AvgPool::ceil).
    ///
    /// # Errors
    /// Stops the trace if `x` has other axes, the window does not fit it, or a window has no entry that counts.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        let name = Windows::<N>::name(["avg_pool1d", "avg_pool2d", "avg_pool3d"]);
        LIBRARY.scope(name, || {
            let sizes = self.windows.sizes(name, x);
            self.windows.check(name, &sizes, &x.ty());
            let windows = if self.ceil { self.windows.rounded_up(&sizes) } else { self.windows };
            if !self.counts_padding {
                windows.check_entries(name, &sizes, &x.ty());
            }
            let around = if self.counts_padding { self.windows.padded(&sizes) } else { [(0, 0); N] };
            let counts = windows.counts(&sizes, &around);
            let sums = windows.reduce(x, Var::sum_axes);
            let full: usize = windows.kernel.iter().product();
            if counts.iter().all(|count| *count == full) {
                return sums / full as f64;
            }
            sums / constant(&Tensor::from_fn(x.dtype(), windows.places(&sizes), |i| counts[i] as f64))
        })
    }
}

stateless!(const AvgPool);
