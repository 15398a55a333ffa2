//! Puts a relay under load and says, as JSON, how long its deliveries took and whether all came, once and
//! in order. `tests/bench/measurements/relay.mjs` runs it, also against a relay in plain JavaScript that
//! stores and then broadcasts whatever it gets.
//!
//! `load <relay|plain> <port> <clients> <messages per second> <seconds>`; with no messages it connects the
//! clients, says so, and keeps them until its standard input ends.

#![expect(clippy::print_stdout, reason = "it answers on standard output")]

use std::io::Read as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use notebook::{EventId, ReplicaId};
use protocol::access::{Access, Secret};
use protocol::wire::{self, FromRelay, SealedEvent, ToRelay};
use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};

/// About what a sealed edit of a second's typing has.
const BODY: usize = 200;
/// How long a relay that woke just now takes until what it runs is compiled well: deliveries are timed apart until then.
const WARM_SECONDS: usize = 10;
/// How long nothing may come.
const DEADLINE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Relay,
    Plain,
}

struct Load {
    kind: Kind,
    port: u16,
    clients: usize,
    /// How many messages are sent until the relay is warm.
    cold: usize,
    messages: usize,
    every: Duration,
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    cold: Vec<u64>,
    warm: Vec<u64>,
    doubled: usize,
    disordered: usize,
    missing: usize,
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| words[at].parse::<usize>().expect("a number");
    let (rate, seconds) = (number(3), number(4));
    let load = Load {
        kind: if words[0] == "relay" { Kind::Relay } else { Kind::Plain },
        port: words[1].parse().expect("a port"),
        clients: number(2),
        cold: rate * WARM_SECONDS,
        messages: rate * (WARM_SECONDS + seconds),
        every: Duration::from_secs(1) / u32::try_from(rate.max(1)).expect("a small number"),
    };
    let access = Access::Writer(Secret::from_entropy([7; 32]));
    let sockets: Vec<_> = (0..load.clients).map(|_| connect(&load, &access)).collect();
    if rate == 0 {
        println!("{{\"connected\":{}}}", sockets.len());
        let _ended = std::io::stdin().read_to_end(&mut vec![]);
        return;
    }
    report(&load, &run(&load, sockets));
}

fn connect(load: &Load, access: &Access) -> WebSocket<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", load.port)).expect("the relay listens");
    stream.set_nodelay(true).expect("it is a socket");
    stream.set_read_timeout(Some(DEADLINE)).expect("it is a socket");
    let address = format!("ws://127.0.0.1:{}/sync/{}", load.port, access.notebook());
    let (mut socket, _) = tungstenite::client(address, stream).expect("it upgrades");
    if load.kind == Kind::Relay {
        let Some(FromRelay::Greeting { relay, nonce, .. }) = read(&mut socket) else { panic!("no greeting") };
        let proof = access.prove(relay, &nonce);
        send(&mut socket, &ToRelay::Hello { protocol: wire::PROTOCOL, proof, cursor: None });
        while !matches!(read(&mut socket), Some(FromRelay::Welcome { .. })) {}
        send(&mut socket, &ToRelay::Pull { after: 0 });
        while !matches!(read(&mut socket), Some(FromRelay::Events { .. })) {}
    }
    socket
}

fn read(socket: &mut WebSocket<TcpStream>) -> Option<FromRelay> {
    match socket.read().expect("a message") {
        Message::Binary(frame) => wire::decode(&frame).ok(),
        other => panic!("not {other:?}"),
    }
}

fn send(socket: &mut WebSocket<TcpStream>, frame: &ToRelay) {
    socket.send(Message::binary(wire::encode(frame))).expect("it is open");
}

/// Which message an event is, counted over all clients: they send in turns.
fn number_of(id: EventId, clients: usize) -> usize {
    let (client, counter) = (usize::try_from(id.replica.0), usize::try_from(id.counter));
    (counter.expect("small") - 1) * clients + client.expect("small") - 1
}

fn event(number: usize, clients: usize) -> SealedEvent {
    let id = EventId { replica: ReplicaId((number % clients) as u64 + 1), counter: (number / clients) as u64 + 1 };
    let mut sealed = vec![0xaa; BODY];
    sealed[..8].copy_from_slice(&(number as u64).to_be_bytes());
    SealedEvent { id, sealed }
}

