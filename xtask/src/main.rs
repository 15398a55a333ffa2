//! `cargo xtask …`: set up, serve, build, check, test and bench the whole repository.
//!
//! Calls other tools in the right order with the right environment.
//! It holds no product code, and nothing that ships depends on it.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user through these")]

mod arguments;
mod workspace;

mod setup;

mod chromium;
mod clang;
mod local;
mod node;
mod packages;
mod python;
mod rust;
mod tools;

mod assets;
mod listing;
mod loader;
mod network;
mod order;
mod relay;
mod site;

mod checks;
mod suite;

mod executable;
mod phase;
mod process;
mod stamp;

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::Task;
use crate::workspace::Workspace;

fn main() -> ExitCode {
    match perform() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn perform() -> Result<()> {
    let task = Task::parse(std::env::args().skip(1))?;
    let workspace = Workspace::find()?;
    match task {
        Task::Help => println!("{}", arguments::USAGE),
        Task::Setup => {
            setup::prepare(&workspace)?;
            println!("Ready. `cargo xtask serve` opens Cathode.");
        }
        Task::Assets => assets::bring_up_to_date(&workspace)?,
        Task::Loader => loader::write()?,
        Task::Serve(options) => site::serve(&workspace, &options)?,
        Task::Build(options) => site::build(&workspace, &options)?,
        Task::BuildRelay => relay::build_alone(&workspace)?,
        Task::DeployRelay { arguments } => relay::deploy(&workspace, &arguments)?,
        Task::Check => checks::check(&workspace)?,
        Task::Test(options) => suite::test(&workspace, &options)?,
        Task::Bench { arguments } => suite::bench(&workspace, &arguments)?,
    }
    Ok(())
}
