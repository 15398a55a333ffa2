//! The store: a notebook in memory, its database, and what lies between the two.

use notebook::{Applied, Envelope, EventId, Notebook, Replica, ReplicaId};
use protocol::codec;
use protocol::port::{Diagnostics, LogEntry};
use rusqlite::{OptionalExtension as _, params};

use crate::connection::{Connection, pragma, set_up};
use crate::log::{self, Progress, put_meta};
use crate::rows::{self, Rows};
use crate::sharing::{self, Pending, Sharing};
use crate::unsaved::Unsaved;
use crate::{SCHEMA, StoreError, checksum};

/// A notebook and its database. It writes only in [`Self::commit`], [`Self::checkpoint`] and
/// [`Self::close`]; dropping it loses exactly what is unsaved.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    pub(crate) state: Replica,
    replica: ReplicaId,
    pub(crate) rows: Rows,
    pub(crate) progress: Progress,
    pub(crate) unsaved: Unsaved,
    pub(crate) sharing: Sharing,
    pub(crate) pending: Pending,
    journal: String,
    new: bool,
    /// Whether the database says that it is at rest, which the next write must take back.
    at_rest: bool,
    commits: u64,
    rows_written: u64,
}

/// What a commit saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    /// How many events.
    pub events: usize,
    /// How many rows were written for them.
    pub rows: u64,
    /// The last seq of the log.
    pub head: u64,
}

impl Store {
    /// Opens a notebook: sets the database up if it is new, checks it, brings it to the current
    /// schema, and reads the state from its rows. `replica` is fresh and random.
    pub fn open(connection: Connection, replica: ReplicaId) -> Result<Self, StoreError> {
        let setup = set_up(&connection)?;
        let (mut notebook, rows) = rows::read(&connection)?;
        let mut progress = Progress::read(&connection)?;
        for (replica, counter) in &progress.marks {
            notebook.set_mark(*replica, *counter);
        }
        let at_rest = connection.query_row("select 1 from meta where key = 'at rest'", [], |_| Ok(())).optional()?;
        let sharing = sharing::read_sharing(&connection)?;
        let (pending, envelopes) = sharing::read_pending(&connection, &mut progress)?;
        let mut state = Replica::new(notebook);
        for envelope in envelopes {
            state.append(envelope);
        }
        Ok(Self {
            state,
            sharing,
            pending,
            replica,
            rows,
            progress,
            unsaved: Unsaved::default(),
            journal: setup.journal,
            new: setup.new,
            at_rest: at_rest.is_some(),
            commits: 0,
            rows_written: 0,
            connection,
        })
    }

    /// Says whether the database was empty when it was opened. If a notebook was expected in it, it
    /// was lost.
    pub fn is_new(&self) -> bool {
        self.new
    }

    /// Returns the notebook as it is visible: what is unsaved included.
    pub fn notebook(&self) -> &Notebook {
        self.state.visible()
    }

    /// Returns the state with what of it is ordered.
    pub fn state(&self) -> &Replica {
        &self.state
    }

    /// Returns the notebook's title.
    pub fn title(&self) -> &str {
        self.notebook().title()
    }

    /// Returns the id that this store's next own event must carry.
    pub fn next_event_id(&self) -> EventId {
        EventId { replica: self.replica, counter: self.notebook().mark(self.replica) + 1 }
    }

    /// Returns how many events of a replica the notebook holds: those up to here are duplicates.
    pub fn mark(&self, replica: ReplicaId) -> u64 {
        self.notebook().mark(replica)
    }

    /// Returns the last request of a tab that is committed. Known for the last 10,000 events.
    pub fn seen_request(&self, tab: &str) -> u64 {
        self.progress.requests.get(tab).map_or(0, |(request, _)| *request)
    }

    /// Folds an own event into the notebook and keeps it for the next commit. `command` is the tab and
    /// its request that the event answers. A duplicate is ignored and not kept.
    pub fn apply(&mut self, envelope: Envelope, command: Option<(String, u64)>) -> Applied {
        if self.sharing.shared {
            return self.append_pending(envelope, command);
        }
        self.settle(envelope, command).applied
    }

    /// Keeps a blob for the next commit.
    pub fn put_blob(&mut self, hash: &str, bytes: Vec<u8>) {
        self.unsaved.blobs.insert(hash.to_owned(), bytes);
    }

