//! Bugs that were planted on purpose, one at a time: the simulation must find each. It takes minutes, since each is
//! built anew: `cargo test -p sim --test planted -- --ignored --nocapture`.
#![expect(clippy::print_stderr, reason = "it takes minutes, and whoever waits wants to see how far it is")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const SCHEDULES: &str = "10000";
/// Those that only the real store worker shows need fewer schedules, which take longer.
const WORKER_SCHEDULES: &str = "1000";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Copies the sources of the workspace, and nothing that is built; what is the same is left alone.
fn copy_sources(from: &Path, to: &Path) {
    let listed = run(Command::new("git").current_dir(from).args(["ls-files", "-z", "-co", "--exclude-standard"]));
    for file in listed.split('\0').filter(|file| is_source(file)) {
        let Ok(bytes) = std::fs::read(from.join(file)) else { continue };
        let target = to.join(file);
        if std::fs::read(&target).is_ok_and(|known| known == bytes) {
            continue;
        }
        std::fs::create_dir_all(target.parent().expect("a file is in a folder")).expect("a folder can be made");
        std::fs::write(&target, bytes).expect("there is room for a copy");
    }
}

fn is_source(file: &str) -> bool {
    let is_kept =
        ["rs", "toml", "sql", "lock", "py", "js", "mjs"].iter().any(|kept| file.ends_with(&format!(".{kept}")));
    is_kept && !file.starts_with(".cargo/")
}

/// Builds the simulation of a copy.
fn build(copy: &Path) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(copy).env("CARGO_TARGET_DIR", copy.join("target"));
    run(cargo.args(["build", "--quiet", "--offline", "--package", "sim"]));
}

/// Runs the simulation of a copy. Returns what it says when it finds something.
fn find(copy: &Path, arguments: &[&str]) -> Option<String> {
    let mut sim = Command::new(copy.join("target/debug/sim"));
    let output = sim.args(arguments).output().expect("what was built runs");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn patches() -> Vec<PathBuf> {
    let mut patches: Vec<PathBuf> = std::fs::read_dir(root().join("tests/sim/planted"))
        .expect("the bugs are there")
        .map(|file| file.expect("a file").path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "patch"))
        .collect();
    patches.sort();
    assert!(patches.len() >= 10, "{patches:?}");
    patches
}

#[test]
fn every_planted_bug_fits_the_code_as_it_is() {
    for patch in patches() {
        run(Command::new("git").current_dir(root()).args(["apply", "--check"]).arg(patch));
    }
}

#[test]
#[ignore = "takes minutes"]
fn every_planted_bug_is_found() {
    let root = root();
    let copy = root.join("target/planted");
    copy_sources(&root, &copy);
    let patches = patches();
    let mut missed = Vec::new();
    for patch in &patches {
        let name = patch.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let began = Instant::now();
        // Git must not take the copy for a part of the repository around it.
        let mut git = Command::new("git");
        git.current_dir(&copy).env("GIT_CEILING_DIRECTORIES", root.join("target")).args(["apply"]);
        run(git.arg(patch));
        build(&copy);
        let found = find(&copy, &["--schedules", SCHEDULES, "--failures", "1"])
            .or_else(|| find(&copy, &["--workers", "--schedules", WORKER_SCHEDULES, "--failures", "1"]));
        let seconds = began.elapsed().as_secs();
        match found {
            Some(found) => eprintln!("{name}: found in {seconds} s: {}", brief(&found)),
            None => missed.push(name),
        }
        copy_sources(&root, &copy);
    }
    assert!(missed.is_empty(), "these were not found: {missed:?}");
}

fn brief(found: &str) -> String {
    let lines: Vec<&str> = found.lines().map(str::trim).collect();
    let number = lines.iter().find(|line| line.contains("per second")).copied().unwrap_or_default();
    let what = lines.get(1).copied().unwrap_or_default();
    format!("{} ({number})", what.chars().take(100).collect::<String>())
}
