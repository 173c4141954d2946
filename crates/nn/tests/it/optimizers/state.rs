//! What all optimizers do alike: state, mistakes, integers, NaN, the ends of a dtype.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, ErrorKind, Tensor, Tree, Type, tensor};
use quadric_nn::archive::Archive;
use quadric_nn::optimizers::Parameter;
use quadric_nn::{Adafactor, Adam, AnyOptimizer, Optimizer, ParseOptimizerError, Sgd};

use super::{all, step_of, three, undecayed};

fn rate() -> Tensor {
    Tensor::scalar(0.1)
}

fn error_of(
    optimizer: impl Optimizer + 'static,
    w: &[Tensor],
    d: &[Tensor],
    of: impl Optimizer,
) -> (ErrorKind, String) {
    let state = of.init(&w.to_vec());
    let error = step_of(optimizer).call((w.to_vec(), d.to_vec(), state, rate())).unwrap_err();
    (error.kind(), error.to_string().split(" (").next().unwrap().to_string())
}

#[test]
fn a_state_is_that_of_its_optimizer() {
    let w = [tensor![1.0, -2.0]];
    let error = |optimizer: AnyOptimizer, of: AnyOptimizer| error_of(optimizer, &w, &w, of);
    let (adam, sgd) = (Adam::new(), Sgd::new());
    let momentum = sgd.momentum(0.9);
    for (optimizer, of, what) in [
        (sgd.into(), adam.into(), "sgd: the state is that of adam"),
        (adam.into(), momentum.into(), "adam: the state is that of sgd"),
        (
            sgd.into(),
            momentum.into(),
            "sgd: the state has 1 tree of moments instead of 0: it was made with other settings",
        ),
        (
            momentum.into(),
            sgd.into(),
            "sgd: the state has 0 trees of moments instead of 1: it was made with other settings",
        ),
        (
            adam.amsgrad().into(),
            adam.into(),
            "adam: the state has 2 trees of moments instead of 3: it was made with other settings",
        ),
    ] {
        assert_eq!(error(optimizer, of), (ErrorKind::Arity, what.to_string()));
    }
    // Two optimizers that remember equally much are told apart by their names, in a file too.
    let mut archive = Archive::new();
    archive.insert_tree("optimizer", &Adam::new().init(&w.to_vec()));
    let other = "radam".parse::<AnyOptimizer>().unwrap().init(&w.to_vec());
    let told = archive.tree("optimizer", &other).unwrap_err().to_string();
    assert!(told.contains("\"optimizer.radam.0.0\" f64[2] is not there"), "{told}");
}

#[test]
fn trees_have_the_shape_of_the_parameters() {
    let (w, d) = ([tensor![1.0, -2.0], tensor![1.0]], [tensor![1.0, -2.0]]);
    let adam = Adam::new();
    let text = "adam: the direction and the parameters: the trees differ at the root: 2 items and 1 item";
    assert_eq!(error_of(adam, &w, &d, adam), (ErrorKind::Arity, text.into()));
    let text = "adam: the direction of \"1\" is f64[2], the parameter f64[1]";
    assert_eq!(error_of(adam, &w, &[d[0].clone(), d[0].clone()], adam), (ErrorKind::Shape, text.into()));
    let text = "adam: the direction of \"0\" is f32[2], the parameter f64[2]";
    assert_eq!(error_of(adam, &d, &[d[0].to_dtype(DType::F32)], adam), (ErrorKind::Shape, text.into()));

    let mut state = adam.init(&w.to_vec());
    state.moments[1][1] = tensor![0.0, 0.0];
    let error = step_of(adam).call((w.to_vec(), w.to_vec(), state, rate())).unwrap_err().to_string();
    assert!(error.starts_with("adam: moment 1 of \"1\" is f64[2], f64[1] is needed"), "{error}");
    assert!(error.contains("tests/it/optimizers.rs:"), "{error}");
    let error = step_of(adam).call((w.to_vec(), w.to_vec(), adam.init(&w.to_vec()), tensor![0.1])).unwrap_err();
    assert!(error.to_string().starts_with("adam: the rate is f64[1], a float scalar is needed"), "{error}");
}

