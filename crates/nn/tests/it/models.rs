//! Whole networks: derivatives against differences, names, scopes, mistakes.

use std::cell::RefCell;

use quadric_autodiff::trace::{self, Var, compile, constant, cut, grad, hvp};
use quadric_autodiff::{DType, ErrorKind, Tensor, Tree};
use quadric_gradcheck as gradcheck;
use quadric_nn::{Activation, Dense, Init, Mlp, cross_entropy, generator, mse};

use crate::activations::every;
use crate::{flat, noise, noisy, unflat};

pub(crate) fn declares_another_curvature(activation: Activation) -> bool {
    matches!(
        activation,
        Activation::GeluAblated | Activation::ReluSynthetic { .. } | Activation::ReluSyntheticListing { .. }
    )
}

#[test]
fn gradients_and_hessian_products_are_those_of_differences() {
    for activation in every() {
        for squares in [false, true] {
            let model = Mlp::new(&[3, 5, 4, 3], activation, DType::F64, 7);
            let (x, target) = (noisy(1, &[6, 3]), noisy(2, &[6, 3]));
            let labels = Tensor::from_vec(&[0i32, 1, 2, 0, 1, 2]);
            let loss = |m: Mlp<Var>| {
                let z = cut("logits", m.logits(constant(&x)));
                if squares { mse(z, constant(&target)).mean() } else { cross_entropy(z, constant(&labels)).mean() }
            };
            let value = RefCell::new(compile(loss));
            let gradient = RefCell::new(compile(|m: Mlp<Var>| grad(loss, &m)));
            let product = RefCell::new(compile(|(m, v): (Mlp<Var>, Mlp<Var>)| hvp(loss, &m, &v)));
            let f = |p: &[f64]| value.borrow_mut().call(unflat(&model, p)).unwrap().item();
            let g = |p: &[f64]| flat(&gradient.borrow_mut().call(unflat(&model, p)).unwrap());
            let h = |p: &[f64], v: &[f64]| {
                flat(&product.borrow_mut().call((unflat(&model, p), unflat(&model, v))).unwrap())
            };
            // Away from 0, where ReLU's zero biases would sit on no kink but near some.
            let point: Vec<f64> = flat(&model).iter().enumerate().map(|(i, w)| w + 0.1 * noise(3, i)).collect();
            let v: Vec<f64> = (0..point.len()).map(|i| noise(4, i)).collect();
            gradcheck::gradient(f, g, &point).unwrap();
            if !declares_another_curvature(activation) {
                gradcheck::hvp(g, h, &point, &v).unwrap();
            }
            let w: Vec<f64> = (0..point.len()).map(|i| noise(5, i)).collect();
            gradcheck::hessian_symmetry(h, &point, &v, &w).unwrap();
        }
    }
}

#[test]
fn a_network_is_what_its_layers_make() {
    let model = Mlp::new(&[3, 4, 2], Activation::Tanh, DType::F64, 1);
    assert_eq!(model.leaf_names(), ["layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]);
    let x = noisy(1, &[5, 3]);
    let z = compile(|(m, x): (Mlp<Var>, Var)| m.logits(x)).call((model.clone(), x.clone())).unwrap();
    let by_hand = compile(|(m, x): (Mlp<Var>, Var)| {
        (x.matmul(m.layers[0].weight) + m.layers[0].bias.unwrap()).tanh().matmul(m.layers[1].weight)
            + m.layers[1].bias.unwrap()
    });
    let by_hand = { by_hand }.call((model, x)).unwrap();
    assert_eq!(z, by_hand);
}

#[test]
fn scopes_name_layers_and_activations_and_lines_are_the_users() {
    let model = Mlp::new(&[3, 4, 2], Activation::Gelu, DType::F64, 1);
    let x = noisy(1, &[5, 3]);
    let tape = trace::trace(|m: Mlp<Var>| m.logits(constant(&x)), &model).unwrap();
    let mut scopes: Vec<String> = tape.equations().iter().map(|e| e.label.scope_path()).collect();
    scopes.dedup();
    scopes.retain(|s| !s.is_empty());
    assert_eq!(scopes, ["layers.0/dense", "layers.0/gelu", "layers.1/dense"]);
    for e in tape.equations() {
        let line = e.label.user_line().unwrap().to_string();
        assert!(line.contains("tests/it/models.rs"), "{line}");
        assert_eq!(e.label.is_nonlinear(), e.label.scope_path().ends_with("gelu"));
    }
}

#[test]
fn a_batch_of_the_wrong_width_is_told_at_the_callers_line() {
    let model = Mlp::new(&[3, 2], Activation::Gelu, DType::F64, 1);
    let error = compile(|(m, x): (Mlp<Var>, Var)| m.logits(x)).call((model, noisy(1, &[5, 4]))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape);
    let sentence = error.to_string();
    assert!(
        sentence.starts_with("dense: the last axis of the input f64[5,4] is not the 3 inputs of the layer (")
            && sentence.contains("tests/it/models.rs"),
        "{sentence}"
    );
}

#[test]
fn weights_begin_with_the_variance_asked_for_and_at_one_point_in_both_dtypes() {
    for (init, variance) in [(Init::LeCunNormal, 1.0 / 200.0), (Init::HeNormal, 2.0 / 200.0)] {
        let layer = Dense::with_init(200, 300, init, DType::F64, &mut generator(5));
        let w = layer.weight.to_f64_vec();
        let n = w.len() as f64;
        let mean = w.iter().sum::<f64>() / n;
        let var = w.iter().map(|w| w * w).sum::<f64>() / n;
        assert!(mean.abs() < 4.0 * (variance / n).sqrt(), "mean {mean}");
        assert!((var / variance - 1.0).abs() < 4.0 * (2.0 / n).sqrt(), "variance {var}");
        assert!(layer.bias.as_ref().unwrap().to_f64_vec().iter().all(|b| *b == 0.0));
        let single = Dense::with_init(200, 300, init, DType::F32, &mut generator(5));
        assert_eq!(single.weight, layer.weight.to_dtype(DType::F32));
    }
    let weights = |seed| Mlp::new(&[4, 4], Activation::Relu, DType::F64, seed).layers[0].weight.clone();
    assert_ne!(weights(1), weights(2));
}

/// The first weights of seed 0: results that were written down depend on them.
#[test]
fn a_seed_means_the_same_weights_for_good() {
    let w = Dense::new(2, 2, DType::F64, &mut generator(0)).weight.to_f64_vec();
    assert_eq!(w, FIRST);
}

const FIRST: [f64; 4] = [0.16525615461725807, 0.5585065442294128, -0.8787805274486434, 0.6378495284268889];
