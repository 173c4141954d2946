//! Wide residual networks.

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Leaf, Tensor, Tree};

use super::res_net::{conv, stacked};
use crate::activations::Activation;
use crate::layers::{
    Activate, BatchNorm, Conv2d, Dense, Dropout, GlobalAvgPool, Init, Residual, Run, Stack, generator, sequential,
};

/// Two convolutions of 3×3, each after its norm and a ReLU, with dropout between them, beside the identity.
pub type WideResNetBlock<T = Tensor> =
    Residual<(BatchNorm<T>, Activate<T>, Conv2d<T>, BatchNorm<T>, Activate<T>, Dropout<T>, Conv2d<T>)>;

/// The first block of a stage, which widens: the way around is a convolution of 1×1, and both ways begin behind the first norm.
pub type WideResNetFirst<T = Tensor> =
    (BatchNorm<T>, Activate<T>, Residual<(Conv2d<T>, BatchNorm<T>, Activate<T>, Dropout<T>, Conv2d<T>), Conv2d<T>>);

/// Blocks of equal width.
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct WideResNetStage<T: Leaf = Tensor> {
    /// The first block.
    pub first: WideResNetFirst<T>,
    /// The others, if there are any.
    pub rest: Option<Stack<WideResNetBlock<T>>>,
}

/// WRN-d-k, of depth d = 6 n + 4 and width k ([Zagoruyko & Komodakis 2016]): a convolution of 3×3, three stages of n blocks with 16 k, 32 k and
/// 64 k channels, the second and the third at half the height and width of the one before, a norm, the mean of each channel, and a dense layer.
///
/// WRN-28-10 has 36,479,194 parameters for ten classes.
///
/// [Zagoruyko & Komodakis 2016]: https://arxiv.org/abs/1605.07146
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tree};
/// use quadric_nn::models::WideResNet;
/// let net = WideResNet::new(16, 4, 3, 10, 0.3, DType::F32, 1); // WRN-16-4 with dropout
/// assert_eq!(net.leaves().iter().map(|leaf| leaf.size()).sum::<usize>(), 2_748_890);
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct WideResNet<T: Leaf = Tensor> {
    /// The first convolution.
    pub stem: Conv2d<T>,
    /// The three stages.
    pub stages: Vec<WideResNetStage<T>>,
    /// From channels to classes.
    pub head: (BatchNorm<T>, Activate<T>, GlobalAvgPool<T>, Dense<T>),
}

impl WideResNet<Tensor> {
    /// WRN-`depth`-`width` for images of so many channels, with this rate of dropout and He-normal weights from the seed.
    ///
    /// # Panics
    /// If the depth is not 10, 16, 22, …, the rate not from 0 to 1, or `dtype` is no float.
    pub fn new(
        depth: usize,
        width: usize,
        inputs: usize,
        classes: usize,
        dropout: f64,
        dtype: DType,
        seed: u64,
    ) -> WideResNet {
        assert!(depth >= 10 && depth % 6 == 4, "WideResNet: the depth {depth} is not 6 n + 4");
        let rng = &mut generator(seed);
        let stem = conv(inputs, 16, 1, dtype, rng);
        let stages = (0..3).map(|i| {
            let (before, here) = (if i == 0 { 16 } else { (16 * width) << (i - 1) }, (16 * width) << i);
            let first = first(before, here, if i == 0 { 1 } else { 2 }, dropout, dtype, rng);
            let rest: Vec<WideResNetBlock> = (1..(depth - 4) / 6).map(|_| block(here, dropout, dtype, rng)).collect();
            WideResNetStage { first, rest: stacked(rest) }
        });
        let stages = stages.collect();
        let outputs = 64 * width;
        let (norm, relu) = (BatchNorm::new(outputs, dtype), || Activate::new(Activation::Relu));
        let head = (norm, relu(), GlobalAvgPool::new(), Dense::new(outputs, classes, dtype, rng));
        WideResNet { stem, stages, head }
    }
}

impl<T: Leaf> WideResNet<T> {
    /// The same network with its equal blocks run in another way.
    #[must_use]
    pub fn run(mut self, run: Run) -> WideResNet<T> {
        self.stages.iter_mut().filter_map(|stage| stage.rest.as_mut()).for_each(|rest| rest.run = run);
        self
    }
}

fn first(
    inputs: usize,
    outputs: usize,
    stride: usize,
    dropout: f64,
    dtype: DType,
    rng: &mut impl Rng,
) -> WideResNetFirst {
    let (relu, norm) = (|| Activate::new(Activation::Relu), BatchNorm::new(outputs, dtype));
    let (one, two) = (conv(inputs, outputs, stride, dtype, rng), conv(outputs, outputs, 1, dtype, rng));
    let around = Conv2d::with_init(inputs, outputs, 1, 1, Init::HeNormal, dtype, rng).stride(stride).without_bias();
    let residual = Residual { branch: (one, norm, relu(), Dropout::new(dropout), two), shortcut: Some(around) };
    (BatchNorm::new(inputs, dtype), relu(), residual)
}

fn block(channels: usize, dropout: f64, dtype: DType, rng: &mut impl Rng) -> WideResNetBlock {
    let (relu, norm) = (|| Activate::new(Activation::Relu), BatchNorm::new(channels, dtype));
    let (one, two) = (conv(channels, channels, 1, dtype, rng), conv(channels, channels, 1, dtype, rng));
    Residual::new((norm.clone(), relu(), one, norm, relu(), Dropout::new(dropout), two))
}

sequential!(WideResNetStage, WideResNetStageState {
    first: WideResNetFirst<Var>,
    rest: Option<Stack<WideResNetBlock<Var>>>,
});

sequential!(WideResNet, WideResNetState {
    stem: Conv2d<Var>,
    stages: Vec<WideResNetStage<Var>>,
    head: (BatchNorm<Var>, Activate<Var>, GlobalAvgPool<Var>, Dense<Var>),
});
