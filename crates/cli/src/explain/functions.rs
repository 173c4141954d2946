//! The functions of an expression: the parser, the help and the sentences about mistakes all read this list.

use quadric::autodiff::trace::{Var, cut, select};

/// A function, by what it takes.
#[derive(Clone, Copy, Debug)]
pub enum Apply {
    One(fn(Var) -> Var),
    Two(fn(Var, Var) -> Var),
}

use Apply::{One, Two};

/// A name, and what it stands for.
#[derive(Debug)]
pub struct Function {
    pub name: &'static str,
    apply: Apply,
}

const fn function(name: &'static str, apply: Apply) -> Function {
    Function { name, apply }
}

static FUNCTIONS: [Function; 39] = [
    function("sin", One(|x| x.sin())),
    function("cos", One(|x| x.cos())),
    function("asin", One(|x| x.asin())),
    function("acos", One(|x| x.acos())),
    function("atan", One(|x| x.atan())),
    function("sinh", One(|x| x.sinh())),
    function("cosh", One(|x| x.cosh())),
    function("tanh", One(|x| x.tanh())),
    function("sech", One(|x| x.sech())),
    function("asinh", One(|x| x.asinh())),
    function("acosh", One(|x| x.acosh())),
    function("atanh", One(|x| x.atanh())),
    function("exp", One(|x| x.exp())),
    function("expm1", One(|x| x.expm1())),
    function("log", One(|x| x.log())),
    function("log1p", One(|x| x.log1p())),
    function("sqrt", One(|x| x.sqrt())),
    function("rsqrt", One(|x| x.rsqrt())),
    function("abs", One(|x| x.abs())),
    function("erf", One(|x| x.erf())),
    function("erfc", One(|x| x.erfc())),
    function("erf_inv", One(|x| x.erf_inv())),
    function("normal_cdf", One(|x| x.normal_cdf())),
    function("gaussian", One(|x| x.gaussian())),
    function("logistic", One(|x| x.logistic())),
    function("softplus", One(|x| x.softplus())),
    function("lgamma", One(|x| x.lgamma())),
    function("digamma", One(|x| x.digamma())),
    function("relu", One(|x| select(x.gt(0.0), x, x.zeros_like()))),
    function("sum", One(|x| x.sum())),
    function("mean", One(|x| x.mean())),
    function("max", Two(|x, y| x.maximum(y))),
    function("min", Two(|x, y| x.minimum(y))),
    function("pow", Two(|x, y| x.pow(y))),
    function("hypot", Two(|x, y| x.hypot(y))),
    function("atan2", Two(|x, y| x.atan2(y))),
    function("logaddexp", Two(|x, y| x.logaddexp(y))),
    function("matmul", Two(|x, y| x.matmul(y))),
    function("cut", One(|x| cut("cut", x))),
];

impl Function {
    /// The function of this name.
    pub fn find(name: &str) -> Option<&'static Function> {
        FUNCTIONS.iter().find(|f| f.name == name)
    }

    /// How many operands it takes.
    pub fn arity(&self) -> usize {
        match self.apply {
            One(_) => 1,
            Two(_) => 2,
        }
    }

    /// Records it.
    ///
    /// # Panics
    /// If there are not as many operands as it takes.
    pub fn call(&self, x: &[Var]) -> Var {
        match (self.apply, x) {
            (One(f), &[x]) => f(x),
            (Two(f), &[x, y]) => f(x, y),
            (_, x) => panic!("{} takes {} operand(s), got {}", self.name, self.arity(), x.len()),
        }
    }
}

/// The names of all functions.
pub fn names(between: &str) -> String {
    FUNCTIONS.iter().map(|f| f.name).collect::<Vec<_>>().join(between)
}
