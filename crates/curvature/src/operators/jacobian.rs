//! The Jacobian of the cut with respect to the parameters, and its transpose.

use quadric_autodiff::{Tensor, Type, transform};

use super::{AtPoint, LinearOperator, Symmetry};
use crate::error::Error;
use crate::problem::{LinearMap, Problem, Sweep};
use crate::space::{check_dim, tensor_of};

/// The values at the cut of all batches, end to end.
#[derive(Clone, Debug)]
struct CutSpace {
    /// By batch: the type of z, and where it starts.
    batches: Vec<(Type, usize)>,
    dim: usize,
}

impl CutSpace {
    fn of(problem: &Problem, types: &[Type]) -> CutSpace {
        let mut dim = 0;
        let batches = problem
            .data()
            .iter()
            .map(|b| {
                let start = dim;
                dim += types[b.kind].shape.size();
                (types[b.kind].clone(), start)
            })
            .collect();
        CutSpace { batches, dim }
    }
}

/// `J = ∂z/∂θ`, with `z` the cut of all examples, batch after batch: `v ↦ J v` by forward mode.
///
/// No mean is taken: `G = (1/N) Jᵀ H_z J` with the per-example `H_z`.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::{Jacobian, JacobianTranspose}};
/// let loss = |w: Var, x: Var, _y: Var| cut("z", x * w * w).mean();
/// let problem = Problem::new(&Tensor::scalar(3.0), loss, vec![(tensor![1.0, 2.0], tensor![0.0, 0.0])])?;
/// let mut j = Jacobian::new(&problem, "z")?;
/// assert_eq!((j.rows(), j.dim()), (2, 1));
/// assert_eq!(j.apply(&[1.0])?, [6.0, 12.0]);
/// assert_eq!(JacobianTranspose::new(&problem, "z")?.apply(&[1.0, 1.0])?, [18.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Jacobian {
    sweep: Sweep,
    cut: CutSpace,
}

impl Jacobian {
    /// For the cut of this name.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`](crate::ErrorKind::Selection) for a cut that the loss does not have exactly once.
    pub fn new(problem: &Problem, cut: &str) -> Result<Jacobian, Error> {
        let (mut maps, mut types) = (Vec::new(), Vec::new());
        for tape in problem.tapes() {
            let tape = transform::to_cut(tape, cut)?;
            maps.push(LinearMap::new(&tape, &problem.wrt(0), &[None], false, &problem.options())?);
            types.extend(tape.output_types());
        }
        Ok(Jacobian { sweep: Sweep::new(problem, maps), cut: CutSpace::of(problem, &types) })
    }
}

impl LinearOperator for Jacobian {
    fn dim(&self) -> usize {
        self.sweep.problem().space().dim()
    }

    fn rows(&self) -> usize {
        self.cut.dim
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.apply_block(&[v.to_vec()])?.swap_remove(0))
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        let mut products = Vec::new();
        for chunk in block.chunks(self.sweep.problem().block()) {
            let directions = self.sweep.problem().space().stacked(chunk)?;
            let mut rows = vec![Vec::with_capacity(self.cut.dim); chunk.len()];
            for (batch, (ty, _)) in self.cut.batches.iter().enumerate() {
                let z_dot = self.sweep.apply(batch, &directions, chunk.len())?[0].to_f64_vec();
                rows.iter_mut().zip(z_dot.chunks(ty.shape.size())).for_each(|(row, z)| row.extend_from_slice(z));
            }
            products.extend(rows);
        }
        Ok(products)
    }

    fn symmetry(&self) -> Symmetry {
        Symmetry::default()
    }
}

/// `Jᵀ`: `u ↦ Jᵀ u` by reverse mode.
///
/// The adjoint of [`Jacobian`]: `⟨u, J v⟩ = ⟨Jᵀ u, v⟩`, from a sweep of its own; there is an example.
#[derive(Debug)]
pub struct JacobianTranspose {
    sweep: Sweep,
    cut: CutSpace,
}

impl JacobianTranspose {
    /// For the cut of this name.
    ///
    /// # Errors
    /// As [`Jacobian::new`].
    pub fn new(problem: &Problem, cut: &str) -> Result<JacobianTranspose, Error> {
        let (mut maps, mut types) = (Vec::new(), Vec::new());
        for tape in problem.tapes() {
            let tape = transform::to_cut(tape, cut)?;
            let reverse = transform::vjp(&tape, &problem.wrt(0))?.tape;
            let outputs = reverse.outputs().len();
            // Linear in z̄, its last input; the derivative of a linear map is the map.
            let n = reverse.inputs().len();
            let wrt: Vec<bool> = (0..n).map(|i| i == n - 1).collect();
            let reverse = reverse.with_outputs(1..outputs);
            maps.push(LinearMap::new(&reverse, &wrt, &[None], false, &problem.options())?);
            types.extend(tape.output_types());
        }
        let cut = CutSpace::of(problem, &types);
        let mut sweep = Sweep::new(problem, maps);
        sweep.set_extra_inputs(cut.batches.iter().map(|(ty, _)| vec![Tensor::zeros(ty.clone())]).collect());
        Ok(JacobianTranspose { sweep, cut })
    }
}

impl LinearOperator for JacobianTranspose {
    fn dim(&self) -> usize {
        self.cut.dim
    }

    fn rows(&self) -> usize {
        self.sweep.problem().space().dim()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.apply_block(&[v.to_vec()])?.swap_remove(0))
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        for u in block {
            check_dim(u.len(), self.cut.dim)?;
        }
        let space = self.sweep.problem().space().clone();
        let mut products = vec![vec![0.0; space.dim()]; block.len()];
        let size = self.sweep.problem().block();
        for (chunk, sums) in block.chunks(size).zip(products.chunks_mut(size)) {
            for (batch, (ty, start)) in self.cut.batches.iter().enumerate() {
                let range = *start..start + ty.shape.size();
                let z_bar: Vec<f64> = chunk.iter().flat_map(|u| u[range.clone()].iter().copied()).collect();
                let z_bar = tensor_of(ty.dtype, [&[chunk.len()], &ty.shape[..]].concat(), &z_bar);
                let out = self.sweep.apply(batch, &[z_bar], chunk.len())?;
                space.add_stacked(1.0, &out, sums);
            }
        }
        Ok(products)
    }

    fn symmetry(&self) -> Symmetry {
        Symmetry::default()
    }
}

macro_rules! at_point {
    ($name:ident) => {
        impl AtPoint for $name {
            fn set_leaves(&mut self, leaves: Vec<Tensor>) -> Result<(), Error> {
                self.sweep.problem().space().check(&leaves.iter().collect::<Vec<_>>())?;
                self.sweep.set_point(leaves);
                Ok(())
            }

            fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error> {
                let problem = self.sweep.problem();
                let leaves = problem.space().replaced(problem.point(), theta)?;
                self.sweep.set_point(leaves);
                Ok(())
            }
        }
    };
}
at_point!(Jacobian);
at_point!(JacobianTranspose);
