//! What layers that drop parts of their input share.

use quadric_autodiff::trace::{Var, select, stop};
use quadric_autodiff::{Error, ErrorKind};

use super::Mode;
use crate::LIBRARY;

/// # Panics
/// If it is no probability.
#[track_caller]
pub(crate) fn check_rate(name: &str, rate: f64) -> f64 {
    assert!(is_probability(rate), "{name}: the rate {rate} is not from 0 to 1");
    rate
}

fn is_probability(rate: f64) -> bool {
    (0.0..=1.0).contains(&rate)
}

/// What layers that do more than to drop do with entries of their own: [`Dropout`](super::Dropout) of `x` at this rate.
#[track_caller]
pub(crate) fn dropout(x: Var, rate: f64, mode: Mode) -> Var {
    LIBRARY.scope("dropout", || drop("dropout", x, rate, &x.shape(), mode))
}

/// In training, x with entries dropped where one coin for each entry of a mask of this shape, which broadcasts along x, says so; the others are
/// divided by `1 − rate`. Nothing is drawn at rates 0 and 1.
///
/// # Errors
/// Stops the trace if the rate, a public field of its layer, is no probability; in training without a key.
#[track_caller]
pub(super) fn drop(name: &str, x: Var, rate: f64, mask: &[usize], mode: Mode) -> Var {
    if !is_probability(rate) {
        stop(Error::new(ErrorKind::Data, format!("{name}: the rate {rate} is not from 0 to 1")));
    }
    match mode {
        Mode::Infer => x,
        Mode::Train(_) if rate == 0.0 => x,
        Mode::Train(_) if rate == 1.0 => x.zeros_like(),
        Mode::Train(None) => {
            let what = format!("{name}: in training it is drawn what is dropped, and there is no key: train with one");
            stop(Error::new(ErrorKind::Arity, what))
        }
        Mode::Train(Some(key)) => {
            // Of 2³² words so many keep; rounded down, and below 2³² where 1 − p rounds to 1: not all of them do, and the bound is a word.
            let keeping = ((1.0 - rate) * 2f64.powi(32)).floor().min(f64::from(u32::MAX));
            select(key.random_bits(mask).lt(keeping), x / (1.0 - rate), x.zeros_like())
        }
    }
}

/// The [`Layer`](super::Layer) that calls [`drop`], with the shape of the mask from the shape of the input.
macro_rules! drops {
    ($Layer:ident, $name:literal, $mask:expr, $shapes:literal) => {
        impl $crate::layers::Layer for $Layer<Var> {
            type State = $crate::layers::Stateless<Var>;

            fn initial_state(&self) -> Self::State {
                Self::State::default()
            }

            /// # Shapes
            #[doc = $shapes]
            ///
            /// # Errors
            /// Stops the trace if the rate is not from 0 to 1; in training without a key.
            #[track_caller]
            fn forward(&self, x: Var, state: &Self::State, mode: $crate::layers::Mode) -> (Var, Self::State) {
                let mask: fn(&[usize]) -> Vec<usize> = $mask;
                (LIBRARY.scope($name, || drop($name, x, self.rate, &mask(&x.shape()), mode)), *state)
            }
        }
    };
}
pub(super) use drops;
