//! Accuracy against 60-digit references, in the formats' own units.

use super::*;

/// The elementary functions with their bounds in ulp, as the module's table states them: (op, name, f32, f64).
const BOUNDS: [(Unary, &str, f64, f64); 32] = [
    (Unary::EXP, "exp", 0.89, 1.0),
    (Unary::EXPM1, "expm1", 1.15, 1.03),
    (Unary::LOG, "log", 0.81, 0.78),
    (Unary::LOG1P, "log1p", 0.83, 0.80),
    (Unary::SIN, "sin", 0.51, 0.77),
    (Unary::COS, "cos", 0.51, 0.77),
    (Unary::TANH, "tanh", 1.35, 1.29),
    (Unary::ERF, "erf", 1.27, 1.20),
    (Unary::LOGISTIC, "logistic", 1.94, 1.80),
    (Unary::SINH, "sinh", 2.34, 2.06),
    (Unary::COSH, "cosh", 1.33, 1.24),
    (Unary::LGAMMA, "lgamma", 0.51, 2.30),
    (Unary::polygamma(0), "digamma", 0.51, 2.74),
    (Unary::polygamma(1), "trigamma", 0.51, 4.52),
    (Unary::polygamma(2), "tetragamma", 0.51, 4.92),
    (Unary::polygamma(3), "pentagamma", 0.51, 5.75),
    (Unary::polygamma(4), "polygamma4", 0.51, 6.61),
    (Unary::polygamma(20), "polygamma20", 0.51, 15.2),
    (Unary::polygamma(100), "polygamma100", 0.51, 49.1),
    (Unary::GAUSSIAN, "gaussian", 0.87, 1.0),
    (Unary::HALF_GAUSSIAN, "half_gaussian", 0.89, 1.0),
    (Unary::NORMAL_CDF, "normal_cdf", 3.77, 3.38),
    (Unary::ERFC, "erfc", 3.76, 3.99),
    (Unary::SECH, "sech", 2.41, 2.13),
    (Unary::SOFTPLUS, "softplus", 1.58, 1.42),
    (Unary::ATAN, "atan", 0.51, 0.76),
    (Unary::ASIN, "asin", 0.51, 0.83),
    (Unary::ACOS, "acos", 0.51, 0.85),
    (Unary::ASINH, "asinh", 0.51, 1.46),
    (Unary::ACOSH, "acosh", 0.51, 1.71),
    (Unary::ATANH, "atanh", 0.51, 1.45),
    (Unary::ERF_INV, "erf_inv", 0.51, 1.91),
];

/// Functions of two numbers, likewise.
const BOUNDS_OF_TWO: [(OfTwo, f64, f64); 3] = [
    (OfTwo::Binary(Binary::HYPOT), 0.51, 0.91),
    (OfTwo::Binary(Binary::LOGADDEXP), 2.28, 2.57),
    (OfTwo::Powi, 3.13, 3.19),
];

/// A function of two numbers, or `powi` with the second one as its exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
enum OfTwo {
    Binary(Binary),
    Powi,
}

impl OfTwo {
    fn name(self) -> &'static str {
        match self {
            OfTwo::Binary(op) => op.name(),
            OfTwo::Powi => "powi",
        }
    }

    fn at<T: Real>(self, a: T, b: f64) -> T {
        match self {
            OfTwo::Binary(op) => op.at(a, T::from_f64(b)),
            OfTwo::Powi => Unary::powi(b as i32).at(a),
        }
    }
}

/// One line of the table: f(x) = hi + lo, or f(x, second) = hi + lo.
struct Reference {
    name: String,
    x: f64,
    second: f64,
    hi: f64,
    lo: f64,
}

