//! Standardising: `x = (p − mean) / deviation`.
//!
//! Inputs that are all positive give the Hessian one large eigenvalue that says nothing of the problem [LeCun et al. 1998, §4.3], and
//! in a program about curvature that eigenvalue would head every report. For pixels, one mean for all rather than one each, because some
//! pixels at the border are constant, and others are lit in one training image of a thousand and would be blown up; for the columns
//! of a table, which have units of their own, one each; for colours one a channel.
//!
//! [LeCun et al. 1998, §4.3]: https://doi.org/10.1007/3-540-49430-8_2

use std::fmt;

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
    /// Of integers the sums are exact, so the statistics are the same bits everywhere. Of floats they are sums in `f64` of distances from a number near
    /// all of them, the deviation with the correction of [Chan, Golub & LeVeque 1983]: a column around 1e8 keeps its digits, and one that is constant
    /// has deviation 1.
    ///
    /// # Errors
    /// [`DataErrorKind::Empty`] without numbers, [`DataErrorKind::NotFinite`] for a NaN or an infinity, or if a sum of squares is beyond its type;
    /// [`DataErrorKind::Mismatch`] for a scalar, or `Per::Channel` of examples without an axis.
    ///
    /// [Chan, Golub & LeVeque 1983]: https://doi.org/10.1080/00031305.1983.10483115
    pub fn fit(x: &Tensor, per: Per) -> Result<Scaling, DataError> {
        if let Some((at, value)) = first_not_finite(x) {
            let fault = format!("the scaling of {}: {} is {value}", x.ty(), place(x, at));
            return Err(DataError::new(DataErrorKind::NotFinite, fault));
        }
        fit(x.ty(), x.shape(), per, |groups| match x.dtype() {
            DType::I32 => exact(x.as_slice::<i32>().iter().map(|&p| p.into()), groups),
            DType::U32 => exact(x.as_slice::<u32>().iter().map(|&p| p.into()), groups),
            DType::Bool => exact(x.bytes().iter().map(|&p| p.into()), groups),
            DType::F32 => rounded(x.as_slice::<f32>().iter().map(|&p| p.into()), groups),
            _ => rounded(x.as_slice::<f64>().iter().copied(), groups),
        })
    }

    /// [`fit`](Scaling::fit) of bytes as a file has them, which as `i32` take four times the memory.
    pub(super) fn fit_bytes(x: &[u8], shape: &[usize], per: Per) -> Result<Scaling, DataError> {
        fit(format_args!("bytes {shape:?}"), shape, per, |groups| exact(x.iter().map(|&p| p.into()), groups))
    }

    /// `(p − mean) / deviation`, computed in `f64` and rounded to the float type `dtype`.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if the examples have another shape than those of the statistics.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn apply(&self, x: &Tensor, dtype: DType) -> Result<Tensor, DataError> {
        self.map(x, dtype, standardised)
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

    /// [`apply`](Scaling::apply) to bytes.
    pub(super) fn apply_bytes(&self, x: &[u8], shape: &[usize], dtype: DType) -> Result<Tensor, DataError> {
        let groups = self.groups(&shape[1..], format_args!("bytes {shape:?}"))?;
        Ok(self.mapped(&groups, shape, dtype, |at| x[at].into(), standardised))
    }

    fn map(&self, x: &Tensor, dtype: DType, f: fn(f64, f64, f64) -> f64) -> Result<Tensor, DataError> {
        let (groups, shape) = (self.groups(row_shape(x), x.ty())?, x.shape());
        // Number by number from the storage: the pixels of a data set as `f64` are eight times the file.
        Ok(match x.dtype() {
            DType::F32 => {
                let x = x.as_slice::<f32>();
                self.mapped(&groups, shape, dtype, |at| x[at].into(), f)
            }
            DType::F64 => {
                let x = x.as_slice::<f64>();
                self.mapped(&groups, shape, dtype, |at| x[at], f)
            }
            DType::I32 => {
                let x = x.as_slice::<i32>();
                self.mapped(&groups, shape, dtype, |at| x[at].into(), f)
            }
            DType::U32 => {
                let x = x.as_slice::<u32>();
                self.mapped(&groups, shape, dtype, |at| x[at].into(), f)
            }
            _ => {
                let x = x.bytes();
                self.mapped(&groups, shape, dtype, |at| x[at].into(), f)
            }
        })
    }

    fn mapped(
        &self,
        groups: &Groups,
        shape: &[usize],
        dtype: DType,
        number: impl Fn(usize) -> f64,
        f: fn(f64, f64, f64) -> f64,
    ) -> Tensor {
        let (mean, deviation) = (self.mean.to_f64_vec(), self.deviation.to_f64_vec());
        Tensor::from_fn(dtype, shape, |at| f(number(at), mean[groups.of(at)], deviation[groups.of(at)]))
    }

    fn groups(&self, example: &[usize], what: impl fmt::Display) -> Result<Groups, DataError> {
        let groups = Groups::new(self.mean.shape(), example).filter(|_| self.mean.ty() == self.deviation.ty());
        groups.ok_or_else(|| {
            let fault = format!("a scaling by mean {} and deviation {}", self.mean.ty(), self.deviation.ty());
            DataError::new(DataErrorKind::Mismatch, format!("{fault} does not fit examples of {what}"))
        })
    }
}

