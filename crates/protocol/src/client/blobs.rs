//! Blobs on their way to the relay and from it. An event is pushed after the blobs that it points at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use notebook::{BlobRef, Content, Event, Notebook, Output};

use super::large::MAX_EVENT_PARTS;
use super::{Basing, Client, Phase, Step};
use crate::seal::Purpose;
use crate::snapshot::{NotNext, Parts, seal_parts};
use crate::wire::{MAX_BATCH, Refusal, ToRelay};

#[derive(Debug, Default)]
pub(super) struct Blobs {
    /// Those that were offered.
    stored: BTreeSet<String>,
    /// Those of them that the relay has not: there was no room, or they are not here.
    absent: BTreeSet<String>,
    queue: VecDeque<String>,
    /// Those of the queue that hold own events, which the store does not have as blobs.
    own: BTreeMap<String, Vec<u8>>,
    putting: bool,
    /// Whether the relay had no room for one.
    refused: bool,
    fetching: BTreeMap<String, Parts>,
}

impl Blobs {
    /// Returns the blobs of an event that the relay is not known to have.
    pub(super) fn missing(&self, event: &Event) -> Vec<String> {
        names(event).into_iter().filter(|name| !self.stored.contains(name)).collect()
    }

    /// Returns those of these that the relay has, as far as it is known.
    pub(super) fn there(&self, mut names: Vec<String>) -> Vec<String> {
        names.retain(|name| !self.absent.contains(name));
        names
    }

    /// Queues blobs that the relay is to get.
    pub(super) fn want_stored(&mut self, names: impl Iterator<Item = String>) {
        for name in names {
            if !self.stored.contains(&name) && !self.queue.contains(&name) {
                self.queue.push_back(name);
            }
        }
    }

    /// Queues one whose bytes are these.
    pub(super) fn want_own(&mut self, name: String, bytes: Vec<u8>) {
        self.own.insert(name.clone(), bytes);
        self.want_stored([name].into_iter());
    }

    pub(super) fn is_stored(&self, name: &str) -> bool {
        self.stored.contains(name)
    }

    pub(super) fn were_refused(&self) -> bool {
        self.refused
    }

    /// Takes in that the relay does not have one any more.
    pub(super) fn is_gone(&mut self, name: &str) {
        self.stored.remove(name);
        self.absent.remove(name);
    }

    /// Takes in that these are here, whatever was before: those that the relay has not are offered again.
    pub(super) fn are_here(&mut self, names: &[String]) {
        for name in names {
            if self.absent.remove(name) {
                self.stored.remove(name);
            }
        }
    }

    /// Says whether the relay has nothing to answer about blobs.
    pub(super) fn are_at_rest(&self) -> bool {
        !self.putting && self.fetching.is_empty()
    }

    /// Begins the blob that is under way again.
    pub(super) fn put_again(&mut self) {
        self.putting = false;
    }

    /// Forgets what was under way, and what is stored: the relay may be another one next time.
    pub(super) fn disconnected(&mut self) {
        self.stored.clear();
        self.absent.clear();
        self.queue.clear();
        self.own.clear();
        self.putting = false;
        self.refused = false;
    }

    pub(super) fn begin_fetching(&mut self, name: &str) {
        self.fetching.insert(name.to_owned(), Parts::default());
    }

    pub(super) fn stop_fetching(&mut self, name: &str) {
        self.fetching.remove(name);
    }
}

impl Client {
    /// Takes in the bytes of a blob for the relay; `None`: they are not here any more.
    pub fn blob(&mut self, name: &str, bytes: Option<&[u8]>) -> Vec<Step> {
        self.put_blob(name, bytes);
        self.take_steps()
    }

    fn put_blob(&mut self, name: &str, bytes: Option<&[u8]>) {
        if self.blobs.putting && self.blobs.queue.front().is_some_and(|wanted| wanted == name) {
            let entropy = self.entropy;
            let sealed = bytes.and_then(|bytes| {
                seal_parts(
                    &self.sealer,
                    bytes,
                    0,
                    || super::nonce(entropy),
                    |part, parts| Purpose::Blob { name, part, parts },
                )
            });
            match sealed {
                Some(sealed) => {
                    let parts = u32::try_from(sealed.len()).expect("invariant: there are few parts");
                    for (sealed, part) in sealed.into_iter().zip(0..) {
                        self.send(&ToRelay::PutBlob { name: name.to_owned(), part, parts, sealed });
                    }
                }
                // Whoever shows it says that it is not there.
                None => self.blob_absent(name),
            }
        }
    }

    /// Asks the relay for a blob, now or when it is there again; answered by [`Step::Blob`].
    pub fn fetch(&mut self, name: &str) -> Vec<Step> {
        if !self.blobs.fetching.contains_key(name) {
            self.blobs.fetching.insert(name.to_owned(), Parts::default());
            if self.hears() {
                self.send(&ToRelay::PullBlob { name: name.to_owned(), part: 0 });
            }
        }
        self.take_steps()
    }

    /// Asks again for the next part of every blob that has been asked for.
    pub(super) fn fetch_again(&mut self) {
        let wanted: Vec<_> = self.blobs.fetching.iter().map(|(name, got)| (name.clone(), got.next())).collect();
        for (name, part) in wanted {
            self.send(&ToRelay::PullBlob { name, part });
        }
    }

