//! Where a token stands, added to what it is: learned and sinusoidal positions.

use std::marker::PhantomData;

use rand_chacha::rand_core::Rng;

use quadric_autodiff::trace::{Var, iota, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Tensor, Tree};

use super::check::same_dtype;
use super::embedding::normal;
use super::layer::stateless;
use crate::LIBRARY;

/// `x_t ↦ x_t + P[t]`, a learned vector for each of N places.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
/// use quadric_nn::{LearnedPositions, generator};
/// let mut places = LearnedPositions::new(3, 1, 0.02, DType::F64, &mut generator(1));
/// places.weight = tensor![[10.0], [20.0], [30.0]];
/// let y = compile(|(p, x): (LearnedPositions<Var>, Var)| p.apply(x)).call((places, tensor![[1.0], [2.0]]))?;
/// assert_eq!(y, tensor![[11.0], [22.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct LearnedPositions<T = Tensor> {
    /// `P: [N, D]`.
    pub weight: T,
}

impl LearnedPositions<Tensor> {
    /// N places of width D, drawn from `N(0, deviation²)`.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(length: usize, width: usize, deviation: f64, dtype: DType, rng: &mut impl Rng) -> LearnedPositions {
        LearnedPositions { weight: normal([length, width], deviation, dtype, rng) }
    }
}

impl LearnedPositions<Var> {
    /// `x` with the vectors of the first places added.
    ///
    /// # Shapes
    /// `x: […, T, D]`, result the same.
    ///
    /// # Errors
    /// Stops the trace if `x` is longer than there are places, of another width, or of another dtype.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("positions", || {
            let (length, _) = self.check(x);
            x + self.weight.slice(0, 0..length)
        })
    }

    /// `x` with the vectors of these places added: `positions: i32[T]`, as where a sequence is continued.
    ///
    /// # Errors
    /// As [`apply`](LearnedPositions::apply); a place that is none is an error of the run.
    #[track_caller]
    pub fn apply_at(&self, x: Var, positions: Var) -> Var {
        LIBRARY.scope("positions", || {
            self.check(x);
            one_place_a_row("positions", x, positions);
            x + self.weight.gather(positions, 0)
        })
    }

    /// The sizes of the last two axes of `x`.
    #[track_caller]
    fn check(&self, x: Var) -> (usize, usize) {
        same_dtype("positions", x, self.weight);
        let (length, width) = sequence(x);
        let table = self.weight.shape();
        if width != table[1] {
            let what = format!("positions: the last axis of {} is not the width {} of the positions", x.ty(), table[1]);
            stop(Error::new(ErrorKind::Shape, what));
        }
        if length > table[0] {
            let what =
                format!("positions: a sequence of length {length}, {}, but there are {} positions", x.ty(), table[0]);
            stop(Error::new(ErrorKind::Shape, what));
        }
        (length, width)
    }
}

stateless!(LearnedPositions);

/// `x_t ↦ x_t + P[t]` with `P[t, 2i] = sin(t / 10000^{2i/D})` and `P[t, 2i+1]` its cosine ([Vaswani et al. 2017], §3.5): nothing to learn, and any length.
///
/// [Vaswani et al. 2017]: https://arxiv.org/abs/1706.03762
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::SinusoidalPositions;
/// let y = compile(|x: Var| SinusoidalPositions::new().apply(x)).call(tensor![[1.0, 0.0], [0.0, 0.0]])?;
/// assert_eq!(y, tensor![[1.0, 1.0], [1f64.sin(), 1f64.cos()]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, Default, PartialEq)]
pub struct SinusoidalPositions<T = Tensor> {
    leaf: PhantomData<T>,
}

impl<T> SinusoidalPositions<T> {
    /// The layer.
    pub fn new() -> SinusoidalPositions<T> {
        SinusoidalPositions { leaf: PhantomData }
    }
}

impl SinusoidalPositions<Var> {
    /// `x` with the waves of its places added.
    ///
    /// # Shapes
    /// `x: […, T, D]`, result the same.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("positions", || {
            let (length, _) = sequence(x);
            self.apply_at(x, iota(DType::I32, [length], 0))
        })
    }

    /// `x` with the waves of these places added: `positions: i32[T]`.
    ///
    /// # Errors
    /// Stops the trace if `x` is no sequence, or there is not a place for each row.
    #[track_caller]
    pub fn apply_at(&self, x: Var, positions: Var) -> Var {
        LIBRARY.scope("positions", || {
            let (length, width) = sequence(x);
            one_place_a_row("positions", x, positions);
            let angles = angles(positions, width.div_ceil(2), width, 10_000.0);
            let (sin, cos) = (angles.sin().expand_dims(&[-1]), angles.cos().expand_dims(&[-1]));
            let pairs = quadric_autodiff::trace::concat(&[sin, cos], -1).reshape([length, 2 * width.div_ceil(2)]);
            x + pairs.slice(-1, 0..width).convert(x.dtype())
        })
    }
}

stateless!(SinusoidalPositions);

/// `t / base^{2i/D}` for each place t and each i below `count`, `[T, count]`, in f64: far out an angle in f32 has lost the digits of its sine.
#[track_caller]
pub(crate) fn angles(positions: Var, count: usize, width: usize, base: f64) -> Var {
    let exponents = iota(DType::F64, [count], 0) * (-2.0 * base.ln() / width.max(1) as f64);
    positions.convert(DType::F64).expand_dims(&[-1]) * exponents.exp()
}

/// Stops the trace unless `positions` is `i32[T]` for `x: […, T, D]`: fewer would broadcast, and floats are no places.
#[track_caller]
pub(super) fn one_place_a_row(layer: &str, x: Var, positions: Var) {
    let (ty, places) = (x.ty(), positions.ty());
    let rank = ty.shape.rank();
    if rank < 2 || places.dtype != DType::I32 || places.shape[..] != ty.shape[rank - 2..rank - 1] {
        let what = format!("{layer}: a position, i32, for each row of {ty} is needed, they are {places}");
        stop(Error::new(ErrorKind::Shape, what));
    }
}

/// The sizes T and D of `x: […, T, D]`.
#[track_caller]
fn sequence(x: Var) -> (usize, usize) {
    match x.shape()[..] {
        [.., length, width] => (length, width),
        _ => stop(Error::new(ErrorKind::Shape, format!("positions: {} is no sequence […, T, D]", x.ty()))),
    }
}
