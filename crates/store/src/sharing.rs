//! A notebook that a relay orders: own events wait as pending, ordered ones are in the log and the rows.
//!
//! Without a relay there is nothing pending: the store settles the order itself.

use std::collections::BTreeMap;

use notebook::replica::Confirmed;
use notebook::{Applied, Change, Envelope, EventId, IgnoreReason, Notebook, Replica, ReplicaId, gather};
use protocol::client::{Adoption, Ordered, lacking, united};
use protocol::codec::{self, DecodeError};
use protocol::port::LogEntry;
use protocol::snapshot::Snapshot;
use protocol::wire::Cursor;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::{Deserialize, Serialize};

use crate::log::{self, Entry, Progress, put_meta};
use crate::rows::Rows;
use crate::store::Store;
use crate::unsaved::Stale;
use crate::{StoreError, checksum::checksum};

/// The base is kept in parts of this size, so that no row is huge.
const BASE_PART: usize = 1 << 20;

/// The state that a relay gave, on which the log builds. By default the log begins with nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Base {
    /// The last seq of the log that does not build on it: what came before it stays, to be offered to a relay that
    /// lacks it.
    pub(crate) seq: u64,
    pub(crate) state: Snapshot,
}

impl Base {
    fn encode(&self) -> Vec<u8> {
        codec::encode(&(self.seq, &self.state))
    }

    /// Decodes one. Once, the log was emptied for it, and it was the state alone.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let decoded = codec::decode(bytes).map(|(seq, state)| Self { seq, state });
        decoded.or_else(|_| Snapshot::decode(bytes).map(|state| Self { seq: 0, state }))
    }
}

/// How the notebook stands with a relay; kept in `meta`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sharing {
    /// Whether a relay orders it.
    pub(crate) shared: bool,
    /// Up to where the relay's order is in the state.
    pub(crate) cursor: Option<Cursor>,
}

/// What is pending, and where it is in the database.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// Invariant: those that are in the table `pending`.
    pub(crate) positions: BTreeMap<EventId, i64>,
    pub(crate) next: i64,
}

/// What of all this a commit has to write.
#[derive(Debug, Default)]
pub(crate) struct UnsavedSharing {
    pub(crate) appended: Vec<(i64, Entry)>,
    /// Positions that are pending no more.
    pub(crate) settled: Vec<i64>,
    pub(crate) sharing: bool,
    /// The state was replaced: every row is written anew, on this base.
    pub(crate) adopted: Option<Vec<u8>>,
}

impl UnsavedSharing {
    pub(crate) fn is_empty(&self) -> bool {
        self.appended.is_empty() && self.settled.is_empty() && !self.sharing && self.adopted.is_none()
    }
}

/// What taking in a relay's state came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Adopted {
    /// It is this one's.
    All {
        /// What is here and not there, oldest first: it is pending now.
        pending: Vec<Envelope>,
        /// What changed of what is visible.
        shown: Vec<Change>,
    },
    /// Something would be lost. The state that holds what both do, if it can be made, for
    /// [`protocol::client::Client::not_adopted`].
    Not(Option<Box<Notebook>>),
}

impl Store {
    /// Says whether a relay orders this notebook.
    pub fn is_shared(&self) -> bool {
        self.sharing.shared
    }

    /// Hands the order over to a relay, or takes it back: then what is pending is settled as it is.
    pub fn set_shared(&mut self, shared: bool) {
        if shared == self.sharing.shared {
            return;
        }
        self.sharing = Sharing { shared, cursor: None };
        self.unsaved.sharing.sharing = true;
        if !shared {
            let pending: Vec<Envelope> = self.pending().cloned().collect();
            self.unsaved.sharing.settled.extend(std::mem::take(&mut self.pending.positions).into_values());
            self.unsaved.sharing.appended.clear();
            for envelope in pending {
                let _settled = self.settle(envelope, None);
            }
        }
    }

    /// Returns up to where the relay's order is in the state.
    pub fn cursor(&self) -> Option<Cursor> {
        self.sharing.cursor
    }

