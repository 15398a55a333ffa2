//! Hosts the kernel: brings every byte it needs, mounts its sandboxed frame, hands out the ports.
//! What Python says never passes through here.

mod assets;
mod frame;

use browser::port::RawPort;
use leptos::prelude::*;
use protocol::port::KernelReport;

use crate::session::Session;
use assets::Assets;
use frame::{Frame, Said};

/// Of the way to the first run, how much is fetching.
const FETCHING_PERCENT: u64 = 60;

/// The host of one page's kernel.
#[derive(Clone, Copy)]
pub(crate) struct KernelHost(StoredValue<Hosted, LocalStorage>);

#[derive(Default)]
struct Hosted {
    /// Counts the starts, so that a start that was overtaken gives up.
    round: u64,
    frame: Option<Frame>,
    /// Fetched once; every frame gets copies, so a restart fetches nothing.
    assets: Option<Assets>,
}

impl KernelHost {
    pub(crate) fn new() -> Self {
        Self(StoredValue::new_local(Hosted::default()))
    }

    /// Starts a kernel, in place of one that may be there.
    pub(crate) fn start(self, session: Session) {
        let Some(round) = self.next_round() else { return };
        browser::spawn(async move {
            if let Err(reason) = self.bring_up(session, round).await
                && self.is_current(round)
            {
                self.stop();
                session.report_kernel(KernelReport::Failed { reason });
            }
        });
    }

    /// Takes the frame down, and Python with it.
    pub(crate) fn stop(self) {
        self.next_round();
    }

    fn next_round(self) -> Option<u64> {
        self.0.try_update_value(|hosted| {
            hosted.round += 1;
            // Dropping the frame removes it from the page.
            hosted.frame = None;
            hosted.round
        })
    }

    fn is_current(self, round: u64) -> bool {
        self.0.try_with_value(|hosted| hosted.round == round).unwrap_or(false)
    }

    async fn bring_up(self, session: Session, round: u64) -> Result<(), String> {
        let progress = move |step: &str, percent: u64| {
            if self.is_current(round) {
                let percent = u8::try_from(percent.min(100)).unwrap_or(100);
                session.report_kernel(KernelReport::Starting { step: step.to_owned(), percent });
            }
        };
        progress("Loading Python", 0);
        let kept = self.0.with_value(|hosted| hosted.assets.clone());
        let assets = if let Some(assets) = kept {
            assets
        } else {
            let assets =
                Assets::fetch(&move |percent| progress("Loading Python", percent * FETCHING_PERCENT / 100)).await?;
            self.0.update_value(|hosted| hosted.assets = Some(assets.clone()));
            assets
        };
        if !self.is_current(round) {
            return Ok(());
        }
        let (frame, listening) = Frame::mount(assets.page(), move |said| match said {
            Said::Progress { step, percent } => {
                progress(&step, FETCHING_PERCENT + u64::from(percent) * (100 - FETCHING_PERCENT) / 100);
            }
            Said::Failed { reason } if self.is_current(round) => session.report_kernel(KernelReport::Failed { reason }),
            Said::Failed { .. } => {}
        })?;
        self.0.update_value(|hosted| hosted.frame = Some(frame));
        listening.await.map_err(|_gone| "The kernel's frame was taken down before it was ready.".to_owned())?;
        let ours = |error: browser::BrowserError| error.to_string();
        let to_worker = RawPort::pair().map_err(ours)?;
        let to_frame = RawPort::pair().map_err(ours)?;
        let booted = self
            .0
            .with_value(|hosted| hosted.frame.as_ref().map(|frame| frame.boot(&assets, &to_worker.0, &to_frame.0)));
        match booted {
            Some(booted) => booted?,
            None => return Ok(()),
        }
        session.post_ports(vec![to_worker.1, to_frame.1]);
        Ok(())
    }
}
