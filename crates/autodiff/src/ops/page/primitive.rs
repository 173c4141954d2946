//! The page one writes for a primitive, and how it looks to the rest of the engine.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::builder::Ops;
use super::parameters::Parameters;
use super::rule::{Rule, fixed};
use super::sample::Sample;
use crate::error::{Error, ErrorKind, count};
use crate::reference::{Array, Define, Definition, Scalar};
use crate::shape::Type;
use crate::tape::{
    AnyPrimitive, AnyRule, BatchBodies, Batched, Builder, DynEq, Kernel, Kind, Linearity, Op, Operand, Output, Params,
    Tape, Value,
};

/// One page: a primitive of `N` operands and one output.
pub trait Primitive<const N: usize>: Parameters {
    /// The name in the text form.
    const NAME: &'static str;

    /// The type of the output, or what is wrong with the operands.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] or [`ErrorKind::DType`], with a sentence that shows the operands.
    fn infer(&self, inputs: [&Type; N]) -> Result<Type, Error>;

    /// The derivative.
    fn rule(&self) -> Rule<Self, N>;

    /// Whether it is linear in the operands that `moving` flags, whatever values the others hold. The rule tells, unless a page
    /// knows better (`a / b` is linear in a).
    fn linear_in(&self, moving: [bool; N]) -> Linearity {
        self.rule().kind().linear_in(&moving).unwrap_or(Linearity::No)
    }

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

    /// What the planner has to know of its computation.
    fn kernel(&self) -> Kernel {
        Kernel::Own
    }

    /// Computes the output by kernels. A page needs it unless all its uses are moved or fused.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] for what only the data can decide.
    fn run(&self, _inputs: [Operand<'_>; N], _output: &mut Output<'_>) -> Result<(), Error> {
        unreachable!("{} is no step of its own", Self::NAME)
    }

    /// What it computes, in plain loops: the judge of [`run`](Primitive::run), with which it shares nothing.
    ///
    /// # Errors
    /// Those of `run`, in the same words.
    fn define<S: Scalar>(&self, x: [&Array<S>; N], y: &Type) -> Result<Array<S>, Error>;

    /// The cases every engine and every derivative test runs this primitive on.
    fn samples() -> Vec<Sample>;
}

/// The op of a fixed-arity primitive.
pub fn op<const N: usize, P: Primitive<N>>(primitive: P) -> Op {
    Op::new(Page::<N, P>(primitive))
}

/// A [`Primitive`] of fixed arity as an [`AnyPrimitive`].
struct Page<const N: usize, P>(P);

impl<const N: usize, P: fmt::Debug> fmt::Debug for Page<N, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// It is the primitive inside that counts: `op.downcast::<Sum>()`.
impl<const N: usize, P: Primitive<N>> DynEq for Page<N, P> {
    fn as_any(&self) -> &dyn Any {
        self.0.as_any()
    }

    fn same(&self, other: &dyn DynEq) -> bool {
        self.0.same(other)
    }

    fn hash64(&self) -> u64 {
        self.0.hash64()
    }
}

impl<const N: usize, P: Primitive<N>> Define for Page<N, P> {
    fn define<S: Scalar>(&self, x: &[&Array<S>], y: &Type) -> Result<Array<S>, Error> {
        self.0.define(fixed(x), y)
    }
}

impl<const N: usize, P: Primitive<N>> AnyPrimitive for Page<N, P> {
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

    fn rule(&self) -> AnyRule {
        self.0.rule().of(&self.0)
    }

    fn kind(&self) -> Kind {
        self.0.rule().kind()
    }

    fn linear_in(&self, moving: &[bool]) -> Option<Linearity> {
        Some(self.0.linear_in(fixed(moving)))
    }

    fn vmap(
        &self,
        tape: &mut Builder,
        inputs: &[Batched],
        _: &[Arc<Tape>],
        size: usize,
        _: &dyn BatchBodies,
    ) -> Result<Vec<Batched>, Error> {
        Ok(vec![Batched { value: self.0.vmap(tape, fixed(inputs), size), batched: true }])
    }

    fn kernel(&self) -> Kernel {
        self.0.kernel()
    }

    fn run(&self, inputs: &[Operand<'_>], output: &mut Output<'_>) -> Result<(), Error> {
        self.0.run(fixed(inputs), output)
    }

    fn definition(&self) -> Option<&dyn Definition> {
        Some(self)
    }
}
