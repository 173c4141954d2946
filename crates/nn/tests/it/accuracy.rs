//! How accurate the activations and their derivatives are, over the whole range of both float types.
//!
//! Truth is the reference interpreter in double-double, on the very tape that the executor runs. An error is relative, in
//! ulps of the result, except beside a zero that is a difference of terms; there it is in ulps of the terms. What was measured is
//! written to `docs/accuracy.md`; the bounds that it states are checked here.

use std::f64::consts::{PI, TAU};
use std::fmt::Write;

use quadric_autodiff::exec::{Options, Program};
use quadric_autodiff::reference::{self, Array, double_double::Dd};
use quadric_autodiff::trace::{self, Var, grad, jvp};
use quadric_autodiff::{DType, Tensor};
use quadric_nn::Activation;

use crate::activations::every;

/// φ and its first three derivatives: reverse mode, and forward mode over it.
fn to_third_order(activation: Activation, x: Var) -> [Var; 4] {
    let one = |x: Var| x.full_like(1.0);
    let slope = move |x: Var| grad(|x: Var| activation.apply(x).sum(), &x);
    let bend = move |x: Var| jvp(slope, &x, &one(x)).1;
    [activation.apply(x), slope(x), bend(x), jvp(bend, &x, &one(x)).1]
}

/// The sum of the magnitudes of the terms of a derivative; `None` where it is one term, or the terms are of one sign.
fn terms(activation: Activation, order: usize, x: f64) -> Option<f64> {
    let e = (-x.abs()).exp();
    let sigma = if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) };
    let slope = e / ((1.0 + e) * (1.0 + e)); // σ′
    let gelu = |beta: f64| {
        let u = (beta * x).abs().min(64.0);
        let n = (-u * u / 2.0).exp() / TAU.sqrt();
        match order {
            1 if x > 0.0 => 1.0 + u * n,
            1 => n.min(0.5) + u * n, // Φ(−u) is below both n(u)/u and ½
            2 => beta * n * (2.0 + u * u),
            _ => beta * beta * n * u * (4.0 + u * u),
        }
    };
    let tanh_third = {
        let square = (2.0 * e / (1.0 + e * e)).powi(2); // sech²
        square * (4.0 * x.tanh().powi(2) + 2.0 * square)
    };
    match (activation, order) {
        (Activation::Tanhshrink, 0) => Some(x.abs() + x.abs().tanh()),
        (_, 0) => None,
        (Activation::Gelu | Activation::GeluDeclared | Activation::GeluAblated, _) => Some(gelu(1.0)),
        (Activation::BetaGelu { beta }, _) => Some(gelu(beta)),
        (Activation::Silu, 1) => Some(sigma + x.abs() * slope),
        (Activation::Silu, 2) => Some(slope * (2.0 + x.abs())),
        (Activation::Silu, _) => Some(slope * (3.0 + x.abs() * (1.0 + 6.0 * slope))),
        (Activation::Tanh | Activation::Tanhshrink, 3) => Some(tanh_third),
        (Activation::Tanhshrink, 1) => Some(2.0),
        (Activation::Logistic, 2) | (Activation::Softplus | Activation::Logsigmoid, 3) => Some(slope),
        (Activation::Logistic, 3) => Some(slope * (1.0 + 6.0 * slope)),
        (Activation::Hardswish, 1) if x.abs() < 3.0 => Some(x.abs() / 6.0 + (x + 3.0) / 6.0),
        (Activation::Softsign, _) if x.abs() < 1.0 => {
            let r = 1.0 / (1.0 + x.abs());
            let factor = [1.0, 1.0, 2.0, 6.0][order];
            Some(factor * r.powi(order as i32) * (1.0 + x.abs() * r))
        }
        (Activation::GeluTanh, _) => {
            let t = x.clamp(-64.0, 64.0);
            let scale = 2.0 * (2.0 / PI).sqrt();
            let w = [1.0 + 3.0 * 0.044715 * t * t, 6.0 * 0.044715 * t.abs(), 6.0 * 0.044715].map(|w| scale * w);
            let e = (-scale * (t + 0.044715 * t.powi(3)).abs()).exp();
            let (slope, sigma) = (e / (1.0 + e).powi(2), if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) });
            // |σ″| ≤ σ′ and |σ‴| ≤ σ′ (1 + 6σ′).
            let second = slope * (w[0] * w[0] + w[1]);
            let third = slope * ((1.0 + 6.0 * slope) * w[0].powi(3) + 3.0 * w[0] * w[1] + w[2]);
            Some(match order {
                1 => sigma + t.abs() * slope * w[0],
                2 => 2.0 * slope * w[0] + t.abs() * second,
                _ => 3.0 * second + t.abs() * third,
            })
        }
        (Activation::Mish, _) => {
            let t = if x > 700.0 { 1.0 } else { x.exp().ln_1p().tanh() };
            let q = if x > 700.0 { 0.0 } else { x.exp().ln_1p().cosh().powi(-2) };
            let first = q * sigma;
            let second = q * (slope + 2.0 * t * sigma * sigma);
            let third = q * (slope * (1.0 + 6.0 * t * sigma) + (4.0 * t * t + 2.0 * q) * sigma.powi(3));
            Some(match order {
                1 => t + x.abs() * first,
                2 => 2.0 * first + x.abs() * second,
                _ => 3.0 * second + x.abs() * third,
            })
        }
        _ => None,
    }
    .filter(|size| size.is_finite())
}

