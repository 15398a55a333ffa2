//! A cell's gutter: the run button, its count, and how long it took or has been running.

use browser::timer;
use leptos::prelude::*;
use notebook::{CellId, Outcome};

use super::icon::{Glyph, Icon};
use crate::afterwards::steady;
use crate::session::{RunStatus, RunView, Session};

/// How often the time of a running cell is brought up to date.
const TICK_MILLIS: u32 = 100;

/// The gutter of a code cell.
#[component]
pub(crate) fn RunGutter(session: Session, cell: CellId, run: ArcRwSignal<RunView>) -> impl IntoView {
    let run = steady(run.into(), |run: &RunView| run.status.is_active());
    let active = Memo::new(move |_| run.with(|run| run.status.is_active()));
    let count = move || run.with(RunView::count_text);
    let name = move || match run.with(|run| run.status) {
        RunStatus::Pending => "Withdraw from queue",
        RunStatus::Assigned | RunStatus::Executing => "Stop this cell",
        RunStatus::Idle | RunStatus::Completed => "Run cell",
    };
    let press = move |_| {
        if active.get_untracked() {
            session.stop_cell(&cell);
        } else {
            session.focus.note(&cell, false);
            session.run_cell(&cell);
        }
    };
    view! {
        <div class="gutter" class:active=move || active.get() class:executing=move || run.with(|run| run.status == RunStatus::Executing)>
            <div class="gutter-line">
                <span class="count" data-count>{count}</span>
                <button class="run" aria-label=name title=name disabled=move || !session.is_writable() on:click=press>
                    {move || view! { <Glyph icon=if active.get() { Icon::Stop } else { Icon::Run } /> }}
                </button>
            </div>
            <Took run />
        </div>
    }
}

#[component]
fn Took(run: Signal<RunView>) -> impl IntoView {
    let now = RwSignal::new(browser::clock::now_millis());
    let ticking = RwSignal::new(0_u64);
    Effect::new(move |_| {
        let executing = run.with(|run| run.status == RunStatus::Executing);
        let round = ticking.get_untracked() + 1;
        ticking.set(round);
        if executing {
            browser::spawn(async move {
                // A later round, or the end of the row, ends this one.
                while ticking.try_get_untracked() == Some(round) {
                    if now.try_set(browser::clock::now_millis()).is_some() {
                        return;
                    }
                    timer::after(TICK_MILLIS).await;
                }
            });
        }
    });
    let words = move || {
        run.with(|run| match (run.status, run.started_at, run.completed_at) {
            (RunStatus::Pending | RunStatus::Assigned, ..) => "queued".to_owned(),
            (RunStatus::Executing, Some(started), _) => {
                let millis = now.get().saturating_sub(started);
                // Most runs end at once: a time that flickers by says nothing.
                if millis < 300 { String::new() } else { duration(millis) }
            }
            (RunStatus::Completed, Some(started), Some(completed)) => duration(completed.saturating_sub(started)),
            (RunStatus::Idle | RunStatus::Executing | RunStatus::Completed, ..) => String::new(),
        })
    };
    view! { <span class="took">{words}</span> }
}

/// Says what became of a run, where its outputs do not.
#[component]
pub(crate) fn RunNote(run: ArcRwSignal<RunView>) -> impl IntoView {
    let words = move || {
        run.with(|run| match run.outcome {
            Some(Outcome::Interrupted) => Some("Interrupted"),
            Some(Outcome::Cancelled) => Some("Not run: an earlier cell failed, or it was withdrawn"),
            Some(Outcome::Lost) => Some("Lost: Python ended while this was running"),
            Some(Outcome::Ok | Outcome::Error) | None => None,
        })
    };
    view! { {move || words().map(|words| view! { <div class="cell-state">{words}</div> })} }
}

/// Writes a duration the way a person reads one.
pub(crate) fn duration(millis: i64) -> String {
    let millis = millis.max(0);
    let tenths = millis / 100;
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{}.{} s", tenths / 10, tenths % 10),
        60_000..3_600_000 => format!("{} min {:02} s", millis / 60_000, millis / 1000 % 60),
        _ => format!("{} h {:02} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}
