//! The whole test suite and the benchmarks, phase by phase; the first failure ends the run.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::arguments::{BuildOptions, Scope, TestOptions};
use crate::chromium;
use crate::phase::Phases;
use crate::process::run;
use crate::workspace::Workspace;
use crate::{checks, python, relay, setup, site};

/// Tells the browser tests and benchmarks which site to open.
const SITE_VARIABLE: &str = "CATHODE_DIST";
/// Tells the kernel's tests where its built worker is.
const KERNEL_VARIABLE: &str = "KERNEL_WORKER";

const BROWSER_TESTS: &str = "tests/playwright.config.mjs";
const KERNEL_TESTS: &str = "kernel-worker/tests/playwright.config.mjs";

pub(crate) fn test(workspace: &Workspace, options: &TestOptions) -> Result<()> {
    let mut phases = Phases::default();
    phases.run("set-up", || {
        setup::prepare(workspace)?;
        python::ensure_test_wheels(workspace)?;
        if options.scope == Scope::Everything {
            chromium::ensure_installed(workspace)?;
        }
        Ok(())
    })?;
    checks::run_phases(workspace, &mut phases)?;
    phases.run("native tests", || {
        let mut command = checks::cargo(workspace);
        command.arg("test");
        checks::add_native_crates(&mut command);
        run(&mut command)
    })?;
    phases.run("relay in workerd", || {
        let built = relay::build(workspace, &setup::prepare_relay(workspace)?)?;
        let mut command = checks::cargo(workspace);
        command
            .args(["test", "--package", "conformance", "--test", "workerd", "--", "--ignored"])
            .env("WORKERD", relay::workerd(workspace)?)
            .env("CATHODE_RELAY_BUILD", built);
        run(&mut command)
    })?;
    phases.run("editor tests", || run(&mut npm_script(workspace, "test:js")))?;
    phases.run("Python tests", || run(&mut python::unit_tests(workspace)?))?;
    if options.scope == Scope::Everything {
        let site = BuildOptions::default();
        phases.run("site", || site::build(workspace, &site))?;
        phases.run("kernel tests", || run(&mut playwright(workspace, &site.out, KERNEL_TESTS)?))?;
        phases.run("browser tests", || run(&mut playwright(workspace, &site.out, BROWSER_TESTS)?))?;
    }
    phases.print_summary();
    Ok(())
}

/// Measures the release build. Progress goes to standard error, the JSON to standard output.
pub(crate) fn bench(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    chromium::ensure_installed(workspace)?;
    let site = BuildOptions::default();
    site::build(workspace, &site)?;
    relay::build_alone(workspace)?;
    let mut command = Command::new("node");
    command.arg("tests/bench/run.mjs").args(arguments).current_dir(workspace.root());
    add_browser(&mut command, workspace, &site.out)?;
    run(&mut command)
}

fn npm_script(workspace: &Workspace, script: &str) -> Command {
    let mut command = Command::new("npm");
    command.args(["run", "--silent", script]).current_dir(workspace.root());
    command
}

fn playwright(workspace: &Workspace, site: &Path, config: &str) -> Result<Command> {
    let mut command = Command::new("npx");
    command
        .args(["--no-install", "playwright", "test", "--config", config])
        .env(KERNEL_VARIABLE, workspace.root().join(site))
        .current_dir(workspace.root());
    add_browser(&mut command, workspace, site)?;
    Ok(command)
}

fn add_browser(command: &mut Command, workspace: &Workspace, site: &Path) -> Result<()> {
    command
        .env(SITE_VARIABLE, workspace.root().join(site))
        .env(chromium::VARIABLE, chromium::ensure_installed(workspace)?);
    Ok(())
}
