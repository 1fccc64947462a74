//! Limits: a call that could pass a ceiling is not made; the run pauses until somebody raises it.

use crate::check;
use crate::contracts::{LIMITS, SHOP};

#[test]
fn the_last_turn_is_followed_by_a_pause() {
    check(
        LIMITS,
        r#"start  turns
           given  the model calls read {}
           when   read returns "x"
           then   CallApplied ask@1.0, CallJudged ask@1.0, RunPaused agents.brief.limits.turns ceiling 1 used 1 needs 1
           owes   nothing
           status paused (limit)
           when   ada raises turns to 2
           then   MailTaken raise ada, LimitRaised agents.brief.limits.turns to 2, RunResumed ada, ModelIntended ask turn 2
           owes   ask ask@2 #1"#,
    );
}

#[test]
fn a_ceiling_is_only_raised_and_only_the_one_that_holds_the_run() {
    check(
        LIMITS,
        r#"start  turns
           when   ada raises turns to 5
           then   MailTaken raise refused
           says   "no limit holds it"
           given  the model calls read {}, read returns "x"
           when   ada raises cost to 1 USD
           then   MailTaken raise refused
           says   "it is the limit on turns that holds the run"
           when   ada raises turns to 1
           then   MailTaken raise refused
           says   "the limit is 1 already"
           when   ada resumes
           then   MailTaken resume refused
           says   "raise it with `handfast raise --turns`"
           status paused (limit)"#,
    );
}

#[test]
fn a_models_attempts_have_a_ceiling() {
    check(
        SHOP,
        r#"start  ticket
           given  the model fails timeout, time passes, the model fails timeout, time passes
           when   the model fails timeout, time passes
           then   ModelFailed resolve #3, RunPaused agents.clerk.limits.attempts ceiling 3 used 3
           status paused (limit)
           when   ada raises attempts to 4
           then   MailTaken raise, LimitRaised agents.clerk.limits.attempts to 4, RunResumed, ModelIntended resolve #4"#,
    );
}

#[test]
fn a_calls_attempts_have_the_ceiling_that_its_tool_names() {
    check(
        LIMITS,
        r#"start  attempts
           given  read times out, time passes
           when   read times out, time passes
           then   CallNotApplied look@0.0 #2 timeout again, RunPaused tools.read.limits.attempts ceiling 2 used 2
           status paused (limit)
           when   ada raises attempts to 3
           then   MailTaken raise, LimitRaised tools.read.limits.attempts, RunResumed, CallIntended look@0.0 #3"#,
    );
}

#[test]
fn little_left_lowers_the_cap_of_the_answer_before_it_stops_the_call() {
    // The request is 5 + 13 bytes and two messages: at worst 18 + 4 × 16 = 82 tokens.
    check(
        LIMITS,
        r#"start    tokens
           reserved 1000 tokens
           told     "at most 918"
           when     the model calls read {}
           spent    110 tokens
           reserved 0 tokens
           given    read returns "x"
           told     "at most"
           when     the model fails overloaded
           then     ModelFailed ask overloaded again
           when     time passes
           then     RunPaused agents.frugal.limits.tokens ceiling 1000 used 1000
           status   paused (limit)
           when     ada raises tokens to 9000
           then     MailTaken raise, LimitRaised agents.frugal.limits.tokens, RunResumed, ModelIntended ask #2 cap 4096"#,
    );
}

#[test]
fn money_is_reserved_at_worst_booked_as_used_and_forfeited_where_nobody_knows() {
    // 82 tokens in at 0.000001 USD, and 4096 out at 0.00001 USD; 0.02 USD pay for 1991 of these.
    check(
        LIMITS,
        r#"start     cost
           reserved  2073 tokens 0.019992 USD
           told      "at most 1991"
           when      the model fails timeout
           then      ModelFailed ask timeout again
           forfeited 2073 tokens 0.019992 USD
           reserved  0 tokens 0.00 USD
           spent     0 tokens 0.00 USD
           when      time passes
           then      RunPaused agents.cheap.limits.cost ceiling 0.02 USD used 0.019992 USD
           when      ada raises cost to 0.05 USD
           then      MailTaken raise, LimitRaised agents.cheap.limits.cost to 0.05 USD, RunResumed, ModelIntended ask #2
           when      the model answers "yes" using 80+5
           then      ModelAnswered ask, StepSucceeded ask, RunSucceeded
           spent     85 tokens 0.00013 USD
           forfeited 2073 tokens 0.019992 USD
           reserved  0 tokens 0.00 USD"#,
    );
}

