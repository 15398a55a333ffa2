//! What people typed, key by key, through our text path: one replica for each of them, and the text at the end is
//! the one that they had.
//!
//! `EDITING_TRACES` names a folder with more traces in the same format.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use notebook::Source;
use notebook::source::{Splice, merge_updates};
use serde_json::Value;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/editing-traces");

/// What one person did in one moment.
struct Transaction {
    /// The transactions that they had seen; `None`: all before this one.
    parents: Option<Vec<usize>>,
    agent: usize,
    splices: Vec<Splice>,
}

struct Trace {
    end: String,
    agents: usize,
    transactions: Vec<Transaction>,
}

fn read(path: &Path) -> Trace {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let trace: Value = serde_json::from_reader(GzDecoder::new(file)).expect("a trace is JSON");
    let number = |value: &Value| usize::try_from(value.as_u64().expect("a number")).expect("a small one");
    let position = |value: &Value| u32::try_from(value.as_u64().expect("a number")).expect("a small one");
    let transaction = |transaction: &Value| {
        let patches = transaction["patches"].as_array().expect("patches");
        let splice = |patch: &Value| {
            let (from, deleted) = (position(&patch[0]), position(&patch[1]));
            Splice { from, to: from + deleted, insert: patch[2].as_str().expect("a text").to_owned() }
        };
        Transaction {
            parents: transaction["parents"].as_array().map(|parents| parents.iter().map(number).collect()),
            agent: transaction["agent"].as_u64().map_or(0, |_| number(&transaction["agent"])),
            splices: patches.iter().map(splice).collect(),
        }
    };
    assert_eq!(trace["startContent"].as_str().unwrap_or_default(), "", "traces begin empty");
    Trace {
        end: trace["endContent"].as_str().expect("a text").to_owned(),
        agents: trace["numAgents"].as_u64().map_or(1, |_| number(&trace["numAgents"])),
        transactions: trace["txns"].as_array().expect("transactions").iter().map(transaction).collect(),
    }
}

/// Plays a trace with one replica for each person. Returns what each of them has at the end.
fn play(trace: &Trace) -> Vec<Source> {
    let mut replicas: Vec<Source> = (0..trace.agents).map(|agent| Source::empty(10 + agent as u64)).collect();
    let mut seen: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); trace.agents];
    let mut updates: Vec<Vec<u8>> = Vec::with_capacity(trace.transactions.len());
    for (number, transaction) in trace.transactions.iter().enumerate() {
        let agent = transaction.agent;
        if let Some(parents) = &transaction.parents {
            for missing in missing(&trace.transactions, &seen[agent], parents) {
                replicas[agent].merge(&updates[missing]).expect("our own update is readable");
                seen[agent].insert(missing);
            }
        }
        let update = replicas[agent].edit(&transaction.splices).expect("the edit lies within the text");
        updates.push(update);
        seen[agent].insert(number);
    }
    // All there is arrives again and twice, in batches, as after a reconnect.
    for batch in updates.chunks(500) {
        let batch = merge_updates(batch).expect("our own updates are readable");
        for replica in &mut replicas {
            replica.merge(&batch).expect("our own update is readable");
            replica.merge(&batch).expect("our own update is readable");
        }
    }
    replicas
}

/// Returns what lies before `parents`, them included, and was not seen, oldest first.
fn missing(transactions: &[Transaction], seen: &BTreeSet<usize>, parents: &[usize]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut next: Vec<usize> = parents.to_vec();
    while let Some(number) = next.pop() {
        if !seen.contains(&number) && found.insert(number) {
            next.extend(transactions[number].parents.iter().flatten());
        }
    }
    found
}

fn plays_to_its_end(path: &Path) {
    let trace = read(path);
    for (agent, replica) in play(&trace).iter().enumerate() {
        assert!(replica.text() == trace.end, "{}: agent {agent} ends with another text", path.display());
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(FIXTURES).join(name)
}

#[test]
fn one_person_types() {
    plays_to_its_end(&fixture("sveltecomponent.json.gz"));
}

#[test]
fn two_people_type_at_once() {
    plays_to_its_end(&fixture("friendsforever.json.gz"));
}

#[test]
fn several_people_type_at_once() {
    plays_to_its_end(&fixture("clownschool.json.gz"));
}

#[test]
fn further_traces_end_as_they_should() {
    let Ok(folder) = std::env::var("EDITING_TRACES") else { return };
    let files = std::fs::read_dir(&folder).expect("EDITING_TRACES names a folder");
    for file in files.map(|file| file.expect("a file").path()) {
        if file.extension().is_some_and(|extension| extension == "gz") {
            plays_to_its_end(&file);
        }
    }
}
