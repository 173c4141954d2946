//! The peers' `timing.py`, line by line: every round runs every quantity, so ratios are taken under the same noise.

use std::fs::File;
use std::io::{self, Write};
use std::time::Instant;

use crate::args::Settings;
use crate::machine::{cpu_seconds, load, reset_peak, resident_mb};
use crate::quantities::Quantity;
use crate::workload::Workload;

const WARM: usize = 3;
const BATCH_S: f64 = 0.02;
const MIN_ROUNDS: usize = 7;
const MAX_N: usize = 20_000;

/// A JSON object as Python's `json.dumps` writes it, in the order of its keys.
#[derive(Clone)]
struct Record(String);

impl Record {
    fn text(mut self, key: &str, value: &str) -> Record {
        self.field(key, &serde_json::Value::from(value).to_string());
        self
    }

    fn number(mut self, key: &str, value: f64) -> Record {
        self.field(key, &if value.is_finite() { format!("{value:?}") } else { "null".into() });
        self
    }

    fn count(mut self, key: &str, value: usize) -> Record {
        self.field(key, &value.to_string());
        self
    }

    fn field(&mut self, key: &str, value: &str) {
        let comma = if self.0.is_empty() { "" } else { ", " };
        self.0 += &format!("{comma}\"{key}\": {value}");
    }
}

struct Measured {
    quantity: Quantity,
    first_call_s: f64,
    peak_rss_mb: f64,
    rss_before_mb: f64,
    rss_start_mb: f64,
    estimate: f64,
    reps: usize,
    wall: Vec<f64>,
    cpu: Vec<f64>,
    /// The median of each round.
    rounds: Vec<f64>,
}

pub fn measure(quantities: Vec<Quantity>, workload: &Workload, settings: &Settings) -> Result<(), String> {
    let name = settings.out.as_ref().map_or("standard output".to_string(), |path| path.display().to_string());
    let broken = |e: io::Error| format!("{name} cannot be written to: {e}");
    let mut out: Box<dyn Write> = match &settings.out {
        Some(path) => Box::new(File::options().append(true).create(true).open(path).map_err(broken)?),
        None => Box::new(io::stdout()),
    };
    let mut write = |record: &Record| writeln!(out, "{{{}}}", record.0).map_err(broken);
    let inputs = if settings.inputs.is_some() { "peers".to_string() } else { format!("seed {}", settings.seed) };
    let meta = Record(String::new())
        .text("peer", "quadric")
        .text("version", env!("CARGO_PKG_VERSION"))
        .text("workload", workload.name)
        .text("inputs", &inputs)
        .text("dtype", settings.dtype.name())
        .count("threads", settings.threads);

    let mut measured = Vec::new();
    for quantity in quantities {
        let name = quantity.name;
        match first_calls(quantity) {
            Ok(m) => measured.push(m),
            Err(error) => {
                write(&meta.clone().text("quantity", name).text("error", &error))?;
                say!("FAIL {name} {error}");
            }
        }
    }
    rounds(&mut measured, settings)?;

    let load = load();
    let grad = measured.iter().find(|m| m.quantity.name == "grad");
    for m in &measured {
        let name = m.quantity.name;
        let mut record = meta
            .clone()
            .text("quantity", name)
            .number("median_s", median(&m.wall))
            .number("min_s", min(&m.wall))
            .count("n", m.wall.len())
            .number("cpu_min_s", min(&m.cpu))
            .number("cpu_median_s", median(&m.cpu))
            .number("peak_rss_mb", m.peak_rss_mb)
            .number("rss_before_mb", m.rss_before_mb)
            .number("rss_start_mb", m.rss_start_mb)
            .number("first_call_s", m.first_call_s)
            .number("load1", load);
        let mut times_grad = 1.0;
        if let Some(grad) = grad.filter(|_| name != "grad") {
            let paired: Vec<f64> = m.rounds.iter().zip(&grad.rounds).map(|(a, b)| a / b).collect();
            let best = |m: &Measured| min(if settings.threads == 1 { &m.cpu } else { &m.wall });
            times_grad = round(best(m) / best(grad), 4);
            record = record
                .number("ratio_to_grad_paired_median", round(median(&paired), 4))
                .number("ratio_to_grad_min", times_grad);
        }
        say!(
            "{:14} {:22} {name:14} t={} {} median {:9.4} ms  min {:9.4} ms  cpu median {:9.4} min {:9.4}  n={:6}  x grad {times_grad:6.2}",
            "quadric",
            workload.name,
            settings.threads,
            settings.dtype.name(),
            median(&m.wall) * 1e3,
            min(&m.wall) * 1e3,
            median(&m.cpu) * 1e3,
            min(&m.cpu) * 1e3,
            m.wall.len(),
        );
        write(&record)?;
    }
    Ok(())
}

fn first_calls(mut quantity: Quantity) -> Result<Measured, String> {
    let rss_start_mb = round(resident_mb("VmRSS"), 1);
    reset_peak();
    let mut call = || {
        let start = Instant::now();
        (quantity.run)().map(|()| start.elapsed().as_secs_f64()).map_err(|e| e.to_string())
    };
    let first_call_s = round(call()?, 4);
    let rss_before_mb = round(resident_mb("VmRSS"), 1);
    let warm = (0..WARM).map(|_| call()).collect::<Result<Vec<_>, _>>()?;
    let estimate = min(&warm);
    Ok(Measured {
        first_call_s,
        peak_rss_mb: round(resident_mb("VmHWM"), 1),
        rss_before_mb,
        rss_start_mb,
        estimate,
        reps: ((BATCH_S / estimate.max(1e-7)) as usize).max(1),
        wall: Vec::new(),
        cpu: Vec::new(),
        rounds: Vec::new(),
        quantity,
    })
}

fn rounds(measured: &mut [Measured], settings: &Settings) -> Result<(), String> {
    let per_round: f64 = measured.iter().map(|m| m.reps as f64 * m.estimate).sum();
    let rounds = MIN_ROUNDS.max((settings.budget / per_round.max(1e-6)) as usize);
    let start = Instant::now();
    for round in 0..rounds {
        for m in &mut *measured {
            let (mut wall, mut cpu) = (Vec::with_capacity(m.reps), Vec::with_capacity(m.reps));
            for _ in 0..m.reps {
                let (cpu_start, wall_start) = (cpu_seconds(), Instant::now());
                (m.quantity.run)().map_err(|e| format!("{}: {e}", m.quantity.name))?;
                wall.push(wall_start.elapsed().as_secs_f64());
                cpu.push(cpu_seconds() - cpu_start);
            }
            // One thread: CPU time leaves out the slices that other programs took.
            m.rounds.push(median(if settings.threads == 1 { &cpu } else { &wall }));
            if m.wall.len() < MAX_N {
                m.wall.append(&mut wall);
                m.cpu.append(&mut cpu);
            }
        }
        if start.elapsed().as_secs_f64() > settings.budget * 1.6 && round >= 2 {
            break;
        }
    }
    Ok(())
}

/// The smallest time; the clock of CPU time was seen to stand still for some microseconds, and no call takes none.
pub fn min(x: &[f64]) -> f64 {
    x.iter().copied().filter(|x| *x > 0.0).fold(f64::INFINITY, f64::min)
}

pub fn median(x: &[f64]) -> f64 {
    let mut x = x.to_vec();
    x.sort_unstable_by(f64::total_cmp);
    match x.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => x[n / 2],
        n => (x[n / 2 - 1] + x[n / 2]) / 2.0,
    }
}

fn round(x: f64, digits: i32) -> f64 {
    let unit = 10f64.powi(digits);
    (x * unit).round() / unit
}
