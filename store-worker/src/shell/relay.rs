//! The socket to the relay: one at a time, binary frames in order.

use std::rc::Rc;

use browser::socket::{Event, Socket};
use browser::spawn;
use browser::timer::{self, Timeout};
use notebook::NotebookId;

use super::{Shell, Timer};
use crate::leader::{Effect, Leader, Socket as Wanted};

impl Shell {
    /// Does what the leader wants of its socket.
    pub(super) fn drive_socket(self: &Rc<Self>, wanted: Wanted) {
        match wanted {
            Wanted::Open => self.open_socket(),
            // Nothing more is heard of it.
            Wanted::Close => drop(self.socket.take()),
            Wanted::Send(frame) => {
                if let Some(socket) = &*self.socket.borrow() {
                    socket.send(frame);
                }
            }
        }
    }

    fn open_socket(self: &Rc<Self>) {
        let Some(relay) = &self.identity.relay else { return };
        let shell = Rc::clone(self);
        let heard = move |event| {
            let effects = {
                let mut mode = shell.mode.borrow_mut();
                let Some(leader) = mode.leader() else { return };
                match event {
                    Event::Frame(frame) => leader.on_relay(&frame),
                    Event::Closed => leader.relay_closed(),
                }
            };
            shell.perform(effects);
        };
        *self.socket.borrow_mut() = Some(Socket::open(&address(relay, &self.identity.access.notebook()), heard));
    }

    /// Folds behind what is to be sent, and behind what came.
    pub(super) fn fold_soon(self: &Rc<Self>) {
        let shell = Rc::clone(self);
        spawn(async move {
            timer::next_task().await;
            let effects = shell.mode.borrow_mut().leader().map(Leader::fold);
            shell.perform(effects.unwrap_or_default());
        });
    }

    /// Lets the leader do something after a while, if this tab still leads then. What was to be done by the same
    /// timer is not: the leader asks again with a time that is newer.
    pub(super) fn later(self: &Rc<Self>, timer: fn(&Self) -> &Timer, millis: u32, act: fn(&mut Leader) -> Vec<Effect>) {
        let shell = Rc::clone(self);
        let timeout = Timeout::new(millis, move || {
            let effects = shell.mode.borrow_mut().leader().map(act);
            shell.perform(effects.unwrap_or_default());
        });
        *timer(self).borrow_mut() = Some(timeout);
    }
}

fn address(relay: &str, notebook: &NotebookId) -> String {
    format!("{}/{notebook}", relay.trim_end_matches('/'))
}
