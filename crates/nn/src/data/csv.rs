//! Tables as text: comma-separated values [RFC 4180].
//!
//! [RFC 4180]: https://www.rfc-editor.org/rfc/rfc4180

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use quadric_autodiff::{DType, Tensor};

use super::source::{last_name, read_all};
use super::{Classes, DataError, DataErrorKind, Dataset, Targets};

/// How to read a table: which columns are inputs, and which the targets.
///
/// # Example
/// ```
/// use quadric_autodiff::tensor;
/// use quadric_nn::data::{Csv, Targets};
/// let table = "length,width,kind\n5.1,3.5,setosa\n7.0,3.2,versicolor\n4.9,3.0,setosa\n";
/// let set = Csv::new().class("kind").parse("iris", table)?;
/// assert_eq!(set.all().pair()?, (tensor![[5.1f32, 3.5], [7.0, 3.2], [4.9, 3.0]], tensor![0, 1, 0]));
/// let Targets::Classes(classes) = &set.targets else { panic!("a class was asked for") };
/// assert_eq!(classes.names, ["setosa", "versicolor"]);
/// let error = Csv::new().columns(["length"]).parse("iris", "length\n5.1\nlong\n").unwrap_err();
/// assert_eq!(error.to_string(), "iris: line 3, column \"length\": \"long\" is no number");
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Csv {
    header: bool,
    delimiter: u8,
    columns: Option<Vec<Column>>,
    targets: Wanted,
    class_names: Option<Vec<String>>,
    missing: bool,
    dtype: DType,
}

/// A column by its name in the header, or by its number from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// By name.
    Name(String),
    /// By number.
    Index(usize),
}

impl From<&str> for Column {
    fn from(name: &str) -> Column {
        Column::Name(name.to_owned())
    }
}

impl From<usize> for Column {
    fn from(index: usize) -> Column {
        Column::Index(index)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    Nothing,
    Class(Column),
    Number(Column),
    Numbers(Vec<Column>),
}

impl Default for Csv {
    fn default() -> Csv {
        Csv::new()
    }
}

impl Csv {
    /// A first line of names, commas, numbers in `f32`, every column an input and no targets.
    pub fn new() -> Csv {
        Csv {
            header: true,
            delimiter: b',',
            columns: None,
            targets: Wanted::Nothing,
            class_names: None,
            missing: false,
            dtype: DType::F32,
        }
    }

    /// The first line is data; columns go by number.
    #[must_use]
    pub fn without_header(self) -> Csv {
        Csv { header: false, ..self }
    }

    /// With another byte between the fields, such as `b';'` or `b'\t'`.
    #[must_use]
    pub fn delimiter(self, delimiter: u8) -> Csv {
        Csv { delimiter, ..self }
    }

    /// With these columns as inputs, in this order; otherwise all that are no targets are.
    #[must_use]
    pub fn columns<C: Into<Column>>(self, columns: impl IntoIterator<Item = C>) -> Csv {
        Csv { columns: Some(columns.into_iter().map(Into::into).collect()), ..self }
    }

    /// With a column of classes as targets. The classes are the different texts in it, in the order of their numbers if all are whole numbers and of
    /// the alphabet otherwise, and are named by them.
    #[must_use]
    pub fn class(self, column: impl Into<Column>) -> Csv {
        Csv { targets: Wanted::Class(column.into()), ..self }
    }

    /// With these names of the classes, in this order, whether or not each occurs: so that two tables mean the same by a label.
    /// Reading is an error if no column of [classes](Csv::class) is asked for.
    #[must_use]
    pub fn class_names<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Csv {
        Csv { class_names: Some(names.into_iter().map(Into::into).collect()), ..self }
    }

    /// With a column of numbers to regress on, `[N]`.
    #[must_use]
    pub fn number(self, column: impl Into<Column>) -> Csv {
        Csv { targets: Wanted::Number(column.into()), ..self }
    }

    /// With columns of numbers to regress on, `[N, K]`.
    #[must_use]
    pub fn numbers<C: Into<Column>>(self, columns: impl IntoIterator<Item = C>) -> Csv {
        Csv { targets: Wanted::Numbers(columns.into_iter().map(Into::into).collect()), ..self }
    }

    /// Missing numbers become NaN rather than an error. A missing class stays an error.
    #[must_use]
    pub fn missing_as_nan(self) -> Csv {
        Csv { missing: true, ..self }
    }

    /// With numbers in this float dtype.
    ///
    /// # Panics
    /// If it is no float.
    #[must_use]
    pub fn dtype(self, dtype: DType) -> Csv {
        assert!(dtype.is_float(), "Csv::dtype: {dtype} is no float");
        Csv { dtype, ..self }
    }

