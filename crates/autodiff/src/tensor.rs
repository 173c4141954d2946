//! Values: a dtype, a shape, and shared, row-major, aligned storage.
//!
//! A tensor is cheap to clone (the storage is shared) and never changes under its other owners: a program writes into
//! storage only when nobody else holds it. There is no arithmetic here; arithmetic is traced.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quadric_kernels::{Arena, Element};

use crate::dtype::DType;
use crate::error::{Error, bail};
use crate::shape::{Shape, Type};

/// A Rust type that tensors can hold: `f32 f64 i32 u32 bool`.
pub trait Scalar: Copy + PartialEq + fmt::Debug + 'static {
    /// The dtype.
    const DTYPE: DType;
    /// How it is stored (`bool` as the byte 0 or 1).
    type Stored: Element;
    /// To storage.
    fn store(self) -> Self::Stored;
    /// From storage.
    fn load(stored: Self::Stored) -> Self;
}

macro_rules! scalars {
    ($($t:ty => $d:ident),*) => { $(
        impl Scalar for $t {
            const DTYPE: DType = DType::$d;
            type Stored = $t;
            fn store(self) -> $t { self }
            fn load(stored: $t) -> $t { stored }
        }
    )* };
}
scalars!(f32 => F32, f64 => F64, i32 => I32, u32 => U32);

impl Scalar for bool {
    const DTYPE: DType = DType::Bool;
    type Stored = u8;
    fn store(self) -> u8 {
        u8::from(self)
    }
    fn load(stored: u8) -> bool {
        stored != 0
    }
}

/// An n-dimensional array of one dtype.
#[derive(Clone)]
pub struct Tensor {
    ty: Type,
    data: Arc<Arena>,
}

impl Tensor {
    /// The tensor of `shape` with these elements in row-major order.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if `data` has another number of elements than `shape`.
    pub fn new<T: Scalar>(shape: impl Into<Shape>, data: &[T]) -> Result<Tensor, Error> {
        let shape = shape.into();
        if shape.size() != data.len() {
            bail!(Shape, "tensor: shape {shape} has {} elements, the data has {}", shape.size(), data.len());
        }
        let ty = Type::new(T::DTYPE, shape);
        ty.check().map_err(|e| e.within("tensor"))?;
        let mut tensor = Tensor::zeros(ty);
        for (to, from) in tensor.stored_mut::<T::Stored>().iter_mut().zip(data) {
            *to = from.store();
        }
        Ok(tensor)
    }

    /// The scalar `x`.
    pub fn scalar<T: Scalar>(x: T) -> Tensor {
        Tensor::from_vec(&[x]).reshaped(Shape::scalar())
    }

