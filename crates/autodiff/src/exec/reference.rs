//! The plain interpreter: what every kernel means, in loops one can check by reading.
//!
//! Generic over a small [`Scalar`], so it runs in f32, in f64, and in double-double for ground truth. It shares no
//! kernel with the executor, fuses nothing and rewrites nothing; sums go from first to last. Integers are exact
//! `i64`s, wrapped to their dtype.

use super::scalar::Scalar;
use crate::dtype::DType;
use crate::error::{Error, bail};
use crate::shape::{Shape, Type};
use crate::tape::{Binary, Equation, Kernel, Tape, Unary, Window};
use crate::tensor::Tensor;

/// An array of the interpreter: row-major numbers of S, or integers (bools are 0 and 1).
#[derive(Clone, Debug, PartialEq)]
pub struct Array<S> {
    /// Dtype (either float dtype stands for S) and shape.
    pub ty: Type,
    /// The elements.
    pub data: Data<S>,
}

/// The elements of an [`Array`].
#[derive(Clone, Debug, PartialEq)]
pub enum Data<S> {
    /// Of a float dtype.
    Real(Vec<S>),
    /// Of an integer dtype or bools.
    Int(Vec<i64>),
}

impl<S: Scalar> Array<S> {
    /// The elements of a tensor.
    pub fn of(t: &Tensor) -> Array<S> {
        let values = t.to_f64_vec();
        let data = if t.dtype().is_float() {
            Data::Real(values.into_iter().map(S::from_f64).collect())
        } else {
            Data::Int(values.into_iter().map(|x| x as i64).collect())
        };
        Array { ty: t.ty().clone(), data }
    }

    /// The numbers.
    ///
    /// # Panics
    /// If these are integers.
    pub fn reals(&self) -> &[S] {
        match &self.data {
            Data::Real(x) => x,
            Data::Int(_) => panic!("{} holds no reals", self.ty),
        }
    }

    fn ints(&self) -> &[i64] {
        match &self.data {
            Data::Int(x) => x,
            Data::Real(_) => panic!("{} holds no integers", self.ty),
        }
    }

    /// As `f64`.
    pub fn to_f64_vec(&self) -> Vec<f64> {
        match &self.data {
            Data::Real(x) => x.iter().map(|x| x.to_f64()).collect(),
            Data::Int(x) => x.iter().map(|x| *x as f64).collect(),
        }
    }

    /// The same elements picked by index: `y[i] = x[f(i)]`, or zero where there is none.
    fn pick(&self, ty: Type, f: impl Fn(usize) -> Option<usize>) -> Array<S> {
        let n = ty.shape.size();
        let data = match &self.data {
            Data::Real(x) => Data::Real((0..n).map(|i| f(i).map_or(S::ZERO, |j| x[j])).collect()),
            Data::Int(x) => Data::Int((0..n).map(|i| f(i).map_or(0, |j| x[j])).collect()),
        };
        Array { ty, data }
    }
}

/// Runs a tape.
///
/// # Errors
/// What only the data can decide: an index out of range.
///
/// # Example
/// ```
/// use quadric_autodiff::exec::{double_double::Dd, reference::{self, Array}};
/// use quadric_autodiff::{tensor, trace::{self, Var}};
/// // 1 + 1e-20 − 1 in about 31 digits.
/// let tape = trace::trace(|x: Var| x.sum(), &tensor![1.0, 1e-20, -1.0])?;
/// let sum = reference::run::<Dd>(&tape, &[Array::of(&tensor![1.0, 1e-20, -1.0])])?;
/// assert!((sum[0].reals()[0].to_f64() / 1e-20 - 1.0).abs() < 1e-10);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn run<S: Scalar>(tape: &Tape, inputs: &[Array<S>]) -> Result<Vec<Array<S>>, Error> {
    let mut values: Vec<Option<Array<S>>> = vec![None; tape.value_count()];
    for (v, x) in tape.inputs().iter().zip(inputs) {
        assert_eq!(tape.type_of(*v).shape, x.ty.shape, "the reference interpreter was given another shape");
        values[v.index()] = Some(x.clone());
    }
    for e in tape.equations() {
        let args: Vec<Array<S>> = e.inputs.iter().map(|v| values[v.index()].clone().expect("in order")).collect();
        let types: Vec<Type> = e.outputs.iter().map(|v| tape.type_of(*v).clone()).collect();
        let outputs = equation(e, &args, &types).map_err(|error| match e.label.user_line() {
            Some(line) => error.at(line),
            None => error,
        })?;
        for (v, y) in e.outputs.iter().zip(outputs) {
            values[v.index()] = Some(y);
        }
    }
    Ok(tape.outputs().iter().map(|v| values[v.index()].clone().expect("defined")).collect())
}

