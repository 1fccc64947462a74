//! The functions of the language: a closed list. What isn't here can't be called.

use std::collections::HashSet;

use handfast_events::canonical;
use serde_json::Value;

use super::eval::{Budget, Fault, weigh, wrong};
use super::operators::{finite, whole};
use super::value::Val;
use super::{helpers, special};

/// One function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Size,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Text,
    Int,
    Double,
    Bool,
    Near,
    Lower,
    Sum,
    Count,
    Unique,
    Round,
    Join,
    Json,
    Zip,
    Flatten,
    Sorted,
    Pick,
    Under,
    Money,
    Timestamp,
    Duration,
}

/// A function's row: how it is written and with how many values, a receiver counted.
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) function: Function,
    /// `x.name(…)` is allowed.
    pub(super) method: bool,
    /// `name(x, …)` is allowed.
    pub(super) global: bool,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) usage: &'static str,
}

const fn row(
    name: &'static str,
    function: Function,
    (method, global): (bool, bool),
    (least, most): (usize, usize),
    usage: &'static str,
) -> Signature {
    Signature { name, function, method, global, least, most, usage }
}

const METHOD: (bool, bool) = (true, false);
const GLOBAL: (bool, bool) = (false, true);
const BOTH: (bool, bool) = (true, true);

/// All of them.
pub(super) const FUNCTIONS: [Signature; 25] = [
    row("size", Function::Size, BOTH, (1, 1), "size(x)"),
    row("contains", Function::Contains, METHOD, (2, 2), "text.contains('part')"),
    row("startsWith", Function::StartsWith, METHOD, (2, 2), "text.startsWith('part')"),
    row("endsWith", Function::EndsWith, METHOD, (2, 2), "text.endsWith('part')"),
    row("matches", Function::Matches, BOTH, (2, 2), "text.matches('pattern')"),
    row("string", Function::Text, GLOBAL, (1, 1), "string(x)"),
    row("int", Function::Int, GLOBAL, (1, 1), "int(x)"),
    row("double", Function::Double, GLOBAL, (1, 1), "double(x)"),
    row("bool", Function::Bool, GLOBAL, (1, 1), "bool(x)"),
    row("near", Function::Near, GLOBAL, (2, 3), "near(a, b) or near(a, b, within)"),
    row("lower", Function::Lower, BOTH, (1, 1), "lower(text)"),
    row("sum", Function::Sum, BOTH, (1, 1), "sum(list)"),
    row("count", Function::Count, BOTH, (1, 1), "count(list)"),
    row("unique", Function::Unique, BOTH, (1, 1), "unique(list)"),
    row("round", Function::Round, GLOBAL, (1, 2), "round(x) or round(x, digits)"),
    row("join", Function::Join, BOTH, (1, 2), "join(list, ', ')"),
    row("json", Function::Json, GLOBAL, (1, 1), "json(x)"),
    row("zip", Function::Zip, GLOBAL, (2, 2), "zip(list, list)"),
    row("flatten", Function::Flatten, BOTH, (1, 1), "flatten(list)"),
    row("sorted", Function::Sorted, BOTH, (1, 1), "sorted(list)"),
    row("pick", Function::Pick, GLOBAL, (2, 2), "pick(object, ['name', 'other'])"),
    row("under", Function::Under, GLOBAL, (2, 2), "under(path, 'folder')"),
    row("money", Function::Money, GLOBAL, (1, 1), "money('0.50 USD')"),
    row("timestamp", Function::Timestamp, GLOBAL, (1, 1), "timestamp('2026-11-21T09:00:00Z')"),
    row("duration", Function::Duration, GLOBAL, (1, 1), "duration('1h30m')"),
];

