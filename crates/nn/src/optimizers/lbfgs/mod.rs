//! L-BFGS: a quasi-Newton method that is driven from outside the trace.
//!
//! How often the function is evaluated in a step depends on its values, which no tape can decide. So this is no [`Optimizer`](super::Optimizer): it
//! asks for a function from parameters to value and gradient, compiled once, and calls it. What it does itself is vectors in `f64`, whatever the
//! parameters' dtype.

mod history;
mod line_search;

use quadric_autodiff::trace::tree::{Node, Path};
use quadric_autodiff::{Error, ErrorKind, Leaf, Tensor, Tree};

use super::settings::not_negative;
use history::{Floats, dot, largest};
use line_search::{Point, strong_wolfe};

/// How far L-BFGS goes along a direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineSearch {
    /// As far as the rate says; in the first iteration of all no farther than `rate/‖g‖₁`.
    #[default]
    Fixed,
    /// To a point that meets the strong Wolfe conditions, `f(t) ≤ f(0) + 1e-4 t f′(0)` and `|f′(t)| ≤ 0.9 |f′(0)|` ([Nocedal & Wright 2006],
    /// algorithms 3.5 and 3.6), by cubic interpolation between safeguards, in 26 evaluations at most. The rate is the first trial.
    ///
    /// [Nocedal & Wright 2006]: https://doi.org/10.1007/978-0-387-40065-5
    StrongWolfe,
}

/// L-BFGS ([Liu & Nocedal 1989]): steps along `−H g`, with H the inverse Hessian that the last few steps and changes of the gradient make of
/// `yᵀs/yᵀy · I` by BFGS, in the two-loop form.
///
/// It follows PyTorch's `LBFGS`, iterate by iterate: a step is some iterations on one and the same function; a pair with `yᵀs ≤ 1e-10` is not kept;
/// the first trial of all is `min(1, 1/‖g‖₁) · rate`. Two things differ: the loss may be infinite or NaN at a trial, which then counts as too far,
/// and pairs are kept as `y` and `s` alone.
///
/// Defaults are PyTorch's: rate 1, 20 iterations a step, 5/4 as many evaluations, a history of 10 pairs (there 100; the authors recommend 3 to 7),
/// `tolerance_gradient` 1e-7 (on the largest entry), `tolerance_change` 1e-9 (on the value and on the largest entry of a step), and no line search.
/// For a function without noise, take [`LineSearch::StrongWolfe`].
///
/// [Liu & Nocedal 1989]: https://doi.org/10.1007/BF01589116
///
/// # Example
/// ```
/// use quadric_autodiff::{Error, tensor, trace::{Var, compile, value_and_grad}};
/// use quadric_nn::{Lbfgs, LineSearch};
/// let rosenbrock = |x: Var| {
///     let (a, b) = (x.slice(0, 0..1), x.slice(0, 1..2));
///     ((b - a * a).powi(2) * 100.0 + (1.0 - a).powi(2)).sum()
/// };
/// let mut f = compile(|x: Var| value_and_grad(rosenbrock, &x));
/// let lbfgs = Lbfgs::new().line_search(LineSearch::StrongWolfe).iterations(100).tolerance_change(0.0);
/// let (x, report) = lbfgs.minimize(|x| f.call_ref(x), &tensor![-1.2, 1.0])?;
/// assert!(report.value < 1e-15 && report.evaluations < 60);
/// assert!(x.to_vec::<f64>().iter().all(|x| (x - 1.0).abs() < 1e-7));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Lbfgs {
    /// What a quasi-Newton step is multiplied by, or a line search begins with.
    pub rate: f64,
    /// How many pairs are kept.
    pub history: usize,
    /// Iterations in one step, at most.
    pub iterations: usize,
    /// Evaluations in one step: none begins an iteration beyond these. `None`: 5/4 of the iterations.
    pub evaluations: Option<usize>,
    /// The largest entry of a gradient that counts as 0.
    pub tolerance_gradient: f64,
    /// The largest change of the value, or of an entry of the parameters, that counts as none.
    pub tolerance_change: f64,
    /// How far it goes along a direction.
    pub line_search: LineSearch,
}

impl Default for Lbfgs {
    fn default() -> Lbfgs {
        Lbfgs {
            rate: 1.0,
            history: 10,
            iterations: 20,
            evaluations: None,
            tolerance_gradient: 1e-7,
            tolerance_change: 1e-9,
            line_search: LineSearch::Fixed,
        }
    }
}

/// What [`Lbfgs`] remembers between steps: a tree, saved as a model is. Of fixed size; pairs that are not there yet are zeros.
#[derive(Clone, Debug, PartialEq)]
pub struct LbfgsState<M: Tree> {
    /// s, the last changes of the parameters, the newest last.
    pub steps: Vec<M>,
    /// y, the changes of the gradient with them.
    pub changes: Vec<M>,
    /// The last direction, its length not yet taken into account.
    pub direction: M,
    /// The gradient where that began.
    pub gradient: M,
    /// `[length of the last step along the direction, value where it began, iterations, pairs]`, `f64`.
    pub numbers: M::Leaf,
}

