//! Short notes at the foot of the page, some with one action such as "Undo".

use leptos::prelude::*;

/// How long a note stays; long enough to reach its button.
pub(crate) const TOAST_MILLIS: u32 = 8000;

/// One note.
#[derive(Clone)]
struct Toast {
    number: u64,
    text: String,
    action: Option<(&'static str, Callback<()>)>,
}

/// The notes of a page.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
}

impl Toasts {
    pub(crate) fn new() -> Self {
        Self { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) }
    }

    /// Shows a note.
    pub(crate) fn say(self, text: &str) {
        self.show(text, None);
    }

    /// Shows a note with an action; it goes away once the action was taken.
    pub(crate) fn offer(self, text: &str, label: &'static str, action: impl Fn() + Send + Sync + 'static) {
        self.show(text, Some((label, Callback::new(move |()| action()))));
    }

    fn show(self, text: &str, action: Option<(&'static str, Callback<()>)>) {
        let number = self.next.try_update_value(|next| {
            *next += 1;
            *next
        });
        let Some(number) = number else { return };
        self.shown.update(|shown| {
            // The same words twice, or a fourth note, would only hide the page.
            shown.retain(|toast| toast.text != text);
            let surplus = (shown.len() + 1).saturating_sub(3);
            shown.drain(..surplus);
            shown.push(Toast { number, text: text.to_owned(), action });
        });
        browser::spawn(async move {
            browser::timer::after(TOAST_MILLIS).await;
            self.dismiss(number);
        });
    }

    fn dismiss(self, number: u64) {
        self.shown.try_update(|shown| shown.retain(|toast| toast.number != number));
    }
}

/// Shows the notes.
#[component]
pub(crate) fn ToastList(toasts: Toasts) -> impl IntoView {
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|toast| toast.number let(toast)>
                <div class="toast">
                    <span>{toast.text.clone()}</span>
                    {toast.action.map(|(label, action)| {
                        let number = toast.number;
                        view! {
                            <button class="button" on:click=move |_| {
                                action.run(());
                                toasts.dismiss(number);
                            }>{label}</button>
                        }
                    })}
                </div>
            </For>
        </div>
    }
}
