//! `compile`: a closure that is traced once for each kind of arguments and then replayed.

use std::marker::PhantomData;

use super::tree::{Tree, VarTree};
use super::{Var, frame, record};
use crate::error::Error;
use crate::exec::{Options, Program};
use crate::shape::Type;
use crate::tape::Tape;
use crate::tensor::Tensor;

/// How [`Compiled`] compiles.
#[derive(Clone, Debug)]
pub struct CompileOptions {
    /// How programs run.
    pub program: Options,
    /// Programs kept, one for each combination of shapes, dtypes and static fields; the oldest goes first.
    pub cached: usize,
}

impl Default for CompileOptions {
    fn default() -> CompileOptions {
        CompileOptions { program: Options::default(), cached: 16 }
    }
}

/// A traced function; see [`compile`].
pub struct Compiled<I: VarTree, O: VarTree, F> {
    f: F,
    options: CompileOptions,
    cache: Vec<Cached<O>>,
    evictions: usize,
    /// Whether some program's notes have told that programs are dropped.
    told_eviction: bool,
    _input: PhantomData<fn(I)>,
}

struct Cached<O: VarTree> {
    structure: String,
    types: Vec<Type>,
    program: Program,
    template: O,
    notes: Vec<String>,
}

/// A function that traces `f` on its first call and replays the tape from then on.
///
/// **What changes between calls must be an argument.** A plain Rust value that the closure captures (a learning rate, a
/// loop count) is a constant of the tape from the first call on. Arguments of other shapes or dtypes, or with other
/// static fields, are traced anew; the last few programs are kept.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile, grad}};
/// let mut step = compile(|(x, rate): (Var, Var)| x - grad(|x: Var| (x * x).sum(), &x) * rate);
/// assert_eq!(step.call((tensor![1.0, 2.0], quadric_autodiff::Tensor::scalar(0.25)))?, tensor![0.5, 1.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
///
/// # What a closure captures
/// One compiled function is traced once for each kind of arguments, and each time it captures the numbers as they are then. A number
/// that changes between two traces is another constant in each of the two programs, and one that changes after them reaches
/// neither. Handed in as an argument it is what it is at every call:
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// let rate = std::cell::Cell::new(0.5);
/// let mut shrink = compile(|x: Var| x * rate.get());
/// assert_eq!(shrink.call(tensor![4.0])?, tensor![2.0]);
/// rate.set(0.25);
/// assert_eq!(shrink.call(tensor![4.0])?, tensor![2.0]); // replayed: the 0.5 of its trace
/// assert_eq!(shrink.call(tensor![4.0, 8.0])?, tensor![1.0, 2.0]); // another shape: traced now, with 0.25
///
/// let mut shrink = compile(|(x, rate): (Var, Var)| x * rate);
/// let mut by = |x: Tensor, rate: f64| shrink.call((x, Tensor::scalar(rate)));
/// assert_eq!(by(tensor![4.0], 0.5)?, tensor![2.0]);
/// assert_eq!(by(tensor![4.0], 0.25)?, tensor![1.0]);
/// assert_eq!(by(tensor![4.0, 8.0], 0.25)?, tensor![1.0, 2.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
/// What decides about the trace itself (a number of layers, a choice of function) cannot be an array: as a
/// [`Static`](super::Static) part of the arguments it is traced anew when it changes.
///
/// # Keeping one in a struct
/// The type has three parameters: argument, result, and the closure, whose type has no name. A function pointer has one, if
/// nothing is captured, and so has a boxed closure:
/// ```
/// use quadric_autodiff::{Error, Tensor, tensor, trace::{Compiled, Var, compile}};
/// struct Model {
///     predict: Compiled<Var, Var, fn(Var) -> Var>,
///     shrink: Compiled<Var, Var, Box<dyn Fn(Var) -> Var>>,
/// }
/// let rate = 0.5;
/// let mut model = Model { predict: compile(|x| x.tanh()), shrink: compile(Box::new(move |x| x * rate)) };
/// assert_eq!(model.predict.call(tensor![0.0])?, tensor![0.0]);
/// assert_eq!(model.shrink.call(tensor![4.0])?, tensor![2.0]);
/// # Ok::<(), Error>(())
/// ```
pub fn compile<I: VarTree, O: VarTree, F: Fn(I) -> O>(f: F) -> Compiled<I, O, F> {
    Compiled {
        f,
        options: CompileOptions::default(),
        cache: Vec::new(),
        evictions: 0,
        told_eviction: false,
        _input: PhantomData,
    }
}

