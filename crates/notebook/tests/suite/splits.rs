//! Splitting and merging cells: every character stays in one of them, whatever others do meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use notebook::source::Splice;
use notebook::{
    Actor, Applied, CellId, CellKind, Change, Command, Context, Drafts, Envelope, Event, EventId, Json, Notebook,
    OrderKey, PersonId, Place, Replica, ReplicaId, decide,
};
use proptest::prelude::*;

fn cell(name: &str) -> CellId {
    CellId::parse(name).unwrap()
}

/// Somebody with a store and a page.
struct Author {
    number: u64,
    replica: Replica,
    page: Notebook,
    drafts: Drafts,
    counter: u64,
    /// How much of the order has come here.
    known: usize,
}

/// Some people, and the order that their relay settles.
struct Room {
    order: Vec<Envelope>,
    authors: Vec<Author>,
    entropy: u8,
}

impl Author {
    fn see(&mut self, changes: &[Change]) {
        for change in changes {
            self.drafts.patch(&mut self.page, change);
        }
    }

    fn text(&self, cell: &CellId) -> String {
        self.page.cell(cell).map(|cell| cell.source.text()).unwrap_or_default()
    }
}

impl Room {
    /// Opens a notebook with these cells, each under its text's first character.
    fn new(authors: u64, cells: &[&str]) -> Self {
        let author = |number| Author {
            number,
            replica: Replica::default(),
            page: Notebook::for_editing(1000 + number),
            drafts: Drafts::default(),
            counter: 0,
            known: 0,
        };
        let mut room = Self { order: Vec::new(), authors: (0..authors).map(author).collect(), entropy: 0 };
        for text in cells {
            let source = (*text).to_owned();
            let command =
                Command::InsertCell { cell: cell(&text[..1]), kind: CellKind::Code, place: Place::Last, source };
            room.ask(0, command);
        }
        room.settle();
        room
    }

    fn ask(&mut self, who: usize, command: Command) {
        let author = &mut self.authors[who];
        let updates = author.drafts.take_all(&author.page);
        let logged = updates.into_iter().flat_map(|(cell, updates)| {
            updates.into_iter().map(move |update| Command::EditSource { cell: cell.clone(), update })
        });
        for command in logged.chain([command]).collect::<Vec<_>>() {
            let entropy = &mut self.entropy;
            let mut bytes = || {
                *entropy = entropy.wrapping_add(1);
                [*entropy; 16]
            };
            let actor = Actor::Person(PersonId::parse("ada").unwrap());
            let mut cx = Context { now: 0, actor: actor.clone(), entropy: &mut bytes };
            for event in decide(author.replica.visible(), command, &mut cx).unwrap_or_default() {
                author.counter += 1;
                let id = EventId { replica: ReplicaId(author.number), counter: author.counter };
                if let Applied::Changed(changes) =
                    author.replica.append(Envelope { id, actor: actor.clone(), at: 0, event })
                {
                    author.see(&changes);
                }
            }
        }
    }

    fn types(&mut self, who: usize, name: &CellId, at: u32, text: &str) {
        let author = &mut self.authors[who];
        let splice = Splice { from: at, to: at, insert: text.to_owned() };
        author.drafts.edit(&mut author.page, name, &[splice]).unwrap();
    }

    fn erases(&mut self, who: usize, name: &CellId, from: u32, to: u32) {
        let author = &mut self.authors[who];
        author.drafts.edit(&mut author.page, name, &[Splice { from, to, insert: String::new() }]).unwrap();
    }

    fn splits(&mut self, who: usize, name: &CellId, at: u32, new: &CellId) {
        let at = self.authors[who].page.cell(name).unwrap().source.character_at(at);
        self.ask(who, Command::SplitCell { cell: name.clone(), at, new: new.clone() });
    }

    fn merges(&mut self, who: usize, into: &CellId, from: &CellId) {
        self.ask(who, Command::MergeCells { into: into.clone(), from: from.clone(), separated: true });
    }