#[test]
fn settings_that_make_no_sense_are_told() {
    let w = [tensor![1.0]];
    let told = |optimizer: AnyOptimizer| error_of(optimizer, &w, &w, Sgd::new()).1;
    let own = |optimizer: AnyOptimizer| optimizer.check(&[]).unwrap_err().to_string();
    assert_eq!(own(Adam::new().betas(1.0, 0.9).into()), "adam: beta1 is 1; it must be from 0 to below 1");
    assert_eq!(own(Adam::new().epsilon(-1.0).into()), "adam: epsilon is -1; it must be finite and not below 0");
    assert_eq!(told(Sgd::new().dampening(2.0).into()), "sgd: dampening is 2; it must be from 0 to below 1");
    let nesterov = "sgd: Nesterov's momentum needs a momentum above 0 and no dampening";
    assert_eq!(told(Sgd::new().nesterov(0.9).dampening(0.1).into()), nesterov);
    let alone = "sgd: dampening is 0.5 without a momentum; there is no velocity to dampen";
    assert_eq!(told(Sgd::new().dampening(0.5).into()), alone);
}

#[test]
fn the_step_count_is_a_scalar() {
    let (adam, w) = (Adam::new(), vec![tensor![1.0, -2.0]]);
    for (step, ty) in [(tensor![0], "i32[1]"), (Tensor::scalar(0.0), "f64[]")] {
        let mut state = adam.init(&w);
        state.step = step;
        let error = step_of(adam).call((w.clone(), w.clone(), state, rate())).unwrap_err();
        let what = format!("adam: the step count of the state is {ty}, i32[] is needed (");
        assert!(error.kind() == ErrorKind::Shape && error.to_string().starts_with(&what), "{error}");
    }
}

/// A rule that remembers two means and returns what it is told to.
struct Wrong(fn(&Parameter<'_>) -> (Var, Vec<Var>));

impl Optimizer for Wrong {
    fn name(&self) -> &'static str {
        "wrong"
    }
    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        vec![ty.clone(), ty.clone()]
    }
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        (self.0)(p)
    }
}

#[test]
fn what_a_rule_returns_is_what_it_was_given_in_number_and_types() {
    let w = [tensor![1.0, -2.0]];
    let told = |rule| error_of(Wrong(rule), &w, &w, Wrong(rule));
    let count = |n: usize| {
        let what = format!("wrong: the number of moments that the rule returns of \"0\" is {n}, 2 is needed");
        (ErrorKind::Arity, what)
    };
    assert_eq!(told(|p| (p.value, vec![p.value])), count(1));
    assert_eq!(told(|p| (p.value, vec![p.value; 3])), count(3));
    let what = "wrong: the value that the rule returns of \"0\" is f64[], f64[2] is needed";
    assert_eq!(told(|p| (p.value.sum(), p.moments.to_vec())), (ErrorKind::Shape, what.into()));
    let what = "wrong: moment 1 that the rule returns of \"0\" is f32[2], f64[2] is needed";
    let narrow = |p: &Parameter<'_>| (p.value, vec![p.value, p.value.convert(DType::F32)]);
    assert_eq!(told(narrow), (ErrorKind::Shape, what.into()));
}

/// In f32 R C / mean(R) is 0 where a row without gradient stands beside one of 1e8.
#[test]
fn adafactor_divides_by_no_zero_where_a_row_has_no_gradient() {
    let (adafactor, w) = (Adafactor::new(), vec![Tensor::from_fn(DType::F32, [2, 2], |_| 1.0)]);
    let d = vec![Tensor::from_fn(DType::F32, [2, 2], |i| if i < 2 { 0.0 } else { 1e8 })];
    let (new, _) = step_of(adafactor).call((w.clone(), d, adafactor.init(&w), rate())).unwrap();
    // u is 0, 0, 1, 1 and no longer than the clip; the weights' own scale is 1.
    assert!(new[0].to_f64_vec().iter().zip([1.0, 1.0, 0.9, 0.9]).all(|(w, e)| (w - e).abs() < 1e-6), "{new:?}");
}

