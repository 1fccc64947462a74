//! A call that its server has taken on and finishes later: polled durably, held, and in doubt when it is lost sight of.

use crate::check;
use crate::contracts::SHOP;

#[test]
fn a_call_that_is_taken_on_is_asked_for_until_it_has_a_result() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           when   refund is taken on as /jobs/7
           then   CallWorking pay@0.0 #1 shop as /jobs/7
           owes   poll pay@0.0 #1.1 /jobs/7 in 1s
           status waiting (call)
           when   time passes 1s
           then   nothing
           when   refund is still at work
           then   CallPolled pay@0.0 #1.1
           owes   poll pay@0.0 #1.2 /jobs/7 in 1s
           when   time passes 1s, refund returns {"order":"o1","amount":5}
           then   CallApplied pay@0.0 #1, CallJudged pay@0.0 held, StepSucceeded pay, RunSucceeded
           owes   nothing
           status done"#,
    );
}

#[test]
fn the_waits_grow_with_the_time_that_it_takes_and_are_never_shorter_than_its_server_asks() {
    check(
        SHOP,
        r#"start  tell
           given  mail is taken on as /jobs/7 asking for 30s
           owes   poll tell@0.0 #1.1 in 30s
           given  time passes, mail is still at work
           owes   poll tell@0.0 #1.2 in 1.875s
           given  time passes 1570s, mail is still at work
           owes   poll tell@0.0 #1.3 in 100s
           given  time passes 6400s, mail is still at work asking for 600s
           owes   poll tell@0.0 #1.4 in 600s
           given  time passes 8000s, mail is still at work as /jobs/8 asking for 999999s
           owes   poll tell@0.0 #1.5 /jobs/8 in 3600s
           status waiting (call)"#,
    );
}

#[test]
fn another_worker_goes_on_with_the_handle_and_nothing_is_sent_again() {
    check(
        SHOP,
        r#"start  tell
           given  mail is taken on as /jobs/7
           when   a worker takes over
           then   EpochBegan 2
           owes   poll tell@0.0 #1.1 /jobs/7 in 1s
           status waiting (call)
           when   time passes, tell@0.0 returns {"sent":true}
           then   CallApplied tell@0.0 #1, CallJudged tell@0.0, StepSucceeded tell, RunSucceeded true"#,
    );
}

#[test]
fn an_answer_to_the_attempt_itself_changes_nothing_once_it_is_taken_on() {
    check(
        SHOP,
        r#"start   tell
           given   mail is taken on as /jobs/7
           when    tell@0.0 #1 is lost
           refuses "the attempt is not open any more"
           status  waiting (call)"#,
    );
}

#[test]
fn a_server_that_does_not_know_it_any_more_leaves_a_call_without_a_key_in_doubt() {
    check(
        SHOP,
        r#"start  tell
           given  mail is taken on as /jobs/7, time passes
           when   mail is forgotten
           then   CallDoubted tell@0.0 #1 connection_lost settlement
           says   "its server took it on, and doesn't say what came of it"
           owes   nothing
           status waiting (settlement)
           when   ada settles tell@0.0 not applied
           then   MailTaken settle refused
           says   "its attempt may be at work until"
           when   ada settles tell@0.0 applied {"sent":true}
           then   MailTaken settle, CallSettled tell@0.0, CallJudged tell@0.0, StepSucceeded tell, RunSucceeded"#,
    );
}

#[test]
fn a_keyed_call_that_was_lost_sight_of_is_repeated_with_its_key_and_taken_on_again() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  refund is taken on as /jobs/7, time passes, refund is forgotten
           status waiting (retry)
           when   time passes
           then   CallIntended pay@0.0 #2
           owes   call pay@0.0 #2 with key
           when   refund is taken on as /jobs/7
           then   CallWorking pay@0.0 #2 as /jobs/7
           owes   poll pay@0.0 #2.1 /jobs/7
           when   time passes, refund fails "the card has expired"
           then   CallNotApplied pay@0.0 #2 tool_permanent expired again"#,
    );
}

#[test]
fn a_read_that_was_lost_sight_of_is_made_again() {
    check(
        SHOP,
        r#"start  search {"email":"ada@x"}
           given  find is taken on as /jobs/7, time passes
           when   find is forgotten
           then   CallNotApplied who@0.0 #1 connection_lost again
           when   time passes
           then   CallIntended who@0.0 #2"#,
    );
}

