//! Functions opened at their cut, seen from both sides, and taken apart equation by equation.

use quadric_autodiff::exec::{Options, Program};
use quadric_autodiff::tape::Tape;
use quadric_autodiff::trace::{self, Var, checkpoint, cut, hvp, hvp_of_part, linearize, scan, scan_n, scope};
use quadric_autodiff::transform::{self, Freeze, Part};
use quadric_autodiff::{Arithmetic, ErrorKind, Tensor, pass, tensor};

fn run(tape: &Tape, args: &[&Tensor]) -> Vec<Tensor> {
    Program::new(tape, &Options::default()).call(args).unwrap()
}

fn close(a: &Tensor, b: &Tensor) {
    assert_eq!(a.shape(), b.shape());
    for (a, b) in a.to_f64_vec().into_iter().zip(b.to_f64_vec()) {
        assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{a} is not {b}");
    }
}

/// Σ exp(z), z = sin(x)², and a term past the cut.
fn f(x: Var) -> Var {
    let z = scope("model", || cut("z", x.sin().powi(2)));
    scope("loss", || z.exp().sum()) + scope("decay", || x.powi(2).sum() * 0.5)
}

fn point() -> Tensor {
    tensor![0.3, -1.2]
}

fn traced(f: impl FnOnce(Var) -> Var) -> Tape {
    trace::trace(f, &point()).unwrap()
}

#[test]
fn the_model_is_what_leads_to_the_cut() {
    let model = transform::to_cut(&traced(f), "z").unwrap();
    assert_eq!(run(&model, &[&point()]), run(&traced(|x| x.sin().powi(2)), &[&point()]));
    assert!(model.to_string().contains("model"), "labels stay: {model}");
    assert!(!model.to_string().contains("loss"), "what follows is gone: {model}");
}

#[test]
fn an_offset_at_the_cut_moves_the_loss_alone() {
    let opened = transform::offset_at_cut(&traced(f), "z").unwrap();
    let delta = tensor![0.1, 0.2];
    let by_hand = traced(|x| (x.sin().powi(2) + trace::constant(&delta)).exp().sum() + x.powi(2).sum() * 0.5);
    close(&run(&opened, &[&point(), &delta])[0], &run(&by_hand, &[&point()])[0]);
    // ∂f/∂z by way of the offset is eᶻ, times the seed.
    let scores = transform::gradient(&opened, &[false, true], 3.0).unwrap().tape;
    let z = traced(|x| x.sin().powi(2).exp() * 3.0);
    close(&run(&scores, &[&point(), &tensor![0.0, 0.0]])[1], &run(&z, &[&point()])[0]);
}

#[test]
fn a_cut_that_is_not_there_once_is_an_error() {
    let none = transform::to_cut(&traced(f), "y").unwrap_err();
    assert_eq!(none.kind(), ErrorKind::Selection);
    assert!(none.to_string().starts_with("the function has no cut named \"y\""), "{none}");
    let twice = traced(|x| cut("z", cut("z", x).exp()).sum());
    let error = transform::offset_at_cut(&twice, "z").unwrap_err();
    assert_eq!(error.to_string(), "the function has 2 cuts named \"z\", one is needed");
}

#[test]
fn a_gradient_is_that_of_one_float() {
    let kind = |tape: Tape| transform::gradient(&tape, &[true], 1.0).unwrap_err().kind();
    assert_eq!(kind(traced(|x| x * x)), ErrorKind::NotScalar);
    assert_eq!(kind(traced(|x| x.gt(0.0).convert(quadric_autodiff::DType::I32).sum())), ErrorKind::NotScalar);
}

