//! How a tab's kernel gets its work: as the leader does it, and with the same rules from `notebook`.

use notebook::{
    Actor, Command, Content, EndReason, Event, ExecutionStatus, KernelStep, Outcome, SessionId, StreamName, has_work,
    next_step, wants_kernel,
};
use protocol::client::Status;
use protocol::peer::{BEAT_MILLIS, Body};

use super::disk::Disk;
use super::kernel::{Flight, Phase};
use super::{Moment, Tab, Timer};
use crate::random::entropy;

impl Tab {
    /// Does what follows from the state as it is now. Called after everything that may have changed it.
    pub(super) fn react(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        self.notice_loss(disk, moment);
        self.pump(disk, moment);
        moment.oracle.hosts(self.owner.number, self.hosted(disk));
        self.look_for_abandoned(disk, moment);
        if self.told.as_ref() != self.hosted(disk) {
            let steps = self.presence(disk);
            if !steps.is_empty() {
                self.perform(steps, disk, moment);
            }
        }
    }

    /// Notices that the kernel's session was ended by somebody else, or that its claim came too late.
    fn notice_loss(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        let Some(session) = self.kernel.session().cloned() else { return };
        let notebook = disk.state().visible();
        let ended = notebook.sessions().iter().any(|known| known.id == session && known.ended.is_some());
        if ended {
            self.kernel.end(Phase::Off);
            return;
        }
        let Some(flight) = &self.kernel.flight else { return };
        let status = notebook.execution(&flight.execution).map(|execution| &execution.status);
        let mine = match status {
            Some(ExecutionStatus::Assigned(by) | ExecutionStatus::Executing(by)) => *by == session,
            Some(ExecutionStatus::Pending) => !flight.begun,
            // What came before it may hide it for a moment, until all of that is here.
            None => true,
            Some(ExecutionStatus::Completed(_)) => false,
        };
        if !mine && flight.begun {
            // The relay may lose the claim that was first: then this end counts.
            self.interrupt(disk, moment);
        } else if !mine {
            self.kernel.drop_flight();
        }
    }

    fn pump(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        if !self.may_write(disk) {
            return;
        }
        let reach = self.reach();
        let person = self.owner.person.clone();
        if wants_kernel(disk.state(), &person, self.kernel.session(), reach) && self.kernel.phase == Phase::Off {
            self.kernel.phase = Phase::Asked;
            self.kernel.generation += 1;
            let generation = self.kernel.generation;
            let millis = moment.random.within(50..=3_000);
            moment.at(millis, Timer::KernelUp(generation));
        }
        // Work is given only when it is saved that there is such work.
        if disk.unsaved() > 0 {
            return;
        }
        let Some(session) = self.kernel.idle().cloned() else { return };
        if let Some(KernelStep::Claim { execution, .. }) = next_step(disk.state(), &session, &person, reach) {
            let left = moment.random.below(4);
            self.kernel.flight = Some(Flight { execution, given: moment.now, begun: false, index: 0, lines: 0, left });
            self.kernel_goes_on(20, moment);
        } else if wants_kernel(disk.state(), &person, Some(&session), reach) {
            self.command(Command::StartSession { session }, Vec::new(), disk, moment);
        }
    }

    fn kernel_goes_on(&mut self, millis: u64, moment: &mut Moment<'_>) {
        self.kernel.generation += 1;
        let generation = self.kernel.generation;
        let millis = moment.random.within(0..=millis);
        moment.at(millis, Timer::KernelStep(generation));
    }

    pub(super) fn kernel_up(&mut self, generation: u64, disk: &mut Disk, moment: &mut Moment<'_>) {
        if self.kernel.generation == generation && self.kernel.phase == Phase::Asked {
            self.kernel.phase = Phase::Ready(SessionId::from_entropy(entropy()));
            self.react(disk, moment);
        }
    }

    /// Goes on with the run: it begins, prints, or is over.
    pub(super) fn kernel_step(&mut self, generation: u64, disk: &mut Disk, moment: &mut Moment<'_>) {
        if self.kernel.generation != generation {
            return;
        }
        let (Some(session), Some(flight)) = (self.kernel.session().cloned(), &mut self.kernel.flight) else { return };
        let execution = flight.execution.clone();
        let events = if !flight.begun {
            flight.begun = true;
            moment.oracle.run_began(self.owner.number, &execution, &session, flight.given);
            vec![
                Event::ExecutionAssigned { execution: execution.clone(), session: session.clone() },
                Event::ExecutionStarted { execution },
            ]
        } else if flight.left > 0 {
            flight.left -= 1;
            let index = flight.index;
            flight.index += 1;
            let text = if moment.random.chance(100) {
                Content::Blob(disk.make_blob())
            } else {
                flight.lines += 1;
                Content::Inline(format!("{session} {}\n", flight.lines))
            };
            vec![Event::StreamAppended { execution, index, name: StreamName::Stdout, text }]
        } else {
            let outcome = if moment.random.chance(150) { Outcome::Error } else { Outcome::Ok };
            moment.oracle.run_ended(&execution, &session, flight.lines);
            vec![Event::ExecutionCompleted { execution, outcome }]
        };
        self.kernel_says(&session, events, disk, moment);
    }

