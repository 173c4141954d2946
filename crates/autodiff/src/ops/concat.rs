//! `concat`: arrays one after the other.

use std::any::Any;
use std::sync::Arc;

use super::prelude::*;
use crate::tape::{AnyPrimitive, Op, Tape, Transforms, hash64};

/// The operands, one after the other along `axis`; on every other axis they agree. Any number of operands but none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Concat {
    /// The axis along which they are joined.
    pub axis: usize,
}

impl Concat {
    pub(super) fn parse(p: &Params) -> Result<Op, String> {
        Ok(Op::new(Concat { axis: p.size("axis")? }))
    }

    pub(super) fn samples() -> Vec<Sample> {
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
        "concat"
    }

    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
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
    fn rule(&self) -> Rule {
        let axis = self.axis;
        Rule::Linear(Box::new(move |t, inputs, y_bar| {
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
        _: &dyn Transforms,
    ) -> Result<Vec<Batched>, Error> {
        let inputs: Vec<Value> = inputs.iter().map(|x| t.with_batch_axis(*x, size)).collect();
        let value = t.emit_valid(Op::new(Concat { axis: self.axis + 1 }), &inputs);
        Ok(vec![Batched { value, batched: true }])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Concat { axis: self.axis }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn same(&self, other: &dyn AnyPrimitive) -> bool {
        other.as_any().downcast_ref() == Some(self)
    }

    fn hash64(&self) -> u64 {
        hash64("concat", self)
    }
}
