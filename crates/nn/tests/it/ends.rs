//! Where numbers end: a NaN comes out as a NaN, and at ±∞ there is the limit or a NaN, never another number.

use quadric_autodiff::trace::{Var, compile, constant, grad, hessian, hvp, jvp, value_and_grad};
use quadric_autodiff::{DType, Tensor, Tree};
use quadric_nn::activations::threshold;
use quadric_nn::{
    Activation, Adam, AnyOptimizer, Dense, Mlp, Optimizer, Sgd, accuracy, cross_entropy, generator, log_softmax, mse,
    softmax,
};

use crate::activations::every;
use crate::{flat, noisy};

const FLOATS: [DType; 2] = [DType::F32, DType::F64];
const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

fn array(dtype: DType, shape: &[usize], data: &[f64]) -> Tensor {
    Tensor::from_fn(dtype, shape, |i| data[i])
}

/// φ, φ′ by both modes, φ″ by forward over reverse and reverse over reverse, each with its order.
fn to_second_order(f: impl Fn(Var) -> Var + Copy, dtype: DType, x: f64) -> [(usize, f64); 5] {
    let one = |x: Var| x.full_like(1.0);
    let reverse = move |x: Var| grad(|x: Var| f(x).sum(), &x);
    let all = move |x: Var| {
        let forward = jvp(f, &x, &one(x)).1;
        (f(x), reverse(x), forward, jvp(reverse, &x, &one(x)).1, grad(|x: Var| reverse(x).sum(), &x))
    };
    let (a, b, c, d, e) = compile(all).call(array(dtype, &[1], &[x])).unwrap();
    [(0, a.item()), (1, b.item()), (1, c.item()), (2, d.item()), (2, e.item())]
}

/// The order from which derivatives are constants that x has no part in, if there is one.
fn constant_from(activation: Activation) -> usize {
    match activation {
        Activation::Identity => 1,
        Activation::Relu
        | Activation::LeakyRelu { .. }
        | Activation::GeluAblated
        | Activation::Hardsigmoid
        | Activation::Hardtanh
        | Activation::Relu6
        | Activation::Softshrink { .. }
        | Activation::Hardshrink { .. } => 2,
        _ => usize::MAX,
    }
}

#[test]
fn a_nan_stays_one_in_every_activation() {
    for activation in every() {
        for dtype in FLOATS {
            for (order, got) in to_second_order(|x| activation.apply(x), dtype, NAN) {
                let is_right = if order < constant_from(activation) { got.is_nan() } else { got == 2.0 - order as f64 };
                assert!(is_right, "{activation}, {dtype}, order {order}: {got}");
            }
        }
    }
}

/// Limits at +∞ and −∞ of φ, φ′, φ″.
fn limits(activation: Activation) -> [[f64; 3]; 2] {
    match activation {
        Activation::Identity => [[INF, 1.0, 0.0], [-INF, 1.0, 0.0]],
        Activation::LeakyRelu { slope } => [[INF, 1.0, 0.0], [-INF, slope, 0.0]],
        Activation::Tanh => [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]],
        Activation::Logistic | Activation::Hardsigmoid => [[1.0, 0.0, 0.0], [0.0; 3]],
        Activation::Elu { alpha } | Activation::Celu { alpha } => [[INF, 1.0, 0.0], [-alpha, 0.0, 0.0]],
        Activation::Selu => [[INF, 1.0507009873554805, 0.0], [-1.0507009873554805 * 1.6732632423543772, 0.0, 0.0]],
        Activation::Hardtanh | Activation::Softsign => [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]],
        Activation::Relu6 => [[6.0, 0.0, 0.0], [0.0; 3]],
        Activation::Logsigmoid => [[0.0; 3], [-INF, 1.0, 0.0]],
        Activation::Tanhshrink | Activation::Softshrink { .. } | Activation::Hardshrink { .. } => {
            [[INF, 1.0, 0.0], [-INF, 1.0, 0.0]]
        }
        // All that are a smooth ReLU.
        _ => [[INF, 1.0, 0.0], [0.0; 3]],
    }
}

