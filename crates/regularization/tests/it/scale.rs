//! Directions of gradients of any size, in f32: a loss that is 1e-30 or 1e30 times another has the same direction, to rounding.

use quadric_autodiff::trace::{Var, compile, constant, grad, hessian};
use quadric_autodiff::{DType, Tensor, tensor};
use quadric_regularization::{
    Asam, FisherSam, GradientNorm, GradientPower, Gsam, ImplicitGradient, LookSam, PenaltySam, Sam, Update, Usam,
};

use crate::{inner, norm};

const A: [f64; 3] = [1.0, 0.25, 3.0];
const X: [f64; 3] = [0.5, -2.0, 0.125];
const RHO: f64 = 0.3;
const ETA: f64 = 50.0;
const ALPHA: f64 = 0.4;

fn single(x: &[f64]) -> Tensor {
    Tensor::from_fn(DType::F32, [x.len()], |i| x[i])
}

fn plus(a: &[f64], s: f64, b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + s * b).collect()
}

fn unit(x: &[f64]) -> Vec<f64> {
    x.iter().map(|v| v / norm(x)).collect()
}

fn across(x: &[f64], y: &[f64]) -> Vec<f64> {
    let y = unit(y);
    plus(x, -inner(x, &y), &y)
}

/// The directions of `s/2 Σ a x²`, in f64.
fn by_hand(s: f64) -> Vec<(&'static str, Vec<f64>)> {
    let h = |v: &[f64]| -> Vec<f64> { v.iter().zip(A).map(|(v, a)| s * a * v).collect() };
    let g = h(&X);
    let at = |step: &[f64]| h(&plus(&X, RHO, step));
    let sam = at(&unit(&g));
    let t_g: Vec<f64> = g.iter().zip(X).map(|(g, x)| g * (x.abs() + 0.01)).collect();
    let adaptive: Vec<f64> = unit(&t_g).iter().zip(X).map(|(u, x)| u * (x.abs() + 0.01)).collect();
    let natural: Vec<f64> = g.iter().map(|g| g / (1.0 + ETA * g * g)).collect();
    let fisher: Vec<f64> = natural.iter().map(|n| n / inner(&g, &natural).sqrt()).collect();
    let sideways = across(&sam, &g);
    let power = |p: f64| plus(&g, RHO * p * norm(&g).powf(p - 1.0), &h(&unit(&g)));
    vec![
        ("Sam", sam.clone()),
        ("PenaltySam", plus(&g, RHO, &h(&unit(&g)))),
        ("Usam", at(&g)),
        ("Asam", at(&adaptive)),
        ("FisherSam", at(&fisher)),
        ("Gsam", plus(&sam, -ALPHA, &across(&g, &sam))),
        ("GradientNorm", plus(&g.iter().map(|g| (1.0 - ALPHA) * g).collect::<Vec<_>>(), ALPHA, &sam)),
        ("LookSam, full", sam.clone()),
        ("LookSam, what is remembered", sideways.clone()),
        ("LookSam, cheap", plus(&g, ALPHA * norm(&g), &unit(&sideways))),
        ("GradientPower ½", power(0.5)),
        ("GradientPower 1", power(1.0)),
        ("GradientPower 3/2", power(1.5)),
        ("GradientPower 2", power(2.0)),
        ("GradientPower 3", power(3.0)),
        ("ImplicitGradient", plus(&g, RHO / 2.0, &h(&g))),
    ]
}

