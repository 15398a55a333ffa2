//! The origin's private file system: whether it is there, its files, its limits.
//!
//! The pool of files that `SQLite` uses belongs to the store worker.

use js_sys::{AsyncIterator, Function, IteratorNext, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    FileSystemDirectoryHandle, FileSystemFileHandle, FileSystemGetDirectoryOptions, FileSystemGetFileOptions,
    FileSystemHandle, FileSystemHandleKind, FileSystemRemoveOptions, FileSystemSyncAccessHandle, StorageEstimate,
    StorageManager,
};

use crate::error::BrowserError;
use crate::navigator;

/// A file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name within its directory.
    pub name: String,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// How much the origin uses and may use, in bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// In use, for all notebooks and caches together.
    pub usage: f64,
    /// The browser's limit.
    pub quota: f64,
}

fn manager() -> Result<StorageManager, BrowserError> {
    navigator::storage().ok_or(BrowserError::Missing { what: "storage" })
}

async fn root() -> Result<FileSystemDirectoryHandle, BrowserError> {
    let manager = manager()?;
    if !Reflect::has(&manager, &"getDirectory".into()).unwrap_or(false) {
        return Err(BrowserError::Missing { what: "private file system" });
    }
    let handle = JsFuture::from(manager.get_directory())
        .await
        .map_err(|error| BrowserError::thrown("open the private file system", &error))?;
    Ok(handle.unchecked_into())
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

async fn directory(path: &str, create: bool) -> Result<FileSystemDirectoryHandle, BrowserError> {
    let options = FileSystemGetDirectoryOptions::new();
    options.set_create(create);
    let mut found = root().await?;
    for part in parts(path) {
        let next = JsFuture::from(found.get_directory_handle_with_options(part, &options)).await;
        found = next.map_err(|error| BrowserError::thrown("open a directory", &error))?.unchecked_into();
    }
    Ok(found)
}

fn split(path: &str) -> (&str, &str) {
    let path = path.trim_end_matches('/');
    path.rsplit_once('/').unwrap_or(("", path))
}

fn is_absent(error: &BrowserError) -> bool {
    error.exception() == Some("NotFoundError")
}

/// Says why there is no private file system, if there is none.
pub async fn available() -> Result<(), BrowserError> {
    root().await.map(drop)
}

/// Tells whether a directory exists and holds something.
pub async fn is_populated(path: &str) -> Result<bool, BrowserError> {
    Ok(!list(path).await?.is_empty())
}

/// Lists a directory; one that does not exist is empty.
pub async fn list(path: &str) -> Result<Vec<Entry>, BrowserError> {
    let failed = |error: JsValue| BrowserError::thrown("list a directory", &error);
    let directory = match directory(path, false).await {
        Ok(directory) => directory,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let handles: AsyncIterator = directory.values();
    let mut entries = Vec::new();
    loop {
        let next =
            JsFuture::from(handles.next().map_err(failed)?).await.map_err(failed)?.unchecked_into::<IteratorNext>();
        if next.done() {
            return Ok(entries);
        }
        let handle: FileSystemHandle = next.value().unchecked_into();
        entries.push(Entry { name: handle.name(), is_directory: handle.kind() == FileSystemHandleKind::Directory });
    }
}

/// Removes a directory and all in it; one that does not exist is removed already.
pub async fn remove_directory(path: &str) -> Result<(), BrowserError> {
    remove(path, true).await
}

/// Removes a file; one that does not exist is removed already.
async fn remove_file(path: &str) -> Result<(), BrowserError> {
    remove(path, false).await
}

/// Removes the files of a directory whose names begin with this.
pub async fn remove_files(path: &str, prefix: &str) -> Result<(), BrowserError> {
    for entry in list(path).await?.into_iter().filter(|entry| entry.name.starts_with(prefix)) {
        remove_file(&format!("{path}/{}", entry.name)).await?;
    }
    Ok(())
}

async fn remove(path: &str, recursive: bool) -> Result<(), BrowserError> {
    let (parent, name) = split(path);
    let options = FileSystemRemoveOptions::new();
    options.set_recursive(recursive);
    let removed = match directory(parent, false).await {
        Ok(parent) => JsFuture::from(parent.remove_entry_with_options(name, &options))
            .await
            .map_err(|error| BrowserError::thrown("remove a file", &error)),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if !is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}

async fn file(path: &str, create: bool) -> Result<FileSystemFileHandle, BrowserError> {
    let (parent, name) = split(path);
    let options = FileSystemGetFileOptions::new();
    options.set_create(create);
    let parent = directory(parent, create).await?;
    let handle = JsFuture::from(parent.get_file_handle_with_options(name, &options)).await;
    Ok(handle.map_err(|error| BrowserError::thrown("open a file", &error))?.unchecked_into())
}

/// Writes a whole file. Only in a dedicated worker.
pub async fn write_file(path: &str, bytes: &[u8]) -> Result<(), BrowserError> {
    let failed = |error: JsValue| BrowserError::thrown("write a file", &error);
    let file = file(path, true).await?;
    let handle: FileSystemSyncAccessHandle =
        JsFuture::from(file.create_sync_access_handle()).await.map_err(failed)?.unchecked_into();
    let written =
        handle.truncate_with_u32(0).and_then(|()| handle.write_with_u8_array(bytes)).and_then(|_length| handle.flush());
    handle.close();
    written.map_err(failed)
}

/// Reads a whole file.
pub async fn read_file(path: &str) -> Result<Vec<u8>, BrowserError> {
    let failed = |error: JsValue| BrowserError::thrown("read a file", &error);
    let file: web_sys::File =
        JsFuture::from(file(path, false).await?.get_file()).await.map_err(failed)?.unchecked_into();
    let buffer = JsFuture::from(file.array_buffer()).await.map_err(failed)?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// Acts without closing any open file: in Chromium, closing one that was deleted with all of its site's data waits
/// for ever. The browser closes what is left open when the worker ends.
pub fn without_closing<T>(act: impl FnOnce() -> T) -> T {
    let handles = Reflect::get(&js_sys::global(), &"FileSystemSyncAccessHandle".into())
        .and_then(|class| Reflect::get(&class, &"prototype".into()))
        .map(JsCast::unchecked_into::<Handles>);
    let Ok(handles) = handles else { return act() };
    let close = handles.close();
    let nothing = Closure::<dyn Fn()>::new(|| {});
    handles.set_close(nothing.as_ref().unchecked_ref());
    let done = act();
    handles.set_close(&close);
    done
}

#[wasm_bindgen]
extern "C" {
    /// What all open files share.
    type Handles;
    #[wasm_bindgen(method, structural, getter)]
    fn close(this: &Handles) -> Function;
    #[wasm_bindgen(method, structural, setter)]
    fn set_close(this: &Handles, close: &Function);
}

/// Tells how much is used and how much may be.
pub async fn estimate() -> Result<Estimate, BrowserError> {
    let failed = |error: JsValue| BrowserError::thrown("estimate storage", &error);
    let estimate: StorageEstimate =
        JsFuture::from(manager()?.estimate().map_err(failed)?).await.map_err(failed)?.unchecked_into();
    Ok(Estimate { usage: estimate.get_usage().unwrap_or(0.0), quota: estimate.get_quota().unwrap_or(0.0) })
}

/// Asks the browser not to evict this origin; returns whether it agreed.
pub async fn persist() -> Result<bool, BrowserError> {
    let failed = |error: JsValue| BrowserError::thrown("ask for lasting storage", &error);
    let agreed = JsFuture::from(manager()?.persist().map_err(failed)?).await.map_err(failed)?;
    Ok(agreed.is_truthy())
}
