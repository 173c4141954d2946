//! LeNet-5.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor, Tree};

use crate::activations::Activation;
use crate::layers::{Activate, AvgPool2d, Classifier, Conv2d, Dense, Flatten, Layer, generator, sequential};

/// Two convolutions, each with an activation and a mean.
pub type LeNet5Features<T = Tensor> = (Conv2d<T>, Activate<T>, AvgPool2d<T>, Conv2d<T>, Activate<T>, AvgPool2d<T>);

/// Three dense layers with activations between them.
pub type LeNet5Head<T = Tensor> = (Flatten<T>, Dense<T>, Activate<T>, Dense<T>, Activate<T>, Dense<T>);

/// LeNet-5 for images `[B, 1, 28, 28]` ([LeCun et al. 1998], §II.B): two convolutions of 5×5, each with a tanh and a mean over 2×2, and three
/// dense layers. 61,706 parameters for ten classes.
///
/// As it is built today: every channel of the second convolution sees all of the first (the paper has a table), the means have no
/// weights, and the last layer is dense rather than of radial basis functions.
///
/// [LeCun et al. 1998]: https://doi.org/10.1109/5.726791
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::Classifier;
/// use quadric_nn::models::LeNet5;
/// let images = Tensor::from_fn(DType::F32, [2, 1, 28, 28], |i| (i % 7) as f64);
/// let z = compile(|(net, x): (LeNet5<Var>, Var)| net.logits(x)).call((LeNet5::new(10, DType::F32, 1), images))?;
/// assert_eq!(z.shape().to_vec(), [2, 10]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct LeNet5<T = Tensor> {
    /// 28×28 to 16 channels of 5×5.
    pub features: LeNet5Features<T>,
    /// 400 to 120 to 84 to the classes.
    pub head: LeNet5Head<T>,
}

impl LeNet5<Tensor> {
    /// With LeCun-normal weights from the seed.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(classes: usize, dtype: DType, seed: u64) -> LeNet5 {
        let rng = &mut generator(seed);
        let (tanh, mean) = (|| Activate::new(Activation::Tanh), || AvgPool2d::new(2));
        let (first, second) = (Conv2d::new(1, 6, 5, dtype, rng).padding(2), Conv2d::new(6, 16, 5, dtype, rng));
        let dense = [(16 * 5 * 5, 120), (120, 84), (84, classes)];
        let [a, b, c] = dense.map(|(inputs, outputs)| Dense::new(inputs, outputs, dtype, rng));
        LeNet5 {
            features: (first, tanh(), mean(), second, tanh(), mean()),
            head: (Flatten::new(), a, tanh(), b, tanh(), c),
        }
    }
}

sequential!(LeNet5, LeNet5State {
    features: LeNet5Features<Var>,
    head: LeNet5Head<Var>,
});

impl Classifier for LeNet5<Var> {
    #[track_caller]
    fn logits(&self, x: Var) -> Var {
        self.infer(x, &self.initial_state())
    }
}
