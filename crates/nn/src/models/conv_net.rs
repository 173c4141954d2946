//! A small convolutional network.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree};

use crate::activations::Activation;
use crate::layers::{Activate, BatchNorm, Conv2d, Dense, Flatten, Init, MaxPool2d, Padding, generator, sequential};

/// A convolution, a batch norm, a ReLU, and the largest of 2×2.
pub type ConvNetBlock<T = Tensor> = (Conv2d<T>, BatchNorm<T>, Activate<T>, MaxPool2d<T>);

/// Convolutions of 3×3, each with a batch norm, a ReLU and a maximum over 2×2, and a dense layer: what to begin with on images of 28×28.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, Tree, trace::{Var, compile}};
/// use quadric_nn::{Layer, StateOf, initial_state};
/// use quadric_nn::models::ConvNet;
/// let net = ConvNet::new([1, 28, 28], &[8, 16], 10, DType::F32, 1);
/// let images = Tensor::from_fn(DType::F32, [2, 1, 28, 28], |i| (i % 7) as f64);
/// let mut infer = compile(|(net, state, x): (ConvNet<Var>, <ConvNet<Var> as Layer>::State, Var)| net.infer(x, &state));
/// let z = infer.call((net.clone(), initial_state(&net)?, images))?;
/// assert_eq!(z.shape().to_vec(), [2, 10]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct ConvNet<T = Tensor> {
    /// Each halves height and width, rounding down.
    pub blocks: Vec<ConvNetBlock<T>>,
    /// All that is left, to the classes.
    pub head: (Flatten<T>, Dense<T>),
}

impl ConvNet<Tensor> {
    /// For images of shape `[C, H, W]`, a block for each of these numbers of channels, with He-normal weights from the seed.
    ///
    /// # Panics
    /// If an image is halved to nothing, or `dtype` is no float.
    pub fn new(image: [usize; 3], channels: &[usize], classes: usize, dtype: DType, seed: u64) -> ConvNet {
        let rng = &mut generator(seed);
        let [mut inputs, height, width] = image;
        let mut blocks = Vec::with_capacity(channels.len());
        for outputs in channels.iter().copied() {
            let conv = Conv2d::with_init(inputs, outputs, 3, 1, Init::HeNormal, dtype, rng);
            let conv = conv.padding(Padding::Same).without_bias();
            let relu = Activate::new(Activation::Relu);
            blocks.push((conv, BatchNorm::new(outputs, dtype), relu, MaxPool2d::new(2)));
            inputs = outputs;
        }
        let pixels = (height >> channels.len()) * (width >> channels.len());
        assert!(pixels > 0, "ConvNet::new: {} blocks leave nothing of an image of {height}x{width}", channels.len());
        ConvNet { blocks, head: (Flatten::new(), Dense::new(inputs * pixels, classes, dtype, rng)) }
    }
}

sequential!(ConvNet, ConvNetState {
    blocks: Vec<ConvNetBlock<Var>>,
    head: (Flatten<Var>, Dense<Var>),
});
