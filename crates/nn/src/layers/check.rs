//! Mistakes that every layer can be asked about, in its own words.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind};

/// Stops the trace unless the input has the dtype of the layer's parameters.
#[track_caller]
pub(crate) fn same_dtype(layer: &str, x: Var, parameter: Var) {
    let (x, ours) = (x.ty(), parameter.dtype());
    if x.dtype != ours {
        let what = format!("{layer}: the input is {x} and the parameters are {ours}: convert one of them");
        stop(Error::new(ErrorKind::DType, what));
    }
}
