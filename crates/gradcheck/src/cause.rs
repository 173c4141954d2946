//! What do the wrong numbers betray?
//!
//! Most wrong derivatives are one of a few classics, and each leaves a fingerprint in the pair (claimed, expected).
//! The fingerprints are looked for from the most specific to the vaguest; none is a proof, so the message says
//! "likely".

use crate::differences::Estimate;
use crate::number::Number;
use crate::scalar::dot;
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
                "a constant factor: got {} times what was expected everywhere (a mean taken for a sum, a \
                 scale applied twice?)",
                Number::long(*factor)
            ),
            Cause::Permuted => write!(out, "the order: the right numbers stand at the wrong entries"),
            Cause::Transposed => write!(out, "a transpose: the product with the transposed matrix would be right"),
            Cause::MissingTerm { factor, term } => {
                write!(out, "a missing term: expected − got is {} · {term} in every wrong entry", Number::long(*factor))
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
                    Some(factor) if *wrong > 1 => write!(out, "; by the numbers, a factor {}", Number::long(*factor)),
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

/// −1, 2, ½: factors that mean something even where a single number is compared.
fn classic(factor: f64) -> Option<Cause> {
    match factor {
        f if close(f, -1.0) => Some(Cause::Sign),
        f if close(f, 2.0) => Some(Cause::Doubled),
        f if close(f, 0.5) => Some(Cause::Halved),
        _ => None,
    }
}

impl Cause {
    /// A cause that a few numbers out of many can show.
    pub(crate) fn is_classic(&self) -> bool {
        matches!(self, Cause::Sign | Cause::Doubled | Cause::Halved | Cause::Zero | Cause::NotFinite)
    }
}

/// The factor r with a ≈ r · b in every entry, each relative to its own size: a large entry must not speak for small ones.
///
/// A number that is no larger than its error is no witness.
fn common_factor(a: &[f64], b: &[f64], errors: &[f64]) -> Option<f64> {
    let weight = |(b, error): (&f64, &f64)| if b.abs() > 8.0 * error { 1.0 / b.abs() } else { 0.0 };
    let weights: Vec<f64> = b.iter().zip(errors).map(weight).collect();
    if weights.iter().all(|weight| *weight == 0.0) {
        return None;
    }
    // Least squares with every entry scaled to size 1.
    let scaled = |values: &[f64]| -> Vec<f64> { values.iter().zip(&weights).map(|(value, w)| value * w).collect() };
    let (unit_a, unit_b) = (scaled(a), scaled(b));
    let factor = dot(&unit_a, &unit_b) / dot(&unit_b, &unit_b);
    let holds =
        a.iter().zip(b).zip(errors).all(|((a, b), error)| {
            (a - factor * b).abs() <= 1e-3 * (factor * b).abs().max(1e-3 * b.abs()) + 4.0 * error
        });
    // A factor of 1 explains nothing.
    (holds && (factor - 1.0).abs() > 1e-3).then_some(factor)
}

/// Whether `claimed` are the numbers of `expected` at other entries.
fn is_permuted(claimed: &[f64], expected: &[Estimate]) -> bool {
    let mut got = claimed.to_vec();
    let mut wanted = expected.to_vec();
    got.sort_by(f64::total_cmp);
    wanted.sort_by(|a, b| a.value.total_cmp(&b.value));
    let near = |c: f64, e: &Estimate, part: f64| (c - e.value).abs() <= part * e.value.abs() + 4.0 * e.error;
    // Noise that moves every number a little moves none to another entry.
    let moved = claimed.iter().zip(expected).filter(|(c, e)| !near(**c, e, 1e-2)).count();
    moved >= 2 && got.iter().zip(&wanted).all(|(c, e)| near(*c, e, 1e-4))
}

/// Reads the fingerprint of `claimed` against `expected`; `wrong` marks the entries that failed and `known` are
/// named vectors of the same length, candidates for a missing term.
pub(crate) fn likely(
    claimed: &[f64],
    expected: &[Estimate],
    wrong: &[bool],
    known: &[(&'static str, Vec<f64>)],
) -> Option<Cause> {
    let values: Vec<f64> = expected.iter().map(|e| e.value).collect();
    let errors: Vec<f64> = expected.iter().map(|e| e.error).collect();
    if claimed.iter().any(|c| !c.is_finite()) {
        return Some(Cause::NotFinite);
    }
    if claimed.iter().all(|c| *c == 0.0) {
        return Some(Cause::Zero);
    }
    if let Some(factor) = common_factor(claimed, &values, &errors) {
        // One number is some multiple of any other.
        let cause = if claimed.len() > 1 { Some(Cause::Factor(factor)) } else { None };
        if let Some(cause) = classic(factor).or(cause) {
            return Some(cause);
        }
    }
    if is_permuted(claimed, expected) {
        return Some(Cause::Permuted);
    }
    let pick = |values: &[f64]| -> Vec<f64> {
        values.iter().zip(wrong).filter(|(_, wrong)| **wrong).map(|(value, _)| *value).collect()
    };
    let missing: Vec<f64> = pick(&values.iter().zip(claimed).map(|(e, c)| e - c).collect::<Vec<_>>());
    let errors = pick(&errors);
    // One number is proportional to every other: a missing term shows only in two or more.
    if missing.len() > 1 {
        for (term, vector) in known {
            let vector = pick(vector);
            if vector.contains(&0.0) {
                continue;
            }
            let factor = dot(&missing, &vector) / dot(&vector, &vector);
            let holds = missing.iter().zip(&vector).zip(&errors).all(|((m, v), error)| {
                (m - factor * v).abs() <= 1e-3 * (factor * v).abs() + 4.0 * error && m.abs() > 8.0 * error
            });
            if holds {
                return Some(Cause::MissingTerm { factor, term });
            }
        }
    }
    let (count, of) = (missing.len(), claimed.len());
    let factor = common_factor(&pick(claimed), &pick(&values), &errors);
    let factor = factor.filter(|factor| count > 1 || classic(*factor).is_some() || close(*factor, 0.0));
    (count > 0 && count < of).then_some(Cause::Local { wrong: count, of, factor })
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

    #[test]
    fn a_large_right_entry_does_not_speak_for_a_small_wrong_one() {
        let local = |factor| Some(Cause::Local { wrong: 1, of: 2, factor });
        assert_eq!(read(&[1e4, -1.0], &[1e4, 1.0]), local(Some(-1.0)));
        assert_eq!(read(&[1e4, 0.0], &[1e4, 1.0]), local(Some(0.0)));
        assert_eq!(read(&[1e4, 1.3], &[1e4, 1.0]), local(None));
        let two = Some(Cause::Local { wrong: 2, of: 3, factor: None });
        assert_eq!(read(&[1e5, 1.5, 2.7], &[1e5, 1.0, 2.0]), two);
    }

    #[test]
    fn one_number_is_no_pattern() {
        assert_eq!(read(&[2.14], &[2.0]), None);
        assert_eq!(read(&[-2.0], &[2.0]), Some(Cause::Sign));
        assert_eq!(read(&[4.0], &[2.0]), Some(Cause::Doubled));
        assert_eq!(read(&[1.0 + 1e-6, 2.0 + 2e-6], &[1.0, 2.0]), None);
        // Every number a little off is no permutation.
        assert_eq!(read(&[1.0 + 1e-6, 2.0 - 3e-6, 3.0], &[1.0, 2.0, 3.0]).map(|c| c == Cause::Permuted), Some(false));
    }

    #[test]
    fn factors_are_printed_with_digits_that_mean_something() {
        assert!(Cause::Factor(1e-9).to_string().contains("got 1e-9 times"));
        assert!(Cause::MissingTerm { factor: -2e-8, term: "v" }.to_string().contains("is -2e-8 · v"));
    }
}
