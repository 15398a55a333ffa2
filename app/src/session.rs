//! One open notebook as this page sees it: the port to the store worker, the page's own copy of the
//! state, and the signals that views read. It holds no rule about notebooks and writes nothing itself.

mod edit;
mod inspect;
mod intake;
mod request;
mod thread;
mod view;

use std::collections::BTreeMap;

use browser::port::Port;
use browser::worker::Worker;
use futures::channel::oneshot;
use leptos::prelude::*;
use notebook::{CellId, Command, Content, ExecutionId, Notebook, NotebookId, Output};
use protocol::access::Access;
use protocol::peer::Presence;
use protocol::port::{
    BUILD, FromStore, KernelState, OpenFailure, RequestId, Role, SaveState, Storage, SyncState, ToStore,
};
use protocol::wire::ConnectionId;

pub(crate) use request::Refusal;
use thread::Thread;
pub(crate) use view::{CellView, OutputShape, OutputView, RunStatus, RunView};

use crate::action::Step;
use crate::afterwards::Afterwards;
use crate::blobs::Blobs;
use crate::company::Company;
use crate::editor::Editor;
use crate::focus::Focus;
use crate::kernel_host::KernelHost;
use crate::report;
use crate::toast::Toasts;

/// How far the notebook is open.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Phase {
    Opening,
    Open,
    Failed(OpenFailure),
}

/// What opens a notebook.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) access: Access,
    pub(crate) title: String,
    /// Whether it came by a link, so that its beginning is elsewhere.
    pub(crate) joined: bool,
    /// The relay's address, if there is one.
    pub(crate) relay: Option<String>,
    pub(crate) verbose: bool,
}

/// The handle that all components share. A page has one session, which ends with the page.
#[derive(Clone, Copy)]
pub(crate) struct Session(&'static Parts);

/// What a session consists of; its signals are read directly.
pub(crate) struct Parts {
    inner: StoredValue<Inner, LocalStorage>,
    pub(crate) phase: RwSignal<Phase>,
    pub(crate) title: RwSignal<String>,
    pub(crate) order: RwSignal<Vec<CellId>>,
    pub(crate) kernel: RwSignal<KernelState>,
    pub(crate) role: RwSignal<Role>,
    pub(crate) storage: RwSignal<Option<Storage>>,
    /// How the notebook stands with its relay.
    pub(crate) sync: RwSignal<SyncState>,
    /// The other browsers that are here.
    pub(crate) peers: RwSignal<Vec<(ConnectionId, Presence)>>,
    pub(crate) company: Company,
    /// Whether the notebook came by a link and has not arrived yet.
    pub(crate) awaited: RwSignal<bool>,
    /// What the store says about saving; [`Session::saving`] adds what has not reached it yet.
    pub(crate) stored: RwSignal<SaveState>,
    outstanding: RwSignal<u32>,
    unsent: RwSignal<bool>,
    /// What a screen reader is told.
    pub(crate) announcement: RwSignal<String>,
    /// Whether the person is being asked about a restart that would stop a run.
    pub(crate) restart_asked: RwSignal<bool>,
    /// What can be taken back, the last one last.
    pub(crate) steps: StoredValue<Vec<Step>>,
    pub(crate) focus: Focus,
    pub(crate) afterwards: Afterwards,
    pub(crate) toasts: Toasts,
    pub(crate) host: KernelHost,
    pub(crate) blobs: Blobs,
}

impl std::ops::Deref for Session {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        self.0
    }
}

struct Inner {
    opening: Opening,
    /// Kept so that the worker's error handler lives as long as the session.
    worker: Option<Worker>,
    port: Option<Port<ToStore, FromStore>>,
    /// What was asked for before the worker listened; `None` once the notebook was named to it.
    held: Option<Vec<ToStore>>,
    next_request: RequestId,
    waiting: BTreeMap<RequestId, oneshot::Sender<FromStore>>,
    /// Commands that are not answered and whose effect is shown: new cells, and typing.
    unsettled: BTreeMap<RequestId, Command>,
    notebook: Notebook,
    cells: BTreeMap<CellId, CellView>,
    /// The execution whose outputs each cell's view holds.
    shown: BTreeMap<CellId, ExecutionId>,
    next_key: u64,
    /// Whether what the log says is running is lost (see [`Session::note_forsaken`]).
    forsaken: bool,
    editors: BTreeMap<CellId, Editor>,
    edits: edit::Edits,
}

