//! All methods by name.

use std::fmt;
use std::str::FromStr;

use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use crate::{
    Asam, FisherSam, GaussNewtonTrace, GradientNorm, GradientPower, Gsam, HessianTrace, ImplicitGradient, LIBRARY,
    Objective, PenaltySam, Plain, Sam, SampledTrace, Update, Usam, WeightNoise, rank_two_or_more,
};
use quadric_curvature::Probe;

/// A method and those of its settings that stay over a run; strength and key are arguments of every step.
///
/// Names are what a command line says: `sam`, `gradient-norm:0.5`, `hessian-trace:5:gaussian`.
///
/// # Example
/// ```
/// use quadric_regularization::{Probe, Method};
/// let method: Method = "hessian-trace:5".parse()?;
/// assert_eq!(method, Method::HessianTrace { probes: 5, distribution: Probe::Rademacher });
/// assert_eq!((method.strength_name(), method.draws()), (Some("lambda"), true));
/// assert_eq!("sam".parse::<Method>()?.default_strength(), 0.05);
/// # Ok::<(), quadric_regularization::ParseMethodError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Method {
    /// [`Plain`]: the gradient. `sgd`.
    Plain,
    /// [`Sam`]. `sam`.
    Sam,
    /// [`Asam`], weights told apart by their rank. `asam[:eta]`.
    Asam {
        /// What keeps a weight of 0 movable.
        eta: f64,
    },
    /// [`Usam`]. `usam`.
    Usam,
    /// [`Gsam`]. `gsam[:alpha]`.
    Gsam {
        /// How much of the orthogonal part is taken.
        alpha: f64,
    },
    /// [`FisherSam`]. `fisher-sam[:eta]`.
    FisherSam {
        /// The weight of the Fisher matrix.
        eta: f64,
    },
    /// [`PenaltySam`] with H. `psam`.
    Psam,
    /// [`PenaltySam`] with G only. `psam-gn`.
    PsamGaussNewton,
    /// [`PenaltySam`] with N only. `psam-nme`.
    PsamNme,
    /// [`GradientNorm`], by differences; the strength is r. `gradient-norm[:alpha]`.
    GradientNorm {
        /// The balance; the weight of the penalty is α r.
        alpha: f64,
    },
    /// [`GradientPower`], exact. `gradient-power[:power]`.
    GradientPower {
        /// The power of the norm.
        power: f64,
    },
    /// [`WeightNoise`]. `weight-noise`.
    WeightNoise,
    /// [`HessianTrace`]. `hessian-trace[:probes[:distribution]]`.
    HessianTrace {
        /// How many probes a step.
        probes: usize,
        /// How they are drawn.
        distribution: Probe,
    },
    /// [`GaussNewtonTrace`]. `gn-trace[:probes[:distribution]]`.
    GaussNewtonTrace {
        /// How many probes a step.
        probes: usize,
        /// How they are drawn.
        distribution: Probe,
    },
    /// [`SampledTrace`]. `gn-trace-sampled`.
    SampledTrace,
    /// [`ImplicitGradient`]. `igr`.
    ImplicitGradient,
}

impl Method {
    /// What [`from_str`](Method::from_str) accepts, for help texts.
    pub const NAMES: [&str; 16] = [
        "sgd",
        "sam",
        "asam[:eta]",
        "usam",
        "gsam[:alpha]",
        "fisher-sam[:eta]",
        "psam",
        "psam-gn",
        "psam-nme",
        "gradient-norm[:alpha]",
        "gradient-power[:power]",
        "weight-noise",
        "hessian-trace[:probes[:rademacher|gaussian]]",
        "gn-trace[:probes[:rademacher|gaussian]]",
        "gn-trace-sampled",
        "igr",
    ];

