//! What every loss keeps: derivatives to third order, both float types, classes of equations, ends, PyTorch's numbers, and what it says of mistakes.

use quadric_autodiff::trace::{self, Var, compile, constant, grad, hvp};
use quadric_autodiff::{DType, ErrorKind, Tensor};
use quadric_nn::losses::*;
use quadric_nn::{accuracy, cross_entropy, log_softmax, mse, softmax};

use crate::layer_checks::{Class, check_function};
use crate::reference::Reference;
use crate::support::relative;
use crate::{flat, gradcheck_to_third_order, noise, noisy, tensor};

type Function = Box<dyn Fn(&[Var]) -> Var>;

/// A loss of float operands, with the point where it is tried: batches of four.
struct Case {
    name: &'static str,
    f: Function,
    at: Vec<Tensor>,
}

fn case(name: &'static str, at: &[&[usize]], f: impl Fn(&[Var]) -> Var + 'static) -> Case {
    let at = at.iter().zip(31..).map(|(shape, seed)| noisy(seed, shape)).collect();
    Case { name, f: Box::new(f), at }
}

fn integers(data: &[i32]) -> Var {
    constant(&Tensor::from_vec(data))
}

fn labels() -> Var {
    integers(&[2, 0, 1, 2])
}

/// ±1, of the dtype of x.
fn signs(x: Var) -> Var {
    constant(&Tensor::from_fn(x.dtype(), [4], |i| if i % 2 == 0 { 1.0 } else { -1.0 }))
}

fn every() -> Vec<Case> {
    let rows: &[usize] = &[4, 3];
    let entries: &[usize] = &[4];
    vec![
        case("cross_entropy", &[rows], |x| cross_entropy(x[0], labels())),
        case("cross_entropy", &[rows, &[3]], |x| {
            let loss = CrossEntropy::new().smoothing(0.2).weights(x[1].exp()).ignore(-1);
            let loss = loss.apply(x[0], integers(&[2, 0, -1, 1]));
            loss.values / loss.weights.sum()
        }),
        case("cross_entropy_with_probabilities", &[rows, rows], |x| {
            cross_entropy_with_probabilities(x[0], softmax(x[1]))
        }),
        case("nll", &[rows], |x| nll(log_softmax(x[0]), labels())),
        case("kl_divergence", &[rows, rows], |x| kl_divergence(log_softmax(x[0]), softmax(x[1]))),
        case("focal", &[rows], |x| focal(x[0], labels(), 2.0)),
        case("focal", &[rows], |x| focal(x[0], labels(), 0.5)),
        case("focal", &[rows], |x| focal(x[0], labels(), 0.0)),
        case("multi_margin", &[rows], |x| multi_margin(x[0], labels(), 1, 1.0)),
        case("multi_margin", &[rows], |x| multi_margin(x[0], labels(), 2, 0.7)),
        case("binary_cross_entropy", &[entries, entries], |x| binary_cross_entropy_with_logits(x[0], x[1].logistic())),
        case("binary_cross_entropy", &[rows, rows, &[3]], |x| {
            weighted_binary_cross_entropy_with_logits(x[0], x[1].logistic(), x[2])
        }),
        case("binary_focal", &[entries, entries], |x| binary_focal(x[0], x[1].logistic(), 2.0, 0.25)),
        case("hinge", &[entries], |x| hinge(x[0] * 2.0, signs(x[0]))),
        case("mse", &[rows, rows], |x| mse(x[0], x[1])),
        case("squared_error", &[entries, entries], |x| squared_error(x[0], x[1])),
        case("l1", &[entries, entries], |x| l1(x[0], x[1])),
        case("huber", &[entries, entries], |x| huber(x[0], x[1], 0.4)),
        case("smooth_l1", &[entries, entries], |x| smooth_l1(x[0], x[1], 0.4)),
        case("smooth_l1", &[entries, entries], |x| smooth_l1(x[0], x[1], 0.0)),
        case("gaussian_nll", &[entries, entries, entries], |x| gaussian_nll(x[0], x[1], x[2].exp())),
        case("poisson_nll", &[entries, entries], |x| poisson_nll(x[0], x[1])),
        case("cosine_similarity", &[rows, rows], |x| cosine_similarity(x[0], x[1])),
        case("cosine_embedding", &[rows, rows], |x| cosine_embedding(x[0], x[1], integers(&[1, -1, 1, -1]), -0.9)),
        case("triplet_margin", &[rows, rows, rows], |x| triplet_margin(x[0], x[1], x[2], 2.0)),
        case("ctc", &[&[5, 4, 3]], |x| {
            let y = integers(&[1, 2, 1, 1, 2, 0, 2, 2]).reshape([4, 2]);
            ctc(log_softmax(x[0]), y, integers(&[5, 4, 3, 5]), integers(&[2, 2, 1, 2]), 0)
        }),
    ]
}

