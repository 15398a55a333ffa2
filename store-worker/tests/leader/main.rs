//! The leader with a real store: what it says, in which order, and what it does when things fail.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod inspecting;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use notebook::{
    CellId, CellKind, Command, EndReason, Event, ExecutionId, ExecutionStatus, Outcome, PersonId, Place, ReplicaId,
    SessionId,
};
use protocol::access::{Access, Secret};
use protocol::port::{
    BUILD, FromFrame, FromKernel, FromStore, KernelReport, KernelState, RequestId, SaveState, Storage, TabMessage,
    ToFrame, ToKernel, ToStore,
};
use store::Store;
use store_worker::leader::{Edge, Effect, Identity, Leader};

thread_local! {
    static COUNTER: Cell<u64> = const { Cell::new(0) };
}

fn next() -> u64 {
    COUNTER.with(|counter| counter.replace(counter.get() + 1))
}

fn entropy() -> [u8; 16] {
    u128::from(next() + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
}

const EDGE: Edge = Edge { now: || 1_700_000_000_000, elapsed: || 0.0, entropy };

fn identity() -> Identity {
    Identity {
        tab: "own".into(),
        person: PersonId::from_entropy([1; 16]),
        access: Access::Writer(Secret::from_entropy([7; 32])),
        joined: false,
        relay: None,
        title: "Tides".into(),
        verbose: false,
    }
}

fn begin(store: Store) -> (Leader, Vec<Effect>) {
    Leader::begin(store, Storage::Opfs, identity(), EDGE)
}

fn open() -> Leader {
    begin(Store::open(store::connect_in_memory().unwrap(), ReplicaId(next() + 100)).unwrap()).0
}

fn join(tab: &str) -> TabMessage {
    TabMessage::Join { tab: tab.into(), access: Access::Writer(Secret::from_entropy([7; 32])) }
}

/// Asks for something and lets the commit that was asked for happen.
fn ask(leader: &mut Leader, request: RequestId, command: Command) -> Vec<Effect> {
    settle(leader, |leader| leader.on_ui(ToStore::Command { request, command }))
}

fn settle(leader: &mut Leader, step: impl FnOnce(&mut Leader) -> Vec<Effect>) -> Vec<Effect> {
    let mut effects = step(leader);
    // A commit may ask for another: the start of a session is one.
    for _ in 0..4 {
        effects.extend(leader.commit());
    }
    effects.retain(|effect| !matches!(effect, Effect::Commit(_)));
    effects
}

fn cell(number: u8) -> CellId {
    CellId::from_entropy([number; 16])
}

fn insert(number: u8) -> Command {
    Command::InsertCell {
        cell: cell(number),
        kind: CellKind::Code,
        place: Place::Last,
        source: format!("{number} + 1"),
    }
}

fn run(cells: &[u8]) -> Command {
    Command::RunCells { cells: cells.iter().map(|number| cell(*number)).collect() }
}

fn claim(effects: &[Effect]) -> Option<(ExecutionId, u32)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Kernel(ToKernel::Claim { execution, count, .. }) => Some((execution.clone(), *count)),
        _ => None,
    })
}

fn has(effects: &[Effect], wanted: impl Fn(&FromStore) -> bool) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Ui(message) if wanted(message)))
}

fn is_done(number: RequestId) -> impl Fn(&FromStore) -> bool {
    move |message| matches!(message, FromStore::Done { request } if *request == number)
}

fn kernel_states(effects: &[Effect]) -> Vec<KernelState> {
    let states = effects.iter().filter_map(|effect| match effect {
        Effect::Ui(FromStore::Kernel(state)) => Some(state.clone()),
        _ => None,
    });
    states.collect()
}