/// Runs a tape on tensors in `f64`, whatever their float dtype.
///
/// # Errors
/// As [`run`].
pub fn run_f64(tape: &Tape, inputs: &[&Tensor]) -> Result<Vec<Vec<f64>>, Error> {
    let inputs: Vec<Array<f64>> = inputs.iter().map(|t| Array::of(t)).collect();
    Ok(run(tape, &inputs)?.iter().map(Array::to_f64_vec).collect())
}

/// The multi-index of a flat position.
fn unravel(mut flat: usize, shape: &[usize]) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for i in (0..shape.len()).rev() {
        index[i] = flat % shape[i];
        flat /= shape[i];
    }
    index
}

fn ravel(index: &[usize], shape: &[usize]) -> usize {
    index.iter().zip(shape).fold(0, |flat, (i, n)| flat * n + i)
}

fn unary<S: Scalar>(op: Unary, x: S) -> S {
    match op {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign => x.sign(),
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.expm1(),
        Unary::Log => x.log(),
        Unary::Log1p => x.log1p(),
        Unary::Sqrt => x.sqrt(),
        Unary::Rsqrt => x.rsqrt(),
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tanh => x.tanh(),
        Unary::Erf => x.erf(),
        Unary::Logistic => x.logistic(),
        Unary::Floor => x.floor(),
        Unary::Recip => S::ONE / x,
        Unary::Square => x * x,
        Unary::Powi(n) => x.powi(n),
        Unary::Not => panic!("`not` is for bools"),
    }
}

fn compare<T: PartialOrd>(op: Binary, a: &T, b: &T) -> Option<bool> {
    match op {
        Binary::Lt => Some(a < b),
        Binary::Le => Some(a <= b),
        Binary::Eq => Some(a == b),
        Binary::Ne => Some(a != b),
        _ => None,
    }
}

fn binary<S: Scalar>(op: Binary, a: S, b: S) -> S {
    match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Pow => a.pow(b),
        Binary::Max => a.max(b),
        Binary::Min => a.min(b),
        other => panic!("{other:?} gives bools"),
    }
}

fn binary_int(op: Binary, a: i64, b: i64) -> i64 {
    match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a.wrapping_mul(b),
        Binary::Div => a.checked_div(b).unwrap_or(0),
        Binary::Max => a.max(b),
        Binary::Min => a.min(b),
        Binary::And => i64::from(a != 0 && b != 0),
        Binary::Or => i64::from(a != 0 || b != 0),
        other => panic!("{other:?} is not for integers"),
    }
}

/// An integer as its dtype holds it.
fn wrap(dtype: DType, x: i64) -> i64 {
    match dtype {
        DType::I32 => i64::from(x as i32),
        DType::U32 => i64::from(x as u32),
        DType::Bool => i64::from(x != 0),
        _ => unreachable!("floats are not integers"),
    }
}

