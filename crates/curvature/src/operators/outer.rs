//! `Jᵀ K J` with a closed form for K: what the Fisher operators are made of.
//!
//! Forward through the model to the cut, K there, and back: no residual is frozen, no loss is differentiated twice. So
//! it is a road to Gauss-Newton that shares nothing with [`GaussNewton`](super::GaussNewton) but the model's tape.

use quadric_autodiff::exec::Program;
use quadric_autodiff::tape::Tape;
use quadric_autodiff::trace::{self, Var};
use quadric_autodiff::{Tensor, Type, transform};

use super::{LinearOperator, Symmetry};
use crate::LIBRARY;
use crate::error::Error;
use crate::problem::{LinearMap, Problem, Sweep};

/// `K ż` at the cut, for one batch: `(z, ż, s) ↦ u`, all of z's shape; s is there if the operator has scores.
pub(super) type AtCut = fn(Var, Var, Option<Var>) -> Var;

/// `(1/N) Σ_n J_nᵀ K_n J_n`
#[derive(Debug)]
pub(super) struct Outer {
    sweep: Sweep,
}

impl Outer {
    #[track_caller]
    pub(super) fn new(problem: &Problem, cut: &str, scores: bool, at_cut: AtCut) -> Result<Outer, Error> {
        let map = |tape| {
            let (tape, wrt) = composed(problem, &transform::to_cut(tape, cut)?, scores, at_cut)?;
            LinearMap::new(&tape, &wrt, &[None], false, &problem.options())
        };
        let maps = LIBRARY.enter(|| problem.tapes().iter().map(map).collect::<Result<_, _>>())?;
        let mut outer = Outer { sweep: Sweep::new(problem, maps) };
        outer.set_scores(None)?;
        Ok(outer)
    }

    pub(super) fn problem(&self) -> &Problem {
        self.sweep.problem()
    }

    /// Gives every batch its scores s, and the zeros in which the map is linear.
    pub(super) fn set_scores(&mut self, scores: Option<Vec<Tensor>>) -> Result<(), Error> {
        let space = self.problem().space();
        let zeros = space.tensors(&vec![0.0; space.dim()])?;
        let more = (0..self.problem().batches())
            .map(|i| scores.iter().map(|s| s[i].clone()).chain(zeros.iter().cloned()).collect())
            .collect();
        self.sweep.set_extra_inputs(more);
        Ok(())
    }

    pub(super) fn set_leaves(&mut self, leaves: Vec<Tensor>) -> Result<(), Error> {
        self.problem().space().check(&leaves.iter().collect::<Vec<_>>())?;
        self.sweep.set_point(leaves);
        Ok(())
    }

    pub(super) fn replaced(&self, theta: &[f64]) -> Result<Vec<Tensor>, Error> {
        self.problem().space().replaced(self.problem().point(), theta)
    }
}

/// `(leaves…, x, y, s?, θ̇…) → θ̄…`, and flags for θ̇, in which it is linear.
fn composed(problem: &Problem, to_cut: &Tape, scores: bool, at_cut: AtCut) -> Result<(Tape, Vec<bool>), Error> {
    let wrt = problem.wrt(0);
    let z = to_cut.output_types().swap_remove(0);
    let zero = Tensor::zeros(z);
    let middle = if scores {
        trace::trace(|(z, z_dot, s)| at_cut(z, z_dot, Some(s)), &(zero.clone(), zero.clone(), zero))?
    } else {
        trace::trace(|(z, z_dot)| at_cut(z, z_dot, None), &(zero.clone(), zero))?
    };

    let product = transform::congruence(to_cut, &wrt, &middle)?;
    let (inputs, directions) = (product.inputs().len(), problem.space().coordinates().len());
    let in_directions = (0..inputs).map(|i| i >= inputs - directions).collect();
    Ok((product, in_directions))
}

impl LinearOperator for Outer {
    fn dim(&self) -> usize {
        self.problem().space().dim()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.apply_block(&[v.to_vec()])?.swap_remove(0))
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        Ok(self.sweep.mean(block, 1)?.swap_remove(0))
    }

    fn symmetry(&self) -> Symmetry {
        Symmetry::SEMIDEFINITE
    }
}

/// `s (sᵀ ż) / B`, example by example: the outer products of scores.
pub(super) fn of_scores(z: Var, z_dot: Var, s: Option<Var>) -> Var {
    let s = s.expect("the operator has scores");
    let ty = z.ty();
    let examples = ty.shape[0];
    let flat = [examples, ty.shape.size() / examples.max(1)];
    let (s, z_dot) = (s.reshape(flat), z_dot.reshape(flat));
    let along = (s * z_dot).sum_axes(&[1]).reshape([examples, 1]);
    (s * along * (1.0 / examples as f64)).reshape(ty.shape)
}

/// A number for every entry of the cut, batch by batch: a program of the model alone, or of the loss at the cut.
#[derive(Debug)]
pub(super) struct AtTheCut {
    problem: Problem,
    programs: Vec<Program>,
    /// The type of the offset, by kind, if the program takes one.
    offsets: Option<Vec<Type>>,
}

impl AtTheCut {
    /// z itself.
    pub(super) fn values(problem: &Problem, cut: &str) -> Result<AtTheCut, Error> {
        let programs = problem
            .tapes()
            .iter()
            .map(|tape| Ok(Program::new(&transform::to_cut(tape, cut)?, &problem.options())))
            .collect::<Result<_, Error>>()?;
        Ok(AtTheCut { problem: problem.clone(), programs, offsets: None })
    }

    /// `B ∂L/∂z`: the scores `∂ℓ_n/∂z_n` of the batch's examples.
    pub(super) fn scores(problem: &Problem, cut: &str) -> Result<AtTheCut, Error> {
        let mut offsets = Vec::new();
        let mut programs = Vec::new();
        for tape in problem.tapes() {
            let tape = transform::offset_at_cut(tape, cut)?;
            let n = tape.inputs().len();
            let z = tape.input_types().swap_remove(n - 1);
            let wrt: Vec<bool> = (0..n).map(|i| i == n - 1).collect();
            let examples = z.shape.first().copied().unwrap_or(1) as f64;
            let scores = transform::gradient(&tape, &wrt, examples)?.tape.with_outputs([1]);
            programs.push(Program::new(&scores, &problem.options()));
            offsets.push(z);
        }
        Ok(AtTheCut { problem: problem.clone(), programs, offsets: Some(offsets) })
    }

    /// By batch.
    pub(super) fn at(&mut self, point: &[Tensor]) -> Result<Vec<Tensor>, Error> {
        let mut all = Vec::new();
        for batch in self.problem.data() {
            let zero = self.offsets.as_ref().map(|types| Tensor::zeros(types[batch.kind].clone()));
            let mut args: Vec<&Tensor> = point.iter().collect();
            args.extend([&batch.x, &batch.y]);
            args.extend(&zero);
            all.extend(self.programs[batch.kind].call(&args)?);
        }
        Ok(all)
    }
}
