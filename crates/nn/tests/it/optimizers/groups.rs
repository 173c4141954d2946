//! Groups by name, clipping and averages.

use quadric_autodiff::trace::{Var, compile};
use quadric_autodiff::{DType, ErrorKind, Tensor, Tree, tensor};
use quadric_nn::archive::Archive;
use quadric_nn::{
    Activation, Adam, AdamW, Adamax, Average, Groups, Lion, Mlp, Muon, Optimizer, Sgd, State, clip_by_norm,
    clip_by_value,
};

/// A network whose biases are not 0.
fn model() -> Mlp {
    let model = Mlp::new(&[2, 3, 3, 2], Activation::Tanh, DType::F64, 3);
    model.map_leaves(|leaf| Tensor::from_fn(leaf.dtype(), leaf.shape(), |i| leaf.to_f64_vec()[i] + 0.1))
}

/// Three steps along the parameters themselves.
fn run(optimizer: impl Optimizer, rate: f64) -> (Mlp, State<Mlp>) {
    let mut step = compile(|(m, state, rate): (Mlp<Var>, _, Var)| optimizer.update(&m, &m, &state, rate));
    let (mut m, mut state) = (model(), optimizer.init(&model()));
    for _ in 0..3 {
        (m, state) = step.call((m, state, Tensor::scalar(rate))).unwrap();
    }
    (m, state)
}

#[test]
fn every_group_moves_as_its_own_optimizer_does() {
    let groups = Groups::new(Adam::new())
        .hold("layers.0.weight")
        .with("*.bias", Lion::new())
        .rate(|name: &str| name.starts_with("layers.1"), 0.5)
        .with_rate("layers.2.*", Sgd::new().momentum(0.9), 2.0);
    let (m, state) = run(groups.clone(), 0.1);
    assert_eq!(m.layers[0].weight, model().layers[0].weight);
    assert_eq!(m.layers[0].bias, run(Lion::new(), 0.1).0.layers[0].bias);
    assert_eq!(m.layers[1].weight, run(Adam::new(), 0.05).0.layers[1].weight);
    assert_eq!(m.layers[2].weight, run(Sgd::new().momentum(0.9), 0.2).0.layers[2].weight);
    assert_eq!(
        format!("{groups:?}"),
        "adam, \"layers.0.weight\": held, \"*.bias\": lion, a predicate: adam at 0.5 of the rate, \"layers.2.*\": sgd at 2 of the rate"
    );

    // What is remembered is what each needs: two means of one matrix, a momentum of the others, nothing of what is held.
    assert_eq!(state.moments.len(), 2);
    let sizes = |tree: &Mlp| tree.leaves().iter().map(|leaf| leaf.size()).collect::<Vec<_>>();
    assert_eq!(sizes(&state.moments[0]), [0, 3, 9, 3, 6, 2]);
    assert_eq!(sizes(&state.moments[1]), [0, 0, 9, 0, 0, 0]);
    let mut archive = Archive::new();
    archive.insert_tree("o", &state);
    let archive = Archive::from_bytes(&archive.to_bytes()).unwrap();
    assert_eq!(archive.tree("o", &groups.init(&model())).unwrap(), state);
}

#[test]
fn decay_for_weights_alone() {
    let decayed = AdamW::new().weight_decay(0.5);
    let groups = Groups::new(decayed).with("*.bias", decayed.weight_decay(0.0));
    let zero = |m: &Mlp| m.map_leaves(|leaf| Tensor::from_fn(leaf.dtype(), leaf.shape(), |_| 0.0));
    let ones = model().map_leaves(|leaf| Tensor::from_fn(leaf.dtype(), leaf.shape(), |_| 1.0));
    let mut step = compile(|(m, d, state, rate): (Mlp<Var>, Mlp<Var>, _, Var)| groups.update(&m, &d, &state, rate));
    let (m, _) = step.call((ones.clone(), zero(&ones), groups.init(&ones), Tensor::scalar(0.5))).unwrap();
    for layer in &m.layers {
        assert!(layer.weight.to_f64_vec().iter().all(|w| *w == 0.75));
        assert!(layer.bias.as_ref().unwrap().to_f64_vec().iter().all(|w| *w == 1.0));
    }
}

