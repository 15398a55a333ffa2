//! A cell's text: own edits, merges, and what they report to an editor.

use notebook::source::{Source, SourceError, Splice, merge_updates};
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
