//! The arrows between the engine's modules, and the walls around it, kept by reading the sources.

use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The lines of a file that are code, comments and doc comments cut off.
fn code(path: &Path) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate();
    lines.map(|(i, line)| (i + 1, line.split("//").next().unwrap_or("").to_string())).collect()
}

/// What stands after `crate::` on a line, once for each.
fn used(line: &str) -> Vec<&str> {
    let words = line.split("crate::").skip(1).filter(|_| !line.contains("$crate::"));
    words.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")).collect()
}

/// The layers, lowest first; a module uses its own layer and those below.
fn layer(module: &str) -> Option<usize> {
    Some(match module {
        "error" | "dtype" | "shape" | "tensor" | "axes" | "bail" => 0,
        "Error" | "ErrorKind" | "DType" | "Shape" | "Axes" | "Type" | "Tensor" => 0,
        "tape" => 1,
        "ops" => 2,
        "transform" => 3,
        "trace" | "Tree" | "Leaf" | "Static" | "VarTree" | "LIBRARY" => 4,
        _ => return None,
    })
}

/// Beside the layers: what `pass`, `plan` and `exec` may use, and who may use them.
fn allowed(from: &str, to: &str) -> bool {
    match (from, to) {
        ("lib", _) => true,
        _ if from == to => true,
        ("pass", "ops" | "tape") | ("plan", "tape") => true,
        ("exec", "pass" | "plan" | "tape") | ("trace", "pass" | "exec") => true,
        // Pages say what they mean in the interpreter's numbers, and the interpreter asks them through the tape.
        ("tape" | "ops", "reference") | ("reference", "tape") => true,
        ("pass" | "plan" | "exec" | "reference", to) => layer(to) == Some(0),
        (_, "pass" | "plan" | "exec" | "reference") => false,
        (from, to) => match (layer(from), layer(to)) {
            (Some(from), Some(to)) => to <= from,
            _ => false,
        },
    }
}