#[test]
fn a_failure_that_cost_nothing_forfeits_nothing() {
    check(
        LIMITS,
        r#"start     cost
           when      the model fails rate_limited for nothing
           then      ModelFailed ask rate_limited again
           forfeited 0 tokens 0.00 USD
           reserved  0 tokens"#,
    );
}

#[test]
fn a_provider_that_does_not_count_is_booked_at_what_was_reserved() {
    check(
        LIMITS,
        r#"start     cost
           when      the model answers "yes" uncounted
           then      ModelAnswered ask, StepSucceeded ask, RunSucceeded
           spent     2073 tokens 0.019992 USD
           reserved  0 tokens"#,
    );
}

#[test]
fn a_steps_time_is_looked_at_before_each_call() {
    check(
        LIMITS,
        r#"start  time
           given  the model calls read {}, time passes 11s
           when   read returns "x"
           then   CallApplied ask@1.0, CallJudged ask@1.0, RunPaused agents.quick.limits.time
           says   "agents.quick.limits.time"
           status paused (limit)
           when   ada raises time to 60s
           then   MailTaken raise, LimitRaised agents.quick.limits.time, RunResumed, ModelIntended ask turn 2"#,
    );
}

#[test]
fn a_runs_time_holds_back_its_tools_too() {
    check(
        LIMITS,
        r#"start  deadline
           given  time passes 10s
           when   the model calls read {}
           then   ModelAnswered ask, CallProposed ask@1.0, RunPaused workflows.deadline.limits.time
           owes   nothing
           status paused (limit)"#,
    );
}

#[test]
fn a_call_that_does_not_fit_now_waits_while_what_is_held_may_come_back() {
    check(
        LIMITS,
        r#"start    both
           owes     ask one@1 #1, ask two@1 #1
           reserved 6000 tokens
           when     the model of two fails overloaded for nothing
           then     ModelFailed two again
           reserved 4178 tokens
           status   running
           when     the model of one calls read {}
           then     ModelAnswered one, CallProposed one@1.0, CallIntended one@1.0
           when     one@1.0 returns "x"
           then     CallApplied one@1.0, CallJudged one@1.0, ModelIntended one turn 2
           when     time passes
           then     ModelIntended two #2"#,
    );
}

#[test]
fn a_whole_run_has_a_budget_of_retries() {
    let fail = "read times out, time passes";
    let rounds: String = (1..=10)
        .map(|round| {
            // Later than anything that failed before counts against who failed.
            format!(
                "given nobody drives for 70s, the model calls read {{\"order\":\"o1\"}}, {fail}, {fail}, \
                 read returns {round}\n"
            )
        })
        .collect();
    check(
        &SHOP.replace("turns: 8", "turns: 80"),
        &format!(
            "start  ticket
             {rounds}
             given  nobody drives for 70s, the model calls read {{\"order\":\"o1\"}}
             when   {fail}
             then   CallNotApplied resolve@11.0 again, RunPaused run.limits.attempts ceiling 20 used 21
             status paused (limit)
             when   ada raises attempts to 30
             then   MailTaken raise, LimitRaised run.limits.attempts to 30, RunResumed, CallIntended resolve@11.0 #2"
        ),
    );
}

#[test]
fn a_provider_that_bills_more_than_could_be_is_booked_and_the_run_held() {
    check(
        LIMITS,
        r#"start  cost
           when   the model answers "yes" using 3000+10
           then   ModelAnswered ask, RunPaused operator, StepSucceeded ask
           says   "counted 3010 tokens for 0.0031 USD, and the request could come to 2073 for 0.019992 USD at most"
           spent  3010 tokens 0.0031 USD
           status paused (operator)
           when   ada resumes
           then   MailTaken, RunResumed, RunSucceeded"#,
    );
}

#[test]
fn who_is_turned_away_at_the_door_uses_up_no_budget_of_retries() {
    let away = "the model fails overloaded for nothing, time passes";
    let rounds: String = (1..=24)
        .map(|round| {
            format!("given nobody drives for 70s, {away}, the model calls read {{\"order\":\"o1\"}}, read returns {round}\n")
        })
        .collect();
    check(
        &SHOP.replace("turns: 8", "turns: 80"),
        &format!("start  ticket\n{rounds}given {away}\nowes ask resolve@25 #2"),
    );
}