#[allow(clippy::too_many_lines)]
fn equation<S: Scalar>(e: &Equation, x: &[Array<S>], types: &[Type]) -> Result<Vec<Array<S>>, Error> {
    let ty = types[0].clone();
    let shape = ty.shape.clone();
    let n = shape.size();
    let real = |data: Vec<S>| Array { ty: ty.clone(), data: Data::Real(data) };
    let int = |data: Vec<i64>| Array { ty: ty.clone(), data: Data::Int(data) };
    let y = match e.op.kernel() {
        Kernel::Body | Kernel::Replay => return run(&e.bodies[0], x),
        Kernel::Scan { length, constants, states, reverse } => {
            return scan(&e.bodies[0], x, types, (length, constants, states, reverse));
        }
        Kernel::Identity => x[0].pick(ty.clone(), Some),
        Kernel::Constant(t) => Array::of(&t),
        Kernel::Iota { axis } => {
            let at = |i| unravel(i, &shape)[axis];
            if ty.dtype.is_float() {
                real((0..n).map(|i| S::from_f64(at(i) as f64)).collect())
            } else {
                int((0..n).map(|i| at(i) as i64).collect())
            }
        }
        Kernel::Unary(op) => match &x[0].data {
            Data::Real(a) => real(a.iter().map(|a| unary(op, *a)).collect()),
            Data::Int(a) if op == Unary::Not => int(a.iter().map(|a| i64::from(*a == 0)).collect()),
            Data::Int(a) => int(a.iter().map(|a| wrap(ty.dtype, unary(op, *a as f64) as i64)).collect()),
        },
        Kernel::Binary(op) => match (&x[0].data, &x[1].data) {
            (Data::Real(a), Data::Real(b)) if ty.dtype == DType::Bool => {
                int(a.iter().zip(b).map(|(a, b)| i64::from(compare(op, a, b).expect("a comparison"))).collect())
            }
            (Data::Real(a), Data::Real(b)) => real(a.iter().zip(b).map(|(a, b)| binary(op, *a, *b)).collect()),
            (Data::Int(a), Data::Int(b)) => {
                let one = |a: &i64, b: &i64| match compare(op, a, b) {
                    Some(truth) => i64::from(truth),
                    None => wrap(ty.dtype, binary_int(op, *a, *b)),
                };
                int(a.iter().zip(b).map(|(a, b)| one(a, b)).collect())
            }
            _ => unreachable!("infer admits one dtype"),
        },
        Kernel::Select => {
            let p = x[0].ints();
            match (&x[1].data, &x[2].data) {
                (Data::Real(a), Data::Real(b)) => real((0..n).map(|i| if p[i] != 0 { a[i] } else { b[i] }).collect()),
                (Data::Int(a), Data::Int(b)) => int((0..n).map(|i| if p[i] != 0 { a[i] } else { b[i] }).collect()),
                _ => unreachable!("infer admits one dtype"),
            }
        }
        Kernel::Convert => match &x[0].data {
            // A float dtype stands for S in both directions: the interpreter does not round to f32.
            Data::Real(a) if ty.dtype.is_float() => real(a.clone()),
            Data::Real(a) => int(a.iter().map(|a| truncate(ty.dtype, a.to_f64())).collect()),
            Data::Int(a) if ty.dtype.is_float() => real(a.iter().map(|a| S::from_f64(*a as f64)).collect()),
            Data::Int(a) => int(a.iter().map(|a| wrap(ty.dtype, *a)).collect()),
        },
        Kernel::Broadcast { axes } => {
            let from = x[0].ty.shape.clone();
            x[0].pick(ty.clone(), |i| {
                let index = unravel(i, &shape);
                Some(ravel(&axes.iter().map(|a| index[*a]).collect::<Vec<_>>(), &from))
            })
        }
        Kernel::Permute { order } => {
            let from = x[0].ty.shape.clone();
            x[0].pick(ty.clone(), |i| {
                let index = unravel(i, &shape);
                let mut source = vec![0; order.len()];
                for (to, o) in order.iter().enumerate() {
                    source[*o] = index[to];
                }
                Some(ravel(&source, &from))
            })
        }
        Kernel::Slice { start, step } => {
            let from = x[0].ty.shape.clone();
            x[0].pick(ty.clone(), |i| {
                let index = unravel(i, &shape);
                let source: Vec<usize> = (0..index.len()).map(|a| start[a] + index[a] * step[a]).collect();
                Some(ravel(&source, &from))
            })
        }
        Kernel::Pad { low, inner } => {
            let from = x[0].ty.shape.clone();
            x[0].pick(ty.clone(), |i| {
                let mut source = unravel(i, &shape);
                for a in 0..source.len() {
                    let shifted = source[a].checked_sub(low[a])?;
                    if shifted % (inner[a] + 1) != 0 || shifted / (inner[a] + 1) >= from[a] {
                        return None;
                    }
                    source[a] = shifted / (inner[a] + 1);
                }
                Some(ravel(&source, &from))
            })
        }
        Kernel::Concat { axis } => {
            let whole: Vec<(usize, usize)> = (0..n)
                .map(|i| {
                    let mut index = unravel(i, &shape);
                    let mut k = 0;
                    while index[axis] >= x[k].ty.shape[axis] {
                        index[axis] -= x[k].ty.shape[axis];
                        k += 1;
                    }
                    (k, ravel(&index, &x[k].ty.shape))
                })
                .collect();
            if ty.dtype.is_float() {
                real(whole.iter().map(|(k, j)| x[*k].reals()[*j]).collect())
            } else {
                int(whole.iter().map(|(k, j)| x[*k].ints()[*j]).collect())
            }
        }
        Kernel::Reverse { axes } => x[0].pick(ty.clone(), |i| {
            let mut index = unravel(i, &shape);
            for a in axes.iter() {
                index[*a] = shape[*a] - 1 - index[*a];
            }
            Some(ravel(&index, &shape))
        }),
        Kernel::Sum { axes } => match &x[0].data {
            Data::Real(a) => real(reduce(a, &x[0].ty.shape, &axes, n, S::ZERO, |s, x| s + x)),
            Data::Int(a) => int(reduce(a, &x[0].ty.shape, &axes, n, 0, |s, x| wrap(ty.dtype, s + x))),
        },
        Kernel::Max { axes } => {
            real(reduce(x[0].reals(), &x[0].ty.shape, &axes, n, S::from_f64(f64::NEG_INFINITY), |s, x| s.max(x)))
        }
        Kernel::ArgMax { axis } => int(lines(&x[0], axis)
            .iter()
            .map(|line| {
                let mut best = 0;
                for i in 1..line.len() {
                    let wins = line[i] > line[best] || (line[i].is_nan() && !line[best].is_nan());
                    best = if wins { i } else { best };
                }
                best as i64
            })
            .collect()),
        Kernel::ArgSort { axis } => {
            let sorted: Vec<Vec<i64>> = lines(&x[0], axis)
                .iter()
                .map(|line| {
                    let mut order: Vec<i64> = (0..line.len() as i64).collect();
                    order.sort_by(|i, j| {
                        let (a, b) = (line[*i as usize], line[*j as usize]);
                        a.is_nan().cmp(&b.is_nan()).then(a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal))
                    });
                    order
                })
                .collect();
            int(unlines(&sorted, &shape, axis))
        }
        Kernel::CumSum { axis, reverse } => {
            let summed: Vec<Vec<S>> = lines(&x[0], axis)
                .into_iter()
                .map(|mut line| {
                    if reverse {
                        line.reverse();
                    }
                    let mut sum = S::ZERO;
                    for x in &mut line {
                        sum = sum + *x;
                        *x = sum;
                    }
                    if reverse {
                        line.reverse();
                    }
                    line
                })
                .collect();
            real(unlines(&summed, &shape, axis))
        }
        Kernel::Dot { transpose_lhs, transpose_rhs } => {
            let rank = shape.rank();
            let (sa, sb) = (x[0].ty.shape.clone(), x[1].ty.shape.clone());
            let k = sa[rank - if transpose_lhs { 2 } else { 1 }];
            let (a, b) = (x[0].reals(), x[1].reals());
            real(
                (0..n)
                    .map(|i| {
                        let index = unravel(i, &shape);
                        let (row, col) = (index[rank - 2], index[rank - 1]);
                        let at = |s: &Shape, r: usize, c: usize, t: bool| {
                            let mut full = index.clone();
                            (full[rank - 2], full[rank - 1]) = if t { (c, r) } else { (r, c) };
                            ravel(&full, s)
                        };
                        (0..k).fold(S::ZERO, |sum, j| {
                            sum + a[at(&sa, row, j, transpose_lhs)] * b[at(&sb, j, col, transpose_rhs)]
                        })
                    })
                    .collect(),
            )
        }
        Kernel::Gather { axis } => {
            let from = x[0].ty.shape.clone();
            let index = checked(x[1].ints(), from[axis], "gather")?;
            x[0].pick(ty.clone(), |i| {
                let mut source = unravel(i, &shape);
                source[axis] = index[source[axis]];
                Some(ravel(&source, &from))
            })
        }
        Kernel::GatherAlong { axis } => {
            let from = x[0].ty.shape.clone();
            let index = checked(x[1].ints(), from[axis], "gather_along")?;
            x[0].pick(ty.clone(), |i| {
                let mut source = unravel(i, &shape);
                source[axis] = index[i];
                Some(ravel(&source, &from))
            })
        }
        Kernel::ScatterAdd { axis } | Kernel::ScatterAddAlong { axis } => {
            let along = matches!(e.op.kernel(), Kernel::ScatterAddAlong { .. });
            let from = x[0].ty.shape.clone();
            let index = checked(x[1].ints(), shape[axis], e.op.name())?;
            let mut out = vec![S::ZERO; n];
            for (i, u) in x[0].reals().iter().enumerate() {
                let mut target = unravel(i, &from);
                target[axis] = if along { index[i] } else { index[target[axis]] };
                let to = ravel(&target, &shape);
                out[to] = out[to] + *u;
            }
            real(out)
        }
        Kernel::Patches(w) => x[0].pick(ty.clone(), |i| {
            let index = unravel(i, &shape);
            patch_source(&w, index[1], index[2]).map(|[c, y, z]| ravel(&[index[0], c, y, z], &x[0].ty.shape))
        }),
        Kernel::PatchesTranspose(w) => {
            let mut out = vec![S::ZERO; n];
            for (i, u) in x[0].reals().iter().enumerate() {
                let index = unravel(i, &x[0].ty.shape);
                if let Some([c, y, z]) = patch_source(&w, index[1], index[2]) {
                    let to = ravel(&[index[0], c, y, z], &shape);
                    out[to] = out[to] + *u;
                }
            }
            real(out)
        }
        Kernel::Cholesky => {
            let m = shape[shape.rank() - 1];
            let mut out = vec![S::ZERO; n];
            for (a, l) in x[0].reals().chunks((m * m).max(1)).zip(out.chunks_mut((m * m).max(1))) {
                for i in 0..m {
                    for j in 0..=i {
                        let sum = (0..j).fold(a[i * m + j], |s, k| s - l[i * m + k] * l[j * m + k]);
                        if i == j && (sum <= S::ZERO || sum.is_nan()) {
                            bail!(Data, "cholesky: the matrix is not positive definite (pivot {i})");
                        }
                        l[i * m + j] = if i == j { sum.sqrt() } else { sum / l[j * m + j] };
                    }
                }
            }
            real(out)
        }
        Kernel::TriangularSolve { lower, transpose } => {
            let (rows, cols) = (shape[shape.rank() - 2], shape[shape.rank() - 1]);
            let mut out = vec![S::ZERO; n];
            let (square, each) = ((rows * rows).max(1), (rows * cols).max(1));
            let systems = x[0].reals().chunks(square).zip(x[1].reals().chunks(each));
            for ((a, b), y) in systems.zip(out.chunks_mut(each)) {
                let at = |i: usize, j: usize| if transpose { a[j * rows + i] } else { a[i * rows + j] };
                // Forward substitution if op(T) is lower triangular, backward if upper.
                let forward = lower != transpose;
                for c in 0..cols {
                    for step in 0..rows {
                        let i = if forward { step } else { rows - 1 - step };
                        let known = if forward { 0..i } else { i + 1..rows };
                        let sum = known.fold(b[i * cols + c], |s, j| s - at(i, j) * y[j * cols + c]);
                        y[i * cols + c] = sum / at(i, i);
                    }
                }
            }
            real(out)
        }
        Kernel::RandomBits { shape: each } => {
            let keys = x[0].ints();
            let size = each.size();
            int((0..n)
                .map(|i| {
                    let key = i / size.max(1);
                    let word = i % size.max(1);
                    let bits = threefry([keys[2 * key] as u32, keys[2 * key + 1] as u32], (word / 2) as u64);
                    i64::from(bits[word % 2])
                })
                .collect())
        }
    };
    Ok(vec![y])
}

