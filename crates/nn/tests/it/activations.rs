//! φ, φ′, φ″ of every activation against closed forms.

use std::f64::consts::PI;

use quadric_autodiff::DType;
use quadric_autodiff::trace::{Var, compile, grad, hvp, jvp, vmap};
use quadric_nn::Activation;

use crate::tensor;

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
            all.extend(["0.5", "3", "4"].map(|p| parse(format!("{plain}:{p}"))));
        }
    }
    all
}

const POINTS: [f64; 13] = [-6.0, -3.1, -2.0, -1.0, -0.4, -0.01, 0.0, 0.003, 0.25, 1.0, 1.7, 3.0, 5.5];

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
    for (text, part) in [
        ("relo", "there is no activation \"relo\""),
        ("beta-gelu", "needs its sharpness"),
        ("beta-gelu:0", "beta must be above 0"),
        ("beta-gelu:nan", "\"nan\" is no finite number"),
        ("gelu:2", "gelu takes no parameter"),
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
