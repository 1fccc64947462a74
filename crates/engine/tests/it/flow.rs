//! Steps within steps: which begin when, what they give, and where a failure in them ends.

use crate::check;

/// Steps within steps, what follows their failures, and steps that wait.
pub(crate) const FLOW: &str = r#"
handfast: 1
name: flow
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: { input: 1 USD, output: 10 USD } } }
servers: { desk: { rust: {} } }
tools:
  look:
    via: desk.look
    description: Looks one thing up.
    input: { name: string }
    output: { fields: { text: string, good: boolean } }
    effects: [ { reads: "thing/{args.name}" } ]
    failures: { gone: { when: error.text.contains('gone') } }
  post:
    via: desk.post
    description: Posts one text.
    input: { text: string }
    output: { fields: { id: string } }
    effects: [ { writes: "post/{args.text}" } ]
    failures: { full: { when: error.text.contains('full') } }
agents:
  writer:
    purpose: Write one text.
    model: main
    input: { about: string, before?: string }
    limits: { turns: 3, tokens: 50k }
workflows:
  pick:
    input: { name: string, urgent: boolean }
    steps:
      way:
        choose:
          now:   { when: input.urgent, steps: { sent: { tool: post, with: { text: input.name } } }, output: steps.sent.id }
          known: { when: input.name != '', steps: { found: { tool: look, with: { name: input.name } } }, output: steps.found.text }
    output: { way: steps.way }

  refine:
    steps:
      write:
        repeat: 2
        until: steps.review.good
        steps:
          draft:  { agent: writer, with: { about: "'it'", before: last.review.text } }
          review: { tool: look, with: { name: steps.draft } }
        output: { text: steps.draft, said: steps.review.text }
    output: steps.write

  inner:
    input: { name: string }
    limits: { tokens: 4200, deadline: 1h }
    steps:
      found: { tool: look, with: { name: input.name } }
      text:  { agent: writer, with: { about: steps.found.text } }
    output: { said: steps.text }
  outer:
    input: { name: string }
    steps:
      first: { workflow: inner, with: { name: input.name } }
      then:  { tool: post, with: { text: steps.first.said } }
    output: steps.then.id

  lanes:
    input: { names: "string[]" }
    allow: { HF0116: a story }
    steps:
      study:
        each: input.names
        as: name
        at_once: 2
        steps:
          found: { tool: look, with: { name: name } }
          sent:  { tool: post, with: { text: steps.found.text }, when: steps.found.good }
        output: steps.found.text
    output: { all: steps.study }
  collected:
    input: { names: "string[]" }
    allow: { HF0116: a story }
    steps:
      study:
        each: input.names
        as: name
        steps: { sent: { tool: post, with: { text: name } } }
        output: steps.sent.id
        otherwise: collect
    output: { all: steps.study }
  enough:
    input: { names: "string[]" }
    allow: { HF0116: a story }
    steps:
      study:
        each: input.names
        as: name
        enough: 2
        steps: { found: { tool: look, with: { name: name } } }
        output: steps.found.text
    output: { all: steps.study }

  skipped:
    steps:
      found: { tool: look, with: { name: "'a'" }, otherwise: skip }
      sent:  { tool: post, with: { text: "has(steps.found) ? steps.found.text : 'none'" } }
    output: steps.sent.id
  replaced:
    steps:
      found: { tool: look, with: { name: "'a'" }, otherwise: "{'text': 'nothing', 'good': false}" }
      said:
        agent: writer
        with: { about: steps.found.text }
        otherwise: { tool: look, with: { name: "'b'" }, otherwise: { tool: look, with: { name: "'c'" } } }
    output: { found: steps.found.text }

  deep:
    input: { names: "string[1..3]" }
    steps:
      study:
        each: input.names
        as: name
        steps:
          tries:
            repeat: 2
            until: has(steps.way)
            steps:
              way:
                choose:
                  only: { steps: { one: { workflow: inner, with: { name: name } } }, output: steps.one.said }
            output: { said: steps.way }
        output: steps.tries.said
        otherwise: "['nobody']"
      beside: { tool: post, with: { text: "'beside'" } }
    output: steps.study

  settled:
    steps:
      part:
        choose:
          only:
            steps:
              sent:  { tool: post, with: { text: "'a'" } }
              found: { tool: look, with: { name: "'b'" } }
              said:  { agent: writer, with: { about: "'c'" } }
              later: { tool: post, with: { text: steps.found.text } }
            output: steps.sent.id
        otherwise: "'instead'"
      beside: { agent: writer, with: { about: "'d'" } }
    output: { part: steps.part, beside: steps.beside }

  bounded:
    steps:
      said: { agent: writer, with: { about: "'it'" }, limits: { tokens: 4200, time: 10m } }
    output: steps.said

  pause:
    input: { due?: string }
    limits: { deadline: 30d }
    steps:
      short: { wait: { for: 10m } }
      due:   { wait: { until: input.due }, when: has(input.due), needs: short }
      sent:  { tool: post, with: { text: "'now'" }, needs: due }
    output: steps.sent.id
  paid:
    limits: { deadline: 2d }
    steps:
      paid: { wait: { signal: paid, gives: { fields: { amount: number } }, within: 1d } }
      sent: { tool: post, with: { text: "string(steps.paid.amount)" } }
    output: steps.sent.id
  either:
    input: { names: "string[1..3]" }
    limits: { deadline: 2d }
    steps:
      study:
        each: input.names
        as: name
        steps: { go: { wait: { signal: go } } }
      stop: { wait: { signal: stop }, otherwise: skip }
