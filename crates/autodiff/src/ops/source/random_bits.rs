//! `random_bits`: counter-based random numbers.

use crate::ops::prelude::*;

/// `u32` bits of `shape` from a key `u32[2]` by Threefry-2x32 with 20 rounds (Salmon et al. 2011).
///
/// Element i depends on the key and i alone: the same numbers on any number of threads. Axes in front of the key's last
/// are a batch of keys, and stand in front of `shape`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RandomBits {
    /// The shape drawn for each key.
    pub shape: Shape,
}

impl Parameters for RandomBits {
    fn params(&self) -> Params {
        Params::none().with("shape", &self.shape[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(RandomBits { shape: Shape::new(p.sizes("shape")?) })
    }
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
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Constant
    }

    fn run(&self, [key]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let each = self.shape.size();
        let y = y.elements::<u32>();
        for (i, key) in key.elements::<u32>().chunks_exact(2).enumerate() {
            quadric_kernels::random_bits([key[0], key[1]], &mut y[i * each..(i + 1) * each]);
        }
        Ok(())
    }

    fn define<S: Scalar>(&self, [key]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let (keys, each) = (key.ints(), self.shape.size().max(1));
        let bits = |i: usize| {
            let (k, word) = (i / each, i % each);
            let pair = threefry([keys[2 * k] as u32, keys[2 * k + 1] as u32], (word / 2) as u64);
            i64::from(pair[word % 2])
        };
        Ok(Array::int(y, (0..y.shape.size()).map(bits).collect()))
    }

    fn samples() -> Vec<Sample> {
        [shape![], shape![5], shape![2, 3]]
            .into_iter()
            .flat_map(|shape| Sample::typed(&RandomBits { shape }, [(DType::U32, shape![2], Domain::Bits)]))
            .collect()
    }
}

/// Threefry-2x32 with 20 rounds (Salmon et al. 2011), written out from the paper.
fn threefry(key: [u32; 2], counter: u64) -> [u32; 2] {
    const ROTATIONS: [u32; 8] = [13, 15, 26, 6, 17, 29, 16, 24];
    let schedule = [key[0], key[1], 0x1BD1_1BDA ^ key[0] ^ key[1]];
    let mut x = [(counter as u32).wrapping_add(key[0]), ((counter >> 32) as u32).wrapping_add(key[1])];
    for round in 0..20 {
        x[0] = x[0].wrapping_add(x[1]);
        x[1] = x[1].rotate_left(ROTATIONS[round % 8]) ^ x[0];
        if round % 4 == 3 {
            let s = round / 4 + 1;
            x[0] = x[0].wrapping_add(schedule[s % 3]);
            x[1] = x[1].wrapping_add(schedule[(s + 1) % 3]).wrapping_add(s as u32);
        }
    }
    x
}
