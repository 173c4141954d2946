//! Estimators against a small dense matrix: in the mean from fixed seeds within 4 standard errors, and the standard error
//! itself against the spread over seeds.

use quadric_curvature::estimators::*;
use quadric_curvature::operators::*;
use quadric_curvature::vector::{axpy, dot, norm};
use quadric_curvature::{ErrorKind, Estimate, LinearOperator, Probe, Symmetry};

use crate::nets::*;

type Matrix = quadric_curvature::operators::Dense;

fn hessian() -> Matrix {
    Matrix::of(Hessian::new(&problem(Activation::Gelu, Loss::CrossEntropy)).unwrap()).unwrap()
}

fn gauss_newton() -> Matrix {
    let problem = problem(Activation::Gelu, Loss::CrossEntropy).with_convex_loss();
    Matrix::of(GaussNewton::new(&problem, "logits").unwrap()).unwrap()
}

const RUNS: u64 = 200;

/// Over many seeds: unbiased within 4 errors of the mean, and the reported standard error is the spread within a factor.
fn converges(name: &str, exact: f64, factor: f64, estimate: impl Fn(u64) -> Estimate) {
    let estimates: Vec<Estimate> = (0..RUNS).map(|i| estimate(1000 * i)).collect();
    let runs = RUNS as f64;
    let mean = estimates.iter().map(|e| e.value).sum::<f64>() / runs;
    let spread = (estimates.iter().map(|e| (e.value - mean).powi(2)).sum::<f64>() / (runs - 1.0)).sqrt();
    let reported = (estimates.iter().map(|e| e.standard_error.powi(2)).sum::<f64>() / runs).sqrt();
    assert!((mean - exact).abs() < 4.0 * spread / runs.sqrt(), "{name}: {mean} is not {exact}; spread {spread}");
    let ratio = reported / spread;
    assert!((1.0 / factor..factor).contains(&ratio), "{name}: reported {reported}, spread {spread}");
}

#[test]
fn hutchinson() {
    for (mut a, name) in [(hessian(), "H"), (gauss_newton(), "G")] {
        let exact = a.trace();
        for probe in [Probe::Rademacher, Probe::Gaussian] {
            let a = std::cell::RefCell::new(&mut a);
            converges(name, exact, 1.2, |seed| trace(&mut **a.borrow_mut(), probe, 20, seed).unwrap());
        }
        // The variance is the formula's.
        let f2 = a.frobenius_norm().powi(2);
        let d2: f64 = a.diagonal().iter().map(|x| x * x).sum();
        for (probe, variance) in [(Probe::Gaussian, 2.0 * f2), (Probe::Rademacher, 2.0 * (f2 - d2))] {
            let error = trace(&mut a, probe, 4000, 5).unwrap().standard_error;
            assert!((error / (variance / 4000.0).sqrt() - 1.0).abs() < 0.15, "{name} {probe:?}");
        }
    }
    let one = trace(&mut hessian(), Probe::Rademacher, 1, 1).unwrap();
    assert_eq!((one.standard_error, one.products), (f64::INFINITY, 1));
}

#[test]
fn hutch_plus_plus_and_xtrace_are_better_on_g() {
    let mut g = gauss_newton();
    let exact = g.trace();
    let budget = 24;
    let a = std::cell::RefCell::new(&mut g);
    converges("hutch++", exact, 1.5, |seed| {
        hutch_plus_plus(&mut **a.borrow_mut(), Probe::Rademacher, budget, seed).unwrap()
    });
    converges("xtrace", exact, 2.0, |seed| xtrace(&mut **a.borrow_mut(), budget, seed).unwrap());
    let error =
        |f: &dyn Fn(u64) -> Estimate| ((0..50).map(|s| (f(s * 77).value - exact).powi(2)).sum::<f64>() / 50.0).sqrt();
    let plain = error(&|s| trace(&mut **a.borrow_mut(), Probe::Rademacher, budget, s).unwrap());
    let plus = error(&|s| hutch_plus_plus(&mut **a.borrow_mut(), Probe::Rademacher, budget, s).unwrap());
    let x = error(&|s| xtrace(&mut **a.borrow_mut(), budget, s).unwrap());
    assert!(x < plus && plus < 0.5 * plain, "hutchinson {plain}, hutch++ {plus}, xtrace {x}");
}

