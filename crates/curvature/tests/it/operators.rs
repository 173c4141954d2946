//! Every operator against a small dense matrix; adjoints, symmetry, batches, points, blocks.

use quadric_autodiff::trace::{Var, constant, hessian};
use quadric_autodiff::{DType, Select, Selection, Tensor, Tree};
use quadric_curvature::operators::*;
use quadric_curvature::vector::{dot, norm};
use quadric_curvature::{AtPoint, Gradient, LinearOperator, Probe, Problem, Space};

use crate::facts::{TOLERANCE, apart, dense};
use crate::nets::*;

type Matrix = quadric_curvature::operators::Dense;

fn transposed(a: &Matrix, rows: usize, columns: usize) -> Matrix {
    Matrix::new(columns, rows, (0..rows * columns).map(|k| a.at(k % rows, k / rows)).collect()).unwrap()
}

fn times(a: &Matrix, b: &Matrix) -> Matrix {
    dense(Product::new(a.clone(), b.clone()).unwrap())
}

#[test]
fn the_hessian_is_the_engines_dense_one() {
    // All parameters as one vector, cut into leaves inside the trace: another way to the same function.
    let model = mlp(Activation::Gelu, DType::F64, 1);
    let (x, y) = data(DType::F64);
    let space = Space::of(&model);
    let theta = Tensor::from_vec(&space.flatten(&model).unwrap());
    let f = |theta: Var| {
        let leaves = space
            .coordinates()
            .iter()
            .map(|c| theta.slice(0, c.range.clone()).reshape(c.ty.shape.clone()))
            .collect::<Vec<_>>();
        let model: Mlp<Var> = model.with_leaves(leaves);
        let (x, y) = (quadric_autodiff::trace::constant(&x), quadric_autodiff::trace::constant(&y));
        loss_of(Loss::CrossEntropy)(model, x, y)
    };
    let reference = hessian(f, &theta).unwrap().to_f64_vec();
    let h = dense(Hessian::new(&problem(Activation::Gelu, Loss::CrossEntropy)).unwrap());
    assert!(apart(h.entries(), &reference) < TOLERANCE);
}

#[test]
fn batches_make_no_difference() {
    let whole = whole(Activation::Silu, Loss::CrossEntropy);
    let batched = problem(Activation::Silu, Loss::CrossEntropy);
    assert_eq!((whole.batches(), batched.batches(), batched.examples()), (1, 3, EXAMPLES));
    let both = |of: &dyn Fn(&Problem) -> Matrix| apart(of(&batched).entries(), of(&whole).entries());
    assert!(both(&|p| dense(Hessian::new(p).unwrap())) < TOLERANCE);
    assert!(both(&|p| dense(Nme::new(p, "logits").unwrap())) < TOLERANCE);
    assert!(both(&|p| dense(EmpiricalFisher::new(p, "logits").unwrap())) < TOLERANCE);
    assert!(both(&|p| dense(Fisher::categorical(p, "logits").unwrap())) < TOLERANCE);
    assert!(both(&|p| dense(SampledFisher::categorical(p, "logits", 3).unwrap())) < TOLERANCE);
    assert!(both(&|p| dense(Jacobian::new(p, "logits").unwrap())) < TOLERANCE);
    assert!(both(&|p| dense(Ntk::new(p, "logits").unwrap())) < TOLERANCE);
    let (a, b) = (Gradient::new(&whole), Gradient::new(&batched));
    let (a, b) = (a.unwrap().value_and_gradient().unwrap(), b.unwrap().value_and_gradient().unwrap());
    assert!((a.0 / b.0 - 1.0).abs() < 1e-14 && apart(&b.1, &a.1) < 1e-13);
}

