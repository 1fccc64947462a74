//! Doubt: a call without a key that may have left rests until a person settles it.

use crate::check;
use crate::contracts::SHOP;

#[test]
fn a_call_without_a_key_whose_answer_is_lost_rests_in_doubt() {
    check(
        SHOP,
        r#"start  tell
           when   mail is lost
           then   CallDoubted tell@0.0 connection_lost settlement
           owes   nothing
           status waiting (settlement)
           when   time passes 3600s
           then   nothing
           status waiting (settlement)"#,
    );
}

#[test]
fn a_call_that_a_person_settles_as_applied_goes_on_with_what_it_gave() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost
           when   ada settles tell@0.0 applied {"sent":true}
           then   MailTaken settle ada, CallSettled tell@0.0 applied {"sent":true} ada, CallJudged tell@0.0 held,
                  StepSucceeded tell, RunSucceeded true
           says   "looked at the shop"
           status done"#,
    );
}

#[test]
fn a_call_that_a_person_settles_as_not_applied_is_sent_again() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost
           given  time passes 70s
           when   ada settles tell@0.0 not applied
           then   MailTaken settle ada, CallSettled tell@0.0 not applied, CallIntended tell@0.0 #2
           owes   call tell@0.0 #2"#,
    );
}

#[test]
fn a_settlement_that_does_not_fit_the_output_is_refused() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost
           when   ada settles tell@0.0 applied {"ok":1}
           then   MailTaken settle refused ada
           says   "must fit its output"
           status waiting (settlement)"#,
    );
}

#[test]
fn a_settlement_of_what_is_not_in_doubt_is_refused_and_says_what_is() {
    check(
        SHOP,
        r#"start  tell
           when   ada settles tell@0.0 not applied
           then   MailTaken settle refused
           says   "is not in doubt; no call is"
           given  mail is lost
           when   ada settles told@0.0 not applied
           then   MailTaken settle refused
           says   "is not in doubt; tell@0.0""#,
    );
}

#[test]
fn a_late_answer_changes_nothing_of_what_is_settled_by_a_person() {
    check(
        SHOP,
        r#"start   ticket
           given   the model calls mail {"to":"ada"}, mail is lost, ada settles resolve@1.0 applied {"sent":true}
           when    resolve@1.0 #1 returns {"sent":true}
           then    ResultCameLate resolve@1.0 #1 applied {"sent":true}
           owes    ask resolve@2 #1
           when    resolve@1.0 #1 returns {"sent":true}
           refuses "the attempt is not open any more""#,
    );
}

#[test]
fn the_other_calls_of_a_turn_go_on_beside_a_doubt() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls mail {"to":"ada"} and read {"order":"o1"}, mail is lost
           status running
           owes   call resolve@1.1
           when   resolve@1.1 returns "open"
           then   CallApplied resolve@1.1, CallJudged resolve@1.1
           status waiting (settlement)
           when   ada settles resolve@1.0 applied {"sent":true}
           then   MailTaken settle, CallSettled resolve@1.0, CallJudged resolve@1.0, ModelIntended resolve turn 2"#,
    );
}

#[test]
fn a_call_that_waits_for_one_in_doubt_does_not_hide_it_behind_its_own_retry() {
    check(
        SHOP,
        r#"start  closing
           given  first@0.0 is not sent
           owes   call second@0.0, wait
           given  second@0.0 is lost
           status waiting (retry)
           when   time passes
           then   CallQueued first@0.0 behind second@0.0
           owes   nothing
           status waiting (settlement)
           when   ada settles second@0.0 applied null
           then   MailTaken settle, CallSettled second@0.0, CallJudged second@0.0,
                  CallIntended first@0.0 #2, StepSucceeded second"#,
    );
}

#[test]
fn a_keyed_call_that_failed_behind_a_doubt_can_still_be_settled_by_ending_the_run() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  pay@0.0 is lost, time passes, pay@0.0 fails "the card has expired", time passes
           when   pay@0.0 fails "the card has expired", time passes
           then   CallNotApplied pay@0.0 #3 again, RunPaused tools.refund.limits.attempts
           status paused (limit)
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested ada, CallDoubted pay@0.0 cancelled settlement
           status waiting (settlement)
           given  time passes 70s
           when   ada settles pay@0.0 not applied
           then   MailTaken settle, CallSettled pay@0.0, RunCancelled
           status cancelled"#,
    );
}

#[test]
fn a_person_may_settle_a_keyed_doubt_before_its_attempts_are_raised() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  pay@0.0 is lost, time passes, pay@0.0 fails "the card has expired", time passes
           given  pay@0.0 fails "the card has expired", time passes
           status paused (limit)
           when   ada settles pay@0.0 applied {"order":"o1","amount":5}
           then   MailTaken settle, CallSettled pay@0.0, CallJudged pay@0.0, RunResumed, StepSucceeded pay, RunSucceeded
           status done"#,
    );
}

#[test]
fn a_key_that_the_server_may_have_forgotten_repeats_nothing() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  pay@0.0 is lost
           status waiting (retry)
           when   time passes 7200s
           then   CallDoubted pay@0.0 #1 timeout
           owes   nothing
           status waiting (settlement)"#,
    );
}

#[test]
fn nobody_can_see_yet_that_what_may_be_at_work_takes_no_effect() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost
           when   ada settles tell@0.0 not applied
           then   MailTaken settle refused
           says   "its attempt may be at work until"
           given  time passes 69s
           when   ada settles tell@0.0 not applied
           then   MailTaken settle refused
           status waiting (settlement)
           when   ada settles tell@0.0 applied {"sent":true}
           then   MailTaken settle, CallSettled tell@0.0, CallJudged tell@0.0, StepSucceeded tell, RunSucceeded"#,
    );
}

#[test]
fn a_call_in_doubt_holds_what_it_touches_until_its_repeat_has_an_answer() {
    check(
        r#"
handfast: 1
name: two
version: "1"
servers: { disk: { rust: {} } }
tools:
  keep:
    via: disk.keep
    description: Keeps one value.
    input: { value: string }
    effects: [ { writes: file/x } ]
    idempotency: natural
workflows:
  both:
    steps:
      first:  { tool: keep, with: { value: "'1'" } }
      second: { tool: keep, with: { value: "'2'" } }
"#,
        r#"start  both
           given  first@0.0 is lost
           owes   wait
           when   time passes
           then   CallIntended first@0.0 #2
           when   first@0.0 returns null
           then   CallApplied first@0.0, CallJudged first@0.0, StepSucceeded first, CallIntended second@0.0"#,
    );
}
