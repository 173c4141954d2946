//! `select`: one array or another, element by element.

use super::prelude::*;

/// `y = p ? a : b` for a bool array p. It selects and never multiplies, so a NaN that is not selected does no harm.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Select;

impl Primitive<3> for Select {
    const NAME: &'static str = "select";

    fn infer(&self, [p, a, b]: [&Type; 3]) -> Result<Type, Error> {
        let y = same(a, b)?;
        if *p != y.with_dtype(DType::Bool) {
            bail!(Shape, "the condition is {p}, bool{} is needed", y.shape);
        }
        Ok(y)
    }

    /// Linear in a and b: ẏ = p ? ȧ : ḃ; ā = p ? ȳ : 0, b̄ = p ? 0 : ȳ.
    fn rule(&self) -> Rule {
        Rule::linear_in_some(|t, [p, _, _], y_bar| {
            let zero = t.like(y_bar, 0.0);
            [None, Some(t.select(p, y_bar, zero)), Some(t.select(p, zero, y_bar))]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Select
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Select)
    }

    fn samples() -> Vec<Sample> {
        [shape![], shape![3, 5], shape![0]]
            .into_iter()
            .flat_map(|s| {
                let real = (DType::F64, s.clone(), Domain::Reals);
                Sample::typed(&Select, [(DType::Bool, s, Domain::Bits), real.clone(), real])
            })
            .collect()
    }
}
