#![doc = include_str!("../README.md")]

#[cfg(doctest)]
mod readmes;

pub use quadric_autodiff as autodiff;
pub use quadric_curvature as curvature;
pub use quadric_nn as nn;
pub use quadric_regularization as regularization;

pub use quadric_autodiff::library;
pub use quadric_autodiff::{Axes, DType, Error, ErrorKind, Leaf, Shape, Static, Tensor, Tree, Type, VarTree};
#[doc(hidden)]
pub use quadric_autodiff::{axes, shape, tensor};

/// What a program that uses Quadric usually needs: `use quadric::prelude::*;`.
pub mod prelude {
    pub use quadric_autodiff::trace::{
        Var, compile, concat, constant, custom_derivative, custom_pointwise, cut, declare_second_derivative, grad,
        hessian, hvp, hvp_of_part, hvps, iota, jvp, linearize, nonlinear_scope, scope, select, trace, value_and_grad,
        value_and_grad_aux, vjp, vmap,
    };
    pub use quadric_autodiff::transform::Part;
    pub use quadric_autodiff::{DType, Error, Static, Tensor, Tree, VarTree, tensor};
    pub use quadric_nn::*;
}