/// `Σ w_i ℓ_i`.
fn weighted(losses: Var) -> Var {
    let shape = losses.shape();
    (losses * constant(&Tensor::from_fn(losses.dtype(), shape, |i| 1.0 + noise(8, i)))).sum()
}

#[test]
fn derivatives_are_those_of_differences_to_third_order() {
    for Case { name, f, at } in every() {
        gradcheck_to_third_order(name, |x| weighted(f(x)), &at);
    }
}

#[test]
fn every_nesting_every_engine_and_every_member_of_an_ensemble_agree() {
    for Case { name, f, at } in every() {
        check_function(name, Class::Nonlinear, &at, &*f);
    }
}

#[test]
fn single_precision_is_double_precision_to_its_digits() {
    for Case { name, f, at } in every() {
        let run = |dtype: DType| {
            let s = |x: Vec<Var>| weighted(f(&x));
            let at: Vec<Tensor> = at.iter().map(|x| x.to_dtype(dtype)).collect();
            let v: Vec<Tensor> = at.iter().map(|x| noisy(5, x.shape()).to_dtype(dtype)).collect();
            let all = |(x, v): (Vec<Var>, Vec<Var>)| (f(&x), grad(s, &x), hvp(s, &x, &v));
            let (values, g, h) = compile(all).call((at, v)).unwrap();
            assert_eq!(values.dtype(), dtype, "{name}");
            [values.to_f64_vec(), flat(&g), flat(&h)]
        };
        for (order, (single, double)) in run(DType::F32).iter().zip(run(DType::F64)).enumerate() {
            let error = relative(single, &double);
            assert!(error < 4e-6, "{name}, order {order}: {error:e}");
        }
    }
}

/// Products inside a loss are none of the model's.
#[test]
fn everything_inside_a_loss_is_nonlinear_and_at_the_users_line() {
    for Case { name, f, at } in every() {
        let tape = trace::trace(|x: Vec<Var>| f(&x), &at).unwrap();
        let inside: Vec<_> = tape.equations().iter().filter(|e| e.label.scope_path() == name).collect();
        assert!(!inside.is_empty(), "{name}");
        for e in tape.equations() {
            let path = e.label.scope_path();
            assert!(path.is_empty() || e.label.is_nonlinear(), "{name}: {path}");
            let line = e.label.user_line().unwrap().to_string();
            assert!(line.contains("tests/it/every_loss.rs"), "{name}: {line}");
        }
    }
}

/// Values, gradient and Hessian-vector product, flat.
fn to_second_order(f: &dyn Fn(&[Var]) -> Var, at: &[Tensor]) -> [Vec<f64>; 3] {
    let s = |x: Vec<Var>| f(&x).sum();
    let all = |x: Vec<Var>| {
        let v: Vec<Var> = x.iter().map(|x| x.full_like(1.0)).collect();
        (f(&x), grad(s, &x), hvp(s, &x, &v))
    };
    let (values, g, h) = compile(all).call(at.to_vec()).unwrap();
    [values.to_f64_vec(), flat(&g), flat(&h)]
}

#[test]
fn operands_of_ten_thousand_are_finite_to_second_order() {
    // The rate of a Poisson distribution is the exponential of its operand.
    for Case { name, f, at } in every().into_iter().filter(|case| case.name != "poisson_nll") {
        for dtype in [DType::F32, DType::F64] {
            let far: Vec<Tensor> = (at.iter().enumerate())
                .map(|(k, x)| {
                    let data = x.to_f64_vec();
                    // Weights and variances are exponentials of theirs.
                    let scale = if k == 0 || k == 1 && name != "cross_entropy" { 1e4 } else { 1.0 };
                    Tensor::from_fn(dtype, x.shape(), |i| scale * data[i].signum())
                })
                .collect();
            for (order, numbers) in to_second_order(&*f, &far).into_iter().enumerate() {
                assert!(numbers.iter().all(|x| x.is_finite()), "{name}, {dtype}, order {order}: {numbers:?}");
            }
        }
    }
}

