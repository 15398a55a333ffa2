//! The diagnostics page: the event log, figures of store and kernel, the database as a file, a reset.

use browser::idb::Entry;
use browser::opfs::Estimate;
use leptos::prelude::*;
use protocol::port::{BUILD, Diagnostics, FromStore, KernelState, LogEntry, Role, Storage, ToStore};
use wasm_bindgen::prelude::{JsCast as _, JsValue, wasm_bindgen};

use super::notice::Notice;
use crate::library;
use crate::outputs::rich::bytes;
use crate::session::{Phase, Session};
use crate::toast::ToastList;
use crate::view::cell_run::duration;
use crate::view::dialog::Confirm;
use crate::view::icon::Mark;
use crate::view::sync_state;

/// How many events a page of the log holds.
const PAGE: u32 = 100;
/// How many of the last runs are listed.
const RUNS: usize = 12;

#[wasm_bindgen]
extern "C" {
    /// Made by the page's `register.js`.
    #[wasm_bindgen(catch, js_name = cathodeKept)]
    async fn kept() -> Result<JsValue, JsValue>;

    /// What of the site is kept for when there is no network.
    type Kept;
    #[wasm_bindgen(method, getter)]
    fn python(this: &Kept) -> bool;
    #[wasm_bindgen(method, getter)]
    fn bytes(this: &Kept) -> f64;
}

/// Shows the diagnostics of one notebook.
#[component]
pub(crate) fn DiagnosticsPage(entry: Entry) -> impl IntoView {
    let Some(opening) = library::opening(&entry) else {
        return view! { <Notice title="This notebook cannot be opened" text="Its entry in this browser's list is damaged." /> }.into_any();
    };
    let session = Session::open(opening);
    browser::page::set_title("Diagnostics · Cathode");
    let figures = RwSignal::new(None::<Diagnostics>);
    let storage = RwSignal::new(None::<Estimate>);
    let offline = RwSignal::new(String::new());
    let refresh = move || {
        browser::spawn(async move {
            match session.ask(|request| ToStore::Diagnose { request }).await {
                Ok(FromStore::Diagnostics { figures: found, .. }) => {
                    figures.try_set(Some(found));
                }
                Ok(_) => {}
                Err(refusal) => session.toasts.say(&refusal.to_string()),
            }
            storage.try_set(browser::opfs::estimate().await.ok());
            offline.try_set(without_network().await);
        });
    };
    let opened = Memo::new(move |_| session.phase.get() == Phase::Open);
    Effect::new(move |_| {
        if opened.get() {
            refresh();
        }
    });
    let back = library::address(&entry.id);
    view! {
        <main class="figures">
            <Mark named=true />
            <h1>"Diagnostics"</h1>
            <p class="lede"><a href=back>{move || session.title.get()}</a>" · "<code>{entry.id.to_string()}</code></p>
            {move || match session.phase.get() {
                Phase::Failed(failure) => Some(view! { <p role="alert">{failure.to_string()}</p> }),
                Phase::Opening | Phase::Open => None,
            }}
            <StateFigures session figures storage offline />
            <Actions session refresh=Callback::new(move |()| refresh()) />
            <Commits figures />
            <Runs session />
            {move || opened.get().then(|| view! { <Log session /> })}
        </main>
        <ToastList toasts=session.toasts />
    }
    .into_any()
}

#[component]
fn Figure(name: &'static str, #[prop(into)] value: Signal<String>) -> impl IntoView {
    view! { <div><dt>{name}</dt><dd>{move || value.get()}</dd></div> }
}

