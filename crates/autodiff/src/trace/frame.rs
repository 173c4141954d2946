//! The traces that are open on this thread.
//!
//! A stack of frames, one a trace; a transform inside a trace opens an inner one. A frame pops when its guard drops, so
//! an unwinding panic leaves the stack as it was.
//!
//! A variable of an outer frame that is used in an inner one is *captured*: it becomes an extra input of the inner
//! tape, and an argument where that tape is written into the outer one. So a closure may use whatever is in scope, and
//! derivatives with respect to it are right at every level.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Library, Var};
use crate::LIBRARY;
use crate::error::{Error, ErrorKind};
use crate::ops::Mul;
use crate::shape::Type;
use crate::tape::{Builder, Label, Line, Op, Scope, Tape, Value};

/// Writes the square of a root, when it is asked for.
type Square = Rc<dyn Fn() -> Var>;

struct Frame {
    id: u64,
    builder: Builder,
    captured: Vec<(Var, Value)>,
    /// Values that are roots of others, and what writes these.
    roots: Vec<(Value, Square)>,
}

#[derive(Default)]
struct Stack {
    frames: Vec<Frame>,
    scope: Option<Arc<Scope>>,
    /// Who called into the libraries that are at work, innermost last.
    callers: Vec<Caller>,
    /// What the user may want to know of the trace, in sentences.
    notes: Vec<String>,
    /// Those of the trace that ended last.
    last_notes: Vec<String>,
}

/// A library that was entered, and the line on whose behalf: outside the library, and outside every library that was
/// entered on the way to it.
struct Caller {
    library: Library,
    line: Line,
}

impl Stack {
    /// The line on whose behalf something happens at `location`.
    fn line_of(&self, location: &Location<'_>) -> Line {
        let line = Line::of(location);
        let caller = if line.is_std() {
            // Handed to the standard library, as in `.map(Var::exp)`, which does not say by whom.
            self.callers.last()
        } else {
            self.callers.iter().rev().find(|c| c.library.holds(&line))
        };
        caller.map_or(line, |c| c.line.clone())
    }

    fn label_at(&self, location: &Location<'_>) -> Label {
        Label { line: Some(self.line_of(location)), scope: self.scope.clone(), ..Label::default() }
    }
}

thread_local! {
    static STACK: RefCell<Stack> = RefCell::default();
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// Carries an [`Error`] from the line of the mistake to the `trace` that returns it.
pub(super) struct Stop(pub(super) Error);

/// Ends the trace with an error at the caller's line; with no trace open it is an ordinary panic with the same
/// sentence (an uncaught `resume_unwind` would exit without a word).
///
/// For what a library has to say of its operands; inside [`Library::enter`](super::Library::enter) the line is that of its user.
///
/// # Example
/// ```
/// use quadric_autodiff::{Error, ErrorKind, tensor, trace::{self, Var}};
/// let vector = |x: Var| match x.shape().rank() {
///     1 => x,
///     _ => trace::stop(Error::new(ErrorKind::Shape, format!("norm: {} is no vector", x.ty()))),
/// };
/// let error = trace::trace(vector, &tensor![[1.0]]).unwrap_err().to_string();
/// assert!(error.starts_with("norm: f64[1,1] is no vector ("), "{error}");
/// ```
#[track_caller]
pub fn stop(error: Error) -> ! {
    let error = error.at(here());
    if is_open() && cfg!(panic = "unwind") {
        std::panic::resume_unwind(Box::new(Stop(error)));
    }
    panic!("{error}");
}

/// Whether a trace is open on this thread.
pub fn is_open() -> bool {
    STACK.with_borrow(|s| !s.frames.is_empty())
}

/// The line on whose behalf the caller is at work: its own, or that of who called into the library it is part of.
#[track_caller]
pub(super) fn here() -> Line {
    let location = Location::caller();
    STACK.with_borrow(|s| s.line_of(location))
}

/// Runs a part of a library on behalf of `location`.
pub(super) fn enter<R>(library: Library, location: &Location<'_>, f: impl FnOnce() -> R) -> R {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            STACK.with_borrow_mut(|s| s.callers.pop());
        }
    }
    STACK.with_borrow_mut(|s| {
        let mut line = s.line_of(location);
        // Called through a function pointer, a function seems to be called by itself: `[relu, gelu][i](x)`.
        if let Some(caller) = s.callers.last().filter(|_| library.holds(&line)) {
            line = caller.line.clone();
        }
        s.callers.push(Caller { library, line });
    });
    let _leave = Leave;
    f()
}

/// Keeps a sentence about the trace, with the user's line, for whoever compiles it.
#[track_caller]
pub(super) fn note(sentence: String) {
    let line = here();
    STACK.with_borrow_mut(|s| s.notes.push(format!("{sentence} ({line})")));
}

