//! What agents share: who may read and write it, and effects that rest on what has changed meanwhile.

use handfast_engine::{Command, ModelReply, ModelSaid};
use handfast_events::{Answer, Ask, Body, Finish, RunId, StepId};

use crate::check;
use crate::world::World;

/// Agents that share a value and a log for a run, and a value for as long as the contract lives.
const DESK: &str = r#"
handfast: 1
name: desk
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers: { shop: { rust: {} } }
memory:
  plan:  { is: string, writes: [ clerk, other ], reads: [ clerk, other ] }
  notes: { each: { fields: { text: string } }, writes: [ clerk, scribe ], reads: { clerk: { fresh: 10m } } }
  stock: { is: integer, lives: contract, writes: clerk, reads: clerk }
  promo: { is: string, lives: for 1h, writes: clerk, reads: clerk }
tools:
  ship:
    via: shop.ship
    description: Ships one order.
    input: { order: string }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: natural
    compensate: { leaves: [ the parcel ] }
  look:
    via: shop.look
    description: Looks at one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
  order:
    via: shop.order
    description: Orders more.
    input: { count: integer }
    relies: [ stock ]
    effects: [ { creates: order/* } ]
    idempotency: natural
    compensate: { leaves: [ the goods ] }
agents:
  clerk:  { purpose: Resolve it., model: main, may: [ ship, look, order ], limits: { turns: 9, cost: 1 USD } }
  other:  { purpose: Resolve it as well., model: main, may: [ ship ], limits: { turns: 9, cost: 1 USD } }
  scribe: { purpose: Write it down., model: main, limits: { turns: 9, cost: 1 USD } }
workflows:
  one:  { steps: { a: { agent: clerk } } }
  two:  { steps: { a: { agent: clerk }, b: { agent: other } } }
  note: { steps: { a: { agent: scribe }, b: { agent: clerk, needs: a } } }
"#;

#[test]
fn what_is_written_is_read_and_a_write_and_a_read_are_done_in_the_commit_that_asks_for_them() {
    check(
        DESK,
        r#"start  one
           when   the model calls memory__plan__write {"value":"ship it"}
           then   ModelAnswered, CallProposed a@1.0 memory.plan.write, CallIntended a@1.0, MemoryWritten a plan 1 by a@1.0,
                  CallApplied a@1.0 {"version":1}, CallJudged a@1.0, ModelIntended
           when   the model calls memory__plan__read {}
           then   ModelAnswered, CallProposed, CallIntended, MemoryRead a plan 1, CallApplied, CallJudged, ModelIntended
           told   "ship it", "version""#,
    );
}

#[test]
fn a_log_keeps_every_entry_and_gives_a_reader_nothing_older_than_it_needs() {
    check(
        DESK,
        r#"start  note
           given  the model calls memory__notes__write {"entry":{"text":"first"}}, time passes 540s,
                  the model calls memory__notes__write {"entry":{"text":"second"}}, the model answers "done", time passes 120s
           when   the model calls memory__notes__read {}
           then   ModelAnswered, CallProposed, CallIntended, MemoryRead b notes 2, CallApplied, CallJudged, ModelIntended
           told   "second", "1 older than is asked for""#,
    );
}

#[test]
fn nobody_reads_or_writes_what_the_contract_does_not_let_them() {
    check(
        DESK,
        r#"start  note
           when   the model calls memory__notes__read {}
           then   ModelAnswered, CallProposed memory__notes__read, CallRefused agents.scribe.may, ModelIntended
           told   "Use one of: memory__notes__write"
           when   the model calls memory__notes__write {"entry":{"text":7}}
           then   ModelAnswered, CallProposed, CallRefused tools.memory.notes.write.input, ModelIntended"#,
    );
}

#[test]
fn a_value_is_replaced_only_by_who_has_seen_it_as_it_is() {
    check(
        DESK,
        r#"start  two
           given  the model of a calls memory__plan__read {}, the model of b calls memory__plan__write {"value":"wait"}
           when   the model of a calls memory__plan__write {"value":"ship it"}
           then   ModelAnswered a, CallProposed, MemoryRead a plan 1, CallRefused a@2.0 memory.plan, ModelIntended a
           says   "version 0 was seen; it is version 1 now, written by call `b@1.0` of run", "wait"
           when   the model of a calls memory__plan__write {"value":"ship it"}
           then   ModelAnswered a, CallProposed, CallIntended, MemoryWritten a plan 2, CallApplied, CallJudged, ModelIntended"#,
    );
}

#[test]
fn an_effect_is_refused_where_what_its_step_read_has_changed() {
    check(
        DESK,
        r#"start  two
           given  the model of a calls memory__plan__read {}, the model of b calls memory__plan__write {"value":"wait"}
           when   the model of a calls look {"order":"o1"}
           then   ModelAnswered a, CallProposed, CallIntended a@2.0
           given  a@2.0 returns null
           when   the model of a calls ship {"order":"o1"}
           then   ModelAnswered a, CallProposed, MemoryRead a plan 1, CallRefused a@3.0 memory.plan, ModelIntended a
           says   "what it relies on, the memory `plan`, is as it was seen", "version 0 was seen; it is version 1 now"
           when   the model of a calls ship {"order":"o1"}
           then   ModelAnswered a, CallProposed, CallIntended a@4.0"#,
    );
}

#[test]
fn what_a_tool_relies_on_must_have_been_read() {
    check(
        DESK,
        r#"start  one
           when   the model calls order {"count":5}
           then   ModelAnswered, CallProposed, CallRefused a@1.0 tools.order.relies, ModelIntended
           says   "it was not read", "Read it first"
           given  the model calls memory__stock__read {}
           when   the model calls order {"count":5}
           then   ModelAnswered, CallProposed, ClaimSeen memory/desk/stock absent, CallIntended a@3.0"#,
    );
}

#[test]
fn a_memory_that_outlives_its_time_is_empty() {
    check(
        DESK,
        r#"start  one
           given  the model calls memory__promo__write {"value":"ten percent"}, time passes 3660s
           when   the model calls memory__promo__read {}
           then   ModelAnswered, CallProposed, ClaimSeen, CallIntended, MemoryRead a promo 1, CallApplied, CallJudged, ModelIntended
           says   "null""#,
    );
}

/// The claim that an append makes of a row, as a store would hold it.
fn rows(world: &World) -> Vec<(String, String)> {
    let changed = world.journal.iter().filter_map(|event| match &event.body {
        Body::ClaimChanged(changed) => Some((changed.name.clone(), changed.value.clone()?)),
        _ => None,
    });
    changed.collect()
}

/// The first answer of `a`, with one call.
fn asks(tool: &str, args: &str) -> Command {
    let ask = Ask { id: "c0".into(), tool: tool.into(), args: args.into() };
    let answer = Answer { calls: vec![ask], finish: Finish::Calls, ..Answer::default() };
    let outcome = Ok(ModelSaid { answer, usage: None });
    let reply = ModelReply { outcome, latency_ms: 1, body: None, request_id: None };
    Command::ModelReturned { step: StepId::new("a"), turn: 1, attempt: 1, reply }
}

#[test]
fn what_another_run_wrote_is_met_by_the_commit_and_the_decision_is_made_anew() {
    let mut first = World::new(DESK);
    first.start("one", serde_json::json!({})).expect("it starts");
    first.take().expect("a worker takes it");
    let writes = asks("memory__stock__write", r#"{"value":7}"#);
    first.put(writes).expect("it writes");
    let (name, row) = rows(&first).pop().expect("a row was written");

    let mut second = World::new(DESK);
    second.start("one", serde_json::json!({})).expect("it starts");
    second.take().expect("a worker takes it");
    let reads = asks("memory__stock__read", "{}");
    let decided = second.run.think(reads.clone(), second.now).expect("it is decided");
    let seen =
        |body: &Body| matches!(body, Body::ClaimSeen(seen) if seen.name == name && seen.digest.is_none());
    assert!(decided.events.iter().any(|event| seen(&event.body)), "the commit tells whether nobody wrote");
    let met = [(name, (RunId::from_bytes([7; 16]), row))].into();
    let again =
        second.run.think_again(reads, second.now, met, Default::default()).expect("it is decided anew");
    let text = format!("{:?}", again.events);
    assert!(text.contains("version: 1") && text.contains("Number(7)"), "{text}");
}
