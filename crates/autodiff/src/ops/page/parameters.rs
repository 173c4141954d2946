//! The parameters of a primitive in the text form.

use std::fmt;
use std::hash::Hash;

use crate::tape::Params;

/// What distinguishes one use of a primitive from another: plain data, scalars compared by bits.
pub trait Parameters: Clone + fmt::Debug + Eq + Hash + Send + Sync + 'static {
    /// The parameters in the text form, in printing order.
    fn params(&self) -> Params;

    /// The primitive with these parameters.
    ///
    /// # Errors
    /// A sentence that names the parameter that is missing or wrong.
    fn parse(params: &Params) -> Result<Self, String>;
}

/// A primitive without parameters: nothing to print, and parsing gives its default. One with fields implements the trait itself; that it
/// does is checked when it is compiled.
impl<P: Default + Clone + fmt::Debug + Eq + Hash + Send + Sync + 'static> Parameters for P {
    fn params(&self) -> Params {
        const { assert!(size_of::<P>() == 0, "a primitive with fields says itself what its parameters are") };
        Params::none()
    }

    fn parse(params: &Params) -> Result<Self, String> {
        match params.0.first() {
            Some((name, _)) => Err(format!("parameter `{name}` is none of it: it takes no parameters")),
            None => Ok(P::default()),
        }
    }
}