/// With the second derivative of the loss in the middle it is Gauss-Newton, by a road that freezes nothing.
#[test]
fn a_congruence_with_the_hessian_of_the_loss_is_gauss_newton() {
    let model = transform::to_cut(&traced(f), "z").unwrap();
    let zero = tensor![0.0, 0.0];
    let middle = trace::trace(|(z, z_dot): (Var, Var)| z.exp() * z_dot, &(zero.clone(), zero.clone())).unwrap();
    let v = tensor![1.0, -0.5];
    let product = transform::congruence(&model, &[true], &middle).unwrap();
    let expected = hvp_of_part(&Part::gauss_newton("z"), f, &point(), &v).unwrap();
    close(&run(&product, &[&point(), &v])[0], &expected);
    // With further inputs of the middle, and a middle that does not fit.
    let scaled = trace::trace(|(_, d, s): (Var, Var, Var)| d * s, &(zero.clone(), zero.clone(), zero.clone())).unwrap();
    let product = transform::congruence(&traced(|x| x * 2.0), &[true], &scaled).unwrap();
    assert_eq!(run(&product, &[&point(), &tensor![1.0, 10.0], &v]), [tensor![4.0, -20.0]]);
    let narrow = trace::trace(|(_, d): (Var, Var)| d, &(tensor![0.0], tensor![0.0])).unwrap();
    assert_eq!(transform::congruence(&model, &[true], &narrow).unwrap_err().kind(), ErrorKind::Shape);
}

#[test]
fn shares_add_up_to_the_whole_and_name_their_places() {
    let v = tensor![1.0, -0.5];
    let shares = transform::attribute(&traced(f), &[true]).unwrap();
    let out: Vec<f64> = run(&shares.tape, &[&point(), &v]).iter().map(Tensor::item).collect();
    let whole = hvp(f, &point(), &v).unwrap().to_f64_vec();
    let total: f64 = whole[0] - 0.5 * whole[1];
    assert!((out.iter().sum::<f64>() - total).abs() < 1e-12, "{out:?} is not {total}");
    // The decay's share is ‖v‖², whatever the rest.
    let decay: f64 = shares.reads.iter().zip(&out).filter(|(p, _)| p.scope == "decay").map(|(_, s)| s).sum();
    assert!((decay - 1.25).abs() < 1e-12, "{decay}");
    for (i, place) in shares.reads.iter().enumerate() {
        assert!(place.line.starts_with("crates/autodiff/tests/it/opened.rs:"), "{place:?}");
        assert!(!shares.reads[..i].contains(place), "each once: {place:?}");
    }
}

#[test]
fn nothing_to_attribute_is_no_share() {
    let linear = transform::attribute(&traced(|x| x.sum()), &[true]).unwrap();
    assert!(linear.reads.is_empty() && linear.tape.outputs().is_empty());
    let nothing = transform::attribute(&traced(f), &[false]).unwrap();
    assert!(nothing.reads.is_empty());
}

/// What a checkpoint computes again is attributed as if it were kept, in checkpoints inside checkpoints too.
#[test]
fn a_checkpoint_has_the_shares_of_what_is_inside() {
    let cube = trace::trace(|x: Var| checkpoint(|x: Var| x.powi(3).sum(), &x), &tensor![2.0]).unwrap();
    let shares = transform::attribute(&cube, &[true]).unwrap();
    assert_eq!(run(&shares.tape, &[&tensor![2.0], &tensor![1.0]]), [Tensor::scalar(12.0)]);

    let v = tensor![1.0, -0.5];
    let total = |f: &dyn Fn(Var) -> Var| {
        let shares = transform::attribute(&traced(f), &[true]).unwrap();
        run(&shares.tape, &[&point(), &v]).iter().map(Tensor::item).sum::<f64>()
    };
    let whole = |f: &dyn Fn(Var) -> Var| hvp(f, &point(), &v).unwrap().dot(&v).unwrap().item();
    let inner = |x: Var| checkpoint(|x: Var| (x.sin() * x).exp(), &x);
    let nested = |x: Var| checkpoint(|x: Var| inner(x).powi(2), &x).sum() + x.powi(3).sum();
    assert!((total(&nested) - whole(&nested)).abs() < 1e-12);
    // Its reverse derivative computes the body again: as a function of its own, it is no other.
    let slope = |x: Var| trace::grad(nested, &x).powi(2).sum();
    assert!((total(&slope) - whole(&slope)).abs() < 1e-10 * whole(&slope).abs());
}

