//! Whose yes is needed: who is asked when, by which words, for how long, and what silence means.

use std::time::Duration;

use super::conditions::{Judged, condition};
use super::recovery::is_shorter;
use super::rules::*;
use super::{Found, words};
use crate::{Approval, Approver, Relax, Template, Unanswered};

/// Someone is asked where it holds.
const ASKED: Judged = Judged { stronger: &APPROVAL_LESS, weaker: &APPROVAL_MORE, unclear: &APPROVAL_UNCLEAR };

pub(super) fn approval(found: &mut Found, address: &str, old: Option<&Approval>, new: Option<&Approval>) {
    let (old, new) = match (old, new) {
        (None, None) => return,
        (Some(_), None) => return found.add(&APPROVAL_LESS, address, "nobody is asked any more"),
        (None, Some(new)) => {
            let who = words::listed(new.by.iter().map(|by| &by.role));
            return found.add(
                &APPROVAL_MORE,
                address,
                format!("was nobody's to allow, and {who} are asked now"),
            );
        }
        (Some(old), Some(new)) => (old, new),
    };
    asked(found, address, &old.by, &new.by);
    saying(found, address, old.saying.as_ref(), new.saying.as_ref());
    within(found, address, old.within, new.within);
    match (old.unanswered, new.unanswered) {
        (Unanswered::Deny, Unanswered::Approve) => {
            found.add(&APPROVAL_LESS, address, "silence meant no, and means yes")
        }
        (Unanswered::Approve, Unanswered::Deny) => {
            found.add(&APPROVAL_MORE, address, "silence meant yes, and means no")
        }
        _ => {}
    }
    relaxed(found, address, old.relax.as_ref(), new.relax.as_ref());
}

/// All of those whose condition holds are asked.
pub(super) fn asked(found: &mut Found, address: &str, old: &[Approver], new: &[Approver]) {
    fn of<'a>(all: &'a [Approver], role: &str) -> Vec<&'a Approver> {
        all.iter().filter(|by| by.role == role).collect()
    }
    let mut roles: Vec<&str> = old.iter().chain(new).map(|by| by.role.as_str()).collect();
    roles.sort_unstable();
    roles.dedup();
    for role in roles {
        match (of(old, role).as_slice(), of(new, role).as_slice()) {
            ([], _) => found.add(&APPROVAL_MORE, address, format!("`{role}` is asked too")),
            (_, []) => found.add(&APPROVAL_LESS, address, format!("`{role}` isn't asked any more")),
            ([was], [is]) => {
                let what = format!("when `{role}` is asked ");
                condition(found, address, &what, was.when.as_ref(), is.when.as_ref(), ASKED);
            }
            (was, is) => {
                let same = was.len() == is.len()
                    && was
                        .iter()
                        .zip(is)
                        .all(|(was, is)| super::conditions::same(was.when.as_ref(), is.when.as_ref()));
                if !same {
                    found.add(&APPROVAL_UNCLEAR, address, format!("when `{role}` is asked is another"));
                }
            }
        }
    }
}

pub(super) fn saying(found: &mut Found, address: &str, old: Option<&Template>, new: Option<&Template>) {
    let same = match (old, new) {
        (None, None) => true,
        (Some(old), Some(new)) => old.same(new),
        _ => false,
    };
    if !same {
        let what = words::change(old.map(Template::source), new.map(Template::source));
        found.add(&APPROVAL_WORDS, address, format!("the question {what}"));
    }
}

pub(super) fn within(found: &mut Found, address: &str, old: Option<Duration>, new: Option<Duration>) {
    if old != new {
        let rule = if is_shorter(old, new) { &APPROVAL_SHORTER } else { &APPROVAL_LONGER };
        found.add(rule, address, format!("the time to answer {}", words::times(old, new)));
    }
}

fn relaxed(found: &mut Found, address: &str, old: Option<&Relax>, new: Option<&Relax>) {
    // Without it somebody is asked every time.
    let asks_less = |a: &Relax, b: &Relax| {
        a.after < b.after || (b.back_on_no && !a.back_on_no) || (b.back_on_breach && !a.back_on_breach)
    };
    let (less, more) = match (old, new) {
        (None, None) => (false, false),
        (None, Some(_)) => (true, false),
        (Some(_), None) => (false, true),
        (Some(old), Some(new)) => (asks_less(new, old), asks_less(old, new)),
    };
    let said = |relax: Option<&Relax>| {
        relax.map(|relax| {
            let no = if relax.back_on_no { ", back on a no" } else { "" };
            let breach = if relax.back_on_breach { ", back on a breach" } else { "" };
            format!("after {} yeses{no}{breach}", relax.after)
        })
    };
    let what = format!("when less is asked {}", words::change(said(old), said(new)));
    if less {
        found.add(&APPROVAL_LESS, address, what.clone());
    }
    if more {
        found.add(&APPROVAL_MORE, address, what);
    }
}
