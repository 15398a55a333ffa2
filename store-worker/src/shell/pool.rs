//! The pool of files that SQLite uses for one notebook, in the browser's private file system.

use browser::opfs;
use notebook::NotebookId;
use protocol::pool::directory;
use sqlite_wasm_rs::WasmOsCallback;
use sqlite_wasm_rs::vfs::VfsFilesManager as _;
use sqlite_wasm_rs::vfs::transfer::DbTransfer as _;
use sqlite_wasm_vfs::sahpool::{OpfsSAHError, OpfsSAHPoolCfgBuilder, OpfsSAHPoolUtil, install};

/// The database, its write-ahead log, its journal, and as many again to recover with.
const FILES: usize = 6;
/// The database's name in the pool.
pub(super) const DATABASE: &str = "notebook.db";
/// What precedes a file's bytes in the pool: its name, padded.
const HEADER: usize = 4096;
const NAME: usize = 512;

/// A notebook's pool.
#[derive(Clone)]
pub(super) struct Pool {
    files: OpfsSAHPoolUtil,
    vfs: String,
}

/// Why there is no pool.
#[derive(Debug, thiserror::Error)]
pub(super) enum PoolError {
    /// The worker of a tab that is going away still holds the files, or somebody else does.
    #[error("{0}")]
    Held(OpfsSAHError),
    /// What is in the directory is not a pool any more.
    #[error("{0}")]
    Damaged(OpfsSAHError),
    /// Anything else, such as a file system that is not there.
    #[error("{0}")]
    Other(OpfsSAHError),
}

impl From<OpfsSAHError> for PoolError {
    fn from(error: OpfsSAHError) -> Self {
        match &error {
            OpfsSAHError::Opfs { message, .. } if message.contains("NoModificationAllowedError") => Self::Held(error),
            OpfsSAHError::InvalidHeader { .. }
            | OpfsSAHError::DuplicateFilename(_)
            | OpfsSAHError::InvalidDirectoryEntry => Self::Damaged(error),
            _ => Self::Other(error),
        }
    }
}

impl Pool {
    /// Takes hold of a notebook's files.
    pub(super) async fn open(notebook: &NotebookId) -> Result<Self, PoolError> {
        let vfs = format!("cathode-{notebook}");
        let options =
            OpfsSAHPoolCfgBuilder::new().vfs_name(&vfs).directory(&directory(notebook)).initial_capacity(FILES).build();
        let files = install::<WasmOsCallback>(&options, false).await?;
        files.resume().await?;
        files.ensure_capacity(FILES).await?;
        Ok(Self { files, vfs })
    }

    /// Returns the name of the VFS that opens the files.
    pub(super) fn vfs(&self) -> &str {
        &self.vfs
    }

    /// Empties the pool. Every database in it must be closed.
    pub(super) fn clear(&self) -> Result<(), PoolError> {
        Ok(self.files.clear()?)
    }

    /// Puts a whole database into an empty pool.
    pub(super) fn put(&self, image: &[u8]) -> Result<(), PoolError> {
        Ok(self.files.import_db(DATABASE, image)?)
    }

    /// Forgets the pool, whose files are gone, so that a new one can take its place. Every database in it must be closed.
    pub(super) fn give_up(self) -> Result<(), PoolError> {
        #[expect(unsafe_code, reason = "the VFS is freed, which no connection may use any more")]
        // SAFETY: a worker has one connection, which its store owned; that store was dropped, and nothing else
        // keeps a pointer to the VFS.
        let gone = opfs::without_closing(|| unsafe { self.files.uninstall() });
        Ok(gone?)
    }

    /// Lets go of the files, so that they can be read as they are.
    pub(super) fn pause(&self) -> Result<(), PoolError> {
        Ok(self.files.pause()?)
    }
}

/// A database's bytes and those of its write-ahead log, as they lie in a directory that no pool holds.
pub(super) struct Raw {
    pub(super) database: Vec<u8>,
    pub(super) wal: Vec<u8>,
}

/// Reads a notebook's files without the pool, which may be what is damaged.
pub(super) async fn read_raw(notebook: &NotebookId) -> Result<Raw, browser::BrowserError> {
    let opaque = format!("{}/.opaque", directory(notebook));
    let mut raw = Raw { database: Vec::new(), wal: Vec::new() };
    for entry in opfs::list(&opaque).await?.into_iter().filter(|entry| !entry.is_directory) {
        let bytes = opfs::read_file(&format!("{opaque}/{}", entry.name)).await?;
        let Some((header, body)) = bytes.split_at_checked(HEADER) else { continue };
        let name: Vec<u8> = header[..NAME].iter().copied().take_while(|byte| *byte != 0).collect();
        if name.ends_with(b"-wal") {
            raw.wal = body.to_vec();
        } else if !name.ends_with(b"-journal") && body.len() > raw.database.len() {
            // The name may be what is damaged; no other file of the pool has contents.
            raw.database = body.to_vec();
        }
    }
    Ok(raw)
}
