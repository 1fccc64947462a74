//! Who is down isn't asked, and one call tries whether they are back.

use crate::check;

/// An agent that asks one model again and again, one with another to go on with, and a tool of each kind of asker.
const FRAIL: &str = r#"
handfast: 1
name: frail
version: "1"
models:
  main:  { use: openai/test, url: "http://127.0.0.1:1/v1", price: free }
  local: { use: openai/tiny, url: "http://127.0.0.1:2/v1", price: free }
servers:
  shop: { rust: {} }
tools:
  read:
    via: shop.read
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
    limits: { attempts: 9 }
  other:
    via: shop.other
    description: Reads all orders.
    input: {}
    effects: [ { reads: "order/*" } ]
  put:
    via: shop.put
    description: Writes one order.
    input: { order: string }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: natural
    failures: { busy: { when: error.status == 503, then: doubtful } }
    limits: { attempts: 9 }
agents:
  alone: { purpose: Resolve one problem., model: main, may: [ read, other ], limits: { turns: 20 } }
  clerk: { purpose: Resolve one problem., model: [ main, local ], may: [ read ], limits: { turns: 20 } }
workflows:
  one:  { steps: { ask: { agent: alone } } }
  two:  { steps: { ask: { agent: alone }, then: { agent: clerk, needs: ask } } }
  pair: { steps: { one: { agent: alone }, other: { agent: alone } } }
  step: { steps: { look: { tool: read, with: { order: "'1'" } } } }
  puts: { steps: { one: { tool: put, with: { order: "'1'" } }, other: { tool: put, with: { order: "'2'" } } } }
"#;

/// Five failures, the fifth of which trips.
const FIVE: &str = "given  the model fails overloaded for nothing, time passes, the model fails overloaded for nothing, time passes
           given  the model fails overloaded for nothing, time passes, the model fails overloaded for nothing, time passes
           given  the model fails overloaded for nothing";

#[test]
fn who_fails_again_and_again_is_not_asked_until_one_call_has_tried() {
    check(
        FRAIL,
        &format!(
            r#"start  one
           {FIVE}
           when   time passes
           then   ClaimChanged breaker/main, ModelHeld ask `main`
           owes   wait
           status waiting (retry)
           when   time passes
           then   ClaimChanged breaker/main, ModelIntended ask #6
           when   the model fails overloaded for nothing
           then   ModelFailed ask #6, ClaimChanged breaker/main
           when   time passes
           then   ModelHeld ask `main`
           when   time passes
           then   ClaimChanged breaker/main, ModelIntended ask #7
           when   the model calls other {{}}
           then   ModelAnswered, ClaimChanged breaker/main free, CallProposed, CallIntended
           when   other returns "x"
           then   CallApplied, CallJudged, ModelIntended ask turn 2"#
        ),
    );
}

#[test]
fn the_next_model_goes_on_where_the_first_is_down() {
    check(
        FRAIL,
        &format!(
            r#"start  two
           {FIVE}
           given  time passes, time passes
           when   the model answers "done"
           then   ModelAnswered, ClaimChanged breaker/main free, StepSucceeded ask, StepStarted then, ModelIntended then
           says   ""model":"main""#
        ),
    );
}

#[test]
fn an_agents_call_of_a_server_that_is_down_is_refused_and_a_steps_own_waits() {
    let five = "given  read is lost, time passes, read is lost, time passes, read is lost, time passes, read is lost, time passes
           given  read is lost";
    check(
        FRAIL,
        &format!(
            r#"start  step
           {five}
           when   time passes
           then   ClaimChanged breaker/frail/shop, CallHeld look@0.0 server `shop`
           when   time passes
           then   ClaimChanged breaker/frail/shop, CallIntended look@0.0 #6
           when   read returns "x"
           then   ClaimChanged breaker/frail/shop free, CallApplied, CallJudged, StepSucceeded, RunSucceeded"#
        ),
    );
    check(
        FRAIL,
        &format!(
            r#"start  one
           given  the model calls read {{"order":"1"}}
           {five}
           when   time passes
           then   ClaimChanged breaker/frail/shop, ToolTakenAway ask read, CallRefused ask@1.0 tools.read.limits.attempts,
                  ModelIntended ask turn 2
           told   "`read` is out of reach until 2023", "server `shop` is down", "You may still use `other`""#
        ),
    );
}

#[test]
fn who_is_down_is_left_alone_as_long_as_it_asks_though_what_came_of_the_call_is_in_doubt() {
    check(
        FRAIL,
        r#"start  puts
           given  one@0.0 fails "busy" status 503, time passes, one@0.0 fails "busy" status 503, time passes
           given  one@0.0 fails "busy" status 503, time passes, one@0.0 fails "busy" status 503 asking for 40s
           given  other@0.0 fails "busy" status 503
           when   time passes
           then   ClaimChanged breaker/frail/shop, CallHeld other@0.0 server `shop`
           says   "nobody asks before 2023-11-14T22:14:00""#,
    );
}

#[test]
fn a_run_makes_one_trial_at_a_time_and_who_waits_for_it_looks_again_long_before_it_must_be_over() {
    check(
        FRAIL,
        r#"start  pair
           given  the model of one fails overloaded for nothing, time passes, the model of one fails overloaded for nothing
           given  time passes, the model of one fails overloaded for nothing, time passes
           given  the model of one fails overloaded for nothing, the model of other fails overloaded for nothing
           given  time passes, time passes
           when   time passes
           then   ClaimChanged, ModelIntended one #5
           when   time passes
           then   ModelHeld other
           says   "nobody asks before 2023-11-14T22:13:41"
           when   the model of one answers "done"
           then   ModelAnswered one, ClaimChanged breaker/main free, StepSucceeded one
           when   time passes
           then   ModelIntended other #2"#,
    );
}

#[test]
fn who_asks_to_be_left_alone_for_hours_is_tried_within_minutes() {
    check(
        FRAIL,
        r#"start  pair
           given  the model of one fails overloaded for nothing, time passes, the model of one fails overloaded for nothing
           given  time passes, the model of one fails overloaded for nothing, time passes
           given  the model of other fails overloaded for nothing
           when   the model of one fails rate_limited for nothing asking for 7200s, time passes
           then   ModelFailed one, ClaimChanged breaker/main, ModelHeld other
           says   "nobody asks before 2023-11-14T22:18:22""#,
    );
}
