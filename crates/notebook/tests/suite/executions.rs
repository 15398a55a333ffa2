//! Executions: claims, counts, batches, sessions that end.

use expect_test::expect;
use notebook::{KernelStep, next_step};

use crate::notation::{Bench, check, session};

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
fn only_the_earliest_live_session_claims() {
    check(
        "+a; run a; k1 up; k2 up; k2 claim a; k1 crash; k2 claim a",
        expect![[r#"
        a "a" assigned(k2)
        ignored: not the active session"#]],
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

#[test]
fn the_next_step_is_the_oldest_request_and_one_at_a_time() {
    let step = |words: &str, me: &str| {
        next_step(&Bench::new(words).notebook, &session(me))
            .map(|KernelStep::Claim { source, count, .. }| format!("{source} #{count}"))
    };
    assert_eq!(step("+a; +b; run b; run a", "k1"), None, "no session");
    assert_eq!(step("+a; +b; run b; run a; k1 up", "k1").as_deref(), Some("b #1"));
    assert_eq!(step("+a; +b; run b; run a; k1 up", "k2"), None, "not the active one");
    assert_eq!(step("+a; +b; run b; run a; k1 up; k1 claim b", "k1"), None, "at work");
    assert_eq!(step("+a; +b; run b; run a; k1 up; k1 claim b; k1 start b; k1 ok b", "k1").as_deref(), Some("a #2"));
}

#[test]
fn a_kernel_is_wanted_when_something_waits_and_none_lives() {
    assert!(!Bench::new("+a").notebook.wants_kernel());
    assert!(Bench::new("+a; run a").notebook.wants_kernel());
    assert!(!Bench::new("+a; run a; k1 up").notebook.wants_kernel());
    assert!(Bench::new("+a; run a; k1 up; k1 close").notebook.wants_kernel());
}
