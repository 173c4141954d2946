//! Which plots a report has.

use super::model::{Density, Estimate, Measurement, Report, Spectrum};
use super::number::{percent, significant, typeset};
use super::svg::{Curve, Figure, Point, Scale, Style, range};

/// Curvature along training: traces, ends of the spectra, the ratio of the parts on the gradient.
pub fn curvature(report: &Report) -> Vec<Figure> {
    let rows = &report.measurements;
    let estimate = |of: fn(&Measurement) -> Estimate| points(rows, move |m| (of(m).value, of(m).error));
    let value = |of: fn(&Measurement) -> f64| points(rows, move |m| (of(m), 0.0));
    vec![
        along(
            rows,
            "traces",
            "Traces of H, G and N",
            "trace",
            Scale::Linear,
            vec![
                Curve { name: "tr H", class: "h", points: estimate(|m| m.trace_h) },
                Curve { name: "tr G", class: "g", points: estimate(|m| m.trace_g) },
                Curve { name: "tr N", class: "n", points: estimate(|m| m.trace_n) },
            ],
        ),
        along(
            rows,
            "extremes",
            "Extreme eigenvalues of H, G and N",
            "eigenvalue",
            Scale::Linear,
            vec![
                Curve { name: "max H", class: "h", points: value(|m| m.largest_h().value) },
                Curve { name: "max G", class: "g", points: value(|m| m.largest_g().value) },
                Curve { name: "max N", class: "n", points: value(|m| m.largest_n.value) },
                Curve { name: "min N", class: "m", points: value(|m| m.smallest_n.value) },
            ],
        ),
        along(
            rows,
            "ratio",
            "Share of N along the gradient: ‖N g̃‖ / ‖G g̃‖",
            "ratio",
            Scale::Log,
            vec![Curve { name: "‖N g̃‖ / ‖G g̃‖", class: "n", points: value(|m| m.nme_over_gn) }],
        ),
        along(
            rows,
            "gradient",
            "Norm of the gradient, ‖g‖",
            "norm",
            Scale::Log,
            vec![Curve { name: "‖g‖", class: "h", points: value(|m| m.gradient_norm) }],
        ),
    ]
}

/// Loss and accuracy along training.
pub fn learning(report: &Report) -> Vec<Figure> {
    let rows = &report.measurements;
    let value = |of: fn(&Measurement) -> f64| points(rows, move |m| (of(m), 0.0));
    vec![
        along(
            rows,
            "loss",
            "Loss",
            "mean loss",
            Scale::Log,
            vec![
                Curve { name: "train", class: "g", points: value(|m| m.train_loss) },
                Curve { name: "test", class: "n", points: value(|m| m.test_loss) },
            ],
        ),
        along(
            rows,
            "accuracy",
            "Accuracy",
            "per cent correct",
            Scale::Linear,
            vec![
                Curve { name: "train", class: "g", points: value(|m| 100.0 * m.train_accuracy) },
                Curve { name: "test", class: "n", points: value(|m| 100.0 * m.test_accuracy) },
            ],
        ),
    ]
}

/// The three densities of one moment, as panels one below the other over the same eigenvalues.
pub fn spectrum(spectrum: &Spectrum) -> Vec<Figure> {
    let operators = [("H", "h", &spectrum.h), ("G", "g", &spectrum.g), ("N", "n", &spectrum.n)];
    // Eight decades below its peak a smoothed density is the tail of the smoothing, and no eigenvalue of the operator.
    const FLOOR: f64 = 1e-8;
    let shown = operators.map(|(_, _, density)| support(density, FLOOR));
    let x_range = range(shown.into_iter().flatten().flat_map(|(min, max)| [min, max]));
    let panel = |(name, class, density): (&str, &'static str, &Density)| {
        let points = density.points().filter(|(x, _)| (x_range.0..=x_range.1).contains(x));
        let ends = support(density, FLOOR).map_or("nothing".to_owned(), |(min, max)| {
            format!("{} to {}", typeset(&significant(min, 3)), typeset(&significant(max, 3)))
        });
        Figure {
            id: format!("spectrum-{}-{class}", spectrum.step),
            title: format!("Spectral density of {name} at step {}", spectrum.step),
            description: format!("Density over eigenvalues on a logarithmic axis. It covers {ends}."),
            x_label: if name == "N" { "eigenvalue" } else { "" },
            y_label: match name {
                "H" => "density of H",
                "G" => "density of G",
                _ => "density of N",
            },
            scale: Scale::Log,
            style: Style::Area,
            height: 190.0,
            x_range: Some(x_range),
            floor: FLOOR,
            curves: vec![Curve {
                name: "density",
                class,
                points: points.map(|(x, y)| Point { x, y, error: 0.0 }).collect(),
            }],
        }
    };
    operators.map(panel).into()
}

/// From where to where a density is above `floor` times its largest value.
fn support(density: &Density, floor: f64) -> Option<(f64, f64)> {
    let finite = || density.points().filter(|(x, y)| x.is_finite() && y.is_finite() && *y > 0.0);
    let peak = finite().map(|(_, y)| y).fold(0.0, f64::max);
    let mut above = finite().filter(|(_, y)| *y >= floor * peak).map(|(x, _)| x);
    let first = above.next()?;
    Some((first, above.last().unwrap_or(first)))
}

fn points(rows: &[Measurement], of: impl Fn(&Measurement) -> (f64, f64)) -> Vec<Point> {
    rows.iter().map(|m| (m.epoch, of(m))).map(|(x, (y, error))| Point { x, y, error }).collect()
}

/// A plot over epochs, described by where each curve begins and ends.
fn along(
    rows: &[Measurement],
    id: &str,
    title: &str,
    y_label: &'static str,
    scale: Scale,
    curves: Vec<Curve>,
) -> Figure {
    let text = |y: f64| {
        if id == "accuracy" { percent(y / 100.0) } else { typeset(&significant(y, 3)) }
    };
    let ends = |curve: &Curve| match (curve.points.first(), curve.points.last()) {
        (Some(first), Some(last)) => format!("{} goes from {} to {}", curve.name, text(first.y), text(last.y)),
        _ => format!("{} was not measured", curve.name),
    };
    let description = curves.iter().map(ends).collect::<Vec<_>>().join("; ");
    Figure {
        id: id.to_owned(),
        title: title.to_owned(),
        description: format!("{} measurements along training: {description}.", rows.len()),
        x_label: "epoch",
        y_label,
        scale,
        style: Style::Marked,
        height: 300.0,
        x_range: None,
        floor: 0.0,
        curves,
    }
}