    /// The direction at `params`. `strength` is a scalar (see [`strength_name`](Method::strength_name)), `key` a `u32[2]`; those that a
    /// method does not use are not looked at.
    ///
    /// # Errors
    /// Stops the trace if a method needs the objective's cut and the loss has none of its name.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree, P: Objective<M>>(&self, objective: &P, params: &M, strength: Var, key: Var) -> Update<M> {
        LIBRARY.enter(|| match *self {
            Method::Plain => Plain.update(objective, params),
            Method::Sam => Sam { rho: strength }.update(objective, params),
            Method::Asam { eta } => Asam { rho: strength, eta, scaled: rank_two_or_more }.update(objective, params),
            Method::Usam => Usam { rho: strength }.update(objective, params),
            Method::Gsam { alpha } => Gsam { rho: strength, alpha }.update(objective, params),
            Method::FisherSam { eta } => FisherSam { rho: strength, eta }.update(objective, params),
            Method::Psam => PenaltySam::new(strength).update(objective, params),
            Method::PsamGaussNewton => PenaltySam::gauss_newton(strength, objective.cut()).update(objective, params),
            Method::PsamNme => PenaltySam::nme(strength, objective.cut()).update(objective, params),
            Method::GradientNorm { alpha } => {
                GradientNorm { r: strength, alpha: strength.number(alpha) }.update(objective, params)
            }
            Method::GradientPower { power } => GradientPower { rho: strength, power }.update(objective, params),
            Method::WeightNoise => WeightNoise { sigma: strength, key }.update(objective, params),
            Method::HessianTrace { probes, distribution } => {
                HessianTrace { lambda: strength, key, probes, distribution }.update(objective, params)
            }
            Method::GaussNewtonTrace { probes, distribution } => {
                GaussNewtonTrace { lambda: strength, key, probes, distribution }.update(objective, params)
            }
            Method::SampledTrace => SampledTrace { lambda: strength, key }.update(objective, params),
            Method::ImplicitGradient => ImplicitGradient { eta: strength }.update(objective, params),
        })
    }

    /// What the strength is called in the method's paper: `rho`, `r`, `lambda`, `sigma`, `eta`; none for the plain gradient.
    pub fn strength_name(&self) -> Option<&'static str> {
        Some(match self {
            Method::Plain => return None,
            Method::WeightNoise => "sigma",
            Method::HessianTrace { .. } | Method::GaussNewtonTrace { .. } | Method::SampledTrace => "lambda",
            Method::GradientNorm { .. } => "r",
            Method::ImplicitGradient => "eta",
            _ => "rho",
        })
    }

    /// A strength to begin with: the paper's default where it names one, else a small one of ours.
    pub fn default_strength(&self) -> f64 {
        match self {
            Method::Plain => 0.0,
            Method::Sam | Method::Gsam { .. } | Method::GradientNorm { .. } => 0.05,
            Method::Asam { .. } => 0.5,
            Method::Usam | Method::FisherSam { .. } => 0.1,
            Method::Psam | Method::PsamGaussNewton | Method::PsamNme => 0.1,
            Method::GradientPower { .. } | Method::ImplicitGradient => 0.1,
            Method::WeightNoise => 0.01,
            Method::HessianTrace { .. } | Method::GaussNewtonTrace { .. } | Method::SampledTrace => 1e-4,
        }
    }

    /// Whether it draws random numbers, and so needs a fresh key for each step.
    pub fn draws(&self) -> bool {
        matches!(
            self,
            Method::WeightNoise | Method::HessianTrace { .. } | Method::GaussNewtonTrace { .. } | Method::SampledTrace
        )
    }
}

