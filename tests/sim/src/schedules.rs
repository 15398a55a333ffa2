//! Many schedules on several threads, each seed once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::machine::{Machine, Owner};
use crate::model::Model;
use crate::oracle::Counts;
use crate::plan::Plan;
use crate::world::{Ending, run};

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Schedules {
    /// The first seed.
    pub first: u64,
    /// How many seeds.
    pub count: u64,
    /// Operations of each plan.
    pub operations: usize,
    /// Threads.
    pub threads: usize,
    /// After so many failures nothing new is begun.
    pub failures: usize,
}

/// A seed that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What was wrong.
    pub failures: Vec<String>,
}

/// How they ended.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// How many were run.
    pub schedules: u64,
    /// What happened in all of them.
    pub counts: Counts,
    /// Those that failed, by seed.
    pub failures: Vec<Failure>,
}

/// Runs a plan; a panic is a failure like any other.
pub fn run_caught(plan: &Plan, machine: impl Fn(Owner) -> Box<dyn Machine>) -> Ending {
    catch_unwind(AssertUnwindSafe(|| run(plan, machine, None))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message");
        Ending { trace: 0, counts: Counts::default(), failures: vec![format!("a panic: {text}")] }
    })
}

/// Runs schedules on such browsers.
pub fn run_all(
    schedules: &Schedules,
    machine: impl Fn(Owner) -> Box<dyn Machine> + Sync,
    progress: &(dyn Fn(u64) + Sync),
) -> Report {
    let next = AtomicU64::new(0);
    let stopped = AtomicBool::new(false);
    let report = Mutex::new(Report::default());
    let work = || {
        while !stopped.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= schedules.count {
                return;
            }
            let seed = schedules.first + number;
            let plan = Plan::of(seed, schedules.operations);
            let ending = run_caught(&plan, &machine);
            let mut report = report.lock().expect("invariant: nothing panics with the report");
            report.schedules += 1;
            report.counts.add(&ending.counts);
            if !ending.failures.is_empty() {
                report.failures.push(Failure { seed, failures: ending.failures });
                if report.failures.len() >= schedules.failures {
                    stopped.store(true, Ordering::Relaxed);
                }
            }
            progress(report.schedules);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..schedules.threads.max(1) {
            scope.spawn(work);
        }
        work();
    });
    let mut report = report.into_inner().expect("invariant: nothing panics with the report");
    report.failures.sort_by_key(|failure| failure.seed);
    report
}

/// Runs schedules on models of browsers.
pub fn run_many(schedules: &Schedules) -> Report {
    run_all(schedules, |owner| Box::new(Model::new(owner)), &|_| {})
}
