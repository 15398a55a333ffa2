//! Commands: decided once, appended, answered when committed.

use notebook::{Actor, Applied, Command, Context, Envelope, Event, ExecutionId, Rejection, decide::decide};
use protocol::port::{FromStore, RequestId};

use super::{Leader, Requester};
use crate::offload::offload;

impl Leader {
    /// Decides a command of a person, unless it was decided before.
    pub(super) fn command(&mut self, from: &Requester, request: RequestId, command: Command) {
        if self.awaiting.iter().any(|(by, number)| by == from && *number == request) {
            return; // Its answer follows the commit.
        }
        let tab = self.tab_of(from);
        if request <= self.store.seen_request(&tab) {
            self.reply(from, FromStore::Done { request });
            return;
        }
        if let Err(rejection) = self.may_change() {
            return self.reply(from, FromStore::Rejected { request, rejection });
        }
        let runs = matches!(command, Command::RunCells { .. } | Command::RunAll);
        let restarts = matches!(command, Command::RestartKernel);
        let elsewhere = self.is_hosted_elsewhere();
        let types = matches!(command, Command::EditSource { .. });
        let events = match self.decide(command, self.person()) {
            Ok(events) => events,
            Err(rejection) => {
                self.reply(from, FromStore::Rejected { request, rejection });
                return;
            }
        };
        let actor = self.person();
        self.append(&actor, events, Some(&(tab, request)));
        self.awaiting.push((from.clone(), request));
        if restarts {
            // Where another browser hosts the kernel, that one sees its session end and restarts it.
            if !elsewhere {
                self.restart_kernel();
            }
        } else if runs {
            self.kernel.revive();
        }
        if self.saving.is_failing() {
            self.show();
        }
        // Typing right before a run shares the run's commit.
        if types {
            self.commit_typing();
        } else {
            self.commit_soon();
        }
        self.pump();
    }

    /// Decides a command that no tab asked for. One that is refused has nothing to do any more.
    pub(super) fn command_of_own(&mut self, command: Command) {
        match self.decide(command, self.person()) {
            Ok(events) => {
                let actor = self.person();
                self.append(&actor, events, None);
                self.commit_soon();
            }
            Err(rejection) => log::debug!("not done: {rejection}"),
        }
    }

    fn decide(&self, command: Command, actor: Actor) -> Result<Vec<Event>, Rejection> {
        // What the kernel was given may be running: it can no longer be withdrawn, only interrupted.
        let in_flight = self.kernel.in_flight().filter(|_| !matches!(command, Command::RestartKernel));
        if let (Command::CancelExecution { execution }, Some(given)) = (&command, in_flight)
            && execution == given
        {
            return Err(Rejection::NotPending);
        }
        let mut entropy = self.edge.entropy;
        let mut context = Context { now: (self.edge.now)(), actor, entropy: &mut entropy };
        let mut events = decide(self.store.notebook(), command, &mut context)?;
        events.retain(|event| !withdraws(event, in_flight));
        Ok(events)
    }

    /// Appends events. They are visible from [`Leader::show`] on and saved by [`Leader::commit`].
    pub(super) fn append(&mut self, actor: &Actor, events: Vec<Event>, request: Option<&(String, RequestId)>) {
        for event in events {
            let (event, moved) = offload(event, &self.identity.access.blob_key());
            for (blob, bytes) in moved {
                self.store.put_blob(&blob.hash, bytes);
            }
            let envelope =
                Envelope { id: self.store.next_event_id(), actor: actor.clone(), at: (self.edge.now)(), event };
            log::debug!("{} {}", envelope.id.counter, envelope.event.kind());
            if self.store.is_shared() {
                self.will_send(envelope.clone());
            }
            match self.store.apply(envelope, request.cloned()) {
                Applied::Changed(changes) => self.fresh.extend(changes),
                Applied::Ignored(reason) => log::warn!("an event had no effect: {reason:?}"),
            }
        }
    }

    fn tab_of(&self, from: &Requester) -> String {
        match from {
            Requester::Own => self.identity.tab.clone(),
            Requester::Tab(tab) => tab.clone(),
        }
    }
}

fn withdraws(event: &Event, in_flight: Option<&ExecutionId>) -> bool {
    matches!(event, Event::ExecutionCancelled { execution } if Some(execution) == in_flight)
}
