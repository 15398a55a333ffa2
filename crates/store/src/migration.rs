//! The schema's versions. A migration that was released is never edited; a new one is added.

use rusqlite::Connection;

use crate::StoreError;

const MIGRATIONS: &[&str] = &[include_str!("migrations/0001.sql"), include_str!("migrations/0002.sql")];

/// The schema version that this build writes, kept in `user_version`.
#[expect(clippy::cast_possible_truncation, reason = "there are few migrations")]
pub const SCHEMA: u32 = MIGRATIONS.len() as u32;

/// Marks a SQLite database as ours: "Cath".
pub(crate) const APPLICATION: i32 = 0x4361_7468;

/// Brings a database of version `from` to [`SCHEMA`], in one transaction.
pub(crate) fn migrate(connection: &Connection, from: u32) -> Result<(), StoreError> {
    if from == SCHEMA {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    for migration in &MIGRATIONS[from as usize..] {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", SCHEMA)?;
    Ok(transaction.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_make_only_statements_that_the_browsers_sqlite_has() {
        for migration in MIGRATIONS {
            let code = migration.lines().filter(|line| !line.trim_start().starts_with("--"));
            let code = code.collect::<Vec<_>>().join("\n").to_lowercase();
            for statement in code.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
                let known = ["create table", "create index", "create unique index", "drop table", "insert into"];
                assert!(
                    known.iter().any(|known| statement.starts_with(known)),
                    "`.cargo/config.toml` may leave this out of SQLite: {statement}"
                );
            }
        }
    }
}
