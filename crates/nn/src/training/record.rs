//! What was measured when.

use std::fmt::Write;
use std::path::Path;

use super::resume::{Reader, Writer};
use crate::data::{DataError, DataErrorKind};
use crate::files::write_atomically;

/// One row: the results of a part (`step`, `train`, or a set that is evaluated) at a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Steps done.
    pub step: u64,
    /// The epoch it belongs to, from 0.
    pub epoch: u64,
    /// `step` for one step, `train` for the training of an epoch, the name of an evaluated set for that.
    pub part: String,
    /// Results by name; of steps the rate too.
    pub results: Vec<(String, f64)>,
}

/// All that a run has measured, by step and epoch. There is no time of day in it: the record of a run that was stopped and went on is that of one that was not.
///
/// # Example
/// ```
/// use quadric_nn::training::{Record, Row};
/// let mut record = Record::new();
/// record.push(Row { step: 2, epoch: 0, part: "test".into(), results: vec![("loss".into(), 0.5), ("f1".into(), f64::NAN)] });
/// assert_eq!(record.to_csv(), "step,epoch,part,metric,value\n2,0,test,loss,0.5\n2,0,test,f1,NaN\n");
/// assert_eq!(record.to_json_lines(), "{\"step\":2,\"epoch\":0,\"part\":\"test\",\"loss\":0.5,\"f1\":null}\n");
/// assert_eq!(record.last("test loss"), Some(0.5));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    rows: Vec<Row>,
}

impl Record {
    /// Nothing yet.
    pub fn new() -> Record {
        Record::default()
    }

    /// The rows, in the order of time.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Another row.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// The values of a result by its part and its name, `test loss`, in the order of time.
    pub fn of(&self, result: &str) -> Vec<f64> {
        let in_row = |row: &Row| {
            let name = result.strip_prefix(&row.part)?.strip_prefix(' ')?;
            row.results.iter().find(|(known, _)| known == name).map(|(_, x)| *x)
        };
        self.rows.iter().filter_map(in_row).collect()
    }

    /// The last of them.
    pub fn last(&self, result: &str) -> Option<f64> {
        self.of(result).last().copied()
    }

    /// A line for each number: `step,epoch,part,metric,value`. Numbers are written so that they are read back as they were.
    pub fn to_csv(&self) -> String {
        let mut text = String::from("step,epoch,part,metric,value\n");
        for Row { step, epoch, part, results } in &self.rows {
            for (name, x) in results {
                writeln!(text, "{step},{epoch},{},{},{x:?}", quoted(part), quoted(name)).expect("a string takes it");
            }
        }
        text
    }

    /// A JSON object for each row, on a line of its own. NaN and ±∞, which JSON has not, are `null`.
    pub fn to_json_lines(&self) -> String {
        let mut text = String::new();
        for Row { step, epoch, part, results } in &self.rows {
            let key = |name: &str| serde_json::Value::from(name).to_string();
            write!(text, "{{\"step\":{step},\"epoch\":{epoch},\"part\":{}", key(part)).expect("a string takes it");
            for (name, x) in results {
                let x = if x.is_finite() { format!("{x:?}") } else { "null".to_owned() };
                write!(text, ",{}:{x}", key(name)).expect("a string takes it");
            }
            text.push_str("}\n");
        }
        text
    }

    /// Writes it as its file's ending says, `.csv` or `.jsonl`; as a whole or not at all.
    ///
    /// # Errors
    /// [`DataErrorKind::Unsupported`] for another ending, and those of [`write_atomically`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), DataError> {
        let path = path.as_ref();
        let text = match path.extension().and_then(|ending| ending.to_str()) {
            Some("csv") => self.to_csv(),
            Some("jsonl") => self.to_json_lines(),
            _ => {
                let fault = "a record is written to a file that ends in .csv or .jsonl";
                return Err(DataError::at(path, DataErrorKind::Unsupported, fault));
            }
        };
        write_atomically(path, text.as_bytes())
    }

    /// Names once, and rows of numbers: step, epoch, part, how many results, and of each its name and its value.
    pub(super) fn save(&self, writer: &mut Writer) {
        let mut names: Vec<&str> = vec![];
        let mut numbers = vec![];
        let mut index = |name| match names.iter().position(|known| *known == name) {
            Some(at) => at as f64,
            None => {
                names.push(name);
                (names.len() - 1) as f64
            }
        };
        for Row { step, epoch, part, results } in &self.rows {
            numbers.extend([*step as f64, *epoch as f64, index(part), results.len() as f64]);
            results.iter().for_each(|(name, x)| numbers.extend([index(name), *x]));
        }
        writer.text("record_names", &serde_json::Value::from(names).to_string());
        writer.numbers("record", &numbers);
    }

    pub(super) fn load(reader: &Reader<'_>) -> Result<Record, DataError> {
        let fault = || DataError::new(DataErrorKind::Malformed, "a checkpoint's record of metrics is damaged");
        let names: Vec<String> = serde_json::from_str(reader.0.text("record_names")?).map_err(|_| fault())?;
        let mut numbers = reader.0.numbers("record")?.into_iter();
        let name = |at: Option<f64>| at.and_then(|at| names.get(at as usize)).cloned().ok_or_else(fault);
        let mut rows = vec![];
        while let Some(step) = numbers.next() {
            let epoch = numbers.next().ok_or_else(fault)? as u64;
            let part = name(numbers.next())?;
            let count = numbers.next().ok_or_else(fault)? as usize;
            let mut results = vec![];
            for _ in 0..count {
                results.push((name(numbers.next())?, numbers.next().ok_or_else(fault)?));
            }
            rows.push(Row { step: step as u64, epoch, part, results });
        }
        Ok(Record { rows })
    }
}

/// A field of CSV.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
