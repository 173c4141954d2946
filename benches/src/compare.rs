//! Quadric's times over a peer's, from files of JSON lines.
//!
//! One thread: the smallest CPU time of all runs, which leaves out what other programs took. Several: the median of the runs' median wall times.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::timing::{median, min};

/// What was run: all but whose it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Case {
    workload: String,
    dtype: String,
    threads: u64,
}

/// Times and memory of one quantity over the runs of one peer.
#[derive(Default)]
struct Runs {
    seconds: Vec<f64>,
    megabytes: Vec<f64>,
}

impl Runs {
    fn time(&self, threads: u64) -> f64 {
        if threads == 1 { min(&self.seconds) } else { median(&self.seconds) }
    }

    /// The growth of resident memory; none is possible.
    fn memory(&self) -> f64 {
        self.megabytes.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

/// Runs by peer and quantity.
type Peers = BTreeMap<String, BTreeMap<String, Runs>>;

pub fn print(files: &[PathBuf]) -> Result<(), String> {
    let mut cases: BTreeMap<Case, Peers> = BTreeMap::new();
    for path in files {
        let text = fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
        for (i, line) in text.lines().enumerate() {
            add(line, &mut cases).ok_or_else(|| format!("line {} of {} is no measurement", i + 1, path.display()))?;
        }
    }
    for (case, peers) in &cases {
        let Some(ours) = peers.get("quadric") else { continue };
        for (peer, theirs) in peers.iter().filter(|(peer, _)| *peer != "quadric") {
            let Case { workload, dtype, threads } = case;
            say!("\n{workload}, {dtype}, threads {threads}: quadric over {peer}");
            say!(
                "{:14} {:>11} {:>11} {:>8} {:>9} {:>9} {:>9} {:>9}",
                "",
                "quadric ms",
                "peer ms",
                "ratio",
                "x grad",
                "peer's",
                "MB",
                "peer's"
            );
            for name in crate::quantities::NAMES {
                let (Some(a), Some(b)) = (ours.get(name), theirs.get(name)) else { continue };
                let times_grad = |runs: &BTreeMap<String, Runs>, x: &Runs| {
                    runs.get("grad").map_or(f64::NAN, |g| x.time(*threads) / g.time(*threads))
                };
                say!(
                    "{name:14} {:11.4} {:11.4} {:8.2} {:9.2} {:9.2} {:9.1} {:9.1}",
                    a.time(*threads) * 1e3,
                    b.time(*threads) * 1e3,
                    a.time(*threads) / b.time(*threads),
                    times_grad(ours, a),
                    times_grad(theirs, b),
                    a.memory(),
                    b.memory(),
                );
            }
        }
    }
    Ok(())
}

/// Adds a line; failures are no times and are passed over. `None` if the line is something else.
fn add(line: &str, cases: &mut BTreeMap<Case, Peers>) -> Option<()> {
    let record: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| record[key].as_str().map(String::from);
    let case = Case { workload: text("workload")?, dtype: text("dtype")?, threads: record["threads"].as_u64()? };
    let (peer, quantity) = (text("peer")?, text("quantity")?);
    if record.get("error").is_some() {
        return Some(());
    }
    let seconds = record[if case.threads == 1 { "cpu_min_s" } else { "median_s" }].as_f64()?;
    let runs = cases.entry(case).or_default().entry(peer).or_default().entry(quantity).or_default();
    runs.seconds.push(seconds);
    if let (Some(peak), Some(start)) = (record["peak_rss_mb"].as_f64(), record["rss_start_mb"].as_f64()) {
        runs.megabytes.push(peak - start);
    }
    Some(())
}
