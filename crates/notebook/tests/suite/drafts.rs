//! What pages show of texts into which several people type, and what the log has of it.

use notebook::draft::Updates;
use notebook::source::Splice;
use notebook::{CellId, CellKind, Change, Drafts, Json, Notebook, OrderKey};
use proptest::prelude::*;

fn cell() -> CellId {
    CellId::parse("a").unwrap()
}

/// A page that looks at one cell.
struct Page {
    copy: Notebook,
    drafts: Drafts,
}

impl Page {
    fn new(client: u64) -> Self {
        let mut copy = Notebook::for_editing(client);
        let (kind, order, metadata) = (CellKind::Code, OrderKey::between(None, None), Json::new());
        copy.patch(&Change::Cell { cell: cell(), kind, order, metadata, deleted: false, split_from: None });
        Self { copy, drafts: Drafts::default() }
    }

    fn text(&self) -> String {
        self.copy.cell(&cell()).unwrap().source.text()
    }

    fn replace(&mut self, from: u32, to: u32, insert: &str) -> Vec<u8> {
        let splice = Splice { from, to, insert: insert.to_owned() };
        self.drafts.edit(&mut self.copy, &cell(), &[splice]).unwrap()
    }

    /// Types at the end.
    fn types(&mut self, text: &str) -> Vec<u8> {
        let end = self.copy.cell(&cell()).unwrap().source.len_utf16();
        self.replace(end, end, text)
    }

    fn hears(&mut self, update: &[u8]) {
        self.drafts.hear(&mut self.copy, &cell(), update);
    }

    fn takes_all(&mut self) -> Vec<Updates> {
        self.drafts.take_all(&self.copy)
    }

    fn reads(&mut self, update: &[u8]) {
        self.drafts.patch(&mut self.copy, &Change::SourceEdited { cell: cell(), update: update.to_vec() });
    }
}

/// The log, which all pages read, and what is in it: a page that never hears or types.
struct Room {
    pages: Vec<Page>,
    log: Page,
}

impl Room {
    fn new(pages: u64) -> Self {
        Self { pages: (0..pages).map(|number| Page::new(10 + number)).collect(), log: Page::new(5) }
    }

    fn log(&mut self, taken: Vec<Updates>) {
        for update in taken.into_iter().flat_map(|(_, updates)| updates) {
            for page in self.pages.iter_mut().chain([&mut self.log]) {
                page.reads(&update);
            }
        }
    }

    fn flush(&mut self, page: usize) {
        let Page { copy, drafts } = &mut self.pages[page];
        let taken = drafts.take_typed(copy);
        self.log(taken);
    }

    fn look(&mut self, page: usize) {
        let Page { copy, drafts } = &mut self.pages[page];
        let taken = drafts.take_abandoned(copy);
        self.log(taken);
    }

    fn agrees(&self) {
        for page in &self.pages {
            assert_eq!(page.text(), self.log.text());
            assert!(!page.drafts.has_heard() && !page.drafts.has_typed());
        }
    }
}

#[test]
fn what_was_typed_before_another_was_heard_is_logged() {
    let mut room = Room::new(2);
    room.pages[0].types("ada");
    let bobs = room.pages[1].types("bob");
    room.pages[0].hears(&bobs);
    room.pages[0].types("!");
    room.flush(0);
    assert!(room.log.text().contains("ada") && room.log.text().contains('!'), "{}", room.log.text());
    room.flush(1);
    room.agrees();
}

#[test]
fn what_others_were_heard_typing_is_logged_with_what_stands_on_it() {
    let mut room = Room::new(2);
    let heard = room.pages[0].types("gone");
    room.pages.remove(0);
    room.pages[0].hears(&heard);
    room.pages[0].types(" here");
    room.flush(0);
    assert_eq!(room.log.text(), "gone here");
    room.agrees();
}

#[test]
fn what_is_logged_is_not_logged_again() {
    let mut room = Room::new(2);
    let heard = room.pages[0].types("x");
    room.pages[1].hears(&heard);
    room.flush(1);
    assert_eq!(room.log.text(), "", "it is another's");
    room.flush(0);
    assert!(room.pages[1].takes_all().is_empty());
    room.agrees();
}

#[test]
fn what_was_only_heard_stays_that_where_the_text_is_replaced() {
    let replaced = |room: &Room| Change::SourceReplaced {
        cell: cell(),
        update: room.log.copy.cell(&cell()).unwrap().source.state(),
    };
    for is_logged in [true, false] {
        let mut room = Room::new(2);
        let heard = room.pages[0].types("theirs");
        room.pages[1].hears(&heard);
        let change = replaced(&room);
        let Page { copy, drafts } = &mut room.pages[1];
        drafts.patch(copy, &change);
        if is_logged {
            room.flush(0);
        } else {
            // Whoever typed it is gone.
            room.pages.remove(0);
            room.look(0);
            room.look(0);
            assert_eq!(room.log.text(), "theirs");
        }
        room.agrees();
    }
}

