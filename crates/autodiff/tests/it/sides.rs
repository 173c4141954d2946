//! Side results: a program with results that nobody reads, infinite or NaN in value or slope, wherever there may be some.
//!
//! They stand beside the program's own equations, are results of its checkpoints and declared functions, states and stacked
//! outputs of its loops, and feed on the program's values. No derivative of what is read may know of them.

use std::sync::Arc;

use quadric_autodiff::ops::{self, Ops, Scan, op};
use quadric_autodiff::tape::{Builder, Equation, Op, Tape, Value};

use super::support::Rng;

/// The program with side results; its inputs and outputs are what they were.
pub fn with_sides(tape: &Tape, rng: &mut Rng) -> Tape {
    written(tape, rng, &mut |_, _, outputs, _| outputs)
}

/// What is returned, made of the inputs, the outputs, and the floats that there are.
type Finish<'a> = dyn FnMut(&mut Builder, &[Value], Vec<Value>, &[Value]) -> Vec<Value> + 'a;

/// The tape with side results inside, and with what `finish` makes of its outputs.
fn written(tape: &Tape, rng: &mut Rng, finish: &mut Finish<'_>) -> Tape {
    let mut b = Builder::new(tape.name());
    let inputs: Vec<Value> = tape.input_types().into_iter().map(|ty| b.input(ty)).collect();
    let mut map = vec![None; tape.value_count()];
    tape.inputs().iter().zip(&inputs).for_each(|(v, new)| map[v.index()] = Some(*new));
    for e in tape.equations() {
        let operands: Vec<Value> = e.inputs.iter().map(|v| map[v.index()].expect("it is defined")).collect();
        b.set_label(e.label.clone());
        let outputs = equation(&mut b, e, &operands, rng);
        for (v, y) in e.outputs.iter().zip(outputs) {
            map[v.index()] = Some(y);
            if b.type_of(y).dtype.is_float() && rng.below(4) == 0 {
                side(&mut b, y, rng);
            }
        }
    }
    let outputs = tape.outputs().iter().map(|v| map[v.index()].expect("it is defined")).collect();
    let floats: Vec<Value> = map.into_iter().flatten().filter(|v| b.type_of(*v).dtype.is_float()).collect();
    let outputs = finish(&mut b, &inputs, outputs, &floats);
    // What is dead stays: a transform has to do without reading it.
    b.finish(outputs).expect("its own values")
}

/// Something that is infinite or NaN, or has such a slope, whatever x is.
fn side(b: &mut Builder, x: Value, rng: &mut Rng) -> Value {
    let zero = b.sub(x, x);
    match rng.below(4) {
        0 => {
            let root = b.put(op(ops::Sqrt), &[zero]);
            b.put(op(ops::Log), &[root])
        }
        1 => b.put(op(ops::Recip), &[zero]),
        2 => b.put(op(ops::Sqrt), &[zero]),
        _ => {
            let nan = b.like(x, f64::NAN);
            b.mul(x, nan)
        }
    }
}

/// The equation, with side results if it has bodies of the program's own.
fn equation(b: &mut Builder, e: &Equation, operands: &[Value], rng: &mut Rng) -> Vec<Value> {
    let count = e.outputs.len();
    let mut emit = |op: Op, operands: &[Value], bodies| b.emit_all(op, operands, bodies).expect("the sides fit");
    if e.op.is::<ops::Checkpoint>() {
        let body = with_side_outputs(&e.bodies[0], rng);
        return emit(e.op.clone(), operands, vec![Arc::new(body)])[..count].to_vec();
    }
    if let Some(scan) = e.op.downcast::<Scan>() {
        return with_a_side_state(b, e, scan, operands, rng);
    }
    if let Some(custom) = e.op.downcast::<ops::Custom>()
        && !custom.linear
    {
        return emit(e.op.clone(), operands, declared_with_a_side(e, rng))[..count].to_vec();
    }
    emit(e.op.clone(), operands, e.bodies.clone())
}