impl<M: Tree> Tree for LbfgsState<M> {
    type Leaf = M::Leaf;
    type With<L: Leaf> = LbfgsState<M::With<L>>;

    fn walk<'a>(&'a self, path: &Path<'_>, see: &mut dyn FnMut(&Path<'_>, Node<'a, M::Leaf>)) {
        self.steps.walk(&path.field("steps"), see);
        self.changes.walk(&path.field("changes"), see);
        self.direction.walk(&path.field("direction"), see);
        self.gradient.walk(&path.field("gradient"), see);
        self.numbers.walk(&path.field("numbers"), see);
    }

    fn rebuild<L: Leaf, E>(
        &self,
        path: &Path<'_>,
        f: &mut dyn FnMut(&Path<'_>, &M::Leaf) -> Result<L, E>,
    ) -> Result<Self::With<L>, E> {
        Ok(LbfgsState {
            steps: self.steps.rebuild(&path.field("steps"), f)?,
            changes: self.changes.rebuild(&path.field("changes"), f)?,
            direction: self.direction.rebuild(&path.field("direction"), f)?,
            gradient: self.gradient.rebuild(&path.field("gradient"), f)?,
            numbers: f(&path.field("numbers"), &self.numbers)?,
        })
    }
}

/// Why a step of [`Lbfgs`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stopped {
    /// No entry of the gradient is larger than the tolerance: a minimum, as far as that can tell.
    Gradient,
    /// Value or parameters no longer change by more than the tolerance, or the direction no longer descends.
    Change,
    /// The iterations are used up.
    Iterations,
    /// The evaluations are used up.
    Evaluations,
    /// The value or the gradient at the start, or at the end of a step without a line search, is not finite, or the step itself is not. The
    /// parameters are the last where they were finite.
    NotFinite,
}

/// What a step of [`Lbfgs`] came to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LbfgsReport {
    /// The value where the last evaluation of this step was accepted: at the parameters that are returned, except that without a line search the
    /// last iteration's step is not evaluated.
    pub value: f64,
    /// The largest entry of the gradient there.
    pub gradient: f64,
    /// Iterations.
    pub iterations: usize,
    /// Evaluations.
    pub evaluations: usize,
    /// Why it ended.
    pub stopped: Stopped,
}

impl Lbfgs {
    /// PyTorch's settings, with a history of 10.
    pub fn new() -> Lbfgs {
        Lbfgs::default()
    }

    super::settings::setters! {
        /// With another rate.
        rate: f64;
        /// With a history of so many pairs.
        history: usize;
        /// With so many iterations in a step.
        iterations: usize;
        /// With another tolerance for the gradient.
        tolerance_gradient: f64;
        /// With another tolerance for changes; 0 to go on until the gradient is small.
        tolerance_change: f64;
        /// With a line search.
        line_search: LineSearch;
    }

    /// With so many evaluations in a step.
    #[must_use]
    pub fn evaluations(self, evaluations: usize) -> Lbfgs {
        Lbfgs { evaluations: Some(evaluations), ..self }
    }

