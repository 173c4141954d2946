//! The loss and its gradient over the whole data set.

use quadric_autodiff::Tensor;
use quadric_autodiff::exec::Program;

use quadric_autodiff::Tree;

use crate::error::Error;
use crate::problem::Problem;

/// The mean loss and its gradient, by batches.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::Var};
/// use quadric_curvature::{Gradient, Problem};
/// let loss = |w: Var, x: Var, _y: Var| (x * w * w).mean();
/// let problem = Problem::new(&Tensor::scalar(3.0), loss, vec![(tensor![1.0, 2.0], tensor![0.0])])?;
/// let mut gradient = Gradient::new(&problem)?;
/// assert_eq!(gradient.value_and_gradient()?, (13.5, vec![9.0]));
/// gradient.set_point(&Tensor::scalar(1.0))?;
/// assert_eq!(gradient.value_and_gradient()?, (1.5, vec![3.0]));
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Gradient {
    problem: Problem,
    programs: Vec<Program>,
}

impl Gradient {
    /// Compiles `(L, ∇L)` for every kind of batch.
    ///
    /// # Errors
    /// The engine's: a primitive without a derivative.
    pub fn new(problem: &Problem) -> Result<Gradient, Error> {
        let tapes = problem.gradient_tapes(true)?;
        let programs = tapes.iter().map(|(tape, _)| Program::new(tape, &problem.options())).collect();
        Ok(Gradient { problem: problem.clone(), programs })
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

    /// `(L, ∇L)`: the mean over all examples.
    ///
    /// # Errors
    /// What only the data can decide: an index out of range.
    pub fn value_and_gradient(&mut self) -> Result<(f64, Vec<f64>), Error> {
        let space = self.problem.space();
        let mut value = 0.0;
        let mut gradient = vec![vec![0.0; space.dim()]];
        for batch in self.problem.data() {
            let mut args: Vec<&Tensor> = self.problem.point().iter().collect();
            args.extend([&batch.x, &batch.y]);
            let out = self.programs[batch.kind].call(&args)?;
            let weight = self.problem.weight(batch);
            value += weight * out[0].item();
            space.add_stacked(weight, &out[1..], &mut gradient);
        }
        Ok((value, gradient.swap_remove(0)))
    }
}
