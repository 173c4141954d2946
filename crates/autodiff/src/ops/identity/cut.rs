//! `cut`: a name for a value, by which the Hessian is taken apart.

use crate::ops::prelude::*;

/// `y = x`. What the cut descends from is the model, what descends from it is the loss.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cut {
    /// The name, such as `logits`.
    pub name: String,
}

impl Parameters for Cut {
    fn params(&self) -> Params {
        Params::none().with("name", Param::Text(self.name.clone()))
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Cut { name: p.text("name")?.to_string() })
    }
}

impl Primitive<1> for Cut {
    const NAME: &'static str = "cut";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        Ok(x.clone())
    }

    /// Tangents and cotangents pass.
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
        vec![Sample::reals(Cut { name: "logits".into() }, [shape![3, 2]])]
    }
}
