//! A compiled tape: steps over planned buffers, replayed without allocating.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quadric_kernels::Arena;

use super::step::Memory;
use super::{loops, room};
use crate::error::{Error, bail, count};
use crate::pass;
use crate::plan::{Place, Plan, Returned, Step, Work};
use crate::shape::Type;
use crate::tape::Tape;
use crate::tensor::Tensor;

static DEFAULT_THREADS: AtomicUsize = AtomicUsize::new(0);

/// How many threads programs use that do not say so themselves. 0, the start, means as many as rayon has.
pub fn set_default_threads(threads: usize) {
    DEFAULT_THREADS.store(threads, Ordering::Relaxed);
}

/// How to compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Threads; 1 never enters rayon. `None`: the default. The number changes no bit of any result.
    pub threads: Option<usize>,
    /// Whether to rewrite the tape first. Without, every equation runs as it stands (bodies inlined).
    pub optimize: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { threads: None, optimize: true }
    }
}

/// A tape, optimised, fused and planned; run it as often as you like.
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, tensor, trace::{self, Var}};
/// let tape = trace::trace(|x: Var| (x.sin() * 2.0).sum(), &tensor![0.0, 0.5])?;
/// let mut program = Program::new(&tape, &Options { threads: Some(1), ..Options::default() });
/// let x = tensor![0.0, 0.5];
/// let mut outputs = program.call(&[&x])?;
/// // A replay into the same tensors does not allocate.
/// program.run(&[&x], &mut outputs)?;
/// assert_eq!(outputs[0].item(), 2.0 * 0.5f64.sin());
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Debug)]
pub struct Program {
    plan: Arc<Plan>,
    /// The arguments' types, as they are handed out.
    inputs: Vec<Type>,
    threads: usize,
    /// The loops' bodies, in the order of their steps, with buffers of their own.
    bodies: Vec<Program>,
    slots: Vec<Option<Arc<Arena>>>,
    /// Buffers of results that were handed out; one is used again when nobody else holds it.
    pool: Vec<Vec<Arc<Arena>>>,
    /// Why it cannot run: it would need more memory than there is.
    refused: Option<Error>,
}

/// Results kept for reuse, an output.
const POOL: usize = 4;

impl Program {
    /// Compiles a tape. A program whose buffers are more than the machine can give is not refused here, where nobody waits for
    /// an error, but by its first [`call`](Program::call) or [`run`](Program::run); nothing is allocated for it.
    pub fn new(tape: &Tape, options: &Options) -> Program {
        let threads = match options.threads.unwrap_or_else(|| DEFAULT_THREADS.load(Ordering::Relaxed)) {
            0 => rayon::current_num_threads(),
            n => n,
        };
        let plan = Plan::new(&prepared(tape, options.optimize));
        let refused = room::refused(&plan);
        Program::of(Arc::new(plan), threads, refused)
    }

    /// Buffers and whatever else a plan needs to run.
    fn of(plan: Arc<Plan>, threads: usize, refused: Option<Error>) -> Program {
        let buffer = |bytes: &usize| refused.is_none().then(|| Arc::new(Arena::new(*bytes)));
        let mut slots: Vec<Option<Arc<Arena>>> = plan.slots.iter().map(buffer).collect();
        for s in plan.outputs.iter().filter_map(Returned::owned_slot) {
            slots[s] = None;
        }
        let bodies = plan.bodies().map(|body| Program::of(body.clone(), threads, refused.clone())).collect();
        let pool = vec![Vec::new(); plan.outputs.len()];
        let inputs = plan.inputs.iter().map(|(_, ty)| ty.clone()).collect();
        Program { plan, inputs, threads, bodies, slots, pool, refused }
    }

    /// The steps, buffers and register programs, to print or to look at.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The types of the arguments.
    pub fn input_types(&self) -> &[Type] {
        &self.inputs
    }

    /// How many threads it uses.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// How many steps a replay takes, and how many equations they run.
    pub fn size(&self) -> (usize, usize) {
        (self.plan.steps.len(), self.plan.equations)
    }

    /// Bytes of all buffers, results included.
    pub fn buffer_bytes(&self) -> usize {
        self.plan.bytes()
    }

    /// Runs and returns the results.
    ///
    /// # Errors
    /// [`ErrorKind::Arity`](crate::ErrorKind::Arity), `Shape` or `DType` if the arguments do not fit; `Data` for what only the data can
    /// decide (an index out of range), with the user's line; `Shape` if the memory cannot be had.
    pub fn call(&mut self, inputs: &[&Tensor]) -> Result<Vec<Tensor>, Error> {
        self.may_run()?;
        for o in 0..self.plan.outputs.len() {
            let Some(s) = self.plan.outputs[o].owned_slot() else { continue };
            let bytes = self.plan.slots[s];
            let pool = &mut self.pool[o];
            let arena = match pool.iter().position(|a| Arc::strong_count(a) == 1) {
                Some(i) => pool.swap_remove(i),
                // Those handed out before may be held still.
                None => room::buffer(bytes)?,
            };
            self.slots[s] = Some(arena);
        }
        self.replay(inputs)?;
        let mut results = Vec::with_capacity(self.plan.outputs.len());
        for o in 0..self.plan.outputs.len() {
            let ty = self.plan.outputs[o].operand.ty.clone();
            results.push(match self.plan.outputs[o].owned_slot() {
                Some(s) => {
                    // A value returned twice is copied from here by its second output, below.
                    let arena = self.slots[s].clone().expect("written");
                    Tensor::from_parts(ty, arena)
                }
                None => self.copy_out(o, inputs),
            });
        }
        for (o, output) in self.plan.outputs.iter().enumerate() {
            if let Some(s) = output.owned_slot() {
                let arena = self.slots[s].take().expect("written");
                if self.pool[o].len() < POOL {
                    self.pool[o].push(arena);
                }
            }
        }
        Ok(results)
    }

