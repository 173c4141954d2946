//! Functions with declared derivatives.
//!
//! Three ways, from special to general: [`custom_pointwise`] declares φ′ of an elementwise φ; [`custom_derivative`]
//! declares a jvp, linear in ẋ, whose transpose is the vjp; [`declare_second_derivative`] keeps f and f′ of an
//! elementwise function to the bit and declares f″, which is how an activation's curvature is changed on purpose.
//! All are consistent in both modes and at every order, because the declared derivatives are tapes and are
//! differentiated in turn.

use std::sync::Arc;

use super::frame::{emit, inline};
use super::{Var, check, record_inner, stop};
use crate::LIBRARY;
use crate::error::{Error, ErrorKind};
use crate::ops::{Custom, Ops, Residual};
use crate::shape::Type;
use crate::tape::{Builder, Class, Equation, Kernel, Op, Tape};
use crate::transform;

/// Records a body, which may not capture: what it captured would have no declared derivative.
#[track_caller]
fn body(name: &str, types: &[Type], f: impl FnOnce(&[Var]) -> Vec<Var>) -> Tape {
    let (tape, _, captured) = record_inner(types, |vars| f(&vars));
    if !captured.is_empty() {
        let what = format!(
            "custom {name}: the closure captures a Var, whose derivative is not declared; hand it in as an operand"
        );
        stop(Error::new(ErrorKind::Declaration, what));
    }
    tape
}

#[track_caller]
fn call(name: &str, x: &[Var], f: Tape, jvp: Tape, vjp: Tape) -> Vec<Var> {
    let bodies = [f, jvp, vjp].map(|t| Arc::new(erase_residuals(&t))).to_vec();
    emit(Op::new(Custom { name: name.into(), class: Class::Nonlinear, linear: false }), x, bodies)
}

/// Declared derivatives are taken as they stand; residual tags that made them belong to no sweep of the user's.
fn erase_residuals(tape: &Tape) -> Tape {
    crate::pass::erase(tape, &|e| e.op.is::<Residual>())
}

/// `f(x…)` with a declared forward derivative: `jvp(x…, ẋ…) → ẏ…`, linear in ẋ. The reverse derivative is its transpose.
///
/// # Errors
/// Stops the trace with [`ErrorKind::Declaration`] if a closure captures a `Var`, if `jvp` is not linear in ẋ (the equation
/// is named), or if its results do not have the types of `f`'s.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, custom_derivative, grad}};
/// // x², with a derivative declared three times too large.
/// let f = |x: Var| custom_derivative("square", &[x], |x| vec![x[0] * x[0]], |x, x_dot| vec![x[0] * x_dot[0] * 6.0])[0];
/// let g = grad(|x: Var| f(x).sum(), &tensor![1.0, 2.0])?;
/// assert_eq!(g, tensor![6.0, 12.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn custom_derivative(
    name: &str,
    x: &[Var],
    f: impl FnOnce(&[Var]) -> Vec<Var>,
    jvp: impl FnOnce(&[Var], &[Var]) -> Vec<Var>,
) -> Vec<Var> {
    LIBRARY.enter(|| {
        let types: Vec<Type> = x.iter().map(|v| v.ty()).collect();
        let f = body(name, &types, f);
        let n = x.len();
        let jvp = body(name, &[types.clone(), types].concat(), |vars| jvp(&vars[..n], &vars[n..]));
        let linear: Vec<bool> = (0..2 * n).map(|i| i >= n).collect();
        let vjp = check(transform::transpose(&jvp, &linear).map_err(|e| e.within(format!("custom {name}"))));
        call(name, x, f, jvp, vjp)
    })
}

/// An elementwise function and its declared derivative keep the type (a scalar slope would silently be stretched), and
/// no entry of the result depends on another entry of x, or the declared slope would be a wrong Jacobian.
#[track_caller]
fn check_elementwise(name: &str, ty: &Type, tapes: [&Tape; 2]) {
    for tape in tapes {
        if tape.output_types() != [ty.clone()] {
            let out = tape.type_of(tape.outputs()[0]);
            stop(Error::new(ErrorKind::Declaration, format!("custom {name}: {out} comes out where {ty} goes in")));
        }
        if let Some(e) = mixing(tape) {
            let what = format!("custom {name}: the function must be elementwise, and {} is not", e.op.name());
            let error = Error::new(ErrorKind::Declaration, what);
            stop(match e.label.user_line() {
                Some(line) => error.at(line),
                None => error,
            });
        }
    }
}

/// The first equation in which entries of an input may meet or move.
fn mixing(tape: &Tape) -> Option<&Equation> {
    let mut moves = vec![false; tape.value_count()];
    tape.inputs().iter().for_each(|v| moves[v.index()] = true);
    for e in tape.equations().iter() {
        if !e.inputs.iter().any(|v| moves[v.index()]) {
            continue;
        }
        e.outputs.iter().for_each(|v| moves[v.index()] = true);
        let elementwise = match e.op.kernel() {
            Kernel::Unary(_) | Kernel::Binary(_) | Kernel::Select | Kernel::Convert | Kernel::Identity => true,
            Kernel::Body | Kernel::Replay => mixing(&e.bodies[0]).is_none(),
            _ => false,
        };
        if !elementwise {
            return Some(e);
        }
    }
    None
}

