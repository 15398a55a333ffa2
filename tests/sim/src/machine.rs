//! What the world knows of a browser, whatever is in it: the model of a store worker or the real one.

use notebook::{Notebook, PersonId, Replica};
use protocol::access::Access;
use protocol::client::{Compaction, Status};

use crate::oracle::Oracle;
use crate::plan::Act;
use crate::random::Random;

/// What a tab wants of the world.
#[derive(Debug)]
pub enum Wish {
    /// A connection.
    Connect,
    /// No connection.
    Disconnect,
    /// A frame for the relay.
    Send(Vec<u8>),
    /// To be called at this time.
    At(u64, Timer),
}

/// What a tab is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// The client has waited enough.
    Wake,
    /// The relay has had its time to answer.
    Watch,
    /// To commit.
    Commit,
    /// To log what was typed.
    Flush,
    /// To look at what others were heard typing.
    Heard,
    /// The page has a kernel.
    KernelUp(u64),
    /// The kernel goes on.
    KernelStep(u64),
    /// A session may be without a host.
    Look,
}

/// What a tab has of the world while it is called.
#[derive(Debug)]
pub struct Moment<'a> {
    /// Milliseconds since the schedule began.
    pub now: u64,
    pub(crate) oracle: &'a mut Oracle,
    pub(crate) random: &'a mut Random,
    pub(crate) wishes: &'a mut Vec<Wish>,
}

impl Moment<'_> {
    pub(crate) fn at(&mut self, millis: u64, timer: Timer) {
        self.wishes.push(Wish::At(self.now + millis, timer));
    }
}

/// Whose browser it is.
#[derive(Debug, Clone)]
pub struct Owner {
    /// Its number; the notebook was made in browser 0.
    pub number: usize,
    /// The person.
    pub person: PersonId,
    /// What the person may do.
    pub access: Access,
    /// How long the relay's log may become; the real store worker has its own measure.
    pub compaction: Compaction,
}

/// A browser: what it keeps, and the tab while one is open. What is not committed does not outlive the tab.
pub trait Machine: std::fmt::Debug {
    /// Opens the notebook in a tab.
    fn open(&mut self, clock: i64, moment: &mut Moment<'_>);
    /// Ends the tab at once.
    fn end(&mut self);
    /// Says whether a tab is open.
    fn is_open(&self) -> bool;
    /// Sets the wall clock.
    fn set_clock(&mut self, clock: i64);
    /// A person does something, if that is possible now.
    fn act(&mut self, act: Act, choice: u64, moment: &mut Moment<'_>);
    /// A person runs something after a kernel died: another may start.
    fn revive(&mut self, moment: &mut Moment<'_>);
    /// A frame comes.
    fn received(&mut self, frame: &[u8], moment: &mut Moment<'_>);
    /// The connection is gone, or could not be opened.
    fn closed(&mut self, moment: &mut Moment<'_>);
    /// The network is there again.
    fn online(&mut self, moment: &mut Moment<'_>);
    /// A time has come.
    fn timer(&mut self, timer: Timer, moment: &mut Moment<'_>);
    /// Returns how it stands with the relay; `None` when it is not shared, or no tab is open.
    fn status(&self) -> Option<Status>;
    /// Returns how many own events the relay has not ordered.
    fn unsent(&self) -> usize;
    /// Returns the name of a blob that is shown and cannot be, if there is such.
    fn lacks_blob(&self) -> Option<String>;
    /// Returns what the page shows, if a tab is open.
    fn page(&self) -> Option<&Notebook>;
    /// Returns the state with what of it is ordered, if a tab is open.
    fn state(&self) -> Option<&Replica>;
}