#[test]
fn xtrace_takes_any_sign() {
    let mut h = hessian();
    let exact = h.trace();
    let a = std::cell::RefCell::new(&mut h);
    converges("xtrace of H", exact, 2.0, |seed| xtrace(&mut **a.borrow_mut(), 20, seed).unwrap());
    // With as many probes as dimensions it is exact.
    let dim = a.borrow().dim();
    let all = xtrace(&mut **a.borrow_mut(), 2 * dim, 1).unwrap();
    assert!((all.value - exact).abs() < 1e-10 * exact.abs() && all.standard_error == 0.0);
}

#[test]
fn diagonals() {
    let mut h = hessian();
    let exact = h.diagonal();
    type Estimator = fn(&mut Matrix, usize, u64) -> Result<DiagonalEstimate, quadric_curvature::Error>;
    for (name, estimate) in [("diagonal", diagonal as Estimator), ("xdiag", xdiag as Estimator)] {
        let all: Vec<DiagonalEstimate> = (0..RUNS).map(|i| estimate(&mut h, 20, 1000 * i).unwrap()).collect();
        let runs = RUNS as f64;
        let (mut worst, mut reported, mut spread) = (0.0_f64, 0.0_f64, 0.0_f64);
        for (i, exact) in exact.iter().enumerate() {
            let mean = all.iter().map(|e| e.values[i]).sum::<f64>() / runs;
            let variance = all.iter().map(|e| (e.values[i] - mean).powi(2)).sum::<f64>() / (runs - 1.0);
            worst = worst.max((mean - exact).abs() / (variance / runs).sqrt());
            spread += variance;
            reported += all.iter().map(|e| e.standard_errors[i].powi(2)).sum::<f64>() / runs;
        }
        assert!(worst < 4.5, "{name}: {worst} errors off"); // the worst of 59 entries
        let ratio = (reported / spread).sqrt();
        assert!((0.5..2.0).contains(&ratio), "{name}: {ratio}");
    }
    let error = |d: DiagonalEstimate| d.values.iter().zip(&exact).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let mean = |f: &mut dyn FnMut(u64) -> DiagonalEstimate| (0..30).map(|s| error(f(s))).sum::<f64>();
    let plain = mean(&mut |s| diagonal(&mut h, 40, s).unwrap());
    let x = mean(&mut |s| xdiag(&mut h, 40, s).unwrap());
    assert!(x < plain, "{x} {plain}");
}

#[test]
fn lanczos_finds_the_ends() {
    for mut a in [hessian(), gauss_newton()] {
        let (values, _) = a.eigen().unwrap();
        let n = values.len();
        let params = LanczosParams { tolerance: 1e-9, max_products: n, seed: 3 };
        let ends = eigenpairs(&mut a, 4, 3, &params).unwrap();
        assert!(ends.converged && ends.products <= n);
        let scale = values[n - 1].abs().max(values[0].abs());
        let wanted = (0..4).map(|i| values[n - 1 - i]).chain((0..3).map(|i| values[i]));
        for (pair, exact) in ends.top.iter().chain(&ends.bottom).zip(wanted) {
            assert!((pair.value - exact).abs() < 1e-8 * scale, "{} {exact}", pair.value);
            // The residual that is told is the true one.
            let mut rest = a.apply(&pair.vector).unwrap();
            axpy(-pair.value, &pair.vector, &mut rest);
            assert!((norm(&rest) - pair.residual).abs() < 1e-10 * scale);
            assert!((norm(&pair.vector) - 1.0).abs() < 1e-12);
        }
        for (i, p) in ends.top.iter().enumerate() {
            for q in &ends.top[..i] {
                assert!(dot(&p.vector, &q.vector).abs() < 1e-8);
            }
        }
    }
}