#[component]
fn StateFigures(
    session: Session,
    figures: RwSignal<Option<Diagnostics>>,
    storage: RwSignal<Option<Estimate>>,
    offline: RwSignal<String>,
) -> impl IntoView {
    let of = move |read: fn(&Diagnostics) -> String| {
        Signal::derive(move || figures.with(|figures| figures.as_ref().map_or_else(|| "–".to_owned(), read)))
    };
    let place = move || match session.storage.get() {
        None => "opening".to_owned(),
        Some(Storage::Opfs) => "private file system".to_owned(),
        Some(Storage::Memory { reason }) => format!("memory only: {reason}"),
        Some(Storage::Cleared) => "memory only: the files were deleted".to_owned(),
        Some(Storage::ReadOnly { version }) => format!("read-only, format {version}"),
        Some(Storage::Recovered { aside, .. }) => format!("recovered; damaged file kept as {aside}"),
    };
    let kernel = move || match session.kernel.get() {
        KernelState::None => "not started".to_owned(),
        KernelState::Starting { step, percent } => format!("starting, {percent} %: {step}"),
        KernelState::Idle => "idle".to_owned(),
        KernelState::Busy => "busy".to_owned(),
        KernelState::Dead { reason } => format!("dead: {reason}"),
    };
    let used = move || {
        storage
            .get()
            .map_or_else(|| "–".to_owned(), |estimate| format!("{} of {}", size(estimate.usage), size(estimate.quota)))
    };
    view! {
        <h2>"State"</h2>
        <dl class="figures-grid">
            <Figure name="Build" value=Signal::derive(|| BUILD.to_owned()) />
            <Figure name="Stored in" value=Signal::derive(place) />
            <Figure name="This tab" value=Signal::derive(move || if session.role.get() == Role::Leader { "leader" } else { "follower" }.to_owned()) />
            <Figure name="Saving" value=Signal::derive(move || format!("{:?}", session.saving()).to_ascii_lowercase()) />
            <Figure name="Kernel" value=Signal::derive(kernel) />
            <Figure name="Cross-origin isolated" value=Signal::derive(|| if browser::page::is_isolated() { "yes" } else { "no: interrupt restarts the kernel" }.to_owned()) />
            <Figure name="Shared" value=Signal::derive(move || session.sync.with(sync_state::in_short)) />
            <Figure name="Relay's order" value=of(relay) />
            <Figure name="Events" value=of(|figures| format!("{}, {} without effect", figures.events, figures.ignored)) />
            <Figure name="Database" value=of(|figures| bytes(figures.database_bytes)) />
            <Figure name="Blobs" value=of(|figures| format!("{}, {}", figures.blobs.0, bytes(figures.blobs.1))) />
            <Figure name="Cells and executions" value=of(|figures| format!("{} and {}", figures.cells, figures.executions)) />
            <Figure name="Commits" value=of(|figures| format!("{}, {} rows", figures.commits, figures.rows_written)) />
            <Figure name="Kernel sessions" value=of(|figures| figures.sessions.to_string()) />
            <Figure name="SQLite" value=of(|figures| format!("{}, schema {}, journal {}", figures.sqlite, figures.schema, figures.journal)) />
            <Figure name="Storage in use" value=Signal::derive(used) />
            <Figure name="Opens without a network" value=offline />
        </dl>
    }
}

fn relay(figures: &Diagnostics) -> String {
    let Some(ordered) = figures.ordered else { return "–".to_owned() };
    format!("up to {ordered}, {} not opened", figures.unopened)
}

/// Says whether the site opens without a network, and what it takes.
async fn without_network() -> String {
    let Some(kept) = kept().await.ok().filter(JsValue::is_object) else { return "no".to_owned() };
    let kept: Kept = kept.unchecked_into();
    let what = if kept.python() { "yes, with Python" } else { "yes, without Python" };
    format!("{what}: {}", size(kept.bytes()))
}

fn size(size: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of bytes to be read by a person"
    )]
    let size = size.max(0.0) as u64;
    bytes(size)
}

#[component]
fn Actions(session: Session, refresh: Callback<()>) -> impl IntoView {
    let asking = RwSignal::new(false);
    let download = move |_| {
        browser::spawn(async move {
            let reason = match session.ask(|request| ToStore::ExportDatabase { request }).await {
                Ok(FromStore::Database { bytes, .. }) => {
                    let name = format!("{}.sqlite3", session.notebook_id());
                    browser::page::download(&name, "application/vnd.sqlite3", &bytes)
                        .err()
                        .map(|error| error.to_string())
                }
                Ok(_) => None,
                Err(refusal) => Some(refusal.to_string()),
            };
            if let Some(reason) = reason {
                session.toasts.say(&reason);
            }
        });
    };
    let reset = move |()| {
        browser::spawn(async move {
            match session.ask(|request| ToStore::Reset { request }).await {
                Ok(_) => {
                    browser::page::navigate(&library::address(&session.notebook_id())).ok();
                }
                Err(refusal) => session.toasts.say(&refusal.to_string()),
            }
        });
    };
    view! {
        <div class="figures-actions">
            <button class="button outline" on:click=move |_| refresh.run(())>"Refresh"</button>
            <button class="button outline" on:click=download>"Download database"</button>
            <button class="button outline" on:click=move |_| asking.set(true)>"Reset this notebook's local data…"</button>
        </div>
        <Confirm open=asking title="Reset this notebook's local data?" word="reset"
            text="Its event log, cells, outputs and files in this browser are deleted for good. The notebook stays in the list and is empty. Download the database first if in doubt."
            action="Delete everything" on_confirm=reset />
    }
}

#[component]
fn Commits(figures: RwSignal<Option<Diagnostics>>) -> impl IntoView {
    let millis = move || {
        figures.with(|figures| figures.as_ref().map(|figures| figures.commit_millis.clone()).unwrap_or_default())
    };
    view! {
        {move || {
            let millis = millis();
            (!millis.is_empty()).then(|| {
                let longest = millis.iter().copied().fold(1.0, f64::max);
                let mut sorted = millis.clone();
                sorted.sort_by(f64::total_cmp);
                let median = sorted[sorted.len() / 2];
                view! {
                    <h2>"Last commits"</h2>
                    <p class="lede">{format!("Median {median:.1} ms, longest {longest:.1} ms, {} shown.", millis.len())}</p>
                    <div class="bars" aria-hidden="true">
                        {millis.into_iter().map(|millis| view! { <span title=format!("{millis:.1} ms") style:height=format!("{}%", (millis / longest * 100.0).max(3.0))></span> }).collect_view()}
                    </div>
                }
            })
        }}
    }
}

