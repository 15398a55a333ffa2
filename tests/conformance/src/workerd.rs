//! A real workerd as a host: its own process, a folder for its storage, WebSockets.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use notebook::NotebookId;
use protocol::relay::Limits;
use tempfile::TempDir;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use crate::host::{Host, Received, Socket};

/// How long nothing may come before a scenario fails. Nothing waits for it otherwise.
const DEADLINE: Duration = Duration::from_secs(20);

/// What a workerd says once it listens.
#[derive(serde::Deserialize)]
struct Listening {
    event: String,
    port: u16,
}

/// Runs the built relay in a workerd.
#[derive(Debug)]
pub struct WorkerdHost {
    program: PathBuf,
    /// The folder that holds the built relay and its configuration.
    built: PathBuf,
    limits: Limits,
    storage: TempDir,
    backup: TempDir,
    process: Child,
    port: u16,
}

impl WorkerdHost {
    /// Starts a workerd with these limits on an empty storage.
    pub fn start(program: &Path, built: &Path, limits: Limits) -> Self {
        let storage = tempfile::tempdir().expect("a folder for the storage");
        let backup = tempfile::tempdir().expect("a folder for a copy of it");
        let (process, port) = spawn(program, built, &limits, storage.path());
        Self { program: program.to_owned(), built: built.to_owned(), limits, storage, backup, process, port }
    }

    /// Returns the port on this machine.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the folder of the storage.
    pub fn storage(&self) -> &Path {
        self.storage.path()
    }

    fn kill(&mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }

    fn start_again(&mut self) {
        (self.process, self.port) = spawn(&self.program, &self.built, &self.limits, self.storage.path());
    }
}

fn spawn(program: &Path, built: &Path, limits: &Limits, storage: &Path) -> (Child, u16) {
    let mut process = Command::new(program)
        .args(["serve", "config.capnp", "--control-fd=1", "--socket-addr=http=127.0.0.1:0"])
        .arg(format!("--directory-path=storage={}", storage.display()))
        .env("CATHODE_RELAY_LIMITS", serde_json::to_string(limits).expect("limits are plain"))
        .current_dir(built)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("workerd starts");
    let mut lines = BufReader::new(process.stdout.take().expect("invariant: it is a pipe")).lines();
    let port = loop {
        let line = lines.next().expect("workerd ended before it listened").expect("workerd writes text");
        if let Ok(Listening { event, port }) = serde_json::from_str(&line)
            && event == "listen"
        {
            break port;
        }
    };
    // What it says later must not fill the pipe.
    thread::spawn(move || lines.for_each(drop));
    (process, port)
}

impl Drop for WorkerdHost {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Host for WorkerdHost {
    fn connect(&mut self, notebook: &NotebookId) -> Box<dyn Socket> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("workerd listens");
        stream.set_nodelay(true).expect("it is a socket");
        stream.set_read_timeout(Some(DEADLINE)).expect("it is a socket");
        let address = format!("ws://127.0.0.1:{}/sync/{notebook}", self.port);
        let config = WebSocketConfig::default();
        let (socket, _) = tungstenite::client::client_with_config(address, stream, Some(config)).expect("it upgrades");
        Box::new(RealSocket { socket })
    }

    fn restart(&mut self) {
        self.kill();
        self.start_again();
    }

    fn wipe(&mut self) {
        self.kill();
        empty(self.storage.path());
        self.start_again();
    }

    fn back_up(&mut self) {
        self.kill();
        empty(self.backup.path());
        copy(self.storage.path(), self.backup.path());
        self.start_again();
    }

    fn set_back(&mut self) {
        self.kill();
        empty(self.storage.path());
        copy(self.backup.path(), self.storage.path());
        self.start_again();
    }

    fn wait(&mut self, millis: u32) {
        // The relay's clock is this one.
        thread::sleep(Duration::from_millis(millis.into()));
    }
}

fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).expect("it is a folder") {
        fs::remove_dir_all(entry.expect("it can be read").path()).expect("it can be removed");
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("it is a folder") {
        let entry = entry.expect("it can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).expect("a folder can be made");
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("a file can be copied");
        }
    }
}

struct RealSocket {
    socket: WebSocket<TcpStream>,
}

impl Socket for RealSocket {
    fn send(&mut self, frame: &[u8]) {
        match self.socket.send(Message::binary(frame.to_vec())) {
            // What it said before it closed can still be read.
            Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed | Error::Io(_) | Error::Protocol(_)) => {}
            Err(error) => panic!("a frame cannot be sent: {error}"),
        }
    }

    fn receive(&mut self) -> Received {
        loop {
            match self.socket.read() {
                Ok(Message::Binary(frame)) => return Received::Frame(frame.to_vec()),
                Ok(Message::Close(close)) => return Received::Closed(close.map_or(1005, |close| close.code.into())),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(other) => panic!("a relay sends binary messages, not {other:?}"),
                Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("something was to come")
                }
                Err(_) => return Received::Closed(1006),
            }
        }
    }
}