/// Connects the kernel that was asked for; returns its session and what its being ready leads to.
fn connect(leader: &mut Leader) -> (SessionId, Vec<Effect>) {
    let effects = leader.kernel_connected();
    let session = effects.iter().find_map(|effect| match effect {
        Effect::Kernel(ToKernel::Hello { session, .. }) => Some(session.clone()),
        _ => None,
    });
    let ready = FromKernel::Ready { build: BUILD.into(), python: "3.14".into(), from_snapshot: true, boot_millis: 1.0 };
    (session.unwrap(), settle(leader, |leader| leader.on_kernel(ready, 10)))
}

fn started(execution: &ExecutionId, session: &SessionId) -> FromKernel {
    FromKernel::Events(vec![
        Event::ExecutionAssigned { execution: execution.clone(), session: session.clone() },
        Event::ExecutionStarted { execution: execution.clone() },
    ])
}

fn completed(execution: &ExecutionId) -> FromKernel {
    FromKernel::Events(vec![Event::ExecutionCompleted { execution: execution.clone(), outcome: Outcome::Ok }])
}

fn statuses(leader: &mut Leader) -> Vec<ExecutionStatus> {
    let welcome = leader.on_tab(join("probe"));
    let changes = welcome.into_iter().find_map(|effect| match effect {
        Effect::Tabs(TabMessage::Welcome { changes, .. }) => Some(changes),
        _ => None,
    });
    let mut copy = notebook::Notebook::new();
    for change in changes.unwrap() {
        copy.patch(&change);
    }
    let mut executions: Vec<_> = copy.executions().cloned().collect();
    executions.sort_by_key(|execution| execution.queue);
    executions.into_iter().map(|execution| execution.status.clone()).collect()
}

#[test]
fn a_new_notebook_gets_its_title_and_an_old_one_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notebook.db");
    let connect =
        || Store::open(store::connect(path.to_str().unwrap(), None).unwrap(), ReplicaId(next() + 100)).unwrap();
    let (mut leader, _) = begin(connect());
    ask(&mut leader, 1, Command::SetTitle { title: "Moons".into() });
    assert_eq!(leader.into_store().title(), "Moons");
    let (leader, effects) = begin(connect());
    assert_eq!(leader.into_store().title(), "Moons");
    assert!(matches!(&effects[0], Effect::Ui(FromStore::Opened { .. })));
}

#[test]
fn an_answer_comes_after_the_commit_and_after_what_changed() {
    let mut leader = open();
    let before = leader.on_ui(ToStore::Command { request: 1, command: insert(1) });
    assert!(
        !has(&before, is_done(1)) && !has(&before, |message| matches!(message, FromStore::Changed { .. })),
        "{before:?}"
    );
    let after = leader.commit();
    assert!(
        matches!(after.as_slice(), [Effect::Ui(FromStore::Changed { .. }), Effect::Ui(FromStore::Done { request: 1 })]),
        "{after:?}"
    );
}

#[test]
fn a_notebook_whose_files_are_gone_goes_on_in_memory_and_is_saved_again() {
    let copy = |leader: &mut Leader| {
        let image = leader.image().unwrap();
        Store::open(store::connect_to_image(&image).unwrap(), ReplicaId(next() + 100)).unwrap()
    };
    let saved = |effects: &[Effect]| {
        let mut told = effects.iter().filter_map(|effect| match effect {
            Effect::Ui(FromStore::Saved(state)) => Some(state.clone()),
            _ => None,
        });
        told.next_back()
    };
    let mut leader = open();
    ask(&mut leader, 1, insert(1));
    leader.on_ui(ToStore::Command { request: 2, command: insert(2) });
    let memory = copy(&mut leader);
    let effects = leader.move_to(memory, Storage::Cleared);
    assert!(has(&effects, |message| *message == FromStore::Moved(Storage::Cleared)), "{effects:?}");
    assert!(has(&effects, is_done(2)), "what was on its way is in the copy: {effects:?}");
    assert_eq!(saved(&effects), Some(SaveState::Memory));
    let effects = ask(&mut leader, 3, insert(3));
    assert!(has(&effects, is_done(3)) && saved(&effects).is_none(), "it is not called saved: {effects:?}");

    let asked = leader.on_ui(ToStore::SaveAgain { request: 4 });
    assert!(matches!(asked.as_slice(), [Effect::SaveAgain { request: 4, .. }]), "{asked:?}");
    let files = copy(&mut leader);
    let effects = leader.move_to(files, Storage::Opfs);
    assert_eq!(saved(&effects), Some(SaveState::Saved));
    assert_eq!(leader.on_ui(ToStore::SaveAgain { request: 5 }), [Effect::Ui(FromStore::Done { request: 5 })]);
    let cells: Vec<_> = leader.into_store().notebook().cells().map(|cell| cell.id.clone()).collect();
    assert_eq!(cells, [cell(1), cell(2), cell(3)]);
}

