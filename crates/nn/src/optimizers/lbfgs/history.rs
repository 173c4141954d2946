//! The vectors that L-BFGS works with, and what it learns from steps.

use quadric_autodiff::{DType, Error, ErrorKind, Tensor, Tree, Type};

use super::{Lbfgs, LbfgsState};

/// The float leaves of a tree as one vector.
pub(super) struct Floats {
    types: Vec<Type>,
    names: Vec<String>,
}

impl Floats {
    pub(super) fn of<H: Tree<Leaf = Tensor>>(tree: &H) -> Floats {
        let types = tree.leaves().into_iter().map(|leaf| leaf.ty().clone()).collect();
        Floats { types, names: tree.leaf_names() }
    }

    /// The entries of a tree like it.
    pub(super) fn vector<H: Tree<Leaf = Tensor>>(&self, what: &str, tree: &H) -> Result<Vec<f64>, Error> {
        let leaves = tree.leaves();
        if leaves.len() != self.types.len() {
            let what = format!("lbfgs: {what} has {} leaves, the parameters {}", leaves.len(), self.types.len());
            return Err(Error::new(ErrorKind::Shape, what));
        }
        let mut vector = vec![];
        for ((leaf, ty), name) in leaves.into_iter().zip(&self.types).zip(&self.names) {
            if !ty.dtype.is_float() {
                continue;
            }
            if leaf.ty() != ty {
                let what = format!("lbfgs: {name:?} of {what} is {}, of the parameters {ty}", leaf.ty());
                return Err(Error::new(ErrorKind::Shape, what));
            }
            vector.extend(leaf.to_f64_vec());
        }
        Ok(vector)
    }

    /// The tree with these entries, rounded to its dtypes.
    pub(super) fn tree<H: Tree<Leaf = Tensor, With<Tensor> = H>>(&self, like: &H, vector: &[f64]) -> H {
        let mut at = 0;
        like.map_leaves(|leaf| {
            if !leaf.dtype().is_float() {
                return leaf.clone();
            }
            let entries = &vector[at..at + leaf.size()];
            at += leaf.size();
            Tensor::from_fn(leaf.dtype(), leaf.shape(), |i| entries[i])
        })
    }
}

/// s and y.
type Pair = (Vec<f64>, Vec<f64>);

/// A state, unpacked.
pub(super) struct Memory {
    /// The newest last.
    pairs: Vec<Pair>,
    pub(super) direction: Vec<f64>,
    pub(super) gradient: Vec<f64>,
    pub(super) length: f64,
    pub(super) value: f64,
    pub(super) iterations: usize,
}

impl Memory {
    /// Takes in the last step, if the function curves along it.
    pub(super) fn learn(&mut self, gradient: &[f64], history: usize) {
        let y: Vec<f64> = gradient.iter().zip(&self.gradient).map(|(now, then)| now - then).collect();
        let s: Vec<f64> = self.direction.iter().map(|d| d * self.length).collect();
        // A NaN is no curvature either.
        let curves = dot(&y, &s) > 1e-10;
        if !curves || history == 0 {
            return;
        }
        if self.pairs.len() == history {
            self.pairs.remove(0);
        }
        self.pairs.push((s, y));
    }

    /// `−H g`.
    pub(super) fn quasi_newton(&self, gradient: &[f64]) -> Vec<f64> {
        let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let add = |q: &mut [f64], scale: f64, v: &[f64]| q.iter_mut().zip(v).for_each(|(q, v)| *q += scale * v);
        let mut shares = vec![];
        for (s, y) in self.pairs.iter().rev() {
            let share = dot(s, &q) / dot(y, s);
            add(&mut q, -share, y);
            shares.push(share);
        }
        if let Some((s, y)) = self.pairs.last() {
            let scale = dot(y, s) / dot(y, y);
            q.iter_mut().for_each(|q| *q *= scale);
        }
        for ((s, y), share) in self.pairs.iter().zip(shares.iter().rev()) {
            let back = dot(y, &q) / dot(y, s);
            add(&mut q, share - back, s);
        }
        q
    }
}

impl Lbfgs {
    pub(super) fn unpack<H: Tree<Leaf = Tensor>>(
        &self,
        floats: &Floats,
        state: &LbfgsState<H>,
    ) -> Result<Memory, Error> {
        let (steps, changes) = (state.steps.len(), state.changes.len());
        if steps != self.history || changes != self.history {
            let what = format!(
                "lbfgs: the state has a history of {steps} steps and {changes} changes instead of {}",
                self.history
            );
            return Err(Error::new(ErrorKind::Arity, what));
        }
        let numbers = match (state.numbers.dtype(), &state.numbers.shape()[..]) {
            (DType::F64, [4]) => state.numbers.to_f64_vec(),
            _ => {
                let what = format!("lbfgs: the numbers of the state are {}, f64[4] is needed", state.numbers.ty());
                return Err(Error::new(ErrorKind::Shape, what));
            }
        };
        let kept = numbers[3] as usize;
        if kept > self.history {
            let what = format!("lbfgs: the state counts {kept} pairs in a history of {}", self.history);
            return Err(Error::new(ErrorKind::Data, what));
        }
        let mut pairs = vec![];
        for (s, y) in state.steps.iter().zip(&state.changes).skip(self.history - kept) {
            pairs.push((floats.vector("a step of the state", s)?, floats.vector("a change of the state", y)?));
        }
        Ok(Memory {
            pairs,
            direction: floats.vector("the direction of the state", &state.direction)?,
            gradient: floats.vector("the gradient of the state", &state.gradient)?,
            length: numbers[0],
            value: numbers[1],
            iterations: numbers[2] as usize,
        })
    }

    pub(super) fn pack<H: Tree<Leaf = Tensor, With<Tensor> = H>>(
        &self,
        floats: &Floats,
        like: &H,
        memory: &Memory,
    ) -> LbfgsState<H> {
        let absent = vec![0.0; memory.direction.len()];
        let missing = self.history - memory.pairs.len();
        let tree = |vector: &[f64]| floats.tree(like, vector);
        let padded = |side: fn(&Pair) -> &Vec<f64>| {
            let kept = memory.pairs.iter().map(side);
            std::iter::repeat_n(&absent, missing).chain(kept).map(|vector| tree(vector)).collect()
        };
        let numbers = [memory.length, memory.value, memory.iterations as f64, memory.pairs.len() as f64];
        LbfgsState {
            steps: padded(|pair| &pair.0),
            changes: padded(|pair| &pair.1),
            direction: tree(&memory.direction),
            gradient: tree(&memory.gradient),
            numbers: Tensor::from_vec(&numbers),
        }
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The largest magnitude; NaN if there is one.
pub(super) fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |largest: f64, x| if x.is_nan() || largest.is_nan() { f64::NAN } else { largest.max(x.abs()) })
}
