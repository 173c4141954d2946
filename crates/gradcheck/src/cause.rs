//! What do the wrong numbers betray?
//!
//! Most wrong derivatives are one of a few classics, and each leaves a fingerprint in the pair (claimed, expected).
//! The fingerprints are looked for from the most specific to the vaguest; none is a proof, so the message says
//! "likely".

use crate::differences::Estimate;
use crate::scalar::{dot, largest};
use std::fmt;

/// A likely cause of a wrong derivative.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// Every claimed number is zero.
    Zero,
    /// Claimed = −expected.
    Sign,
    /// Claimed = 2 · expected.
    Doubled,
    /// Claimed = expected / 2.
    Halved,
    /// Claimed = factor · expected.
    Factor(f64),
    /// The same numbers in another order.
    Permuted,
    /// The product with the transposed matrix was meant, or was not.
    Transposed,
    /// Expected − claimed = factor · a known vector.
    MissingTerm {
        /// The factor.
        factor: f64,
        /// The vector, in words: `v`, `x`, `x∘v`, …
        term: &'static str,
    },
    /// Claimed is NaN or infinite where the function is not.
    NotFinite,
    /// Some entries are wrong and the others are right.
    Local {
        /// How many are wrong.
        wrong: usize,
        /// How many were compared.
        of: usize,
        /// The common factor of the wrong ones, if they have one.
        factor: Option<f64>,
    },
    /// The derivative of this order has a wrong term (seen in Taylor remainders).
    Order(usize),
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Zero => {
                write!(out, "the derivative is missing altogether: it is zero where the function is not constant")
            }
            Cause::Sign => write!(out, "the sign: got −1 times what was expected"),
            Cause::Doubled => {
                write!(out, "a factor 2 too many: a ½ of the function forgotten, or a symmetric term counted twice")
            }
            Cause::Halved => write!(out, "a factor 2 missing: the exponent of a square, or half of a symmetric term"),
            Cause::Factor(factor) => write!(
                out,
                "a constant factor: got {factor:.6} times what was expected everywhere (a mean taken for a sum, a \
                 scale applied twice?)"
            ),
            Cause::Permuted => write!(out, "the order: the right numbers stand at the wrong entries"),
            Cause::Transposed => write!(out, "a transpose: the product with the transposed matrix would be right"),
            Cause::MissingTerm { factor, term } => {
                write!(out, "a missing term: expected − got is {factor:.6} · {term} in every wrong entry")
            }
            Cause::NotFinite => {
                write!(out, "NaN or infinity: a 0/0, an overflow, or 0 · ∞ that the function itself avoids")
            }
            Cause::Local { wrong, of, factor } => {
                let others = match of - wrong {
                    1 => "the other entry is right".into(),
                    right => format!("the other {right} are right"),
                };
                write!(out, "a term that only what is wrong has, for {others}")?;
                match factor {
                    Some(factor) if close(*factor, -1.0) => write!(out, "; by the numbers, its sign"),
                    Some(factor) if close(*factor, 0.0) => write!(out, "; it is zero"),
                    Some(factor) if close(*factor, 2.0) => write!(out, "; by the numbers, a factor 2 too many"),
                    Some(factor) if close(*factor, 0.5) => write!(out, "; by the numbers, a factor 2 missing"),
                    // One number is always some multiple of another: that means nothing.
                    Some(factor) if *wrong > 1 => write!(out, "; by the numbers, a factor {factor:.6}"),
                    _ => Ok(()),
                }
            }
            Cause::Order(order) => write!(out, "a wrong or missing term in the derivative of order {order}"),
        }
    }
}

/// Fingerprints are read to a part in a thousand: coarser than any estimate that could fail a check.
fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-3 * b.abs().max(1e-3)
}