#[test]
fn moving_to_a_point_is_starting_there() {
    let problem = problem(Activation::Gelu, Loss::CrossEntropy);
    let there = mlp(Activation::Gelu, DType::F64, 2);
    let from_there = problem.at(&there).unwrap();
    let theta = problem.space().flatten(&there).unwrap();
    let v = Probe::Gaussian.draw(theta.len(), 1, 4).swap_remove(0);
    fn check<A: AtPoint>(mut moved: A, mut by_theta: A, mut fresh: A, there: &Mlp, theta: &[f64], v: &[f64]) {
        let v = if moved.dim() == v.len() { v.to_vec() } else { vec![1.0; moved.dim()] };
        let before = moved.apply(&v).unwrap();
        moved.set_point(there).unwrap();
        by_theta.set_parameters(theta).unwrap();
        let after = moved.apply(&v).unwrap();
        assert_ne!(before, after);
        assert_eq!(after, fresh.apply(&v).unwrap());
        assert_eq!(after, by_theta.apply(&v).unwrap());
    }
    macro_rules! check {
        ($new:expr) => {
            check($new(&problem), $new(&problem), $new(&from_there), &there, &theta, &v)
        };
    }
    check!(|p| Hessian::new(p).unwrap());
    check!(|p| GaussNewton::new(p, "logits").unwrap());
    check!(|p| Nme::new(p, "logits").unwrap());
    check!(|p| Fisher::categorical(p, "logits").unwrap());
    check!(|p| SampledFisher::categorical(p, "logits", 5).unwrap());
    check!(|p| EmpiricalFisher::new(p, "logits").unwrap());
    check!(|p| Jacobian::new(p, "logits").unwrap());
    check!(|p| JacobianTranspose::new(p, "logits").unwrap());
    check!(|p| Ntk::new(p, "logits").unwrap());
}

#[test]
fn keeping_the_linearised_point_changes_no_bit() {
    let problem = problem(Activation::Tanh, Loss::CrossEntropy);
    let v = Probe::Gaussian.draw(problem.space().dim(), 1, 4).swap_remove(0);
    let mut kept = Hessian::new(&problem).unwrap();
    let mut again = Hessian::new(&problem.clone().with_linearization(false)).unwrap();
    assert_eq!(kept.apply(&v).unwrap(), kept.apply(&v).unwrap());
    assert_eq!(kept.apply(&v).unwrap(), again.apply(&v).unwrap());
}

#[test]
fn blocks_are_vectors_together() {
    let problem = problem(Activation::Gelu, Loss::CrossEntropy);
    let block = Probe::Gaussian.draw(problem.space().dim(), 21, 4); // 16 and 5
    let mut h = Hessian::new(&problem).unwrap();
    let together = h.apply_block(&block).unwrap();
    for (v, hv) in block.iter().zip(&together) {
        assert!(apart(&h.apply(v).unwrap(), hv) < 1e-13);
    }
    let mut small = Hessian::new(&problem.clone().with_block(4)).unwrap();
    for (a, b) in small.apply_block(&block).unwrap().iter().zip(&together) {
        assert!(apart(a, b) < 1e-13);
    }
    assert!(h.apply_block(&[]).unwrap().is_empty());
}

#[test]
fn threads_change_no_bit() {
    let problem = problem(Activation::Gelu, Loss::CrossEntropy);
    let block = Probe::Gaussian.draw(problem.space().dim(), 5, 4);
    let on = |threads: usize| {
        let problem = problem.clone().with_threads(threads);
        Hessian::new(&problem).unwrap().apply_block(&block).unwrap()
    };
    assert_eq!(on(1), on(2));
}

