//! What the documents promise: ARCHITECTURE.md describes the tree as it is, and links lead
//! somewhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::Tree;

const CODE_MAP: &str = "ARCHITECTURE.md";
const INVARIANT: &str = "**Invariant:**";

/// Checks that the code map has a section with an invariant for every crate and every
/// top-level folder, and no section for anything else.
pub fn code_map(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text(CODE_MAP) else {
        return vec![format!("{CODE_MAP} is missing")];
    };
    let sections = sections(text);
    let expected = expected_sections(tree);
    let mut violations = vec![];
    for folder in &expected {
        match sections.get(folder.as_str()) {
            None => violations.push(format!("{CODE_MAP} has no section `{folder}`")),
            Some(false) => {
                violations.push(format!("{CODE_MAP}: `{folder}` has no line with {INVARIANT}"));
            }
            Some(true) => {}
        }
    }
    for section in sections.keys() {
        if !expected.contains(*section) {
            violations.push(format!("{CODE_MAP} describes `{section}`, which is no crate or top-level folder"));
        }
    }
    violations
}

/// Checks that relative links in Markdown files lead to a file or folder of the tree.
pub fn links(tree: &Tree) -> Vec<String> {
    let mut violations = vec![];
    let documents = tree.texts_with("md").filter(|(path, _)| !path.contains("/fixtures/"));
    for (path, text) in documents {
        for link in relative_links(text) {
            let target = resolve(path, &link);
            if !target.as_deref().is_some_and(|target| tree.contains(target)) {
                violations.push(format!("{path} links to {link}, which is not there"));
            }
        }
    }
    violations
}

fn expected_sections(tree: &Tree) -> BTreeSet<String> {
    let top_level = tree
        .paths()
        .filter_map(|path| path.split_once('/'))
        .map(|(folder, _)| folder)
        // `crates` only groups; what it holds has sections of its own.
        .filter(|folder| !folder.starts_with('.') && *folder != "crates");
    tree.crates().into_iter().chain(top_level).map(str::to_owned).collect()
}

/// The sections headed by a path in backticks, and whether each states an invariant.
fn sections(text: &str) -> BTreeMap<&str, bool> {
    let mut sections = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if line.starts_with('#') {
            current = headed_path(line);
            if let Some(path) = current {
                sections.insert(path, false);
            }
        } else if let Some(path) = current
            && line.starts_with(INVARIANT)
        {
            sections.insert(path, true);
        }
    }
    sections
}

fn headed_path(line: &str) -> Option<&str> {
    let path = line.strip_prefix("### `")?.strip_suffix('`')?;
    Some(path.trim_end_matches('/'))
}

/// The targets of links in text, without anchors; code is skipped.
fn relative_links(text: &str) -> Vec<String> {
    let mut links = vec![];
    let mut is_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        // Every second part is inside backticks.
        let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("``");
        for part in prose.split("](").skip(1) {
            let target = part.split([')', ' ']).next().unwrap_or("");
            let path = target.split(['#', '?']).next().unwrap_or("");
            let is_absolute = target.contains("://") || target.starts_with("mailto:");
            if !path.is_empty() && !is_absolute {
                links.push(path.to_owned());
            }
        }
    }
    links
}

/// The path from the root, or `None` when the link leaves the repository.
fn resolve(document: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = match link.strip_prefix('/') {
        Some(_) => vec![],
        None => document.split('/').collect(),
    };
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "# Map\n\
        ### `crates/notebook`\nText.\n**Invariant:** pure.\n\
        ### `app`\nNo rule here.\n\
        ### `gone/`\n**Invariant:** none.\n\
        ## Other headings\n**Invariant:** of nothing.\n";

    #[test]
    fn the_code_map_and_the_tree_are_compared_both_ways() {
        let tree = Tree::of([
            (CODE_MAP, MAP),
            ("crates/notebook/Cargo.toml", ""),
            ("app/Cargo.toml", ""),
            ("docs/a.md", ""),
            (".ci/run", ""),
        ]);
        assert_eq!(
            code_map(&tree),
            [
                "ARCHITECTURE.md: `app` has no line with **Invariant:**",
                "ARCHITECTURE.md has no section `docs`",
                "ARCHITECTURE.md describes `gone`, which is no crate or top-level folder",
            ]
        );
        assert_eq!(code_map(&Tree::default()), ["ARCHITECTURE.md is missing"]);
    }

    #[test]
    fn a_relative_link_must_lead_to_a_file_or_folder() {
        let text = "[a](a.md#top) [up](../README.md) ![p](p.png \"title\") [x](https://x/y)\n\
            `[code](nowhere.md)` [here](#top) [out](../../secret.md)\n\
            ```\n[code](nowhere.md)\n```\n[folder](decisions)\n";
        let tree = Tree::of([("README.md", ""), ("docs/a.md", text), ("docs/decisions/1.md", "")]);
        assert_eq!(
            links(&tree),
            ["docs/a.md links to p.png, which is not there", "docs/a.md links to ../../secret.md, which is not there",]
        );
    }
}
