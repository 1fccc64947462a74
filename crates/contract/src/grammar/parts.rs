//! Forms that several sections share, and those of what a contract needs of its environment.

use super::Holds::{Condition, Duration, Either, Json, Map, Money, Name, Prose, Text, Type, Value, Word};
use super::{Form, Holds, key, must};

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
        key("api_key", Holds::Form(&SECRET), "The key, by the name of the variable that holds it."),
        key(
            "price",
            Either(&[Word(&["free"]), Holds::Form(&PRICE)]),
            "Its price, where the built-in table is wrong.",
        ),
        key("timeout", Duration, "How long one attempt may take."),
    ],
};

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
