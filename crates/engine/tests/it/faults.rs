//! Faults: a clause that can't be evaluated fails closed, and a journal that can't have happened does not fold.

use handfast_events::{Event, Seq};

use crate::act::act;
use crate::check;
use crate::contracts::{FAULTS, SHOP};
use crate::journal::in_words;
use crate::world::World;

#[test]
fn a_requirement_that_cannot_be_evaluated_refuses() {
    check(
        FAULTS,
        r#"start  ticket
           when   the model calls ask {"n":0}
           then   ModelAnswered resolve, CallProposed resolve@1.0, CallRefused resolve@1.0 tools.ask.requires.it-divides,
                  ModelIntended resolve turn 2
           told   "the clause can't be evaluated, and so refuses", "the contract's author must mend this clause""#,
    );
}

#[test]
fn a_promise_that_cannot_be_judged_is_unverified_and_its_authors_fault() {
    check(
        FAULTS,
        r#"start  ticket
           given  the model calls look {"n":1}
           when   look returns {"n":0}
           then   CallApplied resolve@1.0, CallJudged resolve@1.0 unverified tools.look.ensures.it-divides,
                  StepFailed resolve author tools.look.ensures.it-divides blames author, RunFailed resolve"#,
    );
}

#[test]
fn what_cannot_be_written_for_the_server_fails_the_step_and_sends_nothing() {
    check(
        FAULTS,
        r#"start  ticket
           when   the model calls send {"n":0}
           then   ModelAnswered resolve, CallProposed resolve@1.0,
                  StepFailed resolve author tools.send.sends blames author, RunFailed resolve
           owes   nothing"#,
    );
}

#[test]
fn a_fault_beside_a_call_that_has_left_waits_for_it() {
    check(
        FAULTS,
        r#"start  ticket
           when   the model calls gives {"n":5} and send {"n":0}
           then   ModelAnswered resolve, CallProposed resolve@1.0, CallProposed resolve@1.1, CallIntended resolve@1.0,
                  StepFailed resolve author tools.send.sends
           owes   call resolve@1.0
           status running
           when   gives is lost
           then   CallDoubted resolve@1.0 settlement
           given  time passes 70s
           when   ada settles resolve@1.0 not applied
           then   MailTaken settle, CallSettled resolve@1.0, RunFailed resolve author"#,
    );
}

#[test]
fn a_failure_that_cannot_be_recognised_is_in_doubt() {
    check(
        FAULTS,
        r#"start  ticket
           given  the model calls gives {"n":0} and gives {"n":1}
           when   resolve@1.0 fails "what?"
           then   CallDoubted resolve@1.0 author settlement
           when   resolve@1.1 fails "what?"
           then   CallDoubted resolve@1.1 author settlement
           says   "failure `counted`"
           status waiting (settlement)"#,
    );
}

#[test]
fn an_answer_that_asks_for_more_calls_than_can_be_made_is_malformed() {
    let calls = vec![r#"read {"order":"o1"}"#; 65].join(" and ");
    check(
        SHOP,
        &format!(
            "start  ticket
             when   the model calls {calls}
             then   ModelAnswered resolve, ContextAdjusted resolve, ModelIntended resolve #2
             says   \"it asks for 65 calls at once; at most 64 can be made\""
        ),
    );
}

/// What happens to a run that meets most of what there is.
const EVENTFUL: [&str; 18] = [
    r#"the model answers "hello""#,
    "the model fails overloaded",
    "time passes",
    r#"the model calls find {"email":"ada@x"} and refund {"order":"o1","amount":5} and note {"order":"o1","text":"x"} and delete {}"#,
    r#"find returns {"id":"c1"}"#,
    "a worker takes over",
    r#"resolve@1.1 fails "gateway""#,
    "time passes",
    r#"resolve@1.1 returns {"order":"o1","amount":5}"#,
    r#"resolve@1.2 fails "later" code overloaded"#,
    "time passes",
    r#"resolve@1.2 returns {"noted":true}"#,
    "the model fails billing for nothing",
    "ada resumes",
    r#"the model calls mail {"to":"ada"}"#,
    "mail is lost",
    r#"ada settles resolve@2.0 applied {"sent":true}"#,
    r#"the model answers {"text":"done"}"#,
];

/// Kinds that tell of something without which the others could have happened too.
const INFORM_ONLY: [&str; 3] = ["EpochBegan", "MailTaken", "CallQueued"];

#[test]
fn a_journal_that_lacks_an_event_does_not_fold() {
    let mut world = World::new(SHOP);
    world.start("ticket", serde_json::json!({})).expect("it can begin");
    world.take().expect("it can be taken");
    for fact in EVENTFUL {
        act(&mut world, fact)
            .unwrap_or_else(|refused| panic!("`{fact}` is refused: {refused}\n{}", world.in_words(0)));
    }
    assert_eq!(world.run.status().name(), "done", "{}", world.in_words(0));
    for missing in 0..world.journal.len() - 1 {
        let mut journal = world.journal.clone();
        let gone = journal.remove(missing);
        let renumber = |(index, event): (usize, Event)| Event { seq: Seq(index as u64 + 1), ..event };
        let journal: Vec<Event> = journal.into_iter().enumerate().map(renumber).collect();
        let folds = world.folds(&journal);
        assert_eq!(
            folds,
            INFORM_ONLY.contains(&gone.name()),
            "without `{}` it folds: {folds}",
            in_words(&gone)
        );
    }
}

#[test]
fn a_journal_with_an_event_twice_or_out_of_place_does_not_fold() {
    let mut world = World::new(SHOP);
    world.start("tell", serde_json::json!({})).expect("it can begin");
    world.take().expect("it can be taken");
    act(&mut world, r#"mail returns {"sent":true}"#).expect("it is owed");
    for at in 0..world.journal.len() - 1 {
        let mut twice = world.journal.clone();
        twice.insert(at, world.journal[at].clone());
        assert!(!world.folds(&twice), "it folds with event {at} twice");
        let mut swapped = world.journal.clone();
        swapped.swap(at, at + 1);
        assert!(!world.folds(&swapped), "it folds with event {at} behind the next");
    }
}
