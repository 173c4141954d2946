//! Residual networks for small images.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Leaf, Tensor, Tree};

use super::IdentityShortcut;
use crate::activations::Activation;
use crate::layers::{
    Activate, BatchNorm, Conv2d, Dense, GlobalAvgPool, Init, Residual, Run, Stack, generator, sequential,
};

/// Two convolutions of 3×3 with their norms beside the way around them, and a ReLU over the sum.
pub type ResNetBlock<T = Tensor> =
    (Residual<(Conv2d<T>, BatchNorm<T>, Activate<T>, Conv2d<T>, BatchNorm<T>), IdentityShortcut<T>>, Activate<T>);

/// Blocks of equal width. The first may widen and narrow; the others are equal.
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct ResNetStage<T: Leaf = Tensor> {
    /// The first block.
    pub first: ResNetBlock<T>,
    /// The others, if there are any.
    pub rest: Option<Stack<ResNetBlock<T>>>,
}

/// The residual network of CIFAR-10, of depth 6 n + 2 ([He et al. 2016], §4.2): a convolution of 3×3, three stages of n blocks with 16, 32 and 64
/// channels, the second and the third at half the height and width of the one before, the mean of each channel, and a dense layer.
///
/// Shortcuts are the paper's option A, [`IdentityShortcut`]: all parameters are those of convolutions, norms and the last layer, 269,722 for
/// depth 20 and ten classes.
///
/// [He et al. 2016]: https://arxiv.org/abs/1512.03385
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, Tree, trace::{Var, compile}};
/// use quadric_nn::{Layer, initial_state};
/// use quadric_nn::models::ResNet;
/// let net = ResNet::new(20, 3, 10, DType::F32, 1);
/// assert_eq!(net.leaves().iter().map(|leaf| leaf.size()).sum::<usize>(), 269_722);
/// let images = Tensor::from_fn(DType::F32, [2, 3, 8, 8], |i| (i % 7) as f64);
/// let mut infer = compile(|(net, state, x): (ResNet<Var>, <ResNet<Var> as Layer>::State, Var)| net.infer(x, &state));
/// let z = infer.call((net.clone(), initial_state(&net)?, images))?;
/// assert_eq!(z.shape().to_vec(), [2, 10]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct ResNet<T: Leaf = Tensor> {
    /// The first convolution.
    pub stem: (Conv2d<T>, BatchNorm<T>, Activate<T>),
    /// The three stages.
    pub stages: Vec<ResNetStage<T>>,
    /// From channels to classes.
    pub head: (GlobalAvgPool<T>, Dense<T>),
}

impl ResNet<Tensor> {
    /// Of this depth, for images of so many channels, with He-normal weights from the seed.
    ///
    /// # Panics
    /// If the depth is not 8, 14, 20, …, or `dtype` is no float.
    pub fn new(depth: usize, inputs: usize, classes: usize, dtype: DType, seed: u64) -> ResNet {
        ResNet::with_width(depth, 16, inputs, classes, dtype, seed)
    }

    /// [`ResNet::new`] with another number of channels in the first stage.
    ///
    /// # Panics
    /// As [`ResNet::new`].
    pub fn with_width(depth: usize, width: usize, inputs: usize, classes: usize, dtype: DType, seed: u64) -> ResNet {
        assert!(depth >= 8 && depth % 6 == 2, "ResNet: the depth {depth} is not 6 n + 2");
        let rng = &mut generator(seed);
        let stem = (conv(inputs, width, 1, dtype, rng), BatchNorm::new(width, dtype), Activate::new(Activation::Relu));
        let stages = (0..3).map(|i| {
            let (before, here) = (if i == 0 { width } else { width << (i - 1) }, width << i);
            let first = block(before, here, dtype, rng);
            let rest: Vec<ResNetBlock> = (1..(depth - 2) / 6).map(|_| block(here, here, dtype, rng)).collect();
            ResNetStage { first, rest: stacked(rest) }
        });
        let stages = stages.collect();
        let head = (GlobalAvgPool::new(), Dense::new(4 * width, classes, dtype, rng));
        ResNet { stem, stages, head }
    }
}

impl<T: Leaf> ResNet<T> {
    /// The same network with its equal blocks run in another way.
    #[must_use]
    pub fn run(mut self, run: Run) -> ResNet<T> {
        self.stages.iter_mut().filter_map(|stage| stage.rest.as_mut()).for_each(|rest| rest.run = run);
        self
    }
}

/// The stack of blocks that are equal, if there are any.
pub(super) fn stacked<B: Tree<Leaf = Tensor, With<Tensor> = B>>(blocks: Vec<B>) -> Option<Stack<B>> {
    (!blocks.is_empty()).then(|| Stack::new(blocks).expect("blocks of one stage are equal"))
}

/// A convolution of 3×3 without a bias, which a norm would take off again.
pub(super) fn conv(inputs: usize, outputs: usize, stride: usize, dtype: DType, rng: &mut impl Rng) -> Conv2d {
    Conv2d::with_init(inputs, outputs, 3, 1, Init::HeNormal, dtype, rng).stride(stride).padding(1).without_bias()
}

fn block(inputs: usize, outputs: usize, dtype: DType, rng: &mut impl Rng) -> ResNetBlock {
    let stride = if inputs == outputs { 1 } else { 2 };
    let (relu, norm) = (|| Activate::new(Activation::Relu), BatchNorm::new(outputs, dtype));
    let (first, second) = (conv(inputs, outputs, stride, dtype, rng), conv(outputs, outputs, 1, dtype, rng));
    let shortcut = (inputs != outputs).then(|| IdentityShortcut::new(stride, outputs - inputs));
    (Residual { branch: (first, norm.clone(), relu(), second, norm), shortcut }, relu())
}

sequential!(ResNetStage, ResNetStageState {
    first: ResNetBlock<Var>,
    rest: Option<Stack<ResNetBlock<Var>>>,
});

sequential!(ResNet, ResNetState {
    stem: (Conv2d<Var>, BatchNorm<Var>, Activate<Var>),
    stages: Vec<ResNetStage<Var>>,
    head: (GlobalAvgPool<Var>, Dense<Var>),
});
