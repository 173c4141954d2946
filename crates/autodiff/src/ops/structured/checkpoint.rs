//! `checkpoint`: a function whose inner values are computed again rather than kept.
//!
//! The body is an ordinary tape. Forward mode runs the body's forward derivative. Reverse mode keeps the operands alone:
//! the equation it writes runs the body's reverse derivative, which computes the body anew from operands read through
//! `barrier`, so that no pass merges the second computation with the first.

use std::sync::Arc;

use crate::ops::prelude::*;
use crate::ops::Variadic;
use crate::tape::{AnyPrimitive, AnyRule, Equation, Kind, Op, Tape, BatchBodies};

/// `y… = f(x…)`, f the body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checkpoint {
    /// Whether this is a recomputation, which reads its operands through barriers.
    pub replay: bool,
}

impl Parameters for Checkpoint {
    fn params(&self) -> Params {
        Params::none().with("replay", self.replay)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Checkpoint { replay: p.flag("replay")? })
    }
}

impl Variadic for Checkpoint {
    const NAME: &'static str = "checkpoint";
}

impl AnyPrimitive for Checkpoint {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn params(&self) -> Params {
        Parameters::params(self)
    }

    fn infer(&self, inputs: &[&Type], bodies: &[Arc<Tape>]) -> Result<Vec<Type>, Error> {
        let [body] = bodies else { bail!(Arity, "checkpoint: one body is needed, got {}", bodies.len()) };
        let given: Vec<Type> = inputs.iter().map(|t| (*t).clone()).collect();
        if body.input_types() != given {
            bail!(Shape, "checkpoint: the body takes {:?}, the operands are {given:?}", body.input_types());
        }
        Ok(body.output_types())
    }

    fn rule(&self) -> AnyRule {
        let replay = self.replay;
        AnyRule::Structured {
            jvp: Box::new(move |t, e, dots| {
                let body = e.transforms.jvp(&e.bodies[0], e.wanted)?;
                let inputs: Vec<Value> = e.inputs.iter().copied().chain(dots.iter().flatten().copied()).collect();
                let outputs = t.emit_all(Op::new(Checkpoint { replay }), &inputs, vec![Arc::new(body.tape)])?;
                Ok(spread(&body.present, &outputs[e.outputs.len()..]))
            }),
            vjp: Box::new(|t, e, bars| {
                // What has no cotangent outside has none inside: no array of zeros is multiplied with its derivatives.
                let seeded: Vec<bool> = bars.iter().map(Option::is_some).collect();
                let body = e.transforms.vjp(&e.bodies[0], e.wanted, &seeded)?;
                let inputs: Vec<Value> = e.inputs.iter().copied().chain(bars.iter().flatten().copied()).collect();
                let outputs = t.emit_all(Op::new(Checkpoint { replay: true }), &inputs, vec![Arc::new(body.tape)])?;
                Ok(spread(&body.present, &outputs))
            }),
        }
    }

    /// The body once: nothing is computed again, and its inner values are kept.
    fn write_out(&self, t: &mut Builder, e: &Equation, inputs: &[Value]) -> Option<Vec<Value>> {
        Some(t.inline(&e.bodies[0], inputs))
    }

    fn vmap(
        &self,
        t: &mut Builder,
        inputs: &[Batched],
        bodies: &[Arc<Tape>],
        size: usize,
        transforms: &dyn BatchBodies,
    ) -> Result<Vec<Batched>, Error> {
        let flags: Vec<bool> = inputs.iter().map(|x| x.batched).collect();
        let body = Arc::new(transforms.vmap(&bodies[0], &flags, size)?);
        let inputs: Vec<Value> = inputs.iter().map(|x| x.value).collect();
        let outputs = t.emit_all(Op::new(self.clone()), &inputs, vec![body])?;
        Ok(outputs.into_iter().map(|value| Batched { value, batched: true }).collect())
    }

    fn kind(&self) -> Kind {
        Kind::Structured
    }

    fn kernel(&self) -> Kernel {
        if self.replay { Kernel::Replay } else { Kernel::Body }
    }

}

/// Those that are there, in their places.
pub(super) fn spread(present: &[bool], there: &[Value]) -> Vec<Option<Value>> {
    let mut there = there.iter().copied();
    present.iter().map(|present| if *present { there.next() } else { None }).collect()
}
