//! What is measured: a model, a loss, and a data set in batches, traced once.

mod sweep;

use std::sync::Arc;

use quadric_autodiff::exec::Options;
use quadric_autodiff::tape::Tape;
use quadric_autodiff::trace::{self, Var};
use quadric_autodiff::transform::{self, Freeze, Part};
use quadric_autodiff::{DType, Tensor, Tree, Type, VarTree};

use crate::LIBRARY;
use crate::error::{Error, bail};
use crate::space::Space;

pub(crate) use sweep::{LinearMap, Sweep};

/// A batch of the data: what goes in, what should come out, how many examples.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) x: Tensor,
    pub(crate) y: Tensor,
    pub(crate) size: usize,
    /// Which of the tapes is for batches of this shape.
    pub(crate) kind: usize,
}

/// A mean loss of a model over a data set, traced and ready to be differentiated.
///
/// The loss closure sees the model, a batch `x` and its targets `y`, and returns the **mean** loss over that batch. Each
/// kind of batch (a last, shorter one is a second kind) is traced once. The model's parameters are inputs of the tape:
/// operators can be moved to another point without tracing again.
///
/// Cloning is cheap: tapes and data are shared.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{Problem, Gradient};
/// // Least squares, y = w x, in batches of two: the last has one example.
/// let loss = |w: Var, x: Var, y: Var| {
///     let error = cut("z", x * w) - y;
///     (error * error * 0.5).mean()
/// };
/// let (x, y) = (tensor![1.0, 2.0, 3.0], tensor![0.0, 0.0, 0.0]);
/// let problem = Problem::in_batches(&Tensor::scalar(1.0), loss, &x, &y, 2)?;
/// assert_eq!((problem.examples(), problem.batches()), (3, 2));
/// let (value, gradient) = Gradient::new(&problem)?.value_and_gradient()?;
/// assert!((value - 7.0 / 3.0).abs() < 1e-15); // mean of ½, 2 and 4½
/// assert!((gradient[0] - 14.0 / 3.0).abs() < 1e-15);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Problem {
    space: Space,
    tapes: Arc<[Tape]>,
    data: Arc<[Batch]>,
    examples: usize,
    point: Vec<Tensor>,
    convex: bool,
    coupled: bool,
    linearized: bool,
    block: usize,
    threads: Option<usize>,
}

impl Problem {
    /// Traces `loss` for these batches `(x, y)`; the examples lie along axis 0 of `x`.
    ///
    /// # Errors
    /// [`ErrorKind::Problem`](crate::ErrorKind::Problem) if there is no example; the engine's, with the user's line, for
    /// what goes wrong while tracing.
    #[track_caller]
    pub fn new<M, F>(model: &M::Host, loss: F, batches: Vec<(Tensor, Tensor)>) -> Result<Problem, Error>
    where
        M: VarTree,
        F: Fn(M, Var, Var) -> Var,
    {
        let space = Space::of(model);
        let mut types: Vec<(Type, Type)> = Vec::new();
        let mut tapes = Vec::new();
        let mut data = Vec::new();
        for (x, y) in batches {
            let Some(size) = x.shape().first().copied().filter(|n| *n > 0) else {
                bail!(Problem, "a batch is {}, it needs its examples along axis 0, and at least one", x.ty());
            };
            let pair = (x.ty().clone(), y.ty().clone());
            let kind = match types.iter().position(|t| *t == pair) {
                Some(kind) => kind,
                None => {
                    let example = (model.clone(), x.clone(), y.clone());
                    let loss = |(model, x, y): (M, Var, Var)| loss(model, x, y);
                    let tape = LIBRARY.enter(|| trace::trace(loss, &example))?;
                    check_scalar(&tape)?;
                    types.push(pair);
                    tapes.push(tape);
                    tapes.len() - 1
                }
            };
            data.push(Batch { x, y, size, kind });
        }
        if data.is_empty() {
            bail!(Problem, "there is no batch");
        }
        let examples = data.iter().map(|b| b.size).sum();
        let largest = data.iter().map(|b| b.size).max().unwrap_or(1);
        let point = model.leaves().into_iter().cloned().collect();
        Ok(Problem {
            space,
            tapes: tapes.into(),
            data: data.into(),
            examples,
            point,
            convex: false,
            coupled: false,
            linearized: true,
            block: (256 / largest).clamp(1, 16),
            threads: None,
        })
    }

