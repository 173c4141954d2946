//! The name under which the user's crate knows the engine.
//!
//! A procedural macro has no `$crate`, so the name is read off the crate's `Cargo.toml`, which cargo points at. A dozen
//! keys of that file matter, one a line; a TOML parser for them would be the heaviest dependency of the workspace.

use std::path::Path;

/// A path to the engine, as text: `::quadric_autodiff` or `::quadric::autodiff`.
pub(crate) fn path_to_engine() -> String {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .and_then(|folder| std::fs::read_to_string(Path::new(&folder).join("Cargo.toml")).ok());
    path_in_manifest(manifest.as_deref().unwrap_or_default())
}

/// Dependencies come before dev-dependencies, since code in `src` does not see the latter; of two, the engine itself
/// before the facade. The engine's own tests find no dependency and take the default, which is the engine's name.
fn path_in_manifest(manifest: &str) -> String {
    let found = dependencies(manifest);
    for dev in [false, true] {
        for (package, module) in [("quadric-autodiff", ""), ("quadric", "::autodiff")] {
            if let Some(it) = found.iter().find(|it| it.dev == dev && it.package == package) {
                return format!("::{}{module}", it.name.replace('-', "_"));
            }
        }
    }
    "::quadric_autodiff".to_string()
}

/// A line such as `name = { package = "package" }`, or the section `[dependencies.name]`.
struct Dependency {
    name: String,
    package: String,
    dev: bool,
}

fn dependencies(manifest: &str) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    // The words of the section's header from `dependencies` on: one in a list, two in a dependency's own section.
    let mut section: Vec<String> = Vec::new();
    let mut dev = false;
    for line in manifest.lines() {
        let line = line.split(" #").next().unwrap_or_default().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(header) = line.strip_prefix('[') {
            let words = header.trim_end_matches(']').split('.').map(unquoted);
            section = words.skip_while(|word| word != "dependencies" && word != "dev-dependencies").collect();
            // What a workspace offers to its members is not yet a dependency.
            if header.starts_with("workspace") {
                section.clear();
            }
            dev = section.first().is_some_and(|word| word == "dev-dependencies");
            if let [_, name] = section.as_slice() {
                found.push(Dependency { name: name.clone(), package: name.clone(), dev });
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        match section.len() {
            1 => {
                // `quadric.workspace = true` depends on `quadric`.
                let name = unquoted(key.split('.').next().unwrap_or_default());
                let package = package_named_in(value).unwrap_or_else(|| name.clone());
                found.push(Dependency { name, package, dev });
            }
            2 if key.trim() == "package" => {
                if let Some(dependency) = found.last_mut() {
                    dependency.package = unquoted(value);
                }
            }
            _ => {}
        }
    }
    found
}

fn package_named_in(inline_table: &str) -> Option<String> {
    let fields = inline_table.trim().strip_prefix('{')?.trim_end_matches('}').split(',');
    fields
        .filter_map(|field| field.split_once('='))
        .find(|(key, _)| key.trim() == "package")
        .map(|(_, value)| unquoted(value))
}

fn unquoted(text: &str) -> String {
    text.trim().trim_matches(['"', '\'']).to_string()
}

#[cfg(test)]
mod tests {
    use super::path_in_manifest;

    #[test]
    fn the_engine_is_found_under_its_own_name() {
        assert_eq!(path_in_manifest("[dependencies]\nquadric-autodiff = \"0.1\""), "::quadric_autodiff");
        assert_eq!(path_in_manifest("[dependencies]\nquadric-autodiff.workspace = true"), "::quadric_autodiff");
        assert_eq!(path_in_manifest("[package]\nname = \"quadric-autodiff\""), "::quadric_autodiff");
        assert_eq!(path_in_manifest(""), "::quadric_autodiff");
    }

    #[test]
    fn the_facade_is_found_when_the_engine_is_not_there() {
        assert_eq!(path_in_manifest("[dependencies]\nquadric = { version = \"0.1\" } # all"), "::quadric::autodiff");
        assert_eq!(path_in_manifest("[dependencies.quadric]\nversion = \"0.1\""), "::quadric::autodiff");
        assert_eq!(path_in_manifest("[dependencies]\nquadric-nn = \"0.1\"\nquadric = \"0.1\""), "::quadric::autodiff");
        assert_eq!(path_in_manifest("[dependencies]\nquadric = \"1\"\nquadric-autodiff = \"1\""), "::quadric_autodiff");
    }

    #[test]
    fn a_renamed_dependency_is_followed() {
        let line = "[dependencies]\nqd-rs = { version = \"0.1\", package = \"quadric\" }";
        assert_eq!(path_in_manifest(line), "::qd_rs::autodiff");
        let section = "[target.'cfg(unix)'.dependencies.ad]\nversion = \"0.1\"\npackage = \"quadric-autodiff\"";
        assert_eq!(path_in_manifest(section), "::ad");
    }

    #[test]
    fn a_dev_dependency_comes_last_and_other_mentions_do_not_count() {
        let dev = "[dev-dependencies]\nquadric-autodiff = \"0.1\"\n[dependencies]\nquadric = \"0.1\"";
        assert_eq!(path_in_manifest(dev), "::quadric::autodiff");
        assert_eq!(path_in_manifest("[dev-dependencies]\nquadric = \"0.1\""), "::quadric::autodiff");
        let elsewhere = "[workspace.dependencies]\nquadric = \"0.1\"\n[dependencies]\n# quadric = \"0.1\"";
        assert_eq!(path_in_manifest(elsewhere), "::quadric_autodiff");
    }
}
