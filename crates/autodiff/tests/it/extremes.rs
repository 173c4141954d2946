//! Derivatives at the ends of the range: every elementwise rule at operands and directions drawn from all of f32.
//!
//! A derivative that is an ordinary number may still come out as ∞, NaN or 0, if its rule makes something on the way that is no f32. The truth is
//! the same tape in double-double, whose exponents are those of f64. Two judgements:
//!
//! - A rule by itself: where operands, value, direction and first derivative are normal f32 numbers or 0, the derivative is right to [`ULPS`] whatever
//!   the rule's own intermediates are, because another order of operations keeps them in range. [`LEFT`] names where that is not so, and why.
//! - A second derivative: right within the error that the roundings of its own equations explain. [`Traced`] carries it along the
//!   true values: how far a result moves when an operand moves by its error, found by moving it, and the rounding of the result. What reads a value
//!   beyond f32 is not judged, for products of the directions alone leave the range there: `s · recip x` forward has the slope of `recip x` on its way.

use quadric_autodiff::ops::{self, Ops};
use quadric_autodiff::reference::double_double::Dd;
use quadric_autodiff::reference::{Array, Data};
use quadric_autodiff::shape::Type;
use quadric_autodiff::tape::{AnyRule, Builder, Kernel, Op, Tape};
use quadric_autodiff::transform::{jvp, vjp};
use quadric_autodiff::{DType, Shape, Tensor};

use super::planted::{Broken, Bug, SOUND, pointwise};
use super::support::{Rng, exact, run, truth};

/// How far a single rule may be from the truth, in units in the last place of f32.
const ULPS: f64 = 64.0;
/// What one equation may round, in the same units: the worst kernel in f32 and a constant that f32 rounds.
const ROUNDING: f64 = 8.0;
const EPSILON: f64 = f32::EPSILON as f64;
/// The smallest subnormal number.
const LEAST: f64 = 1.401298464324817e-45;
/// Points at which a rule is tried.
const POINTS: usize = 500;

/// Rules whose first derivative may still leave the range on the way, and why.
const LEFT: [(&str, &str); 12] = [
    (
        "polygamma",
        "the next polygamma overflows next to poles, and far from them underflows; next to its own roots terms cancel",
    ),
    ("pow_derivative", "its derivatives take the product of two directions"),
    ("div", "y ḃ underflows where ḃ/b need not, and the other way round"),
    ("atan2", "the ratio of the operands underflows"),
    ("hypot", "the ratio of an operand and the length underflows"),
    ("logaddexp", "the logistic function of the difference underflows"),
    // Their slopes in saturation. By two roots of the slope, one after the other, they would be right at the price of a rounding everywhere.
    ("expm1", UNDERFLOWS),
    ("tanh", UNDERFLOWS),
    ("logistic", UNDERFLOWS),
    ("erf", UNDERFLOWS),
    ("erfc", UNDERFLOWS),
    ("normal_cdf", UNDERFLOWS),
];
const UNDERFLOWS: &str = "the slope underflows where its product with a large direction does not";

/// A number of f32: over all exponents, of moderate size, about ±1, and the ends themselves.
fn number(rng: &mut Rng) -> f64 {
    const SPECIAL: [f32; 8] = [0.0, 1.0, -1.0, f32::MAX, f32::MIN, f32::MIN_POSITIVE, -f32::MIN_POSITIVE, 1e-45];
    let x = match rng.below(16) {
        0..=6 => rng.sign() * rng.between(-126.0, 128.0).exp2(),
        7..=11 => rng.sign() * rng.between(-6.0, 7.3).exp2(),
        12 => rng.sign() * rng.between(-149.0, -126.0).exp2(),
        13 => rng.sign() * (1.0 + rng.sign() * rng.between(-24.0, -1.0).exp2()),
        14 => rng.between(-40.0, 5.0),
        _ => f64::from(SPECIAL[rng.below(SPECIAL.len())]),
    };
    f64::from((x as f32).clamp(f32::MIN, f32::MAX))
}

fn is_normal_or_zero(x: f64) -> bool {
    x == 0.0 || (f64::from(f32::MIN_POSITIVE)..=f64::from(f32::MAX)).contains(&x.abs())
}

fn column(numbers: &[f64]) -> Tensor {
    Tensor::from_fn(DType::F32, [numbers.len()], |i| numbers[i])
}

