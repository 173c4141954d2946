//! Every message, note and label names the user's line: read from programs that are built as a user builds them.
//!
//! Two situations that this workspace cannot be. Quadric's crates lie as a registry lays them out
//! (`quadric-nn-0.1.0/src/…`), outside the user's workspace; and the user has layers in a crate of their own whose folder is
//! called `crates/nn/src`, as one of Quadric's is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Quadric's crates that a user's program is built with.
const CRATES: [&str; 7] = ["kernels", "derive", "autodiff", "nn", "curvature", "regularization", "quadric"];

const PROGRAM: &str = include_str!("users_lines/program.rs");
const OWN: &str = include_str!("users_lines/own.rs");
const OWN_LAYERS: &str = include_str!("users_lines/own_layers.rs");

/// Derivatives of small arrays; what takes time is the build.
const PROFILE: &str = "[profile.dev]\ndebug = 0\nopt-level = 0\nincremental = false\n";

#[test]
fn the_line_is_the_users_with_quadric_from_a_registry() {
    let root = folder("registry");
    let mut workspace = read(&checkout().join("Cargo.toml"));
    for name in CRATES {
        let to = packaged(name);
        copy(&checkout().join("crates").join(name), &root.join("index").join(&to));
        workspace = workspace.replace(&format!("path = \"crates/{name}\""), &format!("path = \"{to}\""));
    }
    let members: Vec<String> = CRATES.iter().map(|name| format!("{:?}", packaged(name))).collect();
    let listed = |line: &str| !line.starts_with("members") && !line.starts_with("default-members");
    let rest: Vec<&str> = workspace.lines().filter(|line| listed(line)).collect();
    let rest = rest.join("\n").replace("[workspace]", &format!("[workspace]\nmembers = [{}]", members.join(", ")));
    write(&root.join("index/Cargo.toml"), &rest);

    let user = root.join("user");
    let quadric = root.join("index").join(packaged("quadric"));
    write(
        &user.join("Cargo.toml"),
        &format!("{}\n[workspace]\n\n{PROFILE}", manifest("user", &[("quadric", &quadric)])),
    );
    write(&user.join("src/main.rs"), PROGRAM);
    check(&run(&user, "user"), &[("src/main.rs", PROGRAM)]);
}

#[test]
fn the_line_is_the_users_with_layers_in_folders_called_like_ours() {
    let user = folder("own");
    let quadric = checkout().join("crates/quadric");
    write(&user.join("Cargo.toml"), &format!("[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n\n{PROFILE}"));
    write(&user.join("crates/nn/Cargo.toml"), &manifest("nn", &[("quadric", &quadric)]));
    write(&user.join("crates/nn/src/lib.rs"), OWN_LAYERS);
    let layers = user.join("crates/nn");
    write(&user.join("crates/curvature/Cargo.toml"), &manifest("app", &[("quadric", &quadric), ("nn", &layers)]));
    write(&user.join("crates/curvature/src/main.rs"), PROGRAM);
    write(&user.join("crates/curvature/src/bin/own.rs"), OWN);
    check(&run(&user, "own"), &[("crates/curvature/src/bin/own.rs", OWN), ("crates/nn/src/lib.rs", OWN_LAYERS)]);
    check(&run(&user, "app"), &[("crates/curvature/src/main.rs", PROGRAM)]);
}

/// Every text names exactly the lines that are marked with its name, and every mark has its text.
fn check(printed: &str, sources: &[(&str, &str)]) {
    let mut marked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in sources {
        for (i, line) in text.lines().enumerate() {
            let Some((_, names)) = line.split_once(" // ").filter(|(code, _)| !code.trim().is_empty()) else {
                continue;
            };
            for name in names.split(", ") {
                marked.entry(name).or_default().insert(format!("{file}:{}", i + 1));
            }
        }
    }
    let mut read: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    for (name, text) in printed.lines().map(|line| line.split_once(": ").expect("a name and a text")) {
        read.entry(name).or_default().extend(places(text));
        texts.entry(name).or_default().push_str(text);
    }
    let names: BTreeSet<&str> = marked.keys().chain(read.keys()).copied().collect();
    let wrong: Vec<String> = names
        .into_iter()
        .filter(|name| marked.get(name) != read.get(name))
        .map(|name| format!("{name}: {:?}, named {:?}\n    {:?}", marked.get(name), read.get(name), texts.get(name)))
        .collect();
    assert!(wrong.is_empty(), "the lines marked, and what was named:\n{}", wrong.join("\n"));
    // Each transform tells its own name, too.
    let mut own_names = 0;
    for name in ["grad", "value_and_grad", "hvp", "hvps", "hvp_of_part", "hessian", "jacobian_forward", "vmap_axes"] {
        let Some(text) = texts.get(name) else { continue };
        own_names += 1;
        assert!(text.starts_with(&format!("{name}: ")), "{name} is told as: {text}");
    }
    let all = sources.iter().any(|(_, text)| *text == PROGRAM);
    assert!(!all || own_names == 8, "{own_names} of 8 transforms were told");
}

/// The `file.rs:line` of a text, `\` as `/`.
fn places(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| c.is_whitespace() || "@()\",;{}".contains(c));
    let places = words.filter_map(|word| {
        let (file, rest) = word.split_once(".rs:")?;
        let line: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some(format!("{}.rs:{line}", file.replace('\\', "/")))
    });
    places.collect()
}

fn packaged(name: &str) -> String {
    if name == "quadric" { "quadric-0.1.0".into() } else { format!("quadric-{name}-0.1.0") }
}

fn manifest(name: &str, dependencies: &[(&str, &PathBuf)]) -> String {
    let lines: Vec<String> =
        dependencies.iter().map(|(name, path)| format!("{name} = {{ path = {path:?} }}\n")).collect();
    let package =
        format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\ndefault-run = \"{name}\"\n");
    let package = if name == "nn" { package.replace("default-run = \"nn\"\n", "") } else { package };
    format!("{package}\n[dependencies]\n{}", lines.concat())
}

/// Builds and runs a program in a workspace, with the versions of this workspace's lock file and nothing fetched.
fn run(workspace: &Path, program: &str) -> String {
    let lock = workspace.join("Cargo.lock");
    if !lock.exists() {
        fs::copy(checkout().join("Cargo.lock"), lock).expect("the lock file");
    }
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline", "--bin", program])
        .current_dir(workspace)
        .env("CARGO_TARGET_DIR", root().join("target"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// What is built stays from one run of the tests to the next.
fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("users_lines");
    fs::create_dir_all(&root).expect("a folder");
    root.canonicalize().expect("a folder")
}

/// An empty folder of this name.
fn folder(name: &str) -> PathBuf {
    let folder = root().join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The manifest and the sources of a crate.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a crate") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name");
        if path.is_dir() && name != "tests" && name != "tools" {
            copy(&path, &to.join(name));
        } else if path.is_file() {
            let copied = to.join(name);
            fs::copy(&path, &copied).expect("a copy");
            // Cargo tells by the time whether a file has changed.
            let modified = fs::metadata(&path).and_then(|m| m.modified()).expect("a time");
            let file = fs::File::options().write(true).open(&copied).expect("a copy");
            file.set_modified(modified).expect("a time");
        }
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}
