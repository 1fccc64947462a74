//! Tools of HTTP APIs: the request is made once, is the same on every attempt, and holds nothing that would make another
//! of it.

use crate::check;

const API: &str = r#"
handfast: 1
name: press
version: "1"
models: { main: { use: script/press, price: free } }
servers:
  cms:
    http: { url: "https://cms.example/v1", bearer: { secret: CMS_TOKEN } }
    failures: { closed: { when: error.status == 423, then: transient } }
tools:
  find:
    via:
      server: cms
      get: "/articles/{args.slug}"
      query: { lang: args.lang, tag: args.tags, full: "true", max: "2.0" }
      headers: { X-Call: call.id, X-Note: args.note }
    description: Reads one article.
    input: { slug: string, lang?: string, tags?: "string[]", note?: string }
    output: json
    effects: [ reads: article/* ]
    failures: { none: { when: error.status == 404, gives: 'null' } }
  add:
    via: { server: cms, post: /articles, body: "{'slug': args.slug, 'by': call.run}" }
    description: Adds one article.
    input: { slug: string }
    effects: [ creates: article/* ]
    idempotency: { key: { header: Idempotency-Key }, valid: 24h }
    compensate: { leaves: [ the article ] }
  tell:
    via: { server: cms, post: /bells }
    description: Rings the bell.
    input: {}
    effects: [ notifies: everybody ]
    idempotency: none
    reconcile: { ask: editor }
    compensate: { leaves: [ the sound ] }
roles: { editor: { reached: inbox } }
agents:
  writer:
    purpose: Looks articles up.
    model: [ main ]
    input: {}
    may: [ find ]
    limits: { turns: 5, cost: 1 USD }
workflows:
  look:  { input: { slug: string }, steps: { find: { tool: find, with: { slug: input.slug } } }, output: steps.find }
  write: { steps: { add: { tool: add, with: { slug: "'a b/c'" } } } }
  ring:  { steps: { tell: { tool: tell, with: {} } } }
  ask:   { steps: { write: { agent: writer, with: {} } } }
"#;

#[test]
fn a_request_is_recorded_as_it_is_sent_without_any_secret() {
    check(
        API,
        r#"start  ask
           when   the model calls find {"slug":"a b/ü","lang":"de","tags":["x&y","z"],"note":"plain"}
           owes   call write@1.0 #1 {"headers":{"X-Call":"write@1.0","X-Note":"plain"},"method":"GET","path":"/articles/a%20b%2F%C3%BC?full=true&lang=de&max=2&tag=x%26y&tag=z"}
           when   write@1.0 returns {"title":"A"}
           then   CallApplied write@1.0, CallJudged write@1.0, ModelIntended write turn 2"#,
    );
}

#[test]
fn what_is_absent_is_left_out_of_a_request() {
    check(
        API,
        r#"start  look {"slug":"a"}
           owes   call find@0.0 #1 {"headers":{"X-Call":"find@0.0"},"method":"GET","path":"/articles/a?full=true&max=2"}"#,
    );
    check(
        API,
        r#"start  write
           owes   call add@0.0 #1 with key {"body":{"by":"07070707-0707-0707-0707-070707070707","slug":"a b/c"},"method":"POST","path":"/articles"}"#,
    );
}

#[test]
fn what_would_make_another_request_of_it_is_refused_and_told() {
    check(
        API,
        r#"start  ask
           when   the model calls find {"slug":".."}
           then   ModelAnswered write, CallProposed write@1.0, CallRefused write@1.0 tools.find.via,
                  ModelIntended write turn 2
           told   "a part of the path can't be `..`", "Call again with other arguments"
           when   the model calls find {"slug":""}
           then   ModelAnswered write, CallProposed write@2.0, CallRefused write@2.0 tools.find.via,
                  ModelIntended write turn 3
           told   "`args.slug` is empty"
           when   the model calls find {"slug":"a","note":"x\r\nX-Admin: 1"}
           then   ModelAnswered write, CallProposed write@3.0, CallRefused write@3.0 tools.find.via,
                  ModelIntended write turn 4
           told   "the header `X-Note` can hold letters, digits and signs of ASCII on one line""#,
    );
}

#[test]
fn a_status_is_named_by_the_contract_before_it_counts_as_turned_away() {
    check(
        API,
        r#"start  look {"slug":"a"}
           when   find@0.0 is turned away "404 Not Found" status 404
           then   CallApplied find@0.0, CallJudged find@0.0, StepSucceeded find, RunSucceeded null"#,
    );
    check(
        API,
        r#"start  write
           when   add@0.0 is turned away "423 Locked" status 423
           then   CallNotApplied add@0.0 closed again
           status waiting (retry)"#,
    );
    check(
        API,
        r#"start  write
           when   add@0.0 is turned away "422 No" status 422
           then   CallNotApplied add@0.0, StepFailed add, RunFailed
           says   "turned_away""#,
    );
}

#[test]
fn a_server_in_trouble_leaves_a_doubt_that_waits_as_long_as_it_asks() {
    check(
        API,
        r#"start  write
           when   add@0.0 fails "503 Busy" status 503 asking for 7s
           then   CallDoubted add@0.0 #1 again
           owes   wait 7s
           when   time passes 7s
           then   CallIntended add@0.0 #2"#,
    );
    check(
        API,
        r#"start  ring
           when   tell@0.0 fails "500 Oh" status 500
           then   CallDoubted tell@0.0 settlement, DoubtStayed tell@0.0 person editor
           status waiting (settlement)"#,
    );
}
