//! How weights begin.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal, StandardUniform};

use quadric_autodiff::{DType, Shape, Tensor};

/// The distribution of the weights of a layer; biases begin at 0.
///
/// `fan_in` is how many numbers go into one output, `fan_out` how many outputs one input goes into; of a convolution both count the
/// entries of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Init {
    /// `N(0, 1/fan_in)`: keeps the variance of a linear layer's output that of its input ([LeCun et al. 1998], §4.6).
    ///
    /// [LeCun et al. 1998]: https://doi.org/10.1007/3-540-49430-8_2
    #[default]
    LeCunNormal,
    /// `N(0, 2/fan_in)`: the same through a ReLU, which halves the second moment ([He et al. 2015]).
    ///
    /// [He et al. 2015]: https://arxiv.org/abs/1502.01852
    HeNormal,
    /// `U(−1/√fan_in, 1/√fan_in)`: with what PyTorch's layers begin, there `kaiming_uniform_(a=√5)`. Its variance is a third of LeCun's.
    TorchUniform,
    /// `N(0, 2/(fan_in + fan_out))`: between what keeps the forward and the backward variance ([Glorot & Bengio 2010]).
    ///
    /// [Glorot & Bengio 2010]: https://proceedings.mlr.press/v9/glorot10a.html
    GlorotNormal,
    /// `U(−a, a)` with `a = √(6/(fan_in + fan_out))`, of the same variance.
    GlorotUniform,
}

impl Init {
    /// The standard deviation for a layer with these fans.
    pub fn deviation(self, fan_in: usize, fan_out: usize) -> f64 {
        let (inputs, both) = (fan_in.max(1) as f64, (fan_in + fan_out).max(1) as f64);
        match self {
            Init::LeCunNormal => 1.0 / inputs,
            Init::HeNormal => 2.0 / inputs,
            Init::TorchUniform => 1.0 / (3.0 * inputs),
            Init::GlorotNormal | Init::GlorotUniform => 2.0 / both,
        }
        .sqrt()
    }

    /// A weight matrix `[fan_in, fan_out]`; see [`tensor`](Init::tensor).
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn weight(self, fan_in: usize, fan_out: usize, dtype: DType, rng: &mut impl Rng) -> Tensor {
        self.tensor([fan_in, fan_out], fan_in, fan_out, dtype, rng)
    }

    /// Weights of this shape, drawn in f64 row by row and rounded to `dtype`: f32 and f64 models of one seed begin at the same point.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn tensor(
        self,
        shape: impl Into<Shape>,
        fan_in: usize,
        fan_out: usize,
        dtype: DType,
        rng: &mut impl Rng,
    ) -> Tensor {
        let deviation = self.deviation(fan_in, fan_out);
        Tensor::from_fn(dtype, shape, |_| match self {
            Init::TorchUniform | Init::GlorotUniform => {
                let uniform: f64 = StandardUniform.sample(rng);
                3f64.sqrt() * deviation * (2.0 * uniform - 1.0)
            }
            _ => {
                let normal: f64 = StandardNormal.sample(rng);
                deviation * normal
            }
        })
    }
}

/// The generator of a model's first weights: ChaCha8 keyed by the seed and a tag of its own, so that no other use
/// of the same seed (the order of the data, for one) shares its numbers.
///
/// # Example
/// ```
/// use quadric_autodiff::DType;
/// use quadric_nn::{Dense, generator};
/// let layer = Dense::new(3, 2, DType::F32, &mut generator(1));
/// assert_eq!(layer.weight, Dense::new(3, 2, DType::F32, &mut generator(1)).weight);
/// ```
pub fn generator(seed: u64) -> ChaCha8Rng {
    keyed(seed, b"quadric nn: weights     ")
}

/// The generator of adapters: of one seed they share no numbers with the weights that they adapt.
pub(crate) fn adapter_generator(seed: u64) -> ChaCha8Rng {
    keyed(seed, b"quadric nn: adapters    ")
}

fn keyed(seed: u64, tag: &[u8; 24]) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..].copy_from_slice(tag);
    ChaCha8Rng::from_seed(key)
}
