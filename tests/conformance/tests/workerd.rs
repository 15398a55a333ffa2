//! The scenarios on the Durable Object in a real workerd. `cargo xtask test` builds it and says where it is.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;

use conformance::scenarios::{self, Scenario};
use conformance::workerd::WorkerdHost;
use protocol::relay::Limits;

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