#[test]
fn what_is_run_is_what_is_seen() {
    let mut room = Room::new(2);
    let heard = room.pages[0].types("1 + 1");
    room.pages[1].hears(&heard);
    let taken = room.pages[1].takes_all();
    room.log(taken);
    assert_eq!(room.log.text(), "1 + 1");
}

#[test]
fn what_was_heard_and_erased_by_somebody_who_is_gone_is_logged_after_a_while() {
    let mut room = Room::new(2);
    room.pages[0].types("kept");
    room.flush(0);
    let erased = room.pages[0].replace(0, 2, "");
    let typed = room.pages[0].types("!");
    room.pages.remove(0);
    room.pages[0].hears(&erased);
    room.look(0);
    room.pages[0].hears(&typed);
    room.look(0);
    assert_eq!(room.log.text(), "kept", "somebody was heard since the last look");
    room.look(0);
    assert_eq!(room.log.text(), "pt!");
    room.agrees();
}

#[test]
fn who_may_not_log_takes_it_back() {
    let mut room = Room::new(2);
    let heard = room.pages[0].types("x");
    let Page { copy, drafts } = &mut room.pages[1];
    drafts.hear(copy, &cell(), &heard);
    assert!(drafts.withdraw_abandoned(copy).is_empty());
    assert_eq!(drafts.withdraw_abandoned(copy), [cell()]);
    assert_eq!(room.pages[1].text(), "");
    room.flush(0);
    room.agrees();
}

#[test]
fn what_was_typed_is_carried_into_another_copy() {
    let (mut old, mut new) = (Page::new(10), Page::new(11));
    let heard = Page::new(12).types("heard ");
    old.hears(&heard);
    old.types("typed");
    old.drafts.carry(&old.copy, &mut new.copy);
    assert_eq!(new.text(), "heard typed");
    let mut log = Page::new(5);
    for (_, updates) in old.drafts.take_typed(&new.copy) {
        for update in updates {
            log.reads(&update);
        }
    }
    assert_eq!(log.text(), "heard typed");
}

fn units(text: &[char]) -> u32 {
    text.iter().map(|letter| u32::from(letter.len_utf16() == 1)).sum()
}

#[derive(Debug, Clone)]
enum Act {
    /// Types or erases; those who hear it are the set bits.
    Edit {
        page: usize,
        at: usize,
        erase: usize,
        heard: u8,
    },
    Flush(usize),
    Look(usize),
    /// The page is closed and opened again: what was not logged is gone from it.
    Reopen(usize),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0_usize..3, 0_usize..20, 0_usize..4, any::<u8>())
            .prop_map(|(page, at, erase, heard)| Act::Edit { page, at, erase, heard }),
        2 => (0_usize..3).prop_map(Act::Flush),
        1 => (0_usize..3).prop_map(Act::Look),
        1 => (0_usize..3).prop_map(Act::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn at_rest_all_pages_show_what_is_logged(acts in prop::collection::vec(any_act(), 0..40)) {
        let mut room = Room::new(3);
        let mut letters = (0x4e00..).filter_map(char::from_u32);
        // Typed and neither erased nor lost with a page that was closed too early.
        let mut kept: Vec<(usize, char)> = Vec::new();
        for (number, act) in (100..).zip(acts) {
            match act {
                Act::Edit { page, at, erase, heard } => {
                    let text: Vec<char> = room.pages[page].text().chars().collect();
                    let from = at.min(text.len());
                    let to = (from + erase).min(text.len());
                    let letter = letters.next().unwrap();
                    kept.retain(|(_, kept)| !text[from..to].contains(kept));
                    kept.push((page, letter));
                    let update = room.pages[page].replace(units(&text[..from]), units(&text[..to]), &letter.to_string());
                    for other in (0..3).filter(|other| *other != page && heard & (1 << other) != 0) {
                        room.pages[other].hears(&update);
                    }
                }
                Act::Flush(page) => room.flush(page),
                Act::Look(page) => room.look(page),
                Act::Reopen(page) => {
                    kept.retain(|(typist, letter)| *typist != page || room.log.text().contains(*letter));
                    let state = room.log.copy.cell(&cell()).unwrap().source.state();
                    room.pages[page] = Page::new(number);
                    room.pages[page].copy.patch(&Change::SourceEdited { cell: cell(), update: state });
                }
            }
        }
        for page in 0..3 {
            room.flush(page);
        }
        for page in [0, 1, 2, 0, 1, 2] {
            room.look(page);
        }
        room.agrees();
        let text = room.log.text();
        prop_assert!(kept.iter().all(|(_, letter)| text.contains(*letter)), "{text} lacks some of {kept:?}");
    }
}
