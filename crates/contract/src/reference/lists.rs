//! The lists of the reference that are made from tables: what each place may read, what isn't run yet, the functions.

use std::fmt::Write as _;

use super::{forms, slug};
use crate::reads::{LANES, PROBES, place};

/// What each place of a contract may read beside `settings`, as a table in Markdown.
///
/// ```
/// assert!(handfast_contract::places_table().contains("| a failure's condition | `args` `error` `result` |\n"));
/// ```
pub fn places_table() -> String {
    let mut table = String::from("| place | may read |\n|---|---|\n");
    let of_tests = place::FAKE.name;
    for place in place::ALL.iter().filter(|place| place.name != of_tests) {
        let roots = place.may_read.iter().map(|root| match *root {
            PROBES => "probes".to_owned(),
            LANES => "the lane's item".to_owned(),
            root => format!("`{root}`"),
        });
        let roots: Vec<String> = roots.collect();
        let roots = if roots.is_empty() { "nothing else".to_owned() } else { roots.join(" ") };
        // Writing to a string can't fail.
        let _ = writeln!(table, "| {} | {roots} |", place.name);
    }
    table
}

/// The keys that are checked and that this release doesn't run yet, as a list in Markdown, by form.
///
/// ```
/// assert!(handfast_contract::unrun_list().starts_with("- [contract](grammar.md#contract):"));
/// ```
pub fn unrun_list() -> String {
    let mut list = String::new();
    for form in forms() {
        let keys = form.keys.iter().filter(|key| !key.runs);
        let keys: Vec<String> = keys.map(|key| format!("`{}`", key.name)).collect();
        if !keys.is_empty() {
            let _ = writeln!(list, "- [{}](grammar.md#{}): {}", form.name, slug(form), keys.join(" "));
        }
    }
    list
}

/// The functions that conditions and values may call: each by its name, and how it is written.
///
/// ```
/// assert!(handfast_contract::functions().any(|(name, written)| (name, written) == ("sum", "sum(list)")));
/// ```
pub fn functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    crate::expr::functions()
}
