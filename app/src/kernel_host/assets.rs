//! The kernel's files, fetched by the page so that its caches serve them.

use std::cell::RefCell;
use std::rc::Rc;

use futures::future::try_join_all;
use js_sys::{Array, ArrayBuffer, Object, Reflect, Uint8Array};
use serde::Deserialize;

/// Where the kernel's files lie, relative to the page.
const FOLDER: &str = "./kernel/";
/// What Trunk builds and the manifest does not list.
const BUILT: [&str; 2] = ["kernel-worker.js", "kernel-worker_bg.wasm"];
/// The files that the page itself reads.
const PAGE: &str = "frame.html";
const SCRIPT: &str = "boot.js";
const MANIFEST: &str = "manifest.json";
/// The heap to restore: it comes packed, and is kept unpacked so that a restart need not unpack it again.
const PACKED_HEAP: &str = "snapshot.bin.gz";
const HEAP: &str = "snapshot.bin";

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
        let listed = read_manifest(&manifest.to_vec())?;
        let total = listed.files.iter().map(|file| file.size).sum::<u64>().max(1);
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
        let files = listed.files.iter().map(|Listed { name, .. }| (name.clone(), format!("{FOLDER}{name}")));
        let fetched = try_join_all(built.chain(files).map(|(name, address)| {
            let (add, listed) = (&add, &listed);
            async move {
                if name != PACKED_HEAP {
                    return Ok::<_, String>(Some((name, fetch(&address, add).await?)));
                }
                let packed = listed.files.iter().find(|file| file.name == name).map_or(0, |file| file.size);
                let heap = fetch_heap(&address, listed.snapshot.as_ref(), packed, add).await;
                Ok(heap.map(|heap| (HEAP.to_owned(), heap)))
            }
        }))
        .await?;
        let (mut page, mut script, mut files) = (None, None, vec![(MANIFEST.to_owned(), manifest.buffer())]);
        for (name, bytes) in fetched.into_iter().flatten() {
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

#[derive(Deserialize)]
struct Manifest {
    files: Vec<Listed>,
    snapshot: Option<Snapshot>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    size: u64,
}

#[derive(Deserialize)]
struct Snapshot {
    size: u32,
}

fn read_manifest(manifest: &[u8]) -> Result<Manifest, String> {
    serde_json::from_slice(manifest).map_err(|error| {
        format!("{FOLDER}{MANIFEST} is not the list of files it should be ({error}): this copy of the site is damaged.")
    })
}

/// Fetches the heap to restore. Without it Python starts all the same, only slower.
async fn fetch_heap(address: &str, heap: Option<&Snapshot>, packed: u64, add: impl Fn(u64)) -> Option<Uint8Array> {
    let size = heap?.size;
    let mut last = 0;
    let fetched = browser::fetch::unpacked(address, size, |received| {
        let scaled = received * packed / u64::from(size).max(1);
        add(scaled - last);
        last = scaled;
    });
    match fetched.await {
        Ok(heap) => Some(heap),
        Err(error) => {
            log::warn!("starting without the snapshot: {error}");
            None
        }
    }
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
