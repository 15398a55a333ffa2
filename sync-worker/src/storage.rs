//! [`Storage`] on the Durable Object's database.
//!
//! An event costs one row. The marks of replicas are written only every so many events; when the
//! object wakes, it reads those and the events since.

use std::collections::BTreeMap;

use notebook::{EventId, ReplicaId};
use protocol::history::History;
use protocol::relay::storage::{Contents, Storage, StoredBlob, StoredSnapshot, UploadId};
use protocol::wire::{MAX_PARTS, RelayId, SealedEvent, SnapshotInfo};
use wasm_bindgen::prelude::JsValue;

use crate::sql::{Database, Outcome, Row, SqlError, bytes, number, wide};

/// Marks are written once for so many positions.
const FOLD_EVERY: u64 = 1_024;
/// Rows in one statement: it may have 100 values.
const ROWS_AT_ONCE: usize = 20;

/// One notebook's relay in SQL.
#[derive(Debug)]
pub(crate) struct SqlKeeper {
    database: Database,
}

impl SqlKeeper {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    fn meta(&self, key: &str) -> Outcome<Option<Vec<u8>>> {
        let row = self.database.row("select value from meta where key = ?", vec![key.into()])?;
        row.map(|mut row| row.bytes(0)).transpose()
    }

    fn set_meta(&self, key: &str, value: &[u8]) -> Outcome<()> {
        self.database.run("insert or replace into meta values (?, ?)", vec![key.into(), bytes(value)])
    }

    /// Writes the marks of the events up to here, and how many bytes they are.
    fn fold(&self, up_to: u64) -> Outcome<()> {
        let range = || vec![number(up_to)];
        self.database.run(
            "insert or replace into mark select replica, max(counter) from event
             where seq > (select folded from progress) and seq <= ? group by replica",
            range(),
        )?;
        self.database.run(
            "update progress set bytes = bytes + (select coalesce(sum(length(sealed)), 0) from event
             where seq > (select folded from progress) and seq <= ?)",
            range(),
        )?;
        self.database.run("update progress set folded = ?", range())
    }

    fn insert(&self, first: u64, events: &[(SealedEvent, History)]) -> Outcome<()> {
        let mut seq = first;
        for rows in events.chunks(ROWS_AT_ONCE) {
            let mut values: Vec<JsValue> = Vec::with_capacity(rows.len() * 5);
            for (SealedEvent { id, sealed }, history) in rows {
                let history = bytes(&history.to_bytes());
                values.extend([number(seq), wide(id.replica.0), wide(id.counter), bytes(sealed), history]);
                seq += 1;
            }
            let places = ["(?, ?, ?, ?, ?)"].repeat(rows.len()).join(", ");
            self.database.run(&format!("insert into event values {places}"), values)?;
        }
        Ok(())
    }

    fn marks(&self, statement: &str) -> Outcome<Vec<(ReplicaId, u64)>> {
        let read = |row: Outcome<Row>| row.and_then(|mut row| Ok((ReplicaId(row.wide(0)?), row.wide(1)?)));
        self.database.rows(statement, vec![])?.map(read).collect()
    }

    fn snapshots(&self) -> Outcome<Vec<StoredSnapshot>> {
        let read = |row: Outcome<Row>| {
            let mut row = row?;
            let (parts, history) = (small(row.number(2)?)?, history(row.bytes(4)?)?);
            let info = SnapshotInfo { seq: row.number(0)?, parts, bytes: row.number(3)?, history };
            Ok(StoredSnapshot { info, upload: UploadId(row.number(1)?), covers: row.number(5)? })
        };
        let statement = "select seq, upload, parts, bytes, history, covers from snapshot order by seq";
        self.database.rows(statement, vec![])?.map(read).collect()
    }
}

impl Storage for SqlKeeper {
    type Error = SqlError;

    fn load(&self) -> Outcome<Option<Contents>> {
        if !self.database.has_schema()? {
            return Ok(None);
        }
        self.database.migrate()?;
        let one = |statement| self.database.row(statement, vec![])?.ok_or(SqlError::Damaged("row"))?.number(0);
        let wide = |bytes: Vec<u8>| {
            bytes.try_into().map(u64::from_be_bytes).map_err(|_other: Vec<u8>| SqlError::Damaged("id"))
        };
        let reader = |bytes: Vec<u8>| bytes.try_into().map_err(|_other: Vec<u8>| SqlError::Damaged("reader"));
        let snapshots = self.snapshots()?;
        let mut marks: BTreeMap<_, _> = self.marks("select replica, counter from mark")?.into_iter().collect();
        marks.extend(self.marks(
            "select replica, max(counter) from event where seq > (select folded from progress) group by replica",
        )?);
        Ok(Some(Contents {
            relay: RelayId(wide(self.meta("relay")?.ok_or(SqlError::Damaged("id"))?)?),
            reader: self.meta("reader")?.map(reader).transpose()?,
            next: wide(self.meta("next")?.ok_or(SqlError::Damaged("number"))?)?,
            head: one("select coalesce(max(seq), 0) from event")?,
            marks,
            snapshots,
            log_bytes: one("select bytes from progress")?
                + one("select coalesce(sum(length(sealed)), 0) from event where seq > (select folded from progress)")?,
            blob_bytes: one("select coalesce(sum(bytes), 0) from blob")?,
        }))
    }