    /// Logs what somebody typed and gives all of theirs to the relay.
    fn push(&mut self, who: usize) {
        self.ask(who, Command::SetTitle { title: who.to_string() });
        let pushed: Vec<_> = self.authors[who].replica.pending().cloned().collect();
        self.order.extend(
            pushed.into_iter().filter(|own| !self.order.iter().any(|known| known.id == own.id)).collect::<Vec<_>>(),
        );
    }

    fn pull(&mut self, who: usize, most: usize) {
        let author = &mut self.authors[who];
        for envelope in self.order.iter().skip(author.known).take(most) {
            let shown = author.replica.confirm(envelope).into_shown();
            author.known += 1;
            author.see(&shown);
        }
    }

    fn settle(&mut self) {
        for who in 0..self.authors.len() {
            self.push(who);
        }
        for who in 0..self.authors.len() {
            self.pull(who, usize::MAX);
        }
    }

    /// What everybody sees, which must be the same: the texts of the cells, and of the deleted ones that have some.
    #[track_caller]
    fn texts(&self) -> Vec<String> {
        let texts = |notebook: &Notebook| {
            let shown = notebook.cells().map(|cell| cell.source.text());
            let gone = notebook.all_cells().filter(|cell| cell.deleted && cell.source.len_utf16() > 0);
            shown.chain(gone.map(|cell| format!("-{}", cell.source.text()))).collect::<Vec<_>>()
        };
        let first = texts(self.authors[0].replica.confirmed());
        for author in &self.authors {
            assert_eq!(author.replica.pending().len(), 0);
            assert_eq!(author.replica.confirmed(), self.authors[0].replica.confirmed());
            assert_eq!(texts(&author.page), first, "the page of {}", author.number);
        }
        first
    }
}

/// Lets two people act without seeing each other; the first one's events come first.
#[track_caller]
fn check(cells: &[&str], first: impl FnOnce(&mut Room), second: impl FnOnce(&mut Room), expected: &[&str]) {
    let mut room = Room::new(3, cells);
    first(&mut room);
    second(&mut room);
    room.settle();
    room.settle();
    assert_eq!(room.texts(), expected);
}

#[test]
fn a_cell_is_split_and_merged() {
    let (a, b) = (cell("a"), cell("b"));
    let mut room = Room::new(1, &["a12", "c"]);
    room.splits(0, &a, 1, &b);
    room.settle();
    assert_eq!(room.texts(), ["a", "12", "c"]);
    room.types(0, &b, 0, "0");
    room.merges(0, &a, &b);
    room.settle();
    assert_eq!(room.texts(), ["a\n012", "c"]);
    room.splits(0, &a, 99, &cell("d"));
    room.merges(0, &a, &cell("d"));
    room.settle();
    assert_eq!(room.texts(), ["a\n012", "c"], "an empty cell adds no line");
}

#[test]
fn two_splits_of_one_cell_make_three_of_it() {
    let (a, b, c) = (cell("a"), cell("b"), cell("c"));
    for (one, other) in [(2, 4), (4, 2)] {
        check(
            &["a12345"],
            |room| room.splits(0, &a, one, &b),
            |room| room.splits(1, &a, other, &c),
            &["a1", "23", "45"],
        );
    }
    check(&["a12345"], |room| room.splits(0, &a, 2, &b), |room| room.splits(1, &a, 2, &c), &["a1", "", "2345"]);
}

#[test]
fn who_types_and_splits_keeps_what_was_typed() {
    let (a, b, c) = (cell("a"), cell("b"), cell("c"));
    check(
        &["a12345"],
        |room| room.splits(0, &a, 2, &b),
        |room| {
            room.types(1, &a, 5, "Z");
            room.splits(1, &a, 4, &c);
            room.types(1, &c, 2, "W");
        },
        &["a1Z", "23", "4W5"],
    );
}

