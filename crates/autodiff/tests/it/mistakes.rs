//! What a user is told: every misuse, and the whole sentence. `HERE` stands for the line of the mistake in this file.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use quadric_autodiff::Arithmetic;
use quadric_autodiff::exec::{Options, Program};
use quadric_autodiff::ops;
use quadric_autodiff::shape::Type;
use quadric_autodiff::tape::{Params, parse};
use quadric_autodiff::trace::{
    self, Var, compile, concat, constant, custom_derivative, custom_pointwise, cut, grad, hessian, hvp, hvp_of_part,
    jvp, scan, scan_n, scope, select, value_and_grad, vjp, vmap,
};
use quadric_autodiff::transform::{self, Freeze, Part};
use quadric_autodiff::{DType, Error, ErrorKind, Tensor, Tree, tensor};

use super::support::golden;

/// The sentence of a mistake; that its place lies in the statement that asks is checked here.
#[track_caller]
fn told<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind) -> String {
    let error = result.expect_err("a mistake");
    assert_eq!(error.kind(), kind, "{error}");
    placed(error.to_string())
}

#[track_caller]
fn placed(text: String) -> String {
    let file = "crates/autodiff/tests/it/mistakes.rs:";
    let Some(at) = text.find(file) else { return text };
    let rest = &text[at + file.len()..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(rest.len());
    let line: u32 = rest[..end].split(':').next().unwrap().parse().unwrap();
    let asked = Location::caller().line();
    assert!((asked..asked + 16).contains(&line), "{text} is not near line {asked}");
    format!("{}HERE{}", &text[..at], &rest[end..])
}

/// The sentence of a mistake that was written down before it was asked for, somewhere in this file.
#[track_caller]
fn told_of_this_file<T: std::fmt::Debug>(result: Result<T, Error>, kind: ErrorKind) -> String {
    let error = result.expect_err("a mistake");
    assert_eq!(error.kind(), kind, "{error}");
    let text = error.to_string();
    let (sentence, place) = text.rsplit_once(" (").expect("it has a place");
    assert!(place.starts_with("crates/autodiff/tests/it/mistakes.rs:"), "{text}");
    sentence.to_string()
}

/// Traces over a 2×3 matrix of f64.
#[track_caller]
fn traced<O: trace::VarTree>(f: impl FnOnce(Var) -> O, kind: ErrorKind) -> String {
    told(trace::trace(f, &w()), kind)
}

fn w() -> Tensor {
    tensor![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
}

use ErrorKind::{Arity, Data, Declaration, EscapedVar, NoRule, NotDifferentiable, NotScalar, Parse, Selection};

type Wrong = fn(Var) -> Var;

#[test]
fn shapes_that_do_not_fit() {
    let kind = ErrorKind::Shape;
    let all: [(Wrong, &str); 24] = [
        (|x| x.matmul(x), "matmul: inner sizes differ: lhs f64[2,3] has 3 columns, rhs f64[2,3] has 2 rows"),
        (|x| x.sum().matmul(x), "matmul: lhs f64[] and rhs f64[2,3] must be matrices or vectors"),
        (|x| x + x.t(), "add: shapes do not broadcast: lhs f64[2,3], rhs f64[3,2]"),
        (|x| x.maximum(x.t()), "maximum: shapes do not broadcast: lhs f64[2,3], rhs f64[3,2]"),
        (|x| x.dot(&x.t()), "mul: shapes differ: lhs f64[2,3], rhs f64[3,2]"),
        (|x| x.reshape([5]), "reshape: f64[2,3] has 6 elements, [5] has 5"),
        (|x| x.broadcast_to([5]), "broadcast: f64[2,3] does not stretch to [5]"),
        (|x| x.permute(&[0, 0]), "permute: [0, 0] is no permutation of the axes of f64[2,3]"),
        (|x| x.permute(&[0, 2]), "permute: axis 2 is out of range for f64[2,3]"),
        (|x| x.sum().t(), "t: f64[] has no two axes to swap"),
        (|x| x.slice(1, 2..5), "slice: 3 entries from 2, 1 apart, reach past axis 1 of f64[2,3]"),
        (|x| x.slice(2, 0..1), "slice: axis 2 is out of range for f64[2,3]"),
        (|x| x.pad(-3, 0, 1), "pad: axis -3 is out of range for f64[2,3]"),
        (|x| x.reverse(2), "reverse: axis 2 is out of range for f64[2,3]"),
        (|x| x.sum_axes(&[-3]), "sum_axes: axis -3 is out of range for f64[2,3]"),
        (|x| x.mean_axes(&[5]), "mean_axes: axis 5 is out of range for f64[2,3]"),
        (|x| x.argmax(2), "argmax: axis 2 is out of range for f64[2,3]"),
        (|x| x.cumsum(-4), "cumsum: axis -4 is out of range for f64[2,3]"),
        (|x| concat(&[x, x.t()], 0), "concat: f64[2,3] and f64[3,2] differ on an axis other than 0"),
        (|x| select(x.gt(0.0), x, x.t()), "select: shapes do not broadcast: bool[2,3], f64[2,3], f64[3,2]"),
        (|x| select(x, x, x), "select: the condition is f64[2,3], bool[2,3] is needed"),
        (|x| x.gather(constant(&tensor![[1i32]]), 0), "gather: the indices are i32[1,1], one axis is needed"),
        (
            |x| x.gather_along(constant(&tensor![[1i32]]), 0),
            "gather_along: the indices are i32[1,1], they must agree with f64[2,3] on every axis but 0",
        ),
        (|x| x.scatter_add(constant(&tensor![1i32]), 0, 3), "scatter_add: the indices are i32[1], i32[2] is needed"),
    ];
    for (i, (f, sentence)) in all.iter().enumerate() {
        // These closures stand in a table, so their place is checked to be in this test, and no closer.
        let text = trace::trace(f, &w()).expect_err(sentence).to_string();
        assert!(text.starts_with(&format!("{sentence} (crates/autodiff/tests/it/mistakes.rs:")), "{i}: {text}");
    }
    // One of them to the line.
    assert_eq!(traced(|x| x.reshape([5]), kind), "reshape: f64[2,3] has 6 elements, [5] has 5 (HERE)");
    assert_eq!(traced(|x| concat(&[], 0).maximum(x), Arity), "concat: at least one operand is needed (HERE)");
    assert_eq!(
        told(Tensor::new([2, 2], &[1.0]), ErrorKind::Shape),
        "tensor: shape [2,2] has 4 elements, the data has 1"
    );
}

/// Sizes beyond memory are said to be so, and do not come round to small ones.
#[test]
fn arrays_that_cannot_be() {
    let kind = ErrorKind::Shape;
    let large = 1usize << 32;
    assert_eq!(
        traced(|x| x.sum().broadcast_to([large, large]), kind),
        "broadcast: f64[4294967296,4294967296] is larger than any memory (HERE)"
    );
    let empty = Tensor::zeros(Type::new(DType::F64, [0]));
    assert_eq!(
        told(trace::trace(|x: Var| x.reshape([large, large]), &empty), kind),
        "reshape: f64[0] has 0 elements, [4294967296,4294967296] has 18446744073709551615 (HERE)"
    );
    assert_eq!(
        traced(|x| x.pad(1, usize::MAX - 1, 0), kind),
        "pad: f64[2,18446744073709551615] is larger than any memory (HERE)"
    );
    assert_eq!(
        traced(|x| x.reshape([1, 1, 2, 3]).patches([2, 2], [1, 1], [usize::MAX, 1, 0, 0], [1, 1]), kind),
        "patches: the padding [18446744073709551615, 1, 0, 0] is larger than any memory (HERE)"
    );
    assert_eq!(
        traced(|x| x.reshape([1, 1, 2, 3]).patches([2, 2], [1, 1], [0; 4], [usize::MAX, 1]), kind),
        "patches: a window of 18446744073709551615x2 does not fit the padded image (HERE)"
    );
    assert_eq!(
        traced(|x| x.reshape([1, 3, 2]).patches_transpose([2, 3], [2, 2], [1, 1], [0; 4], [1, 1]), kind),
        "patches_transpose: the windows are f64[1,3,2], [B,C·2·2,P] is needed (HERE)"
    );
    assert_eq!(
        traced(|x| x.reshape([1, 2, 3]).patches_transpose([3, 3], [2, 1], [1, 1], [0; 4], [1, 1]), kind),
        "patches_transpose: the windows are f64[1,2,3], [B,2,6] is needed (HERE)"
    );
    assert_eq!(
        traced(|x| x.reshape([vec![1; 23], vec![2, 3]].concat()), kind),
        "reshape: f64[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2,3] has 25 axes, 24 are the most (HERE)"
    );
    assert_eq!(
        told(vmap(|x: Var| x.reshape([vec![1; 22], vec![2, 3]].concat()), &w().reshaped([1, 2, 3])), kind),
        "vmap: f64[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2,3] has 25 axes, 24 are the most (HERE)"
    );
    // 2⁴⁷ bytes are the most, wherever they would come from.
    let row = |x: Var, n: usize| x.sum().broadcast_to([n]);
    let all: [(Wrong, &str); 8] = [
        (|x| x.sum().broadcast_to([1_000_000_000; 2]), "broadcast: f64[1000000000,1000000000]"),
        (|x| x.full_like(1.0).pad(0, 1 << 45, 0), "pad: f64[35184372088834,3]"),
        (|_| trace::iota(DType::F32, [1 << 40, 1 << 10], 0), "iota: f32[1099511627776,1024]"),
        (|x| concat(&[x.sum().broadcast_to([1 << 44]), x.sum().broadcast_to([1])], 0), "concat: f64[17592186044417]"),
        (
            |x| x.sum().broadcast_to([1 << 30, 1]).matmul(x.sum().broadcast_to([1, 1 << 30])),
            "dot: f64[1073741824,1073741824]",
        ),
        (
            |_| constant(&Tensor::new([2], &[7u32, 0]).unwrap()).random_bits([1 << 40, 1 << 10]),
            "random_bits: u32[1099511627776,1024]",
        ),
        (
            |x| x.sum().broadcast_to([1, 1, 1 << 22, 1 << 22]).patches([64, 64], [1, 1], [0; 4], [1, 1]),
            "patches: f64[1,4096,17591657566081]",
        ),
        (
            |x| vmap(|x: Var| x.sum().broadcast_to([1 << 44]), &x.sum().broadcast_to([2, 3])),
            "vmap: f64[2,17592186044416]",
        ),
    ];
    for (wrong, what) in all {
        assert_eq!(told_of_this_file(trace::trace(wrong, &w()), kind), format!("{what} is larger than any memory"));
    }
    assert_eq!(
        traced(|x| scan_n(1 << 20, |s: Var| (s, s.broadcast_to([1 << 30])), &x.sum()).1, kind),
        "scan: f64[1048576,1073741824] is larger than any memory (HERE)"
    );
    // The states of every step, which nobody asked for.
    let states = |x: Var| grad(|x: Var| scan_n(1 << 20, |s: Var| (s.sin(), s.sum()), &x).0.sum(), &row(x, 1 << 30));
    let sentence = told_of_this_file(trace::trace(states, &w()), kind);
    assert_eq!(sentence, "scan: f64[1048576,1073741824] is larger than any memory");
    let message = Tensor::new([large, large, 0], &[0.0; 0]).unwrap_err().to_string();
    assert_eq!(message, "tensor: f64[4294967296,4294967296,0] is larger than any memory");
}

/// Each array could be somewhere, all of them nowhere: no process addresses 192 TiB.
#[test]
fn buffers_that_cannot_be_had() {
    let large = |x: Var| x.broadcast_to([1usize << 43]);
    let all = |x: Var| (large(x) + 1.0, large(x).sin(), large(x).exp());
    let mut program = compile(all);
    let said = "the buffers take 211106232532992 bytes, more memory than can be had";
    let text = told_of_this_file(program.call(Tensor::scalar(1.0)), ErrorKind::Shape);
    assert!(text.ends_with(&format!(" is f64[8796093022208]: {said}")), "{text}");
    let tape = trace::trace(all, &Tensor::scalar(1.0)).unwrap();
    let mut outputs = [Tensor::scalar(0.0), Tensor::scalar(0.0), Tensor::scalar(0.0)];
    let error = Program::new(&tape, &Options::default()).run(&[&Tensor::scalar(1.0)], &mut outputs).unwrap_err();
    assert!(error.to_string().contains(said), "{error}");
}

#[test]
fn axes_named_twice_and_ranges_that_run_backwards() {
    let kind = ErrorKind::Shape;
    assert_eq!(traced(|x| x.sum_axes(&[0, 0]), kind), "sum_axes: axis 0 is named twice in [0, 0] (HERE)");
    assert_eq!(traced(|x| x.mean_axes(&[1, 0, -1]), kind), "mean_axes: axis 1 is named twice in [1, 0, -1] (HERE)");
    assert_eq!(traced(|x| x.max_axes(&[-2, 0]), kind), "max_axes: axis 0 is named twice in [-2, 0] (HERE)");
    assert_eq!(
        traced(|x| x.permute(&[0, 0]), kind),
        "permute: [0, 0] is no permutation of the axes of f64[2,3] (HERE)"
    );
    let backwards = std::ops::Range { start: 3, end: 1 };
    assert_eq!(traced(|x| x.slice(1, backwards.clone()), kind), "slice: the range 3..1 runs backwards (HERE)");
    let empty = std::ops::Range { start: 1, end: 1 };
    assert_eq!(trace::trace(|x: Var| x.slice(1, empty), &w()).unwrap().output_types()[0].to_string(), "f64[2,0]");
}

#[test]
fn loops_whose_state_changes() {
    let ones = || tensor![1.0, 1.0];
    let longer = |x: Var| scan(|s: Vec<Var>, x: Var| ([s, vec![x]].concat(), x), &vec![x.sum()], &constant(&ones())).1;
    assert_eq!(
        told_of_this_file(trace::trace(longer, &w()), Arity),
        "scan: the state before a step and after it: the trees differ at the root: 1 item and 2 items"
    );
    let shorter = |x: Var| scan_n(3, |s: Vec<Var>| (s[..1].to_vec(), s[1]), &vec![x.sum(), x.sum()]).1;
    assert_eq!(
        told_of_this_file(trace::trace(shorter, &w()), Arity),
        "scan_n: the state before a step and after it: the trees differ at the root: 2 items and 1 item"
    );
    let gone = |x: Var| scan_n(3, |s: Option<Var>| (None, s.unwrap()), &Some(x.sum())).1;
    assert!(
        told_of_this_file(trace::trace(gone, &w()), Arity)
            .starts_with("scan_n: the state before a step and after it: the trees differ at")
    );
    let other = |x: Var| scan_n(3, |s: Var| (s.convert(DType::I32), s), &x).1;
    assert_eq!(
        told_of_this_file(trace::trace(other, &w()), ErrorKind::Shape),
        "scan: state 0 is f64[2,3] before a step and i32[2,3] after it"
    );
}

#[test]
fn dtypes_that_do_not_fit() {
    let said = |text: String, sentence: &str| assert_eq!(text, format!("{sentence} (HERE)"));
    let kind = ErrorKind::DType;
    said(traced(|x| x + x.convert(DType::F32), kind), "add: dtypes differ: lhs f64[2,3], rhs f32[2,3]");
    said(traced(|x| x.argmax(0).sin(), kind), "sin: the operand is i32[3], a float is needed");
    // Numbers take the other operand's dtype, and nothing is rounded to an integer in passing.
    said(traced(|x| x.argmax(0) + 0.5, kind), "0.5 is no i32");
    said(traced(|x| x.argmax(0) * 1e10, kind), "10000000000.0 is no i32");
    said(traced(|x| x.convert(DType::F32) * 1e300, kind), "1e300 is no f32");
    said(traced(|x| x.gt(0.0).full_like(2.0), kind), "2.0 is no bool");
    said(traced(|x| x.gt(0.0).sum(), kind), "sum: the operand is bool[2,3], a number is needed");
    said(traced(|x| x.and(x), kind), "and: the operand is f64[2,3], bool is needed");
    said(traced(|x| x.gather(x.sum_axes(&[0]), 0), kind), "gather: the indices are f64[3], i32 is needed");
    said(traced(|x| x.random_bits([2]), kind), "random_bits: the key is f64[2,3], u32[2] is needed");
    said(traced(|x| concat(&[x, x.convert(DType::F32)], 0), kind), "concat: dtypes differ: f64[2,3] and f32[2,3]");
    said(
        traced(|x| x.matmul(x.t().convert(DType::F32)), kind),
        "matmul: lhs f64[2,3] and rhs f32[3,2] must be floats of one dtype",
    );
}

#[test]
fn what_cannot_be_differentiated() {
    let x = &w();
    assert_eq!(
        told(grad(|x: Var| x * x, x), NotScalar),
        "grad: the function returns f64[2,3], a scalar is needed (HERE)"
    );
    assert_eq!(
        told(value_and_grad(|x: Var| x * x, x), NotScalar),
        "value_and_grad: the function returns f64[2,3], a scalar is needed (HERE)"
    );
    assert_eq!(
        told(hvp(|x: Var| x * x, x, x), NotScalar),
        "hvp: the function returns f64[2,3], a scalar is needed (HERE)"
    );
    assert_eq!(
        told(grad(|x: Var| x.argmax(0).sum(), x), NotDifferentiable),
        "grad: the function returns i32[], a float is needed (HERE)"
    );
    let integers = tensor![1i32, 2];
    assert_eq!(
        told(grad(|x: Var| x.convert(DType::F64).sum(), &integers), NotDifferentiable),
        "grad: the argument is i32[2], and integers and bools have no derivative (HERE)"
    );
    assert_eq!(
        told(grad(|(x, i): (Var, Var)| x.gather(i, 0).sum(), &(x.clone(), integers.clone())), NotDifferentiable),
        "grad: 1 is i32[2], and integers and bools have no derivative (HERE)"
    );
    assert_eq!(
        told(jvp(|x: Var| x.convert(DType::F64), &integers, &integers), NotDifferentiable),
        "jvp: input 0 is i32[2], and integers and bools have no derivative (HERE)"
    );
    assert_eq!(
        told(jvp(|x: Var| x.argmax(0), x, x), NotDifferentiable),
        "jvp: the function returns i32[3], floats are needed (HERE)"
    );
    assert_eq!(
        told(vjp(|x: Var| x.argmax(0), x, &tensor![1i32, 1, 1]), NotDifferentiable),
        "vjp: the function returns i32[3], floats are needed (HERE)"
    );
    assert_eq!(
        told(hessian(|x: Var| x.sum(), x), ErrorKind::Shape),
        "hessian: the point is f64[2,3], a vector is needed (HERE)"
    );
    // Inside a trace the same mistake stops the trace.
    assert_eq!(
        traced(|x| grad(|x: Var| x * x, &x), NotScalar),
        "grad: the function returns f64[2,3], a scalar is needed (HERE)"
    );
}

#[test]
fn directions_that_do_not_fit() {
    let x = &w();
    let f = |x: Var| x.sum();
    assert_eq!(
        told(hvp(f, x, &tensor![1.0]), ErrorKind::Shape),
        "hvp: leaf 0 of the direction is f64[1], f64[2,3] is needed (HERE)"
    );
    assert_eq!(
        told(hvp(f, x, &x.to_dtype(DType::F32)), ErrorKind::DType),
        "hvp: leaf 0 of the direction is f32[2,3], f64[2,3] is needed (HERE)"
    );
    assert_eq!(
        told(jvp(f, x, &tensor![1.0]), ErrorKind::Shape),
        "jvp: leaf 0 of the direction is f64[1], f64[2,3] is needed (HERE)"
    );
    assert_eq!(
        told(vjp(f, x, &tensor![1.0]), ErrorKind::Shape),
        "vjp: leaf 0 of the direction is f64[1], f64[] is needed (HERE)"
    );
    let two = |x: Vec<Var>| x[0].sum();
    assert_eq!(
        told(jvp(two, &vec![x.clone(), x.clone()], &vec![x.clone()]), Arity),
        "jvp: the direction has 1 leaf, the point has 2 leaves (HERE)"
    );
    assert_eq!(
        traced(|x| vec![x].zip_leaves(&vec![x, x], |a, b| *a + *b), Arity),
        "zip_leaves: the trees differ at the root: 1 item and 2 items (HERE)"
    );
}

/// The map of a linearised point is called later, in either world; the line is that of the call.
#[test]
fn directions_that_do_not_fit_a_linearised_point() {
    let x = &w();
    let (_, map) = trace::linearize(|x: Var| x.sin(), x).unwrap();
    assert_eq!(
        told(map.apply(&tensor![1.0]), ErrorKind::Shape),
        "linearize: leaf 0 of the direction is f64[1], f64[2,3] is needed (HERE)"
    );
    let (_, map) = trace::linearize(|x: Vec<Var>| x[0].sin(), &vec![x.clone()]).unwrap();
    assert_eq!(
        told(map.apply(&vec![x.clone(), x.clone()]), Arity),
        "linearize: the direction has 2 leaves, the point has 1 leaf (HERE)"
    );
    assert_eq!(
        traced(|x| trace::linearize(|x: Var| x.sin(), &x).1.apply(&x.sum()), ErrorKind::Shape),
        "linearize: leaf 0 of the direction is f64[], f64[2,3] is needed (HERE)"
    );
    assert_eq!(
        told(trace::linearize(|x: Var| x, &Tensor::scalar(1i32)), NotDifferentiable),
        "linearize: the argument is i32[], and integers and bools have no derivative (HERE)"
    );
}

#[test]
fn batches_and_loops_that_do_not_fit() {
    let x = &w();
    assert_eq!(
        told(vmap(|x: Var| x, &Tensor::scalar(1.0)), ErrorKind::Shape),
        "vmap: leaf 0 is f64[] and has no axis to map over (HERE)"
    );
    assert_eq!(
        told(vmap(|(a, _): (Var, Var)| a, &(x.clone(), tensor![1.0])), ErrorKind::Shape),
        "vmap: leaf 1 is f64[1], its axis 0 is 1, leaf 0 has 2 (HERE)"
    );
    assert_eq!(told(vmap(|a: Vec<Var>| a, &Vec::<Tensor>::new()), Arity), "vmap: there is no leaf to map over (HERE)");
    assert_eq!(
        traced(|x| trace::scan(|s: Var, x: Var| (s + x, s), &x.sum(), &x), ErrorKind::Shape),
        "scan: state 0 is f64[] before a step and f64[3] after it (HERE)"
    );
    assert_eq!(
        traced(|x| trace::scan(|s: Var, x: Var| (s * x, s), &x.sum(), &x.sum()), ErrorKind::Shape),
        "scan: leaf 0 is f64[] and has no axis to map over (HERE)"
    );
}

#[test]
fn declarations_that_do_not_hold() {
    let said = |text: String, sentence: &str| assert_eq!(text, format!("custom f: {sentence} (HERE)"));
    said(
        traced(|x| custom_pointwise("f", x, |y| y * x, |y| y), Declaration),
        "the closure captures a Var, whose derivative is not declared; hand it in as an operand",
    );
    said(
        traced(|x| custom_derivative("f", &[x], |x| vec![x[0]], |x, d| vec![x[0] * d[0] * d[0]]), Declaration),
        "mul is not linear in what it is declared to be linear in",
    );
    said(
        traced(|x| custom_derivative("f", &[x], |x| vec![x[0]], |_, d| vec![d[0].sin()]), Declaration),
        "sin is not linear in what it is declared to be linear in",
    );
    said(
        traced(|x| custom_derivative("f", &[x], |x| vec![x[0]], |_, d| vec![d[0] + 1.0]), Declaration),
        "add is not linear in what it is declared to be linear in",
    );
    // A declaration within: forward mode would run its f, reverse mode its derivative, and they need not agree.
    said(
        traced(
            |x| {
                let inner = |d: Var| custom_derivative("i", &[d], |q| vec![q[0] * 2.0], |_, e| vec![e[0] * 3.0])[0];
                custom_derivative("f", &[x], |x| vec![x[0]], |_, d| vec![inner(d[0])])
            },
            Declaration,
        ),
        "custom: a derivative that is declared cannot be seen to be linear",
    );
    said(
        traced(|x| custom_derivative("f", &[x], |x| vec![x[0]], |x, _| vec![x[0] + x[0]]), Declaration),
        "output 0 does not depend on what it is declared to be linear in, and is not zero",
    );
    said(
        traced(|x| custom_derivative("f", &[x], |x| vec![x[0].sum()], |_, d| vec![d[0]]), Declaration),
        "the forward derivative maps [f64[2,3], f64[2,3]] to [f64[2,3]], it must map [f64[2,3], f64[2,3]] to [f64[]]",
    );
    said(
        traced(|x| custom_derivative("f", &[x], |x| vec![x[0], x[0]], |_, d| vec![d[0]]), Declaration),
        "the forward derivative maps [f64[2,3], f64[2,3]] to [f64[2,3]], \
         it must map [f64[2,3], f64[2,3]] to [f64[2,3], f64[2,3]]",
    );
    said(
        traced(|x| custom_pointwise("f", x, |x| x.sum(), |x| x), Declaration),
        "f64[] comes out where f64[2,3] goes in",
    );
    said(
        traced(|x| custom_pointwise("f", x, |x| x, |x| x.sum()), Declaration),
        "f64[] comes out where f64[2,3] goes in",
    );
    said(
        traced(|x| trace::declare_second_derivative("f", x, Var::sin, |x| x.sum()), Declaration),
        "f64[] comes out where f64[2,3] goes in",
    );
    said(
        traced(|x| custom_pointwise("f", x.argmax(0), |x| x, |x| x), Declaration),
        "an operand or result is i32[3], floats are needed",
    );
    // Entries that meet: a slope would be a wrong Jacobian, silently.
    said(
        traced(|x| custom_pointwise("f", x, |x| x * x.sum_axes(&[-1]).reshape([2, 1]), |x| x), Declaration),
        "the function must be elementwise, and sum is not",
    );
    said(
        traced(|x| trace::declare_second_derivative("f", x, |x| x.cumsum(1), |x| x), Declaration),
        "the function must be elementwise, and cumsum is not",
    );
}

#[test]
fn selections_that_match_nothing_or_too_much() {
    let x = &w();
    let quadratic = |x: Var| (x * x).sum();
    let g = Part::gauss_newton("z");
    assert_eq!(told(hvp_of_part(&g, quadratic, x, x), Selection), "the function has no cut named \"z\" (HERE)");
    assert_eq!(
        told(
            hvp_of_part(
                &g,
                |x: Var| {
                    let _ = cut("z", x * x);
                    (x * x).powi(2).sum()
                },
                x,
                x
            ),
            Selection
        ),
        "the value does not depend on the cut \"z\": what `cut` returns is the value behind it, and is not used; of a gradient, cut the result: cut(\"z\", grad(…)) (HERE)"
    );
    assert_eq!(
        told(hvp_of_part(&Part::Scope { path: String::new() }, quadratic, x, x), Selection),
        "the path of the scope is empty (HERE)"
    );
    assert_eq!(
        told(
            hvp_of_part(
                &g,
                |x: Var| {
                    let z = cut("z", x.tanh());
                    (z * x).sum()
                },
                x,
                x
            ),
            Selection
        ),
        "a loss equation behind the cut \"z\" is also nonlinear in a parameter that reaches it without passing the cut (HERE)"
    );
    assert_eq!(
        told(hvp_of_part(&g, |x: Var| cut("z", cut("z", x.tanh()).sin()).exp().sum(), x, x), Selection),
        "an equation lies both behind and before the cut \"z\": the name cuts twice on one path, in a loop whose state \
         passes the cut, or inside a declared derivative (HERE)"
    );
    assert_eq!(
        told(hvp_of_part(&Part::Scope { path: "gelu".into() }, quadratic, x, x), Selection),
        "no equation with a second derivative lies in scope \"gelu\" (HERE)"
    );
    assert_eq!(
        told(hvp_of_part(&Part::Line { line: "src/main.rs:7".into() }, quadratic, x, x), Selection),
        "no equation with a second derivative lies in line src/main.rs:7 (HERE)"
    );
    // The same on tapes, in both modes.
    let tape = transform::vjp(&trace::trace(quadratic, x).unwrap(), &[true]).unwrap();
    let freeze = Freeze { sweep: tape.sweep, live: Part::nme("logits") };
    let wrt = [true, false];
    let sentence = "the function has no cut named \"logits\"";
    assert_eq!(told(transform::jvp_frozen(&tape.tape, &wrt, Some(&freeze)), Selection), sentence);
    assert_eq!(told(transform::vjp_frozen(&tape.tape, &wrt, Some(&freeze)), Selection), sentence);
    assert_eq!(told(transform::linearize(&tape.tape, &wrt, Some(&freeze)), Selection), sentence);
}

#[test]
fn variables_that_outlived_their_trace() {
    let leaked = Cell::new(None);
    let kept = |x: Var| {
        leaked.set(Some(x));
        x
    };
    trace::trace(kept, &w()).unwrap();
    let old: Var = leaked.get().unwrap();
    assert_eq!(format!("{old:?}"), "v0 of an ended trace");
    let sentence = "a Var was used after its trace had ended (HERE)";
    assert_eq!(traced(|x| x + old, EscapedVar), sentence);
    assert_eq!(traced(|x| old.t().matmul(x), EscapedVar), sentence);
    assert_eq!(traced(|x| grad(|x: Var| (x * old).sum(), &x), EscapedVar), sentence);
    assert_eq!(told(grad(|x: Var| (x * old).sum(), &w()), EscapedVar), sentence);
    // Returned, not used: the line is that of the trace.
    assert_eq!(told(trace::trace(|_: Var| old, &w()), EscapedVar), sentence);
    // An outer trace's variable in an inner `trace`, which is no transform.
    let inner = |x: Var| {
        assert_eq!(
            told(trace::trace(|y: Var| y * x, &w()), EscapedVar),
            "the closure uses a Var of an outer trace; only transforms of Vars may do that (HERE)"
        );
        x
    };
    trace::trace(inner, &w()).unwrap();

    // Where no trace is open a panic says it, as an ordinary one.
    let caught = |f: &dyn Fn() -> Var| {
        let panic = catch_unwind(AssertUnwindSafe(f)).unwrap_err();
        let text = panic.downcast_ref::<String>().expect("a sentence").clone();
        text[..text.find(" (crates/").expect("a place")].to_string()
    };
    let sentence =
        "a Var was used where no trace is open: Vars live inside the closure given to trace, compile or a transform";
    assert_eq!(caught(&|| old.sin()), sentence);
    assert_eq!(caught(&|| old.reshape(old.shape())), sentence);
    assert_eq!(caught(&|| constant(&w())), "constant: no trace is open on this thread");

    // After every one of these mistakes the thread is as it was.
    assert!(!trace::is_open());
    assert_eq!(grad(|x: Var| x.sum(), &tensor![1.0]).unwrap(), tensor![1.0]);
}

#[test]
fn foreign_panics_pass_untouched() {
    let panic = catch_unwind(|| {
        trace::trace(
            |x: Var| {
                if x.shape().rank() == 2 {
                    std::panic::panic_any(42u8);
                }
                x
            },
            &w(),
        )
    });
    assert_eq!(panic.unwrap_err().downcast_ref::<u8>(), Some(&42));
    assert!(!trace::is_open());
}

#[test]
fn what_only_the_data_can_decide() {
    let x = || w();
    let mut gather = compile(|(x, i): (Var, Var)| x.gather(i, 1));
    assert_eq!(gather.call((x(), tensor![0i32, 7])).unwrap_err().kind(), Data,);
    assert_eq!(
        told(compile(|(x, i): (Var, Var)| x.gather(i, 1)).call((x(), tensor![0i32, 7])), Data),
        "gather: index 7 at position 1 is out of range for 3 entries (HERE)"
    );
    assert_eq!(
        told(compile(|(x, i): (Var, Var)| x.gather(i, 1)).call((x(), tensor![-1i32, 0])), Data),
        "gather: index -1 at position 0 is out of range for 3 entries (HERE)"
    );
    assert_eq!(
        told(compile(|(x, i): (Var, Var)| x.gather_along(i, 1)).call((x(), tensor![[3i32], [0]])), Data),
        "gather_along: index 3 at position 0 is out of range for 3 entries (HERE)"
    );
    assert_eq!(
        told(compile(|(x, i): (Var, Var)| x.scatter_add(i, 1, 2)).call((x(), tensor![0i32, 1, 2])), Data),
        "scatter_add: index 2 at position 2 is out of range for 2 entries (HERE)"
    );
    assert_eq!(
        told(compile(|x: Var| x.argmax(0)).call(Tensor::zeros(Type::new(DType::F64, [0]))), Data),
        "argmax: axis 0 of f64[0] is empty (HERE)"
    );
    // Inside scopes they are named: the user called a layer, not the primitive.
    assert_eq!(
        told(
            compile(|(x, i): (Var, Var)| scope("layers.0", || scope("embedding", || x.gather(i, 1))))
                .call((x(), tensor![0i32, 7])),
            Data
        ),
        "layers.0/embedding: gather: index 7 at position 1 is out of range for 3 entries (HERE)"
    );
    // The derivative of the gather speaks of the user's line as well; and a program works again after an error.
    let mut gradient = compile(|(x, i): (Var, Var)| grad(|x: Var| x.gather(i, 0).sum(), &x));
    let failed = gradient.call((tensor![1.0, 2.0], tensor![0i32, 2]));
    assert!(failed.unwrap_err().place().unwrap().starts_with("crates/autodiff/tests/it/mistakes.rs"));
    assert_eq!(gradient.call((tensor![1.0, 2.0], tensor![0i32, 0])).unwrap(), tensor![2.0, 0.0]);
    assert_eq!(gather.call((x(), tensor![0i32, 2])).unwrap(), tensor![[1.0, 3.0], [4.0, 6.0]]);
}

#[test]
fn tapes_and_programs_that_are_given_the_wrong_things() {
    let x = w();
    let tape = trace::trace(|x: Var| x.sin(), &x).unwrap();
    let mut program = Program::new(&tape, &Options::default());
    assert_eq!(told(program.call(&[]), Arity), "the program takes 1 tensor, got 0");
    assert_eq!(
        told(program.call(&[&tensor![1.0]]), ErrorKind::Shape),
        "argument 0 is f64[1], the program was compiled for f64[2,3]"
    );
    assert_eq!(
        told(program.call(&[&x.to_dtype(DType::F32)]), ErrorKind::DType),
        "argument 0 is f32[2,3], the program was compiled for f64[2,3]"
    );
    assert_eq!(told(program.run(&[&x], &mut []), Arity), "the program returns 1 tensor, there is room for 0");
    assert_eq!(told(transform::jvp(&tape, &[]), Arity), "jvp: the tape f has 1 input, got 0 flags");
    assert_eq!(told(transform::vjp(&tape, &[true, true]), Arity), "vjp: the tape f has 1 input, got 2 flags");
    assert_eq!(told(transform::vmap(&tape, &[], 2), Arity), "vmap: the tape f has 1 input, got 0 flags");
    assert_eq!(told(tape.with_inputs(&[]), Arity), "the tape f reads v0, which is no longer an input");
    assert_eq!(
        told(transform::transpose(&trace::trace(|x: Var| x.sin(), &x).unwrap(), &[true]), Declaration),
        "sin is not linear in what it is declared to be linear in (HERE)"
    );
}

/// A primitive that says it has no derivative is named, with its line; nothing is differentiated silently wrong.
#[test]
fn a_primitive_without_a_rule_is_an_error_that_names_it() {
    use quadric_autodiff::tape::{
        AnyPrimitive, AnyRule, BatchBodies, Batched, Builder, Kernel, Label, Line, Op, Tape, Value,
    };
    use std::sync::Arc;
    #[derive(Debug, PartialEq, Eq, Hash)]
    struct Opaque(Op);
    impl AnyPrimitive for Opaque {
        fn name(&self) -> &'static str {
            "opaque"
        }
        fn params(&self) -> Params {
            Params::none()
        }
        fn infer(&self, inputs: &[&Type], bodies: &[Arc<Tape>]) -> Result<Vec<Type>, Error> {
            self.0.infer(inputs, bodies)
        }
        fn rule(&self) -> AnyRule {
            AnyRule::Missing("it was written for this test")
        }
        fn vmap(
            &self,
            _: &mut Builder,
            _: &[Batched],
            _: &[Arc<Tape>],
            _: usize,
            _: &dyn BatchBodies,
        ) -> Result<Vec<Batched>, Error> {
            Err(Error::new(NoRule, "vmap: opaque cannot be batched"))
        }
        fn kernel(&self) -> Kernel {
            self.0.kernel()
        }
    }
    let mut b = Builder::new("f");
    let x: Value = b.input(Type::new(DType::F64, [2]));
    let line = Line { file: Arc::from("src/main.rs"), line: 3, column: 7 };
    b.set_label(Label { line: Some(line), ..Label::default() });
    let y = b.emit(Op::new(Opaque(ops::op(ops::Sin))), &[x]).unwrap();
    let tape = b.finish(vec![y]).unwrap();
    let why = "opaque has no derivative: it was written for this test (src/main.rs:3:7)";
    assert_eq!(told(transform::jvp(&tape, &[true]), NoRule), format!("jvp: {why}"));
    assert_eq!(told(transform::vjp(&tape, &[true]), NoRule), format!("vjp: {why}"));
    assert_eq!(told(transform::vmap(&tape, &[true], 2), NoRule), "vmap: opaque cannot be batched (src/main.rs:3:7)");
    // Where no tangent reaches it there is nothing to say.
    assert!(transform::jvp(&tape, &[false]).is_ok() && transform::vjp(&tape, &[false]).is_ok());
}

/// Every parse error with its line and column, as a golden file.
#[test]
fn text_that_is_no_tape() {
    let find = |name: &str, params: &Params| ops::find(name, params);
    let head = "tape f(v0: f64[2]) {\n  ";
    let whole = [
        "",
        "tape",
        "tape f",
        "tape f(v0: f64[2]) { return v0",
        "tape f(v0: f16[2]) { return v0 }",
        "tape f(v0: f64[2], v0: f64[2]) { return v0 }",
        "tape f(v0: f64[2]) { return v1 }",
        "tape f(v0: f64[2]) { return v0 } x",
        "tape f(v0: f64[2) { return v0 }",
        "tape f(v0: f64[-2]) { return v0 }",
        "tape f(v0: f64[99999999999999999999]) { return v0 }",
    ];
    // Deep enough to overflow the stack of whoever reads it without counting.
    let nested = "v1 = checkpoint[replay=false] v0 with tape f(v0: f64[]) {\n".repeat(20_000);
    let error = parse(&format!("tape f(v0: f64[]) {{\n{nested}"), &find, &[]).unwrap_err().to_string();
    assert!(error.ends_with("tapes are nested more than 100 deep"), "{error}");
    let inside = [
        "v1 = sine v0",
        "v1 exp v0",
        "v1 = sum v0",
        "v1 = sum[axes=3] v0",
        "v1 = sum[axes=(3)] v0",
        "v1 = sum[axes=(0 1)] v0",
        "v1: f32[2] = exp v0",
        "v0 = exp v0",
        "v1, v2 = exp v0",
        "v1 = exp v0 v0",
        "v1 = exp",
        "v1 = exp v7",
        "v1 = exp v0 @ main.rs",
        "v1 = exp v0 @ main.rs:1:2 {layer}",
        "v1 = exp v0 @ main.rs:1:2 tangent",
        "v1 = constant[value=@0 f64[20]#00]",
        "v1 = constant[value=@1 f64[20]#00]",
        "v1 = constant[value=f64[2](1,x)]",
        "v1 = constant[value=f64[2](1)]",
        "v1 = cut[name=\"a] v0",
        "v1 = cut[name=a] v0",
        "v1 = cumsum[axis=-1, reverse=false] v0",
        "v1 = cumsum[axis=0, reverse=maybe] v0",
        "v1 = convert[dtype=f16] v0",
        "v1 = powi[n=99999999999] v0",
        "v1 = residual[sweep=1, class=round] v0",
        "v1 = residual[sweep=1, class=linear, cut=\"z\", side=left] v0",
        "v1 = custom[name=\"f\", class=linear] v0",
        "v1 = checkpoint[replay=false] v0 with tape g(v0: f64[3]) { return v0 }",
        "v1 = checkpoint[replay=false] v0 with tape g(v0: f64[2]) {\n    v1 = sine v0\n    return v1 }",
    ];
    let table = [Tensor::zeros(Type::new(DType::F64, [20]))];
    let mut text = String::new();
    let inside = inside.iter().map(|line| format!("{head}{line}\n  return v0\n}}"));
    for source in whole.iter().map(ToString::to_string).chain(inside) {
        let error = parse(&source, &find, &table).expect_err(&source);
        assert_eq!(error.kind(), Parse, "{error}");
        text += &format!("{source}\n----\n{error}\n\n");
    }
    golden("tests/golden/parse_errors.txt", &text);
}

#[test]
fn numbers_and_places_that_do_not_exist() {
    assert_eq!(
        traced(|x| x.powi(i32::MIN), Data),
        "powi: the exponent -2147483648 is the smallest there is, and its power has no reciprocal (HERE)"
    );
    assert_eq!(
        traced(|x| x.top_k(7, 1).0, ErrorKind::Shape),
        "top_k: the 7 largest of 3 entries along axis 1 of f64[2,3] (HERE)"
    );
    assert_eq!(
        traced(|_| trace::iota(DType::F64, [2], 1), ErrorKind::Shape),
        "iota: axis 1 is out of range for rank 1 (HERE)"
    );
    assert_eq!(
        told(trace::vmap_axes(|x: Var| x, &w(), &[Some(5)], 0), ErrorKind::Shape),
        "vmap_axes: axis 5 is out of range for rank 2 (HERE)"
    );
    // Through a function of the standard library, which hides the line, the trace's own line is given.
    assert_eq!(
        traced(|x| [x].map(Var::cholesky)[0], ErrorKind::Shape),
        "cholesky: the operand is f64[2,3], a square matrix is needed (HERE)"
    );
}
