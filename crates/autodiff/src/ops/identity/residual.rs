//! `residual`: the one way in which reverse mode reads a primal value.
//!
//! Where an equation's own second derivative enters a Hessian is where the tangent of a residual enters the derivative
//! of a cotangent. So a residual carries, self-contained, all that a freeze may want to choose by: the sweep it belongs
//! to, the class of the equation whose rule reads it, on which side of each cut that equation lies, its scope, its line.

use crate::ops::prelude::*;

/// On which side of a cut an equation lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The cut descends from it.
    Model,
    /// It descends from the cut.
    Loss,
    /// Neither: a penalty on the parameters.
    Aside,
    /// It descends from the cut and also reads a parameter past the cut: neither G nor N can claim it.
    Mixed,
    /// Both before and behind: the name cuts twice on one path, or in a declared derivative.
    Both,
}

impl Side {
    const ALL: [(Side, &'static str); 5] =
        [(Side::Model, "model"), (Side::Loss, "loss"), (Side::Aside, "aside"), (Side::Mixed, "mixed"), (Side::Both, "both")];

    /// The word in the text form.
    pub fn name(self) -> &'static str {
        Side::ALL[self as usize].1
    }
}

/// `y = x`, labelled with the equation that reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Residual {
    /// Which sweep of reverse mode wrote it; unique in a tape.
    pub sweep: u32,
    /// The class of the reading equation.
    pub class: Class,
    /// On which side of each cut of the tape the reading equation lies.
    pub sides: Vec<(String, Side)>,
    /// The scopes of the reading equation, joined by `/`.
    pub scope: String,
    /// The user's line of the reading equation, `file:line:column`.
    pub line: String,
}

impl Residual {
    /// The side with respect to the cut `name`.
    pub fn side(&self, name: &str) -> Option<Side> {
        self.sides.iter().find(|(n, _)| n == name).map(|(_, s)| *s)
    }
}

impl Parameters for Residual {
    fn params(&self) -> Params {
        let mut params =
            Params::none().with("sweep", self.sweep as usize).with("class", Param::Word(self.class.name().into()));
        for (name, side) in &self.sides {
            params = params.with("cut", Param::Text(name.clone())).with("side", Param::Word(side.name().into()));
        }
        for (name, text) in [("scope", &self.scope), ("line", &self.line)] {
            if !text.is_empty() {
                params = params.with(name, Param::Text(text.clone()));
            }
        }
        params
    }

    fn parse(p: &Params) -> Result<Self, String> {
        let mut sides = Vec::new();
        for pair in p.0.windows(2) {
            if let [(cut, Param::Text(name)), (side, Param::Word(word))] = pair
                && cut == "cut"
                && side == "side"
            {
                let side = Side::ALL.iter().find(|(_, w)| w == word).ok_or(format!("`{word}` is no side of a cut"))?;
                sides.push((name.clone(), side.0));
            }
        }
        let text = |name: &str| p.get(name).map_or(Ok(String::new()), |_| p.text(name).map(str::to_string));
        Ok(Residual {
            sweep: p.int32("sweep")?,
            class: Class::from_name(p.word("class")?).ok_or("the class is linear, multilinear or nonlinear")?,
            sides,
            scope: text("scope")?,
            line: text("line")?,
        })
    }
}

impl Primitive<1> for Residual {
    const NAME: &'static str = "residual";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        Ok(x.clone())
    }

    /// Tangents and cotangents pass, unless the transform was told to freeze this residual.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::PASS
    }

    fn kernel(&self) -> Kernel {
        Kernel::Identity
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.pick(y, Some))
    }

    fn samples() -> Vec<Sample> {
        let sides = vec![("logits".to_string(), Side::Model)];
        let residual = Residual {
            sweep: 1,
            class: Class::Nonlinear,
            sides,
            scope: "layers.0/gelu".into(),
            line: "src/main.rs:3:9".into(),
        };
        vec![Sample::reals(residual, [shape![3, 2]])]
    }
}
