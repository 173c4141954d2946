//! The Jacobian of a tape at a point: linearised once, multiplied with many vectors, in blocks.
//!
//! The primal half runs once for every batch and leaves its residuals; the linear half runs for every product.

use quadric_autodiff::exec::{Options, Program};
use quadric_autodiff::tape::Tape;
use quadric_autodiff::transform::{self, Freeze};
use quadric_autodiff::{Tensor, pass};

use super::Problem;
use crate::error::Error;

/// `ẋ ↦ J(x) ẋ` for one tape, split at the point.
#[derive(Debug)]
pub(crate) struct LinearMap {
    primal: Program,
    /// How many results of the primal half are values; the residuals follow.
    values: usize,
    linear: Tape,
    directions: usize,
    /// A program a block size; 0 is a single vector.
    programs: Vec<(usize, Program)>,
    options: Options,
}

impl LinearMap {
    /// Linearises `tape` along the flagged inputs, once for each freeze, as one program whose results lie end to end.
    ///
    /// With `value`, the tape's first output is a value: it is kept, and its tangent is dropped.
    pub(crate) fn new(
        tape: &Tape,
        wrt: &[bool],
        freezes: &[Option<Freeze>],
        value: bool,
        options: &Options,
    ) -> Result<LinearMap, Error> {
        let split = transform::linearize_each(tape, wrt, freezes)?;
        let each = split.linear.outputs().len() / freezes.len();
        let linear = split.linear.with_outputs((0..freezes.len() * each).filter(|i| !value || i % each != 0));
        let (kept, primal) = match value {
            true => (split.outputs, split.primal),
            false => (0, split.primal.with_outputs(split.outputs..split.primal.outputs().len())),
        };
        let (primal, linear) = pass::optimize_halves(&primal, kept, &linear);
        Ok(LinearMap {
            primal: Program::new(&primal, options),
            values: kept,
            linear,
            directions: wrt.iter().filter(|w| **w).count(),
            programs: Vec::new(),
            options: options.clone(),
        })
    }

    /// The values and the residuals at a point.
    pub(crate) fn at(&mut self, args: &[&Tensor]) -> Result<(Vec<Tensor>, Vec<Tensor>), Error> {
        let mut values = self.primal.call(args)?;
        let residuals = values.split_off(self.values);
        Ok((values, residuals))
    }

    /// The map of directions: of one (`block` 0), or of a block of several, which have that axis in front.
    pub(crate) fn apply(
        &mut self,
        residuals: &[Tensor],
        directions: &[Tensor],
        block: usize,
    ) -> Result<Vec<Tensor>, Error> {
        let at = match self.programs.iter().position(|(size, _)| *size == block) {
            Some(at) => at,
            None => {
                self.programs.push((block, self.compile(block)?));
                self.programs.len() - 1
            }
        };
        let args: Vec<&Tensor> = residuals.iter().chain(directions).collect();
        Ok(self.programs[at].1.call(&args)?)
    }

    fn compile(&self, block: usize) -> Result<Program, Error> {
        if block == 0 {
            return Ok(Program::new(&self.linear, &self.options));
        }
        let n = self.linear.inputs().len();
        let flags: Vec<bool> = (0..n).map(|i| i >= n - self.directions).collect();
        let batched = transform::vmap(&self.linear, &flags, block)?;
        Ok(Program::new(&batched, &self.options))
    }
}

/// A linear map over all batches of a problem, at a point that can be moved.
#[derive(Debug)]
pub(crate) struct Sweep {
    problem: Problem,
    maps: Vec<LinearMap>,
    /// By batch: what further inputs the tape takes (after `leaves…, x, y`).
    more: Vec<Vec<Tensor>>,
    /// By batch: the linearised point, once it has been computed.
    kept: Vec<Option<(Vec<Tensor>, Vec<Tensor>)>>,
}

impl Sweep {
    /// One map a kind of batch.
    pub(crate) fn new(problem: &Problem, maps: Vec<LinearMap>) -> Sweep {
        let count = problem.data().len();
        Sweep { problem: problem.clone(), maps, more: vec![Vec::new(); count], kept: vec![None; count] }
    }

    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }

    pub(crate) fn set_point(&mut self, point: Vec<Tensor>) {
        self.problem.set_point(point);
        self.forget();
    }

    fn forget(&mut self) {
        self.kept.iter_mut().for_each(|kept| *kept = None);
    }

    /// Gives every batch its further inputs.
    pub(crate) fn set_extra_inputs(&mut self, more: Vec<Vec<Tensor>>) {
        self.more = more;
        self.forget();
    }

    fn at(&mut self, batch: usize) -> Result<(Vec<Tensor>, Vec<Tensor>), Error> {
        if let Some(kept) = &self.kept[batch] {
            return Ok(kept.clone());
        }
        let data = &self.problem.data()[batch];
        let mut args: Vec<&Tensor> = self.problem.point().iter().collect();
        args.extend([&data.x, &data.y]);
        args.extend(&self.more[batch]);
        let point = self.maps[data.kind].at(&args)?;
        if self.problem.keeps_linearization() {
            self.kept[batch] = Some(point.clone());
        }
        Ok(point)
    }

    /// The values of one batch at the point.
    pub(crate) fn values(&mut self, batch: usize) -> Result<Vec<Tensor>, Error> {
        Ok(self.at(batch)?.0)
    }

    /// The map of one batch: of one direction (`block` 0) or of a block.
    pub(crate) fn apply(&mut self, batch: usize, directions: &[Tensor], block: usize) -> Result<Vec<Tensor>, Error> {
        let (_, residuals) = self.at(batch)?;
        let kind = self.problem.data()[batch].kind;
        self.maps[kind].apply(&residuals, directions, block)
    }

    /// `Σ (batch size / N) · product` for maps from parameters to (several times) parameters: `[map][vector]`.
    pub(crate) fn mean(&mut self, block: &[Vec<f64>], maps: usize) -> Result<Vec<Vec<Vec<f64>>>, Error> {
        let space = self.problem.space().clone();
        let (leaves, dim) = (space.coordinates().len(), space.dim());
        let mut sums = vec![vec![vec![0.0; dim]; block.len()]; maps];
        let mut start = 0;
        for chunk in block.chunks(self.problem.block()) {
            // One vector needs no axis of its own.
            let (directions, size) = match chunk {
                [v] => (space.tensors(v)?, 0),
                _ => (space.stacked(chunk)?, chunk.len()),
            };
            for batch in 0..self.problem.data().len() {
                let weight = self.problem.weight(&self.problem.data()[batch]);
                let out = self.apply(batch, &directions, size)?;
                for (map, sums) in sums.iter_mut().enumerate() {
                    let sums = &mut sums[start..start + chunk.len()];
                    space.add_stacked(weight, &out[map * leaves..(map + 1) * leaves], sums);
                }
            }
            start += chunk.len();
        }
        Ok(sums)
    }
}
