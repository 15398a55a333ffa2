//! Recovery of a damaged database: reads the pages themselves, without SQLite and without the tree
//! that leads to them. Every row carries a checksum, so what is found is what was written.

use std::collections::BTreeMap;

use notebook::Envelope;

use protocol::snapshot::Snapshot;

use crate::checksum::checksum;
use crate::log::to_envelope;
use crate::sharing::{Base, base_checksum};
use crate::wal::Wal;

mod page;

use page::{Image, Value};

/// What could be read of a damaged database.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Salvaged {
    /// The state that the log builds on, if it builds on one and that is whole.
    pub base: Option<Snapshot>,
    /// The events that build on it, in the order of the log, and then those that were pending. Give all this to
    /// [`crate::Store::restore`] of a fresh store.
    pub envelopes: Vec<Envelope>,
    /// The blobs and the hashes that name them.
    pub blobs: Vec<(String, Vec<u8>)>,
    /// How many events are missing before the last one found; what came after it is not known.
    /// `None`: nothing was found, so it may not even be a notebook's database.
    pub lost: Option<u64>,
}

/// Reads what can be read of a database file and the write-ahead log that belongs to it (which may
/// be empty). Never fails: at worst it finds nothing.
pub fn salvage(database: &[u8], wal: &[u8]) -> Salvaged {
    let wal = Wal::read(wal);
    let stated = database.get(16..18).map(|size| usize::from(u16::from_be_bytes([size[0], size[1]])));
    let stated = stated.map(|size| if size == 1 { 65536 } else { size });
    let stated = stated.filter(|size| size.is_power_of_two() && *size >= 512);
    let guesses = [16384, 4096, 1024, 512, 2048, 8192, 32768, 65536];
    // The header may be what is damaged: then the size is the one at which rows appear.
    stated
        .into_iter()
        .chain(wal.as_ref().map(|wal| wal.page_size))
        .chain(guesses)
        .map(|page_size| scan(&Image::new(database, wal.as_ref(), page_size)))
        .find(|found| found.lost.is_some())
        .unwrap_or_default()
}

fn scan(image: &Image<'_>) -> Salvaged {
    let mut events = BTreeMap::new();
    let mut blobs = BTreeMap::new();
    let mut pending = BTreeMap::new();
    let mut base = BTreeMap::new();
    for (rowid, values) in image.rows() {
        match values.as_slice() {
            // A row of the log has one column more than a pending one.
            [
                Value::Null,
                Value::Integer(replica),
                Value::Integer(counter),
                Value::Integer(at),
                Value::Text(_),
                rest @ ..,
                Value::Integer(sum),
                Value::Blob(actor),
                Value::Blob(event),
            ] => {
                let envelope = to_envelope([rowid, *replica, *counter, *at, *sum], actor, event);
                match (rest.len(), envelope) {
                    (3, Some(envelope)) => drop(events.insert(rowid.cast_unsigned(), envelope)),
                    (2, Some(envelope)) => drop(pending.insert(rowid, envelope)),
                    _ => {}
                }
            }
            [Value::Null, Value::Integer(sum), Value::Blob(bytes)] if base_checksum(rowid, bytes) == *sum => {
                base.insert(rowid, bytes.clone());
            }
            [Value::Text(hash), Value::Integer(sum), Value::Blob(bytes)] if checksum(&[hash, bytes]) == *sum => {
                if let Ok(hash) = std::str::from_utf8(hash) {
                    blobs.insert(hash.to_owned(), bytes.clone());
                }
            }
            _ => {}
        }
    }
    let base = Base::decode(&base.into_values().collect::<Vec<_>>().concat()).ok();
    // Where the log begins that is to be replayed.
    let begin = base.as_ref().map(|base| base.seq);
    events.retain(|seq, _| *seq > begin.unwrap_or(0));
    let end = events.last_key_value().map(|(seq, _)| *seq).or(begin);
    let lost = end.map(|end| end - begin.unwrap_or(0) - events.len() as u64);
    let base = base.map(|base| base.state);
    let envelopes = events.into_values().chain(pending.into_values()).collect();
    Salvaged { base, envelopes, blobs: blobs.into_iter().collect(), lost }
}

/// Reads a big-endian number.
pub(crate) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}
