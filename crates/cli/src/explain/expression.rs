//! Expressions: each node knows its piece of the text.

use std::collections::BTreeMap;
use std::ops::Range;

use quadric::autodiff::trace::{Var, scope};

use super::functions::Function;

/// A node and its piece of the text, in bytes.
#[derive(Debug)]
pub struct Node {
    pub kind: Kind,
    /// The piece.
    pub span: Range<usize>,
}

/// What a node is.
#[derive(Debug)]
pub enum Kind {
    Number(f64),
    Name(String),
    Call(&'static Function, Vec<Node>),
    Negative(Box<Node>),
    Binary(char, Box<Node>, Box<Node>),
    Power(Box<Node>, i32),
}

impl Node {
    /// The names of the variables, in order of appearance.
    pub fn variables(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.visit(&mut |node| {
            if let Kind::Name(name) = &node.kind
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        });
        names
    }

    /// The node and all below it.
    pub fn visit(&self, f: &mut impl FnMut(&Node)) {
        f(self);
        match &self.kind {
            Kind::Number(_) | Kind::Name(_) => {}
            Kind::Call(_, operands) => operands.iter().for_each(|n| n.visit(f)),
            Kind::Negative(x) | Kind::Power(x, _) => x.visit(f),
            Kind::Binary(_, a, b) => {
                a.visit(f);
                b.visit(f);
            }
        }
    }

    /// Records the expression in the open trace; every equation lies in a scope named by its piece of `text`.
    pub fn trace(&self, text: &str, variables: &BTreeMap<String, Var>) -> Var {
        let piece = &text[self.span.clone()];
        match &self.kind {
            Kind::Name(name) => variables[name],
            Kind::Number(x) => {
                let like = *variables.values().next().expect("there is a variable");
                scope(piece, || like.number(*x))
            }
            Kind::Negative(x) => {
                let x = x.trace(text, variables);
                scope(piece, || -x)
            }
            Kind::Power(x, n) => {
                let x = x.trace(text, variables);
                scope(piece, || x.powi(*n))
            }
            Kind::Binary(op, a, b) => {
                let (a, b) = (a.trace(text, variables), b.trace(text, variables));
                scope(piece, || match op {
                    '+' => a + b,
                    '-' => a - b,
                    '*' => a * b,
                    _ => a / b,
                })
            }
            Kind::Call(function, operands) => {
                let x: Vec<Var> = operands.iter().map(|n| n.trace(text, variables)).collect();
                scope(piece, || function.call(&x))
            }
        }
    }
}
