//! What functions of floats, element by element, make of a NaN and of infinities, in value and in derivatives to second order.

use quadric_autodiff::exec::{Options, Program};
use quadric_autodiff::ops::{self, Domain, LogAddExp, Pow, Powi, Sample};
use quadric_autodiff::reference::{self, Array};
use quadric_autodiff::shape::Type;
use quadric_autodiff::tape::{Kind, Tape};
use quadric_autodiff::{DType, Tensor, shape};

use super::support::*;

/// A tape of derivatives with what it is called on after the operands, and how many of its first results are no derivatives.
struct Road {
    name: &'static str,
    tape: Tape,
    extra: Vec<Tensor>,
    given: usize,
}

/// Value, jvp, vjp, jvp∘vjp, along ones.
fn roads(f: &Tape) -> Vec<Road> {
    let fill = |types: &[Type], x: f64| -> Vec<Tensor> {
        types.iter().map(|t| Tensor::from_fn(t.dtype, &t.shape, |_| x)).collect()
    };
    let (x, y) = (floats(&f.input_types()), floats(&f.output_types()));
    let value = Road { name: "value", tape: f.clone(), extra: vec![], given: 0 };
    if x.is_empty() || y.is_empty() {
        return vec![value];
    }
    let (v, w, no_w) = (fill(&x, 1.0), fill(&y, 1.0), fill(&y, 0.0));
    let reverse = backward(f);
    vec![
        value,
        Road { name: "jvp", tape: forward(f), extra: v.clone(), given: f.outputs().len() },
        Road {
            name: "jvp∘vjp",
            tape: forward(&reverse),
            extra: [w.clone(), v, no_w].concat(),
            given: reverse.outputs().len(),
        },
        Road { name: "vjp", tape: reverse, extra: w, given: f.outputs().len() },
    ]
}

fn numbers(results: &[Tensor], given: usize) -> Vec<f64> {
    results[given..].iter().filter(|t| t.dtype().is_float()).flat_map(Tensor::to_f64_vec).collect()
}

