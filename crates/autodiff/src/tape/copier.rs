//! Writing a tape from another: the same equations, but for what is changed on the way.
//!
//! Every transform walks a tape and writes a new one. What they share is here: where the old values went, and the copy of
//! one equation with its label. What a transform does besides is its own walk; if it only replaces equations, one by one,
//! [`rewrite`] is the walk.

use super::{Builder, Equation, Tape, Value};
use crate::error::Error;

/// The new names of an old tape's values: where they went.
#[derive(Debug)]
pub(crate) struct Renamed(Vec<Option<Value>>);

impl Renamed {
    /// Where `v` went.
    ///
    /// # Panics
    /// If it has not been copied: the walk has left out an equation that another one reads.
    pub(crate) fn of(&self, v: Value) -> Value {
        self.0[v.index()].unwrap_or_else(|| panic!("{v} is read before it is copied"))
    }

    /// Where these went.
    pub(crate) fn all(&self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|v| self.of(*v)).collect()
    }

    /// Says where an old value went.
    pub(crate) fn put(&mut self, old: Value, new: Value) {
        self.0[old.index()] = Some(new);
    }
}

/// A tape that is written from another.
#[derive(Debug)]
pub(crate) struct Copier<'a> {
    from: &'a Tape,
    /// The new tape, to which anything may be added.
    pub(crate) builder: Builder,
    /// Where the old values went.
    pub(crate) renamed: Renamed,
}

impl<'a> Copier<'a> {
    /// Nothing is copied yet, inputs neither.
    pub(crate) fn new(from: &'a Tape, name: &str) -> Copier<'a> {
        Copier { from, builder: Builder::new(name), renamed: Renamed(vec![None; from.value_count()]) }
    }

    /// The old tape's inputs, under its name.
    pub(crate) fn with_inputs(from: &'a Tape) -> Copier<'a> {
        let mut copier = Copier::new(from, from.name());
        from.inputs().iter().for_each(|v| copier.input(*v));
        copier
    }

    /// A new input in place of an old value, of its type.
    pub(crate) fn input(&mut self, v: Value) {
        let new = self.builder.input(self.from.type_of(v).clone());
        self.renamed.put(v, new);
    }

    /// The same equation, with its label: where its operands and its results went.
    ///
    /// # Errors
    /// Those of [`Builder::emit_all`], if the operands have other types now.
    pub(crate) fn copy(&mut self, e: &Equation) -> Result<(Vec<Value>, Vec<Value>), Error> {
        let operands = self.renamed.all(&e.inputs);
        self.builder.set_label(e.label.clone());
        let results = self.builder.emit_all(e.op.clone(), &operands, e.bodies.clone())?;
        self.replace(e, &results);
        Ok((operands, results))
    }

    /// What stands for the results of an equation.
    pub(crate) fn replace(&mut self, e: &Equation, results: &[Value]) {
        e.outputs.iter().zip(results).for_each(|(old, new)| self.renamed.put(*old, *new));
    }

    /// The new tape with these old values as its outputs, without what is dead.
    pub(crate) fn finish(self, outputs: &[Value]) -> Tape {
        let outputs = self.renamed.all(outputs);
        self.builder.finish_live(outputs)
    }
}

/// Rewrites a tape equation by equation: `f(builder, equation, operands)` gives what stands for its results, which must
/// be of their types, or `None` to copy it. The label is the equation's.
pub(crate) fn rewrite(tape: &Tape, mut f: impl FnMut(&mut Builder, &Equation, &[Value]) -> Option<Vec<Value>>) -> Tape {
    let mut copier = Copier::with_inputs(tape);
    for e in tape.equations() {
        let operands = copier.renamed.all(&e.inputs);
        copier.builder.set_label(e.label.clone());
        let Some(results) = f(&mut copier.builder, e, &operands) else {
            copier.copy(e).expect("a rewrite keeps types");
            continue;
        };
        for (old, new) in e.outputs.iter().zip(&results) {
            debug_assert_eq!(
                tape.type_of(*old),
                copier.builder.type_of(*new),
                "a rewrite keeps types: {}",
                e.op.name()
            );
        }
        copier.replace(e, &results);
    }
    copier.finish(tape.outputs())
}
