//! Takeover: a worker takes a run in whatever state the worker before it left it.

use crate::check;
use crate::contracts::{SHOP, STEPS};

#[test]
fn an_answer_under_way_is_lost_its_spend_assumed_and_it_is_asked_for_again() {
    check(
        SHOP,
        r#"start     ticket
           reserved  4178 tokens
           when      a worker takes over
           then      EpochBegan 2 worker-2, ModelFailed resolve #1 worker_gone again, ModelIntended resolve #2
           owes      ask resolve@1 #2
           forfeited 4178 tokens
           reserved  4178 tokens"#,
    );
}

#[test]
fn attempts_that_died_with_their_worker_do_not_count() {
    check(
        SHOP,
        r#"start  ticket
           given  a worker takes over, a worker takes over, a worker takes over, a worker takes over, a worker takes over
           owes   ask resolve@1 #6
           when   the model fails overloaded, time passes
           then   ModelFailed resolve #6 overloaded again, ModelIntended resolve #7"#,
    );
}

#[test]
fn a_read_under_way_is_made_again() {
    check(
        SHOP,
        r#"start  search {"email":"ada@x"}
           when   a worker takes over
           then   EpochBegan 2, CallNotApplied who@0.0 worker_gone again, CallIntended who@0.0 #2
           owes   call who@0.0 #2"#,
    );
}

#[test]
fn a_keyed_call_under_way_is_in_doubt_and_repeated_with_its_key() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           when   a worker takes over
           then   EpochBegan 2, CallDoubted pay@0.0 worker_gone again, CallIntended pay@0.0 #2
           owes   call pay@0.0 #2 with key"#,
    );
}

#[test]
fn a_call_that_is_naturally_the_same_twice_is_repeated() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls note {"order":"o1","text":"hi"}
           when   a worker takes over
           then   EpochBegan 2, CallDoubted resolve@1.0 worker_gone again, CallIntended resolve@1.0 #2"#,
    );
}

#[test]
fn a_call_without_a_key_under_way_is_in_doubt_and_rests() {
    check(
        SHOP,
        r#"start  tell
           when   a worker takes over
           then   EpochBegan 2, CallDoubted tell@0.0 worker_gone settlement
           owes   nothing
           status waiting (settlement)
           when   a worker takes over
           then   EpochBegan 3
           status waiting (settlement)"#,
    );
}

#[test]
fn a_late_answer_of_the_worker_before_is_dropped() {
    check(
        SHOP,
        r#"start   pay {"amount":5}
           given   a worker takes over
           when    pay@0.0 #1 returns {"order":"o1","amount":5}
           refuses "the attempt is not open any more"
           owes    call pay@0.0 #2"#,
    );
}

#[test]
fn a_wait_is_gone_on_with() {
    check(
        SHOP,
        r#"start  ticket
           given  the model fails rate_limited for nothing asking for 3s
           when   a worker takes over
           then   EpochBegan 2
           owes   wait 3s
           when   time passes 3s
           then   ModelIntended resolve #2"#,
    );
}

#[test]
fn a_pause_stays_one() {
    check(
        SHOP,
        r#"start  ticket
           given  the model fails billing for nothing
           when   a worker takes over
           then   EpochBegan 2
           status paused (operator)
           owes   nothing"#,
    );
}

#[test]
fn a_queue_keeps_its_order() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls refund {"order":"o1","amount":5} and read {"order":"o1"}
           when   a worker takes over
           then   EpochBegan 2, CallDoubted resolve@1.0 again, CallIntended resolve@1.0 #2
           owes   call resolve@1.0 #2
           when   refund returns {"order":"o1","amount":5}
           then   CallApplied resolve@1.0, CallJudged resolve@1.0, CallIntended resolve@1.1"#,
    );
}

#[test]
fn steps_side_by_side_are_all_gone_on_with() {
    check(
        STEPS,
        r#"start  answer {"email":"ada@x"}
           given  who done {"id":"c1"}
           when   a worker takes over
           then   EpochBegan 2, ModelFailed write worker_gone again, CallNotApplied order@0.0 worker_gone again,
                  CallIntended order@0.0 #2, ModelIntended write #2
           owes   ask write@1 #2, call order@0.0 #2"#,
    );
}

#[test]
fn a_run_that_is_ending_sends_nothing_again() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           given  ada cancels
           when   a worker takes over
           then   EpochBegan 2, CallDoubted pay@0.0 worker_gone again, CallDoubted pay@0.0 cancelled settlement
           owes   nothing
           status waiting (settlement)"#,
    );
}

#[test]
fn a_read_of_a_run_that_is_ending_is_given_up() {
    check(
        SHOP,
        r#"start  search {"email":"ada@x"}
           given  ada cancels
           when   a worker takes over
           then   EpochBegan 2, CallNotApplied who@0.0 worker_gone again, RunCancelled
           status cancelled"#,
    );
}