/// Where to measure: every magnitude, and densely where the functions bend.
fn points(dtype: DType) -> Vec<f64> {
    let mut seed = 1u64;
    let mut unit = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 11) as f64 / (1u64 << 53) as f64
    };
    let (low, high, dense, wide) = match dtype {
        DType::F32 => (-126, 127, 15.0, 120.0),
        _ => (-1022, 1023, 40.0, 800.0),
    };
    let mut x = vec![0.0];
    for k in low..=high {
        x.extend([1.0, -1.0].map(|sign| sign * (1.0 + unit()) * f64::from(k).exp2()));
    }
    x.extend((0..6000).map(|_| dense * (2.0 * unit() - 1.0)));
    x.extend((0..2000).map(|_| wide * (2.0 * unit() - 1.0)));
    if dtype == DType::F32 { x.iter().map(|x| f64::from(*x as f32)).collect() } else { x }
}

/// The worst error of one derivative, away from its zeros and beside them, and where.
#[derive(Clone, Copy, Debug, Default)]
struct Worst {
    away: (f64, f64),
    beside: (f64, f64),
}

/// φ, φ′, φ″, φ‴.
fn measure(activation: Activation, dtype: DType) -> [Worst; 4] {
    let points = points(dtype);
    let x = Tensor::from_fn(dtype, [points.len()], |i| points[i]);
    let tape = trace::trace(|x: Var| to_third_order(activation, x).to_vec(), &x).unwrap();
    let truth = reference::run::<Dd>(&tape, &[Array::of(&x)]).unwrap();
    let got = Program::new(&tape, &Options::default()).call(&[&x]).unwrap();
    let (epsilon, smallest, largest) = match dtype {
        DType::F32 => (f64::from(f32::EPSILON), f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)),
        _ => (f64::EPSILON, f64::MIN_POSITIVE, f64::MAX),
    };
    let beta = match activation {
        Activation::BetaGelu { beta }
        | Activation::ReluSynthetic { beta }
        | Activation::ReluSyntheticListing { beta } => beta,
        _ => 1.0,
    };
    let mut worst = [Worst::default(); 4];
    for (order, worst) in worst.iter_mut().enumerate() {
        let got = got[order].to_f64_vec();
        for ((x, got), truth) in points.iter().zip(got).zip(truth[order].reals()) {
            let (high, low) = truth.parts();
            let place = || format!("{activation}, {dtype}, order {order} at {x:e}: {got:e}, not {high:e}");
            assert!(high.is_finite() || order == 0, "{}", place());
            if high.abs() > largest {
                assert!(got == f64::INFINITY.copysign(high), "{}", place());
                continue;
            }
            // A factor of the result may be subnormal where the result is not: x³ e^(−x²/2).
            let least = 16.0 * smallest * (x * beta).abs().max(1.0).powi(order as i32);
            if high.abs() < least {
                assert!(got.abs() <= 2.0 * least, "{}", place());
                continue;
            }
            let ulps = |size: f64| ((got - high) - low).abs() / (size.log2().floor().exp2() * epsilon);
            let size = terms(activation, order, *x).unwrap_or(0.0).max(high.abs());
            let (off, record) = if 2.0 * high.abs() >= size {
                (ulps(high.abs()), &mut worst.away)
            } else {
                (ulps(size), &mut worst.beside)
            };
            assert!(!off.is_nan(), "{}", place());
            if off > record.0 {
                *record = (off, *x);
            }
        }
    }
    worst
}

/// What is promised, in ulps, for φ, φ′, φ″, φ‴ in both float types: about a quarter above what was measured.
const BOUNDS: [(&str, [f64; 4]); 27] = [
    ("identity", [0.0; 4]),
    ("relu", [0.0; 4]),
    ("leaky-relu", [0.5, 0.0, 0.0, 0.0]),
    ("gelu", [4.0, 4.0, 5.0, 6.5]),
    ("beta-gelu", [4.0, 5.0, 5.5, 6.5]),
    ("gelu-ablated", [4.0, 4.0, 0.0, 0.0]),
    ("gelu-declared", [4.0, 4.0, 4.5, 5.0]),
    ("relu-synthetic", [0.0, 0.0, 3.5, 5.0]),
    ("relu-synthetic-listing", [0.0, 0.0, 3.0, 5.0]),
    ("silu", [4.0, 6.0, 7.0, 8.0]),
    ("tanh", [1.5, 5.5, 6.0, 7.5]),
    ("softplus", [2.0, 2.5, 4.0, 5.0]),
    ("logistic", [2.5, 4.0, 5.0, 6.0]),
    ("gelu-tanh", [1350.0, 1450.0, 1850.0, 1950.0]),
    ("elu", [1.6, 1.6, 1.6, 1.6]),
    ("selu", [1.5, 1.9, 1.9, 1.9]),
    ("celu", [2.3, 205.0, 195.0, 190.0]),
    ("mish", [3.5, 5.8, 75.0, 75.0]),
    ("hardswish", [2.1, 1.3, 0.5, 0.0]),
    ("hardsigmoid", [1.3, 0.5, 0.0, 0.0]),
    ("hardtanh", [0.0; 4]),
    ("relu6", [0.0; 4]),
    ("logsigmoid", [1.6, 2.0, 3.3, 4.3]),
    ("softsign", [1.6, 3.6, 5.0, 6.7]),
    ("tanhshrink", [1.0, 0.5, 5.8, 7.6]),
    ("softshrink", [0.5, 0.0, 0.0, 0.0]),
    ("hardshrink", [0.0; 4]),
];

