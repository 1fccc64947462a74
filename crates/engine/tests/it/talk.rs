//! Conversations: every message is heard once and answered once, and a yes is only read out of what was said to the question.

use crate::check;

/// A desk that somebody talks to.
pub(crate) const DESK: &str = r#"
handfast: 1
name: desk
version: "1"
roles: { customer: { reached: conversation }, lead: {} }
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers: { shop: { rust: {} } }
tools:
  find:
    via: shop.find
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
  refund:
    via: shop.refund
    description: Pays money back for one order.
    input: { order: string, amount: number }
    output: { fields: { id: string } }
    effects: [ { writes: "order/{args.order}" } ]
    from: { order: [ input ] }
    idempotency: { key: { arg: idempotency_key }, valid: 1h }
    compensate: { tool: undo, with: { id: result.id } }
    approval:
      by: [ customer, { role: lead, when: args.amount > 100.0 } ]
      saying: "Refund {args.amount} for order {args.order}?"
      within: 10m
  undo:
    via: shop.undo
    description: Takes one refund back.
    input: { id: string }
    effects: [ { deletes: "refund/{args.id}" } ]
    idempotency: natural
agents:
  clerk:
    purpose: Resolve one customer's problem.
    model: main
    talks_to: [ customer, lead ]
    may: [ find, refund ]
    unsure: ask
    limits: { turns: 4, time: 5m }
  formal:
    purpose: Resolve one customer's problem.
    model: main
    talks_to: customer
    input: { name: string }
    output: { fields: { text: string, solved: boolean } }
    limits: { turns: 8 }
  helper:
    purpose: Find out something.
    model: main
    talks_to: lead
    limits: { turns: 8 }
workflows:
  desk:   { chat: clerk, idle: 30m }
  formal: { input: { name: string }, chat: formal }
  plain:  { steps: { find: { agent: helper } }, output: steps.find }
"#;

#[test]
fn each_message_is_heard_answered_and_the_next_one_waited_for() {
    check(
        DESK,
        r#"start  desk
           status waiting (message)
           owes   wait 1800s
           when   ada says "Where is my order?"
           then   MailTaken say ada, MessageHeard talk, ModelIntended talk
           told   "Where is my order?"
           when   the model answers "Which one?"
           then   ModelAnswered, Said talk, MessageAwaited talk until
           status waiting (message)
           when   ada says "o1"
           then   MailTaken say, MessageHeard talk, ModelIntended talk
           told   "Where is my order?", "Which one?", "o1"
           given  the model calls find {"order":"o1"}, find returns "sent"
           when   the model answers "It is sent."
           then   ModelAnswered, Said talk, MessageAwaited talk
           when   ada leaves
           then   MailTaken leave, TalkEnded talk left ada, StepSucceeded talk, RunSucceeded
           status done"#,
    );
}

#[test]
fn what_is_said_while_the_agent_is_at_work_is_kept_and_heard_in_order() {
    check(
        DESK,
        r#"start  desk
           given  ada says "one"
           when   ada says "two", ada says "three", ada leaves
           then   MailTaken say, MailTaken say, MailTaken leave
           when   ada says "four"
           then   MailTaken say refused
           says   "they have left the conversation already"
           when   the model answers "first"
           then   ModelAnswered, Said talk, MessageHeard talk, ModelIntended talk
           told   "one", "first", "two"
           when   the model answers "second"
           then   ModelAnswered, Said talk, MessageHeard talk, ModelIntended talk
           told   "two", "second", "three"
           when   the model answers "third"
           then   ModelAnswered, Said talk, TalkEnded talk left ada, StepSucceeded talk, RunSucceeded"#,
    );
}

#[test]
fn silence_ends_a_conversation_as_done_and_a_message_begins_the_time_anew() {
    check(
        DESK,
        r#"start  desk
           given  time passes 1700s, ada says "hello", the model answers "Hello."
           owes   wait 1800s
           when   time passes
           then   TalkEnded talk idle, StepSucceeded talk, RunSucceeded
           status done"#,
    );
    check(
        DESK,
        r#"start  formal {"name":"Ada"}
           status waiting (message)
           owes   nothing"#,
    );
}

#[test]
fn what_was_said_is_read_before_silence_ends_the_conversation() {
    check(
        DESK,
        r#"start  desk
           given  nobody drives for 3600s
           when   a worker takes over
           then   EpochBegan
           when   ada says "hello"
           then   MailTaken say, MessageHeard talk, ModelIntended talk"#,
    );
    check(
        DESK,
        r#"start  desk
           given  nobody drives for 3600s, a worker takes over
           status waiting (message)
           when   time passes 0s
           then   TalkEnded talk idle, StepSucceeded talk, RunSucceeded"#,
    );
}

