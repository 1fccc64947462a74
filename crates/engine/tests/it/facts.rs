//! Facts, what a result must fulfil to be shown, and where values come from.

use crate::check;

/// A shop whose clauses need to know who the customer is.
const DESK: &str = r#"
handfast: 1
name: desk
version: "1"
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers: { shop: { rust: {} } }
types:
  Order: { fields: { id: string, customer: string } }
facts:
  customer: { type: string, set: once, missing: find out who the customer is first }
  tries: { type: integer, set: anew }
tools:
  who:
    via: shop.who
    description: Finds the one customer with this email address.
    input: { email: string }
    output: { fields: { id: string, tries?: integer } }
    effects: [ { reads: customer/* } ]
    establishes: { customer: result.id, tries: "has(result.tries) ? result.tries : 0" }
  order:
    via: shop.order
    description: Reads one order.
    input: { id: string }
    output: Order
    effects: [ { reads: "order/{args.id}" } ]
    shows: { the order is this customer's: result.customer == facts.customer }
  refund:
    via: shop.refund
    description: Pays money back.
    input: { id: string, amount: number }
    effects: [ { writes: "order/{args.id}" }, { notifies: the lead, when: args.amount > 100.0 } ]
    idempotency: natural
    requires: { somebody is there: facts.customer != '' }
    compensate: { leaves: [ the money is gone ] }
  note:
    via: shop.note
    description: Writes a note beside the customer.
    input: { text: string }
    sends: { customer: facts.customer, text: args.text }
    effects: [ { writes: "customer/{facts.customer}" } ]
    idempotency: natural
    compensate: { leaves: [ the note ] }
  mail:
    via: shop.mail
    description: Sends one email.
    input: { to: string, body: string }
    from: { to: [ input, steps.found.email ] }
    effects: [ { notifies: the reader of that address } ]
    idempotency: natural
    compensate: { leaves: [ the email ] }
    limits: { per_run: 2 }
  find:
    via: shop.find
    description: Finds an address.
    input: {}
    output: { fields: { email: string } }
    effects: [ { reads: address/* } ]
  watch:
    via: shop.watch
    description: Writes one thing where that is asked for.
    input: { id: string, write: boolean }
    effects: [ { reads: "order/{args.id}" }, { writes: "order/{args.id}", when: args.write } ]
    idempotency: natural
    compensate: { leaves: [ what was written ] }
agents:
  clerk:
    purpose: Resolve one customer's problem.
    model: main
    input: { text?: string }
    may: [ who, order, refund, note, mail, watch ]
    never: { no_large: { tool: refund, when: args.amount > 50.0, says: Refund much. } }
    output: { fields: { text: string } }
    ensures: { something is said: output.text != '' }
    limits: { turns: 9, cost: 1 USD }
workflows:
  chat:   { input: { text?: string }, steps: { resolve: { agent: clerk, with: { text: input.text } } }, output: steps.resolve.text }
  ticket:
    input: { email: string }
    steps:
      who:   { tool: who, with: { email: input.email } }
      order: { tool: order, with: { id: "'o1'" }, needs: who }
    output: steps.order.id
  write:
    input: { to: string }
    steps:
      found: { tool: find }
      tell:  { tool: mail, with: { to: input.to, body: "'hi'" }, needs: found }
  given:
    steps:
      found: { tool: find }
      tell:  { tool: mail, with: { to: "'eve@x.example'", body: "'hi'" }, needs: found }
  hasty: { steps: { note: { tool: note, with: { text: "'hi'" } } } }
"#;

#[test]
fn a_result_sets_facts_and_what_follows_reads_them() {
    check(
        DESK,
        r#"start  ticket {"email":"a@x"}
           when   who returns {"id":"c1","tries":1}
           then   CallApplied who@0.0, CallJudged who@0.0, FactSet customer "c1" who@0.0, FactSet tries 1,
                  StepSucceeded who, StepStarted order, CallProposed order@0.0, CallIntended order@0.0
           when   order returns {"id":"o1","customer":"c1"}
           then   CallApplied order@0.0, CallJudged order@0.0, StepSucceeded order, RunSucceeded "o1""#,
    );
}

#[test]
fn a_step_is_not_given_what_a_result_may_not_show() {
    check(
        DESK,
        r#"start  ticket {"email":"a@x"}
           given  who returns {"id":"c1"}
           when   order returns {"id":"o1","customer":"c2"}
           then   CallApplied order@0.0, CallJudged order@0.0,
                  CallWithheld order@0.0 tools.order.shows.the-order-is-this-customer-s,
                  StepFailed order refused_by_clause tools.order.shows.the-order-is-this-customer-s blames step, RunFailed
           says   "does not hold of the result""#,
    );
}

#[test]
fn a_model_is_told_that_a_result_is_withheld_and_never_what_it_is() {
    check(
        DESK,
        r#"start  chat
           given  the model calls who {"email":"a@x"}, who returns {"id":"c1"}, the model calls order {"id":"o2"}
           when   order returns {"id":"o2","customer":"somebody-else"}
           then   CallApplied resolve@2.0, CallJudged resolve@2.0, CallWithheld resolve@2.0, ModelIntended resolve
           told   "what `order` gave is withheld by the clause “the order is this customer's”", "does not hold of the result""#,
    );
}

#[test]
fn a_call_is_not_sent_whose_result_could_not_be_judged_for_want_of_a_fact() {
    check(
        DESK,
        r#"start  chat
           when   the model calls order {"id":"o1"}
           then   ModelAnswered, CallProposed, CallRefused facts.customer, ModelIntended
           told   "the fact `customer` is not set yet. find out who the customer is first: `who` establishes it. Then call again.""#,
    );
}

#[test]
fn a_clause_that_needs_an_unset_fact_refuses_and_names_who_can_find_it_out() {
    check(
        DESK,
        r#"start  chat
           when   the model calls refund {"id":"o1","amount":5}
           then   ModelAnswered, CallProposed, CallRefused tools.refund.requires.somebody-is-there, ModelIntended
           told   "refused by the clause “somebody is there”: the fact `customer` is not set yet. find out who the customer is first: `who`""#,
    );
}

#[test]
fn what_is_sent_or_touched_can_need_a_fact_as_well() {
    check(
        DESK,
        r#"start  hasty
           then   RunStarted, EpochBegan, StepStarted note, CallProposed note@0.0, CallRefused note@0.0 facts.customer,
                  StepFailed note refused_by_clause facts.customer, RunFailed
           says   "the fact `customer` is not set yet""#,
    );
}

#[test]
fn a_fact_that_is_set_once_keeps_its_value_and_another_one_is_withheld() {
    check(
        DESK,
        r#"start  chat
           given  the model calls who {"email":"a@x"}, who returns {"id":"c1","tries":1}, the model calls who {"email":"a@x"}
           when   who returns {"id":"c1","tries":2}
           then   CallApplied, CallJudged, FactSet tries 2, ModelIntended
           given  the model calls who {"email":"b@x"}
           when   who returns {"id":"c2","tries":3}
           then   CallApplied, CallJudged, CallWithheld facts.customer, ModelIntended
           told   "what `who` gave is withheld by the clause “`customer` is set once”""#,
    );
}

#[test]
fn an_argument_that_occurs_nowhere_it_may_come_from_is_refused() {
    check(
        DESK,
        r#"start  chat {"text":"please write to ann@x.example"}
           when   the model calls mail {"to":"eve@x.example","body":"hi"}
           then   ModelAnswered, CallProposed, CallRefused tools.mail.from.to, ModelIntended
           told   "`to` comes from `input` or `steps.found.email`", "occurs in none of them"
           when   the model calls mail {"to":"ann@x.example","body":"hi"}
           then   ModelAnswered, CallProposed, CallIntended"#,
    );
    check(
        DESK,
        r#"start  write {"to":"bob@x.example"}
           when   find returns {"email":"ann@x.example"}
           then   CallApplied, CallJudged, StepSucceeded found, StepStarted tell, CallProposed, CallIntended tell@0.0"#,
    );
    check(
        DESK,
        r#"start  given
           when   find returns {"email":"ann@x.example"}
           then   CallApplied, CallJudged, StepSucceeded found, StepStarted tell, CallProposed,
                  CallRefused tell@0.0 tools.mail.from.to, StepFailed tell, RunFailed"#,
    );
}

#[test]
fn an_agent_never_makes_a_call_that_it_must_never_make() {
    check(
        DESK,
        r#"start  chat
           given  the model calls who {"email":"a@x"}, who returns {"id":"c1"}
           when   the model calls refund {"id":"o1","amount":60}
           then   ModelAnswered, CallProposed, CallRefused agents.clerk.never.no_large, ModelIntended
           told   "Refund much", "`args.amount > 50.0` holds of this call"
           when   the model calls refund {"id":"o1","amount":50}
           then   ModelAnswered, CallProposed, CallIntended"#,
    );
}

#[test]
fn an_answer_that_breaks_what_the_agent_ensures_is_asked_for_again() {
    check(
        DESK,
        r#"start  chat
           when   the model answers {"text":""}
           then   ModelAnswered, ContextAdjusted, ModelIntended #2
           told   "“something is said” is to hold of it, and `output.text != ''` does not"
           given  the model answers {"text":""}
           when   the model answers {"text":""}
           then   ModelAnswered #3, StepFailed resolve malformed agents.clerk.ensures.something-is-said blames model, RunFailed"#,
    );
}

#[test]
fn no_more_calls_of_a_tool_are_made_than_its_contract_allows_in_a_run() {
    check(
        DESK,
        r#"start  chat {"text":"ann"}
           given  the model calls mail {"to":"ann","body":"1"} and mail {"to":"ann","body":"2"} and mail {"to":"ann","body":"3"}
           owes   call resolve@1.0, call resolve@1.1
           status running
           given  resolve@1.0 returns null
           when   resolve@1.1 returns null
           then   CallApplied resolve@1.1, CallJudged resolve@1.1
           status paused (limit)
           when   ann raises calls to 3
           then   MailTaken, LimitRaised tools.mail.limits.per_run, RunResumed, CallIntended resolve@1.2"#,
    );
}

#[test]
fn an_effect_that_a_call_does_not_have_keeps_nobody_waiting() {
    check(
        DESK,
        r#"start  chat
           when   the model calls watch {"id":"o1","write":false} and watch {"id":"o1","write":false} and watch {"id":"o1","write":true}
           then   ModelAnswered, CallProposed, CallProposed, CallProposed, CallIntended resolve@1.0, CallIntended resolve@1.1,
                  CallQueued resolve@1.2
           owes   call resolve@1.0, call resolve@1.1"#,
    );
}

/// What changes between two attempts of a call, between a question and its yes, and what a look or a compensation may need.
const TURNS: &str = r#"
handfast: 1
name: turns
version: "1"
roles: { lead: { reached: inbox } }
models: { main: { use: openai/test, url: "http://127.0.0.1:1/v1", price: free } }
servers: { shop: { rust: {} } }
facts:
  customer: { type: string, set: anew, missing: find out who it is }
  other: { type: string }
tools:
  who:
    via: shop.who
    description: Finds the customer.
    input: {}
    output: { fields: { id: string } }
    effects: [ { reads: customer/* } ]
    establishes: { customer: result.id }
  pay:
    via: shop.pay
    description: Pays the customer.
    input: { amount: number }
    sends: { to: facts.customer, amount: args.amount }
    effects: [ { writes: "account/{facts.customer}" } ]
    idempotency: natural
    compensate: { leaves: [ the money is gone ] }
    limits: { timeout: 5s }
  give:
    via: shop.give
    description: Gives the customer something.
    input: {}
    sends: { to: facts.customer }
    effects: [ { writes: "gift/{facts.customer}" } ]
    idempotency: natural
    approval: { by: lead, saying: "Give something to {facts.customer}?" }
    compensate: { leaves: [ the gift ] }
  see:
    via: shop.see
    description: Looks whether it was sent.
    input: { key: string }
    output: { fields: { there: boolean } }
    requires: { somebody else is known: facts.other != '' }
    effects: [ { reads: parcel/* } ]
  send:
    via: shop.send
    description: Sends a parcel.
    input: {}
    output: { fields: { id: string } }
    effects: [ { creates: parcel/* } ]
    idempotency: none
    reconcile: { tool: see, with: { key: call.id }, applied: result.there, not_applied: "!result.there", gives: "{ 'id': 'p' }", settle: 1s }
    compensate: { tool: fetch, with: { id: result.id } }
    limits: { timeout: 5s }
  fetch:
    via: shop.fetch
    description: Fetches a parcel back.
    input: { id: string }
    from: { id: [ input ] }
    effects: [ { deletes: "parcel/{args.id}" } ]
    idempotency: natural
  fail:
    via: shop.fail
    description: Fails.
    input: {}
    effects: [ { reads: nothing } ]
    failures: { no: { when: "true" } }
agents:
  clerk: { purpose: Resolve it., model: main, may: [ who, pay, give ], limits: { turns: 9, cost: 1 USD } }
workflows:
  desk: { steps: { a: { agent: clerk } } }
  post: { steps: { send: { tool: send } } }
  trip: { steps: { send: { tool: send }, fail: { tool: fail, needs: send } } }
"#;

#[test]
fn an_attempt_sends_what_the_one_before_it_did_though_a_fact_has_changed() {
    check(
        TURNS,
        r#"start  desk
           given  the model calls who {}, who returns {"id":"a"}, the model calls pay {"amount":5} and who {},
                  a@2.0 is lost, a@2.1 returns {"id":"b"}
           when   time passes
           then   CallIntended a@2.0 #2 sends {"amount":5,"to":"a"}"#,
    );
}

#[test]
fn a_yes_is_for_what_was_asked_and_what_would_be_sent_instead_is_asked_anew() {
    check(
        TURNS,
        r#"start  desk
           given  the model calls who {}, who returns {"id":"a"}, the model calls give {} and who {}, a@2.1 returns {"id":"b"}
           when   ann answers a@2.0 "approved"
           then   MailTaken, ApprovalAnswered, ApprovalWithdrawn, ApprovalAsked
           says   "is not what was decided on any more", "Give something to b?"
           when   ann answers a@2.0 "approved"
           then   MailTaken, ApprovalAnswered, CallIntended a@2.0 #1 sends {"to":"b"}"#,
    );
}

#[test]
fn a_look_that_is_refused_each_time_leaves_the_doubt_to_a_person() {
    check(
        TURNS,
        r#"start  post
           when   send is lost
           then   CallDoubted send@0.0, SideCallProposed, CallRefused, DoubtStayed look again,
                  SideCallProposed, CallRefused, DoubtStayed look again, SideCallProposed, CallRefused, DoubtStayed person
           owes   nothing
           status waiting (settlement)"#,
    );
}

#[test]
fn where_values_come_from_is_nothing_that_a_compensation_must_prove() {
    check(
        TURNS,
        r#"start  trip
           given  send returns {"id":"p"}
           when   fail fails "no"
           then   CallNotApplied, StepFailed fail, CompensationBegan, SideCallProposed send@0.0~compensate fetch {"id":"p"},
                  CallIntended send@0.0~compensate"#,
    );
}