/// The differentiable elementwise primitives of floats, each choice of parameters once, with the number of operands.
fn primitives() -> Vec<(Op, usize)> {
    let mut all: Vec<(Op, usize)> = Vec::new();
    for sample in ops::samples() {
        let elementwise = matches!(sample.op.kernel(), Kernel::Unary(_) | Kernel::Binary(_));
        let floats = sample.inputs.iter().all(|(t, _)| t.dtype.is_float());
        let smooth = !matches!(sample.op.rule(), AnyRule::Constant | AnyRule::Missing(_));
        let known = all.iter().any(|(op, _)| *op == sample.op);
        if (elementwise || sample.op.name() == "pow_derivative") && floats && smooth && !known {
            all.push((sample.op, sample.inputs.len()));
        }
    }
    all
}

/// One primitive on columns of this length.
fn one(op: &Op, operands: usize, dtype: DType, n: usize) -> Tape {
    let mut b = Builder::new(op.name());
    let inputs: Vec<_> = (0..operands).map(|_| b.input(Type::new(dtype, Shape::from([n])))).collect();
    let y = b.emit(op.clone(), &inputs).unwrap_or_else(|e| panic!("{op:?}: {e}"));
    b.finish(vec![y]).expect("its own value")
}

/// The flag of one among several.
fn only(i: usize, n: usize) -> Vec<bool> {
    (0..n).map(|k| k == i).collect()
}

/// `(x…, ẋᵢ) → ẏ`.
fn forward(f: &Tape, i: usize) -> Tape {
    let t = jvp(f, &only(i, f.inputs().len())).unwrap_or_else(|e| panic!("jvp: {e}\n{f}")).tape;
    t.with_outputs([1])
}

/// `(x…, ȳ) → x̄ᵢ`.
fn reverse(f: &Tape, i: usize) -> Tape {
    let t = vjp(f, &only(i, f.inputs().len())).unwrap_or_else(|e| panic!("vjp: {e}\n{f}")).tape;
    t.with_outputs([1])
}

/// The roads to the first derivative by operand i.
type ByOperand = fn(&Tape, usize) -> Tape;
const FIRST: [(&str, ByOperand); 2] = [("jvp", forward), ("vjp", reverse)];

fn reals(x: &[Array<Dd>]) -> Vec<f64> {
    x[0].to_f64_vec()
}

/// What a derivative got wrong.
#[derive(Debug)]
struct Finding {
    road: String,
    /// The arguments of the tape.
    at: Vec<f64>,
    got: f64,
    truth: f64,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at: Vec<String> = self.at.iter().map(|x| format!("{x:e}")).collect();
        write!(f, "{} at {}: {:e}, not {:e}", self.road, at.join(", "), self.got, self.truth)
    }
}

/// Directions that make a derivative an ordinary number, half of them; the others may be anything. `slope` is the derivative along 1.
fn aimed(slope: &[f64], rng: &mut Rng) -> Vec<f64> {
    let aim = |slope: &f64| {
        let target = rng.sign() * rng.between(-125.9, 127.9).exp2();
        let u = f64::from((target / slope) as f32);
        if u != 0.0 && is_normal_or_zero(u) && rng.below(2) == 0 { u } else { number(rng) }
    };
    slope.iter().map(aim).collect()
}

/// What was judged of a primitive, and what was found.
#[derive(Default)]
struct Seen {
    judged: [usize; 2],
    found: [Vec<Finding>; 2],
}

