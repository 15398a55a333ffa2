//! A C compiler for wasm32, which the database needs: found or installed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use toml::Table;

use crate::executable::{in_folder, on_path};
use crate::packages::{self, Wanted};
use crate::process::answer;
use crate::workspace::Workspace;

const COMPILER: &str = "CC_wasm32_unknown_unknown";
const ARCHIVER: &str = "AR_wasm32_unknown_unknown";

/// Newest first; the plain name goes before all of them.
const VERSIONS: std::ops::RangeInclusive<u8> = 14..=22;

/// Homebrew keeps its LLVM beside Apple's, off PATH.
const HOMEBREW: [&str; 2] = ["/opt/homebrew/opt/llvm/bin", "/usr/local/opt/llvm/bin"];

const WANTED: Wanted = Wanted {
    what: "clang with a wasm32 target, and llvm-ar",
    estimate: "about 1 min",
    apt: &[&["clang-19", "llvm-19"], &["clang", "llvm"]],
    dnf: "clang llvm",
    pacman: "clang llvm",
    brew: "llvm",
};

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Compiler {
    clang: String,
    archiver: String,
}

/// Returns the compiler: the one of Cargo's settings, if it works; `None` where the environment names another.
pub(crate) fn ensure(workspace: &Workspace, settings: &Table) -> Result<Option<Compiler>> {
    // First, since Cargo puts its settings into the environment.
    if let Some(compiler) = Compiler::of(settings).filter(Compiler::works) {
        return Ok(Some(compiler));
    }
    if env::var_os(COMPILER).is_some() && env::var_os(ARCHIVER).is_some() {
        return Ok(None);
    }
    if let Some(compiler) = find() {
        return Ok(Some(compiler));
    }
    packages::install(workspace, &WANTED)?;
    find().context("clang was installed, but has no wasm32 target or no llvm-ar beside it").map(Some)
}

fn find() -> Option<Compiler> {
    let suffixes = || std::iter::once(String::new()).chain(VERSIONS.rev().map(|version| format!("-{version}")));
    let from_path =
        suffixes().map(|suffix| Compiler { clang: format!("clang{suffix}"), archiver: format!("llvm-ar{suffix}") });
    // Some systems name the compiler without a version and the archiver with one.
    let mixed = suffixes().map(|suffix| Compiler { clang: "clang".to_owned(), archiver: format!("llvm-ar{suffix}") });
    let homebrew = HOMEBREW.iter().filter_map(|folder| {
        let folder = Path::new(folder);
        Some(Compiler { clang: text(in_folder(folder, "clang")?), archiver: text(in_folder(folder, "llvm-ar")?) })
    });
    from_path.chain(mixed).chain(homebrew).find(Compiler::works)
}

impl Compiler {
    fn of(settings: &Table) -> Option<Self> {
        let variables = settings.get("env")?;
        let read = |name| variables.get(name)?.as_str().map(str::to_owned);
        Some(Self { clang: read(COMPILER)?, archiver: read(ARCHIVER)? })
    }

    /// Returns it as Cargo's settings, a part of them.
    pub(crate) fn to_settings(&self) -> Table {
        let variables = [(COMPILER, &self.clang), (ARCHIVER, &self.archiver)];
        let variables: Table =
            variables.map(|(name, value)| (name.to_owned(), value.clone().into())).into_iter().collect();
        Table::from_iter([("env".to_owned(), variables.into())])
    }

    fn works(&self) -> bool {
        exists(&self.archiver)
            && exists(&self.clang)
            && answer(Command::new(&self.clang).arg("--print-targets")).is_ok_and(|targets| targets.contains("wasm32"))
    }
}

fn exists(program: &str) -> bool {
    let path = Path::new(program);
    if path.is_absolute() { path.is_file() } else { on_path(program).is_some() }
}

fn text(path: PathBuf) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_is_read() {
        let compiler = Compiler { clang: "clang-19".to_owned(), archiver: r"C:\llvm\llvm-ar".to_owned() };
        let written = compiler.to_settings().to_string();
        assert_eq!(Compiler::of(&written.parse().unwrap()), Some(compiler));
    }
}
