//! A database that may not be written: a newer version of Cathode wrote it.

use notebook::Notebook;
use protocol::port::{Diagnostics, LogEntry};
use rusqlite::config::DbConfig;

use crate::connection::{Connection, version};
use crate::sharing::read_base;
use crate::store::{figures, read_blob, serialize};
use crate::{StoreError, log};

/// A notebook to look at. Its state is replayed from the log, the one table whose meaning every
/// version keeps: an event of an unknown kind is ignored, and its bytes stay as they are.
#[derive(Debug)]
pub struct ReadOnly {
    connection: Connection,
    notebook: Notebook,
    version: u32,
    events: u64,
    ignored: u64,
}

impl ReadOnly {
    /// Opens a notebook without writing to its database.
    /// [`StoreError::Newer`]: not even its log can be read by this version.
    pub fn open(connection: Connection) -> Result<Self, StoreError> {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        let version = version(&connection)?.ok_or_else(|| StoreError::damaged("it is empty"))?;
        connection.pragma_update(None, "query_only", true)?;
        let unreadable = |error| if version > crate::SCHEMA { StoreError::Newer { version } } else { error };
        let base = read_base(&connection).map_err(unreadable)?.unwrap_or_default();
        let mut notebook = base.state.to_notebook();
        let (mut events, mut ignored) = (base.seq, 0);
        let read = log::for_each(&connection, base.seq, |entry| {
            events += 1;
            ignored += u64::from(matches!(notebook.apply(&entry.envelope), notebook::Applied::Ignored(_)));
        });
        match read {
            Ok(()) => Ok(Self { connection, notebook, version, events, ignored }),
            Err(error) => Err(unreadable(error)),
        }
    }

    /// Returns the notebook.
    pub fn notebook(&self) -> &Notebook {
        &self.notebook
    }

    /// Returns the schema version found.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Returns a blob.
    pub fn blob(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        read_blob(&self.connection, hash)
    }

    /// Returns a page of the log, newest first, below `before`.
    pub fn log_page(&self, before: Option<u64>, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        log::page(&self.connection, before.unwrap_or(u64::MAX), limit)
    }

    /// Returns figures.
    pub fn diagnostics(&self) -> Result<Diagnostics, StoreError> {
        let mut figures = figures(&self.connection, &self.notebook, self.version)?;
        (figures.events, figures.ignored, figures.journal) = (self.events, self.ignored, "read-only".to_owned());
        Ok(figures)
    }

    /// Returns the whole database as one file.
    pub fn export(&mut self) -> Result<Vec<u8>, StoreError> {
        serialize(&mut self.connection)
    }
}
