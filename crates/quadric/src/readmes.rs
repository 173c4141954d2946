//! The programs of the READMEs, as doctests: the repository's own and each crate's whose README is not its documentation. Nothing here is compiled otherwise, so a package
//! needs no file outside it.

#[doc = include_str!("../../../README.md")]
mod repository {}

#[doc = include_str!("../../curvature/README.md")]
mod curvature {}

#[doc = include_str!("../../derive/README.md")]
mod derive {}

#[doc = include_str!("../../nn/README.md")]
mod nn {}

#[doc = include_str!("../../regularization/README.md")]
mod regularization {}
