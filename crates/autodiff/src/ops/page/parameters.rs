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

/// A primitive without parameters is its own default, and needs no page about it.
impl<P: Default + Clone + fmt::Debug + Eq + Hash + Send + Sync + 'static> Parameters for P {
    fn params(&self) -> Params {
        Params::none()
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(P::default())
    }
}
