//! The few words of memory that the worker shares with the frame's thread, which stays responsive
//! while Python runs. The layout is that of `frame/frame.html`.

use js_sys::{Atomics, Int32Array};

/// Bytes beyond which the reader is said to lag behind.
const LAG: f64 = 8.0 * 1024.0 * 1024.0;
/// `SIGINT`, as Pyodide reads it from the signal word.
const INTERRUPT: i32 = 2;

/// The signal that Python sees, in the lowest byte; above it a number that changes with every execution, so that
/// a signal that comes too late for the one it is meant for misses the next.
const SIGNAL: u32 = 0;
const SIGNAL_MASK: i32 = 255;
const RUNNING: u32 = 1;
const BUFFERED: u32 = 2;
const TICKING: u32 = 3;
const WAKE: u32 = 4;
const RECEIVED_KIB: u32 = 5;
/// The number in the signal word of the execution that was interrupted last.
const INTERRUPTED: u32 = 6;
/// How many bytes had been sent when the last execution was over, modulo 2^32.
const DONE: u32 = 7;

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

    /// Notes that an execution begins. Returns whether it was interrupted before that.
    pub(crate) fn begin(&self) -> bool {
        self.store(RUNNING, 1);
        // While it described something, Python took the signal.
        self.take_interrupt() || self.was_interrupted()
    }

    /// Notes that an execution is over, and that it is told once so many bytes are sent.
    /// Comes before that is sent: an interrupt of somebody who knows of it is meant for the next one.
    pub(crate) fn end(&self, sent: f64) {
        self.store(RUNNING, 0);
        self.store(BUFFERED, 0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            clippy::cast_sign_loss,
            reason = "modulo 2^32 is what is wanted"
        )]
        self.store(DONE, sent as u64 as u32 as i32);
        self.store(SIGNAL, (self.load(SIGNAL) | SIGNAL_MASK).wrapping_add(1));
    }

    /// Notes whether output waits. Returns whether the frame's thread must be asked to tick.
    pub(crate) fn set_buffered(&self, waits: bool) -> bool {
        self.store(BUFFERED, i32::from(waits));
        waits && self.is_there() && self.exchange(TICKING, 1) == 0
    }

    /// Takes an interrupt that Python did not take, because it awaits something or has not begun.
    pub(crate) fn take_interrupt(&self) -> bool {
        let seen = self.load(SIGNAL);
        // Nobody overwrites an interrupt but Python, which runs on this thread.
        let taken = seen & SIGNAL_MASK == INTERRUPT;
        if taken {
            self.store(SIGNAL, seen & !SIGNAL_MASK);
        }
        taken
    }

    /// Waits up to so long, or until the frame's thread has news.
    pub(crate) fn wait(&self, millis: f64) {
        let Some(words) = &self.0 else { return };
        let seen = self.load(WAKE);
        if self.load(SIGNAL) & SIGNAL_MASK == INTERRUPT {
            return;
        }
        // A browser that refuses to wait here lets the caller spin, which is slow and still right.
        Atomics::wait_with_timeout(words, WAKE, seen, millis).ok();
    }

    /// Waits while the reader lags behind what was sent. An execution that was interrupted waits no more:
    /// it must come to its end even when nobody reads.
    pub(crate) fn wait_for_reader(&self, sent: f64) {
        while self.is_there() && !self.was_interrupted() && self.lags(sent) {
            self.wait(50.0);
        }
    }

    fn was_interrupted(&self) -> bool {
        self.load(INTERRUPTED) == self.load(SIGNAL) | SIGNAL_MASK
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
