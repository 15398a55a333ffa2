//! The only SQL: a notebook's event log and the rows of its state, in one SQLite database.
//!
//! No async, no web, no clock: a database is a path and the name of a VFS. The caller decides when
//! to commit and what to show before.
//!
//! ```
//! # use notebook::{Actor, Envelope, Event, PersonId, ReplicaId};
//! # fn main() -> Result<(), store::StoreError> {
//! // In a browser: `store::connect("notebook.db", Some("opfs-sahpool"))`.
//! let mut store = store::Store::open(store::connect_in_memory()?, ReplicaId(7))?;
//! let envelope = Envelope {
//!     id: store.next_event_id(),
//!     actor: Actor::Person(PersonId::from_entropy([1; 16])),
//!     at: 0,
//!     event: Event::NotebookTitled { title: "Tides".into() },
//! };
//! store.apply(envelope, Some(("tab".into(), 1))); // Visible now, in memory.
//! assert_eq!((store.title(), store.unsaved()), ("Tides", 1));
//! let commit = store.commit()?; // Saved now. On an error nothing is lost: call it again.
//! assert_eq!((commit.events, commit.head, store.seen_request("tab")), (1, 1, 1));
//! # Ok(())
//! # }
//! ```
//!
//! A store that does not open says why ([`StoreError`]):
//! - [`StoreError::Newer`]: open a new connection with [`ReadOnly::open`]; nothing is written.
//! - [`StoreError::Damaged`]: set the files aside, give their bytes to [`salvage`], and apply the
//!   envelopes it returns to a fresh store.
//! - [`StoreError::Busy`]: another connection holds the files; try again. Never open an empty
//!   database instead.
#![forbid(unsafe_code)]
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

mod checksum;
mod connection;
mod error;
mod log;
mod migration;
mod read_only;
mod rows;
mod salvage;
mod sharing;
mod store;
mod unsaved;
mod wal;

pub use connection::{Connection, connect, connect_in_memory};
pub use error::StoreError;
pub use migration::SCHEMA;
pub use read_only::ReadOnly;
pub use salvage::{Salvaged, salvage};
pub use sharing::Adopted;
pub use store::{Commit, Store, connect_to_image};
