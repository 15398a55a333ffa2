//! The kernel: asked for when there is work, given one execution at a time, checked in what it says.

use notebook::{Actor, Command, EndReason, Event, ExecutionStatus, KernelStep, SessionId, next_step, wants_kernel};
use protocol::port::{BUILD, FromFrame, FromKernel, FromStore, KernelReport, KernelState, ToFrame, ToKernel};

use super::{Effect, Leader};
use crate::guard;

/// What is said of a kernel whose browser is gone, where only who may edit can go on.
const FORSAKEN: &str = "The browser that ran Python is gone, and what it was running is lost. Whoever may edit this notebook can run it again.";

impl Leader {
    /// Takes in that the kernel's ports came from the page. Returns no `Hello` when no kernel was asked for.
    pub fn kernel_connected(&mut self) -> Vec<Effect> {
        let session = SessionId::from_entropy((self.edge.entropy)());
        if self.kernel.greet(session.clone()) {
            let hello = ToKernel::Hello { build: BUILD.to_owned(), session, verbose: self.identity.verbose };
            self.effects.push(Effect::Kernel(hello));
        } else {
            self.effects.push(Effect::Disconnect);
            self.tell_ui(FromStore::StopKernel);
        }
        self.tell_kernel();
        self.take_effects()
    }

    /// Takes a message of the kernel's worker, `bytes` long.
    pub fn on_kernel(&mut self, message: FromKernel, bytes: usize) -> Vec<Effect> {
        match message {
            FromKernel::Ready { build, .. } if build != BUILD => {
                self.lose_kernel(
                    "it is of another version than this page; reload the page".to_owned(),
                    EndReason::Crashed,
                );
            }
            FromKernel::Ready { python, from_snapshot, boot_millis, .. } => {
                log::info!("Python {python} is up after {boot_millis:.0} ms, from a snapshot: {from_snapshot}");
                self.kernel.ready();
            }
            FromKernel::Events(events) => self.kernel_events(events),
            FromKernel::Inspected { id, answer } => self.kernel_answers(id, answer),
            FromKernel::Died { reason, out_of_memory } => self.lose_kernel(reason, end_reason(out_of_memory)),
        }
        if self.kernel.is_up() {
            let total = self.kernel.count_received(bytes);
            self.effects.push(Effect::Frame(ToFrame::Received(total)));
        }
        self.pump();
        self.take_effects()
    }

    /// Takes a message of the thread of the kernel's frame.
    pub fn on_frame(&mut self, message: FromFrame) -> Vec<Effect> {
        match message {
            FromFrame::Capabilities { interrupt } => self.kernel.set_interruptible(interrupt),
            FromFrame::Died { reason, out_of_memory } => self.lose_kernel(reason, end_reason(out_of_memory)),
        }
        self.pump();
        self.take_effects()
    }

    /// Asks the page for a kernel, unless there is one.
    pub(super) fn ask_for_kernel(&mut self) {
        if self.kernel.ask() {
            self.tell_ui(FromStore::StartKernel);
        }
        self.tell_kernel();
    }

    /// Gives the kernel what it can do next. Called after everything that may have made work for it.
    pub(super) fn pump(&mut self) {
        self.follow_own_session();
        self.look_for_host();
        if self.wants_kernel() {
            self.ask_for_kernel();
        }
        // Work is given only when it is saved that there is such work.
        if self.store.unsaved() == 0
            && let Some(session) = self.kernel.idle_session().cloned()
        {
            if let Some(KernelStep::Claim { execution, source, count }) =
                next_step(self.store.state(), &session, &self.identity.person, self.reach())
            {
                self.kernel.give(execution.clone());
                self.effects.push(Effect::Kernel(ToKernel::Claim {
                    execution,
                    source: source.as_ref().to_owned(),
                    count,
                }));
            } else if self.wants_kernel() {
                self.command_of_own(Command::StartSession { session });
            }
        }
        self.tell_kernel();
    }

    fn wants_kernel(&self) -> bool {
        let mine = self.kernel.session();
        self.may_change().is_ok() && wants_kernel(self.store.state(), &self.identity.person, mine, self.reach())
    }

    /// Looks what became of the own session and of what it runs, in the order that everybody sees.
    fn follow_own_session(&mut self) {
        let Some(mine) = self.kernel.session().cloned() else { return };
        let sessions = self.store.notebook().sessions();
        let ended = sessions.iter().find(|session| session.id == mine).and_then(|session| session.ended);
        match ended {
            Some(EndReason::Restarted) => return self.restart_kernel(),
            Some(_) => {
                // Another browser gave it up for lost while this one could not be reached. What waits here
                // brings a new one: a kernel that counts as dead would let it wait for ever.
                log::warn!("another browser ended the kernel session {mine}, which ran here");
                return self.take_kernel_down();
            }
            None => {}
        }
        let given = self.kernel.in_flight().and_then(|given| self.store.notebook().execution(given));
        let is_mine = given.is_none_or(|given| match &given.status {
            ExecutionStatus::Pending => true,
            ExecutionStatus::Assigned(by) | ExecutionStatus::Executing(by) => *by == mine,
            ExecutionStatus::Completed(_) => false,
        });
        // It was withdrawn, or somebody else was first: what it still says is ignored.
        if !is_mine && self.kernel.disown() && self.kernel.can_interrupt() {
            self.effects.push(Effect::Frame(ToFrame::Interrupt));
        }
    }

