//! Node, npm, and the packages of `package-lock.json`.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::executable::on_path;
use crate::process::{answer, run_long};
use crate::rust::is_at_least;
use crate::stamp::Stamp;
use crate::workspace::Workspace;

const OLDEST: &str = "20";

pub(crate) fn ensure_packages(workspace: &Workspace) -> Result<()> {
    ensure!(
        on_path("node").is_some() && on_path("npm").is_some(),
        "Node and npm are needed: install Node {OLDEST} or newer"
    );
    let version = answer(Command::new("node").arg("--version"))?;
    ensure!(is_at_least(&version, OLDEST), "Node {version} is too old: Cathode needs {OLDEST} or newer");
    let lock = workspace.path("package-lock.json");
    ensure!(lock.is_file(), "package-lock.json is missing from the repository");
    // Inside node_modules, so that removing that folder removes the stamp too.
    let stamp = Stamp::new(workspace.path("node_modules/.cathode-stamp"), &[lock], &[])?;
    if stamp.is_fresh() {
        return Ok(());
    }
    let mut command = Command::new("npm");
    command.args(["ci", "--no-audit", "--no-fund"]).current_dir(workspace.root());
    run_long(workspace, "Installing npm packages", "about 20 s", &mut command)?;
    stamp.store()
}
