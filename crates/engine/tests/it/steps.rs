//! Steps: what starts when, with what, and what a broken hand-off does.

use crate::check;
use crate::contracts::{SHOP, STEPS};

#[test]
fn a_run_begins_with_the_steps_that_read_nothing_else() {
    check(
        STEPS,
        r#"start  answer {"email":"ada@x"}
           owes   call who@0.0 #1 {"email":"ada@x","limit":8}
           status running"#,
    );
}

#[test]
fn a_step_starts_when_what_it_reads_is_there_and_beside_others() {
    check(
        STEPS,
        r#"start  answer {"email":"ada@x"}
           when   who done {"id":"c1"}
           then   CallApplied who@0.0 {"id":"c1"}, CallJudged who@0.0 held, StepSucceeded who as given,
                  StepStarted order {"id":"c1"}, CallProposed order@0.0 read,
                  StepStarted write {"id":"c1"}, CallIntended order@0.0 #1, ModelIntended write
           owes   ask write@1 #1, call order@0.0"#,
    );
}

#[test]
fn a_step_waits_for_what_it_needs_though_it_reads_nothing_of_it() {
    check(
        STEPS,
        r#"start  answer {"email":"ada@x"}
           given  who done {"id":"c1"}
           when   order done {"total":9.5}
           then   CallApplied order@0.0, CallJudged order@0.0, StepSucceeded order
           owes   ask write@1 #1
           when   write done "hello"
           then   ModelAnswered write, StepSucceeded write as given,
                  StepStarted greet {"id":"c1","total":9.5}, CallProposed greet@0.0, CallIntended greet@0.0
           when   greet done "Dear Ada"
           then   CallApplied greet@0.0, CallJudged greet@0.0, StepSucceeded greet, RunSucceeded "Dear Ada"
           owes   nothing
           status done"#,
    );
}

#[test]
fn a_step_whose_condition_does_not_hold_is_skipped_and_its_absence_passed_on() {
    check(
        STEPS,
        r#"start  answer {"email":"ada@x","known":true}
           when   who done {"id":"c1"}
           then   CallApplied who@0.0, CallJudged who@0.0, StepSucceeded who, StepSkipped order,
                  StepStarted write, ModelIntended write
           says   "does not hold"
           when   write done "hello"
           then   ModelAnswered write, StepSucceeded write, StepStarted greet {"id":"c1"},
                  CallProposed greet@0.0, CallIntended greet@0.0 {"id":"c1"}"#,
    );
}

#[test]
fn a_step_is_given_a_whole_value_and_what_an_output_lacks_is_left_out() {
    check(
        STEPS,
        r#"start  whole {"email":"ada@x"}
           then   RunStarted, EpochBegan, StepStarted who {"email":"ada@x","limit":8}, CallProposed who@0.0,
                  CallIntended who@0.0
           when   who done {"id":"c1"}
           then   CallApplied who@0.0, CallJudged who@0.0, StepSucceeded who, StepStarted write {"id":"c1"},
                  ModelIntended write
           when   write done "hello"
           then   ModelAnswered write, StepSucceeded write, RunSucceeded {"text":"hello"}
           status done"#,
    );
}

#[test]
fn a_broken_hand_off_fails_the_step_and_blames_the_one_before_it() {
    check(
        STEPS,
        r#"start  answer {"email":"ada@x"}
           when   who done {"id":"ada"}
           then   CallApplied who@0.0, CallJudged who@0.0 held, StepSucceeded who,
                  StepFailed order hand_off workflows.answer.steps.order.with blames step,
                  RunFailed order hand_off workflows.answer.steps.order.with blames step
           says   "what `who` gave does not fit"
           owes   nothing
           status failed"#,
    );
}

#[test]
fn a_condition_that_cannot_be_evaluated_is_its_authors_fault() {
    check(
        STEPS,
        r#"start  broken {"n":0}
           then   RunStarted, EpochBegan, StepFailed who author workflows.broken.steps.who.when blames author,
                  RunFailed who author
           owes   nothing
           status failed"#,
    );
}

#[test]
fn an_output_that_cannot_be_made_fails_the_run() {
    check(
        STEPS,
        r#"start  broken {"n":1}
           when   who done {"id":"c1"}
           then   CallApplied who@0.0, CallJudged who@0.0, StepSucceeded who,
                  RunFailed output author workflows.broken.output blames author
           owes   nothing
           status failed"#,
    );
}

#[test]
fn a_run_does_not_begin_with_an_input_of_another_type() {
    check(
        STEPS,
        r#"start   answer {"mail":"ada@x"}
           refuses "does not fit its type""#,
    );
}

#[test]
fn a_run_does_not_begin_without_its_workflow() {
    check(
        STEPS,
        r#"start   nothing {}
           refuses "no workflow `nothing`; it has answer, broken, whole""#,
    );
}

#[test]
fn nothing_follows_the_end() {
    check(
        SHOP,
        r#"start   search {"email":"ada@x"}
           given   who done {"id":"c1"}
           status  done
           when    who@0.0 #1 returns {"id":"c2"}
           refuses "the run is ended"
           when    a worker takes over
           refuses "the run is ended""#,
    );
}
