//! `concat`: arrays one after the other.

use std::sync::Arc;

use crate::ops::prelude::*;
use crate::ops::Variadic;
use crate::reference::{Define, Definition};
use crate::tape::{AnyPrimitive, AnyRule, Kind, Op, Tape, BatchBodies};

/// The operands, one after the other along `axis`; on every other axis they agree. Any number of operands but none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Concat {
    /// The axis along which they are joined.
    pub axis: usize,
}

impl Parameters for Concat {
    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Concat { axis: p.size("axis")? })
    }
}

impl Variadic for Concat {
    const NAME: &'static str = "concat";

    fn samples() -> Vec<Sample> {
        let case = |axis, shapes: &[Shape]| {
            Sample::of(Op::new(Concat { axis }), shapes.iter().map(|s| (DType::F64, s.clone(), Domain::Reals)))
        };
        vec![
            case(0, &[shape![3], shape![2]]),
            case(1, &[shape![2, 1], shape![2, 3], shape![2, 0]]),
            case(0, &[shape![2, 2]]),
        ]
    }
}

impl AnyPrimitive for Concat {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn params(&self) -> Params {
        Parameters::params(self)
    }

    fn infer(&self, inputs: &[&Type], _: &[Arc<Tape>]) -> Result<Vec<Type>, Error> {
        let Some(first) = inputs.first() else { bail!(Arity, "concat: at least one operand is needed") };
        axis_of(first, self.axis).map_err(|e| e.within("concat"))?;
        let mut total = 0;
        for x in inputs {
            if x.dtype != first.dtype {
                bail!(DType, "concat: dtypes differ: {first} and {x}");
            }
            if x.shape.rank() != first.shape.rank() || x.shape.resized(self.axis, first.shape[self.axis]) != first.shape
            {
                bail!(Shape, "concat: {first} and {x} differ on an axis other than {}", self.axis);
            }
            total = usize::saturating_add(total, x.shape[self.axis]);
        }
        Ok(vec![first.with_shape(first.shape.resized(self.axis, total))])
    }

    /// Linear: every operand gets its slice of ȳ.
    fn rule(&self) -> AnyRule {
        let axis = self.axis;
        AnyRule::Linear(Box::new(move |t, inputs, y_bar| {
            let mut start = 0;
            let mut parts = Vec::new();
            for x in inputs {
                let size = t.shape_of(*x);
                let mut from = vec![0; size.rank()];
                from[axis] = start;
                start += size[axis];
                parts.push(Some(t.slice(y_bar, from, size.to_vec(), vec![1; size.rank()])));
            }
            parts
        }))
    }

    fn vmap(
        &self,
        t: &mut Builder,
        inputs: &[Batched],
        _: &[Arc<Tape>],
        size: usize,
        _: &dyn BatchBodies,
    ) -> Result<Vec<Batched>, Error> {
        let inputs: Vec<Value> = inputs.iter().map(|x| t.with_batch_axis(*x, size)).collect();
        let value = t.emit_valid(Op::new(Concat { axis: self.axis + 1 }), &inputs);
        Ok(vec![Batched { value, batched: true }])
    }

    fn kind(&self) -> Kind {
        Kind::Linear
    }

    fn kernel(&self) -> Kernel {
        Kernel::Own
    }

    fn run(&self, inputs: &[Operand<'_>], y: &mut Output<'_>) -> Result<(), Error> {
        let strides = y.ty.shape.strides();
        by_dtype!(y.ty.dtype, T => {
            let y = y.elements::<T>();
            let mut at = 0;
            for x in inputs {
                if x.ty.shape.size() > 0 {
                    let offset = at * strides[self.axis] as usize;
                    quadric_kernels::copy::scatter_strided(y, offset, &strides, &x.ty.shape, x.elements());
                }
                at += x.ty.shape[self.axis];
            }
        });
        Ok(())
    }

    fn definition(&self) -> Option<&dyn Definition> {
        Some(self)
    }

}

impl Define for Concat {
    fn define<S: Scalar>(&self, x: &[&Array<S>], y: &Type) -> Result<Array<S>, Error> {
        // Which operand a flat position comes from, and where it stands there.
        let source = |i: usize| {
            let mut index = unravel(i, &y.shape);
            let mut k = 0;
            while index[self.axis] >= x[k].ty.shape[self.axis] {
                index[self.axis] -= x[k].ty.shape[self.axis];
                k += 1;
            }
            (x[k], ravel(&index, &x[k].ty.shape))
        };
        let places = (0..y.shape.size()).map(source);
        Ok(if y.dtype.is_float() {
            Array::real(y, places.map(|(x, j)| x.reals()[j]).collect())
        } else {
            Array::int(y, places.map(|(x, j)| x.ints()[j]).collect())
        })
    }
}
