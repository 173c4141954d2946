//! CSV for programs: every number in full, so that it reads back as the same bits.

use super::model::{Eigenpair, Report};
use super::number::exact;

/// One row for each measurement. Further eigenvalues of `H` and `G` have columns of their own, as many as any row has.
pub fn measurements(report: &Report) -> String {
    let rows = &report.measurements;
    let most = |pairs: fn(&super::Measurement) -> &[Eigenpair]| rows.iter().map(|m| pairs(m).len()).max().unwrap_or(0);
    let (most_h, most_g) = (most(|m| &m.top_h), most(|m| &m.top_g));

    let mut header: Vec<String> = [
        "step",
        "epoch",
        "train_loss",
        "test_loss",
        "train_accuracy",
        "test_accuracy",
        "gradient_norm",
        "trace_h",
        "trace_h_error",
        "trace_g",
        "trace_g_error",
        "trace_n",
        "trace_n_error",
        "smallest_n",
        "smallest_n_residual",
        "largest_n",
        "largest_n_residual",
        "nme_over_gn",
        "check",
    ]
    .map(str::to_owned)
    .to_vec();
    for (operator, most) in [("h", most_h), ("g", most_g)] {
        header.extend(
            (1..=most)
                .flat_map(|k| [format!("eigenvalue_{operator}_{k}"), format!("eigenvalue_{operator}_{k}_residual")]),
        );
    }
    let mut text = line(header);
    for m in rows {
        let mut cells = vec![m.step.to_string()];
        let numbers = [
            m.epoch,
            m.train_loss,
            m.test_loss,
            m.train_accuracy,
            m.test_accuracy,
            m.gradient_norm,
            m.trace_h.value,
            m.trace_h.error,
            m.trace_g.value,
            m.trace_g.error,
            m.trace_n.value,
            m.trace_n.error,
            m.smallest_n.value,
            m.smallest_n.residual,
            m.largest_n.value,
            m.largest_n.residual,
            m.nme_over_gn,
            m.check,
        ];
        cells.extend(numbers.map(exact));
        for (pairs, most) in [(&m.top_h, most_h), (&m.top_g, most_g)] {
            // A row with fewer pairs leaves its last cells empty: not computed is neither zero nor NaN.
            cells.extend((0..most).flat_map(|k| match pairs.get(k) {
                Some(pair) => [exact(pair.value), exact(pair.residual)],
                None => [String::new(), String::new()],
            }));
        }
        text += &line(cells);
    }
    text
}

/// One row for each point of each curve: `step,operator,eigenvalue,density`.
pub fn spectra(report: &Report) -> String {
    let mut text = line(["step", "operator", "eigenvalue", "density"].map(str::to_owned).to_vec());
    for spectrum in &report.spectra {
        for (operator, density) in [("H", &spectrum.h), ("G", &spectrum.g), ("N", &spectrum.n)] {
            for (eigenvalue, density) in density.points() {
                text += &line(vec![spectrum.step.to_string(), operator.to_owned(), exact(eigenvalue), exact(density)]);
            }
        }
    }
    text
}

/// No cell has a comma, a quote or a line break in it: names are ours and numbers are numbers.
fn line(cells: Vec<String>) -> String {
    cells.join(",") + "\n"
}
