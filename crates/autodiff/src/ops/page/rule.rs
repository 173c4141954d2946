//! The rule as a page writes it: a value made of plain functions, so that asking what it is like costs nothing.

use crate::tape::{AnyRule, Builder, Class, Kind, Term, Value};

/// The least fact from which both jvp and vjp follow, for a primitive `P` of `N` operands and one output. Rules emit tape,
/// never numbers.
#[expect(clippy::type_complexity, reason = "each function type stands once, beside what it means")]
pub enum Rule<P, const N: usize> {
    /// No derivative: integers and bools come out, or the derivative is zero wherever it exists (`floor`, `sign`).
    Constant,
    /// None is known: differentiating is an error that says why.
    Missing(&'static str),
    /// `y = ± x₁ ± x₂ …`: tangents are summed alike, and each operand's cotangent is ± ȳ. An identity is the sum of one.
    Signed([Term; N]),
    /// Elementwise: `f(primitive, tape, operands, output)` gives the partial derivative for each operand.
    Pointwise(fn(&P, &mut Builder, [Value; N], Value) -> [Value; N]),
    /// Elementwise, where a partial may overflow although its product with a direction is an ordinary number:
    /// `f(primitive, tape, operands, output, u, i)` gives `u ∂ᵢ`, which is the tangent for u = ẋᵢ and the cotangent for u = ȳ.
    Diagonal(fn(&P, &mut Builder, [Value; N], Value, Value, usize) -> Value),
    /// Linear in its float operands together: `f(primitive, tape, operands, ȳ)` gives each one's cotangent, `None` for operands that
    /// take no derivative (masks, indices). Float operands are there for their shapes: reading their values would not be linear.
    Linear(fn(&P, &mut Builder, [Value; N], Value) -> [Option<Value>; N]),
    /// Linear in each float operand: `f(primitive, tape, operands, ȳ, i)` gives the cotangent of operand `i`.
    Multilinear(fn(&P, &mut Builder, [Value; N], Value, usize) -> Value),
    /// Both directions by hand.
    General {
        /// Its class: multilinear or nonlinear.
        class: Class,
        /// Forward: the tangent of the output from those of the operands, absent where zero; one at least is there.
        jvp: fn(&P, &mut Builder, Given<N>, [Option<Value>; N]) -> Option<Value>,
        /// Reverse: the cotangents of the operands, absent where zero or not wanted.
        vjp: fn(&P, &mut Builder, Given<N>, Value) -> [Option<Value>; N],
    },
}

/// What a general rule gets to see of the equation.
#[derive(Clone, Copy, Debug)]
pub struct Given<const N: usize> {
    /// The operands.
    pub inputs: [Value; N],
    /// The output.
    pub output: Value,
    /// Which operands need a cotangent (reverse mode) or carry a tangent (forward mode).
    pub wanted: [bool; N],
}

impl<P, const N: usize> Rule<P, N> {
    /// The rule of an identity: tangents and cotangents pass without a trace of it.
    pub const PASS: Rule<P, N> = Rule::Signed([Term::Plus; N]);

    /// What the rule is like.
    pub fn kind(&self) -> Kind {
        match self {
            Rule::Constant => Kind::Constant,
            Rule::Missing(_) => Kind::Missing,
            Rule::Signed(_) => Kind::Signed,
            Rule::Pointwise(_) | Rule::Diagonal(_) => Kind::Pointwise,
            Rule::Linear(_) => Kind::Linear,
            Rule::Multilinear(_) => Kind::Multilinear,
            Rule::General { class, .. } => Kind::General(*class),
        }
    }
}

impl<P: Clone + 'static, const N: usize> Rule<P, N> {
    /// The rule with the primitive's parameters inside, as the transforms take it.
    pub(super) fn of(self, primitive: &P) -> AnyRule {
        let p = primitive.clone();
        match self {
            Rule::Constant => AnyRule::Constant,
            Rule::Missing(why) => AnyRule::Missing(why),
            Rule::Signed(terms) => AnyRule::Signed(terms.to_vec()),
            Rule::Pointwise(f) => AnyRule::Pointwise(Box::new(move |b, x, y| f(&p, b, fixed(x), y).to_vec())),
            Rule::Diagonal(f) => AnyRule::Diagonal(Box::new(move |b, x, y, u, i| f(&p, b, fixed(x), y, u, i))),
            Rule::Linear(f) => AnyRule::Linear(Box::new(move |b, x, y_bar| f(&p, b, fixed(x), y_bar).to_vec())),
            Rule::Multilinear(f) => AnyRule::Multilinear(Box::new(move |b, x, y_bar, i| f(&p, b, fixed(x), y_bar, i))),
            Rule::General { class, jvp, vjp } => {
                let q = primitive.clone();
                AnyRule::General {
                    class,
                    jvp: Box::new(move |b, e, dots| {
                        let given = Given { inputs: fixed(e.inputs), output: e.outputs[0], wanted: fixed(e.wanted) };
                        Ok(vec![jvp(&p, b, given, fixed(dots))])
                    }),
                    vjp: Box::new(move |b, e, bars| {
                        let given = Given { inputs: fixed(e.inputs), output: e.outputs[0], wanted: fixed(e.wanted) };
                        let y_bar = bars[0].expect("the one output has a cotangent");
                        Ok(vjp(&q, b, given, y_bar).to_vec())
                    }),
                }
            }
        }
    }
}

/// A list of known length.
pub(super) fn fixed<const N: usize, T: Copy>(values: &[T]) -> [T; N] {
    values.try_into().unwrap_or_else(|_| unreachable!("infer has checked the number of operands"))
}
