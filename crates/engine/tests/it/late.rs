//! What came of an attempt is heard late: the answer that everybody waits for, evidence, or a contradiction.

use crate::check;
use crate::contracts::{SHOP, TRIP};
use crate::talk::DESK;

#[test]
fn an_answer_that_comes_late_ends_a_doubt_that_is_open_still() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost
           status waiting (settlement)
           when   a lost worker hears tell@0.0 #1 returns {"sent":true}
           then   MailTaken late worker-1, CallApplied tell@0.0 #1, CallJudged tell@0.0 held, StepSucceeded tell,
                  RunSucceeded true
           status done"#,
    );
    check(
        SHOP,
        r#"start  tell
           given  mail is lost
           when   a lost worker hears tell@0.0 #1 fails "it bounced"
           then   MailTaken late, CallNotApplied tell@0.0 #1 bounced given up, StepFailed tell, RunFailed
           status failed"#,
    );
}

#[test]
fn an_answer_that_says_nothing_leaves_the_doubt() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost
           when   a lost worker hears tell@0.0 #1 fails "it fell over"
           then   MailTaken late
           status waiting (settlement)
           when   a lost worker hears tell@0.0 #7 returns {"sent":true}
           then   MailTaken late
           when   a lost worker hears nobody@0.0 #1 returns {"sent":true}
           then   MailTaken late
           status waiting (settlement)"#,
    );
}

#[test]
fn a_repeat_is_not_needed_where_the_answer_comes_before_it() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  pay@0.0 is lost
           status waiting (retry)
           when   a lost worker hears pay@0.0 #1 returns {"order":"o1","amount":5}
           then   MailTaken late, CallApplied pay@0.0 #1, CallJudged pay@0.0, StepSucceeded pay, RunSucceeded"#,
    );
}

#[test]
fn a_failure_that_comes_late_speaks_for_its_own_attempt_only() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  pay@0.0 is lost, time passes, pay@0.0 is lost, ada cancels
           status waiting (settlement)
           when   a lost worker hears pay@0.0 #2 fails "the card has expired"
           then   MailTaken late
           status waiting (settlement)
           when   a lost worker hears pay@0.0 #2 fails "no such key"
           then   MailTaken late, CallNotApplied pay@0.0 #2 unknown_key given up, RunCancelled
           status cancelled"#,
    );
}

#[test]
fn what_was_said_and_comes_late_is_evidence_once() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls mail {"to":"ada"}, mail is lost, ada settles resolve@1.0 applied {"sent":true}
           when   a lost worker hears resolve@1.0 #1 returns {"sent":true}
           then   MailTaken late, ResultCameLate resolve@1.0 #1 applied {"sent":true}
           when   a lost worker hears resolve@1.0 #1 returns {"sent":true}
           then   MailTaken late
           given  the model answers {"text":"done"}
           status done"#,
    );
}

#[test]
fn what_a_person_said_of_a_call_is_contradicted_by_its_answer_and_a_person_is_to_know() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost, time passes 70s, ada settles tell@0.0 not applied
           owes   call tell@0.0 #2
           when   a lost worker hears tell@0.0 #1 returns {"sent":true}
           then   MailTaken late, ResultCameLate tell@0.0 #1 applied contradicts ada not applied
           owes   call tell@0.0 #2
           when   tell@0.0 #2 returns {"sent":true}
           then   CallApplied tell@0.0 #2, CallJudged tell@0.0, StepSucceeded tell, RunSucceeded
           status done (standing)
           when   ada accepts tell@0.0
           then   MailTaken accept, StandingAccepted tell@0.0
           status done"#,
    );
}

#[test]
fn what_was_repeated_with_its_key_took_effect_once_whatever_was_said() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  pay@0.0 is lost, time passes, pay@0.0 is lost, time passes, pay@0.0 is lost, time passes 70s
           status paused (limit)
           given  ada settles pay@0.0 not applied, ada raises attempts to 9
           given  pay@0.0 #4 returns {"order":"o1","amount":5}
           status done
           when   a lost worker hears pay@0.0 #1 returns {"order":"o1","amount":5}
           then   MailTaken late, ResultCameLate pay@0.0 #1 applied
           status done"#,
    );
}

#[test]
fn what_was_repeated_with_its_key_contradicts_nothing_once_it_was_told_of_or_taken_back() {
    let refunding = r#"start  desk
           given  ada says "refund o1", the model calls refund {"order":"o1","amount":20}, ada says "yes"
           given  refund is lost, time passes, refund is lost, time passes, refund is lost, time passes 80s
           given  bob settles talk@1.0 not applied, bob raises attempts to 9, refund returns {"id":"r1"}
           "#;
    check(
        DESK,
        &format!(
            r#"{refunding}given  the model answers "Done."
           when   a lost worker hears talk@1.0 #1 returns {{"id":"r1"}}
           then   MailTaken late, ResultCameLate talk@1.0 #1 applied
           when   bob cancels
           then   MailTaken, RunCancelRequested, RunCancelled
           says   ""standing":["talk@1.0"]""#
        ),
    );
    check(
        DESK,
        &format!(
            r#"{refunding}given  bob cancels, talk@1.0~compensate returns null
           status cancelled
           when   a lost worker hears talk@1.0 #1 returns {{"id":"r1"}}
           then   MailTaken late, ResultCameLate talk@1.0 #1 applied
           status cancelled"#
        ),
    );
}

