//! Whether a program is linear in some of its inputs, as a declared derivative must be.
//!
//! One forward walk asks of every value whether it *moves* with those inputs, and of every equation that meets a moving
//! operand whether it is linear in it. A sum of what moves and what stands is affine, so a second walk knows which values
//! are zero. Loops are walked until their states are settled.

use super::at;
use crate::error::{Error, ErrorKind};
use crate::tape::{Equation, Kernel, Kind, Linearity, Tape};

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
            Some(Linearity::OthersFixed) => true,
            Some(Linearity::Jointly) => !fixed_floats,
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

/// Whether an equation is linear in one of its zeros, whatever the others are, or in all its floats together and these are zeros.
fn is_linear_in_a_zero(tape: &Tape, e: &Equation, zeros: &[bool]) -> bool {
    let floats: Vec<bool> = e.inputs.iter().map(|v| tape.type_of(*v).dtype.is_float()).collect();
    let zero = |i: &usize| floats[*i] && zeros[e.inputs[*i].index()];
    let alone = |i: usize| (0..floats.len()).map(|k| k == i).collect::<Vec<bool>>();
    (0..floats.len()).filter(zero).any(|i| e.op.linear_in(&alone(i)) == Some(Linearity::OthersFixed))
        || floats.contains(&true)
            && (0..floats.len()).filter(|i| floats[*i]).all(|i| zero(&i))
            && e.op.linear_in(&floats) == Some(Linearity::Jointly)
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
        let is_zero = match e.op.kernel() {
            Kernel::Constant(t) => t.to_f64_vec().iter().all(|x| *x == 0.0),
            _ => is_linear_in_a_zero(tape, e, &zeros),
        };
        for v in &e.outputs {
            zeros[v.index()] = is_zero;
        }
    }
    zeros
}