#[test]
fn a_command_that_is_sent_again_is_done_once() {
    let mut leader = open();
    ask(&mut leader, 1, insert(1));
    let again = ask(&mut leader, 1, insert(1));
    assert_eq!(again, [Effect::Ui(FromStore::Done { request: 1 })], "the number tells, not the contents");
    let refused = ask(&mut leader, 2, insert(1));
    assert!(matches!(refused.as_slice(), [Effect::Ui(FromStore::Rejected { request: 2, .. })]), "{refused:?}");
}

#[test]
fn a_tab_that_has_not_joined_is_made_to_and_one_that_has_gets_news_in_order() {
    let mut leader = open();
    let request = |number, command| TabMessage::Request {
        tab: "b".into(),
        message: ToStore::Command { request: number, command },
    };
    let effects = leader.on_tab(request(1, insert(1)));
    assert!(matches!(effects.as_slice(), [Effect::Tabs(TabMessage::Leading { .. })]), "{effects:?}");
    let Some(Effect::Tabs(TabMessage::Welcome { version, .. })) = leader.on_tab(join("b")).pop() else {
        panic!("a tab that joins is welcomed");
    };
    let effects = settle(&mut leader, |leader| leader.on_tab(request(1, insert(1))));
    let [
        Effect::Tabs(TabMessage::News { version: first, .. }),
        Effect::Ui(FromStore::Changed { .. }),
        Effect::Tabs(TabMessage::Reply { tab, message }),
    ] = effects.as_slice()
    else {
        panic!("{effects:?}");
    };
    assert_eq!((*first, tab.as_str(), message), (version + 1, "b", &FromStore::Done { request: 1 }));
}

#[test]
fn cells_run_one_after_another_on_a_kernel_that_is_asked_for_once() {
    let mut leader = open();
    ask(&mut leader, 1, insert(1));
    ask(&mut leader, 2, insert(2));
    let effects = ask(&mut leader, 3, run(&[1, 2]));
    let asked = effects.iter().filter(|effect| matches!(effect, Effect::Ui(FromStore::StartKernel))).count();
    assert_eq!((asked, claim(&effects)), (1, None), "{effects:?}");
    let (session, effects) = connect(&mut leader);
    let (first, count) = claim(&effects).unwrap();
    assert_eq!(count, 1);
    let effects = settle(&mut leader, |leader| leader.on_kernel(started(&first, &session), 100));
    assert_eq!(kernel_states(&effects), [KernelState::Busy]);
    assert!(effects.contains(&Effect::Frame(ToFrame::Received(110))), "{effects:?}");
    assert_eq!(claim(&effects), None, "one at a time");
    let effects = settle(&mut leader, |leader| leader.on_kernel(completed(&first), 10));
    let (second, count) = claim(&effects).unwrap();
    assert_eq!(count, 2);
    settle(&mut leader, |leader| leader.on_kernel(started(&second, &session), 10));
    let effects = settle(&mut leader, |leader| leader.on_kernel(completed(&second), 10));
    assert_eq!(kernel_states(&effects), [KernelState::Idle]);
    assert_eq!(
        statuses(&mut leader),
        [ExecutionStatus::Completed(Outcome::Ok), ExecutionStatus::Completed(Outcome::Ok)]
    );
}

