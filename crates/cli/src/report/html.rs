//! The report as one HTML page: nothing is loaded from elsewhere, so it can be mailed, archived and opened in ten years.

use super::model::{Eigenpair, Report};
use super::number::{percent, significant, typeset};
use super::plots;
use super::svg::{Figure, escape};
use super::table::{CURVATURE, TRAINING};

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub fn page(report: &Report) -> String {
    let title = escape(&report.settings.title);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · Quadric</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <header>\n<p class=\"kicker\">Quadric report</p>\n<h1>{title}</h1>\n</header>\n"
    );
    if let Some((step, why)) = &report.diverged {
        html += &format!(
            "<p class=\"alarm\" role=\"alert\"><strong>The run diverged at step {step}</strong>: {}</p>\n",
            escape(why)
        );
    }
    html += &summary(report);
    html += "<section>\n<h2>Curvature along training</h2>\n\
             <p>The Hessian of the training loss is <em>H = G + N</em>: the Gauss-Newton part <em>G</em> is the curvature of the loss seen \
             through the linearised model, the nonlinear modeling error <em>N</em> is the curvature of the model itself. \
             Bars are ± one standard error.</p>\n";
    html += &grid(&plots::curvature(report));
    html += "</section>\n";
    if !report.spectra.is_empty() {
        html += "<section>\n<h2>Spectra</h2>\n<p>Density of the eigenvalues on a logarithmic axis. <em>G</em> has no negative eigenvalue \
                 when the loss is convex in the logits; what <em>H</em> has below zero comes from <em>N</em>. The density is smoothed, \
                 so each eigenvalue shows as a bump of the width of the smoothing.</p>\n<div class=\"grid\">\n";
        for spectrum in &report.spectra {
            html +=
                &format!("<figure>\n<figcaption>Step {}, epoch {:.2}</figcaption>\n", spectrum.step, spectrum.epoch);
            html += &plots::spectrum(spectrum).iter().map(Figure::to_svg).collect::<String>();
            html += "</figure>\n";
        }
        html += "</div>\n</section>\n";
    }
    html += &format!("<section>\n<h2>Learning</h2>\n{}</section>\n", grid(&plots::learning(report)));
    html += &numbers(report);
    html += &settings(report);
    html + "</main>\n</body>\n</html>\n"
}

/// The last measurement, in a few large figures.
fn summary(report: &Report) -> String {
    let Some(last) = report.measurements.last() else {
        return "<p>Nothing was measured.</p>\n".to_owned();
    };
    let worst = report.measurements.iter().map(|m| m.check).fold(0.0, f64::max);
    let cards = [
        ("test accuracy", percent(last.test_accuracy), format!("train {}", percent(last.train_accuracy))),
        ("train loss", significant(last.train_loss, 3), format!("test {}", significant(last.test_loss, 3))),
        ("tr H", significant(last.trace_h.value, 3), format!("± {}", significant(last.trace_h.error, 2))),
        ("tr G", significant(last.trace_g.value, 3), format!("± {}", significant(last.trace_g.error, 2))),
        ("tr N", significant(last.trace_n.value, 3), format!("± {}", significant(last.trace_n.error, 2))),
        ("worst check", significant(worst, 2), "‖Hv − Gv − Nv‖ / ‖Hv‖".to_owned()),
    ];
    let mut html =
        format!("<p class=\"when\">At step {}, epoch {:.2}:</p>\n<dl class=\"cards\">\n", last.step, last.epoch);
    for (name, value, detail) in cards {
        let (value, detail) = (typeset(&value), typeset(&detail));
        html += &format!("<div><dt>{name}</dt><dd>{value}<small>{detail}</small></dd></div>\n");
    }
    html + "</dl>\n"
}

fn grid(figures: &[Figure]) -> String {
    let mut html = "<div class=\"grid\">\n".to_owned();
    for figure in figures {
        html +=
            &format!("<figure>\n<figcaption>{}</figcaption>\n{}</figure>\n", escape(&figure.title), figure.to_svg());
    }
    html + "</div>\n"
}

/// The tables of standard output, and the eigenvalues with their residuals.
fn numbers(report: &Report) -> String {
    let rows = &report.measurements;
    let mut html = "<section>\n<h2>The numbers</h2>\n".to_owned();
    for (caption, columns) in [("Training", TRAINING), ("Curvature: value ± standard error", CURVATURE)] {
        let headings: Vec<String> = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
        html += &table(caption, &headings, rows.iter().map(|m| columns.iter().map(|(_, cell)| cell(m)).collect()));
    }
    let headings =
        ["step", "of H, largest first", "of G, largest first", "smallest of N", "largest of N", "residual, at most"];
    let eigenvalues = rows.iter().map(|m| {
        let list =
            |pairs: &[Eigenpair]| pairs.iter().map(|pair| significant(pair.value, 5)).collect::<Vec<_>>().join(", ");
        let residuals = m.top_h.iter().chain(&m.top_g).chain([&m.smallest_n, &m.largest_n]).map(|pair| pair.residual);
        let worst = residuals.fold(0.0, f64::max);
        let [smallest, largest] = [m.smallest_n, m.largest_n].map(|pair| significant(pair.value, 5));
        vec![m.step.to_string(), list(&m.top_h), list(&m.top_g), smallest, largest, significant(worst, 2)]
    });
    html += &table(
        "Eigenvalues, with the largest residual ‖A u − λ u‖ of the row",
        &headings.map(str::to_owned),
        eigenvalues,
    );
    for note in &report.notes {
        html += &format!("<p class=\"note\">{}</p>\n", escape(note));
    }
    html + "<p class=\"note\">Every digit is in <code>measurements.csv</code>, the curves of the spectra in <code>spectra.csv</code>. \
            <em>|Ng|/|Gg|</em> is ‖N g̃‖ / ‖G g̃‖ for the unit gradient g̃; <em>check</em> is ‖Hv − Gv − Nv‖ / ‖Hv‖ from three products \
            compiled on their own. <em>Standard errors</em> are over the random probes of the estimator, not over training runs.</p>\n</section>\n"
}

fn table(caption: &str, headings: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n<table>\n<caption>{0}</caption>\n<thead><tr>",
        escape(caption)
    );
    for heading in headings {
        html += &format!("<th scope=\"col\">{}</th>", escape(heading));
    }
    html += "</tr></thead>\n<tbody>\n";
    for row in rows {
        html += "<tr>";
        for (index, cell) in row.iter().enumerate() {
            let cell = escape(&typeset(cell));
            html += &if index == 0 { format!("<th scope=\"row\">{cell}</th>") } else { format!("<td>{cell}</td>") };
        }
        html += "</tr>\n";
    }
    html + "</tbody>\n</table>\n</div>\n"
}

fn settings(report: &Report) -> String {
    let settings = &report.settings;
    let mut html = format!(
        "<section>\n<h2>Settings</h2>\n<p>The same numbers again, on any number of threads:</p>\n<pre><code>{}</code></pre>\n<dl class=\"settings\">\n",
        escape(&settings.command)
    );
    let fixed = [("seed".to_owned(), settings.seed.to_string()), ("kernels".to_owned(), settings.isa.clone())];
    for (name, value) in settings.entries.iter().chain(&fixed) {
        html += &format!("<div><dt>{}</dt><dd>{}</dd></div>\n", escape(name), escape(value));
    }
    html + "</dl>\n</section>\n"
}