    /// Whether its settings make sense.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] for a rate that is not finite and above 0, and a tolerance that is negative or not finite.
    pub fn check(&self) -> Result<(), Error> {
        not_negative("lbfgs", "tolerance_gradient", self.tolerance_gradient)?;
        not_negative("lbfgs", "tolerance_change", self.tolerance_change)?;
        if self.rate > 0.0 && self.rate.is_finite() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Data, format!("lbfgs: rate is {}; it must be finite and above 0", self.rate)))
    }

    /// The state before the first step.
    pub fn init<H: Tree<Leaf = Tensor, With<Tensor> = H>>(&self, params: &H) -> LbfgsState<H> {
        let zeros = || params.map_leaves(|leaf| Tensor::zeros(leaf.ty().clone()));
        let pairs = || (0..self.history).map(|_| zeros()).collect();
        LbfgsState {
            steps: pairs(),
            changes: pairs(),
            direction: zeros(),
            gradient: zeros(),
            numbers: Tensor::from_vec(&[0.0, 0.0, 0.0, 0.0]),
        }
    }

    /// One step from a fresh state, with as many evaluations as it takes unless they are set: the minimum near `start`.
    ///
    /// # Errors
    /// As [`step`](Lbfgs::step).
    pub fn minimize<H, E>(&self, f: impl FnMut(&H) -> Result<(Tensor, H), E>, start: &H) -> Result<(H, LbfgsReport), E>
    where
        H: Tree<Leaf = Tensor, With<Tensor> = H>,
        E: From<Error>,
    {
        let all = Lbfgs { evaluations: Some(self.evaluations.unwrap_or(usize::MAX)), ..*self };
        let (params, _, report) = all.step(f, start, &self.init(start))?;
        Ok((params, report))
    }

    /// One step: up to [`iterations`](Lbfgs::iterations) of them on `f`, which gives value and gradient and is the same function in the whole step
    /// (the same batch). Where it begins with a NaN or an infinite value it does nothing and says so; where it comes to one without a line search, it
    /// ends before.
    ///
    /// Integer leaves stay as they are.
    ///
    /// # Errors
    /// Those of `f` and of [`check`](Lbfgs::check); [`ErrorKind::Shape`] if the state or the gradient is not of the parameters' structure and types, [`ErrorKind::Arity`] if the
    /// state has another history, [`ErrorKind::NotScalar`] if the value is no scalar.
    pub fn step<H, E>(
        &self,
        mut f: impl FnMut(&H) -> Result<(Tensor, H), E>,
        params: &H,
        state: &LbfgsState<H>,
    ) -> Result<(H, LbfgsState<H>, LbfgsReport), E>
    where
        H: Tree<Leaf = Tensor, With<Tensor> = H>,
        E: From<Error>,
    {
        self.check()?;
        let floats = Floats::of(params);
        let mut memory = self.unpack(&floats, state)?;
        let mut evaluations = 0;
        let mut evaluate = |x: &[f64]| -> Result<(f64, Vec<f64>), E> {
            evaluations += 1;
            let (value, gradient) = f(&floats.tree(params, x))?;
            if value.shape().rank() != 0 {
                let what = format!("lbfgs: the value is {}, a scalar is needed", value.ty());
                return Err(Error::new(ErrorKind::NotScalar, what).into());
            }
            Ok((value.item(), floats.vector("the gradient", &gradient)?))
        };

        let mut x = floats.vector("the parameters", params)?;
        let (mut value, mut gradient) = evaluate(&x)?;
        let most = self.evaluations.unwrap_or(self.iterations.saturating_add(self.iterations / 4));
        let mut iterations = 0;
        let mut used = 1;
        let finite = |x: &[f64]| x.iter().all(|x| x.is_finite());
        let start_is_finite = value.is_finite() && finite(&gradient);
        let stopped = loop {
            if !start_is_finite {
                break Stopped::NotFinite;
            }
            if largest(&gradient) <= self.tolerance_gradient {
                break Stopped::Gradient;
            }
            if iterations == self.iterations {
                break Stopped::Iterations;
            }
            iterations += 1;
            memory.iterations += 1;
            let first = memory.iterations == 1;
            if first {
                memory.direction = gradient.iter().map(|g| -g).collect();
            } else {
                memory.learn(&gradient, self.history);
                memory.direction = memory.quasi_newton(&gradient);
            }
            memory.gradient.clone_from(&gradient);
            memory.value = value;
            let sum: f64 = gradient.iter().map(|g| g.abs()).sum();
            let trial = if first { (1.0 / sum).min(1.0) * self.rate } else { self.rate };
            // Until a step is taken, none has been: a next one learns nothing from it.
            memory.length = 0.0;
            let slope = dot(&gradient, &memory.direction);
            if !slope.is_finite() {
                break Stopped::NotFinite;
            }
            if slope > -self.tolerance_change {
                break Stopped::Change;
            }
            let along = |t: f64| -> Vec<f64> { x.iter().zip(&memory.direction).map(|(x, d)| x + t * d).collect() };
            match self.line_search {
                LineSearch::Fixed => {
                    let next = along(trial);
                    if !finite(&floats.vector("the parameters", &floats.tree(params, &next))?) {
                        break Stopped::NotFinite;
                    }
                    if iterations != self.iterations {
                        let (there, slopes) = evaluate(&next)?;
                        used += 1;
                        if !there.is_finite() || !finite(&slopes) {
                            break Stopped::NotFinite;
                        }
                        (value, gradient) = (there, slopes);
                    }
                    x = next;
                    memory.length = trial;
                }
                LineSearch::StrongWolfe => {
                    let start = Point { t: 0.0, value, slope, gradient: gradient.clone() };
                    let (end, count) = strong_wolfe(start, trial, largest(&memory.direction), |t| {
                        let (value, gradient) = evaluate(&along(t))?;
                        let slope = dot(&gradient, &memory.direction);
                        Ok::<_, E>(Point { t, value, slope, gradient })
                    })?;
                    used += count;
                    x = along(end.t);
                    memory.length = end.t;
                    (value, gradient) = (end.value, end.gradient);
                }
            }
            if iterations == self.iterations {
                break Stopped::Iterations;
            }
            if used >= most {
                break Stopped::Evaluations;
            }
            if largest(&gradient) <= self.tolerance_gradient {
                break Stopped::Gradient;
            }
            let moved = largest(&memory.direction) * memory.length.abs();
            if moved <= self.tolerance_change || (value - memory.value).abs() < self.tolerance_change {
                break Stopped::Change;
            }
        };
        let report = LbfgsReport { value, gradient: largest(&gradient), iterations, evaluations, stopped };
        Ok((floats.tree(params, &x), self.pack(&floats, params, &memory), report))
    }
}
