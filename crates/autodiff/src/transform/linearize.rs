//! A linearised point: the value, and the linear map `ẋ ↦ J(x) ẋ` as a tape of its own.
//!
//! Forward mode writes primal and tangent equations interleaved; what does not depend on a tangent can be computed once
//! for all directions. The split keeps the order of both halves, and the values that cross it are the residuals.

use super::{Freeze, chosen, jvp_frozen};
use crate::error::Error;
use crate::ops::Residual;
use crate::tape::{Builder, Copier, Tape, Value};

/// A function split at a point.
#[derive(Clone, Debug)]
pub struct Linearized {
    /// `x… → (y…, r…)`: the value, and what the linear map needs of the point.
    pub primal: Tape,
    /// `(r…, ẋ…) → ẏ…`.
    pub linear: Tape,
    /// How many of the primal outputs are `y`.
    pub outputs: usize,
}

/// Splits `tape` into its value and its derivative along the flagged inputs, with an optional freeze.
///
/// # Errors
/// As [`jvp_frozen`].
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{self, Var}, transform};
/// let tape = trace::trace(|x: Var| (x * x).sum(), &tensor![1.0, 3.0])?;
/// let split = transform::linearize(&tape, &[true], None)?;
/// // 2x is computed once; the linear half multiplies with it and sums.
/// assert_eq!(split.primal.output_types().len() - split.outputs, 1);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn linearize(tape: &Tape, wrt: &[bool], freeze: Option<&Freeze>) -> Result<Linearized, Error> {
    let joint = jvp_frozen(tape, wrt, freeze)?.tape;
    let points = tape.inputs().len();
    let outputs = tape.outputs().len();
    let mut moves = vec![false; joint.value_count()];
    for v in &joint.inputs()[points..] {
        moves[v.index()] = true;
    }
    for e in joint.equations() {
        if e.inputs.iter().any(|v| moves[v.index()]) {
            for v in &e.outputs {
                moves[v.index()] = true;
            }
        }
    }
    // A result that does not move (a zero tangent) is computed by the linear half from nothing, or read as a residual. Reads through
    // `residual` are repeated in the linear half, so that a value crosses once however many equations read it.
    let mut reads: Vec<Option<usize>> = vec![None; joint.value_count()];
    for (i, e) in joint.equations().iter().enumerate().filter(|(_, e)| e.op.is::<Residual>()) {
        reads[e.outputs[0].index()] = Some(i);
    }
    let mut repeated = vec![false; joint.equations().len()];
    let mut crossing: Vec<Value> = Vec::new();
    let mut crosses = vec![false; joint.value_count()];
    let mut cross = |mut v: Value| {
        if moves[v.index()] {
            return;
        }
        while let Some(i) = reads[v.index()] {
            repeated[i] = true;
            v = joint.equations()[i].inputs[0];
        }
        if !std::mem::replace(&mut crosses[v.index()], true) {
            crossing.push(v);
        }
    };
    for e in joint.equations().iter().filter(|e| e.outputs.iter().any(|v| moves[v.index()])) {
        e.inputs.iter().copied().for_each(&mut cross);
    }
    joint.outputs()[outputs..].iter().copied().for_each(&mut cross);
    // Constants are copied into the linear half rather than passed as residuals.
    let cheap = cheap(&joint);
    let mut is_source = vec![false; joint.value_count()];
    for (e, _) in joint.equations().iter().zip(&cheap).filter(|(_, cheap)| **cheap) {
        e.outputs.iter().for_each(|v| is_source[v.index()] = true);
    }
    let crossing: Vec<Value> = crossing.into_iter().filter(|v| !is_source[v.index()]).collect();

    let mut primal = Copier::new(&joint, &format!("{}_primal", tape.name()));
    for v in &joint.inputs()[..points] {
        primal.input(*v);
    }
    let mut linear = Copier::new(&joint, &format!("{}_linear", tape.name()));
    for v in crossing.iter().chain(&joint.inputs()[points..]) {
        linear.input(*v);
    }
    for (i, e) in joint.equations().iter().enumerate() {
        let moving = e.outputs.iter().any(|v| moves[v.index()]);
        if !moving {
            primal.copy(e)?;
        }
        if moving || repeated[i] || cheap[i] {
            linear.copy(e)?;
        }
    }
    let primal_outputs: Vec<Value> = joint.outputs()[..outputs].iter().chain(&crossing).copied().collect();
    Ok(Linearized {
        primal: primal.finish(&primal_outputs),
        linear: linear.finish(&joint.outputs()[outputs..]),
        outputs,
    })
}

/// [`linearize`] with each of these freezes: one primal half, whose residuals are those of all of them, and one linear
/// half, whose results lie end to end.
///
/// What several of them read of the point crosses several times; [`pass::optimize_halves`](crate::pass::optimize_halves)
/// merges it.
///
/// # Errors
/// As [`linearize`].
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{self, Var}, transform};
/// let tape = trace::trace(|x: Var| (x * x).sum(), &tensor![1.0, 3.0])?;
/// let split = transform::linearize_each(&tape, &[true], &[None, None])?;
/// assert_eq!((split.outputs, split.linear.outputs().len()), (1, 2));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn linearize_each(tape: &Tape, wrt: &[bool], freezes: &[Option<Freeze>]) -> Result<Linearized, Error> {
    let splits: Vec<Linearized> =
        freezes.iter().map(|freeze| linearize(tape, wrt, freeze.as_ref())).collect::<Result<_, _>>()?;
    let mut primal = Builder::new(format!("{}_primal", tape.name()));
    let x: Vec<Value> = tape.input_types().into_iter().map(|t| primal.input(t)).collect();
    let (mut values, mut residuals) = (Vec::new(), Vec::new());
    for split in &splits {
        values = primal.inline(&split.primal, &x);
        residuals.extend(values.split_off(split.outputs));
    }
    let mut linear = Builder::new(format!("{}_linear", tape.name()));
    let mut crossing =
        residuals.iter().map(|v| linear.input(primal.type_of(*v).clone())).collect::<Vec<_>>().into_iter();
    let x_dot: Vec<Value> = chosen(tape, wrt).map(|t| linear.input(t)).collect();
    let mut outputs = Vec::new();
    for split in &splits {
        let mut args: Vec<Value> = crossing.by_ref().take(split.linear.inputs().len() - x_dot.len()).collect();
        args.extend(&x_dot);
        outputs.extend(linear.inline(&split.linear, &args));
    }
    let outputs_of_f = values.len();
    Ok(Linearized {
        primal: primal.finish_live([values, residuals].concat()),
        linear: linear.finish_live(outputs),
        outputs: outputs_of_f,
    })
}

/// Constants and their copies along axes: cheaper to write again than to pass on. One flag an equation.
fn cheap(tape: &Tape) -> Vec<bool> {
    let mut sources = vec![false; tape.value_count()];
    let flags = tape.equations().iter().map(|e| {
        let is_source = e.inputs.is_empty() && e.bodies.is_empty();
        e.outputs.iter().for_each(|v| sources[v.index()] = is_source);
        is_source || (e.op.kernel().is_movement() && sources[e.inputs[0].index()])
    });
    flags.collect()
}
