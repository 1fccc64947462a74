//! Stopping: a run that somebody cancels begins nothing new, and ends when nothing that has left is unknown.

use crate::check;
use crate::contracts::SHOP;

#[test]
fn a_run_with_nothing_under_way_is_cancelled_at_once() {
    check(
        SHOP,
        r#"start  ticket
           given  the model fails rate_limited for nothing asking for 3s
           when   ada cancels
           then   MailTaken cancel ada, RunCancelRequested ada, RunCancelled
           owes   nothing
           status cancelled"#,
    );
}

#[test]
fn an_answer_under_way_is_not_waited_for() {
    check(
        SHOP,
        r#"start     ticket
           when      ada cancels
           then      MailTaken cancel, RunCancelRequested, ModelFailed resolve cancelled no more, RunCancelled
           reserved  0 tokens
           forfeited 4178 tokens"#,
    );
}

#[test]
fn a_call_under_way_is_waited_for() {
    check(
        SHOP,
        r#"start  tell
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested ada
           owes   call tell@0.0
           status running
           when   mail returns {"sent":true}
           then   CallApplied tell@0.0, CallJudged tell@0.0, CallLeftStanding tell@0.0 unsaid, RunCancelled
           status cancelled (standing)"#,
    );
}

#[test]
fn a_call_that_fails_while_the_run_ends_is_not_tried_again() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  ada cancels
           when   pay@0.0 fails "later" code overloaded
           then   CallNotApplied pay@0.0 overloaded given up, RunCancelled"#,
    );
}

#[test]
fn a_doubt_is_settled_before_the_run_ends() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested ada
           status waiting (settlement)
           given  time passes 70s
           when   ada settles tell@0.0 not applied
           then   MailTaken settle, CallSettled tell@0.0 not applied, RunCancelled"#,
    );
}

#[test]
fn a_doubt_that_was_to_be_repeated_is_settled_instead() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  pay@0.0 is lost
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested, CallDoubted pay@0.0 cancelled settlement
           status waiting (settlement)
           when   ada settles pay@0.0 applied {"order":"o1","amount":5}
           then   MailTaken settle, CallSettled pay@0.0, CallJudged pay@0.0,
                  CallLeftStanding pay@0.0 unsaid writes order/o1, RunCancelled"#,
    );
}

#[test]
fn a_paused_run_can_be_cancelled() {
    check(
        SHOP,
        r#"start  ticket
           given  the model fails billing for nothing
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested, RunCancelled"#,
    );
}

#[test]
fn a_run_is_cancelled_once() {
    check(
        SHOP,
        r#"start  tell
           given  ada cancels
           when   bob cancels
           then   MailTaken cancel refused bob
           says   "the run is ending already""#,
    );
}

#[test]
fn what_comes_back_while_paused_is_remembered_and_nothing_new_leaves() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls read {"order":"o1"} and mail {"to":"ada"}, mail is not sent authentication
           status running
           owes   call resolve@1.0
           when   read returns "open"
           then   CallApplied resolve@1.0, CallJudged resolve@1.0
           owes   nothing
           status paused (operator)"#,
    );
}

#[test]
fn a_run_that_is_not_paused_is_not_resumed() {
    check(
        SHOP,
        r#"start  tell
           when   ada resumes
           then   MailTaken resume refused
           says   "the run is running: nothing is to be resumed""#,
    );
}
