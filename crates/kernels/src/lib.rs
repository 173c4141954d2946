#![doc = include_str!("../README.md")]
//!
//! # What a kernel promises
//! This crate knows no tensor, no tape and no derivative. A kernel takes slices and sizes, fills a slice, and keeps
//! three promises that the layers above build on:
//!
//! 1. **The order of operations behind an output element is a function of the sizes alone.** Not of the number of
//!    threads, and not of where the element lies in its slice. Sums use the same sixteen logical lanes on every
//!    instruction set. So a program replayed on one thread or on eight gives the same bits.
//! 2. **Outputs are write-only** unless the name says otherwise (`_in_place`, `accumulate`). Tests fill them with NaN.
//! 3. **With `threads <= 1` no kernel enters rayon**, and a kernel below a size fixed by its shape never does.
//!
//! SIMD is chosen once, at run time ([`Isa`]). Nothing is written in intrinsics: each loop is written once, as plain
//! scalar code without branches, and compiled three times (see [`isa`]). The scalar function is the definition; the
//! vector code is what the compiler makes of it. The paths differ in one way: with AVX2 and AVX-512 the elementary
//! functions use fused multiply-add, which the portable path does not, so their last bits may differ.
//!
//! This is the only crate of the workspace with `unsafe`, for four things: calling a loop compiled for an instruction
//! set that was detected ([`isa`]), typed views of one byte buffer ([`arena`]), seeing a generic slice as the type it has
//! ([`mod@convert`]), and calling `matrixmultiply` ([`mod@gemm`] and the two `impl Lane` of `math`).

pub mod arena;
pub mod convert;
pub mod copy;
pub mod element;
pub mod gather;
pub mod gemm;
pub mod isa;
mod lanes;
pub mod linalg;
mod math;
mod parallel;
pub mod patches;
pub mod pointwise;
pub mod reduce;
pub mod threefry;

pub use arena::{Arena, Split};
pub use convert::convert;
pub use element::{Element, Int, Real};
pub use gemm::{MatRef, gemm, gemm_batched};
pub use isa::Isa;
pub use math::pow_derivative;
pub use patches::Patches;
pub use pointwise::{Binary, Operand, Unary};
pub use threefry::{random_bits, threefry2x32};
