//! Whether there is memory for a program's buffers, asked before it is taken.
//!
//! An allocation that fails ends the process, so a plan that is too large for the machine must be found out first. What can be
//! found out is what the system refuses at once; where it promises more than it has, a page that is missing is missed later.

use std::sync::Arc;

use quadric_kernels::Arena;

use crate::error::{Error, ErrorKind};
use crate::plan::{Destination, Plan, Step};

/// What is asked for without asking whether it is there: so much less than any machine has that the question would cost more.
const UNASKED: usize = 1 << 28;

/// Why a plan cannot have its buffers, those of its loops included; with the line of the largest.
pub(super) fn refused(plan: &Plan) -> Option<Error> {
    let bytes = all_bytes(plan);
    if is_there(bytes) {
        return None;
    }
    let error = too_much(bytes);
    Some(match largest(plan) {
        Some((step, y)) => {
            let error = error.within(format!("{} is {}", y.value, y.ty));
            step.blame(error)
        }
        None => error,
    })
}

/// A zeroed buffer.
pub(super) fn buffer(bytes: usize) -> Result<Arc<Arena>, Error> {
    if is_there(bytes) { Ok(Arc::new(Arena::new(bytes))) } else { Err(too_much(bytes)) }
}

fn too_much(bytes: usize) -> Error {
    Error::new(ErrorKind::Shape, format!("the buffers take {bytes} bytes, more memory than can be had"))
}

fn is_there(bytes: usize) -> bool {
    // Seen by nobody, the allocation could be left out, and would succeed.
    bytes <= UNASKED || std::hint::black_box(Vec::<u8>::new()).try_reserve_exact(bytes).is_ok()
}

fn all_bytes(plan: &Plan) -> usize {
    plan.bodies().fold(plan.bytes(), |sum, body| sum.saturating_add(all_bytes(body)))
}

/// The largest array that is written, in a loop's body too, and the step that writes it.
fn largest(plan: &Plan) -> Option<(&Step, &Destination)> {
    let own = plan.steps.iter().flat_map(|step| step.results.iter().map(move |y| (step, y)));
    let inner = plan.bodies().filter_map(|body| largest(body));
    own.chain(inner).max_by_key(|(_, y)| y.ty.bytes())
}
