//! Training: one compiled step, and a loop that one can use or leave.
//!
//! Three levels, each made of the one below:
//!
//! - a closure of one's own, as in the example of the [crate]: `compile(|(model, state, batch, rate)| …)` with `value_and_grad` and
//!   [`Optimizer::update`](crate::Optimizer::update); everything can be said there;
//! - a [`Step`], made of an optimizer and a pass `|model, state, batch, mode| -> Outcome`: loss, direction, clipping, micro-batches, update, state,
//!   averages, metrics in one program, of which [`Step::call`] does one step;
//! - a [`Training`], which runs a step over epochs: [`Schedule`](crate::Schedule) or [`Plateau`](crate::Plateau), evaluation, hooks, [`EarlyStopping`],
//!   [`Checkpoints`](crate::Checkpoints), Ctrl-C ([`Interrupt`]), [`Progress`], a [`Record`].
//!
//! Nothing hides in a cell. What a step changes is a [`TrainState`], which goes in and comes out, and what it draws comes from a key that is a function of seed and
//! step; so a run goes on from a checkpoint to the very bytes of one that was left alone. A number that is no longer finite ends a run as an error that says
//! which one and in which step, and the last finite model is kept.

mod averaging;
mod early_stopping;
mod ended;
mod fit;
mod interrupt;
mod moment;
mod outcome;
mod progress;
mod rates;
mod record;
mod resume;

mod source;
mod step;
mod train_state;

pub use averaging::Averaging;
pub use early_stopping::EarlyStopping;
pub use ended::Ended;
pub use fit::{Every, Training};
pub use interrupt::Interrupt;
pub use moment::Moment;
pub use outcome::Outcome;
pub use progress::Progress;
pub use record::{Record, Row};

pub use source::{Rest, Source};
pub use step::{Report, Step, Trained};
pub use train_state::TrainState;

use quadric_autodiff::{Error, ErrorKind};

/// The result of an epoch that somebody looks at.
fn watched(who: &str, result: &str, results: &[(String, f64)]) -> Result<f64, Error> {
    results.iter().find(|(name, _)| name == result).map(|(_, x)| *x).ok_or_else(|| {
        let names: Vec<&str> = results.iter().map(|(name, _)| name.as_str()).collect();
        let what = format!("{who}: there is no result {result:?}; there are {}", names.join(", "));
        Error::new(ErrorKind::Data, what)
    })
}
