//! The outputs as a whole, on invented numbers, on hardly any, and on broken ones.

use super::example::report;
use super::*;

/// Compares with a file that was read by a person; `BLESS=1` rewrites it, and the diff is the review.
pub fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report").join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(
        text,
        std::fs::read_to_string(&path).unwrap(),
        "{} is another; this is what came out:\n{text}",
        path.display()
    );
}

#[test]
fn the_table_is_aligned_and_fits_a_terminal() {
    let table = report().to_table();
    golden("example-table.txt", &table);
    assert!(table.lines().all(|line| line.chars().count() <= 100 && line == line.trim_end()));
}

#[test]
fn the_same_numbers_give_the_same_bytes() {
    assert_eq!(report().to_files(), report().to_files());
    assert_eq!(report().to_table(), report().to_table());
}

#[test]
fn csv_reads_back_as_the_same_numbers() {
    let report = report();
    let files = report.to_files();
    let lines: Vec<Vec<&str>> = files[1].1.lines().map(|line| line.split(',').collect()).collect();
    assert!(lines.iter().all(|line| line.len() == lines[0].len()));
    let column = |name: &str| lines[0].iter().position(|&heading| heading == name).unwrap();
    for (line, m) in lines[1..].iter().zip(&report.measurements) {
        assert_eq!(line[column("train_loss")].parse(), Ok(m.train_loss));
        assert_eq!(line[column("trace_n_error")].parse(), Ok(m.trace_n.error));
        assert_eq!(line[column("eigenvalue_h_3")].parse(), Ok(m.top_h[2].value));
    }
    assert_eq!(files[2].1.lines().count(), 1 + 2 * 3 * 401);
}

/// Enough of HTML to be sure: every element is closed in order, ids are unique, nothing is loaded from elsewhere.
#[test]
fn the_page_is_well_formed_and_self_contained() {
    let mut hostile = report();
    hostile.settings.title = "<script>alert(\"&\")</script>".into();
    hostile.notes.push("a < b & c".into());
    for report in [report(), hostile, without_numbers(), diverged()] {
        let page = report.to_files().swap_remove(0).1;
        let mut open = Vec::new();
        let mut ids = std::collections::HashSet::new();
        for tag in page.split('<').skip(1).filter(|tag| !tag.starts_with('!')) {
            let (tag, _) = tag.split_once('>').unwrap();
            let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap();
            if let Some((_, id)) = tag.split_once(" id=\"") {
                assert!(ids.insert(id.split('"').next().unwrap().to_owned()), "{id} twice");
            }
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name), "</{name}>");
            } else if !tag.ends_with('/') && name != "meta" {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?} left open");
        for outside in ["http:", "https:", "src=", "href=", "url(", "@import", "<script"] {
            assert!(!page.contains(outside), "{outside}");
        }
        // `NaN` in a coordinate would make a browser drop the rest of the path without a word.
        let coordinates = page.split(" d=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        assert!(coordinates.clone().all(|path| !path.contains("NaN") && !path.contains("inf")));
    }
}

fn without_numbers() -> Report {
    Report { measurements: Vec::new(), spectra: Vec::new(), notes: Vec::new(), ..report() }
}

fn diverged() -> Report {
    let mut report = report();
    for m in &mut report.measurements[3..] {
        (m.train_loss, m.trace_h.value, m.trace_h.error, m.check) = (f64::NAN, f64::INFINITY, f64::NAN, f64::NAN);
        m.top_h.clear();
    }
    report.measurements.truncate(5);
    report.spectra[1].h = Density::default();
    report.diverged = Some((276, "the training loss is not a number.".into()));
    report
}

#[test]
fn a_run_that_diverged_says_so_everywhere() {
    let report = diverged();
    assert!(report.to_table().contains("\ndiverged at step 276: the training loss is not a number.\n"));
    let files = report.to_files();
    assert!(files[0].1.contains("The run diverged at step 276"));
    assert!(files[1].1.lines().nth(4).unwrap().contains(",nan,"));
}

#[test]
fn one_measurement_is_enough_for_a_report() {
    let mut report = report();
    report.measurements.truncate(1);
    report.spectra.clear();
    assert_eq!(report.to_files()[0].1.matches("<svg").count(), 6);
}

/// `REPORT_EXAMPLE=DIR cargo test` writes the invented report there, for a look at it in a browser.
#[test]
fn the_example_can_be_looked_at() {
    let Some(dir) = std::env::var_os("REPORT_EXAMPLE") else {
        return;
    };
    for (name, report) in [("", report()), ("diverged-", diverged())] {
        for (file, content) in report.to_files() {
            std::fs::write(std::path::Path::new(&dir).join(format!("{name}{file}")), content).unwrap();
        }
    }
}
