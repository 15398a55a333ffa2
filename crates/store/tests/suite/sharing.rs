//! Notebooks that a relay orders: what is pending, what is ordered, and what replaces what is here.

use notebook::{Change, Envelope, Event, EventId, Notebook, ReplicaId};
use protocol::client::{Adoption, Ordered};
use protocol::history::History;
use protocol::wire::{Cursor, RelayId};
use store::{Adopted, Connection, Store, connect, salvage};

use crate::workload::{Random, event, log, own, person, state, work};

fn title(replica: u64, counter: u64, title: &str) -> Envelope {
    let id = EventId { replica: ReplicaId(replica), counter };
    Envelope { id, actor: person(), at: 0, event: Event::NotebookTitled { title: title.into() } }
}

fn cursor(seq: u64, event: EventId) -> Cursor {
    Cursor { relay: RelayId(5), seq, history: History::default().then(event) }
}

fn ordered(envelope: &Envelope) -> Ordered {
    Ordered { id: envelope.id, envelope: Some(envelope.clone()) }
}

/// Returns what a relay holds that has a snapshot and no event after it.
fn taken(base: Notebook, cursor: Cursor) -> Adoption {
    Adoption::of(base, cursor)
}

fn folder() -> (tempfile::TempDir, impl Fn(u64) -> Store) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db").to_str().unwrap().to_owned();
    (folder, move |replica| Store::open(connect(&path, None).unwrap(), ReplicaId(replica)).unwrap())
}

#[test]
fn an_own_event_is_visible_at_once_and_waits_for_its_place() {
    let (_folder, open) = folder();
    let mut store = open(1);
    own(&mut store, person(), Event::NotebookTitled { title: "Before".into() });
    store.set_shared(true);
    store.apply(title(1, 2, "Mine"), Some(("tab".into(), 7)));
    store.commit().unwrap();
    drop(store);

    let mut store = open(2);
    assert!(store.is_shared());
    assert_eq!((store.title(), store.confirmed().title()), ("Mine", "Before"));
    assert_eq!((store.pending().len(), log(&store).len(), store.seen_request("tab")), (1, 1, 7));

    // Another's comes first: it is ordered before, so it does not show.
    let (other, mine) = (title(9, 1, "Theirs"), store.pending().next().unwrap().clone());
    assert_eq!(store.order([ordered(&other)], cursor(1, other.id)), []);
    assert_eq!((store.title(), store.confirmed().title()), ("Mine", "Theirs"));
    store.order([ordered(&mine)], cursor(2, mine.id));
    store.commit().unwrap();
    drop(store);

    let store = open(3);
    assert_eq!((store.title(), store.confirmed().title(), store.pending().len()), ("Mine", "Mine", 0));
    assert_eq!((store.cursor(), log(&store).len()), (Some(cursor(2, mine.id)), 3));
}

#[test]
fn events_of_several_leaders_wait_in_their_order() {
    let (_folder, open) = folder();
    let mut store = open(1);
    store.set_shared(true);
    for (leader, counters) in [(1, 1..=3), (2, 1..=2), (3, 1..=1)] {
        for counter in counters {
            store.apply(title(leader, counter, &format!("{leader}.{counter}")), None);
        }
        store.commit().unwrap();
        drop(store);
        store = open(leader + 1);
    }
    let waiting: Vec<_> = store.pending().map(|own| (own.id.replica.0, own.id.counter)).collect();
    assert_eq!(waiting, [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (3, 1)]);
    assert_eq!(store.title(), "3.1");
}

#[test]
fn an_event_that_does_not_open_takes_its_place_and_does_nothing() {
    let (_folder, open) = folder();
    let mut store = open(1);
    store.set_shared(true);
    let id = title(9, 1, "").id;
    store.order([Ordered { id, envelope: None }], cursor(1, id));
    assert!(!store.is_saved(), "the position is to be saved");
    store.commit().unwrap();
    assert_eq!(store.cursor(), Some(cursor(1, id)));
}

#[test]
fn the_relays_state_replaces_this_one_and_what_it_lacks_waits() {
    let (_folder, open) = folder();
    let mut store = open(1);
    let mut random = Random(3);
    work(&mut store, &mut random, 60);
    store.commit().unwrap();
    let common: Vec<Envelope> = log(&store);
    own(&mut store, person(), Event::NotebookTitled { title: "Only here".into() });
    store.set_shared(true);
    own(&mut store, person(), Event::NotebookTitled { title: "Only here too".into() });
    store.commit().unwrap();

    let mut theirs = Notebook::new();
    common.iter().chain([&title(9, 1, "Theirs")]).for_each(|envelope| drop(theirs.apply(envelope)));
    let at = cursor(99, title(9, 1, "").id);
    let (pending, shown) = adopt(&mut store, taken(theirs.clone(), at));
    assert_eq!(pending.len(), 2);
    assert_eq!((store.title(), store.confirmed().title(), shown.len()), ("Only here too", "Theirs", 0));
    store.commit().unwrap();
    drop(store);

    let mut store = open(2);
    assert_eq!((store.title(), store.pending().len(), store.cursor()), ("Only here too", 2, Some(at)));
    assert_eq!(state(store.confirmed()), state(&theirs), "rows were written anew");
    for envelope in pending {
        store.order([ordered(&envelope)], at);
    }
    work(&mut store, &mut random, 40);
    store.commit().unwrap();
    let visible = state(store.notebook());
    store.close().unwrap();

    let store = open(3);
    assert_eq!(state(store.notebook()), visible, "what came after builds on it");
    assert!(store.pending().len() > 0);
}

