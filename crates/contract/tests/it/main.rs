//! The contract language from outside: what a contract becomes, and what is said of one that is wrong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic here is a failed test"
)]

mod cases;
mod contain;
mod contain_laws;
mod dice;
mod diff;
mod drift;
mod errors;
mod examples;
mod expr;
mod flow;
mod fmt;
mod functions;
mod fuzz;
mod hostile;
mod import;
mod import_openapi;
mod includes;
mod language;
mod lints;
mod loads;
mod lock;
mod places;
mod positions;
mod reference;
mod schema;
mod sections;
mod seen;

use std::collections::BTreeMap;

use handfast_contract::{Loaded, Paint, check, load};

/// The example that every table of mistakes starts from.
pub const EXAMPLE: &str = include_str!("example.yaml");

/// Loads a text as `support.yaml`, beside a `policy.md`.
pub fn loaded(text: &str) -> Loaded {
    load("support.yaml", ".", &BTreeMap::new(), &mut |path| match path {
        "support.yaml" => Ok(text.to_owned()),
        "policy.md" => Ok("Be kind and brief.".to_owned()),
        _ => Err("no such file".to_owned()),
    })
}

/// The same with what lints find, beside more files.
pub fn checked_with(text: &str, files: &[(String, String)]) -> Loaded {
    check("support.yaml", ".", &BTreeMap::new(), &mut |path| match path {
        "support.yaml" => Ok(text.to_owned()),
        "policy.md" => Ok("Be kind and brief.".to_owned()),
        _ => {
            let file = files.iter().find(|(name, _)| name == path);
            file.map(|(_, text)| text.clone()).ok_or_else(|| "no such file".to_owned())
        }
    })
}

/// What a person reads about it.
pub fn report(text: &str) -> String {
    loaded(text).report(Paint::Plain)
}
mod resource;
mod show;
mod tools;
mod types;
