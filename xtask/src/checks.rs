//! Formatting, lints and the layout tests: what must hold before anything is run.

use std::process::Command;

use anyhow::Result;

use crate::phase::Phases;
use crate::process::run;
use crate::workspace::Workspace;
use crate::{rust, setup};

/// Crates that run in a browser or in workerd.
const WASM_CRATES: [&str; 6] = ["app", "markup", "store-worker", "kernel-worker", "browser", "sync-worker"];

/// Those of them that do not compile for this machine; the store worker's rules do.
const BROWSER_ONLY: [&str; 4] = ["app", "kernel-worker", "browser", "sync-worker"];

/// Runs every check, as its own task.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut phases = Phases::default();
    phases.run("set-up", || setup::prepare_compilers(workspace))?;
    run_phases(workspace, &mut phases)?;
    phases.print_summary();
    Ok(())
}

/// Runs every check as phases of a larger task.
pub(crate) fn run_phases(workspace: &Workspace, phases: &mut Phases) -> Result<()> {
    rust::ensure_lint_tools(workspace)?;
    phases.run("format", || run(cargo(workspace).args(["fmt", "--all", "--check"])))?;
    phases.run("layout", || run(cargo(workspace).args(["test", "--quiet", "--package", "tests"])))?;
    phases.run("clippy, native", || {
        let mut command = cargo(workspace);
        command.arg("clippy");
        add_native_crates(&mut command);
        run(command.args(["--all-targets", "--", "-D", "warnings"]))
    })?;
    phases.run("clippy, wasm32", || {
        let mut command = cargo(workspace);
        command.args(["clippy", "--target", "wasm32-unknown-unknown"]);
        for name in WASM_CRATES {
            command.args(["--package", name]);
        }
        run(command.args(["--", "-D", "warnings"]))
    })
}

pub(crate) fn cargo(workspace: &Workspace) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(workspace.root());
    command
}

/// Selects every crate that compiles for this machine.
pub(crate) fn add_native_crates(command: &mut Command) {
    command.arg("--workspace");
    for name in BROWSER_ONLY {
        command.args(["--exclude", name]);
    }
}
