//! People: a call that needs a yes waits for it, holds nothing meanwhile, and uses it once.

use crate::check;

/// A desk where letting something go needs people, by its amount.
pub(crate) const DESK: &str = r#"
handfast: 1
name: desk
version: "1"
roles: { lead: {}, boss: {}, customer: { reached: conversation } }
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers: { shop: { rust: {} } }
tools:
  refund:
    via: shop.refund
    description: Pays money back for one order.
    input: { order: string, amount: number }
    effects: [ { writes: "order/{args.order}" }, notifies: "the customer of {args.order}" ]
    idempotency: { key: { arg: idempotency_key }, valid: 1h }
    requires:
      it is more than nothing: args.amount > 0.0
    failures:
      overloaded: { when: error.code == 'overloaded', then: transient }
    approval:
      by: [ { role: lead, when: args.amount > 10.0 }, { role: boss, when: args.amount > 100.0 } ]
      saying: "Refund {args.amount} for order {args.order}?"
      within: 4h
  close:
    via: shop.close
    description: Closes one order for ever.
    input: { order: string }
    effects: [ { writes: "order/{args.order}" } ]
    approval: { by: lead, valid: 1m }
  tell:
    via: shop.tell
    description: Tells the customer.
    input: { text: string }
    effects: [ notifies: the customer ]
    approval: { by: [ customer ], within: 1h, unanswered: approve }
  read:
    via: shop.read
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
agents:
  clerk:
    purpose: Resolve one customer's problem.
    model: main
    may: [ refund, close, tell, read ]
    limits: { turns: 8 }
workflows:
  desk: { steps: { resolve: { agent: clerk } } }
  pay:    { input: { amount: number }, steps: { pay: { tool: refund, with: { order: "'o1'", amount: input.amount } } } }
  letter: { steps: { say: { tool: tell, with: { text: "'hello'" } } } }
  shut:   { steps: { shut: { tool: close, with: { order: "'o1'" } } } }
"#;

#[test]
fn a_call_that_nobody_is_asked_about_leaves_at_once() {
    check(
        DESK,
        r#"start pay {"amount":5}
           owes  call pay@0.0 #1"#,
    );
}

#[test]
fn a_call_waits_for_its_yes_and_the_run_rests() {
    check(
        DESK,
        r#"start  pay {"amount":20}
           status waiting (approval)
           owes   wait 14400s
           when   ada answers pay@0.0 "approved"
           then   MailTaken answer ada, ApprovalAnswered pay@0.0 approved lead ada decides approved,
                  CallIntended pay@0.0 #1
           owes   call pay@0.0 #1 with key
           when   refund returns null
           then   CallApplied pay@0.0, CallJudged pay@0.0, StepSucceeded pay, RunSucceeded"#,
    );
}

#[test]
fn the_question_is_written_from_the_exact_arguments_and_says_what_the_call_would_do() {
    check(
        DESK,
        r#"start desk
           when  the model calls refund {"order":"o/1","amount":20} and close {"order":"o2"}
           then  ModelAnswered, CallProposed refund, CallProposed close, ApprovalAsked resolve@1.0 lead Refund 20 for order o/1?,
                 ApprovalAsked resolve@1.1 lead Call `close` with {"order":"o2"}?
           says  "writes order/o%2F1", "notifies the customer of o/1", "tools.refund.approval", ""when":"args.amount > 100.0","is_asked":false""#,
    );
}

#[test]
fn all_who_are_asked_must_say_yes() {
    check(
        DESK,
        r#"start  pay {"amount":200}
           when   ada answers pay@0.0 "approved" as boss
           then   MailTaken answer, ApprovalAnswered pay@0.0 approved boss ada
           owes   wait
           status waiting (approval)
           when   bob answers pay@0.0 "approved"
           then   MailTaken answer, ApprovalAnswered pay@0.0 approved lead bob decides approved, CallIntended pay@0.0"#,
    );
}

#[test]
fn where_several_are_asked_an_answer_says_for_whom() {
    check(
        DESK,
        r#"start  pay {"amount":200}
           when   ada answers pay@0.0 "approved"
           then   MailTaken answer refused
           says   "several are asked: say for whom, `--as lead` or `--as boss`"
           given  ada answers pay@0.0 "approved" as boss
           when   bob answers pay@0.0 "approved" as boss
           then   MailTaken answer refused
           says   "boss has answered already: approved, by ada""#,
    );
}

#[test]
fn one_no_refuses_a_tool_step_and_blames_the_person() {
    check(
        DESK,
        r#"start  pay {"amount":200}
           when   ada answers pay@0.0 "denied" as lead saying "half of it"
           then   MailTaken answer, ApprovalAnswered pay@0.0 denied lead ada decides denied, CallRefused pay@0.0 tools.refund.approval,
                  StepFailed pay refused_by_clause tools.refund.approval blames person, RunFailed pay
           says   "lead (ada) said no: half of it"
           status failed"#,
    );
}