/// The first example's NaN is its own, in the loss and in the gradient.
#[test]
fn a_nan_stays_one_and_where_it_is() {
    for Case { name, f, at } in every() {
        for dtype in [DType::F32, DType::F64] {
            let mut at: Vec<Tensor> = at.iter().map(|x| x.to_dtype(dtype)).collect();
            let data = at[0].to_f64_vec();
            at[0] = Tensor::from_fn(dtype, at[0].shape(), |i| {
                if i == 1 || data.len() == 4 && i == 0 { f64::NAN } else { data[i] }
            });
            let [values, g, _] = to_second_order(&*f, &at);
            let of_one = values.len() / 4;
            let spoilt: Vec<usize> = (0..values.len()).filter(|i| values[*i].is_nan()).collect();
            let own = match data.len() {
                4 => vec![0, 1],              // entries 0 and 1
                12 if of_one == 3 => vec![1], // an entry of three times four
                _ => vec![0],
            };
            assert_eq!(spoilt, own, "{name}, {dtype}: {values:?}");
            assert!(g[1].is_nan(), "{name}, {dtype}: {g:?}");
            let row = data.len() / 4;
            assert!(name == "ctc" || g[2 * row..data.len()].iter().all(|g| g.is_finite()), "{name}, {dtype}: {g:?}");
        }
    }
}

