//! A function with a derivative of one's own: the log-sum-exp of two numbers, declared once and right at every order.
//!
//! `f(a, b) = ln(eᵃ + eᵇ)` overflows where its value is an ordinary number; written as `max + ln(1 + e^−|a−b|)` its value is right, but
//! the derivative of that expression is not at a tie, where `max` and `|a − b|` have no derivative but f has. So f's forward
//! derivative is declared: `ḟ = p ȧ + (1 − p) ḃ` with `p = 1/(1 + e^(b−a))`. The engine transposes it for reverse mode and differentiates
//! it for the higher orders, so that all modes agree.
//!
//! Prints value, gradient and Hessian at a tie, beside those of the undeclared expression.

use quadric::autodiff::trace::custom_derivative;
use quadric::prelude::*;

/// The value, as one would write it.
fn value(a: Var, b: Var) -> Var {
    a.maximum(b) + (-(a - b).abs()).exp().log1p()
}

/// The same with its derivative declared.
fn log_add_exp(a: Var, b: Var) -> Var {
    let declared = custom_derivative(
        "log_add_exp",
        &[a, b],
        |x| vec![value(x[0], x[1])],
        |x, dot| {
            let p = (x[0] - x[1]).logistic();
            vec![p * dot[0] + (1.0 - p) * dot[1]]
        },
    );
    declared[0]
}

fn main() -> Result<(), Error> {
    let tie = (Tensor::scalar(2.0), Tensor::scalar(2.0));
    let along_a = (Tensor::scalar(1.0), Tensor::scalar(0.0));
    for (name, f) in [("declared", log_add_exp as fn(Var, Var) -> Var), ("as written", value)] {
        let (a, b) = grad(|(a, b): (Var, Var)| f(a, b), &tie)?;
        let (h_aa, h_ab) = hvp(|(a, b): (Var, Var)| f(a, b), &tie, &along_a)?;
        println!("{name:10}  ∂a {:.3}  ∂b {:.3}  ∂aa {:6.3}  ∂ab {:6.3}", a.item(), b.item(), h_aa.item(), h_ab.item());
    }

    // At a tie p = ½: the gradient is (½, ½) and the Hessian p (1 − p) [[1, −1], [−1, 1]].
    let f = |(a, b): (Var, Var)| log_add_exp(a, b);
    let (a, b) = grad(f, &tie)?;
    let (h_aa, h_ab) = hvp(f, &tie, &along_a)?;
    assert_eq!([a, b, h_aa, h_ab].map(|t| t.item()), [0.5, 0.5, 0.25, -0.25]);
    // Far from one it neither overflows nor loses the smaller number's share.
    let far = (Tensor::scalar(1000.0), Tensor::scalar(990.0));
    let (a, b) = grad(f, &far)?;
    assert!((a.item() + b.item() - 1.0).abs() < 1e-15 && (b.item() / (-10f64).exp() - 1.0).abs() < 1e-4);
    Ok(())
}
