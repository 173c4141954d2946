//! Norms.

use quadric_autodiff::trace::{Var, compile, grad};
use quadric_autodiff::{DType, Tensor, Tree, tensor};
use quadric_nn::{
    BatchNorm, BatchNormState, GroupNorm, InstanceNorm, Layer, LayerNorm, RmsNorm, Stateless, initial_state,
};

use crate::layer_checks::{Class, check_layer};
use crate::reference::{Place, Reference, place};
use crate::support::{noisy, relative};

/// The layer with parameters that are not those it begins with.
fn moved<H: Tree<Leaf = Tensor, With<Tensor> = H>>(layer: &H) -> H {
    let mut seed = 30;
    layer.map_leaves(|leaf| {
        seed += 1;
        leaf + noisy(seed, leaf.shape()) * 0.3
    })
}

#[test]
fn norms_keep_what_layers_promise() {
    let (norm, none, f64) = (Class::Nonlinear, Stateless::<Tensor>::default(), DType::F64);
    let x = noisy(1, &[3, 4, 2, 2]);
    check_layer("layer_norm", norm, &moved(&LayerNorm::new([4], f64)), &none, &noisy(1, &[3, 4]));
    check_layer("layer_norm, two axes", norm, &moved(&LayerNorm::new([2, 2], f64)), &none, &noisy(1, &[2, 3, 2, 2]));
    check_layer("rms_norm", norm, &moved(&RmsNorm::new([4], f64)), &none, &noisy(1, &[3, 4]));
    check_layer("group_norm", norm, &moved(&GroupNorm::new(2, 4, f64)), &none, &x);
    check_layer("group_norm, plain", norm, &GroupNorm::new(2, 4, f64).without_affine(), &none, &noisy(1, &[3, 4]));
    check_layer("instance_norm", norm, &moved(&InstanceNorm::affine(4, f64)), &none, &x);
    let batch_norm = moved(&BatchNorm::new(4, f64));
    let mut state = initial_state(&batch_norm).unwrap();
    state.mean = noisy(7, &[4]);
    state.variance = tensor![0.5, 1.5, 2.0, 1.0];
    check_layer("batch_norm", Class::Mixed, &batch_norm, &state, &noisy(1, &[4, 4]));
    check_layer("batch_norm of images", norm, &batch_norm, &state, &x);
}

const AFFINE: fn() -> [Place; 2] = || [place("weight", "scale"), place("bias", "shift")];

#[test]
fn norms_are_torchs() {
    let f64 = DType::F64;
    let layer = LayerNorm::new([6], f64);
    Reference::load("layer_norm").check(&layer, &AFFINE(), |layer: LayerNorm<Var>, x| vec![layer.apply(x[0])]);
    let layer = GroupNorm::new(2, 6, f64);
    Reference::load("group_norm").check(&layer, &AFFINE(), |layer: GroupNorm<Var>, x| vec![layer.apply(x[0])]);
    let layer = InstanceNorm::affine(3, f64);
    Reference::load("instance_norm2d").check(&layer, &AFFINE(), |layer: InstanceNorm<Var>, x| vec![layer.apply(x[0])]);
    let layer = RmsNorm::new([6], f64);
    let scale = [place("weight", "scale")];
    Reference::load("rms_norm").check(&layer, &scale, |layer: RmsNorm<Var>, x| vec![layer.apply(x[0])]);
}

#[test]
fn batch_norm_is_torchs_in_training_and_afterwards_with_its_statistics() {
    let files = [
        (Reference::load("batch_norm1d_train"), 4, true),
        (Reference::load("batch_norm1d_eval"), 4, false),
        (Reference::load("batch_norm2d_eval"), 3, false),
    ];
    for (reference, channels, training) in files {
        let layer = BatchNorm::new(channels, DType::F64);
        let state = |when: &str| BatchNormState {
            mean: reference.tensor(&format!("buffer.{when}.running_mean")),
            variance: reference.tensor(&format!("buffer.{when}.running_var")),
            batches: reference.tensor(&format!("buffer.{when}.num_batches_tracked")),
        };
        let (before, after) = (state("before"), state("after"));
        let run = |layer: &BatchNorm<Var>, x: Var| {
            let state = before.map_leaves(quadric_autodiff::trace::constant);
            if training { layer.train(x, &state, None) } else { (layer.infer(x, &state), state) }
        };
        reference.check(&layer, &AFFINE(), |layer: BatchNorm<Var>, x| vec![run(&layer, x[0]).0]);
        let mut statistics = compile(|(layer, x): (BatchNorm<Var>, Var)| run(&layer, x).1);
        let ours = statistics.call((layer, reference.tensor("input.0"))).unwrap();
        assert_eq!(ours.batches, after.batches);
        assert!(relative(&ours.mean.to_f64_vec(), &after.mean.to_f64_vec()) < 1e-15);
        assert!(relative(&ours.variance.to_f64_vec(), &after.variance.to_f64_vec()) < 1e-15);
    }
}

