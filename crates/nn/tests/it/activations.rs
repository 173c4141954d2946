//! φ, φ′, φ″ of every activation against closed forms.

use std::f64::consts::PI;

use quadric_autodiff::DType;
use quadric_autodiff::trace::{self, Var, compile, constant, grad, hvp, jvp, select, vmap};
use quadric_nn::activations::{
    beta_gelu, celu, geglu, glu, halves, hardshrink, hardtanh, relu_synthetic, relu_synthetic_listing, softshrink,
    swiglu, threshold,
};
use quadric_nn::{Activation, Prelu, log_softmax};

use crate::models::declares_another_curvature;
use crate::reference::Reference;
use crate::{gradcheck_to_third_order, noise, noisy, tensor};

fn density(x: f64) -> f64 {
    (-x * x / 2.0).exp() / (2.0 * PI).sqrt()
}

/// Φ by its series for x ≥ 0 `½ + n(x)(x + x³/3 + x⁵/15 + …)`, all terms of one sign (Marsaglia 2004).
fn distribution(x: f64) -> f64 {
    if x < 0.0 {
        return 1.0 - distribution(-x);
    }
    if x > 9.0 {
        return 1.0;
    }
    let (mut term, mut sum) = (x, x);
    for k in 1..400 {
        term *= x * x / f64::from(2 * k + 1);
        sum += term;
    }
    0.5 + density(x) * sum
}

fn sigma(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// (φ, φ′, φ″) of an activation, by PAPER §3 and textbooks.
fn formulas(activation: Activation, x: f64) -> [f64; 3] {
    let step = if x > 0.0 { 1.0 } else { 0.0 };
    let gelu = |beta: f64| {
        let u = beta * x;
        [x * distribution(u), distribution(u) + u * density(u), beta * density(u) * (2.0 - u * u)]
    };
    let bump = |beta: f64, half: f64| beta / (2.0 * PI).sqrt() * (-half * beta * beta * x * x).exp();
    let (s, t) = (sigma(x), x.tanh());
    match activation {
        Activation::Identity => [x, 1.0, 0.0],
        Activation::Relu => [x * step, step, 0.0],
        Activation::LeakyRelu { slope } if x > 0.0 || slope == 1.0 => [x, 1.0, 0.0],
        Activation::LeakyRelu { slope } => [slope * x, slope, 0.0],
        Activation::Gelu | Activation::GeluDeclared => gelu(1.0),
        Activation::BetaGelu { beta } => gelu(beta),
        Activation::GeluAblated => [gelu(1.0)[0], gelu(1.0)[1], 0.0],
        Activation::ReluSynthetic { beta } => [x * step, step, bump(beta, 0.5)],
        Activation::ReluSyntheticListing { beta } => [x * step, step, bump(beta, 1.0)],
        Activation::Silu => [x * s, s + x * s * (1.0 - s), s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s))],
        Activation::Tanh => [t, 1.0 - t * t, -2.0 * t * (1.0 - t * t)],
        Activation::Softplus => [x.exp().ln_1p(), s, s * (1.0 - s)],
        Activation::Logistic => [s, s * (1.0 - s), s * (1.0 - s) * (1.0 - 2.0 * s)],
        Activation::GeluTanh => {
            let (c, u1) = ((2.0 / PI).sqrt(), (2.0 / PI).sqrt() * (1.0 + 3.0 * 0.044715 * x * x));
            let (t, u2) = ((c * (x + 0.044715 * x.powi(3))).tanh(), c * 6.0 * 0.044715 * x);
            let s = 1.0 - t * t; // tanh′(u)
            let curvature = s * u1 + 0.5 * x * (s * u2 - 2.0 * t * s * u1 * u1);
            [0.5 * x * (1.0 + t), 0.5 * (1.0 + t) + 0.5 * x * s * u1, curvature]
        }
        Activation::Elu { .. } | Activation::Celu { .. } if x > 0.0 => [x, 1.0, 0.0],
        Activation::Elu { alpha } => [alpha * (x.exp() - 1.0), alpha * x.exp(), alpha * x.exp()],
        Activation::Celu { alpha } => {
            let e = (x / alpha).exp();
            [alpha * (e - 1.0), e, e / alpha]
        }
        Activation::Selu => {
            let (scale, alpha) = (1.0507009873554805, 1.6732632423543772);
            let below = [alpha * (x.exp() - 1.0), alpha * x.exp(), alpha * x.exp()];
            if x > 0.0 { [scale * x, scale, 0.0] } else { below.map(|y| scale * y) }
        }
        Activation::Mish => {
            let t = x.exp().ln_1p().tanh();
            let (t1, t2) = ((1.0 - t * t) * s, (1.0 - t * t) * (s * (1.0 - s) - 2.0 * t * s * s));
            [x * t, t + x * t1, 2.0 * t1 + x * t2]
        }
        Activation::Hardswish => match x {
            x if x <= -3.0 => [0.0; 3],
            x if x >= 3.0 => [x, 1.0, 0.0],
            x => [x * (x + 3.0) / 6.0, (2.0 * x + 3.0) / 6.0, 1.0 / 3.0],
        },
        Activation::Hardsigmoid if x.abs() >= 3.0 => [step, 0.0, 0.0],
        Activation::Hardsigmoid => [(x + 3.0) / 6.0, 1.0 / 6.0, 0.0],
        Activation::Hardtanh if x.abs() >= 1.0 => [x.signum(), 0.0, 0.0],
        Activation::Hardtanh => [x, 1.0, 0.0],
        Activation::Relu6 => [x.clamp(0.0, 6.0), if x < 6.0 { step } else { 0.0 }, 0.0],
        Activation::Logsigmoid => [-(-x).exp().ln_1p(), 1.0 - s, -s * (1.0 - s)],
        Activation::Softsign => {
            let r = 1.0 / (1.0 + x.abs());
            [x * r, r * r, if x == 0.0 { 0.0 } else { -2.0 * x.signum() * r.powi(3) }]
        }
        Activation::Tanhshrink => [x - t, t * t, 2.0 * t * (1.0 - t * t)],
        Activation::Softshrink { lambda } | Activation::Hardshrink { lambda } if x.abs() <= lambda => [0.0; 3],
        Activation::Softshrink { lambda } => [x - x.signum() * lambda, 1.0, 0.0],
        Activation::Hardshrink { .. } => [x, 1.0, 0.0],
        other => panic!("no formula for {other}"),
    }
}