/// Runs what records a trace of its own: its notes are not those of a trace around it.
pub(super) fn with_own_notes<R>(f: impl FnOnce() -> R) -> R {
    struct Restore(Vec<String>);
    impl Drop for Restore {
        fn drop(&mut self) {
            let outer = std::mem::take(&mut self.0);
            STACK.with_borrow_mut(|s| s.last_notes = std::mem::replace(&mut s.notes, outer));
        }
    }
    let _restore = STACK.with_borrow_mut(|s| Restore(std::mem::take(&mut s.notes)));
    f()
}

/// What the last transform of tensors on this thread, or the last trace, had to say: differentiated leaves that the value does not depend
/// on, whose gradient is exactly zero. A compiled function keeps its own ([`Compiled::notes`](super::Compiled::notes)).
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{self, Var, grad}};
/// let (_, unused) = grad(|(x, _y): (Var, Var)| (x * x).sum(), &(tensor![1.0], tensor![2.0]))?;
/// assert_eq!(unused, tensor![0.0]);
/// assert!(trace::notes()[0].starts_with("grad: the value does not depend on 1"));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn notes() -> Vec<String> {
    STACK.with_borrow(|s| s.last_notes.clone())
}

/// An open frame; dropping it closes it.
pub(super) struct Open {
    id: u64,
    scope: Option<Arc<Scope>>,
    _not_send: PhantomData<*const ()>,
}

impl Open {
    /// Opens a frame with one input of each type.
    pub(super) fn new(name: &str, types: &[Type]) -> (Open, Vec<Var>) {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let mut builder = Builder::new(name);
        let vars = types.iter().map(|t| Var::new(id, builder.input(t.clone()))).collect();
        let scope = STACK.with_borrow_mut(|s| {
            s.frames.push(Frame { id, builder, captured: Vec::new(), roots: Vec::new() });
            s.scope.clone()
        });
        (Open { id, scope, _not_send: PhantomData }, vars)
    }

    /// Closes the frame: the tape that returns `outputs`, and the outer variables it captured (its last inputs).
    pub(super) fn close(self, outputs: &[Var]) -> Result<(Tape, Vec<Var>), Error> {
        let values = outputs.iter().map(|v| resolve(*v)).collect::<Result<Vec<_>, _>>()?;
        let frame = STACK.with_borrow_mut(|s| {
            let top = s.frames.pop().expect("this frame is open");
            debug_assert_eq!(top.id, self.id);
            top
        });
        let captured = frame.captured.iter().map(|(var, _)| *var).collect();
        Ok((frame.builder.finish(values)?, captured))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        STACK.with_borrow_mut(|s| {
            if let Some(at) = s.frames.iter().position(|f| f.id == self.id) {
                s.frames.truncate(at);
            }
            s.scope = self.scope.take();
        });
    }
}

/// The value of a variable in the innermost frame, captured if it belongs to an outer one.
fn resolve(var: Var) -> Result<Value, Error> {
    STACK.with_borrow_mut(|s| {
        let Some(owner) = s.frames.iter().position(|f| f.id == var.frame) else {
            let what = if s.frames.is_empty() {
                "a Var was used where no trace is open: Vars live inside the closure given to trace, compile or a transform"
            } else {
                "a Var was used after its trace had ended"
            };
            return Err(Error::new(ErrorKind::EscapedVar, what));
        };
        let top = s.frames.len() - 1;
        if owner == top {
            return Ok(var.value);
        }
        if let Some((_, inner)) = s.frames[top].captured.iter().find(|(outer, _)| *outer == var) {
            return Ok(*inner);
        }
        let ty = s.frames[owner].builder.type_of(var.value).clone();
        let frame = &mut s.frames[top];
        let inner = frame.builder.input(ty);
        frame.captured.push((var, inner));
        Ok(inner)
    })
}

/// The type of a variable of any open frame.
pub(super) fn type_of(var: Var) -> Result<Type, Error> {
    let known = STACK
        .with_borrow(|s| s.frames.iter().find(|f| f.id == var.frame).map(|f| f.builder.type_of(var.value).clone()));
    match known {
        Some(ty) => Ok(ty),
        None => resolve(var).map(|_| unreachable!("no frame owns it")),
    }
}

/// Remembers that `root` is the root of `square`, for [`square_of`].
pub(super) fn remember_root(root: Var, square: Square) {
    STACK.with_borrow_mut(|s| {
        if let Some(frame) = s.frames.iter_mut().find(|f| f.id == root.frame) {
            frame.roots.push((root.value, square));
        }
    });
}