#[test]
fn integer_leaves_are_left_alone() {
    for optimizer in all() {
        let w = vec![tensor![1.0, -2.0], tensor![7, 8], Tensor::from_vec(&[true, false])];
        let d = vec![tensor![1.0, 1.0], tensor![3, 3], Tensor::scalar(0.0)];
        let state = optimizer.init(&w);
        assert!(state.moments.iter().all(|tree| tree[1].size() == 0));
        let (new, state) = step_of(optimizer).call((w.clone(), d.clone(), state, rate())).unwrap();
        assert_eq!(new[1..], w[1..], "{optimizer}");
        let (again, _) = step_of(optimizer).call((new, d, state, rate())).unwrap();
        assert_eq!(again[1..], w[1..], "{optimizer}");
        assert!(again[0] != w[0], "{optimizer}");
    }
}

#[test]
fn a_saved_state_goes_on_to_the_bit() {
    for optimizer in all() {
        let d = |t: i32| vec![three(DType::F32, [0.1, -3.0, 1e-4].map(|x| x * f64::from(t)))];
        let mut step = step_of(optimizer);
        let (mut w, mut state) = (vec![three(DType::F32, [1.0, 2.0, 3.0])], None);
        let mut saved = None;
        for t in 1..=8 {
            let before = state.take().unwrap_or_else(|| optimizer.init(&w));
            if t == 5 {
                let mut archive = Archive::new();
                archive.insert_tree("w", &w);
                archive.insert_tree("state", &before);
                saved = Some(archive.to_bytes());
            }
            let (next, after) = step.call((w, d(t), before, rate())).unwrap();
            (w, state) = (next, Some(after));
        }
        let archive = Archive::from_bytes(&saved.unwrap()).unwrap();
        let start = vec![three(DType::F32, [0.0; 3])];
        let (mut again, mut resumed) =
            (archive.tree("w", &start).unwrap(), archive.tree("state", &optimizer.init(&start)).unwrap());
        let mut step = step_of(optimizer);
        for t in 5..=8 {
            (again, resumed) = step.call((again, d(t), resumed, rate())).unwrap();
        }
        assert_eq!((&again, Some(&resumed)), (&w, state.as_ref()), "{optimizer}");
        assert_eq!(resumed.step.item(), 8.0);
    }
}

#[test]
fn nothing_moves_without_a_gradient() {
    for optimizer in undecayed() {
        for dtype in [DType::F32, DType::F64] {
            let w = vec![three(dtype, [1.0, -2.0, 0.0]), Tensor::from_fn(dtype, [2, 3], |i| i as f64)];
            let zero = w.iter().map(|w| Tensor::zeros(w.ty().clone())).collect::<Vec<_>>();
            let (mut new, mut state, mut step) = (w.clone(), optimizer.init(&w), step_of(optimizer));
            for _ in 0..7 {
                (new, state) = step.call((new, zero.clone(), state, rate())).unwrap();
            }
            assert_eq!(new, w, "{optimizer}");
            assert!(state.leaves().iter().all(|leaf| leaf.to_f64_vec().iter().all(|x| x.is_finite())), "{optimizer}");
        }
    }
}

#[test]
fn a_nan_reaches_its_parameter_and_no_other() {
    for optimizer in all() {
        let w = vec![tensor![1.0, -2.0, 0.5], tensor![1.0]];
        let d = vec![tensor![0.1, f64::NAN, 0.1], tensor![0.1]];
        let (mut new, mut state, mut step) = (w.clone(), optimizer.init(&w), step_of(optimizer));
        // Twice: SOAP's first step moves nothing.
        for _ in 0..2 {
            (new, state) = step.call((new, d.clone(), state, rate())).unwrap();
        }
        let (new, other) = (new[0].to_f64_vec(), new[1].to_f64_vec());
        // These two scale by norms of the whole parameter.
        let whole = ["lamb", "adafactor"].contains(&optimizer.name());
        assert!(new[1].is_nan() && new[0].is_nan() == whole && new[2].is_nan() == whole, "{optimizer}: {new:?}");
        assert!(other[0].is_finite(), "{optimizer}");
    }
}

