//! Failures of tools: what the contract says of them decides what follows.

use crate::check;
use crate::contracts::SHOP;

#[test]
fn a_permanent_failure_is_told_to_the_model() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls refund {"order":"o1","amount":5}
           when   refund fails "the card has expired"
           then   CallNotApplied resolve@1.0 tool_permanent expired given up, ModelIntended resolve turn 2
           told   "Not done: `refund` failed (expired): the card has expired""#,
    );
}

#[test]
fn a_permanent_failure_of_a_tool_step_fails_it() {
    check(
        SHOP,
        r#"start  search {"email":"ada@x"}
           when   find fails "nobody has that address"
           then   CallNotApplied who@0.0 tool_permanent nobody given up, StepFailed who tool_permanent blames tool,
                  RunFailed who"#,
    );
}

#[test]
fn a_transient_failure_is_tried_again_and_the_model_hears_nothing_of_it() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls refund {"order":"o1","amount":5}
           when   refund fails "try later" code overloaded
           then   CallNotApplied resolve@1.0 #1 tool_transient overloaded again
           says   "overloaded (overloaded)", "backoff"
           owes   wait
           status waiting (retry)
           when   time passes
           then   CallIntended resolve@1.0 #2
           owes   call resolve@1.0 #2 with key"#,
    );
}

#[test]
fn a_doubtful_failure_is_repeated_with_the_same_key() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls refund {"order":"o1","amount":5}
           when   refund fails "the gateway hung up"
           then   CallDoubted resolve@1.0 #1 tool_transient gateway again
           when   time passes
           then   CallIntended resolve@1.0 #2
           owes   call resolve@1.0 #2 with key
           when   refund returns {"order":"o1","amount":5}
           then   CallApplied resolve@1.0 #2, CallJudged resolve@1.0 held, ModelIntended resolve turn 2"#,
    );
}

#[test]
fn a_failure_speaks_for_its_own_attempt_only() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls refund {"order":"o1","amount":5}, refund is lost, time passes
           when   refund fails "the card has expired"
           then   CallNotApplied resolve@1.0 #2 tool_permanent expired again
           owes   wait"#,
    );
}

#[test]
fn a_failure_that_settles_the_call_speaks_for_earlier_attempts_too() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls refund {"order":"o1","amount":5}, refund is lost, time passes
           when   refund fails "no such key"
           then   CallNotApplied resolve@1.0 #2 unknown_key given up, ModelIntended resolve turn 2"#,
    );
}

#[test]
fn a_failure_that_gives_a_value_is_an_answer() {
    check(
        SHOP,
        r#"start  search {"email":"ada@x"}
           when   find fails "that customer was deleted"
           then   CallApplied who@0.0 {"id":"nobody"}, CallJudged who@0.0 held, StepSucceeded who, RunSucceeded "nobody""#,
    );
}

#[test]
fn an_unnamed_failure_of_a_tool_that_writes_is_in_doubt() {
    check(
        SHOP,
        r#"start  tell
           when   mail fails "segmentation fault"
           then   CallDoubted tell@0.0 tool_breach unnamed settlement
           says   "failed in a way that its contract doesn't name"
           owes   nothing
           status waiting (settlement)"#,
    );
}

#[test]
fn an_unnamed_failure_of_a_tool_that_only_reads_is_told() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls read {"order":"o1"}
           when   read fails "segmentation fault"
           then   CallNotApplied resolve@1.0 tool_breach given up, ModelIntended resolve turn 2
           told   "failed in a way that its contract doesn't name: segmentation fault""#,
    );
}

#[test]
fn a_lost_answer_of_a_tool_that_only_reads_is_asked_for_again() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls read {"order":"o1"}
           when   read times out
           then   CallNotApplied resolve@1.0 timeout again
           when   time passes
           then   CallIntended resolve@1.0 #2"#,
    );
}

#[test]
fn what_the_protocol_turned_away_took_no_effect() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls mail {"to":"ada"}
           when   mail is turned away
           then   CallNotApplied resolve@1.0 tool_permanent turned_away given up, ModelIntended resolve turn 2"#,
    );
}

#[test]
fn what_did_not_leave_is_sent_again_even_without_a_key() {
    check(
        SHOP,
        r#"start  tell
           when   mail is not sent
           then   CallNotSent tell@0.0 #1 unavailable again
           when   time passes
           then   CallIntended tell@0.0 #2
           owes   call tell@0.0 #2"#,
    );
}

#[test]
fn what_did_not_leave_for_want_of_a_secret_pauses_for_the_operator() {
    check(
        SHOP,
        r#"start  tell
           when   mail is not sent authentication
           then   CallNotSent tell@0.0 #1 authentication again, RunPaused operator
           owes   nothing
           status paused (operator)
           when   ada resumes
           then   MailTaken resume, RunResumed ada
           when   time passes 1s
           then   CallIntended tell@0.0 #2"#,
    );
}
