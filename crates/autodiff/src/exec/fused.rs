//! Running a register program: many elementwise equations, one pass over the data.
//!
//! It runs chunk by chunk: a chunk's intermediate results live in registers of 4 KiB that stay in the first-level cache, and
//! every instruction is one vectorised loop over a chunk. An element's result depends on its operands alone, so neither the
//! chunks nor the threads can change a bit.

use quadric_kernels::{Arena, Operand as Arg, Real, convert, copy, pointwise};

use crate::plan::{Action, Instruction, Load, REGISTERS, RegisterProgram, STORES, Source, Store, Target};

/// Bytes of a register.
const CHUNK_BYTES: usize = 4096;
/// Elements below which a group stays on one thread.
const PARALLEL: usize = 1 << 15;

/// What a group reads: numbers or bools.
#[derive(Clone, Copy)]
pub(super) enum Input<'a, T> {
    Real(&'a [T]),
    Mask(&'a [u8]),
}

/// What a group writes.
pub(super) enum Chunked<'a, T> {
    Real(&'a mut [T]),
    Mask(&'a mut [u8]),
}

impl<'a, T> Chunked<'a, T> {
    fn split_at(self, mid: usize) -> (Chunked<'a, T>, Chunked<'a, T>) {
        match self {
            Chunked::Real(x) => {
                let (a, b) = x.split_at_mut(mid);
                (Chunked::Real(a), Chunked::Real(b))
            }
            Chunked::Mask(x) => {
                let (a, b) = x.split_at_mut(mid);
                (Chunked::Mask(a), Chunked::Mask(b))
            }
        }
    }
}

/// Room for so many, each taken or free; without allocation.
type Slots<X, const N: usize> = [Option<X>; N];

thread_local! {
    /// Registers of a worker thread; the calling thread uses its own too. Made once a thread.
    static SCRATCH: std::cell::RefCell<Arena> = std::cell::RefCell::new(Arena::new(CHUNK_BYTES * REGISTERS));
}

impl RegisterProgram {
    fn len(&self) -> usize {
        self.shape.size()
    }

    pub(super) fn run<T: Real>(
        &self,
        inputs: &[Option<Input<'_, T>>],
        outputs: Slots<Chunked<'_, T>, STORES>,
        threads: usize,
    ) {
        let threads = if self.len() < PARALLEL { 1 } else { threads };
        self.split(0, self.len(), inputs, outputs, threads);
    }

    fn split<T: Real>(
        &self,
        start: usize,
        len: usize,
        inputs: &[Option<Input<'_, T>>],
        outputs: Slots<Chunked<'_, T>, STORES>,
        threads: usize,
    ) {
        if threads <= 1 {
            return SCRATCH.with_borrow_mut(|scratch| self.range(start, len, inputs, outputs, scratch));
        }
        let chunk = CHUNK_BYTES / size_of::<T>();
        let mid = (len / 2).next_multiple_of(chunk).min(len);
        let mut left: Slots<Chunked<'_, T>, STORES> = [const { None }; STORES];
        let mut right: Slots<Chunked<'_, T>, STORES> = [const { None }; STORES];
        for (i, out) in outputs.into_iter().enumerate() {
            if let Some(out) = out {
                let (a, b) = out.split_at(mid);
                left[i] = Some(a);
                right[i] = Some(b);
            }
        }
        rayon::join(
            || self.split(start, mid, inputs, left, threads / 2),
            || self.split(start + mid, len - mid, inputs, right, threads - threads / 2),
        );
    }

    fn range<T: Real>(
        &self,
        start: usize,
        len: usize,
        inputs: &[Option<Input<'_, T>>],
        mut outputs: Slots<Chunked<'_, T>, STORES>,
        scratch: &mut Arena,
    ) {
        let chunk = CHUNK_BYTES / size_of::<T>();
        let mut registers: Slots<&mut [T], REGISTERS> = [const { None }; REGISTERS];
        for (slot, register) in
            registers.iter_mut().zip(scratch.view_mut::<T>(0, chunk * REGISTERS).chunks_exact_mut(chunk))
        {
            *slot = Some(register);
        }
        let mut done = 0;
        while done < len {
            let n = chunk.min(len - done);
            self.load(start + done, n, inputs, &mut registers);
            for instruction in &self.instructions {
                self.execute(instruction, start + done, done, n, inputs, &mut registers, &mut outputs);
            }
            for (store, out) in self.stores.iter().zip(&mut outputs) {
                if let (Store::Mask { register }, Some(Chunked::Mask(out))) = (store, out) {
                    convert(&registers[*register].as_ref().expect("in place")[..n], &mut out[done..done + n]);
                }
            }
            done += n;
        }
    }

    fn load<T: Real>(
        &self,
        start: usize,
        n: usize,
        inputs: &[Option<Input<'_, T>>],
        registers: &mut Slots<&mut [T], REGISTERS>,
    ) {
        for (load, input) in self.loads.iter().zip(inputs) {
            match (load, input) {
                (Load::Mask { register }, Some(Input::Mask(x))) => {
                    convert(&x[start..start + n], &mut registers[*register].as_mut().expect("in place")[..n]);
                }
                (Load::Strided { register, offset, strides }, Some(Input::Real(x))) => {
                    let to = &mut registers[*register].as_mut().expect("in place")[..n];
                    copy::strided_range(to, start, &self.shape, x, *offset, strides);
                }
                (Load::Strided { register, offset, strides }, Some(Input::Mask(x))) => {
                    let mut bytes = [0u8; CHUNK_BYTES / 4];
                    copy::strided_range(&mut bytes[..n], start, &self.shape, x, *offset, strides);
                    convert(&bytes[..n], &mut registers[*register].as_mut().expect("in place")[..n]);
                }
                _ => {}
            }
        }
    }

    /// One instruction on one chunk: element `start` of the whole array, element `done` of this thread's outputs.
    #[allow(clippy::too_many_arguments)]
    fn execute<T: Real>(
        &self,
        instruction: &Instruction,
        start: usize,
        done: usize,
        n: usize,
        inputs: &[Option<Input<'_, T>>],
        registers: &mut Slots<&mut [T], REGISTERS>,
        outputs: &mut Slots<Chunked<'_, T>, STORES>,
    ) {
        let mut taken = None;
        let target: &mut [T] = match instruction.target {
            Target::Register(r) => taken.insert((r, registers[r].take().expect("no operand is written"))).1,
            Target::Store(s) => match outputs[s].as_mut().expect("one array a store") {
                Chunked::Real(out) => &mut out[done..],
                Chunked::Mask(_) => unreachable!("bools are stored from a register"),
            },
        };
        let y = &mut target[..n];
        let arg = |source: Source| match source {
            Source::Register(r) => Arg::Slice(&registers[r].as_ref().expect("written before")[..n]),
            Source::Load(l) => match inputs[l] {
                Some(Input::Real(x)) if self.loads[l] == Load::One => Arg::Scalar(x[0]),
                Some(Input::Real(x)) => Arg::Slice(&x[start..start + n]),
                _ => unreachable!("whole loads are numbers"),
            },
            Source::Number(x) => Arg::Scalar(T::from(x).expect("a float holds a float")),
        };
        match instruction.action {
            Action::Unary(op, x) => match arg(x) {
                Arg::Slice(x) => op.apply(x, y),
                Arg::Scalar(x) => y.fill(op.at(x)),
            },
            Action::Binary(op, a, b) => op.apply(arg(a), arg(b), y),
            Action::Select(p, a, b) => pointwise::select(arg(p), arg(a), arg(b), y),
            Action::Move(x) => match arg(x) {
                Arg::Slice(x) => y.copy_from_slice(x),
                Arg::Scalar(x) => y.fill(x),
            },
        }
        if let Some((r, register)) = taken {
            registers[r] = Some(register);
        }
    }
}
