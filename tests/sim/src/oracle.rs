//! What must be so, kept beside what is simulated: what was acknowledged, what was typed, what ran.

use std::collections::{BTreeMap, BTreeSet};

use notebook::{CellId, Command, Envelope, Event, EventId, ExecutionId, Notebook, ReplicaId, SessionId};

use protocol::peer::GRACE_MILLIS;

use crate::random::Random;

mod rest;

/// What happened in a schedule, for a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Events acknowledged to a person.
    pub acknowledged: u64,
    /// Runs that began.
    pub runs: u64,
    /// Runs that began twice, across a partition.
    pub twice_across_a_partition: u64,
    /// Runs that began twice because a claim crossed the end of its session, which another browser had ended.
    pub twice_across_an_end: u64,
    /// Times that the relay lost what it had stored.
    pub losses: u64,
    /// Times that a browser put all that it and the relay had in the place of what the relay had.
    pub replaced: u64,
    /// Browsers that said at the end that they cannot go on without losing something.
    pub refused: u64,
}

impl Counts {
    /// Adds those of another schedule.
    pub fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.runs += other.runs;
        self.twice_across_a_partition += other.twice_across_a_partition;
        self.twice_across_an_end += other.twice_across_an_end;
        self.losses += other.losses;
        self.replaced += other.replaced;
        self.refused += other.refused;
    }
}

/// What became of a character.
#[derive(Debug, Clone, Copy, Default)]
struct Fate {
    acknowledged: bool,
    /// Somebody began to erase it.
    erased: bool,
}

/// A run that began.
#[derive(Debug)]
struct Run {
    browser: usize,
    session: SessionId,
    given: u64,
    /// How many outputs it had when it was over.
    printed: Option<u32>,
}

/// The judge.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    next_char: u32,
    chars: BTreeMap<char, Fate>,
    acknowledged: BTreeMap<ReplicaId, (u64, usize)>,
    cells: BTreeSet<CellId>,
    /// Cells whose outputs were cleared.
    cleared: BTreeSet<CellId>,
    runs: BTreeMap<ExecutionId, Vec<Run>>,
    /// The session that each browser hosts.
    hosts: BTreeMap<usize, SessionId>,
    /// Since when each browser looks for the host of a session, without having been away.
    looking: BTreeMap<(usize, SessionId), u64>,
    /// Since when each browser is connected and up to date, as the world knows, whatever the browser believes.
    live: BTreeMap<usize, u64>,
    /// The ends of each session, each as what whoever said it knew to be claimed by that session.
    ends: BTreeMap<SessionId, Vec<BTreeSet<ExecutionId>>>,
    pub(crate) counts: Counts,
    /// What is to be told of what happened, if anybody listens.
    pub(crate) notes: Option<Vec<String>>,
    /// What was wrong while it went on.
    pub(crate) failures: Vec<String>,
}

impl Oracle {
    /// Makes a judge; `told`: what it sees is noted.
    pub(crate) fn new(told: bool) -> Self {
        Self { notes: told.then(Vec::new), ..Self::default() }
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(notes) = &mut self.notes {
            notes.push(what());
        }
    }

    /// Returns a character that was never typed before; each is one code unit or two.
    pub(crate) fn fresh_char(&mut self, random: &mut Random) -> char {
        let first = if random.chance(100) { 0x2_0000 } else { 0x4E00 };
        let fresh = char::from_u32(first + self.next_char).unwrap_or('?');
        self.next_char += 1;
        self.chars.insert(fresh, Fate::default());
        fresh
    }

    /// Notes that a person may have erased a character.
    pub(crate) fn erased(&mut self, character: char) {
        self.chars.entry(character).or_default().erased = true;
    }

    /// Notes that a cell's outputs are cleared.
    pub(crate) fn clears(&mut self, cell: &CellId) {
        self.cleared.insert(cell.clone());
    }

    /// Notes that an event was committed and its author told so.
    pub(crate) fn acknowledged(&mut self, browser: usize, envelope: &Envelope) {
        self.note(|| format!("{browser} has saved {:?} {:?}", envelope.id, envelope.event));
        let EventId { replica, counter } = envelope.id;
        if counter != self.acknowledged.get(&replica).map_or(0, |(last, _)| *last) + 1 {
            self.failures.push(format!("the events of {replica:?} have a gap before {counter}"));
        }
        self.acknowledged_up_to(browser, envelope.id);
        if let Event::CellInserted { cell, .. } = &envelope.event {
            self.cells.insert(cell.clone());
        }
    }

