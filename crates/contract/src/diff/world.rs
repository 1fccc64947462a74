//! The head of a contract, what it needs of its environment, and ceilings wherever they stand.

use std::collections::BTreeMap;
use std::time::Duration;

use handfast_events::Money;

use super::recovery::{is_shorter, named_failures};
use super::rules::*;
use super::{Found, pairs, words};
use crate::{Contract, EnvValue, Level, Limits, ModelUse, Price, Secret, Server, Speaks, Transport};

pub(super) fn head(found: &mut Found, old: &Contract, new: &Contract) {
    if old.name != new.name {
        found.add(&NAME_CHANGED, "name", words::from_to(&old.name, &new.name));
    }
    if old.version != new.version {
        found.add(&HEAD, "version", words::from_to(&old.version, &new.version));
    }
    if old.owner != new.owner {
        found.add(&HEAD, "owner", words::change(old.owner.as_ref(), new.owner.as_ref()));
    }
    level(found, "at_least", old.at_least, new.at_least);
    for (name, was, is) in pairs(&old.includes, &new.includes) {
        let said = |one: &crate::Included| format!("{} {}", one.name, one.version);
        let (was, is) = (was.map(said), is.map(said));
        if was != is {
            found.add(&HEAD, format!("include.{name}"), words::change(was, is));
        }
    }
}

pub(super) fn environment(found: &mut Found, old: &Contract, new: &Contract) {
    settings(found, old, new);
    for (name, was, is) in pairs(&old.models, &new.models) {
        parts(found, format!("models.{name}"), was, is, model);
    }
    for (name, was, is) in pairs(&old.servers, &new.servers) {
        parts(found, format!("servers.{name}"), was, is, server);
    }
}

/// A part with a name, which may be gone or new; `both` compares it where it is neither.
pub(super) fn parts<T>(
    found: &mut Found,
    address: String,
    old: Option<&T>,
    new: Option<&T>,
    both: impl FnOnce(&mut Found, &str, &T, &T),
) {
    match (old, new) {
        (Some(old), Some(new)) => both(found, &address, old, new),
        (Some(_), None) => found.add(&PART_GONE, address, "is gone"),
        (None, Some(_)) => found.add(&PART_ADDED, address, "is new"),
        (None, None) => {}
    }
}

/// By their values: each environment has its own, and types of settings are seen where they are read.
fn settings(found: &mut Found, old: &Contract, new: &Contract) {
    let values = |contract: &Contract| -> BTreeMap<String, String> {
        let settings = contract.settings.as_object().into_iter().flatten();
        settings.map(|(name, value)| (name.clone(), value.to_string())).collect()
    };
    let lacks = |contract: &Contract, name: &str| contract.unrun.contains(&format!("settings.{name}"));
    let (mut before, after) = (values(old), values(new));
    // What has a value in neither is needed by both.
    for name in old.unrun.iter().filter_map(|part| part.strip_prefix("settings.")) {
        before.insert(name.to_owned(), String::new());
    }
    for (name, was, is) in pairs(&before, &after) {
        let address = format!("settings.{name}");
        match (was, is) {
            (_, None) if lacks(new, name) && lacks(old, name) => {}
            (_, None) if lacks(new, name) => {
                found.add(&SETTING_NEEDED, address, "has no value of its own any more, and needs one");
            }
            (Some(_), None) => found.add(&PART_GONE, address, "is gone"),
            (None, Some(_)) => found.add(&PART_ADDED, address, "is new, and has a value of its own"),
            (Some(was), Some(_)) if was.is_empty() => {
                found.add(&SETTING_CHANGED, address, "has a value of its own now");
            }
            (Some(was), Some(is)) if was != is => {
                let kind = |text: &str| {
                    serde_json::from_str::<serde_json::Value>(text)
                        .ok()
                        .map(|value| std::mem::discriminant(&value))
                };
                let rule = if kind(was) == kind(is) { &SETTING_CHANGED } else { &INPUT_REFUSES };
                found.add(rule, address, words::from_to(was, is));
            }
            _ => {}
        }
    }
    for name in new.unrun.iter().filter_map(|part| part.strip_prefix("settings.")) {
        if !before.contains_key(name) {
            found.add(&SETTING_NEEDED, format!("settings.{name}"), "is new, and needs a value");
        }
    }
}

