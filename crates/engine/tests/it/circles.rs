//! Agents that go round in circles, tools that don't work, and results that change by themselves.

use crate::check;

const DESK: &str = r#"
handfast: 1
name: desk
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers:
  shop:
    rust: {}
    failures: { overloaded: { when: error.code == 'overloaded', then: transient } }
tools:
  read:
    via: shop.read
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
  list:
    via: shop.list
    description: Lists all orders.
    input: {}
    effects: [ reads: "order/*" ]
  state:
    via: shop.state
    description: Reads how far one order is.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
    volatile: every 30s
agents:
  clerk:
    purpose: Resolve one problem.
    model: main
    may: [ read, list, state ]
    limits: { turns: 60 }
workflows:
  ask: { steps: { ask: { agent: clerk } } }
"#;

#[test]
fn who_does_the_same_and_is_told_the_same_is_told_so_then_refused_then_stopped() {
    check(
        DESK,
        r#"start  ask
           given  the model calls read {"order":"1"}, read returns "x"
           given  the model calls read {"order":"1"}, read returns "x"
           given  the model calls read {"order":"1"}
           when   read returns "x"
           then   CallApplied, CallJudged, ContextAdjusted ask, ModelIntended ask turn 4
           says   "`read` was called with {"order":"1"} 3 times, and told the same each time"
           told   "result c0: Result of `read`", "user: Note: `read` was called", "Further calls of this kind are refused."
           when   the model calls read {"order":"1"}
           then   ModelAnswered, CallProposed, CallRefused ask@4.0 agents.clerk.limits.repeats, ModelIntended ask turn 5
           told   "it was made 3 times with these arguments"
           given  the model calls read {"order":"1"}
           when   the model calls read {"order":"1"}
           then   ModelAnswered, CallProposed, CallRefused ask@6.0 agents.clerk.limits.repeats,
                  StepFailed ask stalled agents.clerk.limits.repeats blames model, RunFailed
           says   "its last calls: `ask@1.0`, `ask@2.0`, `ask@3.0`, `ask@4.0`, `ask@5.0`, `ask@6.0`""#,
    );
}

#[test]
fn who_is_refused_the_same_for_its_form_or_its_name_is_told_so_then_stopped_too() {
    for (call, clause) in
        [(r#"read {"ordre":"1"}"#, "tools.read.input"), (r#"raed {"order":"1"}"#, "agents.clerk.may")]
    {
        check(
            DESK,
            &format!(
                r#"start  ask
                   given  the model calls {call}, the model calls {call}
                   when   the model calls {call}
                   then   ModelAnswered, CallProposed, CallRefused ask@3.0 {clause}, ContextAdjusted ask,
                          ModelIntended ask turn 4
                   when   the model calls {call}
                   then   ModelAnswered, CallProposed, CallRefused ask@4.0 agents.clerk.limits.repeats,
                          ModelIntended ask turn 5
                   given  the model calls {call}
                   when   the model calls {call}
                   then   ModelAnswered, CallProposed, CallRefused ask@6.0 agents.clerk.limits.repeats,
                          StepFailed ask stalled agents.clerk.limits.repeats blames model, RunFailed"#
            ),
        );
    }
}

#[test]
fn turn_about_is_a_circle_too_and_another_result_is_none() {
    check(
        DESK,
        r#"start  ask
           given  the model calls read {"order":"1"}, read returns "x", the model calls list {}, list returns "l"
           given  the model calls read {"order":"1"}, read returns "x", the model calls list {}, list returns "l"
           given  the model calls read {"order":"1"}
           when   read returns "x"
           then   CallApplied, CallJudged, ContextAdjusted ask, ModelIntended ask turn 6"#,
    );
    check(
        DESK,
        r#"start  ask
           given  the model calls read {"order":"1"}, read returns "x", the model calls read {"order":"1"}, read returns "x"
           given  the model calls read {"order":"1"}
           when   read returns "y"
           then   CallApplied, CallJudged, ModelIntended ask turn 4
           given  the model calls read {"order":"1"}
           when   read returns "y"
           then   CallApplied, CallJudged, ModelIntended ask turn 5"#,
    );
}

#[test]
fn a_large_circle_is_found_by_what_it_does_not_bring() {
    let once =
        |order: u32| format!(r#"given  the model calls read {{"order":"{order}"}}, read returns "x{order}""#);
    let rounds: Vec<String> = (1..=8).chain(1..=8).map(once).collect();
    check(
        DESK,
        &format!(
            "start  ask
             {}
             given  the model calls read {{\"order\":\"1\"}}
             when   read returns \"x1\"
             then   CallApplied, CallJudged, ContextAdjusted ask, ModelIntended ask turn 18
             says   \"`read` was called\"",
            rounds.join("\n             ")
        ),
    );
}

#[test]
fn what_changes_by_itself_is_asked_again_in_its_own_time_and_is_no_circle() {
    check(
        DESK,
        r#"start  ask
           given  the model calls state {"order":"1"}, state returns "open"
           when   the model calls state {"order":"1"}
           then   ModelAnswered, CallProposed, CallHeld ask@2.0 what `state` tells changes
           owes   wait
           given  time passes 10s
           owes   wait
           when   time passes
           then   CallIntended ask@2.0
           given  state returns "open", the model calls state {"order":"1"}, time passes, state returns "open"
           given  the model calls state {"order":"1"}, time passes
           when   state returns "open"
           then   CallApplied, CallJudged, ModelIntended ask turn 5"#,
    );
}

#[test]
fn a_tool_that_fails_as_often_as_it_may_is_taken_out_of_its_agents_reach() {
    check(
        DESK,
        r#"start  ask
           given  the model calls read {"order":"1"}
           given  read fails "later" code overloaded, time passes, read fails "later" code overloaded, time passes
           when   read fails "later" code overloaded
           then   CallNotApplied ask@1.0 #3 overloaded given up, ToolTakenAway ask read, ModelIntended ask turn 2
           says   "it failed 3 times (overloaded (overloaded))"
           told   "Not done: `read` failed (overloaded (overloaded))",
                  "`read` is out of reach for the rest of this task", "You may still use `list`, `state`"
           when   the model calls read {"order":"2"}
           then   ModelAnswered, CallProposed, CallRefused ask@2.0 tools.read.limits.attempts, ModelIntended ask turn 3
           told   "You may still use `list`, `state`""#,
    );
}
