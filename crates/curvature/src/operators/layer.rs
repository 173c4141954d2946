//! A scope's or a line's share of the Hessian.

use quadric_autodiff::transform::Part;

use super::{PartOperator, by_its_field};
use crate::error::Error;
use crate::problem::Problem;

/// The part of the Hessian that the equations inside a scope make: a layer's, an activation's, the loss's.
///
/// Not the block of its parameters (that is [`Block`](super::Block)): it acts on all parameters, and the shares of
/// scopes that together hold every equation add up to `H`.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, scope}};
/// use quadric_curvature::{LinearOperator, Problem, operators::Layer};
/// let loss = |w: Var, x: Var, _y: Var| (scope("cube", || w.powi(3)) + scope("square", || w.powi(2)) * x).mean();
/// let problem = Problem::new(&Tensor::scalar(2.0), loss, vec![(tensor![1.0], tensor![0.0])])?;
/// assert_eq!(Layer::new(&problem, "cube")?.apply(&[1.0])?, [12.0]);
/// assert_eq!(Layer::new(&problem, "square")?.apply(&[1.0])?, [2.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Layer(PartOperator);

impl Layer {
    /// The share of the scope with this path (or this end of a path): `layers.0`, `layers.0/gelu`.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`](crate::ErrorKind::Selection) if no equation with a second derivative lies in it.
    pub fn new(problem: &Problem, path: &str) -> Result<Layer, Error> {
        Ok(Layer(PartOperator::new(problem, &Part::Scope { path: path.into() })?))
    }
}

by_its_field!(Layer);

/// The part of the Hessian that the equations of one source line make.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::Var};
/// use quadric_curvature::{Attributor, LinearOperator, Problem, operators::SourceLine};
/// let loss = |w: Var, x: Var, _y: Var| (w.powi(3) * x).mean();
/// let problem = Problem::new(&Tensor::scalar(2.0), loss, vec![(tensor![1.0], tensor![0.0])])?;
/// let lines = Attributor::new(&problem)?.attribute(&[1.0])?.by_line();
/// let (line, share) = &lines[0];
/// assert_eq!(*share, 12.0);
/// assert_eq!(SourceLine::new(&problem, line)?.apply(&[1.0])?, [12.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct SourceLine(PartOperator);

impl SourceLine {
    /// The share of `src/main.rs:12` or `src/main.rs:12:31`.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`](crate::ErrorKind::Selection) if the line has no equation with a second derivative.
    pub fn new(problem: &Problem, line: &str) -> Result<SourceLine, Error> {
        Ok(SourceLine(PartOperator::new(problem, &Part::Line { line: line.into() })?))
    }
}

by_its_field!(SourceLine);
