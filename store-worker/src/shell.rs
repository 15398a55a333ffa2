//! The worker's one event loop: messages in, effects out.

mod election;
mod files;
mod kernel_ports;
mod mode;
mod opening;
mod pool;
mod recovery;
mod relay;
mod reset;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::follower::Follower;
use crate::leader::{Edge, Effect, Identity, Leader};
use crate::saving::Due;
use browser::channel::Channel;
use browser::lock::Held;
use browser::port::{Port, RawPort};
use browser::socket::Socket;
use browser::timer::{self, Timeout};
use browser::{clock, entropy, logger, spawn};
use notebook::NotebookId;
use protocol::port::{BUILD, FromStore, KernelReport, OpenFailure, TabMessage, ToStore};

use files::Watch;
use kernel_ports::KernelPorts;
use mode::Mode;
use pool::Pool;

/// How long after the last commit the database is brought to rest.
const REST_MILLIS: u32 = 2_000;

type Ui = Port<FromStore, ToStore>;

/// What the leader takes from the browser.
const EDGE: Edge = Edge { now: clock::now_millis, elapsed: clock::performance_now, entropy: entropy::bytes16 };

/// What is to be done next of one kind; setting it anew puts it off.
type Timer = RefCell<Option<Timeout>>;

/// A notebook that was asked for.
struct Shell {
    ui: Ui,
    notebook: NotebookId,
    identity: Identity,
    mode: RefCell<Mode>,
    channel: RefCell<Option<Channel<TabMessage>>>,
    kernel: RefCell<Option<KernelPorts>>,
    pool: RefCell<Option<Pool>>,
    lock: RefCell<Option<Held>>,
    boots: Cell<u64>,
    rest: Timer,
    wake: Timer,
    watch: Timer,
    look: Timer,
    tell: Timer,
    files: Watch,
    socket: RefCell<Option<Socket>>,
}

/// Sets the worker up and says that it listens.
pub(crate) fn start() {
    logger::install("store worker", false);
    let ui: Ui = Port::of_this_worker();
    browser::panic::install("the store worker", BUILD, |report| {
        let ui: Ui = Port::of_this_worker();
        if let Err(error) = ui.send(&FromStore::Panicked { report }) {
            log::error!("{error}");
        }
    });
    let shell: Rc<RefCell<Option<Rc<Shell>>>> = Rc::default();
    let answers = ui.clone();
    ui.listen(move |message, ports| {
        let open = shell.borrow().clone();
        match (open, message) {
            (Some(shell), message) => shell.on_ui(message, ports),
            (None, ToStore::Open { build, .. }) if build != BUILD => {
                tell(&answers, &FromStore::OpenFailed { failure: OpenFailure::OtherBuild });
            }
            (None, ToStore::Open { access, person, title, joined, relay, verbose, .. }) => {
                logger::install("store worker", verbose);
                let tab = hex(entropy::bytes16());
                let identity = Identity { tab, person, access, joined, relay, title, verbose };
                *shell.borrow_mut() = Some(Shell::open(answers.clone(), identity));
            }
            (None, _) => log::error!("a message came before the notebook was named"),
        }
    });
    tell(&ui, &FromStore::Listening { build: BUILD.to_owned() });
}

fn hex(bytes: [u8; 16]) -> String {
    notebook::NotebookId::from_entropy(bytes).as_str().to_owned()
}

fn tell(ui: &Ui, message: &FromStore) {
    if let Err(error) = ui.send(message) {
        log::error!("{error}");
    }
}

fn follower(identity: &Identity) -> Follower {
    Follower::new(identity.tab.clone(), identity.access.clone())
}

