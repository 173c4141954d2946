//! Schedules against the rates that PyTorch 2.15 gives, and by hand.

use quadric_nn::{
    Constant, Cosine, CosineRestarts, ExponentialDecay, InverseSqrt, LinearRamp, MultiStep, OneCycle, Plateau,
    PolynomialDecay, Schedule, StepDecay, Warmup,
};

/// Every rate within rounding of the expected one.
#[track_caller]
fn check(schedule: impl Schedule, expected: &[f64]) {
    for (t, expected) in expected.iter().enumerate() {
        let rate = schedule.rate(t);
        assert!((rate - expected).abs() < 1e-15, "step {t}: {rate} is no {expected}");
    }
}

#[test]
fn falls_by_factors() {
    check(StepDecay { rate: 0.3, every: 3, factor: 0.1 }, &[0.3, 0.3, 0.3, 0.03, 0.03, 0.03, 0.003, 0.003]);
    let milestones = vec![5, 2, 5];
    check(MultiStep { rate: 0.3, milestones, factor: 0.5 }, &[0.3, 0.3, 0.15, 0.15, 0.15, 0.0375, 0.0375, 0.0375]);
    check(ExponentialDecay { rate: 0.3, factor: 0.9 }, &[0.3, 0.27, 0.243, 0.2187, 0.19683]);
    // Of large steps, too: ⌊t/every⌋ is no i32.
    let late = StepDecay { rate: 1.0, every: 1, factor: 1.0 - 1e-11 }.rate(100_000_000_000);
    assert!((late - (-1f64).exp()).abs() < 1e-6);
}

#[test]
fn cosines() {
    let half = [
        0.3,
        0.28613564150633863,
        0.24728857226022263,
        0.19115293075388395,
        0.12884706924611597,
        0.0727114277397773,
        0.03386435849366133,
        0.02,
        0.02,
    ];
    check(Cosine { peak: 0.3, floor: 0.02, steps: 7 }, &half);
    let restarts = |multiplier| CosineRestarts { peak: 0.3, floor: 0.02, period: 3, multiplier };
    let doubled = [
        0.3,
        0.22999999999999995,
        0.09000000000000002,
        0.3,
        0.2812435565298214,
        0.22999999999999995,
        0.15999999999999998,
        0.09000000000000002,
        0.03875644347017858,
        0.3,
        0.2952296156804695,
        0.2812435565298214,
    ];
    check(restarts(2), &doubled);
    check(restarts(1), &[0.3, 0.23, 0.09, 0.3, 0.23, 0.09, 0.3, 0.23]);
    assert_eq!(restarts(1).rate(3_000_000_000_000), 0.3);
    assert_eq!(restarts(2).rate(3 * ((1 << 40) - 1)), 0.3);
}

#[test]
fn lines_and_powers() {
    check(LinearRamp { from: 0.075, to: 0.3, steps: 4 }, &[0.075, 0.13125, 0.1875, 0.24375, 0.3, 0.3, 0.3]);
    let power = [0.3, 0.17173002067198387, 0.08365644027808018, 0.030357865537616442, 0.005366563145999492, 0.0, 0.0];
    check(PolynomialDecay { from: 0.3, to: 0.0, steps: 5, power: 2.5 }, &power);
    // d^(-1/2) min(t^(-1/2), t steps^(-3/2)), t from 1, width 16 and 4 steps.
    let transformer = InverseSqrt { peak: (16.0 * 4.0f64).powf(-0.5), steps: 4 };
    for t in 1..20 {
        let t = f64::from(t);
        let expected = 0.25 * t.powf(-0.5).min(t * 4f64.powf(-1.5));
        assert!((transformer.rate(t as usize - 1) - expected).abs() < 1e-16);
    }
}

#[test]
fn one_cycle() {
    let cosine = [
        0.01200000000000001,
        0.10493689626587491,
        0.2637855477366386,
        0.29832463063527354,
        0.2799038909524235,
        0.24352369618492892,
        0.194213699308531,
        0.13879113080009253,
        0.08491829946260977,
        0.04004325905664918,
        0.010370096227618567,
        1.2e-06,
        1.2e-06,
    ];
    check(OneCycle::new(0.3, 12), &cosine);
    let lines = [
        0.03,
        0.09136363636363637,
        0.1527272727272727,
        0.21409090909090908,
        0.27545454545454545,
        0.2727818181818182,
        0.22741818181818182,
        0.18205454545454547,
        0.13669090909090909,
        0.09132727272727273,
        0.04596363636363637,
        0.0005999999999999894,
    ];
    check(OneCycle::new(0.3, 12).linear().rise(0.45).ends(10.0, 50.0), &lines);
}

#[test]
#[should_panic(expected = "OneCycle: a rise over 0.3 of 3 steps leaves a phase without steps")]
fn a_cycle_needs_room_for_both_phases() {
    OneCycle::new(0.3, 3).rate(0);
}

