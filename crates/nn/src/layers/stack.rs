//! Equal blocks, one after the other.

use quadric_autodiff::trace::{Var, checkpoint, compile, iota, scan, stack, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Static, Tensor, Tree, VarTree};

use super::{Layer, Mode};
use crate::LIBRARY;

/// How the blocks of a [`Stack`] are run. The numbers are the same; the price is not.
#[derive(Static, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Run {
    /// By a loop: the program, its derivatives and the time to compile do not grow with the number of blocks. What the backward pass
    /// reads inside a block is computed anew from the block's input.
    #[default]
    Loop,
    /// One by one, each in a scope of its index: the program grows with the number of blocks, and reports, cuts and parts of the Hessian tell
    /// the blocks apart. Nothing is computed twice.
    WrittenOut,
    /// One by one, each in a `checkpoint`: what the backward pass reads inside a block is computed anew.
    Checkpoints,
}

/// `n` blocks of one shape, `x ↦ f_n(… f_1(x))`, whose parameters lie in one tree with a leading axis of size n.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tree, tensor, trace::{Var, compile}};
/// use quadric_nn::{Dense, Layer, Run, Stack, generator};
/// let rng = &mut generator(1);
/// let blocks: Vec<Dense> = (0..3).map(|_| Dense::new(2, 2, DType::F64, rng)).collect();
/// let stack = Stack::new(blocks.clone())?;
/// assert_eq!(stack.blocks.weight.shape().to_vec(), [3, 2, 2]);
///
/// let x = tensor![[1.0, -2.0]];
/// let mut run = compile(|(s, x): (Stack<Dense<Var>>, Var)| s.infer(x, &s.initial_state()));
/// let mut one_by_one = compile(|(s, x): (Vec<Dense<Var>>, Var)| s.infer(x, &s.initial_state()));
/// assert_eq!(run.call((stack.clone(), x.clone()))?, one_by_one.call((blocks, x.clone()))?);
/// assert_eq!(run.call((stack.clone().run(Run::WrittenOut), x.clone()))?, run.call((stack, x))?);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Stack<B: Tree> {
    /// The parameters of all blocks; axis 0 of every leaf counts the blocks.
    pub blocks: B,
    /// n.
    pub length: usize,
    /// By a loop or one by one.
    pub run: Run,
}

impl<B: Tree> Stack<B> {
    /// The same blocks, run in another way.
    #[must_use]
    pub fn run(self, run: Run) -> Stack<B> {
        Stack { run, ..self }
    }
}

impl<B: Tree<Leaf = Tensor, With<Tensor> = B>> Stack<B> {
    /// The stack of these blocks.
    ///
    /// # Errors
    /// [`ErrorKind::Arity`] without a block, or if two differ in structure; [`ErrorKind::Shape`] or [`ErrorKind::DType`] if two leaves differ.
    ///
    /// The first block's static fields are those of all.
    #[track_caller]
    pub fn new(blocks: Vec<B>) -> Result<Stack<B>, Error> {
        let Some(first) = blocks.first() else {
            return Err(Error::new(ErrorKind::Arity, "stack: there is no block".to_owned()));
        };
        for (i, block) in blocks.iter().enumerate() {
            let (mut ours, mut theirs) = (String::new(), String::new());
            first.write_static(&mut ours);
            block.write_static(&mut theirs);
            if ours != theirs {
                let what = format!("stack: block {i} differs from block 0 in structure or settings");
                return Err(Error::new(ErrorKind::Arity, what));
            }
        }
        let columns = blocks.iter().map(Tree::leaves).collect::<Vec<_>>();
        let stacked = (0..first.leaves().len()).map(|leaf| {
            let parts: Vec<Tensor> = columns.iter().map(|leaves| leaves[leaf].clone()).collect();
            LIBRARY.enter(|| compile(|parts: Vec<Var>| stack(&parts, 0)).call(parts))
        });
        let leaves = stacked.collect::<Result<Vec<Tensor>, Error>>()?;
        Ok(Stack { blocks: first.with_leaves(leaves), length: blocks.len(), run: Run::default() })
    }

    /// The blocks, one by one.
    pub fn unstack(&self) -> Result<Vec<B>, Error> {
        let one = |leaf: &Tensor, i: usize| leaf.slice(0, i..i + 1)?.squeeze(&[0]);
        (0..self.length).map(|i| self.blocks.try_map_leaves(|leaf| one(leaf, i))).collect()
    }
}

impl<B: VarTree> Stack<B> {
    /// Stops the trace unless there is a row of everything for each block.
    #[track_caller]
    fn check_rows<X: VarTree>(&self, each: &X) {
        if self.length == 0 {
            stop(Error::new(ErrorKind::Arity, "stack: there is no block".to_owned()));
        }
        let (ours, theirs) = (self.blocks.leaves(), each.leaves());
        if let Some(leaf) = ours.into_iter().chain(theirs).find(|leaf| leaf.shape().first() != Some(&self.length)) {
            let what = format!("stack: {} has not a row for each of the {} blocks", leaf.ty(), self.length);
            stop(Error::new(ErrorKind::Shape, what));
        }
    }

