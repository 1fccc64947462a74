//! People, agents, and what is said over several tools or a whole run.

use super::Holds::{
    Clauses, Condition, Count, Duration, Either, Event, Fields, List, Map, Money, Name, Prose, Reasons, Type,
    Value, Word,
};
use super::parts::LEVELS;
use super::tools::{APPROVAL, FAILURE, TOOL_LIMITS};
use super::{Form, Holds, key, later, must};

pub(crate) static ROLE: Form = Form {
    name: "role",
    about: "People, by what they are asked for.",
    keys: &[
        key("reached", Word(&["conversation", "inbox"]), "Where they are asked; the inbox unless said."),
        key("description", Prose, "Who they are."),
    ],
};

pub(crate) static FACT: Form = Form {
    name: "fact",
    about: "What a run has established: set by a tool's result, never by a model's words.",
    keys: &[
        must("type", Type, "Its type."),
        key("set", Word(&["once", "anew"]), "`once`: another value is refused. `anew`: the last one counts."),
        key("missing", Prose, "What the model is told where a clause needs it and it isn't set."),
    ],
};

pub(crate) static GROUP: Form = Form {
    name: "group",
    about: "Clauses said once for many tools (`in: [NAME]`), and a name for them all.",
    keys: &[
        key("description", Prose, "What its tools have in common."),
        key("not_for", List(&Prose), "What none of them must be used for."),
        key("requires", Clauses, "What must hold before any of them is sent."),
        key("ensures", Clauses, "What holds after any of them."),
        key(
            "failures",
            Map(&Holds::Form(&FAILURE)),
            "How their failures are recognised, after each tool's own.",
        ),
        key(
            "approval",
            Holds::Form(&APPROVAL),
            "Whose yes a call of any needs, where it says nothing itself.",
        ),
        key("limits", Holds::Form(&TOOL_LIMITS), "Ceilings of each."),
    ],
};

pub(crate) static MEMORY: Form = Form {
    name: "memory",
    about: "What agents share: one value, or a log of entries.",
    keys: &[
        key("is", Type, "One value, replaced as a whole."),
        key("each", Type, "A log of entries."),
        key(
            "lives",
            Either(&[Word(&["run", "contract"]), Prose]),
            "How long: `run` (unless said), `contract`, or `for 30d` after its last change.",
        ),
        must("writes", Either(&[Name("agents"), List(&Name("agents"))]), "Who writes it."),
        key(
            "reads",
            Either(&[Name("agents"), List(&Name("agents")), Map(&Holds::Form(&MEMORY_READ))]),
            "Who reads it, and how fresh.",
        ),
        key("allow", Reasons, "Lints that are no fault here, each with its reason."),
    ],
};

pub(crate) static MEMORY_READ: Form = Form {
    name: "memory's reader",
    about: "How fresh a reader needs it.",
    keys: &[key("fresh", Duration, "No older than this.")],
};

pub(crate) static AGENT: Form = Form {
    name: "agent",
    about: "What one agent is for, may do and must never do, and what it gives.",
    keys: &[
        must("purpose", Prose, "What it is for, in one sentence."),
        key("owner", Prose, "Who keeps this promise, if not the contract's owner."),
        key("talks_to", Either(&[Name("roles"), List(&Name("roles"))]), "Whom it may ask and answer."),
        key("instructions", Either(&[Prose, Holds::Form(&INSTRUCTIONS)]), "More on how."),
        must("model", MODELS, "The models: first choice first. A condition reads input, facts."),
        key("input", Fields, "What it is given."),
        key("output", Type, "What it gives; text unless said."),
        key("may", List(&Either(&[Name("tools"), Map(&Condition)])), "What it may do, and up to where."),
        key("never", Map(&Either(&[Prose, Holds::Form(&NEVER)])), "What it must never do."),
        key("unsure", Word(&["ask", "escalate", "refuse"]), "What it does when unsure."),
        key("handles", List(&Prose), "What a user may expect it to do."),
        key("escalates", Holds::Form(&ABOUT), "What it hands to a person."),
        key("refuses", Holds::Form(&ABOUT), "What it declines, and the words for it."),
        key("ensures", Clauses, "What holds of its output. Reads input, output."),
        key("limits", Holds::Form(&CHAT_LIMITS), "Its ceilings."),
        key("accepts", List(&Word(&["irreversible"])), "What it may do without a person's yes."),
        key("at_least", LEVELS, "How far its clauses must be true at least."),
        key("allow", Reasons, "Lints that are no fault here, each with its reason."),
    ],
};

/// One model, or several, each perhaps only where a condition holds.
pub(crate) const MODELS: Holds = Either(&[Name("models"), List(&Either(&[Name("models"), Map(&Condition)]))]);

pub(crate) static INSTRUCTIONS: Form = Form {
    name: "instructions",
    about: "A file's text.",
    keys: &[must("file", Prose, "The file, relative to the contract's folder.")],
};

pub(crate) static NEVER: Form = Form {
    name: "never",
    about: "What an agent must never do: prose that a model judges, or calls that can't be made.",
    keys: &[
        key("says", Prose, "What it must never do, in words."),
        later("judge", Name("models"), "The model that judges what leaves."),
        key("tool", Name("tools"), "The tool that it must never call."),
        key("when", Condition, "Only calls of which this holds. Reads args, input, facts."),
    ],
};

pub(crate) static ABOUT: Form = Form {
    name: "escalation or refusal",
    about: "What about, to whom, and in which words.",
    keys: &[
        must("about", List(&Prose), "What about."),
        key(
            "to",
            Name("roles"),
            "To whom it is handed, for `escalates`; unless said whom it talks to, else the owner.",
        ),
        key("saying", Prose, "The words for it."),
    ],
};

pub(crate) static CHAT_LIMITS: Form = Form {
    name: "limits of an agent",
    about: "Its ceilings in one step.",
    keys: &[
        key("turns", Count, "Answers of the model."),
        key("cost", Money, "Money."),
        key("tokens", Count, "Tokens in and out."),
        key("time", Duration, "Time in which it may act."),
    ],
};

pub(crate) static INVARIANT: Form = Form {
    name: "invariant",
    about: "A rule over a whole run: `never … before …`, `after … must …`, or `at_most … of …`.",
    keys: &[
        key("never", Event, "This must not happen …"),
        key("before", Event, "… before this has."),
        key("after", Event, "Once this has happened …"),
        key("must", Event, "… this must happen."),
        key("of", Event, "Of this …"),
        key("at_most", Count, "… so many at most."),
        key(
            "same",
            Value,
            "Only events of which this is equal belong together. Reads args, result, input, steps.",
        ),
        key(
            "when",
            Condition,
            "Only where this holds of the event that the rule is about. Reads args, result, input, steps.",
        ),
        key("within", Duration, "In this time."),
    ],
};