/// An elementwise `f` with a declared derivative: both closures map an array to an array of the same type.
///
/// `f_prime` is differentiated for the second order, so a nested declaration in it declares f″.
///
/// # Errors
/// Stops the trace with [`ErrorKind::Declaration`] if a closure captures a `Var`, changes the type, or is not elementwise.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, custom_pointwise, grad, hvp}};
/// // sin, with cos declared as its derivative: the second order is that of cos.
/// let sine = |x: Var| custom_pointwise("sine", x, Var::sin, Var::cos).sum();
/// let x = tensor![0.5];
/// assert_eq!(grad(sine, &x)?, tensor![0.5f64.cos()]);
/// assert_eq!(hvp(sine, &x, &tensor![1.0])?, tensor![-0.5f64.sin()]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn custom_pointwise(name: &str, x: Var, f: impl FnOnce(Var) -> Var, f_prime: impl FnOnce(Var) -> Var) -> Var {
    LIBRARY.enter(|| {
        let ty = x.ty();
        let f = body(name, std::slice::from_ref(&ty), |x| vec![f(x[0])]);
        let f_prime = body(name, std::slice::from_ref(&ty), |x| vec![f_prime(x[0])]);
        check_elementwise(name, &ty, [&f, &f_prime]);
        let slope = body(name, &[ty.clone(), ty], |x| vec![inline(&f_prime, &x[..1])[0] * x[1]]);
        call(name, &[x], f, slope.clone(), slope)[0]
    })
}

/// An elementwise `f` whose value and first derivative stay what they are, to the bit, and whose second derivative is
/// declared: `f″ := f_second`. Third and higher orders are those of `f_second`.
///
/// The first derivative is the engine's own tape for `f`; only differentiation *of that tape* sees the declaration:
/// with W the reverse tape, `d W(x, ȳ) = W(x, dȳ) + ȳ f″(x) dx`.
///
/// # Errors
/// Stops the trace with [`ErrorKind::Declaration`] if a closure captures a `Var`, changes the type, or is not elementwise.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, declare_second_derivative, grad, hvp}};
/// let f = |x: Var| declare_second_derivative("flat", x, |x| x.sin(), |x| x.zeros_like()).sum();
/// let x = tensor![0.5];
/// assert_eq!(grad(f, &x)?, tensor![0.5f64.cos()]);
/// assert_eq!(hvp(f, &x, &tensor![1.0])?, tensor![0.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn declare_second_derivative(
    name: &str,
    x: Var,
    f: impl FnOnce(Var) -> Var,
    f_second: impl FnOnce(Var) -> Var,
) -> Var {
    LIBRARY.enter(|| {
        let ty = x.ty();
        let f = body(name, std::slice::from_ref(&ty), |x| vec![f(x[0])]);
        let second = body(name, std::slice::from_ref(&ty), |x| vec![f_second(x[0])]);
        check_elementwise(name, &ty, [&f, &second]);
        let forward = check(transform::jvp(&f, &[true])).tape.with_outputs([1]);
        let reverse = check(transform::vjp(&f, &[true])).tape.with_outputs([1]);
        let first = |w: Tape| with_declared_slope(name, &erase_residuals(&w), &second);
        call(name, &[x], f, first(forward), first(reverse))[0]
    })
}

/// `W(x, u)`, linear in u, as a custom function whose derivative is `f′(x) u̇ + u f″(x) ẋ`.
///
/// f′ in there is a custom function in its turn, `W(x, 1)` with derivative `f″`: were it W's plain tape, the next
/// derivative would see what that tape has for f″ and not what is declared.
fn with_declared_slope(name: &str, w: &Tape, second: &Tape) -> Tape {
    let ty = w.type_of(w.inputs()[0]).clone();
    let custom =
        |mark: &str, linear: bool| Op::new(Custom { name: format!("{name}{mark}"), class: Class::Nonlinear, linear });
    let finish = |b: Builder, outputs| b.finish(outputs).expect("own values");
    let slope = {
        let mut b = Builder::new(name);
        let x = b.input(ty.clone());
        let one = b.like(x, 1.0);
        let y = b.inline(w, &[x, one]);
        Arc::new(finish(b, y))
    };
    let curvature = {
        let mut b = Builder::new(name);
        let (x, with) = (b.input(ty.clone()), b.input(ty.clone()));
        let bend = b.inline(second, &[x])[0];
        let y = b.mul(bend, with);
        Arc::new(finish(b, vec![y]))
    };
    let derivative = |reverse: bool| {
        let mut b = Builder::new(name);
        let (x, u) = (b.input(ty.clone()), b.input(ty.clone()));
        // Reverse: W is symmetric (elementwise, W(x, u) = f′(x) u), so its transpose in u is itself.
        let (x_dot, u_dot) = if reverse {
            let y_bar = b.input(ty.clone());
            (y_bar, y_bar)
        } else {
            (b.input(ty.clone()), b.input(ty.clone()))
        };
        let bodies = vec![slope.clone(), curvature.clone(), curvature.clone()];
        let f_prime = b.emit_all(custom("′(x)", false), &[x], bodies).expect("the bodies have one type throughout")[0];
        let along = b.mul(f_prime, u_dot);
        let bend = b.inline(second, &[x])[0];
        let product = b.mul(u, bend);
        let bent = b.mul(product, x_dot);
        let outputs = if reverse { vec![bent, along] } else { vec![b.add(along, bent)] };
        Arc::new(finish(b, outputs))
    };
    let mut b = Builder::new(name);
    let inputs = [b.input(ty.clone()), b.input(ty.clone())];
    let bodies = vec![Arc::new(w.clone()), derivative(false), derivative(true)];
    let outputs = b.emit_all(custom("′", true), &inputs, bodies).expect("the bodies have one type throughout");
    finish(b, outputs)
}
