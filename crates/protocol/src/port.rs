//! Messages between the threads of one browser. Both ends are ours and of one build: the first
//! message of each port carries [`BUILD`], and a mismatch asks for a reload.
//!
//! Every message is one CBOR value ([`crate::codec`]) in a `Uint8Array`.

use notebook::command::Rejection;
use notebook::{BlobRef, CellId, Change, Command, Envelope, Event, ExecutionId, PersonId, SessionId};
use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::inspect::{Answer, Question};
use crate::peer::{Location, Presence};
use crate::wire::ConnectionId;

/// Names this build; both ends of a port must agree.
pub const BUILD: &str = env!("CARGO_PKG_VERSION");

/// Numbers the requests of one tab, from 1 without gaps: a resent request is recognised by it.
pub type RequestId = u64;

/// From a tab's UI to its store worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the terms of the types they have")]
pub enum ToStore {
    /// First message. `joined` says that the notebook came by a link, so that its beginning is elsewhere;
    /// `relay` is the address of the relay, to which `/<notebook id>` is added; without it nothing is shared.
    Open {
        build: String,
        access: Access,
        person: PersonId,
        title: String,
        joined: bool,
        relay: Option<String>,
        verbose: bool,
    },
    /// Hands the notebook to the relay from now on; answered by `Done`.
    Share { request: RequestId },
    /// Who uses this tab and where they are; said again whenever that changes.
    Here { name: String, place: Option<Location> },
    /// What was just typed: one yrs update, for those who look on. It is not kept, and comes again in a command.
    Typed {
        cell: CellId,
        #[serde(with = "serde_bytes")]
        update: Vec<u8>,
    },
    /// The network came back: the relay is tried at once.
    Online,
    /// A command; answered by `Done` or `Rejected`, once it is committed.
    Command { request: RequestId, command: Command },
    /// Asks for a blob; answered by `Blob`.
    ReadBlob { request: RequestId, blob: BlobRef },
    /// Asks for a page of the log, newest first, below `before`; answered by `Log`.
    ReadLog { request: RequestId, before: Option<u64>, limit: u32 },
    /// Asks for figures; answered by `Diagnostics`.
    Diagnose { request: RequestId },
    /// Asks for the whole database file; answered by `Database`.
    ExportDatabase { request: RequestId },
    /// Deletes this notebook's database in this browser; answered by `Done`.
    Reset { request: RequestId },
    /// Asks the leader to put a notebook whose files are gone back into this browser; answered by `Done`.
    SaveAgain { request: RequestId },
    /// Says that the notebook's files may be gone: the leader looks for them.
    LookForFiles,
    /// Interrupts what the active kernel runs.
    Interrupt,
    /// Asks what the active kernel knows about a name; answered by `Inspected`.
    Inspect { request: RequestId, question: Question },
    /// Makes sure that a kernel is up or on its way, though nothing is queued yet; also after one died.
    WarmKernel,
    /// The host of the kernel frame tells what became of it.
    Kernel(KernelReport),
}

/// What the tab that hosts the kernel frame reports. The ports themselves come in the same message as transferables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the terms of the types they have")]
pub enum KernelReport {
    /// The frame is on its way; `percent` of the work up to the first run.
    Starting { step: String, percent: u8 },
    /// The two ports come with this message: first the worker's ([`ToKernel`]/[`FromKernel`]), then the frame's ([`ToFrame`]/[`FromFrame`]).
    Ports,
    /// It cannot start.
    Failed { reason: String },
}

