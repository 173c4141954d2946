//! The plain interpreter: what every primitive means, in loops one can check by reading.
//!
//! A primitive's page says what it computes a second time, as a definition ([`Define`]) over [`Array`]s of a small [`Scalar`]. Run in
//! f32, in f64, and in double-double for ground truth, it judges the kernels that the same page calls: it shares none with
//! them, fuses nothing and rewrites nothing; sums go from first to last. Integers are exact `i64`s, wrapped to their dtype.

mod array;
mod definition;
pub mod double_double;
pub mod scalar;

pub use array::{Array, Data, ravel, unlines, unravel};
pub use definition::{Define, Definition};
pub use scalar::Scalar;

use crate::error::Error;
use crate::shape::{Shape, Type};
use crate::tape::{Equation, Kernel, Tape};
use crate::tensor::Tensor;

/// Runs a tape.
///
/// # Errors
/// What only the data can decide: an index out of range.
///
/// # Example
/// ```
/// use quadric_autodiff::reference::{self, Array, double_double::Dd};
/// use quadric_autodiff::{tensor, trace::{self, Var}};
/// // 1 + 1e-20 − 1 in about 31 digits.
/// let tape = trace::trace(|x: Var| x.sum(), &tensor![1.0, 1e-20, -1.0])?;
/// let sum = reference::run::<Dd>(&tape, &[Array::of(&tensor![1.0, 1e-20, -1.0])])?;
/// assert!((sum[0].reals()[0].to_f64() / 1e-20 - 1.0).abs() < 1e-10);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn run<S: Scalar>(tape: &Tape, inputs: &[Array<S>]) -> Result<Vec<Array<S>>, Error> {
    let mut values: Vec<Option<Array<S>>> = vec![None; tape.value_count()];
    for (v, x) in tape.inputs().iter().zip(inputs) {
        assert_eq!(tape.type_of(*v).shape, x.ty.shape, "the reference interpreter was given another shape");
        values[v.index()] = Some(x.clone());
    }
    for e in tape.equations() {
        let args: Vec<Array<S>> = e.inputs.iter().map(|v| values[v.index()].clone().expect("in order")).collect();
        let types: Vec<Type> = e.outputs.iter().map(|v| tape.type_of(*v).clone()).collect();
        let outputs = equation(e, &args, &types).map_err(|error| e.label.blame(error))?;
        for (v, y) in e.outputs.iter().zip(outputs) {
            values[v.index()] = Some(y);
        }
    }
    Ok(tape.outputs().iter().map(|v| values[v.index()].clone().expect("defined")).collect())
}

/// Runs a tape on tensors in `f64`, whatever their float dtype.
///
/// # Errors
/// As [`run`].
pub fn run_f64(tape: &Tape, inputs: &[&Tensor]) -> Result<Vec<Vec<f64>>, Error> {
    let inputs: Vec<Array<f64>> = inputs.iter().map(|t| Array::of(t)).collect();
    Ok(run(tape, &inputs)?.iter().map(Array::to_f64_vec).collect())
}

fn equation<S: Scalar>(e: &Equation, x: &[Array<S>], types: &[Type]) -> Result<Vec<Array<S>>, Error> {
    if let Some(definition) = e.op.definition() {
        return Ok(vec![S::define(definition, x, &types[0])?]);
    }
    match e.op.kernel() {
        Kernel::Scan { length, constants, states, reverse } => {
            scan(&e.bodies[0], x, types, (length, constants, states, reverse))
        }
        _ => run(&e.bodies[0], x),
    }
}

fn scan<S: Scalar>(
    body: &Tape,
    x: &[Array<S>],
    types: &[Type],
    (length, constants, states, reverse): (usize, usize, usize, bool),
) -> Result<Vec<Array<S>>, Error> {
    let whole = constants + states;
    let mut args = x[..whole].to_vec();
    args.extend(x[whole..].iter().map(|x| x.pick(&x.ty.with_shape(Shape::from(&x.ty.shape[1..])), |_| None)));
    let mut stacked: Vec<Vec<Array<S>>> = vec![Vec::new(); types.len() - states];
    for step in 0..length {
        let at = if reverse { length - 1 - step } else { step };
        for (arg, x) in args[whole..].iter_mut().zip(&x[whole..]) {
            let size = arg.ty.shape.size();
            *arg = x.pick(&arg.ty.clone(), |i| Some(at * size + i));
        }
        let results = run(body, &args)?;
        args.splice(constants..whole, results[..states].iter().cloned());
        for (all, y) in stacked.iter_mut().zip(&results[states..]) {
            all.push(y.clone());
        }
    }
    let mut outputs = args[constants..whole].to_vec();
    for (mut all, ty) in stacked.into_iter().zip(&types[states..]) {
        if reverse {
            all.reverse();
        }
        let data = if ty.dtype.is_float() {
            Data::Real(all.iter().flat_map(|a| a.reals().to_vec()).collect())
        } else {
            Data::Int(all.iter().flat_map(|a| a.ints().to_vec()).collect())
        };
        outputs.push(Array { ty: ty.clone(), data });
    }
    Ok(outputs)
}
