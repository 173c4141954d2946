//! A random order that a seed fixes for good.
//!
//! The Fisher-Yates shuffle and the draw of a bounded number are written out on the raw words of ChaCha8, whose stream is a
//! published constant. The convenience functions of `rand` may change the numbers a seed gives from one release to the next, and
//! then the train/test split of the digits would change below all results that were written down.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// What an order is for; two purposes never share random numbers.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Split,
    Batches,
    Shift,
    Crop,
    Flip,
    Mixup,
    /// The keys that a key is split into.
    Key,
    /// The keys of a loader's transforms.
    Transform,
}

/// A seed made of another and a number: another for each.
pub(super) fn derived(purpose: Purpose, seed: u64, number: u64) -> u64 {
    generator(purpose, seed, number).next_u64()
}

/// A uniformly random order of `0..n`: a function of purpose, seed and stream (the epoch) alone.
pub(super) fn shuffled(n: usize, purpose: Purpose, seed: u64, stream: u64) -> Vec<usize> {
    let mut rng = generator(purpose, seed, stream);
    let mut order: Vec<usize> = (0..n).collect();
    // Fisher-Yates from the top: place `last` gets any of the entries not yet placed.
    for last in (1..n).rev() {
        order.swap(last, below(&mut rng, last as u64 + 1) as usize);
    }
    order
}

fn generator(purpose: Purpose, seed: u64, stream: u64) -> ChaCha8Rng {
    let tag: &[u8; 24] = match purpose {
        Purpose::Split => b"quadric data: split     ",
        Purpose::Batches => b"quadric data: batches   ",
        Purpose::Shift => b"quadric data: shift     ",
        Purpose::Crop => b"quadric data: crop      ",
        Purpose::Flip => b"quadric data: flip      ",
        Purpose::Mixup => b"quadric data: mixup     ",
        Purpose::Key => b"quadric data: key       ",
        Purpose::Transform => b"quadric data: transform ",
    };
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..].copy_from_slice(tag);
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(stream);
    rng
}

/// The generator of one example in one epoch, which is its stream. The example stands in the place in the stream, 2³² words apart: no example takes so
/// many, and the place has 68 bits.
pub(super) fn generator_of_row(purpose: Purpose, seed: u64, epoch: u64, row: u64) -> ChaCha8Rng {
    let mut rng = generator(purpose, seed, epoch);
    rng.set_word_pos(u128::from(row) << 32);
    rng
}

/// A uniform whole number below `bound`, without bias: the high word of `bound · u64`, redrawn in the sliver that would
/// favour some numbers [Lemire 2019](https://doi.org/10.1145/3230636).
pub(super) fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    let sliver = bound.wrapping_neg() % bound;
    loop {
        let product = u128::from(rng.next_u64()) * u128::from(bound);
        if product as u64 >= sliver {
            return (product >> 64) as u64;
        }
    }
}
