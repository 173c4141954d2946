//! Standardising: `x = (p − mean) / deviation`.
//!
//! Inputs that are all positive give the Hessian one large eigenvalue that says nothing of the problem [LeCun et al. 1998, §4.3], and
//! in a program about curvature that eigenvalue would head every report. For pixels, one mean for all rather than one each, because some
//! pixels at the border are constant, and others are lit in one training image of a thousand and would be blown up; for the columns
//! of a table, which have units of their own, one each; for colours one a channel.
//!
//! [LeCun et al. 1998, §4.3]: https://doi.org/10.1007/3-540-49430-8_2

use quadric_autodiff::{DType, Tensor, Tree};

use super::dataset::place;
use super::rows::{first_not_finite, row_shape};
use super::{DataError, DataErrorKind};

/// The affine map from stored numbers `p` to inputs `x = (p − mean) / deviation`, by numbers that one takes from the training part.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor};
/// use quadric_nn::data::{Per, Scaling};
/// let table = tensor![[1.0, 100.0], [3.0, 500.0]];
/// let scaling = Scaling::fit(&table, Per::Feature)?;
/// assert_eq!((&scaling.mean, &scaling.deviation), (&tensor![2.0, 300.0], &tensor![1.0, 200.0]));
/// let x = scaling.apply(&table, DType::F64)?;
/// assert_eq!(x, tensor![[-1.0, -1.0], [1.0, 1.0]]);
/// assert_eq!(scaling.invert(&x, DType::F64)?, table);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Scaling<T = Tensor> {
    /// The mean, `f64`: a scalar, `[C, 1, …]` or the shape of an example; 0 when nothing was scaled.
    pub mean: T,
    /// The standard deviation (divisor n), likewise; 1 when nothing was scaled, or when all of the numbers are equal.
    pub deviation: T,
}

/// Which numbers share a mean and a deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// All of them.
    All,
    /// Those with the same index along the first axis of an example: the colours of `[N, C, H, W]`.
    Channel,
    /// Those at the same place of an example: the columns of a table.
    Feature,
}

impl Scaling {
    /// Nothing is scaled: `x = p`.
    pub fn none() -> Scaling {
        Scaling { mean: Tensor::scalar(0.0), deviation: Tensor::scalar(1.0) }
    }

    /// Mean and deviation of `[N, …]`, training inputs or targets.
    ///
    /// Of integers the sums are exact, so the statistics are the same bits everywhere. Of floats they are sums in `f64`, the deviation by
    /// two passes with the correction of [Chan, Golub & LeVeque 1983].
    ///
    /// # Errors
    /// [`DataErrorKind::Empty`] without numbers, [`DataErrorKind::NotFinite`] for a NaN or an infinity, or if a sum of squares is beyond its type;
    /// [`DataErrorKind::Mismatch`] for a scalar, or `Per::Channel` of examples without an axis.
    ///
    /// [Chan, Golub & LeVeque 1983]: https://doi.org/10.1080/00031305.1983.10483115
    pub fn fit(x: &Tensor, per: Per) -> Result<Scaling, DataError> {
        let fault = |kind, fault: String| Err(DataError::new(kind, format!("the scaling of {}: {fault}", x.ty())));
        if x.shape().rank() == 0 || (per == Per::Channel && x.shape().rank() < 2) {
            return fault(
                DataErrorKind::Mismatch,
                "an axis of examples is needed, and one of channels for each".into(),
            );
        }
        if x.size() == 0 {
            return fault(DataErrorKind::Empty, "there are no numbers".into());
        }
        if let Some((at, value)) = first_not_finite(x) {
            return fault(DataErrorKind::NotFinite, format!("{} is {value}", place(x, at)));
        }
        let example = row_shape(x);
        let shape: Vec<usize> = match per {
            Per::All => vec![],
            Per::Channel => example.iter().enumerate().map(|(axis, &n)| if axis == 0 { n } else { 1 }).collect(),
            Per::Feature => example.to_vec(),
        };
        let groups = Groups::new(&shape, example).expect("the shape is made from the example's");
        let (mean, deviation) = match x.dtype() {
            DType::I32 => exact(x.as_slice::<i32>().iter().map(|&p| p.into()), &groups),
            DType::U32 => exact(x.as_slice::<u32>().iter().map(|&p| p.into()), &groups),
            DType::Bool => exact(x.bytes().iter().map(|&p| p.into()), &groups),
            _ => rounded(&x.to_f64_vec(), &groups),
        };
        if mean.iter().chain(&deviation).any(|x| !x.is_finite()) {
            return fault(DataErrorKind::NotFinite, "a sum of squares is beyond all range".into());
        }
        let tensor = |data: &[f64]| Tensor::new(&shape[..], data).expect("a number for each group");
        Ok(Scaling { mean: tensor(&mean), deviation: tensor(&deviation) })
    }

