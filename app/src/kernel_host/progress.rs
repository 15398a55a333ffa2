//! How far the way to the first run is: what is fetched and what is started, at the same time.

use protocol::port::KernelReport;

/// Of the way to the first run, how much is fetching, in per cent.
const FETCHING: u64 = 60;

/// How far it is. A frame that is kept has fetched everything.
#[derive(Debug, Default)]
pub(super) struct Progress {
    fetched: u64,
    started: u64,
    step: String,
}

impl Progress {
    /// Notes that a kernel begins to start.
    pub(super) fn begin(&mut self) {
        self.started = 0;
        self.step.clear();
    }

    pub(super) fn fetched(&mut self, percent: u64) {
        self.fetched = percent.min(100);
    }

    pub(super) fn started(&mut self, step: String, percent: u8) {
        self.started = u64::from(percent).min(100);
        self.step = step;
    }

    pub(super) fn report(&self) -> KernelReport {
        let percent = (self.fetched * FETCHING + self.started * (100 - FETCHING)) / 100;
        let is_loading = self.fetched < 100 || self.step.is_empty();
        let step = if is_loading { "Loading Python" } else { &self.step };
        KernelReport::Starting { step: step.to_owned(), percent: u8::try_from(percent).unwrap_or(100) }
    }
}
