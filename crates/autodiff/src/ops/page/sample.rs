//! The cases that every engine and every derivative test runs a primitive on.

use crate::dtype::DType;
use crate::shape::{Shape, Type};
use crate::tape::{Builder, Op, Tape};

/// Where the entries of an operand may lie, so that the primitive is defined and smooth there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Domain {
    /// Anything of moderate size.
    Reals,
    /// Between the two.
    Range(f64, f64),
    /// At least a little above 0.
    Positive,
    /// Away from 0, of both signs.
    NonZero,
    /// Away from every integer.
    NonInteger,
    /// No two entries close to each other: no ties.
    Distinct,
    /// Integers from 0 up to and without this.
    Index(usize),
    /// Any bits.
    Bits,
    /// Symmetric positive definite matrices in the last two axes.
    PositiveDefinite,
    /// Triangular-dominant matrices in the last two axes: diagonal well away from 0.
    Triangular,
    /// Matrices of full rank in the last two axes, no fewer rows than columns: each column is led by one entry, and not on the
    /// diagonal, so that elimination exchanges rows.
    Regular,
    /// Matrices in the last two axes, no fewer rows than columns, with a dominant diagonal of distinct magnitudes: their eigenvalues
    /// (of the triangles made symmetric) and singular values lie well apart.
    Spread,
}

/// One case: a primitive and its operands.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The primitive.
    pub op: Op,
    /// Types and domains of the operands.
    pub inputs: Vec<(Type, Domain)>,
}

impl Sample {
    /// A case of any op.
    pub fn of(op: Op, inputs: impl IntoIterator<Item = (DType, Shape, Domain)>) -> Sample {
        Sample { op, inputs: inputs.into_iter().map(|(d, s, domain)| (Type::new(d, s), domain)).collect() }
    }

    /// The tape that applies the primitive to its operands.
    pub fn tape(&self) -> Tape {
        let mut b = Builder::new(self.op.name());
        let inputs: Vec<_> = self.inputs.iter().map(|(t, _)| b.input(t.clone())).collect();
        let y =
            b.emit(self.op.clone(), &inputs).unwrap_or_else(|e| panic!("a sample of {:?} is ill-typed: {e}", self.op));
        b.finish(vec![y]).expect("its own value")
    }
}
