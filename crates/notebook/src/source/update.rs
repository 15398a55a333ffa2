//! What an update of a text may hold, checked before yrs reads it.
//!
//! An update comes from anybody who may write. yrs reserves memory for as many blocks as an update claims to have,
//! panics over a client without any, and takes content of any type; a cell's text needs strings and deletions, and
//! as many as there are bytes for.
//! The format is version 1 of Yjs' update encoding.

use std::collections::BTreeMap;

use super::character::{Character, Run};

/// The longest text that a replica's insertions may add up to, in UTF-16 code units.
const MAX_CLOCK: u64 = 1 << 30;

/// The update that does nothing.
const NOTHING: [u8; 2] = [0, 0];

const GC: u8 = 0;
const DELETED: u8 = 1;
const STRING: u8 = 4;
const SKIP: u8 = 10;

/// Says whether bytes are an update that a text can take.
pub(super) fn is_sound(update: &[u8]) -> bool {
    Contents::read(update).is_some()
}

/// Says whether a sound update stands on nothing but what it brings and what a text has; `has` returns how far the
/// text has the insertions of a client.
pub(super) fn stands_on(update: &[u8], has: impl Fn(u64) -> u64) -> bool {
    Contents::read(update).is_some_and(|contents| contents.stands_on(has))
}

/// Returns an update that erases these characters and inserts nothing.
pub(super) fn erasing(runs: &[Run]) -> Vec<u8> {
    erasing_instead(&NOTHING, &erased(runs))
}

/// Encodes what an update erases.
fn erased(runs: &[Run]) -> Vec<u8> {
    let mut clients: BTreeMap<u32, Vec<&Run>> = BTreeMap::new();
    for run in runs {
        clients.entry(run.first.client).or_default().push(run);
    }
    let mut update = Vec::new();
    put(&mut update, clients.len());
    for (client, runs) in clients {
        put(&mut update, client as usize);
        put(&mut update, runs.len());
        for run in runs {
            put(&mut update, run.first.clock as usize);
            put(&mut update, run.len as usize);
        }
    }
    update
}

fn put(update: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits")]
        update.push(number as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "seven bits")]
    update.push(number as u8);
}

/// Returns an update that inserts what a sound one does and erases all of that again.
pub(super) fn erasing_what_it_inserts(update: &[u8]) -> Vec<u8> {
    let brings = Contents::read(update).unwrap_or_default().brings;
    let run = |(client, from, to): (u64, u64, u64)| {
        let first = Character { client: u32::try_from(client).ok()?, clock: u32::try_from(from).ok()? };
        Some(Run { first, len: u32::try_from(to - from).ok()? })
    };
    erasing_instead(update, &erased(&brings.into_iter().filter_map(run).collect::<Vec<_>>()))
}

/// Returns a sound update that inserts the same and erases something else, which is encoded.
pub(super) fn erasing_instead(update: &[u8], erased: &[u8]) -> Vec<u8> {
    let mut reader = Reader { rest: update, contents: &mut Contents::default() };
    reader.all_blocks();
    let inserting = update.len() - reader.rest.len();
    [&update[..inserting], erased].concat()
}

/// What an update brings and needs.
#[derive(Default)]
struct Contents {
    /// A client, and from where up to where its insertions are brought.
    brings: Vec<(u64, u64, u64)>,
    /// A client, and up to where its insertions are spoken of.
    needs: Vec<(u64, u64)>,
}

impl Contents {
    fn read(update: &[u8]) -> Option<Self> {
        let mut contents = Self::default();
        Reader { rest: update, contents: &mut contents }.update()?;
        Some(contents)
    }

    fn stands_on(&self, has: impl Fn(u64) -> u64) -> bool {
        let mut known = BTreeMap::new();
        let follows = self.brings.iter().all(|&(client, from, to)| {
            let clock = known.entry(client).or_insert_with(|| has(client));
            let follows = from <= *clock;
            *clock = to.max(*clock);
            follows
        });
        follows
            && self.needs.iter().all(|&(client, up_to)| up_to <= *known.entry(client).or_insert_with(|| has(client)))
    }
}

fn within(clock: u64) -> Option<u64> {
    (clock <= MAX_CLOCK).then_some(clock)
}

struct Reader<'a> {
    rest: &'a [u8],
    contents: &'a mut Contents,
}

impl Reader<'_> {
    fn update(&mut self) -> Option<()> {
        self.all_blocks()?;
        for _ in 0..self.number()? {
            let client = self.client()?;
            for _ in 0..self.number()? {
                let start = self.number()?;
                let end = within(start.checked_add(self.number()?)?)?;
                self.contents.needs.push((client, end));
            }
        }
        self.rest.is_empty().then_some(())
    }

    fn all_blocks(&mut self) -> Option<()> {
        for _ in 0..self.number()? {
            self.blocks()?;
        }
        Some(())
    }

    /// Reads the blocks of one client.
    fn blocks(&mut self) -> Option<()> {
        let count = self.number().filter(|count| *count > 0)?;
        let client = self.client()?;
        let mut clock = self.number()?;
        for _ in 0..count {
            let (info, from) = (self.byte()?, clock);
            let length = match info & 0x1f {
                GC | SKIP => self.number()?,
                kind => {
                    self.place(info)?;
                    match kind {
                        DELETED => self.number()?,
                        STRING => self.text()?,
                        _ => return None,
                    }
                }
            };
            clock = within(clock.checked_add(length).filter(|end| *end > clock)?)?;
            if info & 0x1f != SKIP {
                self.contents.brings.push((client, from, clock));
            }
        }
        Some(())
    }

    /// Reads where an item stands: its neighbours, or else what it belongs to.
    fn place(&mut self, info: u8) -> Option<()> {
        for neighbour in [0x80, 0x40] {
            if info & neighbour != 0 {
                self.id()?;
            }
        }
        if info & 0xc0 == 0 {
            // It belongs to the text. A parent that is named by its id may be there or not by how updates are joined.
            if self.number()? != 1 {
                return None;
            }
            self.text()?;
            // A text has no keys.
            if info & 0x20 != 0 {
                return None;
            }
        }
        Some(())
    }

    fn id(&mut self) -> Option<()> {
        let client = self.client()?;
        let clock = within(self.number()?)?;
        self.contents.needs.push((client, clock + 1));
        Some(())
    }

    fn client(&mut self) -> Option<u64> {
        u32::try_from(self.number()?).ok().map(u64::from)
    }

    /// Reads a text and returns its length in UTF-16 code units.
    fn text(&mut self) -> Option<u64> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(std::str::from_utf8(text).ok()?.encode_utf16().count() as u64)
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    /// Reads a number: seven bits to a byte, the lowest first.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}
