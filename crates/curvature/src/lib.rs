//! Curvature as operators: the Hessian of a loss, its exact parts, and what one may ask of them.
//!
//! A [`Problem`] is a model, a loss with a cut, and a data set in batches; it is traced once. From it come
//! [operators], matrices that are only ever multiplied with vectors: the Hessian `H`, its Gauss-Newton part
//! `G`, its nonlinear modeling error `N = A + M`, the Fisher matrices, the Jacobian, the tangent kernel. Each is
//! compiled on its own, so that `‖Hv − Gv − Nv‖` is a measurement and not a tautology; [`Decomposition`] computes them
//! together, which is cheaper, and [`Attribution`] says which line of the user's makes which share of `vᵀHv`.
//!
//! [Estimators](estimators) ask an operator for its trace, diagonal, extreme eigenpairs, spectral density, norm, rank
//! and determinant. They give back a value *with its standard error and the products spent*, and every random one takes
//! a seed.
//!
//! Vectors are flat `Vec<f64>` in the order of the model's leaves ([`Space`] keeps the names); the program itself runs
//! in the model's dtype. A data set's product is the mean over its examples, `Σ (batch size / N) · batch product`, added
//! in the order of the batches: the same bits on any number of threads.
//!
//! ```
//! use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
//! use quadric_curvature::{Problem, LinearOperator, operators::{Hessian, GaussNewton}};
//!
//! // z = x w², loss ½ (z − y)², one example x = 1, y = 0 at w = 2: H = 6 w², G = 4 w².
//! let loss = |w: Var, x: Var, y: Var| {
//!     let z = cut("z", x * w * w);
//!     let error = z - y;
//!     (error * error * 0.5).mean()
//! };
//! let w = Tensor::scalar(2.0);
//! let problem = Problem::new(&w, loss, vec![(tensor![1.0], tensor![0.0])])?;
//! assert_eq!(Hessian::new(&problem)?.apply(&[1.0])?, [24.0]);
//! assert_eq!(GaussNewton::new(&problem, "z")?.apply(&[1.0])?, [16.0]);
//! # Ok::<(), quadric_curvature::Error>(())
//! ```

quadric_autodiff::library!();

mod attribution;
mod decomposition;
pub mod edge;
pub mod eigen;
mod error;
pub mod estimators;
mod gradient;
pub mod operators;
mod probe;
mod problem;
mod space;
pub mod vector;

pub use attribution::{Attribution, Attributor, Share};
pub use decomposition::{Decomposition, Products};
pub use error::{Error, ErrorKind};
pub use estimators::Estimate;
pub use gradient::Gradient;
pub use operators::{AtPoint, LinearOperator, Symmetry};
pub use probe::Probe;
pub use problem::Problem;
pub use quadric_autodiff::transform::Part;
pub use space::{Coordinates, Space};