/// The name with its settings, as it is parsed.
impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Method::Plain => f.write_str("sgd"),
            Method::Sam => f.write_str("sam"),
            Method::Asam { eta } => write!(f, "asam:{eta}"),
            Method::Usam => f.write_str("usam"),
            Method::Gsam { alpha } => write!(f, "gsam:{alpha}"),
            Method::FisherSam { eta } => write!(f, "fisher-sam:{eta}"),
            Method::Psam => f.write_str("psam"),
            Method::PsamGaussNewton => f.write_str("psam-gn"),
            Method::PsamNme => f.write_str("psam-nme"),
            Method::GradientNorm { alpha } => write!(f, "gradient-norm:{alpha}"),
            Method::GradientPower { power } => write!(f, "gradient-power:{power}"),
            Method::WeightNoise => f.write_str("weight-noise"),
            Method::HessianTrace { probes, distribution } => write!(f, "hessian-trace:{probes}:{distribution}"),
            Method::GaussNewtonTrace { probes, distribution } => write!(f, "gn-trace:{probes}:{distribution}"),
            Method::SampledTrace => f.write_str("gn-trace-sampled"),
            Method::ImplicitGradient => f.write_str("igr"),
        }
    }
}

/// A name that is no method, or a setting that it does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseMethodError(String);

impl ParseMethodError {
    pub(crate) fn new(sentence: String) -> ParseMethodError {
        ParseMethodError(sentence)
    }
}

impl fmt::Display for ParseMethodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseMethodError {}

impl FromStr for Method {
    type Err = ParseMethodError;

    fn from_str(text: &str) -> Result<Method, ParseMethodError> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let settings: Vec<&str> = parts.collect();
        let fault = |what: String| ParseMethodError(format!("regularizer \"{text}\": {what}"));
        let number = |default: f64| match settings.first() {
            None => Ok(default),
            Some(s) => match s.parse::<f64>() {
                Ok(x) if x.is_finite() && x >= 0.0 => Ok(x),
                _ => Err(fault(format!("\"{s}\" is no finite number from 0 on"))),
            },
        };
        let probes = || match settings.first() {
            None => Ok(1),
            Some(s) => match s.parse::<usize>() {
                Ok(n) if n > 0 => Ok(n),
                _ => Err(fault(format!("\"{s}\" is no number of probes, 1 or more"))),
            },
        };
        let distribution = || {
            settings.get(1).map_or(Ok(Probe::default()), |s| {
                s.parse().map_err(|e: quadric_curvature::Error| ParseMethodError::new(e.to_string()))
            })
        };
        let (method, takes) = match name {
            "sgd" => (Method::Plain, 0),
            "sam" => (Method::Sam, 0),
            "asam" => (Method::Asam { eta: number(Asam::ETA)? }, 1),
            "usam" => (Method::Usam, 0),
            "gsam" => (Method::Gsam { alpha: number(Gsam::ALPHA)? }, 1),
            "fisher-sam" => (Method::FisherSam { eta: number(FisherSam::ETA)? }, 1),
            "psam" => (Method::Psam, 0),
            "psam-gn" => (Method::PsamGaussNewton, 0),
            "psam-nme" => (Method::PsamNme, 0),
            "gradient-norm" => (Method::GradientNorm { alpha: number(0.5)? }, 1),
            "gradient-power" => (Method::GradientPower { power: number(1.0)? }, 1),
            "weight-noise" => (Method::WeightNoise, 0),
            "hessian-trace" => (Method::HessianTrace { probes: probes()?, distribution: distribution()? }, 2),
            "gn-trace" => (Method::GaussNewtonTrace { probes: probes()?, distribution: distribution()? }, 2),
            "gn-trace-sampled" => (Method::SampledTrace, 0),
            "igr" => (Method::ImplicitGradient, 0),
            _ => {
                let known = Method::NAMES.join(", ");
                return Err(ParseMethodError(format!("there is no regularizer \"{name}\"; there are {known}")));
            }
        };
        if settings.len() > takes {
            return Err(fault(format!("{name} takes {takes} settings, {} are given", settings.len())));
        }
        if method == (Method::GradientPower { power: 0.0 }) {
            return Err(fault("the power of the norm must be above 0".into()));
        }
        Ok(method)
    }
}