/// A loop's share is that of the same steps written out, and each step has its own.
#[test]
fn a_loop_has_the_shares_of_its_steps() {
    let step = |state: Var, w: Var| scope("cube", || state.sin() * w);
    let first = |w: Var| w.slice(0, 1..2).reshape([0; 0]);
    let looped = |w: Var| scope("loop", || scan(|s: Var, w: Var| (step(s, w), s), &first(w), &w)).0;
    let by_hand = |w: Var| {
        (0..2).fold(first(w), |s, k| {
            let w = w.slice(0, k..k + 1).reshape([0; 0]);
            scope("loop", || scope(&k.to_string(), || step(s, w)))
        })
    };
    let v = tensor![1.0, -0.5];
    let named = |f: &dyn Fn(Var) -> Var| {
        let shares = transform::attribute(&traced(f), &[true]).unwrap();
        let out = run(&shares.tape, &[&point(), &v]);
        let mut named: Vec<(String, f64)> = Vec::new();
        for (read, share) in shares.reads.iter().zip(&out) {
            match named.iter_mut().find(|(scope, _)| *scope == read.scope) {
                Some((_, sum)) => *sum += share.item(),
                None => named.push((read.scope.clone(), share.item())),
            }
        }
        named.sort_by(|a, b| a.0.cmp(&b.0));
        named
    };
    let (ours, theirs) = (named(&looped), named(&by_hand));
    assert_eq!(ours.iter().map(|s| s.0.as_str()).collect::<Vec<_>>(), ["loop/0/cube", "loop/1/cube"]);
    for (a, b) in ours.iter().zip(&theirs) {
        assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-14, "{a:?} {b:?}");
    }
    let whole = hvp(looped, &point(), &v).unwrap().dot(&v).unwrap().item();
    assert!((ours.iter().map(|s| s.1).sum::<f64>() - whole).abs() < 1e-13);
    // In a checkpoint, in another loop, of no steps; one that only adds up takes nothing from the rest.
    for f in [
        &(|w: Var| checkpoint(looped, &w)) as &dyn Fn(Var) -> Var,
        &|w| scan(|s: Var, _: Var| (looped(w * s), s), &w.number(1.1), &w).0,
        &|w| scan_n(0, |s: Var| (s, s), &w).1.sum() + w.powi(3).sum(),
        &|w| scan(|s: Var, w: Var| (s + w, s), &w.number(0.0), &w).0.powi(2),
    ] {
        let sum: f64 = named(f).iter().map(|s| s.1).sum();
        let whole = hvp(f, &point(), &v).unwrap().dot(&v).unwrap().item();
        assert!((sum - whole).abs() < 1e-13, "{sum} {whole}");
    }
}

/// Several freezes in one: the same products, and what they share crosses once.
#[test]
fn linearised_for_each_freeze_and_merged() {
    let gradient = transform::gradient(&traced(f), &[true], 1.0).unwrap();
    let freeze = |live| Some(Freeze { sweep: gradient.sweep, live });
    let freezes = [None, freeze(Part::gauss_newton("z")), freeze(Part::nme("z")), freeze(Part::remainder("z"))];
    let split = transform::linearize_each(&gradient.tape, &[true], &freezes).unwrap();
    let (first, second) = pass::optimize_halves(&split.primal, split.outputs, &split.linear);
    assert!(first.outputs().len() < split.primal.outputs().len(), "something crosses more than once");

    let v = tensor![1.0, -0.5];
    let values = run(&first, &[&point()]);
    assert_eq!(values[1], trace::grad(f, &point()).unwrap());
    let args: Vec<&Tensor> = values[split.outputs..].iter().chain([&v]).collect();
    let out = run(&second, &args);
    let sum: Vec<f64> = (0..2).map(|i| (3..8).step_by(2).map(|k| out[k].to_f64_vec()[i]).sum()).collect();
    close(&out[1], &hvp(f, &point(), &v).unwrap());
    close(&out[1], &tensor![sum[0], sum[1]]); // H = G + N + R
    close(&out[3], &hvp_of_part(&Part::gauss_newton("z"), f, &point(), &v).unwrap());
    // One alone is `linearize`.
    let (_, map) = linearize(|x| trace::grad(f, &x), &point()).unwrap();
    close(&out[1], &map.apply(&v).unwrap());
}
