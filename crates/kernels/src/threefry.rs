//! Threefry-2x32: random bits as a function of a key and a counter.
//!
//! A counter-based generator has no state to pass along: block j of a key is the same number whoever asks for it, in
//! whatever order and on however many threads (Salmon, Moraes, Dror & Shaw, *Parallel random numbers: as easy as
//! 1, 2, 3*, SC 2011). Twenty rounds are the paper's recommendation, with a margin; it passes BigCrush.

use crate::isa::{Job, dispatch};

/// Rotation distances of the first four rounds of eight, table 2 of the paper.
const EVEN: [u32; 4] = [13, 15, 26, 6];
/// Rotation distances of the other four.
const ODD: [u32; 4] = [17, 29, 16, 24];
/// The key schedule's parity constant (from Skein).
const PARITY: u32 = 0x1bd1_1bda;

/// The block of random bits of one key and counter: 20 rounds of Threefry-2x32.
///
/// ```
/// use quadric_kernels::threefry2x32;
/// assert_eq!(threefry2x32([0, 0], [0, 0]), [0x6b20_0159, 0x99ba_4efe]); // published with the paper
/// ```
#[inline(always)]
pub fn threefry2x32(key: [u32; 2], counter: [u32; 2]) -> [u32; 2] {
    let schedule = [key[0], key[1], PARITY ^ key[0] ^ key[1]];
    let mut x = counter[0].wrapping_add(schedule[0]);
    let mut y = counter[1].wrapping_add(schedule[1]);
    // Written out by groups of four rounds: as one loop of twenty it stayed a loop, and blocks did not vectorise.
    macro_rules! group {
        ($number:literal, $rotations:expr) => {
            for rotation in $rotations {
                x = x.wrapping_add(y);
                y = y.rotate_left(rotation) ^ x;
            }
            x = x.wrapping_add(schedule[$number % 3]);
            y = y.wrapping_add(schedule[($number + 1) % 3]).wrapping_add($number);
        };
    }
    group!(1, EVEN);
    group!(2, ODD);
    group!(3, EVEN);
    group!(4, ODD);
    group!(5, EVEN);
    [x, y]
}

/// out\[i\] ← word i mod 2 of block i / 2 of the key: a function of (key, i) alone.
///
/// Block j has the counter (j mod 2³², j / 2³²).
pub fn random_bits(key: [u32; 2], out: &mut [u32]) {
    dispatch(Fill { key, out });
}

struct Fill<'a> {
    key: [u32; 2],
    out: &'a mut [u32],
}

impl Job for Fill<'_> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Fill { key, out } = self;
        let (pairs, last) = out.as_chunks_mut::<2>();
        let blocks = pairs.len();
        for (j, pair) in pairs.iter_mut().enumerate() {
            *pair = threefry2x32(key, counter(j));
        }
        if let [last] = last {
            *last = threefry2x32(key, counter(blocks))[0];
        }
    }
}

#[inline(always)]
fn counter(block: usize) -> [u32; 2] {
    [block as u32, (block as u64 >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_vectors() {
        assert_eq!(threefry2x32([0, 0], [0, 0]), [0x6b20_0159, 0x99ba_4efe]);
        assert_eq!(threefry2x32([!0, !0], [!0, !0]), [0x1cb9_96fc, 0xbb00_2be7]);
        assert_eq!(threefry2x32([0x1319_8a2e, 0x0370_7344], [0x243f_6a88, 0x85a3_08d3]), [0xc492_3a9c, 0x483d_f7a0]);
    }

    #[test]
    fn a_word_depends_on_its_position_and_not_on_the_length() {
        let mut long = [0; 1001];
        random_bits([3, 4], &mut long);
        for n in [0, 1, 2, 7, 64, 333] {
            let mut short = vec![0; n];
            random_bits([3, 4], &mut short);
            assert_eq!(short, long[..n]);
        }
        assert_eq!(long[10..12], threefry2x32([3, 4], [5, 0]));
    }

    #[test]
    fn bits_are_balanced() {
        let mut out = vec![0u32; 1 << 14];
        random_bits([0, 1], &mut out);
        let ones: u32 = out.iter().map(|w| w.count_ones()).sum();
        let (n, mean) = ((1u32 << 19) as f64, (1u32 << 18) as f64);
        assert!((f64::from(ones) - mean).abs() < 5.0 * (n / 4.0).sqrt());
    }
}