    /// [`new`](Problem::new), with the data cut into batches of `size` along axis 0; the last may be shorter.
    ///
    /// # Errors
    /// As [`new`](Problem::new); [`ErrorKind::Problem`](crate::ErrorKind::Problem) if x and y have different numbers of
    /// examples.
    #[track_caller]
    pub fn in_batches<M, F>(model: &M::Host, loss: F, x: &Tensor, y: &Tensor, size: usize) -> Result<Problem, Error>
    where
        M: VarTree,
        F: Fn(M, Var, Var) -> Var,
    {
        let count = |t: &Tensor| t.shape().first().copied().unwrap_or(0);
        let n = count(x);
        if n != count(y) || size == 0 {
            bail!(Problem, "x is {} and y is {}, in batches of {size}: examples lie along axis 0", x.ty(), y.ty());
        }
        let batch = |start: usize| (rows(x, start, n.min(start + size)), rows(y, start, n.min(start + size)));
        Problem::new(model, loss, (0..n).step_by(size).map(batch).collect())
    }

    /// Promises that the loss is convex in the cut (cross-entropy, squared error): then `G` is positive semidefinite, and says so.
    #[must_use]
    pub fn with_convex_loss(mut self) -> Problem {
        self.convex = true;
        self
    }

    /// Declares that a batch's loss is no mean of per-example losses (batch norm in training mode): the partition into
    /// batches is then part of the problem, and per-example operators refuse.
    #[must_use]
    pub fn with_coupled_examples(mut self) -> Problem {
        self.coupled = true;
        self
    }

    /// Whether operators keep the linearised point (the default): the primal values of all batches stay in memory, and
    /// each product costs only its linear part. Without, every product computes them again.
    #[must_use]
    pub fn with_linearization(mut self, keep: bool) -> Problem {
        self.linearized = keep;
        self
    }

    /// How many vectors go through the program together at most.
    ///
    /// Unless told, as many as make 256 rows with the largest batch, from 1 to 16. Measured on a 64-32-32-10 net: over
    /// batches of 32, blocks of 16 take a fifth to a third off a product; over 1437 examples at once they double it in
    /// f32, because the activations leave the cache.
    ///
    /// # Panics
    /// If `size` is 0.
    #[must_use]
    pub fn with_block(mut self, size: usize) -> Problem {
        assert!(size > 0, "with_block: a block holds at least one vector");
        self.block = size;
        self
    }

