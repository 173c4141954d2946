//! The curvature of a network at one moment: what a row of the report holds.
//!
//! Everything is measured in f64, on the mean loss over a fixed set of examples. The operators are compiled once, each on
//! its own, and moved from moment to moment.

use quadric::autodiff::DType;
use quadric::curvature::estimators::{DensityParams, LanczosParams, eigenpairs, spectral_density, trace};
use quadric::curvature::operators::{GaussNewton, Hessian, Nme, Remainder};
use quadric::curvature::vector::{axpy, norm, scaled};
use quadric::curvature::{AtPoint, Gradient, LinearOperator, Probe, Problem, estimators};
use quadric::nn::Mlp;
use quadric::nn::data::Dataset;
use quadric::prelude::Var;
use quadric::regularization::{Classification, Loss};

use crate::failure::Failure;
use crate::report::{Density, Eigenpair, Estimate, Measurement, Spectrum};
use crate::train::{first_broken, in_f64, tensors};

/// Random vectors for each trace.
const TRACE_PROBES: usize = 32;
/// Eigenvalues from the top of H and G.
const TOP: usize = 4;
/// Products for the eigenvalues of one operator, at most.
const LANCZOS: LanczosParams = LanczosParams { tolerance: 1e-4, max_products: 64, seed: 17 };
/// Random vectors and Lanczos steps for each spectral density.
const DENSITY: DensityParams = DensityParams { probes: 6, steps: 40, points: 200, broadening: 0.01, seed: 23 };

/// The operators of one problem.
pub struct Measurer {
    gradient: Gradient,
    h: Hessian,
    g: GaussNewton,
    n: Nme,
    r: Option<Remainder>,
    seed: u64,
}

impl Measurer {
    /// For networks like `model` on these examples.
    pub fn new(
        model: &Mlp,
        set: &Dataset,
        weight_decay: f64,
        seed: u64,
        threads: Option<usize>,
    ) -> Result<Measurer, Failure> {
        let (x, y) = tensors(set, DType::F64)?;
        let loss = move |model: Mlp<Var>, x: Var, y: Var| {
            let problem = Classification::new(x, y);
            if weight_decay == 0.0 {
                problem.loss(&model)
            } else {
                problem.with_decay(x.number(weight_decay)).loss(&model)
            }
        };
        let mut problem = Problem::new::<Mlp<Var>, _>(&in_f64(model), loss, vec![(x, y)])?.with_convex_loss();
        if let Some(threads) = threads {
            problem = problem.with_threads(threads);
        }
        Ok(Measurer {
            gradient: Gradient::new(&problem)?,
            h: Hessian::new(&problem)?,
            g: GaussNewton::new(&problem, "logits")?,
            n: Nme::new(&problem, "logits")?,
            r: if weight_decay == 0.0 { None } else { Some(Remainder::new(&problem, "logits")?) },
            seed,
        })
    }

    fn move_to(&mut self, model: &Mlp) -> Result<(), Failure> {
        let model = in_f64(model);
        self.gradient.set_point(&model)?;
        self.h.set_point(&model)?;
        self.g.set_point(&model)?;
        self.n.set_point(&model)?;
        if let Some(r) = &mut self.r {
            r.set_point(&model)?;
        }
        Ok(())
    }

    /// A row without losses and accuracies, which the caller knows better; all NaN if the parameters are not finite.
    pub fn measure(&mut self, model: &Mlp, step: u64, epoch: f64) -> Result<Measurement, Failure> {
        if first_broken(model).is_some() {
            return Ok(nothing(step, epoch));
        }
        self.move_to(model)?;
        let (_, gradient) = self.gradient.value_and_gradient()?;
        let gradient_norm = norm(&gradient);
        if !gradient_norm.is_finite() {
            return Ok(nothing(step, epoch));
        }
        let probe = |op: &mut dyn LinearOperator, seed: u64| -> Result<Estimate, Failure> {
            let estimate = trace(op, Probe::Rademacher, TRACE_PROBES, seed)?;
            Ok(Estimate { value: estimate.value, error: estimate.standard_error })
        };
        let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(step);
        let ends_h = eigenpairs(&mut self.h, TOP, 0, &LANCZOS)?;
        let ends_g = eigenpairs(&mut self.g, TOP, 0, &LANCZOS)?;
        let ends_n = eigenpairs(&mut self.n, 1, 1, &LANCZOS)?;
        let along = scaled(1.0 / gradient_norm.max(f64::MIN_POSITIVE), &gradient);
        let nme_over_gn = norm(&self.n.apply(&along)?) / norm(&self.g.apply(&along)?);
        Ok(Measurement {
            step,
            epoch,
            gradient_norm,
            trace_h: probe(&mut self.h, seed)?,
            trace_g: probe(&mut self.g, seed)?,
            trace_n: probe(&mut self.n, seed)?,
            top_h: ends_h.top.iter().map(pair).collect(),
            top_g: ends_g.top.iter().map(pair).collect(),
            smallest_n: ends_n.bottom.first().map_or(NO_PAIR, pair),
            largest_n: ends_n.top.first().map_or(NO_PAIR, pair),
            nme_over_gn,
            check: self.check(seed)?,
            ..nothing(step, epoch)
        })
    }

    /// `‖Hv − Gv − Nv − Rv‖ / ‖Hv‖` for a random v, from products compiled on their own.
    fn check(&mut self, seed: u64) -> Result<f64, Failure> {
        let v = Probe::Gaussian.draw(self.h.dim(), 1, seed ^ 0x5eed).swap_remove(0);
        let h = self.h.apply(&v)?;
        let mut rest = h.clone();
        axpy(-1.0, &self.g.apply(&v)?, &mut rest);
        axpy(-1.0, &self.n.apply(&v)?, &mut rest);
        if let Some(r) = &mut self.r {
            axpy(-1.0, &r.apply(&v)?, &mut rest);
        }
        Ok(norm(&rest) / norm(&h))
    }

    /// The spectral densities where the last measurement was taken.
    pub fn spectra(&mut self, step: u64, epoch: f64) -> Result<Spectrum, Failure> {
        let density = |op: &mut dyn LinearOperator| -> Result<Density, Failure> {
            let d = spectral_density(op, &DENSITY)?;
            Ok(Density { eigenvalues: d.grid, densities: d.density })
        };
        Ok(Spectrum { step, epoch, h: density(&mut self.h)?, g: density(&mut self.g)?, n: density(&mut self.n)? })
    }
}

fn pair(p: &estimators::Eigenpair) -> Eigenpair {
    Eigenpair { value: p.value, residual: p.residual }
}

const NO_PAIR: Eigenpair = Eigenpair { value: f64::NAN, residual: f64::NAN };

/// What cannot be measured is NaN.
fn nothing(step: u64, epoch: f64) -> Measurement {
    let nan = Estimate { value: f64::NAN, error: f64::NAN };
    Measurement {
        step,
        epoch,
        train_loss: f64::NAN,
        test_loss: f64::NAN,
        train_accuracy: f64::NAN,
        test_accuracy: f64::NAN,
        gradient_norm: f64::NAN,
        trace_h: nan,
        trace_g: nan,
        trace_n: nan,
        top_h: vec![],
        top_g: vec![],
        smallest_n: NO_PAIR,
        largest_n: NO_PAIR,
        nme_over_gn: f64::NAN,
        check: f64::NAN,
    }
}
