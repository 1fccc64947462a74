//! Doubts that the contract says how to settle: by looking at the world, through its settling time.

use crate::check;
use crate::contracts::LOOKS;

#[test]
fn a_call_in_doubt_is_looked_for_and_what_is_found_is_its_result() {
    check(
        LOOKS,
        r#"start  pay
           when   pay is lost
           then   CallDoubted pay@0.0 connection_lost, SideCallProposed pay@0.0~reconcile#1 find_payment {"key":"pay@0.0"},
                  CallIntended pay@0.0~reconcile#1
           owes   call pay@0.0~reconcile#1
           status running
           when   find_payment returns {"found":1,"id":"p7"}
           then   CallApplied pay@0.0~reconcile#1, CallJudged pay@0.0~reconcile#1,
                  CallFound pay@0.0 applied {"id":"p7"} pay@0.0~reconcile#1, CallJudged pay@0.0 held,
                  StepSucceeded pay, RunSucceeded "p7""#,
    );
}

#[test]
fn what_is_not_there_yet_may_still_come_until_all_has_settled() {
    check(
        LOOKS,
        r#"start  pay
           given  pay is lost
           when   find_payment returns {"found":0}
           then   CallApplied pay@0.0~reconcile#1, CallJudged, DoubtStayed pay@0.0 look again,
                  SideCallProposed pay@0.0~reconcile#2
           owes   wait
           status waiting (retry)
           given  time passes, find_payment returns {"found":0}, time passes, find_payment returns {"found":0}
           given  time passes, find_payment returns {"found":0}, time passes
           when   find_payment returns {"found":0}
           then   CallApplied pay@0.0~reconcile#5, CallJudged, DoubtStayed pay@0.0 look again,
                  SideCallProposed pay@0.0~reconcile#6
           says   "it is not there yet, and may come until"
           given  time passes
           when   find_payment returns {"found":0}
           then   CallApplied pay@0.0~reconcile#6, CallJudged, CallFound pay@0.0 not applied pay@0.0~reconcile#6,
                  CallIntended pay@0.0 #2
           owes   call pay@0.0 #2"#,
    );
}

#[test]
fn a_look_that_began_before_all_had_settled_says_nothing_of_what_came_later() {
    check(
        LOOKS,
        r#"start  pay
           given  pay is lost, time passes 100s
           when   find_payment returns {"found":0}
           then   CallApplied pay@0.0~reconcile#1, CallJudged, DoubtStayed pay@0.0 look again, SideCallProposed pay@0.0~reconcile#2
           given  time passes
           when   find_payment returns {"found":0}
           then   CallApplied, CallJudged, CallFound pay@0.0 not applied, CallIntended pay@0.0 #2"#,
    );
}

#[test]
fn looks_that_tell_nothing_end_and_a_person_is_asked() {
    check(
        LOOKS,
        r#"start  pay
           given  pay is lost, time passes 100s, find_payment fails "down", time passes, find_payment fails "down"
           given  time passes, find_payment is lost, time passes
           when   find_payment times out
           then   CallNotApplied pay@0.0~reconcile#4 given up, DoubtStayed pay@0.0 person
           says   "could not say: no answer in time"
           owes   nothing
           status waiting (settlement)
           when   ada settles pay@0.0 applied {"id":"p1"}
           then   MailTaken settle, CallSettled pay@0.0 applied, CallJudged pay@0.0, StepSucceeded pay, RunSucceeded"#,
    );
}

#[test]
fn looks_that_say_neither_or_both_leave_the_doubt() {
    check(
        LOOKS,
        r#"start  post
           given  post is lost
           when   find_payment returns {"found":2}
           then   CallApplied, CallJudged, DoubtStayed post@0.0 look again, SideCallProposed post@0.0~reconcile#2
           says   "it says neither""#,
    );
}

#[test]
fn what_looking_does_not_settle_is_repeated_where_that_is_safe() {
    check(
        LOOKS,
        r#"start  post
           given  post is lost, time passes 100s, find_payment returns {"found":2}, time passes
           given  find_payment returns {"found":2}, time passes, find_payment returns {"found":2}, time passes
           when   find_payment returns {"found":2}
           then   CallApplied, CallJudged, DoubtStayed post@0.0 repeat, CallIntended post@0.0 #2
           owes   call post@0.0 #2 with key
           when   post fails "busy"
           then   CallNotApplied post@0.0 #2, SideCallProposed post@0.0~reconcile#5, CallIntended post@0.0~reconcile#5"#,
    );
}

#[test]
fn a_worker_that_takes_over_looks_before_it_repeats() {
    check(
        LOOKS,
        r#"start  post
           when   a worker takes over
           then   EpochBegan, CallDoubted post@0.0 worker_gone settlement, SideCallProposed post@0.0~reconcile#1,
                  CallIntended post@0.0~reconcile#1
           when   a worker takes over
           then   EpochBegan, CallNotApplied post@0.0~reconcile#1 worker_gone again, CallIntended post@0.0~reconcile#1 #2
           when   find_payment returns {"found":1}
           then   CallApplied, CallJudged, CallFound post@0.0 applied null, CallJudged post@0.0, StepSucceeded post, RunSucceeded"#,
    );
}

#[test]
fn a_result_that_was_found_is_judged_as_any_other() {
    check(
        LOOKS,
        r#"start  pay
           given  pay is lost
           when   find_payment returns {"found":1,"id":""}
           then   CallApplied, CallJudged, CallFound pay@0.0 applied, CallJudged pay@0.0 violated,
                  StepFailed pay tool_breach, CallLeftStanding pay@0.0 unsaid,
                  RunFailed pay"#,
    );
}

#[test]
fn a_person_may_know_before_the_looks_do() {
    check(
        LOOKS,
        r#"start  pay
           given  pay is lost
           doubts nothing
           when   ada settles pay@0.0 applied {"id":"p1"}
           then   MailTaken settle, CallSettled pay@0.0 applied, CallJudged pay@0.0, StepSucceeded pay, RunSucceeded
           owes   nothing"#,
    );
}

#[test]
fn a_run_that_is_cancelled_still_looks_for_what_has_left() {
    check(
        LOOKS,
        r#"start  pay
           given  ada cancels
           when   pay is lost
           then   CallDoubted pay@0.0, SideCallProposed pay@0.0~reconcile#1, CallIntended pay@0.0~reconcile#1
           when   find_payment returns {"found":0}
           then   CallApplied, CallJudged, DoubtStayed pay@0.0 look again, SideCallProposed pay@0.0~reconcile#2
           owes   wait
           status waiting (retry)
           given  time passes 100s
           when   find_payment returns {"found":0}
           then   CallApplied, CallJudged, CallFound pay@0.0 not applied, RunCancelled
           status cancelled"#,
    );
}

#[test]
fn a_doubt_that_is_left_to_a_role_names_it() {
    check(
        LOOKS,
        r#"start  wire
           when   wire is lost
           then   CallDoubted wire@0.0 settlement, DoubtStayed wire@0.0 person support-lead
           status waiting (settlement)
           doubts wire@0.0 wire support-lead
           owes   nothing"#,
    );
}
