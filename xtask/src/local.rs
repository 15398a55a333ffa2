//! `.cargo/local.toml`: what is so on this machine only. Cargo includes it, so Cargo and Trunk know it without this tool.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use crate::clang;
use crate::workspace::Workspace;

/// Sets up what Cargo must know of this machine to build for browsers.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    let file = workspace.path(".cargo/local.toml");
    let before = fs::read_to_string(&file).unwrap_or_default();
    let mut settings = Table::new();
    if let Some(compiler) = clang::ensure(workspace, &before.parse().unwrap_or_default())? {
        settings.extend(compiler.to_settings());
    }
    settings.extend(without_paths(&sources()));
    let after = format!("# Written by `cargo xtask setup`: what is so on this machine only.\n{settings}");
    if after != before {
        fs::write(&file, after).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Returns the folders that hold the sources of crates.
fn sources() -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let entries = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok());
    let mut sources: Vec<_> = entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    sources.sort();
    sources
}

/// Returns the settings that leave these folders out of the names of sources in the programs: a program is then the
/// same wherever it is built, and names nobody's home.
fn without_paths(folders: &[PathBuf]) -> Table {
    let flag = |folder: &Path| Value::from(format!("--remap-path-prefix={}/=", folder.display()));
    let flags: Vec<_> = folders.iter().map(|folder| flag(folder)).collect();
    let target = Table::from_iter([("rustflags".to_owned(), flags.into())]);
    let targets = Table::from_iter([("wasm32-unknown-unknown".to_owned(), target.into())]);
    Table::from_iter([("target".to_owned(), targets.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_sources_lose_where_they_lie() {
        let settings = without_paths(&["/home/ada/.cargo/registry/src/one".into()]).to_string();
        let read: Table = settings.parse().unwrap();
        let flags = &read["target"]["wasm32-unknown-unknown"]["rustflags"];
        assert_eq!(flags[0].as_str(), Some("--remap-path-prefix=/home/ada/.cargo/registry/src/one/="));
    }
}
