//! How files look: a header that says what the file owns, a length people can read, no
//! `mod.rs`, and nothing that ties the repository to one machine.

use crate::Tree;
use crate::tree::extension;

const LONGEST: usize = 700;

/// Checks that every source file starts by saying what it is.
pub fn headers(tree: &Tree) -> Vec<String> {
    tree.texts()
        .filter(|(path, text)| !is_fixture(path) && !text.trim().is_empty())
        .filter_map(|(path, text)| {
            let openings = openings(path)?;
            // A script's first line may name its interpreter.
            let first = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("#!/"))?;
            let has_header = openings.iter().any(|opening| first.starts_with(opening));
            (!has_header).then(|| format!("{path} does not start with {}", openings[0]))
        })
        .collect()
}

/// Checks that no Rust file has more than 700 lines besides its tests.
pub fn lengths(tree: &Tree) -> Vec<String> {
    tree.texts_with("rs")
        .filter(|(path, _)| !is_test(path))
        .filter_map(|(path, text)| {
            let count = text.lines().take_while(|line| line.trim() != "#[cfg(test)]").count();
            (count > LONGEST).then(|| format!("{path} has {count} lines: split it"))
        })
        .collect()
}

/// Checks that modules are `foo.rs` with `foo/`, never `mod.rs`.
pub fn module_files(tree: &Tree) -> Vec<String> {
    tree.paths()
        .filter(|path| path.rsplit('/').next() == Some("mod.rs"))
        .map(|path| format!("{path}: name the file after its module"))
        .collect()
}

/// Checks that no file names the host of a package registry or a folder of one machine:
/// where packages come from is the business of whoever builds.
pub fn machines(tree: &Tree) -> Vec<String> {
    let needles = machine_names();
    let mut violations = vec![];
    for (path, text) in tree.texts() {
        for (number, line) in (1..).zip(text.lines()) {
            for needle in needles.iter().filter(|needle| line.contains(*needle)) {
                violations.push(format!("{path}:{number} names `{needle}`"));
            }
        }
    }
    violations
}

/// Put together here, so that this file is not its own violation.
fn machine_names() -> Vec<String> {
    [
        ["registry.npm", "js.org"],
        ["registry.yarn", "pkg.com"],
        ["npm", "mirror.com"],
        ["files.python", "hosted.org"],
        ["pypi", ".org"],
        ["static.cra", "tes.io"],
        ["index.cra", "tes.io"],
        ["deb.deb", "ian.org"],
        ["\"reso", "lved\":"],
        ["--index", "-url"],
        ["--extra-index", "-url"],
        ["/ro", "ot/"],
        ["/wo", "rk/main"],
    ]
    .map(|parts| parts.concat())
    .to_vec()
}

fn openings(path: &str) -> Option<&'static [&'static str]> {
    match extension(path)? {
        "rs" => Some(&["//!"]),
        "mjs" | "js" => Some(&["/**", "//", "/*"]),
        "py" => Some(&["\"\"\"", "r\"\"\""]),
        _ => None,
    }
}

fn is_fixture(path: &str) -> bool {
    path.contains("/fixtures/")
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.starts_with("tests/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_without_header_is_a_violation() {
        let tree = Tree::of([
            ("a.rs", "use std::fmt;"),
            ("b.rs", "\n//! Owns b."),
            ("c.mjs", "#!/usr/bin/env node\n/** Owns c. */"),
            ("d.py", "import os"),
            ("e.py", "\"\"\"Owns e.\"\"\""),
            ("empty/__init__.py", ""),
            ("tests/fixtures/f.py", "import os"),
        ]);
        assert_eq!(headers(&tree), ["a.rs does not start with //!", "d.py does not start with \"\"\""]);
    }

    #[test]
    fn only_code_counts_towards_a_files_length() {
        let long = "//\n".repeat(LONGEST + 1);
        let tested = format!("//! Short.\n#[cfg(test)]\n{long}");
        let tree = Tree::of([
            ("a/src/long.rs", long.as_str()),
            ("a/src/tested.rs", tested.as_str()),
            ("a/tests/long.rs", long.as_str()),
        ]);
        assert_eq!(lengths(&tree), ["a/src/long.rs has 701 lines: split it"]);
    }

    #[test]
    fn mod_files_are_found_by_name_alone() {
        let tree = Tree::of([("a/mod.rs", ""), ("a/remod.rs", "")]);
        assert_eq!(module_files(&tree).len(), 1);
    }

    #[test]
    fn a_registry_or_a_machine_is_found_in_any_text() {
        for name in machine_names() {
            let tree = Tree::of([("notes.txt", &format!("see\nx{name}y"))]);
            assert_eq!(machines(&tree).len(), 1, "{name}");
        }
    }
}
