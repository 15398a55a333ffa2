//! Connections: how a database is opened, checked and set up.

use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{ErrorCode, OpenFlags, OptionalExtension as _};

pub use rusqlite::Connection;

use crate::StoreError;
use crate::migration::{APPLICATION, SCHEMA, migrate};

/// Larger databases are not checked as a whole at open.
const CHECKED_BYTES: u64 = 16 << 20;

/// Opens a connection to the database at `path`, through the VFS of this name or the default one.
pub fn connect(path: &str, vfs: Option<&str>) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs)?,
        None => Connection::open_with_flags(path, flags)?,
    };
    // A thread that waits cannot be asked anything; the caller tries again instead.
    connection.busy_timeout(Duration::ZERO)?;
    Ok(connection)
}

/// Opens a connection to a new database in memory.
pub fn connect_in_memory() -> Result<Connection, StoreError> {
    Ok(Connection::open_in_memory()?)
}

/// What was found when a database was set up.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The journal mode in force.
    pub(crate) journal: String,
    /// Whether there was nothing in it.
    pub(crate) new: bool,
}

/// Reads a pragma's value.
pub(crate) fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> Result<T, rusqlite::Error> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

/// Reads the schema version without writing anything. `None`: the database is empty.
pub(crate) fn version(connection: &Connection) -> Result<Option<u32>, StoreError> {
    // The VFSs of browsers have no shared memory: WAL works there only for an exclusive owner, and
    // only if this comes before the first read.
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    let version: u32 = pragma(connection, "user_version")?;
    let tables = connection.query_row("select count(*) from sqlite_schema", [], |row| row.get::<_, u32>(0));
    let tables = tables.map_err(|error| match error.sqlite_error_code() {
        // The statement is right, so the file is wrong: SQLite does not know its format, say.
        Some(ErrorCode::Unknown) => StoreError::damaged(error.to_string()),
        _ => error.into(),
    })?;
    if version == 0 && tables == 0 {
        return Ok(None);
    }
    if pragma::<i32>(connection, "application_id")? != APPLICATION || version == 0 {
        return Err(StoreError::damaged("it is not a notebook's database"));
    }
    Ok(Some(version))
}

/// Makes a database ready for a [`crate::Store`]: pragmas, check, migrations.
pub(crate) fn set_up(connection: &Connection) -> Result<Setup, StoreError> {
    connection.set_prepared_statement_cache_capacity(48);
    // A version that may not write must not write at the end either.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let found = version(connection)?;
    if let Some(version) = found.filter(|version| *version > SCHEMA) {
        return Err(StoreError::Newer { version });
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    if found.is_none() {
        connection.pragma_update(None, "page_size", 16384)?;
    }
    let journal = set_journal(connection)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    if found.is_some() {
        check(connection)?;
    }
    migrate(connection, found.unwrap_or(0))?;
    Ok(Setup { journal, new: found.is_none() })
}

/// Asks for WAL and falls back to a rollback journal where it is not to be had.
fn set_journal(connection: &Connection) -> Result<String, StoreError> {
    let ask =
        |mode: &str| connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get::<_, String>(0));
    let mode = ask("wal")?;
    if mode == "wal" {
        connection.pragma_update(None, "wal_autocheckpoint", 512)?;
        return Ok(mode);
    }
    Ok(ask("delete")?)
}

/// Looks for broken trees. In a large database only where the state is, so that opening does not take longer with a
/// longer history, and only if it may have been written since it was last at rest: rows of the log and of blobs
/// are checked when they are read.
fn check(connection: &Connection) -> Result<(), StoreError> {
    let pages: u64 = pragma(connection, "page_count")?;
    let size: u64 = pragma(connection, "page_size")?;
    if pages.saturating_mul(size) < CHECKED_BYTES {
        return quick_check(connection, "1");
    }
    if connection.query_row("select 1 from meta where key = 'at rest'", [], |_| Ok(())).optional()?.is_some() {
        return Ok(());
    }
    let state = "select name from sqlite_schema where type = 'table' and name not in ('log', 'base', 'blobs')";
    let tables: Vec<String> =
        connection.prepare(state)?.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
    tables.iter().try_for_each(|table| quick_check(connection, &format!("'{table}'")))
}

fn quick_check(connection: &Connection, what: &str) -> Result<(), StoreError> {
    let verdict: String = connection.query_row(&format!("pragma quick_check({what})"), [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged { reason: verdict }) }
}
