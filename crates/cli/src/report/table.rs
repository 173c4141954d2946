//! The table on standard output: two narrow ones rather than one that no terminal shows.

use super::model::{Measurement, Report};
use super::number::{estimate, percent, significant};

/// A title, the heading of each column, and how a measurement fills it.
type Column = (&'static str, fn(&Measurement) -> String);

/// What is learned, and the two ratios.
pub const TRAINING: &[Column] = &[
    ("step", |m| m.step.to_string()),
    ("epoch", |m| format!("{:.2}", m.epoch)),
    ("train loss", |m| significant(m.train_loss, 4)),
    ("test loss", |m| significant(m.test_loss, 4)),
    ("train acc", |m| percent(m.train_accuracy)),
    ("test acc", |m| percent(m.test_accuracy)),
    ("|g|", |m| significant(m.gradient_norm, 4)),
    ("|Ng|/|Gg|", |m| significant(m.nme_over_gn, 4)),
    ("check", |m| significant(m.check, 2)),
];

/// The curvature: traces with standard errors, and the ends of the spectra.
pub const CURVATURE: &[Column] = &[
    ("step", |m| m.step.to_string()),
    ("tr H", |m| estimate(m.trace_h)),
    ("tr G", |m| estimate(m.trace_g)),
    ("tr N", |m| estimate(m.trace_n)),
    ("max H", |m| significant(m.largest_h().value, 4)),
    ("max G", |m| significant(m.largest_g().value, 4)),
    ("min N", |m| significant(m.smallest_n.value, 4)),
    ("max N", |m| significant(m.largest_n.value, 4)),
];

/// The settings, the two tables, the notes.
pub fn table(report: &Report) -> String {
    let settings = &report.settings;
    let mut text = format!("{}\nseed {}, kernels {}\n", settings.title, settings.seed, settings.isa);
    let width = settings.entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in &settings.entries {
        text += &format!("  {}  {value}\n", pad(name, width, Side::Left));
    }
    for (title, columns) in [("Training", TRAINING), ("Curvature (H = G + N; value ± standard error)", CURVATURE)] {
        text += &format!("\n{title}\n");
        let headings = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
        let rows = report.measurements.iter().map(|m| columns.iter().map(|(_, cell)| cell(m)).collect());
        text += &aligned(std::iter::once(headings).chain(rows).collect());
    }
    if let Some((step, why)) = &report.diverged {
        text += &format!("\ndiverged at step {step}: {why}\n");
    }
    for note in &report.notes {
        text += &format!("\nnote: {note}\n");
    }
    text
}

/// Columns flush right, two spaces between, the first row underlined.
pub fn aligned(rows: Vec<Vec<String>>) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    // By characters, not bytes: `±` is two bytes wide and one column.
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let line = |cells: Vec<String>| format!("{}\n", cells.join("  ").trim_end());
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        text += &line(row.iter().zip(&widths).map(|(cell, &width)| pad(cell, width, Side::Right)).collect());
        if index == 0 {
            text += &line(widths.iter().map(|&width| "-".repeat(width)).collect());
        }
    }
    text
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

fn pad(text: &str, width: usize, flush: Side) -> String {
    let space = " ".repeat(width.saturating_sub(text.chars().count()));
    match flush {
        Side::Left => format!("{text}{space}"),
        Side::Right => format!("{space}{text}"),
    }
}
