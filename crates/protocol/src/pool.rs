//! Where a notebook's files lie in the private file system, for whoever keeps them and whoever clears them away.

use notebook::NotebookId;

/// The directory of damaged files that were set aside, those of all notebooks.
pub const ASIDE: &str = "cathode-aside";

/// Returns the directory of a notebook's pool of files.
pub fn directory(notebook: &NotebookId) -> String {
    format!("cathode/{notebook}")
}

/// Returns how the names of a notebook's files in [`ASIDE`] begin.
pub fn aside_prefix(notebook: &NotebookId) -> String {
    format!("{notebook}-")
}
