//! Plans: their text, and that no fault planted in a good one goes unseen.

use quadric_autodiff::exec::{Options, Program};
use quadric_autodiff::ops;
use quadric_autodiff::plan::{
    Action, Instruction, Load, Place, Plan, RegisterProgram, Source, Storage, Store, Target, Work,
};
use quadric_autodiff::tape::{Binary, Params, Tape, parse};
use quadric_autodiff::trace::{Var, compile};
use quadric_autodiff::{DType, Tensor, tensor};

use super::support::golden;

fn tape(text: &str) -> Tape {
    let find = |name: &str, params: &Params| ops::find(name, params);
    parse(text, &find, &[]).unwrap_or_else(|e| panic!("{e}"))
}

/// The plan of a tape as it stands, not optimised.
fn plan(text: &str) -> Plan {
    let plan = Program::new(&tape(text), &Options { optimize: false, ..Options::default() }).plan().clone();
    assert_eq!(plan.verify(), []);
    plan
}

/// A chain that changes its shape, so that slots are used again; steps: exp, sum, a copy, a product, tanh.
fn chain() -> Plan {
    plan(
        "tape f(v0: f64[4,2], v1: f64[2,4]) {
            v2 = exp v0 @ src/a.rs:1:1
            v3 = dot[transpose_lhs=false, transpose_rhs=false] v2 v1 @ src/a.rs:2:1
            v4 = tanh v3 @ src/a.rs:3:1
            v5 = permute[order=(1,0)] v4 @ src/a.rs:4:1
            v6 = dot[transpose_lhs=false, transpose_rhs=false] v5 v4 @ src/a.rs:5:1
            v7 = reshape[shape=(16)] v6 @ src/a.rs:6:1
            v8 = sum[axes=(0)] v7 @ src/a.rs:7:1
            return v8 v3 v8 }",
    )
}

/// A group with every kind of load and store, a constant and a number written out.
fn group() -> Plan {
    plan(
        "tape f(v0: f64[2,3], v1: f64[3], v2: bool[2,3], v3: f64[]) {
            v4 = broadcast[shape=(2,3), axes=(1)] v1
            v5 = broadcast[shape=(2,3), axes=()] v3
            v6 = constant[value=f64[2](1.0,2.0)]
            v7 = broadcast[shape=(2,3), axes=(0)] v6
            v8 = add v0 v4
            v9 = mul v8 v5
            v10 = select v2 v9 v7
            v11 = lt v10 v0
            v12 = sin v9
            v13 = constant[value=f64[](2.0)]
            v14 = broadcast[shape=(3), axes=()] v13
            v15 = concat[axis=0] v14 v1
            return v10 v11 v12 v15 v0 }",
    )
}

/// A loop of three steps.
fn scan() -> Plan {
    plan(
        "tape f(v0: f64[], v1: f64[3], v2: f64[]) {
            v3, v4 = scan[length=3, constants=1, states=1, reverse=false] v2 v0 v1 with tape g(v0: f64[], v1: f64[], v2: f64[]) { v3 = mul v1 v2; v4 = add v3 v0; return v4 v3 }
            return v3 v4 }",
    )
}

fn program(plan: &mut Plan, step: usize) -> &mut RegisterProgram {
    match &mut plan.steps[step].work {
        Work::Fused(program) => program,
        other => panic!("step {step} is {other:?}"),
    }
}

