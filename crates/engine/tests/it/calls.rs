//! Calls: what is asked of them before they leave, in which order they leave, and how what comes back is judged.

use crate::check;
use crate::contracts::{INCLUDING, SHOP};

#[test]
fn a_call_with_arguments_of_another_type_is_refused_and_told_how_to_mend_it() {
    check(
        SHOP,
        r#"start  ticket
           when   the model calls refund {"order":7}
           then   ModelAnswered resolve, CallProposed resolve@1.0 refund,
                  CallRefused resolve@1.0 tools.refund.input, ModelIntended resolve turn 2
           told   "Not done: refused", "Call again with arguments of this JSON Schema"
           owes   ask resolve@2 #1"#,
    );
}

#[test]
fn arguments_that_are_no_json_are_refused_as_they_stand() {
    check(
        SHOP,
        r#"start  ticket
           when   the model calls refund "order o1"
           then   ModelAnswered resolve, CallProposed resolve@1.0, CallRefused resolve@1.0 tools.refund.input,
                  ModelIntended resolve turn 2
           told   "the arguments are no JSON object: order o1""#,
    );
}

#[test]
fn a_call_beyond_its_authority_is_refused_though_all_else_is_well() {
    check(
        SHOP,
        r#"start  ticket
           when   the model calls refund {"order":"o1","amount":51}
           then   ModelAnswered resolve, CallProposed resolve@1.0,
                  CallRefused resolve@1.0 agents.clerk.may.refund, ModelIntended resolve turn 2
           told   "args.amount <= 50.0", "do without""#,
    );
}

#[test]
fn a_call_whose_tool_requires_more_is_refused_by_that_clause() {
    check(
        SHOP,
        r#"start  ticket
           when   the model calls refund {"order":"o1","amount":0}
           then   ModelAnswered resolve, CallProposed resolve@1.0,
                  CallRefused resolve@1.0 tools.refund.requires.it-is-more-than-nothing, ModelIntended resolve turn 2
           told   "it is more than nothing""#,
    );
}

#[test]
fn what_fails_several_checks_is_refused_by_the_first() {
    check(
        SHOP,
        r#"start  ticket
           when   the model calls refund {"order":7,"amount":99}
           then   ModelAnswered resolve, CallProposed resolve@1.0, CallRefused resolve@1.0 tools.refund.input,
                  ModelIntended resolve"#,
    );
}

#[test]
fn a_tool_that_is_not_granted_is_refused_and_those_that_are_named() {
    check(
        SHOP,
        r#"start  ticket
           when   the model calls delete {"order":"o1"}
           then   ModelAnswered resolve, CallProposed resolve@1.0 delete, CallRefused resolve@1.0 agents.clerk.may,
                  ModelIntended resolve turn 2
           told   "Use one of: find, read, refund, note, mail, close.""#,
    );
}

#[test]
fn a_refused_call_holds_back_none_beside_it() {
    check(
        SHOP,
        r#"start  ticket
           when   the model calls delete {} and read {"order":"o1"}
           then   ModelAnswered resolve, CallProposed resolve@1.0, CallRefused resolve@1.0,
                  CallProposed resolve@1.1, CallIntended resolve@1.1
           owes   call resolve@1.1 #1"#,
    );
}

#[test]
fn a_tool_step_that_is_refused_fails_by_the_clause() {
    check(
        SHOP,
        r#"start  pay {"amount":-1}
           then   RunStarted, EpochBegan, StepStarted pay, CallProposed pay@0.0 refund,
                  CallRefused pay@0.0 tools.refund.requires.it-is-more-than-nothing,
                  StepFailed pay refused_by_clause tools.refund.requires.it-is-more-than-nothing blames step, RunFailed pay
           owes   nothing
           status failed"#,
    );
}

#[test]
fn a_call_leaves_with_what_its_contract_sends_and_its_key() {
    check(
        SHOP,
        r#"start  ticket
           when   the model calls refund {"order":"o1","amount":5} and note {"order":"o2","text":"hi"}
           then   ModelAnswered resolve, CallProposed resolve@1.0, CallProposed resolve@1.1,
                  CallIntended resolve@1.0, CallIntended resolve@1.1
           owes   call resolve@1.0 #1 with key {"amount":5,"order":"o1"}, call resolve@1.1 #1 {"note":"hi","order":"o2"}"#,
    );
}

