//! Probes: the world is looked at before a call and after it, and what was seen decides.

use crate::check;
use crate::contracts::PROBES;

#[test]
fn a_call_is_sent_once_its_probes_have_answered_and_hold() {
    check(
        PROBES,
        r#"start  pay
           then   RunStarted, EpochBegan, StepStarted pay, CallProposed pay@0.0 refund,
                  SideCallProposed pay@0.0~probe.order find {"order":"o1"}, CallIntended pay@0.0~probe.order #1
           owes   call pay@0.0~probe.order #1
           when   find returns {"status":"open","total":30}
           then   CallApplied pay@0.0~probe.order, CallJudged pay@0.0~probe.order held, CallIntended pay@0.0 #1
           owes   call pay@0.0 #1 with key"#,
    );
}

#[test]
fn a_probe_that_shows_a_broken_requirement_refuses_the_call() {
    check(
        PROBES,
        r#"start  pay
           when   find returns {"status":"refunded","total":30}
           then   CallApplied pay@0.0~probe.order, CallJudged pay@0.0~probe.order,
                  CallRefused pay@0.0 tools.refund.requires.the-order-is-open,
                  StepFailed pay refused_by_clause, RunFailed pay
           says   "`order.status == 'open'` does not hold"
           owes   nothing"#,
    );
}

#[test]
fn what_needs_no_probe_is_required_before_any_probe_is_asked() {
    check(
        PROBES,
        r#"start  pay {"amount":-1}
           then   RunStarted, EpochBegan, StepStarted pay, CallProposed pay@0.0,
                  CallRefused pay@0.0 tools.refund.requires.it-is-more-than-nothing, StepFailed pay, RunFailed pay"#,
    );
}

#[test]
fn a_probe_that_fails_refuses_the_call_with_the_reason() {
    check(
        PROBES,
        r#"start  pay
           when   find fails "no such order"
           then   CallNotApplied pay@0.0~probe.order given up, CallRefused pay@0.0 tools.refund.probes.order,
                  StepFailed pay, RunFailed pay
           says   "could not say: tool `find` failed in a way that its contract doesn't name: no such order""#,
    );
}

#[test]
fn a_probe_that_fails_in_passing_is_asked_again_and_at_last_refuses_the_call() {
    check(
        PROBES,
        r#"start  pay
           when   find fails "busy" code overloaded
           then   CallNotApplied pay@0.0~probe.order #1 again
           owes   wait
           status waiting (retry)
           given  time passes, find fails "busy" code overloaded, time passes
           when   find fails "busy" code overloaded
           then   CallNotApplied pay@0.0~probe.order #3 given up, CallRefused pay@0.0 tools.refund.probes.order,
                  StepFailed pay, RunFailed pay"#,
    );
}

#[test]
fn a_result_that_does_not_fit_is_no_answer_of_a_probe() {
    check(
        PROBES,
        r#"start  pay
           when   find returns {"status":"open"}
           then   CallApplied pay@0.0~probe.order, CallJudged pay@0.0~probe.order violated tools.find.output,
                  CallRefused pay@0.0 tools.refund.probes.order, StepFailed pay, RunFailed pay"#,
    );
}

#[test]
fn what_was_seen_too_long_ago_is_looked_at_again() {
    check(
        PROBES,
        r#"start  both
           given  move@0.0~probe.from returns {"status":"open","total":30}, time passes 11s
           when   move@0.0~probe.to returns {"status":"open","total":1}
           then   CallApplied move@0.0~probe.to, CallJudged move@0.0~probe.to,
                  SideCallProposed move@0.0~probe.from#2, CallIntended move@0.0~probe.from#2
           when   move@0.0~probe.from#2 returns {"status":"open","total":31}
           then   CallApplied move@0.0~probe.from#2, CallJudged move@0.0~probe.from#2, CallIntended move@0.0"#,
    );
}

#[test]
fn probes_that_are_stale_each_time_are_not_asked_for_ever() {
    check(
        PROBES,
        r#"start  both
           given  move@0.0~probe.from returns {"status":"open","total":30}, time passes 11s
           given  move@0.0~probe.to returns {"status":"open","total":1}, time passes 11s
           given  move@0.0~probe.from#2 returns {"status":"open","total":30}, time passes 11s
           given  move@0.0~probe.to#2 returns {"status":"open","total":1}, time passes 11s
           given  move@0.0~probe.from#3 returns {"status":"open","total":30}
           owes   call move@0.0~probe.to#3
           when   time passes 11s
           then   CallRefused move@0.0 tools.move.probes.from, StepFailed move, RunFailed move
           says   "older than 10 s each time""#,
    );
}

