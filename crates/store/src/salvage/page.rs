//! SQLite's pages: the leaves of tables, their cells, and the records in them. Nothing is trusted.

use std::collections::BTreeMap;

use notebook::gather;

use super::number;
use crate::wal::Wal;

/// Marks a leaf of a table.
const LEAF: u8 = 0x0d;

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
    /// A number that is not an integer; no table of ours has one.
    Real,
}

/// The pages of a database, those of its write-ahead log on top.
pub(super) struct Image<'a> {
    page_size: usize,
    size: usize,
    /// Every version of every page, oldest first.
    versions: Vec<(u32, &'a [u8])>,
    newest: BTreeMap<u32, &'a [u8]>,
}

impl<'a> Image<'a> {
    pub(super) fn new(database: &'a [u8], wal: Option<&Wal<'a>>, page_size: usize) -> Self {
        let mut versions: Vec<_> = (1_u32..).zip(database.chunks(page_size)).collect();
        if let Some(wal) = wal.filter(|wal| wal.page_size == page_size) {
            versions.extend(wal.pages());
        }
        let newest = gather(versions.iter().copied());
        let size = versions.iter().map(|(_, page)| page.len()).sum();
        Self { page_size, size, versions, newest }
    }

    /// Returns every row that can be read from any leaf of any table, with its rowid.
    pub(super) fn rows(&self) -> impl Iterator<Item = (i64, Vec<Value>)> {
        self.versions.iter().flat_map(move |(page_number, page)| {
            let header = if *page_number == 1 { 100 } else { 0 };
            let cells =
                if page.get(header) == Some(&LEAF) { usize::from(short(page, header + 3).unwrap_or(0)) } else { 0 };
            (0..cells).filter_map(move |cell| {
                let at = short(page, header + 8 + 2 * cell)?;
                self.row(page, usize::from(at))
            })
        })
    }

    fn row(&self, page: &[u8], mut at: usize) -> Option<(i64, Vec<Value>)> {
        let size = usize::try_from(varint(page, &mut at)?).ok()?;
        let rowid = varint(page, &mut at)?;
        record(&self.payload(page, at, size)?).map(|values| (rowid.cast_signed(), values))
    }

    /// Puts a cell's payload together: its local part, and the overflow pages that follow.
    fn payload(&self, page: &[u8], at: usize, size: usize) -> Option<Vec<u8>> {
        if size > self.size {
            return None;
        }
        let most = self.page_size - 35;
        let local = if size <= most {
            size
        } else {
            let least = (self.page_size - 12) * 32 / 255 - 23;
            let fitting = least + (size - least) % (self.page_size - 4);
            if fitting <= most { fitting } else { least }
        };
        let mut payload = page.get(at..at + local)?.to_vec();
        let mut next = if local < size { number(page, at + local)? } else { 0 };
        while payload.len() < size {
            let overflow = self.newest.get(&next)?;
            let length = (size - payload.len()).min(self.page_size - 4);
            payload.extend_from_slice(overflow.get(4..4 + length)?);
            next = number(overflow, 0)?;
        }
        Some(payload)
    }
}

/// Reads a record: the types of its values, then the values.
fn record(payload: &[u8]) -> Option<Vec<Value>> {
    let mut at = 0;
    let header = usize::try_from(varint(payload, &mut at)?).ok()?;
    let mut body = header;
    let mut values = Vec::new();
    while at < header {
        let kind = varint(payload, &mut at)?;
        let length = match kind {
            0 | 8 | 9 => 0,
            1..=4 => usize::try_from(kind).ok()?,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => usize::try_from((kind - 12) / 2).ok()?,
        };
        let bytes = payload.get(body..body.checked_add(length)?)?;
        body += length;
        values.push(match kind {
            0 => Value::Null,
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            1..=6 => Value::Integer(integer(bytes)),
            7 => Value::Real,
            _ if kind % 2 == 0 => Value::Blob(bytes.to_vec()),
            _ => Value::Text(bytes.to_vec()),
        });
    }
    Some(values)
}

/// Reads a signed big-endian integer of 1 to 8 bytes.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|first| first & 0x80 != 0) { -1 } else { 0 };
    bytes.iter().fold(sign, |value, byte| (value << 8) | i64::from(*byte))
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

/// Reads SQLite's variable-length integer and moves past it.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for index in 0..9 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if index == 8 {
            return Some((value << 8) | u64::from(byte));
        }
        value = (value << 7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(value)
}