    /// Reads a file, gzipped or not: inputs `[N, columns]`.
    ///
    /// An empty line is no row. A value is missing if its field is empty or says `NA`, `N/A`, `NaN`, `null` or `?`.
    ///
    /// # Errors
    /// [`MissingValue`](DataErrorKind::MissingValue) and [`Malformed`](DataErrorKind::Malformed) (no number, another number of fields than the first line has, no UTF-8) with
    /// line and column, [`NotFinite`](DataErrorKind::NotFinite) for a number beyond the dtype, [`Mismatch`](DataErrorKind::Mismatch) for a
    /// column that is not there or a text that is none of the class names, or two of them alike, [`Argument`](DataErrorKind::Argument) for
    /// class names without a column of classes, [`Empty`](DataErrorKind::Empty) without rows.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Dataset, DataError> {
        let path = path.as_ref();
        let bytes = read_all(path)?;
        self.table(&path.display().to_string(), &last_name(path), &bytes)
    }

    /// Reads a table from memory; `name` is that of the data set, and stands in front of errors.
    ///
    /// # Errors
    /// As [`read`](Csv::read).
    pub fn parse(&self, name: &str, text: &str) -> Result<Dataset, DataError> {
        self.table(name, name, text.as_bytes())
    }

    fn table(&self, place: &str, name: &str, bytes: &[u8]) -> Result<Dataset, DataError> {
        let fault = |kind, fault: String| DataError::new(kind, format!("{place}: {fault}"));
        // Spreadsheets put a byte order mark in front.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = ReaderBuilder::new().has_headers(false).delimiter(self.delimiter).from_reader(bytes);
        let mut records = Vec::new();
        for record in reader.records() {
            records.push(record.map_err(|error| {
                let kind = DataErrorKind::Malformed;
                fault(kind, told(&error, bytes)).caused_by(error)
            })?);
        }
        let rows = if self.header { records.get(1..).unwrap_or(&[]) } else { &records[..] };
        let (Some(first), false) = (records.first(), rows.is_empty()) else {
            return Err(fault(DataErrorKind::Empty, "the table has no rows".to_owned()));
        };
        if self.class_names.is_some() && !matches!(self.targets, Wanted::Class(_)) {
            let what = "there are class names, but no column of classes is asked for".to_owned();
            return Err(fault(DataErrorKind::Argument, what));
        }
        let names = self.header.then_some(first);
        let table = Table { csv: self, place, bytes, names, rows, width: first.len() };
        let targets = match &self.targets {
            Wanted::Nothing => vec![],
            Wanted::Class(column) | Wanted::Number(column) => vec![table.find(column)?],
            Wanted::Numbers(columns) => columns.iter().map(|column| table.find(column)).collect::<Result<_, _>>()?,
        };
        let inputs: Vec<usize> = match &self.columns {
            Some(columns) => columns.iter().map(|column| table.find(column)).collect::<Result<_, _>>()?,
            None => (0..table.width).filter(|column| !targets.contains(column)).collect(),
        };
        let wanted = match &self.targets {
            Wanted::Nothing => Targets::Absent,
            Wanted::Class(_) => Targets::Classes(table.classes(targets[0])?),
            Wanted::Number(_) => Targets::Numbers(table.numbers(&targets)?.reshaped([rows.len()])),
            Wanted::Numbers(_) => Targets::Numbers(table.numbers(&targets)?),
        };
        Dataset::with_missing(name, table.numbers(&inputs)?, wanted)
    }
}

/// What the reader says, in our words where it is about the number of fields.
fn told(error: &csv::Error, bytes: &[u8]) -> String {
    let line = line(error.position(), bytes);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("line {line} has {len} fields, the first line has {expected_len}")
        }
        csv::ErrorKind::Utf8 { err, .. } => format!("line {line}, column {}: is no UTF-8", err.field()),
        _ => error.to_string(),
    }
}

/// The line from 1 on that a record begins in. The reader's own number is that of the first of the empty lines before it.
fn line(position: Option<&csv::Position>, bytes: &[u8]) -> usize {
    let from = position.map_or(0, |position| position.byte() as usize).min(bytes.len());
    let empty = bytes[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    1 + bytes[..from + empty].iter().filter(|&&byte| byte == b'\n').count()
}

struct Table<'a> {
    csv: &'a Csv,
    place: &'a str,
    bytes: &'a [u8],
    names: Option<&'a StringRecord>,
    rows: &'a [StringRecord],
    width: usize,
}