fn model(found: &mut Found, at: &str, old: &ModelUse, new: &ModelUse) {
    let used = |model: &ModelUse| format!("{}/{}", model.provider, model.model);
    if used(old) != used(new) {
        found.add(&MODEL_CHANGED, at, words::from_to(used(old), used(new)));
    }
    if old.url != new.url {
        found.add(&MODEL_CHANGED, format!("{at}.url"), words::change(old.url.as_ref(), new.url.as_ref()));
    }
    if old.speaks != new.speaks {
        let said = |speaks: Option<Speaks>| speaks.map(|speaks| format!("{speaks:?}").to_lowercase());
        found.add(&MODEL_CHANGED, format!("{at}.speaks"), words::change(said(old.speaks), said(new.speaks)));
    }
    let (was, is) = (old.window, new.window);
    ceiling(found, &format!("{at}.window"), (was, is), words::change(was, is), &PATIENCE_RISES);
    limits(found, &format!("{at}.limits"), &old.limits, &new.limits);
    let secrets = |model: &ModelUse| model.api_key.iter().cloned().collect::<Vec<_>>();
    secret(found, &format!("{at}.api_key"), &secrets(old), &secrets(new));
    price(found, &format!("{at}.price"), old.price, new.price);
    if old.timeout != new.timeout {
        let rule = if is_shorter(old.timeout, new.timeout) { &LIMIT_FALLS } else { &PATIENCE_RISES };
        found.add(rule, format!("{at}.timeout"), words::times(old.timeout, new.timeout));
    }
}

fn price(found: &mut Found, address: &str, old: Option<Price>, new: Option<Price>) {
    if old == new {
        return;
    }
    let amounts = |price: Price| match price {
        Price::Free => (Money::ZERO, Money::ZERO),
        Price::PerMillion { input, output } => (input, output),
    };
    let said = |price: Option<Price>| {
        price.map(|price| match price {
            Price::Free => "free".to_owned(),
            Price::PerMillion { input, output } => format!("{input} in, {output} out"),
        })
    };
    let falls = match (old.map(amounts), new.map(amounts)) {
        (Some(old), Some(new)) => new.0 <= old.0 && new.1 <= old.1,
        // What isn't said stands in a table of the program's.
        _ => false,
    };
    found.add(if falls { &PRICE_FALLS } else { &PRICE_RISES }, address, words::change(said(old), said(new)));
}

fn secret(found: &mut Found, address: &str, old: &[Secret], new: &[Secret]) {
    for is in new.iter().filter(|is| !old.contains(is)) {
        found.add(&SECRET_NEEDED, address, format!("needs the secret `{}` now", is.0));
    }
    for was in old.iter().filter(|was| !new.contains(was)) {
        found.add(&PLACE_CHANGED, address, format!("doesn't need the secret `{}` any more", was.0));
    }
}

fn server(found: &mut Found, at: &str, old: &Server, new: &Server) {
    transport(found, at, &old.transport, &new.transport);
    let secrets = |server: &Server| server.transport.secrets().into_iter().cloned().collect::<Vec<_>>();
    secret(found, at, &secrets(old), &secrets(new));
    named_failures(found, &format!("{at}.failures"), &old.failures, &new.failures);
    match (old.pinned, new.pinned) {
        (false, true) => {
            found.add(&PINNED, format!("{at}.schemas"), "what differs from the lock is an error now")
        }
        (true, false) => found.add(
            &SERVER_CHANGED,
            format!("{at}.schemas"),
            "what differs from the lock is no error any more",
        ),
        _ => {}
    }
    limits(found, &format!("{at}.limits"), &old.limits, &new.limits);
    if old.directory != new.directory {
        let what = words::change(old.directory.as_ref(), new.directory.as_ref());
        found.add(&SERVER_CHANGED, format!("{at}.directory"), what);
    }
}

/// Addresses are the environment's; what runs, and with what, is somebody's to allow.
fn transport(found: &mut Found, at: &str, old: &Transport, new: &Transport) {
    if std::mem::discriminant(old) != std::mem::discriminant(new) {
        return found.add(&SERVER_CHANGED, at, "is reached in another way");
    }
    if let (Some(was), Some(is)) = (url(old), url(new))
        && was != is
    {
        found.add(&PLACE_CHANGED, at, words::from_to(was, is));
    }
    let program = |transport: &Transport| match transport {
        Transport::McpCommand { command, .. } | Transport::Process { command, .. } => command.join(" "),
        _ => String::new(),
    };
    if program(old) != program(new) {
        found.add(&SERVER_CHANGED, at, words::from_to(program(old), program(new)));
    }
    let named = |transport: &Transport| match transport {
        Transport::McpCommand { env, .. } | Transport::Process { env, .. } => env.clone(),
        Transport::Http { headers, .. } => headers.clone(),
        _ => BTreeMap::new(),
    };
    for (name, was, is) in pairs(&named(old), &named(new)) {
        if was != is {
            // Secrets by their names only; their values are never known here.
            let said = |value: &EnvValue| match value {
                EnvValue::Plain(text) => text.clone(),
                EnvValue::Secret(secret) => format!("the secret {}", secret.0),
            };
            let what = words::change(was.map(said), is.map(said));
            found.add(&SERVER_CHANGED, at, format!("`{name}` {what}"));
        }
    }
}

