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

static FUNCTIONS: [Function; 17] = [
    function("sin", One(|x| x.sin())),
    function("cos", One(|x| x.cos())),
    function("exp", One(|x| x.exp())),
    function("log", One(|x| x.log())),
    function("tanh", One(|x| x.tanh())),
    function("erf", One(|x| x.erf())),
    function("sqrt", One(|x| x.sqrt())),
    function("abs", One(|x| x.abs())),
    function("logistic", One(|x| x.logistic())),
    function("relu", One(|x| select(x.gt(0.0), x, x.zeros_like()))),
    function("sum", One(|x| x.sum())),
    function("mean", One(|x| x.mean())),
    function("max", Two(|x, y| x.maximum(y))),
    function("min", Two(|x, y| x.minimum(y))),
    function("pow", Two(|x, y| x.pow(y))),
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
