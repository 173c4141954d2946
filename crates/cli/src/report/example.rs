//! A report with invented numbers, for the tests and for looking at the page.

use super::model::*;

/// Seven measurements and two spectra of a run that never was.
pub fn report() -> Report {
    let steps = [0u64, 23, 69, 138, 276, 460, 690];
    let measurements = steps.iter().enumerate().map(|(k, &step)| measurement(k as f64, step)).collect();
    Report {
        settings: Settings {
            title: "GELU 64-32-32-10 on digits, SGD".into(),
            command: "quadric train --data digits --activation gelu --regularizer sgd --seed 1".into(),
            seed: 1,
            isa: "avx2+fma".into(),
            entries: [
                ("data", "digits 8×8, 1437 + 360"),
                ("network", "64-32-32-10, gelu"),
                ("parameters", "3466"),
                ("loss", "mean softmax cross-entropy"),
                ("optimizer", "sgd, rate 0.1, momentum 0.9"),
                ("batch", "64"),
                ("probes", "32 Rademacher"),
            ]
            .map(|(name, value)| (name.into(), value.into()))
            .to_vec(),
        },
        measurements,
        spectra: vec![spectrum(0, 0.0, 3.0), spectrum(690, 30.0, 14.0)],
        notes: vec!["The numbers of this page are invented.".into()],
        diverged: None,
    }
}

fn measurement(k: f64, step: u64) -> Measurement {
    let decay = (-0.9 * k).exp();
    let pair = |value: f64| Eigenpair { value, residual: 1e-6 * value.abs() };
    let g = 20.0 + 160.0 * k * (-0.6 * k).exp();
    let n = 6.0 * decay - 2.0 * k * decay;
    let top = 2.0 + 12.0 * k * (-0.5 * k).exp();
    Measurement {
        step,
        epoch: step as f64 / 23.0,
        train_loss: 0.004 + 2.3 * decay,
        test_loss: 0.09 + 2.2 * decay,
        train_accuracy: 1.0 - 0.9 * decay,
        test_accuracy: 0.975 - 0.87 * decay,
        gradient_norm: 0.01 + 0.8 * decay,
        trace_h: Estimate { value: g + n, error: 0.05 * g },
        trace_g: Estimate { value: g, error: 0.04 * g },
        trace_n: Estimate { value: n, error: 0.7 },
        top_h: vec![pair(1.05 * top), pair(0.7 * top), pair(0.4 * top)],
        top_g: vec![pair(top), pair(0.68 * top), pair(0.39 * top)],
        smallest_n: pair(-0.2 - 1.5 * decay),
        largest_n: pair(0.2 + 1.6 * decay),
        nme_over_gn: 0.02 + 0.4 * decay,
        check: 2.3e-7 / (1.0 + k),
    }
}

fn spectrum(step: u64, epoch: f64, top: f64) -> Spectrum {
    let density = |peaks: &[(f64, f64)]| {
        let width = 0.015 * top;
        let eigenvalues: Vec<f64> = (0..=400).map(|k| top * (f64::from(k) / 400.0 * 1.5 - 0.25)).collect();
        let bump = |x: f64, &(at, weight): &(f64, f64)| weight * (-0.5 * ((x - at) / width).powi(2)).exp() / width;
        let densities = eigenvalues.iter().map(|&x| 0.3989 * peaks.iter().map(|peak| bump(x, peak)).sum::<f64>());
        Density { densities: densities.collect(), eigenvalues }
    };
    Spectrum {
        step,
        epoch,
        h: density(&[
            (0.0, 0.95),
            (0.05 * top, 0.03),
            (0.3 * top, 3e-4),
            (0.5 * top, 3e-4),
            (0.72 * top, 3e-4),
            (top, 3e-4),
            (-0.06 * top, 0.01),
        ]),
        g: density(&[
            (0.0, 0.97),
            (0.05 * top, 0.02),
            (0.3 * top, 3e-4),
            (0.5 * top, 3e-4),
            (0.7 * top, 3e-4),
            (0.96 * top, 3e-4),
        ]),
        n: density(&[(0.0, 0.95), (0.06 * top, 0.02), (-0.06 * top, 0.02), (0.12 * top, 3e-4), (-0.12 * top, 3e-4)]),
    }
}
