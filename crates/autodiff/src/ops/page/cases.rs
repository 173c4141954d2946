//! Cases of a page, in fewer words.

use super::primitive::{Primitive, op};
use super::sample::{Domain, Sample};
use crate::dtype::DType;
use crate::shape;
use crate::shape::Shape;

impl Sample {
    /// One case with f64 operands from all reals.
    pub fn reals<const N: usize, P: Primitive<N>>(primitive: P, shapes: [Shape; N]) -> Sample {
        Sample::of(op(primitive), shapes.map(|s| (DType::F64, s, Domain::Reals)))
    }

    /// A scalar, one element, none, a matrix: for each, f64 operands of that shape from these domains.
    pub fn shapes<const N: usize, P: Primitive<N>>(primitive: &P, domains: [Domain; N]) -> Vec<Sample> {
        [shape![], shape![1], shape![0], shape![3, 5]]
            .map(|s| Sample::of(op(primitive.clone()), domains.map(|d| (DType::F64, s.clone(), d))))
            .to_vec()
    }

    /// One case with the dtypes spelled out.
    pub fn typed<const N: usize, P: Primitive<N>>(primitive: &P, inputs: [(DType, Shape, Domain); N]) -> Vec<Sample> {
        vec![Sample::of(op(primitive.clone()), inputs)]
    }
}
