//! From the numbers of a file to the engine's, and back: only where asked for, and exact or an error that names the number.

use quadric_autodiff::{DType, Tensor};

use super::minifloat::{Minifloat, power_of_two};
use super::{Dtype, Entry};
use crate::data::{DataError, DataErrorKind};

/// What may become of numbers on their way into another type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Conversion {
    /// None: the types must be equal.
    #[default]
    None,
    /// Every number keeps its value; one that cannot is an error that names it. `F16` and `BF16` fit into `f32`, `I64` into `i32` if
    /// every number does. A fraction is no whole number, and a type of reals is not converted to one of whole numbers at all.
    Exact,
    /// On its way into a type of reals a number becomes the nearest, ties to even; one that is finite and would become infinite is an
    /// error. Whole numbers in a type of whole numbers keep their values.
    Rounded,
}

/// A number of any type here that is on the real line.
#[derive(Clone, Copy)]
enum Number {
    Whole(i128),
    Real(f64),
}

impl Entry {
    /// The numbers as a tensor of that dtype, converted as far as `conversion` allows.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if the types differ and no conversion is allowed, or a number does not fit (the sentence says which,
    /// and where it stands); [`DataErrorKind::Unsupported`] for packed and complex numbers, for reals as whole numbers, and for shapes
    /// that no tensor has.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, tensor};
    /// use quadric_nn::archive::{Conversion, Dtype, Entry};
    /// let halves = Entry::new("w", Dtype::F16, &[2], vec![0x00, 0x3c, 0x00, 0xc1])?;
    /// assert_eq!(halves.tensor_as(DType::F32, Conversion::Exact)?, tensor![1.0f32, -2.5]);
    /// let labels = Entry::from_i64("y", &[2], &[3, 1 << 40]);
    /// let error = labels.tensor_as(DType::I32, Conversion::Exact).unwrap_err();
    /// assert_eq!(error.to_string(), "archive entry y: 1099511627776 at [1] is no i32");
    /// # Ok::<(), quadric_nn::data::DataError>(())
    /// ```
    pub fn tensor_as(&self, dtype: DType, conversion: Conversion) -> Result<Tensor, DataError> {
        if self.dtype() == stored(dtype) {
            return self.tensor();
        }
        if conversion == Conversion::None {
            let what = format!("holds {}, not {}; a conversion has to be asked for", self.dtype(), stored(dtype));
            return Err(self.fault(DataErrorKind::Mismatch, what));
        }
        if self.dtype().is_float() && !dtype.is_float() {
            let what = format!("holds {}, and real numbers are not converted to {dtype}", self.dtype());
            return Err(self.fault(DataErrorKind::Unsupported, what));
        }
        let rounded = conversion == Conversion::Rounded;
        let tensor = match dtype {
            DType::F32 => Tensor::new(self.shape(), &self.numbers(dtype, |x| to_f32(x, rounded))?),
            DType::F64 => Tensor::new(self.shape(), &self.numbers(dtype, |x| to_f64(x, rounded))?),
            DType::I32 => Tensor::new(self.shape(), &self.numbers::<i32>(dtype, |x| whole(x)?.try_into().ok())?),
            DType::U32 => Tensor::new(self.shape(), &self.numbers::<u32>(dtype, |x| whole(x)?.try_into().ok())?),
            _ => Tensor::new(
                self.shape(),
                &self.numbers(dtype, |x| match whole(x)? {
                    0 => Some(false),
                    1 => Some(true),
                    _ => None,
                })?,
            ),
        };
        tensor.map_err(|error| self.fault(DataErrorKind::Unsupported, &error).caused_by(error))
    }