/// Every activation that there is, by [`Activation::NAMES`]: those with a parameter at their default, if they have one, and at two others.
pub(crate) fn every() -> Vec<Activation> {
    let parse = |text: String| text.parse::<Activation>().unwrap_or_else(|e| panic!("{e}"));
    let mut all = Vec::new();
    for name in Activation::NAMES {
        let (plain, parameter) = name.split_once([':', '[']).map_or((name, false), |(plain, _)| (plain, true));
        if !parameter || name.contains('[') {
            all.push(parse(plain.into()));
        }
        if parameter {
            let others = ["0.5", "3", "4"].map(|p| parse(format!("{plain}:{p}")));
            all.extend(others.into_iter().filter(|a| all.last() != Some(a)).collect::<Vec<_>>());
        }
    }
    all
}

const POINTS: [f64; 15] = [-6.0, -3.1, -3.0, -2.0, -1.0, -0.4, -0.01, 0.0, 0.003, 0.25, 0.5, 1.0, 1.7, 3.0, 6.0];

#[test]
fn value_slope_and_curvature_are_the_formulas() {
    let x = tensor(&[POINTS.len()], &POINTS);
    let ones = tensor(&[POINTS.len()], &[1.0; POINTS.len()]);
    for activation in every() {
        let f = move |x: Var| activation.apply(x).sum();
        let value = compile(move |x: Var| activation.apply(x)).call(x.clone()).unwrap().to_f64_vec();
        let slope = grad(f, &x).unwrap().to_f64_vec();
        let curvature = hvp(f, &x, &ones).unwrap().to_f64_vec();
        for (i, point) in POINTS.into_iter().enumerate() {
            let expected = formulas(activation, point);
            for (order, got) in [value[i], slope[i], curvature[i]].into_iter().enumerate() {
                let error = (got - expected[order]).abs();
                // Φ far to the left is a difference of numbers near 1.
                assert!(
                    error < 4e-15 * (1.0 + expected[order].abs()),
                    "{activation} at {point}, order {order}: {got} is no {}",
                    expected[order]
                );
            }
        }
    }
}

