//! Runs every rule about the repository on the repository.

use std::path::Path;
use std::sync::LazyLock;

use tests::{Tree, documents, imports, pins, sources};

static REPOSITORY: LazyLock<Tree> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Tree::read(&root).expect("invariant: the tests run inside the repository")
});

#[track_caller]
fn check(rule: fn(&Tree) -> Vec<String>) {
    let violations = rule(&REPOSITORY);
    assert!(violations.is_empty(), "\n  {}\n", violations.join("\n  "));
}

#[test]
fn crates_import_only_what_the_table_allows() {
    check(imports::manifests);
}

#[test]
fn pure_crates_name_nothing_impure() {
    check(imports::pure_sources);
}

#[test]
fn the_code_map_describes_the_tree() {
    check(documents::code_map);
}

#[test]
fn links_in_documents_lead_somewhere() {
    check(documents::links);
}

#[test]
fn sources_start_by_saying_what_they_are() {
    check(sources::headers);
}

#[test]
fn files_are_short_enough_to_read() {
    check(sources::lengths);
}

#[test]
fn modules_are_named_after_their_file() {
    check(sources::module_files);
}

#[test]
fn nothing_depends_on_one_machine_or_registry() {
    check(sources::machines);
}

#[test]
fn tools_agree_on_versions() {
    check(pins::wasm_opt);
}