#[test]
fn the_jacobians_are_adjoint_and_make_the_others() {
    for activation in [Activation::Tanh, Activation::Gelu, Activation::Relu] {
        let problem = problem(activation, Loss::Squares);
        let (mut j, mut jt) =
            (Jacobian::new(&problem, "logits").unwrap(), JacobianTranspose::new(&problem, "logits").unwrap());
        assert_eq!((j.rows(), jt.rows()), (jt.dim(), j.dim()));
        assert_eq!(j.rows(), EXAMPLES * SIZES[3]);
        let v = &Probe::Gaussian.draw(j.dim(), 1, 1)[0];
        let u = &Probe::Gaussian.draw(j.rows(), 1, 2)[0];
        let (left, right) = (dot(u, &j.apply(v).unwrap()), dot(&jt.apply(u).unwrap(), v));
        assert!((left - right).abs() < 1e-13 * norm(u) * norm(v));
        let (rows, columns) = (j.rows(), j.dim());
        let (dense_j, dense_jt) = (dense(&mut j), dense(&mut jt));
        assert!(apart(dense_jt.entries(), transposed(&dense_j, rows, columns).entries()) < 1e-14);
        let ntk = dense(Ntk::new(&problem, "logits").unwrap());
        assert!(apart(ntk.entries(), times(&dense_j, &dense_jt).entries()) < TOLERANCE);
        // H_z = I for half squares: G = JᵀJ / N.
        let g = dense(GaussNewton::new(&problem, "logits").unwrap());
        let jtj = dense(Scaled::new(Product::new(dense_jt, dense_j).unwrap(), 1.0 / EXAMPLES as f64));
        assert!(apart(g.entries(), jtj.entries()) < TOLERANCE);
    }
}

#[test]
fn the_exact_fisher_is_gauss_newton_by_another_road() {
    for activation in Activation::all() {
        let ce = problem(activation, Loss::CrossEntropy);
        let g = dense(GaussNewton::new(&ce, "logits").unwrap());
        assert!(apart(dense(Fisher::categorical(&ce, "logits").unwrap()).entries(), g.entries()) < TOLERANCE);
        let squares = problem(activation, Loss::Squares);
        let g = dense(GaussNewton::new(&squares, "logits").unwrap());
        assert!(apart(dense(Fisher::gaussian(&squares, "logits").unwrap()).entries(), g.entries()) < TOLERANCE);
    }
}

#[test]
fn the_empirical_fisher_is_the_sum_of_outer_products() {
    for loss in LOSSES {
        let model = mlp(Activation::Gelu, DType::F64, 1);
        let (x, y) = data(DType::F64);
        let (x, labels) = (x.to_f64_vec(), y.to_vec::<i32>());
        let f = dense(EmpiricalFisher::new(&problem(Activation::Gelu, loss), "logits").unwrap());
        let dim = f.dim();
        let mut sum = vec![0.0; dim * dim];
        for n in 0..EXAMPLES {
            let row = Tensor::new([1, SIZES[0]], &x[n * SIZES[0]..(n + 1) * SIZES[0]]).unwrap();
            let one = Problem::new(&model, loss_of(loss), vec![(row, Tensor::from_vec(&labels[n..=n]))]).unwrap();
            let (_, g) = Gradient::new(&one).unwrap().value_and_gradient().unwrap();
            for k in 0..dim * dim {
                sum[k] += g[k / dim] * g[k % dim] / EXAMPLES as f64;
            }
        }
        assert!(apart(f.entries(), &sum) < TOLERANCE, "{loss:?}");
    }
}

#[test]
fn the_sampled_fisher_has_the_exact_one_as_its_mean() {
    let problem = problem(Activation::Tanh, Loss::CrossEntropy);
    let v = Probe::Gaussian.draw(problem.space().dim(), 1, 8).swap_remove(0);
    let exact = dot(&v, &Fisher::categorical(&problem, "logits").unwrap().apply(&v).unwrap());
    let mut sampled = SampledFisher::categorical(&problem, "logits", 0).unwrap();
    let first = sampled.apply(&v).unwrap();
    assert_eq!(first, SampledFisher::categorical(&problem, "logits", 0).unwrap().apply(&v).unwrap());
    let samples: Vec<f64> = (0..400)
        .map(|seed| {
            sampled.resample(seed).unwrap();
            dot(&v, &sampled.apply(&v).unwrap())
        })
        .collect();
    let mean = samples.iter().sum::<f64>() / 400.0;
    let error = (samples.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 399.0 / 400.0).sqrt();
    assert!((mean - exact).abs() < 4.0 * error, "{mean} ± {error}, exact {exact}");
    assert!(error < 0.1 * exact);
    // The Gaussian one, too: its exact counterpart is JᵀJ / N.
    let exact = dot(&v, &Fisher::gaussian(&problem, "logits").unwrap().apply(&v).unwrap());
    let mut sampled = SampledFisher::gaussian(&problem, "logits", 0).unwrap();
    let mut sum = 0.0;
    for seed in 0..400 {
        sampled.resample(seed).unwrap();
        sum += dot(&v, &sampled.apply(&v).unwrap()) / 400.0;
    }
    assert!((sum / exact - 1.0).abs() < 0.2, "{sum} {exact}");
}