/// From a store worker to its tab's UI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the terms of the types they have")]
pub enum FromStore {
    /// The worker listens; sent before anything else.
    Listening {
        build: String,
    },
    /// The notebook is open: its whole state as changes.
    Opened {
        storage: Storage,
        role: Role,
        changes: Vec<Change>,
    },
    /// The notebook cannot be opened.
    OpenFailed {
        failure: OpenFailure,
    },
    /// The state changed.
    Changed {
        changes: Vec<Change>,
    },
    /// Whether what is visible is saved.
    Saved(SaveState),
    /// The notebook lives somewhere else from now on.
    Moved(Storage),
    /// The kernel's state changed.
    Kernel(KernelState),
    /// How the notebook stands with its relay.
    Sync(SyncState),
    /// The other browsers that are here; all of them.
    Peers(Vec<(ConnectionId, Presence)>),
    /// What somebody else just typed: one yrs update that is not in the log yet.
    Typed {
        cell: CellId,
        #[serde(with = "serde_bytes")]
        update: Vec<u8>,
    },
    /// This tab, the leader, must start a kernel frame now and report through `ToStore::Kernel`.
    StartKernel,
    /// This tab must take its kernel frame down: it was restarted, or it died.
    StopKernel,
    Done {
        request: RequestId,
    },
    Rejected {
        request: RequestId,
        rejection: Rejection,
    },
    /// `None`: the blob is not in this browser.
    Blob {
        request: RequestId,
        #[serde(with = "serde_bytes")]
        bytes: Option<Vec<u8>>,
    },
    Log {
        request: RequestId,
        entries: Vec<LogEntry>,
    },
    Diagnostics {
        request: RequestId,
        figures: Diagnostics,
    },
    Database {
        request: RequestId,
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    },
    Inspected {
        request: RequestId,
        answer: Answer,
    },
    /// A request could not be served, for a reason other than the notebook's rules.
    RequestFailed {
        request: RequestId,
        message: String,
    },
    /// A worker broke: what a person can copy into a report.
    Panicked {
        report: String,
    },
}

/// Where the notebook lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Storage {
    /// In this browser's private file system.
    Opfs,
    /// Nowhere but in memory, for this reason.
    Memory {
        /// Why.
        reason: String,
    },
    /// Nowhere but in memory, since its files were deleted while it was open, as when a site's data is cleared.
    Cleared,
    /// In the private file system, but it may not be written: a newer version of Cathode wrote it.
    ReadOnly {
        /// The schema version found.
        version: u32,
    },
    /// The database was damaged: it was set aside under this name, and what could be read was recovered.
    Recovered {
        /// The name of the copy that was set aside.
        aside: String,
        /// How many events could be read.
        events: u64,
        /// How many could not, where that is known.
        lost: Option<u64>,
    },
}

impl Storage {
    /// Says whether what is committed there outlives the tab.
    pub fn keeps(&self) -> bool {
        !matches!(self, Self::Memory { .. } | Self::Cleared)
    }
}

/// Which tab writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// This one.
    Leader,
    /// Another one.
    Follower,
}

/// Why a notebook does not open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum OpenFailure {
    /// The two halves of the page are of different builds.
    #[error("This page was updated while it was open. Reload it.")]
    OtherBuild,
    /// The file system keeps the files locked.
    #[error(
        "Another tab still holds this notebook's files ({reason}). It opens here once that tab is closed; if it does not, reload this one."
    )]
    Locked {
        /// What the browser said.
        reason: String,
    },
    /// Anything else of the store.
    #[error("This notebook's database could not be opened: {reason}")]
    Store {
        /// What went wrong.
        reason: String,
    },
}

/// Whether what is visible is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaveState {
    /// Every visible change is committed.
    Saved,
    /// A commit is under way.
    Saving,
    /// The last commit failed; the changes are kept in memory and the commit is tried again.
    Failed {
        /// What went wrong.
        reason: String,
        /// How many events wait.
        events: u64,
    },
    /// There is nothing to save to.
    Memory,
}

/// How a notebook stands with its relay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SyncState {
    /// It is not shared.
    #[default]
    Local,
    /// On the way to the relay for the first time.
    Connecting,
    /// Everything that others did is here; so many own changes are on their way to them.
    Live {
        /// How many events.
        unsent: u64,
        /// Whether large outputs stay in this browser, since the relay has no room for them.
        keeps_blobs: bool,
    },
    /// The relay cannot be reached; it is tried again by itself.
    Offline {
        /// How many events wait.
        unsent: u64,
        /// What the relay says where it answers and lets nobody in.
        reason: Option<String>,
    },
    /// The relay lacks something of the notebook that only another device can bring; often all of it, after a link
    /// was followed.
    Absent,
    /// The relay does not take it.
    Refused {
        /// Why.
        reason: String,
    },
}

