//! Means of trees that come one after the other.

use quadric_autodiff::trace::tree::{Node, Path};
use quadric_autodiff::trace::{IntoOperand, Var, select, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Leaf, Tensor, Tree, VarTree};

use crate::LIBRARY;

/// A mean of trees that come one after the other, and the weight that has gone into it: a tree itself, which goes into a compiled step and comes
/// out.
///
/// - *Gradient accumulation*: [`add`](Average::add) the gradient of each micro-batch, with its number of examples as the weight. The mean is that
///   of the whole batch.
/// - *Stochastic weight averaging* ([Izmailov et al. 2018]): add the parameters at the end of each cycle, with weight 1.
/// - *Exponential moving averages* ([Polyak & Juditsky 1992] for the idea): [`follow`](Average::follow) the parameters of each step.
///
/// `mean` is always the mean of what has come so far, an exponential one too: it has no bias to its beginning at zero. It is updated by
/// differences, `mean + (x − mean) w/W`, so it does not drift over many steps: a mean of equal trees is that tree. The difference of a tree and the
/// mean must be a number of their dtype. Integer leaves are those of the last tree.
///
/// [Izmailov et al. 2018]: https://arxiv.org/abs/1803.05407
/// [Polyak & Juditsky 1992]: https://doi.org/10.1137/0330046
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::Average;
/// // A batch of 4 in parts of 3 and 1.
/// let mut add = compile(|(sum, g, n): (Average<Var>, Var, Var)| sum.add(&g, n));
/// let sum = Average::new(&tensor![0.0]);
/// let sum = add.call((sum, tensor![2.0], Tensor::scalar(3.0)))?;
/// let sum = add.call((sum, tensor![6.0], Tensor::scalar(1.0)))?;
/// assert_eq!((sum.mean, sum.weight.item()), (tensor![3.0], 4.0));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Average<M: Tree> {
    /// The mean; zeros before the first tree.
    pub mean: M,
    /// The weight that has gone into it, `f64`.
    pub weight: M::Leaf,
}

impl<M: Tree> Tree for Average<M> {
    type Leaf = M::Leaf;
    type With<L: Leaf> = Average<M::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, M::Leaf>)) {
        self.mean.walk(&path.field("mean"), see);
        self.weight.walk(&path.field("weight"), see);
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &M::Leaf) -> Result<L, E>,
    ) -> Result<Average<M::With<L>>, E> {
        let mean = self.mean.rebuild(&path.field("mean"), f)?;
        Ok(Average { mean, weight: f(&path.field("weight"), &self.weight)? })
    }
}

impl<H: Tree<Leaf = Tensor, With<Tensor> = H>> Average<H> {
    /// Of nothing yet.
    pub fn new(like: &H) -> Average<H> {
        Average { mean: like.map_leaves(|leaf| Tensor::zeros(leaf.ty().clone())), weight: Tensor::scalar(0.0) }
    }
}

impl<M: VarTree> Average<M> {
    /// With another tree that has this weight, a number or a scalar; nothing changes while all weights are 0. A scalar that is negative or NaN makes
    /// mean and weight NaN.
    ///
    /// # Errors
    /// Stops the trace if the trees differ in structure or types, if the weight is no scalar, or a number that is negative or not finite.
    #[track_caller]
    #[must_use]
    pub fn add(&self, x: &M, weight: impl IntoOperand) -> Average<M> {
        LIBRARY.scope("average", || {
            let fits = |weight: f64| weight >= 0.0 && weight.is_finite();
            let weight = self.scalar("the weight", weight, fits, "finite and not below 0");
            let weight = select(weight.ge(0.0), weight, f64::NAN);
            self.moved(x, weight, self.weight + weight)
        })
    }

    /// With another tree of weight `1 − β`, after all former ones have lost the share `1 − β`: the exponential moving average
    /// `(1 − β) Σ βᵗ⁻ⁱ xᵢ / (1 − βᵗ)`.
    ///
    /// PyTorch's `AveragedModel` and most code begin at the first parameters instead and correct nothing, so that these keep the weight βᵗ.
    ///
    /// # Errors
    /// As [`add`](Average::add), for a β that does not lie from 0 to 1.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// use quadric_nn::Average;
    /// let mut follow = compile(|(average, x): (Average<Var>, Var)| average.follow(&x, 0.5));
    /// let average = follow.call((Average::new(&tensor![0.0]), tensor![3.0]))?;
    /// assert_eq!(average.mean, tensor![3.0]);
    /// let average = follow.call((average, tensor![6.0]))?;
    /// assert_eq!(average.mean, tensor![5.0]); // (3/4 + 6/2) / (3/4)
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn follow(&self, x: &M, beta: impl IntoOperand) -> Average<M> {
        LIBRARY.scope("average", || {
            let beta = self.scalar("beta", beta, |beta| (0.0..=1.0).contains(&beta), "from 0 to 1");
            let beta = select(beta.ge(0.0).and(beta.le(1.0)), beta, f64::NAN);
            let weight = 1.0 - beta;
            self.moved(x, weight, self.weight * beta + weight)
        })
    }

    /// A scalar in `f64`; of a number it is known now whether it fits.
    #[track_caller]
    fn scalar(&self, what: &str, x: impl IntoOperand, fits: impl Fn(f64) -> bool, must: &str) -> Var {
        if let Some(number) = x.as_number().filter(|number| !fits(*number)) {
            stop(Error::new(ErrorKind::Data, format!("average: {what} is {number}; it must be {must}")));
        }
        let x = x.into_operand(self.weight);
        for (what, x) in [(what, x), ("the weight so far", self.weight)] {
            if x.shape().rank() != 0 {
                stop(Error::new(ErrorKind::Shape, format!("average: {what} is {}, a scalar is needed", x.ty())));
            }
        }
        x.convert(DType::F64)
    }

    #[track_caller]
    fn moved(&self, x: &M, weight: Var, all: Var) -> Average<M> {
        if let Some(difference) = self.mean.first_difference(x) {
            stop(Error::new(ErrorKind::Arity, format!("average: the mean and what comes to it: {difference}")));
        }
        let mut names = x.leaf_names().into_iter();
        let share = weight / select(all.equal(0.0), 1.0, all);
        let mean = self.mean.zip_leaves(x, |mean, x| {
            let name = names.next().expect("a name for each leaf");
            if mean.ty() != x.ty() {
                let what = format!("average: {name:?} is {}, {} in the mean", x.ty(), mean.ty());
                stop(Error::new(ErrorKind::Shape, what));
            }
            if !x.dtype().is_float() {
                return *x;
            }
            mean + (x - mean) * share.convert(x.dtype())
        });
        Average { mean, weight: all }
    }
}
