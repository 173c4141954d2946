//! Tapes opened at the cut: what leads to it, and what follows it.

use quadric_autodiff::Type;
use quadric_autodiff::ops::{Cut, Ops};
use quadric_autodiff::tape::{Builder, Equation, Tape, Value};

use crate::error::{Error, bail};

/// A tape being copied, and where its values went.
pub(crate) struct Copied {
    pub(crate) builder: Builder,
    pub(crate) map: Vec<Option<Value>>,
}

impl Copied {
    pub(crate) fn of(&self, v: Value) -> Value {
        self.map[v.index()].expect("in order")
    }
}

/// Copies a tape with `more` inputs at the end, `f(builder, equation's copied operands, the new inputs)` replacing what it wants.
pub(crate) fn copy(
    tape: &Tape,
    more: &[Type],
    mut f: impl FnMut(&mut Builder, &Equation, &[Value], &[Value]) -> Result<Option<Vec<Value>>, Error>,
) -> Result<Copied, Error> {
    let mut b = Builder::new(tape.name());
    let mut map: Vec<Option<Value>> = vec![None; tape.value_count()];
    for v in tape.inputs() {
        map[v.index()] = Some(b.input(tape.type_of(*v).clone()));
    }
    let more: Vec<Value> = more.iter().map(|t| b.input(t.clone())).collect();
    for e in tape.equations() {
        let inputs: Vec<Value> = e.inputs.iter().map(|v| map[v.index()].expect("in order")).collect();
        b.set_label(e.label.clone());
        let outputs = match f(&mut b, e, &inputs, &more)? {
            Some(outputs) => outputs,
            None => b.emit_all(e.op.clone(), &inputs, e.bodies.clone())?,
        };
        for (v, new) in e.outputs.iter().zip(outputs) {
            map[v.index()] = Some(new);
        }
    }
    b.set_label(Default::default());
    Ok(Copied { builder: b, map })
}

/// The one equation that cuts by this name.
fn find<'a>(tape: &'a Tape, cut: &str) -> Result<&'a Equation, Error> {
    let is_cut = |e: &&Equation| e.op.downcast::<Cut>().is_some_and(|c| c.name == cut);
    let found: Vec<&Equation> = tape.equations().iter().filter(is_cut).collect();
    match found[..] {
        [one] => Ok(one),
        [] => bail!(Selection, "the loss has no cut named \"{cut}\" (or has it inside a custom function)"),
        _ => bail!(Selection, "the loss has {} cuts named \"{cut}\", one is needed", found.len()),
    }
}

/// The same inputs, and the value that is cut as the one output.
pub(crate) fn to_cut(tape: &Tape, cut: &str) -> Result<Tape, Error> {
    let value = find(tape, cut)?.outputs[0];
    let copied = copy(tape, &[], |_, _, _, _| Ok(None))?;
    let value = copied.of(value);
    Ok(copied.builder.finish(vec![value])?.without_dead())
}

/// The same tape with one more input, which is added to the value that is cut.
pub(crate) fn with_offset_at_cut(tape: &Tape, cut: &str) -> Result<Tape, Error> {
    let equation = find(tape, cut)?;
    let value = equation.outputs[0];
    let ty = tape.type_of(value).clone();
    let copied = copy(tape, &[ty], |b, e, inputs, more| {
        if e.outputs[0] != value {
            return Ok(None);
        }
        let z = b.emit(e.op.clone(), inputs)?;
        Ok(Some(vec![b.add(z, more[0])]))
    })?;
    let outputs = tape.outputs().iter().map(|v| copied.of(*v)).collect();
    Ok(copied.builder.finish(outputs)?)
}
