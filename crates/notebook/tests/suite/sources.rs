//! A cell's text: own edits, merges, and what they report to an editor.

use notebook::source::{Source, SourceError, Splice, is_update, merge_updates};
use proptest::prelude::*;

fn splice(from: u32, to: u32, insert: &str) -> Splice {
    Splice { from, to, insert: insert.to_owned() }
}

/// Applies splices to plain text, as an editor does.
fn apply(text: &str, splices: &[Splice]) -> String {
    let mut units: Vec<u16> = text.encode_utf16().collect();
    for splice in splices {
        units.splice(splice.from as usize..splice.to as usize, splice.insert.encode_utf16());
    }
    String::from_utf16(&units).unwrap()
}

#[test]
fn a_text_belongs_to_nothing_but_the_text() {
    // One block of client 5: a string, whose parent is named, or is the first block of client 4.
    let named = [1, 1, 5, 0, 4, 1, 6, b's', b'o', b'u', b'r', b'c', b'e', 1, b'x', 0];
    let by_id = [1, 1, 5, 0, 4, 0, 4, 0, 1, b'x', 0];
    assert!(is_update(&named));
    assert!(!is_update(&by_id));
}

#[test]
fn every_replica_seeds_alike_so_edits_of_two_meet() {
    let (mut ada, mut bob) = (Source::seeded(10, "print(1)"), Source::seeded(11, "print(1)"));
    let from_ada = ada.edit(&[splice(6, 7, "2")]).unwrap();
    let from_bob = bob.edit(&[splice(8, 8, "  # 😀")]).unwrap();
    assert_eq!(ada.merge(&from_bob).unwrap(), [splice(8, 8, "  # 😀")]);
    assert_eq!(bob.merge(&from_ada).unwrap().len(), 2, "one deletion, one insertion");
    assert_eq!((ada.text(), bob.text()), ("print(2)  # 😀".to_owned(), "print(2)  # 😀".to_owned()));
    assert_eq!(ada.merge(&from_bob).unwrap(), [], "twice does no harm");
}

#[test]
fn edits_outside_the_text_are_refused_and_change_nothing() {
    let mut source = Source::seeded(10, "a😀");
    assert_eq!(source.edit(&[splice(0, 1, ""), splice(0, 3, "")]), Err(SourceError::OutOfRange));
    assert_eq!(source.edit(&[splice(2, 1, "")]), Err(SourceError::OutOfRange));
    assert_eq!(source.text(), "a😀");
}

#[test]
fn a_clone_is_a_text_of_its_own() {
    let mut source = Source::seeded(10, "one");
    let copy = source.clone();
    source.edit(&[splice(0, 3, "two")]).unwrap();
    assert_eq!((source.text(), copy.text()), ("two".to_owned(), "one".to_owned()));
}

#[test]
fn an_update_that_claims_more_than_it_holds_or_holds_no_text_is_refused() {
    let mut source = Source::seeded(10, "text");
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let blocks = [&[1][..], &huge, &[2, 0]].concat();
    let deletions = [&[0, 1, 2][..], &huge].concat();
    // One block of client 2 under the root "source": an embedded JSON value, not a string.
    let embed = [&[1, 1, 2, 0, 5, 1, 6][..], b"source", &[2, b'{', b'}', 0]].concat();
    // A string at a clock where counting on would overflow.
    let late = [&[1, 1, 2][..], &huge, &[4, 1, 6], b"source", &[1, b'x', 0]].concat();
    let no_blocks = [1, 0, 1, 0, 0];
    let empty_block = [&[1, 1, 2, 0, 4, 1, 6][..], b"source", &[0, 0]].concat();
    for update in [&huge[..], &blocks, &deletions, &embed, &late, &no_blocks, &empty_block, &[0, 0, 0]] {
        assert_eq!(source.merge(update), Err(SourceError::BadUpdate), "{update:?}");
        assert!(!is_update(update));
    }
    let plain = [&[1, 1, 2, 0, 4, 1, 6][..], b"source", &[1, b'x', 0]].concat();
    source.merge(&plain).unwrap();
    assert!(source.text().contains('x'), "the same block as a string is taken");
}

