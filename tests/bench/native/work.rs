//! Somebody at steady work in a notebook, as the events that the product makes of it: five keys a second, which the
//! page gathers into one edit a second, and a run every ten seconds. The native measurements share it.
//!
//! Text is typed at the end of a cell, one key in sixteen takes the last one back, and a cell that is full is left for
//! the next one; in a cell that has a text already, the first key replaces it. So the text that is there stays of one
//! size while its history grows.

use notebook::output::MimeBundle;
use notebook::source::{Splice, merge_updates};
use notebook::{
    Actor, CellId, CellKind, Content, EndReason, Envelope, Event, EventId, ExecutionId, Json, OrderKey, Outcome,
    Output, PersonId, ReplicaId, SessionId, Source, StreamName,
};

pub(crate) const KEYS_PER_SECOND: u64 = 5;
const SECONDS_PER_RUN: u64 = 10;
const SECONDS_PER_HOUR: u64 = 3_600;
const KEYS_PER_MISTAKE: u64 = 16;
/// So many characters fill a cell.
const CELL_LENGTH: u32 = 400;
/// What is typed, over and over.
const CODE: &str =
    "for year, tide in enumerate(sorted(measured.values())):\n    print(year, round(tide * 0.3048, 2))\n";

/// The person, their browser and its kernel.
pub(crate) struct Work {
    drawn: u64,
    seconds: u64,
    keys: u64,
    hours: u64,
    counter: u64,
    at: usize,
    fresh: bool,
    session: SessionId,
    cells: Vec<Cell>,
}

struct Cell {
    id: CellId,
    /// The page's replica of its text.
    page: Source,
}

impl Work {
    /// Begins with so many empty cells. Returns the events of that, too.
    pub(crate) fn begin(cells: usize) -> (Self, Vec<Envelope>) {
        let session = SessionId::from_entropy([0; 16]);
        let mut work =
            Self { drawn: 0, seconds: 0, keys: 0, hours: 1, counter: 0, at: 0, fresh: true, session, cells: vec![] };
        let mut order = None;
        let mut events = vec![];
        for _ in 0..cells {
            let cell = CellId::from_entropy(work.entropy());
            let key = OrderKey::between(order.as_ref(), None);
            order = Some(key.clone());
            work.cells.push(Cell { id: cell.clone(), page: Source::empty(work.client()) });
            let event = Event::CellInserted {
                cell,
                kind: CellKind::Code,
                order: key,
                source: String::new(),
                metadata: Json::new(),
            };
            events.push(work.by_person(event));
        }
        events.push(work.start_session());
        (work, events)
    }

    /// Writes a text into every cell and runs it, so that the notebook is as large as it will be.
    pub(crate) fn fill(&mut self) -> Vec<Envelope> {
        let mut events = vec![];
        for _ in 0..self.cells.len() {
            let text: String = CODE.chars().cycle().take(CELL_LENGTH as usize).collect();
            let update = self.edit(&[Splice { from: 0, to: 0, insert: text }]);
            events.push(self.edited(update));
            events.extend(self.run().into_iter().flatten());
            self.next_cell();
        }
        events
    }

    /// Has another second pass. Returns what it brings, commit by commit.
    pub(crate) fn second(&mut self) -> Vec<Vec<Envelope>> {
        let mut commits = vec![];
        if self.seconds > 0 && self.seconds.is_multiple_of(SECONDS_PER_HOUR) {
            // Another hour: the page, its replica and the kernel are new.
            self.hours += 1;
            self.counter = 0;
            let client = self.client();
            for cell in &mut self.cells {
                let mut page = Source::empty(client);
                page.take_in(&cell.page.state()).expect("it reads its own state");
                cell.page = page;
            }
            let session = self.session.clone();
            let ended = self.by_person(Event::KernelSessionEnded { session, reason: EndReason::TabClosed });
            commits.push(vec![ended, self.start_session()]);
        }
        self.seconds += 1;
        let updates: Vec<Vec<u8>> = (0..KEYS_PER_SECOND).map(|_| self.press_key()).collect();
        let update = merge_updates(&updates).expect("they are its own");
        commits.push(vec![self.edited(update)]);
        if self.cells[self.at].page.len_utf16() >= CELL_LENGTH {
            self.next_cell();
        }
        if self.seconds.is_multiple_of(SECONDS_PER_RUN) {
            commits.extend(self.run());
        }
        commits
    }

