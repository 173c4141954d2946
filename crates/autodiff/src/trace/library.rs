//! Which lines are a library's own, and who called into it.
//!
//! A library records equations on its caller's behalf: `gelu` writes five, and the user wants to read the one line that
//! says `gelu`. So each library knows its own sources ([`Library::holds`]) and says when it is entered
//! ([`Library::enter`]). While it is, what it records from a line of its own is labelled with its caller's line. A
//! closure of the caller's lies in the caller's file, and is labelled with its own lines wherever it is called from.

use std::panic::Location;

use super::frame;
use crate::tape::Line;

/// The sources of one crate; made by [`library!`](crate::library) at the crate's root.
///
/// # Example
/// A crate of layers, in its `lib.rs`:
/// ```
/// use quadric_autodiff::trace::Var;
/// quadric_autodiff::library!();
///
/// /// x · σ(x), recorded at the caller's line.
/// #[track_caller]
/// pub fn swish(x: Var) -> Var {
///     LIBRARY.nonlinear_scope("swish", || x * x.logistic())
/// }
/// # assert!(LIBRARY.holds(&quadric_autodiff::tape::Line::of(std::panic::Location::caller())));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Library {
    /// The crate's root, as the compiler names it.
    root: &'static str,
    /// The folder of the crate's manifest.
    manifest: &'static str,
}

impl Library {
    /// The crate with this root file and this manifest folder: what [`library!`](crate::library) calls.
    pub const fn new(root: &'static str, manifest: &'static str) -> Library {
        Library { root, manifest }
    }

    /// Whether a line lies in the crate's sources: in the folder of its root, or below. The package's programs beside it (`main.rs`, `bin/`)
    /// are crates of their own; its unit tests are part of it.
    ///
    /// The compiler names a file as it was told to, often relative to a workspace; but a generic function that another
    /// crate instantiates is named by its absolute path, with the manifest's folder in front. `\` is read as `/`.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tape::Line, trace::Library};
    /// let library = Library::new("crates/nn/src/lib.rs", "/home/user/net/crates/nn");
    /// let holds = |file: &str| library.holds(&Line { file: file.into(), line: 1, column: 1 });
    /// assert!(holds("crates/nn/src/layers/dense.rs") && holds("/home/user/net/crates/nn/src/lib.rs"));
    /// assert!(!holds("crates/nn/tests/dense.rs") && !holds("/home/user/other/crates/nn/src/lib.rs"));
    /// ```
    pub fn holds(&self, line: &Line) -> bool {
        let folder = self.root.rsplit_once(['/', '\\']).map_or("", |(folder, _)| folder);
        if let Some(below) = inside(&line.file, folder) {
            return !is_binary(below);
        }
        // The root's folder is relative to a folder above the manifest's, so the two paths overlap: of
        // `crates/nn/src` and `/home/user/net/crates/nn`, the part below the manifest is `src`.
        let Some(below) = inside(&line.file, self.manifest) else { return false };
        let starts = folder.match_indices(['/', '\\']).map(|(at, _)| at + 1);
        std::iter::once(0).chain(starts).any(|at| {
            let (above, own) = folder.split_at(at);
            ends_with(self.manifest, above.trim_end_matches(['/', '\\']))
                && inside(below, own).is_some_and(|below| !is_binary(below))
        })
    }

    /// Runs `f`, a part of this library, on behalf of the caller: what `f` records from the library's own lines, and the
    /// mistakes it finds there, are at the caller's line.
    ///
    /// Called first thing in a public function that is `#[track_caller]`.
    #[track_caller]
    pub fn enter<R>(self, f: impl FnOnce() -> R) -> R {
        frame::enter(self, Location::caller(), f)
    }

    /// [`enter`](Library::enter) and [`scope`](super::scope) at once: a layer.
    #[track_caller]
    pub fn scope<R>(self, name: &str, f: impl FnOnce() -> R) -> R {
        let location = Location::caller();
        frame::enter(self, location, || frame::within(name, false, location, f))
    }

    /// [`enter`](Library::enter) and [`nonlinear_scope`](super::nonlinear_scope) at once: a composed activation.
    #[track_caller]
    pub fn nonlinear_scope<R>(self, name: &str, f: impl FnOnce() -> R) -> R {
        let location = Location::caller();
        frame::enter(self, location, || frame::within(name, true, location, f))
    }
}

