//! Where the `log` macros write: the browser's console, each line with the thread's name.

use std::sync::OnceLock;

use log::{Level, LevelFilter, Log, Metadata, Record};
use web_sys::console;

struct Console {
    thread: String,
}

static CONSOLE: OnceLock<Console> = OnceLock::new();

impl Log for Console {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let line = format!("[{}] {}", self.thread, record.args()).into();
        match record.level() {
            Level::Error => console::error_1(&line),
            Level::Warn => console::warn_1(&line),
            Level::Info => console::info_1(&line),
            Level::Debug | Level::Trace => console::log_1(&line),
        }
    }

    fn flush(&self) {}
}

/// Writes warnings and errors from now on, everything when `verbose`. The first thread name stays.
pub fn install(thread: &str, verbose: bool) {
    let console = CONSOLE.get_or_init(|| Console { thread: thread.to_owned() });
    // A second call only sets the level: the logger is in place already.
    log::set_logger(console).ok();
    log::set_max_level(if verbose { LevelFilter::Trace } else { LevelFilter::Warn });
}
