//! Cuts a failing plan down: leaves out steps as long as what is left fails.

use crate::machine::{Machine, Owner};
use crate::plan::Plan;
use crate::schedules::run_caught;

/// Returns a smaller plan that fails in the same way.
pub fn minimise(plan: &Plan, machine: impl Fn(Owner) -> Box<dyn Machine>) -> Plan {
    let sort = |plan: &Plan| {
        let ending = run_caught(plan, &machine);
        ending.failures.first().map(|failure| sort_of(failure))
    };
    let Some(wanted) = sort(plan) else { return plan.clone() };
    let mut least = plan.clone();
    let mut size = least.steps.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let mut smaller = false;
        while at < least.steps.len() {
            let mut without = least.clone();
            without.steps.drain(at..(at + size).min(least.steps.len()));
            if sort(&without).is_some_and(|sort| sort == wanted) {
                least = without;
                smaller = true;
            } else {
                at += size;
            }
        }
        if size > 1 {
            size = size.div_ceil(2);
        } else if !smaller {
            return least;
        }
    }
}

/// Returns what of a failure does not depend on ids and numbers.
fn sort_of(failure: &str) -> String {
    let words = failure.split_whitespace().filter(|word| word.chars().all(|letter| letter.is_ascii_alphabetic()));
    words.take(5).collect::<Vec<_>>().join(" ")
}
