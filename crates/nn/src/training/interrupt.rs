//! Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::data::{DataError, DataErrorKind};

/// A flag that stops a run after the step that it is in: set by a program, or by Ctrl-C ([`Interrupt::ctrl_c`]). Clones share it.
///
/// # Example
/// ```
/// use quadric_nn::training::Interrupt;
/// let interrupt = Interrupt::new();
/// interrupt.clone().set(); // from another thread, say
/// assert!(interrupt.is_set());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Not set.
    pub fn new() -> Interrupt {
        Interrupt::default()
    }

    /// Set by Ctrl-C (SIGINT), which no longer ends the process: a second one does, at once.
    ///
    /// There is one such flag in a process, and every call gives it, whether it is set already or not; [`clear`](Interrupt::clear) takes it back.
    ///
    /// # Errors
    /// [`DataErrorKind::Io`] if the operating system refuses.
    pub fn ctrl_c() -> Result<Interrupt, DataError> {
        static FLAG: Mutex<Option<Interrupt>> = Mutex::new(None);
        let mut flag = FLAG.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(interrupt) = &*flag {
            return Ok(interrupt.clone());
        }
        let interrupt = Interrupt::new();
        // In this order: the flag that the second signal looks at is set after the first one has looked at it. 130 is 128 + SIGINT, as a shell has it.
        signal_hook::flag::register_conditional_shutdown(signal_hook::consts::SIGINT, 130, interrupt.0.clone())
            .and_then(|_| signal_hook::flag::register(signal_hook::consts::SIGINT, interrupt.0.clone()))
            .map_err(|error| DataError::new(DataErrorKind::Io, format!("Ctrl-C: {error}")).caused_by(error))?;
        *flag = Some(interrupt.clone());
        Ok(interrupt)
    }

    /// Asks for the stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Takes it back.
    pub fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether the stop was asked for.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