"#;

#[test]
fn the_first_branch_whose_condition_holds_is_taken() {
    check(
        FLOW,
        r#"start  pick {"name":"a","urgent":true}
           owes   call way/sent@0.0 #1
           when   way/sent done {"id":"p1"}
           then   CallApplied way/sent@0.0, CallJudged way/sent@0.0, StepSucceeded way/sent as given,
                  StepSucceeded way "p1", RunSucceeded {"way":"p1"}"#,
    );
    check(
        FLOW,
        r#"start  pick {"name":"a","urgent":false}
           owes   call way/found@0.0 #1"#,
    );
}

#[test]
fn a_choice_of_nothing_has_no_value() {
    check(
        FLOW,
        r#"start  pick {"name":"","urgent":false}
           owes   nothing
           status done"#,
    );
}

#[test]
fn a_round_reads_what_the_one_before_gave() {
    check(
        FLOW,
        r#"start  refine
           when   write#1/draft done "one"
           then   ModelAnswered write#1/draft, StepSucceeded write#1/draft,
                  StepStarted write#1/review {"name":"one"}, CallProposed, CallIntended
           when   write#1/review done {"text":"longer","good":false}
           then   CallApplied, CallJudged, StepSucceeded write#1/review, RoundStarted write 2,
                  StepStarted write#2/draft {"about":"it","before":"longer"}, ModelIntended write#2/draft
           when   write#2/draft done "two"
           owes   call write#2/review@0.0 #1
           when   write#2/review done {"text":"fine","good":true}
           then   CallApplied, CallJudged, StepSucceeded write#2/review,
                  StepSucceeded write {"said":"fine","text":"two"}, RunSucceeded {"said":"fine","text":"two"}"#,
    );
}

#[test]
fn a_repeat_whose_condition_never_held_fails_and_is_blamed_on_its_step() {
    check(
        FLOW,
        r#"start  refine
           given  write#1/draft done "one", write#1/review done {"text":"longer","good":false}
           given  write#2/draft done "two"
           when   write#2/review done {"text":"longer","good":false}
           then   CallApplied, CallJudged, StepSucceeded write#2/review,
                  StepFailed write not_reached workflows.refine.steps.write.until blames step,
                  RunFailed write not_reached blames step
           says   "did not hold after 2 rounds"
           status failed"#,
    );
}

#[test]
fn a_workflow_within_gives_its_output() {
    check(
        FLOW,
        r#"start  outer {"name":"a"}
           owes   call first/found@0.0 #1 {"name":"a"}
           given  first/found done {"text":"t","good":true}
           when   first/text done "hello"
           then   ModelAnswered first/text, StepSucceeded first/text, StepSucceeded first {"said":"hello"},
                  StepStarted then {"text":"hello"}, CallProposed then@0.0, CallIntended then@0.0"#,
    );
}

#[test]
fn a_workflow_within_has_its_own_limits_and_counts_against_all_around() {
    check(
        FLOW,
        r#"start  outer {"name":"a"}
           given  first/found done {"text":"t","good":true}
           when   the model answers "" using 90+4000
           then   ModelAnswered first/text, ContextAdjusted first/text,
                  RunPaused workflows.inner.limits.tokens used 4090
           spent  4090 tokens
           when   ada raises tokens to 40000
           then   MailTaken raise, LimitRaised, RunResumed, ModelIntended first/text turn 1 #2
           given  the model answers "hello" using 190+10
           owes   call then@0.0
           when   then done {"id":"p1"}
           then   CallApplied, CallJudged, StepSucceeded then, RunSucceeded "p1""#,
    );
}

