//! How much is asked of somebody at a time, and what a tool costs.

use crate::check;

const PACED: &str = r#"
handfast: 1
name: paced
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free, limits: { rate: 2/m } } }
servers: { shop: { rust: {}, limits: { at_once: 2 } } }
tools:
  read:
    via: shop.read
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
    costs: 0.40 USD
  buy:
    via: shop.buy
    description: Buys one order.
    input: { order: string }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: natural
    compensate: { tool: undo, with: { order: args.order } }
  undo:
    via: shop.undo
    description: Takes one order back.
    input: { order: string }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: natural
    costs: 0.03 USD
agents:
  clerk: { purpose: Resolve one problem., model: main, may: [ read ], limits: { turns: 20, cost: 2 USD } }
workflows:
  lane:
    steps:
      each_one: { each: "['1']", as: order, steps: { buy: { tool: buy, with: { order: order } } } }
      ask: { agent: clerk, needs: each_one }
  ask: { steps: { ask: { agent: clerk } } }
"#;

#[test]
fn who_may_be_asked_so_often_in_a_time_has_its_slot_in_a_row_that_all_share() {
    check(
        PACED,
        r#"start  ask
           when   the model calls read {"order":"1"}
           then   ModelAnswered, CallProposed, CallIntended
           when   read returns "x"
           then   CallApplied, CallJudged, ClaimChanged pace/model/main, ModelIntended ask turn 2
           given  the model calls read {"order":"2"}
           when   read returns "y"
           then   CallApplied, CallJudged, ClaimChanged pace/model/main, ModelHeld ask its slot under the rate of
           says   ""has_slot":true"
           owes   wait
           given  time passes 30s
           owes   wait
           when   time passes
           then   ModelIntended ask turn 3"#,
    );
}

#[test]
fn so_many_are_under_way_at_once_and_who_waits_comes_next() {
    check(
        PACED,
        r#"start  ask
           when   the model calls read {"order":"1"} and read {"order":"2"} and read {"order":"3"}
           then   ModelAnswered, CallProposed, CallProposed, CallProposed, CallIntended ask@1.0, CallIntended ask@1.1,
                  CallHeld ask@1.2 as many are under way as may be at once of `server/paced/shop`
           status running
           when   ask@1.1 returns "y"
           then   CallApplied ask@1.1, CallJudged ask@1.1
           when   time passes 1s
           then   CallIntended ask@1.2"#,
    );
}

#[test]
fn what_a_tool_costs_is_reserved_booked_and_held_against_every_ceiling() {
    check(
        PACED,
        r#"start    ask
           given    the model calls read {"order":"1"}
           reserved 0 tokens 0.40 USD
           when     read returns "x"
           spent    110 tokens 0.4002 USD
           reserved 4346 tokens 0.04121 USD
           given    the model calls read {"order":"2"} and read {"order":"3"} and read {"order":"4"}
           given    ask@2.0 returns "x", ask@2.1 is not sent
           spent    220 tokens 0.8004 USD
           reserved 0 tokens 0.40 USD
           given    ask@2.2 returns "x", time passes
           spent    220 tokens 1.2004 USD
           reserved 0 tokens 0.40 USD
           given    ask@2.1 returns "x"
           spent    220 tokens 1.6004 USD
           given    time passes
           when     the model calls read {"order":"5"}
           then     ModelAnswered, CallProposed, RunPaused agents.clerk.limits.cost ceiling 2.00 USD used 1.6006 USD needs 0.40 USD
           when     ada raises cost to 3 USD
           then     MailTaken, LimitRaised, RunResumed, CallIntended ask@3.0"#,
    );
}

#[test]
fn what_taking_back_costs_is_booked_though_the_step_has_long_gone_that_did_it() {
    check(
        PACED,
        r#"start    lane
           given    buy returns "x", ada cancels
           owes     call each_one[0]/buy@0.0~compensate #1
           reserved 0 tokens 0.03 USD
           when     undo returns "x"
           then     CallApplied, CallJudged, CallCompensated, RunCancelled
           spent    0 tokens 0.03 USD
           reserved 0 tokens"#,
    );
}

/// Three agents, one of which may ask either of two models of whom one may be asked at once.
const TWO: &str = r#"
handfast: 1
name: two
version: "1"
models:
  main:  { use: openai/test, url: "http://127.0.0.1:1/v1", price: free, limits: { at_once: 1 } }
  spare: { use: openai/tiny, url: "http://127.0.0.1:2/v1", price: free, limits: { at_once: 1 } }
servers: { shop: { rust: {} } }
tools:
  read:
    via: shop.read
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
agents:
  first: { purpose: Resolve one problem., model: main }
  clerk: { purpose: Resolve one problem., model: [ main, spare ] }
  other: { purpose: Resolve one problem., model: spare }
workflows:
  three:
    steps:
      one: { agent: first }
      two: { agent: clerk }
      look: { tool: read, with: { order: "'1'" } }
      three: { agent: other, needs: look }
"#;

#[test]
fn who_waits_for_a_place_of_one_model_is_in_nobodys_way_at_another() {
    check(
        TWO,
        r#"start  three
           says   "many are under way as may be at once of `model/main`"
           when   read returns "x"
           then   CallApplied, CallJudged, StepSucceeded look, StepStarted three, ModelIntended three"#,
    );
}
