//! What a run did is taken back when it fails or is cancelled: once, in reverse order, or it says what stands.

use crate::check;
use crate::contracts::TRIP;

#[test]
fn what_was_done_is_taken_back_in_reverse_order_then_the_run_fails() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, seat done {}
           when   page@0.0 fails "gone"
           then   CallNotApplied page@0.0 gone given up, StepFailed page tool_permanent,
                  CompensationBegan seat@0.0 then room@0.0,
                  SideCallProposed seat@0.0~compensate free {"seat":"12a"}, CallIntended seat@0.0~compensate #1
           owes   call seat@0.0~compensate #1 {"seat":"12a"}
           status compensating
           when   seat@0.0~compensate returns {"free":true}
           then   CallApplied seat@0.0~compensate, CallJudged seat@0.0~compensate held, CallCompensated seat@0.0,
                  SideCallProposed room@0.0~compensate cancel {"id":"b1","refund":90}, CallIntended room@0.0~compensate #1
           owes   call room@0.0~compensate #1 with key {"id":"b1","refund":90}
           when   room@0.0~compensate returns {"cancelled":true}
           then   CallApplied room@0.0~compensate, CallJudged room@0.0~compensate held,
                  CallCompensated room@0.0 leaves the confirmation, RunFailed page tool_permanent blames tool
           status failed"#,
    );
}

#[test]
fn a_run_that_is_cancelled_takes_back_what_it_did() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested ada
           owes   call seat@0.0 #1
           when   seat@0.0 returns {}
           then   CallApplied seat@0.0, CallJudged seat@0.0, CompensationBegan seat@0.0 then room@0.0,
                  SideCallProposed seat@0.0~compensate, CallIntended seat@0.0~compensate #1
           given  seat@0.0~compensate returns {"free":true}
           when   room@0.0~compensate returns {"cancelled":true}
           then   CallApplied room@0.0~compensate, CallJudged room@0.0~compensate, CallCompensated room@0.0, RunCancelled
           status cancelled"#,
    );
}

#[test]
fn doubts_are_settled_first_and_one_found_applied_is_taken_back_too() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, ada cancels
           when   seat@0.0 is lost
           then   CallDoubted seat@0.0 settlement
           status waiting (settlement)
           when   ada settles seat@0.0 applied {}
           then   MailTaken settle, CallSettled seat@0.0 applied, CallJudged seat@0.0,
                  CompensationBegan seat@0.0 then room@0.0, SideCallProposed seat@0.0~compensate,
                  CallIntended seat@0.0~compensate
           status compensating"#,
    );
}

#[test]
fn a_doubt_found_without_effect_leaves_nothing_to_take_back() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, ada cancels, seat@0.0 is lost, time passes 70s
           when   ada settles seat@0.0 not applied
           then   MailTaken settle, CallSettled seat@0.0 not applied, CompensationBegan room@0.0,
                  SideCallProposed room@0.0~compensate, CallIntended room@0.0~compensate"#,
    );
}

#[test]
fn a_run_that_did_nothing_has_nothing_to_take_back() {
    check(
        TRIP,
        r#"start  trip
           when   room@0.0 fails "gone"
           then   CallNotApplied room@0.0 given up, StepFailed room, RunFailed room
           status failed"#,
    );
}

#[test]
fn an_output_that_cannot_be_made_takes_back_what_was_done_and_blames_its_author() {
    check(
        TRIP,
        r#"start  divided
           when   room done {"id":"b1","price":10}
           then   CallApplied room@0.0, CallJudged room@0.0, StepSucceeded room,
                  RunFailing author workflows.divided.output blames author, CompensationBegan room@0.0,
                  SideCallProposed room@0.0~compensate, CallIntended room@0.0~compensate
           when   room@0.0~compensate returns {"cancelled":true}
           then   CallApplied room@0.0~compensate, CallJudged room@0.0~compensate, CallCompensated room@0.0,
                  RunFailed output author workflows.divided.output blames author"#,
    );
}

