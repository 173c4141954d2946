//! Parameters by name: rates, decay and optimizers of their own.

use std::fmt;
use std::sync::Arc;

use quadric_autodiff::trace::Var;
use quadric_autodiff::trace::tree::matches;
use quadric_autodiff::{Error, ErrorKind, Type};

use super::{Optimizer, Parameter};

/// One optimizer for most parameters, and others, or the same at another rate, or none, for those whose names are selected.
///
/// A group is selected by a pattern ([`matches()`]) or by a predicate on the name. A parameter
/// belongs to the first group that selects it, and to the optimizer of [`new`](Groups::new) if none does. Held parameters stay as they are and
/// nothing is remembered of them; their gradient is computed still, unless the loss is differentiated without them.
///
/// The state names the rule of each parameter (`adamw.0.layers.1.weight`, `held.0.layers.0.weight`), so that it goes on only where every parameter
/// follows the rule that it did.
///
/// # Errors
/// Stops the trace (or panics, in `init`) with [`ErrorKind::Selection`] if a group is left without a parameter: its pattern matches none, or groups
/// before it have taken them all.
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile}};
/// use quadric_nn::{Activation, AdamW, Groups, Mlp, Optimizer, Sgd};
/// let optimizer = Groups::new(AdamW::new().weight_decay(0.1))
///     .hold("layers.0.*")
///     .with("*.bias", AdamW::new().weight_decay(0.0)) // no decay for biases
///     .rate(|name: &str| name.starts_with("layers.2"), 0.1);
/// let model = Mlp::new(&[2, 3, 3, 2], Activation::Gelu, DType::F64, 1);
/// let mut step = compile(|(m, state, rate): (Mlp<Var>, _, Var)| optimizer.update(&m, &m, &state, rate));
/// let (new, _) = step.call((model.clone(), optimizer.init(&model), Tensor::scalar(0.01)))?;
/// assert!(new.layers[0] == model.layers[0] && new.layers[1] != model.layers[1]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone)]
pub struct Groups {
    rest: Rule,
    groups: Vec<Group>,
}

type Rule = Arc<dyn Optimizer + Send + Sync>;

#[derive(Clone)]
struct Group {
    selector: Selector,
    /// `None` holds.
    rule: Option<Rule>,
    factor: f64,
}

/// What selects parameters by their names; made from a pattern or a predicate.
#[derive(Clone)]
pub struct Selector {
    selects: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    words: String,
}

impl Selector {
    /// Whether it selects the parameter of this name.
    pub(crate) fn selects(&self, name: &str) -> bool {
        (self.selects)(name)
    }

    /// What it is called in a sentence.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }
}

impl From<&str> for Selector {
    fn from(pattern: &str) -> Selector {
        let own = pattern.to_string();
        Selector { selects: Arc::new(move |name| matches(&own, name)), words: format!("{pattern:?}") }
    }
}

impl From<String> for Selector {
    fn from(pattern: String) -> Selector {
        Selector::from(&*pattern)
    }
}

impl<F: Fn(&str) -> bool + Send + Sync + 'static> From<F> for Selector {
    fn from(predicate: F) -> Selector {
        Selector { selects: Arc::new(predicate), words: "a predicate".into() }
    }
}

impl Groups {
    /// This optimizer for every parameter that no group selects.
    pub fn new(rest: impl Optimizer + Send + Sync + 'static) -> Groups {
        Groups { rest: Arc::new(rest), groups: vec![] }
    }

    /// Another optimizer for the selected parameters; with other settings, such as another decay, or of another kind.
    #[must_use]
    pub fn with(self, selector: impl Into<Selector>, optimizer: impl Optimizer + Send + Sync + 'static) -> Groups {
        self.and(selector.into(), Some(Arc::new(optimizer)), 1.0)
    }

    /// Another optimizer for the selected parameters, and its rate by this factor that of the others.
    #[must_use]
    pub fn with_rate(
        self,
        selector: impl Into<Selector>,
        optimizer: impl Optimizer + Send + Sync + 'static,
        factor: f64,
    ) -> Groups {
        self.and(selector.into(), Some(Arc::new(optimizer)), factor)
    }

    /// The rate times this factor for the selected parameters.
    #[must_use]
    pub fn rate(self, selector: impl Into<Selector>, factor: f64) -> Groups {
        let rest = self.rest.clone();
        self.and(selector.into(), Some(rest), factor)
    }

    /// No update for the selected parameters.
    #[must_use]
    pub fn hold(self, selector: impl Into<Selector>) -> Groups {
        self.and(selector.into(), None, 1.0)
    }

    fn and(mut self, selector: Selector, rule: Option<Rule>, factor: f64) -> Groups {
        self.groups.push(Group { selector, rule, factor });
        self
    }

    fn index_of(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.selector.selects(name))
    }

    /// The optimizer of a parameter, if it is not held, and the factor of its rate.
    fn of(&self, name: &str) -> (Option<&Rule>, f64) {
        match self.index_of(name) {
            Some(i) => (self.groups[i].rule.as_ref(), self.groups[i].factor),
            None => (Some(&self.rest), 1.0),
        }
    }
}

impl Optimizer for Groups {
    fn name(&self) -> &'static str {
        "groups"
    }

    fn moments(&self, name: &str, ty: &Type) -> Vec<Type> {
        self.of(name).0.map_or(vec![], |rule| rule.moments(name, ty))
    }

    fn rule_name(&self, parameter: &str, ty: &Type) -> &'static str {
        self.of(parameter).0.map_or("held", |rule| rule.rule_name(parameter, ty))
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        match self.of(p.name) {
            (None, _) => (p.value, vec![]),
            (Some(rule), 1.0) => rule.rule(p),
            (Some(rule), factor) => rule.rule(&Parameter { rate: p.rate * factor, ..*p }),
        }
    }

    fn check(&self, names: &[String]) -> Result<(), Error> {
        let mut members = vec![vec![]; self.groups.len()];
        let mut rest = vec![];
        for name in names {
            let members = self.index_of(name).map_or(&mut rest, |i| &mut members[i]);
            members.push(name.clone());
        }
        for (group, members) in self.groups.iter().zip(&members) {
            let words = group.selector.words();
            if members.is_empty() {
                let taken = names.iter().any(|name| group.selector.selects(name));
                let why =
                    if taken { "groups before it have taken all that it selects" } else { "it selects none of them" };
                let what = format!("groups: {words} is left without parameters: {why} ({})", names.join(", "));
                return Err(Error::new(ErrorKind::Selection, what));
            }
            if !(group.factor >= 0.0 && group.factor.is_finite()) {
                let what =
                    format!("groups: the rate of {words} is multiplied by {}; 0 or more is needed", group.factor);
                return Err(Error::new(ErrorKind::Data, what));
            }
            group.rule.as_ref().map_or(Ok(()), |rule| rule.check(members))?;
        }
        self.rest.check(&rest)
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.rest.name())?;
        for group in &self.groups {
            let rule = group.rule.as_ref().map_or("held", |rule| rule.name());
            write!(f, ", {}: {rule}", group.selector.words())?;
            if group.factor != 1.0 {
                write!(f, " at {} of the rate", group.factor)?;
            }
        }
        Ok(())
    }
}
