//! Python and pip: they fetch the kernel's wheels, and run the unit tests of its modules with
//! exactly the wheels that the kernel ships.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::assets;
use crate::packages::{self, Wanted};
use crate::process::{answer, run_long, succeeds};
use crate::rust::is_at_least;
use crate::stamp::Stamp;
use crate::workspace::Workspace;

/// The oldest one that the shipped IPython accepts.
const OLDEST: &str = "3.11";

const LOCK: &str = "kernel-worker/snapshot/wheels.lock.json";
const MODULES: &str = "kernel-worker/python";

const WANTED: Wanted = Wanted {
    what: "Python 3 with pip",
    estimate: "about 30 s",
    apt: &[&["python3", "python3-pip"]],
    dnf: "python3 python3-pip",
    pacman: "python python-pip",
    brew: "python",
};

pub(crate) fn ensure_pip(workspace: &Workspace) -> Result<()> {
    let has_pip = || succeeds(Command::new("python3").args(["-m", "pip", "--version"]));
    if !has_pip() {
        packages::install(workspace, &WANTED)?;
        ensure!(has_pip(), "`python3 -m pip` does not work, though it was installed");
    }
    Ok(())
}

/// Makes sure that this machine's Python can import what the kernel's modules import.
pub(crate) fn ensure_test_wheels(workspace: &Workspace) -> Result<()> {
    ensure_pip(workspace)?;
    let answer = answer(Command::new("python3").arg("--version"))?;
    let version = answer.strip_prefix("Python ").context("`python3 --version` names no version")?;
    ensure!(
        is_at_least(version, OLDEST),
        "Python {version} is too old for the kernel's tests: they need {OLDEST} or newer"
    );
    let stamp = Stamp::new(workspace.scratch().join("stamps/python"), &[workspace.path(LOCK)], &[version])?;
    let folder = test_wheels(workspace);
    if stamp.is_fresh() && folder.is_dir() {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let mut command = Command::new("python3");
    command
        .args(["-m", "pip", "install", "--no-index", "--no-deps"])
        // One of them only helps inside the browser and asks for the browser's Python.
        .arg("--ignore-requires-python")
        .arg("--target")
        .arg(&folder)
        .args(locked_wheels(workspace)?);
    let title = "Unpacking the kernel's wheels for its tests";
    run_long(workspace, title, "a few seconds", &mut command)?;
    stamp.store()
}

/// The unit tests of the kernel's Python modules.
pub(crate) fn unit_tests(workspace: &Workspace) -> Result<Command> {
    let modules = workspace.path(MODULES);
    let search_path = env::join_paths([&modules, &test_wheels(workspace)])
        .context("the repository's folder has a character that PYTHONPATH cannot hold")?;
    let mut command = Command::new("python3");
    command
        .args(["-m", "unittest", "discover", "--start-directory"])
        .arg(modules.join("tests"))
        .env("PYTHONPATH", search_path)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(workspace.root());
    Ok(command)
}

fn test_wheels(workspace: &Workspace) -> PathBuf {
    workspace.scratch().join("python")
}

fn locked_wheels(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let folder = assets::kernel_wheels(workspace)?;
    let text = fs::read_to_string(workspace.path(LOCK)).with_context(|| format!("no {LOCK}"))?;
    wheel_files(&text, &folder).with_context(|| format!("{LOCK} is not a list of wheels"))
}

fn wheel_files(lock: &str, folder: &Path) -> Option<Vec<PathBuf>> {
    let lock: Value = serde_json::from_str(lock).ok()?;
    lock.as_array()?.iter().map(|wheel| Some(folder.join(wheel.get("file")?.as_str()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheels_are_taken_from_the_lock() {
        let lock = r#"[{"name": "a", "file": "a-1.whl"}, {"file": "b-2.whl"}]"#;
        let expected = [PathBuf::from("w/a-1.whl"), PathBuf::from("w/b-2.whl")];
        assert_eq!(wheel_files(lock, Path::new("w")).unwrap(), expected);
        assert_eq!(wheel_files(r#"[{"name": "a"}]"#, Path::new("w")), None);
    }
}