#[test]
fn calls_that_touch_the_same_thing_go_one_after_the_other_in_the_models_order() {
    check(
        SHOP,
        r#"start  ticket
           when   the model calls read {"order":"o1"} and refund {"order":"o1","amount":5} and read {"order":"o1"}
           then   ModelAnswered resolve, CallProposed resolve@1.0, CallProposed resolve@1.1, CallProposed resolve@1.2,
                  CallIntended resolve@1.0, CallQueued resolve@1.1 behind resolve@1.0 for order/o1,
                  CallQueued resolve@1.2 behind resolve@1.1 for order/o1
           owes   call resolve@1.0
           when   resolve@1.0 returns "open"
           then   CallApplied resolve@1.0, CallJudged resolve@1.0, CallIntended resolve@1.1
           owes   call resolve@1.1
           when   resolve@1.1 returns {"order":"o1","amount":5}
           then   CallApplied resolve@1.1, CallJudged resolve@1.1, CallIntended resolve@1.2
           owes   call resolve@1.2"#,
    );
}

#[test]
fn calls_that_touch_different_things_go_side_by_side() {
    check(
        SHOP,
        r#"start  ticket
           when   the model calls refund {"order":"o1","amount":5} and refund {"order":"o2","amount":5} and mail {"to":"ada"}
           then   ModelAnswered resolve, CallProposed resolve@1.0, CallProposed resolve@1.1, CallProposed resolve@1.2,
                  CallIntended resolve@1.0, CallIntended resolve@1.1, CallIntended resolve@1.2
           owes   call resolve@1.0, call resolve@1.1, call resolve@1.2"#,
    );
}

#[test]
fn calls_of_steps_side_by_side_wait_for_each_other_too() {
    check(
        SHOP,
        r#"start  closing
           owes   call first@0.0
           when   first@0.0 returns null
           then   CallApplied first@0.0, CallJudged first@0.0, StepSucceeded first, CallIntended second@0.0
           owes   call second@0.0"#,
    );
}

#[test]
fn a_call_waits_for_one_that_is_in_doubt() {
    check(
        SHOP,
        r#"start  closing
           when   first@0.0 is lost
           then   CallDoubted first@0.0 settlement
           owes   nothing
           status waiting (settlement)
           given  time passes 70s
           when   ada settles first@0.0 not applied
           then   MailTaken settle ada, CallSettled first@0.0 not applied, CallIntended first@0.0 #2
           owes   call first@0.0 #2"#,
    );
}

#[test]
fn a_result_of_another_type_fails_the_step_and_blames_the_tool() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls find {"email":"ada@x"}
           when   find returns {"name":"Ada"}
           then   CallApplied resolve@1.0, CallJudged resolve@1.0 violated tools.find.output,
                  StepFailed resolve tool_breach tools.find.output blames tool, RunFailed resolve tool_breach
           owes   nothing"#,
    );
}

#[test]
fn a_broken_promise_fails_the_step_by_the_promises_address() {
    check(
        SHOP,
        r#"start  pay {"amount":5}
           when   pay done {"order":"o1","amount":6}
           then   CallApplied pay@0.0,
                  CallJudged pay@0.0 violated tools.refund.ensures.the-amount-is-the-one-asked-for,
                  StepFailed pay tool_breach tools.refund.ensures.the-amount-is-the-one-asked-for blames tool,
                  CallLeftStanding pay@0.0 unsaid, RunFailed pay
           status failed (standing)"#,
    );
}

#[test]
fn a_result_that_is_too_large_is_shown_to_a_model_as_its_head() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls read {"order":"o1"}
           when   read returns 300000 bytes
           then   CallApplied resolve@1.0 cut 300002, CallJudged resolve@1.0 unverified tools.read.output,
                  ModelIntended resolve turn 2
           told   "cut: 300002 bytes in all, unverified""#,
    );
}

#[test]
fn a_result_that_is_too_large_for_a_step_fails_it() {
    check(
        SHOP,
        r#"start  search {"email":"ada@x"}
           when   find returns 300000 bytes
           then   CallApplied who@0.0 cut, CallJudged who@0.0 unverified tools.find.output,
                  StepFailed who tool_breach tools.find.output blames tool, RunFailed who"#,
    );
}

#[test]
fn a_step_that_fails_still_waits_for_its_calls_that_have_left() {
    check(
        SHOP,
        r#"start  ticket
           given  the model calls find {"email":"ada@x"} and mail {"to":"ada"} and refund {"order":"o1","amount":5}
           when   find returns {"name":"Ada"}
           then   CallApplied resolve@1.0, CallJudged resolve@1.0 violated, StepFailed resolve tool_breach
           owes   call resolve@1.1, call resolve@1.2
           status running
           when   resolve@1.1 is lost
           then   CallDoubted resolve@1.1 settlement
           when   resolve@1.2 returns {"order":"o1","amount":7}
           then   CallApplied resolve@1.2, CallJudged resolve@1.2 violated
           status waiting (settlement)
           owes   nothing
           when   ada settles resolve@1.1 applied {"sent":true}
           then   MailTaken settle ada, CallSettled resolve@1.1 applied, CallJudged resolve@1.1 held,
                  CallLeftStanding resolve@1.1 unsaid,
                  CallLeftStanding resolve@1.2 unsaid, RunFailed resolve tool_breach
           status failed (standing)"#,
    );
}

