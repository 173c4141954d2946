//! Connectionist temporal classification: a sequence of labels without their times.

use quadric_autodiff::trace::{Var, concat, full, iota, scan, select, stack, stop};
use quadric_autodiff::{DType, Error, ErrorKind};

use super::check;
use crate::LIBRARY;

/// `ℓ = −ln Σ_π Π_t p_t(π_t)` for each example, over all paths π that give its labels once repetitions are merged and blanks are taken out ([Graves et al. 2006]).
///
/// The sum runs through time as the paper's forward variables do, in logarithms, in a [`scan`]: memory grows with T, and derivatives of every order are exact.
/// Labels that no path of that length gives (too many of them, or a masked one) have loss ∞ and derivatives 0.
///
/// Padding of `labels` behind an example's length is not read. A length that is not possible, below 0 or beyond T or S, gives NaN, and so does
/// a label that is the blank: no path gives it, and read as one it would be the loss of another sequence. Torch's mean is that of the losses
/// over the numbers of labels: `(ctc(…) / lengths).mean()`.
///
/// [Graves et al. 2006]: https://doi.org/10.1145/1143844.1143891
///
/// # Shapes
/// `log_p: [T, B, C]`, log-probabilities as [`log_softmax`](super::log_softmax) gives them; `labels: i32[B, S]`; `steps` and `counts: i32[B]`, how many of T and of S are the
/// example's own; `blank` the class of the blank; result `[B]`.
///
/// # Errors
/// Stops the trace if shapes disagree, labels or lengths are no integers, or the blank is no class; a label outside `0..C` is an error of the run.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::losses::ctc;
/// // Two steps, the label 1: the paths are 1 1, 1 blank and blank 1, of four equally probable ones.
/// let log_p = Tensor::from_vec(&[0.5f64.ln(); 4]);
/// let mut loss = compile(|(p, y, t, s): (Var, Var, Var, Var)| ctc(p.reshape([2, 1, 2]), y, t, s, 0));
/// let value = loss.call((log_p, tensor![[1]], tensor![2], tensor![1]))?;
/// assert!((value.item() + 0.75f64.ln()).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn ctc(log_p: Var, labels: Var, steps: Var, counts: Var, blank: usize) -> Var {
    LIBRARY.nonlinear_scope("ctc", || {
        let (p, y) = (log_p.ty(), labels.ty());
        let (&[time, batch, classes], &[rows, longest]) = (&p.shape[..], &y.shape[..]) else {
            let what = format!("ctc: log-probabilities [T, B, C] and labels [B, S] are needed, they are {p} and {y}");
            stop(Error::new(ErrorKind::Shape, what))
        };
        let lengths = [("numbers of steps", steps), ("numbers of labels", counts)];
        for (what, each) in lengths {
            if rows != batch || each.shape()[..] != [batch] {
                let what = format!(
                    "ctc: the log-probabilities {p} are {batch} examples, the labels are {y} and the {what} {}",
                    each.ty()
                );
                stop(Error::new(ErrorKind::Shape, what));
            }
            check::integers("ctc", what, each);
        }
        check::integers("ctc", "labels", labels);
        check::setting("ctc", blank < classes, || format!("the blank is class {blank}, there are {classes}"));

        // blank y₁ blank y₂ … blank; behind an example's own labels all is blank.
        let states = 2 * longest + 1;
        let is_own = iota(DType::I32, &y.shape, 1).lt(counts.expand_dims(&[-1]));
        let own = select(is_own, labels, blank as f64);
        let blanks_among_own = is_own.and(labels.equal(blank as f64)).convert(DType::I32).sum_axes(&[-1]);
        let blanks = own.full_like(blank as f64);
        let between = stack(&[blanks, own], -1).reshape([batch, 2 * longest]);
        let path = concat(&[between, full(DType::I32, [batch, 1], blank as f64)], 1);
        // From y_i a path may go to y_{i+1} with no blank between them if the two differ.
        let may_skip = path.not_equal(blank as f64).and(path.not_equal(behind(path, 2, blank as f64)));
        let emissions = log_p.gather_along(path.broadcast_to([time, batch, states]), 2);

        // Before the first step all paths stand before the first label.
        let nowhere = f64::NEG_INFINITY;
        let place = iota(DType::I32, [batch, states], 1);
        let start = select(place.equal(0.0), scalar_like(log_p, 0.0), nowhere).broadcast_to([batch, states]);
        let clock = iota(DType::I32, [time], 0);
        let step = |alpha: Var, (now, emission): (Var, Var)| {
            let skipped = select(may_skip, behind(alpha, 2, nowhere), nowhere);
            let reached = stack(&[alpha, behind(alpha, 1, nowhere), skipped], 0).logsumexp(&[0]) + emission;
            // An example that is over waits for the others.
            (select(now.lt(steps).expand_dims(&[-1]), reached, alpha), Vec::<Var>::new())
        };
        let (alpha, _) = scan(step, &start, &(clock, emissions));

        // At the end a path stands on the last label or the blank behind it.
        let last = (counts * 2.0).expand_dims(&[-1]);
        let is_end = place.le(last).and(place.ge(last - 1.0));
        let loss = -select(is_end, alpha, nowhere).logsumexp(&[-1]);
        let is_possible = |n: Var, most: usize| n.ge(0.0).and(n.le(most as f64));
        let is_sequence = is_possible(steps, time).and(is_possible(counts, longest)).and(blanks_among_own.equal(0.0));
        select(is_sequence, loss, f64::NAN)
    })
}

#[track_caller]
fn scalar_like(x: Var, number: f64) -> Var {
    quadric_autodiff::trace::scalar(x.dtype(), number)
}

/// The entries `by` places to the right along the last of two axes, with `filler` where none came from.
#[track_caller]
fn behind(x: Var, by: usize, filler: f64) -> Var {
    let shape = x.shape();
    let (rows, n) = (shape[0], shape[1]);
    let by = by.min(n);
    concat(&[full(x.dtype(), [rows, by], filler), x.slice(1, 0..n - by)], 1)
}
