//! The system's package manager: installs when this user may, and otherwise says what to type.

use std::process::Command;

use anyhow::{Result, bail};

use crate::executable::on_path;
use crate::process::{answer, run_long, succeeds};
use crate::workspace::Workspace;

/// Something a package manager can bring, under the names that each of them uses.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// What the error calls it.
    pub(crate) what: &'static str,
    pub(crate) estimate: &'static str,
    /// Alternatives for apt-get, the preferred first.
    pub(crate) apt: &'static [&'static [&'static str]],
    pub(crate) dnf: &'static str,
    pub(crate) pacman: &'static str,
    pub(crate) brew: &'static str,
}

/// Installs with apt-get as root or through a sudo that asks no password.
/// On every other system the error names the command.
pub(crate) fn install(workspace: &Workspace, wanted: &Wanted) -> Result<()> {
    if on_path("apt-get").is_some() {
        return match privilege() {
            Some(prefix) => apt_install(workspace, wanted, prefix),
            None => Err(type_this(wanted, &format!("sudo apt-get install {}", wanted.apt[0].join(" ")))),
        };
    }
    let command = if on_path("dnf").is_some() {
        format!("sudo dnf install {}", wanted.dnf)
    } else if on_path("pacman").is_some() {
        format!("sudo pacman -S {}", wanted.pacman)
    } else if on_path("brew").is_some() {
        format!("brew install {}", wanted.brew)
    } else {
        bail!("missing: {}; install it and run this again", wanted.what);
    };
    Err(type_this(wanted, &command))
}

fn type_this(wanted: &Wanted, command: &str) -> anyhow::Error {
    anyhow::anyhow!("missing: {}; install it with: {command}", wanted.what)
}

/// How to become root: not at all, through sudo, or (`None`) not possible without a password.
fn privilege() -> Option<&'static [&'static str]> {
    let is_root = answer(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
    if is_root {
        Some(&[])
    } else if succeeds(Command::new("sudo").args(["-n", "true"])) {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

fn apt_install(workspace: &Workspace, wanted: &Wanted, prefix: &[&str]) -> Result<()> {
    let title = format!("Reading the package lists for {}", wanted.what);
    run_long(workspace, &title, "about 10 s", &mut apt_get(prefix, &["update"]))?;
    let available = wanted.apt.iter().find(|packages| are_available(packages));
    let Some(packages) = available else {
        return Err(type_this(wanted, &format!("sudo apt-get install {}", wanted.apt[0].join(" "))));
    };
    let mut arguments = vec!["install", "-y", "--no-install-recommends"];
    arguments.extend_from_slice(packages);
    let title = format!("Installing {}", packages.join(" "));
    run_long(workspace, &title, wanted.estimate, &mut apt_get(prefix, &arguments))
}

fn are_available(packages: &[&str]) -> bool {
    succeeds(Command::new("apt-cache").arg("show").args(packages))
}

fn apt_get(prefix: &[&str], arguments: &[&str]) -> Command {
    let mut words = prefix.to_vec();
    words.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    words.extend(arguments);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}