#[test]
fn a_result_nested_too_deep_is_cut_and_can_be_read_back() {
    let deep = format!("{}1{}", "[".repeat(110), "]".repeat(110));
    let story = r#"start  ticket
           given  the model calls read {"order":"o1"}
           when   resolve@1.0 returns DEEP
           then   CallApplied resolve@1.0 #1 cut, CallJudged resolve@1.0, ModelIntended resolve turn 2"#;
    check(SHOP, &story.replace("DEEP", &deep));
}

#[test]
fn an_included_tool_is_shown_by_a_name_that_providers_take_and_runs_under_its_own() {
    check(
        INCLUDING,
        r#"start  ticket
           when   the model calls cms__publish {"words":5}
           then   ModelAnswered resolve, CallProposed resolve@1.0 cms.publish, CallIntended resolve@1.0"#,
    );
}

#[test]
fn an_included_condition_reads_the_settings_of_its_own_file() {
    check(
        INCLUDING,
        r#"start  ticket
           when   the model calls cms__publish {"words":11}
           then   ModelAnswered resolve, CallProposed resolve@1.0 cms.publish,
                  CallRefused resolve@1.0 tools.cms.publish.requires.it-is-short-enough, ModelIntended resolve turn 2
           told   "it is short enough""#,
    );
}

#[test]
fn an_included_tool_whose_result_is_withheld_is_not_to_be_called_again() {
    check(
        INCLUDING,
        r#"start  ticket
           given  the model calls cms__publish {"words":5}
           when   resolve@1.0 returns {"url":"/draft/1"}
           then   CallApplied resolve@1.0, CallJudged resolve@1.0,
                  CallWithheld resolve@1.0 tools.cms.publish.shows.it-is-public, ModelIntended resolve turn 2
           told   "what `cms__publish` gave is withheld", "It took effect: don't do it again.""#,
    );
}

#[test]
fn a_tool_that_is_not_granted_is_answered_with_the_names_that_were_shown() {
    check(
        INCLUDING,
        r#"start  ticket
           when   the model calls publish {"words":5}
           then   ModelAnswered resolve, CallProposed resolve@1.0 publish,
                  CallRefused resolve@1.0 agents.editor.may, ModelIntended resolve turn 2
           told   "Use one of: cms__publish""#,
    );
}

/// Two readers, and a refund of what both of them gave.
const BLAMED: &str = r#"
handfast: 1
name: blamed
version: "1"
servers: { shop: { rust: {} } }
tools:
  find:
    via: shop.find
    description: Finds an order.
    input: {}
    output: { fields: { id: string } }
    effects: [ { reads: order/* } ]
  count:
    via: shop.count
    description: Counts what was paid.
    input: {}
    output: json
    effects: [ { reads: order/* } ]
  refund:
    via: shop.refund
    description: Pays money back.
    input: { order: string, amount: number, note?: string }
    effects: [ { writes: "order/{args.order}" } ]
    idempotency: natural
    compensate: { leaves: [ the money is gone ] }
    requires: { it is more than nothing: args.amount > 0.0 }
workflows:
  back:
    input: { note: string }
    steps:
      found: { tool: find }
      paid:  { tool: count }
      back:  { tool: refund, with: { order: steps.found.id, amount: steps.paid, note: input.note } }
"#;

#[test]
fn the_step_that_gave_the_value_is_at_fault_and_no_other() {
    check(
        BLAMED,
        r#"start  back {"note":"sorry"}
           given  find returns {"id":"o1"}
           when   count returns -5
           then   CallApplied paid@0.0, CallJudged, StepSucceeded paid, StepStarted back, CallProposed back@0.0,
                  CallRefused back@0.0 tools.refund.requires.it-is-more-than-nothing,
                  StepFailed back refused_by_clause blames step from paid, RunFailed
           says   "`amount` comes from step `paid`""#,
    );
}

#[test]
fn a_value_that_does_not_fit_is_the_fault_of_those_who_gave_it() {
    check(
        BLAMED,
        r#"start  back {"note":"sorry"}
           given  find returns {"id":"o1"}
           when   count returns "much"
           then   CallApplied paid@0.0, CallJudged, StepSucceeded paid,
                  StepFailed back hand_off workflows.back.steps.back.with blames step from found from paid, RunFailed"#,
    );
}