#[test]
fn a_runs_beginning_is_shown_with_its_first_output_or_by_the_commit() {
    let shown = |effects: &[Effect]| has(effects, |message| matches!(message, FromStore::Changed { .. }));
    let mut leader = open();
    ask(&mut leader, 1, insert(1));
    let effects = ask(&mut leader, 2, run(&[1]));
    assert!(effects.contains(&Effect::Ui(FromStore::StartKernel)));
    let (session, effects) = connect(&mut leader);
    let (execution, _) = claim(&effects).unwrap();
    let effects = leader.on_kernel(started(&execution, &session), 10);
    assert!(!shown(&effects) && effects.iter().any(|effect| matches!(effect, Effect::Commit(_))));
    assert!(shown(&leader.commit()), "a long run");
    assert!(shown(&leader.on_kernel(completed(&execution), 10)));
}

#[test]
fn a_warm_kernel_writes_nothing_until_there_is_work() {
    let mut leader = open();
    assert!(has(&leader.on_ui(ToStore::WarmKernel), |message| *message == FromStore::StartKernel));
    assert!(leader.on_ui(ToStore::WarmKernel).is_empty(), "one is on its way");
    let (_, effects) = connect(&mut leader);
    assert_eq!(kernel_states(&effects), [KernelState::Idle]);
    assert!(leader.into_store().notebook().sessions().is_empty());
}

#[test]
fn a_kernel_that_says_what_it_may_not_is_not_believed() {
    let mut leader = open();
    ask(&mut leader, 1, insert(1));
    ask(&mut leader, 2, run(&[1]));
    let (session, effects) = connect(&mut leader);
    let (execution, _) = claim(&effects).unwrap();
    settle(&mut leader, |leader| leader.on_kernel(started(&execution, &session), 10));
    let forged = FromKernel::Events(vec![
        Event::CellDeleted { cell: cell(1) },
        Event::ExecutionCompleted { execution: ExecutionId::from_entropy([9; 16]), outcome: Outcome::Ok },
        Event::KernelSessionEnded { session: session.clone(), reason: EndReason::Crashed },
    ]);
    let effects = settle(&mut leader, |leader| leader.on_kernel(forged, 10));
    assert!(!has(&effects, |message| matches!(message, FromStore::Changed { .. })), "{effects:?}");
    assert_eq!(statuses(&mut leader), [ExecutionStatus::Executing(session)]);
}

#[test]
fn a_kernel_that_dies_loses_what_ran_and_the_next_run_starts_another() {
    let mut leader = open();
    ask(&mut leader, 1, insert(1));
    ask(&mut leader, 2, insert(2));
    ask(&mut leader, 3, run(&[1]));
    let (session, effects) = connect(&mut leader);
    let (execution, _) = claim(&effects).unwrap();
    settle(&mut leader, |leader| leader.on_kernel(started(&execution, &session), 10));
    let died = FromFrame::Died { reason: "exited".into(), out_of_memory: false };
    let effects = settle(&mut leader, |leader| leader.on_frame(died));
    assert!(has(&effects, |message| *message == FromStore::StopKernel) && effects.contains(&Effect::Disconnect));
    assert_eq!(kernel_states(&effects), [KernelState::Dead { reason: "exited".into() }]);
    assert_eq!(statuses(&mut leader), [ExecutionStatus::Completed(Outcome::Lost)]);
    let effects = ask(&mut leader, 4, run(&[2]));
    assert!(has(&effects, |message| *message == FromStore::StartKernel));
    let (_, effects) = connect(&mut leader);
    assert_eq!(claim(&effects).map(|(_, count)| count), Some(1), "a new session counts from 1");
}

