//! What a primitive must say of itself, and the rules from which every derivative follows.
//!
//! [`AnyPrimitive`] is a primitive as the transforms see it, which know none by name: any number of operands, bodies and
//! outputs. [`Op`] is a shared, comparable one. The page that one writes is `ops::Primitive`.

use std::any::Any;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::{Builder, Kernel, Params, Tape, Value};
use crate::error::Error;
use crate::shape::Type;

/// How an equation bends: what its second derivative may contribute to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Movement, sums: no second derivative at all.
    Linear,
    /// Linear in each operand: `mul`, `dot`.
    Multilinear,
    /// All else.
    Nonlinear,
}

impl Class {
    /// The word in the text form.
    pub fn name(self) -> &'static str {
        match self {
            Class::Linear => "linear",
            Class::Multilinear => "multilinear",
            Class::Nonlinear => "nonlinear",
        }
    }

    /// The class of that name.
    pub fn from_name(name: &str) -> Option<Class> {
        [Class::Linear, Class::Multilinear, Class::Nonlinear].into_iter().find(|c| c.name() == name)
    }
}

type Partials = dyn Fn(&mut Builder, &[Value], Value) -> Vec<Value>;
type Transpose = dyn Fn(&mut Builder, &[Value], Value) -> Vec<Option<Value>>;
type TransposeOne = dyn Fn(&mut Builder, &[Value], Value, usize) -> Value;
type Jvp = dyn Fn(&mut Builder, &Derive<'_>, &[Option<Value>]) -> Result<Vec<Option<Value>>, Error>;

/// What a general rule gets to see of the equation it differentiates.
pub struct Derive<'a> {
    /// The operands: themselves in forward mode, reads through `residual` in reverse mode.
    pub inputs: &'a [Value],
    /// The outputs, likewise.
    pub outputs: &'a [Value],
    /// The bodies of the equation.
    pub bodies: &'a [Arc<Tape>],
    /// Which operands need a cotangent (reverse mode) or carry a tangent (forward mode).
    pub wanted: &'a [bool],
    /// How a structured primitive differentiates its bodies, as part of the transform under way.
    pub transforms: &'a dyn Transforms,
}

/// The transforms as a structured primitive calls them on its bodies: with the sweep, the sides of the cuts and the
/// freeze of the transform that is under way.
pub trait Transforms {
    /// `(x…, ẋ of the wanted x…) → (y…, ẏ…)`.
    fn jvp(&self, body: &Tape, wanted: &[bool]) -> Result<Tape, Error>;
    /// `(x…, ȳ…) → (x̄ of the wanted x…)`.
    fn vjp(&self, body: &Tape, wanted: &[bool]) -> Result<Tape, Error>;
    /// The body over a batch of `size`; every output has the batch axis.
    fn vmap(&self, body: &Tape, batched: &[bool], size: usize) -> Result<Tape, Error>;
}

/// The least fact from which both jvp and vjp follow. Rules emit tape, never numbers.
pub enum Rule {
    /// No derivative: integers and bools come out, or the derivative is zero wherever it exists (`floor`, `sign`).
    Constant,
    /// None is known: differentiating is an error that says why.
    Missing(&'static str),
    /// Elementwise, `ẏ = Σ ∂ᵢ ẋᵢ` and `x̄ᵢ = ȳ ∂ᵢ`: the partials as functions of operands and output.
    Pointwise(Box<Partials>),
    /// Linear in its float operands together: `ẏ` is the primitive applied to `ẋ`; the transpose is given.
    Linear(Box<Transpose>),
    /// Linear in each float operand; the transpose with respect to one of them is given.
    Multilinear(Box<TransposeOne>),
    /// Both directions by hand.
    General {
        /// How it bends.
        class: Class,
        /// Forward: tangents of the outputs, absent where zero.
        jvp: Box<Jvp>,
        /// Reverse: cotangents of the operands, absent where zero.
        vjp: Box<Jvp>,
    },
    /// A primitive whose bodies hold the equations: it gets its operands as they are, in reverse mode too, because the residual
    /// reads are inside the bodies, each with the label of its own equation.
    Structured {
        /// Forward: tangents of the outputs, absent where zero.
        jvp: Box<Jvp>,
        /// Reverse: cotangents of the operands, absent where zero.
        vjp: Box<Jvp>,
    },
}

impl Rule {
    /// An elementwise primitive: `f(tape, operands, output)` gives the partial derivative for each operand.
    pub fn pointwise<const N: usize>(f: impl Fn(&mut Builder, [Value; N], Value) -> [Value; N] + 'static) -> Rule {
        Rule::Pointwise(Box::new(move |b, x, y| f(b, fixed(x), y).to_vec()))
    }

