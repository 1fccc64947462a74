//! Forms that several sections share, and those of what a contract needs of its environment.

use super::Holds::{
    Condition, Count, Duration, Either, Json, Map, Money, Name, Prose, Rate, Text, Type, Value, Word,
};
use super::{Form, Holds, Key, key, must};

/// How far a clause is true, weakest first.
pub(crate) const LEVELS: Holds = Word(&["declared", "judged", "probed", "observed", "enforced"]);

/// The words that are types by themselves.
pub(crate) const TYPE_WORDS: &[&str] =
    &["string", "number", "integer", "boolean", "email", "uri", "money", "json"];

pub(crate) static INCLUDE: Form = Form {
    name: "include",
    about: "Another contract, whose names are read with its name before them: `cms.publish`.",
    keys: &[
        must("file", Prose, "Its file, relative to this contract's folder."),
        key("settings", Map(&Value), "The values of its settings; they read this contract's."),
    ],
};

pub(crate) static SETTING: Form = Form {
    name: "setting",
    about: "A value that each environment gives: `handfast.prod.yaml`, or `--set NAME=VALUE`.",
    keys: &[
        key("type", Type, "Its type."),
        key("is", Type, "The same, as types say it."),
        key("format", Word(&["uri", "email"]), "What kind of text it is."),
        key("default", Json, "Its value where the environment gives none."),
        key("description", Prose, "What it is for."),
    ],
};

pub(crate) static MODEL: Form = Form {
    name: "model",
    about: "A model that agents may use.",
    keys: &[
        must("use", Prose, "Provider and model: `openai/gpt-5-mini`."),
        key("url", Text, "Where it is, if not at its provider's own place."),
        key(
            "speaks",
            Word(&["chat", "responses", "messages"]),
            "The wire that it speaks, where it isn't its provider's usual one.",
        ),
        key("api_key", Holds::Form(&SECRET), "The key, by the name of the variable that holds it."),
        key(
            "price",
            Either(&[Word(&["free"]), Holds::Form(&PRICE)]),
            "Its price, where the built-in table is wrong.",
        ),
        key("window", Count, "Tokens that a request and its answer may have together."),
        key("timeout", Duration, "How long one attempt may take."),
        key("limits", Holds::Form(&PACE_LIMITS), "How much is asked of it at a time."),
    ],
};

pub(crate) static PACE_LIMITS: Form = Form {
    name: "limits of a model or server",
    about: "How much is asked of it at a time, by all runs of a store together; what doesn't fit waits.",
    keys: &[RATE, AT_ONCE],
};

pub(crate) const RATE: Key =
    key("rate", Rate, "How many may begin in that time, over all runs; what doesn't fit waits its turn.");

pub(crate) const AT_ONCE: Key = key(
    "at_once",
    Count,
    "How many may be under way at the same time, over all runs; what doesn't fit waits its turn.",
);

pub(crate) static SECRET: Form = Form {
    name: "secret",
    about: "A secret, by name: a contract never holds the secret itself.",
    keys: &[must("secret", Name(""), "The environment's variable that holds it.")],
};

pub(crate) static PRICE: Form = Form {
    name: "price",
    about: "Money per million tokens.",
    keys: &[
        must("input", Money, "For a million tokens in."),
        must("output", Money, "For a million tokens out."),
    ],
};

pub(crate) static DEFAULTED: Form = Form {
    name: "type with a default",
    about: "A type, and its value where none is given; or a JSON Schema as it stands.",
    keys: &[
        key("fields", Map(&Type), "An object's fields."),
        key("schema", Json, "JSON Schema 2020-12. A `$ref` is never fetched."),
        key("is", Type, "The type."),
        key("default", Json, "The value where none is given."),
    ],
};

pub(crate) static APPROVER: Form = Form {
    name: "approver",
    about: "A role, and when it is asked.",
    keys: &[
        must("role", Name("roles"), "Who is asked."),
        key("when", Condition, "Asked only where this holds."),
    ],
};
