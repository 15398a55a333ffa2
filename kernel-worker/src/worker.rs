//! The event loop: what comes over the port, what Python puts out, what goes back.

use std::cell::RefCell;
use std::mem;
use std::rc::Rc;

use js_sys::{Function, Object, Reflect, Uint8Array};
use notebook::{Event, ExecutionId, Outcome, SessionId, StreamName};
use protocol::codec;
use protocol::inspect::{Answer, Question, Refusal, Text};
use protocol::port::{BUILD, FromKernel, ToKernel};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{MessageEvent, MessagePort};

use crate::death::{self, Death};
use crate::host::{Host, Python, now};
use crate::outbox::Outbox;
use crate::report::Report;
use crate::shared::Shared;

/// Text that background code may print between two cells, in bytes.
const BETWEEN: usize = 1 << 20;

/// The worker. Cheap to clone: all clones are one.
#[derive(Debug, Clone)]
pub(crate) struct Worker(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    host: Host,
    port: MessagePort,
    shared: Shared,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    python: Option<Python>,
    session: Option<SessionId>,
    outbox: Option<Outbox>,
    /// What background code printed while no cell ran: shown by the next one.
    between: Vec<(StreamName, String)>,
    /// Whether Python describes something: what that prints is nobody's output.
    describes: bool,
    sent: f64,
    flush_is_set: bool,
    /// Once Python is beyond use nothing else is said.
    is_dead: bool,
}

impl Worker {
    /// Boots Python and serves the host's port for the rest of the worker's life.
    pub(crate) async fn serve(host: Host) {
        let (port, shared) = (host.port(), Shared::new(host.shared()));
        let worker = Self(Rc::new(Inner { host, port, shared, state: RefCell::default() }));
        let sink = worker.make_sink();
        match JsFuture::from(worker.0.host.boot(&sink)).await {
            Ok(python) => worker.0.state.borrow_mut().python = Some(python.unchecked_into()),
            Err(error) => return worker.0.host.failed(&Death::of(&error).reason),
        }
        let interrupted = worker.clone();
        worker.0.host.set_on_interrupt(&function(Closure::<dyn Fn()>::new(move || interrupted.interrupt())));
        let receiver = worker.clone();
        worker.0.port.set_onmessage(Some(&function(Closure::<dyn Fn(MessageEvent)>::new(
            move |message: MessageEvent| {
                receiver.receive(&message.data());
            },
        ))));
        worker.0.host.ready();
    }

    fn receive(&self, data: &JsValue) {
        let Some(bytes) = data.dyn_ref::<Uint8Array>() else {
            return self.die(&Death::protocol("a message was not bytes"));
        };
        match codec::decode(&bytes.to_vec()) {
            Ok(ToKernel::Hello { build, .. }) if build != BUILD => {
                self.die(&Death::protocol("the page was updated while it was open; reload it"));
            }
            Ok(ToKernel::Hello { session, .. }) => self.greet(session),
            Ok(ToKernel::Claim { execution, source, count }) => {
                let worker = self.clone();
                spawn_local(async move { worker.run(execution, source, count).await });
            }
            Ok(ToKernel::Inspect { id, question }) => self.inspect(id, &question),
            Err(error) => self.die(&Death::protocol(&error.to_string())),
        }
    }

    fn greet(&self, session: SessionId) {
        let ready = {
            let mut state = self.0.state.borrow_mut();
            state.session = Some(session);
            state.python.as_ref().map(|python| FromKernel::Ready {
                build: BUILD.to_owned(),
                python: python.version(),
                from_snapshot: python.from_snapshot(),
                boot_millis: python.boot_millis(),
            })
        };
        if let Some(ready) = ready {
            self.send(&ready);
        }
    }

