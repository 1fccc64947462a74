//! Remedies that change what a model sees, or which model sees it: each an event with its reason.

use crate::check;

/// An agent with two models, and one with a single one.
const TWO: &str = r#"
handfast: 1
name: two
version: "1"
models:
  main:  { use: openai/test, url: "http://127.0.0.1:1/v1", price: free }
  local: { use: openai/tiny, url: "http://127.0.0.1:2/v1", price: free }
servers: { shop: { rust: {} } }
tools:
  read:
    via: shop.read
    description: Reads one order.
    input: { order: string }
    effects: [ { reads: "order/{args.order}" } ]
agents:
  clerk:
    purpose: Resolve one problem.
    model: [ main, local ]
    may: [ read ]
    output: { fields: { text: string } }
    limits: { turns: 20 }
  alone:
    purpose: Resolve one problem.
    model: main
    may: [ read ]
    limits: { turns: 20 }
workflows:
  two: { steps: { ask: { agent: clerk } } }
  one: { steps: { ask: { agent: alone } } }
"#;

#[test]
fn the_next_model_goes_on_once_the_tries_of_the_first_are_used_up() {
    check(
        TWO,
        r#"start  two
           given  the model calls read {"order":"1"}, read returns "x"
           given  the model fails overloaded for nothing, time passes, the model fails overloaded for nothing, time passes
           when   the model fails overloaded for nothing
           then   ModelFailed ask #3 overloaded no more, ModelSwitched ask main to local,
                  ModelIntended ask turn 2 #4
           says   "the provider said so"
           told   "open", "user: Begin.", "assistant: read {"order":"1"}", "result c0: Result of `read`"
           when   the model calls read {"order":"2"}, read returns "y"
           then   ModelAnswered, CallProposed, CallIntended, CallApplied, CallJudged, ModelIntended ask turn 3 #1
           says   ""model":"local""#,
    );
}

#[test]
fn a_model_that_asks_to_be_left_alone_for_long_is_not_waited_for_where_another_can_answer() {
    check(
        TWO,
        r#"start  two
           when   the model fails rate_limited for nothing asking for 600s
           then   ModelFailed ask #1 rate_limited no more, ModelSwitched ask main to local, ModelIntended ask #2"#,
    );
    check(
        TWO,
        r#"start  one
           when   the model fails rate_limited for nothing asking for 600s
           then   ModelFailed ask #1 rate_limited again
           status waiting (retry)"#,
    );
}

#[test]
fn what_nobody_can_name_is_tried_once_more_then_by_the_next_model() {
    check(
        TWO,
        r#"start  two
           when   the model fails unknown
           then   ModelFailed ask #1 unknown again
           given  time passes
           when   the model fails unknown
           then   ModelFailed ask #2 unknown no more, ModelSwitched ask main to local, ModelIntended ask #3
           given  the model fails unknown, time passes
           when   the model fails unknown
           then   ModelFailed ask #4 unknown no more, StepFailed ask unknown blames unknown, RunFailed"#,
    );
}

#[test]
fn what_is_no_answer_of_its_wire_is_the_provider_s_and_not_the_model_s() {
    check(
        TWO,
        r#"start  one
           when   the model fails malformed
           then   ModelFailed ask #1 malformed again
           given  time passes
           when   the model fails malformed
           then   ModelFailed ask #2 malformed no more, StepFailed ask malformed blames server, RunFailed"#,
    );
}

#[test]
fn a_model_that_misses_the_form_three_times_leaves_it_to_the_next_which_sees_none_of_that() {
    check(
        TWO,
        r#"start  two
           given  the model answers "one", the model answers "two"
           told   "assistant: one", "That answer can't be used", "assistant: two"
           when   the model answers "three"
           then   ModelAnswered ask #3, ModelSwitched ask main to local, ModelIntended ask turn 1 #4
           says   "it missed the form 3 times", ""anew":true"
           when   the model answers {"text":"four"}
           then   ModelAnswered, StepSucceeded ask, RunSucceeded"#,
    );
}

#[test]
fn a_conversation_that_is_too_long_is_summed_up_and_goes_on() {
    check(
        TWO,
        r#"start  one
           given  the model calls read {"order":"1"}, read returns "x1"
           given  the model calls read {"order":"2"}, read returns "x2"
           when   the model fails context_overflow for nothing
           then   ModelFailed ask turn 3 #1 context_overflow no more, ModelIntended ask turn 3 #2 cap 1024
           says   ""summarises":1", ""anew":true"
           told   "The agent began with this", "agent calls `read`: {"order":"1"}", "what came of it: Result of `read`"
           when   the model answers "Order 1 is x1."
           then   ModelAnswered ask #2, ContextAdjusted ask, ModelIntended ask turn 3 #3 cap 4096
           says   "the oldest 1 passages are summed up", ""replaces":1"
           told   "open", "user: Begin.", "What came before, summed up", "Order 1 is x1.", "assistant: read {"order":"2"}", "x2"
           when   the model answers "done"
           then   ModelAnswered ask #3, StepSucceeded ask, RunSucceeded"#,
    );
}