#[test]
fn a_group_without_parameters_is_told() {
    let told = |groups: Groups| {
        let names = model().leaf_names();
        let error = groups.check(&names).unwrap_err();
        (error.kind(), error.to_string())
    };
    let names = "layers.0.weight, layers.0.bias, layers.1.weight, layers.1.bias, layers.2.weight, layers.2.bias";
    let adam = || Groups::new(Adam::new());
    let what = format!("groups: \"*.biases\" is left without parameters: it selects none of them ({names})");
    assert_eq!(told(adam().hold("*.biases")), (ErrorKind::Selection, what));
    let what = format!(
        "groups: a predicate is left without parameters: groups before it have taken all that it selects ({names})"
    );
    assert_eq!(
        told(adam().hold("*.bias").rate(|name: &str| name.ends_with("0.bias"), 0.1)),
        (ErrorKind::Selection, what)
    );
    let what = "groups: the rate of \"*.bias\" is multiplied by -1; 0 or more is needed";
    assert_eq!(told(adam().rate("*.bias", -1.0)), (ErrorKind::Data, what.to_string()));
    assert_eq!(
        told(adam().with("*.bias", Lion::new().betas(2.0, 0.9))).1,
        "lion: beta1 is 2; it must be from 0 to below 1"
    );

    // The same in a trace, at the user's line.
    let groups = adam().hold("*.biases");
    let mut step = compile(|(m, state, rate): (Mlp<Var>, _, Var)| groups.update(&m, &m, &state, rate));
    let error = step.call((model(), adam().init(&model()), Tensor::scalar(0.1))).unwrap_err().to_string();
    assert!(error.starts_with("groups: \"*.biases\"") && error.contains("groups.rs:"), "{error}");
    // A state made with other groups.
    let (groups, other) = (adam().hold("*.bias"), adam().hold("*.weight"));
    let mut step = compile(|(m, state, rate): (Mlp<Var>, _, Var)| groups.update(&m, &m, &state, rate));
    let error = step.call((model(), other.init(&model()), Tensor::scalar(0.1))).unwrap_err().to_string();
    let what = "groups: in the state \"layers.0.weight\" is under \"held\", here under \"adam\" (";
    assert!(error.starts_with(what), "{error}");
}

