//! Lints that somebody looked at: `allow: { HF0108: the address comes from our own directory }`, where it holds.

use std::ops::Range;

use crate::diagnostic::Findings;
use crate::loader::Loader;
use crate::yaml::Entry;
use crate::{Code, Severity, code, suggest};

/// One lint that is no fault within a part of a contract.
#[derive(Debug)]
pub(crate) struct Allowance {
    /// Where the code stands.
    pub(crate) at: Range<usize>,
    /// The part that it speaks for: all that is written there.
    pub(crate) within: Range<usize>,
    pub(crate) code: Code,
    pub(crate) reason: String,
}

impl<'a> Loader<'a> {
    /// Reads the key `allow` of the part that stands at `within`.
    pub(crate) fn allowances(&mut self, entry: &'a Entry, within: &Range<usize>) {
        let Some(entries) = self.map(&entry.value, "`allow`") else { return };
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            let reason = self.prose(&entry.value, "the reason");
            let lints = || Code::all().iter().filter(|code| code.is_lint()).map(|code| code.id());
            match Code::find(&entry.key).filter(|code| code.is_lint()) {
                Some(code) => self.allowances.extend(reason.map(|reason| Allowance {
                    at: entry.at.clone(),
                    within: within.clone(),
                    code,
                    reason,
                })),
                None => {
                    let meant = suggest(&entry.key, lints()).map(str::to_owned);
                    let message = format!("`{}` is the code of no lint", entry.key);
                    let found = self.error(code::NO_CHOICE, &entry.at, message);
                    found
                        .meant(meant.as_deref())
                        .help("only lints can be allowed, each with a reason: `handfast explain HF0108`");
                }
            }
        }
    }
}

/// Takes out what was allowed where it stands, and says which allowances nothing needed.
pub(crate) fn settle(allowances: &[Allowance], findings: &mut Findings) {
    for allowance in allowances {
        let allowed = findings.allow(allowance.code, &allowance.within, &allowance.reason);
        if !allowed {
            let message = format!("nothing here is {}: {}", allowance.code, allowance.code.title());
            let found =
                findings.lint(code::LINT_ALLOWED_NOTHING, allowance.at.clone(), Severity::Warning, message);
            found.help("take it out, so that it can't hide what comes later");
        }
    }
}