    fn press_key(&mut self) -> Vec<u8> {
        let length = self.cells[self.at].page.len_utf16();
        let letter = CODE.as_bytes()[usize::try_from(self.keys).expect("few") % CODE.len()];
        self.keys += 1;
        let insert = char::from(letter).to_string();
        let splice = if std::mem::take(&mut self.fresh) {
            Splice { from: 0, to: length, insert }
        } else if self.keys.is_multiple_of(KEYS_PER_MISTAKE) && length > 0 {
            Splice { from: length - 1, to: length, insert: String::new() }
        } else {
            Splice { from: length, to: length, insert }
        };
        self.edit(&[splice])
    }

    fn edit(&mut self, splices: &[Splice]) -> Vec<u8> {
        self.cells[self.at].page.edit(splices).expect("it lies within the text")
    }

    fn edited(&mut self, update: Vec<u8>) -> Envelope {
        let cell = self.cells[self.at].id.clone();
        self.by_person(Event::SourceEdited { cell, update })
    }

    fn next_cell(&mut self) {
        self.at = (self.at + 1) % self.cells.len();
        self.fresh = true;
    }

    /// Runs the cell: asked for, claimed and started, and what it put out with its end.
    fn run(&mut self) -> [Vec<Envelope>; 3] {
        let execution = ExecutionId::from_entropy(self.entropy());
        let cell = self.cells[self.at].id.clone();
        let source = self.cells[self.at].page.text().into();
        let printed = Content::Inline(format!("{:<60}\n", self.drawn));
        let data = MimeBundle::from([("text/plain".to_owned(), Content::Inline(self.drawn.into()))]);
        let output = Output::ExecuteResult { data, metadata: Json::new(), display_id: None };
        let asked = Event::ExecutionRequested { execution: execution.clone(), cell, source, batch: None };
        let assigned = Event::ExecutionAssigned { execution: execution.clone(), session: self.session.clone() };
        let started = Event::ExecutionStarted { execution: execution.clone() };
        let stream =
            Event::StreamAppended { execution: execution.clone(), index: 0, name: StreamName::Stdout, text: printed };
        let result = Event::OutputAdded { execution: execution.clone(), index: 1, output };
        let completed = Event::ExecutionCompleted { execution, outcome: Outcome::Ok };
        [
            vec![self.by_person(asked)],
            vec![self.by_kernel(assigned), self.by_kernel(started)],
            vec![self.by_kernel(stream), self.by_kernel(result), self.by_kernel(completed)],
        ]
    }

    fn start_session(&mut self) -> Envelope {
        self.session = SessionId::from_entropy(self.entropy());
        self.by_person(Event::KernelSessionStarted { session: self.session.clone() })
    }

    pub(crate) fn by_person(&mut self, event: Event) -> Envelope {
        self.envelope(Actor::Person(PersonId::from_entropy([7; 16])), event)
    }

    fn by_kernel(&mut self, event: Event) -> Envelope {
        self.envelope(Actor::Kernel(self.session.clone()), event)
    }

    fn envelope(&mut self, actor: Actor, event: Event) -> Envelope {
        self.counter += 1;
        let id = EventId { replica: ReplicaId(spread(self.hours)), counter: self.counter };
        let at = 1_700_000_000_000 + i64::try_from(self.seconds).expect("few") * 1_000;
        Envelope { id, actor, at, event }
    }

    /// The number of the page's replica of a text, of 32 bits.
    fn client(&self) -> u64 {
        spread(self.hours) >> 32 | 1 << 31
    }

    fn entropy(&mut self) -> [u8; 16] {
        self.drawn += 1;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&spread(self.drawn).to_le_bytes());
        bytes[8..].copy_from_slice(&spread(!self.drawn).to_le_bytes());
        bytes
    }
}

/// Spreads a number over 64 bits, as random ones are. The highest bit stays free: SQL counts with a sign.
fn spread(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) >> 1
}
