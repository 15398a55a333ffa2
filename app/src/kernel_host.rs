//! Hosts the kernel: mounts its sandboxed frame, brings it every byte it needs, hands out the ports.
//! What Python says never passes through here.

mod assets;
mod frame;

use std::rc::Rc;

use browser::port::RawPort;
use futures::FutureExt as _;
use futures::future::{Either, LocalBoxFuture, Shared, select};
use leptos::prelude::*;
use protocol::port::KernelReport;

use crate::session::Session;
use frame::{Frame, Said};

/// Of the way to the first run, how much is fetching.
const FETCHING_PERCENT: u64 = 60;
/// How long a frame may take to answer before it counts as gone: its thread does little else.
const ANSWER_MILLIS: u32 = 5_000;

/// A frame on its way, and then there with all its files.
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
        browser::spawn(async move {
            if let Err(reason) = self.bring_up(session, round).await {
                self.fail(session, round, reason);
            }
        });
    }

    /// Ends Python; its frame stays for the next one.
    pub(crate) fn stop(self) {
        self.next_round(false);
        let frame = self.0.try_with_value(|hosted| hosted.frame.as_ref().and_then(|frame| frame.peek().cloned()));
        if let Some(Some(Ok(frame))) = frame {
            frame.stop();
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
            hosted.frame.get_or_insert_with(|| self.mount(session).boxed_local().shared()).clone()
        })
    }

    async fn mount(self, session: Session) -> Result<Rc<Frame>, String> {
        let progress = move |step: &str, percent: u64| {
            if self.0.try_with_value(|hosted| hosted.is_wanted).unwrap_or(false) {
                let percent = u8::try_from(percent.min(100)).unwrap_or(100);
                session.report_kernel(KernelReport::Starting { step: step.to_owned(), percent });
            }
        };
        progress("Loading Python", 0);
        let (frame, listening) = Frame::mount(&assets::page().await?, move |start, said| match said {
            Said::Progress { step, percent } if self.is_current(start) => {
                progress(&step, FETCHING_PERCENT + u64::from(percent) * (100 - FETCHING_PERCENT) / 100);
            }
            // Not at once: it unmounts the frame that is just saying this.
            Said::Failed { reason } => browser::spawn(async move { self.fail(session, start, reason) }),
            Said::Progress { .. } => {}
        })?;
        let listening = listening.shared();
        let fetching = move |percent| progress("Loading Python", percent * FETCHING_PERCENT / 100);
        assets::fetch(&fetching, async |name, bytes| {
            listening
                .clone()
                .await
                .map_err(|_gone| "The kernel's frame was taken down before it was ready.".to_owned())?;
            frame.give(&name, &bytes)
        })
        .await?;
        Ok(Rc::new(frame))
    }

    fn fail(self, session: Session, round: u64, reason: String) {
        if self.is_current(round) {
            // What it was made of may be what is damaged, so the next start fetches it anew.
            self.unmount();
            session.report_kernel(KernelReport::Failed { reason });
        }
    }

    fn unmount(self) {
        self.0.try_update_value(|hosted| hosted.frame = None);
    }
}