fn parse(table: &str) -> Vec<Reference> {
    let number = |word: &str| f64::from_bits(u64::from_str_radix(word, 16).unwrap());
    table
        .lines()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let [name, xs @ .., hi, lo] = &words[..] else { panic!("{line}") };
            let (x, second) = (number(xs[0]), number(xs[xs.len() - 1]));
            Reference { name: name.to_string(), x, second, hi: number(hi), lo: number(lo) }
        })
        .collect()
}

/// The largest error in ulps of `op` over the rows, and where.
fn worst<T: Real>(op: Unary, rows: &[&Reference], digits: i32, lowest: i32) -> (f64, f64) {
    let x: Vec<T> = rows.iter().map(|r| T::from_f64(r.x)).collect();
    let mut worst = (0.0, 0.0);
    for (r, y) in rows.iter().zip(apply(op, &x)) {
        let error = ((y.as_f64() - r.hi) - r.lo).abs() / ulp(r.hi, digits, lowest);
        assert!(!error.is_nan(), "{op:?}({:e}) = {y:?}", r.x);
        if error > worst.0 {
            worst = (error, r.x);
        }
    }
    worst
}

/// The largest error of `op` over the rows in ulps as [`measure_of_two`] counts them, and where.
fn worst_of_two<T: Real>(op: OfTwo, rows: &[&Reference], digits: i32, lowest: i32) -> (f64, (f64, f64)) {
    let mut worst = (0.0, (0.0, 0.0));
    for r in rows {
        let y = op.at(T::from_f64(r.x), r.second);
        let size = if op.name() == "logaddexp" { r.hi.abs().max(r.x.max(r.second).abs()) } else { r.hi };
        let error = ((y.as_f64() - r.hi) - r.lo).abs() / ulp(size, digits, lowest);
        assert!(!error.is_nan(), "{op:?}({:e}, {:e}) = {y:?}", r.x, r.second);
        if error > worst.0 {
            worst = (error, (r.x, r.second));
        }
    }
    worst
}

/// [`measure`] for functions of two numbers. `LOGADDEXP` is measured in ulps of the larger one of its result and its larger operand, since
/// it may cancel: to 0 at a = b = -ln 2.
fn measure_of_two(table: &[Reference], mut report: impl FnMut(OfTwo, &str, f64, f64)) {
    for (op, ..) in BOUNDS_OF_TWO {
        let rows: Vec<&Reference> = table.iter().filter(|r| r.name == op.name()).collect();
        let narrow = |x: f64| f64::from(x as f32) == x;
        let in_f32 = |r: &&Reference| {
            narrow(r.x) && (narrow(r.second) || op == OfTwo::Powi) && r.hi.abs() <= f64::from(f32::MAX)
        };
        let rows32: Vec<&Reference> = rows.iter().copied().filter(in_f32).collect();
        on_every_path(|isa| {
            let (e32, at32) = worst_of_two::<f32>(op, &rows32, 24, -149);
            let (e64, at64) = worst_of_two::<f64>(op, &rows, 53, -1074);
            let (name, counts) = (op.name(), (rows32.len(), rows.len()));
            println!("{name:12} {:9} f32 {e32:.3} at {at32:?}   f64 {e64:.3} at {at64:?}   of {counts:?}", isa.name());
            report(op, isa.name(), e32, e64);
        });
    }
}

/// The largest error in ulps per function and path, over a table: `f32` in those rows whose x it holds, and f(x) too.
fn measure(table: &[Reference], mut report: impl FnMut(&str, &str, f64, f64)) {
    for (op, name, _, _) in BOUNDS {
        let rows: Vec<&Reference> = table.iter().filter(|r| r.name == name).collect();
        let in_f32 = |r: &&Reference| f64::from(r.x as f32) == r.x && r.hi.abs() <= f64::from(f32::MAX);
        let rows32: Vec<&Reference> = rows.iter().copied().filter(in_f32).collect();
        on_every_path(|isa| {
            let (e32, at32) = worst::<f32>(op, &rows32, 24, -149);
            let (e64, at64) = worst::<f64>(op, &rows, 53, -1074);
            let counts = (rows32.len(), rows.len());
            println!("{name:12} {:9} f32 {e32:.3} at {at32:e}   f64 {e64:.3} at {at64:e}   of {counts:?}", isa.name());
            report(name, isa.name(), e32, e64);
        });
    }
}

