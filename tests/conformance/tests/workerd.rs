//! The scenarios on the Durable Object in a real workerd. `cargo xtask test` builds it and says where it is.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;

use conformance::client::{Client, events, ordered, writer};
use conformance::host::Host as _;
use conformance::scenarios::{self, Scenario};
use conformance::workerd::WorkerdHost;
use protocol::relay::Limits;
use protocol::wire::{FromRelay, Refusal, ToRelay};
use tungstenite::Message;

/// A workerd puts an object to sleep that was asked nothing for ten seconds.
const ASLEEP_MILLIS: u32 = 14_000;

fn start(limits: Limits) -> WorkerdHost {
    let path =
        |name| PathBuf::from(env::var_os(name).unwrap_or_else(|| panic!("{name} is not set: `cargo xtask test`")));
    WorkerdHost::start(&path("WORKERD"), &path("CATHODE_RELAY_BUILD"), limits)
}

#[track_caller]
fn play(scenarios: Vec<Scenario>, limits: Limits) {
    let failed = scenarios::failures(scenarios, &mut start(limits));
    assert!(failed.is_empty(), "failed: {failed:?}");
}

#[test]
#[ignore = "needs the built relay: cargo xtask test"]
fn workerd_does_what_every_relay_must() {
    play(scenarios::usual(), Limits::default());
}

#[test]
#[ignore = "needs the built relay: cargo xtask test"]
fn workerd_is_bounded() {
    play(scenarios::bounded(), scenarios::small_limits());
}

#[test]
#[ignore = "needs the built relay: cargo xtask test"]
fn a_relay_that_slept_knows_its_sockets() {
    let limits = scenarios::small_limits();
    let mut host = start(limits);
    let access = writer(200);
    let mut a = Client::live(&mut host, &access);
    let mut viewer = Client::live(&mut host, &access.for_viewing());
    let mut b = Client::live(&mut host, &access);
    assert_eq!(a.push_acknowledged(&events(1, 1..=2)), 2);
    for client in [&mut viewer, &mut b] {
        assert_eq!(client.events(), (0, ordered(&events(1, 1..=2)), 2));
    }
    // As often as the relay has patience for, before and after: it could not go on if it remembered.
    let mut tries_to_write = || {
        for _ in 0..limits.patience {
            viewer.push(&events(2, 1..=1));
            assert_eq!(viewer.refused(), Refusal::ReadOnly);
        }
    };
    tries_to_write();
    host.wait(ASLEEP_MILLIS);
    tries_to_write();
    assert_eq!(b.push_acknowledged(&events(3, 1..=1)), 3);
    for client in [&mut a, &mut viewer] {
        assert_eq!(client.events(), (2, ordered(&events(3, 1..=1)), 3));
    }
    viewer.send(&ToRelay::Ephemeral { sealed: vec![1] });
    assert!(matches!(a.take(), FromRelay::Ephemeral { writer: false, .. }));
    drop(viewer);
    assert!(matches!(a.next_of_all(), FromRelay::Left { .. }));
}

#[test]
#[ignore = "needs the built relay: cargo xtask test"]
fn a_ping_is_answered() {
    let host = start(Limits::default());
    let address = format!("ws://127.0.0.1:{}/sync/{}", host.port(), writer(201).notebook());
    let (mut socket, _) = tungstenite::connect(address).unwrap();
    assert!(matches!(socket.read().unwrap(), Message::Binary(_)), "the greeting");
    socket.send(Message::text("ping")).unwrap();
    assert_eq!(socket.read().unwrap(), Message::text("pong"));
}

#[test]
#[ignore = "needs the built relay: cargo xtask test"]
fn other_requests_are_answered_clearly() {
    let host = start(Limits::default());
    let ask = |request: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", host.port())).unwrap();
        write!(stream, "{request} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned())
    };
    let (status, body) = ask("GET /health");
    assert_eq!(status, "200");
    assert!(body.contains("\"protocol\":2") && body.contains("\"connections\":500"), "{body}");
    let id = "0".repeat(32);
    for (request, status) in [
        ("GET /".to_owned(), "404"),
        ("GET /sync".to_owned(), "404"),
        ("GET /sync/".to_owned(), "400"),
        ("GET /sync/short".to_owned(), "400"),
        (format!("GET /sync/{}", id.to_uppercase().replace('0', "A")), "400"),
        (format!("GET /sync/{id}/more"), "400"),
        (format!("GET /sync/{id}0"), "400"),
        (format!("GET /sync/{id}"), "426"),
        (format!("POST /sync/{id}"), "405"),
        ("DELETE /health".to_owned(), "405"),
    ] {
        let (answered, body) = ask(&request);
        assert_eq!(answered, status, "{request}: {body}");
        assert!(body.contains("error"), "{request}: {body}");
    }
    // workerd keeps a list of objects' alarms; an object has a database named by its id.
    let folders = host.storage().read_dir().unwrap().map(|folder| folder.unwrap().path());
    let files = folders.flat_map(|folder| folder.read_dir().unwrap().map(|file| file.unwrap().file_name()));
    let objects: Vec<_> = files.filter(|name| !name.to_string_lossy().starts_with("metadata.")).collect();
    assert!(objects.is_empty(), "none of this reaches an object: {objects:?}");
}