#[test]
fn a_conversation_that_was_held_waits_anew() {
    check(
        DESK,
        r#"start  desk
           given  bob pauses
           owes   nothing
           status paused (person)
           given  time passes 3600s
           when   ada says "hello"
           then   MailTaken say
           when   bob resumes
           then   MailTaken, RunResumed, MessageHeard talk, ModelIntended talk
           when   bob cancels
           then   MailTaken, RunCancelRequested, ModelFailed, RunCancelled"#,
    );
    check(
        DESK,
        r#"start  desk
           given  bob pauses, time passes 3600s
           when   bob resumes
           then   MailTaken, RunResumed, MessageAwaited talk until
           owes   wait 1800s"#,
    );
}

#[test]
fn an_answer_has_its_type_and_the_input_is_given_first() {
    check(
        DESK,
        r#"start  formal {"name":"Ada"}
           given  ada says "hello"
           told   "Your input, as data", "Ada", "hello"
           when   the model answers "Hello."
           then   ModelAnswered, ContextAdjusted, ModelIntended
           when   the model answers {"text":"Hello, Ada.","solved":false}
           then   ModelAnswered, Said talk {"solved":false,"text":"Hello, Ada."}, MessageAwaited talk
           when   ada says "thanks"
           then   MailTaken say, MessageHeard talk, ModelIntended talk"#,
    );
}

#[test]
fn a_yes_said_to_the_question_lets_the_call_go() {
    check(
        DESK,
        r#"start  desk
           given  ada says "refund o1"
           when   the model calls refund {"order":"o1","amount":20}
           then   ModelAnswered, CallProposed refund, ApprovalAsked talk@1.0 customer Refund 20 for order o1?
           status waiting (approval)
           when   ada says "Yes, please."
           then   MailTaken say, ApprovalAnswered talk@1.0 approved customer ada decides approved, CallIntended talk@1.0
           given  refund returns {"id":"r1"}
           when   the model answers "Done."
           then   ModelAnswered, Said talk, MessageAwaited talk"#,
    );
}

#[test]
fn a_no_and_silence_refuse_the_call() {
    check(
        DESK,
        r#"start  desk
           given  ada says "refund o1", the model calls refund {"order":"o1","amount":20}
           when   ada says "no"
           then   MailTaken say, ApprovalAnswered talk@1.0 denied customer ada decides denied, CallRefused talk@1.0 tools.refund.approval,
                  ModelIntended talk
           told   "customer (ada) said no""#,
    );
    check(
        DESK,
        r#"start  desk
           given  ada says "refund o1", the model calls refund {"order":"o1","amount":20}
           when   time passes
           then   ApprovalLapsed talk@1.0 denied, CallRefused talk@1.0, ModelIntended talk
           given  the model calls refund {"order":"o1","amount":20}, time passes 500s
           when   ada says "yes"
           then   MailTaken say, ApprovalAnswered talk@2.0 approved, CallIntended talk@2.0"#,
    );
}

#[test]
fn anything_else_is_no_yes_refuses_the_call_and_is_what_they_say_next() {
    check(
        DESK,
        r#"start  desk
           given  ada says "refund o1", the model calls refund {"order":"o1","amount":20}
           when   ada says "yes but only half of it"
           then   MailTaken say, ApprovalAnswered talk@1.0 denied customer ada decides denied, CallRefused talk@1.0, MessageHeard talk,
                  ModelIntended talk
           told   "customer said neither yes nor no", "yes but only half of it"
           given  the model calls refund {"order":"o1","amount":10}
           when   ada says "yes"
           then   MailTaken say, ApprovalAnswered talk@2.0 approved customer ada decides approved, CallIntended talk@2.0"#,
    );
}

#[test]
fn what_was_said_before_the_question_is_no_answer_to_it() {
    check(
        DESK,
        r#"start  desk
           given  ada says "refund o1", ada says "yes" to nothing
           when   the model calls refund {"order":"o1","amount":20}
           then   ModelAnswered, CallProposed refund, ApprovalAsked talk@1.0
           status waiting (approval)
           when   ada says "yes" to nothing
           then   MailTaken say
           status waiting (approval)
           given  ada says "no"
           when   the model answers "As you like."
           then   ModelAnswered, Said talk, MessageHeard talk, ModelIntended talk"#,
    );
}

#[test]
fn a_role_of_the_inbox_is_asked_beside_the_conversation() {
    check(
        DESK,
        r#"start  desk
           given  ada says "refund o1", the model calls refund {"order":"o1","amount":200}
           when   ada says "yes"
           then   MailTaken say, ApprovalAnswered talk@1.0 approved customer ada
           status waiting (approval)
           when   ada says "are you there?"
           then   MailTaken say
           when   bob answers talk@1.0 "approved" as lead
           then   MailTaken answer, ApprovalAnswered talk@1.0 approved lead bob decides approved, CallIntended talk@1.0"#,
    );
}