    /// Notes that the events of a replica up to this one were committed and their author told so.
    pub(crate) fn acknowledged_up_to(&mut self, browser: usize, id: EventId) {
        let last = self.acknowledged.entry(id.replica).or_insert((0, browser));
        self.counts.acknowledged += id.counter.saturating_sub(last.0);
        last.0 = last.0.max(id.counter);
    }

    /// Notes that a command of a person was acknowledged.
    pub(crate) fn done(&mut self, command: &Command) {
        if let Command::InsertCell { cell, .. } | Command::SplitCell { new: cell, .. } = command {
            self.cells.insert(cell.clone());
        }
    }

    /// Judges what a browser shows after something happened to it: nothing that an open tab showed may be gone,
    /// whatever the relay lost.
    pub(crate) fn goes_on(&mut self, browser: usize, before: &[(ReplicaId, u64)], after: &Notebook) {
        let gone = before.iter().filter(|(replica, counter)| after.mark(*replica) < *counter);
        let gone: Vec<_> = gone.map(|(replica, counter)| format!("{replica:?} before {counter}")).collect();
        if !gone.is_empty() {
            self.failures.push(format!("{browser} no longer shows events of {}", gone.join(", ")));
        }
    }

    /// Notes that characters were acknowledged.
    pub(crate) fn brought(&mut self, typed: &[char]) {
        for character in typed {
            self.chars.entry(*character).or_default().acknowledged = true;
        }
    }

    /// Notes whether a browser is connected and up to date.
    pub(crate) fn is_live(&mut self, browser: usize, live: bool, now: u64) {
        if live {
            self.live.entry(browser).or_insert(now);
        } else {
            self.live.remove(&browser);
            self.looking.retain(|(by, _), _| *by != browser);
        }
    }

    /// Notes that Python began to run something that it was given then.
    pub(crate) fn run_began(&mut self, browser: usize, execution: &ExecutionId, session: &SessionId, given: u64) {
        self.counts.runs += 1;
        self.note(|| format!("{browser} begins to run {execution} in {session}"));
        let runs = self.runs.entry(execution.clone()).or_default();
        let was_live = |browser: usize, then: u64| self.live.get(&browser).is_some_and(|since| *since <= then);
        if let Some(first) = runs.last() {
            let crossed = |session| {
                let ends = self.ends.get(session).into_iter().flatten();
                ends.into_iter().any(|claimed| !claimed.contains(execution))
            };
            if !(was_live(browser, first.given) && was_live(first.browser, first.given)) {
                self.counts.twice_across_a_partition += 1;
            } else if first.session != *session && (crossed(&first.session) || crossed(session)) {
                self.counts.twice_across_an_end += 1;
            } else {
                self.failures.push(format!("{execution} was run twice: by {} and by {session}", first.session));
            }
        }
        runs.push(Run { browser, session: session.clone(), given, printed: None });
    }

    /// Notes that it ran to its end.
    pub(crate) fn run_ended(&mut self, execution: &ExecutionId, session: &SessionId, printed: u32) {
        let runs = self.runs.get_mut(execution).into_iter().flatten();
        for run in runs.filter(|run| run.session == *session) {
            run.printed = Some(printed);
        }
    }

    /// Notes that somebody ends a session, seeing this.
    pub(crate) fn ends(&mut self, session: &SessionId, shown: &Notebook) {
        let claimed = shown.executions().filter(|execution| execution.session.as_ref() == Some(session));
        let claimed = claimed.map(|execution| execution.id.clone()).collect();
        self.ends.entry(session.clone()).or_default().push(claimed);
    }

    /// Notes which session a browser hosts now.
    pub(crate) fn hosts(&mut self, browser: usize, session: Option<&SessionId>) {
        match session {
            Some(session) if self.hosts.get(&browser) == Some(session) => {}
            Some(session) => drop(self.hosts.insert(browser, session.clone())),
            None => drop(self.hosts.remove(&browser)),
        }
    }

    /// Notes that a browser that is live looks for the host of a session.
    pub(crate) fn looks_for(&mut self, browser: usize, session: &SessionId, now: u64) {
        self.looking.entry((browser, session.clone())).or_insert(now);
    }

    /// Judges that a browser ends a session as one that nobody hosts: its host must have had its time to speak.
    pub(crate) fn gives_up(&mut self, browser: usize, session: &SessionId, now: u64) {
        let since = self.looking.get(&(browser, session.clone())).copied().unwrap_or(now);
        let host = self.hosts.iter().find(|(_, hosted)| *hosted == session).map(|(host, _)| *host);
        let is_here = |browser: usize| self.live.contains_key(&browser);
        if host.is_some_and(is_here) && is_here(browser) && since + GRACE_MILLIS > now {
            self.failures.push(format!("{browser} gave {session} up without waiting for its host, who is there"));
        }
    }
}
