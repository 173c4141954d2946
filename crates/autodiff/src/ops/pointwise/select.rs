//! `select`: one array or another, element by element.

use crate::ops::prelude::*;

/// `y = p ? a : b` for a bool array p. It selects and never multiplies, so a NaN that is not selected does no harm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
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
    fn rule(&self) -> Rule<Self, 3> {
        Rule::Linear(|_, t, [p, _, _], y_bar| {
            let zero = t.like(y_bar, 0.0);
            [None, Some(t.select(p, y_bar, zero)), Some(t.select(p, zero, y_bar))]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Select
    }

    /// Integers and bools.
    fn run(&self, [p, a, b]: [Operand<'_>; 3], y: &mut Output<'_>) -> Result<(), Error> {
        by_dtype!(y.ty.dtype, T => {
            quadric_kernels::pointwise::select_any(p.elements(), a.elements::<T>(), b.elements(), y.elements());
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [p, a, b]: [&Array<S>; 3], y: &Type) -> Result<Array<S>, Error> {
        let of = |i: usize| if p.ints()[i] != 0 { a } else { b };
        let n = y.shape.size();
        Ok(if y.dtype.is_float() {
            Array::real(y, (0..n).map(|i| of(i).reals()[i]).collect())
        } else {
            Array::int(y, (0..n).map(|i| of(i).ints()[i]).collect())
        })
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
