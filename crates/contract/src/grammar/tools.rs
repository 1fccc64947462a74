//! Servers and tools.

use super::Holds::{
    Clauses, Condition, Count, Duration, Either, Every, Fields, List, Map, Money, Name, Path, Prose, Reasons,
    Text, Type, Value, Word,
};
use super::parts::{APPROVER, AT_ONCE, LEVELS, PACE_LIMITS, RATE, SECRET};
use super::{Form, Holds, key, later, must};

const ENV: Holds = Map(&Either(&[Text, Holds::Form(&SECRET)]));
const SENDS: Holds = Map(&Value);
const FAILURES: Holds = Map(&Holds::Form(&FAILURE));

pub(crate) static SERVER: Form = Form {
    name: "server",
    about: "What tools are reached through: one of `mcp`, `http`, `process` and `rust`.",
    keys: &[
        key("mcp", Holds::Form(&MCP), "A server that speaks the Model Context Protocol."),
        key("http", Holds::Form(&HTTP), "An HTTP API; its tools say method and path."),
        key("process", Holds::Form(&PROCESS), "A program: JSON in, JSON out, one process a call."),
        key("rust", Holds::Form(&RUST), "Functions of the program that embeds Handfast."),
        key("directory", Text, "The folder that its command starts in; else the contract's."),
        key("failures", FAILURES, "How its failures are recognised, for all its tools: the first that fits."),
        key("limits", Holds::Form(&PACE_LIMITS), "How much all its tools together ask of it at a time."),
        key("allow", Reasons, "Lints that are no fault here, each with its reason."),
    ],
};

pub(crate) static MCP: Form = Form {
    name: "MCP server",
    about: "A command that speaks MCP over its standard input and output, or a URL.",
    keys: &[
        key("command", List(&Text), "Program and arguments; no shell reads it."),
        key("url", Text, "Where it is, for MCP over HTTP."),
        key("env", ENV, "Variables of the command; values may be secrets."),
        key("bearer", Holds::Form(&SECRET), "The token for the URL."),
        key("schemas", Word(&["pinned"]), "`pinned`: what differs from `handfast.lock` is an error."),
    ],
};

pub(crate) static HTTP: Form = Form {
    name: "HTTP server",
    about: "An HTTP API.",
    keys: &[
        must("url", Text, "What every tool's path is appended to."),
        key("bearer", Holds::Form(&SECRET), "The token of its `Authorization` header."),
        key("headers", ENV, "Headers of every request; values may be secrets."),
    ],
};

pub(crate) static PROCESS: Form = Form {
    name: "process",
    about: "A program: JSON in, JSON out, one process a call.",
    keys: &[
        must("command", List(&Text), "Program and arguments; no shell reads it."),
        key("env", ENV, "Its variables; values may be secrets."),
    ],
};

pub(crate) static RUST: Form =
    Form { name: "Rust functions", about: "Functions that the embedding program registers.", keys: &[] };

pub(crate) static TOOL: Form = Form {
    name: "tool",
    about: "What one tool promises: its exact action, every effect, and how it may fail.",
    keys: &[
        key(
            "via",
            Either(&[Name("servers"), Holds::Form(&VIA)]),
            "Which tool of which server: `shop.find_order`.",
        ),
        key("owner", Prose, "Who keeps this promise, if not the contract's owner."),
        key("description", Prose, "What it does, in one sentence: what the model is shown."),
        key("not_for", List(&Prose), "What it must not be used for."),
        key("in", List(&Name("groups")), "The groups whose clauses it shares."),
        key("input", Fields, "What the model fills in; the server's own where it isn't written."),
        key("sends", SENDS, "What the server gets, argument by argument; the input as it is unless said."),
        key("output", Type, "What comes back; the server's own where it isn't written."),
        key(
            "label",
            Either(&[Word(LABELS), List(&Word(LABELS))]),
            "Where its result comes from, so that it can be followed.",
        ),
        key("from", Map(&List(&Path)), "Where an argument's value must have come from."),
        key(
            "effects",
            List(&Holds::Form(&EFFECT)),
            "Everything it does to the world: what is missing here is a lie.",
        ),
        key(
            "volatile",
            Every,
            "Its result may change by itself: it may be looked at again and again, so far apart at least.",
        ),
        key("relies", List(&Name("memory")), "The memory that its effects rely on."),
        key(
            "idempotency",
            Either(&[Word(&["natural", "none"]), Holds::Form(&IDEMPOTENCY)]),
            "Whether it may be repeated.",
        ),
        key("once_per", Value, "The same action once, in this run or any other."),
        key("probes", Map(&Holds::Form(&PROBE)), "Named reads of the world that its clauses need."),
        key("requires", Clauses, "What must hold before it is sent."),
        key("ensures", Clauses, "What holds afterwards."),
        key("shows", Clauses, "What must hold of a result for the model to see it."),
        key("establishes", SENDS, "The facts that its result sets."),
        key(
            "failures",
            FAILURES,
            "How its failures are recognised: its own, then its server's; the first that fits.",
        ),
        key("reconcile", Holds::Form(&RECONCILE), "How a call in doubt is settled."),
        key(
            "compensate",
            Either(&[Word(&["impossible"]), Holds::Form(&COMPENSATE)]),
            "How what it did is taken back.",
        ),
        key("approval", Holds::Form(&APPROVAL), "Whose yes a call needs."),
        key("costs", Money, "What one attempt costs, whether or not it takes effect."),
        key("limits", Holds::Form(&TOOL_LIMITS), "Its ceilings."),
        later("fallback", Holds::Form(&FALLBACK), "Another server that keeps the same promise."),
        key("at_least", LEVELS, "How far its clauses must be true at least."),
        key("allow", Reasons, "Lints that are no fault here, each with its reason."),
    ],
};

