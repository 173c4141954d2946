#![doc = include_str!("../README.md")]

pub use quadric_autodiff as autodiff;
pub use quadric_curvature as curvature;
pub use quadric_nn as nn;
pub use quadric_regularization as regularization;

pub use quadric_autodiff::library;
pub use quadric_autodiff::{
    Arithmetic, Axes, DType, Error, ErrorKind, Leaf, Select, Selection, Shape, Static, Tensor, Tree, Type, VarTree,
};
#[doc(hidden)]
pub use quadric_autodiff::{axes, shape, tensor};

/// What a program reaches for first: `use quadric::prelude::*;`.
///
/// Arrays and the functions that transform what is computed with them; a model, a loss, an optimizer; the operators that a model's
/// curvature is measured by; the methods that use it. All else stands in [`autodiff`], [`nn`],
/// [`curvature`] and [`regularization`] by name.
pub mod prelude {
    pub use quadric_autodiff::trace::{
        Compiled, Var, checkpoint, compile, concat, constant, cut, einsum, eye, full, grad, hessian, hvp, hvp_of_part,
        hvps, jvp, linearize, linspace, meshgrid, nonlinear_scope, ones, scan, scan_n, scope, select, stack, trace,
        value_and_grad, value_and_grad_aux, vjp, vmap, zeros,
    };
    pub use quadric_autodiff::transform::Part;
    pub use quadric_autodiff::{Arithmetic, DType, Error, Select, Selection, Static, Tensor, Tree, VarTree, tensor};
    pub use quadric_curvature::operators::{GaussNewton, Hessian, Nme};
    pub use quadric_curvature::{Decomposition, LinearOperator, Probe, Problem};
    pub use quadric_nn::{
        Activation, Activations, Adam, AdamW, Classifier, Dense, Layer, Mlp, Mode, Optimizer, Schedule, Sgd, StateOf,
        Stateless, accuracy, cross_entropy, generator, initial_state, log_softmax, mse, softmax,
    };
    pub use quadric_regularization::{
        Classification, GradientPower, HessianTrace, Loss, Penalized, PenaltySam, Plain, Sam, Update, WeightNoise,
    };
}
