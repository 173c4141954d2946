//! Which line of the user's makes which share of `vᵀHv`.
//!
//! One sweep for all lines. The curvature enters the gradient tape where it reads primal values, through residuals; so
//! with `s = ⟨∇L, v⟩`, the share of one read is `⟨∂s/∂(the read), tangent of what is read⟩`, and the shares of all reads
//! sum to the derivative of s along v, which is `vᵀHv`. The cotangents come from reverse mode with respect to an offset
//! added to every read, the tangents from forward mode over the model.

use std::collections::BTreeMap;

use quadric_autodiff::exec::Program;
use quadric_autodiff::ops::{Ops, Residual, Side};
use quadric_autodiff::tape::{Builder, Class, Tape, Value};
use quadric_autodiff::{Axes, Tensor, Tree, transform};

use crate::error::Error;
use crate::problem::{Problem, copy};

/// What the equations of one line, scope and class contribute to `vᵀHv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The user's line, `src/main.rs:12:31`; empty for a tape that was not traced.
    pub line: String,
    /// The scopes around it, joined by `/`.
    pub scope: String,
    /// Whether the equations bend themselves or multiply.
    pub class: Class,
    /// On which side of each cut they lie.
    pub sides: Vec<(String, Side)>,
    /// Their share of `vᵀHv`.
    pub value: f64,
}

/// `vᵀHv` as a sum over the program's lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The shares, in the order in which reverse mode meets them: from the loss back to the input.
    pub shares: Vec<Share>,
}

impl Attribution {
    /// `vᵀHv`: the sum of the shares.
    pub fn total(&self) -> f64 {
        self.shares.iter().map(|s| s.value).sum()
    }

    fn by(&self, key: impl Fn(&Share) -> &str) -> Vec<(String, f64)> {
        let mut sums: Vec<(String, f64)> = Vec::new();
        for share in &self.shares {
            match sums.iter_mut().find(|(name, _)| name == key(share)) {
                Some((_, sum)) => *sum += share.value,
                None => sums.push((key(share).to_string(), share.value)),
            }
        }
        sums
    }

    /// One share a source line.
    pub fn by_line(&self) -> Vec<(String, f64)> {
        self.by(|s| &s.line)
    }

    /// One share an innermost scope path.
    pub fn by_scope(&self) -> Vec<(String, f64)> {
        self.by(|s| &s.scope)
    }
}

#[derive(Debug)]
struct Kind {
    program: Program,
    labels: Vec<Share>,
}

/// Attributes `vᵀHv` to the lines of the program, over the whole data set.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, scope}};
/// use quadric_curvature::{Attributor, Problem};
/// let loss = |w: &Var, x: Var, _y: Var| (scope("cube", || w.powi(3)) + scope("square", || w.powi(2)) * x).mean();
/// let problem = Problem::new(&Tensor::scalar(2.0), loss, vec![(tensor![5.0], tensor![0.0])])?;
/// let mut shares = Attributor::new(&problem)?.attribute(&[1.0])?.by_scope();
/// shares.sort_by(|a, b| a.0.cmp(&b.0));
/// assert_eq!(shares, [("cube".into(), 12.0), ("square".into(), 10.0)]); // vᵀHv = 6 w + 2 x
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Attributor {
    problem: Problem,
    kinds: Vec<Kind>,
}

