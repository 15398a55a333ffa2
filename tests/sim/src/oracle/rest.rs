//! What must be so when everything has come to rest: all connected, nothing on its way.

use std::collections::{BTreeMap, BTreeSet};

use notebook::{Content, ExecutionStatus, Notebook, Outcome, Output};
use protocol::client::Status;

use super::Oracle;
use crate::page::{difference, difference_of_page};
use crate::world::Browser;

impl Oracle {
    /// Checks everything; what is wrong is added to the failures. `lossy`: the relay lost what it had stored.
    pub(crate) fn judge(&mut self, browsers: &[Browser], lossy: bool) {
        let refused: BTreeSet<usize> =
            browsers.iter().filter(|browser| browser.is_left_out()).map(Browser::number).collect();
        self.counts.refused += refused.len() as u64;
        for browser in browsers {
            self.judge_browser(browser, lossy, !refused.is_empty());
        }
        let whole = browsers.iter().filter(|browser| !browser.is_left_out());
        let mut whole = whole.filter_map(|browser| Some((browser.number(), browser.machine.state()?.confirmed())));
        let Some((first, one)) = whole.next() else {
            // The relay was set back to what lacks things that nobody can tell it any more. Everybody says so, and
            // what everybody did is still with them.
            return self.judge_acknowledged(&Notebook::new(), browsers, &refused);
        };
        for (other, two) in whole {
            let names = (first, other);
            if let Some(difference) = difference(one, two) {
                self.failures.push(format!("{names:?} differ in {difference}"));
            }
            let marks = |notebook: &Notebook| notebook.marks().collect::<Vec<_>>();
            if marks(one) != marks(two) {
                self.failures.push(format!("{names:?} differ in marks"));
            }
        }
        let notebook = one.clone();
        self.judge_acknowledged(&notebook, browsers, &refused);
        self.judge_texts(&notebook, refused.is_empty());
        self.judge_executions(&notebook, refused.is_empty());
    }

    /// `missed`: some cannot bring what they have.
    fn judge_browser(&mut self, browser: &Browser, lossy: bool, missed: bool) {
        let number = browser.number();
        let machine = &browser.machine;
        let (Some(page), Some(state)) = (machine.page(), machine.state()) else {
            self.failures.push(format!("{number} is not open"));
            return;
        };
        match machine.status() {
            Some(Status::Live) => {
                let (pending, unsent) = (state.pending().len(), machine.unsent());
                // Who only views may know more than the relay, and waits for whoever can bring it.
                let waits = browser.views() && missed && unsent == 0;
                if pending + unsent > 0 && !waits {
                    self.failures.push(format!("{number} still has {pending} pending, {unsent} unsent"));
                }
            }
            Some(Status::Refused(_) | Status::Absent) if lossy => {}
            status => self.failures.push(format!("{number} is {status:?} at rest")),
        }
        if let Some(name) = machine.lacks_blob().filter(|_| !lossy) {
            self.failures.push(format!("{number} shows a blob that it cannot get: {name}"));
        }
        if let Some(difference) = difference_of_page(page, state.visible()) {
            self.failures.push(format!("the page of {number} differs in {difference}"));
        }
    }

    fn judge_acknowledged(&mut self, notebook: &Notebook, browsers: &[Browser], refused: &BTreeSet<usize>) {
        let mut lost = Vec::new();
        for (replica, (counter, author)) in &self.acknowledged {
            let is_here = |notebook: &Notebook| notebook.mark(*replica) >= *counter;
            // What a browser cannot give to the relay any more is still with it, and it says so.
            let is_kept = |number: &usize| {
                let author = browsers.iter().find(|browser| browser.number() == *number);
                author.and_then(|author| author.machine.state()).is_some_and(|state| is_here(state.visible()))
            };
            let with_author = refused.contains(author) && is_kept(author);
            if !is_here(notebook) && !with_author {
                lost.push(format!(
                    "of the {counter} acknowledged events of {replica:?} only {} are there",
                    notebook.mark(*replica)
                ));
            }
        }
        self.failures.extend(lost);
        if refused.is_empty() {
            let gone: Vec<_> = self.cells.iter().filter(|cell| notebook.cell(cell).is_none()).collect();
            if !gone.is_empty() {
                self.failures.push(format!("acknowledged cells are gone: {gone:?}"));
            }
        }
    }

    fn judge_texts(&mut self, notebook: &Notebook, whole: bool) {
        let mut found: BTreeMap<char, u32> = BTreeMap::new();
        for cell in notebook.all_cells() {
            for character in cell.source.text().chars() {
                *found.entry(character).or_default() += 1;
            }
        }
        // Merges put line ends between texts.
        found.remove(&'\n');
        for (character, fate) in &self.chars {
            let times = found.get(character).copied().unwrap_or(0);
            if times > 1 {
                self.failures.push(format!("{character:?} was typed once and is there {times} times"));
            }
            if times == 0 && fate.acknowledged && !fate.erased && whole {
                self.failures.push(format!("{character:?} was acknowledged and is gone"));
            }
        }
        for character in found.keys().filter(|character| !self.chars.contains_key(character)) {
            self.failures.push(format!("{character:?} was never typed"));
        }
    }

    fn judge_executions(&mut self, notebook: &Notebook, whole: bool) {
        for execution in notebook.executions() {
            let id = &execution.id;
            let ExecutionStatus::Completed(outcome) = &execution.status else {
                if whole {
                    self.failures.push(format!("{id} is {:?} at rest", execution.status));
                }
                continue;
            };
            let runs = self.runs.get(id).map(Vec::as_slice).unwrap_or_default();
            let text: String = execution.outputs.iter().map(|output| text_of(output)).collect();
            let Some(session) = &execution.session else {
                if *outcome != Outcome::Cancelled || !text.is_empty() {
                    self.failures.push(format!("{id} is {outcome:?} and never began"));
                }
                continue;
            };
            let Some(run) = runs.iter().rev().find(|run| run.session == *session) else {
                self.failures.push(format!("{id} was run by {session}, where it never began"));
                continue;
            };
            let printed = if execution.shown && *outcome != Outcome::Lost && *outcome != Outcome::Interrupted {
                run.printed
            } else {
                None
            };
            let lines = text.lines().count();
            if !text.lines().all(|line| line.starts_with(session.as_str())) {
                self.failures.push(format!("{id} of {session} shows what another run printed: {text:?}"));
            }
            if printed.is_some_and(|printed| lines != printed as usize) && !self.cleared.contains(&execution.cell) {
                self.failures.push(format!("{id} of {session} printed {printed:?} lines and shows {text:?}"));
            }
            let numbers: Vec<u32> = text
                .lines()
                .filter_map(|line| line.rsplit(' ').next().and_then(|number| number.parse().ok()))
                .collect();
            if !numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]) {
                self.failures.push(format!("{id} lacks outputs: {text:?}"));
            }
        }
    }
}

fn text_of(output: &Output) -> String {
    let Output::Stream { text, .. } = output else { return String::new() };
    let inline =
        text.iter().filter_map(|part| if let Content::Inline(text) = part { Some(text.as_str()) } else { None });
    inline.collect()
}