fn url(transport: &Transport) -> Option<&String> {
    match transport {
        Transport::McpHttp { url, .. } | Transport::Http { url, .. } => Some(url),
        _ => None,
    }
}

/// Ceilings. None said is none: a ceiling that appears falls.
pub(super) fn limits(found: &mut Found, at: &str, old: &Limits, new: &Limits) {
    let Limits { turns, attempts, tokens, cost, time, deadline, timeout, per_run, rate, at_once } = old;
    let mut counts = |name: &str, old: Option<u64>, new: Option<u64>, rises| {
        ceiling(found, &format!("{at}.{name}"), (old, new), words::change(old, new), rises);
    };
    counts("turns", *turns, new.turns, &LIMIT_RISES);
    counts("tokens", *tokens, new.tokens, &LIMIT_RISES);
    counts("per_run", *per_run, new.per_run, &LIMIT_RISES);
    counts("attempts", *attempts, new.attempts, &PATIENCE_RISES);
    let what = words::change(*cost, new.cost);
    ceiling(found, &format!("{at}.cost"), (*cost, new.cost), what, &LIMIT_RISES);
    let mut times = |name: &str, old: Option<Duration>, new: Option<Duration>, rises| {
        ceiling(found, &format!("{at}.{name}"), (old, new), words::times(old, new), rises);
    };
    times("time", *time, new.time, &LIMIT_RISES);
    times("deadline", *deadline, new.deadline, &PATIENCE_RISES);
    times("timeout", *timeout, new.timeout, &PATIENCE_RISES);
    pace(found, &format!("{at}.rate"), (*rate, new.rate), words::change(*rate, new.rate));
    pace(found, &format!("{at}.at_once"), (*at_once, new.at_once), words::change(*at_once, new.at_once));
}

/// What only makes wait. None said is none.
fn pace<T: PartialOrd>(found: &mut Found, address: &str, (old, new): (Option<T>, Option<T>), what: String) {
    let rule = match (old, new) {
        (old, new) if old == new => return,
        (Some(old), Some(new)) if new > old => &PACE_RISES,
        (Some(_), None) => &PACE_RISES,
        _ => &PACE_FALLS,
    };
    found.add(rule, address, what);
}

/// What one attempt of a tool costs. None said is nothing.
pub(super) fn costs(found: &mut Found, address: &str, old: Option<Money>, new: Option<Money>) {
    if old != new {
        let rises = new.unwrap_or(Money::ZERO) > old.unwrap_or(Money::ZERO);
        found.add(if rises { &PRICE_RISES } else { &PRICE_FALLS }, address, words::change(old, new));
    }
}

fn ceiling<T: PartialOrd>(
    found: &mut Found,
    address: &str,
    (old, new): (Option<T>, Option<T>),
    what: String,
    rises: &'static Rule,
) {
    let rule = match (old, new) {
        (None, None) => return,
        (Some(old), Some(new)) if old == new => return,
        (Some(old), Some(new)) if new < old => &LIMIT_FALLS,
        (None, Some(_)) => &LIMIT_FALLS,
        _ => rises,
    };
    found.add(rule, address, what);
}

pub(super) fn level(found: &mut Found, address: &str, old: Option<Level>, new: Option<Level>) {
    if old != new {
        let said = |level: Option<Level>| level.map(|level| format!("{level:?}").to_lowercase());
        let rule = if new > old { &LEVEL_RISES } else { &LEVEL_FALLS };
        found.add(rule, address, words::change(said(old), said(new)));
    }
}

pub(super) fn irreversible(found: &mut Found, address: &str, old: bool, new: bool) {
    match (old, new) {
        (false, true) => {
            found.add(&IRREVERSIBLE_ACCEPTED, address, "what can't be taken back is accepted now")
        }
        (true, false) => {
            found.add(&IRREVERSIBLE_REFUSED, address, "what can't be taken back isn't accepted any more")
        }
        _ => {}
    }
}
