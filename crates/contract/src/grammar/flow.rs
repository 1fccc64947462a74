//! Workflows and their steps.

use super::Holds::{
    Condition, Count, Duration, Either, Fields, List, Map, Money, Name, Prose, Reasons, Text, Type, Value,
    Word,
};
use super::agents::MODELS;
use super::parts::{APPROVER, LEVELS};
use super::{Form, Holds, key, must};

const GIVEN: Holds = Either(&[Value, Map(&Value)]);
/// A static, since steps hold steps.
static STEP_FORM: Holds = Holds::Form(&STEP);

pub(crate) static WORKFLOW: Form = Form {
    name: "workflow",
    about: "Steps, ordered by what they read; or a conversation with an agent.",
    keys: &[
        key("chat", Name("agents"), "The agent that talks; the run is the session."),
        key("idle", Duration, "How long a conversation waits for the next message."),
        key("input", Fields, "What it takes."),
        key("limits", Holds::Form(&STEP_LIMITS), "Its ceilings."),
        key("steps", Map(&STEP_FORM), "Its steps, in an order in which they could run."),
        key("output", GIVEN, "What it gives. Reads input, steps."),
        key("accepts", List(&Word(&["irreversible"])), "What may be done with no way back."),
        key("at_least", LEVELS, "How far the clauses of its parts must be true at least."),
        key("allow", Reasons, "Lints that are no fault here, each with its reason."),
    ],
};

pub(crate) static STEP_LIMITS: Form = Form {
    name: "limits of a workflow",
    about: "Its ceilings, over all its steps.",
    keys: &[
        key("cost", Money, "Money."),
        key("tokens", Count, "Tokens in and out."),
        key("time", Duration, "Time in which it may act; waiting for people doesn't count."),
        key("deadline", Duration, "Time until it must have ended."),
    ],
};

pub(crate) static STEP: Form = Form {
    name: "step",
    about: "One of `agent`, `tool`, `workflow`, `approval`, `wait`, `choose`, `repeat` and `each`.",
    keys: &[
        key("agent", Name("agents"), "The agent that does it."),
        key("tool", Name("tools"), "The tool that does it."),
        key("workflow", Name("workflows"), "Another workflow that does it."),
        key("approval", Holds::Form(&APPROVAL_STEP), "People decide: gives `decision`, `note` and `by`."),
        key("wait", Holds::Form(&WAIT), "A signal or a time is waited for."),
        key("choose", Map(&Holds::Form(&BRANCH)), "The first branch whose `when` holds."),
        key("repeat", Count, "Its steps again and again, at most so many times."),
        key("until", Condition, "Ends a `repeat`. Reads its steps, and `last`."),
        key("each", Value, "Its steps for each item of a list, one lane an item."),
        key("as", Name(""), "The item's name in a lane."),
        key("at_once", Count, "Lanes at a time."),
        key("enough", Count, "Goes on when so many lanes succeeded and the rest are done."),
        key("with", GIVEN, "What it is given. Reads input, earlier steps."),
        key(
            "model",
            MODELS,
            "The models that its agent uses here. A condition reads the agent's input, facts.",
        ),
        key("when", Condition, "Only where this holds; its value is absent else."),
        key(
            "needs",
            Either(&[Name("steps"), List(&Name("steps"))]),
            "Steps that come first though no value shows it.",
        ),
        key("steps", Map(&STEP_FORM), "The steps of a `repeat` or `each`."),
        key("output", GIVEN, "What a `repeat`, `each` or branch gives."),
        key(
            "otherwise",
            Either(&[Word(&["skip", "collect"]), Value, Holds::Form(&STEP)]),
            "What follows its failure.",
        ),
        key("limits", Holds::Form(&STEP_LIMITS), "Its ceilings, within the workflow's."),
        key("accepts", List(&Word(&["irreversible"])), "What may be done with no way back."),
        key("allow", Reasons, "Lints that are no fault here, each with its reason."),
    ],
};

pub(crate) static APPROVAL_STEP: Form = Form {
    name: "approval step",
    about: "A question to people.",
    keys: &[
        must("by", BY, "Who is asked."),
        key("saying", Text, "The question."),
        key("presents", Value, "What they are shown."),
        key("asks", List(&Prose), "The answers to choose from; `approved` and `denied` unless said."),
        key("within", Duration, "How long it waits."),
        key("unanswered", Prose, "Which of the answers silence means; the step fails unless said."),
    ],
};

const BY: Holds = Either(&[Name("roles"), List(&Either(&[Name("roles"), Holds::Form(&APPROVER)]))]);

pub(crate) static WAIT: Form = Form {
    name: "wait",
    about: "One of `signal`, `for` and `until`.",
    keys: &[
        key("signal", Name(""), "The signal's name; `handfast signal RUN NAME` sends it."),
        key("gives", Type, "What the signal carries."),
        key("for", Duration, "So long."),
        key("until", Value, "Until this time."),
        key("within", Duration, "How long a signal is waited for; the step fails then."),
    ],
};

pub(crate) static BRANCH: Form = Form {
    name: "branch",
    about: "Steps that run where a condition holds; the last branch may have none.",
    keys: &[
        key("when", Condition, "Where this holds. Reads input, earlier steps."),
        must("steps", Map(&STEP_FORM), "Its steps."),
        key("output", GIVEN, "What it gives: the `choose`'s value."),
    ],
};
