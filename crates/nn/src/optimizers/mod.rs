//! Optimizers: pure functions from (parameters, direction, state, rate) to (parameters, state), an optimizer a file.
//!
//! They run inside the trace. The rate changes from step to step and is therefore an argument; momentum, decay and the like are plain numbers and
//! constants of the compiled step. A *direction* is a gradient, or what a regularizer made of one.
//!
//! # A rule of one's own
//! [`Optimizer`] asks for a name, for what is remembered of a parameter, and for the rule of one parameter; state, trees and mistakes are seen to.
//! [`Parameter`] has the sums that rules share.
//! ```
//! use quadric_autodiff::{Tensor, Type, tensor, trace::{Var, compile}};
//! use quadric_nn::optimizers::{Optimizer, Parameter};
//!
//! /// `w ← w − rate · sign(d)`.
//! struct SignDescent;
//!
//! impl Optimizer for SignDescent {
//!     fn name(&self) -> &'static str {
//!         "sign_descent"
//!     }
//!     fn moments(&self, _: &str, _: &Type) -> Vec<Type> {
//!         vec![]
//!     }
//!     fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
//!         (p.value - p.direction.sign() * p.rate, vec![])
//!     }
//! }
//!
//! let w = vec![tensor![1.0, -2.0]];
//! let mut step = compile(|(w, state, rate): (Vec<Var>, _, Var)| SignDescent.update(&w, &w, &state, rate));
//! let (w, _) = step.call((w.clone(), SignDescent.init(&w), Tensor::scalar(0.5)))?;
//! assert_eq!(w, [tensor![0.5, -1.5]]);
//! # Ok::<(), quadric_autodiff::Error>(())
//! ```
//!
//! # What all of them do
//! - *Decay* is coupled (added to the direction: the gradient of a loss that has `½ λ ‖w‖²` in it) or decoupled (the weights shrink beside the
//!   step, and no loss has that gradient). Each optimizer says which of the two its `weight_decay` is; it applies to every leaf, biases too, and
//!   [`Groups`] exempts some.
//! - *Integer leaves* (positions, counters) are left as they are, whatever stands in their place in the direction. They have no moments.
//! - *NaN and ∞* in a direction are not caught: they reach the parameter (all of it in LAMB, Adafactor, Muon and SOAP, which mix its entries), and
//!   the moments keep them. [`clip_by_norm`] gives the norm to look at.
//! - *The ends of a dtype.* A rule that divides by a root of mean squares sees a direction below 1e-23 in `f32` (1e-162 in `f64`) as one whose
//!   square is 0, which beside any ε of use makes no difference. Above 1.8e19 (1.3e154) the square is ∞: the parameter stands still, and where
//!   squares are averaged for ever after; SOAP, whose bases are made of these squares, makes a matrix NaN. Use [`clip_by_norm`] before, if that
//!   may happen.
//! - *Derivatives* pass through a step as through any other function, by parameters, directions, state and rate (a sign and the order of SOAP's
//!   columns have none). Where a mean square is 0 its root counts with slope 0, and `d/(√d² + ε)` so has its slope 1/ε.
//! - *State* is checked against what the optimizer remembers: whose it is, how many trees, which types.

mod any;
mod average;
mod clip;
mod groups;
mod parameter;
mod settings;
mod state;
mod walk;

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adamax;
mod adamw;
mod lamb;
mod lbfgs;
mod lion;
mod muon;
mod nadam;
mod radam;
mod rmsprop;
mod sgd;
mod soap;

pub use adadelta::Adadelta;
pub use adafactor::Adafactor;
pub use adagrad::Adagrad;
pub use adam::Adam;
pub use adamax::Adamax;
pub use adamw::AdamW;
pub use any::{AnyOptimizer, ParseOptimizerError};
pub use average::Average;
pub use clip::{clip_by_norm, clip_by_value};
pub use groups::{Groups, Selector};
pub use lamb::Lamb;
pub use lbfgs::{Lbfgs, LbfgsReport, LbfgsState, LineSearch, Stopped};
pub use lion::Lion;
pub use muon::Muon;
pub use nadam::NAdam;
pub use parameter::Parameter;
pub use radam::RAdam;
pub use rmsprop::RmsProp;
pub use sgd::Sgd;
pub use soap::Soap;
pub use state::State;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, Tensor, Tree, Type, VarTree};