fn any_edits() -> impl Strategy<Value = Vec<(u32, u32, String)>> {
    prop::collection::vec((0_u32..40, 0_u32..6, "[a-c\u{e9}\u{4e2d}\n]{0,4}"), 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn edits_do_to_the_text_what_they_do_to_plain_text(edits in any_edits()) {
        let (mut source, mut plain) = (Source::seeded(10, "seed"), "seed".to_owned());
        let mut other = source.clone();
        let mut updates = Vec::new();
        for (from, length, insert) in edits {
            let end = source.len_utf16();
            let from = from.min(end);
            let splices = [splice(from, (from + length).min(end), &insert)];
            updates.push(source.edit(&splices).unwrap());
            plain = apply(&plain, &splices);
            prop_assert_eq!(source.text(), plain.clone());
        }
        let before = other.text();
        let reported = other.merge(&merge_updates(&updates).unwrap()).unwrap();
        prop_assert_eq!(other.text(), plain.clone());
        prop_assert_eq!(apply(&before, &reported), plain);
    }

    #[test]
    fn any_bytes_are_merged_or_refused(bytes: Vec<u8>) {
        let mut source = Source::seeded(10, "text");
        if source.merge(&bytes).is_err() {
            prop_assert_eq!(source.text(), "text");
        }
    }
}

#[test]
fn what_is_pending_may_be_ordered_in_another_order() {
    use notebook::{Actor, CellId, CellKind, Envelope, Event, EventId, OrderKey, PersonId, Replica, ReplicaId};
    let cell = CellId::parse("a").unwrap();
    let by = |replica, event| {
        let id = EventId { replica: ReplicaId(replica), counter: 1 };
        Envelope { id, actor: Actor::Person(PersonId::parse("ada").unwrap()), at: 0, event }
    };
    let (kind, order, metadata) = (CellKind::Code, OrderKey::between(None, None), notebook::Json::new());
    let inserted = Event::CellInserted { cell: cell.clone(), kind, order, source: String::new(), metadata };
    let mut ordered = notebook::Notebook::new();
    ordered.apply(&by(1, inserted));
    // A relay lost what two replicas typed; both are offered, and another browser was faster with the second.
    let typed = |replica, text| {
        let update = Source::empty(replica).edit(&[splice(0, 0, text)]).unwrap();
        by(replica, Event::SourceEdited { cell: cell.clone(), update })
    };
    let (first, second) = (typed(2, "x"), typed(3, "y"));
    let mut replica = Replica::new(ordered.clone());
    replica.adopt(ordered, vec![first.clone(), second.clone()]);
    replica.confirm(&second);
    assert_eq!(replica.pending().collect::<Vec<_>>(), [&first]);
    replica.confirm(&first);
    assert_eq!(replica.pending().len(), 0);
    assert_eq!(replica.visible().cell(&cell).unwrap().source.text().len(), 2);
}

#[test]
fn a_copy_hears_of_what_was_typed_and_erased_again() {
    use notebook::{
        Actor, CellId, CellKind, Change, Envelope, Event, EventId, Notebook, OrderKey, PersonId, ReplicaId,
    };
    let cell = CellId::parse("a").unwrap();
    let mut counter = 0;
    let mut envelope = |event| {
        counter += 1;
        let id = EventId { replica: ReplicaId(1), counter };
        Envelope { id, actor: Actor::Person(PersonId::parse("ada").unwrap()), at: 0, event }
    };
    let (kind, order) = (CellKind::Code, OrderKey::between(None, None));
    let (source, metadata) = (String::new(), notebook::Json::new());
    let mut before = Notebook::new();
    before.apply(&envelope(Event::CellInserted { cell: cell.clone(), kind, order, source, metadata }));
    let mut page = Notebook::for_editing(77);
    before.to_changes().iter().for_each(|change| drop(page.patch(change)));

    let (mut ada, mut bob) = (Source::empty(10), Source::empty(11));
    let typed = ada.edit(&[splice(0, 0, "x")]).unwrap();
    bob.merge(&typed).unwrap();
    let behind = bob.edit(&[splice(1, 1, "y")]).unwrap();
    let erased = ada.edit(&[splice(0, 1, "")]).unwrap();
    let mut after = before.clone();
    for update in [typed, erased] {
        after.apply(&envelope(Event::SourceEdited { cell: cell.clone(), update }));
    }
    assert_eq!(after.cell(&cell).unwrap().source.text(), "");
    after.difference(&before).iter().for_each(|change| drop(page.patch(change)));
    page.patch(&Change::SourceEdited { cell: cell.clone(), update: behind });
    assert_eq!(page.cell(&cell).unwrap().source.text(), "y");
}

#[test]
fn what_another_replica_lacks_erases_nothing_that_it_has_erased_too() {
    let splice = |from, to, insert: &str| [Splice { from, to, insert: insert.into() }];
    let mut whole = Source::seeded(5, "abc");
    let mut one = whole.clone();
    let erased = one.edit(&splice(1, 2, "")).unwrap();
    let mut other = Source::seeded(6, "abc");
    other.take_in(&erased).unwrap();
    other.edit(&splice(2, 2, "x")).unwrap();
    other.edit(&splice(0, 1, "")).unwrap();
    // Where a merge gave back what was erased, this alone is news.
    whole.take_in(&other.update_since(&one)).unwrap();
    assert_eq!((other.text(), whole.text()), ("cx".into(), "bcx".into()));
}