#[test]
fn what_nothing_takes_back_is_left_standing_and_said_and_waits_for_somebody_unless_its_contract_accepts_it() {
    check(
        TRIP,
        r#"start  told
           given  room done {"id":"b1","price":90}, tell done {}, mark done {}
           when   page@0.0 fails "gone"
           then   CallNotApplied page@0.0, StepFailed page,
                  CallLeftStanding mark@0.0 unsaid writes passport/3, CallLeftStanding tell@0.0 leaves the email,
                  CompensationBegan room@0.0, SideCallProposed room@0.0~compensate, CallIntended room@0.0~compensate
           when   room@0.0~compensate returns {"cancelled":true}
           then   CallApplied room@0.0~compensate, CallJudged room@0.0~compensate, CallCompensated room@0.0, RunFailed page
           status failed (standing)
           when   ada accepts tell@0.0
           then   MailTaken accept refused ada
           says   "call `tell@0.0` is neither stuck nor left standing; mark@0.0"
           when   ada accepts mark@0.0
           then   MailTaken accept ada, StandingAccepted mark@0.0 ada
           status failed
           when   ada accepts mark@0.0
           refuses "the run is ended""#,
    );
}

#[test]
fn an_ended_run_of_which_something_stands_takes_nothing_else_in() {
    check(
        TRIP,
        r#"start  told
           given  room done {"id":"b1","price":90}, tell done {}, mark done {}, page@0.0 fails "gone",
                  room@0.0~compensate returns {"cancelled":true}
           when   ada cancels
           then   MailTaken cancel refused ada
           says   "the run has ended"
           status failed (standing)"#,
    );
}

#[test]
fn a_compensation_that_fails_for_good_is_stuck_until_somebody_has_it_tried_again() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, ada cancels, seat@0.0 is not sent
           when   room@0.0~compensate fails "gone"
           then   CallNotApplied room@0.0~compensate gone given up, CompensationStuck room@0.0 tool_permanent blames tool
           owes   nothing
           status stuck
           when   ada retries room@0.0
           then   MailTaken retry ada, CompensationRetried room@0.0 ada, CallIntended room@0.0~compensate #2
           owes   call room@0.0~compensate #2 with key
           when   room@0.0~compensate returns {"cancelled":true}
           then   CallApplied room@0.0~compensate, CallJudged room@0.0~compensate, CallCompensated room@0.0, RunCancelled"#,
    );
}

#[test]
fn what_is_stuck_holds_all_that_came_before_it_and_is_left_standing_when_somebody_says_so() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, seat done {}, page@0.0 fails "gone"
           when   seat@0.0~compensate returns {"free":false}
           then   CallApplied seat@0.0~compensate, CallJudged seat@0.0~compensate violated,
                  CompensationStuck seat@0.0 tool_breach tools.free.ensures.it-is-free blames tool
           owes   nothing
           status stuck
           when   ada retries seat@0.0~compensate
           then   MailTaken retry refused ada
           says   "took effect, and nothing says that it may be made twice"
           when   ada accepts seat@0.0~compensate
           then   MailTaken accept ada, CallLeftStanding seat@0.0 accepted ada writes seat/12a,
                  SideCallProposed room@0.0~compensate, CallIntended room@0.0~compensate
           when   room@0.0~compensate returns {"cancelled":true}
           then   CallApplied room@0.0~compensate, CallJudged room@0.0~compensate, CallCompensated room@0.0, RunFailed page
           status failed"#,
    );
}

#[test]
fn a_compensation_that_broke_its_promise_is_repeated_where_that_is_safe() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, ada cancels, seat@0.0 is not sent,
                  room@0.0~compensate returns {"cancelled":false}
           status stuck
           when   ada retries room@0.0
           then   MailTaken retry ada, CompensationRetried room@0.0, CallIntended room@0.0~compensate #2
           when   room@0.0~compensate returns {"cancelled":true}
           then   CallApplied room@0.0~compensate #2, CallJudged room@0.0~compensate held, CallCompensated room@0.0,
                  RunCancelled"#,
    );
}