use crate::LIBRARY;

/// A rule for the next parameters.
pub trait Optimizer {
    /// What it is called in scopes, in mistakes and in the names of its state's leaves: `adam`.
    fn name(&self) -> &'static str;

    /// The types of what it remembers of a parameter of this name and type; each begins as zeros.
    ///
    /// Of which shape they are is up to the rule. Asked for parameters of floats alone.
    fn moments(&self, name: &str, ty: &Type) -> Vec<Type>;

    /// The name of the rule that a parameter of this name and type follows: its own, unless it hands parameters on to other optimizers. By it the
    /// state knows whose it is.
    fn rule_name(&self, parameter: &str, ty: &Type) -> &'static str {
        let _ = (parameter, ty);
        self.name()
    }

    /// The new value and the new moments of one parameter, of the types that they had.
    #[track_caller]
    fn rule(&self, parameter: &Parameter<'_>) -> (Var, Vec<Var>);

    /// Whether it can be the optimizer of a model with parameters of these names, and its settings make sense.
    ///
    /// # Errors
    /// What is wrong.
    fn check(&self, names: &[String]) -> Result<(), Error> {
        let _ = names;
        Ok(())
    }

    /// The new parameters and the new state. `rate` is a scalar of any float dtype.
    ///
    /// # Errors
    /// Stops the trace with [`ErrorKind::Arity`](quadric_autodiff::ErrorKind::Arity) if the state is that of another optimizer or the trees are not
    /// of the parameters' structure, with [`ErrorKind::Shape`](quadric_autodiff::ErrorKind::Shape) if a leaf of the direction or the state is not
    /// of the type that its parameter asks for or the rate is no scalar, with what [`check`](Optimizer::check) says, and with `Arity` or `Shape` if
    /// [`rule`](Optimizer::rule) returns more, fewer or other arrays than it was given.
    #[track_caller]
    fn update<M: VarTree>(&self, params: &M, direction: &M, state: &State<M>, rate: Var) -> (M, State<M>)
    where
        Self: Sized,
    {
        LIBRARY.scope(self.name(), || walk::update(self, params, direction, state, rate))
    }

    /// The state before the first step: zeros.
    ///
    /// # Panics
    /// With what [`check`](Optimizer::check) says.
    #[track_caller]
    fn init<H: Tree<Leaf = Tensor, With<Tensor> = H>>(&self, params: &H) -> State<H>
    where
        Self: Sized,
    {
        let types: Vec<Type> = params.leaves().into_iter().map(|leaf| leaf.ty().clone()).collect();
        let walk::Memory { types: memory, trees, rules } = match walk::memory(self, &params.leaf_names(), &types) {
            Ok(memory) => memory,
            Err(error) => stop(error),
        };
        let tree = |j: usize| {
            let types = memory.iter().zip(&types);
            params.with_leaves(
                types.map(|(memory, ty)| Tensor::zeros(memory.get(j).cloned().unwrap_or_else(|| walk::nothing(ty)))),
            )
        };
        State { optimizer: self.name(), rules, moments: (0..trees).map(tree).collect(), step: Tensor::scalar(0i32) }
    }
}

/// What stands behind a pointer or a reference optimizes as it does by itself.
macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<O: Optimizer + ?Sized> Optimizer for $pointer {
            fn name(&self) -> &'static str {
                (**self).name()
            }
            fn moments(&self, name: &str, ty: &Type) -> Vec<Type> {
                (**self).moments(name, ty)
            }
            fn rule_name(&self, parameter: &str, ty: &Type) -> &'static str {
                (**self).rule_name(parameter, ty)
            }
            #[track_caller]
            fn rule(&self, parameter: &Parameter<'_>) -> (Var, Vec<Var>) {
                (**self).rule(parameter)
            }
            fn check(&self, names: &[String]) -> Result<(), Error> {
                (**self).check(names)
            }
        }
    )*};
}
pointers!(&O, Box<O>, std::sync::Arc<O>);
