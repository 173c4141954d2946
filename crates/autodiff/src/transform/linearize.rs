//! A linearised point: the value, and the linear map `ẋ ↦ J(x) ẋ` as a tape of its own.
//!
//! Forward mode writes primal and tangent equations interleaved; what does not depend on a tangent can be computed once
//! for all directions. The split keeps the order of both halves, and the values that cross it are the residuals.

use super::{Freeze, at, jvp_frozen, vjp};
use crate::error::{Error, ErrorKind};
use crate::ops::{Ops, Residual};
use crate::tape::{Builder, Copier, Equation, Kernel, Kind, Linearity, Tape, Value};

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
    let chosen = tape.input_types().into_iter().zip(wrt).filter(|(_, w)| **w);
    let x_dot: Vec<Value> = chosen.map(|(t, _)| linear.input(t)).collect();
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

/// The transpose of a linear tape: from `(r…, ẋ…) → ẏ…` to `(r…, ȳ…) → x̄…`, where `linear` flags the ẋ.
///
/// # Errors
/// [`ErrorKind::Declaration`] if the tape is not linear in the flagged inputs.
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, Tensor, tensor, trace::{self, Var}, transform};
/// let tape = trace::trace(|x: Var| x.slice(0, 1..3).sum(), &tensor![0.0, 0.0, 0.0])?;
/// let transposed = transform::transpose(&tape, &[true])?;
/// let out = Program::new(&transposed, &Options::default()).call(&[&Tensor::scalar(2.0)])?;
/// assert_eq!(out[0], tensor![0.0, 2.0, 2.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn transpose(tape: &Tape, linear: &[bool]) -> Result<Tape, Error> {
    check_linear(tape, linear)?;
    let reverse = vjp(tape, linear)?.tape;
    // Linear in ẋ, so the transpose is the same at every ẋ. Equations with bodies still take it as an operand: they get zeros.
    let mut b = Builder::new(tape.name());
    let args: Vec<Value> = reverse
        .inputs()
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let ty = reverse.type_of(*v).clone();
            if linear.get(i) == Some(&true) { b.full(&ty, 0.0) } else { b.input(ty) }
        })
        .collect();
    let outputs = b.inline(&reverse, &args).split_off(tape.outputs().len());
    Ok(b.finish_live(outputs))
}

/// Checks that every output is linear in the flagged inputs, equation by equation.
///
/// # Errors
/// [`ErrorKind::Declaration`] naming the first equation that is not, or an output that does not depend on them (which is linear only
/// if it is zero, and that is not checked).
pub fn check_linear(tape: &Tape, linear: &[bool]) -> Result<(), Error> {
    super::check_flags(tape, linear, "transpose")?;
    let none = vec![false; tape.inputs().len()];
    let zero = zeros_in(tape, &none);
    for (i, (v, moves)) in tape.outputs().iter().zip(moving_outputs(tape, linear, &none)?).enumerate() {
        if !moves && !zero[v.index()] {
            let what = format!("output {i} does not depend on what it is declared to be linear in, and is not zero");
            return Err(Error::new(ErrorKind::Declaration, what));
        }
    }
    Ok(())
}

/// Which outputs depend on the flagged inputs, linearly; an error if any equation on the way is not linear.
fn moving_outputs(tape: &Tape, linear: &[bool], zero: &[bool]) -> Result<Vec<bool>, Error> {
    let zero = zeros_in(tape, zero);
    let mut moves = vec![false; tape.value_count()];
    for (v, flag) in tape.inputs().iter().zip(linear) {
        moves[v.index()] = *flag;
    }
    for e in tape.equations() {
        let moving = e.inputs.iter().filter(|v| moves[v.index()]).count();
        if moving == 0 {
            continue;
        }
        let flags: Vec<bool> = e.inputs.iter().map(|v| moves[v.index()]).collect();
        if !e.bodies.is_empty() && e.op.linear_in(&flags) == Some(Linearity::No) {
            let what = format!("{}: a derivative that is declared cannot be seen to be linear", e.op.name());
            return Err(at(Error::new(ErrorKind::Declaration, what), e));
        }
        if let Some(body) = e.bodies.first() {
            let at_first = e.inputs.iter().map(|v| zero[v.index()]).collect();
            let outputs = moving_through(e, body, flags, at_first).map_err(|error| at(error, e))?;
            for (v, moved) in e.outputs.iter().zip(outputs) {
                moves[v.index()] = moved;
            }
            continue;
        }
        // A linear primitive of several float operands is linear only if all of them move (or the others are zero).
        let fixed_floats =
            e.inputs.iter().any(|v| !moves[v.index()] && tape.type_of(*v).dtype.is_float() && !zero[v.index()]);
        let fine = match e.op.linear_in(&flags) {
            Some(Linearity::Held) => true,
            Some(Linearity::Together) => !fixed_floats,
            Some(Linearity::No) | None => false,
        };
        if !fine {
            return Err(at(not_linear(e), e));
        }
        for v in &e.outputs {
            moves[v.index()] = true;
        }
    }
    Ok(tape.outputs().iter().map(|v| moves[v.index()]).collect())
}