impl Session {
    /// Starts the store worker and asks it to open the notebook.
    pub(crate) fn open(opening: Opening) -> Self {
        let inner = Inner {
            opening,
            worker: None,
            port: None,
            held: Some(Vec::new()),
            next_request: 1,
            waiting: BTreeMap::new(),
            unsettled: BTreeMap::new(),
            notebook: Notebook::for_editing(edit::fresh_client()),
            cells: BTreeMap::new(),
            shown: BTreeMap::new(),
            next_key: 0,
            forsaken: false,
            editors: BTreeMap::new(),
            edits: edit::Edits::default(),
        };
        let (title, joined) = (inner.opening.title.clone(), inner.opening.joined);
        let parts = Parts {
            inner: StoredValue::new_local(inner),
            phase: RwSignal::new(Phase::Opening),
            title: RwSignal::new(title),
            order: RwSignal::new(Vec::new()),
            kernel: RwSignal::new(KernelState::None),
            role: RwSignal::new(Role::Follower),
            storage: RwSignal::new(None),
            sync: RwSignal::new(SyncState::Local),
            peers: RwSignal::new(Vec::new()),
            company: Company::new(),
            awaited: RwSignal::new(joined),
            stored: RwSignal::new(SaveState::Saved),
            outstanding: RwSignal::new(0),
            unsent: RwSignal::new(false),
            announcement: RwSignal::new(String::new()),
            restart_asked: RwSignal::new(false),
            steps: StoredValue::new(Vec::new()),
            focus: Focus::new(),
            afterwards: Afterwards::new(),
            toasts: Toasts::new(),
            host: KernelHost::new(),
            blobs: Blobs::new(),
        };
        let session = Self(Box::leak(Box::new(parts)));
        session.start_store();
        session
    }

    fn start_store(self) {
        let thread = match Thread::take() {
            Ok(thread) => thread,
            Err(error) => return self.fail(&error.to_string()),
        };
        let Thread { worker, unheard } = thread;
        worker.on_error(move |message| {
            if self.phase.get_untracked() == Phase::Open {
                report::show(&format!("The store worker of Cathode {BUILD} broke: {message}"));
            } else {
                self.fail(&message);
            }
        });
        let port: Port<ToStore, FromStore> = worker.port();
        port.listen(move |message, _ports| self.receive(message));
        self.inner.update_value(|inner| {
            inner.worker = Some(worker);
            inner.port = Some(port);
        });
        if let Some(unheard) = unheard {
            unheard.say();
        }
    }

    fn fail(self, reason: &str) {
        self.phase.set(Phase::Failed(OpenFailure::Store { reason: reason.to_owned() }));
    }

    fn receive(self, message: FromStore) {
        match message {
            FromStore::Listening { build } => self.say_open(&build),
            FromStore::Opened { storage, role, changes } => {
                self.storage.set(Some(storage));
                self.role.set(role);
                self.take_whole(changes);
                self.note_arrival();
                self.phase.set(Phase::Open);
                if role == Role::Follower {
                    // The leader's page hosts the kernel.
                    self.host.forgo();
                }
            }
            FromStore::OpenFailed { failure } => self.phase.set(Phase::Failed(failure)),
            FromStore::Changed { changes } => {
                self.take_in(&changes);
                self.note_arrival();
            }
            FromStore::Saved(state) => self.stored.set(state),
            FromStore::Moved(storage) => self.storage.set(Some(storage)),
            FromStore::Sync(state) => {
                self.sync.set(state);
                self.note_arrival();
            }
            FromStore::Peers(peers) => self.take_in_peers(peers),
            FromStore::Typed { cell, update } => self.take_in_typing(&cell, &update),
            FromStore::Kernel(state) => self.note_kernel(state),
            FromStore::StartKernel => self.host.start(self),
            FromStore::StopKernel => {
                let was_up = matches!(self.kernel.get_untracked(), KernelState::Idle | KernelState::Busy);
                self.host.stop(was_up);
            }
            FromStore::Panicked { report } => report::show(&report),
            FromStore::Done { request }
            | FromStore::Rejected { request, .. }
            | FromStore::Blob { request, .. }
            | FromStore::Log { request, .. }
            | FromStore::Diagnostics { request, .. }
            | FromStore::Database { request, .. }
            | FromStore::Inspected { request, .. }
            | FromStore::RequestFailed { request, .. } => self.answer(request, message),
        }
    }

    fn say_open(self, build: &str) {
        if build != BUILD {
            self.phase.set(Phase::Failed(OpenFailure::OtherBuild));
            return;
        }
        let (opening, held) = self.inner.try_update_value(|inner| (inner.opening.clone(), inner.held.take())).unzip();
        let Some(opening) = opening else { return };
        self.post(&ToStore::Open {
            build: BUILD.to_owned(),
            access: opening.access,
            person: self.company.me(),
            title: opening.title,
            joined: opening.joined,
            relay: opening.relay,
            verbose: opening.verbose,
        });
        for message in held.flatten().unwrap_or_default() {
            self.post(&message);
        }
    }

