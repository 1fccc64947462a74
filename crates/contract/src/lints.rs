//! Lints: what a contract may say and had better not, looked for once everything in it is known.
//!
//! Each is a row of one table: its code, how bad it is, and a function that looks. Start with [`LINTS`]. What is found
//! is a finding like any other; `allow:` with a reason takes it out where it stands.

mod budget;
mod effects;
mod levels;
mod reach;
mod risk;
mod words;

use crate::diagnostic::Findings;
use crate::places::Places;
use crate::{Code, Contract, Severity, code};

/// One lint.
struct Lint {
    code: Code,
    severity: Severity,
    look: fn(&Contract, &mut Hits),
}

/// What lints found.
#[derive(Default)]
struct Hits(Vec<Hit>);

/// One thing that a lint found.
struct Hit {
    address: String,
    message: String,
    label: Option<String>,
    help: String,
}

impl Hits {
    /// Takes in what is wrong at this address, and what to do.
    fn add(
        &mut self,
        address: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> &mut Hit {
        let hit = Hit { address: address.into(), message: message.into(), label: None, help: help.into() };
        self.0.push(hit);
        let last = self.0.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the element was pushed in the line before")]
        &mut self.0[last]
    }
}

impl Hit {
    /// Says at the place itself what follows from it.
    fn label(&mut self, text: impl Into<String>) {
        self.label = Some(text.into());
    }
}

/// All that need the whole contract, by code; those that need one value only stand where that is read.
const LINTS: &[Lint] = &[
    lint(code::LINT_RESTATES, Severity::Warning, words::restates),
    lint(code::LINT_VAGUE, Severity::Warning, words::vague),
    lint(code::LINT_RETRY, Severity::Error, effects::retried_blindly),
    lint(code::LINT_NEVER, Severity::Remark, words::never_declared),
    lint(code::LINT_FREE_FORM, Severity::Warning, risk::free_form),
    lint(code::LINT_TRIFECTA, Severity::Error, risk::trifecta),
    lint(code::LINT_UNCOMPENSATED, Severity::Error, effects::uncompensated),
    lint(code::LINT_LEAVES, Severity::Warning, effects::leaves_unsaid),
    lint(code::LINT_UNRECONCILED, Severity::Error, effects::unreconciled),
    lint(code::LINT_UNREACHED, Severity::Error, reach::demanded_and_unreached),
    lint(code::LINT_IRREVERSIBLE, Severity::Error, effects::irreversible_unasked),
    lint(code::LINT_UNESTABLISHED, Severity::Error, reach::unestablished),
    lint(code::LINT_UNBOUNDED, Severity::Warning, budget::unbounded_lanes),
    lint(code::LINT_BUDGET, Severity::Error, budget::parts_exceed_the_whole),
    lint(code::LINT_LOOKS, Severity::Error, effects::lookers_only_read),
    lint(code::LINT_COMPENSATOR, Severity::Error, effects::compensators_repeat),
    lint(code::LINT_UNUSED_TOOL, Severity::Warning, reach::unused_tools),
    lint(code::LINT_UNUSED, Severity::Warning, reach::unused_names),
    lint(code::LINT_SAME_WORDS, Severity::Warning, words::same_words),
    lint(code::LINT_UNSURE, Severity::Remark, words::unsure_unsaid),
    lint(code::LINT_OWNERLESS, Severity::Remark, words::ownerless),
    lint(code::LINT_MANY_TOOLS, Severity::Warning, budget::many_tools),
    lint(code::LINT_NO_FAILURE, Severity::Remark, effects::no_failure_named),
    lint(code::LINT_SECRET, Severity::Error, risk::secret_in_the_open),
    lint(code::LINT_PLAIN_HTTP, Severity::Warning, risk::plain_http),
    lint(code::LINT_LEVEL, Severity::Error, levels::below_what_is_demanded),
];

const fn lint(code: Code, severity: Severity, look: fn(&Contract, &mut Hits)) -> Lint {
    Lint { code, severity, look }
}

/// Looks for all of them.
pub(crate) fn look(contract: &Contract, places: &Places<'_>, findings: &mut Findings) {
    for lint in LINTS {
        let mut hits = Hits::default();
        (lint.look)(contract, &mut hits);
        for Hit { address, message, label, help } in hits.0 {
            let found = findings.lint(lint.code, places.find(&address), lint.severity, message);
            if let Some(label) = label {
                found.label(label);
            }
            found.help(help);
        }
    }
}