    async fn run(&self, execution: ExecutionId, source: String, count: u32) {
        let (python, session) = {
            let state = self.0.state.borrow();
            (state.python.clone(), state.session.clone())
        };
        let (Some(python), Some(session)) = (python, session) else {
            return self.die(&Death::protocol("a claim came before the greeting"));
        };
        if self.0.state.borrow().is_dead {
            return;
        }
        let is_interrupted = self.0.shared.begin();
        self.send_events(vec![
            Event::ExecutionAssigned { execution: execution.clone(), session },
            Event::ExecutionStarted { execution: execution.clone() },
        ]);
        self.open(&execution);
        if is_interrupted {
            self.report_interrupt();
            return self.close(ExecutionEnd { execution, outcome: Ok(Outcome::Interrupted) });
        }
        let ended = match python.run(&source, count) {
            Ok(promise) => {
                // One that came while the cell got as far as its first await.
                self.interrupt();
                JsFuture::from(promise).await
            }
            Err(error) => Err(error),
        };
        let outcome = match ended {
            Ok(outcome) => Ok(match outcome.as_string().as_deref() {
                Some("ok") => Outcome::Ok,
                Some("interrupted") => Outcome::Interrupted,
                _ => Outcome::Error,
            }),
            // It came in our own first or last lines around the cell.
            Err(error) if death::is_interrupt(&error) => {
                self.report_interrupt();
                Ok(Outcome::Interrupted)
            }
            Err(error) => Err(error),
        };
        self.close(ExecutionEnd { execution, outcome });
    }

    fn inspect(&self, id: u64, question: &Question) {
        let python = {
            let mut state = self.0.state.borrow_mut();
            // A cell that awaits is at work too.
            let python = state.python.clone().filter(|_| state.outbox.is_none());
            state.describes = python.is_some();
            python
        };
        let described = python.map(|python| python.inspect(question.code(), question.cursor()));
        self.0.state.borrow_mut().describes = false;
        let answer = match described {
            None => Answer::Refused(Refusal::Busy),
            Some(Ok(Some(text))) => Answer::Found(Text::cut(text)),
            Some(Ok(None)) => Answer::Nothing,
            Some(Err(error)) if death::is_interrupt(&error) => Answer::Nothing,
            Some(Err(error)) => return self.die(&Death::of(&error)),
        };
        self.send(&FromKernel::Inspected { id, answer });
    }

    fn open(&self, execution: &ExecutionId) {
        let mut state = self.0.state.borrow_mut();
        let mut outbox = Outbox::new(execution.clone());
        for (name, text) in state.between.drain(..) {
            outbox.write(name, &text);
        }
        state.outbox = Some(outbox);
    }

    fn close(&self, end: ExecutionEnd) {
        let messages = {
            let mut state = self.0.state.borrow_mut();
            let Some(mut outbox) = state.outbox.take() else { return };
            outbox.close();
            let mut messages = outbox.take(now());
            if let Ok(outcome) = &end.outcome {
                let completed = Event::ExecutionCompleted { execution: end.execution, outcome: *outcome };
                match messages.last_mut() {
                    Some(last) => last.push(completed),
                    None => messages.push(vec![completed]),
                }
            }
            messages
        };
        let messages: Vec<_> = messages.into_iter().map(|events| to_array(&FromKernel::Events(events))).collect();
        let bytes: f64 = messages.iter().map(|message| f64::from(message.byte_length())).sum();
        self.0.shared.end(self.0.state.borrow().sent + bytes);
        for message in messages {
            self.send_array(&message);
        }
        if let Err(error) = end.outcome {
            self.die(&Death::of(&error));
        }
    }

    /// Reports the interrupt of a cell that could not report it itself, since it was not running yet or any more.
    fn report_interrupt(&self) {
        const NAME: &str = "KeyboardInterrupt";
        let report = Report::of_error(NAME, format!("\x1b[31m{NAME}\x1b[39m"));
        if let Some(outbox) = &mut self.0.state.borrow_mut().outbox {
            outbox.report(report, NAME.len());
        }
    }

    fn write(&self, is_stderr: bool, text: String) {
        let name = if is_stderr { StreamName::Stderr } else { StreamName::Stdout };
        {
            let mut state = self.0.state.borrow_mut();
            if let Some(outbox) = &mut state.outbox {
                outbox.write(name, &text);
            } else if !state.describes {
                let held: usize = state.between.iter().map(|(_, text)| text.len()).sum();
                if held + text.len() <= BETWEEN {
                    state.between.push((name, text));
                }
                return;
            } else {
                return;
            }
        }
        self.send_if_due();
    }

    fn report(&self, json: &str) {
        let Ok(report) = serde_json::from_str::<Report>(json) else {
            return self.write(true, "\n[An output of this cell could not be read and is left out.]\n".to_owned());
        };
        let is_last = report.is_last();
        if let Some(outbox) = &mut self.0.state.borrow_mut().outbox {
            outbox.report(report, json.len());
        }
        if is_last {
            self.note_waiting();
        } else {
            self.send_if_due();
        }
    }

