//! Who else is in the notebook, where they are, and whom this page follows.

use std::collections::BTreeMap;

use browser::timer::Timeout;
use leptos::prelude::*;
use notebook::{CellId, PersonId, SessionId, gather};
use protocol::peer::{Location, Presence};
use protocol::port::SyncState;
use protocol::wire::ConnectionId;

use crate::person;
use crate::session::Session;

/// Somebody who is here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
    pub(crate) name: String,
    pub(crate) colour: &'static str,
    pub(crate) place: Option<Location>,
    /// The kernel session that runs in their browser.
    pub(crate) kernel: Option<SessionId>,
}

/// What a page knows of people.
#[derive(Clone, Copy)]
pub(crate) struct Company {
    me: StoredValue<PersonId>,
    name: RwSignal<String>,
    pub(crate) people: RwSignal<Vec<Person>>,
    pub(crate) following: RwSignal<Option<PersonId>>,
    /// What ends following somebody who stays away.
    away: StoredValue<Option<Timeout>, LocalStorage>,
    /// The selection in the text that is being edited here, as others are to know it.
    pub(crate) selection: RwSignal<Option<Selection>>,
    /// Where it is by now, and what will say so.
    untold: StoredValue<Option<(Selection, Timeout)>, LocalStorage>,
}

/// A cell, where in its text a selection began, and where the cursor is.
type Selection = (CellId, (u32, u32));

/// How long others' typing must have paused before they are told to where it moved a selection. Each of them moves it
/// along by themselves, and rightly; what is told meanwhile would be from before the letters that are on their way.
const MOVED_MILLIS: u32 = 1_000;

/// How long somebody may be away before this page no longer follows them.
const AWAY_MILLIS: u32 = 15_000;

/// How far apart two places are told at least, so that they are not told as one: [`crate::whereabouts`] gathers.
const APART_MILLIS: u32 = 250;

impl Company {
    pub(crate) fn new() -> Self {
        Self {
            me: StoredValue::new(person::me()),
            name: RwSignal::new(person::own_name()),
            people: RwSignal::new(Vec::new()),
            following: RwSignal::new(None),
            away: StoredValue::new_local(None),
            selection: RwSignal::new(None),
            untold: StoredValue::new_local(None),
        }
    }

    /// Returns who uses this browser.
    pub(crate) fn me(self) -> PersonId {
        self.me.get_value()
    }

    /// Returns what they are called.
    pub(crate) fn my_name(self) -> String {
        person::called(&self.me(), &self.name.get())
    }

    /// Notes the selection. `moved` says that it is elsewhere only because others typed before it.
    pub(crate) fn select(self, selection: Selection, moved: bool) {
        let waiting = self.untold.try_update_value(Option::take).flatten();
        if moved {
            self.untold.set_value(Some((selection, self.tell_in(MOVED_MILLIS))));
            return;
        }
        match waiting {
            // Whoever comes back to where they were last told to be is told to have left it first: the others moved
            // them along since.
            Some((moved_to, _)) if self.selection.with_untracked(|told| told.as_ref() == Some(&selection)) => {
                self.untold.set_value(Some((selection, self.tell_in(APART_MILLIS))));
                self.selection.set(Some(moved_to));
            }
            _ => self.selection.set(Some(selection)),
        }
    }

    fn tell_in(self, millis: u32) -> Timeout {
        Timeout::new(millis, move || {
            if let Some((selection, _)) = self.untold.try_update_value(Option::take).flatten() {
                self.selection.try_set(Some(selection));
            }
        })
    }

    pub(crate) fn rename_me(self, name: &str) {
        self.name.set(person::keep_own_name(name));
    }
}

impl Session {
    /// Says whether the notebook goes through a relay.
    pub(crate) fn is_shared(self) -> bool {
        self.sync.with(|sync| *sync != SyncState::Local)
    }

    /// Says whether everything that others do arrives here.
    pub(crate) fn is_live(self) -> bool {
        self.sync.with(|sync| matches!(sync, SyncState::Live { .. }))
    }

    /// Takes in who is here. Returns the cells where somebody came, went or moved, each with who is there now.
    pub(crate) fn take_in_people(self, peers: &[(ConnectionId, Presence)]) -> BTreeMap<CellId, Vec<Person>> {
        let me = self.company.me();
        // Whoever connected anew may be here twice for a while: the last connection is the one.
        let latest: BTreeMap<&PersonId, &Presence> =
            gather(peers.iter().map(|(_, presence)| (&presence.person, presence)).filter(|(id, _)| **id != me));
        let people: Vec<Person> = latest.into_values().map(to_person).collect();
        let before = self.company.people.get_untracked();
        if before == people {
            return BTreeMap::new();
        }
        self.announce_company(&before, &people);
        let mut places: BTreeMap<CellId, Vec<Person>> = BTreeMap::new();
        let left = before.iter().filter(|person| !people.contains(person));
        let came = people.iter().filter(|person| !before.contains(person));
        for place in left.chain(came).filter_map(|person| person.place.as_ref()) {
            places.entry(place.cell.clone()).or_default();
        }
        for person in &people {
            if let Some(there) = person.place.as_ref().and_then(|place| places.get_mut(&place.cell)) {
                there.push(person.clone());
            }
        }
        self.await_followed(&before, &people);
        self.company.people.set(people);
        places
    }