#[test]
fn one_after_another() {
    let rise = LinearRamp { from: 0.075, to: 0.3, steps: 4 };
    let schedule = rise.then(4, ExponentialDecay { rate: 0.3, factor: 0.9 });
    check(schedule, &[0.075, 0.13125, 0.1875, 0.24375, 0.3, 0.27, 0.243, 0.2187]);
    let any: Box<dyn Schedule> = Box::new(Constant { rate: 1.0 });
    check(any.then(1, schedule), &[1.0, 0.075, 0.13125, 0.1875, 0.24375, 0.3, 0.27]);
}

#[test]
fn warmup_rises_to_the_peak_and_cosine_falls_to_zero() {
    let schedule: Box<dyn Schedule> = Box::new(Warmup { steps: 5, then: Cosine { peak: 1.0, floor: 0.0, steps: 100 } });
    let rates: Vec<f64> = (0..110).map(|t| schedule.rate(t)).collect();
    assert!(rates[..5].is_sorted() && rates[4] == 1.0 && rates[5] == 1.0);
    assert!(rates[5..].iter().rev().is_sorted() && rates[105..].iter().all(|r| *r == 0.0));
}

#[test]
fn a_plateau_lowers_the_rate() {
    let mut plateau = Plateau::new(0.3).factor(0.5).patience(2).threshold(1e-2).cooldown(2).floor(0.05);
    let measured = [
        5.0,
        4.0,
        3.99,
        3.98,
        3.97,
        3.5,
        3.5,
        3.5,
        3.5,
        3.5,
        3.5,
        3.5,
        3.5,
        3.5,
        3.5,
        f64::NAN,
        3.0,
        3.1,
        3.1,
        3.1,
        3.1,
    ];
    let expected = [
        0.3, 0.3, 0.3, 0.3, 0.15, 0.15, 0.15, 0.15, 0.15, 0.075, 0.075, 0.075, 0.075, 0.075, 0.05, 0.05, 0.05, 0.05,
        0.05, 0.05, 0.05,
    ];
    assert_eq!(measured.map(|loss| plateau.observe(loss)), expected);
    assert_eq!((plateau.best(), plateau.rate()), (3.0, 0.05));
    // Below 0, better is still lower; PyTorch's bound there is above the best.
    let mut plateau = Plateau::new(1.0).factor(0.5).patience(0).threshold(1e-2);
    assert_eq!([-1.0, -1.02, -1.02, -1.025].map(|x| plateau.observe(x)), [1.0, 1.0, 0.5, 0.25]);
    // NaN is no progress, from the first on.
    let mut plateau = Plateau::new(1.0).patience(1);
    assert_eq!([f64::NAN, f64::NAN, 1.0].map(|x| plateau.observe(x)), [1.0, 0.1, 0.1]);
    // A rate that begins below the floor does not rise to it.
    assert_eq!(Plateau::new(0.01).patience(0).floor(0.05).observe(f64::NAN), 0.01);
}

#[test]
fn a_plateau_goes_on_from_its_memory() {
    let fresh = || Plateau::new(1.0).factor(0.5).patience(1).cooldown(2);
    let measured = [3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    for cut in 0..measured.len() {
        let mut whole = fresh();
        for loss in &measured[..cut] {
            whole.observe(*loss);
        }
        let mut resumed = fresh().with_memory(&whole.memory()).unwrap();
        assert_eq!(resumed, whole);
        for loss in &measured[cut..] {
            assert_eq!(resumed.observe(*loss), whole.observe(*loss));
        }
        assert!(whole.rate() < 0.3);
    }
    for memory in [
        &[1.0, 2.0, 0.0][..],
        &[-1.0, 2.0, 0.0, 0.0],
        &[1.0, f64::NAN, 0.0, 0.0],
        &[1.0, 2.0, 0.5, 0.0],
        &[1.0, 2.0, 0.0, -1.0],
    ] {
        let error = fresh().with_memory(memory).unwrap_err().to_string();
        let what = format!("plateau: {memory:?} is no memory; [rate, best, without progress, not counted] is needed");
        assert_eq!(error, what);
    }
}

/// What a closure panics with.
fn panic_of(f: impl FnOnce() -> Plateau + std::panic::UnwindSafe) -> String {
    *std::panic::catch_unwind(f).unwrap_err().downcast::<String>().unwrap()
}

#[test]
fn settings_of_a_plateau_make_sense() {
    let plateau = Plateau::new(1.0);
    for (x, said) in [(0.0, "0"), (1.0, "1"), (-0.5, "-0.5"), (f64::NAN, "NaN")] {
        let what = format!("plateau: factor is {said}; it must be above 0 and below 1");
        assert_eq!(panic_of(move || plateau.factor(x)), what);
    }
    for (x, said) in [(-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf")] {
        let what = |setting: &str| format!("plateau: {setting} is {said}; it must be finite and not below 0");
        assert_eq!(panic_of(move || plateau.threshold(x)), what("threshold"));
        assert_eq!(panic_of(move || plateau.floor(x)), what("floor"));
        assert_eq!(panic_of(move || Plateau::new(x)), what("rate"));
    }
}
