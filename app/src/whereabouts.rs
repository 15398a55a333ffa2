//! Tells the others where this browser is: at most ten times a second, and the last place always.

use browser::timer::Timeout;
use leptos::prelude::*;
use protocol::peer::Location;
use protocol::port::{Role, ToStore};
use web_sys::VisibilityState;

use crate::session::Session;

const EVERY_MILLIS: f64 = 100.0;

/// Who is here, and where.
type Here = (String, Option<Location>);

#[derive(Default)]
struct Said {
    last: Option<Here>,
    at: f64,
    /// What says the rest when its time has come.
    timer: Option<Timeout>,
}

/// Begins to tell.
pub(crate) fn tell(session: Session) {
    let seen = RwSignal::new(is_seen());
    let changed = window_event_listener_untyped("visibilitychange", move |_| seen.set(is_seen()));
    on_cleanup(move || changed.remove());

    let said = StoredValue::new_local(Said::default());
    let here = Memo::new(move |_| {
        let cell = session.focus.selected.get().filter(|_| seen.get());
        let place = cell.map(|cell| {
            let selection =
                session.company.selection.get().filter(|(of, _)| *of == cell && session.focus.editing.get());
            Location { cell, selection: selection.map(|(_, selection)| selection) }
        });
        (session.company.my_name(), place)
    });
    let shared = Memo::new(move |_| session.is_shared());
    Effect::new(move |_| {
        // A leader that is new, and one that begins to share, has heard nothing.
        let leads = session.role.get() == Role::Leader;
        if shared.get() && (leads || seen.get_untracked()) {
            said.update_value(|said| said.last = None);
            say(session, here.get_untracked(), said);
        }
    });
    Effect::new(move |_| {
        let here = here.get();
        if shared.get_untracked() {
            say(session, here, said);
        }
    });
}

/// Says it now, or once the last word is old enough.
fn say(session: Session, here: Here, said: StoredValue<Said, LocalStorage>) {
    let now = browser::clock::performance_now();
    let due = said.try_update_value(|known| {
        // What waited to be said is overtaken.
        known.timer = None;
        if known.last.as_ref() == Some(&here) {
            return false;
        }
        let wait = known.at + EVERY_MILLIS - now;
        if wait > 0.0 {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive time below 100")]
            let millis = wait.ceil() as u32;
            let later = here.clone();
            known.timer = Some(Timeout::new(millis, move || say(session, later, said)));
            return false;
        }
        known.at = now;
        known.last = Some(here.clone());
        true
    });
    if due == Some(true) {
        let (name, place) = here;
        session.post(&ToStore::Here { name, place });
    }
}

fn is_seen() -> bool {
    document().visibility_state() == VisibilityState::Visible
}