    /// Block i.
    #[track_caller]
    fn block(&self, i: usize) -> B {
        row(&self.blocks, i)
    }

    /// `x` through the blocks, each beside a row of `each` and with something to give out: the last `x`, and what they gave along axis 0.
    /// [`forward`](Layer::forward) is this with states; decoders take it with what else a block has to be given.
    ///
    /// # Errors
    /// Stops the trace if a block does not return what it takes, or a leaf of the blocks or of `each` has not a row for every block.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
    /// use quadric_nn::{Dense, Stack, generator};
    /// let rng = &mut generator(1);
    /// let mut stack = Stack::new(vec![Dense::new(1, 1, DType::F64, rng), Dense::new(1, 1, DType::F64, rng)])?;
    /// stack.blocks.weight = tensor![[2.0], [3.0]].reshaped([2, 1, 1]);
    /// let shifted = |(s, x, by): (Stack<Dense<Var>>, Var, Var)| s.fold(x, &by, |block, x, by| (block.apply(x) + by, x));
    /// let (y, before) = compile(shifted).call((stack, tensor![[1.0]], tensor![1.0, 10.0]))?;
    /// assert_eq!(y, tensor![[19.0]]); // 3 (2 · 1 + 1) + 10
    /// assert_eq!(before, tensor![[1.0], [3.0]].reshaped([2, 1, 1]));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    pub fn fold<X: VarTree, Y: VarTree>(&self, x: Var, each: &X, f: impl Fn(B, Var, X) -> (Var, Y)) -> (Var, Y) {
        LIBRARY.scope("stack", || {
            self.check_rows(each);
            let step = |block: B, x: Var, each: X| {
                let (y, out) = f(block, x, each);
                if y.ty() != x.ty() {
                    let what =
                        format!("stack: a block takes {} and gives {}: the next one cannot take it", x.ty(), y.ty());
                    stop(Error::new(ErrorKind::Shape, what));
                }
                (y, out)
            };
            if self.run == Run::Loop {
                // Blocks without parameters, as of a dropout, have no leaf that says how many there are.
                let has_rows = self.blocks.leaves().len() + each.leaves().len() > 0;
                let rows: Vec<Var> = (!has_rows).then(|| iota(DType::I32, [self.length], 0)).into_iter().collect();
                let xs = (self.blocks.clone(), each.clone(), rows);
                return scan(|x: Var, (block, each, _): (B, X, Vec<Var>)| step(block, x, each), &x, &xs);
            }
            let (mut x, mut out) = (x, Vec::new());
            for i in 0..self.length {
                let args = (self.block(i), x, row(each, i));
                let (y, given) = LIBRARY.scope(&i.to_string(), || match self.run {
                    Run::Checkpoints => checkpoint(|(block, x, each)| step(block, x, each), &args),
                    _ => step(args.0, args.1, args.2),
                });
                x = y;
                out.push(given);
            }
            (x, rows(&out))
        })
    }

    /// A key for each block, if there is one to begin with: a row of `each` in [`fold`](Stack::fold), whose rows [`Mode::with_row`] reads.
    #[track_caller]
    pub fn keys(&self, mode: Mode) -> Vec<Var> {
        LIBRARY.enter(|| match mode {
            Mode::Train(Some(key)) => vec![key.random_bits([self.length, 2])],
            _ => Vec::new(),
        })
    }
}

impl Mode {
    /// The same mode with the key of a row of [`Stack::keys`].
    #[must_use]
    pub fn with_row(self, keys: &[Var]) -> Mode {
        if self.is_training() { Mode::Train(keys.first().copied()) } else { Mode::Infer }
    }
}

/// Row i of every leaf.
#[track_caller]
fn row<M: VarTree>(tree: &M, i: usize) -> M {
    tree.map_leaves(|leaf| leaf.slice(0, i..i + 1).squeeze(&[0]))
}

/// One tree of all, with the trees along axis 0.
#[track_caller]
fn rows<M: VarTree>(trees: &[M]) -> M {
    let leaves: Vec<Vec<&Var>> = trees.iter().map(Tree::leaves).collect();
    let column = |i: usize| leaves.iter().map(|leaves| *leaves[i]).collect::<Vec<Var>>();
    trees[0].with_leaves((0..leaves[0].len()).map(|i| stack(&column(i), 0)))
}

impl<B: Layer> Layer for Stack<B>
where
    Stack<B>: VarTree,
{
    /// The blocks' states, along axis 0.
    type State = B::State;

    fn initial_state(&self) -> B::State {
        LIBRARY.enter(|| {
            self.check_rows(&Vec::<Var>::new());
            rows(&(0..self.length).map(|i| self.block(i).initial_state()).collect::<Vec<_>>())
        })
    }

    /// # Errors
    /// Stops the trace if a block does not return what it takes.
    #[track_caller]
    fn forward(&self, x: Var, state: &B::State, mode: Mode) -> (Var, B::State) {
        LIBRARY.enter(|| {
            self.fold(x, &(state.clone(), self.keys(mode)), |block, x, (state, keys)| {
                block.forward(x, &state, mode.with_row(&keys))
            })
        })
    }
}