#[test]
fn every_symmetric_operator_is_symmetric() {
    let problem = problem(Activation::Silu, Loss::CrossEntropy).with_convex_loss();
    let mut all: Vec<(&str, Box<dyn LinearOperator>)> = vec![
        ("H", Box::new(Hessian::new(&problem).unwrap())),
        ("G", Box::new(GaussNewton::new(&problem, "logits").unwrap())),
        ("N", Box::new(Nme::new(&problem, "logits").unwrap())),
        ("A", Box::new(ActivationNme::new(&problem, "logits").unwrap())),
        ("M", Box::new(MultilinearNme::new(&problem, "logits").unwrap())),
        ("R", Box::new(Remainder::new(&problem, "logits").unwrap())),
        ("layer", Box::new(Layer::new(&problem, "layers.1").unwrap())),
        ("F", Box::new(Fisher::categorical(&problem, "logits").unwrap())),
        ("E", Box::new(EmpiricalFisher::new(&problem, "logits").unwrap())),
        ("K", Box::new(Ntk::new(&problem, "logits").unwrap())),
    ];
    for (name, operator) in &mut all {
        assert!(operator.symmetry().symmetric, "{name}");
        let probes = Probe::Gaussian.draw(operator.dim(), 2, 6);
        let (u, v) = (&probes[0], &probes[1]);
        let (av, au) = (operator.apply(v).unwrap(), operator.apply(u).unwrap());
        assert!((dot(u, &av) - dot(v, &au)).abs() < 1e-13 * norm(u) * norm(&av).max(1.0), "{name}");
        if operator.symmetry().semidefinite {
            assert!(dot(v, &av) >= 0.0, "{name}");
        }
    }
    let semidefinite: Vec<&str> = all.iter().filter(|(_, o)| o.symmetry().semidefinite).map(|(n, _)| *n).collect();
    assert_eq!(semidefinite, ["G", "F", "E", "K"]);
}

#[test]
fn shares_of_the_layers_add_up() {
    let problem = problem(Activation::Gelu, Loss::CrossEntropy);
    let h = dense(Hessian::new(&problem).unwrap());
    let mut sum = dense(Layer::new(&problem, "cross_entropy").unwrap());
    for layer in ["layers.0", "layers.1", "layers.2"] {
        sum = sum.plus(1.0, &dense(Layer::new(&problem, layer).unwrap())).unwrap();
    }
    assert!(apart(sum.entries(), h.entries()) < TOLERANCE);
    let gelus = dense(Layer::new(&problem, "gelu").unwrap());
    let a = dense(ActivationNme::new(&problem, "logits").unwrap());
    assert!(apart(gelus.entries(), a.entries()) < TOLERANCE);
}

#[test]
fn an_inverse_inverts() {
    let problem = problem(Activation::Gelu, Loss::CrossEntropy);
    let b = Probe::Gaussian.draw(problem.space().dim(), 1, 7).swap_remove(0);
    let damped = || Damped::new(GaussNewton::new(&problem, "logits").unwrap(), 0.1);
    let x = Inverse::cg(damped(), CgParams::default()).apply(&b).unwrap();
    assert!(apart(&damped().apply(&x).unwrap(), &b) < 1e-9);
    let hessian = || Damped::new(Hessian::new(&problem).unwrap(), 0.01);
    let mut inverse = Inverse::minres(hessian(), CgParams { tolerance: 1e-9, ..CgParams::default() });
    let x = inverse.apply(&b).unwrap();
    assert!(apart(&hessian().apply(&x).unwrap(), &b) < 1e-8, "{:?}", inverse.info());
}

