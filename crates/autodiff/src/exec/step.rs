//! One step of a program: a kernel call with its operands resolved to storage.

use std::sync::Arc;

use quadric_kernels::{
    Arena, Comparison, Element, Int, Operand, Real, convert, copy, gather, gemm, linalg, pointwise, reduce,
};

use super::fused::{Fused, Input, LOADS, Output, STORES};
use super::loops::Loop;
use crate::dtype::DType;
use crate::error::{Error, bail};
use crate::shape::Type;
use crate::tape::{Binary, Kernel, Label, Window};
use crate::tensor::Tensor;

/// Where a value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// An argument of the program.
    Input(usize),
    /// A constant of the program.
    Constant(usize),
    /// A buffer of the program.
    Slot(usize),
}

/// An operand of a single kernel.
#[derive(Clone, Debug)]
pub(super) struct Operated {
    pub(super) place: Place,
    pub(super) ty: Type,
    /// For products: the batch axes repeat one matrix.
    pub(super) repeats: bool,
}

#[derive(Debug)]
pub(super) enum Work {
    /// One elementwise pass.
    Fused { fused: Box<Fused>, dtype: DType, inputs: Vec<(Place, bool)>, outputs: Vec<usize> },
    /// One kernel.
    Single { kernel: Kernel, inputs: Vec<Operated>, output: usize, ty: Type },
    /// A strided view written out.
    Copy { from: Place, offset: usize, strides: Vec<isize>, output: usize, ty: Type },
    /// A loop.
    Scan(Box<Loop>),
    /// One number everywhere.
    Fill { number: f64, output: usize, ty: Type },
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) work: Work,
    pub(super) label: Label,
}

/// The storage that steps read and write. A step takes the buffers it writes out of `slots`, so that reading the others
/// needs no more than a shared borrow.
pub(super) struct Memory<'a> {
    pub(super) inputs: &'a [&'a Tensor],
    pub(super) constants: &'a [Tensor],
    pub(super) slots: &'a mut [Option<Arc<Arena>>],
    pub(super) threads: usize,
}

impl Memory<'_> {
    pub(super) fn arena(&self, place: Place) -> &Arena {
        match place {
            Place::Input(i) => self.inputs[i].storage(),
            Place::Constant(k) => self.constants[k].storage(),
            Place::Slot(s) => self.slots[s].as_ref().expect("no step reads what it writes"),
        }
    }

    fn read<T: Element>(&self, x: &Operated) -> &[T] {
        self.arena(x.place).view(0, x.ty.shape.size())
    }
}

fn write<T: Element>(arena: &mut Arc<Arena>, len: usize) -> &mut [T] {
    Arc::get_mut(arena).expect("buffers are handed out unshared").view_mut(0, len)
}

macro_rules! by_dtype {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            DType::F32 => {
                type $t = f32;
                $body
            }
            DType::F64 => {
                type $t = f64;
                $body
            }
            DType::I32 => {
                type $t = i32;
                $body
            }
            DType::U32 => {
                type $t = u32;
                $body
            }
            DType::Bool => {
                type $t = u8;
                $body
            }
        }
    };
}

macro_rules! by_float {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            DType::F32 => {
                type $t = f32;
                $body
            }
            DType::F64 => {
                type $t = f64;
                $body
            }
            other => unreachable!("infer admits floats only, not {other}"),
        }
    };
}

impl Step {
    pub(super) fn run(&self, memory: &mut Memory<'_>) -> Result<(), Error> {
        match &self.work {
            Work::Fused { fused, dtype: DType::F64, inputs, outputs } => {
                run_fused::<f64>(fused, inputs, outputs, memory)
            }
            Work::Fused { fused, inputs, outputs, .. } => run_fused::<f32>(fused, inputs, outputs, memory),
            Work::Single { kernel, inputs, output, ty } => {
                let mut out = memory.slots[*output].take().expect("every slot has a buffer");
                let result = single(kernel, inputs, ty, &mut out, memory);
                memory.slots[*output] = Some(out);
                return result.map_err(|e| self.blame(e));
            }
            Work::Scan(body) => return body.run(memory).map_err(|e| self.blame(e)),
            Work::Copy { from, offset, strides, output, ty } => {
                let mut out = memory.slots[*output].take().expect("every slot has a buffer");
                by_dtype!(ty.dtype, T => {
                    let arena = memory.arena(*from);
                    let x: &[T] = arena.view(0, arena.len() / size_of::<T>());
                    copy::strided(write::<T>(&mut out, ty.shape.size()), &ty.shape, x, *offset, strides);
                });
                memory.slots[*output] = Some(out);
            }
            Work::Fill { number, output, ty } => {
                let out = memory.slots[*output].as_mut().expect("every slot has a buffer");
                by_dtype!(ty.dtype, T => write::<T>(out, ty.shape.size()).fill(*number as T));
            }
        }
        Ok(())
    }

