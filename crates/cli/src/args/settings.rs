//! Settings that are declared once: the field of the struct, its flag, default and help, and how a report tells of it.

use std::fmt::Display;
use std::path::PathBuf;

use quadric::autodiff::DType;
use quadric::nn::Activation;
use quadric::regularization::Method;

/// Whether the command that a report prints names a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InCommand {
    Always,
    /// If it is not the default.
    IfChanged,
    /// What changes no number: threads, the folder.
    Never,
}

/// What a report tells of a setting.
#[derive(Clone, Debug)]
pub struct Told {
    /// The name of the flag.
    pub flag: String,
    /// As the command line takes it; none if it was not given and has no default.
    pub value: Option<String>,
    pub in_command: InCommand,
    /// The heading of a line of its own among the report's settings.
    pub line: Option<&'static str>,
}

/// Declares a struct of settings. Each is written as clap's derive wants it (the comment is the help), with what the report does with
/// it behind `=>`: whether the command that is printed names it, and the heading of a line of its own if it has one. Settings that are
/// shared follow a `+`.
macro_rules! settings {
    ($(#[$meta:meta])* pub struct $name:ident {
        $( $(#[$arg:meta])* $field:ident: $type:ty => $in_command:ident $(, $line:literal)?; )*
        $(+ $more:ident: $settings:ty)?
    }) => {
        $(#[$meta])*
        #[derive(clap::Args, Clone, Debug)]
        pub struct $name {
            $( $(#[$arg])* pub $field: $type, )*
            $( #[command(flatten)] pub $more: $settings, )?
        }

        impl $name {
            /// What a report tells of each setting, in their order.
            pub fn told(&self) -> Vec<$crate::args::settings::Told> {
                use $crate::args::settings::{InCommand, Show, Told};
                let default = $name::default();
                let told = vec![$({
                    let value = self.$field.show();
                    let same = value == default.$field.show();
                    let in_command = match InCommand::$in_command {
                        InCommand::IfChanged if same => InCommand::Never,
                        other => other,
                    };
                    let line: &[&'static str] = &[$($line)?];
                    Told { flag: stringify!($field).replace('_', "-"), value, in_command, line: line.first().copied() }
                }),*];
                $( let told = [told, self.$more.told()].concat(); )?
                told
            }
        }

        impl Default for $name {
            /// The defaults of the flags.
            fn default() -> $name {
                use clap::{Args, FromArgMatches};
                let flags = $name::augment_args(clap::Command::new("quadric").no_binary_name(true));
                let none = flags.try_get_matches_from(<[&str; 0]>::default());
                none.and_then(|m| $name::from_arg_matches(&m)).expect("every setting has a default")
            }
        }
    };
}
pub(super) use settings;

/// The command that gives the same numbers again: what is always named, then what was changed.
pub fn command(name: &str, settings: &[Told]) -> String {
    let mut text = format!("quadric {name}");
    for which in [InCommand::Always, InCommand::IfChanged] {
        for told in settings.iter().filter(|t| t.in_command == which) {
            if let Some(value) = &told.value {
                text += &format!(" --{} {}", told.flag, quoted(value));
            }
        }
    }
    text
}

/// A value as a shell takes it for one word.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:,=+-".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        value.into()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

/// The text of a setting, as the command line takes it.
pub trait Show {
    fn show(&self) -> Option<String>;
}

macro_rules! show_by_display {
    ($($t:ty),*) => { $( impl Show for $t {
        fn show(&self) -> Option<String> {
            Some(self.to_string())
        }
    } )* };
}
show_by_display!(Method, Activation, DType, String, usize, u32, u64, f64);

impl Show for PathBuf {
    fn show(&self) -> Option<String> {
        Some(self.display().to_string())
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> Option<String> {
        self.as_ref().and_then(Show::show)
    }
}

impl<T: Display> Show for Vec<T> {
    fn show(&self) -> Option<String> {
        if self.is_empty() { None } else { Some(self.iter().map(T::to_string).collect::<Vec<_>>().join(",")) }
    }
}
