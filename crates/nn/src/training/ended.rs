//! Why a run ended.

use std::fmt;

/// Why a run ended that did not fail. One that diverged has failed, and is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// All epochs are done.
    Epochs,
    /// Early stopping, in its words; the best model is restored.
    Early(String),
    /// A hook, with its reason.
    Hook(String),
    /// Ctrl-C, or a program that set the flag.
    Interrupted,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Epochs => f.write_str("all epochs are done"),
            Ended::Early(why) | Ended::Hook(why) => f.write_str(why),
            Ended::Interrupted => f.write_str("interrupted"),
        }
    }
}
