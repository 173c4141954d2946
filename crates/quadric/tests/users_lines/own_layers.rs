//! Layers of the user's own, in a folder that is called like one of Quadric's.

use quadric::autodiff::trace::Var;

quadric::library!();

/// Says that it is a library: its callers read their own lines.
#[track_caller]
pub fn swish(x: Var) -> Var {
    LIBRARY.nonlinear_scope("swish", || x * x.logistic())
}

/// Likewise, and generic: it is compiled in the crate that calls it.
#[track_caller]
pub fn both<F: Fn(Var) -> Var>(f: F, x: Var) -> Var {
    LIBRARY.scope("both", || f(x) + x.t())
}

/// Says nothing: its own lines are a user's lines like any other.
pub fn plain(x: Var) -> Var {
    x + x.t() // plain
}
