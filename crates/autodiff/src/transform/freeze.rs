//! Frozen residuals: one mechanism that gives every part of a Hessian.
//!
//! Reverse mode evaluates `x̄ += ȳ · ∂op(x)`; x here is a residual, and its tangent is where each equation's own second
//! derivative enters the Hessian, `H v = Σₑ Jᵀ_{xₑ} (ȳₑ · D²opₑ[ẋₑ])`. A jvp of the reverse tape that withholds the
//! tangents of all residuals but a [`Part`]'s leaves exactly that part's share of `H v`. Both transforms take a
//! [`Freeze`]: forward mode gives frozen residuals no tangent, reverse mode lets no cotangent pass them.

use crate::error::{Error, bail};
use crate::ops::{Cut, Residual, Side};
use crate::tape::{Class, Equation, Tape};

/// A part of the Hessian: the residuals that stay live.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// All: `H`.
    Hessian,
    /// The loss, what descends from the cut: `G`, Gauss-Newton.
    GaussNewton {
        /// The name of the cut, such as `logits`.
        cut: String,
    },
    /// The model, what the cut descends from: `N`, the nonlinear modeling error.
    Nme {
        /// The name of the cut.
        cut: String,
    },
    /// The model's nonlinear equations: `A`.
    ActivationNme {
        /// The name of the cut.
        cut: String,
    },
    /// The model's multilinear equations: `M`.
    MultilinearNme {
        /// The name of the cut.
        cut: String,
    },
    /// Neither loss nor model (weight decay, penalties on parameters): `R`.
    Remainder {
        /// The name of the cut.
        cut: String,
    },
    /// The equations inside a scope, named by its path or by the end of it (`layers.0`, `layers.0/gelu`).
    Scope {
        /// The path.
        path: String,
    },
    /// The equations of one source line, `src/main.rs:12` or `src/main.rs:12:31`.
    Line {
        /// The place.
        line: String,
    },
}

impl Part {
    /// `G` for a cut of this name.
    pub fn gauss_newton(cut: &str) -> Part {
        Part::GaussNewton { cut: cut.into() }
    }

    /// `N` for a cut of this name.
    pub fn nme(cut: &str) -> Part {
        Part::Nme { cut: cut.into() }
    }

    /// `A` for a cut of this name.
    pub fn activation_nme(cut: &str) -> Part {
        Part::ActivationNme { cut: cut.into() }
    }

    /// `M` for a cut of this name.
    pub fn multilinear_nme(cut: &str) -> Part {
        Part::MultilinearNme { cut: cut.into() }
    }

    /// `R` for a cut of this name.
    pub fn remainder(cut: &str) -> Part {
        Part::Remainder { cut: cut.into() }
    }

    fn cut(&self) -> Option<&str> {
        match self {
            Part::GaussNewton { cut }
            | Part::Nme { cut }
            | Part::ActivationNme { cut }
            | Part::MultilinearNme { cut }
            | Part::Remainder { cut } => Some(cut),
            _ => None,
        }
    }

    /// Checks that a function that is to be taken apart has the cut, and goes on from it. Its reverse tape may have lost a cut that nothing
    /// nonlinear lies before or behind.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`](crate::ErrorKind::Selection) if it has not.
    pub fn check_function(&self, function: &Tape) -> Result<(), Error> {
        let Some(name) = self.cut() else { return Ok(()) };
        let mut found = false;
        function.for_each_equation(&mut |e| found |= e.op.downcast::<Cut>().is_some_and(|c| c.name == name));
        if !found {
            bail!(Selection, "the function has no cut named \"{name}\"");
        }
        if !super::cut::leads_to_an_output(function, name) {
            bail!(
                Selection,
                "the value does not depend on the cut \"{name}\": what `cut` returns is the value behind it, and is not used; \
                 of a gradient, cut the result: cut(\"{name}\", grad(…))"
            );
        }
        Ok(())
    }

    /// Whether the residual is part of it.
    pub fn holds(&self, r: &Residual) -> bool {
        match self {
            Part::Hessian => true,
            Part::GaussNewton { cut } => r.side(cut) == Some(Side::Loss),
            Part::Nme { cut } => r.side(cut) == Some(Side::Model),
            Part::ActivationNme { cut } => r.side(cut) == Some(Side::Model) && r.class == Class::Nonlinear,
            Part::MultilinearNme { cut } => r.side(cut) == Some(Side::Model) && r.class == Class::Multilinear,
            Part::Remainder { cut } => r.side(cut) == Some(Side::Aside),
            Part::Scope { path } => within(&r.scope, path),
            Part::Line { line } => r.line == *line || r.line.starts_with(&format!("{line}:")),
        }
    }
}

/// Whether the scope path `scope` passes through `path`, whole names only.
fn within(scope: &str, path: &str) -> bool {
    format!("/{scope}/").contains(&format!("/{path}/"))
}

/// What a transform withholds: all residuals of one sweep but those of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// The sweep of reverse mode whose residuals are meant; all others stay live.
    pub sweep: u32,
    /// What stays live.
    pub live: Part,
}

impl Freeze {
    /// Whether this residual is withheld.
    pub fn freezes(&self, r: &Residual) -> bool {
        r.sweep == self.sweep && !self.live.holds(r)
    }

    /// A name that matches nothing would quietly turn G into 0 or N into H; a loss that is nonlinear in a parameter past the cut, or a
    /// model behind its own cut, belongs to no part.
    pub(super) fn check(&self, tape: &Tape) -> Result<(), Error> {
        let mut residuals: Vec<Residual> = Vec::new();
        tape.for_each_equation(&mut |e| {
            if let Some(r) = e.op.downcast::<Residual>()
                && r.sweep == self.sweep
            {
                residuals.push(r.clone());
            }
        });
        if let Some(cut) = self.live.cut() {
            // A sweep without residuals is that of a linear function, all of whose parts are zero.
            if !residuals.is_empty() && residuals.iter().all(|r| r.side(cut).is_none()) {
                bail!(Selection, "the function has no cut named \"{cut}\"");
            }
            if let Some(r) = residuals.iter().find(|r| r.side(cut) == Some(Side::Mixed)) {
                let e = Error::new(
                    crate::ErrorKind::Selection,
                    format!(
                        "a loss equation behind the cut \"{cut}\" is also nonlinear in a parameter that reaches it without passing the cut"
                    ),
                );
                return Err(e.at(&r.line));
            }
            if let Some(r) = residuals.iter().find(|r| r.side(cut) == Some(Side::Both)) {
                let e = Error::new(
                    crate::ErrorKind::Selection,
                    format!(
                        "an equation lies both behind and before the cut \"{cut}\": the name cuts twice on one path, \
                         in a loop whose state passes the cut, or inside a declared derivative"
                    ),
                );
                return Err(e.at(&r.line));
            }
            return Ok(());
        }
        if self.live == (Part::Scope { path: String::new() }) {
            bail!(Selection, "the path of the scope is empty");
        }
        if self.live != Part::Hessian && !residuals.iter().any(|r| self.live.holds(r)) {
            let what = match &self.live {
                Part::Scope { path } => format!("scope \"{path}\""),
                Part::Line { line } => format!("line {line}"),
                _ => unreachable!("cuts are handled above"),
            };
            bail!(Selection, "no equation with a second derivative lies in {what}");
        }
        Ok(())
    }
}

/// Whether a freeze withholds what passes this equation.
pub(super) fn withholds(freeze: Option<&Freeze>, e: &Equation) -> bool {
    match (freeze, e.op.downcast::<Residual>()) {
        (Some(freeze), Some(residual)) => freeze.freezes(residual),
        _ => false,
    }
}
