//! Steps that wait: for a time to come, or for a signal, and never unsaid.

use crate::check;
use crate::flow::FLOW;

#[test]
fn a_wait_is_over_when_its_time_has_come() {
    check(
        FLOW,
        r#"start  pause
           owes   wait 600s
           status waiting (time)
           when   time passes 599s
           then   
           when   time passes 1s
           then   StepSucceeded short absent, StepSkipped due, StepStarted sent, CallProposed, CallIntended
           status running"#,
    );
}

#[test]
fn a_time_may_be_years_away_and_a_limit_around_it_holds_the_run_first() {
    check(
        FLOW,
        r#"start  pause {"due":"2031-01-01T00:00:00Z"}
           when   time passes 600s
           then   StepSucceeded short absent, StepStarted due, WaitBegan due 2031-01-01T00:00:00Z limited
           owes   wait 2591400s
           status waiting (time)
           when   time passes 2591400s
           then   RunPaused workflows.pause.limits.deadline
           owes   nothing
           status paused (limit)
           when   ada raises time to 900000000s
           then   MailTaken raise, LimitRaised, RunResumed, WaitBegan due 2031-01-01T00:00:00Z limited
           status waiting (time)
           when   time passes
           then   StepSucceeded due absent, StepStarted sent, CallProposed, CallIntended"#,
    );
}

#[test]
fn what_is_no_time_fails_the_step() {
    check(
        FLOW,
        r#"start  pause {"due":"tomorrow"}
           when   time passes 600s
           then   StepSucceeded short, StepStarted due, StepFailed due hand_off blames step, RunFailed due
           says   "`input.due` is no time with its zone""#,
    );
}

#[test]
fn a_signal_ends_the_wait_and_is_its_value() {
    check(
        FLOW,
        r#"start  paid
           status waiting (signal)
           when   ada signals paid {"amount":7}
           then   MailTaken signal ada, SignalReceived paid mail-1, StepSucceeded paid as given,
                  StepStarted sent {"text":"7"}, CallProposed, CallIntended"#,
    );
}

#[test]
fn a_signal_of_another_name_or_type_is_refused_with_the_reason() {
    check(
        FLOW,
        r#"start  paid
           when   ada signals payed {"amount":7}
           then   MailTaken signal refused
           says   "no step of its workflow waits for `payed`; they wait for: paid"
           when   ada signals paid {"amount":"seven"}
           then   MailTaken signal refused
           says   "what `paid` carries does not fit its type: at /amount"
           status waiting (signal)"#,
    );
}

#[test]
fn a_signal_that_does_not_come_in_time_fails_its_step() {
    check(
        FLOW,
        r#"start  paid
           when   time passes
           then   StepFailed paid not_reached workflows.paid.steps.paid.wait.within blames environment,
                  RunFailed paid
           says   "the signal `paid` did not come in time""#,
    );
}

#[test]
fn a_signal_is_kept_for_a_step_that_does_not_wait_yet_and_ends_one_wait() {
    check(
        FLOW,
        r#"start  either {"names":["a","b"]}
           when   ada signals go null
           then   MailTaken signal, SignalReceived study[0]/go, StepSucceeded study[0]/go absent,
                  LaneFinished study 0 absent
           when   ada signals go for study[1]/go null
           then   MailTaken, SignalReceived study[1]/go, StepSucceeded, LaneFinished study 1, StepSucceeded study absent
           when   ada signals go null
           then   MailTaken signal
           when   ada signals go for nowhere null
           then   MailTaken signal refused
           status waiting (signal)
           when   ada signals stop null
           then   MailTaken, SignalReceived stop, StepSucceeded stop absent, RunSucceeded null"#,
    );
}