    /// The scalar `x` in this dtype, rounded if that is a float.
    ///
    /// # Errors
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) if an integer or bool cannot be `x`, or a finite `x` is infinite in `f32`.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Tensor};
    /// assert_eq!(Tensor::number(DType::I32, 3.0)?, Tensor::scalar(3i32));
    /// assert_eq!(Tensor::number(DType::I32, 0.5).unwrap_err().to_string(), "0.5 is no i32");
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    pub fn number(dtype: DType, x: f64) -> Result<Tensor, Error> {
        let (tensor, fits) = match dtype {
            DType::F32 => (Tensor::scalar(x as f32), !x.is_finite() || (x as f32).is_finite()),
            DType::F64 => (Tensor::scalar(x), true),
            DType::I32 => (Tensor::scalar(x as i32), f64::from(x as i32) == x),
            DType::U32 => (Tensor::scalar(x as u32), f64::from(x as u32) == x),
            DType::Bool => (Tensor::scalar(x != 0.0), x == 0.0 || x == 1.0),
        };
        if !fits {
            bail!(DType, "{x:?} is no {dtype}");
        }
        Ok(tensor)
    }

    /// A vector with these elements.
    pub fn from_vec<T: Scalar>(data: &[T]) -> Tensor {
        Tensor::new([data.len()], data).expect("the shape is the length")
    }

    /// All zero (`false`).
    pub fn zeros(ty: Type) -> Tensor {
        let data = Arc::new(Arena::new(ty.bytes()));
        Tensor { ty, data }
    }

    /// A float tensor filled by `f(flat index)`, rounded to `dtype`.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn from_fn(dtype: DType, shape: impl Into<Shape>, mut f: impl FnMut(usize) -> f64) -> Tensor {
        let mut tensor = Tensor::zeros(Type::new(dtype, shape));
        match dtype {
            DType::F32 => tensor.stored_mut::<f32>().iter_mut().enumerate().for_each(|(i, x)| *x = f(i) as f32),
            DType::F64 => tensor.stored_mut::<f64>().iter_mut().enumerate().for_each(|(i, x)| *x = f(i)),
            other => panic!("Tensor::from_fn: {other} is no float"),
        }
        tensor
    }

    pub(crate) fn from_parts(ty: Type, data: Arc<Arena>) -> Tensor {
        debug_assert!(data.len() >= ty.bytes());
        Tensor { ty, data }
    }

    /// The empty tensor that stands in while storage is elsewhere. Does not allocate.
    pub(crate) fn nothing() -> Tensor {
        static NOTHING: std::sync::LazyLock<Arc<Arena>> = std::sync::LazyLock::new(|| Arc::new(Arena::new(0)));
        Tensor { ty: Type::scalar(DType::Bool), data: NOTHING.clone() }
    }

    pub(crate) fn storage(&self) -> &Arc<Arena> {
        &self.data
    }

    pub(crate) fn into_storage(self) -> Arc<Arena> {
        self.data
    }

    /// Dtype and shape.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.ty.dtype
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.ty.shape
    }

    /// The number of elements.
    pub fn size(&self) -> usize {
        self.ty.shape.size()
    }

    /// The same elements under another shape of the same size; shares the storage.
    ///
    /// # Panics
    /// If the sizes differ.
    pub fn reshaped(&self, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        assert_eq!(shape.size(), self.size(), "reshape {} to {shape}: the number of elements differs", self.ty);
        Tensor { ty: self.ty.with_shape(shape), data: self.data.clone() }
    }

    /// The elements as stored (`bool` as bytes), without a copy.
    pub(crate) fn stored<T: Element>(&self) -> &[T] {
        self.data.view(0, self.size())
    }

    pub(crate) fn stored_mut<T: Element>(&mut self) -> &mut [T] {
        let size = self.size();
        if Arc::get_mut(&mut self.data).is_none() {
            let mut copy = Arena::new(self.ty.bytes());
            copy.view_mut::<u8>(0, self.ty.bytes()).copy_from_slice(self.data.view(0, self.ty.bytes()));
            self.data = Arc::new(copy);
        }
        Arc::get_mut(&mut self.data).expect("unshared by the lines above").view_mut(0, size)
    }

    /// Storage that nobody else holds, to be written from end to end: what stands in it is not kept.
    pub(crate) fn fresh_bytes(&mut self) -> &mut [u8] {
        let bytes = self.ty.bytes();
        if Arc::get_mut(&mut self.data).is_none() {
            self.data = Arc::new(Arena::new(bytes));
        }
        Arc::get_mut(&mut self.data).expect("unshared by the lines above").view_mut(0, bytes)
    }

    /// A copy of the elements.
    ///
    /// # Panics
    /// If the dtype is not `T`'s.
    pub fn to_vec<T: Scalar>(&self) -> Vec<T> {
        assert_eq!(self.dtype(), T::DTYPE, "Tensor::to_vec: the tensor is {}", self.ty);
        self.stored::<T::Stored>().iter().map(|x| T::load(*x)).collect()
    }

    /// The elements as a slice, for `f32 f64 i32 u32`; free.
    ///
    /// # Panics
    /// If the dtype is not `T`'s.
    pub fn as_slice<T: Scalar<Stored = T> + Element>(&self) -> &[T] {
        assert_eq!(self.dtype(), T::DTYPE, "Tensor::as_slice: the tensor is {}", self.ty);
        self.stored()
    }

    /// The elements as a slice to write to; copies first if the storage is shared.
    ///
    /// # Panics
    /// If the dtype is not `T`'s.
    pub fn as_mut_slice<T: Scalar<Stored = T> + Element>(&mut self) -> &mut [T] {
        assert_eq!(self.dtype(), T::DTYPE, "Tensor::as_mut_slice: the tensor is {}", self.ty);
        self.stored_mut()
    }

    /// The elements as `f64`, whatever the dtype; copies.
    pub fn to_f64_vec(&self) -> Vec<f64> {
        match self.dtype() {
            DType::F32 => self.stored::<f32>().iter().map(|x| f64::from(*x)).collect(),
            DType::F64 => self.stored::<f64>().to_vec(),
            DType::I32 => self.stored::<i32>().iter().map(|x| f64::from(*x)).collect(),
            DType::U32 => self.stored::<u32>().iter().map(|x| f64::from(*x)).collect(),
            DType::Bool => self.stored::<u8>().iter().map(|x| f64::from(*x)).collect(),
        }
    }

    /// The one element as `f64`.
    ///
    /// # Panics
    /// If there is not exactly one element.
    pub fn item(&self) -> f64 {
        assert_eq!(self.size(), 1, "Tensor::item: {} has {} elements", self.ty, self.size());
        self.to_f64_vec()[0]
    }

    /// The nearest tensor of the float type `dtype`.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn to_dtype(&self, dtype: DType) -> Tensor {
        if dtype == self.dtype() {
            return self.clone();
        }
        let values = self.to_f64_vec();
        Tensor::from_fn(dtype, self.shape(), |i| values[i])
    }

    /// The bytes of the elements.
    pub fn bytes(&self) -> &[u8] {
        self.data.view(0, self.ty.bytes())
    }

    /// A 64-bit FNV-1a hash of the bytes: names a large constant in the text form.
    pub fn checksum(&self) -> u64 {
        self.bytes().iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
    }
}

/// Equal type and equal bits: a NaN equals itself, and 0 differs from −0.
impl PartialEq for Tensor {
    fn eq(&self, other: &Tensor) -> bool {
        self.ty == other.ty && (Arc::ptr_eq(&self.data, &other.data) || self.bytes() == other.bytes())
    }
}

impl Eq for Tensor {}

impl Hash for Tensor {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ty.hash(state);
        state.write_u64(self.checksum());
    }
}

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 16;
        let values = self.to_f64_vec();
        write!(f, "{}(", self.ty)?;
        for (i, x) in values.iter().take(SHOWN).enumerate() {
            write!(f, "{}{x}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str(if values.len() > SHOWN { ", …)" } else { ")" })
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `tensor![1.0, 2.0]`: a vector; `tensor![[1.0, 2.0], [3.0, 4.0]]`: a matrix.
#[macro_export]
macro_rules! tensor {
    ($([$($x:expr),* $(,)?]),+ $(,)?) => {{
        let rows = [$([$($x),*]),+];
        $crate::Tensor::new([rows.len(), rows[0].len()], &rows.concat()).expect("rows of one length")
    }};
    ($($x:expr),* $(,)?) => { $crate::Tensor::from_vec(&[$($x),*]) };
}
