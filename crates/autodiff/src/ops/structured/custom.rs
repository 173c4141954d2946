//! `custom`: a function with a derivative that the user declares.
//!
//! Three bodies: the function `f: x… → y…`, its declared forward derivative `(x…, ẋ…) → ẏ…`, linear in ẋ, and its
//! transpose `(x…, ȳ…) → x̄…`. The declared derivatives are ordinary tapes and are inlined where they are used, so
//! they are differentiated in turn, and both modes agree at every order. Who declares (`trace::custom`) makes the
//! transpose from the forward one, and checks linearity and types.

use std::sync::Arc;

use super::absent;
use crate::ops::prelude::*;
use crate::ops::Variadic;
use crate::tape::{AnyPrimitive, AnyRule, Kind, Op, Tape, BatchBodies};

/// `y… = f(x…)`, with declared derivatives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Custom {
    /// The user's name for it.
    pub name: String,
    /// What the declared rule says of its own curvature.
    pub class: Class,
    /// Whether f is linear in its last operand and its declared derivative is the true one there. It is the engine's word for what it
    /// makes itself of a declared second derivative; of a user's declaration it cannot be known.
    pub linear: bool,
}

impl Parameters for Custom {
    fn params(&self) -> Params {
        let class = Param::Word(self.class.name().into());
        let params = Params::none().with("name", Param::Text(self.name.clone())).with("class", class);
        if self.linear { params.with("linear", true) } else { params }
    }

    fn parse(p: &Params) -> Result<Self, String> {
        let class = Class::from_name(p.word("class")?).ok_or("the class is linear, multilinear or nonlinear")?;
        let linear = p.get("linear").is_ok() && p.flag("linear")?;
        Ok(Custom { name: p.text("name")?.to_string(), class, linear })
    }
}

impl Variadic for Custom {
    const NAME: &'static str = "custom";
}

impl AnyPrimitive for Custom {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn params(&self) -> Params {
        Parameters::params(self)
    }

    fn infer(&self, inputs: &[&Type], bodies: &[Arc<Tape>]) -> Result<Vec<Type>, Error> {
        let [f, jvp, vjp] = bodies else {
            bail!(Arity, "custom {}: three bodies are needed, got {}", self.name, bodies.len())
        };
        let x: Vec<Type> = inputs.iter().map(|t| (*t).clone()).collect();
        let y = f.output_types();
        let check = |body: &Tape, what: &str, from: Vec<Type>, to: &[Type]| {
            if body.input_types() != from || body.output_types() != to {
                let (i, o) = (body.input_types(), body.output_types());
                bail!(Declaration, "custom {}: {what} maps {i:?} to {o:?}, it must map {from:?} to {to:?}", self.name);
            }
            Ok(())
        };
        check(f, "the function", x.clone(), &y)?;
        check(jvp, "the forward derivative", [x.clone(), x.clone()].concat(), &y)?;
        check(vjp, "the reverse derivative", [x.clone(), y.clone()].concat(), &x)?;
        if let Some(t) = x.iter().chain(&y).find(|t| !t.dtype.is_float()) {
            bail!(Declaration, "custom {}: an operand or result is {t}, floats are needed", self.name);
        }
        Ok(y)
    }

    fn rule(&self) -> AnyRule {
        let call = |body: usize| {
            move |t: &mut Builder, e: &crate::tape::Derive<'_>, dots: &[Option<Value>]| {
                let args: Vec<Option<Value>> = e.inputs.iter().map(|x| Some(*x)).chain(dots.iter().copied()).collect();
                absent::inline(t, &e.bodies[body], &args)
            }
        };
        AnyRule::General { class: self.class, jvp: Box::new(call(1)), vjp: Box::new(call(2)) }
    }

    /// Every body with the batch axis on every operand, so that the declared derivatives stay declared.
    fn vmap(
        &self,
        t: &mut Builder,
        inputs: &[Batched],
        bodies: &[Arc<Tape>],
        size: usize,
        transforms: &dyn BatchBodies,
    ) -> Result<Vec<Batched>, Error> {
        let inputs: Vec<Value> = inputs.iter().map(|x| t.with_batch_axis(*x, size)).collect();
        let bodies = bodies
            .iter()
            .map(|body| transforms.vmap(body, &vec![true; body.inputs().len()], size).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let outputs = t.emit_all(Op::new(self.clone()), &inputs, bodies)?;
        Ok(outputs.into_iter().map(|value| Batched { value, batched: true }).collect())
    }

    fn kernel(&self) -> Kernel {
        Kernel::Body
    }

    fn kind(&self) -> Kind {
        Kind::General(self.class)
    }

    /// Of a user's declaration it cannot be known.
    fn linear_in(&self, moving: &[bool]) -> Option<Linearity> {
        let last_alone = moving.split_last().is_some_and(|(last, rest)| *last && !rest.contains(&true));
        Some(if self.linear && last_alone { Linearity::OthersFixed } else { Linearity::No })
    }

}