    /// Sends what waits if its time has come, and otherwise sees to it that somebody asks again.
    fn send_if_due(&self) {
        let messages = {
            let mut state = self.0.state.borrow_mut();
            match &mut state.outbox {
                Some(outbox) if outbox.is_due(now()) => outbox.take(now()),
                _ => Vec::new(),
            }
        };
        for events in messages {
            self.send_events(events);
            let sent = self.0.state.borrow().sent;
            self.0.shared.wait_for_reader(sent);
        }
        self.note_waiting();
    }

    fn note_waiting(&self) {
        let waits = self.0.state.borrow().outbox.as_ref().is_some_and(|outbox| !outbox.is_empty());
        self.set_buffered(waits);
    }

    /// Notes that output waits: a tick comes while Python computes, a timer while it awaits.
    fn set_buffered(&self, waits: bool) {
        if self.0.shared.set_buffered(waits) {
            self.0.host.tick();
        }
        let is_set = waits && mem::replace(&mut self.0.state.borrow_mut().flush_is_set, true);
        if waits && !is_set {
            let worker = self.clone();
            self.0.host.later(&Closure::once_into_js(move || worker.flush()).unchecked_into());
        }
    }

    fn flush(&self) {
        let python = {
            let mut state = self.0.state.borrow_mut();
            state.flush_is_set = false;
            if state.is_dead { None } else { state.python.clone() }
        };
        match python.map(|python| python.flush()) {
            // The signal was for the cell that awaits, and has ended this instead.
            Some(Err(error)) if death::is_interrupt(&error) => self.cancel(),
            Some(Err(error)) => self.die(&Death::of(&error)),
            _ => {}
        }
    }

    fn interrupt(&self) {
        let is_running = self.0.state.borrow().outbox.is_some();
        if is_running && self.0.shared.take_interrupt() {
            self.cancel();
        }
    }

    /// Interrupts a cell that awaits.
    fn cancel(&self) {
        let python = self.0.state.borrow().python.clone();
        if let Some(Err(error)) = python.map(|python| python.cancel()) {
            self.die(&Death::of(&error));
        }
    }

    fn send_events(&self, events: Vec<Event>) {
        self.send(&FromKernel::Events(events));
    }

    fn send(&self, message: &FromKernel) {
        self.send_array(&to_array(message));
    }

    fn send_array(&self, array: &Uint8Array) {
        if self.0.state.borrow().is_dead {
            return;
        }
        self.0.state.borrow_mut().sent += f64::from(array.byte_length());
        let transfer = js_sys::Array::of1(&array.buffer());
        // A port that is closed has nobody to tell.
        self.0.port.post_message_with_transferable(array, &transfer).ok();
    }

    fn die(&self, death: &Death) {
        self.send(&FromKernel::Died { reason: death.reason.clone(), out_of_memory: death.out_of_memory });
        self.0.state.borrow_mut().is_dead = true;
        self.0.host.died(&death.reason, death.out_of_memory);
    }

    /// Makes the object that Python hands its output to (`cathode_kernel/host.py`).
    fn make_sink(&self) -> JsValue {
        let sink = Object::new();
        let set = |name: &str, function: &JsValue| {
            Reflect::set(&sink, &JsValue::from_str(name), function)
                .expect("invariant: a plain object takes any property");
        };
        let worker = self.clone();
        set("buffered", &function(Closure::<dyn Fn()>::new(move || worker.set_buffered(true))));
        let worker = self.clone();
        set(
            "stream",
            &function(Closure::<dyn Fn(bool, String)>::new(move |is_stderr, text| worker.write(is_stderr, text))),
        );
        let worker = self.clone();
        set("output", &function(Closure::<dyn Fn(String)>::new(move |json: String| worker.report(&json))));
        let worker = self.clone();
        set("flush", &function(Closure::<dyn Fn()>::new(move || worker.send_if_due())));
        let worker = self.clone();
        set("wait", &function(Closure::<dyn Fn(f64)>::new(move |millis| worker.0.shared.wait(millis))));
        set("ticks", &JsValue::from_bool(self.0.shared.is_there()));
        sink.into()
    }
}

struct ExecutionEnd {
    execution: ExecutionId,
    outcome: Result<Outcome, JsValue>,
}

fn to_array(message: &FromKernel) -> Uint8Array {
    Uint8Array::from(codec::encode(message).as_slice())
}

/// Gives a closure to JavaScript for the rest of the worker's life.
fn function<T: wasm_bindgen::closure::WasmClosure + ?Sized>(closure: Closure<T>) -> Function {
    closure.into_js_value().unchecked_into()
}
