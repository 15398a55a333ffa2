//! Who may import whom: the table of ARCHITECTURE.md as data, checked against the manifests,
//! and the impure names that pure crates must not mention.

use toml::{Table, Value};

use crate::Tree;

/// One row of the table.
#[derive(Debug)]
struct Row {
    folder: &'static str,
    /// The crates of this workspace that it may use.
    internal: &'static [&'static str],
    external: External,
}

/// Which foreign crates a crate may use.
#[derive(Debug)]
enum External {
    /// These and no other: the crate is pure.
    Only(&'static [&'static str]),
    /// Any that another crate does not have to itself.
    Unreserved,
}

const TABLE: &[Row] = &[
    Row {
        folder: "crates/notebook",
        internal: &[],
        external: External::Only(&["serde", "serde_bytes", "serde_json", "thiserror", "fractional_index", "yrs"]),
    },
    Row {
        folder: "crates/protocol",
        internal: &["notebook"],
        external: External::Only(&[
            "serde",
            "serde_bytes",
            "serde_json",
            "cbor4ii",
            "base64",
            "thiserror",
            "chacha20poly1305",
            "ed25519-dalek",
            "hkdf",
            "hmac",
            "sha2",
            "subtle",
            "zeroize",
        ]),
    },
    Row {
        folder: "crates/render",
        internal: &["notebook"],
        external: External::Only(&["serde", "serde_json", "thiserror", "anstyle-parse", "base64"]),
    },
    Row {
        folder: "markup",
        internal: &["notebook", "render"],
        external: External::Only(&["ammonia", "html5ever", "pulldown-cmark", "wasm-bindgen"]),
    },
    Row { folder: "crates/store", internal: &["notebook", "protocol"], external: External::Unreserved },
    Row { folder: "crates/browser", internal: &["protocol"], external: External::Unreserved },
    Row {
        folder: "app",
        internal: &["notebook", "protocol", "browser", "render", "store-worker"],
        external: External::Unreserved,
    },
    Row {
        folder: "store-worker",
        internal: &["notebook", "protocol", "store", "browser"],
        external: External::Unreserved,
    },
    Row { folder: "kernel-worker", internal: &["notebook", "protocol", "browser"], external: External::Unreserved },
    Row { folder: "sync-worker", internal: &["notebook", "protocol"], external: External::Unreserved },
    Row { folder: "xtask", internal: &[], external: External::Unreserved },
    Row {
        folder: "tests/sim",
        internal: &["notebook", "protocol", "store", "store-worker"],
        external: External::Unreserved,
    },
    Row { folder: "tests/conformance", internal: &["notebook", "protocol"], external: External::Unreserved },
    Row { folder: "tests", internal: &["notebook", "protocol", "render", "store"], external: External::Unreserved },
    Row { folder: "tests/fuzz", internal: &["notebook", "protocol"], external: External::Unreserved },
    Row { folder: "tests/fuzz/libfuzzer", internal: &["fuzz"], external: External::Unreserved },
];

/// The folders that run in a browser, or in workerd, which is one without a page, and may name it.
const BROWSER_FOLDERS: &[&str] = &["crates/browser", "app", "markup", "store-worker", "kernel-worker", "sync-worker"];

/// Foreign crates that only these folders may use.
const RESERVED: &[(&str, &[&str])] = &[
    ("leptos", &["app"]),
    ("ammonia", &["markup"]),
    ("html5ever", &["markup"]),
    ("pulldown-cmark", &["markup"]),
    ("rusqlite", &["crates/store"]),
    ("sqlite-wasm-rs", &["crates/store", "store-worker"]),
    ("sqlite-wasm-vfs", &["crates/store", "store-worker"]),
    ("worker", &["sync-worker"]),
    ("web-sys", BROWSER_FOLDERS),
    ("js-sys", BROWSER_FOLDERS),
    ("wasm-bindgen", BROWSER_FOLDERS),
    ("wasm-bindgen-futures", BROWSER_FOLDERS),
    ("serde-wasm-bindgen", BROWSER_FOLDERS),
    ("gloo-net", BROWSER_FOLDERS),
    ("indexed_db_futures", BROWSER_FOLDERS),
];

/// Folders without a clock, randomness, files, threads or a browser.
const PURE_FOLDERS: &[&str] = &["crates/notebook", "crates/protocol", "crates/render"];

const IMPURE_NAMES: &[&str] =
    &["web_sys", "js_sys", "wasm_bindgen", "SystemTime", "Instant::now", "std::fs", "std::net", "std::thread"];

/// Checks the manifest of every crate against the table.
pub fn manifests(tree: &Tree) -> Vec<String> {
    let mut violations = vec![];
    for folder in tree.crates() {
        let Some(row) = TABLE.iter().find(|row| row.folder == folder) else {
            violations.push(format!("{folder} has no row in the table of imports"));
            continue;
        };
        let manifest = tree.text(&format!("{folder}/Cargo.toml")).unwrap_or("");
        match manifest.parse::<Table>() {
            Ok(manifest) => check_manifest(tree, row, &manifest, &mut violations),
            Err(error) => violations.push(format!("{folder}/Cargo.toml: {error}")),
        }
    }
    for row in TABLE {
        if !tree.contains(&format!("{}/Cargo.toml", row.folder)) {
            violations.push(format!("the table of imports names {}, which is gone", row.folder));
        }
    }
    violations
}

