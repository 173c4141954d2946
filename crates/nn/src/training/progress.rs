//! How far a run is.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Tells how far a run is, with rate and time left, on standard error: one line that is written over where that is a terminal, otherwise a line at
/// intervals. Nothing ever goes to standard output.
pub struct Progress {
    out: Box<dyn Write>,
    terminal: bool,
    every: Duration,
    /// When it began, and at which step.
    began: Option<(Instant, u64)>,
    told: Option<Instant>,
    open: bool,
}

/// Where a run is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) step: u64,
    pub(super) epoch: u64,
    pub(super) epochs: u64,
    /// Batches done in this epoch, and how many it has.
    pub(super) batch: usize,
    pub(super) batches: Option<usize>,
}

impl Progress {
    /// On standard error: five times a second on a terminal, else once in ten seconds.
    pub fn stderr() -> Progress {
        let terminal = io::stderr().is_terminal();
        Progress::to(io::stderr(), terminal)
    }

    /// To anything; `terminal` says whether a line may be written over.
    pub fn to(out: impl Write + 'static, terminal: bool) -> Progress {
        let every = if terminal { Duration::from_millis(200) } else { Duration::from_secs(10) };
        Progress { out: Box::new(out), terminal, every, began: None, told: None, open: false }
    }

    /// How often it tells.
    #[must_use]
    pub fn every(mut self, every: Duration) -> Progress {
        self.every = every;
        self
    }

    pub(super) fn begin(&mut self, step: u64) {
        self.began = Some((Instant::now(), step));
        self.told = self.began.map(|(at, _)| at);
    }

    /// Tells, if it is time to.
    pub(super) fn step(&mut self, place: Place, loss: f64) {
        if self.told.is_some_and(|told| told.elapsed() < self.every) {
            return;
        }
        self.told = Some(Instant::now());
        let (began, first) = self.began.unwrap_or_else(|| (Instant::now(), place.step));
        let seconds = began.elapsed().as_secs_f64();
        let rate = (place.step - first) as f64 / seconds.max(1e-9);
        let line = line(place, loss, rate, self.terminal);
        self.tell(&line);
    }

    /// Says a line that stays: the results of an epoch, the end.
    pub(super) fn line(&mut self, text: &str) {
        self.clear();
        // Who does not listen is not told; a run does not end of it.
        let _ = writeln!(self.out, "{text}");
        let _ = self.out.flush();
    }

    fn tell(&mut self, line: &str) {
        if !self.terminal {
            self.line(line);
            return;
        }
        self.clear();
        let _ = write!(self.out, "{line}");
        let _ = self.out.flush();
        self.open = true;
    }

    /// Takes away the line that is written over.
    fn clear(&mut self) {
        if self.open {
            let _ = write!(self.out, "\r\x1b[2K");
            self.open = false;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
        let _ = self.out.flush();
    }
}

fn line(place: Place, loss: f64, rate: f64, bar: bool) -> String {
    let Place { step, epoch, epochs, batch, batches } = place;
    let mut line = format!("epoch {}/{epochs}", epoch + 1);
    if let Some(batches) = batches {
        if bar {
            const WIDTH: usize = 20;
            let full = WIDTH * batch.min(batches) / batches.max(1);
            line += &format!(" [{}{}]", "=".repeat(full), " ".repeat(WIDTH - full));
        }
        line += &format!(" {batch}/{batches}");
    }
    line += &format!("  step {step}  loss {loss:.4}  {rate:.1} steps/s");
    if let Some(batches) = batches {
        let left = (epochs.saturating_sub(epoch) * batches as u64).saturating_sub(batch as u64);
        line += &format!("  {} left", time(left as f64 / rate));
    }
    line
}

/// `1:02:03`, or `2:03`.
fn time(seconds: f64) -> String {
    if !seconds.is_finite() || seconds > 1e8 {
        return "?".to_owned();
    }
    let s = seconds.round() as u64;
    if s >= 3600 {
        format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    } else {
        format!("{}:{:02}", s / 60, s % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_rate_and_time_left() {
        let place = Place { step: 130, epoch: 1, epochs: 3, batch: 30, batches: Some(100) };
        assert_eq!(line(place, 0.25, 2.0, false), "epoch 2/3 30/100  step 130  loss 0.2500  2.0 steps/s  1:25 left");
        assert_eq!(
            line(place, 0.25, 0.01, true),
            "epoch 2/3 [======              ] 30/100  step 130  loss 0.2500  0.0 steps/s  4:43:20 left"
        );
        let place = Place { batches: None, ..place };
        assert_eq!(line(place, f64::NAN, 2.0, true), "epoch 2/3  step 130  loss NaN  2.0 steps/s");
    }
}