#[test]
fn a_no_tells_the_model_what_was_said_and_how_to_mend_it() {
    check(
        DESK,
        r#"start  desk
           given  the model calls refund {"order":"o1","amount":20}
           when   ada answers resolve@1.0 "denied" saying "at most 5"
           then   MailTaken answer, ApprovalAnswered resolve@1.0, CallRefused resolve@1.0, ModelIntended resolve turn 2
           told   "it needs a person's yes", "lead (ada) said no: at most 5", "mend it by what was said"
           when   the model calls refund {"order":"o1","amount":5}
           then   ModelAnswered, CallProposed refund, CallIntended resolve@2.0"#,
    );
}

#[test]
fn silence_is_a_no_unless_the_contract_says_otherwise() {
    check(
        DESK,
        r#"start  pay {"amount":20}
           when   time passes
           then   ApprovalLapsed pay@0.0 denied, CallRefused pay@0.0, StepFailed pay blames person, RunFailed"#,
    );
    check(
        DESK,
        r#"start  letter
           status waiting (approval)
           when   time passes
           then   ApprovalLapsed say@0.0 approved, CallIntended say@0.0"#,
    );
}

#[test]
fn an_answer_counts_by_the_time_at_which_it_was_put_though_nobody_drove_then() {
    check(
        DESK,
        r#"start  pay {"amount":20}
           given  time passes 14399s
           when   ada answers pay@0.0 "approved"
           then   MailTaken answer ada, ApprovalAnswered pay@0.0 decides approved, CallIntended pay@0.0"#,
    );
}

#[test]
fn a_question_is_answered_once_and_the_other_is_told_what_happened() {
    check(
        DESK,
        r#"start  pay {"amount":20}
           given  ada answers pay@0.0 "approved"
           when   bob answers pay@0.0 "denied" saying "no"
           then   MailTaken answer refused bob
           says   "it was answered already: approved, by ada for lead"
           owes   call pay@0.0"#,
    );
}

#[test]
fn who_is_not_asked_cannot_answer() {
    check(
        DESK,
        r#"start  pay {"amount":20}
           when   ada answers pay@0.0 "approved" as boss
           then   MailTaken answer refused
           says   "boss is not asked about this one, since `args.amount > 100.0` does not hold: answer `--as lead`"
           when   ada answers pay@0.0 "approved" as customer
           then   MailTaken answer refused
           says   "customer is not asked: answer `--as lead`"
           when   ada answers pay@0.0 "maybe"
           then   MailTaken answer refused
           says   "`maybe` is no answer to it: say one of `approved`, `denied`"
           when   ada answers nowhere "approved"
           then   MailTaken answer refused
           says   "nothing waits for an answer by the id""#,
    );
}

#[test]
fn one_yes_covers_every_attempt_of_its_call() {
    check(
        DESK,
        r#"start  pay {"amount":20}
           given  ada answers pay@0.0 "approved"
           given  pay@0.0 fails "later" code overloaded
           when   time passes
           then   CallIntended pay@0.0 #2"#,
    );
}

#[test]
fn a_yes_that_was_not_used_in_time_is_asked_for_anew() {
    check(
        DESK,
        r#"start  desk
           given  the model calls close {"order":"o1"}, ada answers resolve@1.0 "approved", close is lost, time passes 60s
           given  ada settles resolve@1.0 applied null
           given  the model calls close {"order":"o2"} and refund {"order":"o2","amount":5}
           status running
           given  ada answers resolve@2.0 "approved"
           owes   call resolve@2.1
           when   time passes 120s
           then   nothing
           when   resolve@2.1 returns null
           then   CallApplied, CallJudged, ApprovalWithdrawn resolve@2.0, ApprovalAsked resolve@2.0 lead
           status waiting (approval)"#,
    );
}

#[test]
fn nothing_is_held_while_people_decide() {
    check(
        DESK,
        r#"start  desk
           when   the model calls refund {"order":"o1","amount":20} and read {"order":"o1"}
           then   ModelAnswered, CallProposed refund, CallProposed read, ApprovalAsked resolve@1.0, CallIntended resolve@1.1
           owes   call resolve@1.1, wait
           status running"#,
    );
}

#[test]
fn a_paused_run_withdraws_its_question_and_asks_anew() {
    check(
        DESK,
        r#"start  pay {"amount":20}
           when   ada pauses
           then   MailTaken pause, RunPaused person ada, ApprovalWithdrawn pay@0.0
           owes   nothing
           status paused (person)
           when   bob answers pay@0.0 "approved"
           then   MailTaken answer refused
           says   "it was withdrawn at", "the run is paused"
           when   ada resumes
           then   MailTaken resume, RunResumed ada, ApprovalAsked pay@0.0
           status waiting (approval)"#,
    );
}

