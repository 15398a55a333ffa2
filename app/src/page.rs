//! The pages: which one the address asks for, and each of them.

pub(crate) mod diagnostics;
pub(crate) mod home;
pub(crate) mod inline;
pub(crate) mod notebook;
pub(crate) mod notice;

use ::notebook::NotebookId;

/// What the address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Home,
    Notebook(NotebookId),
    Diagnostics(NotebookId),
    /// The notebook's id is not one.
    Malformed,
}

impl Route {
    /// Reads the address.
    pub(crate) fn of_address() -> Self {
        let Some(id) = browser::page::query("notebook") else { return Self::Home };
        let Ok(id) = NotebookId::parse(&id) else { return Self::Malformed };
        if browser::page::query("view").as_deref() == Some("diagnostics") {
            Self::Diagnostics(id)
        } else {
            Self::Notebook(id)
        }
    }
}

/// Says whether the address asks for verbose logs.
pub(crate) fn is_verbose() -> bool {
    browser::page::query("debug").is_some()
}
