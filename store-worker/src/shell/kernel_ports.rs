//! The two ports of the kernel at hand. Messages of an earlier kernel are not taken.

use std::rc::Rc;

use crate::guard::MAX_MESSAGE_BYTES;
use crate::leader::Effect;
use browser::port::{Port, RawPort};
use browser::spawn;
use protocol::port::{FromFrame, FromKernel, FromStore, ToFrame, ToKernel};

use super::Shell;

/// The ports of one kernel.
pub(super) struct KernelPorts {
    worker: Port<ToKernel, FromKernel>,
    frame: Port<ToFrame, FromFrame>,
}

impl Shell {
    /// Takes the ports that the page brings: the worker's, then the frame's.
    pub(super) fn connect_kernel(self: &Rc<Self>, ports: Vec<RawPort>) {
        let Ok([worker, frame]) = <[RawPort; 2]>::try_from(ports) else {
            log::error!("a kernel has two ports");
            return;
        };
        if self.mode.borrow_mut().leader().is_none() {
            self.perform(vec![Effect::Ui(FromStore::StopKernel)]);
            return;
        }
        self.disconnect_kernel();
        let boot = self.boots.get() + 1;
        self.boots.set(boot);
        let ports = KernelPorts { worker: worker.typed(), frame: frame.typed() };
        let shell = Rc::clone(self);
        ports.worker.listen_measured(
            MAX_MESSAGE_BYTES,
            move |message, _ports, bytes| {
                if shell.boots.get() == boot {
                    let effects = shell.mode.borrow_mut().on_kernel(message, bytes);
                    shell.perform(effects);
                }
            },
            |error| log::warn!("the kernel sent something else: {error}"),
        );
        let shell = Rc::clone(self);
        ports.frame.listen_measured(
            MAX_MESSAGE_BYTES,
            move |message, _ports, _bytes| {
                if shell.boots.get() == boot {
                    let effects = shell.mode.borrow_mut().on_frame(message);
                    shell.perform(effects);
                }
            },
            |error| log::warn!("the kernel's frame sent something else: {error}"),
        );
        *self.kernel.borrow_mut() = Some(ports);
        let effects = self.mode.borrow_mut().leader().map(crate::leader::Leader::kernel_connected);
        self.perform(effects.unwrap_or_default());
    }

    pub(super) fn disconnect_kernel(&self) {
        self.boots.set(self.boots.get() + 1);
        if let Some(ports) = self.kernel.borrow_mut().take() {
            ports.worker.close();
            ports.frame.close();
            // This may run inside a handler of these very ports, so they are let go of afterwards.
            spawn(async move { drop(ports) });
        }
    }

    pub(super) fn tell_kernel(&self, message: &ToKernel) {
        if let Some(ports) = &*self.kernel.borrow()
            && let Err(error) = ports.worker.send(message)
        {
            log::error!("{error}");
        }
    }

    pub(super) fn tell_frame(&self, message: &ToFrame) {
        if let Some(ports) = &*self.kernel.borrow()
            && let Err(error) = ports.frame.send(message)
        {
            log::error!("{error}");
        }
    }
}
