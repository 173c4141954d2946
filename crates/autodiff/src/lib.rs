#![doc = include_str!("../README.md")]
//!
//! # How it is built
//! A function is traced once into a [`Tape`](tape::Tape), a typed, single-assignment list of primitive equations. Every
//! transform (`jvp`, `vjp`, `vmap`, …) maps tapes to tapes, so transforms nest to any order with nothing added. A tape
//! is then optimised and compiled to a [`Program`](exec::Program) that replays without allocating.

// The derive writes absolute paths, and this crate uses it too.
#[allow(unused_extern_crates)]
extern crate self as quadric_autodiff;

pub mod dtype;
pub mod error;
pub mod exec;
pub mod ops;
pub mod pass;
pub mod plan;
pub mod reference;
pub mod shape;
pub mod tape;
pub mod tensor;
pub mod trace;
pub mod transform;

crate::library!();

#[doc(hidden)]
pub use trace::tree as __tree;

pub use dtype::DType;
pub use error::{Error, ErrorKind};
pub use quadric_derive::{Static, Tree};
pub use shape::{Axes, Shape, Type};
pub use tensor::Tensor;
pub use trace::tree::{Arithmetic, Leaf, Select, Selection, Static, Tree, VarTree};
