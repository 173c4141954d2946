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

/// `transform` knows no primitive but `add` (through `Ops`), `residual` and `cut`.
#[test]
fn transforms_name_no_primitive() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/transform");
    let known = ["Ops", "Residual", "Cut", "Side", "op"];
    for path in sources(&src) {
        for (number, line) in code(&path) {
            let Some((_, rest)) = line.split_once("crate::ops::") else { continue };
            for word in
                rest.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).take_while(|w| *w != "is_some_and")
            {
                let fine = known.contains(&word) || line.contains("downcast");
                assert!(fine, "{}:{number}: transforms may not name {word}", path.display());
            }
        }
    }
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

/// Tapes and transforms do not know how they are run, and the interpreter shares no kernel with what it judges. A page calls
/// kernels in `run` alone (what it says of itself in `kernel` are names): its rule and its definition see none.
#[test]
fn rules_never_see_a_kernel() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for folder in ["transform", "trace", "reference", "ops"] {
        for path in sources(&src.join(folder)) {
            let mut method = String::new();
            for (number, line) in code(&path) {
                if let Some((_, rest)) = line.split_once("fn ") {
                    method = rest.split(['(', '<']).next().unwrap_or("").to_string();
                }
                let allowed = folder == "ops" && ["run", "kernel_sizes"].contains(&method.as_str());
                let fine = !line.contains("quadric_kernels") || allowed;
                assert!(fine, "{}:{number} uses a kernel", path.display());
            }
        }
    }
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
