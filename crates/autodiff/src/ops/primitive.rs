//! The page one writes for a primitive, and how it looks to the rest of the engine.

use std::any::Any;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use super::sample::Sample;
use super::tape_ext::Ops;
use crate::error::{Error, ErrorKind, count};
use crate::shape::Type;
use crate::tape::{AnyPrimitive, Batched, Builder, Kernel, Op, Params, Rule, Tape, Transforms, Value, hash64};

/// One page: a primitive of `N` operands and one output. Parameters are plain data; scalars compare by bits.
pub trait Primitive<const N: usize>: Clone + fmt::Debug + Eq + Hash + Send + Sync + 'static {
    /// The name in the text form.
    const NAME: &'static str;

    /// The type of the output, or what is wrong with the operands.
    fn infer(&self, inputs: [&Type; N]) -> Result<Type, Error>;

    /// The derivative.
    fn rule(&self) -> Rule;

    /// The primitive that does the same with a batch axis in front of every operand and of the output.
    fn batch(&self) -> Self {
        self.clone()
    }

    /// The same over a batch of `size`, where some operand has the batch axis. Unless a page knows better, operands without it are repeated
    /// along it and [`batch`](Primitive::batch) is applied.
    fn vmap(&self, tape: &mut Builder, inputs: [Batched; N], size: usize) -> Value {
        let inputs = inputs.map(|x| tape.with_batch_axis(x, size));
        tape.emit_valid(op(self.batch()), &inputs)
    }

    /// What it computes.
    fn kernel(&self) -> Kernel;

    /// The parameters in the text form.
    fn params(&self) -> Params {
        Params::none()
    }

    /// The primitive with these parameters.
    fn parse(params: &Params) -> Result<Self, String>;

    /// The cases every engine and every derivative test runs this primitive on.
    fn samples() -> Vec<Sample>;
}

fn fixed<const N: usize, T: Copy>(values: &[T]) -> [T; N] {
    values.try_into().unwrap_or_else(|_| unreachable!("infer has checked the number of operands"))
}

/// The op of a fixed-arity primitive.
pub fn op<const N: usize, P: Primitive<N>>(primitive: P) -> Op {
    Op::new(Fixed::<N, P>(primitive))
}

/// A [`Primitive`] of fixed arity as an [`AnyPrimitive`].
#[derive(Debug)]
struct Fixed<const N: usize, P>(P);

impl<const N: usize, P: Primitive<N>> AnyPrimitive for Fixed<N, P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn params(&self) -> Params {
        self.0.params()
    }

    fn infer(&self, inputs: &[&Type], _: &[Arc<Tape>]) -> Result<Vec<Type>, Error> {
        let given = inputs.len();
        let inputs: [&Type; N] = inputs.try_into().map_err(|_| {
            Error::new(ErrorKind::Arity, format!("{} takes {}, got {given}", P::NAME, count(N, "operand")))
        })?;
        Ok(vec![self.0.infer(inputs).map_err(|e| e.within(P::NAME))?])
    }

    fn rule(&self) -> Rule {
        self.0.rule()
    }

    fn vmap(
        &self,
        tape: &mut Builder,
        inputs: &[Batched],
        _: &[Arc<Tape>],
        size: usize,
        _: &dyn Transforms,
    ) -> Result<Vec<Batched>, Error> {
        Ok(vec![Batched { value: self.0.vmap(tape, fixed(inputs), size), batched: true }])
    }

    fn kernel(&self) -> Kernel {
        self.0.kernel()
    }

    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn same(&self, other: &dyn AnyPrimitive) -> bool {
        other.as_any().downcast_ref::<P>() == Some(&self.0)
    }

    fn hash64(&self) -> u64 {
        hash64(P::NAME, &self.0)
    }
}
