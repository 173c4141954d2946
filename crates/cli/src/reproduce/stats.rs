//! A few statistics for a few seeds: means, paired differences with intervals, ranks, and the verdict they give.

use crate::report::Verdict;

/// The mean; NaN of nothing.
pub fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len() as f64
}

/// A mean with its 95 % interval of Student's t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// Of independent samples; infinitely wide for a single one, which says nothing of its own spread.
    pub fn of(samples: &[f64]) -> Interval {
        let (n, center) = (samples.len() as f64, mean(samples));
        if samples.len() < 2 {
            return Interval { mean: center, low: f64::NEG_INFINITY, high: f64::INFINITY };
        }
        let variance = samples.iter().map(|x| (x - center) * (x - center)).sum::<f64>() / (n - 1.0);
        let half = t_quantile(samples.len() - 1) * (variance / n).sqrt();
        Interval { mean: center, low: center - half, high: center + half }
    }

    /// Of the differences `a − b`, seed by seed.
    ///
    /// # Panics
    /// If the two have different numbers of seeds.
    pub fn of_paired(a: &[f64], b: &[f64]) -> Interval {
        assert_eq!(a.len(), b.len(), "paired differences need the same seeds on both sides");
        Interval::of(&a.iter().zip(b).map(|(a, b)| a - b).collect::<Vec<_>>())
    }

    /// Whether all of it is below 0.
    pub fn is_negative(&self) -> bool {
        self.high < 0.0
    }

    /// Whether all of it is above 0.
    pub fn is_positive(&self) -> bool {
        self.low > 0.0
    }

    /// `0.12 [-0.03, 0.27]`, each number through `write`.
    pub fn to_text(self, write: impl Fn(f64) -> String) -> String {
        format!("{} [{}, {}]", write(self.mean), write(self.low), write(self.high))
    }
}

/// The paired verdict on "the difference is negative": *reproduced* if the whole interval is below 0, *contradicted* if it is above
/// 0, *not seen* if it contains 0 and the mean is closer to 0 than `negligible`, else *inconclusive* (also if it is NaN).
pub fn negative(difference: Interval, negligible: f64) -> Verdict {
    match difference {
        d if d.is_negative() => Verdict::Reproduced,
        d if d.is_positive() => Verdict::Contradicted,
        d if d.mean.abs() < negligible => Verdict::NotSeen,
        _ => Verdict::Inconclusive,
    }
}

/// Spearman's rank correlation: Pearson's, of the ranks, ties at their mean rank. NaN if one side is constant or has a NaN.
///
/// # Panics
/// If the lengths differ.
pub fn spearman(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len(), "a rank correlation needs pairs");
    if a.iter().chain(b).any(|x| x.is_nan()) {
        return f64::NAN;
    }
    let (a, b) = (ranks(a), ranks(b));
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 { a.iter().zip(&b).map(|(a, b)| f(a - mean_a, b - mean_b)).sum() };
    sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
}

/// Ranks from 1; equal numbers share the mean of the ranks they take.
fn ranks(x: &[f64]) -> Vec<f64> {
    let rank = |x_i: &f64| {
        let below = x.iter().filter(|x| *x < x_i).count();
        let equal = x.iter().filter(|x| *x == x_i).count();
        below as f64 + (equal as f64 + 1.0) / 2.0
    };
    x.iter().map(rank).collect()
}

/// The 97.5 % quantile of Student's t with this many degrees of freedom, to three decimals.
fn t_quantile(degrees: usize) -> f64 {
    const TABLE: [f64; 30] = [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];
    // Beyond the table: Fisher's expansion about the normal quantile z, z + (z³ + z)/4n + (5z⁵ + 16z³ + 3z)/96n².
    let n = degrees as f64;
    TABLE.get(degrees - 1).copied().unwrap_or(1.95996 + 2.37227 / n + 2.82250 / (n * n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_by_hand() {
        // Mean 2, variance 1, standard error 1/√3.
        let i = Interval::of(&[1.0, 2.0, 3.0]);
        let half = 4.303 / 3f64.sqrt();
        assert_eq!(i.mean, 2.0);
        assert!((i.low - (2.0 - half)).abs() < 1e-12 && (i.high - (2.0 + half)).abs() < 1e-12);
        assert_eq!(Interval::of_paired(&[4.0, 5.0, 6.0], &[3.0, 3.0, 3.0]), i);
        assert_eq!(Interval::of(&[1.0]).high, f64::INFINITY);
    }

    #[test]
    fn the_quantile_goes_on_beyond_the_table() {
        assert!((t_quantile(31) - 2.0395).abs() < 1e-3);
        assert!((t_quantile(120) - 1.9799).abs() < 1e-4);
    }

    #[test]
    fn verdicts_of_a_difference() {
        let i = |low, high| Interval { mean: (low + high) / 2.0, low, high };
        assert_eq!(negative(i(-2.0, -1.0), 0.1), Verdict::Reproduced);
        assert_eq!(negative(i(1.0, 2.0), 0.1), Verdict::Contradicted);
        assert_eq!(negative(i(-1.0, 1.1), 0.1), Verdict::NotSeen);
        assert_eq!(negative(i(-1.0, 2.0), 0.1), Verdict::Inconclusive);
        assert_eq!(negative(i(f64::NAN, f64::NAN), 0.1), Verdict::Inconclusive);
    }

    #[test]
    fn ranks_share_ties() {
        assert_eq!(ranks(&[10.0, 30.0, 10.0, 20.0]), [1.5, 4.0, 1.5, 3.0]);
    }

    #[test]
    fn rank_correlations_by_hand() {
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[1.0, 8.0, 27.0]), 1.0);
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[3.0, 0.0, -7.0]), -1.0);
        // d = 1, 1, 2: 1 − 6·6/(3·8) = −0.5.
        assert!((spearman(&[1.0, 2.0, 3.0], &[2.0, 3.0, 1.0]) + 0.5).abs() < 1e-15);
        assert!(spearman(&[1.0, 2.0], &[5.0, 5.0]).is_nan());
        assert!(spearman(&[1.0, f64::NAN], &[5.0, 6.0]).is_nan());
    }
}
