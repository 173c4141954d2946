//! Fields of a tree that hold no leaf.

use std::fmt::Debug;
use std::marker::PhantomData;

/// A field of a tree that holds no leaf: a size, a name, the kind of an activation.
///
/// A static field is a constant of the tape and part of the cache key of `compile`, by its `Debug` form, which
/// therefore must tell unequal values apart. `Tensor` and `Var` are not static on purpose: a field `Dense` for
/// `Dense<T>` would quietly leave its weights out of the gradient.
///
/// For a type of your own: `#[derive(Static, Clone, Debug)]`, or `impl Static for Activation {}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither static nor generic over the leaf",
    note = "a field with leaves names the leaf, as `Dense<T>` does for `Dense`",
    note = "a field without leaves is of a `Static` type: `#[derive(Static, Clone, Debug)]`"
)]
pub trait Static: Clone + Debug + 'static {}

macro_rules! plain_values_are_static {
    ($($plain:ty)*) => { $(impl Static for $plain {})* };
}

plain_values_are_static!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char String &'static str crate::dtype::DType);

impl Static for () {}

impl<S: Static> Static for Vec<S> {}
impl<S: Static> Static for Option<S> {}
impl<S: Static> Static for Box<S> {}
impl<S: Static, const N: usize> Static for [S; N] {}
impl<S: Static> Static for std::ops::Range<S> {}
impl<S: 'static> Static for PhantomData<S> {}

macro_rules! tuples_are_static {
    ($($S:ident)*) => { impl<$($S: Static),*> Static for ($($S,)*) {} };
}

tuples_are_static!(A);
tuples_are_static!(A B);
tuples_are_static!(A B C);
tuples_are_static!(A B C D);
tuples_are_static!(A B C D E);
tuples_are_static!(A B C D E F);
tuples_are_static!(A B C D E F G);
tuples_are_static!(A B C D E F G H);

/// A static field, for [`Node::Static`]. That its type is [`Static`] is checked here, at the field.
#[doc(hidden)]
pub fn static_part<S: Static>(field: &S) -> &dyn Debug {
    field
}
