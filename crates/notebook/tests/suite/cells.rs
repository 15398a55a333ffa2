//! Cells: adding, moving, deleting, restoring.

use expect_test::expect;

use crate::notation::check;

#[test]
fn cells_keep_the_order_they_are_given() {
    check(
        "+a; +b; +c; c>a",
        expect![[r#"
        a "a"
        c "c"
        b "b""#]],
    );
}

#[test]
fn a_move_after_itself_changes_nothing() {
    check(
        "+a; +b; a>a",
        expect![[r#"
        a "a"
        b "b""#]],
    );
}

#[test]
fn a_restored_cell_comes_back_to_its_place() {
    check(
        "+a; +b; +c; -b; ^b",
        expect![[r#"
        a "a"
        b "b"
        c "c""#]],
    );
}

#[test]
fn what_cannot_be_is_refused() {
    check(
        "+a; +a; -b; ^a; a>b",
        expect![[r#"
        a "a"
        rejected: A cell with this id exists already.
        rejected: This cell no longer exists.
        rejected: This cell is not deleted.
        rejected: This cell no longer exists."#]],
    );
}

#[test]
fn deleting_a_cell_withdraws_its_waiting_run() {
    check("+a; run a; -a; ^a", expect![[r#"a "a" completed(Cancelled)"#]]);
}