#[test]
fn a_kernel_that_cannot_start_says_why_and_the_queue_waits_for_the_next_run() {
    let mut leader = open();
    ask(&mut leader, 1, insert(1));
    ask(&mut leader, 2, insert(2));
    ask(&mut leader, 3, run(&[1]));
    let failed = ToStore::Kernel(KernelReport::Failed { reason: "404".into() });
    let effects = settle(&mut leader, |leader| leader.on_ui(failed));
    assert_eq!(kernel_states(&effects), [KernelState::Dead { reason: "404".into() }]);
    assert_eq!(statuses(&mut leader), [ExecutionStatus::Pending]);
    let effects = ask(&mut leader, 4, run(&[2]));
    assert!(has(&effects, |message| *message == FromStore::StartKernel));
    let (session, effects) = connect(&mut leader);
    let (execution, _) = claim(&effects).unwrap();
    settle(&mut leader, |leader| leader.on_kernel(started(&execution, &session), 10));
    let effects = settle(&mut leader, |leader| leader.on_kernel(completed(&execution), 10));
    assert!(claim(&effects).is_some(), "both run");
}

#[test]
fn an_interrupt_goes_to_the_frame_or_replaces_a_kernel_that_cannot_be_interrupted() {
    let mut leader = open();
    ask(&mut leader, 1, insert(1));
    ask(&mut leader, 2, insert(2));
    ask(&mut leader, 3, run(&[1, 2]));
    let (session, effects) = connect(&mut leader);
    let (execution, _) = claim(&effects).unwrap();
    settle(&mut leader, |leader| leader.on_kernel(started(&execution, &session), 10));
    assert_eq!(leader.on_ui(ToStore::Interrupt), [Effect::Frame(ToFrame::Interrupt)]);
    leader.on_frame(FromFrame::Capabilities { interrupt: false });
    let effects = settle(&mut leader, |leader| leader.on_ui(ToStore::Interrupt));
    let order: Vec<_> = effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Ui(FromStore::StopKernel | FromStore::StartKernel)))
        .collect();
    assert_eq!(order, [&Effect::Ui(FromStore::StopKernel), &Effect::Ui(FromStore::StartKernel)]);
    assert_eq!(statuses(&mut leader)[0], ExecutionStatus::Completed(Outcome::Lost));
    let (_, effects) = connect(&mut leader);
    let rest = statuses(&mut leader)[1].clone();
    assert!(claim(&effects).is_some() == (rest == ExecutionStatus::Pending), "what still waits runs: {rest:?}");
}

#[test]
fn a_restart_replaces_the_kernel_and_one_on_its_way_is_not_replaced() {
    let mut leader = open();
    leader.on_ui(ToStore::WarmKernel);
    let effects = ask(&mut leader, 1, Command::RestartKernel);
    assert!(!has(&effects, |message| matches!(message, FromStore::StopKernel | FromStore::StartKernel)), "{effects:?}");
    connect(&mut leader);
    let effects = ask(&mut leader, 2, Command::RestartKernel);
    assert!(
        has(&effects, |message| *message == FromStore::StopKernel)
            && has(&effects, |message| *message == FromStore::StartKernel)
    );
    assert!(has(&effects, is_done(2)));
    let (_, effects) = connect(&mut leader);
    assert_eq!(kernel_states(&effects), [KernelState::Idle]);
}

#[test]
fn what_the_kernel_was_given_is_not_withdrawn_under_its_hands() {
    let mut leader = open();
    ask(&mut leader, 1, insert(1));
    ask(&mut leader, 2, insert(2));
    ask(&mut leader, 3, run(&[1, 2]));
    let (_, effects) = connect(&mut leader);
    let (given, _) = claim(&effects).unwrap();
    let refused = ask(&mut leader, 4, Command::CancelExecution { execution: given });
    assert!(has(&refused, |message| matches!(message, FromStore::Rejected { request: 4, .. })));
    ask(&mut leader, 5, Command::CancelPending);
    assert_eq!(statuses(&mut leader), [ExecutionStatus::Pending, ExecutionStatus::Completed(Outcome::Cancelled)]);
}