#[test]
fn passing_trouble_is_waited_out_within_a_limit_of_its_own() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, ada cancels, seat@0.0 is not sent
           when   room@0.0~compensate fails "later" code busy
           then   CallNotApplied room@0.0~compensate busy again
           status waiting (retry)
           when   time passes
           then   CallIntended room@0.0~compensate #2
           when   room@0.0~compensate fails "later" code busy
           then   CallNotApplied room@0.0~compensate busy given up, CompensationStuck room@0.0 tool_transient blames tool
           status stuck
           when   ada retries room@0.0
           then   MailTaken retry, CompensationRetried room@0.0, CallIntended room@0.0~compensate #3"#,
    );
}

#[test]
fn a_compensation_without_a_key_that_is_lost_is_in_doubt_and_settled() {
    check(
        TRIP,
        r#"start  trip
           given  seat@0.0 #1 returns {}, room done {"id":"b1","price":90}, seat done {}, page@0.0 fails "gone"
           refuses "the attempt is not open any more"
           when   seat@0.0~compensate is lost
           then   CallDoubted seat@0.0~compensate settlement
           status waiting (settlement)
           given  time passes 70s
           when   ada settles seat@0.0~compensate not applied
           then   MailTaken settle, CallSettled seat@0.0~compensate not applied, CallIntended seat@0.0~compensate #2
           when   seat@0.0~compensate is lost
           then   CallDoubted seat@0.0~compensate #2 settlement
           when   ada settles seat@0.0~compensate applied {"free":true}
           then   MailTaken settle, CallSettled seat@0.0~compensate applied, CallJudged seat@0.0~compensate,
                  CallCompensated seat@0.0, SideCallProposed room@0.0~compensate, CallIntended room@0.0~compensate"#,
    );
}

#[test]
fn a_keyed_compensation_that_is_lost_is_repeated_and_its_doubt_is_a_persons_once_its_tries_are_used_up() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, ada cancels, seat@0.0 is not sent
           when   room@0.0~compensate is lost
           then   CallDoubted room@0.0~compensate again
           when   time passes
           then   CallIntended room@0.0~compensate #2
           when   room@0.0~compensate times out
           then   CallDoubted room@0.0~compensate settlement
           status waiting (settlement)
           given  time passes 70s
           when   ada settles room@0.0~compensate not applied
           then   MailTaken settle, CallSettled room@0.0~compensate not applied, CallIntended room@0.0~compensate #3
           when   room@0.0~compensate fails "later" code busy
           then   CallNotApplied room@0.0~compensate given up, CompensationStuck room@0.0
           status stuck"#,
    );
}

#[test]
fn what_only_the_operator_can_mend_makes_it_stuck_and_names_it() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, ada cancels, seat@0.0 is not sent
           when   room@0.0~compensate is not sent authentication
           then   CallNotSent room@0.0~compensate given up, CompensationStuck room@0.0 authentication
           status stuck"#,
    );
}

#[test]
fn arguments_that_cannot_be_made_and_conditions_that_do_not_hold_make_it_stuck() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":0}, ada cancels
           when   seat@0.0 is not sent
           then   CallNotSent seat@0.0 given up, CompensationBegan room@0.0, SideCallProposed room@0.0~compensate,
                  CallRefused room@0.0~compensate tools.cancel.requires.it-cost-something,
                  CompensationStuck room@0.0 refused_by_clause tools.cancel.requires.it-cost-something
           status stuck"#,
    );
    check(
        TRIP,
        r#"start  planned
           given  the model calls book {"room":"7"} and look {"page":1}, book returns 300000 bytes
           when   ada cancels, look returns {"price":1}
           says   "the result was too large to be kept whole"
           status stuck
           when   ada retries plan@1.0
           then   MailTaken retry, CompensationRetried plan@1.0, CompensationStuck plan@1.0 author
           when   ada accepts plan@1.0
           then   MailTaken accept, CallLeftStanding plan@1.0 accepted ada creates booking/7, RunCancelled
           status cancelled"#,
    );
}

