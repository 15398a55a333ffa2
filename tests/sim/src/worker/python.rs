//! A model of the kernel's worker and of Python in it: it takes its time, it prints, it ends, it dies.

use notebook::{Content, Event, ExecutionId, Outcome, SessionId, StreamName};
use protocol::port::{BUILD, FromKernel, KernelReport, KernelState, ToFrame, ToKernel, ToStore};
use store_worker::leader::{Effect, Leader};

use crate::machine::{Moment, Timer};

#[derive(Debug)]
struct Run {
    execution: ExecutionId,
    given: u64,
    begun: bool,
    index: u32,
    left: u64,
    interrupted: bool,
}

/// One kernel at a time.
#[derive(Debug, Default)]
pub(super) struct Python {
    starting: bool,
    session: Option<SessionId>,
    run: Option<Run>,
    /// Timers of another generation are of a kernel or a run that is gone.
    generation: u64,
    dead: bool,
}

impl Python {
    pub(super) fn start(&mut self, moment: &mut Moment<'_>) {
        self.stop();
        self.starting = true;
        let millis = moment.random.within(50..=3_000);
        moment.at(millis, Timer::KernelUp(self.generation));
    }

    pub(super) fn stop(&mut self) {
        self.starting = false;
        self.session = None;
        self.run = None;
        self.generation += 1;
    }

    pub(super) fn is_said(&mut self, state: &KernelState) {
        self.dead = matches!(state, KernelState::Dead { .. });
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead
    }

    /// The frame is there and Python is up.
    pub(super) fn up(&mut self, generation: u64, leader: &mut Leader) -> Vec<Effect> {
        if !self.starting || self.generation != generation {
            return Vec::new();
        }
        self.starting = false;
        let report = KernelReport::Starting { step: String::new(), percent: 1 };
        let mut effects = leader.on_ui(ToStore::Kernel(report));
        effects.extend(leader.kernel_connected());
        let ready = FromKernel::Ready {
            build: BUILD.to_owned(),
            python: "3".to_owned(),
            from_snapshot: true,
            boot_millis: 1.0,
        };
        effects.extend(leader.on_kernel(ready, 10));
        effects
    }

    pub(super) fn told(&mut self, message: ToKernel, moment: &mut Moment<'_>) {
        match message {
            ToKernel::Hello { session, .. } => self.session = Some(session),
            ToKernel::Claim { execution, .. } => {
                let left = moment.random.below(4);
                self.run = Some(Run { execution, given: moment.now, begun: false, index: 0, left, interrupted: false });
                self.go_on(20, moment);
            }
            ToKernel::Inspect { .. } => {}
        }
    }

    pub(super) fn told_frame(&mut self, message: &ToFrame, moment: &mut Moment<'_>) {
        if let (ToFrame::Interrupt, Some(run)) = (message, &mut self.run) {
            run.interrupted = true;
            self.go_on(5, moment);
        }
    }

    fn go_on(&mut self, millis: u64, moment: &mut Moment<'_>) {
        self.generation += 1;
        let millis = moment.random.within(0..=millis);
        moment.at(millis, Timer::KernelStep(self.generation));
    }

    /// Goes on with the run: it begins, prints, or is over.
    pub(super) fn step(
        &mut self,
        generation: u64,
        browser: usize,
        leader: &mut Leader,
        moment: &mut Moment<'_>,
    ) -> Vec<Effect> {
        let (Some(session), Some(run)) = (self.session.clone(), &mut self.run) else { return Vec::new() };
        if self.generation != generation {
            return Vec::new();
        }
        let execution = run.execution.clone();
        let events = if !run.begun {
            run.begun = true;
            moment.oracle.run_began(browser, &execution, &session, run.given);
            vec![
                Event::ExecutionAssigned { execution: execution.clone(), session },
                Event::ExecutionStarted { execution },
            ]
        } else if run.interrupted {
            vec![Event::ExecutionCompleted { execution, outcome: Outcome::Interrupted }]
        } else if run.left > 0 {
            run.left -= 1;
            let index = run.index;
            run.index += 1;
            let text = Content::Inline(format!("{session} {index}\n"));
            vec![Event::StreamAppended { execution, index, name: StreamName::Stdout, text }]
        } else {
            moment.oracle.run_ended(&execution, &session, run.index);
            let outcome = if moment.random.chance(150) { Outcome::Error } else { Outcome::Ok };
            vec![Event::ExecutionCompleted { execution, outcome }]
        };
        if events.iter().any(|event| matches!(event, Event::ExecutionCompleted { .. })) {
            self.run = None;
            self.generation += 1;
        } else {
            self.go_on(300, moment);
        }
        leader.on_kernel(FromKernel::Events(events), 100)
    }

    /// Python ends by itself.
    pub(super) fn crash(&mut self, leader: &mut Leader) -> Vec<Effect> {
        if self.session.is_none() {
            return Vec::new();
        }
        self.stop();
        leader.on_kernel(FromKernel::Died { reason: "a fatal error".to_owned(), out_of_memory: false }, 10)
    }
}
