//! The people who are here: in the bar, and at the cells where they are.

use leptos::ev;
use leptos::prelude::*;
use notebook::PersonId;
use wasm_bindgen::JsCast as _;

use super::icon::{Glyph, Icon};
use super::menu::Menu;
use crate::company::Person;
use crate::person;
use crate::session::Session;

/// How many are shown one by one; the list has all.
const SHOWN: usize = 4;

/// Everybody who is here, while the notebook is shared.
#[component]
pub(crate) fn People(session: Session) -> impl IntoView {
    let people = session.company.people;
    let shared = Memo::new(move |_| session.is_shared());
    let first = move || people.with(|people| people.iter().take(SHOWN).cloned().collect::<Vec<_>>());
    let count = move || people.with(Vec::len) + 1;
    view! {
        <Show when=move || shared.get()>
            <div class="people" data-people=move || count().to_string()>
                <For each=first key=|person| (person.id.clone(), person.name.clone()) let(person)>
                    <Avatar session person />
                </For>
                {move || {
                    let more = people.with(Vec::len).saturating_sub(SHOWN);
                    (more > 0).then(|| view! { <span class="avatar more" aria-hidden="true">{format!("+{more}")}</span> })
                }}
                <Menu label="People" trigger=move || view! {
                    <Glyph icon=Icon::People />
                    <span class="people-count" aria-hidden="true">{count}</span>
                }>
                    <PeopleList session />
                </Menu>
            </div>
        </Show>
    }
}

#[component]
fn Avatar(session: Session, person: Person) -> impl IntoView {
    let Person { id, name, colour, .. } = person;
    let label = format!("Go to {name}");
    let (goal, followed) = (id.clone(), id);
    view! {
        <button class="avatar" style=("--peer", colour) title=label.clone() aria-label=label
            class:followed=move || session.company.following.with(|following| following.as_ref() == Some(&followed))
            on:click=move |_| session.go_to_person(&goal)>
            {person::initials(&name)}
        </button>
    }
}

#[component]
fn PeopleList(session: Session) -> impl IntoView {
    let people = session.company.people;
    let me = session.company.me();
    view! {
        <div class="people-list" role="group" aria-label="People in this notebook">
            <label class="people-row">
                <span class="avatar" style=("--peer", person::colour(&me)) aria-hidden="true">{move || person::initials(&session.company.my_name())}</span>
                <input class="field" aria-label="Your name" autocomplete="nickname" spellcheck="false" maxlength="40"
                    prop:value=move || session.company.my_name()
                    on:change=move |event| session.company.rename_me(&event_target_value(&event)) />
                <span class="people-place">"You"</span>
            </label>
            <For each=move || people.get() key=|person| person.id.clone() let(person)>
                <PersonRow session id=person.id />
            </For>
            <Show when=move || people.with(Vec::is_empty)>
                <p class="menu-note">"Nobody else is here now. Who opens the link shows up here."</p>
            </Show>
        </div>
    }
}

#[component]
fn PersonRow(session: Session, id: PersonId) -> impl IntoView {
    let colour = person::colour(&id);
    let known = {
        let id = id.clone();
        Memo::new(move |_| session.company.people.with(|people| people.iter().find(|person| person.id == id).cloned()))
    };
    let name =
        Memo::new(move |_| known.with(|person| person.as_ref().map(|person| person.name.clone()).unwrap_or_default()));
    let place = move || {
        let person = known.get()?;
        let cell = person.place?.cell;
        let at = session.order.with(|order| order.iter().position(|known| *known == cell))?;
        Some(format!("cell {}", at + 1))
    };
    let runs = move || known.with(|person| person.as_ref().is_some_and(|person| person.kernel.is_some()));
    let (goal, follow) = (id.clone(), id.clone());
    let is_followed = Memo::new(move |_| session.company.following.with(|following| following.as_ref() == Some(&id)));
    view! {
        <div class="people-row">
            <button class="button" title=move || format!("Go to {}", name.get()) on:click=move |_| session.go_to_person(&goal)>
                <span class="avatar" style=("--peer", colour) aria-hidden="true">{move || name.with(|name| person::initials(name))}</span>
                <span class="people-name">{name}</span>
                <span class="people-place">{place}{move || runs().then_some(" · runs Python")}</span>
            </button>
            <button class="button outline" aria-pressed=move || is_followed.get().to_string() aria-label=move || format!("Follow {}", name.get())
                on:click=move |_| {
                    let next = (!is_followed.get_untracked()).then(|| follow.clone());
                    session.company.following.set(next);
                }>
                {move || if is_followed.get() { "Following" } else { "Follow" }}
            </button>
        </div>
    }
}

/// Who is in a cell, at its edge.
#[component]
pub(crate) fn PeopleHere(people: ArcRwSignal<Vec<Person>>) -> impl IntoView {
    view! {
        <div class="people-here" aria-hidden="true">
            {move || people.get().into_iter().map(|person| view! {
                <span class="here-flag" data-here=person.id.to_string() style=("--peer", person.colour)>{person.name}</span>
            }).collect_view()}
        </div>
    }
}

/// Says whom this page follows, with a way to stop.
#[component]
pub(crate) fn Following(session: Session) -> impl IntoView {
    let following = session.company.following;
    let words = Memo::new(move |_| {
        let id = following.get()?;
        let name =
            session.company.people.with(|people| Some(people.iter().find(|person| person.id == id)?.name.clone()));
        Some(format!("Following {}", name.unwrap_or_else(|| "somebody who is away".to_owned())))
    });
    view! {
        {move || words.get().map(|words| view! {
            <div class="following" role="status" style=("--peer", following.get_untracked().map_or("", |id| person::colour(&id)))>
                <span>{words}</span>
                <button class="button" on:click=move |_| session.stop_following()>"Stop"</button>
            </div>
        })}
    }
}

/// Says who is in a cell, for its accessible name.
pub(crate) fn spoken(people: &[Person]) -> String {
    let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
    if names.is_empty() { String::new() } else { format!(", {} here", names.join(", ")) }
}

/// A cell that somebody is in is marked in the colour of the first of them.
pub(crate) fn mark(people: &[Person]) -> &'static str {
    people.first().map_or("transparent", |person| person.colour)
}

/// Watches for what ends following somebody: moving about or writing here.
pub(crate) fn watch_for_own_ways(session: Session) {
    let in_sheet = |target: Option<web_sys::EventTarget>| {
        let element = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        element.is_some_and(|element| element.closest("main").ok().flatten().is_some())
    };
    let stop = move |target: Option<web_sys::EventTarget>| {
        if in_sheet(target) {
            session.stop_following();
        }
    };
    let wheel = window_event_listener(ev::wheel, move |event| stop(event.target()));
    let key = window_event_listener(ev::keydown, move |event| stop(event.target()));
    let press = window_event_listener(ev::pointerdown, move |event| stop(event.target()));
    on_cleanup(move || {
        wheel.remove();
        key.remove();
        press.remove();
    });
}
