//! Linear maps that a tape makes of a point: linearised once, multiplied often, in blocks.
//!
//! The primal half runs once for every batch and leaves its residuals; the linear half runs for every product. Values
//! that cross from one to the other under several names (a read through two `residual`s) cross once: what the optimised
//! primal half computes once is one input of the linear half, which lets its own common subexpressions be found.

use quadric_autodiff::exec::{Options, Program};
use quadric_autodiff::tape::{Builder, Tape, Value};
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
        let splits = freezes
            .iter()
            .map(|freeze| transform::linearize(tape, wrt, freeze.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;

        let mut b = Builder::new("primal");
        let args: Vec<Value> = tape.input_types().into_iter().map(|t| b.input(t)).collect();
        let (mut values, mut crossing) = (Vec::new(), Vec::new());
        for split in &splits {
            let out = b.inline(&split.primal, &args);
            values = if value { out[..split.outputs].to_vec() } else { Vec::new() };
            crossing.extend_from_slice(&out[split.outputs..]);
        }
        let kept = values.len();
        let joint = pass::optimize(&b.finish([values, crossing].concat())?);
        let (mut unique, mut place): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        for (i, v) in joint.outputs().iter().enumerate().skip(kept) {
            let known = unique.iter().position(|u| joint.outputs()[*u] == *v);
            place.push(known.unwrap_or_else(|| {
                unique.push(i);
                unique.len() - 1
            }));
        }

        let mut b = Builder::new("linear");
        let types = joint.output_types();
        let residuals: Vec<Value> = unique.iter().map(|i| b.input(types[*i].clone())).collect();
        let moved = tape.input_types().into_iter().zip(wrt).filter(|(_, w)| **w).map(|(t, _)| t);
        let directions: Vec<Value> = moved.map(|t| b.input(t)).collect();
        let mut place = place.into_iter();
        let mut outputs = Vec::new();
        for split in &splits {
            let crossing = split.linear.inputs().len() - directions.len();
            let args: Vec<Value> = place.by_ref().take(crossing).map(|p| residuals[p]).collect();
            let out = b.inline(&split.linear, &[&args[..], &directions].concat());
            outputs.extend_from_slice(&out[usize::from(value)..]);
        }
        let linear = pass::optimize(&b.finish(outputs)?);
        let primal = joint.with_outputs((0..kept).chain(unique));
        Ok(LinearMap {
            primal: Program::new(&primal, options),
            values: kept,
            linear,
            directions: directions.len(),
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
    pub(crate) fn set_more(&mut self, more: Vec<Vec<Tensor>>) {
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
