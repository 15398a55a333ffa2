//! The schedules of a CI run. More of them by hand: `cargo run -p sim -- --schedules 1000000`.

use sim::schedules::{Report, Schedules, run_all, run_caught, run_many};
use sim::{Machine, Model, Owner, Plan, Worker};

const OPERATIONS: usize = 200;
const THREADS: usize = 2;

fn schedules(first: u64, count: u64) -> Schedules {
    Schedules { first, count, operations: OPERATIONS, threads: THREADS, failures: 5 }
}

fn model(owner: Owner) -> Box<dyn Machine> {
    Box::new(Model::new(owner))
}

fn worker(owner: Owner) -> Box<dyn Machine> {
    Box::new(Worker::new(owner))
}

fn assert_whole(report: &Report, how_to_repeat: &str) {
    let told: Vec<String> = report
        .failures
        .iter()
        .map(|failure| format!("SEED={} {how_to_repeat}: {:?}", failure.seed, failure.failures))
        .collect();
    assert!(told.is_empty(), "{} of {} schedules failed:\n{}", told.len(), report.schedules, told.join("\n"));
}

#[test]
fn ten_thousand_schedules_end_well() {
    let report = run_many(&schedules(0, 10_000));
    assert_whole(&report, "cargo run -p sim");
    // What was never exercised was never tested.
    let counts = report.counts;
    assert!(counts.acknowledged > 500_000 && counts.runs > 50_000, "{counts:?}");
    assert!(counts.twice_across_a_partition > 0 && counts.twice_across_an_end > 0, "{counts:?}");
}

#[test]
fn real_store_workers_end_as_well() {
    let report = run_all(&schedules(0, 300), worker, &|_| {});
    assert_whole(&report, "cargo run -p sim -- --workers");
    assert!(report.counts.runs > 1_000, "{:?}", report.counts);
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    for seed in 0..1_000 {
        let plan = Plan::of(seed, OPERATIONS / 2);
        let (once, twice) = (run_caught(&plan, model), run_caught(&plan, model));
        assert_eq!(once, twice, "seed {seed}");
        assert_ne!(once.trace, run_caught(&Plan::of(seed + 1, 10), model).trace);
    }
}

#[test]
fn a_plan_is_read_as_it_was_written() {
    let plan = Plan::of(7, OPERATIONS);
    assert_eq!(plan.to_string().parse(), Ok(plan.clone()));
    let written = plan.to_string();
    let halved = written.lines().step_by(2).collect::<Vec<_>>().join("\n\n# cut\n");
    let halved: Plan = halved.parse().expect("any lines of a plan are a plan");
    assert_eq!(run_caught(&halved, model).failures, Vec::<String>::new());
    assert!("12 dance 3 4".parse::<Plan>().is_err());
}
