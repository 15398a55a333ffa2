//! Requests to the store worker and their answers.

use futures::channel::oneshot;
use leptos::prelude::*;
use notebook::Command;
use protocol::port::{FromStore, KernelReport, RequestId, ToStore};

use browser::port::RawPort;

use super::Session;

/// Why a request was not served, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Refusal(pub(crate) String);

impl Session {
    /// Posts a message that has no answer.
    pub(crate) fn post(self, message: &ToStore) {
        let sent = self.inner.try_update_value(|inner| {
            // The worker hears nothing before it listens, and a hand can be quicker than that.
            if let Some(held) = &mut inner.held {
                held.push(message.clone());
                return None;
            }
            inner.port.as_ref().map(|port| port.send(message))
        });
        if let Some(Some(Err(error))) = sent {
            crate::report::show(&error.to_string());
        }
    }

    /// Hands the kernel's ports to the store worker.
    pub(crate) fn post_ports(self, ports: Vec<RawPort>) {
        let message = ToStore::Kernel(KernelReport::Ports);
        let sent = self.inner.with_value(|inner| inner.port.as_ref().map(|port| port.send_with(&message, ports)));
        if let Some(Err(error)) = sent {
            crate::report::show(&error.to_string());
        }
    }

    /// Tells the store worker what became of the kernel frame.
    pub(crate) fn report_kernel(self, report: KernelReport) {
        self.post(&ToStore::Kernel(report));
    }

    /// Interrupts what runs.
    pub(crate) fn interrupt(self) {
        if self.runs_out_of_reach() {
            self.toasts.say("It runs in another browser, which cannot be reached just now.");
        } else {
            self.post(&ToStore::Interrupt);
        }
    }

    /// Says whether what runs, runs elsewhere, and nothing said here is heard there.
    fn runs_out_of_reach(self) -> bool {
        if untrack(|| self.is_live() || !self.is_shared()) {
            return false;
        }
        let me = self.company.me();
        self.read(|notebook| {
            let runs = |mine: bool| {
                let mut sessions =
                    notebook.sessions().iter().filter(|session| (session.by.as_ref() == Some(&me)) == mine);
                sessions.any(|session| notebook.claimed_by(&session.id).is_some())
            };
            runs(false) && !runs(true)
        })
    }

    /// Asks for a kernel before there is work.
    pub(crate) fn warm_kernel(self) {
        self.post(&ToStore::WarmKernel);
    }

    /// Has the store look whether its files are still there.
    pub(crate) fn look_for_files(self) {
        self.post(&ToStore::LookForFiles);
    }

    /// Posts a request and waits for its answer.
    pub(crate) async fn ask(self, request: impl FnOnce(RequestId) -> ToStore) -> Result<FromStore, Refusal> {
        let waiting = self.begin(request);
        match waiting.await {
            Ok(FromStore::Rejected { rejection, .. }) => Err(Refusal(rejection.to_string())),
            Ok(FromStore::RequestFailed { message, .. }) => Err(Refusal(message)),
            Ok(answer) => Ok(answer),
            Err(oneshot::Canceled) => Err(Refusal("The store worker gave no answer.".to_owned())),
        }
    }

    fn begin(self, request: impl FnOnce(RequestId) -> ToStore) -> oneshot::Receiver<FromStore> {
        let (sender, receiver) = oneshot::channel();
        let number = self.inner.try_update_value(|inner| {
            let number = inner.next_request;
            inner.next_request += 1;
            inner.waiting.insert(number, sender);
            number
        });
        if let Some(number) = number {
            self.post(&request(number));
        }
        receiver
    }

    /// Sends a command. Posted at once, so commands keep the order they were given in.
    pub(crate) fn give(self, command: Command) -> impl Future<Output = Result<(), Refusal>> {
        self.outstanding.update(|count| *count += 1);
        let is_shown = matches!(command, Command::InsertCell { .. } | Command::EditSource { .. });
        let shown = is_shown.then(|| command.clone());
        let waiting = self.begin(|request| {
            if let Some(shown) = shown {
                self.inner.update_value(|inner| drop(inner.unsettled.insert(request, shown)));
            }
            ToStore::Command { request, command }
        });
        async move {
            let answer = waiting.await;
            self.outstanding.try_update(|count| *count = count.saturating_sub(1));
            match answer {
                Ok(FromStore::Rejected { rejection, .. }) => Err(Refusal(rejection.to_string())),
                Ok(FromStore::RequestFailed { message, .. }) => Err(Refusal(message)),
                _ => Ok(()),
            }
        }
    }

    /// Sends a command; a refusal is shown to the person.
    pub(crate) fn command(self, command: Command) {
        let answer = self.give(command);
        browser::spawn(async move {
            if let Err(refusal) = answer.await {
                self.toasts.say(&refusal.to_string());
            }
        });
    }

    pub(super) fn answer(self, request: RequestId, message: FromStore) {
        let waiting = self.inner.try_update_value(|inner| {
            inner.unsettled.remove(&request);
            inner.waiting.remove(&request)
        });
        if let Some(waiting) = waiting.flatten() {
            // Who asked may have gone away since.
            waiting.send(message).ok();
        }
    }
}