    /// A tensor under a name, its numbers written in that type, converted as far as `conversion` allows: half the bytes in
    /// [`Dtype::Bf16`], say.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if the types differ and no conversion is allowed, or a number does not fit;
    /// [`DataErrorKind::Unsupported`] for reals as whole numbers and for types of 8 bits and less, which are read only;
    /// [`DataErrorKind::Malformed`] for the reserved name `__metadata__`.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::tensor;
    /// use quadric_nn::archive::{Conversion, Dtype, Entry};
    /// let third = Entry::from_tensor_as("w", &tensor![1.0f32 / 3.0], Dtype::F16, Conversion::Rounded)?;
    /// assert_eq!(third.bytes(), 0x3555u16.to_le_bytes()); // 0.33325195, the nearest
    /// # Ok::<(), quadric_nn::data::DataError>(())
    /// ```
    pub fn from_tensor_as(
        name: impl Into<String>,
        tensor: &Tensor,
        dtype: Dtype,
        conversion: Conversion,
    ) -> Result<Entry, DataError> {
        let name = name.into();
        let own = stored(tensor.dtype());
        let plain = Entry::new(name, own, tensor.shape(), little_endian(tensor))?;
        if dtype == own {
            return Ok(plain);
        }
        if conversion == Conversion::None {
            let what = format!("holds {own}, not {dtype}; a conversion has to be asked for");
            return Err(plain.fault(DataErrorKind::Mismatch, what));
        }
        if own.is_float() && !dtype.is_float() {
            let what = format!("holds {own}, and real numbers are not converted to {dtype}");
            return Err(plain.fault(DataErrorKind::Unsupported, what));
        }
        let rounded = conversion == Conversion::Rounded;
        let half = |format: Minifloat, x: Number| {
            let x = to_f64(x, rounded)?;
            let bits = format.encode(x)?;
            (rounded || x.is_nan() || format.decode(bits) == x).then_some(bits)
        };
        macro_rules! whole_numbers {
            ($type:ty) => {
                plain.encoded(dtype, |x| <$type>::try_from(whole(x)?).ok().map(<$type>::to_le_bytes))
            };
        }
        let bytes = match dtype {
            Dtype::F64 => plain.encoded(dtype, |x| to_f64(x, rounded).map(f64::to_le_bytes))?,
            Dtype::F32 => plain.encoded(dtype, |x| to_f32(x, rounded).map(f32::to_le_bytes))?,
            Dtype::F16 => plain.encoded(dtype, |x| half(Minifloat::F16, x).map(u16::to_le_bytes))?,
            Dtype::Bf16 => plain.encoded(dtype, |x| half(Minifloat::BF16, x).map(u16::to_le_bytes))?,
            Dtype::I64 => whole_numbers!(i64)?,
            Dtype::I32 => whole_numbers!(i32)?,
            Dtype::I16 => whole_numbers!(i16)?,
            Dtype::I8 => whole_numbers!(i8)?,
            Dtype::U64 => whole_numbers!(u64)?,
            Dtype::U32 => whole_numbers!(u32)?,
            Dtype::U16 => whole_numbers!(u16)?,
            Dtype::U8 => whole_numbers!(u8)?,
            Dtype::Bool => plain.encoded(dtype, |x| u8::try_from(whole(x)?).ok().filter(|&x| x < 2).map(|x| [x]))?,
            _ => {
                let what = format!("{dtype} is read here, not written");
                return Err(plain.fault(DataErrorKind::Unsupported, what));
            }
        };
        Entry::new(plain.name(), dtype, tensor.shape(), bytes)
    }

    fn encoded<const N: usize>(
        &self,
        dtype: Dtype,
        to: impl Fn(Number) -> Option<[u8; N]>,
    ) -> Result<Vec<u8>, DataError> {
        Ok(self.numbers(dtype, to)?.into_flattened())
    }

