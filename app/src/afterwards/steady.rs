//! Shows a passing state only once it has lasted.
//!
//! Most runs end within milliseconds. Words and colours that change twice in that time say nothing to
//! anybody, and drawing them would keep the output waiting, which is what everybody looks at.

use browser::timer::Timeout;
use leptos::prelude::*;
use send_wrapper::SendWrapper;

/// Shorter than anybody notices, longer than a short run takes.
const LAG_MILLIS: u32 = 50;

/// Follows `state`, but takes on what is `passing` only after it has been so for a moment, and then shows
/// which one it is by then. What is not passing is shown at once.
pub(crate) fn steady<T>(state: Signal<T>, passing: fn(&T) -> bool) -> Signal<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let shown = RwSignal::new(state.get_untracked());
    Effect::new(move |waiting: Option<Option<SendWrapper<Timeout>>>| {
        let now = state.get();
        if !passing(&now) || shown.with_untracked(passing) {
            if shown.with_untracked(|shown| *shown != now) {
                shown.set(now);
            }
            return None;
        }
        Some(waiting.flatten().unwrap_or_else(|| {
            SendWrapper::new(Timeout::new(LAG_MILLIS, move || {
                if let Some(now) = state.try_get_untracked() {
                    shown.try_set(now);
                }
            }))
        }))
    });
    shown.into()
}
