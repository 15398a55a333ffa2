//! The site: serving it while developing, and building it for a static host.

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::arguments::{BuildOptions, Profile, ServeOptions};
use crate::listing::{self, LIST};
use crate::loader::LOADER;
use crate::network;
use crate::order::name_by_place;
use crate::process::run;
use crate::relay;
use crate::setup::{self, Environment};
use crate::workspace::Workspace;

/// Files whose names are a promise: the app asks for them at run time.
const PROMISED: [&str; 12] = [
    "index.html",
    LOADER,
    LIST,
    "service-worker.js",
    "kernel-worker.js",
    "kernel-worker_bg.wasm",
    "markup.js",
    "markup_bg.wasm",
    "kernel/manifest.json",
    "js/editor.js",
    "js/markdown.js",
    "icon.svg",
];

/// What must not be in the built page: it has to work below any path, without a dev server.
const BANNED: [(&str, &str); 7] = [
    ("href=\"/", "a URL from the host's root"),
    ("src=\"/", "a URL from the host's root"),
    ("from '/", "an import from the host's root"),
    ("module_or_path: '/", "a module from the host's root"),
    ("http://", "another host"),
    ("https://", "another host"),
    (".well-known/trunk", "the live-reload socket"),
];

/// Serves the site until Ctrl-C.
pub(crate) fn serve(workspace: &Workspace, options: &ServeOptions) -> Result<()> {
    ensure!(
        TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).is_ok(),
        "port {} is taken; choose another one with --port",
        options.port
    );
    let environment = setup::prepare(workspace)?;
    relay::start(workspace, &environment)?;
    let mut command = trunk(workspace, &environment, "serve", options.profile);
    command.arg("--port").arg(options.port.to_string());
    if options.open {
        command.arg("--open");
    }
    if options.network {
        let address = network::address()?;
        let made = network::certificate(workspace, address)?;
        command.args(["--address", "0.0.0.0"]);
        command.arg("--tls-cert-path").arg(made.certificate).arg("--tls-key-path").arg(made.key);
        eprintln!("→ Building; then Cathode is at https://{address}:{}/ on this network.", options.port);
        eprintln!("  Browsers do not know its certificate and ask once whether to go on.");
    } else {
        eprintln!("→ Building; then Cathode is at http://localhost:{}/", options.port);
    }
    become_process(&mut command)
}

/// Builds the site and checks what must hold for any static host.
pub(crate) fn build(workspace: &Workspace, options: &BuildOptions) -> Result<()> {
    let environment = setup::prepare(workspace)?;
    let out = out_folder(workspace, &options.out)?;
    // Workers' snippets gather there from earlier builds and would be shipped with this one.
    let bindings = workspace.path("target/wasm-bindgen");
    if bindings.is_dir() {
        fs::remove_dir_all(&bindings).with_context(|| format!("cannot remove {}", bindings.display()))?;
    }
    let mut command = trunk(workspace, &environment, "build", options.profile);
    // Standard output is for what a task answers, such as the benchmark's JSON.
    command.arg("--dist").arg(&out).stdout(std::io::stderr());
    run(&mut command)?;
    check(&out)?;
    if options.profile == Profile::Release {
        minify(&environment, &out)?;
        order_functions(&environment, &out)?;
        // They are others now than when Trunk was done.
        listing::write(&out)?;
    }
    eprintln!("Built {}", out.display());
    print_sizes(&out)
}

fn trunk(workspace: &Workspace, environment: &Environment, subcommand: &str, profile: Profile) -> Command {
    let mut command = tool(environment, "trunk");
    command
        .arg(subcommand)
        // Trunk reads this one as its own option and stops at the usual value, `1`.
        .env_remove("NO_COLOR")
        .current_dir(workspace.root());
    if profile == Profile::Release {
        command.arg("--release");
    }
    command
}

fn tool(environment: &Environment, name: &str) -> Command {
    // By its full path: a PATH given to a child is not searched for the child itself
    // on every platform.
    let program = std::env::split_paths(&environment.path)
        .find_map(|folder| crate::executable::in_folder(&folder, name))
        .unwrap_or_else(|| PathBuf::from(name));
    let mut command = Command::new(program);
    command.env("PATH", &environment.path);
    command
}

/// Takes out of scripts and styles what only their readers need.
fn minify(environment: &Environment, out: &Path) -> Result<()> {
    let mut command = tool(environment, "esbuild");
    command.args(["--minify", "--charset=utf8", "--log-level=warning", "--allow-overwrite"]);
    command.arg(format!("--outdir={}", out.display()));
    run(command.args(files(out, &["css", "js"])?))
}