/// A fault, the plan that it is planted in, and how.
type Fault = (&'static str, fn() -> Plan, fn(&mut Plan));

const FAULTS: &[Fault] = &[
    ("a slot is read before it is written", chain, |p| p.steps.swap(0, 1)),
    ("a slot is read after another value has taken it", chain, |p| p.steps[3].results[0].slot = 1),
    ("a slot is read that nobody writes", chain, |p| {
        p.steps.remove(2);
    }),
    ("a step reads what it writes", chain, |p| p.steps[2].results[0].slot = 1),
    ("a step writes one slot twice", group, |p| p.steps[0].results[2].slot = 0),
    ("a value is written twice", chain, |p| p.steps.insert(1, p.steps[0].clone())),
    ("an input is written", chain, |p| p.steps[5].results[0].value = p.inputs[0].0),
    ("a constant is written", group, |p| p.steps[1].results[0].value = p.constants[0].0),
    ("an alias is written", chain, |p| p.storage[6] = Storage::Alias(p.inputs[0].0)),
    ("an input is read for another", chain, |p| p.steps[0].operands[0].place = Place::Input(1)),
    ("places that are not there", chain, |p| {
        p.steps[0].operands[0].place = Place::Input(7);
        p.steps[1].operands[1].place = Place::Constant(0);
        p.steps[4].operands[0].place = Place::Slot(9);
        p.steps[5].results[0].slot = 9;
    }),
    ("a slot is too small", chain, |p| p.slots[1] = 8),
    ("a slot that is handed out is too large", chain, |p| p.slots[4] = 16),
    ("a read is of another size", chain, |p| p.steps[5].operands[0].ty = p.inputs[0].1.clone()),
    ("a result has another type than its primitive gives", chain, |p| p.steps[4].results[0].ty = p.inputs[0].1.clone()),
    ("a factor is read as one matrix", chain, |p| {
        p.steps[1].operands[0].ty = p.steps[1].operands[0].ty.batched(3);
        p.steps[1].operands[0].repeats = true;
    }),
    ("another number is written out", group, |p| p.steps[1].work = Work::Fill(3.0)),
    ("another view is written out, past the end", chain, |p| {
        p.steps[3].work = Work::Copy { offset: 1, strides: vec![1, 4] };
    }),
    ("a single step has two results", chain, |p| {
        let more = p.steps[3].results[0].clone();
        p.steps[4].results.push(more);
    }),
    ("a result is not produced", chain, |p| {
        p.steps.pop();
    }),
    ("a result is another value", chain, |p| p.outputs[1].operand.place = Place::Slot(0)),
    ("a slot is handed out twice", chain, |p| p.outputs[2].owned = true),
    ("an argument is handed out", group, |p| p.outputs[4].owned = true),
    ("a step reads another operand than its equation", chain, |p| p.steps[4].operands.swap(0, 1)),
    ("a step runs another primitive than its equation", chain, |p| {
        p.steps[1].work = Work::Single(p.steps[5].equations[0].op.clone());
    }),
    ("a step writes another result than its equation", chain, |p| p.steps[5].equations[0].outputs.clear()),
    ("an instruction runs another function than its equation", group, |p| {
        program(p, 0).instructions[1].action = Action::Binary(Binary::ADD, Source::Register(3), Source::Load(2));
    }),
    ("an instruction reads another operand than its equation", group, |p| {
        program(p, 0).instructions[1].action = Action::Binary(Binary::MUL, Source::Load(2), Source::Register(3));
    }),
    ("a register is taken for another value too early", group, |p| {
        program(p, 0).instructions[4].target = Target::Register(0);
    }),
    ("a load is of another view", group, |p| {
        program(p, 0).loads[1] = Load::Strided { register: 0, offset: 0, strides: vec![0, 0] };
    }),
    ("two stores are exchanged", group, |p| p.steps[0].results.swap(0, 2)),
    ("bools are stored from another register", group, |p| program(p, 0).stores[1] = Store::Mask { register: 0 }),
    ("a register is read before it is written", group, |p| {
        program(p, 0).instructions.swap(0, 1);
    }),
    ("a register is overwritten while it is read", group, |p| {
        program(p, 0).instructions[1].target = Target::Register(3);
    }),
    ("registers, loads, stores and equations that are not there", group, |p| {
        let program = program(p, 0);
        program.instructions[0].action = Action::Move(Source::Load(9));
        program.instructions[1].target = Target::Register(24);
        program.instructions[3].target = Target::Store(9);
        program.instructions[4].action = Action::Move(Source::Register(99));
        program.instructions[5].equation = 9;
        program.loads[4] = Load::Strided { register: 24, offset: 0, strides: vec![1, 0] };
    }),
    ("an instruction reads in place what is loaded into a register", group, |p| {
        program(p, 0).instructions[0].action = Action::Move(Source::Load(1));
    }),
    ("a store is written twice, another never", group, |p| {
        let program = program(p, 0);
        let again = Instruction { target: Target::Store(0), ..program.instructions[5].clone() };
        program.instructions[5] = again;
    }),
    ("a store of bools reads a register that nobody writes", group, |p| {
        program(p, 0).stores[1] = Store::Mask { register: 20 };
    }),
    ("stores and loads of other kinds", group, |p| {
        let program = program(p, 0);
        program.stores[0] = Store::Mask { register: 3 };
        program.loads[0] = Load::One;
        program.loads[2] = Load::Mask { register: 9 };
        program.loads[4] = Load::Strided { register: 2, offset: 0, strides: vec![1, 1] };
    }),
    ("a load too few, a store too few", group, |p| {
        program(p, 0).loads.pop();
        program(p, 0).stores.pop();
    }),
    ("a group in another type", group, |p| program(p, 0).dtype = DType::F32),
    ("a group in bools", group, |p| program(p, 0).dtype = DType::Bool),
    ("a loop that runs once more", scan, |p| {
        let Work::Scan { length, .. } = &mut p.steps[0].work else { unreachable!() };
        *length = 4;
    }),
    ("a loop with more states than its body", scan, |p| {
        let Work::Scan { states, .. } = &mut p.steps[0].work else { unreachable!() };
        *states = 3;
    }),
    ("a loop with an operand too few", scan, |p| {
        p.steps[0].operands.pop();
    }),
    ("a loop whose state changes its type", scan, |p| {
        let Work::Scan { body, .. } = &mut p.steps[0].work else { unreachable!() };
        let mut inner = (**body).clone();
        inner.inputs[1].1.dtype = DType::F32;
        *body = inner.into();
    }),
    ("a loop that runs from the last element to the first", scan, |p| {
        let Work::Scan { reverse, .. } = &mut p.steps[0].work else { unreachable!() };
        *reverse = true;
    }),
    ("a loop that runs another body", scan, |p| {
        let Work::Scan { body, .. } = &mut p.steps[0].work else { unreachable!() };
        *body = plan("tape g(v0: f64[], v1: f64[], v2: f64[]) { v3 = add v1 v2; v4 = add v3 v0; return v4 v3 }").into();
    }),
    ("a loop whose body returns its results in another order", scan, |p| {
        let Work::Scan { body, .. } = &mut p.steps[0].work else { unreachable!() };
        *body = plan("tape g(v0: f64[], v1: f64[], v2: f64[]) { v3 = mul v1 v2; v4 = add v3 v0; return v3 v4 }").into();
    }),
    ("a fault in a loop's body", scan, |p| {
        let Work::Scan { body, .. } = &mut p.steps[0].work else { unreachable!() };
        let mut inner = (**body).clone();
        inner.slots[0] = 4;
        *body = inner.into();
    }),
];

/// Each fault is reported, all that follows from it too, with the steps and their equations.
#[test]
fn no_fault_goes_unseen() {
    let mut text = String::new();
    for (name, plan, plant) in FAULTS {
        let mut broken = plan();
        plant(&mut broken);
        let found = broken.verify();
        assert!(!found.is_empty(), "{name}\n{broken}");
        // A plan with a fault still prints: the report shows it.
        assert!(broken.to_string().starts_with("plan f: "));
        let lines = found.iter().map(|violation| format!("  {violation}\n"));
        text += &format!("{name}\n{}", lines.collect::<String>());
    }
    golden("tests/golden/plan_violations.txt", &text);
}

#[test]
#[should_panic(
    expected = "the plan of f breaks its invariants (a bug in Quadric):\n  step 0: s0 is read for v2 before"
)]
fn a_report_shows_the_plan() {
    let mut broken = chain();
    broken.steps.swap(0, 1);
    broken.assert_valid();
}