fn standardised(p: f64, mean: f64, deviation: f64) -> f64 {
    (p - mean) / deviation
}

/// The scaling of `[N, …]` by the statistics of its groups.
fn fit(
    what: impl fmt::Display,
    all: &[usize],
    per: Per,
    statistics: impl FnOnce(&Groups) -> (Vec<f64>, Vec<f64>),
) -> Result<Scaling, DataError> {
    let fault = |kind, fault: &str| Err(DataError::new(kind, format!("the scaling of {what}: {fault}")));
    let (Some((_, example)), true) = (all.split_first(), per != Per::Channel || all.len() > 1) else {
        return fault(DataErrorKind::Mismatch, "an axis of examples is needed, and one of channels for each");
    };
    if all.contains(&0) {
        return fault(DataErrorKind::Empty, "there are no numbers");
    }
    let shape: Vec<usize> = match per {
        Per::All => vec![],
        Per::Channel => example.iter().enumerate().map(|(axis, &n)| if axis == 0 { n } else { 1 }).collect(),
        Per::Feature => example.to_vec(),
    };
    let groups = Groups::new(&shape, example).expect("the shape is made from the example's");
    let (mean, deviation) = statistics(&groups);
    if mean.iter().chain(&deviation).any(|x| !x.is_finite()) {
        return fault(DataErrorKind::NotFinite, "a sum of squares is beyond all range");
    }
    let tensor = |data: &[f64]| Tensor::new(&shape[..], data).expect("a number for each group");
    Ok(Scaling { mean: tensor(&mean), deviation: tensor(&deviation) })
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

/// Mean and deviation of each group of floats.
///
/// Of numbers around 1e8 a sum has few digits left for what they differ by, so distances are added up instead: from the middle between the
/// smallest and the largest for the mean, from the mean for the deviation. Where the two ends are equal there is nothing to add up, and no
/// rounding that could be taken for a deviation.
fn rounded(numbers: impl Iterator<Item = f64> + Clone, groups: &Groups) -> (Vec<f64>, Vec<f64>) {
    let mut ends = vec![(0.0, f64::INFINITY, f64::NEG_INFINITY); groups.count];
    for (at, p) in numbers.clone().enumerate() {
        let (n, least, most) = &mut ends[groups.of(at)];
        (*n, *least, *most) = (*n + 1.0, least.min(p), most.max(p));
    }
    // The middle first, without an overflow of least + most.
    let mut mean: Vec<f64> = ends.iter().map(|&(_, least, most)| least + (most / 2.0 - least / 2.0)).collect();
    let mut distances = vec![0.0; groups.count];
    for (at, p) in numbers.clone().enumerate() {
        let group = groups.of(at);
        distances[group] += p - mean[group];
    }
    for ((mean, distance), (n, least, most)) in mean.iter_mut().zip(distances).zip(&ends) {
        *mean = if least == most { *least } else { *mean + distance / n };
    }
    let mut sums = vec![(0.0, 0.0); groups.count];
    for (at, p) in numbers.enumerate() {
        let group = groups.of(at);
        let distance = p - mean[group];
        sums[group].0 += distance;
        sums[group].1 += distance * distance;
    }
    // The mean is rounded, and the distances do not quite add up to 0: what they add up to is taken out of the squares.
    let deviation = |(&(rest, squares), &(n, least, most)): (&(f64, f64), &(f64, f64, f64))| {
        if least == most { 1.0 } else { or_one(((squares - rest * rest / n) / n).max(0.0).sqrt()) }
    };
    let deviations = sums.iter().zip(&ends).map(deviation).collect();
    (mean, deviations)
}

/// Numbers that are all equal are only shifted.
fn or_one(deviation: f64) -> f64 {
    if deviation == 0.0 { 1.0 } else { deviation }
}