fn adopt(store: &mut Store, adoption: Adoption) -> (Vec<Envelope>, Vec<Change>) {
    match store.adopt(adoption).unwrap() {
        Adopted::All { pending, shown } => (pending, shown),
        Adopted::Not(united) => panic!("it is not taken, but {united:?}"),
    }
}

#[test]
fn a_state_that_would_lose_something_is_not_taken() {
    let (_folder, open) = folder();
    let mut store = open(1);
    store.set_shared(true);
    let mut first = Notebook::new();
    first.apply(&title(8, 1, "From another relay"));
    // What led to this state is not in the log here: it could not be offered again.
    adopt(&mut store, taken(first, cursor(1, title(8, 1, "").id)));
    own(&mut store, person(), Event::NotebookTitled { title: "Waits".into() });
    let [before, after] = [title(9, 1, "Unrelated"), title(9, 2, "Came later")];
    let at = cursor(1, after.id);
    assert_eq!(store.adopt(taken(folded(&[&before]), at)).unwrap(), Adopted::Not(None));

    // What came one by one can come after all that is here.
    let mut adoption = Adoption::of(Notebook::new(), at);
    for event in [before, after] {
        adoption.fold(event);
    }
    let Adopted::Not(Some(united)) = store.adopt(adoption).unwrap() else { panic!("it holds both") };
    assert_eq!(united.title(), "Came later");
    assert_eq!(united.marks().collect::<Vec<_>>(), [(ReplicaId(8), 1), (ReplicaId(9), 2)]);
    assert_eq!((store.title(), store.confirmed().title()), ("Waits", "From another relay"));
}

fn folded(envelopes: &[&Envelope]) -> Notebook {
    let mut notebook = Notebook::new();
    for envelope in envelopes {
        notebook.apply(envelope);
    }
    notebook
}

#[test]
fn what_came_before_a_base_is_offered_again_once_and_in_order() {
    let (folder, open) = folder();
    let mut store = open(1);
    store.set_shared(true);
    let [one, two, other] = [title(9, 1, "One"), title(9, 2, "Two"), title(8, 1, "Other")];
    store.order([&one, &two].map(ordered), cursor(2, two.id));
    let at = cursor(1, other.id);

    // What comes after a snapshot is there one by one too.
    let mut adoption = Adoption::of(folded(&[&one]), at);
    for event in [&other, &two] {
        adoption.fold(event.clone());
    }
    assert_eq!(adopt(&mut store, adoption).0, []);
    assert_eq!((store.title(), store.confirmed().title()), ("Two", "Two"));
    store.commit().unwrap();
    drop(store);

    // The relay loses the last one, gets it back, and loses all.
    let mut store = open(2);
    let (pending, _) = adopt(&mut store, taken(folded(&[&one, &other]), at));
    assert_eq!(pending, std::slice::from_ref(&two));
    store.order([ordered(&two)], at);
    let (pending, _) = adopt(&mut store, taken(folded(&[&title(7, 1, "New")]), at));
    assert_eq!(pending, [one.clone(), other.clone(), two.clone()]);
    store.order([ordered(&one)], at);
    store.commit().unwrap();
    let (visible, confirmed) = (state(store.notebook()), state(store.confirmed()));
    assert_eq!(log(&store), [&one, &two, &other, &two, &two, &one].map(Clone::clone));
    drop(store);

    let store = open(3);
    assert_eq!((state(store.notebook()), state(store.confirmed())), (visible.clone(), confirmed.clone()));
    store.close().unwrap();
    assert_recovered(&folder.path().join("n.db"), &visible, &confirmed);
}

/// Shows that a database which only may be read, or is read page by page, comes to the same.
fn assert_recovered(path: &std::path::Path, visible: &[String], confirmed: &[String]) {
    let viewed = store::ReadOnly::open(Connection::open(path).unwrap()).unwrap();
    assert_eq!(state(viewed.notebook()), confirmed);
    drop(viewed);
    let salvaged = salvage(&std::fs::read(path).unwrap(), &[]);
    assert_eq!(salvaged.lost, Some(0));
    let mut fresh = Store::open(store::connect_in_memory().unwrap(), ReplicaId(7)).unwrap();
    fresh.restore(salvaged.base.as_ref(), salvaged.envelopes);
    fresh.commit().unwrap();
    assert_eq!(state(fresh.notebook()), visible);
}

#[test]
fn sharing_that_stops_settles_what_waited() {
    let (_folder, open) = folder();
    let mut store = open(1);
    store.set_shared(true);
    own(&mut store, person(), Event::NotebookTitled { title: "Waited".into() });
    store.commit().unwrap();
    store.set_shared(false);
    store.commit().unwrap();
    drop(store);
    let store = open(2);
    assert_eq!((store.is_shared(), store.cursor(), store.pending().len()), (false, None, 0));
    assert_eq!((store.confirmed().title(), log(&store).len()), ("Waited", 1));
}

#[test]
fn what_builds_on_a_base_is_recovered_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.db");
    let mut store = Store::open(connect(path.to_str().unwrap(), None).unwrap(), ReplicaId(1)).unwrap();
    store.set_shared(true);
    let mut random = Random(4);
    let mut theirs = Notebook::new();
    for counter in 1..=50 {
        let (actor, event) = event(random.next(), &theirs);
        theirs.apply(&Envelope { id: EventId { replica: ReplicaId(9), counter }, actor, at: 0, event });
    }
    adopt(&mut store, taken(theirs, cursor(50, title(9, 50, "").id)));
    let after = title(9, 51, "After");
    store.order([ordered(&after)], cursor(51, after.id));
    own(&mut store, person(), Event::NotebookTitled { title: "Waits".into() });
    store.commit().unwrap();
    let visible = state(store.notebook());
    let confirmed = state(store.confirmed());
    store.close().unwrap();

    assert_recovered(&path, &visible, &confirmed);
}
