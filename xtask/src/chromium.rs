//! The Chromium that tests and benchmarks drive: named by the user, found, or installed.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::executable::on_path;
use crate::packages::{self, Wanted};
use crate::workspace::Workspace;

pub(crate) const VARIABLE: &str = "CHROMIUM";

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

const WANTED: Wanted = Wanted {
    what: "Chromium",
    estimate: "about 1 min",
    apt: &[&["chromium"]],
    dnf: "chromium",
    pacman: "chromium",
    brew: "--cask chromium",
};

/// Returns the path of a Chromium.
pub(crate) fn ensure_installed(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
        let path = PathBuf::from(named);
        ensure!(path.is_file(), "{VARIABLE} names {}, which is not there", path.display());
        return Ok(path);
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    packages::install(workspace, &WANTED)?;
    find().context("Chromium was installed, but is not on PATH; set CHROMIUM to its path")
}

fn find() -> Option<PathBuf> {
    NAMES.iter().find_map(|name| on_path(name))
}