/// What the module says of gradients whose square is no `f32`.
#[test]
fn gradients_at_the_ends_of_f32() {
    let one = |optimizer: AnyOptimizer, gradients: &[f64]| {
        let (mut w, mut step) = (vec![three(DType::F32, [1.0; 3])], step_of(optimizer));
        let mut state = optimizer.init(&w);
        let mut seen = vec![];
        for d in gradients {
            (w, state) = step.call((w, vec![three(DType::F32, [*d, 0.0, 1.0])], state, rate())).unwrap();
            seen.push(w[0].to_f64_vec()[0]);
        }
        seen
    };
    for optimizer in undecayed() {
        // Of 1e-30 the square is 0, and ε hides it: as in f64, the step is far below a rounding of 1. Not so where there is no ε, in Lion.
        let tiny = one(optimizer, &[1e-30; 4])[3];
        assert_eq!((tiny - 1.0).abs() > 1e-5, optimizer.name() == "lion", "{optimizer}: {tiny}");
    }
    // The square of 1e30 is ∞: Adam stands still, and does for ever after.
    let adam = one(Adam::new().into(), &[1e30, 1.0, 1.0]);
    assert_eq!(adam, [1.0; 3]);
    // Nobody's later steps are NaN, of vectors and of matrices.
    for optimizer in undecayed() {
        assert!(one(optimizer, &[1e30, 1.0, 1.0, 1.0]).iter().all(|w| w.is_finite()), "{optimizer}");
    }
    // Adamax squares nothing.
    let adamax = one("adamax".parse().unwrap(), &[1e30]);
    assert!((adamax[0] - 0.9).abs() < 1e-6);
    // A moment that is an ordinary number in f64.
    assert!((one(Adam::new().into(), &[1e18])[0] - 0.9).abs() < 1e-6);
}

#[test]
fn names_and_settings_are_read_as_they_are_printed() {
    let parse = |text: &str| text.parse::<AnyOptimizer>();
    for optimizer in all() {
        assert_eq!(parse(&optimizer.to_string()).unwrap(), optimizer);
        let decayed = format!("{}:weight_decay=0.125", optimizer.name());
        assert_eq!(parse(&decayed).unwrap().to_string(), decayed);
    }
    assert_eq!(parse("nesterov").unwrap(), Sgd::new().nesterov(0.9).into());
    assert_eq!(parse("nesterov").unwrap().to_string(), "sgd:momentum=0.9,nesterov=true");
    assert_eq!(parse("nesterov:momentum=0.5").unwrap(), Sgd::new().nesterov(0.5).into());
    assert_eq!(parse("adam:epsilon=1e-6").unwrap().to_string(), "adam:epsilon=1e-6");
    let told = |text: &str| parse(text).map_err(|e: ParseOptimizerError| e.to_string()).unwrap_err();
    assert!(told("adamm").starts_with("there is no optimizer \"adamm\"; there are sgd, adam, adamw"));
    assert_eq!(told("adam:beta1"), "optimizer \"adam:beta1\": \"beta1\" is no setting=value");
    assert_eq!(told("adam:beta1=x"), "optimizer \"adam:beta1=x\": beta1 cannot be \"x\"");
    assert_eq!(told("adam:beta1=2"), "optimizer \"adam:beta1=2\": adam: beta1 is 2; it must be from 0 to below 1");
    assert_eq!(told("adam:"), "optimizer \"adam:\": settings such as momentum=0.9 are expected after the colon");
    assert!(told("lion:epsilon=1").ends_with("there is no epsilon; there are beta1, beta2, weight_decay"));
}

/// No factorisation stops a run for NaN, ∞ or zeros in a matrix; rows without gradient beside entries that are large, and whose squares are no
/// `f32`, leave numbers.
#[test]
fn matrices_that_are_no_numbers_end_no_run() {
    for bad in [f64::NAN, f64::INFINITY, 0.0, 1e-30, 1e8, 1e18, 1e30] {
        for optimizer in all() {
            for dtype in [DType::F32, DType::F64] {
                let w = vec![Tensor::from_fn(dtype, [2, 3], |i| i as f64)];
                let d = vec![Tensor::from_fn(dtype, [2, 3], |i| if i == 1 { bad } else { 0.0 })];
                let (mut new, mut state, mut step) = (w.clone(), optimizer.init(&w), step_of(optimizer));
                for _ in 0..3 {
                    (new, state) = step.call((new, d.clone(), state, rate())).unwrap();
                }
                let finite = new[0].to_f64_vec().iter().all(|x| x.is_finite());
                // The bases of SOAP are made of squares, and these are ∞.
                let beyond = optimizer.name() == "soap" && dtype == DType::F32 && bad == 1e30;
                assert!(finite || beyond || !bad.is_finite(), "{optimizer} in {dtype}: {bad} gives {new:?}");
            }
        }
    }
}
