//! Products, places by index, images, small dense linear algebra.

use super::{Var, put};
use crate::error::{Error, ErrorKind};
use crate::ops::Window;
use crate::ops::{self, op};
use crate::shape::Shape;
use crate::trace::stop;

impl Var {
    /// The matrix product over the last two axes, batched over the axes in front, which broadcast: a matrix may stand on either side of a
    /// batch. A vector on the right is a column, one on the left a row, and its axis leaves the result.
    ///
    /// The rounding error grows with the inner size k up to 2048, and like log k beyond, where pieces are added pairwise.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|(a, b): (Var, Var)| a.matmul(b)).call((tensor![[1.0, 2.0]], tensor![[3.0], [4.0]]))?;
    /// assert_eq!(y, tensor![[11.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn matmul(self, other: Var) -> Var {
        let (a, b) = (self.ty(), other.ty());
        let (ra, rb) = (a.shape.rank(), b.shape.rank());
        if ra == 0 || rb == 0 {
            let what = format!("matmul: lhs {a} and rhs {b} must be matrices or vectors");
            stop(Error::new(ErrorKind::Shape, what));
        }
        // Said of the operands as they were given, before a vector gets its second axis.
        let (k, rows) = (a.shape[ra - 1], b.shape[rb - rb.min(2)]);
        if a.dtype == b.dtype && a.dtype.is_float() && k != rows {
            let left = if ra == 1 { "entries" } else { "columns" };
            let right = if rb == 1 { "entries" } else { "rows" };
            let what = format!("matmul: inner sizes differ: lhs {a} has {k} {left}, rhs {b} has {rows} {right}");
            stop(Error::new(ErrorKind::Shape, what));
        }
        if ra == 1 && rb == 1 {
            return self.expand_dims(&[0]).matmul(other.expand_dims(&[1])).squeeze(&[0, 1]);
        }
        if rb == 1 {
            return self.matmul(other.expand_dims(&[1])).squeeze(&[-1]);
        }
        if ra == 1 {
            return self.expand_dims(&[0]).matmul(other).squeeze(&[-2]);
        }
        if a.dtype != b.dtype || !a.dtype.is_float() {
            let what = format!("matmul: lhs {a} and rhs {b} must be floats of one dtype");
            stop(Error::new(ErrorKind::DType, what));
        }
        let product = op(ops::Dot { transpose_lhs: false, transpose_rhs: false });
        let (batch_a, batch_b) = (Shape::from(&a.shape[..ra - 2]), Shape::from(&b.shape[..rb - 2]));
        if batch_a == batch_b {
            return put(product, &[self, other]);
        }
        let Some(batch) = batch_a.broadcast_with(&batch_b) else {
            let what = format!("matmul: the axes in front of the matrices do not broadcast: lhs {a}, rhs {b}");
            stop(Error::new(ErrorKind::Shape, what))
        };
        let (rows, inner, columns) = (a.shape[ra - 2], a.shape[ra - 1], b.shape[rb - 1]);
        if batch_b.size() == 1 && batch == batch_a && rb == 2 {
            // One matrix on the right of all: the rows of the batch are rows of one product.
            let flat = [batch.size().saturating_mul(rows), inner];
            let result = [&batch[..], &[rows, columns]].concat();
            return put(product, &[self.reshape(flat), other]).reshape(result);
        }
        let left = self.broadcast_to([&batch[..], &[rows, inner]].concat());
        let right = other.broadcast_to([&batch[..], &[inner, columns]].concat());
        put(product, &[left, right])
    }

    /// `⟨self, other⟩`, the sum of all products of entries.
    #[track_caller]
    pub(in crate::trace) fn inner(self, other: Var) -> Var {
        put(op(ops::Mul), &[self, other]).sum()
    }

    /// Entries at the places `index` (`i32[m]`) along an axis. Exact; its reverse derivative is [`scatter_add`](Var::scatter_add), and rounds as that does.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|(x, i): (Var, Var)| x.gather(i, 0)).call((tensor![[1.0, 2.0], [3.0, 4.0]], tensor![1, 1, 0]))?;
    /// assert_eq!(y, tensor![[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn gather(self, index: Var, along: isize) -> Var {
        let axis = self.axis("gather", along);
        put(op(ops::Gather { axis }), &[self, index])
    }

    /// One entry along an axis for every place of `index`, which agrees with this array on all other axes.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|(x, i): (Var, Var)| x.gather_along(i, 1)).call((tensor![[1.0, 2.0], [3.0, 4.0]], tensor![[1], [0]]))?;
    /// assert_eq!(y, tensor![[2.0], [3.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn gather_along(self, index: Var, along: isize) -> Var {
        let axis = self.axis("gather_along", along);
        put(op(ops::GatherAlong { axis }), &[self, index])
    }

    /// The transpose of [`gather`](Var::gather): entries added into an array of size `n` along an axis.
    ///
    /// Where k entries meet at one place they are added one after the other in blocks of 64, and blocks pairwise: the rounding error grows like
    /// 64 + log₂(k/64).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|(x, i): (Var, Var)| x.scatter_add(i, 0, 3)).call((tensor![1.0, 10.0, 100.0], tensor![2, 0, 2]))?;
    /// assert_eq!(y, tensor![10.0, 0.0, 101.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn scatter_add(self, index: Var, along: isize, n: usize) -> Var {
        let axis = self.axis("scatter_add", along);
        put(op(ops::ScatterAdd { axis, n }), &[self, index])
    }

    /// The windows of a batch of images as columns (im2col): `[B, C, H, W] → [B, C·kh·kw, oh·ow]`.
    ///
    /// A convolution is a product with kernels `[O, C·kh·kw]`; for g groups, reshape both to `[…, g, C/g·kh·kw, …]` first.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Tensor, tensor, trace::{Var, constant, grad}};
    /// // A 2×2 mean filter on a 3×3 image: every pixel counts as often as windows cover it.
    /// let image = Tensor::from_fn(DType::F64, [1, 1, 3, 3], |i| i as f64);
    /// let filtered = |x: Var| x.patches([2, 2], [1, 1], [0; 4], [1, 1]).mean_axes(&[1]).sum();
    /// let g = grad(filtered, &image)?;
    /// assert_eq!(g.to_vec::<f64>(), [0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn patches(self, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 4], dilation: [usize; 2]) -> Var {
        let ty = self.ty();
        let [_, channels, height, width] = ty.shape[..] else {
            stop(Error::new(ErrorKind::Shape, format!("patches: the images are {ty}, [B,C,H,W] is needed")))
        };
        put(op(ops::Patches { window: Window { channels, height, width, kernel, stride, padding, dilation } }), &[self])
    }

    /// The transpose of [`patches`](Var::patches), windows added back into images of this height and width (col2im):
    /// `[B, C·kh·kw, oh·ow] → [B, C, H, W]`. Windows that overlap add up.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
    /// // All windows of ones: every pixel gets as many as windows cover it.
    /// let ones = Tensor::from_fn(DType::F64, [1, 4, 4], |_| 1.0);
    /// let mut cover = compile(|x: Var| x.patches_transpose([3, 3], [2, 2], [1, 1], [0; 4], [1, 1]));
    /// assert_eq!(cover.call(ones)?.to_vec::<f64>(), [1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn patches_transpose(
        self,
        image: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: [usize; 4],
        dilation: [usize; 2],
    ) -> Var {
        let (ty, [height, width]) = (self.ty(), image);
        let entries = kernel[0].saturating_mul(kernel[1]).max(1);
        let channels = match ty.shape[..] {
            [_, rows, _] if rows % entries == 0 => rows / entries,
            _ => {
                let what =
                    format!("patches_transpose: the windows are {ty}, [B,C·{}·{},P] is needed", kernel[0], kernel[1]);
                stop(Error::new(ErrorKind::Shape, what))
            }
        };
        let window = Window { channels, height, width, kernel, stride, padding, dilation };
        put(op(ops::PatchesTranspose { window }), &[self])
    }

    /// The lower triangular L with `A = L Lᵀ`, over the last two axes; A must be positive definite, and its lower triangle alone is read.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let mut factor = compile(|a: Var| a.cholesky());
    /// assert_eq!(factor.call(tensor![[4.0, 2.0], [2.0, 5.0]])?, tensor![[2.0, 0.0], [1.0, 2.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn cholesky(self) -> Var {
        put(op(ops::Cholesky), &[self])
    }

    /// `op(T)⁻¹ b` over the last two axes, T the `lower` or upper triangle of this matrix, op the transpose if `transpose`.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|(l, b): (Var, Var)| l.triangular_solve(b, true, false)).call((tensor![[2.0, 0.0], [1.0, 4.0]], tensor![[2.0], [9.0]]))?;
    /// assert_eq!(y, tensor![[1.0], [2.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn triangular_solve(self, b: Var, lower: bool, transpose: bool) -> Var {
        put(op(ops::TriangularSolve { lower, transpose }), &[self, b])
    }
}
