//! What a page is written with: the traits, the rule, the cases, the builder's arithmetic.

mod builder;
mod cases;
mod elementwise;
mod parameters;
pub(super) mod prelude;
mod primitive;
mod rule;
mod sample;
mod variadic;

pub use builder::Ops;
pub use elementwise::Elementwise;
pub use parameters::Parameters;
pub use primitive::{Primitive, op};
pub use rule::{Given, Rule};
pub use sample::{Domain, Sample};
pub use variadic::Variadic;