#[test]
fn errors_stay_below_the_stated_bounds() {
    let table = parse(include_str!("../references.txt"));
    for (_, name, _, _) in BOUNDS {
        assert!(table.iter().filter(|r| r.name == name).count() >= 100, "{name}");
    }
    measure(&table, |name, isa, e32, e64| {
        let (_, _, bound32, bound64) = BOUNDS.into_iter().find(|b| b.1 == name).unwrap();
        assert!(e32 <= bound32 && e64 <= bound64, "{name} on {isa}: {e32} ulp in f32, {e64} ulp in f64");
    });
    for (op, ..) in BOUNDS_OF_TWO {
        assert!(table.iter().filter(|r| r.name == op.name()).count() >= 100, "{op:?}");
    }
    measure_of_two(&table, |op, isa, e32, e64| {
        let (_, bound32, bound64) = BOUNDS_OF_TWO.into_iter().find(|b| b.0 == op).unwrap();
        assert!(e32 <= bound32 && e64 <= bound64, "{op:?} on {isa}: {e32} ulp in f32, {e64} ulp in f64");
    });
}

#[test]
fn every_elementary_function_has_a_bound() {
    for op in crate::math::DECLARED.iter().copied().flatten() {
        assert!(BOUNDS.iter().any(|(measured, ..)| measured.name() == op.name()), "{op:?}");
    }
    for op in crate::math::BINARY {
        assert!(BOUNDS_OF_TWO.iter().any(|(measured, ..)| *measured == OfTwo::Binary(*op)), "{op:?}");
    }
}

/// Prints the figures of the module's table: `QUADRIC_REFERENCES=file cargo test … -- --ignored --nocapture measured`,
/// the file from `tools/references.py`.
#[test]
#[ignore = "needs a large table"]
fn measured() {
    let path = std::env::var("QUADRIC_REFERENCES").expect("QUADRIC_REFERENCES names the table");
    let table = parse(&std::fs::read_to_string(path).unwrap());
    measure(&table, |_, _, _, _| {});
    measure_of_two(&table, |_, _, _, _| {});
}

/// Prints the figures of `f32` from each 23rd of all its numbers against the `f64` functions; not where `f32` is the `f64` function, rounded,
/// and sin and cos up to 2²⁰, from where they are the standard library's.
#[test]
#[ignore = "takes minutes"]
fn measured_over_f32() {
    let own = |&(_, name, bound32, _): &(Unary, &str, f64, f64)| ["sin", "cos"].contains(&name) || bound32 > 0.51;
    for (op, name, _, _) in BOUNDS.into_iter().filter(own) {
        let largest = if ["sin", "cos"].contains(&name) { 1048576.0 } else { f32::MAX };
        on_every_path(|isa| {
            let mut worst = (0.0f64, 0.0f32);
            for block in (0..1u64 << 32).step_by(23 << 12) {
                let numbers = (block..1 << 32).step_by(23).take(1 << 12).map(|bits| f32::from_bits(bits as u32));
                let x: Vec<f32> = numbers.filter(|x| x.abs() <= largest).collect();
                let wide: Vec<f64> = x.iter().map(|&x| x.into()).collect();
                for ((&x, y), exact) in x.iter().zip(apply(op, &x)).zip(apply(op, &wide)) {
                    let error = (f64::from(y) - exact).abs() / ulp(exact, 24, -149);
                    if exact.abs() <= f64::from(f32::MAX) && error > worst.0 {
                        worst = (error, x);
                    }
                }
            }
            println!("{name:12} {:9} f32 {:.3} at {:e}", isa.name(), worst.0, worst.1);
        });
    }
}
