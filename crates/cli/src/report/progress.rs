//! Progress on standard error: a bar for a person at a terminal, plain lines for a log.
//!
//! Standard output belongs to the results and is the same bytes every time; times are shown here only.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far a run is. Plain lines come about twenty times in a run, at steps that depend on its length alone.
pub struct Progress {
    total: u64,
    every: u64,
    started: Instant,
    sink: Sink,
}

enum Sink {
    Bar(ProgressBar),
    Lines(Box<dyn Write>),
}

impl Progress {
    /// A bar if standard error is a terminal, plain lines on it otherwise.
    pub fn new(total: u64) -> Progress {
        if !io::stderr().is_terminal() {
            return Progress::lines(total, Box::new(io::stderr()));
        }
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:32} step {pos}/{len} {msg} ({elapsed}, {eta} to go)");
        bar.set_style(style.expect("the template is a constant").progress_chars("━╸ "));
        Progress { total, every: 1, started: Instant::now(), sink: Sink::Bar(bar) }
    }

    /// Plain lines into `sink`.
    pub fn lines(total: u64, sink: Box<dyn Write>) -> Progress {
        Progress { total, every: (total / 20).max(1), started: Instant::now(), sink: Sink::Lines(sink) }
    }

    /// Shows that `step` steps are done, and the loss of the last one.
    pub fn at(&mut self, step: u64, loss: f64) {
        let due = step.is_multiple_of(self.every) || step == self.total;
        match &mut self.sink {
            Sink::Bar(bar) => {
                bar.set_message(format!("loss {loss:.4}"));
                bar.set_position(step);
            }
            Sink::Lines(sink) if due => print(sink, &format!("step {step}/{} loss {loss:.4}", self.total)),
            Sink::Lines(_) => {}
        }
    }

    /// Says a sentence, above the bar if there is one.
    pub fn say(&mut self, sentence: &str) {
        match &mut self.sink {
            Sink::Bar(bar) => bar.println(sentence),
            Sink::Lines(sink) => print(sink, sentence),
        }
    }

    /// Takes the bar away and says how long it took.
    pub fn finish(mut self, what: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        if let Sink::Bar(bar) = &self.sink {
            bar.finish_and_clear();
        }
        self.say(&format!("{what} in {seconds:.1} s"));
    }
}

/// A log that is closed or full is no reason to stop a computation.
fn print(sink: &mut dyn Write, sentence: &str) {
    let _ = writeln!(sink, "{sentence}");
}

/// A run that stops early (an error, a panic) leaves no half-drawn bar.
impl Drop for Progress {
    fn drop(&mut self) {
        if let Sink::Bar(bar) = &self.sink {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Default)]
    struct Log(Rc<RefCell<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_log_gets_a_line_now_and_then_and_one_at_the_end() {
        let log = Log::default();
        let mut progress = Progress::lines(45, Box::new(log.clone()));
        for step in 1..=45 {
            progress.at(step, 1.0 / step as f64);
        }
        progress.finish("trained");
        let text = String::from_utf8(log.0.take()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["step 2/45 loss 0.5000", "step 4/45 loss 0.2500"]);
        assert_eq!(lines[22], "step 45/45 loss 0.0222");
        assert!(lines[23].starts_with("trained in ") && lines.len() == 24, "{text}");
    }
}