#[test]
fn what_is_there_afterwards_is_looked_at_before_anything_is_passed_on() {
    check(
        PROBES,
        r#"start  pay
           given  find returns {"status":"open","total":30}
           when   refund returns {"ok":true}
           then   CallApplied pay@0.0, SideCallProposed pay@0.0~after.order find, CallIntended pay@0.0~after.order
           owes   call pay@0.0~after.order
           when   find returns {"status":"refunded","total":30}
           then   CallApplied pay@0.0~after.order, CallJudged pay@0.0~after.order, CallJudged pay@0.0 held,
                  StepSucceeded pay, RunSucceeded"#,
    );
}

#[test]
fn a_tool_that_left_the_world_otherwise_than_it_promised_is_blamed() {
    check(
        PROBES,
        r#"start  pay
           given  find returns {"status":"open","total":30}, refund returns {"ok":true}
           when   find returns {"status":"refunded","total":29}
           then   CallApplied pay@0.0~after.order, CallJudged pay@0.0~after.order,
                  CallJudged pay@0.0 violated tools.refund.ensures.only-the-status-changed,
                  StepFailed pay tool_breach blames tool, CallLeftStanding pay@0.0 unsaid,
                  RunFailed pay"#,
    );
}

#[test]
fn what_can_not_be_seen_afterwards_leaves_its_clauses_unverified() {
    check(
        PROBES,
        r#"start  pay
           given  find returns {"status":"open","total":30}, refund returns {"ok":true}
           when   find fails "no such order"
           then   CallNotApplied pay@0.0~after.order, CallJudged pay@0.0 unverified, StepFailed pay, CallLeftStanding pay@0.0 unsaid,
                  RunFailed pay
           says   "what `order` is after the call can't be seen: tool `find` failed""#,
    );
}

#[test]
fn a_call_that_is_repeated_in_doubt_is_not_held_against_the_world_that_it_may_have_changed() {
    check(
        PROBES,
        r#"start  pay
           given  find returns {"status":"open","total":30}, refund is lost
           when   time passes 20s
           then   CallIntended pay@0.0 #2"#,
    );
}

#[test]
fn a_call_that_is_tried_again_looks_again() {
    check(
        PROBES,
        r#"start  pay
           given  find returns {"status":"open","total":30}, refund fails "busy" code overloaded
           when   time passes
           then   SideCallProposed pay@0.0~probe.order#2, CallIntended pay@0.0~probe.order#2"#,
    );
}

#[test]
fn a_probe_waits_for_what_changes_what_it_reads_and_passes_under_its_own_call() {
    check(
        PROBES,
        r#"start  two
           then   RunStarted, EpochBegan, StepStarted first, CallProposed first@0.0, StepStarted second, CallProposed second@0.0,
                  CallIntended first@0.0, CallQueued second@0.0 behind first@0.0
           when   first@0.0 returns null
           then   CallApplied first@0.0, CallJudged first@0.0, StepSucceeded first,
                  SideCallProposed second@0.0~probe.order, CallIntended second@0.0~probe.order"#,
    );
}

#[test]
fn a_probe_under_way_is_made_again_by_the_next_worker_and_ends_with_its_run() {
    check(
        PROBES,
        r#"start  pay
           when   a worker takes over
           then   EpochBegan, CallNotApplied pay@0.0~probe.order #1 worker_gone again, CallIntended pay@0.0~probe.order #2
           when   ada cancels
           then   MailTaken, RunCancelRequested, RunCancelled
           owes   nothing
           status cancelled"#,
    );
}

#[test]
fn a_run_that_is_cancelled_still_looks_at_what_its_calls_left() {
    check(
        PROBES,
        r#"start  pay
           given  find returns {"status":"open","total":30}, ada cancels
           when   refund returns {"ok":true}
           then   CallApplied pay@0.0, SideCallProposed pay@0.0~after.order, CallIntended pay@0.0~after.order
           when   find returns {"status":"refunded","total":30}
           then   CallApplied pay@0.0~after.order, CallJudged pay@0.0~after.order, CallJudged pay@0.0 held, CallLeftStanding pay@0.0 unsaid,
                  RunCancelled"#,
    );
}