/// Puts the functions of each program in an order that compresses well.
fn order_functions(environment: &Environment, out: &Path) -> Result<()> {
    for program in files(out, &["wasm"])? {
        fs::write(&program, name_by_place(&fs::read(&program)?)?)?;
        let mut command = tool(environment, "wasm-opt");
        run(command.arg("--reorder-functions-by-name").arg(&program).arg("-o").arg(&program))?;
    }
    Ok(())
}

/// Returns the files in a folder whose names end so.
fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = vec![];
    for entry in fs::read_dir(folder)? {
        let file = entry?.path();
        if file.extension().and_then(OsStr::to_str).is_some_and(|extension| extensions.contains(&extension)) {
            files.push(file);
        }
    }
    Ok(files)
}

/// Refuses folders that a build must not overwrite.
fn out_folder(workspace: &Workspace, out: &Path) -> Result<PathBuf> {
    let folder = workspace.root().join(out);
    ensure!(is_free(&folder)?, "{} holds other files; choose a new or an empty folder", folder.display());
    Ok(folder)
}

/// An earlier build may be replaced, and what trunk leaves behind when one fails.
fn is_free(folder: &Path) -> Result<bool> {
    if !folder.exists() || folder.join(LOADER).is_file() {
        return Ok(true);
    }
    for entry in fs::read_dir(folder)? {
        if entry?.file_name() != ".stage" {
            return Ok(false);
        }
    }
    Ok(true)
}

fn check(out: &Path) -> Result<()> {
    let missing: Vec<_> = PROMISED.into_iter().filter(|name| !out.join(name).is_file()).collect();
    ensure!(missing.is_empty(), "the site lacks {}", missing.join(", "));
    // The sandbox loads it from a blob, where a relative import leads nowhere.
    let kernel_worker = fs::read_to_string(out.join("kernel-worker.js"))?;
    ensure!(!kernel_worker.contains("snippets/"), "kernel-worker.js imports a snippet, which its sandbox cannot load");
    let page = fs::read_to_string(out.join("index.html"))?;
    let mistakes = banned_in(&page);
    if !mistakes.is_empty() {
        bail!("index.html refers to {}", mistakes.join(", "));
    }
    Ok(())
}

fn banned_in(page: &str) -> Vec<String> {
    BANNED
        .iter()
        .filter(|(text, _)| page.contains(text))
        .map(|(text, meaning)| format!("{meaning} (`{text}`)"))
        .collect()
}

fn print_sizes(out: &Path) -> Result<()> {
    let mut total = 0;
    let mut files: Vec<(u64, String)> = vec![];
    for entry in fs::read_dir(out)? {
        let entry = entry?;
        let size = size_of(&entry.path())?;
        total += size;
        files.push((size, entry.file_name().to_string_lossy().into_owned()));
    }
    files.sort_by(|left, right| right.cmp(left));
    for (size, name) in files.iter().take(8) {
        eprintln!("  {:>9} KB  {name}", size / 1024);
    }
    eprintln!("  {:>9} KB  in all", total / 1024);
    Ok(())
}

fn size_of(path: &Path) -> Result<u64> {
    if path.is_file() {
        return Ok(path.metadata()?.len());
    }
    let mut total = 0;
    for entry in fs::read_dir(path)? {
        total += size_of(&entry?.path())?;
    }
    Ok(total)
}

/// Replaces this process, so that signals meant for it reach the server.
#[cfg(unix)]
fn become_process(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec()).context("cannot start trunk")
}

#[cfg(not(unix))]
fn become_process(command: &mut Command) -> Result<()> {
    run(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_empty_folder_or_an_earlier_site_is_replaced() {
        let folder = std::env::temp_dir().join(format!("cathode-site-{}", std::process::id()));
        assert!(is_free(&folder).unwrap());
        fs::create_dir_all(folder.join(".stage")).unwrap();
        assert!(is_free(&folder).unwrap());
        fs::write(folder.join("index.html"), "somebody's page").unwrap();
        assert!(!is_free(&folder).unwrap());
        fs::write(folder.join(LOADER), "").unwrap();
        assert!(is_free(&folder).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_page_for_any_host_has_only_relative_urls() {
        assert!(banned_in(r#"<link href="./app.js"><script>import './a.js'</script>"#).is_empty());
        assert_eq!(banned_in(r#"<link href="/app.js">"#).len(), 1);
        assert_eq!(banned_in("new WebSocket('ws://x/.well-known/trunk/ws')").len(), 1);
    }
}
