//! Light, dark, or as the system has it; remembered in this browser.

use leptos::prelude::*;

const KEY: &str = "cathode.theme";

/// Which colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Auto => "As the system",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    fn attribute(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads what was chosen last.
    pub(crate) fn load() -> Self {
        let kept = window().local_storage().ok().flatten().and_then(|storage| storage.get_item(KEY).ok().flatten());
        Self::ALL.into_iter().find(|theme| kept.as_deref() == Some(theme.attribute())).unwrap_or(Self::Auto)
    }

    /// Uses it from now on.
    pub(crate) fn choose(self) {
        if let Ok(Some(storage)) = window().local_storage() {
            // Where it cannot be kept, it holds for this page.
            storage.set_item(KEY, self.attribute()).ok();
        }
        self.show();
    }

    /// Puts it on the page.
    pub(crate) fn show(self) {
        if let Some(root) = document().document_element() {
            root.set_attribute("data-theme", self.attribute()).expect("invariant: the attribute's name is well-formed");
        }
    }
}
