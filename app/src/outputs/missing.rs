//! What is said in place of a value that could not be read.

use leptos::prelude::*;
use protocol::port::SyncState;

use crate::blobs::NOT_HERE;
use crate::session::Session;

/// Says why, and has it read again once the notebook is live again.
#[component]
pub(crate) fn Missing(session: Session, reason: String, #[prop(into)] again: Callback<()>) -> impl IntoView {
    Effect::new(move |was: Option<bool>| {
        let live = session.is_live();
        if live && was == Some(false) {
            again.run(());
        }
        live
    });
    let words = move || {
        let may_come = session.sync.with(|sync| matches!(sync, SyncState::Connecting | SyncState::Offline { .. }));
        if may_come && reason == NOT_HERE {
            "This value comes when the connection is back.".to_owned()
        } else {
            reason.clone()
        }
    };
    view! { <p class="waiting failed">{words}</p> }
}
