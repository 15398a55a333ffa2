//! The event log: its rows, how far each replica and each tab has come, and pages of it to look at.

use std::collections::BTreeMap;

use notebook::{Actor, Envelope, EventId, ReplicaId, gather};
use protocol::codec;
use protocol::port::LogEntry;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};
use serde::de::DeserializeOwned;

use crate::StoreError;
use crate::checksum::checksum;

/// Requests of tabs that came earlier than so many events ago are forgotten.
const REMEMBERED: u64 = 10_000;

/// The marks are written down once in so many events, so that opening reads at most these.
const MARKED_EVERY: u64 = 1_000;

/// The columns of a log row that hold its envelope, in the order of [`read_envelope`].
pub(crate) const COLUMNS: &str = "seq, replica, counter, at, checksum, actor, event, ignored";

/// An event on its way into the log.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) envelope: Envelope,
    pub(crate) ignored: Option<String>,
    /// The tab and its request that the event answers.
    pub(crate) command: Option<(String, u64)>,
}

/// Returns the checksum of a log row. What only diagnostics read is left out.
pub(crate) fn row_checksum(seq: i64, replica: i64, counter: i64, at: i64, actor: &[u8], event: &[u8]) -> i64 {
    let [seq, replica, counter, at] = [seq, replica, counter, at].map(i64::to_le_bytes);
    checksum(&[&seq, &replica, &counter, &at, actor, event])
}

/// Puts an envelope together from the values of a row. `None`: they are not what was written.
pub(crate) fn to_envelope(numbers: [i64; 5], actor: &[u8], event: &[u8]) -> Option<Envelope> {
    let [seq, replica, counter, at, sum] = numbers;
    if row_checksum(seq, replica, counter, at, actor, event) != sum {
        return None;
    }
    let actor: Actor = codec::decode(actor).ok()?;
    let id = EventId { replica: ReplicaId(replica.cast_unsigned()), counter: counter.cast_unsigned() };
    Some(Envelope { id, actor, at, event: codec::decode_event(event) })
}

/// Reads the envelope of a row that begins as [`COLUMNS`] do. `None`: it is not what was written.
pub(crate) fn read_envelope(row: &Row<'_>) -> Result<Option<Envelope>, rusqlite::Error> {
    let numbers = [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
    Ok(to_envelope(numbers, row.get_ref(5)?.as_blob()?, row.get_ref(6)?.as_blob()?))
}

fn read_entry(row: &Row<'_>) -> Result<LogEntry, StoreError> {
    let seq = row.get::<_, i64>(0)?.cast_unsigned();
    let envelope = read_envelope(row)?
        .ok_or_else(|| StoreError::damaged(format!("event {seq} of the log is not what was written")))?;
    let event = row.get_ref(6)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(LogEntry { seq, envelope, ignored: row.get(7)?, size: event.len() as u64 })
}

/// Writes an entry as the row `seq` of the log.
pub(crate) fn insert(connection: &Connection, seq: u64, entry: &Entry) -> Result<(), rusqlite::Error> {
    let sql = "insert into log (seq, replica, counter, at, kind, tab, request, checksum, actor, event, ignored)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    insert_as(connection, sql, seq.cast_signed(), entry, &[&entry.ignored])
}

/// Writes an entry as a row of the log or of what is pending. The statement takes its place, its replica, counter,
/// time, kind, tab, request, checksum, actor and event, and then what is further.
pub(crate) fn insert_as(
    connection: &Connection,
    sql: &str,
    place: i64,
    entry: &Entry,
    further: &[&dyn ToSql],
) -> Result<(), rusqlite::Error> {
    let Envelope { id, actor, at, event } = &entry.envelope;
    let (replica, counter) = (id.replica.0.cast_signed(), id.counter.cast_signed());
    let (tab, request) = entry.command.as_ref().map(|(tab, request)| (tab, request.cast_signed())).unzip();
    let kind = event.kind();
    let (actor, event) = (codec::encode(actor), codec::encode_event(event));
    let sum = row_checksum(place, replica, counter, *at, &actor, &event);
    let columns: [&dyn ToSql; 10] = [&place, &replica, &counter, at, &kind, &tab, &request, &sum, &actor, &event];
    connection.prepare_cached(sql)?.execute([&columns, further].concat().as_slice())?;
    Ok(())
}

/// Reads at most `limit` rows below `before`, newest first.
pub(crate) fn page(connection: &Connection, before: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
    let sql = format!("select {COLUMNS} from log where seq < ? order by seq desc limit ?");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![before.min(i64::MAX.cast_unsigned()).cast_signed(), limit])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read_entry(row)?);
    }
    Ok(entries)
}

/// Reads the log after `after`, oldest first.
pub(crate) fn for_each(connection: &Connection, after: u64, mut each: impl FnMut(LogEntry)) -> Result<(), StoreError> {
    let mut statement = connection.prepare(&format!("select {COLUMNS} from log where seq > ? order by seq"))?;
    let mut rows = statement.query([after.cast_signed()])?;
    while let Some(row) = rows.next()? {
        each(read_entry(row)?);
    }
    Ok(())
}