    fn transaction<T>(&mut self, work: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let mut within = Self { database: self.database.clone() };
        self.database.transaction(|| work(&mut within))
    }

    fn begin(&mut self, relay: RelayId) -> Outcome<()> {
        self.database.migrate()?;
        self.set_meta("relay", &relay.0.to_be_bytes())
    }

    fn begin_anew(&mut self, relay: RelayId) -> Outcome<()> {
        for statement in [
            "delete from event",
            "delete from mark",
            "delete from snapshot",
            "delete from holding",
            "update blob set used = 0",
            "update progress set folded = 0, bytes = 0",
        ] {
            self.database.run(statement, vec![])?;
        }
        self.set_meta("relay", &relay.0.to_be_bytes())
    }

    fn set_reader(&mut self, reader: [u8; 32]) -> Outcome<()> {
        self.set_meta("reader", &reader)
    }

    fn set_next(&mut self, next: u64) -> Outcome<()> {
        self.set_meta("next", &next.to_be_bytes())
    }

    fn append(&mut self, first: u64, events: &[(SealedEvent, History)]) -> Outcome<()> {
        let last = first + events.len() as u64 - 1;
        let is_fold_due = first / FOLD_EVERY != (last + 1) / FOLD_EVERY;
        if events.len() <= ROWS_AT_ONCE && !is_fold_due {
            // One statement is all or nothing by itself.
            return self.insert(first, events);
        }
        self.transaction(|within| {
            within.insert(first, events)?;
            if is_fold_due { within.fold(last) } else { Ok(()) }
        })
    }

    fn history_at(&self, seq: u64) -> Outcome<Option<History>> {
        let row = self.database.row("select history from event where seq = ?", vec![number(seq)])?;
        row.map(|mut row| history(row.bytes(0)?)).transpose()
    }

    fn events(&self, after: u64, count: usize, most: usize) -> Outcome<Vec<SealedEvent>> {
        let rows = self.database.rows(
            "select replica, counter, sealed from event where seq > ? order by seq limit ?",
            vec![number(after), number(count as u64)],
        )?;
        let (mut page, mut sum) = (vec![], 0);
        for row in rows {
            let mut row = row?;
            let id = EventId { replica: ReplicaId(row.wide(0)?), counter: row.wide(1)? };
            let sealed = row.bytes(2)?;
            sum += sealed.len();
            if sum > most && !page.is_empty() {
                break;
            }
            page.push(SealedEvent { id, sealed });
        }
        Ok(page)
    }

    fn bytes_after(&self, seq: u64) -> Outcome<u64> {
        let statement = "select coalesce(sum(length(sealed)), 0) from event where seq > ?";
        self.database.row(statement, vec![number(seq)])?.ok_or(SqlError::Damaged("row"))?.number(0)
    }

    fn drop_events(&mut self, up_to: u64) -> Outcome<u64> {
        let row = self.database.row(
            "select coalesce(sum(length(sealed)), 0), coalesce(max(seq), 0) from event where seq <= ?",
            vec![number(up_to)],
        )?;
        let row = row.ok_or(SqlError::Damaged("row"))?;
        let (dropped, last) = (row.number(0)?, row.number(1)?);
        if last == 0 {
            return Ok(0);
        }
        let folded = self.database.row("select folded from progress", vec![])?;
        if folded.ok_or(SqlError::Damaged("row"))?.number(0)? < last {
            self.fold(last)?;
        }
        self.database.run("delete from event where seq <= ?", vec![number(up_to)])?;
        self.database.run("update progress set bytes = bytes - ?", vec![number(dropped)])?;
        Ok(dropped)
    }

    fn set_marks(&mut self, marks: &[(ReplicaId, u64)]) -> Outcome<()> {
        for (replica, counter) in marks {
            let values = vec![wide(replica.0), wide(*counter)];
            self.database.run("insert or replace into mark values (?, ?)", values)?;
        }
        Ok(())
    }

