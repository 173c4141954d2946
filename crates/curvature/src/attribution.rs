//! Which line of the user's makes which share of `vᵀHv`.
//!
//! The tape is [`transform::attribute`]'s; here it is run over the data, and shares of one line are added up.

use quadric_autodiff::exec::Program;
use quadric_autodiff::ops::{Residual, Side};
use quadric_autodiff::tape::Class;
use quadric_autodiff::{Tensor, Tree, transform};

use crate::error::Error;
use crate::problem::Problem;

/// What the equations of one line, scope and class contribute to `vᵀHv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The user's line, `src/main.rs:12:31`; empty for a tape that was not traced.
    pub line: String,
    /// The scopes around it, joined by `/`.
    pub scope: String,
    /// Whether the equations are nonlinear, or multilinear (products).
    pub class: Class,
    /// On which side of each cut they lie.
    pub sides: Vec<(String, Side)>,
    /// Their share of `vᵀHv`.
    pub value: f64,
}

impl Share {
    /// Nothing yet of the equations that a residual speaks of.
    fn of(place: Residual) -> Share {
        Share { line: place.line, scope: place.scope, class: place.class, sides: place.sides, value: 0.0 }
    }
}

/// `vᵀHv` as a sum over the program's lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The shares, in the order in which reverse mode meets them: from the loss back to the input.
    pub shares: Vec<Share>,
}

impl Attribution {
    /// `vᵀHv`: the sum of the shares.
    pub fn total(&self) -> f64 {
        self.shares.iter().map(|s| s.value).sum()
    }

    fn by(&self, key: impl Fn(&Share) -> &str) -> Vec<(String, f64)> {
        let mut sums: Vec<(String, f64)> = Vec::new();
        for share in &self.shares {
            match sums.iter_mut().find(|(name, _)| name == key(share)) {
                Some((_, sum)) => *sum += share.value,
                None => sums.push((key(share).to_string(), share.value)),
            }
        }
        sums
    }

    /// One share a source line.
    pub fn by_line(&self) -> Vec<(String, f64)> {
        self.by(|s| &s.line)
    }

    /// One share an innermost scope path.
    pub fn by_scope(&self) -> Vec<(String, f64)> {
        self.by(|s| &s.scope)
    }
}

#[derive(Debug)]
struct Kind {
    program: Program,
    labels: Vec<Share>,
}

/// Attributes `vᵀHv` to the lines of the program, over the whole data set.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, scope}};
/// use quadric_curvature::{Attributor, Problem};
/// let loss = |w: Var, x: Var, _y: Var| (scope("cube", || w.powi(3)) + scope("square", || w.powi(2)) * x).mean();
/// let problem = Problem::new(&Tensor::scalar(2.0), loss, vec![(tensor![5.0], tensor![0.0])])?;
/// let mut shares = Attributor::new(&problem)?.attribute(&[1.0])?.by_scope();
/// shares.sort_by(|a, b| a.0.cmp(&b.0));
/// assert_eq!(shares, [("cube".into(), 12.0), ("square".into(), 10.0)]); // vᵀHv = 6 w + 2 x
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Attributor {
    problem: Problem,
    kinds: Vec<Kind>,
}

impl Attributor {
    /// Compiles the attribution.
    ///
    /// # Errors
    /// The engine's: a primitive without a derivative.
    pub fn new(problem: &Problem) -> Result<Attributor, Error> {
        let kinds = problem
            .tapes()
            .iter()
            .map(|tape| {
                let shares = transform::attribute(tape, &problem.wrt(0))?;
                let labels = shares.reads.into_iter().map(Share::of).collect();
                Ok(Kind { program: Program::new(&shares.tape, &problem.options()), labels })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Attributor { problem: problem.clone(), kinds })
    }

    /// Moves to the parameters of `model`.
    ///
    /// # Errors
    /// [`ErrorKind::Structure`](crate::ErrorKind::Structure) if its leaves are not like the problem's.
    pub fn set_point<T: Tree<Leaf = Tensor>>(&mut self, model: &T) -> Result<(), Error> {
        self.problem = self.problem.at(model)?;
        Ok(())
    }

    /// Moves to these parameters, rounded to the leaves' dtypes.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension).
    pub fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error> {
        let leaves = self.problem.space().replaced(self.problem.point(), theta)?;
        self.problem.set_point(leaves);
        Ok(())
    }

    /// The shares of `vᵀHv`.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) for a vector of another length.
    pub fn attribute(&mut self, v: &[f64]) -> Result<Attribution, Error> {
        let v = self.problem.space().tensors(v)?;
        let mut shares: Vec<Share> = Vec::new();
        for batch in self.problem.data() {
            let mut args: Vec<&Tensor> = self.problem.point().iter().collect();
            args.extend([&batch.x, &batch.y]);
            args.extend(&v);
            let kind = &mut self.kinds[batch.kind];
            let out = kind.program.call(&args)?;
            let weight = self.problem.weight(batch);
            for (label, value) in kind.labels.iter().zip(&out) {
                let value = weight * value.item();
                let same = |s: &&mut Share| {
                    (&s.line, &s.scope, s.class, &s.sides) == (&label.line, &label.scope, label.class, &label.sides)
                };
                match shares.iter_mut().find(same) {
                    Some(share) => share.value += value,
                    None => shares.push(Share { value, ..label.clone() }),
                }
            }
        }
        Ok(Attribution { shares })
    }
}
