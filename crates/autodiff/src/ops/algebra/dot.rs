//! `dot`: matrix products, batched, with transposition flags.

use crate::ops::prelude::*;

/// `y = op(a) · op(b)` over the last two axes; all axes before are a batch and agree.
///
/// `op` swaps the last two axes if its flag is set. So `[…,m,k] · […,k,n] → […,m,n]`, and no transpose is ever copied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dot {
    /// `a` is stored as `[…,k,m]`.
    pub transpose_lhs: bool,
    /// `b` is stored as `[…,n,k]`.
    pub transpose_rhs: bool,
}

/// The matrix `op(x)`: (rows, columns).
fn sizes(x: &Type, transpose: bool) -> (usize, usize) {
    let rank = x.shape.rank();
    let (rows, cols) = (x.shape[rank - 2], x.shape[rank - 1]);
    if transpose { (cols, rows) } else { (rows, cols) }
}

impl Parameters for Dot {
    fn params(&self) -> Params {
        Params::none().with("transpose_lhs", self.transpose_lhs).with("transpose_rhs", self.transpose_rhs)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Dot { transpose_lhs: p.flag("transpose_lhs")?, transpose_rhs: p.flag("transpose_rhs")? })
    }
}

impl Primitive<2> for Dot {
    const NAME: &'static str = "dot";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        if a.dtype != b.dtype || !a.dtype.is_float() {
            bail!(DType, "lhs {a} and rhs {b} must be floats of one dtype");
        }
        let (ra, rb) = (a.shape.rank(), b.shape.rank());
        if ra < 2 || ra != rb || a.shape[..ra - 2] != b.shape[..rb - 2] {
            bail!(Shape, "lhs {a} and rhs {b} must be matrices with equal batch axes in front");
        }
        let ((m, k), (kb, n)) = (sizes(a, self.transpose_lhs), sizes(b, self.transpose_rhs));
        if k != kb {
            bail!(Shape, "inner sizes differ: lhs {a} has {k} columns, rhs {b} has {kb} rows");
        }
        Ok(a.with_shape([&a.shape[..ra - 2], &[m, n]].concat()))
    }

    /// Multilinear. With A, B the stored operands: ȳ Bᵀ and Aᵀ ȳ, transposed where the operand is stored transposed.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Multilinear(|this, t, [a, b], y_bar, i| {
            let (ta, tb) = (this.transpose_lhs, this.transpose_rhs);
            match (i, ta, tb) {
                (0, false, _) => t.dot(y_bar, b, false, !tb),
                (0, true, _) => t.dot(b, y_bar, tb, true),
                (_, _, false) => t.dot(a, y_bar, !ta, false),
                (_, _, true) => t.dot(y_bar, a, true, ta),
            }
        })
    }

    /// One operand without a batch needs no copies of it: the batch joins the rows (or columns) of the other.
    fn vmap(&self, t: &mut Builder, [a, b]: [Batched; 2], size: usize) -> Value {
        let (sa, sb) = (t.shape_of(a.value), t.shape_of(b.value));
        if a.batched && !b.batched && !self.transpose_lhs && sb.rank() == 2 {
            let (rows, k) = (sa[1], sa[2]);
            let flat = t.reshape(a.value, shape![size * rows, k]);
            let y = t.dot(flat, b.value, false, self.transpose_rhs);
            let columns = t.shape_of(y)[1];
            return t.reshape(y, shape![size, rows, columns]);
        }
        let a = t.with_batch_axis(a, size);
        let b = t.with_batch_axis(b, size);
        t.dot(a, b, self.transpose_lhs, self.transpose_rhs)
    }

    fn kernel(&self) -> Kernel {
        Kernel::Product
    }

    fn run(&self, [a, b]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        let ((m, k), (_, n)) = (sizes(a.ty, self.transpose_lhs), sizes(b.ty, self.transpose_rhs));
        let batch: usize = y.ty.shape[..y.ty.shape.rank() - 2].iter().product();
        let stride = |x: &Operand<'_>, size: usize| if x.repeats { 0 } else { size };
        let (a_stride, b_stride) = (stride(&a, m * k), stride(&b, k * n));
        let (ta, tb, threads) = (self.transpose_lhs, self.transpose_rhs, y.threads);
        by_float!(y.ty.dtype, T => {
            let (a, b) = (a.elements::<T>(), b.elements());
            quadric_kernels::gemm_batched(
                batch, false, a, a_stride, b, b_stride, m, n, k, ta, tb, y.elements(), threads,
            );
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a, b]: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        let (rank, k) = (y.shape.rank(), sizes(&a.ty, self.transpose_lhs).1);
        let entry = |x: &Array<S>, index: &[usize], r: usize, c: usize, transposed: bool| {
            let mut at = index.to_vec();
            (at[rank - 2], at[rank - 1]) = if transposed { (c, r) } else { (r, c) };
            x.reals()[ravel(&at, &x.ty.shape)]
        };
        let of = |i: usize| {
            let index = unravel(i, &y.shape);
            let (row, col) = (index[rank - 2], index[rank - 1]);
            let term = |j| entry(a, &index, row, j, self.transpose_lhs) * entry(b, &index, j, col, self.transpose_rhs);
            (0..k).fold(S::ZERO, |sum, j| sum + term(j))
        };
        Ok(Array::real(y, (0..y.shape.size()).map(of).collect()))
    }

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
            let stored = |r: usize, c: usize, t: bool| if t { vec![c, r] } else { vec![r, c] };
            let op = Dot { transpose_lhs: ta, transpose_rhs: tb };
            samples.push(Sample::reals(op.clone(), [stored(3, 4, ta).into(), stored(4, 2, tb).into()]));
            // Square: nothing but the numbers tells a transpose that is missing.
            samples.push(Sample::reals(op.clone(), [shape![3, 3], shape![3, 3]]));
            let batch = |s: Vec<usize>| Shape::new([vec![2], s].concat());
            samples.push(Sample::reals(op.clone(), [batch(stored(3, 1, ta)), batch(stored(1, 2, tb))]));
            samples.push(Sample::reals(op, [stored(3, 0, ta).into(), stored(0, 2, tb).into()]));
        }
        samples
    }
}
