//! `random_bits`: counter-based random numbers.

use super::prelude::*;

/// `u32` bits of `shape` from a key `u32[2]` by Threefry-2x32 with 20 rounds (Salmon et al. 2011).
///
/// Element i depends on the key and i alone: the same numbers on any number of threads. Axes in front of the key's last
/// are a batch of keys, and stand in front of `shape`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RandomBits {
    /// The shape drawn for each key.
    pub shape: Shape,
}

impl Primitive<1> for RandomBits {
    const NAME: &'static str = "random_bits";

    fn infer(&self, [key]: [&Type; 1]) -> Result<Type, Error> {
        let rank = key.shape.rank();
        if key.dtype != DType::U32 || rank == 0 || key.shape[rank - 1] != 2 {
            bail!(DType, "the key is {key}, u32[2] is needed");
        }
        Ok(key.with_shape([&key.shape[..rank - 1], &self.shape].concat()))
    }

    /// Integers carry no tangent.
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::RandomBits { shape: self.shape.clone() }
    }

    fn params(&self) -> Params {
        Params::none().with("shape", &self.shape[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(RandomBits { shape: Shape::new(p.sizes("shape")?) })
    }

    fn samples() -> Vec<Sample> {
        [shape![], shape![5], shape![2, 3]]
            .into_iter()
            .flat_map(|shape| Sample::typed(&RandomBits { shape }, [(DType::U32, shape![2], Domain::Bits)]))
            .collect()
    }
}