    /// Follows on whoever is back soon: a short break of the connection, here or there, takes people off the list.
    fn await_followed(self, before: &[Person], now: &[Person]) {
        let Some(id) = self.company.following.get_untracked() else { return };
        if now.iter().any(|person| person.id == id) {
            self.company.away.set_value(None);
        } else if let Some(Person { name, .. }) = before.iter().find(|person| person.id == id).cloned() {
            self.company.away.set_value(Some(Timeout::new(AWAY_MILLIS, move || {
                if self.company.following.get_untracked().as_ref() == Some(&id) {
                    self.toasts.say(&format!("{name} is out of reach: you follow nobody now."));
                    self.stop_following();
                }
            })));
        }
    }

    fn announce_company(self, before: &[Person], now: &[Person]) {
        let came = now.iter().find(|person| !before.iter().any(|known| known.id == person.id));
        let went = before.iter().find(|person| !now.iter().any(|known| known.id == person.id));
        if let Some(person) = came {
            self.announcement.set(format!("{} is here", person.name));
        } else if let Some(person) = went {
            self.announcement.set(format!("{} left", person.name));
        }
    }

    /// Returns who is in a cell.
    pub(crate) fn people_in(self, cell: &CellId) -> Vec<Person> {
        let is_there = |person: &&Person| person.place.as_ref().is_some_and(|place| place.cell == *cell);
        self.company.people.with_untracked(|people| people.iter().filter(is_there).cloned().collect())
    }

    /// Marks people at cells that arrive after them: a place needs no commit and is quicker than a new cell.
    pub(crate) fn keep_people_marked(self) {
        Effect::new(move |_| {
            self.order.track();
            let cells = self.company.people.with_untracked(|people| {
                people.iter().filter_map(|person| Some(person.place.as_ref()?.cell.clone())).collect::<Vec<_>>()
            });
            for cell in cells {
                let there = self.people_in(&cell);
                if let Some(view) = self.cell(&cell).filter(|view| view.people.with_untracked(|known| *known != there))
                {
                    view.people.set(there);
                }
            }
        });
    }

    /// Returns the name of the one in whose browser Python runs, if it does not run in this one.
    pub(crate) fn kernel_host(self) -> Option<String> {
        let people = self.company.people.get();
        // Not a signal: it changes together with the kernel's state.
        let active = self.read(|notebook| notebook.active_session().cloned())?;
        people.into_iter().find(|person| person.kernel.as_ref() == Some(&active)).map(|person| person.name)
    }

    /// Goes to where somebody is.
    pub(crate) fn go_to_person(self, person: &PersonId) {
        let cell = self.place_of(person);
        match cell.filter(|cell| self.order.with_untracked(|order| order.contains(cell))) {
            Some(cell) => self.focus.select(&cell),
            None => self.toasts.say("They are in no cell just now."),
        }
    }

    fn place_of(self, id: &PersonId) -> Option<CellId> {
        self.company.people.with(|people| {
            let person = people.iter().find(|person| person.id == *id)?;
            Some(person.place.as_ref()?.cell.clone())
        })
    }

    /// Keeps whom this page follows in view.
    pub(crate) fn keep_following(self) {
        let cell = Memo::new(move |_| {
            let cell = self.company.following.get().and_then(|person| self.place_of(&person))?;
            // Who makes a cell is there before it is.
            self.order.with(|order| order.contains(&cell)).then_some(cell)
        });
        Effect::new(move |_| {
            if let Some(cell) = cell.get() {
                self.focus.reveal(cell);
            }
        });
    }

    /// Stops following: the person here goes their own way.
    pub(crate) fn stop_following(self) {
        if self.company.following.with_untracked(Option::is_some) {
            self.company.following.set(None);
        }
    }
}

fn to_person(presence: &Presence) -> Person {
    Person {
        id: presence.person.clone(),
        name: person::called(&presence.person, &presence.name),
        colour: person::colour(&presence.person),
        place: presence.place.clone(),
        kernel: presence.kernel.as_ref().map(|(session, _)| session.clone()),
    }
}
