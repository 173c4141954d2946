//! Convolutions.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree, Type};

use super::Init;
use super::check::{channels_of, groups_divide, same_dtype};
use super::stateless;
use super::windows::{IntoSizes, Padding, Windows, window_settings};
use crate::LIBRARY;

/// A convolution over N axes: `y[b, o, p] = b[o] + Σ_{c, k} W[o, c, k] x[b, c, p·stride + k·dilation − padding]`, a cross-correlation as in all
/// libraries of networks ([LeCun et al. 1998]).
///
/// With g groups the channels fall into g parts, and output channels see their own part alone. As many groups as input channels make it
/// *depthwise*. Weight and bias lie as in PyTorch, `[out, in/g, k…]` and `[out]`.
///
/// It is a product of the weight with the windows of the input as columns ([`Var::patches`]), one for all examples and groups; a window of one
/// entry is the input itself. Three axes take windows of windows.
///
/// [LeCun et al. 1998]: https://doi.org/10.1109/5.726791
///
/// N is 1, 2 or 3; what is over more axes does not compile:
/// ```compile_fail,E0080
/// # use quadric_autodiff::DType;
/// # use quadric_nn::{Conv, generator};
/// let layer: Conv<4> = Conv::new(3, 8, 3, DType::F32, &mut generator(1));
/// ```
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::{Conv2d, Padding, generator};
/// let layer = Conv2d::new(3, 8, 3, DType::F32, &mut generator(1)).stride(2).padding(1);
/// assert_eq!(layer.weight.shape().to_vec(), [8, 3, 3, 3]);
/// let images = Tensor::from_fn(DType::F32, [2, 3, 32, 32], |i| i as f64 * 1e-4);
/// let y = compile(|(layer, x): (Conv2d<Var>, Var)| layer.apply(x)).call((layer, images))?;
/// assert_eq!(y.shape().to_vec(), [2, 8, 16, 16]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Conv<const N: usize, T = Tensor> {
    /// `W: [out, in/g, k…]`.
    pub weight: T,
    /// `b: [out]`, if there is one.
    pub bias: Option<T>,
    /// Kernel, stride, padding and dilation.
    pub windows: Windows<N>,
    /// g.
    pub groups: usize,
}

/// [`Conv`] over sequences, `[B, C, L]`.
pub type Conv1d<T = Tensor> = Conv<1, T>;
/// [`Conv`] over images, `[B, C, H, W]`.
pub type Conv2d<T = Tensor> = Conv<2, T>;
/// [`Conv`] over volumes, `[B, C, D, H, W]`.
pub type Conv3d<T = Tensor> = Conv<3, T>;

impl<const N: usize> Conv<N, Tensor> {
    /// A layer with LeCun-normal weights and zero bias, stride 1, no padding. `kernel` is a number or one for each axis.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(inputs: usize, outputs: usize, kernel: impl IntoSizes<N>, dtype: DType, rng: &mut impl Rng) -> Self {
        Conv::with_init(inputs, outputs, kernel, 1, Init::LeCunNormal, dtype, rng)
    }

    /// One kernel for each input channel, or `multiplier` of them: [`Conv::with_init`] with as many groups as inputs.
    ///
    /// # Panics
    /// As [`Conv::with_init`].
    pub fn depthwise(
        inputs: usize,
        multiplier: usize,
        kernel: impl IntoSizes<N>,
        dtype: DType,
        rng: &mut impl Rng,
    ) -> Self {
        Conv::with_init(inputs, inputs * multiplier, kernel, inputs, Init::LeCunNormal, dtype, rng)
    }

    /// A layer with weights drawn from `init`, whose fans are `in/g · Πk` and `out · Πk`, and zero bias.
    ///
    /// # Panics
    /// If the groups do not divide inputs and outputs, or `dtype` is no float.
    pub fn with_init(
        inputs: usize,
        outputs: usize,
        kernel: impl IntoSizes<N>,
        groups: usize,
        init: Init,
        dtype: DType,
        rng: &mut impl Rng,
    ) -> Self {
        groups_divide("Conv::with_init", groups, &[("inputs", inputs), ("outputs", outputs)]);
        let kernel = kernel.sizes();
        let (shape, entries) = ([&[outputs, inputs / groups], &kernel[..]].concat(), kernel.iter().product::<usize>());
        let weight = init.tensor(shape, inputs / groups * entries, outputs * entries, dtype, rng);
        let bias = Tensor::zeros(Type::new(dtype, [outputs]));
        Conv { weight, bias: Some(bias), windows: Windows::new(kernel), groups }
    }
}

impl<const N: usize, T> Conv<N, T> {
    window_settings!(stride: "this distance between neighbouring places", dilation: "this distance between neighbouring entries of the kernel");

    /// The same layer with this padding of zeros: a number, one for each axis, a pair for each axis, or [`Padding::Same`].
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding<N>>) -> Self {
        self.windows.padding = padding.into();
        self
    }

    /// The same layer without a bias.
    #[must_use]
    pub fn without_bias(self) -> Self {
        Conv { bias: None, ..self }
    }
}

impl<const N: usize> Conv<N, Var> {
    /// The convolution.
    ///
    /// # Shapes
    /// `x: [B, in, n…]`, result `[B, out, m…]` with `m = ⌊(n + padding − dilation (k − 1) − 1) / stride⌋ + 1`.
    ///
    /// # Errors
    /// Stops the trace if `x` has other axes, channels or another dtype, or the kernel does not fit it.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        let name = Windows::<N>::name(["conv1d", "conv2d", "conv3d"]);
        LIBRARY.scope(name, || {
            let (w, g) = (self.weight.shape(), self.groups);
            let sizes = self.windows.sizes(name, x);
            same_dtype(name, x, self.weight);
            channels_of(name, x, w[1] * g);
            self.windows.check(name, &sizes, &x.ty());
            let batch = x.shape()[0];
            let columns = if self.windows.is_pointwise() { Windows::<N>::gathered(x) } else { self.windows.unfold(x) };
            let rows = w[1..].iter().product::<usize>();
            let (slices, places) = (columns.shape()[0], columns.shape()[2]);
            // A product for each example and group.
            let columns = columns.reshape([slices, g, rows, places]);
            let y = self.weight.reshape([g, w[0] / g, rows]).matmul(columns).reshape([slices, w[0], places]);
            let y = self.bias.map_or(y, |bias| y + bias.expand_dims(&[1]));
            Windows::spread(y, batch, &self.windows.places(&sizes))
        })
    }
}

stateless!(const Conv);