#[test]
fn what_an_agent_did_is_taken_back_without_its_grants() {
    check(
        TRIP,
        r#"start  planned
           given  the model calls book {"room":"7"} and hold {"seat":"1"}, hold returns {},
                  book returns {"id":"b7","price":5}
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested, ModelFailed plan cancelled,
                  CompensationBegan plan@1.0 then plan@1.1, SideCallProposed plan@1.0~compensate,
                  CallIntended plan@1.0~compensate
           when   plan@1.0~compensate returns {"cancelled":true}
           then   CallApplied plan@1.0~compensate, CallJudged plan@1.0~compensate, CallCompensated plan@1.0,
                  SideCallProposed plan@1.1~compensate, CallIntended plan@1.1~compensate"#,
    );
}

#[test]
fn a_worker_that_takes_over_goes_on_with_taking_back() {
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, seat done {}, page@0.0 fails "gone",
                  seat@0.0~compensate returns {"free":true}
           when   a worker takes over
           then   EpochBegan 2, CallDoubted room@0.0~compensate worker_gone again, CallIntended room@0.0~compensate #2
           owes   call room@0.0~compensate #2 with key
           status compensating"#,
    );
    check(
        TRIP,
        r#"start  trip
           given  room done {"id":"b1","price":90}, seat done {}, page@0.0 fails "gone"
           when   a worker takes over
           then   EpochBegan 2, CallDoubted seat@0.0~compensate worker_gone settlement
           status waiting (settlement)"#,
    );
}

#[test]
fn nobody_retries_or_accepts_what_is_not_stuck() {
    check(
        TRIP,
        r#"start  trip
           when   ada retries room@0.0
           then   MailTaken retry refused
           says   "call `room@0.0` is neither stuck nor left standing; no call is"
           when   ada accepts room@0.0
           then   MailTaken accept refused"#,
    );
}

#[test]
fn a_step_that_nothing_takes_back_waits_until_no_other_can_fail_without_it() {
    check(
        TRIP,
        r#"start  bridges
           owes   call room@0.0 #1 with key
           when   room done {"id":"b1","price":90}
           then   CallApplied room@0.0, CallJudged room@0.0, StepSucceeded room, StepStarted one, CallProposed one@0.0,
                  CallIntended one@0.0
           when   one done {}
           then   CallApplied one@0.0, CallJudged one@0.0, StepSucceeded one, StepStarted after, CallProposed after@0.0,
                  CallIntended after@0.0
           when   after done {"price":1}
           then   CallApplied after@0.0, CallJudged after@0.0, StepSucceeded after, StepStarted two, CallProposed two@0.0,
                  CallIntended two@0.0
           given  two done {}
           when   end@0.0 fails "gone"
           then   CallNotApplied end@0.0, StepFailed end, CallLeftStanding two@0.0 impossible deletes bridge/two,
                  CallLeftStanding one@0.0 impossible deletes bridge/one, CompensationBegan room@0.0,
                  SideCallProposed room@0.0~compensate, CallIntended room@0.0~compensate"#,
    );
}

#[test]
fn within_a_turn_what_nothing_takes_back_goes_last() {
    check(
        TRIP,
        r#"start  planned
           when   the model calls burn {"bridge":"a"} and look {"page":1} and burn {"bridge":"b"}
           then   ModelAnswered plan, CallProposed plan@1.0, CallProposed plan@1.1, CallProposed plan@1.2,
                  CallIntended plan@1.1
           when   look returns {"price":1}
           then   CallApplied plan@1.1, CallJudged plan@1.1, CallIntended plan@1.0
           when   plan@1.0 returns {}
           then   CallApplied plan@1.0, CallJudged plan@1.0, CallIntended plan@1.2"#,
    );
}