    /// Runs into `outputs`, whose storage is used again where nobody else holds it: then nothing is allocated.
    ///
    /// # Errors
    /// As [`call`](Program::call); `outputs` must have one tensor of any kind for each result.
    pub fn run(&mut self, inputs: &[&Tensor], outputs: &mut [Tensor]) -> Result<(), Error> {
        self.may_run()?;
        if outputs.len() != self.plan.outputs.len() {
            bail!(
                Arity,
                "the program returns {}, there is room for {}",
                count(self.plan.outputs.len(), "tensor"),
                outputs.len()
            );
        }
        for (o, out) in outputs.iter_mut().enumerate() {
            let Some(s) = self.plan.outputs[o].owned_slot() else { continue };
            let ty = &self.plan.outputs[o].operand.ty;
            if out.ty() != ty || Arc::strong_count(out.storage()) > 1 {
                *out = Tensor::zeros(ty.clone());
            }
            self.slots[s] = Some(std::mem::replace(out, Tensor::nothing()).into_storage());
        }
        let done = self.replay(inputs);
        for (o, out) in outputs.iter_mut().enumerate() {
            if let (None, Ok(())) = (self.plan.outputs[o].owned_slot(), &done) {
                *out = self.copy_out(o, inputs);
            }
        }
        for (o, out) in outputs.iter_mut().enumerate() {
            if let Some(s) = self.plan.outputs[o].owned_slot() {
                let arena = self.slots[s].take().expect("written");
                *out = Tensor::from_parts(self.plan.outputs[o].operand.ty.clone(), arena);
            }
        }
        done
    }

    fn may_run(&self) -> Result<(), Error> {
        self.refused.clone().map_or(Ok(()), Err)
    }

    /// A result that is an argument, a constant, or another result.
    fn copy_out(&self, o: usize, inputs: &[&Tensor]) -> Tensor {
        let x = &self.plan.outputs[o].operand;
        let ty = &x.ty;
        match &x.place {
            Place::Input(i) => inputs[*i].reshaped(&ty.shape),
            Place::Constant(k) => self.plan.constants[*k].1.reshaped(&ty.shape),
            Place::Slot(s) => {
                let from = self.slots[*s].as_ref().expect("written");
                let mut arena = Arena::new(ty.bytes());
                arena.view_mut::<u8>(0, ty.bytes()).copy_from_slice(from.view(0, ty.bytes()));
                Tensor::from_parts(ty.clone(), Arc::new(arena))
            }
        }
    }

    /// Runs the steps; a program with large steps enters the pool once, not at each of them.
    fn replay(&mut self, inputs: &[&Tensor]) -> Result<(), Error> {
        if self.threads > 1 && self.plan.steps.iter().any(is_large) {
            let mut done = Ok(());
            rayon::scope(|_| done = self.replay_here(inputs));
            return done;
        }
        self.replay_here(inputs)
    }

    fn replay_here(&mut self, inputs: &[&Tensor]) -> Result<(), Error> {
        if inputs.len() != self.inputs.len() {
            bail!(Arity, "the program takes {}, got {}", count(self.inputs.len(), "tensor"), inputs.len());
        }
        for (i, (x, ty)) in inputs.iter().zip(&self.inputs).enumerate() {
            if x.dtype() != ty.dtype {
                bail!(DType, "argument {i} is {}, the program was compiled for {ty}", x.ty());
            }
            if x.ty() != ty {
                bail!(Shape, "argument {i} is {}, the program was compiled for {ty}", x.ty());
            }
        }
        let mut memory =
            Memory { inputs, constants: &self.plan.constants, slots: &mut self.slots, threads: self.threads };
        let mut bodies = self.bodies.iter_mut();
        for step in &self.plan.steps {
            if let Work::Scan { .. } = &step.work {
                let body = bodies.next().expect("one for each loop");
                let mut run = |inputs: &[&Tensor], outputs: &mut [Tensor]| body.run(inputs, outputs);
                loops::run(step, &mut run, &mut memory).map_err(|e| step.blame(e))?;
            } else {
                step.run(&mut memory)?;
            }
        }
        Ok(())
    }
}

/// The tape as it is planned, and the bodies of its loops.
fn prepared(tape: &Tape, optimize: bool) -> Tape {
    let mut tape = if optimize { pass::optimize(tape) } else { pass::lower(tape) };
    for body in tape.equations.iter_mut().flat_map(|e| &mut e.bodies) {
        *body = Arc::new(prepared(body, optimize));
    }
    tape
}

/// Whether a step is worth a second thread; decided by shapes alone.
fn is_large(step: &Step) -> bool {
    const ELEMENTS: usize = 1 << 15;
    match &step.work {
        Work::Fused(program) => program.shape.size() >= ELEMENTS,
        Work::Single(_) => {
            let types = step.operands.iter().map(|x| &x.ty).chain(step.results.iter().map(|y| &y.ty));
            types.map(|ty| ty.shape.size()).max().unwrap_or(0) >= ELEMENTS
        }
        _ => false,
    }
}
