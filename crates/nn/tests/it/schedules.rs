//! Schedules against the closed forms that PyTorch has.

use quadric_nn::{Cosine, Schedule, Warmup};

#[test]
fn warmup_rises_to_the_peak_and_cosine_falls_to_zero() {
    let schedule: Box<dyn Schedule> = Box::new(Warmup { steps: 5, then: Cosine { peak: 1.0, steps: 100 } });
    let rates: Vec<f64> = (0..110).map(|t| schedule.rate(t)).collect();
    assert!(rates[..5].is_sorted() && rates[4] == 1.0 && rates[5] == 1.0);
    assert!(rates[5..].iter().rev().is_sorted() && rates[105..].iter().all(|r| *r == 0.0));
}