#[test]
fn what_stands_next_to_what_stayed_above_is_shown() {
    let (a, b) = (cell("a"), cell("b"));
    let mut room = Room::new(3, &["a12"]);
    let base = room.order.len();
    let mut acts = vec![base];
    room.types(0, &a, 3, "X");
    let mut done = |room: &mut Room, who: usize| {
        room.push(who);
        (0..3).for_each(|who| room.pull(who, usize::MAX));
        acts.push(room.order.len());
    };
    done(&mut room, 0);
    room.splits(1, &a, 1, &b);
    done(&mut room, 1);
    room.types(2, &b, 3, "Y");
    done(&mut room, 2);
    assert_eq!(room.texts(), ["a", "12XY"]);

    // A relay that lost all of them gets them back from their authors.
    for (order, expected) in [([1, 0, 2], ["aX", "12Y"]), ([1, 2, 0], ["aX", "12Y"]), ([0, 1, 2], ["a", "12XY"])] {
        let parts = order.map(|act| &room.order[acts[act]..acts[act + 1]]);
        let (mut notebook, mut copy) = (Notebook::new(), Notebook::new());
        for envelope in room.order[..base].iter().chain(parts.into_iter().flatten()) {
            if let Applied::Changed(changes) = notebook.apply(envelope) {
                for change in &changes {
                    copy.patch(change);
                }
            }
        }
        for notebook in [notebook, copy] {
            let texts: Vec<_> = notebook.cells().map(|cell| cell.source.text()).collect();
            assert_eq!(texts, expected, "{order:?}");
        }
    }
}

#[test]
fn a_cell_whose_names_another_one_had_takes_its_place() {
    // Nobody makes two cells of one id; who would, must not leave a page with a text that is not there.
    let beginning_as = |source: &str| {
        let event = Event::CellInserted {
            cell: cell("a"),
            kind: CellKind::Code,
            order: OrderKey::between(None, None),
            source: source.to_owned(),
            metadata: Json::new(),
        };
        let id = EventId { replica: ReplicaId(1), counter: 1 };
        let mut notebook = Notebook::new();
        notebook.apply(&Envelope { id, actor: Actor::Person(PersonId::parse("ada").unwrap()), at: 0, event });
        notebook
    };
    let (before, now) = (beginning_as("1"), beginning_as("2"));
    let mut copy = before.clone();
    for change in &now.difference(&before) {
        copy.patch(change);
    }
    assert_eq!(copy.cell(&cell("a")).unwrap().source.text(), "2");
}

#[test]
fn what_is_typed_into_a_cell_that_went_elsewhere_brings_it_back() {
    let (a, b) = (cell("a"), cell("b"));
    check(&["a12", "b34"], |room| room.merges(0, &a, &b), |room| room.types(1, &b, 3, "Z"), &["a12\nb34", "Z"]);
    check(&["a12", "b34"], |room| room.types(0, &b, 3, "Z"), |room| room.merges(1, &a, &b), &["a12\nb34", "Z"]);
}

#[test]
fn two_merges_of_one_cell_move_it_once() {
    let (a, b, c) = (cell("a"), cell("b"), cell("c"));
    check(&["a", "b", "c"], |room| room.merges(0, &a, &b), |room| room.merges(1, &b, &c), &["a\nb", "c"]);
    check(&["a", "b", "c"], |room| room.merges(0, &b, &c), |room| room.merges(1, &a, &b), &["a\nb", "\nc"]);
    check(&["a", "b"], |room| room.merges(0, &a, &b), |room| room.merges(1, &a, &b), &["a\nb"]);
    check(&["a", "b"], |room| room.merges(0, &a, &b), |room| room.merges(1, &b, &a), &["\nb", "a"]);
}