/// The same by the library, in f32.
fn found(s: f64) -> Vec<Vec<f64>> {
    let mut run = compile(|(x, a, s, rho): (Var, Var, Var, Var)| {
        // The scale comes before the square, so that the loss is in range where the gradient is.
        let loss = |x: Var| (x * (x * (a * s)) * 0.5).sum();
        let direction = |update: Update<Var>| update.direction;
        let (alpha, number) = (ALPHA, |x: f64| constant(&Tensor::scalar(x)));
        let look = LookSam { rho, alpha };
        let (full, sideways) = look.full(&loss, &x);
        let power = |power: f64| direction(GradientPower { rho, power }.update(&loss, &x));
        vec![
            direction(Sam { rho }.update(&loss, &x)),
            direction(PenaltySam::new(rho).update(&loss, &x)),
            direction(Usam { rho }.update(&loss, &x)),
            direction(Asam { scaled: |_, _| true, ..Asam::new(rho) }.update(&loss, &x)),
            direction(FisherSam { rho, eta: ETA }.update(&loss, &x)),
            direction(Gsam { rho, alpha }.update(&loss, &x)),
            direction(GradientNorm { r: rho, alpha: number(alpha) }.update(&loss, &x)),
            direction(full),
            sideways,
            direction(look.cheap(&loss, &x, &sideways)),
            power(0.5),
            power(1.0),
            power(1.5),
            power(2.0),
            power(3.0),
            direction(ImplicitGradient { eta: rho }.update(&loss, &x)),
        ]
    });
    let scalar = |x: f64| Tensor::scalar(x).to_dtype(DType::F32);
    let directions = run.call((single(&X), single(&A), scalar(s), scalar(RHO))).unwrap();
    directions.iter().map(Tensor::to_f64_vec).collect()
}

#[test]
fn a_gradient_of_any_size_has_its_direction() {
    let size = norm(&A.iter().zip(X).map(|(a, x)| a * x).collect::<Vec<_>>());
    for exponent in -30..=30 {
        let s = 10f64.powi(exponent) / size;
        for ((name, expected), got) in by_hand(s).into_iter().zip(found(s)) {
            if !expected.iter().all(|d| d.abs() < f64::from(f32::MAX)) {
                // ‖g‖ H g and the like are out of range: no finite number is right.
                assert!(got.iter().any(|d| !d.is_finite()), "{name} at 1e{exponent}: {got:?}");
                continue;
            }
            let off = norm(&plus(&got, -1.0, &expected)) / norm(&expected);
            assert!(off < 1e-5, "{name} at 1e{exponent}: off by {off:e}: {got:?}, not {expected:?}");
        }
    }
}

/// `∇² ρ‖∇L‖² = 2ρ H²` where ∇L is 0, and not 0 because a norm has no derivative there.
#[test]
fn the_square_of_the_gradient_norm_has_its_hessian_at_a_minimum() {
    let a = tensor![[2.0, 1.0], [1.0, -3.0]];
    for dtype in [DType::F32, DType::F64] {
        let matrix = a.to_dtype(dtype);
        let loss = |x: Var| (x * constant(&matrix).matmul(x)).sum() * 0.5;
        let rho = Tensor::scalar(0.25).to_dtype(dtype);
        let penalty = |x: Var| GradientPower { rho: constant(&rho), power: 2.0 }.penalty(&loss, &x);
        let zero = Tensor::from_fn(dtype, [2], |_| 0.0);
        assert_eq!(grad(penalty, &zero).unwrap(), zero);
        // A² = [[5, −1], [−1, 10]].
        let expected = Tensor::from_fn(dtype, [2, 2], |i| [2.5, -0.5, -0.5, 5.0][i]);
        assert_eq!(hessian(penalty, &zero).unwrap(), expected);
        // The directions: H + 2ρ H² for the power, and H (1 + ρ/2 H) for the implicit one.
        let jacobian = |f: &dyn Fn(Var) -> Var| {
            let rows = [0, 1].map(|i| grad(|x: Var| f(x).slice(0, i..i + 1).sum(), &zero).unwrap().to_f64_vec());
            rows.concat()
        };
        let number = || constant(&rho);
        let direction = |x: Var| GradientPower { rho: number(), power: 2.0 }.update(&loss, &x).direction;
        assert_eq!(jacobian(&direction), [4.5, 0.5, 0.5, 2.0]);
        let direction = |x: Var| ImplicitGradient { eta: number() }.update(&loss, &x).direction;
        assert_eq!(jacobian(&direction), [2.625, 0.875, 0.875, -1.75]);
    }
}
