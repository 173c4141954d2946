//! A program as a value: a typed, single-assignment list of primitive equations.
//!
//! Every transform is a total function from tapes to tapes, so transforms nest to any order with nothing added. This
//! module knows no primitive: what an equation means, how it differentiates and how it prints comes from its [`Op`].
//!
//! Invariants (checked by [`verify`](Tape::verify), which lists them all):
//! a value is defined once and before it is used; types are what `infer` says.

mod active;
mod builder;
mod copier;
mod label;
mod op;
mod param;
mod parse;
mod print;
mod verify;

use std::fmt;
use std::sync::Arc;

pub(crate) use active::{active, active_through};
pub use builder::Builder;
pub(crate) use copier::{Copier, Renamed, rewrite};
pub use label::{Label, Line, Role, Scope};
pub use op::{
    AnyPrimitive, AnyRule, BatchBodies, Batched, Binary, Class, Derive, Derived, DifferentiateBodies, DynEq, Kernel,
    Kind, Linearity, Op, Operand, Output, Term, Unary,
};
pub use param::{Param, Params};
pub use parse::{Catalogue, parse};
pub use verify::Violation;

use crate::shape::Type;

/// The name of a value in a tape; prints as `v7`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub(crate) u32);

impl Value {
    /// Its position in tables over all values of the tape.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `outputs = op(inputs)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Equation {
    /// The primitive.
    pub op: Op,
    /// The operands.
    pub inputs: Vec<Value>,
    /// The results; one, unless the primitive is structured.
    pub outputs: Vec<Value>,
    /// The tapes a structured primitive runs.
    pub bodies: Vec<Arc<Tape>>,
    /// Where it comes from.
    pub label: Label,
}

impl Equation {
    /// Its class: linear, multilinear or nonlinear, as its primitive says; a product in a scope that declares all inside
    /// nonlinear is nonlinear.
    pub fn class(&self) -> Class {
        match self.op.class() {
            Class::Multilinear if self.label.is_nonlinear() => Class::Nonlinear,
            class => class,
        }
    }
}

/// A program: inputs, equations in order, outputs.
#[derive(Clone, PartialEq)]
pub struct Tape {
    pub(crate) name: String,
    pub(crate) inputs: Vec<Value>,
    pub(crate) equations: Vec<Equation>,
    pub(crate) outputs: Vec<Value>,
    pub(crate) types: Vec<Type>,
}

impl Tape {
    /// The name, for printing.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The inputs.
    pub fn inputs(&self) -> &[Value] {
        &self.inputs
    }

    /// The equations, in an order in which they can be run.
    pub fn equations(&self) -> &[Equation] {
        &self.equations
    }

    /// The outputs; a value may be returned twice, and an input may be returned.
    pub fn outputs(&self) -> &[Value] {
        &self.outputs
    }

    /// The type of a value.
    pub fn type_of(&self, v: Value) -> &Type {
        &self.types[v.index()]
    }

    /// The types of the inputs.
    pub fn input_types(&self) -> Vec<Type> {
        self.inputs.iter().map(|v| self.type_of(*v).clone()).collect()
    }

    /// The types of the outputs.
    pub fn output_types(&self) -> Vec<Type> {
        self.outputs.iter().map(|v| self.type_of(*v).clone()).collect()
    }

    /// How many values there are, defined or not: the size of a table indexed by [`Value::index`].
    pub fn value_count(&self) -> usize {
        self.types.len()
    }

    /// The same program with other labels, in bodies too.
    pub(crate) fn relabelled(&self, f: &dyn Fn(&Label) -> Label) -> Tape {
        let mut tape = self.clone();
        for e in &mut tape.equations {
            e.label = f(&e.label);
            e.bodies.iter_mut().for_each(|body| *body = Arc::new(body.relabelled(f)));
        }
        tape
    }

    /// Visits every equation, those in bodies included.
    pub(crate) fn for_each_equation(&self, f: &mut impl FnMut(&Equation)) {
        for e in &self.equations {
            f(e);
            for body in &e.bodies {
                body.for_each_equation(f);
            }
        }
    }

    /// The same program without the equations that no output needs, and with values numbered densely again.
    ///
    /// Inputs stay, used or not.
    pub fn without_dead(&self) -> Tape {
        let mut live = vec![false; self.types.len()];
        for v in &self.outputs {
            live[v.index()] = true;
        }
        let mut keep = vec![false; self.equations.len()];
        for (i, e) in self.equations.iter().enumerate().rev() {
            if e.outputs.iter().any(|v| live[v.index()]) {
                keep[i] = true;
                for v in &e.inputs {
                    live[v.index()] = true;
                }
            }
        }
        let mut keep = keep.into_iter();
        let kept: Vec<Equation> =
            self.equations.iter().filter(|_| keep.next().expect("one flag an equation")).cloned().collect();
        Tape { equations: kept, ..self.shell() }.renumbered(&self.types)
    }

    /// The same program returning only some of its outputs, in this order, without what is dead then.
    pub fn with_outputs(&self, outputs: impl IntoIterator<Item = usize>) -> Tape {
        self.returning(outputs.into_iter().map(|i| self.outputs[i]).collect())
    }

    /// The same program returning these of its values, without what is dead then.
    pub(crate) fn returning(&self, outputs: Vec<Value>) -> Tape {
        Tape { outputs, ..self.clone() }.without_dead()
    }

    /// The same program taking only some of its inputs, in this order; the others must be dead.
    ///
    /// # Errors
    /// [`ErrorKind::Arity`](crate::ErrorKind::Arity) if an input that is left out is read.
    pub fn with_inputs(&self, inputs: &[usize]) -> Result<Tape, crate::Error> {
        let mut tape = self.clone();
        tape.inputs = inputs.iter().map(|i| self.inputs[*i]).collect();
        let known = |v: &Value| tape.inputs.contains(v) || !self.inputs.contains(v);
        let mut reads = self.equations.iter().flat_map(|e| &e.inputs).chain(&self.outputs);
        if let Some(v) = reads.find(|v| !known(v)) {
            crate::error::bail!(Arity, "the tape {} reads {v}, which is no longer an input", self.name);
        }
        Ok(tape.renumbered(&self.types))
    }

    fn shell(&self) -> Tape {
        Tape {
            name: self.name.clone(),
            inputs: self.inputs.clone(),
            equations: Vec::new(),
            outputs: self.outputs.clone(),
            types: Vec::new(),
        }
    }

    /// Values numbered in order of definition; `types` are those of the old numbering.
    fn renumbered(mut self, types: &[Type]) -> Tape {
        let mut new = vec![u32::MAX; types.len()];
        let mut table: Vec<Type> = Vec::new();
        let mut define = |v: &mut Value, new: &mut Vec<u32>| {
            new[v.index()] = table.len() as u32;
            table.push(types[v.index()].clone());
            *v = Value(new[v.index()]);
        };
        for v in &mut self.inputs {
            define(v, &mut new);
        }
        for e in &mut self.equations {
            for v in &mut e.inputs {
                *v = Value(new[v.index()]);
            }
            for v in &mut e.outputs {
                define(v, &mut new);
            }
        }
        for v in &mut self.outputs {
            *v = Value(new[v.index()]);
        }
        self.types = table;
        self
    }
}