fn scan<S: Scalar>(
    body: &Tape,
    x: &[Array<S>],
    types: &[Type],
    (length, constants, states, reverse): (usize, usize, usize, bool),
) -> Result<Vec<Array<S>>, Error> {
    let whole = constants + states;
    let mut args = x[..whole].to_vec();
    args.extend(x[whole..].iter().map(|x| x.pick(x.ty.with_shape(Shape::from(&x.ty.shape[1..])), |_| None)));
    let mut stacked: Vec<Vec<Array<S>>> = vec![Vec::new(); types.len() - states];
    for step in 0..length {
        let at = if reverse { length - 1 - step } else { step };
        for (arg, x) in args[whole..].iter_mut().zip(&x[whole..]) {
            let size = arg.ty.shape.size();
            *arg = x.pick(arg.ty.clone(), |i| Some(at * size + i));
        }
        let results = run(body, &args)?;
        args.splice(constants..whole, results[..states].iter().cloned());
        for (all, y) in stacked.iter_mut().zip(&results[states..]) {
            all.push(y.clone());
        }
    }
    let mut outputs = args[constants..whole].to_vec();
    for (mut all, ty) in stacked.into_iter().zip(&types[states..]) {
        if reverse {
            all.reverse();
        }
        let data = if ty.dtype.is_float() {
            Data::Real(all.iter().flat_map(|a| a.reals().to_vec()).collect())
        } else {
            Data::Int(all.iter().flat_map(|a| a.ints().to_vec()).collect())
        };
        outputs.push(Array { ty: ty.clone(), data });
    }
    Ok(outputs)
}

