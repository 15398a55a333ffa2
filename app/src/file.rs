//! Notebook files: chosen or dropped by a person, read, and offered as downloads.

use std::collections::BTreeMap;

use leptos::prelude::*;
use notebook::ipynb::{self, Imported};
use notebook::{BlobRef, Command};
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, HtmlInputElement};

use crate::session::Session;

const MIME: &str = "application/x-ipynb+json";

/// Lets the person choose a file.
pub(crate) fn choose(on_file: impl Fn(File) + 'static) {
    let input = document().create_element("input").expect("invariant: the element's name is well-formed");
    let input: HtmlInputElement = input.unchecked_into();
    input.set_type("file");
    input.set_accept(".ipynb,application/json");
    let chosen = input.clone();
    let on_change = Closure::once_into_js(move || {
        if let Some(file) = chosen.files().and_then(|files| files.get(0)) {
            on_file(file);
        }
    });
    input.set_onchange(Some(on_change.unchecked_ref()));
    input.click();
}

/// Reads a notebook file; its title is the file's name.
pub(crate) async fn read(file: &File) -> Result<Imported, String> {
    #[expect(clippy::cast_precision_loss, reason = "a limit of some megabytes is exact")]
    let limit = ipynb::MAX_FILE_LEN as f64;
    if file.size() > limit {
        return Err(format!(
            "{} is too large: {:.0} MB, at most {:.0} MB.",
            file.name(),
            file.size() / 1e6,
            limit / 1e6
        ));
    }
    let text = JsFuture::from(file.text()).await.map_err(|_thrown| format!("{} could not be read.", file.name()))?;
    let mut imported = ipynb::parse(&text.as_string().unwrap_or_default())
        .map_err(|error| format!("{} could not be opened: {error}", file.name()))?;
    let name = file.name();
    let title = name.strip_suffix(".ipynb").unwrap_or(&name).trim();
    if !title.is_empty() {
        imported.title = Some(title.to_owned());
    }
    Ok(imported)
}

/// Reads a file into an open notebook: it fills an empty one, else its cells are appended.
pub(crate) fn import_into(session: Session, file: File) {
    let file = SendWrapper::new(file);
    browser::spawn(async move {
        match read(&file).await {
            Ok(imported) => give(session, imported).await,
            Err(reason) => session.toasts.say(&reason),
        }
    });
}

/// Gives what was read to the store.
pub(crate) async fn give(session: Session, imported: Imported) {
    session.flush();
    let repairs = imported.repairs.len();
    match session.give(Command::Import { file: Box::new(imported) }).await {
        Ok(()) if repairs > 0 => {
            session.toasts.say(&format!("Opened. {repairs} things in the file had to be repaired."));
        }
        Ok(()) => {}
        Err(refusal) => session.toasts.say(&refusal.to_string()),
    }
}

/// Offers the notebook as a file.
pub(crate) fn download_notebook(session: Session) {
    session.flush();
    browser::spawn(async move {
        if let Err(reason) = export(session).await {
            session.toasts.say(&reason);
        }
    });
}

async fn export(session: Session) -> Result<(), String> {
    let text = to_ipynb(session).await?;
    let name = file_name(&session.title.get_untracked());
    browser::page::download(&name, MIME, text.as_bytes()).map_err(|error| error.to_string())
}

/// Returns the notebook as the text of a file.
pub(crate) async fn to_ipynb(session: Session) -> Result<String, String> {
    let mut blobs: BTreeMap<BlobRef, Vec<u8>> = BTreeMap::new();
    for blob in session.read(notebook::Notebook::blobs) {
        let bytes = session.read_blob(&blob).await?;
        blobs.insert(blob, bytes.to_vec());
    }
    session
        .read(|notebook| ipynb::export(notebook, &|blob| blobs.get(blob).cloned()))
        .map_err(|error| error.to_string())
}

/// Makes a file name of a title: file systems refuse some characters.
fn file_name(title: &str) -> String {
    let name: String =
        title.chars().map(|c| if c.is_control() || "\\/:*?\"<>|".contains(c) { '-' } else { c }).take(120).collect();
    let name = name.trim().trim_matches('.');
    if name.is_empty() { "notebook.ipynb".to_owned() } else { format!("{name}.ipynb") }
}