#[test]
fn lanczos_says_when_it_is_not_there_yet() {
    let params = LanczosParams { tolerance: 1e-12, max_products: 5, seed: 3 };
    let mut h = hessian();
    let exact = h.eigenvalues().unwrap();
    let ends = eigenpairs(&mut h, 2, 2, &params).unwrap();
    assert!(!ends.converged && ends.products == 5);
    for pair in ends.top.iter().chain(&ends.bottom) {
        let nearest = exact.iter().map(|x| (x - pair.value).abs()).fold(f64::INFINITY, f64::min);
        assert!(nearest <= pair.residual * (1.0 + 1e-9), "an eigenvalue lies within the residual");
    }
}

#[test]
fn lanczos_finds_multiplicities_and_full_spectra() {
    let mut entries = vec![0.0; 36];
    for (i, x) in [5.0, 5.0, 5.0, -1.0, -1.0, 2.0].into_iter().enumerate() {
        entries[i * 7] = x;
    }
    let mut a = Matrix::symmetric(6, entries).unwrap();
    let ends = eigenpairs(&mut a, 4, 2, &LanczosParams::default()).unwrap();
    let values: Vec<f64> = ends.top.iter().chain(&ends.bottom).map(|p| p.value).collect();
    for (value, exact) in values.iter().zip([5.0, 5.0, 5.0, 2.0, -1.0, -1.0]) {
        assert!((value - exact).abs() < 1e-12, "{values:?}");
    }
    assert!(ends.converged);
    let mut zero = Matrix::symmetric(3, vec![0.0; 9]).unwrap();
    let ends = eigenpairs(&mut zero, 1, 1, &LanczosParams::default()).unwrap();
    assert_eq!((ends.top[0].value, ends.bottom[0].value, ends.converged), (0.0, 0.0, true));
    let more = eigenpairs(&mut zero, 9, 9, &LanczosParams::default()).unwrap();
    assert_eq!((more.top.len(), more.converged), (3, true));
}

#[test]
fn the_spectral_density_has_the_right_moments() {
    let mut h = hessian();
    let exact = h.eigenvalues().unwrap();
    let n = exact.len();
    let params = DensityParams { probes: 200, steps: 30, points: 400, broadening: 0.02, seed: 1 };
    let density = spectral_density(&mut h, &params).unwrap();
    assert_eq!(density.products, 200 * 30);
    let width = density.grid[1] - density.grid[0];
    let integral: f64 = density.density.iter().sum::<f64>() * width;
    assert!((integral - 1.0).abs() < 1e-3, "{integral}");
    for power in 0..=4 {
        let exact: f64 = exact.iter().map(|x| x.powi(power)).sum();
        let estimate = density.trace_of(|x| x.powi(power));
        assert!(
            (estimate.value - exact).abs() <= 4.0 * estimate.standard_error + 1e-9 * exact.abs(),
            "{power}: {estimate} {exact}"
        );
    }
    // Point by point, the exact density broadened alike.
    let bell =
        |x: f64| (-0.5 * (x / density.sigma).powi(2)).exp() / (density.sigma * (2.0 * std::f64::consts::PI).sqrt());
    let outside = density
        .grid
        .iter()
        .zip(density.density.iter().zip(&density.standard_error))
        .filter(|(x, (d, e))| {
            let exact: f64 = exact.iter().map(|y| bell(**x - y)).sum::<f64>() / n as f64;
            (**d - exact).abs() > 3.0 * **e + 0.02 / density.sigma / n as f64
        })
        .count();
    assert!(outside <= 20, "{outside} of 400 points");
}

