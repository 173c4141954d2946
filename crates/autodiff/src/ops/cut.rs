//! `cut`: a name for a value, by which the Hessian is taken apart.

use super::prelude::*;

/// `y = x`. What the cut descends from is the model, what descends from it is the loss.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cut {
    /// The name, such as `logits`.
    pub name: String,
}

impl Primitive<1> for Cut {
    const NAME: &'static str = "cut";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        Ok(x.clone())
    }

    /// Tangents and cotangents pass.
    fn rule(&self) -> Rule {
        passes_through()
    }

    fn kernel(&self) -> Kernel {
        Kernel::Identity
    }

    fn params(&self) -> Params {
        Params::none().with("name", Param::Text(self.name.clone()))
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Cut { name: p.text("name")?.to_string() })
    }

    fn samples() -> Vec<Sample> {
        vec![Sample::reals(Cut { name: "logits".into() }, [shape![3, 2]])]
    }
}
