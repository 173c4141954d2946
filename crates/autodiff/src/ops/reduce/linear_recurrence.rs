//! `linear_recurrence`: `zᵢ = aᵢ zᵢ₋₁ + bᵢ` along an axis.

use crate::ops::prelude::*;

/// `z₀ = b₀`, `zᵢ = aᵢ zᵢ₋₁ + bᵢ` along `axis`, or from the end if `reverse`; the first a is not read.
///
/// With `b = (x₀, −0, −0, …)` and `a = x` it is the running product of x, whose derivative is a recurrence again and so right at zeros,
/// where a quotient of products would not be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinearRecurrence {
    /// The axis.
    pub axis: usize,
    /// From the end: `zᵢ = aᵢ zᵢ₊₁ + bᵢ`.
    pub reverse: bool,
}

impl LinearRecurrence {
    /// The entries of `x` that have another before them, and (`before`) those before them.
    fn neighbours(&self, t: &mut Builder, x: Value, before: bool) -> Value {
        let mut size = t.shape_of(x).to_vec();
        let mut start = vec![0; size.len()];
        size[self.axis] -= 1;
        start[self.axis] = usize::from(before == self.reverse);
        let step = vec![1; size.len()];
        t.slice(x, start, size, step)
    }

    /// Back among all entries, beside a zero for the first one (`first`) or the last.
    fn placed(&self, t: &mut Builder, x: Value, first: bool) -> Value {
        let mut shape = t.shape_of(x).to_vec();
        let mut low = vec![0; shape.len()];
        shape[self.axis] += 1;
        low[self.axis] = usize::from(first != self.reverse);
        let inner = vec![0; shape.len()];
        t.pad(x, low, inner, Shape::new(shape))
    }

    fn put(&self, t: &mut Builder, a: Value, b: Value, reverse: bool) -> Value {
        t.put(op(LinearRecurrence { axis: self.axis, reverse }), &[a, b])
    }
}

impl Parameters for LinearRecurrence {
    fn params(&self) -> Params {
        Params::none().with("axis", self.axis).with("reverse", self.reverse)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(LinearRecurrence { axis: p.size("axis")?, reverse: p.flag("reverse")? })
    }
}

impl Primitive<2> for LinearRecurrence {
    const NAME: &'static str = "linear_recurrence";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        axis_of(&same_floats(a, b)?, self.axis)?;
        Ok(a.clone())
    }

    /// `żᵢ = aᵢ żᵢ₋₁ + (ȧᵢ zᵢ₋₁ + ḃᵢ)`; backwards `b̄ᵢ = z̄ᵢ + aᵢ₊₁ b̄ᵢ₊₁` and `āᵢ = b̄ᵢ zᵢ₋₁`.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |this, t, e, [a_dot, b_dot]| {
                let ([a, _], z) = (e.inputs, e.output);
                if t.shape_of(z)[this.axis] < 2 {
                    return b_dot;
                }
                let turned = a_dot.map(|a_dot| {
                    let (a_dot, before) = (this.neighbours(t, a_dot, false), this.neighbours(t, z, true));
                    let product = t.mul(a_dot, before);
                    this.placed(t, product, true)
                });
                let driven = match (turned, b_dot) {
                    (Some(turned), Some(b_dot)) => t.add(turned, b_dot),
                    (one, other) => one.or(other)?,
                };
                Some(this.put(t, a, driven, this.reverse))
            },
            vjp: |this, t, e, z_bar| {
                let ([a, _], z) = (e.inputs, e.output);
                if t.shape_of(z)[this.axis] < 2 {
                    return [None, Some(z_bar)];
                }
                let next = this.neighbours(t, a, false);
                let next = this.placed(t, next, false);
                let b_bar = this.put(t, next, z_bar, !this.reverse);
                let a_bar = e.wanted[0].then(|| {
                    let (b_bar, before) = (this.neighbours(t, b_bar, false), this.neighbours(t, z, true));
                    let product = t.mul(b_bar, before);
                    this.placed(t, product, true)
                });
                [a_bar, Some(b_bar)]
            },
        }
    }

    /// Linear in b while a is held.
    fn linear_in(&self, [a_moves, _]: [bool; 2]) -> Linearity {
        if a_moves { Linearity::No } else { Linearity::OthersFixed }
    }

    fn batch(&self) -> Self {
        LinearRecurrence { axis: self.axis + 1, ..*self }
    }

    fn run(&self, [a, b]: [Operand<'_>; 2], z: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = z.ty.shape.around(self.axis);
        by_float!(z.ty.dtype, T => {
            let (a, b) = (a.elements::<T>(), b.elements());
            quadric_kernels::reduce::linear_recurrence(a, b, outer, n, inner, self.reverse, z.elements());
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a, b]: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        let (a, mut lines) = (a.lines(self.axis), b.lines(self.axis));
        for (a, z) in a.iter().zip(&mut lines) {
            for step in 1..z.len() {
                let (i, before) = if self.reverse { (z.len() - 1 - step, z.len() - step) } else { (step, step - 1) };
                z[i] = a[i] * z[before] + z[i];
            }
        }
        Ok(Array::from_lines(y, self.axis, &lines))
    }

    fn samples() -> Vec<Sample> {
        let case = |axis, reverse, shape: Shape| Sample::reals(LinearRecurrence { axis, reverse }, [shape.clone(), shape]);
        vec![
            case(0, false, shape![5]),
            case(1, true, shape![3, 4]),
            case(0, false, shape![3, 2]),
            case(0, true, shape![1]),
            case(0, false, shape![0]),
        ]
    }
}