#[test]
fn norms_ranks_and_determinants() {
    let (mut h, mut g) = (hessian(), gauss_newton());
    let (h_norm, g_norm) = (h.frobenius_norm(), g.frobenius_norm());
    let rank = g.trace().powi(2) / g_norm.powi(2);
    let mut damped = Matrix::of(Damped::new(g.clone(), 0.05)).unwrap();
    let log_det: f64 = damped.eigenvalues().unwrap().iter().map(|x| x.ln()).sum();
    let (h, g, damped) =
        (std::cell::RefCell::new(&mut h), std::cell::RefCell::new(&mut g), std::cell::RefCell::new(&mut damped));
    // A root and a ratio have a bias of the order of the variance: many probes make it small beside 4 errors of the mean.
    let check = |name: &str, exact: f64, estimate: &dyn Fn(u64) -> Estimate| {
        let all: Vec<Estimate> = (0..20).map(|i| estimate(1000 * i)).collect();
        for e in &all {
            assert!(e.errors_from(exact) < 4.0, "{name}: {e} {exact}");
        }
        let mean = all.iter().map(|e| e.value).sum::<f64>() / 20.0;
        let spread = (all.iter().map(|e| (e.value - mean).powi(2)).sum::<f64>() / 19.0).sqrt();
        let reported = all.iter().map(|e| e.standard_error).sum::<f64>() / 20.0;
        assert!((0.6..1.7).contains(&(reported / spread)), "{name}: reported {reported}, spread {spread}");
    };
    check("‖H‖", h_norm, &|s| frobenius_norm(&mut **h.borrow_mut(), Probe::Rademacher, 400, s).unwrap());
    check("‖G‖", g_norm, &|s| frobenius_norm(&mut **g.borrow_mut(), Probe::Gaussian, 400, s).unwrap());
    check("rank", rank, &|s| effective_rank(&mut **g.borrow_mut(), Probe::Rademacher, 400, s).unwrap());
    check("log det", log_det, &|s| log_determinant(&mut **damped.borrow_mut(), 60, 30, s).unwrap());
}

#[test]
fn what_an_estimator_refuses() {
    let mut h = hessian();
    let kind = |r: Result<Estimate, quadric_curvature::Error>| r.unwrap_err().kind();
    assert_eq!(kind(trace(&mut h, Probe::Rademacher, 0, 1)), ErrorKind::Argument);
    assert_eq!(kind(hutch_plus_plus(&mut h, Probe::Rademacher, 2, 1)), ErrorKind::Argument);
    assert_eq!(kind(log_determinant(&mut h, 4, 10, 1)), ErrorKind::NotPositive);
    let mut unsymmetric = Matrix::new(2, 2, vec![0.0, 1.0, 0.0, 0.0]).unwrap();
    assert_eq!(kind(xtrace(&mut unsymmetric, 8, 1)), ErrorKind::Argument);
    assert!(lanczos(&mut unsymmetric, &[1.0, 0.0], 2).is_err());
    let mut wide = Matrix::new(1, 2, vec![0.0, 1.0]).unwrap();
    assert_eq!(kind(trace(&mut wide, Probe::Rademacher, 1, 1)), ErrorKind::Dimension);

    struct Broken;
    impl LinearOperator for Broken {
        fn dim(&self) -> usize {
            2
        }
        fn apply(&mut self, _: &[f64]) -> Result<Vec<f64>, quadric_curvature::Error> {
            Ok(vec![f64::NAN; 2])
        }
        fn symmetry(&self) -> Symmetry {
            Symmetry::SYMMETRIC
        }
    }
    assert_eq!(kind(trace(&mut Broken, Probe::Rademacher, 2, 1)), ErrorKind::NotFinite);
    assert_eq!(eigenpairs(&mut Broken, 1, 0, &LanczosParams::default()).unwrap_err().kind(), ErrorKind::NotFinite);
    assert!(matches!(
        minres(&mut Broken, &[1.0, 0.0], &CgParams::default()).unwrap_err().failure,
        CgFailure::NotFinite
    ));
}

#[test]
fn estimators_run_on_operators_with_programs() {
    let problem = problem(Activation::Gelu, Loss::CrossEntropy).with_convex_loss();
    let mut g = GaussNewton::new(&problem, "logits").unwrap();
    let exact = gauss_newton();
    let estimate = trace(&mut g, Probe::Rademacher, 50, 1).unwrap();
    assert!(estimate.errors_from(exact.trace()) < 4.0);
    assert_eq!(estimate, trace(&mut g, Probe::Rademacher, 50, 1).unwrap());
    let top = eigenpairs(&mut g, 1, 0, &LanczosParams::default()).unwrap();
    let values = exact.eigenvalues().unwrap();
    assert!((top.top[0].value / values[values.len() - 1] - 1.0).abs() < 1e-6);
}
