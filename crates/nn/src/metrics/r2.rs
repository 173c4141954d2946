//! The share of the variance that is explained.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{DType, Error, ErrorKind};

use super::{Metric, Rule, share};
use crate::LIBRARY;

/// Totals: n, and for each column the mean of the targets, the sum of their squared distances from it, and that of the errors' squares.
#[derive(Debug)]
struct R2;

impl Rule for R2 {
    fn results(&self, totals: &[Vec<f64>]) -> Vec<(String, f64)> {
        let columns: Vec<f64> = totals[2].iter().zip(&totals[3]).map(|(all, left)| 1.0 - share(*left, *all)).collect();
        vec![(String::new(), share(columns.iter().sum(), columns.len() as f64))]
    }

    /// The difference of two sums of squares would lose its digits where the mean is large beside the spread. Means and squared distances of two
    /// parts give those of the whole without one (Chan, Golub & LeVeque 1979).
    fn absorb(&self, totals: &mut [Vec<f64>], others: &[Vec<f64>]) {
        let (n, m) = (totals[0][0], others[0][0]);
        if n + m == 0.0 {
            return;
        }
        totals[0][0] = n + m;
        for i in 0..totals[1].len() {
            let apart = others[1][i] - totals[1][i];
            totals[1][i] += apart * m / (n + m);
            totals[2][i] += others[2][i] + apart * apart * n * m / (n + m);
            totals[3][i] += others[3][i];
        }
    }
}

/// `R² = 1 − Σ (ŷ − y)² / Σ (y − ȳ)²`, with ȳ the mean over *all* batches; of several columns the plain mean of their R².
///
/// NaN where all targets of a column are equal, or there are none. Batches' own means would make another number: what each batch explains of itself.
///
/// # Shapes
/// `[N]` or `[N, D]`, both alike; more axes count as columns.
///
/// # Errors
/// Stops the trace if the two are not alike or have no axis.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::metrics::{Metrics, r2};
/// let mut measure = compile(|(x, y): (Var, Var)| Metrics::new().with("R²", r2(x, y)));
/// let mut all = measure.call((tensor![1.0, 2.0], tensor![1.0, 3.0]))?;
/// all.absorb(&measure.call((tensor![5.0], tensor![5.0]))?)?;
/// assert_eq!(all.get("R²"), Some(1.0 - 1.0 / 8.0)); // ȳ = 3
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn r2(prediction: Var, target: Var) -> Metric<Var> {
    LIBRARY.nonlinear_scope("r2", || {
        if prediction.ty() != target.ty() || target.shape().rank() == 0 {
            let what = format!("r2: a prediction {} of {}", prediction.ty(), target.ty());
            stop(Error::new(ErrorKind::Shape, what));
        }
        let (n, size) = (target.shape()[0], target.shape().size());
        let table = |x: Var| x.convert(DType::F64).reshape([n, size / n.max(1)]);
        let (x, y) = (table(prediction), table(target));
        let mean = y.mean_axes(&[0]);
        let square = |d: Var| (d * d).sum_axes(&[0]);
        Metric::new(R2, vec![y.number(n as f64), mean, square(y - mean), square(x - y)])
    })
}
