//! What one pass through a model says.

use quadric_autodiff::trace::Var;
use quadric_autodiff::trace::tree::{Node, Path};
use quadric_autodiff::{Leaf, Tree};

use crate::LIBRARY;
use crate::layers::Stateless;
use crate::losses::Weighted;
use crate::metrics::{Metric, Metrics};

/// What one pass through a model says: the loss to follow, how much it weighs beside that of other batches, the state afterwards, and metrics.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::{Outcome, cross_entropy, metrics::accuracy};
/// let mut pass = compile(|(z, y): (Var, Var)| Outcome::new(cross_entropy(z, y)).metric("accuracy", accuracy(z, y)));
/// let outcome = pass.call((tensor![[0.0, 0.0], [0.0, 0.0]], tensor![0, 1]))?;
/// assert!((outcome.loss.item() - 2f64.ln()).abs() < 1e-15);
/// assert_eq!((outcome.weight.item(), outcome.metrics.get("accuracy")), (2.0, Some(0.5)));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Outcome<S: Tree = Stateless<Var>> {
    /// The mean loss of the batch, a scalar: what is differentiated.
    pub loss: S::Leaf,
    /// How much that mean weighs among those of other batches, a scalar: the number of examples, or the sum of their weights.
    pub weight: S::Leaf,
    /// The model's state after the pass.
    pub state: S,
    /// What is measured besides.
    pub metrics: Metrics<S::Leaf>,
}

impl<S: Tree> Tree for Outcome<S> {
    type Leaf = S::Leaf;
    type With<L: Leaf> = Outcome<S::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, S::Leaf>)) {
        self.loss.walk(&path.field("loss"), see);
        self.weight.walk(&path.field("weight"), see);
        self.state.walk(&path.field("state"), see);
        self.metrics.walk(&path.field("metrics"), see);
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &S::Leaf) -> Result<L, E>,
    ) -> Result<Outcome<S::With<L>>, E> {
        let (loss, weight) = (f(&path.field("loss"), &self.loss)?, f(&path.field("weight"), &self.weight)?);
        let state = self.state.rebuild(&path.field("state"), f)?;
        Ok(Outcome { loss, weight, state, metrics: self.metrics.rebuild(&path.field("metrics"), f)? })
    }
}

impl Outcome {
    /// The mean of the examples' losses (a `Var` of them, or [`Weighted`]), of a model without state.
    #[track_caller]
    pub fn new(losses: impl Into<Weighted<Var>>) -> Outcome {
        LIBRARY.enter(|| {
            let losses = losses.into();
            let weight = losses.weights.sum().stop_gradient();
            Outcome { loss: losses.mean(), weight, state: Stateless::default(), metrics: Metrics::new() }
        })
    }
}

impl<S: Tree<Leaf = Var>> Outcome<S> {
    /// The same of a model that has a state: this one afterwards.
    #[must_use]
    pub fn with_state<T: Tree<Leaf = Var>>(self, state: T) -> Outcome<T> {
        Outcome { loss: self.loss, weight: self.weight, state, metrics: self.metrics }
    }

    /// And another metric.
    #[must_use]
    pub fn metric(self, name: impl Into<String>, metric: Metric<Var>) -> Outcome<S> {
        Outcome { metrics: self.metrics.with(name, metric), ..self }
    }

    /// With a penalty, a scalar, added to the loss: decay, or anything else that is no mean over examples.
    #[track_caller]
    #[must_use]
    pub fn penalty(self, penalty: Var) -> Outcome<S> {
        let mean = self.loss;
        let loss = LIBRARY.enter(|| mean + penalty.convert(mean.dtype()));
        Outcome { loss, ..self }
    }
}
