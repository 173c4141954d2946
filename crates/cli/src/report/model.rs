//! What a run measured, as plain numbers.
//!
//! `H` is the Hessian of the training loss, `G` its Gauss-Newton part, `N` its nonlinear modeling error, `g` the gradient and
//! `g̃ = g/‖g‖`. A number that does not exist (a run that diverged) is NaN, never a zero in its place.

/// One training run: how it was set up and what was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How the run was made.
    pub settings: Settings,
    /// What was measured, in the order of training.
    pub measurements: Vec<Measurement>,
    /// Spectral densities at some of these moments.
    pub spectra: Vec<Spectrum>,
    /// Sentences for the reader, such as a method that is not defined for this model.
    pub notes: Vec<String>,
    /// The step at which the loss or a parameter stopped being finite, and a sentence that says which.
    pub diverged: Option<(u64, String)>,
}

/// How a run was made. What may differ between two runs of the same numbers (threads, output folder, times) has no place here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A heading, such as `GELU 64-32-32-10 on digits, SGD`.
    pub title: String,
    /// The command that gives these numbers again, without `--threads` and `--out`.
    pub command: String,
    /// The seed of all randomness.
    pub seed: u64,
    /// The instruction-set path of the kernels; bits are comparable between runs on the same path only.
    pub isa: String,
    /// Everything else, in the order to show it: name and value.
    pub entries: Vec<(String, String)>,
}

/// A stochastic estimate: the mean over probes and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub value: f64,
    /// Its standard error; 0 for what was computed exactly.
    pub error: f64,
}

/// An approximate eigenvalue `λ` of a symmetric operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Eigenpair {
    /// `λ`.
    pub value: f64,
    /// `‖A u − λ u‖` for the unit vector `u` that was found: some eigenvalue is no farther than this from `λ`.
    pub residual: f64,
}

/// All that was measured at one moment of training.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Steps taken so far; 0 is before training.
    pub step: u64,
    /// Passes over the training data so far.
    pub epoch: f64,
    /// Mean loss over the training data.
    pub train_loss: f64,
    /// Mean loss over the test data.
    pub test_loss: f64,
    /// Share of the training data that is classified correctly, from 0 to 1.
    pub train_accuracy: f64,
    /// Share of the test data that is classified correctly, from 0 to 1.
    pub test_accuracy: f64,
    /// `‖g‖` over all parameters.
    pub gradient_norm: f64,
    /// `tr H`.
    pub trace_h: Estimate,
    /// `tr G`.
    pub trace_g: Estimate,
    /// `tr N`.
    pub trace_n: Estimate,
    /// The largest eigenvalues of `H`, largest first.
    pub top_h: Vec<Eigenpair>,
    /// The largest eigenvalues of `G`, largest first.
    pub top_g: Vec<Eigenpair>,
    /// The smallest eigenvalue of `N`.
    pub smallest_n: Eigenpair,
    /// The largest eigenvalue of `N`.
    pub largest_n: Eigenpair,
    /// `‖N g̃‖ / ‖G g̃‖`.
    pub nme_over_gn: f64,
    /// `‖Hv − Gv − Nv‖ / ‖Hv‖` from three products compiled on their own.
    pub check: f64,
}

/// The spectral densities of `H`, `G` and `N` at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrum {
    /// Steps taken so far.
    pub step: u64,
    /// Passes over the training data so far.
    pub epoch: f64,
    /// Of `H`.
    pub h: Density,
    /// Of `G`.
    pub g: Density,
    /// Of `N`.
    pub n: Density,
}

/// A density over eigenvalues that integrates to one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Density {
    /// Where the density is given, in increasing order.
    pub eigenvalues: Vec<f64>,
    /// The density at each of them.
    pub densities: Vec<f64>,
}

impl Density {
    /// The points of the curve.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        self.eigenvalues.iter().copied().zip(self.densities.iter().copied())
    }
}

impl Measurement {
    /// The largest eigenvalue of `H`, NaN if none was computed.
    pub fn largest_h(&self) -> Eigenpair {
        first_or_nan(&self.top_h)
    }

    /// The largest eigenvalue of `G`, NaN if none was computed.
    pub fn largest_g(&self) -> Eigenpair {
        first_or_nan(&self.top_g)
    }
}

fn first_or_nan(pairs: &[Eigenpair]) -> Eigenpair {
    pairs.first().copied().unwrap_or(Eigenpair { value: f64::NAN, residual: f64::NAN })
}
