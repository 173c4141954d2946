//! Sharpness-aware minimization finds a wider minimum than gradient descent, and a penalty on the gradient does what it does.
//!
//! A GELU network learns the embedded 8×8 digits three times from the same weights with the same steps: by the plain gradient, by SAM
//! (`∇L(θ + ρ g/‖g‖)`), and by the gradient of `L + ρ‖∇L‖`, which agrees with SAM to first order in ρ and takes one exact
//! Hessian-vector product. What they are compared by is the largest eigenvalue of the Hessian, by power iteration on its products.
//!
//! Prints loss, accuracy on held-out digits and the sharpness of each.

use quadric::nn::data::{self, digits};
use quadric::prelude::*;

fn main() -> Result<(), Error> {
    let digits = digits(1);
    let first =
        |set: &data::Dataset, n: usize| set.flattened().to_dtype(DType::F64).batch(&(0..n).collect::<Vec<_>>())?.pair();
    let ((x, y), (x_test, y_test)) = (first(&digits.train, 600)?, first(&digits.test, 300)?);
    let start = Mlp::new(&[64, 32, 10], Activation::Gelu, DType::F64, 3);

    let mut sharpness = Vec::new();
    for method in ["gradient", "sam", "penalty"] {
        let mut step = compile(|(model, x, y): (Mlp<Var>, Var, Var)| {
            let loss = Classification::new(x, y);
            let rho = x.number(0.1);
            let update = match method {
                "sam" => Sam { rho }.update(&loss, &model),
                "penalty" => PenaltySam::new(rho).update(&loss, &model),
                _ => Plain.update(&loss, &model),
            };
            (update.loss, model.minus(&update.direction.scale(0.3)))
        });
        let mut model = start.clone();
        let mut value = 0.0;
        for _ in 0..300 {
            let (now, next) = step.call((model, x.clone(), y.clone()))?;
            (value, model) = (now.item(), next);
        }

        let mut product = compile(|(model, v, x, y): (Mlp<Var>, Mlp<Var>, Var, Var)| {
            let h_v = hvp(|m| Classification::new(x, y).loss(&m), &model, &v);
            (v.dot(&h_v), h_v.normalized())
        });
        let mut v = model.clone().normalized()?;
        let mut lambda = 0.0;
        for _ in 0..60 {
            let (rayleigh, next) = product.call((model.clone(), v, x.clone(), y.clone()))?;
            (lambda, v) = (rayleigh.item(), next);
        }

        let mut score = compile(|(model, x, y): (Mlp<Var>, Var, Var)| accuracy(model.logits(x), y));
        let right = score.call((model, x_test.clone(), y_test.clone()))?.item();
        println!("{method:9}  loss {value:.4}  held-out accuracy {:5.1} %  sharpness {lambda:6.3}", 100.0 * right);
        sharpness.push(lambda);
    }
    assert!(
        sharpness[1] < 0.8 * sharpness[0] && sharpness[2] < 0.8 * sharpness[0],
        "SAM and the penalty find wider minima"
    );
    Ok(())
}
