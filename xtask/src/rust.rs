//! The Rust toolchain: its version, the wasm32 target, rustfmt and clippy.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::executable::on_path;
use crate::process::{answer, run_long, succeeds};
use crate::workspace::Workspace;

const WASM_TARGET: &str = "wasm32-unknown-unknown";

pub(crate) fn ensure_wasm_target(workspace: &Workspace) -> Result<()> {
    let wanted = workspace.rust_version()?;
    let verbose = answer(Command::new("rustc").arg("-vV"))?;
    let release =
        verbose.lines().find_map(|line| line.strip_prefix("release: ")).context("`rustc -vV` names no release")?;
    ensure!(
        is_at_least(release, &wanted),
        "Rust {release} is too old: Cathode needs {wanted} or newer; run `rustup update stable`"
    );
    let sysroot = answer(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(&sysroot).join("lib/rustlib").join(WASM_TARGET).is_dir() {
        return Ok(());
    }
    rustup(workspace, &["target", "add", WASM_TARGET])
}

/// A minimal rustup profile has neither rustfmt nor clippy.
pub(crate) fn ensure_lint_tools(workspace: &Workspace) -> Result<()> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !succeeds(Command::new("cargo").args([subcommand, "--version"])) {
            rustup(workspace, &["component", "add", component])?;
        }
    }
    Ok(())
}

fn rustup(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let line = format!("rustup {}", arguments.join(" "));
    if on_path("rustup").is_none() {
        bail!("`{line}` is needed, and there is no rustup; install rustup and run this again");
    }
    let mut command = Command::new("rustup");
    command.args(arguments);
    run_long(workspace, &line, "a few seconds", &mut command)
}

/// Compares dotted versions number by number; a suffix such as `-nightly` does not count.
pub(crate) fn is_at_least(version: &str, wanted: &str) -> bool {
    numbers(version) >= numbers(wanted)
}

fn numbers(version: &str) -> [u32; 3] {
    let plain = version.trim_start_matches('v');
    let mut parts = plain.split(['.', '-', '+', ' ']).map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::is_at_least;

    #[test]
    fn versions_are_numbers_not_text() {
        assert!(is_at_least("1.100.0", "1.95"));
        assert!(is_at_least("1.95.0", "1.95"));
        assert!(is_at_least("1.96.0-nightly", "1.95"));
        assert!(is_at_least("v20.20.2", "20"));
        assert!(!is_at_least("1.94.1", "1.95"));
        assert!(!is_at_least("v18.19.0", "20"));
    }
}