/// The text of a plan below the tape it is of.
fn shown(name: &str, text: &str) {
    golden(&format!("tests/golden/plan_{name}.txt"), &format!("{}\n----\n{}", tape(text).to_short_text(), plan(text)));
}

#[test]
fn the_text_of_plans() {
    // A chain with a broadcast and a reduction, a residual connection, a mask: one pass, then the sum.
    shown(
        "fused",
        "tape f(v0: f32[4,8], v1: f32[8]) {
            v2 = broadcast[shape=(4,8), axes=(1)] v1 @ src/model.rs:10:9 {layers.0@src/model.rs:3:1}
            v3 = add v0 v2 @ src/model.rs:10:13 {layers.0@src/model.rs:3:1}
            v4 = constant[value=f32[](0.0)] @ src/model.rs:11:9 {layers.0@src/model.rs:3:1 / relu!@src/model.rs:11:9}
            v5 = broadcast[shape=(4,8), axes=()] v4 @ src/model.rs:11:9 {layers.0@src/model.rs:3:1 / relu!@src/model.rs:11:9}
            v6 = lt v5 v3 @ src/model.rs:11:9 {layers.0@src/model.rs:3:1 / relu!@src/model.rs:11:9}
            v7 = select v6 v3 v5 @ src/model.rs:11:9 {layers.0@src/model.rs:3:1 / relu!@src/model.rs:11:9}
            v8 = mul v7 v3 @ src/model.rs:12:9
            v9 = sum[axes=(0,1)] v8 @ src/model.rs:13:9
            return v9 v6 }",
    );
    // Views are free until a kernel needs them in order; a slice of a slice is a view of a view, and the inner one is
    // written out, once. A bias row under a product's factor is read as it is.
    shown(
        "views",
        "tape f(v0: f64[6,4], v1: f64[4,3]) {
            v2 = permute[order=(1,0)] v0
            v3 = concat[axis=0] v2 v2
            v4 = slice[start=(1,0), size=(2,4), step=(2,1)] v0
            v5 = slice[start=(0,1), size=(2,2), step=(1,2)] v4
            v6 = reverse[axes=(0)] v4
            v7 = cumsum[axis=1, reverse=false] v5
            v8 = exp v6
            v9 = reshape[shape=(4,6)] v0
            v10 = broadcast[shape=(2,4,3), axes=(1,2)] v1
            v11 = broadcast[shape=(2,6,4), axes=(1,2)] v0
            v12 = dot[transpose_lhs=false, transpose_rhs=false] v11 v10
            return v3 v7 v8 v9 v12 }",
    );
    // A loop with its body's plan, and a result that is an argument.
    shown(
        "scan",
        "tape f(v0: f64[], v1: f64[3,2], v2: f64[2]) {
            v3, v4 = scan[length=3, constants=1, states=1, reverse=true] v2 v0 v1 with tape g(v0: f64[2], v1: f64[], v2: f64[2]) {
                v3 = mul v0 v2; v4 = sum[axes=(0)] v3; v5 = add v1 v4; return v5 v3 }
            return v4 v3 v0 }",
    );
    // One array returned twice, once under another shape: handed out once, copied for the rest. A constant, a number.
    shown(
        "results",
        "tape f(v0: f64[4]) {
            v1 = exp v0
            v2 = reshape[shape=(2,2)] v1
            v3 = constant[value=f64[2](1.0,2.0)]
            v4 = constant[value=f64[](0.5)]
            return v1 v2 v1 v3 v4 v0 }",
    );
    // The slot of a value that nobody reads any more is used again, grown if it must.
    shown(
        "slots",
        "tape f(v0: f64[2,2], v1: f64[2,3]) {
            v2 = dot[transpose_lhs=false, transpose_rhs=false] v0 v1
            v3 = dot[transpose_lhs=true, transpose_rhs=false] v2 v1
            v4 = dot[transpose_lhs=false, transpose_rhs=true] v3 v1
            v5 = dot[transpose_lhs=false, transpose_rhs=false] v1 v4
            v6 = dot[transpose_lhs=false, transpose_rhs=false] v5 v2
            return v6 }",
    );
}

