//! `scan`: a loop too long to unroll.
//!
//! The body maps `(constants…, state…, xₜ…)` to `(state′…, yₜ…)`. The operands are the constants, the first state, and the
//! inputs stacked along axis 0; the results are the last state and the outputs stacked along axis 0.
//!
//! Forward mode ([`forward`]) is a scan over states with their tangents. Reverse mode ([`reverse`]) keeps the states alone:
//! one scan collects them, one runs backwards over the body's reverse derivative, which computes the inside of each step
//! anew.
//!
//! A loop carries a tangent or cotangent for the states that have one in some step. In a step where such a state has none (a
//! constant first state that a step makes depend on a parameter, the last state if only stacked outputs are read) zeros would be
//! multiplied with the step's partials, and zero times infinity is NaN: the root of a state that begins at a constant 0. So where a
//! product would meet such zeros, the first or the last step is written out ([`peel`]), differentiated with what is there, and the
//! loop is the rest, until the states are settled. In reverse mode a first step is written out also if it reads such a state: its
//! derivative's derivative has no tangent for it.
//!
//! States that hand their tangents round for ever, such as two that a step exchanges of which one has a tangent, never settle. There zeros
//! stand for what is absent.

mod forward;
mod peel;
mod reverse;
mod unroll;

use std::sync::Arc;

use crate::ops::prelude::*;
use crate::ops::Variadic;
use crate::tape::{AnyPrimitive, AnyRule, Equation, Kind, Op, Tape, BatchBodies};

/// `length` runs of the body, each on the state that the last one left.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scan {
    /// How many steps.
    pub length: usize,
    /// How many operands are the same in every step.
    pub constants: usize,
    /// How many arrays the state is.
    pub states: usize,
    /// From the last input to the first; outputs keep their places.
    pub reverse: bool,
}

/// Axes 0 and 1 exchanged: a batch of stacks is a stack of batches.
fn swapped(t: &mut Builder, x: Value) -> Value {
    let mut order: Vec<usize> = (0..t.shape_of(x).rank()).collect();
    order.swap(0, 1);
    t.permute(x, &order)
}

impl Parameters for Scan {
    fn params(&self) -> Params {
        Params::none()
            .with("length", self.length)
            .with("constants", self.constants)
            .with("states", self.states)
            .with("reverse", self.reverse)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        let (length, constants, states) = (p.size("length")?, p.size("constants")?, p.size("states")?);
        Ok(Scan { length, constants, states, reverse: p.flag("reverse")? })
    }
}

impl Variadic for Scan {
    const NAME: &'static str = "scan";
}

impl AnyPrimitive for Scan {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn params(&self) -> Params {
        Parameters::params(self)
    }

    fn infer(&self, inputs: &[&Type], bodies: &[Arc<Tape>]) -> Result<Vec<Type>, Error> {
        let [body] = bodies else { bail!(Arity, "scan: one body is needed, got {}", bodies.len()) };
        if inputs.len() != body.inputs().len() {
            bail!(Arity, "scan: the body takes {} arrays, {} are given", body.inputs().len(), inputs.len());
        }
        if inputs.len() < self.constants.saturating_add(self.states) {
            let (c, s) = (self.constants, self.states);
            bail!(Arity, "scan: {c} constants and {s} states are more than the body's {} arrays", inputs.len());
        }
        if body.outputs().len() < self.states {
            bail!(Arity, "scan: the state is {} arrays, the body returns {}", self.states, body.outputs().len());
        }
        for (i, (given, v)) in inputs.iter().zip(body.inputs()).enumerate() {
            let ty = body.type_of(*v);
            let needed = if i < self.constants + self.states { ty.clone() } else { ty.batched(self.length) };
            if **given != needed {
                bail!(Shape, "scan: operand {i} is {given}, {needed} is needed");
            }
        }
        for i in 0..self.states {
            let (before, after) = (inputs[self.constants + i], body.type_of(body.outputs()[i]));
            if before != after {
                bail!(Shape, "scan: state {i} is {before} before a step and {after} after it");
            }
        }
        let types = body.output_types().into_iter().enumerate();
        Ok(types.map(|(i, ty)| if i < self.states { ty } else { ty.batched(self.length) }).collect())
    }

    fn rule(&self) -> AnyRule {
        let (scan, same) = (self.clone(), self.clone());
        AnyRule::Structured {
            jvp: Box::new(move |t, e, dots| forward::jvp(&scan, t, e, dots)),
            vjp: Box::new(move |t, e, bars| reverse::vjp(&same, t, e, bars)),
        }
    }

    /// The body once for each step, in a scope of the step's number.
    fn write_out(&self, t: &mut Builder, e: &Equation, inputs: &[Value]) -> Option<Vec<Value>> {
        Some(unroll::unrolled(self, t, e, inputs))
    }

    /// Every state gets the batch, whether or not its first value has it.
    fn vmap(
        &self,
        t: &mut Builder,
        inputs: &[Batched],
        bodies: &[Arc<Tape>],
        size: usize,
        transforms: &dyn BatchBodies,
    ) -> Result<Vec<Batched>, Error> {
        let state = self.constants..self.constants + self.states;
        let flags: Vec<bool> = inputs.iter().enumerate().map(|(i, x)| x.batched || state.contains(&i)).collect();
        let body = Arc::new(transforms.vmap(&bodies[0], &flags, size)?);
        let operands: Vec<Value> = inputs
            .iter()
            .enumerate()
            .map(|(i, x)| match (state.contains(&i), i < self.constants, x.batched) {
                (true, _, _) => t.with_batch_axis(*x, size),
                (false, false, true) => swapped(t, x.value),
                _ => x.value,
            })
            .collect();
        let results = t.emit_all(Op::new(self.clone()), &operands, vec![body])?;
        Ok(results
            .into_iter()
            .enumerate()
            .map(|(i, value)| {
                let value = if i < self.states { value } else { swapped(t, value) };
                Batched { value, batched: true }
            })
            .collect())
    }

    fn kind(&self) -> Kind {
        Kind::Structured
    }

    fn kernel(&self) -> Kernel {
        let Scan { length, constants, states, reverse } = *self;
        Kernel::Scan { length, constants, states, reverse }
    }

}