impl<I: VarTree, O: VarTree, F: Fn(I) -> O> Compiled<I, O, F> {
    /// The same function with other options; forgets what was compiled.
    #[must_use]
    pub fn with_options(mut self, options: CompileOptions) -> Self {
        self.options = options;
        self.cache.clear();
        (self.evictions, self.told_eviction) = (0, false);
        self
    }

    /// The same function on this many threads.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        let mut options = self.options.clone();
        options.program.threads = Some(threads);
        self.with_options(options)
    }

    /// Runs `f`.
    ///
    /// # Errors
    /// Mistakes found while tracing, with the caller's line; what only the data can decide.
    #[track_caller]
    pub fn call(&mut self, x: I::Host) -> Result<O::Host, Error> {
        self.call_ref(&x)
    }

    /// [`call`](Compiled::call) with borrowed arguments.
    ///
    /// # Errors
    /// As [`call`](Compiled::call).
    #[track_caller]
    pub fn call_ref(&mut self, x: &I::Host) -> Result<O::Host, Error> {
        let at = self.find(x)?;
        let cached = &mut self.cache[at];
        let outputs = cached.program.call(&x.leaves())?;
        Ok(Tree::with_leaves::<Tensor>(&cached.template, outputs))
    }

    /// The program for arguments like these, compiled if need be.
    ///
    /// # Errors
    /// Mistakes found while tracing.
    #[track_caller]
    pub fn program(&mut self, x: &I::Host) -> Result<&Program, Error> {
        let at = self.find(x)?;
        Ok(&self.cache[at].program)
    }

    /// What tracing for arguments like these had to say: differentiated leaves that the value does not depend on (*unreached*), whose
    /// gradient is exactly zero, with the line of the transform; and, once, that the cache has begun to drop programs.
    ///
    /// # Errors
    /// Mistakes found while tracing.
    #[track_caller]
    pub fn notes(&mut self, x: &I::Host) -> Result<&[String], Error> {
        let at = self.find(x)?;
        Ok(&self.cache[at].notes)
    }

    /// The tape for arguments like these, as traced.
    ///
    /// # Errors
    /// Mistakes found while tracing.
    #[track_caller]
    pub fn tape(&self, x: &I::Host) -> Result<Tape, Error> {
        super::trace(|x: I| (self.f)(x), x)
    }

    /// How many programs have been dropped from the cache: if this grows, arguments keep changing their shapes.
    pub fn evictions(&self) -> usize {
        self.evictions
    }

    #[track_caller]
    fn find(&mut self, x: &I::Host) -> Result<usize, Error> {
        let leaves = x.leaves();
        let mut structure = String::new();
        x.write_static(&mut structure);
        let fits = |c: &Cached<O>| {
            c.structure == structure
                && c.types.len() == leaves.len()
                && c.types.iter().zip(&leaves).all(|(ty, leaf)| ty == leaf.ty())
        };
        if let Some(at) = self.cache.iter().position(fits) {
            return Ok(at);
        }
        let types: Vec<Type> = leaves.iter().map(|t| t.ty().clone()).collect();
        let (tape, template): (Tape, O) = record("f", &types, |vars: Vec<Var>| (self.f)(x.with_leaves(vars)))?;
        let program = Program::new(&tape, &self.options.program);
        let mut notes = frame::notes();
        if self.cache.len() >= self.options.cached.max(1) {
            self.cache.remove(0);
            self.evictions += 1;
        }
        if self.evictions > 0 && !self.told_eviction {
            self.told_eviction = true;
            notes.push(format!(
                "more than {} kinds of arguments came: the oldest program was dropped, and each kind that comes back is compiled \
                 anew (CompileOptions::cached)",
                self.options.cached.max(1)
            ));
        }
        self.cache.push(Cached { structure, types, program, template, notes });
        Ok(self.cache.len() - 1)
    }
}
