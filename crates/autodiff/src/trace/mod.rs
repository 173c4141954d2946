//! Tracing: plain Rust closures over [`Var`]s, recorded once as a tape.
//!
//! [`trace`] and [`compile`] open a trace and return its mistakes as errors that name the caller's line. The transforms
//! here serve both worlds: given trees of `Var` they act inside the open trace, given trees of tensors they trace, run
//! at once and return a `Result`.

mod compile;
mod custom;
mod derivatives;
mod eager;
mod frame;
mod library;
pub mod random;
pub mod tree;
mod var;

use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};

pub use compile::{CompileOptions, Compiled, compile};
pub use custom::{custom_derivative, custom_pointwise, declare_second_derivative};
pub use derivatives::{
    Linear, checkpoint, grad, hessian, hvp, hvp_of_part, hvps, jacobian_forward, jacobian_reverse, jvp, linearize,
    scan, scan_n, value_and_grad, value_and_grad_aux, vjp, vmap, vmap_axes,
};
pub use eager::Operand;
pub use frame::{is_open, nonlinear_scope, notes, scope, stop};
pub use library::Library;
pub use tree::{Leaf, Static, Tree, VarTree};
pub use var::{
    IntoOperand, Var, concat, constant, cut, einsum, eye, full, iota, linspace, meshgrid, ones, scalar, select, stack,
    zeros,
};

use crate::LIBRARY;
use crate::error::{Error, ErrorKind};
use crate::exec::{Options, Program};
use crate::shape::Type;
use crate::tape::Tape;
use crate::tensor::Tensor;

/// Records `f` for arguments like `example`: its tape has an input for every leaf and an output for every leaf of the result.
///
/// # Errors
/// Whatever stops the trace, with the caller's line.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{self, Var}};
/// let tape = trace::trace(|x: Var| (x.sin() * 2.0).sum(), &tensor![1.0, 2.0])?;
/// assert_eq!(tape.output_types()[0].to_string(), "f64[]");
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn trace<I: VarTree, O: VarTree>(f: impl FnOnce(I) -> O, example: &I::Host) -> Result<Tape, Error> {
    let types: Vec<Type> = example.leaves().into_iter().map(|t| t.ty().clone()).collect();
    let (tape, _) = record("f", &types, |vars| f(Tree::with_leaves::<Var>(example, vars)))?;
    Ok(tape)
}

/// Records a closure over variables of these types in an outermost trace; mistakes come back as errors, foreign panics pass.
#[track_caller]
fn record<R: Tree<Leaf = Var>>(name: &str, types: &[Type], f: impl FnOnce(Vec<Var>) -> R) -> Result<(Tape, R), Error> {
    let here = frame::here();
    let location = Location::caller();
    let recorded = frame::with_own_notes(|| {
        catch_unwind(AssertUnwindSafe(|| {
            let (frame, vars) = frame::Open::new(name, types);
            let result = frame::enter(LIBRARY, location, || f(vars));
            let outputs: Vec<Var> = result.leaves().into_iter().copied().collect();
            // What is wrong with the results has no line of its own: it is that of who traces.
            let (tape, captured) = frame.close(&outputs).map_err(|e| e.at(&here))?;
            if !captured.is_empty() {
                let what = "the closure uses a Var of an outer trace; only transforms of Vars may do that";
                return Err(Error::new(ErrorKind::EscapedVar, what).at(&here));
            }
            Ok((tape, result))
        }))
    });
    match recorded {
        Ok(result) => result,
        Err(payload) => match payload.downcast::<frame::Stop>() {
            Ok(stopped) => Err(stopped.0),
            Err(foreign) => resume_unwind(foreign),
        },
    }
}

/// What is there, or the trace is stopped at the caller's line.
#[track_caller]
pub(crate) fn check<T>(result: Result<T, Error>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => stop(error),
    }
}

/// Records a closure in an inner frame of the open trace: its tape (whose last inputs are captured) and what it captured.
#[track_caller]
fn record_inner<R: Tree<Leaf = Var>>(types: &[Type], f: impl FnOnce(Vec<Var>) -> R) -> (Tape, R, Vec<Var>) {
    let (frame, vars) = frame::Open::new("f", types);
    let result = f(vars);
    let outputs: Vec<Var> = result.leaves().into_iter().copied().collect();
    match frame.close(&outputs) {
        Ok((tape, captured)) => (tape, result, captured),
        Err(error) => stop(error),
    }
}

/// The tensor world of the transforms: trace, compile, run once.
#[track_caller]
pub(crate) fn run_eagerly<I, R>(x: &I, f: impl FnOnce(I::With<Var>) -> R) -> Result<R::With<Tensor>, Error>
where
    I: Tree<Leaf = Tensor>,
    R: Tree<Leaf = Var>,
{
    let types: Vec<Type> = x.leaves().into_iter().map(|t| t.ty().clone()).collect();
    let (tape, result) = record("f", &types, |vars| f(x.with_leaves(vars)))?;
    let mut program = Program::new(&tape, &Options::default());
    let outputs = program.call(&x.leaves())?;
    Ok(result.with_leaves(outputs))
}
