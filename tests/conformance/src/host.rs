//! What a scenario needs of the place where relays run.

use notebook::NotebookId;

/// What comes out of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A binary message.
    Frame(Vec<u8>),
    /// The end, with its close code.
    Closed(u16),
}

/// One connection.
pub trait Socket {
    /// Sends a binary message.
    fn send(&mut self, frame: &[u8]);
    /// Waits for what comes next. Panics when nothing comes.
    fn receive(&mut self) -> Received;
}

/// Runs relays.
pub trait Host {
    /// Connects to a notebook's relay.
    fn connect(&mut self, notebook: &NotebookId) -> Box<dyn Socket>;
    /// Kills all relays at once and starts them again on what they have stored. All sockets end.
    fn restart(&mut self);
    /// Kills all relays at once and starts them again on nothing.
    fn wipe(&mut self);
    /// Kills all relays at once, copies what they have stored, and starts them again on it. All sockets end.
    fn back_up(&mut self);
    /// Kills all relays at once and starts them again on what they had stored at the last [`Host::back_up`].
    fn set_back(&mut self);
    /// Lets time pass.
    fn wait(&mut self, millis: u32);
}