#[test]
fn an_empty_batch_and_a_single_example_are_batches() {
    let nothing = |shape: &[usize]| Tensor::zeros(quadric_autodiff::Type::new(DType::F64, shape));
    let none = || constant(&Tensor::new([0], &[0i32; 0]).unwrap());
    type Named = (&'static str, Box<dyn Fn(Var) -> Var>);
    let losses: Vec<Named> = vec![
        ("cross_entropy", Box::new(move |z| cross_entropy(z, none()))),
        ("CrossEntropy", Box::new(move |z| CrossEntropy::new().smoothing(0.1).ignore(-1).apply(z, none()).values)),
        ("with_probabilities", Box::new(|z| cross_entropy_with_probabilities(z, z))),
        ("focal", Box::new(move |z| focal(z, none(), 2.0))),
        ("multi_margin", Box::new(move |z| multi_margin(z, none(), 1, 1.0))),
        ("nll", Box::new(move |z| nll(z, none()))),
        ("kl_divergence", Box::new(|z| kl_divergence(z, z))),
        ("cosine_embedding", Box::new(move |z| cosine_embedding(z, z, none(), 0.0))),
        ("triplet_margin", Box::new(|z| triplet_margin(z, z, z, 1.0))),
        ("mse", Box::new(|z| mse(z, z))),
        (
            "ctc",
            Box::new(move |z| {
                let p = z.reshape([3, 0, 1]);
                ctc(p, constant(&Tensor::new([0, 2], &[0i32; 0]).unwrap()), none(), none(), 0)
            }),
        ),
    ];
    for (name, f) in losses {
        let (values, sum, g) =
            compile(|z: Var| (f(z), f(z).sum(), grad(|z: Var| f(z).sum(), &z))).call(nothing(&[0, 3])).unwrap();
        assert_eq!((values.shape().to_vec(), sum.item(), g.size()), (vec![0], 0.0, 0), "{name}");
    }
    // Its weighted mean is 0, and moves nothing.
    let mean = |z: Var| CrossEntropy::new().apply(z, none()).mean();
    assert_eq!(compile(mean).call(nothing(&[0, 3])).unwrap().item(), 0.0);
    // The first example alone has the loss that it has among others.
    let z = noisy(3, &[4, 3]);
    let all = compile(|z: Var| cross_entropy(z, labels())).call(z.clone()).unwrap().to_f64_vec();
    let one = compile(|z: Var| cross_entropy(z.slice(0, 0..1), integers(&[2]))).call(z).unwrap().to_f64_vec();
    assert_eq!(one, all[..1]);
}

/// `[B, T, C]` with labels `[B, T]` is as many examples as it has rows.
#[test]
fn steps_of_sequences_are_examples() {
    let losses: [fn(Var, Var, Var) -> Var; 6] = [
        |z, y, _| cross_entropy(z, y),
        |z, y, w| CrossEntropy::new().smoothing(0.1).weights(w).ignore(3).apply(z, y).values,
        |z, y, w| CrossEntropy::new().smoothing(0.1).weights(w).ignore(3).apply(z, y).weights,
        |z, y, _| focal(z, y, 2.0),
        |z, y, _| multi_margin(z, y, 1, 1.0),
        |z, y, _| nll(z, y),
    ];
    let (z, w) = (noisy(1, &[2, 3, 4]), tensor(&[4], &[0.2, 1.0, 3.0, 0.5]));
    let y = [0i32, 3, 1, 2, 2, 0];
    for f in losses {
        let (sequences, rows) = compile(|(z, w): (Var, Var)| {
            let y = |shape: &[usize]| integers(&y).reshape(shape);
            (f(z, y(&[2, 3]), w), f(z.reshape([6, 4]), y(&[6]), w))
        })
        .call((z.clone(), w.clone()))
        .unwrap();
        assert_eq!((sequences.shape().to_vec(), sequences.to_f64_vec()), (vec![2, 3], rows.to_f64_vec()));
        assert!(rows.to_f64_vec().iter().any(|x| *x != 0.0));
    }
}

#[test]
fn what_is_ignored_moves_nothing_even_if_it_is_nan_or_everything() {
    let loss = |z: Var| CrossEntropy::new().smoothing(0.1).ignore(-100).apply(z, integers(&[0, -100])).mean();
    let z = tensor(&[2, 2], &[1.0, 2.0, f64::NAN, f64::INFINITY]);
    let alone = |z: Var| CrossEntropy::new().smoothing(0.1).apply(z.slice(0, 0..1), integers(&[0])).mean();
    let v = tensor(&[2, 2], &[1.0, -2.0, 3.0, 4.0]);
    let of = |f: fn(Var) -> Var| {
        let all = |(z, v): (Var, Var)| (f(z), grad(f, &z), hvp(f, &z, &v));
        let (value, g, h) = compile(all).call((z.clone(), v.clone())).unwrap();
        (value.item(), g.to_f64_vec(), h.to_f64_vec())
    };
    let ((value, g, h), (value_alone, g_alone, h_alone)) = (of(loss), of(alone));
    assert_eq!((value, &g[..2], &h[..2]), (value_alone, &g_alone[..2], &h_alone[..2]));
    assert!(g[..2].iter().all(|d| *d != 0.0));
    assert_eq!((&g[2..], &h[2..]), (&[0.0; 2][..], &[0.0; 2][..]));
    // All of it: 0, with derivatives 0.
    let nothing = |z: Var| CrossEntropy::new().ignore(7).apply(z, integers(&[7, 7])).mean();
    let z = tensor(&[2, 2], &[1.0, 2.0, 3.0, -1e4]);
    let (value, g, h) =
        compile(|(z, v): (Var, Var)| (nothing(z), grad(nothing, &z), hvp(nothing, &z, &v))).call((z, v)).unwrap();
    assert_eq!((value.item(), g.to_f64_vec(), h.to_f64_vec()), (0.0, vec![0.0; 4], vec![0.0; 4]));
}

#[test]
fn masked_classes_have_no_part_unless_they_have_probability() {
    let inf = f64::INFINITY;
    let z = tensor(&[3, 3], &[-inf, 0.0, 0.0, -inf, 0.0, 0.0, -inf, -inf, -inf]);
    let q = tensor(&[3, 3], &[0.0, 0.5, 0.5, 0.2, 0.4, 0.4, 0.0, 0.0, 0.0]);
    let all = compile(|(z, q): (Var, Var)| {
        let sum = |z: Var| cross_entropy_with_probabilities(z, q).sum();
        let kl = kl_divergence(log_softmax(z), q);
        (cross_entropy_with_probabilities(z, q), grad(sum, &z), hvp(sum, &z, &z.full_like(1.0)), kl)
    });
    let (values, g, h, kl) = { all }.call((z, q)).unwrap();
    let (values, kl) = (values.to_f64_vec(), kl.to_f64_vec());
    let ln2 = 2f64.ln();
    assert!((values[0] - ln2).abs() < 1e-15 && values[1] == inf && values[2] == 0.0, "{values:?}");
    assert!(kl[0].abs() < 1e-15 && kl[1] == inf && kl[2] == 0.0, "{kl:?}");
    assert!(g.to_f64_vec().iter().chain(&h.to_f64_vec()).all(|d| d.is_finite()), "{g} {h}");
    // Smoothing gives the masked class a share.
    let smooth = |z: Var| CrossEntropy::new().smoothing(0.1).apply(z, integers(&[1])).mean();
    assert_eq!(compile(smooth).call(tensor(&[1, 3], &[-inf, 0.0, 0.0])).unwrap().item(), inf);
}

#[test]
fn variances_of_zero_and_below() {
    let all = |x: Var| {
        let loss = |v: Var| gaussian_nll(v.full_like(1.0), v.full_like(0.0), v);
        (loss(x), grad(|v: Var| loss(v).sum(), &x), hvp(|v: Var| loss(v).sum(), &x, &x.full_like(1.0)))
    };
    let (values, g, h) = compile(all).call(tensor(&[4], &[0.0, 1e-7, -1.0, 1.0])).unwrap();
    let at_least = 0.5 * (1e-6f64.ln() + 1e6);
    let (values, g, h) = (values.to_f64_vec(), g.to_f64_vec(), h.to_f64_vec());
    assert!((values[0] - at_least).abs() < 1e-9 && values[1] == values[0] && values[2].is_nan() && values[3] == 0.5);
    assert_eq!((&g[..2], &h[..2]), (&[0.0; 2][..], &[0.0; 2][..]));
    assert_eq!((g[3], h[3]), (0.0, 0.5)); // ½ (1/v − e²/v²) and ½ (2 e²/v³ − 1/v²)
}

#[test]
fn rows_of_zeros_have_cosine_0_and_finite_derivatives() {
    let at = [tensor(&[2, 2], &[0.0, 0.0, 1e300, 1e300]), tensor(&[2, 2], &[1.0, 2.0, 1e300, -1e300])];
    let [values, g, h] = to_second_order(&|x| cosine_similarity(x[0], x[1]), &at);
    assert_eq!(values, [0.0, 0.0]);
    assert!(g.iter().chain(&h).all(|d| d.is_finite()), "{g:?} {h:?}");
    let same = [tensor(&[1, 2], &[1.0, 2.0]), tensor(&[1, 2], &[1.0, 2.0]), tensor(&[1, 2], &[1.0, 2.0])];
    let [values, g, h] = to_second_order(&|x| triplet_margin(x[0], x[1], x[2], 1.0), &same);
    assert_eq!((values, g, h), (vec![1.0], vec![0.0; 6], vec![0.0; 6]));
    // A label that is none.
    let neither = compile(|a: Var| cosine_embedding(a, a, integers(&[1, 0]), 0.0)).call(noisy(1, &[2, 3])).unwrap();
    assert!(neither.to_f64_vec()[0].abs() < 1e-15 && neither.to_f64_vec()[1].is_nan());
}

#[test]
fn slopes_and_curvatures_at_kinks_are_those_that_are_documented() {
    let at = |e: f64| [tensor(&[1], &[e]), tensor(&[1], &[0.0])];
    let of = |f: fn(Var, Var) -> Var, e: f64| {
        let [value, g, _] = to_second_order(&move |x| f(x[0], x[1]), &at(e));
        let curvature = compile(|(x, y): (Var, Var)| hvp(|x: Var| f(x, y).sum(), &x, &x.full_like(1.0)));
        let [x, y] = at(e);
        (value[0], g[0], { curvature }.call((x, y)).unwrap().item())
    };
    assert_eq!(of(l1, 0.0), (0.0, 0.0, 0.0));
    assert_eq!(of(|z, y| huber(z, y, 2.0), 2.0), (2.0, 2.0, 1.0));
    assert_eq!(of(|z, y| huber(z, y, 2.0), -3.0), (4.0, -2.0, 0.0));
    assert_eq!(of(|z, y| smooth_l1(z, y, 2.0), -2.0), (1.0, -1.0, 0.5));
    assert_eq!(of(|z, y| hinge(z, y + 1.0), 1.0), (0.0, 0.0, 0.0));
    assert_eq!(of(|z, y| hinge(z, y + 1.0), 0.5), (0.5, -1.0, 0.0));
}

#[test]
fn softmin_is_the_softmax_of_the_opposite() {
    let z = noisy(2, &[3, 4]);
    let (a, b) = compile(|z: Var| (softmin(z), softmax(-z))).call(z).unwrap();
    assert_eq!(a, b);
}

/// `−(1 − p)^γ ln p` and eq. 5 of the paper, as they are written there.
#[test]
fn focal_losses_are_the_formulas() {
    let z = [[0.5, -1.0, 2.0], [0.0, 3.0, 0.1], [1.0, 1.0, 1.0], [-2.0, 0.3, 0.4]];
    let flat: Vec<f64> = z.concat();
    let got = compile(|z: Var| focal(z, labels(), 1.5)).call(tensor(&[4, 3], &flat)).unwrap().to_f64_vec();
    for (i, y) in [2usize, 0, 1, 2].into_iter().enumerate() {
        let p = z[i][y].exp() / z[i].iter().map(|z| z.exp()).sum::<f64>();
        assert!((got[i] + (1.0 - p).powf(1.5) * p.ln()).abs() < 1e-14);
    }
    let y: Vec<f64> = (0..12).map(|i| f64::from(i % 2)).collect();
    let binary = compile(|(z, y): (Var, Var)| binary_focal(z, y, 2.0, 0.25));
    let got = { binary }.call((tensor(&[12], &flat), tensor(&[12], &y))).unwrap().to_f64_vec();
    for i in 0..12 {
        let p = 1.0 / (1.0 + (-flat[i]).exp());
        let (p_t, alpha_t) = if y[i] == 1.0 { (p, 0.25) } else { (1.0 - p, 0.75) };
        assert!((got[i] + alpha_t * (1.0 - p_t).powi(2) * p_t.ln()).abs() < 1e-14);
    }
}

#[test]
fn margins_are_the_formulas() {
    let (z, y) = (noisy(4, &[4, 3]), [2usize, 0, 1, 2]);
    let rows: Vec<f64> = z.to_f64_vec();
    for (power, margin) in [(1, 1.0), (2, 0.5)] {
        let got = compile(|z: Var| multi_margin(z, labels(), power, margin)).call(z.clone()).unwrap().to_f64_vec();
        for (i, row) in rows.chunks(3).enumerate() {
            let terms = (0..3).filter(|c| *c != y[i]).map(|c| (margin - row[y[i]] + row[c]).max(0.0).powi(power));
            assert!((got[i] - terms.sum::<f64>() / 3.0).abs() < 1e-15);
        }
    }
}

/// PyTorch's numbers.
#[test]
fn losses_are_torchs() {
    let mean = |reference: Reference, f: &dyn Fn(&[Var]) -> Var| reference.check_function(|x| f(x).mean());
    let weights = |x: &[f64]| constant(&tensor(&[x.len()], x));
    mean(Reference::load("loss_cross_entropy"), &|x| cross_entropy(x[0], x[1]));
    Reference::load("loss_cross_entropy_smoothed")
        .check_function(|x| CrossEntropy::new().smoothing(0.1).apply(x[0], x[1]).mean());
    Reference::load("loss_cross_entropy_weighted")
        .check_function(|x| CrossEntropy::new().weights(weights(&[0.2, 1.0, 3.0, 0.5, 1.3])).apply(x[0], x[1]).mean());
    Reference::load("loss_cross_entropy_ignore")
        .check_function(|x| CrossEntropy::new().ignore(2).apply(x[0], x[1]).mean());
    mean(Reference::load("loss_cross_entropy_soft"), &|x| cross_entropy_with_probabilities(x[0], softmax(x[1])));
    mean(Reference::load("loss_bce_logits"), &|x| binary_cross_entropy_with_logits(x[0], x[1]));
    mean(Reference::load("loss_bce_logits_pos_weight"), &|x| {
        weighted_binary_cross_entropy_with_logits(x[0], x[1], weights(&[2.0, 0.5]))
    });
    mean(Reference::load("loss_l1"), &|x| l1(x[0], x[1]));
    mean(Reference::load("loss_huber"), &|x| huber(x[0], x[1], 0.7));
    mean(Reference::load("loss_smooth_l1"), &|x| smooth_l1(x[0], x[1], 0.5));
    mean(Reference::load("loss_kl_div"), &|x| kl_divergence(log_softmax(x[0]), softmax(x[1])));
    mean(Reference::load("loss_poisson_nll"), &|x| poisson_nll(x[0], x[1]));
    mean(Reference::load("loss_gaussian_nll"), &|x| gaussian_nll(x[0], x[1], x[2].exp()));
    mean(Reference::load("loss_cosine_embedding"), &|x| cosine_embedding(x[0], x[1], integers(&[1, -1, 1]), 0.0));
    Reference::load("loss_ctc").check_function(|x| {
        let y = integers(&[1, 2, 2, 3, 1, -1]).reshape([2, 3]);
        let counts = integers(&[3, 2]);
        (ctc(log_softmax(x[0]), y, integers(&[6, 6]), counts, 0) / counts.convert(DType::F64)).mean()
    });
    // The mean over the entries, of which ours is the half sum.
    Reference::load("loss_mse").check_function(|x| squared_error(x[0], x[1]).mean());
}

#[test]
fn mistakes_of_losses_are_told_whole() {
    let say = |kind: ErrorKind, f: &dyn Fn(Var) -> Var| {
        let error = compile(f).call(noisy(1, &[2, 3])).unwrap_err();
        assert!(error.place().unwrap().contains("tests/it/every_loss.rs"), "{error}");
        assert_eq!(error.kind(), kind, "{error}");
        error.to_string().split(" (").next().unwrap().to_string()
    };
    let two = || integers(&[0, 1]);
    for (name, f) in [
        ("focal", (|z, y| focal(z, y, 2.0)) as fn(Var, Var) -> Var),
        ("multi_margin", |z, y| multi_margin(z, y, 1, 1.0)),
        ("cross_entropy", |z, y| CrossEntropy::new().apply(z, y).values),
    ] {
        let count = format!("{name}: a label for each row of the logits f64[2,3] is needed, the labels are i32[1]");
        assert_eq!(say(ErrorKind::Shape, &|z| f(z, integers(&[0]))), count);
        let floats = format!("{name}: the labels are f64[2], i32 is needed");
        assert_eq!(say(ErrorKind::DType, &|z| f(z, z.sum_axes(&[1]))), floats);
    }
    let sentence = "nll: a label for each row of the log-probabilities f64[2,3] is needed, the labels are i32[1]";
    assert_eq!(say(ErrorKind::Shape, &|z| nll(z, integers(&[0]))), sentence);
    let sentence = "cosine_embedding: a label for each row of the pairs f64[2,3] is needed, the labels are i32[1]";
    assert_eq!(say(ErrorKind::Shape, &|z| cosine_embedding(z, z, integers(&[1]), 0.0)), sentence);

    let column = |z: Var| z.slice(1, 0..1);
    for (name, (what, other), f) in [
        ("mse", ("outputs", "targets"), mse as fn(Var, Var) -> Var),
        ("squared_error", ("outputs", "targets"), squared_error),
        ("l1", ("outputs", "targets"), l1),
        ("huber", ("outputs", "targets"), |z, y| huber(z, y, 1.0)),
        ("smooth_l1", ("outputs", "targets"), |z, y| smooth_l1(z, y, 1.0)),
        ("hinge", ("scores", "targets"), hinge),
        ("poisson_nll", ("log-rates", "targets"), poisson_nll),
        ("kl_divergence", ("log-probabilities", "targets"), kl_divergence),
        ("cross_entropy_with_probabilities", ("logits", "probabilities"), cross_entropy_with_probabilities),
        ("binary_cross_entropy_with_logits", ("logits", "targets"), binary_cross_entropy_with_logits),
        ("weighted_binary_cross_entropy_with_logits", ("logits", "targets"), |z, y| {
            weighted_binary_cross_entropy_with_logits(z, y, z)
        }),
        ("binary_focal", ("logits", "targets"), |z, y| binary_focal(z, y, 2.0, 0.25)),
        ("gaussian_nll", ("means", "targets"), |z, y| gaussian_nll(z, y, z)),
        ("gaussian_nll", ("means", "variances"), |z, y| gaussian_nll(z, z, y)),
        ("cosine_similarity", ("first rows", "second"), cosine_similarity),
        ("triplet_margin", ("anchors", "positives"), |z, y| triplet_margin(z, y, z, 1.0)),
        ("triplet_margin", ("anchors", "negatives"), |z, y| triplet_margin(z, z, y, 1.0)),
    ] {
        let shape = format!("{name}: the {what} are f64[2,3] and the {other} f64[2,1], they must be alike");
        assert_eq!(say(ErrorKind::Shape, &|z| f(z, column(z))), shape);
        let dtype = format!("{name}: the {what} are f64[2,3] and the {other} f32[2,3], they must be alike");
        assert_eq!(say(ErrorKind::DType, &|z| f(z, z.convert(DType::F32))), dtype);
    }
    for (name, what, f) in [
        ("cross_entropy_with_probabilities", "logits", cross_entropy_with_probabilities as fn(Var, Var) -> Var),
        ("kl_divergence", "log-probabilities", kl_divergence),
        ("cosine_similarity", "first", cosine_similarity),
        ("triplet_margin", "anchors", |a, b| triplet_margin(a, b, b, 1.0)),
    ] {
        let sentence = format!("{name}: rows are needed, the {what} are f64[]");
        assert_eq!(say(ErrorKind::Shape, &|z| f(z.sum(), z.sum())), sentence);
    }

    let share = "cross_entropy: the smoothing is 1.5, a share from 0 to 1 is needed";
    assert_eq!(say(ErrorKind::Data, &|z| CrossEntropy::new().smoothing(1.5).apply(z, two()).mean()), share);
    let weights = "cross_entropy: a weight for each class of the logits f64[2,3] is needed, the weights are f64[2]";
    let of_rows = |z: Var| CrossEntropy::new().weights(z.sum_axes(&[1])).apply(z, two()).mean();
    assert_eq!(say(ErrorKind::Shape, &of_rows), weights);
    assert_eq!(say(ErrorKind::Data, &|z| focal(z, two(), -1.0)), "focal: gamma must not be below 0, it is -1");
    assert_eq!(
        say(ErrorKind::Data, &|z| binary_focal(z, z, f64::NAN, 0.5)),
        "binary_focal: gamma must not be below 0, it is NaN"
    );
    assert_eq!(
        say(ErrorKind::Data, &|z| binary_focal(z, z, 2.0, 2.0)),
        "binary_focal: alpha is 2, a share from 0 to 1 is needed"
    );
    assert_eq!(say(ErrorKind::Data, &|z| huber(z, z, 0.0)), "huber: delta must be above 0, it is 0");
    assert_eq!(say(ErrorKind::Data, &|z| smooth_l1(z, z, -1.0)), "smooth_l1: beta must not be below 0, it is -1");
    let infinity = f64::INFINITY;
    assert_eq!(say(ErrorKind::Data, &|z| huber(z, z, infinity)), "huber: delta must be finite, it is inf");
    assert_eq!(say(ErrorKind::Data, &|z| smooth_l1(z, z, infinity)), "smooth_l1: beta must be finite, it is inf");
    let single = |z: Var| z.convert(DType::F32);
    let small = "huber: delta is 1e-50, which is 0 in f32";
    assert_eq!(say(ErrorKind::Data, &|z| huber(single(z), single(z), 1e-50)), small);
    let small = "smooth_l1: beta is 1e-50, which is 0 in f32";
    assert_eq!(say(ErrorKind::Data, &|z| smooth_l1(single(z), single(z), 1e-50)), small);
    for (x, shape) in [((|z| z.sum()) as fn(Var) -> Var, "f64[]"), (|z| z.sum_axes(&[1]), "f64[2]")] {
        let sentence = format!(
            "mse: outputs [B, C] are needed, whose rows are summed over, they are {shape}; of a number for each example take \
             losses::squared_error, or outputs [B, 1]"
        );
        assert_eq!(say(ErrorKind::Shape, &|z| mse(x(z), x(z))), sentence);
    }
    for (positive, shape) in
        [((|z| z.reshape([1, 2, 3])) as fn(Var) -> Var, "f64[1,2,3]"), (|z| z.sum_axes(&[1]), "f64[2]")]
    {
        let sentence = format!(
            "weighted_binary_cross_entropy_with_logits: weights that broadcast to the logits f64[2,3] are needed, they are {shape}"
        );
        assert_eq!(say(ErrorKind::Shape, &|z| weighted_binary_cross_entropy_with_logits(z, z, positive(z))), sentence);
    }
    let enlarged = "weighted_binary_cross_entropy_with_logits: weights that broadcast to the logits f64[2] are needed, they are f64[2,1]";
    let of_rows = |z: Var| {
        let y = z.sum_axes(&[1]);
        weighted_binary_cross_entropy_with_logits(y, y, y.reshape([2, 1]))
    };
    assert_eq!(say(ErrorKind::Shape, &of_rows), enlarged);
    let sentence = "accuracy: a label for each row of the logits f64[2,3] is needed, the labels are i32[2,1]";
    assert_eq!(say(ErrorKind::Shape, &|z| accuracy(z, two().reshape([2, 1]))), sentence);
    let sentence = "accuracy: the labels are f64[2], i32 is needed";
    assert_eq!(say(ErrorKind::DType, &|z| accuracy(z, z.sum_axes(&[1]))), sentence);
    assert_eq!(
        say(ErrorKind::Data, &|z| multi_margin(z, two(), 3, 1.0)),
        "multi_margin: the power is 3, 1 or 2 is needed"
    );
}

/// A weight of 0, or a share of 0, leaves out a class that is masked: the loss is that of the others, with derivatives.
#[test]
fn a_masked_class_that_counts_nothing_harms_nothing() {
    let z = tensor(&[1, 3], &[0.3, -0.2, f64::NEG_INFINITY]);
    let costs: Vec<f64> = {
        let sum = 0.3f64.exp() + (-0.2f64).exp();
        [0.3, -0.2].iter().map(|z| sum.ln() - z).collect()
    };
    let run = |label: i32, share: f64| {
        let loss = move |z: Var| {
            let weights = constant(&tensor(&[3], &[1.0, 2.0, 0.0]));
            CrossEntropy::new().smoothing(share).weights(weights).apply(z, integers(&[label])).values.sum()
        };
        let all = |z: Var| (loss(z), grad(loss, &z), hvp(loss, &z, &z.full_like(1.0)));
        let (value, g, h) = compile(all).call(z.clone()).unwrap();
        assert!(g.to_f64_vec().iter().chain(&h.to_f64_vec()).all(|d| d.is_finite()), "{label}, {share}: {g} {h}");
        value.item()
    };
    let spread = (costs[0] + 2.0 * costs[1]) / 3.0;
    for (label, share, expected) in
        [(0, 0.2, 0.8 * costs[0] + 0.2 * spread), (2, 0.2, 0.2 * spread), (2, 1.0, spread), (2, 0.0, 0.0)]
    {
        let value = run(label, share);
        assert!((value - expected).abs() < 1e-15, "{label}, {share}: {value}, {expected}");
    }
    let spread = |z: Var| CrossEntropy::new().smoothing(1.0).apply(z, integers(&[2])).values.sum();
    assert_eq!(compile(spread).call(z).unwrap().item(), f64::INFINITY);
}