/// The kernel, as every tab shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KernelState {
    /// Not started yet.
    None,
    /// On its way.
    Starting {
        /// What it is doing.
        step: String,
        /// How much of the way is done, 0 to 100.
        percent: u8,
    },
    /// Ready.
    Idle,
    /// Runs a cell.
    Busy,
    /// Ended by itself or could not start; "Restart" starts a new one.
    Dead {
        /// Why.
        reason: String,
    },
}

/// One event of the log, as diagnostics show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Its position.
    pub seq: u64,
    /// The event.
    #[serde(with = "crate::codec::stored")]
    pub envelope: Envelope,
    /// Why it had no effect, if it had none.
    pub ignored: Option<String>,
    /// Its size in bytes.
    pub size: u64,
}

/// Figures about a store.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnostics {
    /// Events in the log.
    pub events: u64,
    /// Events without effect.
    pub ignored: u64,
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// Blobs and their bytes.
    pub blobs: (u64, u64),
    /// Cells, deleted ones included, and executions in the state.
    pub cells: u64,
    /// Executions in the state.
    pub executions: u64,
    /// Commits so far and the events in them.
    pub commits: u64,
    /// Rows written so far.
    pub rows_written: u64,
    /// Milliseconds of the last commits, newest last, at most 100.
    pub commit_millis: Vec<f64>,
    /// Schema version.
    pub schema: u32,
    /// SQLite's version.
    pub sqlite: String,
    /// The journal mode in force.
    pub journal: String,
    /// Kernel sessions, live and ended.
    pub sessions: u64,
    /// Up to which position the relay's order is here, while the notebook is shared.
    pub ordered: Option<u64>,
    /// Events and words of others that did not open since the tab was opened: they were sealed with another
    /// key, or changed on the way.
    pub unopened: u64,
}

/// From the store worker to the kernel worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the terms of the types they have")]
pub enum ToKernel {
    /// First message.
    Hello { build: String, session: SessionId, verbose: bool },
    /// Work that this session may claim. `count` is the number that the run will have.
    Claim { execution: ExecutionId, source: String, count: u32 },
    /// Asks what Python knows about a name; answered by `Inspected` with the same `id`.
    Inspect { id: u64, question: Question },
}

/// From the kernel worker to the store worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the terms of the types they have")]
pub enum FromKernel {
    /// Python is up. Sent once, after `Hello`.
    Ready { build: String, python: String, from_snapshot: bool, boot_millis: f64 },
    /// What happened, in order. Only kinds that a kernel may cause, for its own session.
    Events(Vec<Event>),
    /// Answers a question.
    Inspected { id: u64, answer: Answer },
    /// Python is beyond use.
    Died { reason: String, out_of_memory: bool },
}

/// From the store worker to the kernel frame's own thread, which listens while Python runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToFrame {
    /// Interrupts Python.
    Interrupt,
    /// So many bytes of output were taken in, in total: lets a printing Python go on.
    Received(u64),
}

/// From the kernel frame's own thread to the store worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the terms of the types they have")]
pub enum FromFrame {
    /// Whether Python can be interrupted without ending it (shared memory is there).
    Capabilities { interrupt: bool },
    /// The worker broke or ended.
    Died { reason: String, out_of_memory: bool },
}

/// Between the store workers of one notebook's tabs, over a BroadcastChannel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the terms of the types they have")]
pub enum TabMessage {
    /// A tab's request for the leader.
    Request { tab: String, message: ToStore },
    /// The leader's answer to one tab.
    Reply { tab: String, message: FromStore },
    /// The leader's news for all tabs. `version` counts the news of this `leader` from 1.
    News { leader: String, version: u64, message: FromStore },
    /// A tab asks for the whole state: it just came, or it missed news. `access` is what its link gives.
    Join { tab: String, access: Access },
    /// The whole state for one tab, as of `version` of `leader`.
    Welcome {
        tab: String,
        leader: String,
        version: u64,
        storage: Storage,
        changes: Vec<Change>,
        saved: SaveState,
        kernel: KernelState,
        sync: SyncState,
        peers: Vec<(ConnectionId, Presence)>,
    },
    /// A new leader is in place: everyone joins it and resends what was not acknowledged.
    Leading { leader: String },
}
