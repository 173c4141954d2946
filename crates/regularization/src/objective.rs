//! What is minimised: a loss, and for some methods the logits behind it.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::VarTree;
use quadric_autodiff::trace::{Var, cut};
use quadric_nn::{Classifier, cross_entropy};

use crate::LIBRARY;

/// A scalar function of the parameters. Closures `|params: M| -> Var` are losses, as they are what `grad` takes.
pub trait Loss<M: VarTree> {
    /// `L(θ)`, a scalar.
    fn loss(&self, params: &M) -> Var;
}

impl<M: VarTree, F: Fn(M) -> Var> Loss<M> for F {
    #[track_caller]
    fn loss(&self, params: &M) -> Var {
        self(params.clone())
    }
}

/// A loss that is a mean over examples of a function of logits.
///
/// [`Loss::loss`] must pass the logits through `cut(self.cut(), …)`, or the parts of the Hessian cannot be told apart.
pub trait Objective<M: VarTree>: Loss<M> {
    /// The name of the cut between model and loss.
    fn cut(&self) -> &str {
        "logits"
    }

    /// The logits `z(θ)`, `[B, C]`, without a cut.
    fn logits(&self, params: &M) -> Var;

    /// The mean loss over the batch had the labels (`i32[B]`) been these; without terms that the model's output is no part of (weight
    /// decay).
    fn loss_with_labels(&self, params: &M, labels: Var) -> Var;
}

/// Classification of one batch: the mean softmax cross-entropy of any [`Classifier`], cut at `logits`.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
/// use quadric_nn::{Activation, Mlp};
/// use quadric_regularization::{Classification, Loss};
/// let model = Mlp::new(&[2, 3], Activation::Gelu, DType::F64, 1);
/// let mut loss = compile(|(model, x, y): (Mlp<Var>, Var, Var)| Classification::new(x, y).loss(&model));
/// let value = loss.call((model, tensor![[0.0, 0.0]], tensor![1]))?;
/// assert!((value.item() - 3f64.ln()).abs() < 1e-15); // biases begin at 0, so all classes are equal
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Classification {
    /// Inputs, `[B, …]`.
    pub x: Var,
    /// Labels, `i32[B]`.
    pub y: Var,
    /// The weight c of `(c/2)‖θ‖²` over all leaves, a scalar; it lands in the remainder R of the Hessian.
    pub decay: Option<Var>,
}

impl Classification {
    /// Without weight decay.
    pub fn new(x: Var, y: Var) -> Classification {
        Classification { x, y, decay: None }
    }

    /// With `(decay/2)‖θ‖²` in the loss.
    #[must_use]
    pub fn with_decay(self, decay: Var) -> Classification {
        Classification { decay: Some(decay), ..self }
    }
}

impl<M: VarTree + Classifier> Loss<M> for Classification {
    #[track_caller]
    fn loss(&self, params: &M) -> Var {
        let loss = self.loss_with_labels(params, self.y);
        match self.decay {
            None => loss,
            Some(c) => LIBRARY
                .scope("decay", || loss + params.square_norm().convert(loss.dtype()) * c.convert(loss.dtype()) * 0.5),
        }
    }
}

impl<M: VarTree + Classifier> Objective<M> for Classification {
    #[track_caller]
    fn logits(&self, params: &M) -> Var {
        LIBRARY.enter(|| params.logits(self.x))
    }

    #[track_caller]
    fn loss_with_labels(&self, params: &M, labels: Var) -> Var {
        LIBRARY.enter(|| cross_entropy(cut("logits", params.logits(self.x)), labels).mean())
    }
}

/// A loss with a penalty added: how methods compose. `Sam` of a `Penalized` loss is SAM on the penalised objective.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_regularization::{GradientPower, Penalized, Sam};
/// let loss = |x: Var| (x * x).sum();
/// let mut direction = compile(|(x, rho): (Var, Var)| {
///     let penalty = |x: Var| GradientPower { rho, power: 2.0 }.penalty(&loss, &x); // ρ‖2x‖²
///     Sam { rho: rho * 0.0 }.update(&Penalized { loss, penalty }, &x).direction // SAM with radius 0 is the gradient
/// });
/// assert_eq!(direction.call((tensor![1.0], Tensor::scalar(0.5)))?, tensor![6.0]); // (x² + 2x²)'
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Penalized<L, P> {
    /// `L`.
    pub loss: L,
    /// What is added to it.
    pub penalty: P,
}

impl<M: VarTree, L: Loss<M>, P: Loss<M>> Loss<M> for Penalized<L, P> {
    #[track_caller]
    fn loss(&self, params: &M) -> Var {
        LIBRARY.enter(|| self.loss.loss(params) + self.penalty.loss(params))
    }
}
