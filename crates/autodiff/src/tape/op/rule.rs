//! The rules from which every derivative follows, as the transforms see them.

use std::sync::Arc;

use super::super::{Builder, Tape, Value};
use crate::error::Error;

/// The class of an equation, linear, multilinear or nonlinear: what its second derivative may contribute to.
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

/// How an operand enters a signed sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// It is added.
    Plus,
    /// It is taken away.
    Minus,
}

type Partials = dyn Fn(&mut Builder, &[Value], Value) -> Vec<Value>;
type Scaled = dyn Fn(&mut Builder, &[Value], Value, Value, usize) -> Value;
type Transpose = dyn Fn(&mut Builder, &[Value], Value) -> Vec<Option<Value>>;
type TransposeOne = dyn Fn(&mut Builder, &[Value], Value, usize) -> Value;
type Jvp = dyn Fn(&mut Builder, &Derive<'_>, &[Option<Value>]) -> Result<Vec<Option<Value>>, Error>;

/// What a general rule gets to see of the equation it differentiates.
pub struct Derive<'a> {
    /// The operands: themselves in forward mode, reads through `residual` in reverse mode; for a structured primitive
    /// themselves in both, because the reads are inside its bodies.
    pub inputs: &'a [Value],
    /// The outputs, likewise.
    pub outputs: &'a [Value],
    /// The bodies of the equation.
    pub bodies: &'a [Arc<Tape>],
    /// Which operands need a cotangent (reverse mode) or carry a tangent (forward mode).
    pub wanted: &'a [bool],
    /// How a structured primitive differentiates its bodies, as part of the transform under way.
    pub transforms: &'a dyn DifferentiateBodies,
}

/// How a structured primitive differentiates its bodies: with the sweep, the sides of the cuts and the freeze of the transform
/// that is under way.
pub trait DifferentiateBodies {
    /// `(x…, ẋ of the wanted x…) → (y…, ẏ of the y… whose tangent is there)`.
    fn jvp(&self, body: &Tape, wanted: &[bool]) -> Result<Derived, Error>;
    /// `(x…, ȳ of the seeded y…) → (x̄ of the wanted x… whose cotangent is there)`. The other y have no cotangent.
    fn vjp(&self, body: &Tape, wanted: &[bool], seeded: &[bool]) -> Result<Derived, Error>;
    /// The same for a tape whose structured equations are runs of the body, and whose other equations move data.
    fn vjp_of_steps(&self, steps: &Tape, wanted: &[bool], seeded: &[bool]) -> Result<Derived, Error>;
}

/// The derivative of a body. A tangent or cotangent that is absent is zero, and not an array of zeros: nothing multiplies it,
/// be it infinite or NaN.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The derivative's tape, which takes and returns what is there.
    pub tape: Tape,
    /// Forward mode: which outputs have a tangent. Reverse mode: which inputs have a cotangent.
    pub present: Vec<bool>,
}

/// How a structured primitive batches its bodies.
pub trait BatchBodies {
    /// The body over a batch of `size`; every output has the batch axis.
    fn vmap(&self, body: &Tape, batched: &[bool], size: usize) -> Result<Tape, Error>;
}

/// The least fact from which both jvp and vjp follow. Rules emit tape, never numbers.
///
/// A page writes it as a constant of plain functions, `ops::Rule`; this is the same with the page's parameters inside.
pub enum AnyRule {
    /// No derivative: integers and bools come out, or the derivative is zero wherever it exists (`floor`, `sign`).
    Constant,
    /// None is known: differentiating is an error that says why.
    Missing(&'static str),
    /// `y = ± x₁ ± x₂ …`: tangents are summed alike, and each operand's cotangent is ± ȳ.
    Signed(Vec<Term>),
    /// Elementwise, `ẏ = Σ ∂ᵢ ẋᵢ` and `x̄ᵢ = ȳ ∂ᵢ`: the partials as functions of operands and output.
    Pointwise(Box<Partials>),
    /// The same with the products formed by the rule: `u ∂ᵢ` as a function of operands, output, u and i.
    Diagonal(Box<Scaled>),
    /// Linear in its float operands together: `ẏ` is the primitive applied to `ẋ`; the transpose is given.
    Linear(Box<Transpose>),
    /// Linear in each float operand; the transpose with respect to one of them is given.
    Multilinear(Box<TransposeOne>),
    /// Both directions by hand, which may read operands and outputs.
    General {
        /// Its class: linear, multilinear or nonlinear.
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

/// What a rule is like, without the functions in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No derivative, or zero wherever there is one.
    Constant,
    /// No rule is known.
    Missing,
    /// A signed sum of its operands.
    Signed,
    /// Elementwise, with partials.
    Pointwise,
    /// Linear in its float operands together.
    Linear,
    /// Linear in each float operand.
    Multilinear,
    /// Both directions by hand.
    General(Class),
    /// Its bodies hold the equations.
    Structured,
}

/// In which way an equation is linear in the operands that move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linearity {
    /// It is not.
    No,
    /// In all of its float operands together: those that do not move must be zero.
    Jointly,
    /// Whatever values the others hold.
    OthersFixed,
}

impl AnyRule {
    /// What this rule is like.
    pub fn kind(&self) -> Kind {
        match self {
            AnyRule::Constant => Kind::Constant,
            AnyRule::Missing(_) => Kind::Missing,
            AnyRule::Signed(_) => Kind::Signed,
            AnyRule::Pointwise(_) | AnyRule::Diagonal(_) => Kind::Pointwise,
            AnyRule::Linear(_) => Kind::Linear,
            AnyRule::Multilinear(_) => Kind::Multilinear,
            AnyRule::General { class, .. } => Kind::General(*class),
            AnyRule::Structured { .. } => Kind::Structured,
        }
    }
}

impl Kind {
    /// The class of an equation with such a rule.
    pub fn class(self) -> Class {
        match self {
            Kind::Constant | Kind::Signed | Kind::Linear => Class::Linear,
            Kind::Multilinear => Class::Multilinear,
            Kind::Pointwise | Kind::Missing | Kind::Structured => Class::Nonlinear,
            Kind::General(class) => class,
        }
    }

    /// What such a rule says of [`AnyPrimitive::linear_in`](super::AnyPrimitive::linear_in).
    pub fn linear_in(self, moving: &[bool]) -> Option<Linearity> {
        Some(match self {
            Kind::Structured => return None,
            Kind::Signed | Kind::Linear => Linearity::Jointly,
            Kind::Multilinear if moving.iter().filter(|m| **m).count() == 1 => Linearity::OthersFixed,
            _ => Linearity::No,
        })
    }
}