/// Which entry `[channel, row, column]` of the image stands in row r, column p of its patches; none in the padding.
fn patch_source(w: &Window, r: usize, p: usize) -> Option<[usize; 3]> {
    let [kh, kw] = w.kernel;
    let (c, down, across) = (r / (kh * kw), r / kw % kh, r % kw);
    let (y, x) = (p / w.out_width(), p % w.out_width());
    let row = (y * w.stride[0] + down * w.dilation[0]).checked_sub(w.padding[0])?;
    let col = (x * w.stride[1] + across * w.dilation[1]).checked_sub(w.padding[2])?;
    (row < w.height && col < w.width).then_some([c, row, col])
}

/// Towards zero, saturating; NaN is 0. To bool: whether it is not 0.
fn truncate(dtype: DType, x: f64) -> i64 {
    match dtype {
        DType::I32 => i64::from(x as i32),
        DType::U32 => i64::from(x as u32),
        _ => i64::from(x != 0.0),
    }
}

fn checked(index: &[i64], n: usize, name: &str) -> Result<Vec<usize>, Error> {
    if let Some(at) = index.iter().position(|i| *i < 0 || *i >= n as i64) {
        bail!(Data, "{name}: index {} at position {at} is out of range for {n} entries", index[at]);
    }
    Ok(index.iter().map(|i| *i as usize).collect())
}