#[test]
fn where_nobody_can_sum_up_an_extract_stands_for_the_oldest_and_says_so() {
    check(
        TWO,
        r#"start  one
           given  the model calls read {"order":"1"}, read returns "x1"
           given  the model calls read {"order":"2"}, read returns "x2"
           given  the model fails context_overflow for nothing
           when   the model fails context_overflow for nothing
           then   ModelFailed ask #2 context_overflow no more, ModelIntended ask turn 3 #3 cap 1024
           when   the model fails bad_request for nothing
           then   ModelFailed ask #3 bad_request, ContextAdjusted ask, ModelIntended ask turn 3 #4 cap 4096
           says   "could not be summed up, and an extract stands for them"
           told   "could not be summed up. This is the beginning of each part", "agent calls `read`: {"order":"1"}""#,
    );
}

#[test]
fn where_there_is_nothing_to_sum_up_the_answer_is_to_be_shorter() {
    check(
        TWO,
        r#"start  one
           when   the model fails context_overflow for nothing
           then   ModelFailed ask #1, ContextAdjusted ask, ModelIntended ask #2 cap 1024
           when   the model fails context_overflow for nothing
           then   ModelFailed ask #2, ContextAdjusted ask, ModelIntended ask #3 cap 256
           when   the model fails context_overflow for nothing
           then   ModelFailed ask #3, StepFailed ask context_overflow blames author, RunFailed
           says   "name a model with a larger one""#,
    );
}

#[test]
fn a_provider_that_cuts_what_does_not_fit_and_says_nothing_is_found_out() {
    check(
        TWO,
        r#"start  one
           given  the model calls read {"order":"1"}, read returns "x", the model calls read {"order":"2"}
           given  read returns 20000 bytes
           when   the model answers "so it is" using 400+10
           then   ModelAnswered ask turn 3, ContextAdjusted ask, ModelIntended ask turn 3 #2 cap 1024
           says   "it cuts what doesn't fit, so the answer doesn't count""#,
    );
}

#[test]
fn a_provider_that_cuts_a_little_at_a_time_is_found_out_too() {
    check(
        TWO,
        r#"start  one
           given  the model calls read {"order":"0"}, read returns 30000 bytes
           given  the model calls read {"order":"1"} using 8000+10, read returns 3000 bytes
           given  the model calls read {"order":"2"} using 8000+10, read returns 3000 bytes
           when   the model calls read {"order":"3"} using 8000+10
           then   ModelAnswered ask turn 4, ContextAdjusted ask, ModelIntended ask turn 4 #2 cap 1024
           says   "it cuts what doesn't fit, so the answer doesn't count"
           given  the model answers "Two were read." using 700+10
           given  the model calls read {"order":"3"} using 6000+10
           when   read returns 6000 bytes
           then   CallApplied, CallJudged, ModelIntended ask turn 5 #1 cap 1024
           says   ""summarises""#,
    );
    // Who counts more with each turn cuts nothing, however little a token of it is.
    check(
        TWO,
        r#"start  one
           given  the model calls read {"order":"0"}, read returns 30000 bytes
           given  the model calls read {"order":"1"} using 8000+10, read returns 3000 bytes
           given  the model calls read {"order":"2"} using 8190+10, read returns 3000 bytes
           given  the model calls read {"order":"3"} using 8380+10, read returns 3000 bytes
           when   the model calls read {"order":"4"} using 8570+10
           then   ModelAnswered ask turn 5, CallProposed, CallIntended"#,
    );
}

#[test]
fn an_answer_that_nobody_counted_says_nothing_of_what_was_cut_later() {
    check(
        TWO,
        r#"start  two
           given  the model answers "one" uncounted
           when   the model answers {"text":"two"}
           then   ModelAnswered ask #2, StepSucceeded ask, RunSucceeded"#,
    );
}

#[test]
fn a_provider_that_never_counts_is_not_taken_for_one_that_is_full() {
    check(
        &TWO.replacen("price: free", "price: free, window: 8000", 1),
        r#"start  one
           given  the model calls read {"order":"1"} uncounted, read returns 3000 bytes
           given  the model calls read {"order":"2"} uncounted, read returns 3000 bytes
           given  the model calls read {"order":"3"} uncounted
           when   read returns 3000 bytes
           then   CallApplied, CallJudged, ModelIntended ask turn 4 #1 cap 4096
           given  the model fails overloaded for nothing
           when   time passes
           then   ModelIntended ask turn 4 #2 cap 4096
           given  the model calls read {"order":"4"} uncounted
           when   read returns 15000 bytes
           then   CallApplied, CallJudged, ModelIntended ask turn 5 #1 cap 1024
           says   ""summarises""#,
    );
}
