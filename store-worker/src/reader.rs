//! Leads a notebook that may only be looked at: a newer version wrote its database.

use protocol::inspect::{Answer, Refusal};
use protocol::port::{FromStore, KernelState, RequestId, Role, SaveState, Storage, SyncState, TabMessage, ToStore};
use store::{ReadOnly, StoreError};

use crate::leader::{Effect, Requester, reply};

/// The leader of a notebook that is not written.
#[derive(Debug)]
pub struct Reader {
    store: ReadOnly,
    tab: String,
}

impl Reader {
    /// Takes over a database that may not be written.
    pub fn begin(store: ReadOnly, tab: String) -> (Self, Vec<Effect>) {
        let opened = FromStore::Opened {
            storage: Storage::ReadOnly { version: store.version() },
            role: Role::Leader,
            changes: store.notebook().to_changes(),
        };
        let effects = vec![
            Effect::Ui(opened),
            Effect::Ui(FromStore::Saved(SaveState::Saved)),
            Effect::Ui(FromStore::Kernel(KernelState::None)),
            Effect::Tabs(TabMessage::Leading { leader: tab.clone() }),
        ];
        (Self { store, tab }, effects)
    }

    /// Takes a message of the own page.
    pub fn on_ui(&mut self, message: ToStore) -> Vec<Effect> {
        self.serve(Requester::Own, message)
    }

    /// Takes a message of another tab.
    pub fn on_tab(&mut self, message: TabMessage) -> Vec<Effect> {
        match message {
            TabMessage::Request { tab, message } => self.serve(Requester::Tab(tab), message),
            TabMessage::Join { tab, .. } => vec![Effect::Tabs(TabMessage::Welcome {
                tab,
                leader: self.tab.clone(),
                version: 0,
                storage: Storage::ReadOnly { version: self.store.version() },
                changes: self.store.notebook().to_changes(),
                saved: SaveState::Saved,
                kernel: KernelState::None,
                sync: SyncState::Local,
                peers: Vec::new(),
            })],
            _ => Vec::new(),
        }
    }

    fn serve(&mut self, from: Requester, message: ToStore) -> Vec<Effect> {
        let answer = match message {
            ToStore::ReadBlob { request, blob } => {
                answer(request, self.store.blob(&blob.hash), |bytes| FromStore::Blob { request, bytes })
            }
            ToStore::ReadLog { request, before, limit } => {
                answer(request, self.store.log_page(before, limit), |entries| FromStore::Log { request, entries })
            }
            ToStore::Diagnose { request } => {
                answer(request, self.store.diagnostics(), |figures| FromStore::Diagnostics { request, figures })
            }
            ToStore::ExportDatabase { request } => {
                answer(request, self.store.export(), |bytes| FromStore::Database { request, bytes })
            }
            ToStore::Reset { request } => return vec![Effect::Reset { from, request }],
            ToStore::Command { request, .. } => {
                let version = self.store.version();
                let message = format!(
                    "A newer version of Cathode wrote this notebook (its database is of version {version}). Update to edit it."
                );
                FromStore::RequestFailed { request, message }
            }
            ToStore::Share { request } => {
                let message = "A notebook of a newer version cannot be shared from here.".to_owned();
                FromStore::RequestFailed { request, message }
            }
            ToStore::Inspect { request, .. } => {
                FromStore::Inspected { request, answer: Answer::Refused(Refusal::ViewOnly) }
            }
            // What is only read was never this tab's to save.
            ToStore::SaveAgain { request } => FromStore::Done { request },
            ToStore::Open { .. }
            | ToStore::LookForFiles
            | ToStore::Here { .. }
            | ToStore::Typed { .. }
            | ToStore::Online
            | ToStore::Interrupt
            | ToStore::WarmKernel
            | ToStore::Kernel(_) => return Vec::new(),
        };
        vec![reply(&from, answer)]
    }
}

fn answer<T>(request: RequestId, found: Result<T, StoreError>, answer: impl FnOnce(T) -> FromStore) -> FromStore {
    match found {
        Ok(found) => answer(found),
        Err(error) => FromStore::RequestFailed { request, message: error.to_string() },
    }
}