/// What stops a step of the one optimizer with the state of the other, and what an archive says of it.
fn apart(one: &(impl Optimizer + Clone + 'static), other: &impl Optimizer) -> (String, String) {
    let optimizer = one.clone();
    let mut step = compile(move |(m, state, rate): (Mlp<Var>, _, Var)| optimizer.update(&m, &m, &state, rate));
    let error = step.call((model(), other.init(&model()), Tensor::scalar(0.1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Arity);
    let mut archive = Archive::new();
    archive.insert_tree("o", &other.init(&model()));
    let told = archive.tree("o", &one.init(&model())).unwrap_err().to_string();
    (error.to_string().split(" (").next().unwrap().to_string(), told)
}

/// Rules that remember equally much are told apart behind groups and behind Muon, parameter by parameter.
#[test]
fn a_state_of_groups_is_that_of_the_rules_within() {
    let (told, archive) = apart(&Groups::new(Adamax::new()), &Groups::new(Adam::new()));
    assert_eq!(told, "groups: the state is that of adam");
    assert!(archive.contains("\"o.adamax.0.layers.0.weight\" f64[2,3] is not there"), "{archive}");

    let (biases, weights) = ("*.bias", "*.weight");
    let adam = || Groups::new(Adam::new());
    let (told, archive) = apart(&adam().with(biases, Adamax::new()), &adam().with(weights, Adamax::new()));
    assert_eq!(told, "groups: in the state \"layers.0.weight\" is under \"adamax\", here under \"adam\"");
    assert!(archive.contains("\"o.adam.0.layers.0.weight\" f64[2,3] is not there"), "{archive}");

    let (told, archive) = apart(&Muon::new().rest(Adamax::new(), 1.0), &Muon::new());
    assert_eq!(told, "muon: in the state \"layers.0.bias\" is under \"adamw\", here under \"adamax\"");
    assert!(archive.contains("\"o.adamax.0.layers.0.bias\" f64[3] is not there"), "{archive}");

    // Within both: a Muon in a group.
    let within = |rest: AdamW| Groups::new(Muon::new().rest(rest, 1.0)).hold("layers.0.*");
    let names = within(AdamW::new()).init(&model()).leaf_names();
    let expected = [
        "held.0.layers.0.weight",
        "held.0.layers.0.bias",
        "muon.0.layers.1.weight",
        "adamw.0.layers.1.bias",
        "muon.0.layers.2.weight",
        "adamw.0.layers.2.bias",
    ];
    assert_eq!(names[..6], expected);
    assert_eq!((names.len(), &*names[12]), (13, "step"));
    // Settings are no part of it, and where one rule is all there is, its groups are that rule.
    assert_eq!(adam().rate(biases, 0.5).init(&model()).leaf_names(), Adam::new().init(&model()).leaf_names());
    let (_, state) = run(Adam::new(), 0.1);
    let groups = adam().rate(biases, 0.5);
    let mut step = compile(|(m, state, rate): (Mlp<Var>, _, Var)| groups.update(&m, &m, &state, rate));
    assert_eq!(step.call((model(), state, Tensor::scalar(0.1))).unwrap().1.optimizer(), "groups");
}

#[test]
#[should_panic(expected = "groups: \"head\" is left without parameters")]
fn a_group_without_parameters_is_told_at_the_start() {
    let _ = Groups::new(Adam::new()).hold("head").init(&model());
}

fn clipped(g: Vec<Tensor>, limit: f64) -> (Vec<Tensor>, f64) {
    let mut clip = compile(|(g, limit): (Vec<Var>, Var)| clip_by_norm(&g, limit));
    let (g, norm) = clip.call((g, Tensor::scalar(limit).to_dtype(DType::F32))).unwrap();
    (g, norm.item())
}

#[test]
fn norms_are_clipped_over_all_leaves_and_over_the_whole_range() {
    let (g, norm) = clipped(vec![tensor![3.0], tensor![5], tensor![0.0, 4.0]], 1.0);
    assert_eq!((norm, &g[1]), (5.0, &tensor![5]));
    assert!((g[0].item_at(0) - 0.6).abs() < 1e-15 && (g[2].item_at(1) - 0.8).abs() < 1e-15);
    // Not longer than the limit: as it was, to the bit.
    let short = vec![tensor![0.3], tensor![0.4, 0.0]];
    assert_eq!(clipped(short.clone(), 1.0).0, short);
    // Squares beyond f32 on either side.
    for size in [1e30, 3e38, 1e-30] {
        let g = vec![Tensor::from_fn(DType::F32, [4], |_| size)];
        let (g, norm) = clipped(g, size.min(1.0) / 2.0);
        let expected = size.min(1.0) / 4.0;
        assert!(g[0].to_f64_vec().iter().all(|x| (x / expected - 1.0).abs() < 1e-6), "{size}: {g:?}");
        assert!(size == 3e38 && norm.is_infinite() || (norm / (2.0 * size) - 1.0).abs() < 1e-6, "{size}: {norm}");
    }
    // A leaf of each dtype; the norm is an f64.
    let (g, norm) = clipped(vec![tensor![3.0], tensor![4.0].to_dtype(DType::F32)], 2.5);
    assert_eq!((norm, g[1].dtype(), g[1].item_at(0)), (5.0, DType::F32, 2.0));
    // Zeros, NaN and ∞.
    assert_eq!(clipped(vec![tensor![0.0]], 1.0), (vec![tensor![0.0]], 0.0));
    let (g, norm) = clipped(vec![tensor![2.0, f64::NAN]], 1.0);
    assert!(norm.is_nan() && g[0].item_at(0) == 2.0 && g[0].item_at(1).is_nan());
    let (g, norm) = clipped(vec![tensor![2.0, f64::INFINITY]], 1.0);
    assert!(norm == f64::INFINITY && g[0].item_at(0) == 0.0 && g[0].item_at(1).is_nan());
}

/// An entry of a tensor.
trait Entry {
    fn item_at(&self, i: usize) -> f64;
}

impl Entry for Tensor {
    fn item_at(&self, i: usize) -> f64 {
        self.to_f64_vec()[i]
    }
}

#[test]
fn values_are_clipped_entry_by_entry() {
    let mut clip = compile(|g: Vec<Var>| clip_by_value(&g, 0.5));
    let g = vec![tensor![0.25, -3.0, f64::NAN], tensor![7], tensor![1e30].to_dtype(DType::F32)];
    let clipped = clip.call(g).unwrap();
    assert_eq!(clipped[0].to_f64_vec()[..2], [0.25, -0.5]);
    assert!(clipped[0].item_at(2).is_nan());
    assert_eq!(clipped[1..], [tensor![7], tensor![0.5].to_dtype(DType::F32)]);
    let error = compile(|g: Vec<Var>| clip_by_norm(&g, g[0]).0).call(vec![tensor![1.0]]).unwrap_err().to_string();
    assert!(error.starts_with("clip_by_norm: the limit is f64[1], a scalar is needed"), "{error}");
    let error = compile(|g: Vec<Var>| clip_by_norm(&g, 1.0).0).call(vec![tensor![1]]).unwrap_err().to_string();
    assert!(error.starts_with("clip_by_norm: the tree has no leaf of floats"), "{error}");
}

#[test]
fn a_limit_below_zero_turns_no_gradient_around() {
    for (limit, said) in [(-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let by_norm = compile(move |g: Vec<Var>| clip_by_norm(&g, limit).0).call(vec![tensor![1.0]]).unwrap_err();
        let by_value = compile(move |g: Vec<Var>| clip_by_value(&g, limit)).call(vec![tensor![1.0]]).unwrap_err();
        for (name, error) in [("norm", by_norm), ("value", by_value)] {
            let what = format!("clip_by_{name}: the limit is {said}; it must be finite and not below 0 (");
            assert!(error.kind() == ErrorKind::Data && error.to_string().starts_with(&what), "{error}");
        }
    }
    let g = || vec![tensor![0.5, -3.0], tensor![0.0]];
    let mut by_value = compile(|(g, limit): (Vec<Var>, Var)| clip_by_value(&g, limit));
    for limit in [-1.0, f64::NAN] {
        let (by_norm, norm) = clipped(g(), limit);
        assert!((norm - 9.25f64.sqrt()).abs() < 1e-14);
        let by_value = by_value.call((g(), Tensor::scalar(limit))).unwrap();
        for leaf in by_norm.iter().chain(&by_value) {
            assert!(leaf.to_f64_vec().iter().all(|x| x.is_nan()), "{limit}: {leaf:?}");
        }
    }
    // 0 leaves nothing, ∞ in a scalar everything.
    assert_eq!(
        clipped(g(), 0.0).0.iter().map(|x| x.to_f64_vec().iter().map(|x| x.abs()).sum::<f64>()).sum::<f64>(),
        0.0
    );
    assert_eq!(clipped(g(), f64::INFINITY).0, g());
}

#[test]
fn micro_batches_of_any_sizes_make_the_batch() {
    let x: Vec<f64> = (0..10).map(|i| f64::from(i * i) - 20.0).collect();
    let grad = |rows: std::ops::Range<usize>| {
        let mean = x[rows.clone()].iter().sum::<f64>() / rows.len() as f64;
        vec![tensor![mean, 2.0 * mean], tensor![rows.len() as i32]]
    };
    let mut add = compile(|(sum, g, n): (Average<Vec<Var>>, Vec<Var>, Var)| sum.add(&g, n));
    let mut sum = Average::new(&grad(0..1));
    for rows in [0..0, 0..4, 4..7, 7..10] {
        let n = Tensor::scalar(rows.len() as f64);
        let g = if rows.is_empty() { grad(0..1) } else { grad(rows) };
        sum = add.call((sum, g, n)).unwrap();
    }
    let whole = x.iter().sum::<f64>() / 10.0;
    assert!((sum.mean[0].item_at(0) - whole).abs() < 1e-14 && (sum.mean[0].item_at(1) - 2.0 * whole).abs() < 1e-14);
    assert_eq!((sum.weight.item(), &sum.mean[1]), (10.0, &tensor![3]));
    assert_eq!(sum.leaf_names(), ["mean.0", "mean.1", "weight"]);
}

#[test]
fn moving_averages_have_no_bias() {
    let x = |t: i32| (f64::from(t) * 0.7).sin() * 3.0 + 5.0;
    for (dtype, tolerance) in [(DType::F64, 1e-14), (DType::F32, 1e-6)] {
        let mut follow = compile(|(average, x): (Average<Var>, Var)| average.follow(&x, 0.9));
        let mut average = Average::new(&Tensor::from_fn(dtype, [1], |_| 0.0));
        let mut plain = 0.0;
        for t in 1..=50 {
            average = follow.call((average, Tensor::from_fn(dtype, [1], |_| x(t)))).unwrap();
            plain = 0.9 * plain + 0.1 * x(t);
            let expected = plain / (1.0 - 0.9f64.powi(t));
            assert!((average.mean.item_at(0) / expected - 1.0).abs() < tolerance, "{dtype} {t}");
        }
    }
    let differ = compile(|(average, x): (Average<Vec<Var>>, Vec<Var>)| average.add(&x, 1.0))
        .call((Average::new(&vec![tensor![1.0]]), vec![tensor![1.0, 2.0]]));
    let error = differ.unwrap_err().to_string();
    assert!(error.starts_with("average: \"0\" is f64[2], f64[1] in the mean"), "{error}");
}

#[test]
fn weights_of_averages_are_scalars_that_make_sense() {
    let average = || Average::new(&tensor![0.0]);
    let add = |n: Tensor| compile(|(a, n): (Average<Var>, Var)| a.add(&a.mean, n)).call((average(), n));
    let follow = |n: Tensor| compile(|(a, n): (Average<Var>, Var)| a.follow(&a.mean, n)).call((average(), n));
    let three = || tensor![1.0, 2.0, 3.0];
    for (result, what) in [
        (add(three()), "the weight is f64[3], a scalar is needed"),
        (follow(three()), "beta is f64[3], a scalar is needed"),
        (
            compile(|a: Average<Var>| a.add(&a.mean, -1.0)).call(average()),
            "the weight is -1; it must be finite and not below 0",
        ),
        (
            compile(|a: Average<Var>| a.add(&a.mean, f64::INFINITY)).call(average()),
            "the weight is inf; it must be finite and not below 0",
        ),
        (compile(|a: Average<Var>| a.follow(&a.mean, 1.1)).call(average()), "beta is 1.1; it must be from 0 to 1"),
        (compile(|a: Average<Var>| a.follow(&a.mean, f64::NAN)).call(average()), "beta is NaN; it must be from 0 to 1"),
    ] {
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with(&format!("average: {what} (")), "{error}");
    }
    let gathered = Average { weight: three(), ..average() };
    let error = compile(|a: Average<Var>| a.add(&a.mean, 1.0)).call(gathered).unwrap_err().to_string();
    assert!(error.starts_with("average: the weight so far is f64[3], a scalar is needed ("), "{error}");
    // Of scalars it is known when it is computed.
    for result in [
        add(Tensor::scalar(-1.0)),
        add(Tensor::scalar(f64::NAN)),
        follow(Tensor::scalar(1.1)),
        follow(Tensor::scalar(-0.1)),
    ] {
        let after = result.unwrap();
        assert!(after.mean.item_at(0).is_nan() && after.weight.item().is_nan(), "{after:?}");
    }
    let whole = follow(Tensor::scalar(0.0)).unwrap();
    assert_eq!((whole.mean.item_at(0), whole.weight.item()), (0.0, 1.0));
}