/// The value that the variable is remembered to be the root of, written at the caller's line.
#[track_caller]
pub(super) fn square_of(root: Var) -> Option<Var> {
    let square = STACK.with_borrow(|s| {
        let frame = s.frames.iter().find(|f| f.id == root.frame)?;
        frame.roots.iter().find(|(value, _)| *value == root.value).map(|(_, square)| square.clone())
    });
    square.map(|square| LIBRARY.enter(|| square()))
}

/// x, if the variable was written as `x * x`.
pub(super) fn squared(var: Var) -> Option<Var> {
    STACK.with_borrow(|s| {
        let frame = s.frames.iter().find(|f| f.id == var.frame)?;
        let e = frame.builder.tape().equations().iter().rev().find(|e| e.outputs.contains(&var.value))?;
        let square = e.op.is::<Mul>() && e.inputs[0] == e.inputs[1];
        square.then(|| Var::new(var.frame, e.inputs[0]))
    })
}

/// Writes `op(inputs)` into the innermost frame at the caller's line.
#[track_caller]
pub(super) fn emit(op: Op, inputs: &[Var], bodies: Vec<Arc<Tape>>) -> Vec<Var> {
    let location = Location::caller();
    let label = STACK.with_borrow(|s| s.label_at(location));
    let written = inputs.iter().map(|v| resolve(*v)).collect::<Result<Vec<_>, _>>().and_then(|values| {
        STACK.with_borrow_mut(|s| {
            let Some(frame) = s.frames.last_mut() else {
                return Err(Error::new(
                    ErrorKind::EscapedVar,
                    format!("{}: no trace is open on this thread", op.name()),
                ));
            };
            frame.builder.set_label(label);
            let outputs = frame.builder.emit_all(op, &values, bodies)?;
            Ok(outputs.into_iter().map(|v| Var::new(frame.id, v)).collect())
        })
    });
    match written {
        Ok(vars) => vars,
        Err(error) => stop(error),
    }
}

/// Writes a whole tape into the innermost frame, with its own labels.
#[track_caller]
pub(super) fn inline(tape: &Tape, args: &[Var]) -> Vec<Var> {
    match args.iter().map(|v| resolve(*v)).collect::<Result<Vec<_>, _>>() {
        Ok(values) => STACK.with_borrow_mut(|s| {
            let frame = s.frames.last_mut().expect("resolve has found it");
            frame.builder.inline(tape, &values).into_iter().map(|v| Var::new(frame.id, v)).collect()
        }),
        Err(error) => stop(error),
    }
}

/// Runs `f` inside a scope called `name`, opened at the caller's line.
///
/// The scope is part of every label inside: reports, freezes and attributions can name it.
///
/// A `/` in a name makes a path of it: `scope("a/b", f)` is selected as `scope("a", || scope("b", f))` is.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, hvp_of_part, scope}};
/// use quadric_autodiff::transform::Part;
/// // The curvature that one layer makes.
/// let f = |x: Var| scope("first", || x.sin().sum()) + scope("second", || x.powi(3).sum());
/// let part = Part::Scope { path: "second".into() };
/// assert_eq!(hvp_of_part(&part, f, &tensor![2.0], &tensor![1.0])?, tensor![12.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn scope<R>(name: &str, f: impl FnOnce() -> R) -> R {
    within(name, false, Location::caller(), f)
}

/// [`scope`] that declares everything inside nonlinear: for a composed activation such as `x · Φ(x)`, whose product is no
/// product of the model.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, cut, hvp_of_part, nonlinear_scope}};
/// use quadric_autodiff::transform::Part;
/// // x · σ(x) is one activation, so its product is none of the model's multilinear part.
/// let swish = |x: Var| nonlinear_scope("swish", || x * x.logistic());
/// let loss = |x: Var| cut("z", swish(x)).sum();
/// let m = hvp_of_part(&Part::multilinear_nme("z"), loss, &tensor![0.5], &tensor![1.0])?;
/// assert_eq!(m, tensor![0.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
pub fn nonlinear_scope<R>(name: &str, f: impl FnOnce() -> R) -> R {
    within(name, true, Location::caller(), f)
}

/// Runs `f` inside a scope that is opened on behalf of `location`.
pub(super) fn within<R>(name: &str, nonlinear: bool, location: &Location<'_>, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Arc<Scope>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            STACK.with_borrow_mut(|s| s.scope = self.0.take());
        }
    }
    let _restore = STACK.with_borrow_mut(|s| {
        let parent = s.scope.clone();
        s.scope = Some(Arc::new(Scope {
            name: Arc::from(name),
            nonlinear,
            line: s.line_of(location),
            parent: parent.clone(),
        }));
        Restore(parent)
    });
    f()
}
