//! Links to notebooks: how they are written, and what the one that opened this page carries.

use notebook::NotebookId;
use protocol::access::{Access, InvalidLink};

/// What the fragment of a link begins with that carries a whole notebook.
const INLINE: &str = "inline.";

/// Returns the link that gives this access.
pub(crate) fn to(access: &Access) -> String {
    format!("{}?notebook={}#{}", site(), access.notebook(), access.fragment())
}

/// Returns the link that carries a notebook, packed as text.
pub(crate) fn inline(packed: &str) -> String {
    format!("{}#{INLINE}{packed}", site())
}

/// Returns the packed notebook that a fragment carries.
pub(crate) fn packed(fragment: &str) -> Option<&str> {
    fragment.strip_prefix(INLINE)
}

/// Returns the access that the fragment of a notebook's link gives.
pub(crate) fn access(notebook: &NotebookId, fragment: &str) -> Result<Access, InvalidLink> {
    Access::parse(notebook, fragment)
}

/// Takes the fragment out of the address, so that neither the address bar nor the history keeps what it carries.
pub(crate) fn take_fragment() -> Option<String> {
    let fragment = browser::page::fragment()?;
    let location = web_sys::window()?.location();
    let (path, query) = (location.pathname().ok()?, location.search().ok()?);
    if let Err(error) = browser::page::replace_address(&format!("{path}{query}")) {
        log::warn!("{error}");
    }
    Some(fragment)
}

/// Returns the address of the site, without query and fragment.
fn site() -> String {
    let location = web_sys::window().map(|window| window.location());
    location
        .and_then(|location| Some(format!("{}{}", location.origin().ok()?, location.pathname().ok()?)))
        .unwrap_or_default()
}