/// Twenty-six rows, each repeated along the columns, are read into registers, of which there are fewer: two passes, and what
/// crosses the cut is stored.
#[test]
fn a_group_that_needs_too_many_registers_is_cut() {
    let inputs: Vec<String> = (0..26).map(|i| format!("v{i}: f64[3]")).collect();
    let mut text = format!("tape f({}) {{\n", inputs.join(", "));
    for i in 0..26 {
        text += &format!("v{} = broadcast[shape=(2,3), axes=(1)] v{i}\n", 26 + i);
    }
    text += "v52 = add v26 v27\n";
    for i in 0..24 {
        text += &format!("v{} = add v{} v{}\n", 53 + i, 52 + i, 28 + i);
    }
    text += "return v76 }";
    let plan = plan(&text);
    assert_eq!(plan.steps.len(), 2);
    assert_eq!(plan.steps[0].results[0].value, plan.steps[1].operands[0].value);
    shown("cut", &text);
}

/// A product reads a repeated matrix where it lies if it is all of an array; the first of several is written out.
#[test]
fn the_first_of_several_matrices_is_read_as_one() {
    let stack = Tensor::from_fn(DType::F64, [3, 2, 2], |i| i as f64);
    let one = tensor![[1.0, 2.0], [3.0, 4.0]];
    let product = tensor![[3.0, 4.0], [11.0, 16.0]]; // [[0, 1], [2, 3]] times one
    let first = |x: Var| x.slice(0, 0..1);
    let mut alone = compile(|(x, y): (Var, Var)| first(x).matmul(y.expand_dims(&[0])));
    assert_eq!(alone.call((stack.clone(), one.clone())).unwrap(), product.clone().reshaped([1, 2, 2]));
    let mut repeated = compile(|(x, y): (Var, Var)| {
        first(x).reshape([2, 2]).broadcast_to([2, 1, 2, 2]).matmul(y.broadcast_to([2, 1, 2, 2]))
    });
    let both = Tensor::stack(&[product.clone(), product], 0).unwrap().reshaped([2, 1, 2, 2]);
    assert_eq!(repeated.call((stack, one.clone())).unwrap(), both);
    // All of an array, over a batch axis and an axis of one: nothing is written out.
    let mut whole = compile(|(x, y): (Var, Var)| x.broadcast_to([4, 1, 2, 2]).matmul(y));
    let y = Tensor::from_fn(DType::F64, [4, 1, 2, 2], |i| i as f64);
    assert_eq!(whole.program(&(one, y)).unwrap().plan().steps.len(), 1);
}