    fn kernel_says(&mut self, session: &SessionId, events: Vec<Event>, disk: &mut Disk, moment: &mut Moment<'_>) {
        let actor = Actor::Kernel(session.clone());
        let completed = events.iter().any(|event| matches!(event, Event::ExecutionCompleted { .. }));
        for event in events {
            self.append(&actor, event, Vec::new(), disk, moment);
        }
        if completed {
            self.kernel.drop_flight();
        } else {
            self.kernel_goes_on(300, moment);
        }
        self.commit_within(if completed { 10 } else { 150 }, moment);
        self.react(disk, moment);
    }

    /// Interrupts what runs here.
    pub(super) fn interrupt(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        let Some(session) = self.kernel.session().cloned() else { return };
        let Some(flight) = self.kernel.flight.as_ref().filter(|flight| flight.begun) else { return };
        let event = Event::ExecutionCompleted { execution: flight.execution.clone(), outcome: Outcome::Interrupted };
        self.kernel_says(&session, vec![event], disk, moment);
    }

    /// Interrupts the active kernel, wherever it is.
    pub(super) fn ask_to_interrupt(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        if self.kernel.flight.is_some() {
            return self.interrupt(disk, moment);
        }
        let active = disk.state().visible().active_session().cloned();
        if let (Some(session), Some(client)) = (active, &mut self.client)
            && client.may_write()
        {
            let steps = client.say(&Body::Interrupt { session });
            self.perform(steps, disk, moment);
        }
    }

    /// Ends the kernel, as if Python had ended by itself.
    pub(super) fn crash(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        if let Some(session) = self.kernel.end(Phase::Dead) {
            let reason = EndReason::Crashed;
            self.command(Command::EndSession { session, reason }, Vec::new(), disk, moment);
            self.react(disk, moment);
        }
    }

    /// Replaces the kernel that is here, if one is, after the command that ended the active session.
    pub(super) fn restart(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        if self.kernel.phase == Phase::Asked {
            return;
        }
        if let Some(session) = self.kernel.end(Phase::Off) {
            let reason = EndReason::Restarted;
            self.command(Command::EndSession { session, reason }, Vec::new(), disk, moment);
        }
    }

    /// Ends the active session when nobody hosts it any more.
    fn look_for_abandoned(&mut self, disk: &mut Disk, moment: &mut Moment<'_>) {
        if self.status() != Some(Status::Live) {
            return;
        }
        let confirmed = disk.state().confirmed();
        let Some(active) = confirmed.active_session().cloned() else { return };
        let has_work = has_work(confirmed, &active);
        if self.kernel.session() == Some(&active) {
            return self.beat(has_work, disk, moment);
        }
        if !self.may_write(disk) {
            return;
        }
        moment.oracle.looks_for(self.owner.number, &active, moment.now);
        match self.peers.abandoned_in(&active, has_work, moment.now) {
            Some(0) => {
                let command = Command::EndSession { session: active.clone(), reason: EndReason::TabClosed };
                if self.command(command, Vec::new(), disk, moment) {
                    moment.oracle.gives_up(self.owner.number, &active, moment.now);
                }
            }
            Some(millis) => self.look_again_in(millis, moment),
            None => {}
        }
    }

    /// Lets the others hear that the kernel's host is there, while they wait for it.
    fn beat(&mut self, has_work: bool, disk: &mut Disk, moment: &mut Moment<'_>) {
        if !has_work {
            return;
        }
        let since = moment.now - self.told_at;
        if since < BEAT_MILLIS {
            return self.look_again_in(BEAT_MILLIS - since, moment);
        }
        self.told_at = moment.now;
        self.look_again_in(BEAT_MILLIS, moment);
        let steps = self.presence(disk);
        self.perform(steps, disk, moment);
    }

    fn look_again_in(&mut self, millis: u64, moment: &mut Moment<'_>) {
        if self.look_at.is_none_or(|at| at > moment.now + millis) {
            self.look_at = Some(moment.now + millis);
            moment.at(millis, Timer::Look);
        }
    }
}
