//! By index, composed: one-hot rows, entries at places along several axes.

use super::{Var, iota, select};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind};
use crate::trace::stop;

impl Var {
    /// 1 at the index and 0 elsewhere along a new last axis of size `n`, in this dtype; a row of zeros for an index outside `0..n`.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
    /// let y = compile(|i: Var| i.one_hot(3, DType::F64)).call(tensor![2, 0])?;
    /// assert_eq!(y, tensor![[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn one_hot(self, n: usize, dtype: DType) -> Var {
        let shape = self.shape();
        let places = iota(self.dtype(), shape.inserted(shape.rank(), n), -1);
        places.equal(self.expand_dims(&[-1])).convert(dtype)
    }

    /// Entries at places along the first k axes: `index` is `i32[…, k]`, the result `[…]` followed by the other axes of self.
    ///
    /// # Errors
    /// Stops the trace if there are fewer than k axes; a place outside the array is an error of the run, which shows it as index −1 of the
    /// axes taken together.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let x = tensor![[1.0, 2.0], [3.0, 4.0]];
    /// let y = compile(|(x, i): (Var, Var)| x.gather_nd(i)).call((x, tensor![[0, 1], [1, 0]]))?;
    /// assert_eq!(y, tensor![2.0, 3.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn gather_nd(self, index: Var) -> Var {
        let (ty, at) = (self.ty(), index.ty());
        let k = at.shape.last().copied().unwrap_or(0);
        if k == 0 || k > ty.shape.rank() || at.dtype != DType::I32 {
            let what = format!(
                "gather_nd: i32 indices with a last axis of 1 to {} are needed for {ty}, not {at}",
                ty.shape.rank()
            );
            stop(Error::new(ErrorKind::Shape, what));
        }
        let count = ty.shape[..k].iter().fold(1usize, |n, size| n.saturating_mul(*size));
        if i32::try_from(count).is_err() {
            stop(Error::new(
                ErrorKind::Shape,
                format!("gather_nd: {count} places along the first {k} axes of {ty} are more than an i32 counts"),
            ));
        }
        let places = crate::shape::Shape::from(&at.shape[..at.shape.rank() - 1]);
        let (mut flat, mut inside): (Option<Var>, Option<Var>) = (None, None);
        for (axis, size) in ty.shape[..k].iter().enumerate() {
            let i = index.slice(-1, axis..axis + 1).reshape(&places);
            let size = index.number(*size as f64);
            let fits = i.ge(0).and(i.lt(size));
            inside = Some(inside.map_or(fits, |before| before.and(fits)));
            flat = Some(flat.map_or(i, |before| before * size + i));
        }
        let (flat, inside) = (flat.expect("k is not 0"), inside.expect("k is not 0"));
        let flat = select(inside, flat, -1).reshape([places.size()]);
        let rest = &ty.shape[k..];
        let rows: Vec<usize> = std::iter::once(count).chain(rest.iter().copied()).collect();
        let result: Vec<usize> = places.iter().chain(rest).copied().collect();
        self.reshape(rows).gather(flat, 0).reshape(result)
    }
}