    /// `(p − mean) / deviation`, computed in `f64` and rounded to the float type `dtype`.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if the examples have another shape than those of the statistics.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn apply(&self, x: &Tensor, dtype: DType) -> Result<Tensor, DataError> {
        self.map(x, dtype, |p, mean, deviation| (p - mean) / deviation)
    }

    /// `x · deviation + mean`: the way back, for predictions.
    ///
    /// # Errors
    /// Those of [`apply`](Scaling::apply).
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn invert(&self, x: &Tensor, dtype: DType) -> Result<Tensor, DataError> {
        self.map(x, dtype, |x, mean, deviation| x * deviation + mean)
    }

    fn map(&self, x: &Tensor, dtype: DType, f: impl Fn(f64, f64, f64) -> f64) -> Result<Tensor, DataError> {
        let groups = Groups::new(self.mean.shape(), row_shape(x)).filter(|_| self.mean.ty() == self.deviation.ty());
        let Some(groups) = groups else {
            let fault = format!("a scaling by mean {} and deviation {}", self.mean.ty(), self.deviation.ty());
            return Err(DataError::new(
                DataErrorKind::Mismatch,
                format!("{fault} does not fit examples of {}", x.ty()),
            ));
        };
        let (values, mean, deviation) = (x.to_f64_vec(), self.mean.to_f64_vec(), self.deviation.to_f64_vec());
        let scaled = |at: usize| f(values[at], mean[groups.of(at)], deviation[groups.of(at)]);
        Ok(Tensor::from_fn(dtype, x.shape(), scaled))
    }
}

/// Which group each number of a row-major array belongs to: `count` groups take turns, `run` numbers each.
struct Groups {
    count: usize,
    run: usize,
}

impl Groups {
    /// For statistics of `shape` and examples of `example`; `None` if one does not fit the other.
    fn new(shape: &[usize], example: &[usize]) -> Option<Groups> {
        let count = shape.iter().product();
        let channels = || shape[0] == example[0] && shape[1..].iter().all(|&n| n == 1);
        if shape.is_empty() {
            Some(Groups { count: 1, run: 1 })
        } else if shape == example {
            Some(Groups { count, run: 1 })
        } else if shape.len() == example.len() && channels() {
            Some(Groups { count, run: example[1..].iter().product() })
        } else {
            None
        }
    }

    fn of(&self, at: usize) -> usize {
        at / self.run % self.count
    }
}

/// Mean and deviation of each group of whole numbers.
fn exact(numbers: impl Iterator<Item = i64>, groups: &Groups) -> (Vec<f64>, Vec<f64>) {
    let mut sums = vec![(0u64, 0i128, 0u128); groups.count];
    for (at, p) in numbers.enumerate() {
        let (n, sum, squares) = &mut sums[groups.of(at)];
        (*n, *sum, *squares) = (*n + 1, *sum + i128::from(p), *squares + u128::from(p.unsigned_abs()).pow(2));
    }
    // n² σ² = n Σp² − (Σp)², a whole number: no cancellation. It leaves 128 bits only beyond 2³² numbers of 32 bits, and is NaN then.
    let statistics = |&(n, sum, squares): &(u64, i128, u128)| {
        let terms = u128::from(n).checked_mul(squares).zip(sum.unsigned_abs().checked_pow(2));
        let n_squared_variance = terms.map_or(f64::NAN, |(squares, square)| (squares - square) as f64);
        let n = n as f64;
        (sum as f64 / n, or_one(n_squared_variance.sqrt() / n))
    };
    sums.iter().map(statistics).unzip()
}

fn rounded(numbers: &[f64], groups: &Groups) -> (Vec<f64>, Vec<f64>) {
    let mut mean = vec![0.0; groups.count];
    let n = (numbers.len() / groups.count) as f64;
    for (at, p) in numbers.iter().enumerate() {
        mean[groups.of(at)] += p;
    }
    mean.iter_mut().for_each(|sum| *sum /= n);
    let mut sums = vec![(0.0, 0.0); groups.count];
    for (at, p) in numbers.iter().enumerate() {
        let group = groups.of(at);
        let distance = p - mean[group];
        sums[group].0 += distance;
        sums[group].1 += distance * distance;
    }
    // The mean is rounded, and the distances do not quite add up to 0: what they add up to is taken out of the squares.
    let deviation = |&(rest, squares): &(f64, f64)| or_one(((squares - rest * rest / n) / n).max(0.0).sqrt());
    let deviations = sums.iter().map(deviation).collect();
    (mean, deviations)
}

/// Numbers that are all equal are only shifted.
fn or_one(deviation: f64) -> f64 {
    if deviation == 0.0 { 1.0 } else { deviation }
}