#[test]
fn the_arrows_run_one_way() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for path in sources(&src) {
        let inner = path.strip_prefix(&src).unwrap();
        let first = inner.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        let module = first.trim_end_matches(".rs");
        for (number, line) in code(&path) {
            for to in used(&line) {
                if !to.is_empty() && !allowed(module, to) {
                    wrong.push(format!("{}:{number}: {module} may not use {to}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What transforms may write by the builder's methods: the sums, products and negatives that derivatives are made of, constants
/// for what is absent, the repetition along a batch axis.
const WRITTEN: [&str; 7] = ["add", "sum", "mul", "neg", "full", "like", "with_batch_axis"];

/// What transforms may import from `ops`: those methods, the identities `residual` and `cut` with the sides of cuts, and how
/// a primitive becomes an op.
const IMPORTED: [&str; 5] = ["Ops", "Residual", "Cut", "Side", "op"];

/// A file's code without comments, in one piece.
fn whole(path: &Path) -> String {
    code(path).into_iter().map(|(_, line)| line + "\n").collect()
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The word that a text begins with.
fn word(text: &str) -> &str {
    text.split(|c| !is_word(c)).next().unwrap_or("")
}

/// Where a word stands by itself in a text: what is before it, and what is behind.
fn around<'a>(text: &'a str, what: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    text.match_indices(what)
        .map(|(at, _)| (&text[..at], &text[at + what.len()..]))
        .filter(|(before, behind)| !before.ends_with(is_word) && !behind.starts_with(is_word))
}

/// The methods by which primitives are written, read from where they are declared. `put` writes an op that the caller has
/// to name, and is seen by that.
fn builder_methods() -> Vec<String> {
    let text = whole(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ops/page/builder.rs"));
    let declared = around(&text, "fn").map(|(_, rest)| word(rest.trim_start()).to_string());
    let listed = text.lines().filter(|line| line.contains(") => ")).map(|line| word(line.trim_start()).to_string());
    declared.chain(listed).filter(|name| !["", "put", "ty"].contains(&name.as_str())).collect()
}

/// What a transform's code names of the primitives and may not.
fn forbidden(text: &str, methods: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (before, behind) in around(text, "ops") {
        let path = behind.strip_prefix("::").filter(|_| before.ends_with("crate::"));
        let names = path.map_or("", |path| match path.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap_or(""),
            None => word(path),
        });
        let words: Vec<&str> = names.split(|c| !is_word(c)).filter(|w| !w.is_empty()).collect();
        if words.is_empty() {
            found.push("ops as a whole".to_string());
        }
        found.extend(words.iter().filter(|w| !IMPORTED.contains(w)).map(|w| w.to_string()));
    }
    for name in methods.iter().filter(|name| !WRITTEN.contains(&name.as_str())) {
        let called = around(text, name).any(|(before, behind)| {
            behind.trim_start().starts_with(['(', '<']) && (before.ends_with('.') || before.ends_with("Ops::"))
        });
        if called {
            found.push(name.clone());
        }
    }
    found
}

/// `transform` knows [`WRITTEN`] and [`IMPORTED`]; all else it asks of an equation's rule.
#[test]
fn transforms_name_no_primitive() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/transform");
    let methods = builder_methods();
    let names = quadric_autodiff::ops::names();
    assert!(
        methods.iter().filter(|m| names.contains(&m.as_str())).count() > 30,
        "the methods were not seen: {methods:?}"
    );
    assert!(WRITTEN.iter().all(|name| methods.iter().any(|m| m == name)), "{methods:?}");
    for path in sources(&src) {
        assert_eq!(forbidden(&whole(&path), &methods), [""; 0], "{}: transforms may not name these", path.display());
    }
    // Each way of naming one is seen.
    for (text, what) in [
        ("use crate::ops::Sin;", "Sin"),
        ("use crate::ops::{\n    Ops,\n    Sin,\n};", "Sin"),
        ("use crate::ops::{Ops, op as make, Sin as S};", "Sin"),
        ("use crate::{ops, shape};", "ops as a whole"),
        ("use crate::ops::*;", "ops as a whole"),
        ("let y = b.exp(x);", "exp"),
        ("let y = b\n    .dot(x, z, false, true);", "dot"),
        ("let y = Ops::exp(b, x);", "exp"),
    ] {
        assert!(forbidden(text, &methods).iter().any(|name| name == what), "{text}");
    }
    assert_eq!(forbidden("let y = b.add(x, z); let n = ops_of(e);", &methods), [""; 0]);
}

/// Not by a string either: what a transform wants to know of a primitive it asks the primitive.
#[test]
fn transforms_quote_no_primitive() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/transform");
    let names = quadric_autodiff::ops::names();
    assert!(names.contains(&"broadcast") && names.contains(&"div"), "{names:?}");
    let mut literals = 0;
    for path in sources(&src) {
        for (number, line) in code(&path) {
            for literal in line.split('"').skip(1).step_by(2) {
                literals += 1;
                assert!(!names.contains(&literal), "{}:{number}: transforms may not name {literal}", path.display());
            }
        }
    }
    assert!(literals > 20, "the texts of errors were not seen: {literals}");
}

/// The lines on which code of a folder uses a kernel: by the crate's name, or one that a `Unary` or `Binary` carries.
fn kernel_uses(folder: &str, lines: &[(usize, String)]) -> Vec<usize> {
    let mut method = String::new();
    let mut found = Vec::new();
    for (number, line) in lines {
        if let Some((_, rest)) = line.split_once("fn ") {
            method = rest.split(['(', '<']).next().unwrap_or("").to_string();
        }
        let is_run = folder == "ops" && method == "run";
        let calls = match folder {
            "ops" => line.contains(".at(") || line.contains(".apply("),
            _ => line.contains("Unary::") || line.contains("Binary::"),
        };
        let sizes = folder == "ops" && method == "kernel_sizes";
        if !is_run && (calls || line.contains("quadric_kernels") && !sizes) {
            found.push(*number);
        }
    }
    found
}

/// Tapes and transforms do not know how they are run, and the interpreter shares no kernel with what it judges. A page calls
/// kernels in `run` alone (what it says of itself in `kernel` are names): its rule and its definition see none.
#[test]
fn rules_never_see_a_kernel() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for folder in ["transform", "trace", "reference", "ops"] {
        for path in sources(&src.join(folder)) {
            assert_eq!(kernel_uses(folder, &code(&path)), [0; 0], "{} uses a kernel on these lines", path.display());
        }
    }
    let page = [
        "fn define(x: f64) {",
        "Unary::EXP.at(x)",
        "fn run(x: f64) {",
        "Binary::ADD.apply(x, x, y)",
        "fn kernel() { Unary::EXP }",
    ];
    let page: Vec<(usize, String)> = page.iter().enumerate().map(|(i, line)| (i + 1, line.to_string())).collect();
    assert_eq!((kernel_uses("ops", &page), kernel_uses("reference", &page)), (vec![2], vec![2, 4, 5]));
}

/// The one crate with `unsafe` is `kernels`.
#[test]
fn unsafe_stays_in_kernels() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let word = ["un", "safe"].concat();
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in ["crates", "benches", "examples"] {
        if root.join(folder).is_dir() {
            files.extend(sources(&root.join(folder)));
        }
    }
    assert!(files.len() > 100, "the sources were not found");
    for path in files {
        if path.components().any(|c| c.as_os_str() == "kernels") {
            continue;
        }
        for (number, line) in code(&path) {
            let is_word = |at: usize| {
                let around = [line[..at].chars().next_back(), line[at + word.len()..].chars().next()];
                around.iter().flatten().all(|c| !c.is_alphanumeric() && *c != '_' && *c != '"')
            };
            assert!(!line.match_indices(&word).any(|(at, _)| is_word(at)), "{}:{number}: {line}", path.display());
        }
    }
}
