//! How weights begin.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

use quadric_autodiff::{DType, Tensor};

/// The distribution of the weights of a layer with `fan_in` inputs; biases begin at 0.
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
}

impl Init {
    /// The standard deviation for a layer with `fan_in` inputs.
    pub fn deviation(self, fan_in: usize) -> f64 {
        let gain: f64 = match self {
            Init::LeCunNormal => 1.0,
            Init::HeNormal => 2.0,
        };
        (gain / fan_in.max(1) as f64).sqrt()
    }

    /// A weight matrix `[fan_in, fan_out]`, drawn in f64 row by row and rounded to `dtype`: f32 and f64 models of one
    /// seed begin at the same point.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn weight(self, fan_in: usize, fan_out: usize, dtype: DType, rng: &mut impl Rng) -> Tensor {
        let deviation = self.deviation(fan_in);
        Tensor::from_fn(dtype, [fan_in, fan_out], |_| {
            let normal: f64 = StandardNormal.sample(rng);
            deviation * normal
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
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..].copy_from_slice(b"quadric nn: weights     ");
    ChaCha8Rng::from_seed(key)
}
