//! One binary: the tests of the operators, the estimators, and the facts about the Hessian's parts.

mod attribution;
mod errors;
mod estimators;
mod facts;
mod nets;
mod operators;
