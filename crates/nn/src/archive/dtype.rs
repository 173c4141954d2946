//! The types of numbers that the format knows.

use std::fmt;

/// The type of the numbers of an array in a file.
///
/// The engine's tensors hold five of them (`F32 F64 I32 U32 BOOL`). The others are kept as they are, and converted where that is
/// asked for: [`Entry::tensor_as`](super::Entry::tensor_as).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// 64-bit floating point.
    F64,
    /// 32-bit floating point.
    F32,
    /// 16-bit floating point of IEEE 754: 5 bits of exponent, 10 of fraction.
    F16,
    /// The upper half of an `F32`: 8 bits of exponent, 7 of fraction.
    Bf16,
    /// 8-bit floating point, 5 bits of exponent, 2 of fraction ([Micikevicius et al. 2022](https://arxiv.org/abs/2209.05433)).
    F8E5M2,
    /// 8-bit floating point, 4 bits of exponent, 3 of fraction, without infinities (the same paper).
    F8E4M3,
    /// A power of two in 8 bits, the scale of a block (OCP Microscaling Formats 1.0, 2023).
    F8E8M0,
    /// As `F8E5M2`, with one zero and one NaN ([Noune et al. 2022](https://arxiv.org/abs/2206.02915)).
    F8E5M2Fnuz,
    /// As `F8E4M3`, with one zero and one NaN (the same paper).
    F8E4M3Fnuz,
    /// 6-bit floating point, packed (OCP Microscaling Formats 1.0, 2023); kept as bytes.
    F6E2M3,
    /// 6-bit floating point, packed (the same source); kept as bytes.
    F6E3M2,
    /// 4-bit floating point, packed (the same source); kept as bytes.
    F4,
    /// Complex numbers of two `F32`; kept as bytes.
    C64,
    /// 64-bit whole numbers.
    I64,
    /// 32-bit whole numbers.
    I32,
    /// 16-bit whole numbers.
    I16,
    /// 8-bit whole numbers.
    I8,
    /// 64-bit whole numbers without sign.
    U64,
    /// 32-bit whole numbers without sign.
    U32,
    /// 16-bit whole numbers without sign.
    U16,
    /// 8-bit whole numbers without sign.
    U8,
    /// One byte, 0 or 1.
    Bool,
}

impl Dtype {
    /// Every type of the format.
    pub const ALL: [Dtype; 22] = [
        Dtype::F64,
        Dtype::F32,
        Dtype::F16,
        Dtype::Bf16,
        Dtype::F8E5M2,
        Dtype::F8E4M3,
        Dtype::F8E8M0,
        Dtype::F8E5M2Fnuz,
        Dtype::F8E4M3Fnuz,
        Dtype::F6E2M3,
        Dtype::F6E3M2,
        Dtype::F4,
        Dtype::C64,
        Dtype::I64,
        Dtype::I32,
        Dtype::I16,
        Dtype::I8,
        Dtype::U64,
        Dtype::U32,
        Dtype::U16,
        Dtype::U8,
        Dtype::Bool,
    ];

    /// The bits of one number.
    pub fn bits(self) -> usize {
        match self {
            Dtype::F64 | Dtype::C64 | Dtype::I64 | Dtype::U64 => 64,
            Dtype::F32 | Dtype::I32 | Dtype::U32 => 32,
            Dtype::F16 | Dtype::Bf16 | Dtype::I16 | Dtype::U16 => 16,
            Dtype::F6E2M3 | Dtype::F6E3M2 => 6,
            Dtype::F4 => 4,
            _ => 8,
        }
    }

    /// The bytes of an array of that shape; none if they are no whole number or too many to count.
    pub fn bytes(self, shape: &[usize]) -> Option<usize> {
        let bits = shape.iter().try_fold(self.bits(), |bits, &axis| bits.checked_mul(axis))?;
        (bits % 8 == 0).then_some(bits / 8)
    }

    /// Whether its numbers are real ones.
    pub fn is_float(self) -> bool {
        self.name().starts_with(['F', 'B']) && self != Dtype::Bool
    }

    /// The name in the format: `F32`, …, `BOOL`.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F64 => "F64",
            Dtype::F32 => "F32",
            Dtype::F16 => "F16",
            Dtype::Bf16 => "BF16",
            Dtype::F8E5M2 => "F8_E5M2",
            Dtype::F8E4M3 => "F8_E4M3",
            Dtype::F8E8M0 => "F8_E8M0",
            Dtype::F8E5M2Fnuz => "F8_E5M2FNUZ",
            Dtype::F8E4M3Fnuz => "F8_E4M3FNUZ",
            Dtype::F6E2M3 => "F6_E2M3",
            Dtype::F6E3M2 => "F6_E3M2",
            Dtype::F4 => "F4",
            Dtype::C64 => "C64",
            Dtype::I64 => "I64",
            Dtype::I32 => "I32",
            Dtype::I16 => "I16",
            Dtype::I8 => "I8",
            Dtype::U64 => "U64",
            Dtype::U32 => "U32",
            Dtype::U16 => "U16",
            Dtype::U8 => "U8",
            Dtype::Bool => "BOOL",
        }
    }

    /// The type of that name.
    pub fn from_name(name: &str) -> Option<Dtype> {
        Dtype::ALL.into_iter().find(|dtype| dtype.name() == name)
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