/// The function's value. The guard has counted the arguments.
pub(super) fn call<'v>(function: Function, args: Vec<Val<'v>>, budget: &Budget) -> Result<Val<'v>, Fault> {
    let mut args = args.into_iter();
    let mut next = || args.next().unwrap_or(Val::Null);
    match function {
        Function::Size | Function::Count => size(&next(), function == Function::Size, budget),
        Function::Contains | Function::StartsWith | Function::EndsWith => {
            search(function, next(), next(), budget)
        }
        Function::Matches => wrong("`matches` wants its pattern written out"),
        Function::Text => text(next(), budget),
        Function::Int => int(next()),
        Function::Double => double(next()),
        Function::Bool => boolean(next()),
        Function::Near => near(&next(), &next(), &next()).map(Val::Bool),
        Function::Lower => match next() {
            Val::Text(text) => {
                budget.text(text.len().saturating_mul(3))?;
                Ok(Val::text(text.to_lowercase()))
            }
            other => unfit("lower", "text", &other),
        },
        Function::Sum => sum(next(), budget),
        Function::Unique => unique(next(), budget),
        Function::Round => round(next(), next()),
        Function::Join => join(next(), next(), budget),
        Function::Json => {
            let value = next();
            if let Val::Json(value) = value {
                weigh(value, budget)?;
            }
            let value = value.into_json().map_err(Fault::Wrong)?;
            weigh(&value, budget)?;
            let bytes = canonical(&value);
            budget.text(bytes.len())?;
            Ok(Val::text(String::from_utf8_lossy(&bytes)))
        }
        Function::Zip => helpers::zip(next(), next(), budget),
        Function::Flatten => helpers::flatten(next(), budget),
        Function::Sorted => helpers::sorted(next(), budget),
        Function::Pick => helpers::pick(next(), next(), budget),
        Function::Under => helpers::under(&next(), &next(), budget),
        Function::Money => helpers::special(next(), "money", special::money),
        Function::Timestamp => helpers::special(next(), "timestamp", special::time),
        Function::Duration => helpers::special(next(), "duration", special::duration),
    }
}

pub(super) fn unfit<T>(name: &str, wanted: &str, found: &Val<'_>) -> Result<T, Fault> {
    wrong(format!("`{name}` wants {wanted}; this is {}", found.kind()))
}

fn number(value: &Val<'_>) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "an integer beside a double is read as one")]
        Val::Int(value) => Some(*value as f64),
        Val::Double(value) => Some(*value),
        _ => None,
    }
}

fn size<'v>(of: &Val<'_>, also_text: bool, budget: &Budget) -> Result<Val<'v>, Fault> {
    let size = match of {
        Val::List(items) => items.len(),
        Val::Map(fields) if also_text => fields.len(),
        Val::Text(text) if also_text => {
            budget.spend(text.len() as u64 / 16)?;
            text.chars().count()
        }
        other if also_text => return unfit("size", "text, a list or an object", other),
        other => return unfit("count", "a list", other),
    };
    Ok(Val::Int(size as i128))
}

fn search<'v>(function: Function, text: Val<'v>, part: Val<'v>, budget: &Budget) -> Result<Val<'v>, Fault> {
    let (Val::Text(text), Val::Text(part)) = (&text, &part) else {
        let other = if matches!(text, Val::Text(_)) { &part } else { &text };
        return unfit("contains, startsWith and endsWith", "texts", other);
    };
    budget.spend((text.len() + part.len()) as u64 / 16)?;
    Ok(Val::Bool(match function {
        Function::StartsWith => text.starts_with(&**part),
        Function::EndsWith => text.ends_with(&**part),
        _ => text.contains(&**part),
    }))
}

fn text<'v>(value: Val<'v>, budget: &Budget) -> Result<Val<'v>, Fault> {
    match value {
        Val::Text(text) => Ok(Val::Text(text)),
        value @ (Val::Bool(_) | Val::Int(_) | Val::Double(_) | Val::Special(_)) => {
            budget.spend(2)?;
            Ok(match value.into_json().map_err(Fault::Wrong)? {
                Value::String(text) => Val::text(text),
                value => Val::text(value.to_string()),
            })
        }
        other => unfit("string", "text, a number or a boolean (`json(x)` writes anything)", &other),
    }
}

fn int(value: Val<'_>) -> Result<Val<'_>, Fault> {
    match value {
        Val::Int(value) => Ok(Val::Int(value)),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "cutting off is what `int` is for, and the range is tested"
        )]
        Val::Double(value) if value.abs() < 1e20 => whole(Some(value as i128)),
        Val::Double(_) => wrong("the integer is out of range"),
        Val::Text(text) => match text.parse::<i128>() {
            Ok(value) => whole(Some(value)),
            Err(_) => wrong("`int` can't read this text as an integer"),
        },
        other => unfit("int", "a number or text", &other),
    }
}

