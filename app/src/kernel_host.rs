//! Hosts the kernel: mounts its sandboxed frame, sees to it that it gets every byte it needs, hands out the ports.
//! What Python says never passes through here.

mod frame;
mod progress;

use std::rc::Rc;

use browser::port::RawPort;
use futures::FutureExt as _;
use futures::future::{Either, LocalBoxFuture, Shared, select};
use leptos::prelude::*;
use protocol::port::KernelReport;

use crate::session::Session;
use frame::{Frame, Said};
use progress::Progress;

/// How long a frame may take to answer before it counts as gone: its thread does little else.
const ANSWER_MILLIS: u32 = 5_000;

/// A frame on its way, and then there; its files may still be under way.
type Mounting = Shared<LocalBoxFuture<'static, Result<Rc<Frame>, String>>>;

/// The host of one page's kernel.
#[derive(Clone, Copy)]
pub(crate) struct KernelHost(StoredValue<Hosted, LocalStorage>);

#[derive(Default)]
struct Hosted {
    /// Counts starts and stops, so that a start that was overtaken gives up.
    round: u64,
    /// Whether the last of them was a start.
    is_wanted: bool,
    /// Kept from one kernel to the next: it starts another worker from what it has.
    frame: Option<Mounting>,
    /// Counts the frames.
    mounts: u64,
    progress: Progress,
}

impl KernelHost {
    pub(crate) fn new() -> Self {
        Self(StoredValue::new_local(Hosted::default()))
    }

    /// Begins to bring what a kernel needs before one is asked for. What goes wrong shows when one is.
    pub(crate) fn prefetch(self, session: Session) {
        if let Some(mounting) = self.mounting(session) {
            browser::spawn(async move { drop(mounting.await) });
        }
    }

    /// Lets go of what was brought, if no kernel was asked for.
    pub(crate) fn forgo(self) {
        self.0.try_update_value(|hosted| {
            if !hosted.is_wanted {
                hosted.frame = None;
            }
        });
    }

    /// Starts a kernel, in place of one that may be there.
    pub(crate) fn start(self, session: Session) {
        let Some(round) = self.next_round(true) else { return };
        self.note_progress(session, Progress::begin);
        browser::spawn(async move {
            if let Err(reason) = self.bring_up(session, round).await {
                self.fail(session, round, reason);
            }
        });
    }

    /// Ends Python. Its frame stays for the next one, unless Python never came up: what it was made of may be
    /// what is damaged, and the store may have heard that before the frame says so.
    pub(crate) fn stop(self, was_up: bool) {
        self.next_round(false);
        let frame = self.0.try_with_value(|hosted| hosted.frame.as_ref().and_then(|frame| frame.peek().cloned()));
        if let Some(Some(Ok(frame))) = frame {
            frame.stop();
        }
        if !was_up {
            self.unmount();
        }
    }

    fn next_round(self, is_wanted: bool) -> Option<u64> {
        self.0.try_update_value(|hosted| {
            hosted.round += 1;
            hosted.is_wanted = is_wanted;
            hosted.round
        })
    }

    fn is_current(self, round: u64) -> bool {
        self.0.try_with_value(|hosted| hosted.round == round).unwrap_or(false)
    }

    async fn bring_up(self, session: Session, round: u64) -> Result<(), String> {
        for _ in 0..2 {
            let Some(mounting) = self.mounting(session) else { return Ok(()) };
            let frame = mounting.await?;
            if !self.is_current(round) {
                return Ok(());
            }
            let ours = |error: browser::BrowserError| error.to_string();
            let (to_worker, to_frame) = (RawPort::pair().map_err(ours)?, RawPort::pair().map_err(ours)?);
            let answer = frame.start(round, &to_worker.0, &to_frame.0)?;
            let answered = matches!(
                select(answer, Box::pin(browser::timer::after(ANSWER_MILLIS))).await,
                Either::Left((Ok(()), _))
            );
            if !self.is_current(round) {
                return Ok(());
            }
            if answered {
                session.post_ports(vec![to_worker.1, to_frame.1]);
                return Ok(());
            }
            log::warn!("the kernel's frame does not answer and is replaced");
            self.unmount();
        }
        Err("The kernel's frame does not answer. Reload the page.".to_owned())
    }

    /// Returns the frame, or one on its way.
    fn mounting(self, session: Session) -> Option<Mounting> {
        self.0.try_update_value(|hosted| {
            if hosted.frame.is_none() {
                hosted.mounts += 1;
                hosted.frame = Some(self.mount(session, hosted.mounts).boxed_local().shared());
            }
            hosted.frame.clone()
        })?
    }

    async fn mount(self, session: Session, mount: u64) -> Result<Rc<Frame>, String> {
        let on_percent = move |percent| self.note_progress(session, |progress| progress.fetched(percent));
        let frame = Frame::mount(on_percent, move |start, said| match said {
            Said::Progress { step, percent } if self.is_current(start) => {
                self.note_progress(session, |progress| progress.started(step, percent));
            }
            // Not at once: it unmounts the frame that is just saying this.
            Said::Failed { reason } => browser::spawn(async move { self.fail(session, start, reason) }),
            Said::Progress { .. } => {}
        })?;
        frame.is_mounted().await?;
        let given = frame.is_given();
        browser::spawn(async move {
            match given.await {
                Ok(()) => self.note_progress(session, |progress| progress.fetched(100)),
                Err(reason) => self.lack(session, mount, reason),
            }
        });
        Ok(Rc::new(frame))
    }

    fn note_progress(self, session: Session, note: impl FnOnce(&mut Progress)) {
        let report = self.0.try_update_value(|hosted| {
            note(&mut hosted.progress);
            hosted.is_wanted.then(|| hosted.progress.report())
        });
        if let Some(Some(report)) = report {
            session.report_kernel(report);
        }
    }

    /// Takes in that a frame does not get what it needs.
    fn lack(self, session: Session, mount: u64, reason: String) {
        let round = self.0.try_with_value(|hosted| {
            let is_there = hosted.frame.is_some() && hosted.mounts == mount;
            is_there.then_some((hosted.round, hosted.is_wanted))
        });
        match round.flatten() {
            Some((round, true)) => self.fail(session, round, reason),
            // The next start fetches anew, and tells what goes wrong then.
            Some((_, false)) => self.unmount(),
            None => {}
        }
    }

    fn fail(self, session: Session, round: u64, reason: String) {
        if self.is_current(round) {
            // What it was made of may be what is damaged, so the next start fetches it anew.
            self.unmount();
            session.report_kernel(KernelReport::Failed { reason });
        }
    }

    fn unmount(self) {
        self.0.try_update_value(|hosted| {
            hosted.frame = None;
            hosted.progress = Progress::default();
        });
    }
}