impl Shell {
    fn open(ui: Ui, identity: Identity) -> Rc<Self> {
        let notebook = identity.access.notebook();
        let mode = RefCell::new(Mode::Following(follower(&identity)));
        let shell = Rc::new(Self {
            ui,
            notebook,
            identity,
            mode,
            channel: RefCell::new(None),
            kernel: RefCell::new(None),
            pool: RefCell::new(None),
            lock: RefCell::new(None),
            boots: Cell::new(0),
            rest: Timer::default(),
            wake: Timer::default(),
            watch: Timer::default(),
            look: Timer::default(),
            tell: Timer::default(),
            files: Watch::default(),
            socket: RefCell::new(None),
        });
        let tabs = Rc::clone(&shell);
        match Channel::open(&shell.room(), move |message| tabs.on_tab(message)) {
            Ok(channel) => *shell.channel.borrow_mut() = Some(channel),
            // Without it this tab is on its own, which the lock makes safe.
            Err(error) => log::error!("{error}"),
        }
        spawn(election::run(Rc::clone(&shell)));
        shell
    }

    /// Names the lock and the channel of this notebook's tabs.
    fn room(&self) -> String {
        format!("cathode:{}", self.notebook)
    }

    fn on_ui(self: &Rc<Self>, message: ToStore, ports: Vec<RawPort>) {
        match message {
            ToStore::Kernel(KernelReport::Ports) => self.connect_kernel(ports),
            ToStore::Reset { request } if self.mode.borrow().has_failed() => {
                spawn(reset::run(Rc::clone(self), crate::leader::Requester::Own, request));
            }
            message => {
                let request = crate::follower::request_id(&message);
                let effects = self.mode.borrow_mut().on_ui(message);
                self.perform(effects);
                if let Some(request) = request {
                    election::watch(self, request);
                }
            }
        }
    }

    fn on_tab(self: &Rc<Self>, message: TabMessage) {
        let effects = self.mode.borrow_mut().on_tab(message);
        self.perform(effects);
    }

    /// Performs effects in order.
    fn perform(self: &Rc<Self>, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ui(message) => tell(&self.ui, &message),
                Effect::Tabs(message) => self.tell_tabs(&message),
                Effect::Kernel(message) => self.tell_kernel(&message),
                Effect::Frame(message) => self.tell_frame(&message),
                Effect::Disconnect => self.disconnect_kernel(),
                Effect::Relay(wanted) => self.drive_socket(wanted),
                Effect::Fold => self.fold_soon(),
                Effect::WakeRelay(millis) => self.later(|shell| &shell.wake, millis, Leader::wake_relay),
                Effect::WatchRelay(millis) => self.later(|shell| &shell.watch, millis, Leader::watch_relay),
                Effect::LookAround(millis) => self.later(|shell| &shell.look, millis, Leader::look_around),
                Effect::TellPeers(millis) => self.later(|shell| &shell.tell, millis, Leader::tell_peers),
                Effect::Commit(due) => self.commit_at(due),
                Effect::LookForFiles => files::look(self),
                Effect::SaveAgain { from, request } => spawn(files::save_again(Rc::clone(self), from, request)),
                Effect::Reset { from, request } => spawn(reset::run(Rc::clone(self), from, request)),
            }
        }
    }

    fn tell_tabs(&self, message: &TabMessage) {
        if let Some(channel) = &*self.channel.borrow()
            && let Err(error) = channel.send(message)
        {
            log::error!("{error}");
        }
    }

    fn commit_at(self: &Rc<Self>, due: Due) {
        let shell = Rc::clone(self);
        spawn(async move {
            match due {
                Due::Soon => timer::next_task().await,
                Due::In(millis) => timer::after(millis).await,
            }
            let effects = shell.mode.borrow_mut().commit();
            shell.perform(effects);
            files::look(&shell);
            shell.rest_later();
        });
    }

    /// Brings the database to rest when nothing has been committed for a while.
    fn rest_later(self: &Rc<Self>) {
        let shell = Rc::clone(self);
        let timeout = Timeout::new(REST_MILLIS, move || shell.mode.borrow_mut().rest());
        *self.rest.borrow_mut() = Some(timeout);
    }
}
