//! Random numbers: distributions, keys, and the direction under noise.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::trace::{Var, compile, grad, random};
use quadric_autodiff::{DType, Shape, Tensor, Tree};
use quadric_nn::{Activation, Mlp};
use quadric_regularization::{Loss, Probe, WeightNoise, probes};

use crate::{flat, network, on_network, parts, scalar};

fn draw(distribution: Probe, dtype: DType, shape: impl Into<Shape>, key: Tensor) -> Vec<f64> {
    let shape = shape.into();
    compile(|key: Var| probes::draw(distribution, key, dtype, shape.clone())).call(key).unwrap().to_f64_vec()
}

#[test]
fn normals_have_the_moments_and_tails_of_normals() {
    for dtype in [DType::F32, DType::F64] {
        let n = 200_001; // odd, so the last pair is cut
        let x = draw(Probe::Gaussian, dtype, [n], random::key(1, 0));
        let moment = |p: i32| x.iter().map(|x| x.powi(p)).sum::<f64>() / n as f64;
        // Standard errors: 1/√n, √2/√n, √15/√n, √96/√n.
        let error = 4.0 / (n as f64).sqrt();
        assert!(moment(1).abs() < error && (moment(2) - 1.0).abs() < error * 2f64.sqrt());
        assert!(moment(3).abs() < error * 15f64.sqrt() && (moment(4) - 3.0).abs() < error * 96f64.sqrt());
        let beyond_two = x.iter().filter(|x| x.abs() > 2.0).count() as f64 / n as f64;
        assert!((beyond_two - 0.0455).abs() < error * (0.0455f64 * 0.9545).sqrt());
        assert!(x.iter().all(|x| x.is_finite()));
        // Neighbours, and the two of one pair, are uncorrelated.
        let half = n.div_ceil(2);
        let correlation = |lag: usize| (0..n - lag).map(|i| x[i] * x[i + lag]).sum::<f64>() / (n - lag) as f64;
        assert!(correlation(1).abs() < error && correlation(half).abs() < error * 2f64.sqrt());
    }
}

#[test]
fn signs_are_plus_and_minus_one() {
    let x = draw(Probe::Rademacher, DType::F64, [3, 10_000], random::key(1, 0));
    assert!(x.iter().all(|x| x.abs() == 1.0));
    assert!((x.iter().sum::<f64>() / 3e4).abs() < 4.0 / 3e4f64.sqrt());
}

#[test]
fn the_same_key_gives_the_same_bits_on_any_number_of_threads() {
    let mut runs = [1, 2, 3].map(|threads| {
        compile(|key: Var| random::normal(key, DType::F32, [300, 301]))
            .with_threads(threads)
            .call(random::key(7, 7))
            .unwrap()
    });
    let last = runs[2].clone();
    assert!(runs.iter_mut().all(|run| *run == last));
    assert_ne!(
        draw(Probe::Gaussian, DType::F32, [8], random::key(7, 7)),
        draw(Probe::Gaussian, DType::F32, [8], random::key(7, 8))
    );
}

#[test]
fn leaves_and_probes_draw_from_keys_of_their_own() {
    let mut f = compile(|(a, b, key): (Var, Var, Var)| {
        let tree = vec![a, b];
        (probes::one(Probe::Gaussian, key, &tree), probes::block(Probe::Gaussian, key, &tree, 3))
    });
    let zeros = Tensor::from_fn(DType::F64, [50], |_| 0.0);
    let (one, block) = f.call((zeros.clone(), zeros, random::key(1, 1))).unwrap();
    let mut seen: Vec<u64> = flat(&one).iter().map(|x| x.to_bits()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 100);
    assert_eq!(block[0].shape().to_vec(), [3, 50]);
    let rows = block[0].to_f64_vec();
    assert_ne!(rows[..50], rows[50..100]);
}

#[test]
fn keys_of_steps_and_seeds_differ() {
    let mut keys: Vec<Vec<u32>> = (0..100).flat_map(|s| (0..100).map(move |t| random::key(s, t).to_vec())).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 10_000);
}

#[test]
fn labels_are_drawn_with_the_probabilities_of_softmax() {
    let z = [0.0, 1.0, -2.0, 0.5];
    let n = 40_000;
    let labels = compile(|(z, key): (Var, Var)| random::categorical(key, z.broadcast_to([n, 4])))
        .call((Tensor::from_vec(&z), random::key(3, 0)))
        .unwrap();
    let total: f64 = z.iter().map(|z| f64::exp(*z)).sum();
    for (class, z) in z.iter().enumerate() {
        let p = z.exp() / total;
        let share = labels.to_vec::<i32>().iter().filter(|y| **y == class as i32).count() as f64 / n as f64;
        assert!((share - p).abs() < 4.0 * (p * (1.0 - p) / n as f64).sqrt(), "class {class}: {share} and {p}");
    }
}

#[test]
fn weight_noise_has_mean_zero_and_variance_sigma_squared() {
    let like = Tensor::from_fn(DType::F64, [300, 300], |_| 1.0);
    let mut f = compile(|(w, sigma, key): (Var, Var, Var)| WeightNoise { sigma, key }.noise(&w));
    let e = f.call((like, scalar(0.03), random::key(1, 4))).unwrap().to_f64_vec();
    let n = e.len() as f64;
    assert!((e.iter().sum::<f64>() / n).abs() < 4.0 * 0.03 / n.sqrt());
    assert!((e.iter().map(|e| e * e).sum::<f64>() / n / 9e-4 - 1.0).abs() < 4.0 * (2.0 / n).sqrt());
}

#[test]
fn weight_noise_is_the_gradient_at_the_perturbed_point_and_the_key_decides() {
    let args = |t| [scalar(0.1), random::key(5, t)];
    let run = |t| {
        on_network(Activation::Gelu, &args(t), |m, p, a| {
            let noise = WeightNoise { sigma: a[0], key: a[1] };
            let moved = m.plus(&noise.noise(&m));
            (parts(noise.update(&p, &m)), p.loss(&m), p.loss(&moved), grad(|m: Mlp<Var>| p.loss(&m), &moved))
        })
    };
    let ((loss, objective, direction), plain, moved, gradient) = run(0);
    assert_eq!((loss, objective), (plain, moved));
    assert_eq!(flat(&direction), flat(&gradient));
    assert_eq!(flat(&direction), flat(&run(0).0.2));
    assert_ne!(flat(&direction), flat(&run(1).0.2));
    assert_eq!(direction.leaf_names(), network(Activation::Gelu).leaf_names());
}

/// `E L(θ + ε) = L + (σ²/2) tr H + O(σ⁴)`, on a quadratic exactly, and averaged over keys within its error.
#[test]
fn the_mean_loss_under_noise_rises_by_half_sigma_squared_trace() {
    let loss = |w: Var| w.square_norm() * 1.5 + w.sum(); // H = 3 I, tr H = 60
    let mut f = compile(|(w, sigma, key): (Var, Var, Var)| {
        let update = WeightNoise { sigma, key }.update(&loss, &w);
        update.objective - update.loss
    });
    let w = crate::noisy(1, &[20]);
    let n = 4000;
    let rises: Vec<f64> = (0..n).map(|t| f.call((w.clone(), scalar(0.2), random::key(1, t))).unwrap().item()).collect();
    let mean = rises.iter().sum::<f64>() / n as f64;
    let deviation = (rises.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
    assert!((mean - 0.02 * 60.0).abs() < 4.0 * deviation / (n as f64).sqrt(), "{mean} ± {deviation}/√{n}");
}