fn reduce<T: Copy>(x: &[T], from: &Shape, axes: &[usize], n: usize, start: T, f: impl Fn(T, T) -> T) -> Vec<T> {
    let kept: Vec<usize> = (0..from.rank()).filter(|a| !axes.contains(a)).collect();
    let to: Vec<usize> = kept.iter().map(|a| from[*a]).collect();
    let mut y = vec![start; n];
    for (i, x) in x.iter().enumerate() {
        let index = unravel(i, from);
        let at = ravel(&kept.iter().map(|a| index[*a]).collect::<Vec<_>>(), &to);
        y[at] = f(y[at], *x);
    }
    y
}

/// The lines of an array along an axis, in row-major order of the other axes.
fn lines<S: Scalar>(x: &Array<S>, axis: usize) -> Vec<Vec<S>> {
    let (outer, n, inner) = x.ty.shape.around(axis);
    let at = |o: usize, j: usize, i: usize| x.reals()[(o * n + j) * inner + i];
    (0..outer * inner).map(|l| (0..n).map(|j| at(l / inner, j, l % inner)).collect()).collect()
}

fn unlines<T: Copy>(lines: &[Vec<T>], shape: &Shape, axis: usize) -> Vec<T> {
    let (_, n, inner) = shape.around(axis);
    (0..shape.size()).map(|i| lines[i / (n * inner) * inner + i % inner][i / inner % n]).collect()
}

/// Threefry-2x32 with 20 rounds (Salmon et al. 2011), written out from the paper.
fn threefry(key: [u32; 2], counter: u64) -> [u32; 2] {
    const ROTATIONS: [u32; 8] = [13, 15, 26, 6, 17, 29, 16, 24];
    let schedule = [key[0], key[1], 0x1BD1_1BDA ^ key[0] ^ key[1]];
    let mut x = [(counter as u32).wrapping_add(key[0]), ((counter >> 32) as u32).wrapping_add(key[1])];
    for round in 0..20 {
        x[0] = x[0].wrapping_add(x[1]);
        x[1] = x[1].rotate_left(ROTATIONS[round % 8]) ^ x[0];
        if round % 4 == 3 {
            let s = round / 4 + 1;
            x[0] = x[0].wrapping_add(schedule[s % 3]);
            x[1] = x[1].wrapping_add(schedule[(s + 1) % 3]).wrapping_add(s as u32);
        }
    }
    x
}