    fn put_part(&mut self, upload: UploadId, part: u32, sealed: &[u8]) -> Outcome<()> {
        let values = vec![number(place(upload, part)), bytes(sealed)];
        self.database.run("insert or replace into part values (?, ?)", values)
    }

    fn part(&self, upload: UploadId, part: u32) -> Outcome<Option<Vec<u8>>> {
        let row = self.database.row("select sealed from part where id = ?", vec![number(place(upload, part))])?;
        row.map(|mut row| row.bytes(0)).transpose()
    }

    fn drop_parts(&mut self, upload: UploadId) -> Outcome<()> {
        let range = vec![number(place(upload, 0)), number(place(upload, MAX_PARTS - 1))];
        self.database.run("delete from part where id between ? and ?", range)
    }

    fn drop_abandoned(&mut self, unfinished: &[UploadId]) -> Outcome<()> {
        let kept: Vec<_> = unfinished.iter().map(|upload| upload.0.to_string()).collect();
        let statement = format!(
            "delete from part where id / {MAX_PARTS} not in
               (select upload from snapshot union select upload from blob)
             and id / {MAX_PARTS} not in ({})",
            kept.join(", ")
        );
        self.database.run(&statement, vec![])
    }

    fn put_snapshot(
        &mut self,
        StoredSnapshot { info, upload, covers }: StoredSnapshot,
        blobs: Option<&[String]>,
    ) -> Outcome<()> {
        let mut values = [info.seq, upload.0, info.parts.into(), info.bytes].map(number).to_vec();
        values.extend([bytes(&info.history.to_bytes()), number(covers), number(blobs.is_some().into())]);
        self.database.run("insert into snapshot values (?, ?, ?, ?, ?, ?, ?)", values)?;
        for names in blobs.unwrap_or_default().chunks(ROWS_AT_ONCE) {
            let places = ["(?, ?)"].repeat(names.len()).join(", ");
            let values = names.iter().flat_map(|name| [number(info.seq), name.into()]).collect();
            self.database.run(&format!("insert or ignore into holding values {places}"), values)?;
        }
        Ok(())
    }

    fn drop_snapshot(&mut self, seq: u64) -> Outcome<()> {
        self.database.run("delete from holding where seq = ?", vec![number(seq)])?;
        self.database.run("delete from snapshot where seq = ?", vec![number(seq)])
    }

    fn put_blob(&mut self, name: &str, blob: StoredBlob) -> Outcome<()> {
        let StoredBlob { upload, parts, bytes, used } = blob;
        let values = vec![name.into(), number(upload.0), number(parts.into()), number(bytes), number(used)];
        self.database.run("insert into blob values (?, ?, ?, ?, ?)", values)
    }

    fn use_blobs(&mut self, names: &[String], used: u64) -> Outcome<()> {
        for name in names {
            self.database.run("update blob set used = ? where name = ?", vec![number(used), name.into()])?;
        }
        Ok(())
    }

    fn drop_blobs(&mut self, up_to: u64) -> Outcome<u64> {
        if self.database.row("select 1 from snapshot where tells = 0", vec![])?.is_some() {
            return Ok(0);
        }
        let unused = "from blob where used <= ? and name not in (select name from holding)";
        let [select, delete] = ["select upload, bytes", "delete"].map(|what| format!("{what} {unused}"));
        let rows = self.database.rows(&select, vec![number(up_to)])?;
        let read = |row: Outcome<Row>| row.and_then(|row| Ok((UploadId(row.number(0)?), row.number(1)?)));
        let mut dropped = 0;
        for (upload, bytes) in rows.map(read).collect::<Outcome<Vec<_>>>()? {
            self.drop_parts(upload)?;
            dropped += bytes;
        }
        self.database.run(&delete, vec![number(up_to)])?;
        Ok(dropped)
    }

    fn blob(&self, name: &str) -> Outcome<Option<StoredBlob>> {
        let row = self.database.row("select upload, parts, bytes, used from blob where name = ?", vec![name.into()])?;
        let read = |row: Row| {
            let (upload, parts) = (UploadId(row.number(0)?), small(row.number(1)?)?);
            Ok(StoredBlob { upload, parts, bytes: row.number(2)?, used: row.number(3)? })
        };
        row.map(read).transpose()
    }
}

/// Where a part is kept.
fn place(upload: UploadId, part: u32) -> u64 {
    upload.0 * u64::from(MAX_PARTS) + u64::from(part)
}

fn history(bytes: Vec<u8>) -> Outcome<History> {
    let bytes = bytes.try_into().map_err(|_other: Vec<u8>| SqlError::Damaged("history"))?;
    Ok(History::from_bytes(bytes))
}

fn small(value: u64) -> Outcome<u32> {
    u32::try_from(value).map_err(|_other| SqlError::Damaged("small number"))
}
