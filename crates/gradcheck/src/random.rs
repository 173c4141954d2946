//! A small deterministic generator, so that a failing check fails again tomorrow.
//!
//! SplitMix64 (Steele, Lea & Flood 2014, <https://doi.org/10.1145/2714064.2660195>): one addition and a mixing
//! function per number, full period 2⁶⁴. Directions for derivative tests ask nothing more of a generator than
//! that it does not line up with the structure of the function, and a dependency less is a build less.

#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random { state: seed }
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform on [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// −1 or 1.
    pub(crate) fn sign(&mut self) -> f64 {
        if self.bits() >> 63 == 0 { 1.0 } else { -1.0 }
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((self.unit() * bound as f64) as usize).min(bound - 1)
    }

    /// A dense direction: every entry has a magnitude in [½, 1), so no coordinate hides behind a small weight.
    pub(crate) fn direction(&mut self, n: usize) -> Vec<f64> {
        (0..n).map(|_| self.sign() * (0.5 + 0.5 * self.unit())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn directions_hide_no_coordinate_and_repeat_from_their_seed() {
        let v = Random::new(7).direction(100);
        assert!(v.iter().all(|v| (0.5..1.0).contains(&v.abs())));
        assert!(v.iter().any(|v| *v < 0.0) && v.iter().any(|v| *v > 0.0));
        assert_eq!(v, Random::new(7).direction(100));
    }
}
