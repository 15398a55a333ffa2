//! Questions to Python, and what the leader makes of them.

use protocol::inspect::{Answer, Question, Refusal};
use protocol::port::{FromFrame, FromKernel, FromStore, TabMessage, ToKernel, ToStore};
use store_worker::leader::{Effect, Leader};

use crate::{ask, connect, has, insert, join, open, run};

/// The questions that the kernel is to answer, by their numbers.
fn questions(effects: &[Effect]) -> Vec<u64> {
    let questions = effects.iter().filter_map(|effect| match effect {
        Effect::Kernel(ToKernel::Inspect { id, .. }) => Some(*id),
        _ => None,
    });
    questions.collect()
}

#[test]
fn a_question_of_a_tab_is_asked_once_and_answered_to_that_tab() {
    let mut leader = open();
    leader.on_ui(ToStore::WarmKernel);
    connect(&mut leader);
    leader.on_tab(join("b"));
    let asked = ToStore::Inspect { request: 5, question: Question::new("len", 3) };
    let request = TabMessage::Request { tab: "b".into(), message: asked };
    let ids = questions(&leader.on_tab(request.clone()));
    assert_eq!(ids.len(), 1);
    assert!(leader.on_tab(request).is_empty(), "it waits already");
    let answer = |id| FromKernel::Inspected { id, answer: Answer::Nothing };
    let said = |effects: Vec<Effect>| {
        effects.into_iter().filter(|effect| matches!(effect, Effect::Tabs(_) | Effect::Ui(_))).collect::<Vec<_>>()
    };
    assert_eq!(said(leader.on_kernel(answer(ids[0] ^ 1), 10)), [], "nobody asked that");
    let message = FromStore::Inspected { request: 5, answer: Answer::Nothing };
    let reply = Effect::Tabs(TabMessage::Reply { tab: "b".into(), message });
    assert_eq!(said(leader.on_kernel(answer(ids[0]), 10)), [reply]);
    assert_eq!(said(leader.on_kernel(answer(ids[0]), 10)), [], "it is answered");
    assert!(leader.store().is_saved() && leader.store().notebook().sessions().is_empty(), "nothing is logged");
}

#[test]
fn a_question_to_a_kernel_that_runs_or_is_gone_is_refused() {
    let mut leader = open();
    let ask_python =
        |leader: &mut Leader, request| leader.on_ui(ToStore::Inspect { request, question: Question::new("len", 3) });
    let refused = |effects: &[Effect], request, refusal| {
        let answer = Answer::Refused(refusal);
        has(effects, |message| *message == FromStore::Inspected { request, answer: answer.clone() })
    };
    assert!(refused(&ask_python(&mut leader, 1), 1, Refusal::NotRunning));
    leader.on_ui(ToStore::WarmKernel);
    assert!(refused(&ask_python(&mut leader, 2), 2, Refusal::NotRunning), "it is on its way");
    connect(&mut leader);
    assert_eq!(questions(&ask_python(&mut leader, 3)).len(), 1);
    let died = FromFrame::Died { reason: "exited".into(), out_of_memory: false };
    assert!(refused(&leader.on_frame(died), 3, Refusal::NotRunning));
    ask(&mut leader, 4, insert(1));
    ask(&mut leader, 5, run(&[1]));
    connect(&mut leader);
    assert!(refused(&ask_python(&mut leader, 6), 6, Refusal::Busy));
}