fn with_side_outputs(body: &Tape, rng: &mut Rng) -> Tape {
    let mut inner = Rng(rng.0 ^ 0x51de);
    written(body, rng, &mut |b, _, outputs, floats| {
        let sides = floats.iter().rev().take(1).map(|x| side(b, *x, &mut inner)).collect();
        [outputs, sides].concat()
    })
}

/// A loop with one state more, in front of its own or behind them, and one stacked output more.
fn with_a_side_state(b: &mut Builder, e: &Equation, scan: &Scan, operands: &[Value], rng: &mut Rng) -> Vec<Value> {
    let Scan { constants, states, .. } = *scan;
    let at = if rng.below(2) == 0 { 0 } else { states };
    let Some(like) = (0..constants + states).rev().find(|i| b.type_of(operands[*i]).dtype.is_float()) else {
        return b.emit_all(e.op.clone(), operands, e.bodies.clone()).expect("it is as it was");
    };
    // It begins as something of the program, or as a constant, and becomes what a step makes of it.
    let constant = rng.below(2) == 0;
    let first = if constant { b.like(operands[like], 0.0) } else { operands[like] };
    let mut body = Builder::new("body");
    let types = e.bodies[0].input_types();
    let mut inputs = Vec::new();
    let mut state = None;
    for (i, ty) in types.iter().enumerate() {
        if i == constants + at {
            state = Some(body.input(b.type_of(first).clone()));
        }
        inputs.push(body.input(ty.clone()));
    }
    let state = state.unwrap_or_else(|| body.input(b.type_of(first).clone()));
    let inner = with_sides(&e.bodies[0], rng);
    let mut outputs = body.inline(&inner, &inputs);
    let ty = body.type_of(state).clone();
    let reader = outputs.iter().position(|y| *body.type_of(*y) == ty).filter(|_| constant && rng.below(2) == 0);
    let next = if let Some(reader) = reader {
        // Read, as a zero that has exact derivatives, but for an infinite slope where the state is the constant still.
        let root = body.put(op(ops::Sqrt), &[state]);
        let zero = body.sub(root, root);
        outputs[reader] = body.add(outputs[reader], zero);
        let (square, one) = (body.mul(inputs[like], inputs[like]), body.like(inputs[like], 1.0));
        body.add(square, one)
    } else {
        let fed = side(&mut body, inputs[like], rng);
        body.add(state, fed)
    };
    outputs.insert(at, next);
    let stacked = side(&mut body, inputs[like], rng);
    outputs.push(stacked);
    let body = Arc::new(body.finish(outputs).expect("its own values"));
    let mut operands = operands.to_vec();
    operands.insert(constants + at, first);
    let op = Op::new(Scan { states: states + 1, ..scan.clone() });
    let mut results = b.emit_all(op, &operands, vec![body]).expect("the sides fit");
    results.remove(at);
    results.truncate(e.outputs.len());
    results
}

/// The bodies of a declared function with one result more, whose declared slope is infinite.
fn declared_with_a_side(e: &Equation, rng: &mut Rng) -> Vec<Arc<Tape>> {
    let n = e.inputs.len();
    let slope = |b: &mut Builder, x: Value| {
        let zero = b.sub(x, x);
        b.put(op(ops::Recip), &[zero])
    };
    let mut inner = Rng(rng.0 ^ 0x51de);
    let f = written(&e.bodies[0], rng, &mut |b, inputs, outputs, _| {
        let y = side(b, inputs[0], &mut inner);
        [outputs, vec![y]].concat()
    });
    let jvp = written(&e.bodies[1], rng, &mut |b, inputs, outputs, _| {
        let slope = slope(b, inputs[0]);
        let y_dot = b.mul(slope, inputs[n]);
        [outputs, vec![y_dot]].concat()
    });
    let vjp = written(&e.bodies[2], rng, &mut |b, inputs, mut outputs, _| {
        let y_bar = b.input(b.type_of(inputs[0]).clone());
        let slope = slope(b, inputs[0]);
        let x_bar = b.mul(slope, y_bar);
        outputs[0] = b.add(outputs[0], x_bar);
        outputs
    });
    [f, jvp, vjp].map(Arc::new).to_vec()
}