    /// Every number through `to`, which gives none for one that does not fit into `target`.
    fn numbers<T>(
        &self,
        target: impl std::fmt::Display,
        to: impl Fn(Number) -> Option<T>,
    ) -> Result<Vec<T>, DataError> {
        macro_rules! each {
            ($type:ty, $decode:expr) => {{
                const WIDTH: usize = size_of::<$type>();
                let numbers = self.bytes().as_chunks::<WIDTH>().0;
                let number = |bytes: [u8; WIDTH]| $decode(<$type>::from_le_bytes(bytes));
                let mut out = Vec::with_capacity(numbers.len());
                for (i, &bytes) in numbers.iter().enumerate() {
                    let Some(x) = to(number(bytes)) else { return Err(self.misfit(i, number(bytes), &target)) };
                    out.push(x);
                }
                Ok(out)
            }};
        }
        macro_rules! whole {
            ($type:ty) => {
                each!($type, |x: $type| Number::Whole(i128::from(x)))
            };
        }
        let mini = |format: Minifloat| move |x: u8| Number::Real(format.decode(u16::from(x)));
        match self.dtype() {
            Dtype::F64 => each!(f64, Number::Real),
            Dtype::F32 => each!(f32, |x: f32| Number::Real(f64::from(x))),
            Dtype::F16 => each!(u16, |x| Number::Real(Minifloat::F16.decode(x))),
            Dtype::Bf16 => each!(u16, |x| Number::Real(f64::from(f32::from_bits(u32::from(x) << 16)))),
            Dtype::F8E5M2 => each!(u8, mini(Minifloat::F8_E5M2)),
            Dtype::F8E4M3 => each!(u8, mini(Minifloat::F8_E4M3)),
            Dtype::F8E5M2Fnuz => each!(u8, mini(Minifloat::F8_E5M2FNUZ)),
            Dtype::F8E4M3Fnuz => each!(u8, mini(Minifloat::F8_E4M3FNUZ)),
            Dtype::F8E8M0 => each!(u8, |x: u8| Number::Real(match x {
                u8::MAX => f64::NAN,
                x => power_of_two(i32::from(x) - 127),
            })),
            Dtype::I64 => whole!(i64),
            Dtype::I32 => whole!(i32),
            Dtype::I16 => whole!(i16),
            Dtype::I8 => whole!(i8),
            Dtype::U64 => whole!(u64),
            Dtype::U32 => whole!(u32),
            Dtype::U16 => whole!(u16),
            Dtype::U8 | Dtype::Bool => whole!(u8),
            Dtype::F6E2M3 | Dtype::F6E3M2 | Dtype::F4 | Dtype::C64 => {
                let what = format!("holds {}, which is kept as bytes and not converted", self.dtype());
                Err(self.fault(DataErrorKind::Unsupported, what))
            }
        }
    }

    fn misfit(&self, flat: usize, number: Number, target: impl std::fmt::Display) -> DataError {
        let number = match number {
            Number::Whole(x) => x.to_string(),
            Number::Real(x) => format!("{x:?}"),
        };
        let mut place = vec![0; self.shape().len()];
        let mut rest = flat;
        for (at, &size) in place.iter_mut().zip(self.shape()).rev() {
            (*at, rest) = (rest % size, rest / size);
        }
        self.fault(DataErrorKind::Mismatch, format!("{number} at {place:?} is no {target}"))
    }
}

fn whole(x: Number) -> Option<i128> {
    if let Number::Whole(x) = x { Some(x) } else { None }
}

fn to_f64(x: Number, rounded: bool) -> Option<f64> {
    match x {
        Number::Real(x) => Some(x),
        Number::Whole(x) => (rounded || x as f64 as i128 == x).then_some(x as f64),
    }
}

fn to_f32(x: Number, rounded: bool) -> Option<f32> {
    match x {
        Number::Real(x) => {
            let y = x as f32;
            let fits = if rounded { y.is_finite() || !x.is_finite() } else { f64::from(y) == x || x.is_nan() };
            fits.then_some(y)
        }
        Number::Whole(x) => (rounded || x as f32 as i128 == x).then_some(x as f32),
    }
}

/// The type in a file of what a tensor of this dtype holds.
pub(crate) fn stored(dtype: DType) -> Dtype {
    match dtype {
        DType::F32 => Dtype::F32,
        DType::F64 => Dtype::F64,
        DType::I32 => Dtype::I32,
        DType::U32 => Dtype::U32,
        DType::Bool => Dtype::Bool,
        other => panic!("archive: no type of the format is {other}"),
    }
}

/// The bytes of a tensor as files have them.
pub(crate) fn little_endian(tensor: &Tensor) -> Vec<u8> {
    let mut bytes = tensor.bytes().to_vec();
    if cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(tensor.dtype().size()).for_each(<[u8]>::reverse);
    }
    bytes
}
