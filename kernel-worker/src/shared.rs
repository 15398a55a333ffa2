//! The few words of memory that the worker shares with the frame's thread, which stays responsive
//! while Python runs. The layout is that of `frame/frame.html`.

use js_sys::{Atomics, Int32Array};

/// Bytes beyond which the reader is said to lag behind.
const LAG: f64 = 8.0 * 1024.0 * 1024.0;
/// `SIGINT`, as Pyodide reads it from the signal word.
const INTERRUPT: i32 = 2;

const SIGNAL: u32 = 0;
const RUNNING: u32 = 1;
const BUFFERED: u32 = 2;
const TICKING: u32 = 3;
const WAKE: u32 = 4;
const RECEIVED_KIB: u32 = 5;
const INTERRUPTED: u32 = 6;

/// The words, or nothing where the browser shares no memory: then nobody ticks, interrupts or waits.
#[derive(Debug, Clone)]
pub(crate) struct Shared(Option<Int32Array>);

impl Shared {
    pub(crate) fn new(words: Option<Int32Array>) -> Self {
        Self(words)
    }

    pub(crate) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    /// Notes that an execution begins. A signal that came before is not meant for it.
    pub(crate) fn begin(&self) {
        self.store(SIGNAL, 0);
        self.store(INTERRUPTED, 0);
        self.store(RUNNING, 1);
    }

    /// Notes that an execution is over.
    pub(crate) fn end(&self) {
        self.store(RUNNING, 0);
        self.store(BUFFERED, 0);
        self.store(SIGNAL, 0);
    }

    /// Notes whether output waits. Returns whether the frame's thread must be asked to tick.
    pub(crate) fn set_buffered(&self, waits: bool) -> bool {
        self.store(BUFFERED, i32::from(waits));
        waits && self.is_there() && self.exchange(TICKING, 1) == 0
    }

    /// Takes an interrupt that Python did not take, because it awaits something.
    pub(crate) fn take_interrupt(&self) -> bool {
        let taken = self.load(SIGNAL) == INTERRUPT;
        if taken {
            self.store(SIGNAL, 0);
        }
        taken
    }

    /// Waits up to so long, or until the frame's thread has news.
    pub(crate) fn wait(&self, millis: f64) {
        let Some(words) = &self.0 else { return };
        let seen = self.load(WAKE);
        if self.load(SIGNAL) == INTERRUPT {
            return;
        }
        // A browser that refuses to wait here lets the caller spin, which is slow and still right.
        Atomics::wait_with_timeout(words, WAKE, seen, millis).ok();
    }

    /// Waits while the reader lags behind what was sent. An execution that was interrupted waits no more:
    /// it must come to its end even when nobody reads.
    pub(crate) fn wait_for_reader(&self, sent: f64) {
        while self.is_there() && self.load(INTERRUPTED) == 0 && self.lags(sent) {
            self.wait(50.0);
        }
    }

    fn lags(&self, sent: f64) -> bool {
        sent - f64::from(self.load(RECEIVED_KIB)) * 1024.0 > LAG
    }

    fn load(&self, word: u32) -> i32 {
        self.0.as_ref().and_then(|words| Atomics::load(words, word).ok()).unwrap_or(0)
    }

    fn store(&self, word: u32, value: i32) {
        if let Some(words) = &self.0 {
            Atomics::store(words, word, value).ok();
        }
    }

    fn exchange(&self, word: u32, value: i32) -> i32 {
        self.0.as_ref().and_then(|words| Atomics::exchange(words, word, value).ok()).unwrap_or(0)
    }
}
