//! What can go wrong with a database, by what the caller should do about it.

use rusqlite::ErrorCode;

/// Why a store could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk or the quota is full. What is not saved stays in memory; commit again once there is space.
    #[error("There is no space left to save this notebook ({source}). Free some space; saving is tried again.")]
    Full {
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Another connection holds the database. Try again.
    #[error("This notebook's files are in use elsewhere ({source}). Close the other tabs that show it.")]
    Busy {
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The database is damaged, or it is not one of ours. Set it aside and salvage it.
    #[error("This notebook's database is damaged: {reason}.")]
    Damaged {
        /// What was found.
        reason: String,
    },
    /// A newer version of Cathode wrote the database. It can be opened read-only.
    #[error(
        "A newer version of Cathode wrote this notebook (its database is of version {version}, this one knows {}). Update to edit it.",
        crate::SCHEMA
    )]
    Newer {
        /// The schema version found.
        version: u32,
    },
    /// Any other failure to read or write.
    #[error("This notebook's database could not be read or written: {source}.")]
    Io {
        /// What SQLite said.
        source: rusqlite::Error,
    },
}

impl StoreError {
    pub(crate) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged { reason: reason.into() }
    }
}

impl From<rusqlite::Error> for StoreError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "of SQLite's many errors, few ask for something else")]
    fn from(source: rusqlite::Error) -> Self {
        use rusqlite::Error as Sqlite;
        // A browser's quota shows as a failed write, not as a full disk.
        const WRITES: [i32; 3] = [
            rusqlite::ffi::SQLITE_IOERR_WRITE,
            rusqlite::ffi::SQLITE_IOERR_TRUNCATE,
            rusqlite::ffi::SQLITE_IOERR_FSYNC,
        ];
        match &source {
            Sqlite::SqliteFailure(error, _) => match error.code {
                ErrorCode::DiskFull => Self::Full { source },
                ErrorCode::SystemIoFailure if WRITES.contains(&error.extended_code) => Self::Full { source },
                ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy { source },
                // The file ends before it should.
                ErrorCode::SystemIoFailure if error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ => {
                    Self::damaged(source.to_string())
                }
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::damaged(source.to_string()),
                _ => Self::Io { source },
            },
            // The schema is ours, so a value of another type or shape is damage.
            Sqlite::FromSqlConversionFailure(..)
            | Sqlite::IntegralValueOutOfRange(..)
            | Sqlite::Utf8Error(..)
            | Sqlite::InvalidColumnType(..)
            | Sqlite::InvalidColumnName(..)
            | Sqlite::InvalidColumnIndex(..) => Self::damaged(source.to_string()),
            _ => Self::Io { source },
        }
    }
}
