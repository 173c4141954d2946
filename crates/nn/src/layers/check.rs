//! Mistakes that every layer can be asked about, in its own words.

use quadric_autodiff::trace::{Var, iota, stop};
use quadric_autodiff::{DType, Error, ErrorKind};

use crate::LIBRARY;

/// Stops the trace unless the input has the dtype of the layer's parameters.
#[track_caller]
pub(crate) fn same_dtype(layer: &str, x: Var, parameter: Var) {
    let (x, ours) = (x.ty(), parameter.dtype());
    if x.dtype != ours {
        let what = format!("{layer}: the input is {x} and the parameters are {ours}: convert one of them");
        stop(Error::new(ErrorKind::DType, what));
    }
}

/// The lengths of sequences, `i32`, as they are: taken from the numbers that may be one, so that another, which only the run can see, is an error
/// there, after the scope's name.
#[track_caller]
pub(crate) fn lengths_within(lengths: Var, longest: usize) -> Var {
    LIBRARY.scope(&format!("lengths from 0 to {longest}"), || iota(DType::I32, [longest + 1], 0).gather(lengths, 0))
}

/// Stops the trace unless axis 1 of the input counts the channels of the layer.
#[track_caller]
pub(crate) fn channels_of(layer: &str, x: Var, channels: usize) {
    let ty = x.ty();
    if ty.shape.get(1) != Some(&channels) {
        let what = format!("{layer}: axis 1 of the input {ty} is not of the {channels} channels");
        stop(Error::new(ErrorKind::Shape, what));
    }
}

/// The axes at the end of the input that have this shape; stops the trace if they have another.
#[track_caller]
pub(crate) fn ends_with(layer: &str, x: Var, shape: &[usize]) -> Vec<isize> {
    let ty = x.ty();
    if !ty.shape.ends_with(shape) {
        let what = format!("{layer}: the last axes of the input {ty} are not of shape {shape:?}");
        stop(Error::new(ErrorKind::Shape, what));
    }
    (-(shape.len() as isize)..0).collect()
}

/// # Panics
/// Unless every one of these counts is a multiple of the number of groups.
#[track_caller]
pub(crate) fn groups_divide(layer: &str, groups: usize, counts: &[(&str, usize)]) {
    for (what, count) in counts {
        assert!(groups > 0 && count % groups == 0, "{layer}: {groups} groups do not divide {count} {what}");
    }
}
