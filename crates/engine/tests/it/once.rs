//! An action is done once, in this run or any other.

use handfast_engine::{Command, ToolOutcome};
use handfast_events::{Action, Body, CallId, Digest, Done, Kept, RunId, canonical};
use serde_json::json;

use crate::check;
use crate::world::World;

const BANK: &str = r#"
handfast: 1
name: bank
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers: { bank: { rust: {}, failures: { broke: { when: error.text.contains('no money') } } } }
tools:
  pay:
    via: bank.pay
    description: Pays one bill.
    input: { bill: string, amount: number }
    output: { fields: { paid: number } }
    effects: [ { writes: "bill/{args.bill}" } ]
    idempotency: { key: { arg: key } }
    once_per: args.bill
    compensate: { leaves: [ the money is gone ] }
agents:
  clerk:
    purpose: Pay what is asked for.
    model: main
    may: [ pay ]
    limits: { turns: 5, cost: 1 USD }
workflows:
  one:  { input: { bill: string, amount: number }, steps: { pay: { tool: pay, with: input } }, output: steps.pay.paid }
  many: { steps: { resolve: { agent: clerk } } }
"#;

#[test]
fn an_action_is_claimed_with_its_intent_and_kept_with_what_it_gave() {
    check(
        BANK,
        r#"start  one {"bill":"b1","amount":5}
           then   RunStarted one, EpochBegan, StepStarted pay, CallProposed pay@0.0, ClaimChanged, CallIntended pay@0.0 #1
           says   "action/bank/pay/", "absent", "open"
           when   pay returns {"paid":5}
           then   CallApplied pay@0.0, CallJudged pay@0.0 held, ClaimChanged, StepSucceeded pay, RunSucceeded 5
           says   "gave", "own""#,
    );
}

#[test]
fn an_action_that_took_no_effect_is_free_again() {
    check(
        BANK,
        r#"start  one {"bill":"b1","amount":5}
           when   pay fails "no money"
           then   CallNotApplied pay@0.0, StepFailed pay, ClaimChanged, RunFailed"#,
    );
}

#[test]
fn the_same_action_asked_for_twice_in_a_run_is_done_once_and_given_twice() {
    check(
        BANK,
        r#"start  many
           when   the model calls pay {"bill":"b1","amount":5} and pay {"bill":"b1","amount":5}
           owes   call resolve@1.0 #1 with key
           when   resolve@1.0 returns {"paid":5}
           then   CallApplied resolve@1.0, CallJudged resolve@1.0 held, ClaimChanged, CallGiven resolve@1.1, ModelIntended
           told   "Done before, by call `resolve@1.0`""#,
    );
}

#[test]
fn the_same_action_with_other_arguments_is_refused_naming_the_first() {
    check(
        BANK,
        r#"start  many
           given  the model calls pay {"bill":"b1","amount":5}
           given  resolve@1.0 returns {"paid":5}
           when   the model calls pay {"bill":"b1","amount":6}
           then   ModelAnswered, CallProposed resolve@2.0, CallRefused resolve@2.0 tools.pay.once_per, ModelIntended
           says   "call `resolve@1.0` of this run did it with other arguments, and gave {"paid":5}""#,
    );
}

/// A run about to pay, that finds this at the action's row.
fn met(done: Done, amount: f64) -> World {
    let mut world = World::new(BANK);
    world.start("one", json!({ "bill": "b1", "amount": 5.0 })).expect("it can start");
    let began = world.run.think(begin(), world.now).expect("it can begin");
    let name = began.events.iter().find_map(|event| match &event.body {
        Body::ClaimChanged(changed) => Some(changed.name.clone()),
        _ => None,
    });
    let args = Digest::of(&canonical(&json!({ "bill": "b1", "amount": amount })));
    let action = Action { call: CallId::new("pay@0.0"), args, done };
    let name = name.expect("it claims its action");
    let value = serde_json::to_string(&action).expect("an action can be written");
    let seen = [(name, (other(), value))].into();
    let decided = world.run.think_again(begin(), world.now, seen, Default::default()).expect("it can begin");
    world.remember(decided.events);
    world
}

fn begin() -> Command {
    Command::Begin { epoch: handfast_events::Epoch(1), worker: "worker-1".into() }
}

fn other() -> RunId {
    RunId::from_bytes([9; 16])
}

#[test]
fn what_another_run_did_is_given_and_not_done_again() {
    let world = met(Done::Gave(Kept::Whole(json!({ "paid": 5 }))), 5.0);
    assert_eq!(world.run.status().name(), "done");
    assert!(world.in_words(0).contains("CallGiven"));
    assert!(!world.in_words(0).contains("CallIntended"));
}

#[test]
fn what_another_run_is_doing_is_waited_for_and_looked_for_again() {
    let mut world = met(Done::Open, 5.0);
    assert_eq!(world.run.status().name(), "waiting (claim)");
    // Nobody holds it any more: the run is the first.
    world.pass(std::time::Duration::from_secs(1)).unwrap();
    assert_eq!(world.calls().len(), 1);
    world.tool("pay@0.0", 1, ToolOutcome::Returned(json!({ "paid": 5 }))).unwrap();
    assert_eq!(world.run.status().name(), "done");
}

#[test]
fn what_another_run_did_with_other_arguments_or_badly_is_refused_by_name() {
    for (done, amount, told) in [
        (Done::Gave(Kept::Whole(json!({ "paid": 7 }))), 7.0, "did it with other arguments"),
        (Done::Open, 7.0, "is doing it with other arguments"),
        (Done::Broke, 5.0, "broke a promise of the tool"),
    ] {
        let world = met(done, amount);
        assert_eq!(world.run.status().name(), "failed");
        assert!(world.in_words(0).contains(told) || format!("{:?}", world.journal).contains(told), "{told}");
    }
}