impl Attributor {
    /// Compiles the attribution.
    ///
    /// # Errors
    /// The engine's: a primitive without a derivative.
    pub fn new(problem: &Problem) -> Result<Attributor, Error> {
        let kinds = problem
            .gradient_tapes(false)?
            .iter()
            .map(|(tape, sweep)| {
                let (tape, labels) = shares_tape(problem, tape, *sweep)?;
                Ok(Kind { program: Program::new(&tape, &problem.options()), labels })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Attributor { problem: problem.clone(), kinds })
    }

    /// Moves to the parameters of `model`.
    ///
    /// # Errors
    /// [`ErrorKind::Structure`](crate::ErrorKind::Structure) if its leaves are not like the problem's.
    pub fn set_point<T: Tree<Leaf = Tensor>>(&mut self, model: &T) -> Result<(), Error> {
        self.problem = self.problem.at(model)?;
        Ok(())
    }

    /// Moves to these parameters, rounded to the leaves' dtypes.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension).
    pub fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error> {
        let leaves = self.problem.space().replaced(self.problem.point(), theta)?;
        self.problem.set_point(leaves);
        Ok(())
    }

    /// The shares of `vᵀHv`.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) for a vector of another length.
    pub fn attribute(&mut self, v: &[f64]) -> Result<Attribution, Error> {
        let v = self.problem.space().tensors(v)?;
        let mut shares: Vec<Share> = Vec::new();
        for batch in self.problem.data() {
            let mut args: Vec<&Tensor> = self.problem.point().iter().collect();
            args.extend([&batch.x, &batch.y]);
            args.extend(&v);
            let kind = &mut self.kinds[batch.kind];
            let out = kind.program.call(&args)?;
            let weight = self.problem.weight(batch);
            for (label, value) in kind.labels.iter().zip(&out) {
                let value = weight * value.item();
                let same = |s: &&mut Share| {
                    (&s.line, &s.scope, s.class, &s.sides) == (&label.line, &label.scope, label.class, &label.sides)
                };
                match shares.iter_mut().find(same) {
                    Some(share) => share.value += value,
                    None => shares.push(Share { value, ..label.clone() }),
                }
            }
        }
        Ok(Attribution { shares })
    }
}

/// `(leaves…, x, y, v…) → one scalar a label`, from the gradient tape.
fn shares_tape(problem: &Problem, gradient: &Tape, sweep: u32) -> Result<(Tape, Vec<Share>), Error> {
    let reads: Vec<(&Residual, Value)> = gradient
        .equations()
        .iter()
        .filter_map(|e| Some((e.op.downcast::<Residual>()?, e.inputs[0])))
        .filter(|(r, v)| r.sweep == sweep && gradient.type_of(*v).dtype.is_float())
        .collect();
    let read_types: Vec<_> = reads.iter().map(|(_, v)| gradient.type_of(*v).clone()).collect();
    let parameters: Vec<_> = problem.space().coordinates().iter().map(|c| c.ty.clone()).collect();

    // (leaves…, x, y, δ…, v…) → ⟨∇L, v⟩, with δ added to every read.
    let mut next = 0;
    let types = [&read_types[..], &parameters].concat();
    let mut offset = copy(gradient, &types, |b, e, inputs, more| {
        let is_read = e.op.downcast::<Residual>().is_some_and(|r| r.sweep == sweep)
            && gradient.type_of(e.inputs[0]).dtype.is_float();
        if !is_read {
            return Ok(None);
        }
        let read = b.emit(e.op.clone(), inputs)?;
        next += 1;
        Ok(Some(vec![b.add(read, more[next - 1])]))
    })?;
    let points = gradient.inputs().len();
    let v: Vec<Value> = offset.builder.tape().inputs()[points + reads.len()..].to_vec();
    let mut along = None;
    for (g, v) in gradient.outputs().iter().zip(v) {
        let g = offset.of(*g);
        let term = inner(&mut offset.builder, g, v);
        along = Some(along.map_or(term, |sum| offset.builder.add(sum, term)));
    }
    let Some(along) = along else {
        let mut b = Builder::new("shares");
        for ty in gradient.input_types() {
            b.input(ty);
        }
        return Ok((b.finish(vec![])?, vec![]));
    };
    let offset = offset.builder.finish(vec![along])?;
    let wrt: Vec<bool> = (0..offset.inputs().len()).map(|i| (points..points + reads.len()).contains(&i)).collect();
    let cotangents = transform::vjp(&offset, &wrt)?.tape;

    // (leaves…, x, y, v…) → tangents of what is read.
    let copied = copy(gradient, &[], |_, _, _, _| Ok(None))?;
    let read_values: Vec<Value> = reads.iter().map(|(_, v)| copied.of(*v)).collect();
    let primals = copied.builder.finish(read_values)?.without_dead();
    let forward = transform::jvp(&primals, &problem.wrt(0))?;
    let tangents = forward.tape;

    let mut b = Builder::new("shares");
    let args: Vec<Value> = gradient.input_types().into_iter().map(|t| b.input(t)).collect();
    let v: Vec<Value> = parameters.into_iter().map(|t| b.input(t)).collect();
    let x_dots = b.inline(&tangents, &[&args[..], &v].concat())[reads.len()..].to_vec();
    let zeros: Vec<Value> = read_types.iter().map(|t| b.full(t, 0.0)).collect();
    let one = b.full(&offset.output_types()[0], 1.0);
    let bars = b.inline(&cotangents, &[&args[..], &zeros, &v, &[one]].concat())[1..].to_vec();
    let mut groups: BTreeMap<usize, Value> = BTreeMap::new();
    let mut labels: Vec<Share> = Vec::new();
    // What does not depend on the parameters (data, constants) has no tangent, and no share.
    let moving = reads.iter().zip(bars).zip(x_dots).zip(forward.zero).filter(|(_, zero)| !zero);
    for (((residual, _), bar), dot) in moving.map(|(read, _)| read) {
        let share = inner(&mut b, bar, dot);
        let label = Share {
            line: residual.line.clone(),
            scope: residual.scope.clone(),
            class: residual.class,
            sides: residual.sides.clone(),
            value: 0.0,
        };
        let at = labels.iter().position(|l| *l == label).unwrap_or_else(|| {
            labels.push(label);
            labels.len() - 1
        });
        let sum = match groups.get(&at) {
            Some(sum) => b.add(*sum, share),
            None => share,
        };
        groups.insert(at, sum);
    }
    Ok((b.finish(groups.into_values().collect())?, labels))
}

/// `⟨a, b⟩`, a scalar.
fn inner(b: &mut Builder, x: Value, y: Value) -> Value {
    let product = b.mul(x, y);
    let axes = Axes::all(b.shape_of(product).rank());
    b.sum(product, &axes)
}