#[test]
fn an_ending_run_asks_nobody_any_more() {
    check(
        DESK,
        r#"start  pay {"amount":20}
           when   ada cancels
           then   MailTaken cancel, RunCancelRequested, ApprovalWithdrawn pay@0.0, RunCancelled"#,
    );
}

#[test]
fn what_waited_for_people_outlives_a_worker() {
    check(
        DESK,
        r#"start  pay {"amount":20}
           when   a worker takes over
           then   EpochBegan
           status waiting (approval)
           when   ada answers pay@0.0 "approved"
           then   MailTaken answer, ApprovalAnswered pay@0.0, CallIntended pay@0.0"#,
    );
}

#[test]
fn a_killed_run_ends_at_once_and_says_what_was_open() {
    check(
        DESK,
        r#"start  desk
           given  the model calls read {"order":"o1"} and close {"order":"o2"}
           when   ada kills
           then   MailTaken kill, RunKilled ada open resolve@1.0 resolve@1.1
           says   "`read` may have left: it may take effect yet", "`close` was not sent: people were asked"
           owes   nothing
           status killed"#,
    );
    check(
        DESK,
        r#"start     desk
           when      ada kills
           then      MailTaken kill, ModelFailed resolve cancelled no more, RunKilled ada open resolve
           forfeited 4178 tokens
           status    killed"#,
    );
}

#[test]
fn a_person_lets_a_run_rest_and_what_has_left_comes_back() {
    check(
        DESK,
        r#"start  pay {"amount":5}
           when   ada pauses
           then   MailTaken pause, RunPaused person ada
           status running
           when   refund returns null
           then   CallApplied pay@0.0, CallJudged pay@0.0
           status paused (person)
           when   bob pauses
           then   MailTaken pause refused
           says   "the run is paused already, by ada"
           when   ada resumes
           then   MailTaken resume, RunResumed, StepSucceeded pay, RunSucceeded"#,
    );
}

#[test]
fn what_is_halted_does_not_leave_and_the_run_names_it() {
    check(
        DESK,
        r#"start  desk
           given  bob halts tool:read
           when   the model calls read {"order":"o1"}
           then   ModelAnswered, CallProposed read, RunPaused halt tool:read bob
           says   "the shop is on fire"
           owes   nothing
           status paused (halt)
           when   ada resumes
           then   MailTaken resume refused
           says   "tool:read is halted by bob: `handfast unhalt tool:read` lets it go on"
           given  bob unhalts
           when   ada resumes
           then   MailTaken resume, RunResumed, CallIntended resolve@1.0"#,
    );
}

#[test]
fn a_halt_holds_what_it_names_and_nothing_else() {
    check(
        DESK,
        r#"start  desk
           given  bob halts tool:refund
           when   the model calls read {"order":"o1"}
           then   ModelAnswered, CallProposed read, CallIntended
           given  bob halts agent:clerk
           when   read returns null
           then   CallApplied, CallJudged, RunPaused halt agent:clerk"#,
    );
    for scope in ["server:shop", "contract:desk", "everything"] {
        check(
            DESK,
            &format!(
                r#"start  desk
                   given  bob halts {scope}
                   when   the model calls read {{"order":"o1"}}
                   then   ModelAnswered, CallProposed read, RunPaused halt {scope} bob
                   status paused (halt)"#
            ),
        );
    }
}

#[test]
fn a_yes_does_not_lift_a_halt() {
    check(
        DESK,
        r#"start  pay {"amount":20}
           given  bob halts everything
           when   ada answers pay@0.0 "approved"
           then   MailTaken answer, ApprovalAnswered, RunPaused halt everything, ApprovalWithdrawn pay@0.0
           status paused (halt)"#,
    );
}

#[test]
fn a_call_in_doubt_is_repeated_though_one_before_it_in_its_turn_may_leave_now() {
    check(
        DESK,
        r#"start desk
           given  the model calls refund {"order":"o1","amount":20} and refund {"order":"o1","amount":30}
           given  ada answers resolve@1.1 "approved"
           when   ada answers resolve@1.0 "approved"
           then   MailTaken answer, ApprovalAnswered resolve@1.0, CallQueued resolve@1.0 behind resolve@1.1
           when   a worker takes over
           then   EpochBegan, CallDoubted resolve@1.1, CallIntended resolve@1.1 #2
           when   resolve@1.1 returns null
           then   CallApplied resolve@1.1, CallJudged resolve@1.1, CallIntended resolve@1.0 #1"#,
    );
}