/// The same beside a zero, in ulps of the terms.
const BESIDE: f64 = 5.0;

/// And for `gelu-tanh` and `mish`, whose terms are many.
const BESIDE_OF_MANY: f64 = 10.0;

#[test]
fn every_activation_is_accurate_to_third_order() {
    let name_of = |activation: &Activation| activation.to_string().split(':').next().unwrap().to_string();
    let known: Vec<&str> = BOUNDS.iter().map(|(name, _)| *name).collect();
    let mut names: Vec<String> = every().iter().map(name_of).collect();
    names.dedup();
    assert_eq!(names, known, "every activation has its bounds");
    for (name, bounds) in BOUNDS {
        let mut worst = [0.0f64; 4];
        let beside = if matches!(name, "gelu-tanh" | "mish") { BESIDE_OF_MANY } else { BESIDE };
        for activation in every().into_iter().filter(|a| name_of(a) == name) {
            for dtype in [DType::F32, DType::F64] {
                for (order, found) in measure(activation, dtype).into_iter().enumerate() {
                    // For who asks with --nocapture.
                    println!(
                        "{activation} {dtype} {order}: {:.2} at {:e}; beside a zero {:.2}",
                        found.away.0, found.away.1, found.beside.0
                    );
                    let of = format!("{activation}, {dtype}, order {order}: {found:?}");
                    assert!(found.away.0 <= bounds[order] && found.beside.0 <= beside, "{of}");
                    worst[order] = worst[order].max(found.away.0);
                }
            }
        }
        for (bound, worst) in bounds.into_iter().zip(worst) {
            assert!(bound <= 2.0 * worst + 0.5, "{name}: a bound of {bound} says little where {worst} is the worst");
        }
    }
    golden("docs/accuracy.md", &page());
}

fn page() -> String {
    let mut text = String::from(HEAD);
    for (name, bounds) in BOUNDS {
        let cells = bounds.map(|b| if b == 0.0 { "exact".to_string() } else { format!("{b}") });
        writeln!(text, "| `{name}` | {} |", cells.join(" | ")).unwrap();
    }
    let many = BESIDE_OF_MANY;
    write!(text, "\nBeside a zero: at most {BESIDE} ulps of the terms, {many} for `gelu-tanh` and `mish`.\n").unwrap();
    text
}

const HEAD: &str = "\
# Accuracy: every activation and its first three derivatives

Written by `BLESS=1 cargo test -p quadric-nn --test it accuracy`; the same test measures, and fails where an error passes its bound
or this page is stale. `-- --nocapture` prints what it finds.

A bound is on the relative error in ulps (units in the last place) of the result, in f32 and in f64, at every magnitude of x
and densely where the functions bend, against the interpreter in double-double; `exact` is no error at all. Derivatives are taken as users take them:
reverse mode, and forward mode over it. Those with a parameter are measured at ½, 3 and 4 and at their default: what βx loses to
rounding is made good. The bounds are about a quarter above what was measured.

Beside a zero that is a difference of terms (x Φ(x) falls where Φ(x) = −x n(x)) no composition has a relative error; where the magnitudes of the
terms sum to more than twice the result, it is counted in ulps of that sum. Where the result is so small that a factor of it
may be subnormal (less than 16 |βx|ᵏ times the smallest normal number, k the order), it is only checked to be as small.

Large bounds are those of the tails: `gelu-tanh`, `celu` (where α is no power of two) and the derivatives of `mish` take the exponential of an argument that was
rounded, and its half unit in the last place is multiplied by the argument.

| activation | φ | φ′ | φ″ | φ‴ |
|---|---|---|---|---|
";

/// Compares with a page at the root of the workspace; `BLESS=1` rewrites it.
fn golden(path: &str, text: &str) {
    let full = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var_os("BLESS").is_some() {
        return std::fs::write(full, text).unwrap();
    }
    let stored = std::fs::read_to_string(full).unwrap_or_default();
    assert!(stored == text, "{path} differs (BLESS=1 rewrites it); now:\n{text}");
}