/// Says that this crate records equations on behalf of its callers: defines `LIBRARY`, its [`Library`](crate::trace::Library).
///
/// To be called once, at the crate's root, which lies in a folder of its own as `src/lib.rs` does.
#[macro_export]
macro_rules! library {
    () => {
        /// This crate's own lines; see [`Library`]($crate::trace::Library).
        pub(crate) const LIBRARY: $crate::trace::Library =
            $crate::trace::Library::new(::core::file!(), ::core::env!("CARGO_MANIFEST_DIR"));
    };
}

/// Whether a path below the root's folder is that of a program's root beside the library's.
fn is_binary(below: &str) -> bool {
    below == "main.rs" || inside(below, "bin").is_some()
}

fn is_separator(byte: u8) -> bool {
    byte == b'/' || byte == b'\\'
}

fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| a == b || is_separator(a) && is_separator(b))
}

/// The path below `folder`, if it lies there.
fn inside<'a>(path: &'a str, folder: &str) -> Option<&'a str> {
    let (front, rest) = path.split_at_checked(folder.len())?;
    (same(front, folder) && !folder.is_empty()).then(|| rest.strip_prefix(['/', '\\']))?
}

/// Whether the last whole names of `path` are `end`.
fn ends_with(path: &str, end: &str) -> bool {
    let Some((front, rest)) = path.len().checked_sub(end.len()).and_then(|at| path.split_at_checked(at)) else {
        return false;
    };
    same(rest, end) && (end.is_empty() || front.is_empty() || front.bytes().next_back().is_some_and(is_separator))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(library: Library, file: &str) -> bool {
        library.holds(&Line { file: file.into(), line: 1, column: 1 })
    }

    #[test]
    fn a_crate_in_a_registry_is_named_by_absolute_paths() {
        let nn = Library::new("/r/quadric-nn-0.1.0/src/lib.rs", "/r/quadric-nn-0.1.0");
        assert!(holds(nn, "/r/quadric-nn-0.1.0/src/layers/dense.rs"));
        assert!(!holds(nn, "/r/quadric-nn-0.1.0/tests/all.rs"));
        assert!(!holds(nn, "/r/quadric-nn-0.1.0-fork/src/lib.rs"));
        assert!(!holds(nn, "src/main.rs"));
    }

    #[test]
    fn the_same_folders_in_another_workspace_are_another_crate() {
        let theirs = Library::new("/q/crates/nn/src/lib.rs", "/q/crates/nn");
        let mine = Library::new("crates/nn/src/lib.rs", "/home/me/crates/nn");
        assert!(holds(mine, "crates/nn/src/lib.rs") && !holds(theirs, "crates/nn/src/lib.rs"));
        assert!(holds(theirs, "/q/crates/nn/src/lib.rs") && !holds(mine, "/q/crates/nn/src/lib.rs"));
        assert!(holds(mine, "/home/me/crates/nn/src/layers.rs"));
    }

    #[test]
    fn a_package_at_the_root_of_its_workspace() {
        let root = Library::new("src/lib.rs", "/home/me/net");
        assert!(holds(root, "src/layers.rs") && holds(root, "/home/me/net/src/layers.rs"));
        assert!(!holds(root, "tests/src/layers.rs") && !holds(root, "/home/me/net/examples/main.rs"));
        // The manifest's folder may itself be called `src`.
        let odd = Library::new("src/lib.rs", "/home/src");
        assert!(holds(odd, "/home/src/src/lib.rs") && !holds(odd, "/home/src/examples/main.rs"));
    }

    #[test]
    fn a_program_beside_the_library_is_a_crate_of_its_own() {
        let net = Library::new("src/lib.rs", "/home/me/net");
        assert!(holds(net, "src/layers.rs") && holds(net, "/home/me/net/src/layers/main.rs"));
        for program in ["src/main.rs", "src/bin/train.rs", "/home/me/net/src/main.rs", "/home/me/net/src/bin/a/main.rs"]
        {
            assert!(!holds(net, program), "{program}");
        }
    }

    #[test]
    fn backslashes() {
        let nn = Library::new(r"crates\nn\src\lib.rs", r"C:\net\crates\nn");
        assert!(holds(nn, r"crates\nn\src\layers\dense.rs") && holds(nn, r"C:\net\crates\nn\src\lib.rs"));
        assert!(holds(nn, "crates/nn/src/layers/dense.rs"));
        assert!(!holds(nn, r"crates\nn\tests\dense.rs"));
    }
}
