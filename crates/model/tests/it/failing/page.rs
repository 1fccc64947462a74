//! The reference's page of what can fail when a model is asked. It is printed from what is done (`engine`), and from how that
//! goes and how providers say it, found out over HTTP.

use handfast_double::{Fault, Wire};
use handfast_engine::{MODEL_FAILURES, model_remedy};
use handfast_events::FailureClass;

use super::cell::{Cell, Moment};
use super::matrix::Met;
use super::told::Told;

const HEAD: &str = "# What follows when a model fails

Printed by a test: what is done is the runtime's own table, and how it goes and how providers say it was found out by runs over
HTTP, against a double that says what providers document. A failure has its class whether it stands in the answer's place or
within it, streamed or not.

Everything that was tried is in the journal, each attempt with its failure, and with what came word for word as `body`:
`handfast journal RUN --json` shows it. What an attempt may have cost is booked (*forfeited*) where nobody can know it.

An answer can miss its form, too, without any failure of its call: one that is no value of the agreed form, that was cut off at
its length, or that says nothing. The model is reminded of the form, twice; then the next model goes on; where there is none, the
step fails. A call whose arguments can't be read is refused and the model told why, and who goes on so is stopped.

*The next model* is the next in the agent's `model: [ first, second ]`. What failed five of its last ten times isn't asked for a
while (*held*), by nobody.
";

/// Holds the page against what these cells came to.
#[expect(clippy::disallowed_methods, reason = "a test's own switch")]
pub(super) fn holds(met: &[Met]) {
    let page = page(&at_the_door(met));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/model-failures.md");
    if std::env::var("BLESS").is_ok() {
        std::fs::write(path, &page).unwrap();
    }
    let told =
        "isn't what happens any more: `BLESS=1 cargo test -p handfast-model --test it -- failing` writes it";
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == page,
        "docs/reference/model-failures.md {told}"
    );
}

/// Each failure of a wire where it is met first, once for each class.
fn at_the_door(met: &[Met]) -> Vec<&Met> {
    let mut found: Vec<&Met> = Vec::new();
    for one in met.iter().filter(|(cell, _)| matches!(cell.moment, Moment::Streamed | Moment::Whole)) {
        let (cell, three) = one;
        let is_same = |(known, other): &&Met| {
            (known.wire, known.fault, &other[0].class) == (cell.wire, cell.fault, &three[0].class)
        };
        if !found.iter().any(is_same) {
            found.push(one);
        }
    }
    found
}

fn page(met: &[&Met]) -> String {
    let mut page = String::from(HEAD);
    for class in MODEL_FAILURES {
        let own = || met.iter().copied().filter(move |(_, three)| three[0].class == class.name());
        page.push_str(&format!("\n## {}\n\n{}\n\n", class.name(), model_remedy(class)));
        let (_, [passes, lasts, alone]) = own().next().unwrap();
        page.push_str(
            "| it passes | it lasts, and another model stands behind | it lasts |\n|---|---|---|\n",
        );
        page.push_str(&format!("| {} | {} | {} |\n\n", passes.story, lasts.story, alone.story));
        for (wire, name) in WIRES {
            let own: Vec<&Met> = own().filter(|(cell, _)| cell.wire == wire).collect();
            page.push_str(&format!("- {name}: {}\n", said(&own, class)));
        }
    }
    page
}

const WIRES: [(Wire, &str); 3] =
    [(Wire::Chat, "Chat Completions"), (Wire::Responses, "Responses"), (Wire::Messages, "Messages")];

/// How a provider says it: each status and code once, with the cases that come with it; else what comes instead.
fn said(met: &[&Met], class: FailureClass) -> String {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for (cell, three) in met {
        let sign = sign(cell, &three[0]);
        // What misses only the form that was asked for is told above.
        if sign.is_none() && class == FailureClass::Malformed && three[0].failure.is_none() {
            continue;
        }
        let sign = sign.unwrap_or_default();
        let case = match cell.name().split_once(", ") {
            Some((_, case)) if sign.starts_with(case) => "",
            Some((of, case)) if class.name().starts_with(of) => case,
            None if class.name().starts_with(cell.name()) && sign.is_empty() => "the answer itself",
            None if class.name().starts_with(cell.name()) => "",
            _ => cell.name(),
        };
        match all.iter_mut().find(|(known, _)| *known == sign) {
            Some((_, cases)) => cases.push(case.into()),
            None => all.push((sign, vec![case.into()])),
        }
    }
    let told = all.into_iter().map(|(sign, mut cases)| {
        cases.retain(|case| !case.is_empty());
        match (sign.as_str(), cases.is_empty()) {
            ("", _) => cases.join(", "),
            (_, true) => sign,
            (_, false) => format!("{sign} ({})", cases.join(", ")),
        }
    });
    told.collect::<Vec<_>>().join("; ")
}

/// Status and code of a failure, where it has one of them.
fn sign(cell: &Cell, told: &Told) -> Option<String> {
    let failure = told.failure.as_ref().filter(|_| cell.fault != Some(Fault::ErrorUnderOk))?;
    let status = failure.status.map(|status| status.to_string());
    let code = failure.code.as_ref().map(|code| format!("`{code}`"));
    Some(status.into_iter().chain(code).collect::<Vec<_>>().join(" ")).filter(|sign| !sign.is_empty())
}
