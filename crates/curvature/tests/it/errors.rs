//! What must be refused, and how it is said.

use quadric_autodiff::trace::{Var, cut};
use quadric_autodiff::{DType, Tensor, tensor};
use quadric_curvature::operators::*;
use quadric_curvature::{AtPoint, Decomposition, Error, ErrorKind, LinearOperator, Problem};

use crate::nets::*;

fn refused<T>(result: Result<T, Error>) -> Error {
    match result {
        Ok(_) => panic!("this should have been refused"),
        Err(error) => error,
    }
}

#[test]
fn a_cut_that_does_not_exist() {
    let problem = problem(Activation::Tanh, Loss::CrossEntropy);
    let all = [
        refused(GaussNewton::new(&problem, "logit")),
        refused(Nme::new(&problem, "logit")),
        refused(ActivationNme::new(&problem, "logit")),
        refused(MultilinearNme::new(&problem, "logit")),
        refused(Remainder::new(&problem, "logit")),
        refused(Decomposition::new(&problem, "logit")),
        refused(Jacobian::new(&problem, "logit")),
        refused(Fisher::categorical(&problem, "logit")),
        refused(EmpiricalFisher::new(&problem, "logit")),
    ];
    for error in all {
        assert_eq!(error.kind(), ErrorKind::Selection);
        assert!(error.to_string().contains("\"logit\""), "{error}");
    }
    assert_eq!(refused(Layer::new(&problem, "layers.7")).kind(), ErrorKind::Selection);
    assert_eq!(refused(SourceLine::new(&problem, "src/nowhere.rs:1")).kind(), ErrorKind::Selection);
    let nothing = problem.space().range("layers.7");
    assert!(nothing.unwrap_err().to_string().contains("layers.0.weight"));
}

fn one(loss: impl Fn(Var, Var, Var) -> Var) -> Problem {
    Problem::new(&Tensor::scalar(0.5), loss, vec![(tensor![1.0, 2.0], tensor![0.0, 1.0])]).unwrap()
}

#[test]
fn a_loss_that_bends_in_a_parameter_past_the_cut() {
    let problem = one(|w, x, _| (cut("z", x * w) * w).mean());
    for error in [refused(GaussNewton::new(&problem, "z")), refused(Nme::new(&problem, "z"))] {
        assert_eq!(error.kind(), ErrorKind::Selection);
        assert!(error.to_string().contains("errors.rs:"), "the user's line: {error}");
        assert!(error.engine().is_some());
    }
    assert!(Hessian::new(&problem).is_ok(), "the Hessian needs no cut");
    // A sum of loss and penalty does not bend in both at once.
    let fine = one(|w, x, _| cut("z", x * w).powi(2).mean() + w * w);
    assert!(GaussNewton::new(&fine, "z").is_ok());
}

#[test]
fn a_cut_twice_on_a_path() {
    let problem = one(|w, x, _| cut("z", cut("z", x * w).sin() * w).powi(2).mean());
    let error = refused(GaussNewton::new(&problem, "z"));
    assert_eq!(error.kind(), ErrorKind::Selection);
    assert!(error.to_string().contains("twice"), "{error}");
    assert!(refused(Jacobian::new(&problem, "z")).to_string().contains("2 cuts"));
}

#[test]
fn examples_that_depend_on_each_other() {
    let problem = problem(Activation::Tanh, Loss::CrossEntropy).with_coupled_examples();
    for error in [
        refused(EmpiricalFisher::new(&problem, "logits")),
        refused(Fisher::categorical(&problem, "logits")),
        refused(SampledFisher::categorical(&problem, "logits", 0)),
    ] {
        assert_eq!(error.kind(), ErrorKind::Problem);
    }
    assert!(GaussNewton::new(&problem, "logits").is_ok());
}

#[test]
fn data_and_losses_that_are_none() {
    let (x, y) = data(DType::F64);
    let model = mlp(Activation::Tanh, DType::F64, 1);
    let none = Problem::new(&model, loss_of(Loss::Squares), vec![]);
    assert_eq!(refused(none).kind(), ErrorKind::Problem);
    let uneven = Problem::in_batches(&model, loss_of(Loss::Squares), &x, &tensor![0, 1], 2);
    assert!(refused(uneven).to_string().contains("f64[7,3]"));
    let vector = Problem::new(&model, |m: Mlp<Var>, x: Var, _: Var| m.logits(x), vec![(x.clone(), y.clone())]);
    assert!(refused(vector).to_string().contains("f64[7,3]"));
    // A mistake inside the loss names the user's line.
    let wrong = Problem::new(&model, |m: Mlp<Var>, x: Var, _: Var| x.matmul(m.layers[1].weight).sum(), vec![(x, y)]);
    let error = refused(wrong);
    assert_eq!(error.kind(), ErrorKind::Engine);
    assert!(error.to_string().contains("matmul") && error.to_string().contains("errors.rs:"), "{error}");
}

#[test]
fn vectors_and_models_that_do_not_fit() {
    let problem = problem(Activation::Tanh, Loss::Squares);
    let mut h = Hessian::new(&problem).unwrap();
    assert_eq!(refused(h.apply(&[1.0])).kind(), ErrorKind::Dimension);
    assert_eq!(refused(h.set_parameters(&[1.0])).kind(), ErrorKind::Dimension);
    assert_eq!(refused(h.set_point(&tensor![1.0])).kind(), ErrorKind::Structure);
    let other = mlp(Activation::Tanh, DType::F32, 1);
    let error = refused(h.set_point(&other));
    assert!(error.to_string().contains("layers.0.weight") && error.to_string().contains("f32[3,5]"), "{error}");
    assert_eq!(refused(Block::new(h, 0..1000)).kind(), ErrorKind::Dimension);
}
