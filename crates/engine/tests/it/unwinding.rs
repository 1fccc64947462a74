//! A failure within steps: what catches it, what stands for it, and what is settled and taken back first.

use crate::check;
use crate::flow::FLOW;

#[test]
fn what_is_skipped_when_it_fails_is_absent() {
    check(
        FLOW,
        r#"start  skipped
           when   found@0.0 fails "gone"
           then   CallNotApplied, StepFailed found caught by found, OtherwiseTaken found because of found,
                  StepSkipped found, StepStarted sent {"text":"none"}, CallProposed, CallIntended sent@0.0
           says   "`found` failed, and `otherwise` is `skip`""#,
    );
}

#[test]
fn a_value_or_another_step_stands_for_what_fails() {
    check(
        FLOW,
        r#"start  replaced
           when   found@0.0 fails "gone"
           then   CallNotApplied, StepFailed found caught by found, OtherwiseTaken found,
                  StepSucceeded found {"good":false,"text":"nothing"}, StepStarted said {"about":"nothing"},
                  ModelIntended said
           when   the model declines "no"
           then   ModelAnswered said, StepFailed said refused caught by said, OtherwiseTaken said,
                  StepStarted said~otherwise {"name":"b"}, CallProposed said~otherwise@0.0, CallIntended
           when   said~otherwise@0.0 fails "gone"
           then   CallNotApplied, StepFailed said~otherwise caught by said~otherwise,
                  OtherwiseTaken said~otherwise, StepStarted said~otherwise~otherwise {"name":"c"},
                  CallProposed, CallIntended
           when   said~otherwise~otherwise done {"text":"C","good":true}
           then   CallApplied, CallJudged, StepSucceeded said~otherwise~otherwise as given,
                  StepSucceeded said~otherwise as given, StepSucceeded said as given,
                  RunSucceeded {"found":"nothing"}"#,
    );
}

#[test]
fn what_stands_for_a_step_is_caught_by_nothing_of_that_step() {
    check(
        FLOW,
        r#"start  replaced
           given  found done {"text":"A","good":true}, the model declines "no"
           given  said~otherwise@0.0 fails "gone"
           when   said~otherwise~otherwise@0.0 fails "gone"
           then   CallNotApplied, StepFailed said~otherwise~otherwise, RunFailed said~otherwise~otherwise
           status failed"#,
    );
}

#[test]
fn a_failure_four_steps_deep_is_caught_by_the_innermost_around_it() {
    check(
        FLOW,
        r#"start  deep {"names":["a","b"]}
           owes   call beside@0.0 #1, call study[0]/tries#1/way/one/found@0.0 #1,
                  call study[1]/tries#1/way/one/found@0.0 #1
           given  study[1]/tries#1/way/one/found done {"text":"B","good":true}
           owes   ask study[1]/tries#1/way/one/text@1 #1, call beside@0.0,
                  call study[0]/tries#1/way/one/found@0.0
           when   study[0]/tries#1/way/one/found@0.0 fails "gone"
           then   CallNotApplied, StepFailed study[0]/tries#1/way/one/found caught by study,
                  ModelFailed study[1]/tries#1/way/one/text cancelled no more,
                  OtherwiseTaken study because of study[0]/tries#1/way/one/found,
                  StepSucceeded study ["nobody"]
           owes   call beside@0.0
           when   beside done {"id":"p1"}
           then   CallApplied, CallJudged, StepSucceeded beside, RunSucceeded ["nobody"]"#,
    );
}

#[test]
fn nothing_begins_where_a_step_around_it_failed_and_what_left_is_settled_before_that_goes_on() {
    check(
        FLOW,
        r#"start  settled
           owes   ask beside@1 #1, ask part/said@1 #1, call part/sent@0.0, call part/found@0.0
           when   part/found@0.0 fails "gone"
           then   CallNotApplied, StepFailed part/found caught by part, ModelFailed part/said cancelled no more
           owes   ask beside@1 #1, call part/sent@0.0
           when   part/sent@0.0 is lost
           then   CallDoubted part/sent@0.0 settlement
           given  beside done "there"
           status waiting (settlement)
           when   a worker takes over
           then   EpochBegan
           when   ada settles part/sent@0.0 applied {"id":"p1"}
           then   MailTaken, CallSettled, CallJudged, CallLeftStanding part/sent@0.0, OtherwiseTaken part, StepSucceeded part "instead",
                  RunSucceeded {"beside":"there","part":"instead"}"#,
    );
}

#[test]
fn a_run_that_is_cancelled_while_a_step_fails_ends_once_all_is_settled() {
    check(
        FLOW,
        r#"start  settled
           given  part/found@0.0 fails "gone"
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested, ModelFailed beside cancelled
           when   part/sent done {"id":"p1"}
           then   CallApplied, CallJudged, CallLeftStanding part/sent@0.0, RunCancelled
           status cancelled (standing)"#,
    );
}

#[test]
fn nothing_is_taken_back_once_the_run_was_killed() {
    check(
        FLOW,
        r#"start  settled
           given  part/found@0.0 fails "gone", bob pauses, part/sent@0.0 returns {"id":"p1"}
           when   bob kills
           then   MailTaken kill, ModelFailed beside, RunKilled
           status killed
           when   a lost worker hears part/sent@0.0 #1 returns {"id":"p1"}
           then   MailTaken late refused"#,
    );
}