    /// Returns the own events that the relay has not ordered, oldest first; those that are unsaved included.
    pub fn pending(&self) -> impl ExactSizeIterator<Item = &Envelope> {
        self.state.pending()
    }

    /// Returns the state that the relay ordered; without a relay, what is visible.
    pub fn confirmed(&self) -> &Notebook {
        self.state.confirmed()
    }

    /// Says whether there is anything of the notebook here.
    pub fn is_filled(&self) -> bool {
        self.sharing.cursor.is_some() || self.notebook().marks().next().is_some()
    }

    /// Adds an own event that the relay has to order.
    pub(crate) fn append_pending(&mut self, envelope: Envelope, command: Option<(String, u64)>) -> Applied {
        let applied = self.state.append(envelope.clone());
        if matches!(applied, Applied::Ignored(notebook::IgnoreReason::Duplicate)) {
            return applied;
        }
        self.queue(envelope, command);
        applied
    }

    /// Gives a pending event its place, for the next commit.
    fn queue(&mut self, envelope: Envelope, command: Option<(String, u64)>) {
        self.unsaved.sharing.appended.push((self.pending.next, Entry { envelope, ignored: None, command }));
        self.pending.next += 1;
    }

    /// Folds in what the relay ordered, up to this position. Returns what changed of what is visible.
    /// An event that could not be opened has its place and no effect.
    pub fn order(&mut self, ordered: impl IntoIterator<Item = Ordered>, cursor: Cursor) -> Vec<Change> {
        let envelopes: Vec<_> = ordered.into_iter().filter_map(|ordered| ordered.envelope).collect();
        let all = self.state.confirm_all(&envelopes);
        let mut shown = Vec::new();
        for (envelope, confirmed) in envelopes.into_iter().zip(all) {
            let command = self.unpend(envelope.id);
            self.keep_confirmed(envelope, &confirmed, command);
            shown.extend(confirmed.into_shown());
        }
        self.sharing.cursor = Some(cursor);
        self.unsaved.sharing.sharing = true;
        shown
    }

    /// Puts the relay's state in place of this one; it is to be committed. When something would be lost, nothing is
    /// done.
    pub fn adopt(&mut self, adoption: Adoption) -> Result<Adopted, StoreError> {
        self.commit()?;
        let mut known = Vec::new();
        log::for_each(&self.connection, 0, |LogEntry { envelope, .. }| {
            if !adoption.state.holds(envelope.id) {
                known.push(envelope);
            }
        })?;
        known.extend(self.pending().cloned());
        let marks: Vec<(ReplicaId, u64)> = self.notebook().marks().collect();
        let Some(pending) = lacking(&adoption.state, &marks, known) else {
            return Ok(Adopted::Not(united(self.confirmed(), &adoption).map(Box::new)));
        };

        let Adoption { base, events, state, cursor } = adoption;
        self.put_base(&base, &state);
        for (envelope, ignored) in events {
            self.keep(envelope, ignored, None);
        }
        self.unsaved.sharing.sharing = true;
        self.sharing.cursor = Some(cursor);
        self.pending.positions.clear();
        for envelope in &pending {
            self.queue(envelope.clone(), None);
        }
        let shown = self.state.adopt(state, pending.clone());
        Ok(Adopted::All { pending, shown })
    }

    /// Has the next commit write a base of what follows in the log, and every row anew, of the state that this is.
    fn put_base(&mut self, base: &Notebook, state: &Notebook) {
        let written = Base { seq: self.progress.head, state: Snapshot::of(base) };
        self.unsaved.sharing.adopted = Some(written.encode());
        self.unsaved.stale = Stale::all(state);
        self.progress.marks = gather(base.marks());
        self.rows = Rows::new();
    }

    /// Fills a fresh store with what was read of a damaged database. It is to be committed.
    pub fn restore(&mut self, base: Option<&Snapshot>, envelopes: Vec<Envelope>) {
        if let Some(base) = base {
            let notebook = base.to_notebook();
            self.put_base(&notebook, &notebook);
            self.state = Replica::new(notebook);
        }
        for envelope in envelopes {
            let _settled = self.settle(envelope, None);
        }
    }

