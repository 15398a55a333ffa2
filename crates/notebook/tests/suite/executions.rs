//! Executions: claims, counts, batches, sessions that end.

use expect_test::expect;
use notebook::{
    Actor, Envelope, Event, EventId, KernelStep, PersonId, Reach, Replica, ReplicaId, next_step, wants_kernel,
};

use crate::notation::{Bench, check, person, session};

#[test]
fn a_run_goes_through_its_states() {
    check("+a; run a", expect![[r#"a "a" pending"#]]);
    check("+a; run a; k1 up; k1 claim a", expect![[r#"a "a" assigned(k1)"#]]);
    check("+a; run a; k1 up; k1 claim a; k1 start a", expect![[r#"a "a" executing(k1) #1 []"#]]);
    check(
        "+a; run a; k1 up; k1 claim a; k1 start a; k1 print a x; k1 ok a",
        expect![[r#"a "a" completed(Ok) #1 [stdout:x]"#]],
    );
}

#[test]
fn the_first_claim_wins_and_the_losers_outputs_are_ignored() {
    check(
        "+a; run a; k1 up; k2 up; k1 claim a; k2 claim a; k1 start a; k2 start a; k2 print a lost; k1 print a won",
        expect![[r#"
        a "a" executing(k1) #1 [stdout:won]
        ignored: not possible in its status
        ignored: not possible in its status
        ignored: not from its kernel"#]],
    );
}

#[test]
fn only_a_live_session_claims() {
    check(
        "+a; run a; k1 up; k2 up; k1 crash; k1 claim a; k2 claim a",
        expect![[r#"
        a "a" assigned(k2)
        ignored: no such session"#]],
    );
}

#[test]
fn counts_belong_to_the_session() {
    check(
        "+a; +b; k1 up; run a; k1 claim a; k1 start a; k1 ok a; run b; k1 claim b; k1 start b; k1 ok b; \
         run a; k1 claim a; k1 start a; k1 ok a; restart; k2 up; run b; k2 claim b; k2 start b",
        expect![[r#"
            a "a" completed(Ok) #3 []
            b "b" executing(k2) #1 []"#]],
    );
}

#[test]
fn a_failure_withdraws_the_rest_of_its_batch_only() {
    check(
        "+a; +b; +c; k1 up; runall; k1 claim a; k1 start a; k1 fail a; run c",
        expect![[r#"
        a "a" completed(Error) #1 []
        b "b" completed(Cancelled)
        c "c" pending"#]],
    );
    check(
        "+a; +b; k1 up; run a; run b; k1 claim a; k1 start a; k1 fail a",
        expect![[r#"
        a "a" completed(Error) #1 []
        b "b" pending"#]],
    );
}

#[test]
fn a_session_that_ends_loses_what_ran_and_gives_back_what_it_had_only_claimed() {
    check(
        "+a; +b; k1 up; run a; run b; k1 claim a; k1 start a; k1 print a x; k1 crash",
        expect![[r#"
        a "a" completed(Lost) #1 [stdout:x]
        b "b" pending"#]],
    );
    check(
        "+a; k1 up; run a; k1 claim a; k1 close; k2 up; k2 claim a; k1 start a; k2 start a",
        expect![[r#"
        a "a" executing(k2) #1 []
        ignored: not from its kernel"#]],
    );
}

#[test]
fn a_restart_withdraws_the_queue() {
    check(
        "+a; +b; k1 up; run a; run b; k1 claim a; k1 start a; restart; run b",
        expect![[r#"
        a "a" completed(Lost) #1 []
        b "b" pending"#]],
    );
}

#[test]
fn running_a_waiting_cell_again_changes_nothing() {
    check(
        "+a; run a; run a",
        expect![[r#"
        a "a" pending
        rejected: This cell is already waiting to run."#]],
    );
}

#[test]
fn a_blank_cell_does_not_run() {
    check(
        "+a:; run a",
        expect![[r#"
        a ""
        rejected: There is nothing to run."#]],
    );
}

#[test]
fn a_cell_shows_its_former_outputs_until_the_new_run_starts() {
    check(
        "+a; k1 up; run a; k1 claim a; k1 start a; k1 print a old; k1 ok a; run a; k1 claim a",
        expect![[r#"a "a" assigned(k1) #1 [stdout:old]"#]],
    );
}

fn replica(words: &str) -> Replica {
    Replica::new(Bench::new(words).notebook)
}

fn step(replica: &Replica, me: &str, who: &Actor, reach: Reach) -> Option<String> {
    let Actor::Person(who) = who else { panic!("a person asks") };
    next_step(replica, &session(me), who, reach)
        .map(|KernelStep::Claim { source, count, .. }| format!("{source} #{count}"))
}

#[test]
fn the_next_step_is_the_oldest_request_and_one_at_a_time() {
    let step = |words: &str, me: &str| step(&replica(words), me, &person(), Reach::Together);
    assert_eq!(step("+a; +b; run b; run a", "k1"), None, "no session");
    assert_eq!(step("+a; +b; run b; run a; k1 up", "k1").as_deref(), Some("b #1"));
    assert_eq!(step("+a; +b; run b; run a; k1 up; k2 up", "k2"), None, "not the active one");
    assert_eq!(step("+a; +b; run b; run a; k1 up; k1 claim b", "k1"), None, "at work");
    assert_eq!(step("+a; +b; run b; run a; k1 up; k1 claim b; k1 start b; k1 ok b", "k1").as_deref(), Some("a #2"));
}

#[test]
fn a_session_claims_when_its_place_is_settled_or_nobody_can_be_reached() {
    let mut replica = replica("+a; run a");
    let id = EventId { replica: ReplicaId(9), counter: 1 };
    let event = Event::KernelSessionStarted { session: session("k1") };
    let started = Envelope { id, actor: person(), at: 0, event };
    replica.append(started.clone());
    assert_eq!(step(&replica, "k1", &person(), Reach::Together), None, "another session may come before it");
    assert_eq!(step(&replica, "k1", &person(), Reach::Alone).as_deref(), Some("a #1"));
    replica.confirm(&started);
    assert_eq!(step(&replica, "k1", &person(), Reach::Together).as_deref(), Some("a #1"));
}

#[test]
fn alone_a_second_session_runs_only_what_its_person_asked_for() {
    let replica = replica("+a; run a; k1 up; k2 up");
    let stranger = Actor::Person(PersonId::parse("stranger").unwrap());
    assert_eq!(step(&replica, "k2", &person(), Reach::Alone).as_deref(), Some("a #1"));
    assert_eq!(step(&replica, "k2", &stranger, Reach::Alone), None);
    assert_eq!(step(&replica, "k1", &stranger, Reach::Alone).as_deref(), Some("a #1"), "the active one takes all");
}

#[test]
fn what_nobody_else_has_runs_here_whoever_asked_for_it() {
    let stranger = Actor::Person(PersonId::parse("stranger").unwrap());
    let Actor::Person(id) = &stranger else { panic!("a person asks") };
    assert!(
        wants_kernel(&replica("+a; run a"), id, None, Reach::Unshared),
        "the same person, forgotten by the browser"
    );
    assert_eq!(step(&replica("+a; run a; k1 up"), "k1", &stranger, Reach::Unshared).as_deref(), Some("a #1"));
    assert!(!wants_kernel(&replica("+a; run a; k1 up"), id, Some(&session("k1")), Reach::Unshared));
    assert!(
        wants_kernel(&replica("+a; run a; k1 up"), id, None, Reach::Unshared),
        "a session from elsewhere serves nobody"
    );
    assert_eq!(step(&replica("+a; run a; k1 up; k2 up"), "k2", &stranger, Reach::Unshared).as_deref(), Some("a #1"));
}

#[test]
fn a_kernel_is_wanted_where_the_person_is_whose_request_nobody_serves() {
    let wants = |words: &str, mine: Option<&str>, reach| {
        let Actor::Person(me) = person() else { panic!("a person asks") };
        let stranger = PersonId::parse("stranger").unwrap();
        let mine = mine.map(session);
        assert!(!wants_kernel(&replica(words), &stranger, mine.as_ref(), reach), "not where somebody else is");
        wants_kernel(&replica(words), &me, mine.as_ref(), reach)
    };
    assert!(!wants("+a", None, Reach::Together));
    assert!(wants("+a; run a", None, Reach::Together));
    assert!(wants("+a; run a", Some("k1"), Reach::Together), "it has not begun");
    assert!(!wants("+a; run a; k1 up", None, Reach::Together));
    assert!(wants("+a; run a; k1 up; k1 close", None, Reach::Together));
    assert!(wants("+a; run a; k1 up", None, Reach::Alone), "the session is out of reach");
    assert!(!wants("+a; run a; k1 up; k2 up", Some("k2"), Reach::Alone));
}
