//! The bar above the cells: title, states, and the notebook's commands.

use browser::timer::Timeout;
use leptos::prelude::*;
use notebook::CellKind;
use protocol::port::{KernelState, Role, SaveState};

use super::dialog::Confirm;
use super::icon::{Glyph, Icon, Mark};
use super::menu::Menu;
use super::people::People;
use super::share::Share;
use super::sync_state::SyncWord;
use crate::afterwards::steady;
use crate::file;
use crate::session::Session;
use crate::theme::Theme;

/// How long a commit takes before the words say so; most end long before.
const SAVING_SHOWN_MILLIS: u32 = 600;

/// The whole bar.
#[component]
pub(crate) fn Bar(session: Session) -> impl IntoView {
    let kernel = steady(session.kernel.into(), |kernel| *kernel == KernelState::Busy);
    view! {
        <header class="bar">
            <div class="bar-line bar-head">
                <Mark named=false />
                <TitleField session />
                <div class="states">
                    <TabState session />
                    <SyncWord session />
                    <SavedState session />
                    <KernelStatus session kernel />
                </div>
                <People session />
                <Share session />
            </div>
            <Tools session kernel />
            <Confirm open=session.restart_asked title="Restart the kernel?"
                text="A cell is running. It will be stopped, and all variables will be lost. Code and outputs stay."
                action="Stop and start afresh" on_confirm=move |()| session.restart() />
        </header>
    }
}

#[component]
fn TitleField(session: Session) -> impl IntoView {
    view! {
        <input class="title-field" aria-label="Notebook title" spellcheck="false" autocomplete="off" placeholder="Untitled"
            prop:value=move || session.title.get()
            readonly=move || !session.is_writable()
            on:change=move |event| session.rename(&event_target_value(&event))
            on:keydown=move |event| {
                let field: web_sys::HtmlInputElement = event_target(&event);
                match event.key().as_str() {
                    "Enter" => { field.blur().ok(); }
                    "Escape" => {
                        field.set_value(&session.title.get_untracked());
                        field.blur().ok();
                    }
                    _ => {}
                }
            } />
    }
}

#[component]
fn TabState(session: Session) -> impl IntoView {
    let role = move || match session.role.get() {
        Role::Leader => "leader",
        Role::Follower => "follower",
    };
    // A person need not know about leaders: only the tab that follows says something.
    view! {
        <span class="state tab" data-tab=role title="Which of this browser's tabs writes to the store">
            {move || (role() == "follower").then_some(view! { <span class="long">"Also open in another tab"</span> })}
        </span>
    }
}

#[component]
fn SavedState(session: Session) -> impl IntoView {
    let state = Memo::new(move |_| session.saving());
    let slow = RwSignal::new(false);
    Effect::new(move |_| {
        slow.set(false);
        // Dropped, and so withdrawn, when the state changes before the time is up.
        matches!(state.get(), SaveState::Saving).then(|| {
            send_wrapper::SendWrapper::new(Timeout::new(SAVING_SHOWN_MILLIS, move || {
                slow.try_set(true);
            }))
        })
    });
    let name = move || match state.get() {
        SaveState::Saved => "saved",
        SaveState::Saving => "saving",
        SaveState::Failed { .. } => "failed",
        SaveState::Memory => "memory",
    };
    let words = move || match state.get() {
        SaveState::Saving if slow.get() => "Saving…",
        SaveState::Saved | SaveState::Saving => "Saved",
        SaveState::Failed { .. } => "Not saved",
        SaveState::Memory => "Not kept",
    };
    view! { <span class="state" data-saved=name>{words}</span> }
}

fn kernel_name(state: &KernelState) -> &'static str {
    match state {
        KernelState::None => "none",
        KernelState::Starting { .. } => "starting",
        KernelState::Idle => "idle",
        KernelState::Busy => "busy",
        KernelState::Dead { .. } => "dead",
    }
}

fn kernel_words(state: KernelState) -> String {
    match state {
        KernelState::None => "Python not started".to_owned(),
        KernelState::Starting { step, .. } => {
            if step.is_empty() {
                "Python is starting".to_owned()
            } else {
                step
            }
        }
        KernelState::Idle => "Python ready".to_owned(),
        KernelState::Busy => "Python is running".to_owned(),
        KernelState::Dead { .. } => "Python stopped".to_owned(),
    }
}

