//! Where an equation comes from: the user's line, the scopes around it, and what a transform made of it.
//!
//! A label is taken while tracing and travels through every transform, so that a printed tape, an error and a share of
//! the curvature all speak of the user's own lines. Labels own their strings: a tape outlives the program that traced
//! it (it can be printed and parsed).

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::error::Error;

/// A place in a source file.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Line {
    /// The file, as the compiler names it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl Line {
    /// The line of a `#[track_caller]` caller.
    pub fn of(location: &Location<'_>) -> Line {
        Line { file: Arc::from(location.file()), line: location.line(), column: location.column() }
    }

    /// Whether this line lies in the sources of the standard library.
    pub(crate) fn is_std(&self) -> bool {
        let file = self.file.replace('\\', "/");
        file.starts_with("/rustc/") || file.contains("/lib/rustlib/src/")
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A named region of the traced program: a layer, an activation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The name; full paths join them by `/`.
    pub name: Arc<str>,
    /// Whether everything inside counts as nonlinear (a composed activation: `x · Φ(x)` is no product of the model).
    pub nonlinear: bool,
    /// The user's line that opened the scope.
    pub line: Line,
    /// The scope around it.
    pub parent: Option<Arc<Scope>>,
}

impl Scope {
    /// Outermost first, this one last.
    pub fn chain(self: &Arc<Scope>) -> Vec<Arc<Scope>> {
        let mut chain = vec![self.clone()];
        while let Some(parent) = &chain[chain.len() - 1].parent {
            chain.push(parent.clone());
        }
        chain.reverse();
        chain
    }
}

/// What a transform made of an equation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Role {
    /// It computes what the user wrote.
    #[default]
    Primal,
    /// It computes a tangent.
    Tangent,
    /// It computes a cotangent.
    Cotangent,
}

/// The origin of an equation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Label {
    /// The user's line that recorded it, if it was traced (a parsed or built tape may have none).
    pub line: Option<Line>,
    /// The innermost scope.
    pub scope: Option<Arc<Scope>>,
    /// The last transform's view of it.
    pub role: Role,
    /// How many differentiations made it: 0 for what the user wrote.
    pub level: u32,
}

impl Label {
    /// The same place, one differentiation later.
    pub fn derived(&self, role: Role) -> Label {
        Label { role, level: self.level + 1, ..self.clone() }
    }

    /// Whether a scope around it declares everything inside nonlinear.
    pub fn is_nonlinear(&self) -> bool {
        let mut scope = self.scope.as_ref();
        while let Some(s) = scope {
            if s.nonlinear {
                return true;
            }
            scope = s.parent.as_ref();
        }
        false
    }

    /// The line that recorded it; that of the user, whatever libraries lie between.
    pub fn user_line(&self) -> Option<&Line> {
        self.line.as_ref()
    }

    /// The label of an equation in the body of a loop, as one of step `step`: a scope of that number, right within the scope of
    /// the loop.
    pub(crate) fn in_step(&self, of_loop: &Label, step: usize) -> Label {
        let chain = self.scope.as_ref().map_or_else(Vec::new, Scope::chain);
        let around = of_loop.scope.as_ref().map_or(0, |scope| scope.chain().len()).min(chain.len());
        let line = of_loop.line.clone().or_else(|| self.line.clone());
        let line = line.unwrap_or_else(|| Line { file: Arc::from("?"), line: 0, column: 0 });
        let parent = of_loop.scope.clone();
        let mut scope = Arc::new(Scope { name: Arc::from(step.to_string()), nonlinear: false, line, parent });
        for inner in &chain[around..] {
            scope = Arc::new(Scope { parent: Some(scope), ..Scope::clone(inner) });
        }
        Label { scope: Some(scope), ..self.clone() }
    }

    /// Scope names joined by `/`, empty outside every scope.
    pub fn scope_path(&self) -> String {
        self.scope
            .as_ref()
            .map_or_else(String::new, |s| s.chain().iter().map(|s| s.name.as_ref()).collect::<Vec<_>>().join("/"))
    }

    /// A mistake found while the equation ran: the scopes before its sentence, for the user did not call the primitive but the layer or
    /// loss that did, and the user's line. An error that has a place has both already.
    pub(crate) fn blame(&self, e: Error) -> Error {
        let Some(line) = self.user_line().filter(|_| e.place().is_none()) else { return e };
        let scopes = self.scope_path();
        if scopes.is_empty() { e.at(line) } else { e.within(scopes).at(line) }
    }
}

/// `@ src/main.rs:12:31 layers.0 tangent.1`: the user's line, the scopes, and role and level if derived.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.user_line() {
            Some(line) => write!(f, "{line}")?,
            None => write!(f, "?")?,
        }
        let path = self.scope_path();
        if !path.is_empty() {
            write!(f, " {path}")?;
        }
        match self.role {
            Role::Primal => Ok(()),
            Role::Tangent => write!(f, " tangent.{}", self.level),
            Role::Cotangent => write!(f, " cotangent.{}", self.level),
        }
    }
}
