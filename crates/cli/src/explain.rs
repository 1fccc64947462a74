//! `handfast explain`: the page of an error's code.

use handfast_contract::Code;
use serde_json::json;

use crate::exit::{Exit, stop};
use crate::{args, out};

/// Shows the page.
///
/// # Errors
/// There is no such code.
pub(crate) fn run(args: &args::Explain) -> anyhow::Result<Exit> {
    let Some(code) = Code::find(args.code.trim()) else {
        let first_last = (Code::all().first(), Code::all().last());
        let known = match first_last {
            (Some(first), Some(last)) => format!(": they go from {first} to {last}"),
            _ => String::new(),
        };
        return Err(stop(Exit::NotFound, format!("there is no code `{}`{known}", args.code)));
    };
    if args.json {
        out::json(&json!({ "code": code, "title": code.title(), "page": code.page() }))?;
    } else {
        out::data(&format!("{code}: {}\n\n{}", code.title(), code.page()))?;
    }
    Ok(Exit::Done)
}