/// How far the log has come.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The last seq.
    pub(crate) head: u64,
    /// As of this seq the marks are written down.
    pub(crate) marked: u64,
    /// The last committed request of each tab, and where it is in the log.
    pub(crate) requests: BTreeMap<String, (u64, u64)>,
    /// The last counter of each replica, what is unsaved included.
    pub(crate) marks: BTreeMap<ReplicaId, u64>,
}

/// As it is written down: the seq, the replicas' marks, the tabs' requests with their seq.
type Written = (u64, Vec<(u64, u64)>, Vec<(String, u64, u64)>);

impl Progress {
    /// Reads it from what was written down and the few rows after that.
    pub(crate) fn read(connection: &Connection) -> Result<Self, StoreError> {
        let head: Option<i64> = connection.query_row("select max(seq) from log", [], |row| row.get(0))?;
        let head = head.unwrap_or(0).cast_unsigned();
        // Once, a log was emptied when a base was taken in, and counted on from it.
        let base: u64 = meta(connection, "base")?.unwrap_or(0);
        let head = head.max(base);
        let written: Option<Written> = meta(connection, "marks")?;
        let (marked, marks, requests) = written.unwrap_or_default();
        if marked > head {
            return Err(StoreError::damaged(format!("the log ends at {head}, before {marked}")));
        }
        let marks = gather(marks.into_iter().map(|(replica, counter)| (ReplicaId(replica), counter)));
        let mut progress = Self { head, marked, requests: BTreeMap::new(), marks };
        for (tab, request, seq) in requests {
            progress.requests.insert(tab, (request, seq));
        }
        let mut statement = connection.prepare("select seq, replica, counter, tab, request from log where seq > ?")?;
        let mut rows = statement.query([marked.cast_signed()])?;
        while let Some(row) = rows.next()? {
            let (seq, replica, counter): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            progress.mark(EventId { replica: ReplicaId(replica.cast_unsigned()), counter: counter.cast_unsigned() });
            if let (Some(tab), Some(request)) = (row.get::<_, Option<String>>(3)?, row.get::<_, Option<i64>>(4)?) {
                progress.note(tab, request.cast_unsigned(), seq.cast_unsigned());
            }
        }
        Ok(progress)
    }

    /// Takes note of an event.
    pub(crate) fn mark(&mut self, id: EventId) {
        let mark = self.marks.entry(id.replica).or_default();
        *mark = id.counter.max(*mark);
    }

    /// Takes note of a tab's request that is in the log.
    pub(crate) fn note(&mut self, tab: String, request: u64, seq: u64) {
        let known = self.requests.entry(tab).or_default();
        *known = (request.max(known.0), seq);
    }

    /// Says whether it is time to write the marks down, when the log will end at `head`.
    pub(crate) fn is_due(&self, head: u64) -> bool {
        head - self.marked >= MARKED_EVERY
    }

    /// Writes the marks as of `head`, which the entries lead to.
    pub(crate) fn write(&self, connection: &Connection, head: u64, entries: &[Entry]) -> Result<(), rusqlite::Error> {
        let mut coming = Self { requests: self.requests.clone(), ..Self::default() };
        coming.note_all(self.head, entries);
        let requests = coming.requests.into_iter().filter(|(_, (_, seq))| seq.saturating_add(REMEMBERED) > head);
        let requests = requests.map(|(tab, (request, seq))| (tab, request, seq)).collect();
        let marks = self.marks.iter().map(|(replica, counter)| (replica.0, *counter)).collect();
        let written: Written = (head, marks, requests);
        put_meta(connection, "marks", &codec::encode(&written))
    }

    /// Takes note of the requests of entries that come after `head`.
    pub(crate) fn note_all(&mut self, head: u64, entries: &[Entry]) {
        for (entry, seq) in entries.iter().zip(head + 1..) {
            if let Some((tab, request)) = &entry.command {
                self.note(tab.clone(), *request, seq);
            }
        }
    }
}

/// Reads a row of `meta`.
pub(crate) fn meta<T: DeserializeOwned>(connection: &Connection, key: &str) -> Result<Option<T>, StoreError> {
    let found = connection
        .prepare_cached("select value, checksum from meta where key = ?")?
        .query_row([key], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    let decode = |(value, sum): (Vec<u8>, i64)| {
        let sound = checksum(&[key.as_bytes(), &value]) == sum;
        let decoded = codec::decode(&value).ok().filter(|_| sound);
        decoded.ok_or_else(|| StoreError::damaged(format!("the {key} of the log is not what was written")))
    };
    found.map(decode).transpose()
}

/// Writes a row of `meta`.
pub(crate) fn put_meta(connection: &Connection, key: &str, value: &[u8]) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached(
            "insert into meta (key, checksum, value) values (?, ?, ?)
             on conflict (key) do update set checksum = excluded.checksum, value = excluded.value",
        )?
        .execute(params![key, checksum(&[key.as_bytes(), value]), value])?;
    Ok(())
}
