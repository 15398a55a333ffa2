//! Set-up: everything a bare machine lacks, in order, each step skipped when it is done.

use std::ffi::OsString;

use anyhow::Result;

use crate::executable::path_with;
use crate::workspace::Workspace;
use crate::{assets, local, node, rust, tools};

/// What the site's build needs from its environment.
#[derive(Debug)]
pub(crate) struct Environment {
    /// PATH with the pinned trunk, wasm-bindgen, wasm-opt and esbuild in front.
    pub(crate) path: OsString,
}

/// Sets up all that a build of the site needs.
pub(crate) fn prepare(workspace: &Workspace) -> Result<Environment> {
    prepare_compilers(workspace)?;
    let mut folders = tools::ensure(workspace)?;
    assets::bring_up_to_date(workspace)?;
    folders.insert(0, workspace.node_bin());
    Ok(Environment { path: path_with(&folders)? })
}

/// Sets up what a build of the relay needs.
pub(crate) fn prepare_relay(workspace: &Workspace) -> Result<Environment> {
    rust::ensure_wasm_target(workspace)?;
    prepare_packages(workspace)?;
    let mut folders = tools::ensure(workspace)?;
    folders.insert(0, workspace.node_bin());
    Ok(Environment { path: path_with(&folders)? })
}

/// Sets up what compiling and linting need; no Node and no trunk.
pub(crate) fn prepare_compilers(workspace: &Workspace) -> Result<()> {
    rust::ensure_wasm_target(workspace)?;
    local::ensure(workspace)
}

/// Sets up the JavaScript packages alone.
pub(crate) fn prepare_packages(workspace: &Workspace) -> Result<()> {
    node::ensure_packages(workspace)
}