    /// Folds an event into the confirmed state and keeps it for the log.
    pub(crate) fn settle(&mut self, envelope: Envelope, command: Option<(String, u64)>) -> Confirmed {
        let confirmed = self.state.confirm(&envelope);
        self.keep_confirmed(envelope, &confirmed, command);
        confirmed
    }

    /// Keeps an event for the log that was folded into the confirmed state, and marks the rows that it changed.
    fn keep_confirmed(&mut self, envelope: Envelope, confirmed: &Confirmed, command: Option<(String, u64)>) {
        let ignored = match &confirmed.applied {
            Applied::Ignored(reason) => Some(*reason),
            Applied::Changed(changes) => {
                for change in changes {
                    self.unsaved.stale.mark(change);
                }
                None
            }
        };
        self.keep(envelope, ignored, command);
    }

    /// Keeps an event for the log that was applied to the confirmed state, unless that had it before.
    fn keep(&mut self, envelope: Envelope, ignored: Option<IgnoreReason>, command: Option<(String, u64)>) {
        if ignored == Some(IgnoreReason::Duplicate) {
            return;
        }
        self.progress.mark(envelope.id);
        let ignored = ignored.map(|reason| reason.to_string());
        self.unsaved.events.push(Entry { envelope, ignored, command });
    }

    /// Notes that an event is pending no more. Returns the request that it answers, where that is not saved yet.
    fn unpend(&mut self, id: EventId) -> Option<(String, u64)> {
        if let Some(position) = self.pending.positions.remove(&id) {
            self.unsaved.sharing.settled.push(position);
            return None;
        }
        let appended = &mut self.unsaved.sharing.appended;
        let at = appended.iter().position(|(_, entry)| entry.envelope.id == id)?;
        appended.remove(at).1.command
    }

    /// Writes what is unsaved of all this. After it the rows are written, from nothing if the state was replaced.
    pub(crate) fn write_sharing(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        let UnsavedSharing { appended, settled, sharing, adopted } = &self.unsaved.sharing;
        if let Some(base) = adopted {
            connection.execute_batch(
                "delete from base; delete from pending; delete from meta where key in ('title', 'metadata');
                 delete from cells; delete from sources; delete from executions; delete from outputs; delete from sessions;",
            )?;
            for (bytes, part) in base.chunks(BASE_PART).zip(0_i64..) {
                let sum = base_checksum(part, bytes);
                connection
                    .prepare_cached("insert into base (part, checksum, bytes) values (?, ?, ?)")?
                    .execute(params![part, sum, bytes])?;
            }
        }
        for position in settled {
            connection.prepare_cached("delete from pending where position = ?")?.execute([position])?;
        }
        for (position, entry) in appended {
            let sql = "insert into pending (position, replica, counter, at, kind, tab, request, checksum, actor, event)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
            log::insert_as(connection, sql, *position, entry, &[])?;
        }
        if *sharing {
            put_meta(connection, "sharing", &codec::encode(&self.sharing))?;
        }
        Ok(())
    }
}

/// Reads how the notebook stands with a relay.
pub(crate) fn read_sharing(connection: &Connection) -> Result<Sharing, StoreError> {
    Ok(log::meta(connection, "sharing")?.unwrap_or_default())
}

/// Reads what is pending, oldest first, and takes note of the requests that it answers.
pub(crate) fn read_pending(
    connection: &Connection,
    progress: &mut Progress,
) -> Result<(Pending, Vec<Envelope>), StoreError> {
    let mut pending = Pending { positions: BTreeMap::new(), next: 1 };
    let mut envelopes = Vec::new();
    let mut statement = connection.prepare(
        "select position, replica, counter, at, checksum, actor, event, tab, request from pending order by position",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let position: i64 = row.get(0)?;
        let envelope = log::read_envelope(row)?
            .ok_or_else(|| StoreError::damaged(format!("pending event {position} is not what was written")))?;
        if let (Some(tab), Some(request)) = (row.get::<_, Option<String>>(7)?, row.get::<_, Option<i64>>(8)?) {
            progress.note(tab, request.cast_unsigned(), progress.head);
        }
        pending.positions.insert(envelope.id, position);
        pending.next = position + 1;
        envelopes.push(envelope);
    }
    Ok((pending, envelopes))
}

