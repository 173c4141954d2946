//! The programs of the READMEs, as doctests: the repository's own and each crate's whose README is not its documentation. They stand here, in a package that is
//! not published, so that no published one needs a file outside it.

#[doc = include_str!("../../README.md")]
mod repository {}

#[doc = include_str!("../../crates/curvature/README.md")]
mod curvature {}

#[doc = include_str!("../../crates/derive/README.md")]
mod derive {}

#[doc = include_str!("../../crates/nn/README.md")]
mod nn {}

#[doc = include_str!("../../crates/regularization/README.md")]
mod regularization {}