/// Those of the form x · f(x) have a 0 · ∞ in them, and say so.
fn may_be_nan(activation: Activation) -> bool {
    use Activation::{BetaGelu, Gelu, GeluAblated, GeluDeclared, GeluTanh, Mish, Silu};
    matches!(activation, Gelu | BetaGelu { .. } | GeluAblated | GeluDeclared | GeluTanh | Mish | Silu)
}

#[test]
fn at_infinity_activations_are_their_limits_or_nan() {
    for activation in every() {
        for dtype in FLOATS {
            for (x, limits) in [INF, -INF].into_iter().zip(limits(activation)) {
                for (order, got) in to_second_order(|x| activation.apply(x), dtype, x) {
                    let limit = array(dtype, &[], &[limits[order]]).item();
                    let is_right = got == limit || got.is_nan() && may_be_nan(activation);
                    assert!(is_right, "{activation}, {dtype}, order {order} at {x}: {got}, not {limit}");
                }
                // And whatever is finite has finite derivatives.
                let end = if dtype == DType::F32 { f64::from(f32::MAX) } else { f64::MAX };
                for (order, got) in to_second_order(|x| activation.apply(x), dtype, end.copysign(x)) {
                    let is_right =
                        if order == 0 { !got.is_nan() } else { got == array(dtype, &[], &[limits[order]]).item() };
                    assert!(is_right, "{activation}, {dtype}, order {order} at the end: {got}");
                }
            }
        }
    }
}

#[test]
fn slopes_at_kinks_are_those_that_are_documented() {
    for dtype in FLOATS {
        for zero in [0.0, -0.0] {
            let slope = |f: &dyn Fn(Var) -> Var| {
                let [_, (_, reverse), (_, forward), _, _] = to_second_order(f, dtype, zero);
                assert_eq!(reverse, forward);
                reverse
            };
            assert_eq!(slope(&|x| Activation::Relu.apply(x)), 0.0);
            assert_eq!(slope(&|x| Activation::LeakyRelu { slope: 0.25 }.apply(x)), 0.25);
            assert_eq!(slope(&|x| Activation::ReluSynthetic { beta: 2.0 }.apply(x)), 0.0);
            assert_eq!(slope(&|x| Activation::Elu { alpha: 0.5 }.apply(x)), 0.5);
            assert_eq!(slope(&|x| Activation::Celu { alpha: 0.5 }.apply(x)), 1.0);
            assert_eq!(slope(&|x| Activation::Relu6.apply(x)), 0.0);
            assert_eq!(slope(&|x| Activation::Relu6.apply(x + 6.0)), 0.0);
            for bound in [-1.0, 1.0] {
                assert_eq!(slope(&|x| Activation::Hardtanh.apply(x + bound)), 0.0);
                assert_eq!(slope(&|x| Activation::Hardsigmoid.apply(x + 3.0 * bound)), 0.0);
                assert_eq!(slope(&|x| Activation::Softshrink { lambda: 1.0 }.apply(x + bound)), 0.0);
                assert_eq!(slope(&|x| Activation::Hardshrink { lambda: 1.0 }.apply(x + bound)), 0.0);
                assert_eq!(slope(&|x| Activation::Hardswish.apply(x + 3.0 * bound)), (bound + 1.0) / 2.0);
            }
            assert_eq!(slope(&|x| threshold(x + 2.0, 2.0, 5.0)), 0.0);
            assert_eq!(slope(&|x| x.maximum(0.0)), 0.5);
        }
    }
}

/// Value, gradient and Hessian of a function of a row of three.
fn of_row(f: impl Fn(Var) -> Var + Copy, dtype: DType, z: [f64; 3]) -> (f64, Vec<f64>, Vec<f64>) {
    let z = array(dtype, &[3], &z);
    let (value, g) = compile(|z: Var| value_and_grad(f, &z)).call(z.clone()).unwrap();
    (value.item(), g.to_f64_vec(), hessian(f, &z).unwrap().to_f64_vec())
}

