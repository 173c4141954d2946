//! Shares of `vᵀHv`: they add up, and each is what a product of its own says.

use quadric_autodiff::trace::{Var, checkpoint, cut, declare_second_derivative, scan};
use quadric_autodiff::{DType, Tensor, tensor};
use quadric_curvature::operators::{Hessian, Layer, SourceLine};
use quadric_curvature::vector::dot;
use quadric_curvature::{Attributor, LinearOperator, Part, Probe, Problem, operators::PartOperator};

use crate::nets::*;

#[test]
fn the_shares_sum_to_the_whole() {
    for activation in Activation::all() {
        for loss in LOSSES {
            let problem = problem(activation, loss);
            let v = Probe::Gaussian.draw(problem.space().dim(), 1, 2).swap_remove(0);
            let whole = dot(&v, &Hessian::new(&problem).unwrap().apply(&v).unwrap());
            let attribution = Attributor::new(&problem).unwrap().attribute(&v).unwrap();
            let size: f64 = attribution.shares.iter().map(|s| s.value.abs()).sum();
            assert!((attribution.total() - whole).abs() < 1e-13 * size, "{activation:?} {loss:?}");
        }
    }
}

#[test]
fn every_share_is_its_own_product() {
    let problem = problem(Activation::Gelu, Loss::CrossEntropy);
    let v = Probe::Gaussian.draw(problem.space().dim(), 1, 2).swap_remove(0);
    let attribution = Attributor::new(&problem).unwrap().attribute(&v).unwrap();
    let size: f64 = attribution.shares.iter().map(|s| s.value.abs()).sum();
    let lines = attribution.by_line();
    assert!(lines.len() >= 4, "{lines:?}");
    for (line, share) in &lines {
        let product = SourceLine::new(&problem, line).unwrap().apply(&v).unwrap();
        assert!((dot(&v, &product) - share).abs() < 1e-13 * size, "{line}");
    }
    for layer in ["layers.0", "layers.1", "layers.2", "cross_entropy"] {
        let inside = |s: &&quadric_curvature::Share| s.scope.split('/').any(|name| name == layer);
        let share: f64 = attribution.shares.iter().filter(inside).map(|s| s.value).sum();
        let product = Layer::new(&problem, layer).unwrap().apply(&v).unwrap();
        assert!((dot(&v, &product) - share).abs() < 1e-13 * size, "{layer}");
    }
    // By class and side, they are the parts.
    let of = |part: Part| dot(&v, &PartOperator::new(&problem, &part).unwrap().apply(&v).unwrap());
    use quadric_autodiff::ops::Side;
    use quadric_autodiff::tape::Class;
    let sum = |side: Side, class: Option<Class>| {
        let holds = |s: &&quadric_curvature::Share| {
            s.sides.iter().any(|(cut, on)| cut == "logits" && *on == side) && class.is_none_or(|c| s.class == c)
        };
        attribution.shares.iter().filter(holds).map(|s| s.value).sum::<f64>()
    };
    assert!((of(Part::gauss_newton("logits")) - sum(Side::Loss, None)).abs() < 1e-13 * size);
    assert!((of(Part::nme("logits")) - sum(Side::Model, None)).abs() < 1e-13 * size);
    assert!((of(Part::activation_nme("logits")) - sum(Side::Model, Some(Class::Nonlinear))).abs() < 1e-13 * size);
}

#[test]
fn a_declared_second_derivative_is_attributed_to_its_line() {
    let (x, y) = data(DType::F64);
    let loss = |model: Mlp<Var>, x: Var, y: Var| {
        let h = x.matmul(model.layers[0].weight) + model.layers[0].bias;
        let a = declare_second_derivative("odd", h, |x| x.tanh(), |x| x.sin() * 3.0);
        let h = a.matmul(model.layers[1].weight) + model.layers[1].bias;
        let z = h.matmul(model.layers[2].weight) + model.layers[2].bias;
        Loss::Squares.apply(cut("logits", z), y)
    };
    let model = mlp(Activation::Tanh, DType::F64, 1);
    let problem = Problem::in_batches(&model, loss, &x, &y, 3).unwrap();
    let v = Probe::Gaussian.draw(problem.space().dim(), 1, 2).swap_remove(0);
    let whole = dot(&v, &Hessian::new(&problem).unwrap().apply(&v).unwrap());
    let attribution = Attributor::new(&problem).unwrap().attribute(&v).unwrap();
    let size: f64 = attribution.shares.iter().map(|s| s.value.abs()).sum();
    assert!((attribution.total() - whole).abs() < 1e-13 * size);
    let a = PartOperator::new(&problem, &Part::activation_nme("logits")).unwrap().apply(&v).unwrap();
    assert!(dot(&v, &a).abs() > 1e-3);
}

#[test]
fn a_checkpoint_has_its_shares_and_a_loop_those_of_its_steps() {
    let one = |loss: fn(Var, Var, Var) -> Var| {
        Problem::new(&Tensor::scalar(2.0), loss, vec![(tensor![1.0, 3.0], tensor![0.0, 0.0])]).unwrap()
    };
    // The mean of x w³, whose second derivative is 6 w times the mean of x.
    let cube = one(|w, x, _| (checkpoint(|w: Var| w.powi(3), &w) * x).mean());
    assert_eq!(Attributor::new(&cube).unwrap().attribute(&[1.0]).unwrap().total(), 24.0);
    // (w w + 1) w + 3: the first step bends by 2, times w behind it; the second by the slope 2 w of its state, twice.
    let looped = one(|w, x, _| scan(|state: Var, x: Var| (state * w + x, state), &w, &x).0);
    let mut shares = Attributor::new(&looped).unwrap().attribute(&[1.0]).unwrap().by_scope();
    shares.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(shares, [("0".to_string(), 4.0), ("1".to_string(), 8.0)]);
}
