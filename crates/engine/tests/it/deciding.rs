//! Approval steps: people decide, and what they say is the step's value.

use crate::check;

/// A publisher whose editors decide in every kind of place.
const PRESS: &str = r#"
handfast: 1
name: press
version: "1"
roles: { editor: {}, lawyer: {} }
servers: { press: { rust: {} } }
tools:
  print:
    via: press.print
    description: Prints one text.
    input: { text: string }
    output: { fields: { page: integer } }
    effects: [ { creates: "page/{args.text}" } ]
    idempotency: natural
    compensate: { tool: pulp, with: { page: result.page } }
  pulp:
    via: press.pulp
    description: Pulps one page.
    input: { page: integer }
    effects: [ { deletes: "page/{args.page}" } ]
    idempotency: natural
workflows:
  publish:
    input: { text: string, risk?: number }
    steps:
      review:
        approval:
          by: [ editor, { role: lawyer, when: has(input.risk) && input.risk > 5.0 } ]
          saying: "Publish {input.text}?"
          presents: input
          asks: [ publish, revise, drop ]
          within: 4h
      print: { tool: print, with: { text: input.text }, when: steps.review.decision == 'publish' }
    output: steps.review
  silence:
    steps:
      ask: { approval: { by: editor, within: 1h, unanswered: denied } }
    output: steps.ask
  optional:
    input: { risk: number }
    steps:
      ask: { approval: { by: { role: lawyer, when: input.risk > 5.0 }, asks: [ fine, "no" ] } }
    output: steps.ask
  spared:
    steps:
      ask: { approval: { by: editor, within: 1h }, otherwise: "{'decision': 'nothing', 'by': 'nobody'}" }
    output: steps.ask.decision
  undone:
    steps:
      print: { tool: print, with: { text: "'draft'" } }
      ask: { approval: { by: editor, within: 1h }, needs: print }
  rounds:
    steps:
      write:
        repeat: 3
        until: steps.ask.decision == 'approved'
        steps:
          ask: { approval: { by: editor, saying: "Round?" } }
        output: steps.ask.by
    output: steps.write
  lanes:
    input: { texts: "string[]" }
    steps:
      all:
        each: input.texts
        as: text
        steps:
          ask: { approval: { by: editor, saying: "Publish {text}?", presents: text } }
        output: steps.ask.decision
    output: steps.all
  part: { input: { text: string, risk?: number }, steps: { go: { workflow: publish, with: input } }, output: steps.go.decision }
  hurry: { limits: { deadline: 30m }, steps: { ask: { approval: { by: editor, within: 1h } } }, output: steps.ask }
"#;

#[test]
fn a_step_asks_shows_what_it_presents_and_gives_the_answer() {
    check(
        PRESS,
        r#"start  publish {"text":"a draft"}
           status waiting (approval)
           owes   wait 14400s
           when   ada answers review "publish" saying "well done"
           then   MailTaken answer, ApprovalAnswered review publish editor ada decides publish, StepSucceeded review, StepStarted print,
                  CallProposed print, CallIntended print@0.0
           says   ""decision":"publish"", ""by":"ada"", ""note":"well done""
           when   print done {"page":1}
           then   CallApplied, CallJudged, StepSucceeded print, RunSucceeded"#,
    );
}

#[test]
fn the_question_holds_what_is_decided_on() {
    check(
        PRESS,
        r#"start  publish {"text":"a draft"}
           when   a worker takes over
           then   EpochBegan
           status waiting (approval)
           given  ada pauses
           when   ada resumes
           then   MailTaken, RunResumed, ApprovalAsked review editor Publish a draft?
           says   "workflows.publish.steps.review.approval", ""presents":{"text":"a draft"}", ""answers":["publish","revise","drop"]""#,
    );
}

#[test]
fn all_who_are_asked_must_say_the_first_answer_and_any_other_decides_alone() {
    check(
        PRESS,
        r#"start  publish {"text":"a draft","risk":9}
           when   ada answers review "publish" as editor saying "I like it"
           then   MailTaken answer, ApprovalAnswered review publish editor ada
           status waiting (approval)
           when   bob answers review "publish" saying "harmless"
           then   MailTaken answer, ApprovalAnswered review publish lawyer bob decides publish, StepSucceeded review, StepStarted print,
                  CallProposed print, CallIntended print@0.0
           says   "ada, bob", "I like it\nharmless""#,
    );
    check(
        PRESS,
        r#"start  publish {"text":"a draft","risk":9}
           given  ada answers review "publish" as editor saying "I like it"
           when   bob answers review "drop" as lawyer saying "libel"
           then   MailTaken answer, ApprovalAnswered review drop lawyer bob decides drop, StepSucceeded review, StepSkipped print,
                  RunSucceeded
           says   "{"by":"bob","decision":"drop","note":"libel"}""#,
    );
}