    /// Returns a blob, also one that is not saved yet.
    pub fn blob(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.unsaved.blobs.get(hash) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => read_blob(&self.connection, hash),
        }
    }

    /// Returns how many events wait for a commit.
    pub fn unsaved(&self) -> usize {
        self.unsaved.events.len() + self.unsaved.sharing.appended.len()
    }

    /// Says whether nothing waits for a commit: no event, no blob, no news of the relay.
    pub fn is_saved(&self) -> bool {
        self.unsaved.is_empty()
    }

    /// Saves all that is unsaved, in one transaction. On an error nothing was saved and nothing is
    /// lost: it can be called again at any time.
    pub fn commit(&mut self) -> Result<Commit, StoreError> {
        if self.unsaved.is_empty() {
            return Ok(Commit { events: 0, rows: 0, head: self.progress.head });
        }
        let transaction = self.connection.unchecked_transaction()?;
        let before = rows_changed(&transaction)?;
        let (alteration, marked) = self.write(&transaction)?;
        if self.at_rest {
            transaction.prepare_cached("delete from meta where key = 'at rest'")?.execute([])?;
        }
        let rows = rows_changed(&transaction)? - before;
        transaction.commit()?;

        self.rows.alter(alteration);
        self.at_rest = false;
        let saved = std::mem::take(&mut self.unsaved);
        self.progress.note_all(self.progress.head, &saved.events);
        self.progress.head += saved.events.len() as u64;
        let events = saved.events.len() + saved.sharing.appended.len();
        for (position, entry) in saved.sharing.appended {
            self.pending.positions.insert(entry.envelope.id, position);
            if let Some((tab, request)) = entry.command {
                self.progress.note(tab, request, self.progress.head);
            }
        }
        if marked {
            self.progress.marked = self.progress.head;
        }
        self.commits += 1;
        self.rows_written += rows;
        Ok(Commit { events, rows, head: self.progress.head })
    }

    /// Writes all that is unsaved, and says whether the marks were written too.
    fn write(&self, connection: &Connection) -> Result<(rows::Alteration, bool), rusqlite::Error> {
        for (hash, bytes) in &self.unsaved.blobs {
            let sum = checksum::checksum(&[hash.as_bytes(), bytes]);
            connection
                .prepare_cached("insert or ignore into blobs (hash, checksum, bytes) values (?, ?, ?)")?
                .execute(params![hash, sum, bytes])?;
        }
        self.write_sharing(connection)?;
        for (entry, seq) in self.unsaved.events.iter().zip(self.progress.head + 1..) {
            log::insert(connection, seq, entry)?;
        }
        let head = self.progress.head + self.unsaved.events.len() as u64;
        let due = self.progress.is_due(head) || self.unsaved.sharing.adopted.is_some();
        if due {
            self.progress.write(connection, head, &self.unsaved.events)?;
        }
        Ok((self.rows.write(connection, self.state.confirmed(), &self.unsaved.stale)?, due))
    }

    /// Brings the database to rest, for an idle moment: saves what is unsaved, deletes the rows of
    /// forgotten executions, and moves the write-ahead log into the database. Does nothing when the
    /// database is at rest.
    pub fn checkpoint(&mut self) -> Result<(), StoreError> {
        self.commit()?;
        if self.at_rest {
            return Ok(());
        }
        let transaction = self.connection.unchecked_transaction()?;
        let before = rows_changed(&transaction)?;
        let alteration = self.rows.sweep(&transaction)?;
        self.progress.write(&transaction, self.progress.head, &[])?;
        put_meta(&transaction, "at rest", &[])?;
        let rows = rows_changed(&transaction)? - before;
        transaction.commit()?;
        self.rows.alter(alteration);
        self.progress.marked = self.progress.head;
        self.rows_written += rows;
        self.at_rest = true;
        if self.journal == "wal" {
            self.connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?;
        }
        Ok(())
    }

    /// Brings the database to rest and closes it.
    pub fn close(mut self) -> Result<(), StoreError> {
        self.checkpoint()
    }

    /// Returns a page of the log, newest first, below `before`; what is unsaved included.
    pub fn log_page(&self, before: Option<u64>, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        let before = before.unwrap_or(u64::MAX);
        let first = self.progress.head + 1;
        let unsaved = self.unsaved.events.iter().enumerate().rev();
        let mut entries: Vec<LogEntry> = unsaved
            .map(|(index, entry)| (first + index as u64, entry))
            .filter(|(seq, _)| *seq < before)
            .take(limit as usize)
            .map(|(seq, entry)| LogEntry {
                seq,
                envelope: entry.envelope.clone(),
                ignored: entry.ignored.clone(),
                size: codec::encode_event(&entry.envelope.event).len() as u64,
            })
            .collect();
        let rest = limit - u32::try_from(entries.len()).unwrap_or(limit);
        if rest > 0 {
            entries.extend(log::page(&self.connection, before.min(first), rest)?);
        }
        Ok(entries)
    }

    /// Returns figures. How long commits take is for the caller to add: there is no clock here.
    pub fn diagnostics(&self) -> Result<Diagnostics, StoreError> {
        let unsaved_ignored = self.unsaved.events.iter().filter(|entry| entry.ignored.is_some()).count() as u64;
        Ok(Diagnostics {
            events: self.progress.head + self.unsaved.events.len() as u64,
            ignored: count(&self.connection, "select count(*) from log where ignored is not null")? + unsaved_ignored,
            commits: self.commits,
            rows_written: self.rows_written,
            journal: self.journal.clone(),
            ordered: self.cursor().map(|cursor| cursor.seq),
            ..figures(&self.connection, self.notebook(), SCHEMA)?
        })
    }

    /// Returns the whole database as one file, what is unsaved included. Needs no space on the disk.
    pub fn export(&mut self) -> Result<Vec<u8>, StoreError> {
        let file = serialize(&mut self.connection)?;
        if self.unsaved.is_empty() {
            return Ok(file);
        }
        let mut copy = open_image(&file, false)?;
        let transaction = copy.unchecked_transaction()?;
        self.write(&transaction)?;
        transaction.commit()?;
        serialize(&mut copy)
    }
}

