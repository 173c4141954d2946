//! Settings: how they are made, and which a rule cannot have.

use quadric_autodiff::{Error, ErrorKind};

/// An error unless a setting lies in `[0, 1)`, as the decay of a mean must.
pub(super) fn below_one(optimizer: &str, setting: &str, x: f64) -> Result<(), Error> {
    require((0.0..1.0).contains(&x), optimizer, setting, x, "from 0 to below 1")
}

/// An error unless a setting is 0 or more, and finite.
pub(super) fn not_negative(optimizer: &str, setting: &str, x: f64) -> Result<(), Error> {
    require(x >= 0.0 && x.is_finite(), optimizer, setting, x, "finite and not below 0")
}

fn require(fits: bool, optimizer: &str, setting: &str, x: f64, what: &str) -> Result<(), Error> {
    if fits {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Data, format!("{optimizer}: {setting} is {x}; it must be {what}")))
}

/// A method for each setting, of its name: the same rule with it.
macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(self, $name: $type) -> Self {
            Self { $name, ..self }
        }
    )*};
}
pub(super) use setters;

/// Settings that are read from and written as text.
pub(super) trait Spoken: Default {
    /// The names of the settings.
    const SETTINGS: &'static [&'static str];

    /// Reads one of them; the text says what is wrong.
    fn set(&mut self, setting: &str, value: &str) -> Result<(), String>;
}

/// Reads the value of a setting.
pub(super) fn read<T: std::str::FromStr>(setting: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{setting} cannot be \"{value}\""))
}

/// Text for a rule: its name and the settings that are not the defaults, `sgd:momentum=0.9,nesterov=true`.
macro_rules! spoken {
    ($rule:ident, $name:literal: $($setting:ident),*) => {
        impl $crate::optimizers::settings::Spoken for $rule {
            const SETTINGS: &'static [&'static str] = &[$(stringify!($setting)),*];

            fn set(&mut self, setting: &str, value: &str) -> Result<(), String> {
                match setting {
                    $(stringify!($setting) => self.$setting = $crate::optimizers::settings::read(setting, value)?,)*
                    _ => return Err(format!("there is no {setting}; there are {}", Self::SETTINGS.join(", "))),
                }
                Ok(())
            }
        }

        /// The name and the settings that are not the defaults, as [`AnyOptimizer`](crate::AnyOptimizer) reads them.
        impl std::fmt::Display for $rule {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($name)?;
                let usual = $rule::default();
                let mut before = ":";
                $(if self.$setting != usual.$setting {
                    write!(f, "{before}{}={:?}", stringify!($setting), self.$setting)?;
                    before = ",";
                })*
                let _ = before;
                Ok(())
            }
        }
    };
}
pub(super) use spoken;