#[test]
fn operators_can_go_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Problem>();
    is_send::<Hessian>();
    is_send::<Fisher>();
    is_send::<Gradient>();
    is_send::<quadric_curvature::Decomposition>();
}

#[test]
fn leaves_that_are_no_floats_stay_what_they_are() {
    // The index picks which weight is used; only the weights have coordinates.
    let loss = |model: (Var, Var), x: Var, _: Var| (model.1.gather(model.0, 0).powi(3) * x).mean();
    let model = (Tensor::from_vec(&[1]), Tensor::from_vec(&[2.0, 5.0]));
    let problem = Problem::new(&model, loss, vec![(Tensor::from_vec(&[1.0]), Tensor::from_vec(&[0]))]).unwrap();
    assert_eq!(problem.space().dim(), 2);
    assert_eq!(problem.parameters(), [2.0, 5.0]);
    let mut h = Hessian::new(&problem).unwrap();
    assert_eq!(h.apply(&[1.0, 1.0]).unwrap(), [0.0, 30.0]);
    h.set_point(&(Tensor::from_vec(&[0]), Tensor::from_vec(&[2.0, 5.0]))).unwrap();
    assert_eq!(h.apply(&[1.0, 1.0]).unwrap(), [12.0, 0.0]);
    h.set_parameters(&[3.0, 5.0]).unwrap();
    assert_eq!(h.apply(&[1.0, 1.0]).unwrap(), [18.0, 0.0]);
}

#[test]
fn a_parameter_that_nothing_reaches_has_no_curvature() {
    let loss = |model: (Var, Var), x: Var, _: Var| (model.0.powi(3) * x).mean();
    let model = (Tensor::scalar(1.0), Tensor::scalar(1.0));
    let problem = Problem::new(&model, loss, vec![(Tensor::from_vec(&[1.0]), Tensor::from_vec(&[0]))]).unwrap();
    assert_eq!(dense(Hessian::new(&problem).unwrap()).entries(), [6.0, 0.0, 0.0, 0.0]);
    assert_eq!(Gradient::new(&problem).unwrap().value_and_gradient().unwrap().1, [3.0, 0.0]);
}

#[test]
fn the_curvature_of_a_part_is_the_block_of_the_whole() {
    let model = mlp(Activation::Gelu, DType::F64, 1);
    let (x, y) = data(DType::F64);
    let part = model.select("layers.1.*").unwrap();
    let loss = |part: Selection<Var>, x: Var, y: Var| {
        loss_of(Loss::CrossEntropy)(model.map_leaves(constant).with_selected(&part), x, y)
    };
    let on_part = Problem::in_batches(&part, loss, &x, &y, 5).unwrap();
    let whole = problem(Activation::Gelu, Loss::CrossEntropy);
    let range: Vec<usize> = whole
        .space()
        .coordinates()
        .iter()
        .filter(|c| c.name.starts_with("layers.1."))
        .flat_map(|c| c.range.clone())
        .collect();
    for (of_part, of_whole) in [
        (dense(Hessian::new(&on_part).unwrap()), dense(Hessian::new(&whole).unwrap())),
        (dense(Nme::new(&on_part, "logits").unwrap()), dense(Nme::new(&whole, "logits").unwrap())),
        (
            dense(EmpiricalFisher::new(&on_part, "logits").unwrap()),
            dense(EmpiricalFisher::new(&whole, "logits").unwrap()),
        ),
    ] {
        let block: Vec<f64> = range.iter().flat_map(|i| range.iter().map(|j| of_whole.at(*i, *j))).collect();
        assert!(apart(of_part.entries(), &block) < TOLERANCE);
    }
    assert_eq!(on_part.space().coordinates()[0].name, "layers.1.weight");
}