#[test]
fn an_answer_that_was_not_asked_for_or_comes_too_late_changes_nothing() {
    check(
        PRESS,
        r#"start  publish {"text":"a draft"}
           when   ada answers review "approved"
           then   MailTaken answer refused
           says   "`approved` is no answer to it: say one of `publish`, `revise`, `drop`"
           given  ada answers review "revise"
           status done"#,
    );
    check(
        PRESS,
        r#"start  rounds
           given  ada answers write#1/ask "denied"
           when   ada answers write#1/ask "approved"
           then   MailTaken answer refused
           says   "it was answered already: denied, by ada""#,
    );
}

#[test]
fn silence_is_the_answer_that_the_contract_names_or_fails_the_step() {
    check(
        PRESS,
        r#"start  silence
           when   time passes
           then   ApprovalLapsed ask denied, StepSucceeded ask, RunSucceeded
           says   "{"by":"nobody","decision":"denied"}""#,
    );
    check(
        PRESS,
        r#"start  publish {"text":"a draft"}
           when   time passes
           then   ApprovalLapsed review fails, StepFailed review not_reached workflows.publish.steps.review.approval.within blames person,
                  RunFailed review"#,
    );
    check(
        PRESS,
        r#"start  spared
           when   time passes
           then   ApprovalLapsed ask fails, StepFailed ask not_reached, OtherwiseTaken ask, StepSucceeded ask, RunSucceeded
           says   "nothing""#,
    );
}

#[test]
fn where_nobody_is_asked_it_is_the_first_answer() {
    check(
        PRESS,
        r#"start  optional {"risk":1}
           status done"#,
    );
    check(
        PRESS,
        r#"start  optional {"risk":9}
           when   bob answers ask "no"
           then   MailTaken answer, ApprovalAnswered, StepSucceeded ask, RunSucceeded
           says   ""decision":"no"""#,
    );
}

#[test]
fn what_was_done_before_a_step_that_nobody_answers_is_taken_back() {
    check(
        PRESS,
        r#"start  undone
           given  print done {"page":7}
           when   time passes
           then   ApprovalLapsed ask fails, StepFailed ask, CompensationBegan print@0.0, SideCallProposed, CallIntended print@0.0~compensate
           status compensating"#,
    );
}

#[test]
fn it_asks_in_rounds_lanes_and_workflows_within() {
    check(
        PRESS,
        r#"start  rounds
           when   ada answers write#1/ask "denied"
           then   MailTaken answer, ApprovalAnswered write#1/ask denied, StepSucceeded write#1/ask, RoundStarted write, StepStarted write#2/ask,
                  ApprovalAsked write#2/ask editor Round?
           when   bob answers write#2/ask "approved"
           then   MailTaken answer, ApprovalAnswered, StepSucceeded write#2/ask, StepSucceeded write, RunSucceeded
           says   "bob""#,
    );
    check(
        PRESS,
        r#"start  lanes {"texts":["a","b"]}
           when   ada answers all[1]/ask "denied", ada answers all[0]/ask "approved"
           then   MailTaken answer, ApprovalAnswered all[1]/ask denied, StepSucceeded all[1]/ask, LaneFinished all,
                  MailTaken answer, ApprovalAnswered all[0]/ask approved, StepSucceeded all[0]/ask, LaneFinished all, StepSucceeded all, RunSucceeded
           says   "["approved","denied"]""#,
    );
    check(
        PRESS,
        r#"start  part {"text":"a draft"}
           when   ada answers go/review "drop"
           then   MailTaken answer, ApprovalAnswered go/review drop, StepSucceeded go/review, StepSkipped go/print, StepSucceeded go, RunSucceeded
           says   "drop""#,
    );
}

#[test]
fn no_question_of_a_step_stays_open_in_a_run_that_is_held_or_ends() {
    check(
        PRESS,
        r#"start  silence
           when   ada pauses
           then   MailTaken, RunPaused, ApprovalWithdrawn ask
           owes   nothing
           when   ada answers ask "approved"
           then   MailTaken answer refused
           says   "it was withdrawn"
           when   ada resumes
           then   MailTaken, RunResumed, ApprovalAsked ask editor ask: approved or denied?
           owes   wait 3600s
           when   ada cancels
           then   MailTaken, RunCancelRequested, ApprovalWithdrawn ask, RunCancelled"#,
    );
    check(
        PRESS,
        r#"start  silence
           when   ada kills
           then   MailTaken, RunKilled open ask
           says   "people were asked: ask: approved or denied?"
           status killed"#,
    );
}

#[test]
fn a_limit_on_time_around_it_ends_the_waiting() {
    check(
        PRESS,
        r#"start  hurry
           owes   wait 1800s
           when   time passes
           then   RunPaused workflows.hurry.limits.deadline, ApprovalWithdrawn ask
           status paused (limit)
           when   ada raises time to 7200s
           then   MailTaken, LimitRaised, RunResumed, ApprovalAsked ask
           owes   wait 3600s
           when   ada answers ask "approved"
           then   MailTaken answer, ApprovalAnswered, StepSucceeded ask, RunSucceeded"#,
    );
}
