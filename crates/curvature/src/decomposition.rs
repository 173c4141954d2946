//! All parts of one product together.

use quadric_autodiff::Tensor;
use quadric_autodiff::Tree;
use quadric_autodiff::transform::Part;

use crate::error::Error;
use crate::problem::{Problem, Sweep};
use crate::vector::{axpy, norm};

/// The products of a vector with the Hessian and with each of its parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Products {
    /// `H v = G v + N v + R v`
    pub h: Vec<f64>,
    /// `G v`, Gauss-Newton
    pub g: Vec<f64>,
    /// `N v = A v + M v`, the nonlinear modeling error
    pub n: Vec<f64>,
    /// `A v`, activations
    pub a: Vec<f64>,
    /// `M v`, products
    pub m: Vec<f64>,
    /// `R v`, the remainder
    pub r: Vec<f64>,
}

/// The parts of `H v` from one program: G, A, M and R side by side, and `N = A + M`, `H = G + N + R` by adding.
///
/// Cheaper than the operators one by one, and true by construction: a check of `H = G + N` needs
/// [`Hessian`](crate::operators::Hessian), [`GaussNewton`](crate::operators::GaussNewton) and
/// [`Nme`](crate::operators::Nme), which share nothing.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{Decomposition, Problem};
/// let loss = |w: Var, x: Var, y: Var| {
///     let error = cut("z", x * w.powi(3)) - y;
///     (error * error * 0.5).mean() + w * w * 0.5
/// };
/// let problem = Problem::new(&Tensor::scalar(1.0), loss, vec![(tensor![1.0], tensor![0.0])])?;
/// let parts = Decomposition::new(&problem, "z")?.decompose(&[1.0])?;
/// assert_eq!((parts.g[0], parts.a[0], parts.m[0], parts.r[0]), (9.0, 6.0, 0.0, 1.0));
/// assert_eq!((parts.h[0], parts.n[0]), (16.0, 6.0));
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Decomposition {
    sweep: Sweep,
}

impl Decomposition {
    /// Compiles the parts for the cut of this name.
    ///
    /// # Errors
    /// As [`PartOperator::new`](crate::operators::PartOperator::new).
    pub fn new(problem: &Problem, cut: &str) -> Result<Decomposition, Error> {
        let parts =
            [Part::gauss_newton(cut), Part::activation_nme(cut), Part::multilinear_nme(cut), Part::remainder(cut)];
        Ok(Decomposition { sweep: problem.part_sweep(&parts, true)? })
    }

    /// Moves to the parameters of `model`.
    ///
    /// # Errors
    /// [`ErrorKind::Structure`](crate::ErrorKind::Structure) if its leaves are not like the problem's.
    pub fn set_point<T: Tree<Leaf = Tensor>>(&mut self, model: &T) -> Result<(), Error> {
        let leaves: Vec<Tensor> = model.leaves().into_iter().cloned().collect();
        self.sweep.problem().space().check(&leaves.iter().collect::<Vec<_>>())?;
        self.sweep.set_point(leaves);
        Ok(())
    }

    /// Moves to these parameters, rounded to the leaves' dtypes.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension).
    pub fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error> {
        let problem = self.sweep.problem();
        let leaves = problem.space().replaced(problem.point(), theta)?;
        self.sweep.set_point(leaves);
        Ok(())
    }

    /// `(L, ∇L)` at the point: the primal half computes them anyway.
    ///
    /// # Errors
    /// What only the data can decide.
    pub fn value_and_gradient(&mut self) -> Result<(f64, Vec<f64>), Error> {
        let problem = self.sweep.problem().clone();
        let mut value = 0.0;
        let mut gradient = vec![vec![0.0; problem.space().dim()]];
        for (i, batch) in problem.data().iter().enumerate() {
            let out = self.sweep.values(i)?;
            value += problem.weight(batch) * out[0].item();
            problem.space().add_stacked(problem.weight(batch), &out[1..], &mut gradient);
        }
        Ok((value, gradient.swap_remove(0)))
    }

    /// The parts of `H v`.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) for a vector of another length.
    pub fn decompose(&mut self, v: &[f64]) -> Result<Products, Error> {
        Ok(self.decompose_block(&[v.to_vec()])?.swap_remove(0))
    }

    /// [`decompose`](Decomposition::decompose) for several vectors, which go through the program together.
    ///
    /// # Errors
    /// As [`decompose`](Decomposition::decompose).
    pub fn decompose_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Products>, Error> {
        let parts = self.sweep.mean(block, 4)?;
        let products = |j: usize| {
            let [g, a, m, r] = [0, 1, 2, 3].map(|part: usize| parts[part][j].clone());
            let mut n = a.clone();
            axpy(1.0, &m, &mut n);
            let mut h = g.clone();
            axpy(1.0, &n, &mut h);
            axpy(1.0, &r, &mut h);
            Products { h, g, n, a, m, r }
        };
        Ok((0..block.len()).map(products).collect())
    }

    /// `‖N v‖ / ‖G v‖`: how much of the curvature along v is the model's own. With v the normalised gradient it shrinks
    /// as the training loss does (Dauphin, Agarwala, Mobahi 2024). The length of v does not matter.
    ///
    /// # Errors
    /// As [`decompose`](Decomposition::decompose).
    pub fn nme_over_gn(&mut self, v: &[f64]) -> Result<f64, Error> {
        let parts = self.decompose(v)?;
        Ok(norm(&parts.n) / norm(&parts.g))
    }

    /// `‖N g̃‖ / ‖G g̃‖` along the normalised gradient at the point.
    ///
    /// # Errors
    /// As [`decompose`](Decomposition::decompose).
    pub fn nme_over_gn_along_gradient(&mut self) -> Result<f64, Error> {
        let (_, gradient) = self.value_and_gradient()?;
        self.nme_over_gn(&crate::vector::normalized(&gradient))
    }
}