/// The derivatives of `tested` to the second order, compared with those of `sound`.
fn judge(sound: &Op, tested: &Op, operands: usize, rng: &mut Rng) -> Seen {
    let mut seen = Seen::default();
    let value = [sound, tested].map(|op| one(op, operands, DType::F32, POINTS));
    let x: Vec<Vec<f64>> = (0..operands).map(|_| (0..POINTS).map(|_| number(rng)).collect()).collect();
    let x: Vec<Tensor> = x.iter().map(|x| column(x)).collect();
    let ones = column(&[1.0; POINTS]);
    let y = reals(&truth(&value[0], &exact(&x)));
    for (road, first) in FIRST {
        for i in 0..operands {
            let [sound, tested] = [0, 1].map(|k| first(&value[k], i));
            let slope = reals(&truth(&sound, &exact(&[&x[..], std::slice::from_ref(&ones)].concat())));
            let args = [&x[..], &[column(&aimed(&slope, rng))]].concat();
            let dy = reals(&truth(&sound, &exact(&args)));
            let ordinary = |k: usize| is_normal_or_zero(y[k]) && is_normal_or_zero(dy[k]);
            let expected = |k: usize| ordinary(k).then(|| (dy[k], ULPS * EPSILON * f64::abs(dy[k])));
            seen.compare(0, format!("{road} by {i}"), &tested, &args, expected);
            if road != "vjp" {
                continue;
            }
            for (outer, second) in FIRST {
                for j in 0..operands {
                    let road = format!("{outer} by {j} of vjp by {i}");
                    let [sound, tested] = [second(&sound, j), second(&tested, j)];
                    let slope = reals(&truth(&sound, &exact(&[&args[..], std::slice::from_ref(&ones)].concat())));
                    let args = [&args[..], &[column(&aimed(&slope, rng))]].concat();
                    let second = &traced(&sound, &exact(&args))[0];
                    let ddy = second.value.to_f64_vec();
                    let expected =
                        |k: usize| (ordinary(k) && is_normal_or_zero(ddy[k])).then(|| (ddy[k], second.error[k]));
                    seen.compare(1, road, &tested, &args, expected);
                }
            }
        }
    }
    seen
}

impl Seen {
    /// Runs the tape in f32, and compares with `expected`, the truth and a bound where the test judges. A bound that is no small part of the truth
    /// judges nothing.
    fn compare(
        &mut self,
        order: usize,
        road: String,
        tape: &Tape,
        args: &[Tensor],
        expected: impl Fn(usize) -> Option<(f64, f64)>,
    ) {
        let got = run(tape, args, (true, 1))[0].to_f64_vec();
        let args: Vec<Vec<f64>> = args.iter().map(Tensor::to_f64_vec).collect();
        for k in 0..got.len() {
            let at: Vec<f64> = args.iter().map(|x| x[k]).collect();
            let Some((truth, bound)) = expected(k) else { continue };
            let clear = bound <= 0.1 * truth.abs() || truth == 0.0 && bound.is_finite();
            if !(clear && at.iter().all(|x| is_normal_or_zero(*x))) {
                continue;
            }
            self.judged[order] += 1;
            let right = got[k] == truth || (got[k] - truth).abs() <= bound;
            if !right {
                self.found[order].push(Finding { road: road.clone(), at, got: got[k], truth });
            }
        }
    }

    /// What was found, a line each, the first few.
    fn text(&self, order: usize) -> String {
        self.found[order].iter().take(6).map(|f| format!("    {f}\n")).collect()
    }
}

/// A true value, and how far a run in f32 may be from it, element by element.
#[derive(Clone)]
struct Traced {
    value: Array<Dd>,
    error: Vec<f64>,
}

/// The outputs of a tape with the errors that its roundings explain; ∞ where a value on the way is beyond f32.
fn traced(tape: &Tape, inputs: &[Array<Dd>]) -> Vec<Traced> {
    let mut known: Vec<Option<Traced>> = vec![None; tape.value_count()];
    for (v, x) in tape.inputs().iter().zip(inputs) {
        known[v.index()] = Some(Traced { value: x.clone(), error: vec![0.0; x.ty.shape.size()] });
    }
    for e in tape.equations() {
        let mut b = Builder::new("one");
        let args: Vec<_> = e.inputs.iter().map(|v| b.input(tape.type_of(*v).clone())).collect();
        let y = b.emit(e.op.clone(), &args).expect("the equation is valid");
        let one = b.finish(vec![y]).expect("its own value");
        let operands: Vec<Traced> = e.inputs.iter().map(|v| known[v.index()].clone().expect("in order")).collect();
        known[e.outputs[0].index()] = Some(step(&one, &operands));
    }
    tape.outputs().iter().map(|v| known[v.index()].clone().expect("defined")).collect()
}