#[test]
fn the_third_derivative_of_gelu_is_the_formula_also_where_the_second_is_declared() {
    let x = tensor(&[POINTS.len()], &POINTS);
    for activation in [Activation::Gelu, Activation::GeluDeclared] {
        let f = |x: Var| hvp(|x: Var| activation.apply(x).sum(), &x, &x.full_like(1.0)).sum();
        let third = grad(f, &x).unwrap().to_f64_vec();
        for (got, x) in third.iter().zip(POINTS) {
            assert!((got - density(x) * (x.powi(3) - 4.0 * x)).abs() < 1e-14, "{activation} at {x}: {got}");
        }
    }
    // The ablated one has φ‴ = 0 as well, and the synthetic one the derivative of its bump.
    let third = |activation: Activation| {
        grad(|x: Var| hvp(|x: Var| activation.apply(x).sum(), &x, &x.full_like(1.0)).sum(), &x).unwrap().to_f64_vec()
    };
    assert!(third(Activation::GeluAblated).iter().all(|x| *x == 0.0));
    for (got, x) in third(Activation::ReluSynthetic { beta: 2.0 }).iter().zip(POINTS) {
        let bump = 2.0 / (2.0 * PI).sqrt() * (-2.0 * x * x).exp();
        assert!((got + 4.0 * x * bump).abs() < 1e-14);
    }
}

/// `(φ²)‴ = 6 φ′φ″ + 2 φ φ‴`: 0 where `φ″ := 0` is declared, however the third order is reached.
#[test]
fn a_declared_curvature_holds_in_products_and_at_the_third_order() {
    let x = tensor(&[POINTS.len()], &POINTS);
    let square = |x: Var| (Activation::GeluAblated.apply(x) * Activation::GeluAblated.apply(x)).sum();
    let slope = |x: Var| hvp(square, &x, &x.full_like(1.0));
    let reverse = grad(|x: Var| slope(x).sum(), &x).unwrap().to_f64_vec();
    let ones = tensor(&[POINTS.len()], &[1.0; POINTS.len()]);
    let forward = jvp(slope, &x, &ones).unwrap().1.to_f64_vec();
    assert!(reverse.iter().chain(&forward).all(|d| *d == 0.0), "{reverse:?} {forward:?}");
    let second = hvp(square, &x, &ones).unwrap().to_f64_vec();
    for (got, x) in second.iter().zip(POINTS) {
        let slope = formulas(Activation::Gelu, x)[1];
        assert!((got - 2.0 * slope * slope).abs() < 1e-14, "at {x}");
    }
}

#[test]
fn softplus_and_cross_entropy_do_not_overflow() {
    let x = tensor(&[4], &[-1000.0, -40.0, 40.0, 1000.0]);
    let value = compile(|x: Var| x.softplus()).call(x).unwrap().to_f64_vec();
    assert_eq!(value, [0.0, (-40f64).exp(), 40.0 + (-40f64).exp(), 1000.0]);
}