#[test]
fn what_took_a_call_back_with_its_key_took_it_back_once() {
    check(
        TRIP,
        r#"start  trip
           given  room@0.0 returns {"id":"b1","price":90}, seat@0.0 fails "gone"
           given  room@0.0~compensate is lost, time passes, room@0.0~compensate is lost, time passes 80s
           given  ada settles room@0.0~compensate not applied
           given  room@0.0~compensate returns {"cancelled":true}
           status failed
           when   a lost worker hears room@0.0~compensate #1 returns {"cancelled":true}
           then   MailTaken late, ResultCameLate room@0.0~compensate #1 applied
           status failed"#,
    );
}

#[test]
fn an_earlier_attempt_that_took_effect_ends_the_doubt_about_one_with_the_same_key() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  pay@0.0 is lost, time passes, pay@0.0 is lost, ada cancels
           status waiting (settlement)
           when   a lost worker hears pay@0.0 #1 fails "the card has expired"
           then   MailTaken late
           when   a lost worker hears pay@0.0 #1 returns {"order":"o1","amount":5}
           then   MailTaken late, CallApplied pay@0.0 #1, CallJudged pay@0.0, CallLeftStanding pay@0.0, RunCancelled"#,
    );
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  pay@0.0 is lost, time passes, pay@0.0 is lost
           status waiting (retry)
           when   a lost worker hears pay@0.0 #1 returns {"order":"o1","amount":5}
           then   MailTaken late, CallApplied pay@0.0 #1, CallJudged pay@0.0, StepSucceeded pay, RunSucceeded"#,
    );
}

#[test]
fn an_earlier_attempt_says_nothing_of_one_that_took_effect_by_itself() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost, time passes 80s, ada settles tell@0.0 not applied, tell@0.0 #2 is lost
           status waiting (settlement)
           when   a lost worker hears tell@0.0 #1 returns {"sent":true}
           then   MailTaken late, ResultCameLate tell@0.0 #1 applied contradicts ada not applied
           status waiting (settlement)"#,
    );
}

#[test]
fn what_is_known_to_have_taken_effect_is_not_sent_again() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost, time passes 80s, bob pauses
           when   ada settles tell@0.0 not applied
           then   MailTaken, CallSettled tell@0.0
           owes   nothing
           when   a lost worker hears tell@0.0 #1 returns {"sent":true}
           then   MailTaken late, CallApplied tell@0.0 #1, CallJudged tell@0.0
           when   a lost worker hears tell@0.0 #1 returns {"sent":true}
           then   MailTaken late
           when   bob resumes
           then   MailTaken, RunResumed, StepSucceeded tell, RunSucceeded true
           status done"#,
    );
}

#[test]
fn that_it_took_effect_after_all_is_named_though_the_run_has_ended() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost, ada cancels, time passes 70s, ada settles tell@0.0 not applied
           status cancelled
           when   a lost worker hears tell@0.0 #1 returns {"sent":true}
           then   MailTaken late, ResultCameLate tell@0.0 #1 applied contradicts ada not applied
           status cancelled (standing)
           owes   nothing
           when   ada accepts tell@0.0
           then   MailTaken accept, StandingAccepted tell@0.0
           status cancelled"#,
    );
}

#[test]
fn a_run_that_fails_names_what_stands_against_what_was_said() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost, time passes 70s, ada settles tell@0.0 not applied
           given  a lost worker hears tell@0.0 #1 returns {"sent":true}
           when   tell@0.0 #2 fails "it bounced"
           then   CallNotApplied tell@0.0 #2, StepFailed tell, RunFailed tell stands tell@0.0
           status failed (standing)"#,
    );
}

#[test]
fn that_it_took_no_effect_contradicts_who_said_that_it_did() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls mail {"to":"ada"}, mail is lost, ada settles resolve@1.0 applied {"sent":true}
           when   a lost worker hears resolve@1.0 #1 fails "it bounced"
           then   MailTaken late, ResultCameLate resolve@1.0 #1 not applied tool_permanent contradicts ada applied
           given  the model answers {"text":"done"}
           status done (standing)"#,
    );
}

#[test]
fn that_it_gave_something_else_contradicts_a_person() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls mail {"to":"ada"}, mail is lost, ada settles resolve@1.0 applied {"sent":true}
           when   a lost worker hears resolve@1.0 #1 returns {"sent":false}
           then   MailTaken late, ResultCameLate resolve@1.0 #1 applied {"sent":false} contradicts ada applied"#,
    );
}

#[test]
fn a_poll_that_ends_after_a_person_has_settled_is_evidence() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls mail {"to":"ada"}, mail is taken on as /jobs/7
           given  ada settles resolve@1.0 applied {"sent":true}
           when   resolve@1.0 #1 fails "it bounced"
           then   ResultCameLate resolve@1.0 #1 not applied contradicts ada applied"#,
    );
}

#[test]
fn a_killed_run_hears_nothing_any_more() {
    check(
        SHOP,
        r#"start  tell
           given  mail is lost, ada kills
           when   a lost worker hears tell@0.0 #1 returns {"sent":true}
           then   MailTaken late refused
           says   "the run was killed"
           status killed"#,
    );
}
