//! A file of tests beside a contract.

use super::Holds::{Condition, Count, Either, Json, List, Map, Name, Prose, Value, Word};
use super::{Form, Holds, key, must};

pub(crate) static TESTS: Form = Form {
    name: "file of tests",
    about: "What is tried of a contract, and what is to come of it: `x.test.yaml` beside `x.yaml`.",
    keys: &[
        must("handfast_test", Word(&["1"]), "The version of this form."),
        key("contract", Prose, "The contract's file, relative to this one; the one beside it unless said."),
        key("given", Holds::Form(&GIVEN), "What every test is given."),
        must("tests", Map(&Holds::Form(&TEST)), "The tests, each under its sentence."),
    ],
};

pub(crate) static TEST: Form = Form {
    name: "test",
    about: "One thing that is tried.",
    keys: &[
        key("given", Holds::Form(&GIVEN), "What it is given, over what every test is."),
        key("call", Holds::Form(&CALL), "One proposed call, judged."),
        key("run", Holds::Form(&RUN), "A workflow, run to its end."),
        must("expect", Holds::Form(&EXPECT), "All that is to come true."),
    ],
};

pub(crate) static GIVEN: Form = Form {
    name: "given",
    about: "What a test is given.",
    keys: &[
        key("settings", Map(&Json), "Values for the contract's settings."),
        key("facts", Map(&Json), "What the run has established."),
        key(
            "tools",
            Map(&Either(&[Holds::Form(&ANSWER), List(&Holds::Form(&ANSWER))])),
            "What each fake tool answers.",
        ),
        key(
            "approvals",
            Map(&Prose),
            "What people say to each tool's calls (`approved`, `denied`), to each step (`steps.NAME`); or `unanswered`.",
        ),
        key("model", Either(&[Prose, Map(&List(&Holds::Form(&TURN)))]), "What the models say, step by step."),
    ],
};

pub(crate) static ANSWER: Form = Form {
    name: "answer",
    about: "One answer of a fake tool: one of `returns`, `gives`, `fails` and `times_out`.",
    keys: &[
        key("returns", Json, "It takes effect and gives this value."),
        key("gives", Value, "It takes effect and gives what this comes to. Reads args."),
        key("fails", Either(&[Prose, Holds::Form(&FAILS)]), "It says that it failed."),
        key("times_out", Word(&["before_applying", "after_applying"]), "Nobody hears of it."),
        key("when", Condition, "To which calls. Reads args."),
        key("times", Either(&[Count, Word(&["any"])]), "How often; in a list once unless said."),
    ],
};

pub(crate) static FAILS: Form = Form {
    name: "failure of a fake",
    about: "What a fake tool says when it fails.",
    keys: &[
        key("text", Prose, "What it says."),
        key("code", Prose, "Its code."),
        key("status", Count, "The HTTP status."),
    ],
};

pub(crate) static TURN: Form = Form {
    name: "answer of a model",
    about: "What a model says in one turn.",
    keys: &[
        key("calls", List(&Holds::Form(&ASK)), "The calls that it asks for."),
        key("text", Prose, "Its answer."),
        key("json", Json, "Its answer, as JSON."),
        key("refusal", Prose, "Why it won't answer."),
        key("fail", Prose, "The class of its failure: `overloaded`."),
        key("detail", Prose, "What is said of the failure."),
    ],
};

pub(crate) static ASK: Form = Form {
    name: "call of a model",
    about: "One call that a model asks for.",
    keys: &[
        must("tool", Prose, "The tool, whether or not there is one."),
        key("with", Json, "The arguments."),
    ],
};

pub(crate) static CALL: Form = Form {
    name: "proposed call",
    about: "One call, judged as if an agent's model had made it.",
    keys: &[
        must("tool", Name("tools"), "The tool."),
        key("as", Name("agents"), "The agent; without one, somebody who may call every tool."),
        key("with", Map(&Json), "The arguments."),
        key("input", Map(&Json), "What the agent was given, for grants that read it."),
    ],
};

pub(crate) static RUN: Form = Form {
    name: "tried run",
    about: "A workflow, run to its end.",
    keys: &[
        key("workflow", Name("workflows"), "Which; may be left out where there is one."),
        key("input", Map(&Json), "Its input."),
        key(
            "says",
            List(&Prose),
            "What is said in a conversation, one thing after the other; then they leave.",
        ),
    ],
};

/// A clause's address, or several.
const ADDRESSES: Holds = Either(&[Prose, List(&Prose)]);

pub(crate) static EXPECT: Form = Form {
    name: "expectation",
    about: "What is to come of a test: all of these.",
    keys: &[
        key("done", Word(&["true"]), "It ends as promised."),
        key("refused", ADDRESSES, "The clauses that refuse a call."),
        key("violated", ADDRESSES, "The clauses that judged what came back, and were broken."),
        key("held", ADDRESSES, "The clauses that were looked at and held, each time."),
        key("failed", Prose, "`true`, or the clause or failure on which it fails."),
        key("in_doubt", Name("tools"), "The tool of which a call rests in doubt."),
        key("paused", ADDRESSES, "The limit that the run rests on."),
        key("output", Json, "What the output, or the call's result, has at least."),
        key("said", ADDRESSES, "Words that the agent of a conversation says."),
        key("calls", Map(&Count), "How many calls of each tool were sent."),
        key("effects", Map(&Count), "How often each fake tool took effect."),
    ],
};