#[test]
fn the_agent_asks_in_the_conversation_and_in_the_inbox() {
    check(
        DESK,
        r#"start  desk
           given  ada says "refund it"
           when   the model calls ask {"question":"Which order?","of":"customer"} and ask {"question":"Is that fine?","of":"lead"}
           then   ModelAnswered, CallProposed ask, CallProposed ask, ApprovalAsked talk@1.0 customer Which order?, ApprovalAsked talk@1.1 lead Is that fine?
           status waiting (approval)
           when   bob answers talk@1.1 "as always"
           then   MailTaken answer, ApprovalAnswered talk@1.1 as always lead bob decides as always"#,
    );
    check(
        DESK,
        r#"start  desk
           given  ada says "refund it", the model calls ask {"question":"Which order?","of":"customer"}
           when   ada says "o1, the one of last week"
           then   MailTaken say, ApprovalAnswered talk@1.0, ModelIntended talk
           told   "The customer answers", "o1, the one of last week""#,
    );
    check(
        DESK,
        r#"start  plain
           when   the model calls ask {"question":"Is that fine?"}
           then   ModelAnswered, CallProposed ask, ApprovalAsked find@1.0 lead Is that fine?
           when   bob answers find@1.0 " "
           then   MailTaken answer refused
           when   bob answers find@1.0 "as always"
           then   MailTaken answer, ApprovalAnswered find@1.0, ModelIntended find
           told   "The lead answers", "as always"
           when   bob says "hello"
           then   MailTaken say refused
           says   "the run is no conversation""#,
    );
}

#[test]
fn a_question_that_can_not_be_put_is_refused_with_its_mend() {
    check(
        DESK,
        r#"start  desk
           given  ada says "hello"
           when   the model calls ask {"question":" "} and ask {"question":"Which?"} and ask {"question":"Which?","of":"boss"}
           then   ModelAnswered, CallProposed ask, CallRefused talk@1.0 agents.clerk.talks_to, CallProposed ask, CallRefused talk@1.1,
                  CallProposed ask, CallRefused talk@1.2, ModelIntended talk
           told   "`of` is one of: customer, lead""#,
    );
}

#[test]
fn who_has_left_is_asked_nothing_any_more() {
    check(
        DESK,
        r#"start  desk
           given  ada says "refund o1", the model calls refund {"order":"o1","amount":20}
           when   ada leaves
           then   MailTaken leave, ApprovalWithdrawn talk@1.0, CallRefused talk@1.0 tools.refund.approval, ModelIntended talk
           when   the model calls ask {"question":"Are you there?","of":"customer"}
           then   ModelAnswered, CallProposed ask, CallRefused talk@2.0 agents.clerk.talks_to, ModelIntended talk
           when   the model answers "Goodbye."
           then   ModelAnswered, Said talk, TalkEnded talk left ada, StepSucceeded talk, RunSucceeded"#,
    );
}

#[test]
fn limits_hold_for_the_whole_conversation_and_waiting_does_not_count_as_acting() {
    check(
        DESK,
        r#"start  desk
           given  time passes 600s, ada says "one", the model answers "first", time passes 600s
           given  ada says "two", the model answers "second", ada says "three", the model answers "third"
           given  ada says "four", the model answers "fourth"
           status waiting (message)
           when   ada says "five"
           then   MailTaken say, MessageHeard talk, RunPaused agents.clerk.limits.turns
           when   bob raises turns to 8
           then   MailTaken, LimitRaised, RunResumed, ModelIntended talk
           told   "five""#,
    );
}

#[test]
fn what_was_told_stands_and_what_came_after_it_is_taken_back() {
    check(
        DESK,
        r#"start  desk
           given  ada says "refund o1", the model calls refund {"order":"o1","amount":20}, ada says "yes", refund returns {"id":"r1"}
           given  the model answers "Done.", ada says "and o2", the model calls refund {"order":"o2","amount":20}, ada says "yes"
           given  refund returns {"id":"r2"}
           when   bob cancels
           then   MailTaken, RunCancelRequested, ModelFailed, CompensationBegan talk@3.0, SideCallProposed, CallIntended
           when   talk@3.0~compensate returns null
           then   CallApplied, CallJudged, CallCompensated talk@3.0, RunCancelled
           says   ""compensated":["talk@3.0"],"standing":["talk@1.0"]""#,
    );
}

#[test]
fn a_worker_that_takes_over_hears_nothing_twice() {
    check(
        DESK,
        r#"start  desk
           given  ada says "one"
           when   a worker takes over
           then   EpochBegan, ModelFailed, ModelIntended
           told   "one"
           given  the model answers "first"
           when   a worker takes over
           then   EpochBegan
           status waiting (message)"#,
    );
}

#[test]
fn what_people_said_is_where_values_may_come_from() {
    check(
        DESK,
        r#"start  desk
           given  ada says "refund it", the model calls ask {"question":"Which order?","of":"customer"}, ada says "It is o7."
           when   the model calls refund {"order":"o8","amount":20} and refund {"order":"o7","amount":20}
           then   ModelAnswered, CallProposed refund, CallRefused talk@2.0 tools.refund.from.order, CallProposed refund,
                  ApprovalAsked talk@2.1"#,
    );
}