fn not_linear(e: &Equation) -> Error {
    let what = format!("{} is not linear in what it is declared to be linear in", e.op.name());
    Error::new(ErrorKind::Declaration, what)
}

/// What a loop's state is to a linear map.
#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Zero in every step so far: it may still come to move, or to stand.
    Zero,
    /// Linear in what moves.
    Moving,
    /// The same whatever moves.
    Fixed,
}

/// [`moving_outputs`] of an equation by its body, where `zero` flags operands that are zero. A loop's state that begins at zero becomes
/// what its steps make of it; one that begins to move must stay linear, and one that stands must never be reached, or the loop is affine.
fn moving_through(e: &Equation, body: &Tape, mut flags: Vec<bool>, mut zero: Vec<bool>) -> Result<Vec<bool>, Error> {
    let Kernel::Scan { constants, states, .. } = e.op.kernel() else { return moving_outputs(body, &flags, &zero) };
    let mut is: Vec<State> = (constants..constants + states)
        .map(|i| match (flags[i], zero[i]) {
            (true, _) => State::Moving,
            (false, true) => State::Zero,
            (false, false) => State::Fixed,
        })
        .collect();
    loop {
        let moved = moving_outputs(body, &flags, &zero)?;
        let still_zero = zeros_in(body, &zero);
        let before = is.clone();
        for (i, state) in is.iter_mut().enumerate() {
            *state = match (*state, moved[i], still_zero[body.outputs()[i].index()]) {
                (State::Zero, true, _) | (State::Moving, true, _) | (State::Moving, _, true) => State::Moving,
                (State::Zero, false, true) => State::Zero,
                (State::Zero | State::Fixed, false, _) => State::Fixed,
                (State::Fixed, true, _) | (State::Moving, false, false) => return Err(not_linear(e)),
            };
            flags[constants + i] = *state == State::Moving;
            zero[constants + i] = *state == State::Zero;
        }
        if is == before {
            return Ok(moved);
        }
    }
}

/// Which values are zero if the flagged inputs are: written as zeros, or a linear function of zeros alone. A product with an absent
/// tangent counts.
fn zeros_in(tape: &Tape, inputs: &[bool]) -> Vec<bool> {
    let mut zeros = vec![false; tape.value_count()];
    for (v, zero) in tape.inputs().iter().zip(inputs) {
        zeros[v.index()] = *zero;
    }
    for e in tape.equations() {
        if let Some(body) = e.bodies.first().filter(|_| e.op.kind() == Kind::Structured) {
            // What is zero whatever goes into the body; a loop that does not run leaves its state what it was.
            let runs = !matches!(e.op.kernel(), Kernel::Scan { length: 0, .. });
            let inner = zeros_in(body, &vec![false; body.inputs().len()]);
            for (v, out) in e.outputs.iter().zip(body.outputs()) {
                zeros[v.index()] = runs && inner[out.index()];
            }
            continue;
        }
        let mut floats = e.inputs.iter().filter(|v| tape.type_of(**v).dtype.is_float()).peekable();
        let is_zero = match (e.op.kernel(), e.op.kind()) {
            (Kernel::Constant(t), _) => t.to_f64_vec().iter().all(|x| *x == 0.0),
            _ if floats.peek().is_none() => false,
            (_, Kind::Linear | Kind::Signed) => floats.all(|v| zeros[v.index()]),
            (_, Kind::Multilinear) => floats.any(|v| zeros[v.index()]),
            _ => false,
        };
        for v in &e.outputs {
            zeros[v.index()] = is_zero;
        }
    }
    zeros
}
