//! `inverse_gaps`: one over the differences of a spectrum, which the derivatives of its vectors are made of.

use crate::ops::prelude::*;
use super::matrix::epsilon;

/// `Gᵢⱼ = 1 / (w_{first + j} − wᵢ)`, and 0 where the two are one entry, `[…,n] → […,n,count]`.
///
/// Two entries that are no farther apart than n ε max |w| are an error at run time that names them: eigenvectors of a repeated eigenvalue are
/// not determined, let alone differentiable, and what rounding leaves of a gap is no gap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InverseGaps {
    /// The entry that column 0 is about.
    pub first: usize,
    /// How many columns.
    pub count: usize,
}

impl Parameters for InverseGaps {
    fn params(&self) -> Params {
        Params::none().with("first", self.first).with("count", self.count)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(InverseGaps { first: p.size("first")?, count: p.size("count")? })
    }
}

impl InverseGaps {
    /// `ẇ_{first + j} − ẇᵢ`
    fn gaps(&self, t: &mut Builder, w: Value, like: Value) -> Value {
        let shape = t.shape_of(w);
        let last = shape.rank() - 1;
        let mut start = vec![0; shape.rank()];
        start[last] = self.first;
        let own = t.slice(w, start, shape.resized(last, self.count).to_vec(), vec![1; shape.rank()]);
        let whole = t.shape_of(like);
        let own = t.broadcast(own, whole.clone(), (0..last).chain([last + 1]).collect());
        let all = t.broadcast(w, whole, (0..=last).collect());
        t.sub(own, all)
    }

    /// The transpose of [`gaps`](InverseGaps::gaps).
    fn gaps_transposed(&self, t: &mut Builder, m: Value, w: Value) -> Value {
        let shape = t.shape_of(w);
        let last = shape.rank() - 1;
        let own = t.sum(m, &axes![last]);
        let mut low = vec![0; shape.rank()];
        low[last] = self.first;
        let own = t.pad(own, low, vec![0; shape.rank()], shape);
        let all = t.sum(m, &axes![last + 1]);
        t.sub(own, all)
    }
}

/// `−G²`: what a gap's change is multiplied by; 0 where G is.
fn slope(t: &mut Builder, g: Value) -> Value {
    let square = t.mul(g, g);
    t.neg(square)
}

fn coincident(at: Option<usize>, [a, b]: [usize; 2], entries: [impl Into<f64>; 2]) -> Error {
    let [x, y] = entries.map(Into::into);
    let which = at.map_or("the spectrum".into(), |i| format!("spectrum {i} of the batch"));
    let what = format!(
        "inverse_gaps: entries {a} and {b} of {which} coincide to rounding ({x} and {y}), and their vectors have no derivative"
    );
    Error::new(crate::ErrorKind::Data, what)
}

impl Primitive<1> for InverseGaps {
    const NAME: &'static str = "inverse_gaps";

    fn infer(&self, [w]: [&Type; 1]) -> Result<Type, Error> {
        let Some(n) = w.shape.last() else { bail!(Shape, "the operand is {w}, a vector is needed") };
        if self.first.checked_add(self.count).is_none_or(|end| end > *n) {
            bail!(Shape, "{} entries from {} on are more than {w} has", self.count, self.first);
        }
        Ok(float(w)?.with_shape([&w.shape[..], &[self.count]].concat()))
    }

    /// `Ġ = −G² (ẇ_{first + j} − ẇᵢ)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |this, t, e, [w_dot]| {
                let slope = slope(t, e.output);
                let gaps = this.gaps(t, w_dot?, e.output);
                Some(t.mul(slope, gaps))
            },
            vjp: |this, t, e, g_bar| {
                let slope = slope(t, e.output);
                let m = t.mul(slope, g_bar);
                [Some(this.gaps_transposed(t, m, e.inputs[0]))]
            },
        }
    }

    fn run(&self, [w]: [Operand<'_>; 1], g: &mut Output<'_>) -> Result<(), Error> {
        let n = w.ty.shape[w.ty.shape.rank() - 1];
        by_float!(g.ty.dtype, T => {
            let spectra = w.elements::<T>().chunks(n.max(1)).enumerate();
            for ((i, x), g) in spectra.zip(g.elements::<T>().chunks_mut((n * self.count).max(1))) {
                quadric_kernels::linalg::inverse_gaps(x, self.first, self.count, g).map_err(|(a, b)| {
                    coincident((w.ty.shape.rank() > 1).then_some(i), [a, b], [x[a], x[b]])
                })?;
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [w]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let n = w.ty.shape[w.ty.shape.rank() - 1];
        let mut out = Vec::with_capacity(y.shape.size());
        for (k, w_k) in w.reals().chunks(n.max(1)).enumerate() {
            let largest = w_k.iter().map(|x| x.abs().to_f64()).fold(0.0, f64::max);
            let rounding = S::from_f64(n as f64 * epsilon(y) * largest);
            for (i, x) in w_k.iter().enumerate() {
                for (a, own) in w_k.iter().enumerate().skip(self.first).take(self.count) {
                    let gap = *own - *x;
                    if a != i && gap.abs() <= rounding {
                        let batched = (w.ty.shape.rank() > 1).then_some(k);
                        return Err(coincident(batched, [a, i], [own.to_f64(), x.to_f64()]));
                    }
                    out.push(if a == i { S::ZERO } else { S::ONE / gap });
                }
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        [(0, 3, shape![3]), (1, 2, shape![2, 4]), (0, 1, shape![2, 1]), (0, 0, shape![0]), (2, 0, shape![2])]
            .into_iter()
            .flat_map(|(first, count, s)| Sample::typed(&InverseGaps { first, count }, [(DType::F64, s, Domain::Distinct)]))
            .collect()
    }
}