struct RunLine {
    cell: String,
    count: String,
    outcome: String,
    waited: String,
    took: String,
}

#[component]
fn Runs(session: Session) -> impl IntoView {
    let lines = move || {
        session.phase.track();
        session.read(|notebook| {
            let mut runs: Vec<_> =
                notebook.executions().filter(|run| run.is_completed() && run.started_at.is_some()).collect();
            runs.sort_by_key(|run| std::cmp::Reverse(run.queue));
            runs.into_iter()
                .take(RUNS)
                .map(|run| RunLine {
                    cell: run.cell.to_string(),
                    count: run.count.map(|count| count.to_string()).unwrap_or_default(),
                    outcome: format!("{:?}", run.status).to_ascii_lowercase(),
                    waited: run.started_at.map(|at| duration(at - run.requested_at)).unwrap_or_default(),
                    took: run
                        .started_at
                        .zip(run.completed_at)
                        .map(|(from, to)| duration(to - from))
                        .unwrap_or_default(),
                })
                .collect::<Vec<_>>()
        })
    };
    view! {
        {move || {
            let lines = lines();
            (!lines.is_empty()).then(|| view! {
                <h2>"Last runs"</h2>
                <div class="log-wrap"><table class="log">
                    <thead><tr><th>"Cell"</th><th class="number">"Count"</th><th>"Outcome"</th><th class="number">"Waited"</th><th class="number">"Took"</th></tr></thead>
                    <tbody>{lines.into_iter().map(|line| view! {
                        <tr><td class="kind">{line.cell}</td><td class="number">{line.count}</td><td>{line.outcome}</td><td class="number">{line.waited}</td><td class="number">{line.took}</td></tr>
                    }).collect_view()}</tbody>
                </table></div>
            })
        }}
    }
}

#[component]
fn Log(session: Session) -> impl IntoView {
    let entries = RwSignal::new(Vec::<LogEntry>::new());
    // Positions before which the pages so far began, the current one last.
    let pages = RwSignal::new(vec![None::<u64>]);
    Effect::new(move |_| {
        let before = pages.with(|pages| pages.last().copied().flatten());
        browser::spawn(async move {
            match session.ask(|request| ToStore::ReadLog { request, before, limit: PAGE }).await {
                Ok(FromStore::Log { entries: found, .. }) => {
                    entries.try_set(found);
                }
                Ok(_) => {}
                Err(refusal) => session.toasts.say(&refusal.to_string()),
            }
        });
    });
    let older = move |_| {
        if let Some(last) = entries.with(|entries| entries.last().map(|entry| entry.seq)) {
            pages.update(|pages| pages.push(Some(last)));
        }
    };
    let newer = move |_| {
        pages.update(|pages| {
            if pages.len() > 1 {
                pages.pop();
            }
        });
    };
    view! {
        <h2>"Event log, newest first"</h2>
        <div class="log-wrap"><table class="log" data-log>
            <thead><tr><th class="number">"Seq"</th><th>"Kind"</th><th>"Actor"</th><th>"Time"</th><th>"Effect"</th><th class="number">"Bytes"</th></tr></thead>
            <tbody>{move || entries.get().into_iter().map(|entry| view! { <LogRow entry /> }).collect_view()}</tbody>
        </table></div>
        <div class="figures-actions">
            <button class="button outline" disabled=move || pages.with(|pages| pages.len() < 2) on:click=newer>"Newer"</button>
            <button class="button outline" disabled=move || entries.with(|entries| entries.len() < PAGE as usize) on:click=older>"Older"</button>
        </div>
    }
}

#[component]
fn LogRow(entry: LogEntry) -> impl IntoView {
    let actor = match &entry.envelope.actor {
        ::notebook::Actor::Person(person) => format!("person {person}"),
        ::notebook::Actor::Kernel(session) => format!("kernel {session}"),
    };
    let effect = match entry.ignored {
        None => view! { <td>"applied"</td> }.into_any(),
        Some(reason) => view! { <td class="ignored">{format!("ignored: {reason}")}</td> }.into_any(),
    };
    let at = moment(entry.envelope.at);
    view! {
        <tr>
            <td class="number">{entry.seq}</td>
            <td class="kind">{entry.envelope.event.kind().to_owned()}</td>
            <td class="kind">{actor}</td>
            <td>{at}</td>
            {effect}
            <td class="number">{entry.size}</td>
        </tr>
    }
}

/// Writes milliseconds since 1970 as a date and a time. Any number may stand in an event of somebody else.
fn moment(millis: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "what is not exact has no date either")]
    let date = js_sys::Date::new(&(millis as f64).into());
    if date.get_time().is_nan() {
        return format!("{millis} ms");
    }
    String::from(date.to_iso_string()).replace('T', " ").replace('Z', "")
}