#[test]
fn lanes_run_beside_each_other_and_give_their_values_in_the_order_of_the_items() {
    check(
        FLOW,
        r#"start  lanes {"names":["a","b","c"]}
           owes   call study[0]/found@0.0 #1 {"name":"a"}, call study[1]/found@0.0 #1 {"name":"b"}
           when   study[1]/found done {"text":"B","good":false}
           then   CallApplied, CallJudged, StepSucceeded study[1]/found, StepSkipped study[1]/sent,
                  LaneFinished study 1 "B", LaneStarted study 2, StepStarted study[2]/found, CallProposed,
                  CallIntended study[2]/found@0.0
           given  study[2]/found done {"text":"C","good":false}
           given  study[0]/found done {"text":"A","good":true}
           owes   call study[0]/sent@0.0 #1 {"text":"A"}
           when   study[0]/sent done {"id":"p1"}
           then   CallApplied, CallJudged, StepSucceeded study[0]/sent, LaneFinished study 0 "A",
                  StepSucceeded study as given, RunSucceeded {"all":["A","B","C"]}"#,
    );
}

#[test]
fn no_items_give_an_empty_list() {
    check(
        FLOW,
        r#"start  lanes {"names":[]}
           owes   nothing
           status done"#,
    );
}

#[test]
fn the_first_lane_that_fails_starts_no_more_and_what_has_left_is_settled_first() {
    check(
        FLOW,
        r#"start  lanes {"names":["a","b","c"]}
           given  study[0]/found done {"text":"A","good":true}
           owes   call study[0]/sent@0.0, call study[1]/found@0.0
           when   study[1]/found@0.0 fails "gone"
           then   CallNotApplied study[1]/found@0.0 given up, StepFailed study[1]/found blames tool
           owes   call study[0]/sent@0.0
           status running
           when   study[0]/sent@0.0 is lost
           then   CallDoubted study[0]/sent@0.0 settlement
           status waiting (settlement)
           given  time passes 70s
           when   ada settles study[0]/sent@0.0 not applied
           then   MailTaken settle, CallSettled, RunFailed study[1]/found
           status failed"#,
    );
}

#[test]
fn collected_lanes_that_fail_have_no_place_in_the_list() {
    check(
        FLOW,
        r#"start  collected {"names":["a","b","c"]}
           when   study[0]/sent@0.0 fails "full"
           then   CallNotApplied, StepFailed study[0]/sent caught by study[0],
                  LaneFailed study 0 because of study[0]/sent
           given  study[2]/sent done {"id":"p3"}
           when   study[1]/sent done {"id":"p2"}
           then   CallApplied, CallJudged, StepSucceeded, LaneFinished study 1, StepSucceeded study as given,
                  RunSucceeded {"all":["p2","p3"]}"#,
    );
}

#[test]
fn a_lane_in_doubt_is_settled_before_it_is_left_out_while_the_others_go_on() {
    check(
        FLOW,
        r#"start  collected {"names":["a","b"]}
           given  study[0]/sent@0.0 is lost
           given  study[1]/sent done {"id":"p2"}
           status waiting (settlement)
           when   ada settles study[0]/sent@0.0 applied {"id":7}
           then   MailTaken settle refused
           when   ada settles study[0]/sent@0.0 applied {"id":"p1"}
           then   MailTaken settle, CallSettled, CallJudged, StepSucceeded study[0]/sent, LaneFinished study 0,
                  StepSucceeded study, RunSucceeded {"all":["p1","p2"]}"#,
    );
}

#[test]
fn enough_lanes_are_enough() {
    check(
        FLOW,
        r#"start  enough {"names":["a","b","c"]}
           given  study[1]/found@0.0 fails "gone", study[2]/found done {"text":"C","good":true}
           when   study[0]/found done {"text":"A","good":true}
           then   CallApplied, CallJudged, StepSucceeded, LaneFinished study 0, StepSucceeded study,
                  RunSucceeded {"all":["A","C"]}"#,
    );
    check(
        FLOW,
        r#"start  enough {"names":["a","b"]}
           given  study[1]/found@0.0 fails "gone"
           when   study[0]/found done {"text":"A","good":true}
           then   CallApplied, CallJudged, StepSucceeded, LaneFinished study 0,
                  StepFailed study not_reached workflows.enough.steps.study.enough, RunFailed study
           says   "1 of 2 lanes succeeded, and 2 are enough""#,
    );
}

#[test]
fn more_items_than_an_each_takes_are_refused_with_what_to_do() {
    let names = (0..1001).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(",");
    check(
        FLOW,
        &format!(
            r#"start  lanes {{"names":[{names}]}}
               says   "has 1001 items, and an `each` takes 1000 at most"
               status failed"#
        ),
    );
}

#[test]
fn a_step_has_limits_of_its_own() {
    check(
        FLOW,
        r#"start  bounded
           when   the model answers "" using 90+4000
           then   ModelAnswered said, ContextAdjusted said,
                  RunPaused workflows.bounded.steps.said.limits.tokens used 4090
           when   ada raises tokens to 20000
           then   MailTaken raise, LimitRaised, RunResumed, ModelIntended said turn 1 #2
           when   time passes 600s
           then   
           when   the model answers "" using 90+29
           then   ModelAnswered said, ContextAdjusted said, RunPaused workflows.bounded.steps.said.limits.time
           status paused (limit)"#,
    );
}