#[test]
fn names_are_read_back_as_printed() {
    for activation in every() {
        assert_eq!(activation.to_string().parse::<Activation>().unwrap(), activation);
    }
    assert_eq!("relu-synthetic".parse(), Ok(Activation::ReluSynthetic { beta: 100.0 }));
    assert_eq!("leaky-relu".parse(), Ok(Activation::LeakyRelu { slope: 0.01 }));
    assert_eq!("elu".parse(), Ok(Activation::Elu { alpha: 1.0 }));
    assert_eq!("hardshrink".parse(), Ok(Activation::Hardshrink { lambda: 0.5 }));
    for (text, part) in [
        ("relo", "there is no activation \"relo\""),
        ("beta-gelu", "needs its sharpness"),
        ("beta-gelu:0", "beta must be above 0"),
        ("beta-gelu:nan", "\"nan\" is no finite number"),
        ("gelu:2", "gelu takes no parameter"),
        ("hardswish:2", "hardswish takes no parameter"),
        ("celu:0", "activation \"celu:0\": alpha must be above 0"),
        ("softshrink:-1", "activation \"softshrink:-1\": lambda must not be below 0"),
    ] {
        let error = text.parse::<Activation>().unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn f32_agrees_with_f64_to_its_precision_and_batches_go_through() {
    let x = tensor(&[POINTS.len()], &POINTS);
    for activation in every() {
        let f = |x: Var| grad(move |x: Var| activation.apply(x).sum(), &x);
        let double = compile(f).call(x.clone()).unwrap();
        let single = compile(f).call(x.to_dtype(DType::F32)).unwrap().to_f64_vec();
        for (a, b) in single.iter().zip(double.to_f64_vec()) {
            assert!((a - b).abs() < 1e-6, "{activation}: {a} and {b}");
        }
        // One number at a time, as a batch of scalars.
        let batched = vmap(f, &x).unwrap();
        assert_eq!(batched, double, "{activation}");
    }
}

#[test]
fn derivatives_are_those_of_differences_to_third_order() {
    let point = tensor(&[9], &[-4.3, -2.2, -1.1, -0.31, 0.27, 0.8, 1.9, 2.6, 4.7]); // no kink is near
    let w: Vec<f64> = (0..9).map(|i| noise(9, i)).collect();
    for activation in every().into_iter().filter(|a| !declares_another_curvature(*a)) {
        let f = |x: &[Var]| (activation.apply(x[0]) * constant(&tensor(&[9], &w))).sum();
        gradcheck_to_third_order(&activation.to_string(), f, std::slice::from_ref(&point));
    }
    let both = [point, tensor(&[9], &[0.3, -2.0, 1.0, 0.1, -0.7, 3.0, -1.2, 2.1, 0.4])];
    for (name, f) in [("glu", glu as fn(Var, Var) -> Var), ("swiglu", swiglu), ("geglu", geglu)] {
        gradcheck_to_third_order(name, |x| (f(x[0], x[1]) * constant(&tensor(&[9], &w))).sum(), &both);
    }
    let channels = [noisy(1, &[2, 3, 2]), noisy(2, &[3])];
    gradcheck_to_third_order("prelu", |x| Prelu { weight: x[1] }.apply(x[0]).tanh().sum(), &channels);
}

/// An activation is one nonlinear thing, so that its products are none of the model's multilinear part.
#[test]
fn everything_inside_an_activation_is_nonlinear_and_at_the_users_line() {
    let x = tensor(&[2, 4], &[-2.0, -0.5, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0]);
    type Named = (String, Box<dyn Fn(Var) -> Var>);
    let mut functions: Vec<Named> = Vec::new();
    for activation in every().into_iter().filter(|a| *a != Activation::Identity) {
        let name = activation.to_string().split(':').next().unwrap().to_owned();
        functions.push((name, Box::new(move |x| activation.apply(x))));
    }
    functions.push(("hardtanh".into(), Box::new(|x| hardtanh(x, -2.0, 0.3))));
    functions.push(("threshold".into(), Box::new(|x| threshold(x, 0.1, 20.0))));
    functions.push(("glu".into(), Box::new(|x| glu(x, x + 1.0))));
    functions.push(("swiglu".into(), Box::new(|x| swiglu(x, x + 1.0))));
    functions.push(("geglu".into(), Box::new(|x| geglu(x, x + 1.0))));
    functions.push(("prelu".into(), Box::new(|x| Prelu { weight: x.number(0.2).reshape([1]) }.apply(x))));
    for (name, f) in functions {
        let tape = trace::trace(&f, &x).unwrap();
        let inside: Vec<_> = tape.equations().iter().filter(|e| !e.label.scope_path().is_empty()).collect();
        assert!(!inside.is_empty(), "{name}");
        for e in inside {
            assert!(e.label.is_nonlinear() && e.label.scope_path() == name, "{name}: {}", e.label.scope_path());
            let line = e.label.user_line().unwrap().to_string();
            assert!(line.contains("tests/it/activations.rs"), "{name}: {line}");
        }
    }
}

#[test]
fn gates_are_the_second_halves() {
    let x = tensor(&[2, 4], &[1.0, 2.0, 0.3, -0.7, -1.5, 0.5, 1.2, 4.0]);
    let run = |f: fn(Var, Var) -> Var| {
        let gated = move |x: Var| {
            let (value, gate) = halves(x, -1);
            f(value, gate)
        };
        compile(gated).call(x.clone()).unwrap().to_f64_vec()
    };
    let data = x.to_f64_vec();
    for (f, phi) in [
        (glu as fn(Var, Var) -> Var, (|b: f64| sigma(b)) as fn(f64) -> f64),
        (swiglu, |b| b * sigma(b)),
        (geglu, |b| b * distribution(b)),
    ] {
        let got = run(f);
        for (i, (a, b)) in [(0, 2), (1, 3), (4, 6), (5, 7)].into_iter().enumerate() {
            let expected = data[a] * phi(data[b]);
            assert!((got[i] - expected).abs() < 1e-15 * (1.0 + expected.abs()), "{} {expected}", got[i]);
        }
    }
    let first = compile(|x: Var| halves(x, 0).0).call(x).unwrap();
    assert_eq!(first, tensor(&[1, 4], &[1.0, 2.0, 0.3, -0.7]));
}

#[test]
fn prelu_has_a_slope_for_each_channel_or_one_for_all() {
    let x = tensor(&[2, 2, 2], &[-1.0, 1.0, -2.0, 0.0, -3.0, 3.0, -4.0, 4.0]);
    let run = |slopes: &[f64]| {
        let layer = Prelu { weight: tensor(&[slopes.len()], slopes) };
        compile(|(layer, x): (Prelu<Var>, Var)| {
            (layer.apply(x), grad(|(l, x): (Prelu<Var>, Var)| l.apply(x).sum(), &(layer, x)))
        })
        .call((layer, x.clone()))
        .unwrap()
    };
    let (y, (by_slope, by_x)) = run(&[0.5, 0.1]);
    assert_eq!(y.to_f64_vec(), [-0.5, 1.0, -0.2, 0.0, -1.5, 3.0, -0.4, 4.0]);
    assert_eq!(by_slope.weight.to_f64_vec(), [-4.0, -6.0]);
    assert_eq!(by_x.to_f64_vec(), [0.5, 1.0, 0.1, 0.1, 0.5, 1.0, 0.1, 1.0]); // the slope at 0 is that from below
    let (y, (by_slope, _)) = run(&[0.5]);
    assert_eq!(y.to_f64_vec(), [-0.5, 1.0, -1.0, 0.0, -1.5, 3.0, -2.0, 4.0]);
    assert_eq!(by_slope.weight.to_f64_vec(), [-10.0]);
    // What is not below 0 has no part in the slope's derivative, even if it is infinite; a NaN spoils its own entry's.
    let ends = tensor(&[1, 3], &[f64::INFINITY, f64::NAN, 1.0]);
    let f = |(l, x): (Prelu<Var>, Var)| l.apply(x).sum();
    let (by_slope, by_x) =
        compile(|at: (Prelu<Var>, Var)| grad(f, &at)).call((Prelu::new(3, DType::F64), ends)).unwrap();
    let slopes = by_slope.weight.to_f64_vec();
    assert!(slopes[0] == 0.0 && slopes[1].is_nan() && slopes[2] == 0.0, "{slopes:?}");
    let by_x = by_x.to_f64_vec();
    assert!(by_x[0] == 1.0 && by_x[1].is_nan() && by_x[2] == 1.0, "{by_x:?}");
}

#[test]
fn mistakes_of_activations_are_told_whole() {
    let x = tensor(&[2, 3], &[0.0; 6]);
    let say = |f: &dyn Fn(Var) -> Var| {
        let error = compile(f).call(x.clone()).unwrap_err();
        assert!(error.place().unwrap().contains("tests/it/activations.rs"), "{error}");
        error.to_string().split(" (").next().unwrap().to_string()
    };
    assert_eq!(say(&|x| halves(x, -1).0), "halves: 3 entries along axis -1 of f64[2,3] have no halves");
    assert_eq!(say(&|x| halves(x, 2).0), "halves: axis 2 is out of range for f64[2,3]");
    assert_eq!(say(&|x| glu(x, x.t())), "glu: the value is f64[2,3], its gate f64[3,2]");
    assert_eq!(say(&|x| swiglu(x, x.t())), "swiglu: the value is f64[2,3], its gate f64[3,2]");
    assert_eq!(say(&|x| geglu(x, x.t())), "geglu: the value is f64[2,3], its gate f64[3,2]");
    assert_eq!(say(&|x| hardtanh(x, 1.0, 1.0)), "hardtanh: the bounds 1 and 1 are not in order");
    assert_eq!(say(&|x| hardtanh(x, f64::NAN, 1.0)), "hardtanh: the bounds NaN and 1 are not in order");
    assert_eq!(say(&|x| celu(x, 0.0)), "celu: alpha must be above 0, it is 0");
    assert_eq!(say(&|x| celu(x, f64::INFINITY)), "celu: alpha must be finite, it is inf");
    for (name, f) in [
        ("beta_gelu", beta_gelu as fn(Var, f64) -> Var),
        ("relu_synthetic", relu_synthetic),
        ("relu_synthetic_listing", relu_synthetic_listing),
    ] {
        assert_eq!(say(&|x| f(x, -1.0)), format!("{name}: beta must be above 0, it is -1"));
        assert_eq!(say(&|x| f(x, f64::NAN)), format!("{name}: beta must be above 0, it is NaN"));
        let small = format!("{name}: beta is 1e-50, which is 0 in f32");
        assert_eq!(say(&|x| f(x.convert(DType::F32), 1e-50)), small);
        let large = format!("{name}: beta is 1e50, which is inf in f32");
        assert_eq!(say(&|x| f(x.convert(DType::F32), 1e50)), large);
    }
    let of_name = say(&|x| Activation::BetaGelu { beta: 0.0 }.apply(x));
    assert_eq!(of_name, "beta_gelu: beta must be above 0, it is 0");
    assert_eq!(say(&|x| softshrink(x, -0.5)), "softshrink: lambda must not be below 0, it is -0.5");
    assert_eq!(say(&|x| hardshrink(x, f64::NAN)), "hardshrink: lambda must not be below 0, it is NaN");
    let four = |x: Var| Prelu { weight: x.reshape([6]).slice(0, 0..4) }.apply(x);
    assert_eq!(say(&four), "prelu: slopes f64[4] need as many channels, on axis 1 of f64[2,3]");
}

/// PyTorch's numbers.
#[test]
fn activations_are_torchs() {
    let check = |reference: Reference, activation: &str| {
        let activation: Activation = activation.parse().unwrap();
        reference.check_function(|x| activation.apply(x[0]));
    };
    check(Reference::load("act_gelu_tanh"), "gelu-tanh");
    check(Reference::load("act_silu"), "silu");
    // Torch's softplus is x beyond 20, where 2e-9 is left of ln(1 + e⁻ˣ); ours is exact.
    Reference::load("act_softplus").check_function(|x| select(x[0].gt(20.0), x[0], Activation::Softplus.apply(x[0])));
    check(Reference::load("act_elu"), "elu");
    check(Reference::load("act_selu"), "selu");
    check(Reference::load("act_leaky_relu"), "leaky-relu");
    check(Reference::load("act_hardswish"), "hardswish");
    check(Reference::load("act_logsigmoid"), "logsigmoid");
    check(Reference::load("act_softsign"), "softsign");
    check(Reference::load("act_tanhshrink"), "tanhshrink");
    Reference::load("act_glu").check_function(|x| {
        let (value, gate) = halves(x[0], -1);
        glu(value, gate)
    });
    Reference::load("log_softmax").check_function(|x| log_softmax(x[0]));
    let like = Prelu::new(3, DType::F64);
    Reference::load("act_prelu").check(&like, &[], |layer: Prelu<Var>, x| vec![layer.apply(x[0])]);
}
