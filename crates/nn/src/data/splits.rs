//! Which rows go where: parts by fractions, strata, folds. Rows only, so that they serve whatever has rows.
//!
//! Every function is one of its arguments alone, and the order within a part is random, so that a prefix of it is a sample of it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::shuffle::{Purpose, shuffled};
use super::{DataError, DataErrorKind};

/// The rows `0..n`, in random order, in parts of these fractions.
///
/// A part ends where the fractions up to it, added and times n, round to: each part is within 1 of its share, and no row is left over.
///
/// # Errors
/// [`DataErrorKind::Argument`] if the fractions are not from 0 to 1 with sum 1 (to 1e-9).
///
/// # Example
/// ```
/// # use quadric_nn::data::split_rows;
/// let parts = split_rows(10, &[0.7, 0.2, 0.1], 1)?;
/// assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [7, 2, 1]);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub fn split_rows(n: usize, fractions: &[f64], seed: u64) -> Result<Vec<Vec<usize>>, DataError> {
    let order = shuffled(n, Purpose::Split, seed, 0);
    Ok(contiguous_parts(n, fractions)?.into_iter().map(|part| order[part].to_vec()).collect())
}

/// The rows `0..n` as they come, in parts of these fractions: for a text or another series, whose neighbours must not be torn apart.
///
/// # Errors
/// Those of [`split_rows`].
///
/// # Example
/// ```
/// # use quadric_nn::data::contiguous_parts;
/// assert_eq!(contiguous_parts(10, &[0.75, 0.25])?, [0..8, 8..10]);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub fn contiguous_parts(n: usize, fractions: &[f64]) -> Result<Vec<Range<usize>>, DataError> {
    let total: f64 = fractions.iter().sum();
    if fractions.iter().any(|f| !(0.0..=1.0).contains(f)) || (total - 1.0).abs() >= 1e-9 {
        let fault = format!("a split needs fractions from 0 to 1 that add up to 1, these are {fractions:?}");
        return Err(DataError::new(DataErrorKind::Argument, fault));
    }
    let (mut start, mut share) = (0, 0.0);
    let part = |(index, fraction): (usize, &f64)| {
        share += fraction;
        let last = index + 1 == fractions.len();
        let end = if last { n } else { ((share * n as f64).round() as usize).clamp(start, n) };
        let part = start..end;
        start = end;
        part
    };
    Ok(fractions.iter().enumerate().map(part).collect())
}

/// As [`split_rows`], label by label: each part has its share, to within 1, of the rows of every label.
///
/// # Errors
/// Those of [`split_rows`].
///
/// # Example
/// ```
/// # use quadric_nn::data::stratified_rows;
/// let labels = [0, 0, 0, 0, 0, 0, 1, 1];
/// let parts = stratified_rows(&labels, &[0.5, 0.5], 1)?;
/// let ones = |rows: &[usize]| rows.iter().filter(|&&row| labels[row] == 1).count();
/// assert_eq!((parts[0].len(), ones(&parts[0]), ones(&parts[1])), (4, 1, 1));
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub fn stratified_rows(labels: &[i32], fractions: &[f64], seed: u64) -> Result<Vec<Vec<usize>>, DataError> {
    let mut strata: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
    for row in shuffled(labels.len(), Purpose::Split, seed, 0) {
        strata.entry(labels[row]).or_default().push(row);
    }
    let mut parts = vec![vec![]; contiguous_parts(0, fractions)?.len()];
    for rows in strata.values() {
        for (part, range) in parts.iter_mut().zip(contiguous_parts(rows.len(), fractions)?) {
            part.extend(&rows[range]);
        }
    }
    // Label by label so far; each part gets an order of its own.
    let mixed = |(index, part): (usize, Vec<usize>)| {
        shuffled(part.len(), Purpose::Split, seed, index as u64 + 1).into_iter().map(|at| part[at]).collect()
    };
    Ok(parts.into_iter().enumerate().map(mixed).collect())
}

/// The rows of one round of cross-validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// What is trained on.
    pub train: Vec<usize>,
    /// What is measured.
    pub held_out: Vec<usize>,
}

/// Cross-validation: k pairs of the rows to train on and the rows held out; each row is held out once.
///
/// # Errors
/// [`DataErrorKind::Argument`] if k is not from 2 to n.
///
/// # Example
/// ```
/// # use quadric_nn::data::k_folds;
/// let folds = k_folds(10, 3, 1)?;
/// let sizes: Vec<_> = folds.iter().map(|fold| (fold.train.len(), fold.held_out.len())).collect();
/// assert_eq!(sizes, [(6, 4), (7, 3), (7, 3)]);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub fn k_folds(n: usize, k: usize, seed: u64) -> Result<Vec<Fold>, DataError> {
    if k < 2 || k > n {
        let fault = format!("{k} folds of {n} rows: from 2 folds to one a row can be had");
        return Err(DataError::new(DataErrorKind::Argument, fault));
    }
    let order = shuffled(n, Purpose::Split, seed, 0);
    // The first n mod k folds hold one row more.
    let start = |fold: usize| fold * (n / k) + fold.min(n % k);
    let fold = |fold: usize| {
        let held_out = start(fold)..start(fold + 1);
        let train = [&order[..held_out.start], &order[held_out.end..]].concat();
        Fold { train, held_out: order[held_out].to_vec() }
    };
    Ok((0..k).map(fold).collect())
}