fn double(value: Val<'_>) -> Result<Val<'_>, Fault> {
    match value {
        Val::Text(text) => match text.parse::<f64>() {
            Ok(value) => finite(value),
            Err(_) => wrong("`double` can't read this text as a number"),
        },
        value => match number(&value) {
            Some(value) => finite(value),
            None => unfit("double", "a number or text", &value),
        },
    }
}

fn boolean(value: Val<'_>) -> Result<Val<'_>, Fault> {
    match &value {
        Val::Bool(value) => Ok(Val::Bool(*value)),
        Val::Text(text) => match &**text {
            "true" => Ok(Val::Bool(true)),
            "false" => Ok(Val::Bool(false)),
            _ => wrong("`bool` reads the texts `true` and `false`"),
        },
        other => unfit("bool", "a boolean or text", other),
    }
}

/// Within a millionth of the larger, unless said: what is left of decimal amounts after they were doubles.
fn near(left: &Val<'_>, right: &Val<'_>, within: &Val<'_>) -> Result<bool, Fault> {
    let (Some(a), Some(b)) = (number(left), number(right)) else {
        return unfit("near", "numbers", if number(left).is_none() { left } else { right });
    };
    let within = match within {
        Val::Null => a.abs().max(b.abs()) * 1e-6,
        given => match number(given) {
            Some(within) if within >= 0.0 => within,
            _ => return wrong("`near` wants a distance of zero or more"),
        },
    };
    Ok((a - b).abs() <= within)
}

fn sum<'v>(list: Val<'_>, budget: &Budget) -> Result<Val<'v>, Fault> {
    let Val::List(items) = list else { return unfit("sum", "a list of numbers", &list) };
    let (mut integers, mut doubles, mut exact) = (0_i128, 0.0, true);
    for item in items.iter() {
        budget.spend(1)?;
        match Val::Json(item).plain() {
            Val::Int(value) => integers = integers.saturating_add(value),
            Val::Double(value) => {
                exact = false;
                doubles += value;
            }
            other => return unfit("sum", "a list of numbers", &other),
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "an integer beside a double is read as one")]
    if exact { whole(Some(integers)) } else { finite(doubles + integers as f64) }
}

fn unique<'v>(list: Val<'_>, budget: &Budget) -> Result<Val<'v>, Fault> {
    let Val::List(items) = list else { return unfit("unique", "a list", &list) };
    let (mut seen, mut kept) = (HashSet::new(), Vec::new());
    for item in items.iter() {
        weigh(item, budget)?;
        // Canonical JSON writes 1 and 1.0 alike, as `==` takes them.
        if seen.insert(canonical(item)) {
            kept.push(item.clone());
        }
    }
    Ok(Val::List(kept.into()))
}

/// Half away from zero, as people round.
fn round<'v>(value: Val<'v>, digits: Val<'v>) -> Result<Val<'v>, Fault> {
    let digits = match digits {
        Val::Null => 0,
        Val::Int(digits) => match i32::try_from(digits) {
            Ok(digits @ 0..=9) => digits,
            _ => return wrong("`round` keeps 0 to 9 digits"),
        },
        other => return unfit("round", "a number of digits", &other),
    };
    match value {
        Val::Int(value) => Ok(Val::Int(value)),
        Val::Double(value) => {
            let scale = 10_f64.powi(digits);
            let scaled = value * scale;
            // Past 53 bits there is no fraction left to round.
            if scaled.abs() < 9e15 { finite(scaled.round() / scale) } else { finite(value) }
        }
        other => unfit("round", "a number", &other),
    }
}

fn join<'v>(list: Val<'_>, between: Val<'_>, budget: &Budget) -> Result<Val<'v>, Fault> {
    let Val::List(items) = list else { return unfit("join", "a list", &list) };
    let between = match &between {
        Val::Null => "",
        Val::Text(text) => text,
        other => return unfit("join", "text to put between", other),
    };
    let mut joined = String::new();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            joined.push_str(between);
        }
        match item {
            Value::String(text) => joined.push_str(text),
            Value::Bool(_) | Value::Number(_) => joined.push_str(&item.to_string()),
            other => return unfit("join", "a list of texts, numbers or booleans", &Val::Json(other).plain()),
        }
        budget.spend(1 + between.len() as u64 / 16)?;
        budget.text(joined.len())?;
    }
    Ok(Val::text(joined))
}
