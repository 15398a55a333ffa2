//! Who is here, and what is passed on without being kept.

use protocol::wire::{FromRelay, MAX_EPHEMERAL_BYTES, Refusal, ToRelay};

use crate::client::{Client, writer};
use crate::host::Host;

pub(super) fn ephemeral_frames_reach_everybody_else(host: &mut dyn Host) {
    let access = writer(30);
    let (mut a, of_a) = Client::let_in(host, &access);
    let (mut b, of_b) = Client::let_in(host, &access.for_viewing());
    assert_eq!(a.next_of_all(), FromRelay::Joined { connection: of_b.connection });
    for (size, writer) in [(0, true), (10, false), (MAX_EPHEMERAL_BYTES, true)] {
        let sealed = vec![7; size];
        let (from, to, author) = if writer { (&mut a, &mut b, &of_a) } else { (&mut b, &mut a, &of_b) };
        from.send(&ToRelay::Ephemeral { sealed: sealed.clone() });
        assert_eq!(to.take(), FromRelay::Ephemeral { from: author.connection, writer, sealed });
    }
    a.nothing_else(0);
    b.nothing_else(0);
    let (_, late) = Client::let_in(host, &access);
    assert_eq!((late.head, late.peers.len()), (0, 2), "nothing of it is kept");

    a.send(&ToRelay::Ephemeral { sealed: vec![7; MAX_EPHEMERAL_BYTES + 1] });
    assert!(matches!(a.refused_and_closed(), Refusal::TooLarge { .. }));
}

pub(super) fn who_comes_and_goes_is_told(host: &mut dyn Host) {
    let access = writer(31);
    let (mut a, of_a) = Client::let_in(host, &access);
    let (mut b, of_b) = Client::let_in(host, &access.for_viewing());
    assert_eq!((of_a.peers, of_b.peers.as_slice()), (vec![], [of_a.connection].as_slice()));
    assert_eq!(a.next_of_all(), FromRelay::Joined { connection: of_b.connection });
    // A stranger is nobody.
    drop(Client::greeted(host, &access));
    let (c, of_c) = Client::let_in(host, &access);
    assert_eq!(of_c.peers, [of_a.connection, of_b.connection]);
    assert_eq!(a.next_of_all(), FromRelay::Joined { connection: of_c.connection });
    assert_eq!(b.next_of_all(), FromRelay::Joined { connection: of_c.connection });
    drop(c);
    assert_eq!(a.next_of_all(), FromRelay::Left { connection: of_c.connection });
    assert_eq!(b.next_of_all(), FromRelay::Left { connection: of_c.connection });
    // One that the relay closes leaves too.
    b.send_bytes(b"nonsense");
    b.refused_and_closed();
    assert_eq!(a.next_of_all(), FromRelay::Left { connection: of_b.connection });
    let (_, of_d) = Client::let_in(host, &access);
    assert!(of_d.connection > of_c.connection, "no name is used twice");
}