/// Checks that the sources of pure crates name nothing impure.
pub fn pure_sources(tree: &Tree) -> Vec<String> {
    let mut violations = vec![];
    for (path, text) in tree.texts_with("rs") {
        let is_pure = PURE_FOLDERS.iter().any(|folder| path.starts_with(&format!("{folder}/src/")));
        if !is_pure {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            let is_comment = line.trim_start().starts_with("//");
            for name in IMPURE_NAMES {
                if !is_comment && line.contains(name) {
                    violations.push(format!("{path}:{number} names `{name}` in a pure crate"));
                }
            }
        }
    }
    violations
}

fn check_manifest(tree: &Tree, row: &Row, manifest: &Table, violations: &mut Vec<String>) {
    for dependency in dependencies(manifest) {
        let name = dependency.name.as_str();
        let problem = if is_internal(tree, name) {
            (!row.internal.contains(&name)).then_some("is not in its row")
        } else if dependency.is_for_tests {
            None
        } else {
            external_problem(row, name)
        };
        if let Some(problem) = problem {
            violations.push(format!("{} may not use `{name}`: it {problem}", row.folder));
        }
    }
}

fn external_problem(row: &Row, name: &str) -> Option<&'static str> {
    let reserved = RESERVED.iter().find(|(reserved, _)| same(reserved, name));
    if reserved.is_some_and(|(_, folders)| !folders.contains(&row.folder)) {
        return Some("belongs to other crates alone");
    }
    match &row.external {
        External::Unreserved => None,
        External::Only(allowed) => {
            (!allowed.iter().any(|allowed| same(allowed, name))).then_some("is not in the row of this pure crate")
        }
    }
}

/// Cargo treats `-` and `_` alike.
fn same(left: &str, right: &str) -> bool {
    left.replace('-', "_") == right.replace('-', "_")
}

fn is_internal(tree: &Tree, name: &str) -> bool {
    tree.crates().iter().any(|folder| folder.rsplit('/').next() == Some(name))
}

struct Dependency {
    name: String,
    is_for_tests: bool,
}

/// All dependencies of a manifest, those for one target included.
fn dependencies(manifest: &Table) -> Vec<Dependency> {
    let for_targets = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    let mut found = vec![];
    for section in std::iter::once(manifest).chain(for_targets) {
        for key in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let Some(table) = section.get(key).and_then(Value::as_table) else {
                continue;
            };
            found.extend(table.iter().map(|(alias, value)| Dependency {
                name: package_name(alias, value),
                is_for_tests: key == "dev-dependencies",
            }));
        }
    }
    found
}

/// A dependency can be renamed; what counts is the package.
fn package_name(alias: &str, value: &Value) -> String {
    let package = value.get("package").and_then(Value::as_str);
    package.unwrap_or(alias).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations_of(folder: &str, dependencies: &str) -> Vec<String> {
        let path = format!("{folder}/Cargo.toml");
        let tree = Tree::of([
            ("crates/notebook/Cargo.toml", ""),
            ("crates/store/Cargo.toml", ""),
            (path.as_str(), dependencies),
        ]);
        let mut violations = manifests(&tree);
        violations.retain(|violation| !violation.contains("which is gone"));
        violations
    }

    #[test]
    fn an_import_outside_the_table_is_a_violation() {
        for (folder, dependencies) in [
            ("crates/protocol", "[dependencies]\nstore.workspace = true"),
            ("crates/protocol", "[dependencies]\ntokio = '1'"),
            ("crates/protocol", "[build-dependencies]\ncc = '1'"),
            ("crates/protocol", "[dependencies]\nserde = { package = 'rand' }"),
            ("app", "[dependencies]\nrusqlite.workspace = true"),
            ("app", "[dependencies]\nstore.workspace = true"),
            ("app", "[dev-dependencies]\nstore.workspace = true"),
            ("store-worker", "[dependencies]\nleptos = '1'"),
            ("crates/store", "[target.'cfg(unix)'.dependencies]\nweb_sys = '1'"),
            ("crates/novelty", ""),
        ] {
            let violations = violations_of(folder, dependencies);
            assert_eq!(violations.len(), 1, "{folder} {dependencies}: {violations:?}");
        }
    }

    #[test]
    fn an_import_in_the_table_is_fine() {
        for (folder, dependencies) in [
            ("crates/protocol", "[dependencies]\nnotebook.workspace = true\nserde = '1'"),
            ("crates/protocol", "[dev-dependencies]\nproptest = '1'"),
            ("store-worker", "[dependencies]\nstore.workspace = true\nweb-sys = '1'"),
        ] {
            let violations = violations_of(folder, dependencies);
            assert!(violations.is_empty(), "{folder} {dependencies}: {violations:?}");
        }
    }

    #[test]
    fn a_clock_in_a_pure_crate_is_a_violation() {
        let tree = Tree::of([
            ("crates/notebook/src/a.rs", "// No SystemTime here.\nuse std::time::SystemTime;"),
            ("crates/store/src/a.rs", "use std::time::SystemTime;"),
        ]);
        assert_eq!(pure_sources(&tree), ["crates/notebook/src/a.rs:2 names `SystemTime` in a pure crate"]);
    }
}