    /// A linear primitive of float operands: `f(tape, operands, ȳ)` gives each operand's cotangent. Operands are
    /// there for their shapes; reading their values would not be linear.
    pub fn linear<const N: usize>(f: impl Fn(&mut Builder, [Value; N], Value) -> [Value; N] + 'static) -> Rule {
        Rule::Linear(Box::new(move |b, x, y_bar| f(b, fixed(x), y_bar).into_iter().map(Some).collect()))
    }

    /// A linear primitive with operands that take no derivative (masks, indices): they get `None`.
    pub fn linear_in_some<const N: usize>(
        f: impl Fn(&mut Builder, [Value; N], Value) -> [Option<Value>; N] + 'static,
    ) -> Rule {
        Rule::Linear(Box::new(move |b, x, y_bar| f(b, fixed(x), y_bar).to_vec()))
    }

    /// A primitive linear in each operand: `f(tape, operands, ȳ, i)` gives the cotangent of operand `i`.
    pub fn multilinear<const N: usize>(f: impl Fn(&mut Builder, [Value; N], Value, usize) -> Value + 'static) -> Rule {
        Rule::Multilinear(Box::new(move |b, x, y_bar, i| f(b, fixed(x), y_bar, i)))
    }

    /// How an equation with this rule bends.
    pub fn class(&self) -> Class {
        match self {
            Rule::Constant | Rule::Linear(_) => Class::Linear,
            Rule::Multilinear(_) => Class::Multilinear,
            Rule::Pointwise(_) | Rule::Missing(_) | Rule::Structured { .. } => Class::Nonlinear,
            Rule::General { class, .. } => *class,
        }
    }
}

/// A value under vmap: the batch axis, if it has one, is axis 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batched {
    /// The value.
    pub value: Value,
    /// Whether axis 0 is the batch.
    pub batched: bool,
}

/// A primitive as transforms, passes and engines see it.
pub trait AnyPrimitive: fmt::Debug + Send + Sync + 'static {
    /// The name in the text form.
    fn name(&self) -> &'static str;
    /// The parameters in the text form.
    fn params(&self) -> Params;
    /// The types of the outputs.
    fn infer(&self, inputs: &[&Type], bodies: &[Arc<Tape>]) -> Result<Vec<Type>, Error>;
    /// The derivative.
    fn rule(&self) -> Rule;
    /// The batched equation; says of each output whether it has the batch axis.
    fn vmap(
        &self,
        tape: &mut Builder,
        inputs: &[Batched],
        bodies: &[Arc<Tape>],
        size: usize,
        transforms: &dyn Transforms,
    ) -> Result<Vec<Batched>, Error>;
    /// What it computes.
    fn kernel(&self) -> Kernel;
    /// Whether a function whose derivative is declared is known to be linear in the flagged operands, with that derivative; `None` if
    /// nothing is declared, and rule or bodies tell.
    fn declared_linear(&self, _moving: &[bool]) -> Option<bool> {
        None
    }
    /// For [`Op::downcast`].
    fn as_any(&self) -> &dyn Any;
    /// Equality of primitives of any type.
    fn same(&self, other: &dyn AnyPrimitive) -> bool;
    /// A hash that agrees with [`same`](AnyPrimitive::same).
    fn hash64(&self) -> u64;
}

fn fixed<const N: usize>(values: &[Value]) -> [Value; N] {
    values.try_into().expect("infer has checked the number of operands")
}

/// The hash of a primitive: its name and its parameters.
pub fn hash64(name: &str, params: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    params.hash(&mut hasher);
    hasher.finish()
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
