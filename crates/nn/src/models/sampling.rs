//! How the next token is chosen.

use quadric_autodiff::trace::{Var, random, select};
use quadric_autodiff::{DType, Error, ErrorKind};

use crate::LIBRARY;

/// How the next token is drawn from logits: from `softmax(z/temperature)` of the largest `top_k`.
///
/// # Example
/// ```
/// use quadric_nn::models::Sampling;
/// let sampling = Sampling::new(7).temperature(0.8).top_k(40);
/// assert_eq!(Sampling::greedy().temperature, 0.0);
/// # let _ = sampling;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// 1 draws from the model's distribution, less from a sharper one; 0 takes the likeliest, the first of equals. Neither negative nor infinite.
    pub temperature: f64,
    /// Only the likeliest so many, 1 or more, are drawn from; all that equal the last of them are among them.
    pub top_k: Option<usize>,
    /// Of the keys of all draws.
    pub seed: u64,
}

impl Sampling {
    /// From the model's own distribution.
    pub fn new(seed: u64) -> Sampling {
        Sampling { temperature: 1.0, top_k: None, seed }
    }

    /// The likeliest, always.
    pub fn greedy() -> Sampling {
        Sampling::new(0).temperature(0.0)
    }

    /// Another temperature.
    #[must_use]
    pub fn temperature(self, temperature: f64) -> Sampling {
        Sampling { temperature, ..self }
    }

    /// Only among the likeliest k.
    #[must_use]
    pub fn top_k(self, k: usize) -> Sampling {
        Sampling { top_k: Some(k), ..self }
    }

    /// Whether anything can be drawn like this.
    pub(super) fn check(self) -> Result<(), Error> {
        if !(self.temperature >= 0.0 && self.temperature.is_finite()) {
            let what = format!("sampling: the temperature {} is not from 0 to a finite number", self.temperature);
            return Err(Error::new(ErrorKind::Data, what));
        }
        if self.top_k == Some(0) {
            let what = "sampling: of the likeliest 0 none can be drawn: top_k is 1 or more";
            return Err(Error::new(ErrorKind::Data, what));
        }
        Ok(())
    }

    /// A token `i32[B]` for each row of logits `[B, N]`.
    #[track_caller]
    pub(super) fn draw(self, logits: Var, key: Var) -> Var {
        LIBRARY.nonlinear_scope("sampling", || {
            if self.temperature == 0.0 {
                return logits.argmax(-1);
            }
            let count = logits.shape()[1];
            let logits = match self.top_k {
                Some(k) if k < count => {
                    let last = logits.top_k(k, -1).0.slice(-1, k - 1..k);
                    select(logits.ge(last), logits, f64::NEG_INFINITY)
                }
                _ => logits,
            };
            // Less the largest: that is 0 at every temperature, and a tiny one takes the others to −∞ and nothing to NaN.
            let logits = logits.convert(DType::F64);
            random::categorical(key, (logits - logits.max_keepdims(&[-1])) / self.temperature)
        })
    }
}
