//! What the site holds besides Rust: the editor bundle and the kernel's files (Pyodide, its
//! snapshot, the wheels). Built by their owners' scripts, again only when their inputs changed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::process::run_long;
use crate::stamp::Stamp;
use crate::workspace::{Workspace, cache_folder};
use crate::{python, setup};

const EDITOR_OUTPUT: &str = "app/js/dist";
const KERNEL_OUTPUT: &str = "assets/kernel";

pub(crate) fn bring_up_to_date(workspace: &Workspace) -> Result<()> {
    setup::prepare_packages(workspace)?;
    build_editor(workspace)?;
    build_kernel(workspace)
}

fn build_editor(workspace: &Workspace) -> Result<()> {
    let inputs = ["app/js/src", "app/js/build.mjs", "package.json", "package-lock.json"];
    let stamp = stamp(workspace, "editor", &inputs)?;
    if stamp.is_fresh() && has_files(&workspace.path(EDITOR_OUTPUT)) {
        return Ok(());
    }
    let mut command = Command::new("npm");
    command.args(["run", "--silent", "build:js"]).current_dir(workspace.root());
    run_long(workspace, "Bundling the editor", "a few seconds", &mut command)?;
    ensure!(has_files(&workspace.path(EDITOR_OUTPUT)), "`npm run build:js` left {EDITOR_OUTPUT} empty");
    stamp.store()
}

fn build_kernel(workspace: &Workspace) -> Result<()> {
    let inputs = ["kernel-worker/snapshot", "kernel-worker/python", "kernel-worker/frame", "package-lock.json"];
    let stamp = stamp(workspace, "kernel", &inputs)?;
    let manifest = workspace.path(KERNEL_OUTPUT).join("manifest.json");
    if stamp.is_fresh() && manifest.is_file() {
        return Ok(());
    }
    make_kernel(workspace)?;
    ensure!(manifest.is_file(), "the kernel's build left no {}", manifest.display());
    stamp.store()
}

/// The folder with the wheels that the kernel ships, as fetched; made again when it is gone.
pub(crate) fn kernel_wheels(workspace: &Workspace) -> Result<PathBuf> {
    let folder = kernel_cache()?.join("wheels");
    if !has_files(&folder) {
        make_kernel(workspace)?;
    }
    Ok(folder)
}

fn make_kernel(workspace: &Workspace) -> Result<()> {
    python::ensure_pip(workspace)?;
    let mut command = Command::new("node");
    command
        .args(["kernel-worker/snapshot/build.mjs", "--out", KERNEL_OUTPUT])
        .arg("--cache")
        .arg(kernel_cache()?)
        .current_dir(workspace.root());
    let title = "Making the Python kernel's snapshot";
    run_long(workspace, title, "about 1 min", &mut command)
}

fn kernel_cache() -> Result<PathBuf> {
    Ok(cache_folder()?.join("kernel"))
}

fn stamp(workspace: &Workspace, name: &str, inputs: &[&str]) -> Result<Stamp> {
    let inputs: Vec<_> = inputs.iter().map(|input| workspace.path(input)).collect();
    Stamp::new(workspace.scratch().join("stamps").join(name), &inputs, &[])
}

fn has_files(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|mut entries| entries.next().is_some())
}
