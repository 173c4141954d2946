//! What a primitive must say of itself.
//!
//! [`AnyPrimitive`] is a primitive as the transforms see it, which know none by name: any number of operands, bodies and
//! outputs. [`Op`] is a shared, comparable one. The page that one writes is `ops::Primitive`.

mod kernel;
mod memory;
mod rule;

pub use kernel::Kernel;
pub use memory::{Operand, Output};
pub use quadric_kernels::{Binary, Unary};
pub use rule::{AnyRule, BatchBodies, Class, Derive, Derived, DifferentiateBodies, Kind, Linearity, Term};

use std::any::Any;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::{Builder, Equation, Params, Tape, Value};
use crate::error::Error;
use crate::reference::Definition;
use crate::shape::Type;

/// A value under vmap: the batch axis, if it has one, is axis 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batched {
    /// The value.
    pub value: Value,
    /// Whether axis 0 is the batch.
    pub batched: bool,
}

/// A primitive as transforms, passes and engines see it.
pub trait AnyPrimitive: DynEq + fmt::Debug + Send + Sync {
    /// The name in the text form.
    fn name(&self) -> &'static str;

    /// The parameters in the text form.
    fn params(&self) -> Params;

    /// The types of the outputs.
    fn infer(&self, inputs: &[&Type], bodies: &[Arc<Tape>]) -> Result<Vec<Type>, Error>;

    /// The derivative.
    fn rule(&self) -> AnyRule;

    /// What [`rule`](AnyPrimitive::rule) is like. Cheap for a page; by default the rule is made and asked.
    fn kind(&self) -> Kind {
        self.rule().kind()
    }

    /// Its class: linear, multilinear or nonlinear.
    fn class(&self) -> Class {
        self.kind().class()
    }

    /// Whether it is linear in the operands that `moving` flags, the others held, and has that derivative. Of one with
    /// bodies only a declaration can say: `None` if its bodies tell.
    fn linear_in(&self, moving: &[bool]) -> Option<Linearity> {
        self.kind().linear_in(moving)
    }

    /// The batched equation; says of each output whether it has the batch axis.
    fn vmap(
        &self,
        tape: &mut Builder,
        inputs: &[Batched],
        bodies: &[Arc<Tape>],
        size: usize,
        transforms: &dyn BatchBodies,
    ) -> Result<Vec<Batched>, Error>;

    /// A structured equation with its bodies in its place, run as often as it runs them: the same function without that
    /// structure. `None` for one that stays what it is.
    fn write_out(&self, _tape: &mut Builder, _equation: &Equation, _inputs: &[Value]) -> Option<Vec<Value>> {
        None
    }

    /// What the planner has to know of its computation.
    fn kernel(&self) -> Kernel;

    /// Computes the output by kernels: for a step that is neither fused, nor moved, nor a loop.
    ///
    /// # Errors
    /// [`ErrorKind::Data`](crate::ErrorKind::Data) for what only the data can decide.
    fn run(&self, _inputs: &[Operand<'_>], _output: &mut Output<'_>) -> Result<(), Error> {
        unreachable!("{} is no step of its own", self.name())
    }

    /// What it computes, in plain loops over any number type; `None` for one whose bodies are its definition.
    fn definition(&self) -> Option<&dyn Definition> {
        None
    }
}

/// Equality and hashing of primitives of any type.
pub trait DynEq: 'static {
    /// For [`Op::downcast`].
    fn as_any(&self) -> &dyn Any;
    /// Whether type and parameters agree.
    fn same(&self, other: &dyn DynEq) -> bool;
    /// A hash that agrees with [`same`](DynEq::same).
    fn hash64(&self) -> u64;
}

impl<P: Eq + Hash + 'static> DynEq for P {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn same(&self, other: &dyn DynEq) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn hash64(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        std::any::TypeId::of::<P>().hash(&mut hasher);
        self.hash(&mut hasher);
        hasher.finish()
    }
}

/// A shared primitive; equal when type and parameters are.
#[derive(Clone)]
pub struct Op(Arc<dyn AnyPrimitive>);

impl Op {
    /// The op of this primitive.
    pub fn new(primitive: impl AnyPrimitive) -> Op {
        Op(Arc::new(primitive))
    }

    /// The parameters, if the primitive is a `P`.
    pub fn downcast<P: 'static>(&self) -> Option<&P> {
        self.0.as_any().downcast_ref()
    }

    /// Whether the primitive is a `P`.
    pub fn is<P: 'static>(&self) -> bool {
        self.downcast::<P>().is_some()
    }
}

impl std::ops::Deref for Op {
    type Target = dyn AnyPrimitive;
    fn deref(&self) -> &dyn AnyPrimitive {
        &*self.0
    }
}

impl PartialEq for Op {
    fn eq(&self, other: &Op) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.same(&*other.0)
    }
}

impl Eq for Op {}

impl Hash for Op {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash64());
    }
}

impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
