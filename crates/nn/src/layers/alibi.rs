//! Attention with linear biases.

use quadric_autodiff::trace::{Var, constant, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Tensor};

use crate::LIBRARY;

/// `−m_h |t − s|` for head h, a query at t and a key at s ([Press et al. 2022]): added to the scores, it stands for positions.
///
/// The slopes are `m_h = 2^{−8 (h+1)/H}` where H is a power of two; otherwise, as in the authors' code, those of the next lower power
/// and then every second one of the next higher.
///
/// # Shapes
/// `queries: i32[T]` and `keys: i32[S]` are places, result `[H, T, S]`.
///
/// [Press et al. 2022]: https://arxiv.org/abs/2108.12409
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
/// let bias = compile(|t: Var| quadric_nn::alibi(8, DType::F64, t, t)).call(tensor![0, 1])?;
/// assert_eq!(bias.to_vec::<f64>()[..8], [0.0, -0.5, -0.5, 0.0, 0.0, -0.25, -0.25, 0.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn alibi(heads: usize, dtype: DType, queries: Var, keys: Var) -> Var {
    LIBRARY.scope("alibi", || {
        for places in [queries.ty(), keys.ty()] {
            if places.dtype != DType::I32 || places.shape.rank() != 1 {
                stop(Error::new(ErrorKind::Shape, format!("alibi: positions are an i32[T], not {places}")));
            }
        }
        let distance = (queries.expand_dims(&[-1]) - keys).convert(dtype).abs();
        let slopes = slopes(heads);
        constant(&Tensor::from_fn(dtype, [heads, 1, 1], |h| -slopes[h])) * distance
    })
}

fn slopes(heads: usize) -> Vec<f64> {
    let of_power = |n: usize| (1..=n).map(move |h| (-8.0 * h as f64 / n as f64).exp2());
    let lower = if heads.is_power_of_two() { heads } else { heads.next_power_of_two() / 2 };
    of_power(lower).chain(of_power(2 * lower).step_by(2)).take(heads).collect()
}
