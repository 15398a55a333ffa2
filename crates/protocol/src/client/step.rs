//! What the sync client wants done, and how the notebook stands with its relay.

use notebook::{Applied, Envelope, EventId, IgnoreReason, Notebook};

use crate::peer::Body;
use crate::wire::{ConnectionId, Cursor};

/// What the client wants done, in this order.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Open a connection; then tell [`super::Client::received`] and [`super::Client::closed`].
    Connect,
    /// Close the connection; [`super::Client::closed`] is not to be called for it.
    Disconnect,
    /// Call [`super::Client::woken`] in so many milliseconds.
    Wake(u32),
    /// Call [`super::Client::watched`] in so many milliseconds.
    Watch(u32),
    /// Send a frame.
    Send(Vec<u8>),
    /// Call [`super::Client::fold`] once all that is before this is done and what else waits had its turn.
    Fold,
    /// Fold these into the confirmed state, in this order, and commit that together with the cursor.
    Order(Vec<Ordered>, Cursor),
    /// The relay's state replaces the confirmed one, since they have no common position. What the store has
    /// and it lacks becomes pending and is given to [`super::Client::adopted`].
    Adopt(Box<Adoption>),
    /// Give the confirmed state to [`super::Client::base`]: the relay has nothing.
    NeedBase,
    /// Give the confirmed state to [`super::Client::compact`]: the relay's log has grown long.
    NeedSnapshot,
    /// Give the blobs of the confirmed state to [`super::Client::names`]: the relay gets those that it lacks.
    NeedNames,
    /// Give this blob's bytes to [`super::Client::blob`]: the relay gets it.
    NeedBlob(String),
    /// A blob that was asked for; `None`: the relay does not have it.
    Blob(String, Option<Vec<u8>>),
    /// Another connection said something that is not kept.
    Heard(ConnectionId, Body),
    /// A connection came: it knows nothing of this one's presence.
    Joined(ConnectionId),
    /// A connection is gone.
    Left(ConnectionId),
    /// [`super::Client::status`] is another one.
    Status,
}

/// What a relay holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Adoption {
    /// The state that its order begins with, or its snapshot.
    pub base: Notebook,
    /// What came after that, in order, and why it has no effect if it has none.
    pub events: Vec<(Envelope, Option<IgnoreReason>)>,
    /// The state at the end.
    pub state: Notebook,
    /// The position at the end.
    pub cursor: Cursor,
}

impl Adoption {
    /// Begins with a state, which is that of a position.
    pub fn of(base: Notebook, cursor: Cursor) -> Self {
        Self { state: base.clone(), base, events: Vec::new(), cursor }
    }

    /// Folds in an event that comes after.
    pub fn fold(&mut self, envelope: Envelope) {
        let ignored = match self.state.apply(&envelope) {
            Applied::Changed(_) => None,
            Applied::Ignored(reason) => Some(reason),
        };
        self.events.push((envelope, ignored));
    }
}

/// An event in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Ordered {
    /// Its name.
    pub id: EventId,
    /// The event; `None` when its seal could not be opened.
    pub envelope: Option<Envelope>,
}

/// How the notebook stands with its relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// On the way.
    Connecting,
    /// All that others did is here.
    Live,
    /// The relay lacks something of the notebook that only somebody else can bring: all of it, where this device has
    /// nothing, or what a writer has to put there.
    Absent,
    /// No connection; it is tried again by itself.
    Offline,
    /// The relay does not let this device in, or this device lets nothing out. It is not tried again by itself, unless
    /// the two have what cannot be united: somebody else may come who has more of it.
    Refused(String),
}
