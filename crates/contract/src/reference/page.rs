//! The page of the grammar: every form with its keys.

use std::fmt::Write as _;

use super::{forms, slug};
use crate::grammar::Holds;

/// The reference of the grammar, in Markdown.
///
/// ```
/// assert!(handfast_contract::grammar_page().contains("## tool\n"));
/// ```
pub fn grammar_page() -> String {
    let mut page = String::from(
        "# The grammar\n\nEvery map of a contract with its keys, in the order of the canonical form (`handfast fmt`). **Bold** keys \
         must be there. A *condition* or *value* is CEL, a *text* is prose with `{CEL}` holes. What is *checked* is part of the \
         language and is checked, and this release doesn't run it yet: `handfast run` refuses it by name.\n\n\
         Made from the table that `handfast check` reads by; `handfast schema` has the same for editors.\n",
    );
    for form in forms() {
        // Writing to a string can't fail.
        let _ = write!(page, "\n## {}\n\n{}\n", form.name, cell(form.about));
        if form.keys.is_empty() {
            page.push_str("\nIt has no keys: `{}`.\n");
            continue;
        }
        page.push_str("\n| key | holds | says |\n|---|---|---|\n");
        for key in form.keys {
            let name = if key.required { format!("**`{}`**", key.name) } else { format!("`{}`", key.name) };
            let runs = if key.runs { "" } else { " *(checked)*" };
            let _ = writeln!(page, "| {name} | {} | {}{runs} |", kind(&key.holds), cell(key.about));
        }
    }
    page
}

/// What a value is, in a few words.
fn kind(holds: &Holds) -> String {
    match holds {
        Holds::Condition => "condition".to_owned(),
        Holds::Value => "value".to_owned(),
        Holds::Text => "text".to_owned(),
        Holds::Prose => "prose".to_owned(),
        Holds::Name("") => "a new name".to_owned(),
        Holds::Name(section) => format!("a name of `{section}`"),
        Holds::Event => "what happens: `tools.NAME`, `groups.NAME`, `steps.PATH`".to_owned(),
        Holds::Path => "a path".to_owned(),
        Holds::Type => "[type](language/values.md#types)".to_owned(),
        Holds::Fields => "fields, or a type".to_owned(),
        Holds::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" "),
        Holds::Count => "count: `12`, `200k`".to_owned(),
        Holds::Duration => "time: `10s`, `4h`".to_owned(),
        Holds::Every => "distance in time: `every 30s`".to_owned(),
        Holds::Rate => "rate: `10/s`, `60/m`, `1k/h`, `500/d`".to_owned(),
        Holds::Money => "money: `0.50 USD`".to_owned(),
        Holds::Json => "any value".to_owned(),
        Holds::Clauses => "sentences, each with a condition".to_owned(),
        Holds::Reasons => "codes of lints, each with the reason".to_owned(),
        Holds::List(inner) => format!("list of: {}", kind(inner)),
        Holds::Map(inner) => format!("names, each with: {}", kind(inner)),
        Holds::Either(options) => options.iter().map(kind).collect::<Vec<_>>().join("; or "),
        Holds::Form(form) => format!("[{}](#{})", form.name, slug(form)),
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