    /// The error with the user's line.
    fn blame(&self, e: Error) -> Error {
        match self.label.user_line() {
            Some(line) => e.at(line),
            None => e,
        }
    }
}

fn run_fused<T: Real>(fused: &Fused, inputs: &[(Place, bool)], outputs: &[usize], memory: &mut Memory<'_>) {
    let len = fused.dims.iter().product();
    let mut taken: [Option<Arc<Arena>>; STORES] = [const { None }; STORES];
    for (arena, slot) in taken.iter_mut().zip(outputs) {
        *arena = memory.slots[*slot].take();
    }
    {
        let mut args: [Option<Input<'_, T>>; LOADS] = [None; LOADS];
        for (arg, (place, mask)) in args.iter_mut().zip(inputs) {
            let arena = memory.arena(*place);
            *arg = Some(if *mask {
                Input::Mask(arena.view(0, arena.len()))
            } else {
                Input::Real(arena.view(0, arena.len() / size_of::<T>()))
            });
        }
        let mut outs: [Option<Output<'_, T>>; STORES] = [const { None }; STORES];
        for ((out, arena), store) in outs.iter_mut().zip(&mut taken).zip(&fused.stores) {
            let arena = arena.as_mut().expect("every slot has a buffer");
            *out = Some(if store.mask { Output::Mask(write(arena, len)) } else { Output::Real(write(arena, len)) });
        }
        fused.run(&args[..inputs.len()], outs, memory.threads);
    }
    for (arena, slot) in taken.into_iter().zip(outputs) {
        memory.slots[*slot] = arena;
    }
}

fn single(
    kernel: &Kernel,
    inputs: &[Operated],
    ty: &Type,
    out: &mut Arc<Arena>,
    memory: &Memory<'_>,
) -> Result<(), Error> {
    let len = ty.shape.size();
    let threads = memory.threads;
    match kernel {
        Kernel::Unary(op) => match ty.dtype {
            DType::I32 => pointwise::unary_int(*op, memory.read::<i32>(&inputs[0]), write(out, len)),
            DType::U32 => pointwise::unary_int(*op, memory.read::<u32>(&inputs[0]), write(out, len)),
            other => unreachable!("{other} is fused"),
        },
        Kernel::Binary(op) => match inputs[0].ty.dtype {
            DType::I32 => integers::<i32>(*op, inputs, ty, out, memory),
            DType::U32 => integers::<u32>(*op, inputs, ty, out, memory),
            DType::Bool => integers_mask(*op, inputs, out, len, memory),
            other => unreachable!("{other} is fused"),
        },
        Kernel::Select => by_dtype!(ty.dtype, T => pointwise::select_any(
            memory.read::<u8>(&inputs[0]),
            memory.read::<T>(&inputs[1]),
            memory.read::<T>(&inputs[2]),
            write::<T>(out, len),
        )),
        Kernel::Convert => by_dtype!(inputs[0].ty.dtype, A => {
            let x = memory.read::<A>(&inputs[0]);
            by_dtype!(ty.dtype, B => convert(x, write::<B>(out, len)));
        }),
        Kernel::Iota { axis } => {
            let (outer, n, inner) = ty.shape.around(*axis);
            by_dtype!(ty.dtype, T => {
                let y = write::<T>(out, len);
                for o in 0..outer {
                    for i in 0..n {
                        y[(o * n + i) * inner..][..inner].fill(i as T);
                    }
                }
            });
        }
        Kernel::Pad { low, inner } => by_dtype!(ty.dtype, T => {
            let all = ty.shape.strides();
            let offset = low.iter().zip(&all).map(|(l, s)| l * *s as usize).sum();
            let strides: Vec<isize> = all.iter().zip(inner).map(|(s, i)| s * (*i as isize + 1)).collect();
            let y = write::<T>(out, len);
            y.fill(T::default());
            if inputs[0].ty.shape.size() > 0 {
                copy::scatter_strided(y, offset, &strides, &inputs[0].ty.shape, memory.read(&inputs[0]));
            }
        }),
        Kernel::Concat { axis } => by_dtype!(ty.dtype, T => {
            let strides = ty.shape.strides();
            let y = write::<T>(out, len);
            let mut at = 0;
            for x in inputs {
                if x.ty.shape.size() > 0 {
                    copy::scatter_strided(y, at * strides[*axis] as usize, &strides, &x.ty.shape, memory.read(x));
                }
                at += x.ty.shape[*axis];
            }
        }),
        Kernel::Sum { axes } => {
            let (outer, n, inner) = around(&inputs[0].ty, axes);
            match ty.dtype {
                DType::F32 => reduce::sum(memory.read::<f32>(&inputs[0]), outer, n, inner, write(out, len), threads),
                DType::F64 => reduce::sum(memory.read::<f64>(&inputs[0]), outer, n, inner, write(out, len), threads),
                DType::I32 => reduce::sum_int(memory.read::<i32>(&inputs[0]), outer, n, inner, write(out, len)),
                DType::U32 => reduce::sum_int(memory.read::<u32>(&inputs[0]), outer, n, inner, write(out, len)),
                DType::Bool => unreachable!("infer admits numbers only"),
            }
        }
        Kernel::Max { axes } => {
            let (outer, n, inner) = around(&inputs[0].ty, axes);
            by_float!(ty.dtype, T => {
                reduce::max(memory.read::<T>(&inputs[0]), outer, n, inner, write(out, len), threads);
            });
        }
        Kernel::ArgMax { axis } => {
            let (outer, n, inner) = inputs[0].ty.shape.around(*axis);
            if n == 0 {
                bail!(Data, "argmax: axis {axis} of {} is empty", inputs[0].ty);
            }
            by_float!(inputs[0].ty.dtype, T => {
                reduce::argmax(memory.read::<T>(&inputs[0]), outer, n, inner, write(out, len));
            });
        }
        Kernel::ArgSort { axis } => {
            let (outer, n, inner) = inputs[0].ty.shape.around(*axis);
            by_float!(inputs[0].ty.dtype, T => {
                reduce::argsort(memory.read::<T>(&inputs[0]), outer, n, inner, write(out, len));
            });
        }
        Kernel::CumSum { axis, reverse } => {
            let (outer, n, inner) = inputs[0].ty.shape.around(*axis);
            by_float!(ty.dtype, T => {
                reduce::cumsum(memory.read::<T>(&inputs[0]), outer, n, inner, *reverse, write(out, len));
            });
        }
        Kernel::Dot { transpose_lhs, transpose_rhs } => by_float!(ty.dtype, T => {
            product::<T>(*transpose_lhs, *transpose_rhs, inputs, ty, out, memory);
        }),
        Kernel::Gather { axis } => {
            let (outer, n, inner) = inputs[0].ty.shape.around(*axis);
            let index = memory.read::<i32>(&inputs[1]);
            let done = by_dtype!(ty.dtype, T => {
                gather::gather(memory.read::<T>(&inputs[0]), outer, n, inner, index, write(out, len))
            });
            return done.map_err(|at| out_of_range("gather", index, at, n));
        }
        Kernel::ScatterAdd { axis } => {
            let (outer, n, inner) = ty.shape.around(*axis);
            let index = memory.read::<i32>(&inputs[1]);
            let done = by_float!(ty.dtype, T => {
                gather::scatter_add(memory.read::<T>(&inputs[0]), outer, n, inner, index, write(out, len))
            });
            return done.map_err(|at| out_of_range("scatter_add", index, at, n));
        }
        Kernel::GatherAlong { axis } => {
            let (outer, n, inner) = inputs[0].ty.shape.around(*axis);
            let index = memory.read::<i32>(&inputs[1]);
            let done = by_dtype!(ty.dtype, T => {
                gather::gather_elements(memory.read::<T>(&inputs[0]), outer, n, inner, index, write(out, len))
            });
            return done.map_err(|at| out_of_range("gather_along", index, at, n));
        }
        Kernel::ScatterAddAlong { axis } => {
            let (outer, n, inner) = ty.shape.around(*axis);
            let index = memory.read::<i32>(&inputs[1]);
            let done = by_float!(ty.dtype, T => {
                gather::scatter_add_elements(memory.read::<T>(&inputs[0]), outer, n, inner, index, write(out, len))
            });
            return done.map_err(|at| out_of_range("scatter_add_along", index, at, n));
        }
        Kernel::RandomBits { shape } => {
            let keys = memory.read::<u32>(&inputs[0]);
            let each = shape.size();
            let y = write::<u32>(out, len);
            for (i, key) in keys.chunks_exact(2).enumerate() {
                quadric_kernels::random_bits([key[0], key[1]], &mut y[i * each..(i + 1) * each]);
            }
        }
        Kernel::Patches(w) => by_float!(ty.dtype, T => {
            let batch = ty.shape[0];
            quadric_kernels::patches::patches(&window(w), batch, memory.read::<T>(&inputs[0]), write(out, len));
        }),
        Kernel::PatchesTranspose(w) => by_float!(ty.dtype, T => {
            let batch = ty.shape[0];
            let x = memory.read::<T>(&inputs[0]);
            quadric_kernels::patches::patches_transpose(&window(w), batch, x, write(out, len));
        }),
        Kernel::Cholesky => {
            let n = ty.shape[ty.shape.rank() - 1];
            by_float!(ty.dtype, T => {
                let (a, l) = (memory.read::<T>(&inputs[0]), write::<T>(out, len));
                for (a, l) in a.chunks(nonzero(n * n)).zip(l.chunks_mut(nonzero(n * n))) {
                    linalg::cholesky(a, n, l).map_err(|pivot| {
                        let what = format!("cholesky: the matrix is not positive definite (pivot {pivot})");
                        Error::new(crate::ErrorKind::Data, what)
                    })?;
                }
            });
        }
        Kernel::TriangularSolve { lower, transpose } => {
            let rank = ty.shape.rank();
            let (n, m) = (ty.shape[rank - 2], ty.shape[rank - 1]);
            by_float!(ty.dtype, T => {
                let (a, b) = (memory.read::<T>(&inputs[0]), memory.read::<T>(&inputs[1]));
                let x = write::<T>(out, len);
                let (square, rows) = (nonzero(n * n), nonzero(n * m));
                for ((a, b), x) in a.chunks(square).zip(b.chunks(rows)).zip(x.chunks_mut(rows)) {
                    linalg::triangular_solve(a, n, *lower, *transpose, b, m, x);
                }
            });
        }
        other => unreachable!("{other:?} is no step of its own"),
    }
    Ok(())
}

/// A length to cut a slice by: an empty slice has no pieces, whatever their length.
fn nonzero(n: usize) -> usize {
    n.max(1)
}

fn window(w: &Window) -> quadric_kernels::Patches {
    let [top, bottom, left, right] = w.padding;
    quadric_kernels::Patches {
        channels: w.channels,
        height: w.height,
        width: w.width,
        kernel: w.kernel.into(),
        stride: w.stride.into(),
        padding: ((top, bottom), (left, right)),
        dilation: w.dilation.into(),
    }
}

fn out_of_range(name: &str, index: &[i32], at: usize, n: usize) -> Error {
    let what = format!("{name}: index {} at position {at} is out of range for {n} entries", index[at]);
    Error::new(crate::ErrorKind::Data, what)
}

/// `[outer, n, inner]` around a run of neighbouring axes.
fn around(ty: &Type, axes: &[usize]) -> (usize, usize, usize) {
    let Some((first, last)) = axes.first().zip(axes.last()) else { return (ty.shape.size(), 1, 1) };
    debug_assert_eq!(last - first + 1, axes.len(), "lower has split the reduction into runs");
    let part = |r: std::ops::Range<usize>| ty.shape[r].iter().product();
    (part(0..*first), part(*first..last + 1), part(last + 1..ty.shape.rank()))
}

fn integers<T: Int>(op: Binary, inputs: &[Operated], ty: &Type, out: &mut Arc<Arena>, memory: &Memory<'_>) {
    let (a, b) = (Operand::Slice(memory.read::<T>(&inputs[0])), Operand::Slice(memory.read::<T>(&inputs[1])));
    let len = ty.shape.size();
    let comparison = match op {
        Binary::Lt => Comparison::Lt,
        Binary::Le => Comparison::Le,
        Binary::Eq => Comparison::Eq,
        Binary::Ne => Comparison::Ne,
        _ => return pointwise::binary_int(op, a, b, write::<T>(out, len)),
    };
    pointwise::compare(comparison, a, b, write(out, len));
}

/// Comparisons of bools; their logic is fused.
fn integers_mask(op: Binary, inputs: &[Operated], out: &mut Arc<Arena>, len: usize, memory: &Memory<'_>) {
    let (a, b) = (Operand::Slice(memory.read::<u8>(&inputs[0])), Operand::Slice(memory.read::<u8>(&inputs[1])));
    let comparison = match op {
        Binary::Lt => Comparison::Lt,
        Binary::Le => Comparison::Le,
        Binary::Eq => Comparison::Eq,
        _ => Comparison::Ne,
    };
    pointwise::compare(comparison, a, b, write(out, len));
}

fn product<T: Real>(
    transpose_lhs: bool,
    transpose_rhs: bool,
    inputs: &[Operated],
    ty: &Type,
    out: &mut Arc<Arena>,
    memory: &Memory<'_>,
) {
    let rank = ty.shape.rank();
    let (m, n) = (ty.shape[rank - 2], ty.shape[rank - 1]);
    let k = inputs[0].ty.shape[rank - if transpose_lhs { 2 } else { 1 }];
    let batch: usize = ty.shape[..rank - 2].iter().product();
    let stride = |x: &Operated, size: usize| if x.repeats { 0 } else { size };
    let read = |x: &Operated, size: usize| -> &[T] {
        memory.arena(x.place).view(0, if x.repeats { size } else { size * batch })
    };
    gemm::gemm_batched(
        batch,
        false,
        read(&inputs[0], m * k),
        stride(&inputs[0], m * k),
        read(&inputs[1], k * n),
        stride(&inputs[1], k * n),
        m,
        n,
        k,
        transpose_lhs,
        transpose_rhs,
        write(out, batch * m * n),
        memory.threads,
    );
}