fn step(one: &Tape, operands: &[Traced]) -> Traced {
    let mut args: Vec<Array<Dd>> = operands.iter().map(|x| x.value.clone()).collect();
    let y = truth(one, &args).pop().expect("one output");
    let numbers = y.to_f64_vec();
    let is_float = matches!(y.data, Data::Real(_));
    let rounding = |y: &f64| match y.abs() {
        _ if !is_float => 0.0,
        size if size <= f64::from(f32::MAX) => ROUNDING * (EPSILON * size).max(if size == 0.0 { 0.0 } else { LEAST }),
        _ => f64::INFINITY,
    };
    let mut error: Vec<f64> = numbers.iter().map(rounding).collect();
    for (k, operand) in operands.iter().enumerate().filter(|(_, x)| x.error.iter().any(|e| *e > 0.0)) {
        let mut moved = vec![0.0f64; error.len()];
        // Not at the ends alone: a periodic function may come back to where it was.
        for (lost, part) in [(f64::NAN, 1.0), (f64::INFINITY, -1.0), (f64::NEG_INFINITY, 0.61), (f64::NAN, -0.37)] {
            args[k].data = match &operand.value.data {
                Data::Real(x) => Data::Real(
                    x.iter()
                        .zip(&operand.error)
                        .map(|(x, e)| match e {
                            0.0 => *x,
                            e if e.is_finite() => *x + Dd::from_f64(part * e),
                            _ => Dd::from_f64(lost),
                        })
                        .collect(),
                ),
                Data::Int(x) => {
                    Data::Int(x.iter().zip(&operand.error).map(|(x, e)| if *e > 0.0 { 1 - x } else { *x }).collect())
                }
            };
            for (moved, (at, y)) in moved.iter_mut().zip(truth(one, &args)[0].to_f64_vec().iter().zip(&numbers)) {
                let off = if at == y { 0.0 } else { (at - y).abs() };
                *moved = moved.max(if off.is_nan() { f64::INFINITY } else { off });
            }
        }
        args[k] = operand.value.clone();
        for (error, moved) in error.iter_mut().zip(moved) {
            *error += moved;
        }
    }
    Traced { value: y, error }
}

#[test]
fn rules_over_the_whole_range() {
    for (op, operands) in primitives() {
        let seen = judge(&op, &op, operands, &mut Rng(7));
        let [first, second] = seen.found.each_ref().map(Vec::len);
        println!("{op:?}: judged {:?}, found {first} and {second}\n{}{}", seen.judged, seen.text(0), seen.text(1));
        assert!(seen.judged[0] > 150 && seen.judged[1] > 50, "{op:?}: few points are judged: {:?}", seen.judged);
        assert_eq!(second, 0, "{op:?}, second order:\n{}", seen.text(1));
        // What is left is rare, and stays so.
        let left = LEFT.iter().any(|(name, _)| *name == op.name());
        let allowed = if left { seen.judged[0] / 15 } else { 0 };
        assert!(first <= allowed, "{op:?}: {first} of {}:\n{}", seen.judged[0], seen.text(0));
    }
}

/// The rules as they would be written first are found out.
#[test]
fn planted_rules_are_found() {
    static BUGS: [Bug; 3] = [
        Bug {
            name: "recip′ = −y² before it meets u",
            primitive: "recip",
            rule: |_| {
                pointwise(|t, _, y| {
                    let square = t.mul(y, y);
                    t.neg(square)
                })
            },
            ..SOUND
        },
        Bug {
            name: "softplus′ = 1 − e^(−y)",
            primitive: "softplus",
            rule: |_| {
                pointwise(|t, _, y| {
                    let (one, minus) = (t.like(y, 1.0), t.neg(y));
                    let rest = t.exp(minus);
                    t.sub(one, rest)
                })
            },
            ..SOUND
        },
        Bug {
            name: "tanh′ = 1 − y²",
            primitive: "tanh",
            rule: |_| {
                pointwise(|t, _, y| {
                    let (one, square) = (t.like(y, 1.0), t.mul(y, y));
                    t.sub(one, square)
                })
            },
            ..SOUND
        },
    ];
    for bug in &BUGS {
        let (op, operands) = primitives().into_iter().find(|(op, _)| op.name() == bug.primitive).expect("a primitive");
        let broken = Op::new(Broken { inner: op.clone(), bug });
        let seen = judge(&op, &broken, operands, &mut Rng(7));
        println!("{}: {} of {}\n{}", bug.name, seen.found[0].len(), seen.judged[0], seen.text(0));
        assert!(!seen.found[0].is_empty(), "{}: not found at {} points", bug.name, seen.judged[0]);
    }
}
