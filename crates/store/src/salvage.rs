//! Recovery of a damaged database: reads the pages themselves, without SQLite and without the tree
//! that leads to them. Every row carries a checksum, so what is found is what was written.

use std::collections::BTreeMap;

use notebook::Envelope;

use crate::checksum::checksum;
use crate::log::to_envelope;
use crate::wal::Wal;

mod page;

use page::{Image, Value};

/// What could be read of a damaged database.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Salvaged {
    /// The events, in the order of the log. Apply them to a fresh store.
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
    for (rowid, values) in image.rows() {
        match values.as_slice() {
            [
                Value::Null,
                Value::Integer(replica),
                Value::Integer(counter),
                Value::Integer(at),
                Value::Text(_),
                _ignored,
                _tab,
                _request,
                Value::Integer(sum),
                Value::Blob(actor),
                Value::Blob(event),
            ] => {
                if let Some(envelope) = to_envelope([rowid, *replica, *counter, *at, *sum], actor, event) {
                    events.insert(rowid.cast_unsigned(), envelope);
                }
            }
            [Value::Text(hash), Value::Integer(sum), Value::Blob(bytes)] if checksum(&[hash, bytes]) == *sum => {
                if let Ok(hash) = std::str::from_utf8(hash) {
                    blobs.insert(hash.to_owned(), bytes.clone());
                }
            }
            _ => {}
        }
    }
    let lost = events.last_key_value().map(|(last, _)| last - events.len() as u64);
    Salvaged { envelopes: events.into_values().collect(), blobs: blobs.into_iter().collect(), lost }
}

/// Reads a big-endian number.
pub(crate) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}