    /// Interrupts what runs; a kernel that cannot be interrupted is replaced, its queue stays.
    pub(super) fn interrupt(&mut self) {
        if self.kernel.in_flight().is_none() {
            return self.interrupt_elsewhere();
        }
        if self.kernel.can_interrupt() {
            self.effects.push(Effect::Frame(ToFrame::Interrupt));
        } else {
            self.restart_kernel();
            self.commit_soon();
        }
    }

    /// Replaces the kernel by a new one.
    pub(super) fn restart_kernel(&mut self) {
        // One that is on its way is new enough, and its ports could not be told from those of the next.
        if !self.kernel.is_asked() {
            self.take_kernel_down();
            self.ask_for_kernel();
        }
    }

    /// Ends the kernel and its session.
    pub(super) fn take_kernel_down(&mut self) {
        let was_up = self.kernel.is_up() || self.kernel.is_asked();
        let session = self.kernel.stop();
        if was_up {
            self.effects.push(Effect::Disconnect);
            self.tell_ui(FromStore::StopKernel);
        }
        self.end_session(session, EndReason::Restarted);
        self.tell_kernel();
    }

    /// Takes in what the page says about the kernel it hosts, ports aside.
    pub(super) fn kernel_report(&mut self, report: KernelReport) {
        match report {
            KernelReport::Starting { step, percent } => {
                self.kernel.progress(step, percent);
                self.tell_kernel();
            }
            KernelReport::Failed { reason } => {
                self.lose_kernel(reason, EndReason::Crashed);
                self.pump();
            }
            KernelReport::Ports => log::error!("the kernel's ports did not come with the message that announced them"),
        }
    }

    fn kernel_events(&mut self, events: Vec<Event>) {
        let Some(session) = self.kernel.session().cloned() else { return };
        let actor = Actor::Kernel(session.clone());
        let mut completed = false;
        let only_begun = events.iter().all(is_beginning);
        for event in events {
            if let Err(refusal) = guard::check(&event, &session, self.kernel.in_flight()) {
                log::warn!("the kernel may not say {}: {refusal:?}", event.kind());
                continue;
            }
            if matches!(event, Event::ExecutionCompleted { .. }) {
                self.kernel.completed();
                completed = true;
            }
            self.append(&actor, vec![event], None);
        }
        // The first output of a short run follows at once and is shown together with the run's beginning;
        // otherwise the commit shows it.
        if !only_begun || self.saving.is_failing() {
            self.show();
        }
        if self.store.unsaved() == 0 {
            return;
        }
        // The next execution waits for this commit.
        if completed { self.commit_soon() } else { self.commit_later() }
    }

    fn lose_kernel(&mut self, reason: String, end: EndReason) {
        log::error!("the kernel is gone: {reason}");
        let was_there = self.kernel.is_up() || self.kernel.is_asked();
        let session = self.kernel.die(reason);
        self.end_session(session, end);
        if was_there {
            self.effects.push(Effect::Disconnect);
            self.tell_ui(FromStore::StopKernel);
        }
        self.show();
        self.tell_kernel();
    }

    fn end_session(&mut self, session: Option<SessionId>, reason: EndReason) {
        if let Some(session) = session {
            // A session that never had work is not in the log; then there is nothing to end.
            self.command_of_own(Command::EndSession { session, reason });
        }
    }

    /// Returns how the kernel is that runs this notebook, here or elsewhere.
    fn kernel_state(&self) -> KernelState {
        let own = self.kernel.state(self.store.notebook());
        let active = self.store.notebook().active_session();
        match active.filter(|active| Some(*active) != self.kernel.session()) {
            Some(active) if self.is_forsaken(active) => KernelState::Dead { reason: FORSAKEN.to_owned() },
            Some(active) => self.hosted_state(active).unwrap_or(own),
            None => own,
        }
    }

    /// Tells the kernel's state if it is news.
    pub(super) fn tell_kernel(&mut self) {
        let state = self.kernel_state();
        if state != self.told_kernel {
            self.told_kernel = state.clone();
            self.tell_all(FromStore::Kernel(state));
        }
        self.refuse_unanswerable();
        self.say_presence(false);
    }
}

fn is_beginning(event: &Event) -> bool {
    matches!(event, Event::ExecutionAssigned { .. } | Event::ExecutionStarted { .. })
}

fn end_reason(out_of_memory: bool) -> EndReason {
    if out_of_memory { EndReason::OutOfMemory } else { EndReason::Crashed }
}