#[test]
fn a_new_leader_ends_the_sessions_it_did_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notebook.db");
    let connect_file =
        || Store::open(store::connect(path.to_str().unwrap(), None).unwrap(), ReplicaId(next() + 100)).unwrap();
    for began in [true, false] {
        let (mut leader, _) = begin(connect_file());
        let number = if began { 2 } else { 3 };
        ask(&mut leader, 10 * u64::from(number), insert(number));
        ask(&mut leader, 10 * u64::from(number) + 1, run(&[number]));
        let (session, effects) = connect(&mut leader);
        let (execution, _) = claim(&effects).unwrap();
        let mut events = vec![Event::ExecutionAssigned { execution: execution.clone(), session }];
        events.extend(began.then_some(Event::ExecutionStarted { execution }));
        settle(&mut leader, |leader| leader.on_kernel(FromKernel::Events(events), 10));
        drop(leader); // The browser was killed, and forgot who uses it.
        let identity = Identity { person: PersonId::from_entropy([number; 16]), ..identity() };
        let (mut leader, effects) = Leader::begin(connect_file(), Storage::Opfs, identity, EDGE);
        let last = statuses(&mut leader).pop();
        let wanted = if began { ExecutionStatus::Completed(Outcome::Lost) } else { ExecutionStatus::Pending };
        assert_eq!(last, Some(wanted));
        assert_eq!(
            has(&effects, |message| *message == FromStore::StartKernel),
            !began,
            "what never began runs by itself"
        );
    }
}

#[test]
fn what_cannot_be_saved_is_shown_as_unsaved_and_saved_when_it_can_be() {
    let full = Arc::new(AtomicBool::new(false));
    let mut connection = store::connect_in_memory().unwrap();
    let disk = Arc::clone(&full);
    connection.commit_hook(Some(move || disk.load(Ordering::SeqCst))).unwrap();
    let mut leader = begin(Store::open(connection, ReplicaId(7)).unwrap()).0;
    ask(&mut leader, 1, insert(1));
    leader.on_ui(ToStore::WarmKernel);
    connect(&mut leader);
    full.store(true, Ordering::SeqCst);
    let effects = ask(&mut leader, 2, run(&[1]));
    assert!(has(&effects, |message| matches!(message, FromStore::Changed { .. })), "it is visible");
    assert!(
        has(&effects, |message| matches!(message, FromStore::Saved(SaveState::Failed { events: 1, .. }))),
        "{effects:?}"
    );
    assert!(!has(&effects, is_done(2)) && claim(&effects).is_none(), "neither answered nor run");
    assert_eq!(statuses(&mut leader), [ExecutionStatus::Pending]);
    full.store(false, Ordering::SeqCst);
    let effects = settle(&mut leader, |_| Vec::new());
    assert!(has(&effects, is_done(2)) && has(&effects, |message| *message == FromStore::Saved(SaveState::Saved)));
    assert!(claim(&effects).is_some(), "now it runs");
}

#[test]
fn in_memory_nothing_is_called_saved() {
    let store = Store::open(store::connect_in_memory().unwrap(), ReplicaId(7)).unwrap();
    let storage = Storage::Memory { reason: "no file system".into() };
    let (mut leader, mut effects) = Leader::begin(store, storage, identity(), EDGE);
    effects.extend(ask(&mut leader, 1, insert(1)));
    let saved: Vec<_> = effects.iter().filter(|effect| matches!(effect, Effect::Ui(FromStore::Saved(_)))).collect();
    assert!(
        !saved.is_empty() && saved.iter().all(|effect| **effect == Effect::Ui(FromStore::Saved(SaveState::Memory))),
        "{saved:?}"
    );
}