/// The factor r with claimed ≈ r · expected in every entry, if there is one.
fn common_factor(claimed: &[f64], expected: &[f64], error: f64) -> Option<f64> {
    let square = dot(expected, expected);
    if square == 0.0 {
        return None;
    }
    let factor = dot(claimed, expected) / square;
    let residual = largest(claimed.iter().zip(expected).map(|(c, e)| c - factor * e));
    let size = largest(claimed.iter().copied()).max(largest(expected.iter().copied()));
    (residual <= 1e-3 * size + 4.0 * error && size > 8.0 * error).then_some(factor)
}

/// Reads the fingerprint of `claimed` against `expected`; `wrong` marks the entries that failed and `known` are
/// named vectors of the same length, candidates for a missing term.
pub(crate) fn likely(
    claimed: &[f64],
    expected: &[Estimate],
    wrong: &[bool],
    known: &[(&'static str, Vec<f64>)],
) -> Option<Cause> {
    let error = largest(expected.iter().map(|e| e.error));
    let expected: Vec<f64> = expected.iter().map(|e| e.value).collect();
    if claimed.iter().any(|c| !c.is_finite()) {
        return Some(Cause::NotFinite);
    }
    if claimed.iter().all(|c| *c == 0.0) {
        return Some(Cause::Zero);
    }
    if let Some(factor) = common_factor(claimed, &expected, error) {
        return Some(match factor {
            f if close(f, -1.0) => Cause::Sign,
            f if close(f, 2.0) => Cause::Doubled,
            f if close(f, 0.5) => Cause::Halved,
            f => Cause::Factor(f),
        });
    }
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    let size = largest(expected.iter().copied());
    let mut ranks = sorted(claimed).into_iter().zip(sorted(&expected));
    if claimed.len() > 1 && ranks.all(|(c, e)| (c - e).abs() <= 1e-4 * size + 4.0 * error) {
        return Some(Cause::Permuted);
    }
    let pick = |values: &[f64]| -> Vec<f64> {
        values.iter().zip(wrong).filter(|(_, wrong)| **wrong).map(|(value, _)| *value).collect()
    };
    let missing: Vec<f64> = expected.iter().zip(claimed).map(|(e, c)| e - c).collect();
    let missing = pick(&missing);
    // One number is proportional to every other: a missing term shows only in two or more.
    if missing.len() > 1 {
        for (term, vector) in known {
            let vector = pick(vector);
            if let Some(factor) = common_factor(&missing, &vector, 0.0) {
                return Some(Cause::MissingTerm { factor, term });
            }
        }
    }
    let (count, of) = (missing.len(), claimed.len());
    (count > 0 && count < of).then(|| Cause::Local {
        wrong: count,
        of,
        factor: common_factor(&pick(claimed), &pick(&expected), error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(claimed: &[f64], expected: &[f64]) -> Option<Cause> {
        let estimates: Vec<_> = expected.iter().map(|&value| Estimate { value, error: 1e-12 }).collect();
        let wrong: Vec<bool> = claimed.iter().zip(expected).map(|(c, e)| c != e).collect();
        let ones = vec![1.0; claimed.len()];
        likely(claimed, &estimates, &wrong, &[("1", ones)])
    }

    #[test]
    fn classic_mistakes_leave_their_fingerprints() {
        let expected = [1.0, -2.0, 5.0];
        assert_eq!(read(&[-1.0, 2.0, -5.0], &expected), Some(Cause::Sign));
        assert_eq!(read(&[2.0, -4.0, 10.0], &expected), Some(Cause::Doubled));
        assert_eq!(read(&[0.5, -1.0, 2.5], &expected), Some(Cause::Halved));
        assert_eq!(read(&[0.0, 0.0, 0.0], &expected), Some(Cause::Zero));
        assert_eq!(read(&[5.0, 1.0, -2.0], &expected), Some(Cause::Permuted));
        assert_eq!(read(&[0.0, -3.0, 4.0], &expected), Some(Cause::MissingTerm { factor: 1.0, term: "1" }));
        let local = Cause::Local { wrong: 1, of: 3, factor: Some(-1.0) };
        assert_eq!(read(&[1.0, 2.0, 5.0], &expected), Some(local));
    }
}
