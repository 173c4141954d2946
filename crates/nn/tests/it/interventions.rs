//! Claim 8: a declared activation keeps value and gradient to the bit, and its Hessian differs by the activation part alone.

use quadric_autodiff::trace::{Var, compile, cut, hvp_of_part, value_and_grad};
use quadric_autodiff::transform::Part;
use quadric_autodiff::{DType, Tensor, Tree};
use quadric_nn::{Activation, Mlp, cross_entropy};

use crate::{flat, noisy, relative};

fn model(activation: Activation, dtype: DType) -> Mlp {
    // Biases that are not 0, so that nothing is symmetric by accident.
    let mut seed = 10;
    Mlp::new(&[5, 8, 7, 4], activation, dtype, 3).map_leaves(|leaf: &Tensor| {
        seed += 1;
        if leaf.shape().rank() == 1 { noisy(seed, leaf.shape()).to_dtype(dtype) } else { leaf.clone() }
    })
}

fn batch(dtype: DType) -> (Tensor, Tensor) {
    let labels: Vec<i32> = (0..16).map(|i| i * 7 % 4).collect();
    (noisy(1, &[16, 5]).to_dtype(dtype), Tensor::from_vec(&labels))
}

fn value_and_gradient(activation: Activation, dtype: DType) -> (Tensor, Mlp) {
    let mut f = compile(|(m, x, y): (Mlp<Var>, Var, Var)| {
        value_and_grad(|m: Mlp<Var>| cross_entropy(cut("logits", m.logits(x)), y).mean(), &m)
    });
    let (x, y) = batch(dtype);
    let (value, grad) = f.call((model(activation, dtype), x, y)).unwrap();
    (value, grad.with_activation(Activation::Identity))
}

fn product(part: &Part, activation: Activation) -> Vec<f64> {
    let model = model(activation, DType::F64);
    let mut seed = 50;
    let v = model.map_leaves(|leaf: &Tensor| {
        seed += 1;
        noisy(seed, leaf.shape())
    });
    let mut f = compile(|(m, v, x, y): (Mlp<Var>, Mlp<Var>, Var, Var)| {
        hvp_of_part(part, |m: Mlp<Var>| cross_entropy(cut("logits", m.logits(x)), y).mean(), &m, &v)
    });
    let (x, y) = batch(DType::F64);
    flat(&f.call((model, v, x, y)).unwrap())
}

const PAIRS: [(Activation, Activation); 5] = [
    (Activation::Gelu, Activation::GeluAblated),
    (Activation::Gelu, Activation::GeluDeclared),
    (Activation::Relu, Activation::ReluSynthetic { beta: 100.0 }),
    (Activation::Relu, Activation::ReluSynthetic { beta: 2.0 }),
    (Activation::Relu, Activation::ReluSyntheticListing { beta: 2.0 }),
];

#[test]
fn value_and_gradient_are_bit_identical() {
    for dtype in [DType::F32, DType::F64] {
        for (plain, declared) in PAIRS {
            let (value, grad) = value_and_gradient(plain, dtype);
            let (value_declared, grad_declared) = value_and_gradient(declared, dtype);
            assert_eq!(value, value_declared, "{declared} {dtype}");
            assert!(grad == grad_declared, "{declared} {dtype}: the gradients differ");
        }
    }
}

#[test]
fn the_hessian_differs_by_exactly_the_activation_parts() {
    let (whole, a, m, g) =
        (Part::Hessian, Part::activation_nme("logits"), Part::multilinear_nme("logits"), Part::gauss_newton("logits"));
    for (plain, declared) in PAIRS {
        let minus = |x: Vec<f64>, y: Vec<f64>| x.iter().zip(&y).map(|(x, y)| x - y).collect::<Vec<_>>();
        let (h_plain, h_declared) = (product(&whole, plain), product(&whole, declared));
        let (a_plain, a_declared) = (product(&a, plain), product(&a, declared));
        // Up to rounding of the whole: a difference of two products is no better than they are.
        let norm = h_plain.iter().map(|x| x * x).sum::<f64>().sqrt();
        let error = minus(minus(h_declared, h_plain), minus(a_declared.clone(), a_plain.clone()));
        assert!(error.iter().map(|x| x * x).sum::<f64>().sqrt() < 1e-13 * norm, "{declared}");
        for part in [&m, &g] {
            assert!(relative(&product(part, declared), &product(part, plain)) < 1e-13, "{declared}");
        }
        match declared {
            Activation::GeluAblated => assert!(a_declared.iter().all(|x| *x == 0.0)),
            Activation::GeluDeclared => assert!(relative(&a_declared, &a_plain) < 1e-13),
            _ => {
                assert!(a_plain.iter().all(|x| *x == 0.0));
                assert!(a_declared.iter().any(|x| x.abs() > 1e-6));
            }
        }
    }
}
