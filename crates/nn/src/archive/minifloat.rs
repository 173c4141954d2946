//! Floating point in 16 and 8 bits: to `f64` exactly, from `f64` to the nearest, ties to even.

/// How a format reads its largest exponent and its negative zero.
#[derive(Clone, Copy, PartialEq)]
enum Ends {
    /// The largest exponent is for infinities and NaNs.
    Ieee,
    /// No infinities; all ones are NaN.
    Finite,
    /// No infinities; the pattern of −0 is the only NaN, and the exponent's bias is one more.
    Unsigned,
}

/// A format with a sign, `exponent` bits of exponent and `fraction` bits of fraction.
#[derive(Clone, Copy)]
pub(crate) struct Minifloat {
    exponent: u32,
    fraction: u32,
    ends: Ends,
}

impl Minifloat {
    pub(crate) const F16: Minifloat = Minifloat { exponent: 5, fraction: 10, ends: Ends::Ieee };
    pub(super) const BF16: Minifloat = Minifloat { exponent: 8, fraction: 7, ends: Ends::Ieee };
    pub(super) const F8_E5M2: Minifloat = Minifloat { exponent: 5, fraction: 2, ends: Ends::Ieee };
    pub(super) const F8_E4M3: Minifloat = Minifloat { exponent: 4, fraction: 3, ends: Ends::Finite };
    pub(super) const F8_E5M2FNUZ: Minifloat = Minifloat { exponent: 5, fraction: 2, ends: Ends::Unsigned };
    pub(super) const F8_E4M3FNUZ: Minifloat = Minifloat { exponent: 4, fraction: 3, ends: Ends::Unsigned };

    fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - if self.ends == Ends::Unsigned { 0 } else { 1 }
    }

    /// The number of these bits.
    pub(crate) fn decode(self, bits: u16) -> f64 {
        let magnitude_bits = self.exponent + self.fraction;
        let negative = bits >> magnitude_bits & 1 == 1;
        let magnitude = bits & ((1u32 << magnitude_bits) - 1) as u16;
        let (exponent, fraction) = (i32::from(magnitude >> self.fraction), magnitude & ((1 << self.fraction) - 1));
        let largest = (1 << self.exponent) - 1;
        let value = match self.ends {
            Ends::Ieee if exponent == largest && fraction == 0 => f64::INFINITY,
            Ends::Ieee if exponent == largest => f64::NAN,
            Ends::Finite if u32::from(magnitude) == (1 << magnitude_bits) - 1 => f64::NAN,
            Ends::Unsigned if negative && magnitude == 0 => return f64::NAN,
            _ => {
                // Subnormals have the exponent of the smallest normal numbers, and no leading one.
                let leading = if exponent == 0 { 0 } else { 1 << self.fraction };
                f64::from(leading | fraction) * power_of_two(exponent.max(1) - self.bias() - self.fraction as i32)
            }
        };
        if negative { -value } else { value }
    }

    /// The bits of the nearest number, ties to even; none if `x` is finite and the nearest is infinite. For the formats with infinities.
    pub(super) fn encode(self, x: f64) -> Option<u16> {
        debug_assert!(self.ends == Ends::Ieee);
        let sign = u16::from(x.is_sign_negative()) << (self.exponent + self.fraction);
        let infinite = ((1u32 << self.exponent) - 1) << self.fraction;
        if x.is_nan() {
            return Some(sign | infinite as u16 | 1 << (self.fraction - 1));
        }
        if x.is_infinite() {
            return Some(sign | infinite as u16);
        }
        let exponent = ((x.to_bits() >> 52 & 0x7ff) as i32 - 1023).max(1 - self.bias());
        // A quotient by a power of two is exact here, so this rounds once. What rounds up to the next power carries into the exponent.
        let steps = (x.abs() / power_of_two(exponent - self.fraction as i32)).round_ties_even() as u32;
        let bits = (((exponent + self.bias() - 1) as u32) << self.fraction) + steps;
        (bits < infinite).then_some(sign | bits as u16)
    }
}

/// 2ᵏ for the k of normal numbers of `f64`.
pub(super) fn power_of_two(k: i32) -> f64 {
    f64::from_bits(((1023 + k) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_16_bits_is_its_own_nearest() {
        for format in [Minifloat::F16, Minifloat::BF16] {
            for bits in 0..=u16::MAX {
                let x = format.decode(bits);
                let back = format.encode(x).unwrap();
                assert!(back == bits || x.is_nan() && format.decode(back).is_nan(), "{bits:#x} is {x}, {back:#x}");
            }
        }
        for bits in 0..=u16::MAX {
            let x = f64::from(f32::from_bits(u32::from(bits) << 16));
            assert!(Minifloat::BF16.decode(bits).to_bits() == x.to_bits() || x.is_nan());
        }
    }

    /// Between neighbours: the middle goes to the even one, what is off the middle by a last bit of f64 to the nearer one.
    #[test]
    fn the_nearest_is_taken_and_ties_go_to_even() {
        for format in [Minifloat::F16, Minifloat::BF16] {
            let infinite = format.encode(f64::INFINITY).unwrap();
            for low in 0..infinite - 1 {
                let middle = (format.decode(low) + format.decode(low + 1)) / 2.0;
                let even = low + (low & 1);
                for (x, nearest) in [(middle, even), (middle.next_down(), low), (middle.next_up(), low + 1)] {
                    assert_eq!(format.encode(x), Some(nearest), "{x:e}");
                    assert_eq!(format.encode(-x).map(|bits| bits & 0x7fff), Some(nearest));
                }
            }
            // Half a step above the largest number is where IEEE 754 rounds to infinity.
            let (largest, below) = (format.decode(infinite - 1), format.decode(infinite - 2));
            let end = largest + (largest - below) / 2.0;
            assert_eq!((format.encode(end.next_down()), format.encode(end)), (Some(infinite - 1), None));
        }
    }

    #[test]
    fn numbers_of_the_tables_of_the_formats() {
        for (format, bits, x) in [
            (Minifloat::F16, 0x7bff, 65504.0),
            (Minifloat::F16, 0x0001, 5.960464477539063e-8),
            (Minifloat::F16, 0xc000, -2.0),
            (Minifloat::F8_E5M2, 0x7b, 57344.0),
            (Minifloat::F8_E5M2, 0x01, 1.52587890625e-5),
            (Minifloat::F8_E5M2, 0x7c, f64::INFINITY),
            (Minifloat::F8_E4M3, 0x7e, 448.0),
            (Minifloat::F8_E4M3, 0x01, 0.001953125),
            (Minifloat::F8_E5M2FNUZ, 0x7f, 57344.0),
            (Minifloat::F8_E4M3FNUZ, 0x7f, 240.0),
            (Minifloat::F8_E4M3FNUZ, 0x81, -0.0009765625),
        ] {
            assert_eq!(format.decode(bits), x, "{bits:#x}");
        }
        assert!(Minifloat::F8_E4M3.decode(0xff).is_nan());
        assert!(Minifloat::F8_E5M2FNUZ.decode(0x80).is_nan());
        assert!(Minifloat::F8_E5M2.decode(0x7d).is_nan());
    }
}
