//! Where a notebook's files lie in the private file system, for whoever keeps them and whoever clears them away.

use notebook::NotebookId;

/// Returns the directory of a notebook's pool of files.
pub fn directory(notebook: &NotebookId) -> String {
    format!("cathode/{notebook}")
}