#[component]
fn KernelStatus(session: Session, kernel: Signal<KernelState>) -> impl IntoView {
    let elsewhere = Memo::new(move |_| {
        kernel.track();
        session.kernel_host()
    });
    let words = move || match (kernel.get(), elsewhere.get()) {
        (KernelState::Starting { .. }, Some(host)) => format!("Python is starting in {host}’s browser"),
        (KernelState::Idle, Some(host)) => format!("Python runs in {host}’s browser"),
        (KernelState::Busy, Some(host)) => format!("Python is running in {host}’s browser"),
        (state, _) => kernel_words(state),
    };
    let why = move || match kernel.get() {
        KernelState::Dead { reason } => reason,
        KernelState::None | KernelState::Starting { .. } | KernelState::Idle | KernelState::Busy => String::new(),
    };
    let percent = move || match kernel.get() {
        KernelState::Starting { percent, .. } => Some(percent),
        KernelState::None | KernelState::Idle | KernelState::Busy | KernelState::Dead { .. } => None,
    };
    view! {
        <span class="state" role="status" data-kernel=move || session.kernel.with(kernel_name) title=why>
            <span class="dot" class:working=move || kernel.with(|kernel| *kernel == KernelState::Busy) aria-hidden="true"></span>
            <span>{words}</span>
            <Show when=move || percent().is_some()>
                <span class="meter" aria-hidden="true"><span style:width=move || format!("{}%", percent().unwrap_or(0))></span></span>
            </Show>
        </span>
    }
}

#[component]
fn Tool(
    icon: Icon,
    label: &'static str,
    title: &'static str,
    #[prop(optional)] class: &'static str,
    #[prop(into)] disabled: Signal<bool>,
    #[prop(into)] on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button class=format!("button {class}") aria-label=label title=title disabled=move || disabled.get() on:click=move |_| on_press.run(())>
            <Glyph icon />
            <span class="label">{label}</span>
        </button>
    }
}

#[component]
fn Tools(session: Session, kernel: Signal<KernelState>) -> impl IntoView {
    let fixed = Signal::derive(move || !session.is_writable());
    let still = Signal::derive(move || fixed.get() || kernel.with(|kernel| *kernel != KernelState::Busy));
    let note = (!browser::page::is_isolated()).then_some("Interrupt restarts the kernel here: this page is not cross-origin isolated, so Python cannot be stopped in any other way.");
    let interrupt_title = if note.is_some() { "Interrupt (restarts the kernel here)  I I" } else { "Interrupt  I I" };
    view! {
        <div class="bar-line bar-tools" role="toolbar" aria-label="Notebook">
            <Tool icon=Icon::RunAll label="Run all" title="Run every code cell" class="go" disabled=fixed on_press=move |()| session.run_all() />
            <Tool icon=Icon::Stop label="Interrupt" title=interrupt_title disabled=still on_press=move |()| session.interrupt() />
            <Tool icon=Icon::Restart label="Restart" title="Restart the kernel  0 0" disabled=fixed on_press=move |()| session.restart_or_ask() />
            <Tool icon=Icon::Clear label="Clear outputs" title="Clear all outputs" disabled=fixed on_press=move |()| session.clear_outputs() />
            <span class="split" aria-hidden="true"></span>
            <AddTool icon=Icon::Code name="Add code cell" label="Code" kind=CellKind::Code session fixed />
            <AddTool icon=Icon::Text name="Add Markdown cell" label="Markdown" kind=CellKind::Markdown session fixed />
            <span class="gap"></span>
            <ThemeMenu />
            <FileMenu session note />
        </div>
    }
}

#[component]
fn AddTool(
    icon: Icon,
    name: &'static str,
    label: &'static str,
    kind: CellKind,
    session: Session,
    fixed: Signal<bool>,
) -> impl IntoView {
    view! {
        <button class="button" aria-label=name title=name disabled=move || fixed.get() on:click=move |_| session.add_cell(kind)>
            <Glyph icon />
            <span class="label">{label}</span>
        </button>
    }
}

/// Chooses the colours.
#[component]
pub(crate) fn ThemeMenu() -> impl IntoView {
    let theme = RwSignal::new(Theme::load());
    view! {
        <Menu label="Theme" trigger=|| view! { <Glyph icon=Icon::Theme /> }>
            {Theme::ALL.map(|choice| view! {
                <button class="button" role="menuitemradio" aria-checked=move || (theme.get() == choice).to_string() on:click=move |_| {
                    choice.choose();
                    theme.set(choice);
                }>{choice.label()}</button>
            })}
        </Menu>
    }
}

#[component]
fn FileMenu(session: Session, note: Option<&'static str>) -> impl IntoView {
    let diagnostics = format!("./?notebook={}&view=diagnostics", session.notebook_id());
    view! {
        <Menu label="Notebook menu" trigger=|| view! { <Glyph icon=Icon::More /> }>
            <button class="button" on:click=move |_| file::choose(move |file| file::import_into(session, file))>"Open .ipynb…"</button>
            <button class="button" on:click=move |_| file::download_notebook(session)>"Download .ipynb"</button>
            <hr />
            <a class="button" href="./">"All notebooks"</a>
            <a class="button" href=diagnostics.clone()>"Diagnostics"</a>
            {note.map(|note| view! { <hr /><p class="menu-note">{note}</p> })}
        </Menu>
    }
}
