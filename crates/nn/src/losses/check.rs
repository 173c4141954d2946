//! What losses say of operands that do not fit.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{DType, Error, ErrorKind};

/// Checks that there is an integer label for each row of `rows`, which are called `what`: the logits, the log-probabilities.
#[track_caller]
pub(super) fn labels(name: &str, what: &str, rows: Var, labels: Var) {
    let (z, y) = (rows.ty(), labels.ty());
    if z.shape.rank() == 0 || y.shape[..] != z.shape[..z.shape.rank() - 1] {
        let what = format!("{name}: a label for each row of the {what} {z} is needed, the labels are {y}");
        stop(Error::new(ErrorKind::Shape, what));
    }
    integers(name, "labels", labels);
}

/// Checks that numbers are `i32`.
#[track_caller]
pub(super) fn integers(name: &str, what: &str, x: Var) {
    if x.dtype() != DType::I32 {
        stop(Error::new(ErrorKind::DType, format!("{name}: the {what} are {}, i32 is needed", x.ty())));
    }
}

/// Checks that two operands have one type: of `[B, 1]` and `[B]` a difference would be `[B, B]`.
#[track_caller]
pub(super) fn alike(name: &str, (what, x): (&str, Var), (other, y): (&str, Var)) {
    let (tx, ty) = (x.ty(), y.ty());
    let kind = if tx.shape == ty.shape { ErrorKind::DType } else { ErrorKind::Shape };
    if tx != ty {
        stop(Error::new(kind, format!("{name}: the {what} are {tx} and the {other} {ty}, they must be alike")));
    }
}

/// Checks that rows are there to be summed over.
#[track_caller]
pub(super) fn has_rows(name: &str, what: &str, x: Var) {
    if x.shape().rank() == 0 {
        stop(Error::new(ErrorKind::Shape, format!("{name}: rows are needed, the {what} are {}", x.ty())));
    }
}

/// Checks a setting.
#[track_caller]
pub(super) fn setting(name: &str, holds: bool, what: impl FnOnce() -> String) {
    if !holds {
        stop(Error::new(ErrorKind::Data, format!("{name}: {}", what())));
    }
}