/// A mean of 1e4 in f32 leaves 1e-3 of an entry: the mean is taken off before anything is squared.
#[test]
fn a_large_mean_costs_the_digits_of_the_input_and_no_more() {
    let shape = [8, 4, 2, 2];
    let x = Tensor::from_fn(DType::F32, shape, |i| 1e4 + crate::noise(1, i));
    let exact = x.to_dtype(DType::F64);
    let near = |a: Tensor, b: Tensor| assert!(relative(&a.to_f64_vec(), &b.to_f64_vec()) < 2e-3, "{a} {b}");
    macro_rules! of {
        ($layer:ty, $x:expr, $new:expr) => {
            compile(|(layer, x): ($layer, Var)| layer.apply(x)).call(($new, $x.clone())).unwrap()
        };
    }
    near(
        of!(LayerNorm<Var>, x, LayerNorm::new([2, 2], DType::F32)),
        of!(LayerNorm<Var>, exact, LayerNorm::new([2, 2], DType::F64)),
    );
    near(
        of!(GroupNorm<Var>, x, GroupNorm::new(2, 4, DType::F32)),
        of!(GroupNorm<Var>, exact, GroupNorm::new(2, 4, DType::F64)),
    );
    near(of!(InstanceNorm<Var>, x, InstanceNorm::new(4)), of!(InstanceNorm<Var>, exact, InstanceNorm::new(4)));
    let batch = |x: &Tensor| {
        let layer = BatchNorm::new(4, x.dtype());
        let state = initial_state(&layer).unwrap();
        let mut train =
            compile(|(layer, state, x): (BatchNorm<Var>, BatchNormState<Var>, Var)| layer.train(x, &state, None));
        train.call((layer, state, x.clone())).unwrap()
    };
    let ((y, after), (y_exact, after_exact)) = (batch(&x), batch(&exact));
    near(y, y_exact);
    near(after.variance, after_exact.variance);
}

/// Without variance the slope is `γ/√ε (1 − 1/n)`, finite for every ε > 0.
#[test]
fn without_variance_the_slope_is_one_over_the_root_of_epsilon() {
    let f = |(layer, x): (LayerNorm<Var>, Var)| grad(|x: Var| layer.apply(x).slice(1, 0..1).sum(), &x);
    let g = compile(f).call((LayerNorm::new([2], DType::F64), tensor![[3.0, 3.0]])).unwrap().to_f64_vec();
    let slope = 0.5 / 1e-5f64.sqrt();
    assert!((g[0] / slope - 1.0).abs() < 1e-14 && (g[1] / slope + 1.0).abs() < 1e-14, "{g:?}");
}

#[test]
fn mistakes_are_told_at_the_callers_line() {
    let place = |error: quadric_autodiff::Error| {
        error.to_string().rsplit_once(" (crates/nn/tests/it/layers_norm.rs:").expect("this file").0.to_owned()
    };
    let batch_norm = BatchNorm::new(3, DType::F64);
    let told = |layer: &BatchNorm, of: usize, x: Tensor| {
        let state = initial_state(&BatchNorm::new(of, layer.dtype)).unwrap();
        let train = |(layer, state, x): (BatchNorm<Var>, BatchNormState<Var>, Var)| layer.train(x, &state, None).0;
        place(compile(train).call((layer.clone(), state, x)).unwrap_err())
    };
    let images = noisy(1, &[2, 3, 2, 2]);
    assert_eq!(
        told(&batch_norm, 4, images.clone()),
        "batch_norm: the state is of 4 channels and the layer of 3: hand on the state of this layer"
    );
    assert_eq!(
        told(&batch_norm, 3, noisy(1, &[2, 4])),
        "batch_norm: axis 1 of the input f64[2,4] is not of the 3 channels"
    );
    assert_eq!(
        told(&batch_norm, 3, noisy(1, &[1, 3])),
        "batch_norm: the variance of a batch f64[1,3] is not defined: a channel has 1 values"
    );
    assert_eq!(
        told(&batch_norm, 3, images.to_dtype(DType::F32)),
        "batch_norm: the input is f32[2,3,2,2] and the parameters are f64: convert one of them"
    );
    macro_rules! told {
        ($layer:ty, $new:expr, $x:expr) => {
            place(compile(|(layer, x): ($layer, Var)| layer.apply(x)).call(($new, $x)).unwrap_err())
        };
    }
    assert_eq!(
        told!(GroupNorm<Var>, GroupNorm::new(4, 4, DType::F64), noisy(1, &[2, 4])),
        "group_norm: the variance of a group of f64[2,4] is not defined: it has 1 values"
    );
    for (shape, count) in [(vec![1], 1), (vec![], 1), (vec![0], 0)] {
        let x = noisy(1, &[&[2], &shape[..]].concat());
        assert_eq!(
            told!(LayerNorm<Var>, LayerNorm::new(shape, DType::F64), x.clone()),
            format!("layer_norm: the variance of an example of {} is not defined: it has {count} values", x.ty())
        );
    }
    assert_eq!(
        told!(LayerNorm<Var>, LayerNorm::new([3, 2], DType::F64), images.clone()),
        "layer_norm: the last axes of the input f64[2,3,2,2] are not of shape [3, 2]"
    );
    assert_eq!(
        told!(RmsNorm<Var>, RmsNorm::new([2], DType::F32), images.clone()),
        "rms_norm: the input is f64[2,3,2,2] and the parameters are f32: convert one of them"
    );
    assert_eq!(
        told!(GroupNorm<Var>, GroupNorm::new(2, 4, DType::F64), images.clone()),
        "group_norm: axis 1 of the input f64[2,3,2,2] is not of the 4 channels"
    );
    assert_eq!(
        told!(InstanceNorm<Var>, InstanceNorm::new(3), noisy(1, &[2, 3])),
        "instance_norm: the variance of a channel of f64[2,3] is not defined: it has 1 values"
    );
}

