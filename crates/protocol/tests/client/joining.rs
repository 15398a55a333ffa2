//! A relay that lacks what a device cannot tell it event by event.

use notebook::{Notebook, ReplicaId};
use protocol::access::Access;
use protocol::client::{Client, Status, Step};
use protocol::relay::Limits;
use protocol::seal::NONCE_LEN;
use protocol::wire::{self, ConnectionId, FromRelay, OrderedEvent, RelayId, ToRelay};

use crate::desk::{Desk, Device, access, entropy, titled};
use crate::notebook;

#[test]
fn who_has_all_that_a_relay_has_and_more_puts_it_in_its_place() {
    let mut desk = Desk::new(Limits::default());
    let first = desk.join(notebook(), None);
    let copy = desk.relay.storage().clone();
    desk.push(first, titled(1, 2));
    let state = desk.devices[first].state.confirmed().clone();
    let at = desk.devices[first].cursor;
    desk.with(first, |client| client.compact(&state, at));
    let second = desk.join(Notebook::new(), None);
    desk.devices[second].keeps = true;

    // What the second one has only as a snapshot is lost, and the notebook goes on without it.
    desk.set_back(copy);
    let third = desk.join(Notebook::new(), None);
    desk.push(third, titled(3, 1));
    assert_eq!((desk.relay.head(), desk.relay.id()), (1, RelayId(1)));
    desk.with(second, Client::woken);
    assert_eq!((desk.relay.head(), desk.relay.connections().count()), (0, 0), "everybody comes again");
    assert_ne!(desk.relay.id(), RelayId(1));
    for number in [second, third, first] {
        desk.with(number, Client::closed);
        desk.with(number, Client::woken);
        let Device { client, state, .. } = &desk.devices[number];
        assert_eq!((client.status(), state.confirmed().title()), (Status::Live, "3.1"), "{number}");
        assert_eq!(state.confirmed().marks().collect::<Vec<_>>(), [(ReplicaId(1), 2), (ReplicaId(3), 1)]);
    }
}

#[test]
fn anothers_snapshot_is_no_answer_to_what_should_replace_it() {
    let mut client = Client::new(access(), None, [], true, entropy);
    client.start();
    welcome(&mut client, 1);
    let steps = client.not_adopted(Some(&notebook()));
    let [Step::Send(frame), ..] = &steps[..] else { panic!("{steps:?}") };
    assert!(matches!(wire::decode(frame), Ok(ToRelay::PutSnapshot { seq: 0, replaces: Some(1), .. })));

    assert_eq!(client.received(&wire::encode(&FromRelay::SnapshotStored { seq: 1 })), []);
    // Something was pushed before: it begins anew, and as one who knows no position.
    let event = OrderedEvent { id: titled(2, 2).id, sealed: None };
    let steps = client.received(&wire::encode(&FromRelay::Events { after: 1, events: vec![event], head: 2, tail: 9 }));
    assert_eq!(steps.first(), Some(&Step::Disconnect), "{steps:?}");
    client.woken();
    let steps = client.received(&wire::encode(&greeting()));
    let hello = steps.iter().find_map(|step| match step {
        Step::Send(frame) => Some(wire::decode(frame).unwrap()),
        _ => None,
    });
    assert!(matches!(hello, Some(ToRelay::Hello { cursor: None, .. })), "{hello:?}");
}

#[test]
fn who_cannot_unite_what_differs_waits_for_one_who_can() {
    let waits = |access: Access, united: Option<&Notebook>| {
        let mut client = Client::new(access, None, [], true, entropy);
        client.start();
        welcome(&mut client, 1);
        client.not_adopted(united);
        let status = client.status();
        // It comes again and again, and fetches something only where something came.
        let sent = [1, 1, 2].map(|head| {
            client.woken();
            welcome(&mut client, head)
        });
        assert_eq!(sent, [false, false, true]);
        assert_eq!(client.status(), status);
        client.adopted(vec![]);
        assert_eq!(client.status(), Status::Live);
        status
    };
    assert_eq!(waits(access().for_viewing(), None), Status::Absent);
    assert_eq!(waits(access().for_viewing(), Some(&notebook())), Status::Absent);
    assert!(matches!(waits(access(), None), Status::Refused(why) if why.contains("make a copy")));
}

/// Lets a client in that knows no position, at a relay with a log of so many events and no snapshot. Where it asks for
/// the log it has it. Returns whether it did.
fn welcome(client: &mut Client, head: u64) -> bool {
    client.received(&wire::encode(&greeting()));
    let steps = client.received(&wire::encode(&FromRelay::Welcome {
        connection: ConnectionId(1),
        head,
        floor: 0,
        older: None,
        snapshot: None,
        cursor_known: false,
        peers: vec![],
    }));
    let asks = steps.iter().any(|step| matches!(step, Step::Send(_)));
    if asks {
        let event = |counter| {
            let event = titled(2, counter);
            OrderedEvent { id: event.id, sealed: Some(access().sealer().seal_event([1; NONCE_LEN], &event)) }
        };
        let events = (1..=head).map(event).collect();
        client.received(&wire::encode(&FromRelay::Events { after: 0, events, head, tail: 9 }));
        assert!(matches!(&client.fold()[..], [Step::Adopt(_)]));
    }
    asks
}

fn greeting() -> FromRelay {
    FromRelay::Greeting { protocol: wire::PROTOCOL, relay: RelayId(1), nonce: vec![9; 32] }
}