/// Reads the base, if the log builds on one.
pub(crate) fn read_base(connection: &Connection) -> Result<Option<Base>, StoreError> {
    let tables = "select 1 from sqlite_schema where name = 'base'";
    if connection.query_row(tables, [], |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    let mut statement = connection.prepare("select part, checksum, bytes from base order by part")?;
    let mut rows = statement.query([])?;
    let mut whole = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        if base_checksum(row.get(0)?, bytes) != row.get::<_, i64>(1)? {
            return Err(StoreError::damaged("the base of the log is not what was written"));
        }
        whole.extend_from_slice(bytes);
    }
    if whole.is_empty() {
        return Ok(None);
    }
    Base::decode(&whole).map(Some).map_err(|error| StoreError::damaged(error.to_string()))
}

/// Returns the checksum of a part of the base.
pub(crate) fn base_checksum(part: i64, bytes: &[u8]) -> i64 {
    checksum(&[b"base", &part.to_le_bytes(), bytes])
}

#[cfg(test)]
mod tests {
    use protocol::history::History;
    use protocol::wire::RelayId;

    use super::*;

    /// How [`Sharing`] was written when a position was told by the event there.
    #[derive(Serialize)]
    struct Former {
        shared: bool,
        cursor: Option<FormerCursor>,
    }

    #[derive(Serialize)]
    struct FormerCursor {
        relay: RelayId,
        seq: u64,
        event: Option<EventId>,
    }

    #[test]
    fn a_log_that_was_emptied_for_its_base_goes_on() {
        let mut store = Store::open(crate::connect_in_memory().unwrap(), ReplicaId(1)).unwrap();
        let actor = notebook::Actor::Person(notebook::PersonId::parse("ada").unwrap());
        let event = notebook::Event::NotebookTitled { title: "Kept".into() };
        let envelope = |counter| {
            let id = EventId { replica: ReplicaId(9), counter };
            Envelope { id, actor: actor.clone(), at: 0, event: event.clone() }
        };
        store.apply(envelope(1), None);
        store.commit().unwrap();
        let notebook = store.notebook().clone();
        store.put_base(&notebook, &notebook);
        store.unsaved.sharing.adopted = Some(Snapshot::of(&notebook).encode());
        store.commit().unwrap();
        store.connection.execute("delete from log", []).unwrap();
        put_meta(&store.connection, "base", &codec::encode(&store.progress.head)).unwrap();

        let image = store.export().unwrap();
        let mut opened = Store::open(crate::connect_to_image(&image).unwrap(), ReplicaId(2)).unwrap();
        opened.apply(envelope(2), None);
        assert_eq!(opened.commit().unwrap().head, 2);
        let image = opened.export().unwrap();
        let viewed = crate::ReadOnly::open(crate::connect_to_image(&image).unwrap()).unwrap();
        assert_eq!(viewed.notebook(), opened.notebook());
        let salvaged = crate::salvage(&image, &[]);
        assert_eq!((salvaged.base.is_some(), salvaged.envelopes), (true, vec![envelope(2)]));
    }

    #[test]
    fn a_position_that_was_kept_without_its_history_is_read_as_one_that_no_relay_knows() {
        let mut store = Store::open(crate::connect_in_memory().unwrap(), ReplicaId(1)).unwrap();
        store.set_shared(true);
        store.commit().unwrap();
        for event in [None, Some(EventId { replica: ReplicaId(1), counter: 3 })] {
            let cursor = Some(FormerCursor { relay: RelayId(5), seq: 3, event });
            put_meta(&store.connection, "sharing", &codec::encode(&Former { shared: true, cursor })).unwrap();
            let image = store.export().unwrap();
            let opened = Store::open(crate::connect_to_image(&image).unwrap(), ReplicaId(2)).unwrap();
            assert!(opened.is_shared() && opened.is_filled());
            let kept = Cursor { relay: RelayId(5), seq: 3, history: History::default() };
            assert_eq!(opened.cursor(), Some(kept));
        }
    }
}
