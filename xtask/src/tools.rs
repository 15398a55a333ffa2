//! trunk and the wasm-bindgen command: exactly the pinned versions, from PATH, from the tools
//! folder, or installed into it. All clones of a user share that folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::executable::{in_folder, on_path};
use crate::process::{answer, run_long};
use crate::workspace::{Workspace, tools_folder};

struct Tool {
    /// The program's name.
    name: &'static str,
    /// The package that brings it.
    package: &'static str,
    version: String,
    estimate: &'static str,
}

/// Makes sure of both tools and returns the folders to put in front of PATH.
pub(crate) fn ensure(workspace: &Workspace) -> Result<Vec<PathBuf>> {
    let tools = [
        Tool {
            name: "trunk",
            package: "trunk",
            version: workspace.trunk_version()?,
            estimate: "about 4 min on two cores, once per user",
        },
        Tool {
            name: "wasm-bindgen",
            package: "wasm-bindgen-cli",
            version: workspace.wasm_bindgen_version()?,
            estimate: "about 2 min on two cores, once per user",
        },
    ];
    let mut folders = vec![];
    for tool in &tools {
        let folder = tool.ensure(workspace)?;
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    Ok(folders)
}

impl Tool {
    /// Returns the folder that holds the program in the right version.
    fn ensure(&self, workspace: &Workspace) -> Result<PathBuf> {
        let tools = tools_folder()?;
        let bin = tools.join("bin");
        let fitting =
            [on_path(self.name), in_folder(&bin, self.name)].into_iter().flatten().find(|program| self.fits(program));
        let program = if let Some(program) = fitting {
            program
        } else {
            self.install(workspace, &tools)?;
            in_folder(&bin, self.name).with_context(|| format!("cargo installed no `{}`", self.name))?
        };
        self.link_into_cargo_bin(&program);
        let folder = program.parent().context("a program is in a folder")?;
        Ok(folder.to_path_buf())
    }

    fn fits(&self, program: &Path) -> bool {
        answer(Command::new(program).arg("--version"))
            .is_ok_and(|text| text.split_whitespace().nth(1) == Some(self.version.as_str()))
    }

    fn install(&self, workspace: &Workspace, tools: &Path) -> Result<()> {
        let build = tools.join(format!("build-{}", self.name));
        let mut command = Command::new("cargo");
        command
            .args(["install", "--locked", self.package, "--version", &self.version])
            .arg("--root")
            .arg(tools)
            .arg("--target-dir")
            .arg(&build)
            // A debug-like build: a third of the time of a full one, and these tools spend
            // theirs waiting for the compiler.
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
            // Outside the repository, so that its flags for wasm32 and its target folder do
            // not matter here.
            .current_dir(existing_folder(tools)?);
        let title = format!("Installing {} {}", self.name, self.version);
        run_long(workspace, &title, self.estimate, &mut command)?;
        fs::remove_dir_all(&build).with_context(|| format!("cannot remove {}", build.display()))
    }

    /// Puts a link beside cargo, where `cargo install` would have put the program, unless one
    /// of that name is on PATH: so plain `trunk serve` works. Only a convenience, so a folder
    /// that cannot be written is no error.
    fn link_into_cargo_bin(&self, program: &Path) {
        if on_path(self.name).is_some() {
            return;
        }
        let Some(cargo) = on_path("cargo") else {
            return;
        };
        let Some(link) = cargo.parent().map(|folder| folder.join(self.name)) else {
            return;
        };
        // What is there and yet not on PATH is a link to a tools folder that is gone.
        drop(fs::remove_file(&link));
        if make_link(program, &link).is_ok() {
            eprintln!("→ {} is now on PATH ({})", self.name, link.display());
        }
    }
}

fn existing_folder(folder: &Path) -> Result<&Path> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    Ok(folder)
}

#[cfg(unix)]
fn make_link(program: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(program, link)
}

#[cfg(not(unix))]
fn make_link(program: &Path, link: &Path) -> std::io::Result<()> {
    fs::copy(program, link).map(drop)
}