fn run(load: &Load, sockets: Vec<WebSocket<TcpStream>>) -> Vec<Seen> {
    let sent: Arc<Vec<AtomicU64>> = Arc::new((0..load.messages).map(|_| AtomicU64::new(0)).collect());
    let start = Instant::now();
    let ready = Arc::new(Barrier::new(load.clients + 1));
    let mut writers = vec![];
    let mut readers = vec![];
    for socket in sockets {
        let stream = socket.get_ref().try_clone().expect("a second handle");
        writers.push(WebSocket::from_raw_socket(stream, Role::Client, None));
        let (sent, ready) = (Arc::clone(&sent), Arc::clone(&ready));
        let (kind, clients, cold, messages) = (load.kind, load.clients, load.cold, load.messages);
        readers.push(thread::spawn(move || {
            ready.wait();
            watch(socket, kind, clients, cold, messages, |number| {
                let then = sent[number].load(Ordering::Acquire);
                u64::try_from(start.elapsed().as_micros()).expect("short").saturating_sub(then)
            })
        }));
    }
    ready.wait();
    let first = Instant::now();
    for number in 0..load.messages {
        let due = first + load.every * u32::try_from(number).expect("few");
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let frame = wire::encode(&ToRelay::Push { events: vec![event(number, load.clients)], blobs: vec![] });
        sent[number].store(u64::try_from(start.elapsed().as_micros()).expect("short"), Ordering::Release);
        writers[number % load.clients].send(Message::binary(frame)).expect("it is open");
    }
    readers.into_iter().map(|reader| reader.join().expect("it does not panic")).collect()
}

/// Reads until all messages came, or nothing comes any more.
fn watch(
    mut socket: WebSocket<TcpStream>,
    kind: Kind,
    clients: usize,
    cold: usize,
    messages: usize,
    since: impl Fn(usize) -> u64,
) -> Seen {
    let mut seen = Seen::default();
    let mut came = vec![false; messages];
    let (mut count, mut at) = (0, None);
    while count < messages {
        let Ok(Message::Binary(frame)) = socket.read() else { break };
        let ids: Vec<EventId> = match kind {
            Kind::Relay => match wire::decode(&frame) {
                Ok(FromRelay::Events { after, events, .. }) => {
                    seen.disordered += usize::from(at.is_some_and(|at| at != after));
                    at = Some(after + events.len() as u64);
                    events.iter().map(|event| event.id).collect()
                }
                _ => continue,
            },
            Kind::Plain => match wire::decode(&frame) {
                Ok(ToRelay::Push { events, .. }) => events.iter().map(|event| event.id).collect(),
                _ => continue,
            },
        };
        for id in ids {
            let number = number_of(id, clients);
            let times = if number < cold { &mut seen.cold } else { &mut seen.warm };
            times.push(since(number));
            seen.doubled += usize::from(came[number]);
            came[number] = true;
            count += 1;
        }
    }
    seen.missing = came.iter().filter(|came| !**came).count();
    seen
}

fn report(load: &Load, seen: &[Seen]) {
    let part = |times: fn(&Seen) -> &Vec<u64>, part: usize| {
        let mut micros: Vec<u64> = seen.iter().flat_map(|seen| times(seen).iter().copied()).collect();
        micros.sort_unstable();
        micros.get(micros.len().saturating_sub(1) * part / 100).copied().unwrap_or_default()
    };
    let sum = |of: fn(&Seen) -> usize| seen.iter().map(of).sum::<usize>();
    println!(
        "{{\"messages\":{},\"delivered\":{},\"p50\":{},\"p99\":{},\"coldP99\":{},\"missing\":{},\"doubled\":{},\"disordered\":{}}}",
        load.messages,
        sum(|seen| seen.cold.len() + seen.warm.len()),
        part(|seen| &seen.warm, 50),
        part(|seen| &seen.warm, 99),
        part(|seen| &seen.cold, 99),
        sum(|seen| seen.missing),
        sum(|seen| seen.doubled),
        sum(|seen| seen.disordered),
    );
}