/// Element by element: a NaN in an operand is one in the value and in the derivatives, and in the same places for the interpreter.
#[test]
fn a_nan_is_kept_element_by_element() {
    let mut wrong = vec![];
    for (number, sample) in ops::samples().into_iter().enumerate() {
        let inputs = &sample.inputs;
        if inputs.is_empty()
            || inputs.len() > 2
            || !inputs.iter().all(|(t, _)| t.dtype == DType::F64 && t.shape == shape![3, 5])
        {
            continue;
        }
        let f = sample.tape();
        if f.output_types()[0] != inputs[0].0 {
            continue; // a comparison, a reduction
        }
        // x⁰ is 1 and x¹ has the slope 1, whatever x is.
        let power = sample.op.downcast::<Powi>().map(|p| p.n);
        let still = matches!(sample.op.kind(), Kind::Constant | Kind::Linear | Kind::Signed) || power == Some(1);
        for k in 0..inputs.len() {
            let mut operands: Vec<Tensor> =
                inputs.iter().map(|(t, d)| tensor(t, *d, &mut Rng(number as u64))).collect();
            operands[k] = Tensor::from_fn(DType::F64, [3, 5], |_| f64::NAN);
            for road in roads(&f) {
                let args = [operands.clone(), road.extra].concat();
                let got = numbers(&run(&road.tape, &args, ROADS[0]), road.given);
                let plainly: Vec<f64> = plain(&road.tape, &args)[road.given..].concat();
                let place = format!("{:?}, operand {k}, {}", sample.op, road.name);
                if got.iter().zip(&plainly).any(|(a, b)| a.is_nan() != b.is_nan()) {
                    wrong.push(format!("{place}: {got:?}, the interpreter says {plainly:?}"));
                }
                let nans = got.iter().filter(|x| x.is_nan()).count();
                let is_right = match road.name {
                    _ if power == Some(0) => nans == 0,
                    "value" => nans == got.len(),
                    _ if still => nans == 0,
                    // Of a product, the other operand's derivative has it.
                    _ => nans * inputs.len() >= got.len() / 2,
                };
                if !is_right {
                    wrong.push(format!("{place}: {nans} of {} are NaN", got.len()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every pair of these that has an infinity in it.
const OPERANDS: [f64; 9] = [f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 0.5, -0.5, 1.0, -2.0, 3.0];

/// What is finite is so in double-double, and is near to what is found at ±1e30.
#[test]
fn at_infinity_there_is_the_limit_or_nan() {
    let mut wrong = vec![];
    let n = OPERANDS.len();
    for sample in ops::samples() {
        let all_f64 = sample.inputs.iter().all(|(t, _)| t.dtype == DType::F64 && t.shape == shape![3, 5]);
        if sample.inputs.is_empty() || sample.inputs.len() > 2 || !all_f64 || sample.op.kind() == Kind::Linear {
            continue;
        }
        let ty = Type::new(DType::F64, [n * n]);
        let f = Sample { op: sample.op.clone(), inputs: vec![(ty, Domain::Reals); sample.inputs.len()] }.tape();
        let two = sample.inputs.len() == 2;
        let operands = |infinity: f64| -> Vec<Tensor> {
            (0..sample.inputs.len())
                .map(|k| {
                    Tensor::from_fn(DType::F64, [n * n], |i| {
                        let x = OPERANDS[if k == 0 { i / n } else { i % n }];
                        if x.is_infinite() { infinity.copysign(x) } else { x }
                    })
                })
                .collect()
        };
        for road in roads(&f) {
            let at = |infinity: f64| [operands(infinity), road.extra.clone()].concat();
            let got = numbers(&run(&road.tape, &at(f64::INFINITY), ROADS[0]), road.given);
            let exactly = truth(&road.tape, &exact(&at(f64::INFINITY)));
            let exactly: Vec<f64> = exactly[road.given..].iter().flat_map(|x| x.to_f64_vec()).collect();
            let near: Vec<f64> = numbers(&run(&road.tape, &at(1e30), ROADS[0]), road.given);
            for (i, got) in got.into_iter().enumerate() {
                let (a, b) = (OPERANDS[i % (n * n) / n], OPERANDS[i % n]);
                if !(a.is_infinite() || two && b.is_infinite()) || got.is_nan() {
                    continue;
                }
                let is = |other: f64| got == other || (got - other).abs() <= 1e-12 * other.abs();
                let place = format!("{:?}({a}, {b}), {}, entry {i}", sample.op, road.name);
                if !is(exactly[i]) {
                    wrong.push(format!("{place}: {got}, in double-double {}", exactly[i]));
                }
                // Two that are no limits: IEEE 754's powers of −∞, and the empty sum, whose derivatives are 0.
                let is_a_rule = sample.op.is::<Pow>() && a < -2.0
                    || sample.op.is::<LogAddExp>() && (a, b) == (f64::NEG_INFINITY, f64::NEG_INFINITY);
                if got.is_finite() && !is_a_rule && (got - near[i]).abs() > 1e-12 {
                    wrong.push(format!("{place}: {got}, near by {}", near[i]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What takes a NaN without one in its value: indices and comparisons carry none; a select, a part, entries by index, windows and a triangle may
/// leave it where it is; a recurrence does not read its first factor,
/// and one number has no gaps.
const WITHOUT: [&str; 18] = [
    "argmax",
    "argsort",
    "cumargmax",
    "lt",
    "le",
    "eq",
    "ne",
    "select",
    "convert",
    "slice",
    "gather",
    "gather_along",
    "patches",
    "patches_transpose",
    "linear_recurrence",
    "triangular_solve",
    "inverse_gaps",
    "scan",
];

/// Every primitive of floats, with a NaN in each entry of each operand by turns: the executor says what the interpreter says, in value and in
/// derivatives, or both stop with the same words; and the NaN is in the value.
#[test]
fn a_nan_in_one_entry_is_where_the_interpreter_has_it() {
    let mut wrong = vec![];
    for (number, sample) in ops::samples().into_iter().enumerate() {
        let name = sample.op.name();
        let f = sample.tape();
        for k in (0..sample.inputs.len()).filter(|k| sample.inputs[*k].0.dtype.is_float()) {
            let size = sample.inputs[k].0.shape.size();
            for entry in [0, size / 2, size.saturating_sub(1)].into_iter().take(size) {
                let mut operands: Vec<Tensor> =
                    sample.inputs.iter().map(|(t, d)| tensor(t, *d, &mut Rng(number as u64))).collect();
                let before = operands[k].to_f64_vec();
                operands[k] = Tensor::from_fn(operands[k].dtype(), operands[k].shape(), |i| {
                    if i == entry { f64::NAN } else { before[i] }
                });
                for road in roads(&f) {
                    let args = [operands.clone(), road.extra].concat();
                    let place = format!("{:?}, operand {k}, entry {entry}, {}", sample.op, road.name);
                    let refs: Vec<&Tensor> = args.iter().collect();
                    let got = Program::new(&road.tape, &Options::default()).call(&refs);
                    let arrays: Vec<Array<f64>> = args.iter().map(Array::of).collect();
                    let plainly = reference::run(&road.tape, &arrays);
                    match (got, plainly) {
                        (Ok(got), Ok(plainly)) => {
                            let got: Vec<f64> = got[road.given..].iter().flat_map(Tensor::to_f64_vec).collect();
                            let plainly: Vec<f64> = plainly[road.given..].iter().flat_map(|x| x.to_f64_vec()).collect();
                            if got.iter().zip(&plainly).any(|(a, b)| a.is_nan() != b.is_nan()) {
                                wrong.push(format!("{place}: {got:?}, the interpreter says {plainly:?}"));
                            }
                            let is_power_0 = sample.op.downcast::<Powi>().is_some_and(|p| p.n == 0);
                            if road.name == "value"
                                && !WITHOUT.contains(&name)
                                && !is_power_0
                                && !got.is_empty()
                                && !got.iter().any(|x| x.is_nan())
                            {
                                wrong.push(format!("{place}: the NaN is gone: {got:?}"));
                            }
                        }
                        (Err(a), Err(b)) if a.kind() == b.kind() => {}
                        (a, b) => wrong.push(format!("{place}: {:?} and {:?}", a.err(), b.err())),
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
