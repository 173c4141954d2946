//! One binary, a page a promise: what a right derivative passes, what a wrong one fails, and what nobody can say.

mod bad_input;
mod blindness;
mod causes;
mod controls;
mod cost;
mod few_digits;
mod kinks;
mod messages;
mod negative_controls;
#[cfg(feature = "proptest")]
mod properties;
mod scaling;
