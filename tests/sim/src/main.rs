//! Runs schedules by hand: `cargo run -p sim -- --schedules 1000000`.
//!
//! `SEED` runs one seed and tells what happens in it; `OPERATIONS` says how many steps a plan has;
//! `SAVE_PLAN` writes the plan to a file, `LOAD_PLAN` runs one that was written; `MINIMISE` cuts it down first.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool talks to its user through these")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sim::schedules::{Report, Schedules, run_all};
use sim::{Machine, Model, Owner, Plan, Worker, minimise, run};

const OPERATIONS: usize = 200;
const USAGE: &str =
    "usage: sim [--schedules N] [--first SEED] [--operations N] [--threads N] [--failures N] [--workers]";

fn main() -> Result<ExitCode> {
    let mut schedules = Schedules { first: 0, count: 10_000, operations: OPERATIONS, threads: 2, failures: 10 };
    let mut workers = false;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || -> Result<u64> {
            arguments.next().context(USAGE)?.parse().with_context(|| format!("{argument} takes a number"))
        };
        match argument.as_str() {
            "--schedules" => schedules.count = number()?,
            "--first" => schedules.first = number()?,
            "--operations" => schedules.operations = usize::try_from(number()?)?,
            "--threads" => schedules.threads = usize::try_from(number()?)?,
            "--failures" => schedules.failures = usize::try_from(number()?)?,
            "--workers" => workers = true,
            _ => bail!(USAGE),
        }
    }
    if let Some(operations) = variable("OPERATIONS") {
        schedules.operations = operations.parse().context("OPERATIONS is a number")?;
    }
    if let Some(plan) = plan(schedules.operations, workers)? {
        return Ok(one(&plan, workers));
    }
    let began = Instant::now();
    let told = |done: u64| {
        if done.is_multiple_of(10_000) {
            eprintln!("{done} schedules, {:.0} s", began.elapsed().as_secs_f64());
        }
    };
    let report = run_all(&schedules, machine(workers), &told);
    Ok(tell(&report, began.elapsed()))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the one plan that is asked for, if one is.
fn plan(operations: usize, workers: bool) -> Result<Option<Plan>> {
    let plan = match (variable("LOAD_PLAN"), variable("SEED")) {
        (Some(file), _) => {
            let text = std::fs::read_to_string(&file).with_context(|| format!("the plan {file} is not readable"))?;
            text.parse::<Plan>()?
        }
        (None, Some(seed)) => Plan::of(seed.parse().context("SEED is a number")?, operations),
        (None, None) => return Ok(None),
    };
    let plan = if variable("MINIMISE").is_some() { minimise::minimise(&plan, machine(workers)) } else { plan };
    if let Some(file) = variable("SAVE_PLAN") {
        std::fs::write(&file, plan.to_string()).with_context(|| format!("the plan {file} cannot be written"))?;
    }
    Ok(Some(plan))
}

/// Returns what makes browsers: models, or real store workers.
fn machine(workers: bool) -> impl Fn(Owner) -> Box<dyn Machine> + Sync {
    move |owner| if workers { Box::new(Worker::new(owner)) } else { Box::new(Model::new(owner)) }
}

fn one(plan: &Plan, workers: bool) -> ExitCode {
    let mut story = Vec::new();
    let ending = run(plan, machine(workers), Some(&mut story));
    for line in story {
        println!("{line}");
    }
    println!("{} steps, trace {:016x}, {:?}", plan.steps.len(), ending.trace, ending.counts);
    for failure in &ending.failures {
        println!("FAILED: {failure}");
    }
    if ending.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn tell(report: &Report, took: Duration) -> ExitCode {
    for failure in &report.failures {
        println!("SEED={} failed; repeat it with: SEED={} cargo run -p sim", failure.seed, failure.seed);
        for what in failure.failures.iter().take(5) {
            println!("    {}", what.chars().take(600).collect::<String>());
        }
    }
    let seconds = took.as_secs_f64();
    let rate = u128::from(report.schedules) * 1_000 / took.as_millis().max(1);
    println!("{} schedules in {seconds:.1} s, {rate} per second; {} failed", report.schedules, report.failures.len());
    println!("{:?}", report.counts);
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
