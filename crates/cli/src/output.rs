//! Standard output: results only.

use std::io::Write;
use std::process::ExitCode;

use crate::failure::Failure;

/// Writes to standard output; a reader that went away (`| head`) is no error.
pub fn print(text: &str) -> Result<ExitCode, Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Other(format!("standard output: {e}"))),
        _ => Ok(ExitCode::SUCCESS),
    }
}
