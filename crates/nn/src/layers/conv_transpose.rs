//! Transposed convolutions.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Tensor, Tree, Type};

use super::Init;
use super::check::{channels_of, groups_divide, same_dtype};
use super::stateless;
use super::windows::{IntoSizes, Padding, Windows, has_entries, window_settings};
use crate::LIBRARY;

/// The transpose of a [`Conv`](super::Conv) with the same weight, stride, padding and dilation, with a bias of its own: every entry of the input
/// adds the kernel, times itself, to the output ([Zeiler et al. 2010]).
///
/// Weight and bias lie as in PyTorch, `[in, out/g, k…]` and `[out]`. The padding is what is cut off the output, and the output padding is what is
/// added to it behind, since several inputs of a strided convolution have outputs of one size.
///
/// [Zeiler et al. 2010]: https://doi.org/10.1109/CVPR.2010.5539957
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::{ConvTranspose1d, generator};
/// let mut layer = ConvTranspose1d::new(1, 1, 3, DType::F64, &mut generator(1)).stride(2);
/// layer.weight = Tensor::new([1, 1, 3], &[1.0, 10.0, 100.0])?;
/// let y = compile(|(layer, x): (ConvTranspose1d<Var>, Var)| layer.apply(x)).call((layer, Tensor::new([1, 1, 2], &[1.0, 2.0])?))?;
/// assert_eq!(y, Tensor::new([1, 1, 5], &[1.0, 10.0, 102.0, 20.0, 200.0])?);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct ConvTranspose<const N: usize, T = Tensor> {
    /// `W: [in, out/g, k…]`.
    pub weight: T,
    /// `b: [out]`, if there is one.
    pub bias: Option<T>,
    /// Kernel, stride, padding and dilation.
    pub windows: Windows<N>,
    /// Places added behind, along each axis; smaller than the stride. Of no effect with [`Padding::Same`].
    pub output_padding: [usize; N],
    /// g.
    pub groups: usize,
}

/// [`ConvTranspose`] over sequences, `[B, C, L]`.
pub type ConvTranspose1d<T = Tensor> = ConvTranspose<1, T>;
/// [`ConvTranspose`] over images, `[B, C, H, W]`.
pub type ConvTranspose2d<T = Tensor> = ConvTranspose<2, T>;
/// [`ConvTranspose`] over volumes, `[B, C, D, H, W]`.
pub type ConvTranspose3d<T = Tensor> = ConvTranspose<3, T>;

impl<const N: usize> ConvTranspose<N, Tensor> {
    /// A layer with LeCun-normal weights and zero bias, stride 1, no padding. `kernel` is a number or one for each axis.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(inputs: usize, outputs: usize, kernel: impl IntoSizes<N>, dtype: DType, rng: &mut impl Rng) -> Self {
        ConvTranspose::with_init(inputs, outputs, kernel, 1, Init::LeCunNormal, dtype, rng)
    }

    /// A layer with weights drawn from `init`, whose fans are `in/g · Πk` and `out · Πk`, and zero bias. [`Init::TorchUniform`] counts as PyTorch
    /// does, which takes the weight for that of a convolution: its fan in is `out/g · Πk`.
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
        groups_divide("ConvTranspose::with_init", groups, &[("inputs", inputs), ("outputs", outputs)]);
        let kernel = kernel.sizes();
        let (shape, entries) = ([&[inputs, outputs / groups], &kernel[..]].concat(), kernel.iter().product::<usize>());
        let (fan_in, fan_out) = match init {
            Init::TorchUniform => (outputs / groups * entries, inputs * entries),
            _ => (inputs / groups * entries, outputs * entries),
        };
        let weight = init.tensor(shape, fan_in, fan_out, dtype, rng);
        let bias = Some(Tensor::zeros(Type::new(dtype, [outputs])));
        ConvTranspose { weight, bias, windows: Windows::new(kernel), output_padding: [0; N], groups }
    }
}

impl<const N: usize, T> ConvTranspose<N, T> {
    window_settings!(stride: "this distance between what neighbouring entries add", dilation: "this distance between neighbouring entries of the kernel");

    /// The same layer with so much cut off the output; with [`Padding::Same`] the output has `n · stride` places.
    #[must_use]
    pub fn padding(mut self, padding: impl Into<Padding<N>>) -> Self {
        self.windows.padding = padding.into();
        self
    }

    /// The same layer with so many places added behind.
    #[must_use]
    pub fn output_padding(self, output_padding: impl IntoSizes<N>) -> Self {
        ConvTranspose { output_padding: output_padding.sizes(), ..self }
    }

    /// The same layer without a bias.
    #[must_use]
    pub fn without_bias(self) -> Self {
        ConvTranspose { bias: None, ..self }
    }
}

impl<const N: usize> ConvTranspose<N, Var> {
    /// The transposed convolution.
    ///
    /// # Shapes
    /// `x: [B, in, n…]`, result `[B, out, m…]` with `m = (n − 1) stride − padding + dilation (k − 1) + 1 + output padding`.
    ///
    /// # Errors
    /// Stops the trace if `x` has other axes, channels or another dtype, or more is cut off than there is.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        let name = Windows::<N>::name(["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]);
        LIBRARY.scope(name, || {
            let (w, g, windows) = (self.weight.shape(), self.groups, &self.windows);
            let sizes = windows.sizes(name, x);
            same_dtype(name, x, self.weight);
            channels_of(name, x, w[0]);
            let sizes = self.sizes(name, x, &sizes);
            let batch = x.shape()[0];
            let columns = Windows::<N>::gathered(x);
            let (slices, places) = (columns.shape()[0], columns.shape()[2]);
            let rows = w[1..].iter().product::<usize>();
            let columns = columns.reshape([slices, g, w[0] / g, places]);
            let windowed = self.weight.reshape([g, w[0] / g, rows]).t().matmul(columns);
            let y = windows.fold(windowed.reshape([slices, g * rows, places]), batch, &sizes);
            let ones = [1; N];
            self.bias.map_or(y, |bias| y + bias.reshape([&[w[1] * g], &ones[..]].concat()))
        })
    }

    /// The sizes of the output for an input of these.
    #[track_caller]
    fn sizes(&self, name: &str, x: Var, sizes: &[usize; N]) -> [usize; N] {
        let Windows { kernel, stride, padding, dilation } = &self.windows;
        if [kernel, stride, dilation].iter().any(|sizes| sizes.contains(&0)) {
            self.windows.check(name, sizes, &x.ty()); // says it
        }
        if (0..N).any(|axis| self.output_padding[axis] >= stride[axis]) {
            let what = format!(
                "{name}: the output padding {:?} must be smaller than the stride {stride:?}",
                self.output_padding
            );
            stop(Error::new(ErrorKind::Shape, what));
        }
        if *padding == Padding::Same {
            has_entries(name, sizes, &x.ty());
        }
        std::array::from_fn(|axis| match padding {
            Padding::Same => sizes[axis] * stride[axis],
            Padding::Each(each) => {
                let (low, high) = each[axis];
                let all =
                    sizes[axis].saturating_sub(1) * stride[axis] + self.windows.reach(axis) + self.output_padding[axis];
                if sizes[axis] == 0 || all <= low + high {
                    let (of, ty) = (axis + 2, x.ty());
                    let what = format!(
                        "{name}: of {all} places along axis {of} of the output, {low} + {high} are cut off: nothing is left of the input {ty}"
                    );
                    stop(Error::new(ErrorKind::Shape, what));
                }
                all - low - high
            }
        })
    }
}

stateless!(const ConvTranspose);