impl Table<'_> {
    fn fault<T>(&self, kind: DataErrorKind, fault: String) -> Result<T, DataError> {
        Err(DataError::new(kind, format!("{}: {fault}", self.place)))
    }

    /// An error in a field.
    fn at<T>(&self, row: &StringRecord, column: usize, kind: DataErrorKind, fault: &str) -> Result<T, DataError> {
        let line = line(row.position(), self.bytes);
        let column = match self.names {
            Some(names) => format!("\"{}\"", &names[column]),
            None => column.to_string(),
        };
        self.fault(kind, format!("line {line}, column {column}: {fault}"))
    }

    fn find(&self, column: &Column) -> Result<usize, DataError> {
        let missing = DataErrorKind::Mismatch;
        match (column, self.names) {
            (Column::Index(index), _) if *index < self.width => Ok(*index),
            (Column::Index(index), _) => {
                self.fault(missing, format!("there is no column {index}, the table has {}", self.width))
            }
            (Column::Name(name), None) => {
                self.fault(missing, format!("column \"{name}\" was asked for, but the table has no header"))
            }
            (Column::Name(name), Some(names)) => {
                let found: Vec<usize> = (0..self.width).filter(|&column| names[column].trim() == name).collect();
                let all = || names.iter().collect::<Vec<_>>().join(", ");
                match found[..] {
                    [column] => Ok(column),
                    [] => self.fault(missing, format!("there is no column \"{name}\" among {}", all())),
                    _ => self.fault(missing, format!("{} columns are called \"{name}\"", found.len())),
                }
            }
        }
    }

    /// `[N, columns]`.
    fn numbers(&self, columns: &[usize]) -> Result<Tensor, DataError> {
        let mut numbers = Vec::new();
        for row in self.rows {
            for &column in columns {
                numbers.push(self.number(row, column)?);
            }
        }
        Ok(Tensor::from_fn(self.csv.dtype, [self.rows.len(), columns.len()], |at| numbers[at]))
    }

    /// The number in a field, as its dtype holds it.
    fn number(&self, row: &StringRecord, column: usize) -> Result<f64, DataError> {
        let text = row[column].trim();
        if is_missing(text) {
            return if self.csv.missing { Ok(f64::NAN) } else { self.missing(row, column) };
        }
        // Parsed in its dtype: a text rounded to f64 and then to f32 may end up beside its nearest f32.
        let number = match self.csv.dtype {
            DType::F32 => text.parse::<f32>().map(f64::from),
            _ => text.parse::<f64>(),
        };
        match number {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) => {
                let fault = format!("{text} is no finite {}", self.csv.dtype);
                self.at(row, column, DataErrorKind::NotFinite, &fault)
            }
            Err(_) => self.at(row, column, DataErrorKind::Malformed, &format!("{text:?} is no number")),
        }
    }

    fn missing<T>(&self, row: &StringRecord, column: usize) -> Result<T, DataError> {
        self.at(row, column, DataErrorKind::MissingValue, "the value is missing")
    }

    fn classes(&self, column: usize) -> Result<Classes, DataError> {
        let mut texts = BTreeSet::new();
        for row in self.rows {
            let text = row[column].trim();
            // A class may be called by a word for what is missing only if it is given as a name.
            if is_missing(text) && !self.csv.class_names.as_ref().is_some_and(|names| names.iter().any(|n| n == text)) {
                return self.missing(row, column);
            }
            texts.insert(text);
        }
        let names: Vec<String> = match &self.csv.class_names {
            Some(names) => names.clone(),
            None => {
                let mut names: Vec<&str> = texts.into_iter().collect();
                let number = |name: &&str| name.parse::<i64>();
                if names.iter().all(|name| number(name).is_ok()) {
                    names.sort_by_key(|name| number(name).unwrap_or(0));
                }
                names.into_iter().map(Into::into).collect()
            }
        };
        let of: BTreeMap<&str, usize> = names.iter().enumerate().map(|(class, name)| (&name[..], class)).collect();
        let mut labels = Vec::new();
        for row in self.rows {
            let text = row[column].trim();
            let Some(&class) = of.get(text) else {
                return self.at(row, column, DataErrorKind::Mismatch, &format!("{text:?} is none of the class names"));
            };
            labels.push(class as i32);
        }
        Ok(Classes::new(Tensor::from_vec(&labels), names.len()).named(names))
    }
}

fn is_missing(text: &str) -> bool {
    text.is_empty() || text == "?" || ["na", "n/a", "nan", "null"].iter().any(|word| text.eq_ignore_ascii_case(word))
}