/// Returns how many rows the connection has inserted, updated and deleted.
fn rows_changed(connection: &Connection) -> Result<u64, rusqlite::Error> {
    connection.prepare_cached("select total_changes()")?.query_row([], |row| row.get(0))
}

fn count(connection: &Connection, sql: &str) -> Result<u64, rusqlite::Error> {
    connection.query_row(sql, [], |row| row.get(0))
}

/// Reads the figures that a database and its notebook tell by themselves.
pub(crate) fn figures(connection: &Connection, notebook: &Notebook, schema: u32) -> Result<Diagnostics, StoreError> {
    let pages: u64 = pragma(connection, "page_count")?;
    let size: u64 = pragma(connection, "page_size")?;
    let blobs = "select count(*), coalesce(sum(length(bytes)), 0) from blobs";
    Ok(Diagnostics {
        database_bytes: pages.saturating_mul(size),
        blobs: connection.query_row(blobs, [], |row| Ok((row.get(0)?, row.get(1)?)))?,
        cells: notebook.all_cells().count() as u64,
        executions: notebook.executions().count() as u64,
        sessions: notebook.sessions().len() as u64,
        schema,
        sqlite: rusqlite::version().to_owned(),
        ..Diagnostics::default()
    })
}

/// Reads a saved blob.
pub(crate) fn read_blob(connection: &Connection, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let found = connection
        .prepare_cached("select bytes, checksum from blobs where hash = ?")?
        .query_row([hash], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    match found {
        Some((bytes, sum)) if checksum::checksum(&[hash.as_bytes(), &bytes]) != sum => {
            Err(StoreError::damaged("a blob is not what was written"))
        }
        found => Ok(found.map(|(bytes, _)| bytes)),
    }
}

/// Returns a database as one file that any SQLite opens.
pub(crate) fn serialize(connection: &mut Connection) -> Result<Vec<u8>, StoreError> {
    let mut file = connection.serialize("main")?.to_vec();
    leave_wal(&mut file);
    Ok(file)
}

/// Opens the bytes of a database in memory; it takes what is written to it.
pub fn connect_to_image(image: &[u8]) -> Result<Connection, StoreError> {
    open_image(image, false)
}

pub(crate) fn open_image(file: &[u8], read_only: bool) -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    connection.deserialize_read_exact("main", file, file.len(), read_only)?;
    Ok(connection)
}

/// Says in a database's header that it has no write-ahead log: in a single file it has none.
fn leave_wal(file: &mut [u8]) {
    if let Some(versions) = file.get_mut(18..20) {
        versions.fill(1);
    }
}