#[test]
fn a_merge_takes_what_is_left() {
    let (a, b, c) = (cell("a"), cell("b"), cell("c"));
    check(&["a", "b12"], |room| room.splits(0, &b, 2, &c), |room| room.merges(1, &a, &b), &["a\nb1", "2"]);
    check(&["a", "b12"], |room| room.erases(0, &b, 1, 2), |room| room.merges(1, &a, &b), &["a\nb2"]);
    let delete = |room: &mut Room| room.ask(0, Command::DeleteCell { cell: cell("a") });
    check(&["a", "b12"], delete, |room| room.merges(1, &a, &b), &["a\nb12"]);
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Type,
    Erase,
    Split,
    Merge,
    Delete,
    Restore,
    Move,
    Push,
    Pull,
}

fn acts() -> impl Strategy<Value = Vec<(usize, Act, usize, u32)>> {
    let act = prop_oneof![
        4 => Just(Act::Type),
        1 => Just(Act::Erase),
        3 => Just(Act::Split),
        3 => Just(Act::Merge),
        1 => Just(Act::Delete),
        1 => Just(Act::Restore),
        1 => Just(Act::Move),
        2 => Just(Act::Push),
        3 => Just(Act::Pull),
    ];
    prop::collection::vec((0_usize..3, act, any::<usize>(), any::<u32>()), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_see_the_same_and_every_character_is_there_once(acts in acts()) {
        let mut room = Room::new(3, &["a\u{1F600}bc", "def", "ghi"]);
        let mut typed: Vec<char> = "a\u{1F600}bcdefghi".chars().collect();
        let mut erased = BTreeSet::new();
        for (number, (who, act, which, at)) in acts.into_iter().enumerate() {
            let page = &room.authors[who].page;
            let live: Vec<CellId> = page.cells().map(|cell| cell.id.clone()).collect();
            let gone: Vec<CellId> = page.all_cells().filter(|cell| cell.deleted).map(|cell| cell.id.clone()).collect();
            match act {
                Act::Push => room.push(who),
                Act::Pull => room.pull(who, at as usize % 4 + 1),
                Act::Restore if !gone.is_empty() => {
                    room.ask(who, Command::RestoreCell { cell: gone[which % gone.len()].clone() });
                }
                _ if live.is_empty() => {}
                act => {
                    let (cell, other) = (live[which % live.len()].clone(), live[at as usize % live.len()].clone());
                    let text = room.authors[who].text(&cell);
                    let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                    let offset = |at: usize| u32::try_from(text[..boundaries[at]].encode_utf16().count()).unwrap();
                    let place = at as usize % boundaries.len();
                    match act {
                        Act::Type => {
                            let letter = char::from_u32(0x4e00 + u32::try_from(number).unwrap()).unwrap();
                            typed.push(letter);
                            room.types(who, &cell, offset(place), &letter.to_string());
                        }
                        Act::Erase if place + 1 < boundaries.len() => {
                            erased.extend(text[boundaries[place]..boundaries[place + 1]].chars());
                            room.erases(who, &cell, offset(place), offset(place + 1));
                        }
                        Act::Split => {
                            let new = CellId::parse(&format!("n{number}")).unwrap();
                            room.splits(who, &cell, offset(place), &new);
                        }
                        Act::Merge => room.merges(who, &cell, &other),
                        Act::Delete => room.ask(who, Command::DeleteCell { cell }),
                        Act::Move => room.ask(who, Command::MoveCell { cell, place: Place::After(other) }),
                        _ => {}
                    }
                }
            }
        }
        room.settle();
        room.settle();
        let mut found: BTreeMap<char, usize> = BTreeMap::new();
        for character in room.texts().iter().flat_map(|text| text.chars()) {
            *found.entry(character).or_default() += 1;
        }
        for character in typed {
            let times = found.get(&character).copied().unwrap_or(0);
            prop_assert!(times == 1 || times == 0 && erased.contains(&character), "{character:?} is there {times} times");
        }
        let mut replayed = Notebook::new();
        for envelope in &room.order {
            replayed.apply(envelope);
        }
        prop_assert_eq!(&replayed, room.authors[0].replica.confirmed());
    }
}