    /// Puts the next blob of the queue; when there is none, goes on with what waited for them.
    pub(super) fn put_next_blob(&mut self) {
        if self.blobs.putting || self.held_back {
            return;
        }
        if let Some(name) = self.blobs.queue.front().cloned() {
            self.blobs.putting = true;
            match self.blobs.own.get(&name).cloned() {
                Some(bytes) => self.put_blob(&name, Some(&bytes)),
                None => self.steps.push(Step::NeedBlob(name)),
            }
            return;
        }
        if let Phase::Basing(Basing { base, .. }) = &mut self.phase {
            if let Some(base) = base.take() {
                self.put_snapshot(0, &base);
            }
        } else {
            self.push();
        }
    }

    pub(super) fn blob_stored(&mut self, name: &str) {
        // The answer of a blob that was there already comes once for each of its parts.
        if self.blobs.putting && self.blobs.queue.front().is_some_and(|wanted| wanted == name) {
            self.blobs.queue.pop_front();
            self.blobs.putting = false;
            self.blobs.own.remove(name);
            self.blobs.stored.insert(name.to_owned());
            self.put_next_blob();
        }
    }

    /// Takes in the blobs of the confirmed state, and asks which of them the relay lacks: there was no room for them,
    /// or whoever filled it after it was emptied had them not.
    pub fn names(&mut self, notebook: &Notebook) -> Vec<Step> {
        if self.hears() {
            self.find_blobs(&names_of(notebook));
        }
        self.take_steps()
    }

    pub(super) fn find_blobs(&mut self, names: &[String]) {
        if self.may_write() {
            for names in names.chunks(MAX_BATCH) {
                self.send(&ToRelay::FindBlobs { names: names.to_vec() });
            }
        }
    }

    /// Takes in which blobs the relay lacks: it gets those that are here.
    pub(super) fn blobs_missing(&mut self, names: Vec<String>) {
        if self.hears() && self.may_write() {
            for name in names.iter().filter(|name| !self.blobs.absent.contains(*name)) {
                self.blobs.stored.remove(name);
            }
            self.blobs.want_stored(names.into_iter());
            self.put_next_blob();
        }
    }

    fn blob_absent(&mut self, name: &str) {
        self.blobs.absent.insert(name.to_owned());
        self.blob_stored(name);
    }

    /// Takes in that the relay has no room for a blob: who asks for it is told that it is not there, but what only
    /// points at it goes on. An event that is in one has to wait.
    pub(super) fn blob_refused(&mut self, name: &str, limit: u64) {
        if !self.blobs.own.contains_key(name) {
            self.blobs.refused = true;
            self.blob_absent(name);
        } else if self.hears() {
            self.hold_until_room(Refusal::Full { limit });
        }
    }

    pub(super) fn blob_part(&mut self, name: String, part: u32, parts: u32, sealed: Option<Vec<u8>>) {
        let Some(got) = self.blobs.fetching.get_mut(&name) else { return };
        if part != got.next() {
            // It was asked for twice.
            return;
        }
        let opened =
            sealed.and_then(|sealed| self.sealer.open(&Purpose::Blob { name: &name, part, parts }, &sealed).ok());
        let is_event = self.waiting.blob.as_ref() == Some(&name);
        let bytes = match opened.map(|bytes| got.add(part, parts, &bytes)) {
            Some(Ok(None)) if !is_event || parts <= MAX_EVENT_PARTS => {
                return self.send(&ToRelay::PullBlob { name, part: part + 1 });
            }
            Some(Ok(bytes)) => bytes,
            Some(Err(NotNext)) | None => None,
        };
        self.blobs.stop_fetching(&name);
        if is_event { self.event_came(name, bytes) } else { self.steps.push(Step::Blob(name, bytes)) }
    }
}

/// Returns the names of the blobs that an event points at.
pub(super) fn names(event: &Event) -> Vec<String> {
    names_in(blobs_of(event))
}

/// Returns the names of the blobs of a notebook.
pub(super) fn names_of(notebook: &Notebook) -> Vec<String> {
    names_in(&notebook.blobs())
}

fn names_in<'a>(blobs: impl IntoIterator<Item = &'a BlobRef>) -> Vec<String> {
    blobs.into_iter().map(|blob| blob.hash.as_ref().to_owned()).collect()
}

/// Returns the blobs that an event points at.
fn blobs_of(event: &Event) -> Vec<&BlobRef> {
    match event {
        Event::StreamAppended { text, .. } => text.blob().into_iter().collect(),
        Event::OutputAdded { output, .. } => output.blobs().collect(),
        Event::DisplayUpdated { data, .. } => data.values().filter_map(Content::blob).collect(),
        Event::ExecutionImported { outputs, .. } => outputs.iter().flat_map(Output::blobs).collect(),
        Event::NotebookTitled { .. }
        | Event::NotebookMetadataSet { .. }
        | Event::CellInserted { .. }
        | Event::CellDeleted { .. }
        | Event::CellRestored { .. }
        | Event::CellMoved { .. }
        | Event::CellKindChanged { .. }
        | Event::CellMetadataSet { .. }
        | Event::SourceEdited { .. }
        | Event::CellSplit { .. }
        | Event::CellsMerged { .. }
        | Event::ExecutionRequested { .. }
        | Event::ExecutionAssigned { .. }
        | Event::ExecutionStarted { .. }
        | Event::OutputsCleared { .. }
        | Event::ExecutionCompleted { .. }
        | Event::ExecutionCancelled { .. }
        | Event::CellOutputsCleared { .. }
        | Event::KernelSessionStarted { .. }
        | Event::KernelSessionEnded { .. }
        | Event::Unknown { .. } => Vec::new(),
    }
}
