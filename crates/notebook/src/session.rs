//! Kernel sessions: one boot of the Python runtime each.

use serde::{Deserialize, Serialize};

use crate::id::{PersonId, SessionId};

/// Why a session is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EndReason {
    /// A person restarted it.
    Restarted,
    /// The tab that hosted it is gone.
    TabClosed,
    /// Python ended: `os._exit`, a fatal error of the runtime.
    Crashed,
    /// The memory limit was reached.
    OutOfMemory,
}

/// One kernel session, in log order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// The person in whose browser it runs.
    #[serde(default)]
    pub by: Option<PersonId>,
    /// Why it is over, or `None` while it lives.
    pub ended: Option<EndReason>,
}
