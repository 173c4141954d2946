//! The table: rules and names to pass over, read from a text.

use std::fmt;
use std::str::FromStr;

use super::pattern::Pattern;
use super::rule::Rule;
use crate::data::{DataError, DataErrorKind};

/// Which leaf of a tree comes from which array of a file, and in what layout: see the [module](super) for the text form, which
/// [`FromStr`] reads and [`Display`](fmt::Display) writes.
///
/// # Example
/// ```
/// use quadric_nn::weights::Table;
/// let table: Table = "
///     layers.*.weight <- fc*.weight : transpose   # torch has [out, in]
///     layers.*.bias <- fc*.bias
///     ignore **.num_batches_tracked
/// ".parse()?;
/// assert_eq!(table.to_string().parse::<Table>()?, table);
/// let error = "a <- b : transpoze".parse::<Table>().unwrap_err();
/// assert_eq!(error.to_string(), "table of weights, line 1: \"transpoze\": is no step");
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub(super) rules: Vec<Rule>,
    pub(super) ignored: Vec<Pattern>,
}

impl Table {
    /// Every leaf from the array of its own name: `** <- **`.
    pub fn same() -> Table {
        let all = Rule::parse("** <- **").expect("a sound rule");
        Table { rules: vec![all], ignored: Vec::new() }
    }
}

impl FromStr for Table {
    type Err = DataError;

    /// # Errors
    /// [`DataErrorKind::Malformed`] with the line.
    fn from_str(text: &str) -> Result<Table, DataError> {
        let mut table = Table { rules: Vec::new(), ignored: Vec::new() };
        for (i, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            let fault = |fault: String| {
                DataError::new(DataErrorKind::Malformed, format!("table of weights, line {}: {fault}", i + 1))
            };
            if line.is_empty() {
                continue;
            }
            match line.strip_prefix("ignore ").map(str::trim) {
                Some(name) if name.contains(char::is_whitespace) => {
                    return Err(fault(format!("{name:?} is no name, it has a space")));
                }
                Some(name) => table.ignored.push(Pattern::new(name)),
                None => table.rules.push(Rule::parse(line).map_err(fault)?),
            }
        }
        Ok(table)
    }
}

/// A rule a line, then what is passed over.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in &self.rules {
            writeln!(f, "{rule}")?;
        }
        for name in &self.ignored {
            writeln!(f, "ignore {name}")?;
        }
        Ok(())
    }
}
