//! Any of the optimizers, by name.

use std::fmt;
use std::str::FromStr;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Error, Type};

use super::settings::Spoken;
use super::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Lamb, Lion, NAdam, Optimizer, Parameter, RAdam, RmsProp, Sgd,
    Soap,
};

/// One line for each optimizer that has a name on the command line.
macro_rules! optimizers {
    ($($variant:ident = $name:literal;)*) => {
        /// Any of the optimizers that treat every parameter alike, for programs that choose one at run time.
        ///
        /// Read from a name and settings, `adamw:weight_decay=0.1,beta2=0.95`, and printed as such, without the settings that have their
        /// default. The settings are the fields of the optimizer's struct. `amsgrad` and `nesterov` are short for `adam:amsgrad=true` and
        /// `sgd:momentum=0.9,nesterov=true`.
        ///
        /// # Example
        /// ```
        /// use quadric_nn::{AnyOptimizer, Sgd};
        /// let optimizer: AnyOptimizer = "sgd:momentum=0.5".parse()?;
        /// assert_eq!(optimizer, Sgd::new().momentum(0.5).into());
        /// assert_eq!(optimizer.to_string(), "sgd:momentum=0.5");
        /// let error = "sgd:beta1=0.5".parse::<AnyOptimizer>().unwrap_err().to_string();
        /// assert!(error.ends_with("there is no beta1; there are momentum, nesterov, dampening, weight_decay"));
        /// # Ok::<(), quadric_nn::ParseOptimizerError>(())
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum AnyOptimizer {
            $(#[doc = concat!("[`", stringify!($variant), "`].")] $variant($variant),)*
        }

        impl AnyOptimizer {
            /// The names that [`from_str`](AnyOptimizer::from_str) accepts, for help texts.
            pub const NAMES: &[&str] = &[$($name,)* "amsgrad", "nesterov"];

            fn default_of(name: &str) -> Option<AnyOptimizer> {
                match name {
                    $($name => Some(AnyOptimizer::$variant($variant::new())),)*
                    "amsgrad" => Some(Adam::new().amsgrad().into()),
                    "nesterov" => Some(Sgd::new().nesterov(0.9).into()),
                    _ => None,
                }
            }

            fn set(&mut self, setting: &str, value: &str) -> Result<(), String> {
                match self {
                    $(AnyOptimizer::$variant(rule) => rule.set(setting, value),)*
                }
            }

            fn rule_of(&self) -> &dyn Optimizer {
                match self {
                    $(AnyOptimizer::$variant(rule) => rule,)*
                }
            }
        }

        $(impl From<$variant> for AnyOptimizer {
            fn from(rule: $variant) -> AnyOptimizer {
                AnyOptimizer::$variant(rule)
            }
        })*

        /// The name and the settings that are not the defaults.
        impl fmt::Display for AnyOptimizer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(AnyOptimizer::$variant(rule) => rule.fmt(f),)*
                }
            }
        }
    };
}

optimizers! {
    Sgd = "sgd";
    Adam = "adam";
    AdamW = "adamw";
    NAdam = "nadam";
    RAdam = "radam";
    Adamax = "adamax";
    RmsProp = "rmsprop";
    Adagrad = "adagrad";
    Adadelta = "adadelta";
    Lion = "lion";
    Lamb = "lamb";
    Adafactor = "adafactor";
    Soap = "soap";
}

impl Optimizer for AnyOptimizer {
    fn name(&self) -> &'static str {
        self.rule_of().name()
    }

    fn moments(&self, name: &str, ty: &Type) -> Vec<Type> {
        self.rule_of().moments(name, ty)
    }

    #[track_caller]
    fn rule(&self, parameter: &Parameter<'_>) -> (Var, Vec<Var>) {
        self.rule_of().rule(parameter)
    }

    fn check(&self, names: &[String]) -> Result<(), Error> {
        self.rule_of().check(names)
    }
}

/// Why a text is no optimizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseOptimizerError(String);

impl fmt::Display for ParseOptimizerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseOptimizerError {}

impl FromStr for AnyOptimizer {
    type Err = ParseOptimizerError;

    fn from_str(text: &str) -> Result<AnyOptimizer, ParseOptimizerError> {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let Some(mut optimizer) = AnyOptimizer::default_of(name) else {
            let known = AnyOptimizer::NAMES.join(", ");
            return Err(ParseOptimizerError(format!("there is no optimizer \"{name}\"; there are {known}")));
        };
        let fault = |what: String| ParseOptimizerError(format!("optimizer \"{text}\": {what}"));
        if settings.is_empty() && name != text {
            return Err(fault("settings such as momentum=0.9 are expected after the colon".into()));
        }
        for setting in settings.split(',').filter(|_| name != text) {
            let Some((setting, value)) = setting.split_once('=') else {
                return Err(fault(format!("\"{setting}\" is no setting=value")));
            };
            optimizer.set(setting, value).map_err(fault)?;
        }
        optimizer.check(&[]).map_err(|error| fault(error.to_string()))?;
        Ok(optimizer)
    }
}
