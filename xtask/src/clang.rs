//! A C compiler for wasm32, which the database needs: found or installed, then written to
//! `.cargo/local.toml`, which Cargo includes. So Cargo and Trunk find it without this tool.

use std::env;
use std::fs;
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
struct Compiler {
    clang: String,
    archiver: String,
}

pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    if env::var_os(COMPILER).is_some() && env::var_os(ARCHIVER).is_some() {
        return Ok(());
    }
    let file = workspace.path(".cargo/local.toml");
    if stored(&file).is_some_and(|compiler| compiler.works()) {
        return Ok(());
    }
    let compiler = if let Some(compiler) = find() {
        compiler
    } else {
        packages::install(workspace, &WANTED)?;
        find().context("clang was installed, but has no wasm32 target or no llvm-ar beside it")?
    };
    fs::write(&file, compiler.to_toml()).with_context(|| format!("cannot write {}", file.display()))
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

fn stored(file: &Path) -> Option<Compiler> {
    let table: Table = fs::read_to_string(file).ok()?.parse().ok()?;
    let variables = table.get("env")?;
    let read = |name| variables.get(name)?.as_str().map(str::to_owned);
    Some(Compiler { clang: read(COMPILER)?, archiver: read(ARCHIVER)? })
}

impl Compiler {
    fn works(&self) -> bool {
        exists(&self.archiver)
            && exists(&self.clang)
            && answer(Command::new(&self.clang).arg("--print-targets")).is_ok_and(|targets| targets.contains("wasm32"))
    }

    fn to_toml(&self) -> String {
        format!(
            "# Written by `cargo xtask setup`: the C compiler for wasm32 on this machine.\n\
             [env]\n\
             {COMPILER} = {:?}\n\
             {ARCHIVER} = {:?}\n",
            self.clang, self.archiver
        )
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
        let file = env::temp_dir().join(format!("cathode-clang-{}.toml", std::process::id()));
        let compiler = Compiler { clang: "clang-19".to_owned(), archiver: r"C:\llvm\llvm-ar".to_owned() };
        fs::write(&file, compiler.to_toml()).unwrap();
        assert_eq!(stored(&file), Some(compiler));
        fs::remove_file(file).unwrap();
    }
}