fn label() -> Var {
    constant(&Tensor::from_vec(&[0i32]))
}

#[test]
fn a_nan_stays_one_in_every_loss() {
    for dtype in FLOATS {
        for z in [[NAN, 1.0, 2.0], [1.0, NAN, 2.0], [1.0, 2.0, NAN]] {
            type Named = (&'static str, Box<dyn Fn(Var) -> Var>);
            let weighted = |p: Var| (p * constant(&array(p.dtype(), &[1, 3], &[1.0, 2.0, -1.0]))).sum();
            let losses: [Named; 3] = [
                ("cross_entropy", Box::new(|z: Var| cross_entropy(z, label()).sum())),
                ("softmax", Box::new(move |z: Var| weighted(softmax(z)))),
                ("log_softmax", Box::new(move |z: Var| weighted(log_softmax(z)))),
            ];
            for (name, f) in &losses {
                let (value, g, h) = of_row(|z: Var| f(z.reshape([1, 3])), dtype, z);
                let all = g.iter().chain(&h).all(|d| d.is_nan());
                assert!(value.is_nan() && all, "{name}, {dtype} at {z:?}: {value}, {g:?}, {h:?}");
            }
            for f in [softmax as fn(Var) -> Var, log_softmax] {
                let values = compile(f).call(array(dtype, &[1, 3], &z)).unwrap().to_f64_vec();
                assert!(values.iter().all(|p| p.is_nan()), "{values:?}");
            }
            // The entries of a square have nothing to do with each other, and the second derivative is 1 wherever one is.
            let target = array(dtype, &[1, 3], &[0.5; 3]);
            let (value, g, h) = of_row(|z: Var| mse(z.reshape([1, 3]), constant(&target)).sum(), dtype, z);
            assert!(value.is_nan() && h == [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
            assert!(g.iter().zip(z).all(|(g, z)| g.is_nan() == z.is_nan()), "{g:?}");
            // A count is a number: there a NaN is the largest.
            let share = compile(|z: Var| accuracy(z, label())).call(array(dtype, &[1, 3], &z)).unwrap().item();
            assert_eq!(share, f64::from(u8::from(z[0].is_nan())));
        }
    }
}

/// Sequences: the step with the NaN alone has one in loss, gradient and Hessian product.
#[test]
fn a_nan_in_one_step_of_a_sequence_stays_there() {
    for dtype in FLOATS {
        let z = Tensor::from_fn(dtype, [2, 3, 4], |i| if i == 17 { NAN } else { (i * 7 % 5) as f64 });
        let y = Tensor::new([2, 3], &[0i32, 1, 2, 3, 0, 1]).unwrap();
        let (loss, g, h) = compile(|z: Var| {
            let each = |z: Var| cross_entropy(z, constant(&y));
            let sum = |z: Var| each(z).sum();
            (each(z), grad(sum, &z), hvp(sum, &z, &z.full_like(1.0)))
        })
        .call(z)
        .unwrap();
        for (i, loss) in loss.to_f64_vec().into_iter().enumerate() {
            assert_eq!(loss.is_nan(), i == 4);
        }
        for d in [g, h] {
            for (i, d) in d.to_f64_vec().into_iter().enumerate() {
                assert_eq!(d.is_nan(), i / 4 == 4, "{i}");
            }
        }
    }
}

/// `(z, loss, gradient)` of label 0; NaN stands for what has no limit or is not found.
#[test]
fn losses_at_infinity_are_their_limits_or_nan() {
    let q = 1.0 / (1.0 + 1f64.exp());
    let cases = [
        // The label's logit is ∞: certain and right.
        ([INF, 1.0, 2.0], 0.0, [0.0; 3]),
        ([INF, -INF, 2.0], 0.0, [0.0; 3]),
        // Another's is: certain and wrong.
        ([1.0, INF, 2.0], INF, [-1.0, 1.0, 0.0]),
        ([INF, INF, 2.0], NAN, [NAN; 3]),
        // The label is masked: its probability is 0.
        ([-INF, 1.0, 2.0], INF, [-1.0, q, 1.0 - q]),
        ([-INF, 1.0, -INF], INF, [-1.0, 1.0, 0.0]),
        // Others are.
        ([1.0, -INF, 2.0], (1.0 + 1f64.exp()).ln(), [q - 1.0, 0.0, 1.0 - q]),
        ([1.0, -INF, -INF], 0.0, [0.0; 3]),
    ];
    for dtype in FLOATS {
        let epsilon = if dtype == DType::F32 { 3e-7 } else { 1e-15 };
        let is_close = |got: f64, limit: f64| got == limit || (got - limit).abs() < epsilon || got.is_nan();
        for (z, limit, slopes) in cases {
            let (value, g, h) = of_row(|z: Var| cross_entropy(z.reshape([1, 3]), label()).sum(), dtype, z);
            assert!(is_close(value, limit) && value.is_nan() == limit.is_nan(), "{z:?}: {value}");
            for i in 0..3 {
                assert!(is_close(g[i], slopes[i]), "{z:?}: {g:?}");
                // H = diag(p) − p pᵀ, and p is the gradient but at the label.
                for j in 0..3 {
                    let p = |k: usize| if k == 0 { 1.0 + slopes[0] } else { slopes[k] };
                    let limit = if i == j { p(i) } else { 0.0 } - p(i) * p(j);
                    assert!(is_close(h[3 * i + j], limit), "{z:?}: {h:?}");
                }
            }
            // No finite logit is harmed by a mask.
            assert!(z.contains(&INF) || g.iter().chain(&h).all(|d| d.is_finite()), "{z:?}: {g:?}, {h:?}");
        }
        for z in [[INF, 1.0, 2.0], [INF, -INF, 0.0], [INF; 3]] {
            let (p, log_p) = compile(|z: Var| (softmax(z), log_softmax(z))).call(array(dtype, &[1, 3], &z)).unwrap();
            assert!(p.to_f64_vec().iter().chain(&log_p.to_f64_vec()).all(|x| x.is_nan()), "{p} {log_p}");
        }
        let (value, g, _) =
            of_row(|z: Var| mse(z.reshape([1, 3]), z.reshape([1, 3]).zeros_like()).sum(), dtype, [INF, -INF, 1.0]);
        assert_eq!((value, g), (INF, vec![INF, -INF, 1.0]));
    }
}

#[test]
fn a_dense_layer_spreads_a_nan_to_its_row_or_column_and_no_further() {
    let place = |leaf: Tensor, at: usize, x: f64| {
        Tensor::from_fn(leaf.dtype(), leaf.shape(), |i| if i == at { x } else { leaf.to_f64_vec()[i] })
    };
    for dtype in FLOATS {
        let layer = Dense::new(3, 2, dtype, &mut generator(1));
        let x = noisy(1, &[4, 3]).to_dtype(dtype);
        let run = |layer: &Dense, x: &Tensor| {
            let f = |(l, x): (Dense<Var>, Var)| l.apply(x).sum();
            let (y, g) = compile(|(l, x): (Dense<Var>, Var)| (l.apply(x), grad(f, &(l, x))))
                .call((layer.clone(), x.clone()))
                .unwrap();
            (y.to_f64_vec(), g.0.weight.to_f64_vec(), g.1.to_f64_vec())
        };
        for bad in [NAN, INF, -INF] {
            let is_bad = |y: f64| y.is_nan() || y.is_infinite() && bad.is_infinite();
            let (y, by_weight, _) = run(&layer, &place(x.clone(), 5, bad)); // row 1, column 2
            assert!((0..8).all(|i| is_bad(y[i]) == (i / 2 == 1)), "{y:?}");
            assert!((0..6).all(|i| is_bad(by_weight[i]) == (i / 2 == 2)), "{by_weight:?}");
            let broken = Dense { weight: place(layer.weight.clone(), 3, bad), bias: layer.bias.clone() }; // row 1, column 1
            let (y, _, by_x) = run(&broken, &x);
            assert!((0..8).all(|i| is_bad(y[i]) == (i % 2 == 1)), "{y:?}");
            assert!((0..12).all(|i| is_bad(by_x[i]) == (i % 3 == 1)), "{by_x:?}");
        }
    }
}

/// Also through ReLU, whose comparison with a NaN is false.
#[test]
fn a_broken_network_says_so_in_every_layer() {
    for activation in every() {
        for dtype in FLOATS {
            let model = Mlp::new(&[3, 4, 4, 2], activation, dtype, 1);
            let x = noisy(1, &[5, 3]).to_dtype(dtype);
            let y = Tensor::from_vec(&[0i32, 1, 0, 1, 1]);
            let mut step = compile(|(m, x): (Mlp<Var>, Var)| {
                let loss = |m: Mlp<Var>| cross_entropy(m.logits(x), constant(&y)).mean();
                let (value, g) = value_and_grad(loss, &m);
                (value, g, hvp(loss, &m, &m.map_leaves(|w| w.full_like(1.0))))
            });
            let mut broken = model.clone();
            broken.layers[0].weight = Tensor::from_fn(dtype, [3, 4], |_| NAN);
            let nothing = Tensor::from_fn(dtype, [5, 3], |_| NAN);
            for (model, x) in [(broken, x), (model, nothing)] {
                let (value, g, h) = step.call((model, x)).unwrap();
                assert!(value.item().is_nan(), "{activation}");
                assert!(flat(&g).iter().chain(&flat(&h)).all(|d| d.is_nan()), "{activation}: {g:?} {h:?}");
            }
        }
    }
}

/// Each entry by itself: Adam's quotient has no limit at ±∞, gradient descent's step has.
#[test]
fn a_step_along_a_nan_or_an_infinity_harms_its_entry_and_is_seen() {
    let optimizers = [
        AnyOptimizer::Sgd(Sgd::new()),
        AnyOptimizer::Sgd(Sgd::new().momentum(0.9)),
        AnyOptimizer::Sgd(Sgd::new().nesterov(0.9).weight_decay(0.1)),
        AnyOptimizer::Adam(Adam::new()),
        AnyOptimizer::Adam(Adam::new().weight_decay(0.1)),
    ];
    for dtype in FLOATS {
        for optimizer in optimizers {
            let at = |data: &[f64]| vec![array(dtype, &[4], data)];
            let (mut w, mut state) = (at(&[1.0, 2.0, 3.0, 4.0]), optimizer.init(&at(&[0.0; 4])));
            let mut step = compile(|(w, d, s, rate): (Vec<Var>, Vec<Var>, _, Var)| optimizer.update(&w, &d, &s, rate));
            // The second step is along an ordinary direction, and does not heal what is broken.
            for direction in [[NAN, INF, -INF, 1.0], [1.0; 4]] {
                (w, state) = step.call((w, at(&direction), state, Tensor::scalar(0.1))).unwrap();
                let now = w[0].to_f64_vec();
                assert!(now[0].is_nan() && now[3].is_finite() && now[3] < 4.0, "{optimizer}, {dtype}: {now:?}");
                match optimizer {
                    AnyOptimizer::Adam(_) => assert!(now[1].is_nan() && now[2].is_nan(), "{optimizer}: {now:?}"),
                    _ => assert!(
                        (now[1] == -INF || now[1].is_nan()) && (now[2] == INF || now[2].is_nan()),
                        "{optimizer}: {now:?}"
                    ),
                }
            }
            // A broken weight stays broken.
            let fresh = optimizer.init(&at(&[0.0; 4]));
            let (w, _) = step.call((at(&[NAN, 1.0, 1.0, 1.0]), at(&[1.0; 4]), fresh, Tensor::scalar(0.1))).unwrap();
            let now = w[0].to_f64_vec();
            assert!(now[0].is_nan() && now[1..].iter().all(|w| w.is_finite()), "{optimizer}: {now:?}");
        }
    }
}
