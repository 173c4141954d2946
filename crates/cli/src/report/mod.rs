//! From measurements to what a person reads: a table, CSV files, one HTML page, a list of claims.
//!
//! Everything here is a function from plain numbers ([`model`]) to text. No tensor, no clock, no machine name: the same numbers
//! give the same bytes, which is how two runs, or two thread counts, are compared with `cmp`. Times belong to [`Progress`],
//! which writes to standard error, and to a side file of the caller's.
//!
//! Considered and set aside: the crate `plotters`. It writes colours into each element, so a page could not follow the reader's
//! light or dark setting, and it has no place for the titles that a screen reader needs. The few hundred lines of
//! [`svg`] have both.

mod csv;
mod html;
pub mod model;
mod number;
mod plots;
mod progress;
mod reproduction;
mod svg;
mod table;

pub use model::{Density, Eigenpair, Estimate, Measurement, Report, Settings, Spectrum};
pub use number::{percent, significant};
pub use progress::Progress;
pub use reproduction::{Claim, Grid, Kind, Reproduction, Verdict};

impl Report {
    /// The table for standard output.
    pub fn to_table(&self) -> String {
        table::table(self)
    }

    /// The files of the report folder, by name: `report.html`, `measurements.csv`, `spectra.csv`.
    pub fn to_files(&self) -> Vec<(&'static str, String)> {
        vec![
            ("report.html", html::page(self)),
            ("measurements.csv", csv::measurements(self)),
            ("spectra.csv", csv::spectra(self)),
        ]
    }
}

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;