const LABELS: &[&str] = &["untrusted", "private"];

pub(crate) static VIA: Form = Form {
    name: "HTTP request",
    about: "Which request of which HTTP server: one method with its path.",
    keys: &[
        must("server", Name("servers"), "The server."),
        key("get", Text, "The path, for GET."),
        key("post", Text, "The path, for POST."),
        key("put", Text, "The path, for PUT."),
        key("patch", Text, "The path, for PATCH."),
        key("delete", Text, "The path, for DELETE."),
        key("query", SENDS, "What stands behind the `?`."),
        key("headers", SENDS, "Headers of this request."),
        key("body", Value, "What is sent as JSON."),
    ],
};

pub(crate) static EFFECT: Form = Form {
    name: "effect",
    about: "One thing that it does: one of the six words with its target, perhaps only when a condition holds.",
    keys: &[
        key("reads", Text, "Looks at this resource and changes nothing."),
        key("writes", Text, "Changes this resource."),
        key("creates", Text, "Makes this resource."),
        key("deletes", Text, "Takes this resource away."),
        key("notifies", Text, "Tells somebody; names no resource."),
        key("enqueues", Text, "Leaves something to be done later; names no resource."),
        key("when", Condition, "Only where this holds of the call."),
    ],
};

pub(crate) static IDEMPOTENCY: Form = Form {
    name: "idempotency by key",
    about: "The runtime mints a key; the server takes the same key twice for one call.",
    keys: &[
        must("key", Holds::Form(&KEY_PLACE), "Where the server looks for it."),
        key("valid", Duration, "How long the server keeps it."),
    ],
};

pub(crate) static KEY_PLACE: Form = Form {
    name: "key's place",
    about: "Exactly one of these.",
    keys: &[
        key("arg", Prose, "An argument, which the model never sees."),
        key("header", Prose, "An HTTP header."),
        key("meta", Prose, "A field of MCP's `_meta`."),
        key("env", Name(""), "A variable of the process."),
    ],
};

pub(crate) static PROBE: Form = Form {
    name: "probe",
    about: "A named read of the world, before a call and, where a clause needs it, after.",
    keys: &[
        must("tool", Name("tools"), "A tool that only reads."),
        key("with", SENDS, "What it is given. Reads args, facts, call."),
    ],
};

pub(crate) static FAILURE: Form = Form {
    name: "failure",
    about: "How one named failure is recognised, and what it promises.",
    keys: &[
        must("when", Condition, "When it is this one. Reads args, error, result."),
        key("then", Word(&["permanent", "transient", "doubtful"]), "What it means; permanent unless said."),
        key("gives", Value, "A value that makes it an answer."),
        key("settles", Word(&["call"]), "`call`: it speaks for earlier attempts too."),
    ],
};

pub(crate) static RECONCILE: Form = Form {
    name: "reconcile",
    about: "How a call in doubt is settled: by asking the world, or a person.",
    keys: &[
        key("tool", Name("tools"), "A tool that only reads."),
        key("with", SENDS, "What it is given. Reads args, call, old, probe names."),
        key("applied", Condition, "The call took effect."),
        key("not_applied", Condition, "It did not. Where neither holds, the doubt stays."),
        key("gives", Value, "The call's result, where it took effect."),
        key("settle", Duration, "How long after the call the answer can be trusted."),
        key("ask", Name("roles"), "Who settles it, where no tool can."),
    ],
};

pub(crate) static COMPENSATE: Form = Form {
    name: "compensate",
    about: "How what it did is taken back, and what can't be.",
    keys: &[
        key("tool", Name("tools"), "The tool that takes it back."),
        key("with", SENDS, "What it is given. Reads args, facts, call, probe names, result, old."),
        key("leaves", List(&Prose), "What can't be taken back, and is accepted."),
    ],
};

pub(crate) static APPROVAL: Form = Form {
    name: "approval",
    about: "Whose yes a call needs, asked with its exact arguments.",
    keys: &[
        must("by", BY, "Who is asked: all of those whose `when` holds."),
        key("saying", Text, "The question."),
        key("within", Duration, "How long it waits."),
        key("valid", Duration, "How long a yes may wait to be used; 15m unless said."),
        key("unanswered", Word(&["deny", "approve"]), "What silence means; deny unless said."),
        later("relax", Holds::Form(&RELAX), "When to ask less."),
    ],
};

/// One role, or several with conditions.
const BY: Holds =
    Either(&[Name("roles"), Holds::Form(&APPROVER), List(&Either(&[Name("roles"), Holds::Form(&APPROVER)]))]);

pub(crate) static RELAX: Form = Form {
    name: "relax",
    about: "Asks less where the record allows it, by the contract's own rule.",
    keys: &[
        must("after", Count, "So many yeses to unchanged calls in a row."),
        must("back_on", List(&Word(&["no", "breach"])), "What makes it ask again."),
    ],
};

pub(crate) static TOOL_LIMITS: Form = Form {
    name: "limits of a tool",
    about: "Its ceilings.",
    keys: &[
        key("timeout", Duration, "Time for one attempt."),
        key("attempts", Count, "Tries of one call."),
        key("per_run", Count, "Calls in one run."),
        RATE,
        AT_ONCE,
    ],
};

pub(crate) static FALLBACK: Form = Form {
    name: "fallback",
    about: "Another server that keeps the same promise.",
    keys: &[
        must("via", Name("servers"), "Which tool of which server."),
        key("sends", SENDS, "What that server gets."),
    ],
};
