//! Writing a tape, one equation at a time.
//!
//! The builder is what rules and transforms write to. It is an ordinary value, never the thread's open trace, so that
//! differentiation has no side effects. The methods for primitives (`tape.mul(a, b)`) are an extension trait in `ops`.

use std::sync::Arc;

use super::{Equation, Label, Op, Tape, Value};
use crate::error::{Error, ErrorKind};
use crate::shape::{Shape, Type};

/// A tape being written.
#[derive(Clone, Debug)]
pub struct Builder {
    tape: Tape,
    label: Label,
}

impl Builder {
    /// An empty tape called `name`, with `_` for what is no letter, digit or `_`; a tape without a name is `f`.
    pub fn new(name: impl AsRef<str>) -> Builder {
        let word = |c: char| if c.is_alphanumeric() { c } else { '_' };
        let name: String = name.as_ref().chars().map(word).collect();
        let name = if name.is_empty() { "f".into() } else { name };
        let tape = Tape { name, inputs: vec![], equations: vec![], outputs: vec![], types: vec![] };
        Builder { tape, label: Label::default() }
    }

    /// Declares one more input.
    pub fn input(&mut self, ty: Type) -> Value {
        let v = self.define(ty);
        self.tape.inputs.push(v);
        v
    }

    fn define(&mut self, ty: Type) -> Value {
        let v = Value(u32::try_from(self.tape.types.len()).expect("a tape of fewer than 2^32 values"));
        self.tape.types.push(ty);
        v
    }

    /// The type of a value.
    pub fn type_of(&self, v: Value) -> &Type {
        self.tape.type_of(v)
    }

    /// The shape of a value.
    pub fn shape_of(&self, v: Value) -> Shape {
        self.type_of(v).shape.clone()
    }

    /// What has been written so far.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// The label that the next equations get.
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// Gives the next equations another label.
    pub fn set_label(&mut self, label: Label) {
        self.label = label;
    }

    /// Writes `op(inputs)` and returns its outputs.
    ///
    /// # Errors
    /// What `infer` has to say of the operands.
    pub fn emit_all(&mut self, op: Op, inputs: &[Value], bodies: Vec<Arc<Tape>>) -> Result<Vec<Value>, Error> {
        let types: Vec<&Type> = inputs.iter().map(|v| self.tape.type_of(*v)).collect();
        let outputs = op.infer(&types, &bodies)?;
        outputs.iter().try_for_each(|ty| ty.check().map_err(|e| e.within(op.name())))?;
        let outputs: Vec<Value> = outputs.into_iter().map(|t| self.define(t)).collect();
        self.tape.equations.push(Equation {
            op,
            inputs: inputs.to_vec(),
            outputs: outputs.clone(),
            bodies,
            label: self.label.clone(),
        });
        Ok(outputs)
    }

    /// Writes `op(inputs)` for a primitive of one output.
    ///
    /// # Errors
    /// What `infer` has to say of the operands.
    pub fn emit(&mut self, op: Op, inputs: &[Value]) -> Result<Value, Error> {
        Ok(self.emit_all(op, inputs, vec![])?[0])
    }

    /// Writes an equation whose operands are known to fit: the rules' way.
    ///
    /// # Panics
    /// If they do not fit: a bug in a rule, not a mistake of a user.
    pub fn emit_valid(&mut self, op: Op, inputs: &[Value]) -> Value {
        self.emit(op, inputs).unwrap_or_else(|e| panic!("a rule has written an ill-typed equation: {e}"))
    }

    /// Writes all equations of `tape` here, its inputs replaced by `args`, with their own labels; returns its outputs.
    ///
    /// # Panics
    /// If number or types of `args` differ from the tape's inputs.
    pub fn inline(&mut self, tape: &Tape, args: &[Value]) -> Vec<Value> {
        assert_eq!(args.len(), tape.inputs.len(), "inline {}: number of arguments", tape.name);
        let mut map = vec![Value(u32::MAX); tape.types.len()];
        for (v, arg) in tape.inputs.iter().zip(args) {
            assert_eq!(tape.type_of(*v), self.type_of(*arg), "inline {}: type of {v}", tape.name);
            map[v.index()] = *arg;
        }
        for e in &tape.equations {
            let inputs = e.inputs.iter().map(|v| map[v.index()]).collect();
            let outputs: Vec<Value> = e
                .outputs
                .iter()
                .map(|v| {
                    let new = self.define(tape.type_of(*v).clone());
                    map[v.index()] = new;
                    new
                })
                .collect();
            self.tape.equations.push(Equation { inputs, outputs, ..e.clone() });
        }
        tape.outputs.iter().map(|v| map[v.index()]).collect()
    }

    /// The finished tape.
    ///
    /// # Errors
    /// [`ErrorKind::Arity`] if an output is no value of this tape.
    pub fn finish(mut self, outputs: Vec<Value>) -> Result<Tape, Error> {
        if let Some(v) = outputs.iter().find(|v| v.index() >= self.tape.types.len()) {
            return Err(Error::new(ErrorKind::Arity, format!("{v} is no value of this tape")));
        }
        self.tape.outputs = outputs;
        // A captured variable becomes an input late. Numbered in order of definition, inputs first, a tape equals what is
        // parsed from its text.
        let in_front = self.tape.inputs.iter().enumerate().all(|(i, v)| v.index() == i);
        if in_front {
            return Ok(self.tape);
        }
        let types = std::mem::take(&mut self.tape.types);
        Ok(self.tape.renumbered(&types))
    }

    /// The finished tape without dead equations: what transforms return.
    pub(crate) fn finish_live(self, outputs: Vec<Value>) -> Tape {
        let tape = self.finish(outputs).expect("transforms return their own values").without_dead();
        #[cfg(debug_assertions)]
        tape.assert_valid();
        tape
    }
}
