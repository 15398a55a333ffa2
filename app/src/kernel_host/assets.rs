//! The kernel's files, fetched by the page so that its caches serve them. The page keeps none of them.

use std::cell::RefCell;

use futures::future::try_join_all;
use js_sys::{ArrayBuffer, Uint8Array};
use serde::Deserialize;

/// Where the kernel's files lie, relative to the page.
const FOLDER: &str = "./kernel/";
/// What Trunk builds and the manifest does not list.
const BUILT: [&str; 2] = ["kernel-worker.js", "kernel-worker_bg.wasm"];
/// The frame's document, which the page itself reads.
const PAGE: &str = "frame.html";
const MANIFEST: &str = "manifest.json";
/// The heap to restore comes packed, and is unpacked while it arrives.
const PACKED_HEAP: &str = "snapshot.bin.gz";
const HEAP: &str = "snapshot.bin";

/// Fetches the frame's document.
pub(super) async fn page() -> Result<String, String> {
    let bytes = fetch_file(&format!("{FOLDER}{PAGE}"), |_| {}).await?;
    Ok(String::from_utf8_lossy(&bytes.to_vec()).into_owned())
}

/// Fetches everything that the frame needs and hands each file on when it is there; `progress` gets per cents.
pub(super) async fn fetch(
    progress: &impl Fn(u64),
    give: impl AsyncFn(String, ArrayBuffer) -> Result<(), String>,
) -> Result<(), String> {
    let manifest = fetch_file(&format!("{FOLDER}{MANIFEST}"), |_| {}).await?;
    let listed = read_manifest(&manifest.to_vec())?;
    give(MANIFEST.to_owned(), manifest.buffer()).await?;
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
    let files = listed.files.iter().filter(|file| file.name != PAGE);
    let files = files.map(|Listed { name, .. }| (name.clone(), format!("{FOLDER}{name}")));
    let fetching = built.chain(files).map(|(name, address)| {
        let (add, listed, give) = (&add, &listed, &give);
        async move {
            if name != PACKED_HEAP {
                return give(name, fetch_file(&address, add).await?.buffer()).await;
            }
            let packed = listed.files.iter().find(|file| file.name == name).map_or(0, |file| file.size);
            match fetch_heap(&address, listed.snapshot.as_ref(), packed, add).await {
                Some(heap) => give(HEAP.to_owned(), heap.buffer()).await,
                None => Ok(()),
            }
        }
    });
    try_join_all(fetching).await.map(drop)
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

async fn fetch_file(address: &str, add: impl Fn(u64)) -> Result<Uint8Array, String> {
    let mut last = 0;
    let fetched = browser::fetch::array(address, |received, _| {
        add(received - last);
        last = received;
    });
    fetched.await.map_err(|error| format!("Python cannot start: {error}. The notebook can still be read and edited."))
}