/// A model that is made for one dtype and converted to another has the statistics of the other.
#[test]
fn the_state_of_a_converted_batch_norm_has_the_dtype_of_its_parameters() {
    let layer = BatchNorm::new(3, DType::F64).map_leaves(|leaf: &Tensor| leaf.to_dtype(DType::F32));
    let state = initial_state(&layer).unwrap();
    assert_eq!([state.mean.dtype(), state.variance.dtype()], [DType::F32; 2]);
    let train = |(layer, state, x): (BatchNorm<Var>, BatchNormState<Var>, Var)| layer.train(x, &state, None).0;
    let x = noisy(1, &[4, 3]);
    assert_eq!(compile(train).call((layer, state.clone(), x.to_dtype(DType::F32))).unwrap().dtype(), DType::F32);
    let told = |layer: BatchNorm, state: BatchNormState, x: &Tensor| {
        let error = compile(train).call((layer, state, x.clone())).unwrap_err().to_string();
        error.rsplit_once(" (crates/nn/tests/it/layers_norm.rs:").expect("this file").0.to_owned()
    };
    let what = "batch_norm: the input is f64[4,3] and the state is f32: convert one of them";
    assert_eq!(told(BatchNorm::new(3, DType::F64), state.clone(), &x), what);
    assert_eq!(told(BatchNorm::new(3, DType::F64).without_affine(), state.clone(), &x), what);
    let mixed = BatchNormState { mean: state.mean.to_dtype(DType::F64), ..state };
    assert_eq!(told(BatchNorm::new(3, DType::F64), mixed, &x), what);
}

/// As their documentation says; just below, nothing is lost.
#[test]
fn norms_of_what_has_no_square_are_the_shift_with_derivative_0() {
    macro_rules! of {
        ($layer:ty, $new:expr, $scale:expr) => {{
            let x = Tensor::new([1, 2, 2], &[1.0f32, -2.0, 3.0, 0.5]).unwrap();
            let x = Tensor::from_fn(DType::F32, x.shape(), |i| x.to_f64_vec()[i] * $scale);
            let f = |(layer, x): ($layer, Var)| (layer.apply(x), grad(|x: Var| (layer.apply(x).powi(3)).sum(), &x));
            let (y, g) = compile(f).call(($new, x)).unwrap();
            (y.to_f64_vec(), g.to_f64_vec())
        }};
    }
    macro_rules! check {
        ($($layer:ident $new:expr;)*) => {$(
            let (small, _) = of!($layer<Var>, $new, 1e3);
            let (large, _) = of!($layer<Var>, $new, 1e18);
            assert!(relative(&large, &small) < 1e-6, "{large:?} {small:?}");
            assert_eq!(of!($layer<Var>, $new, 1e20), (vec![0.0; 4], vec![0.0; 4]));
        )*};
    }
    check! {
        LayerNorm LayerNorm::new([2, 2], DType::F32);
        RmsNorm RmsNorm::new([2, 2], DType::F32);
        GroupNorm GroupNorm::new(1, 2, DType::F32);
        InstanceNorm InstanceNorm::affine(2, DType::F32);
    }
}

#[test]
#[should_panic(expected = "GroupNorm::new: 3 groups do not divide 4 channels")]
fn groups_that_do_not_divide_are_told() {
    let _ = GroupNorm::new(3, 4, DType::F64);
}
