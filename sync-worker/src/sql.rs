//! The Durable Object's database: statements, values, transactions and the schema's versions.

use js_sys::Uint8Array;
use wasm_bindgen::prelude::{JsCast as _, JsValue, wasm_bindgen};
use worker::durable::State;
use worker::{SqlCursor, SqlStorage, SqlStorageValue};

/// What went wrong with the database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SqlError {
    /// The database said so.
    #[error("{0}")]
    Database(String),
    /// It holds what this version does not know.
    #[error("the database is of version {0}, newer than this relay")]
    Newer(u64),
    /// It holds something else than was put there.
    #[error("the database holds no {0} where one belongs")]
    Damaged(&'static str),
}

pub(crate) type Outcome<T> = Result<T, SqlError>;

/// Each brings the schema from its place in the list to the next version.
const MIGRATIONS: [&str; 3] =
    [include_str!("schema/1.sql"), include_str!("schema/2.sql"), include_str!("schema/3.sql")];

#[wasm_bindgen]
extern "C" {
    type Transactions;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(this: &Transactions, work: &mut dyn FnMut() -> Result<(), JsValue>) -> Result<(), JsValue>;
}

/// One Durable Object's database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    sql: SqlStorage,
    transactions: JsValue,
}

impl Database {
    pub(crate) fn of(state: &State) -> Self {
        let storage = state.storage();
        let transactions = AsRef::<JsValue>::as_ref(storage.as_raw()).clone();
        Self { sql: storage.sql(), transactions }
    }

    /// Runs a statement that answers nothing.
    pub(crate) fn run(&self, statement: &str, values: Vec<JsValue>) -> Outcome<()> {
        self.cursor(statement, values).map(drop)
    }

    /// Returns the rows of a statement, read as they are asked for.
    pub(crate) fn rows(&self, statement: &str, values: Vec<JsValue>) -> Outcome<impl Iterator<Item = Outcome<Row>>> {
        let rows = self.cursor(statement, values)?.raw();
        Ok(rows.map(|row| row.map(Row).map_err(|error| SqlError::Database(error.to_string()))))
    }

    /// Returns the first row of a statement.
    pub(crate) fn row(&self, statement: &str, values: Vec<JsValue>) -> Outcome<Option<Row>> {
        self.rows(statement, values)?.next().transpose()
    }

    /// Does all of the work or nothing.
    pub(crate) fn transaction<T>(&self, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let mut work = Some(work);
        let mut outcome = None;
        let transactions: &Transactions = self.transactions.unchecked_ref();
        let committed = transactions.transaction_sync(&mut || {
            let result = work.take().map(|work| work());
            let failed = !matches!(result, Some(Ok(_)));
            outcome = result;
            // What is thrown undoes the transaction; the error itself is kept here.
            if failed { Err(JsValue::NULL) } else { Ok(()) }
        });
        match (committed, outcome) {
            (Ok(()), Some(outcome)) | (Err(_), Some(outcome @ Err(_))) => outcome,
            (Err(error), _) => Err(said(&error)),
            (Ok(()), None) => Err(SqlError::Damaged("transaction")),
        }
    }

    /// Says whether there is a schema, of this version or one that this relay brings up to date.
    pub(crate) fn has_schema(&self) -> Outcome<bool> {
        let table = "select 1 from sqlite_master where type = 'table' and name = 'schema'";
        Ok(self.row(table, vec![])?.is_some())
    }

    /// Brings the schema up to date.
    pub(crate) fn migrate(&self) -> Outcome<()> {
        let at = if self.has_schema()? {
            let row = self.row("select version from schema", vec![])?.ok_or(SqlError::Damaged("version"))?;
            row.number(0)?
        } else {
            0
        };
        let done = usize::try_from(at).unwrap_or(usize::MAX);
        if done > MIGRATIONS.len() {
            return Err(SqlError::Newer(at));
        }
        for migration in &MIGRATIONS[done..] {
            self.run(migration, vec![])?;
        }
        Ok(())
    }

    fn cursor(&self, statement: &str, values: Vec<JsValue>) -> Outcome<SqlCursor> {
        self.sql.exec_raw(statement, values).map_err(|error| SqlError::Database(error.to_string()))
    }
}

/// A row's values.
pub(crate) struct Row(Vec<SqlStorageValue>);

impl Row {
    /// Reads a number.
    pub(crate) fn number(&self, at: usize) -> Outcome<u64> {
        match self.0.get(at) {
            Some(SqlStorageValue::Integer(number)) => {
                u64::try_from(*number).map_err(|_other| SqlError::Damaged("number"))
            }
            _ => Err(SqlError::Damaged("number")),
        }
    }

    /// Takes bytes.
    pub(crate) fn bytes(&mut self, at: usize) -> Outcome<Vec<u8>> {
        match self.0.get_mut(at) {
            Some(SqlStorageValue::Blob(bytes)) => Ok(std::mem::take(bytes)),
            _ => Err(SqlError::Damaged("blob")),
        }
    }

    /// Takes a number that may have all 64 bits, kept as eight bytes.
    pub(crate) fn wide(&mut self, at: usize) -> Outcome<u64> {
        let bytes = self.bytes(at)?.try_into().map_err(|_other: Vec<u8>| SqlError::Damaged("eight bytes"))?;
        Ok(u64::from_be_bytes(bytes))
    }
}

/// A number as the database takes it. Positions and sizes are below 2^53.
pub(crate) fn number(value: u64) -> JsValue {
    #[expect(clippy::cast_precision_loss, reason = "positions and sizes are below 2^53")]
    JsValue::from_f64(value as f64)
}

/// A number that may have all 64 bits: eight bytes, which sort as it does.
pub(crate) fn wide(value: u64) -> JsValue {
    bytes(&value.to_be_bytes())
}

/// Bytes as the database takes them.
pub(crate) fn bytes(value: &[u8]) -> JsValue {
    Uint8Array::from(value).into()
}

fn said(error: &JsValue) -> SqlError {
    let message = js_sys::Reflect::get(error, &JsValue::from_str("message")).ok().and_then(|text| text.as_string());
    SqlError::Database(message.unwrap_or_else(|| format!("{error:?}")))
}
