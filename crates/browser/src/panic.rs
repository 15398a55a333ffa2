//! A panic becomes a report that a person can copy. It never passes in silence.

use web_sys::console;

use crate::page;

/// From now on hands a report of every panic of this thread to `callback`.
///
/// The callback must not panic and should only post a message: the thread is beyond use.
pub fn install(thread: &'static str, build: &'static str, callback: impl Fn(String) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| payload.downcast_ref::<String>().cloned());
        let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let report = format!(
            "{thread} of Cathode {build} stopped: {}\nat {place}\nin {}",
            message.as_deref().unwrap_or("no message"),
            page::user_agent().as_deref().unwrap_or("an unknown browser"),
        );
        console::error_1(&report.as_str().into());
        callback(report);
    }));
}
