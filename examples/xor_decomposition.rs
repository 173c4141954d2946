//! The Hessian of a small network, taken apart: H = G + N, and N = A + M.
//!
//! A GELU network learns exclusive or. Along the way, for the normalised gradient g̃: how much the loss bends along it through the
//! linearised model (`g̃ᵀGg̃`, Gauss-Newton), and how much because the model itself bends (`g̃ᵀNg̃`, the nonlinear modeling error: `A` by
//! its activations, `M` by its products). At the end G has all of it: where the examples are fitted nothing multiplies the model's own
//! curvature.
//!
//! Prints a table with a row every 50 steps; the parts come from programs of their own, and their sum is checked against H.

use quadric::prelude::*;

fn loss(m: Mlp<Var>, x: Var, y: Var) -> Var {
    cross_entropy(cut("logits", m.logits(x)), y).mean()
}

fn main() -> Result<(), Error> {
    let mut model = Mlp::new(&[2, 8, 2], Activation::Gelu, DType::F64, 1);
    let (x, y) = (tensor![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], tensor![0, 1, 1, 0]);

    let mut step = compile(|(model, x, y): (Mlp<Var>, Var, Var)| {
        let (value, g) = value_and_grad(|m| loss(m, x, y), &model);
        (value, model.minus(&g.scale(0.5)))
    });
    let parts = [
        Part::Hessian,
        Part::gauss_newton("logits"),
        Part::nme("logits"),
        Part::activation_nme("logits"),
        Part::multilinear_nme("logits"),
    ];
    let mut curvature = compile(|(model, x, y): (Mlp<Var>, Var, Var)| {
        let direction = grad(|m| loss(m, x, y), &model).normalized();
        let (_, products) = hvps(&parts, |m| loss(m, x, y), &model, &direction);
        products.map(|product| direction.dot(&product))
    });

    println!("step      loss      vᵀHv      vᵀGv      vᵀNv      vᵀAv      vᵀMv     (v = g/|g|)");
    let mut last = [0.0; 5];
    for i in 0..=400 {
        let (value, next) = step.call((model.clone(), x.clone(), y.clone()))?;
        if i % 50 == 0 {
            let [h, g, n, a, m] = curvature.call((model, x.clone(), y.clone()))?.map(|t| t.item());
            println!("{i:4}  {:8.5}  {h:8.5}  {g:8.5}  {n:8.5}  {a:8.5}  {m:8.5}", value.item());
            assert!((h - (g + n)).abs() <= 1e-13 && (n - (a + m)).abs() <= 1e-13, "the parts add up");
            last = [h, g, n, a, m];
        }
        model = next;
    }
    let [h, g, n, ..] = last;
    assert!(g > 0.0 && n.abs() < 0.25 * h, "at the end the curvature is Gauss-Newton's");
    Ok(())
}
