//! What several layers drop in training.

use quadric_autodiff::trace::{Var, random, select, stop};
use quadric_autodiff::{Error, ErrorKind};

use super::Mode;
use crate::LIBRARY;

/// In training, entries set to 0 with probability `rate` and the others divided by `1 − rate`; `x` otherwise.
#[track_caller]
pub(super) fn dropped(x: Var, rate: f64, mode: Mode) -> Var {
    let Mode::Train(key) = mode else { return x };
    if rate == 0.0 {
        return x;
    }
    LIBRARY.nonlinear_scope("dropout", || {
        let Some(key) = key else { stop(Error::new(ErrorKind::Arity, "dropout: training needs a key".to_owned())) };
        let kept = random::uniform(key, x.dtype(), x.shape()).ge(rate);
        select(kept, x * (1.0 / (1.0 - rate)), 0.0)
    })
}