    fn note_kernel(self, state: KernelState) {
        if let KernelState::Dead { reason } = &state {
            self.announcement.set(format!("The kernel stopped: {reason}"));
        }
        self.note_forsaken(matches!(state, KernelState::Dead { .. }) && !self.access().may_write());
        self.kernel.set(state);
    }

    /// Takes in who else is here, and shows them where they are.
    fn take_in_peers(self, peers: Vec<(ConnectionId, Presence)>) {
        for (cell, people) in self.take_in_people(&peers) {
            let (view, editor) = (self.cell(&cell), self.editor(&cell));
            if let Some(editor) = editor {
                editor.show_people(&people);
            }
            if let Some(view) = view {
                view.people.set(people);
            }
        }
        self.peers.set(peers);
    }

    /// Notes that a notebook that came by a link is here, once it is.
    fn note_arrival(self) {
        if self.awaited.get_untracked()
            && (matches!(self.sync.get_untracked(), SyncState::Live { .. })
                || self.read(|notebook| !notebook.title().is_empty() || notebook.all_cells().next().is_some()))
        {
            self.awaited.set(false);
        }
    }

    /// Returns what this device may do with the notebook.
    pub(crate) fn access(self) -> Access {
        self.inner.with_value(|inner| inner.opening.access.clone())
    }

    /// Returns the notebook's name.
    pub(crate) fn notebook_id(self) -> NotebookId {
        self.inner.with_value(|inner| inner.opening.access.notebook())
    }

    /// Returns the address of the relay that this page was opened with.
    pub(crate) fn relay(self) -> Option<String> {
        self.inner.with_value(|inner| inner.opening.relay.clone())
    }

    /// Says what is visible but not committed yet, from the first keystroke on.
    pub(crate) fn saving(self) -> SaveState {
        match self.stored.get() {
            SaveState::Saved if self.unsent.get() || self.outstanding.get() > 0 => SaveState::Saving,
            state => state,
        }
    }

    /// Says whether the notebook may be changed.
    pub(crate) fn is_writable(self) -> bool {
        self.access().may_write()
            && !self.awaited.get()
            && !matches!(self.storage.get(), Some(Storage::ReadOnly { .. }))
    }

    /// Says the same to code that runs once.
    pub(crate) fn can_write(self) -> bool {
        untrack(|| self.is_writable())
    }

    /// Returns a cell's view.
    pub(crate) fn cell(self, id: &CellId) -> Option<CellView> {
        self.inner.with_value(|inner| inner.cells.get(id).cloned())
    }

    /// Returns a cell's text.
    pub(crate) fn text(self, id: &CellId) -> String {
        self.inner.with_value(|inner| inner.notebook.cell(id).map(|cell| cell.source.text())).unwrap_or_default()
    }

    /// Reads the state.
    pub(crate) fn read<T>(self, read: impl FnOnce(&Notebook) -> T) -> T {
        self.inner.with_value(|inner| read(&inner.notebook))
    }

    /// Reads the segments of a stream output; `None` when it is gone.
    pub(crate) fn read_stream<T>(
        self,
        execution: &ExecutionId,
        position: u32,
        read: impl FnOnce(&[Content<String>]) -> T,
    ) -> Option<T> {
        self.read(|notebook| match notebook.execution(execution)?.outputs.get(position as usize)?.as_ref() {
            Output::Stream { text, .. } => Some(read(text)),
            Output::DisplayData { .. } | Output::ExecuteResult { .. } | Output::Error { .. } => None,
        })
    }

    /// Notes the editor that shows a cell's text, so that others' edits reach it.
    pub(crate) fn register_editor(self, cell: &CellId, editor: Editor) {
        editor.show_people(&self.people_in(cell));
        self.inner.update_value(|inner| {
            inner.editors.insert(cell.clone(), editor);
        });
    }

    /// Forgets a cell's editor.
    pub(crate) fn unregister_editor(self, cell: &CellId) {
        self.inner.try_update_value(|inner| {
            inner.editors.remove(cell);
        });
    }

    /// Returns a cell's editor, if it and the session are still there.
    pub(crate) fn try_editor(self, cell: &CellId) -> Option<Editor> {
        self.inner.try_with_value(|inner| inner.editors.get(cell).cloned()).flatten()
    }

    /// Returns a cell's editor, if it is mounted.
    pub(crate) fn editor(self, cell: &CellId) -> Option<Editor> {
        self.inner.with_value(|inner| inner.editors.get(cell).cloned())
    }
}
