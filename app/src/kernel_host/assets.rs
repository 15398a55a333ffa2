//! The kernel's files, fetched by the page so that its caches serve them.

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::try_join_all;
use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array};
use serde_json::Value;

/// Where the kernel's files lie, relative to the page.
const FOLDER: &str = "./kernel/";
/// What Trunk builds and the manifest does not list.
const BUILT: [&str; 2] = ["kernel-worker.js", "kernel-worker_bg.wasm"];
/// The files that the page itself reads.
const PAGE: &str = "frame.html";
const SCRIPT: &str = "boot.js";
const MANIFEST: &str = "manifest.json";

/// Every byte that a kernel needs.
#[derive(Clone)]
pub(super) struct Assets(Rc<Fetched>);

struct Fetched {
    page: String,
    script: String,
    files: Vec<(String, ArrayBuffer)>,
}

impl Assets {
    /// Fetches everything; `progress` gets per cents.
    pub(super) async fn fetch(progress: &impl Fn(u64)) -> Result<Self, String> {
        let manifest = fetch(&format!("{FOLDER}{MANIFEST}"), |_| {}).await?;
        let listed = listed(&manifest.to_vec())?;
        let total: u64 = listed.iter().map(|(_, size)| size).sum::<u64>().max(1);
        let received = RefCell::new(0);
        let shown = RefCell::new(0);
        let add = |bytes: u64| {
            *received.borrow_mut() += bytes;
            let percent = (*received.borrow() * 100 / total).min(100);
            if percent > *shown.borrow() {
                *shown.borrow_mut() = percent;
                progress(percent);
            }
        };
        let built = BUILT.iter().map(|name| ((*name).to_owned(), format!("./{name}")));
        let addresses = built.chain(listed.iter().map(|(name, _)| (name.clone(), format!("{FOLDER}{name}"))));
        let fetched = try_join_all(addresses.map(|(name, address)| {
            let add = &add;
            async move {
                let bytes = fetch(&address, add).await?;
                Ok::<_, String>((name, bytes))
            }
        }))
        .await?;
        let (mut page, mut script, mut files) = (None, None, vec![(MANIFEST.to_owned(), manifest.buffer())]);
        for (name, bytes) in fetched {
            match name.as_str() {
                PAGE => page = Some(text(&bytes)),
                SCRIPT => script = Some(text(&bytes)),
                _ => files.push((name, bytes.buffer())),
            }
        }
        match (page, script) {
            (Some(page), Some(script)) => Ok(Self(Rc::new(Fetched { page, script, files }))),
            _ => {
                Err(format!("{FOLDER}{MANIFEST} lists no {PAGE} or no {SCRIPT}: this copy of the site is incomplete."))
            }
        }
    }

    /// Returns the frame's document.
    pub(super) fn page(&self) -> &str {
        &self.0.page
    }

    /// Returns the first script of the kernel's worker.
    pub(super) fn script(&self) -> &str {
        &self.0.script
    }

    /// Copies the files into an object of buffers by name; the buffers are listed too, to be transferred.
    pub(super) fn copies(&self) -> (Object, Array) {
        let (object, buffers) = (Object::new(), Array::new());
        for (name, bytes) in &self.0.files {
            let copy = bytes.slice(0);
            Reflect::set(&object, &name.as_str().into(), &copy).expect("invariant: a plain object takes any property");
            buffers.push(&copy);
        }
        (object, buffers)
    }
}

fn listed(manifest: &[u8]) -> Result<Vec<(String, u64)>, String> {
    let malformed = |why: &str| {
        format!("{FOLDER}{MANIFEST} is not the list of files it should be ({why}): this copy of the site is damaged.")
    };
    let manifest: Value = serde_json::from_slice(manifest).map_err(|error| malformed(&error.to_string()))?;
    let files = manifest.get("files").and_then(Value::as_array).ok_or_else(|| malformed("no files"))?;
    files
        .iter()
        .map(|file| Some((file.get("name")?.as_str()?.to_owned(), file.get("size")?.as_u64()?)))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| malformed("a file without name or size"))
}

async fn fetch(address: &str, add: impl Fn(u64)) -> Result<Uint8Array, String> {
    let mut last = 0;
    let fetched = browser::fetch::array(address, |received, _| {
        add(received - last);
        last = received;
    });
    fetched.await.map_err(|error| format!("Python cannot start: {error}. The notebook can still be read and edited."))
}

fn text(bytes: &Uint8Array) -> String {
    String::from_utf8_lossy(&bytes.to_vec()).into_owned()
}
