//! Who is let in, and what a reader may do.

use notebook::NotebookId;
use protocol::access::{Access, Secret};
use protocol::wire::{self, FromRelay, Proof, Refusal, ToRelay};
use serde::Serialize;

use crate::client::{Client, event, ordered, writer};
use crate::host::Host;

pub(super) fn a_writer_comes_in_and_brings_the_notebook(host: &mut dyn Host) {
    let (_client, welcome) = Client::let_in(host, &writer(1));
    assert_eq!((welcome.head, welcome.floor, welcome.snapshot, welcome.cursor_known), (0, 0, None, false));
    assert_eq!(welcome.peers, []);
}

pub(super) fn a_reader_comes_in_after_a_writer(host: &mut dyn Host) {
    let access = writer(2);
    let viewer = access.for_viewing();
    let mut early = Client::greeted(host, &viewer);
    let hello = early.hello(None);
    early.send(&hello);
    assert_eq!(early.refused_and_closed(), Refusal::Unknown);

    let (_writer, _) = Client::let_in(host, &access);
    let (_reader, welcome) = Client::let_in(host, &viewer);
    assert_eq!(welcome.peers.len(), 1);

    let mut guess = Client::greeted(host, &viewer);
    guess.send(&ToRelay::Hello { protocol: wire::PROTOCOL, proof: Proof::Reader { token: vec![0; 32] }, cursor: None });
    assert_eq!(guess.refused_and_closed(), Refusal::Denied);
}

pub(super) fn only_a_hello_lets_in(host: &mut dyn Host) {
    let access = writer(3);
    let frames = [
        ToRelay::Pull { after: 0 },
        ToRelay::Push { events: vec![event(1, 1, 10)], blobs: vec![] },
        ToRelay::Ephemeral { sealed: vec![1] },
        ToRelay::PutSnapshot { seq: 0, replaces: None, part: 0, parts: 1, marks: vec![], blobs: None, sealed: vec![1] },
        ToRelay::PullSnapshot { seq: 0, part: 0 },
        ToRelay::PutBlob { name: "a".into(), part: 0, parts: 1, sealed: vec![1] },
        ToRelay::PullBlob { name: "a".into(), part: 0 },
    ];
    for frame in frames {
        let mut stranger = Client::greeted(host, &access);
        stranger.send(&frame);
        assert_eq!(stranger.refused_and_closed(), Refusal::Denied, "{frame:?}");
    }
    let (_, welcome) = Client::let_in(host, &access);
    assert_eq!((welcome.head, welcome.snapshot), (0, None));
}

pub(super) fn a_wrong_key_does_not_let_in(host: &mut dyn Host) {
    let (access, other) = (writer(4), writer(5));
    let (_writer, _) = Client::let_in(host, &access);
    for key in [other.clone(), other.for_viewing()] {
        let mut client = Client::greeted(host, &access);
        let proof = key.prove(client.relay(), client.nonce());
        client.send(&ToRelay::Hello { protocol: wire::PROTOCOL, proof, cursor: None });
        assert_eq!(client.refused_and_closed(), Refusal::Denied);
    }
    // A key that is right for another notebook, on that notebook's id.
    let Access::Writer(secret) = &other else { unreachable!("it is a writer's") };
    let id = NotebookId::parse(Secret::notebook_id(secret).as_str()).expect("it is an id");
    assert_ne!(id, access.notebook());
    let (_, welcome) = Client::let_in(host, &other);
    assert_eq!(welcome.peers, [], "notebooks share nothing");
}

pub(super) fn an_old_answer_does_not_let_in(host: &mut dyn Host) {
    let access = writer(6);
    let first = Client::greeted(host, &access);
    let mut second = Client::greeted(host, &access);
    second.send(&first.hello(None));
    assert_eq!(second.refused_and_closed(), Refusal::Denied, "the answer to another greeting");

    let (mut client, _) = Client::let_in(host, &access);
    let hello = client.hello(None);
    client.send(&hello);
    assert!(matches!(client.refused_and_closed(), Refusal::Malformed { .. }), "a second Hello");
}

pub(super) fn another_version_is_told_so(host: &mut dyn Host) {
    /// A Hello as a later version may have it.
    #[derive(Serialize)]
    enum Later {
        Hello { protocol: u32, passport: Vec<String> },
    }
    let access = writer(7);
    let mut later = Client::greeted(host, &access);
    later.send_bytes(&wire::encode(&Later::Hello { protocol: wire::PROTOCOL + 1, passport: vec!["x".into()] }));
    assert_eq!(later.refused_and_closed(), Refusal::Version { relay: wire::PROTOCOL });

    let mut other = Client::greeted(host, &access);
    let ToRelay::Hello { proof, cursor, .. } = other.hello(None) else { unreachable!("it is a Hello") };
    other.send(&ToRelay::Hello { protocol: 0, proof, cursor });
    assert_eq!(other.refused_and_closed(), Refusal::Version { relay: wire::PROTOCOL });
}

pub(super) fn a_reader_writes_nothing(host: &mut dyn Host) {
    let access = writer(8);
    let mut author = Client::live(host, &access);
    let mut reader = Client::live(host, &access.for_viewing());
    let writes = [
        ToRelay::Push { events: vec![event(1, 1, 10)], blobs: vec![] },
        ToRelay::PutSnapshot { seq: 0, replaces: None, part: 0, parts: 1, marks: vec![], blobs: None, sealed: vec![1] },
        ToRelay::PutBlob { name: "a".into(), part: 0, parts: 1, sealed: vec![1] },
    ];
    for write in writes {
        reader.send(&write);
        assert_eq!(reader.refused(), Refusal::ReadOnly);
    }
    reader.send(&ToRelay::PullBlob { name: "a".into(), part: 0 });
    assert!(matches!(reader.take(), FromRelay::BlobPart { sealed: None, .. }));
    let events = [event(2, 1, 10)];
    assert_eq!(author.push_acknowledged(&events), 1);
    assert_eq!(reader.events(), (0, ordered(&events), 1), "and it still reads");
}
