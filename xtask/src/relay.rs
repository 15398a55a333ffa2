//! The relay: building it for workerd and Cloudflare, running it here, deploying it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::process::{answer, run, run_long};
use crate::setup::{self, Environment};
use crate::workspace::Workspace;

/// Where the site's server on this machine forwards `/sync` to: as in `Trunk.toml`.
const PORT: u16 = 8081;
/// The tool that deploys. It is fetched when it is called: nothing else needs it.
const WRANGLER: &str = "wrangler@4.86.0";
const BUILT: &str = "target/sync-worker";

/// Builds the relay with what was set up for it, and returns the folder that holds it with its configuration.
pub(crate) fn build(workspace: &Workspace, environment: &Environment) -> Result<PathBuf> {
    compile(workspace)?;
    bind(workspace, environment)?;
    bundle(workspace)?;
    let folder = workspace.path(BUILT);
    fs::copy(workspace.path("sync-worker/config.capnp"), folder.join("config.capnp"))?;
    Ok(folder)
}

/// Returns the workerd that npm brings.
pub(crate) fn workerd(workspace: &Workspace) -> Result<PathBuf> {
    let mut command = Command::new("node");
    command.args(["-p", "require('workerd').default"]).current_dir(workspace.root());
    answer(&mut command).map(PathBuf::from).context("npm has no workerd for this machine")
}

/// Builds the relay, as its own task.
pub(crate) fn build_alone(workspace: &Workspace) -> Result<()> {
    let folder = build(workspace, &setup::prepare_relay(workspace)?)?;
    eprintln!("Built {}", folder.display());
    Ok(())
}

/// Starts the relay beside a server that takes this process's place: it ends when that one does. Without
/// a workerd for this machine there is none, and all else works.
pub(crate) fn start(workspace: &Workspace, environment: &Environment) -> Result<()> {
    if let Err(error) = workerd(workspace) {
        eprintln!("→ Notebooks cannot be shared from here: {error:#}");
        return Ok(());
    }
    build(workspace, environment)?;
    Command::new("node")
        .arg("sync-worker/workerd.mjs")
        .arg("--port")
        .arg(PORT.to_string())
        .arg("--storage")
        .arg(workspace.path("target/relay-storage"))
        .stdin(Stdio::null())
        .current_dir(workspace.root())
        .spawn()
        .context("cannot start node")
        .map(drop)
}

/// Builds the relay and deploys it to Cloudflare. Arguments go to wrangler.
pub(crate) fn deploy(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    build_alone(workspace)?;
    let mut command = Command::new("npx");
    command
        .args(["--yes", WRANGLER, "deploy", "--config", "sync-worker/wrangler.toml"])
        .args(arguments)
        .current_dir(workspace.root());
    run(&mut command)
}

fn compile(workspace: &Workspace) -> Result<()> {
    let mut command = Command::new("cargo");
    command
        .args(["build", "--package", "sync-worker", "--profile", "relay", "--target", "wasm32-unknown-unknown"])
        .arg("--target-dir")
        .arg(workspace.path("target"))
        .current_dir(workspace.root());
    run_long(workspace, "Compiling the relay", "about 1 min, a few seconds when little changed", &mut command)
}

/// Makes the JavaScript that the wasm needs.
fn bind(workspace: &Workspace, environment: &Environment) -> Result<()> {
    let mut command = Command::new(program(environment, "wasm-bindgen"));
    command
        .args(["--target", "bundler", "--no-typescript", "--out-name", "relay", "--out-dir"])
        .arg(bindings(workspace))
        .arg(workspace.path("target/wasm32-unknown-unknown/relay/sync_worker.wasm"));
    run(&mut command)
}

/// Makes one module of the bindings and the shim around them.
fn bundle(workspace: &Workspace) -> Result<()> {
    let bindings = bindings(workspace);
    let shim = bindings.join("shim.js");
    fs::copy(workspace.path("sync-worker/src/shim.js"), &shim)?;
    let out = workspace.path(BUILT);
    let mut command = Command::new("npx");
    command
        .args(["--no-install", "esbuild"])
        .arg(&shim)
        .args(["--bundle", "--format=esm", "--log-level=warning"])
        .args(["--external:cloudflare:workers", "--external:*.wasm"])
        .arg(format!("--outfile={}", out.join("relay.js").display()))
        .current_dir(workspace.root());
    run(&mut command)?;
    fs::copy(bindings.join("relay_bg.wasm"), out.join("relay_bg.wasm"))?;
    ensure!(out.join("relay.js").is_file(), "esbuild left no relay.js");
    Ok(())
}

fn bindings(workspace: &Workspace) -> PathBuf {
    workspace.path(BUILT).join("bindings")
}

fn program(environment: &Environment, name: &str) -> PathBuf {
    std::env::split_paths(&environment.path)
        .find_map(|folder| crate::executable::in_folder(&folder, name))
        .unwrap_or_else(|| Path::new(name).to_path_buf())
}