    /// How many threads the programs use; the number changes no bit of any result.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Problem {
        self.threads = Some(threads);
        self
    }

    /// The space of parameters.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The number of examples in all batches.
    pub fn examples(&self) -> usize {
        self.examples
    }

    /// The number of batches.
    pub fn batches(&self) -> usize {
        self.data.len()
    }

    /// The parameters that operators made of this problem start from.
    pub fn parameters(&self) -> Vec<f64> {
        self.space.flat(&self.point)
    }

    /// Whether the loss was promised to be convex in the cut.
    pub fn is_convex(&self) -> bool {
        self.convex
    }

    /// The problem at another point; what was traced stays.
    ///
    /// # Errors
    /// [`ErrorKind::Structure`](crate::ErrorKind::Structure) if the model's leaves are not like the problem's.
    pub fn at<T: Tree<Leaf = Tensor>>(&self, model: &T) -> Result<Problem, Error> {
        let leaves = model.leaves();
        self.space.check(&leaves)?;
        Ok(Problem { point: leaves.into_iter().cloned().collect(), ..self.clone() })
    }

    /// The tape of the batch loss as it was traced, `(leaves…, x, y) → loss`, for the first kind of batch.
    pub fn tape(&self) -> &Tape {
        &self.tapes[0]
    }

    pub(crate) fn tapes(&self) -> &[Tape] {
        &self.tapes
    }

    pub(crate) fn data(&self) -> &[Batch] {
        &self.data
    }

    pub(crate) fn point(&self) -> &[Tensor] {
        &self.point
    }

    pub(crate) fn set_point(&mut self, point: Vec<Tensor>) {
        self.point = point;
    }

    pub(crate) fn block(&self) -> usize {
        self.block
    }

    pub(crate) fn keeps_linearization(&self) -> bool {
        self.linearized
    }

    pub(crate) fn options(&self) -> Options {
        Options { threads: self.threads, ..Options::default() }
    }

    /// The share of a batch in the mean over all examples.
    pub(crate) fn weight(&self, batch: &Batch) -> f64 {
        batch.size as f64 / self.examples as f64
    }

    /// Flags the parameters among the inputs `leaves…, x, y` and `more`.
    pub(crate) fn wrt(&self, more: usize) -> Vec<bool> {
        let mut wrt = self.space.moves();
        wrt.extend(std::iter::repeat_n(false, 2 + more));
        wrt
    }

    pub(crate) fn refuse_coupled(&self, operator: &str) -> Result<(), Error> {
        if self.coupled {
            bail!(Problem, "{operator}: the examples of a batch were declared to depend on each other (batch norm?)");
        }
        Ok(())
    }

    /// `(leaves…, x, y) → ∇L`, or `(L, ∇L)`, of each kind of batch, and its sweep.
    pub(crate) fn gradient_tapes(&self, value: bool) -> Result<Vec<(Tape, u32)>, Error> {
        let wrt = self.wrt(0);
        let gradient = |tape| {
            let reverse = transform::gradient(tape, &wrt, 1.0)?;
            let outputs = reverse.tape.outputs().len();
            let tape = if value { reverse.tape } else { reverse.tape.with_outputs(1..outputs) };
            Ok((tape, reverse.sweep))
        };
        self.tapes.iter().map(gradient).collect()
    }

    /// The products of these parts with a vector as one sweep, its residuals and its compilation its own.
    pub(crate) fn part_sweep(&self, parts: &[Part], value: bool) -> Result<Sweep, Error> {
        for (part, tape) in parts.iter().flat_map(|part| self.tapes.iter().map(move |tape| (part, tape))) {
            part.check_function(tape)?;
        }
        let maps = self
            .gradient_tapes(value)?
            .into_iter()
            .map(|(tape, sweep)| {
                // With a value in front of the gradient, its tangent ⟨∇L, v⟩ comes too and is dropped.
                let freezes: Vec<Option<Freeze>> =
                    parts.iter().map(|part| Some(Freeze { sweep, live: part.clone() })).collect();
                LinearMap::new(&tape, &self.wrt(0), &freezes, value, &self.options())
            })
            .collect::<Result<_, Error>>()?;
        Ok(Sweep::new(self, maps))
    }
}

fn check_scalar(tape: &Tape) -> Result<(), Error> {
    let ty = &tape.output_types()[0];
    if ty.shape.rank() != 0 || !ty.dtype.is_float() {
        bail!(Problem, "the loss is {ty}, it must be one float: the mean over the batch");
    }
    Ok(())
}

/// Rows `start..end` along axis 0.
fn rows(t: &Tensor, start: usize, end: usize) -> Tensor {
    let width: usize = t.shape()[1..].iter().product();
    let shape = t.shape().resized(0, end - start);
    macro_rules! take {
        ($t:ty) => {
            Tensor::new(shape, &t.to_vec::<$t>()[start * width..end * width])
        };
    }
    match t.dtype() {
        DType::F32 => take!(f32),
        DType::F64 => take!(f64),
        DType::I32 => take!(i32),
        DType::U32 => take!(u32),
        _ => take!(bool),
    }
    .expect("as many elements as the rows have")
}
