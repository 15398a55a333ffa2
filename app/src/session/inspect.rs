//! What Python knows about the name at the cursor: asked for, and shown under the cell's text.

use std::pin::pin;

use browser::timer;
use futures::future::{Either, select};
use leptos::prelude::*;
use notebook::{CellId, CellKind};
use protocol::inspect::{Answer, Question};
use protocol::port::{FromStore, ToStore};

use super::{Refusal, Session};

/// What is said while there is no answer, each after so many more milliseconds.
const WAITS: [(u32, &str); 2] = [(300, "Asking Python…"), (9_700, "Python has not answered. Ask again.")];

/// What is read out when there is something to read.
const FOUND: &str = "Documentation is shown. Shift-Tab goes to it.";

/// What is shown about a name of a cell.
#[derive(Debug, Default)]
pub(crate) struct Documentation {
    /// Counts questions, and how often it was closed: what answers an earlier question is not shown.
    turn: u64,
    /// The question that what is shown answers.
    answered: Option<Question>,
    /// The text, with ANSI colours; `None`: it is closed.
    pub(crate) shown: Option<String>,
    /// Counts how often the focus was to go into it.
    pub(crate) entered: u64,
}

impl Documentation {
    /// Begins a question. `None`: it is answered already.
    fn ask(&mut self, question: &Question) -> Option<u64> {
        let is_new = self.answered.as_ref() != Some(question);
        is_new.then(|| {
            self.turn += 1;
            self.turn
        })
    }

    /// Shows what a question came to, if it is the last one: `answered` says that it is answered. Returns whether it is.
    fn show(&mut self, turn: u64, text: &str, answered: Option<Question>) -> bool {
        let is_last = self.turn == turn;
        if is_last {
            (self.shown, self.answered) = (Some(text.to_owned()), answered);
        }
        is_last
    }

    /// Closes it. Returns whether it was open.
    pub(super) fn close(&mut self) -> bool {
        self.turn += 1;
        self.answered = None;
        self.shown.take().is_some()
    }
}

impl Session {
    /// Asks Python about the name at the cursor of a code cell. What is shown already stays until there is news; asked
    /// again, it gets the focus.
    pub(crate) fn inspect(self, cell: &CellId) -> bool {
        let Some(view) = self.cell(cell).filter(|view| view.kind.get_untracked() == CellKind::Code) else {
            return false;
        };
        let Some(cursor) = self.editor(cell).and_then(|editor| editor.cursor()) else { return false };
        let question = Question::new(&self.text(cell), cursor);
        let documentation = view.documentation;
        let Some(asked) = documentation.try_update_untracked(|documentation| documentation.ask(&question)) else {
            return false;
        };
        let Some(turn) = asked else {
            documentation.update(|documentation| documentation.entered += 1);
            return true;
        };
        browser::spawn(async move {
            let show = |text: &str, answered| {
                documentation.try_update(|documentation| documentation.show(turn, text, answered)) == Some(true)
            };
            let asked = question.clone();
            let end = |answer| {
                let (text, is_found) = words_of(answer);
                if show(&text, is_found.then_some(asked)) {
                    self.announcement.set(if is_found { FOUND.to_owned() } else { text });
                }
            };
            let mut answer = pin!(self.ask(|request| ToStore::Inspect { request, question }));
            for (millis, words) in WAITS {
                match select(answer.as_mut(), pin!(timer::after(millis))).await {
                    Either::Left((answer, _)) => return end(answer),
                    Either::Right(_) => {
                        show(words, None);
                    }
                }
            }
            end(answer.await);
        });
        true
    }

    /// Closes what is shown about a name of a cell. Returns whether anything was.
    pub(crate) fn close_documentation(self, cell: &CellId) -> bool {
        let closed = self.cell(cell).and_then(|view| view.documentation.try_update(Documentation::close));
        closed.unwrap_or(false)
    }
}

/// Returns what is shown of an answer, and whether that is documentation.
fn words_of(answer: Result<FromStore, Refusal>) -> (String, bool) {
    match answer {
        Ok(FromStore::Inspected { answer: Answer::Found(text), .. }) => (text.as_str().to_owned(), true),
        Ok(FromStore::Inspected { answer: Answer::Refused(refusal), .. }) => (refusal.to_string(), false),
        Ok(_) => ("Nothing is known about this.".to_owned(), false),
        Err(refusal) => (refusal.to_string(), false),
    }
}
