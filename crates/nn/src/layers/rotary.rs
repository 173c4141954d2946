//! Rotary positions.

use quadric_autodiff::trace::{Var, concat, stop};
use quadric_autodiff::{Error, ErrorKind, Static};

use super::positions::{angles, one_place_a_row};
use crate::LIBRARY;

/// Which two entries are turned together.
#[derive(Static, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pairing {
    /// `(x_i, x_{i+d/2})`, as in GPT-NeoX and in the published weights of LLaMA.
    #[default]
    Halves,
    /// `(x_{2i}, x_{2i+1})`, as in the paper.
    Neighbours,
}

/// Rotary positions ([Su et al. 2021]): pair i of a query or key at place t is turned by the angle `t · base^{−2i/d}`.
///
/// A product of a query at t with a key at s depends on t − s alone. A turn changes no length, and is linear: it adds
/// nothing to the curvature by itself. Angles, sines and cosines are made in f64 and rounded once.
///
/// [Su et al. 2021]: https://arxiv.org/abs/2104.09864
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::Rotary;
/// let y = compile(|(x, t): (Var, Var)| Rotary::new().apply(x, t)).call((tensor![[1.0, 0.0], [1.0, 0.0]], tensor![0, 2]))?;
/// assert_eq!(y, tensor![[1.0, 0.0], [2f64.cos(), 2f64.sin()]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Static, Clone, Copy, Debug, PartialEq)]
pub struct Rotary {
    /// 10000 in the paper; larger for long contexts.
    pub base: f64,
    /// Which two entries are turned together.
    pub pairing: Pairing,
}

impl Default for Rotary {
    fn default() -> Rotary {
        Rotary::new()
    }
}

impl Rotary {
    /// Base 10000, halves paired.
    pub fn new() -> Rotary {
        Rotary { base: 10_000.0, pairing: Pairing::Halves }
    }

    /// Another base.
    #[must_use]
    pub fn base(self, base: f64) -> Rotary {
        Rotary { base, ..self }
    }

    /// Another pairing.
    #[must_use]
    pub fn pairing(self, pairing: Pairing) -> Rotary {
        Rotary { pairing, ..self }
    }

    /// Every row turned by its place.
    ///
    /// # Shapes
    /// `x: […, T, d]`, `positions: i32[T]`, result like `x`.
    ///
    /// # Errors
    /// Stops the trace if d is odd, or if there is not a place for each row.
    #[track_caller]
    pub fn apply(self, x: Var, positions: Var) -> Var {
        LIBRARY.scope("rotary", || {
            one_place_a_row("rotary", x, positions);
            let ty = x.ty();
            let rank = ty.shape.rank();
            let width = ty.shape[rank - 1];
            if !width.is_multiple_of(2) {
                let what = format!("rotary: the last axis of {ty} is odd, and entries are turned in pairs");
                stop(Error::new(ErrorKind::Shape, what));
            }
            let angles = angles(positions, width / 2, width, self.base);
            let (cos, sin) = (angles.cos().convert(ty.dtype), angles.sin().convert(ty.dtype));
            match self.pairing {
                Pairing::Halves => {
                    let (a, b) = (x.slice(-1, 0..width / 2), x.slice(-1, width / 2..width));
                    concat(&[a * cos - b * sin, a * sin + b * cos], -1)
                }
                Pairing::Neighbours => {
                    let pairs = x.reshape([&ty.shape[..rank - 1], &[width / 2, 2]].concat());
                    let (a, b) = (pairs.slice(-1, 0..1), pairs.slice(-1, 1..2));
                    let (cos, sin) = (cos.expand_dims(&[-1]), sin.expand_dims(&[-1]));
                    concat(&[a * cos - b * sin, a * sin + b * cos], -1).reshape(&ty.shape[..])
                }
            }
        })
    }
}