#[test]
fn a_task_that_fails_is_judged_by_the_names_of_its_contract() {
    check(
        SHOP,
        r#"start  tell
           given  mail is taken on as /jobs/7, time passes
           when   mail fails "it bounced"
           then   CallNotApplied tell@0.0 #1 tool_permanent bounced given up, StepFailed tell, RunFailed
           status failed"#,
    );
    check(
        SHOP,
        r#"start  tell
           given  mail is taken on as /jobs/7, time passes
           when   mail fails "it fell over"
           then   CallDoubted tell@0.0 #1 tool_breach settlement
           status waiting (settlement)"#,
    );
}

#[test]
fn that_its_server_could_not_be_asked_says_nothing_until_it_was_silent_for_a_day() {
    check(
        SHOP,
        r#"start  tell
           given  mail is taken on as /jobs/7, time passes
           when   mail can't be reached
           then   CallPolled tell@0.0 #1.1 not asked
           owes   poll tell@0.0 #1.2 /jobs/7 in 1s
           status waiting (call)
           given  time passes 80000s
           when   mail is still at work
           then   CallPolled tell@0.0 #1.2
           given  time passes 86000s
           when   mail can't be reached
           then   CallPolled tell@0.0 #1.3 not asked
           given  time passes 500s
           when   mail can't be reached
           then   CallDoubted tell@0.0 #1 connection_lost settlement
           says   "could not be asked for 24 hours""#,
    );
}

#[test]
fn what_its_server_works_on_holds_what_it_touches() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls refund {"order":"o1","amount":5} and read {"order":"o1"} and read {"order":"o2"}
           owes   call resolve@1.0, call resolve@1.2
           given  refund is taken on as /jobs/7, resolve@1.2 returns "open"
           owes   poll resolve@1.0
           status waiting (call)
           when   a worker takes over
           then   EpochBegan 2
           when   time passes, refund returns {"order":"o1","amount":5}
           then   CallApplied resolve@1.0, CallJudged resolve@1.0, CallIntended resolve@1.1"#,
    );
}

#[test]
fn a_run_that_ends_waits_for_what_may_take_effect_and_not_for_what_only_reads() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  refund is taken on as /jobs/7
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested
           owes   poll pay@0.0 #1.1
           status waiting (call)
           when   time passes, refund returns {"order":"o1","amount":5}
           then   CallApplied pay@0.0, CallJudged pay@0.0, CallLeftStanding pay@0.0 unsaid, RunCancelled
           status cancelled (standing)"#,
    );
    check(
        SHOP,
        r#"start  search {"email":"ada@x"}
           given  find is taken on as /jobs/7
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested, CallNotApplied who@0.0 #1 cancelled given up, RunCancelled
           status cancelled"#,
    );
}

#[test]
fn a_pause_does_not_keep_anybody_from_hearing_of_what_has_left() {
    check(
        SHOP,
        r#"start  tell
           given  mail is taken on as /jobs/7
           when   ada pauses
           then   MailTaken pause, RunPaused
           owes   poll tell@0.0
           status waiting (call)
           when   time passes, mail returns {"sent":true}
           then   CallApplied tell@0.0, CallJudged tell@0.0
           status paused (person)"#,
    );
}

#[test]
fn a_person_may_know_before_its_server_does_that_it_took_effect_and_never_that_it_did_not() {
    check(
        SHOP,
        r#"start  tell
           given  mail is taken on as /jobs/7, time passes 90000s
           when   ada settles tell@0.0 not applied
           then   MailTaken settle refused ada
           says   "its server is at work on it"
           when   ada settles tell@0.0 applied {"sent":true}
           then   MailTaken settle ada, CallSettled tell@0.0 applied, CallJudged tell@0.0, StepSucceeded tell,
                  RunSucceeded
           status done"#,
    );
}

#[test]
fn what_is_killed_while_its_server_works_on_it_is_named() {
    check(
        SHOP,
        r#"start  tell
           given  mail is taken on as /jobs/7
           when   ada kills
           then   MailTaken kill, RunKilled ada open tell@0.0
           says   "`mail` is worked on by its server (/jobs/7): it may take effect yet"
           status killed
           owes   nothing"#,
    );
}
