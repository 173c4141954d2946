//! Random numbers inside a trace, from a key.
//!
//! A key is a `u32[2]` and an argument of the compiled step; the same key gives the same bits, on any number of threads
//! (Threefry, [`Var::random_bits`]). Whoever needs several independent draws splits the key first.

use super::{Var, concat, scalar, select};
use crate::LIBRARY;
use crate::dtype::DType;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// A key for this seed and this step: a bijection of the step for every seed, so that no two steps of a run share one.
///
/// # Example
/// ```
/// use quadric_autodiff::trace::random::key;
/// assert_eq!(key(1, 2), key(1, 2));
/// assert_ne!(key(1, 2), key(1, 3));
/// ```
pub fn key(seed: u64, step: u64) -> Tensor {
    // splitmix64 (Steele, Lea & Flood 2014), a bijection on 64-bit words.
    let mix = |x: u64| {
        let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    };
    let word = mix(mix(seed) ^ step);
    Tensor::from_vec(&[word as u32, (word >> 32) as u32])
}

/// `count` keys from one.
#[track_caller]
#[must_use]
pub fn split(key: Var, count: usize) -> Vec<Var> {
    LIBRARY.enter(|| {
        let bits = key.random_bits([count, 2]);
        (0..count).map(|i| bits.slice(0, i..i + 1).reshape([2])).collect()
    })
}

/// Uniform on the open interval (0, 1): `(bits + ½) / 2³²`. Rounded to f32 the upper end may be 1.
#[track_caller]
#[must_use]
pub fn uniform(key: Var, dtype: DType, shape: impl Into<Shape>) -> Var {
    LIBRARY.enter(|| (key.random_bits(shape).convert(dtype) + 0.5) * 2f64.powi(-32))
}

/// Standard normal, two from each pair of uniforms: `√(−2 ln u₁) (cos 2πu₂, sin 2πu₂)` ([Box & Muller 1958]).
///
/// [Box & Muller 1958]: https://doi.org/10.1214/aoms/1177706645
#[track_caller]
#[must_use]
pub fn normal(key: Var, dtype: DType, shape: impl Into<Shape>) -> Var {
    LIBRARY.enter(|| {
        let shape = shape.into();
        let (size, half) = (shape.size(), shape.size().div_ceil(2));
        let u = uniform(key, dtype, [2, half]);
        let radius = (u.slice(0, 0..1).log() * -2.0).sqrt();
        let angle = u.slice(0, 1..2) * (2.0 * std::f64::consts::PI);
        concat(&[radius * angle.cos(), radius * angle.sin()], 0).reshape([2 * half]).slice(0, 0..size).reshape(shape)
    })
}

/// ±1 with equal chances.
#[track_caller]
#[must_use]
pub fn rademacher(key: Var, dtype: DType, shape: impl Into<Shape>) -> Var {
    LIBRARY.enter(|| {
        let one = scalar(dtype, 1.0);
        select(key.random_bits(shape).lt(2f64.powi(31)), one, -one)
    })
}

/// Labels `i32[B]` drawn from `softmax(logits)`, `[B, C]`, as the place of the largest `z + Gumbel noise`. Nothing flows through the drawing.
///
/// The noise `−ln(−ln u)` is made in f64, where u is never 1.
#[track_caller]
#[must_use]
pub fn categorical(key: Var, logits: Var) -> Var {
    LIBRARY.enter(|| {
        let noise = -(-uniform(key, DType::F64, logits.shape()).log()).log();
        (logits.stop_gradient().convert(DType::F64) + noise).argmax(-1)
    })
}
