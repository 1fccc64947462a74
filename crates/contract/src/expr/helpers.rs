//! The functions beyond CEL's own that work on lists, objects and paths.

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::eval::{Budget, Fault, weigh, wrong};
use super::functions::unfit;
use super::special::Special;
use super::value::{Val, compare_numbers};

/// Pairs of the items at the same place. Lists of different lengths are an error: a pair that was left out would be a
/// check that nobody made.
pub(super) fn zip<'v>(left: Val<'_>, right: Val<'_>, budget: &Budget) -> Result<Val<'v>, Fault> {
    let (Val::List(left), Val::List(right)) = (&left, &right) else {
        return unfit("zip", "two lists", if matches!(left, Val::List(_)) { &right } else { &left });
    };
    if left.len() != right.len() {
        return wrong(format!(
            "`zip` wants lists of one length; these have {} and {}",
            left.len(),
            right.len()
        ));
    }
    left.iter().chain(right.iter()).try_for_each(|item| weigh(item, budget))?;
    let pair = |(left, right): (&Value, &Value)| Value::Array(vec![left.clone(), right.clone()]);
    Ok(Val::List(left.iter().zip(right.iter()).map(pair).collect()))
}

/// One level: the items of the lists within, and whatever is no list as it is.
pub(super) fn flatten<'v>(list: Val<'_>, budget: &Budget) -> Result<Val<'v>, Fault> {
    let Val::List(items) = list else { return unfit("flatten", "a list of lists", &list) };
    let mut flat = Vec::new();
    for item in items.iter() {
        weigh(item, budget)?;
        match item {
            Value::Array(inner) => flat.extend(inner.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    Ok(Val::List(flat.into()))
}

/// Ascending; equal items keep their order. Texts by their code points, as `<` has it.
pub(super) fn sorted<'v>(list: Val<'_>, budget: &Budget) -> Result<Val<'v>, Fault> {
    const WANTED: &str = "a list of numbers, of texts or of booleans";
    let Val::List(items) = list else { return unfit("sorted", WANTED, &list) };
    items.iter().try_for_each(|item| weigh(item, budget))?;
    // Each item is compared with about as many others as the length has binary digits.
    let rounds = u64::from(usize::BITS - items.len().leading_zeros());
    budget.spend(rounds * items.len() as u64)?;
    let mut items: Vec<Value> = items.into_owned();
    if let Some(first) = items.first() {
        let sort = |item: &Value| match item {
            Value::String(_) => 1,
            Value::Number(_) => 2,
            Value::Bool(_) => 3,
            _ => 0,
        };
        let wanted = sort(first);
        if let Some(other) = items.iter().find(|item| sort(item) != wanted || wanted == 0) {
            return unfit("sorted", WANTED, &Val::Json(other));
        }
    }
    items.sort_by(|left, right| match (left, right) {
        (Value::String(left), Value::String(right)) => left.cmp(right),
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (left, right) => {
            compare_numbers(&Val::Json(left).plain(), &Val::Json(right).plain()).unwrap_or(Ordering::Equal)
        }
    });
    Ok(Val::List(items.into()))
}

/// The object with only these of its fields; one that it doesn't have is left out.
pub(super) fn pick<'v>(object: Val<'_>, names: Val<'_>, budget: &Budget) -> Result<Val<'v>, Fault> {
    let Val::Map(fields) = object else { return unfit("pick", "an object", &object) };
    let Val::List(names) = names else { return unfit("pick", "a list of names", &names) };
    let mut picked = Map::new();
    for name in names.iter() {
        budget.spend(1)?;
        let Value::String(name) = name else { return unfit("pick", "a list of names", &Val::Json(name)) };
        if let Some(value) = fields.get(name) {
            weigh(value, budget)?;
            picked.insert(name.clone(), value.clone());
        }
    }
    Ok(Val::Map(std::borrow::Cow::Owned(picked)))
}

/// Whether a path lies below a folder. Nothing that could lead elsewhere does: an empty part, `.`, `..`, a backslash,
/// a control character, or any of these percent-encoded.
pub(super) fn under<'v>(path: &Val<'_>, folder: &Val<'_>, budget: &Budget) -> Result<Val<'v>, Fault> {
    let (Val::Text(path), Val::Text(folder)) = (path, folder) else {
        let other = if matches!(path, Val::Text(_)) { folder } else { path };
        return unfit("under", "two paths, which are texts", other);
    };
    budget.spend((path.len() + folder.len()) as u64 / 16)?;
    let trimmed = folder.strip_suffix('/').unwrap_or(folder);
    // `/` and the empty path hold all that is absolute or relative.
    let Some(wanted) = (if trimmed.is_empty() { Some(Vec::new()) } else { parts(trimmed) }) else {
        return wrong(format!("`under` wants a plain folder; `{folder}` leads elsewhere"));
    };
    let absolute = |path: &str| path.starts_with('/');
    let found = parts(path.strip_suffix('/').unwrap_or(path));
    Ok(Val::Bool(
        absolute(path) == absolute(folder)
            && found.is_some_and(|found| found.len() > wanted.len() && found.starts_with(&wanted)),
    ))
}

/// The parts of a path; none where one of them could lead elsewhere.
fn parts(path: &str) -> Option<Vec<&str>> {
    let plain = |part: &&str| {
        let lower = part.to_ascii_lowercase();
        !part.is_empty()
            && !matches!(*part, "." | "..")
            && !part.contains(|sign: char| sign == '\\' || sign.is_control())
            && !["%2e", "%2f", "%5c", "%00", "%25"].iter().any(|hidden| lower.contains(hidden))
    };
    let parts: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    parts.iter().all(plain).then_some(parts)
}

/// A text read as something that is no JSON.
pub(super) fn special<'v>(
    value: Val<'_>,
    name: &str,
    read: impl Fn(&str) -> Result<Special, String>,
) -> Result<Val<'v>, Fault> {
    match value {
        Val::Text(text) => read(&text).map(Val::Special).map_err(Fault::Wrong),
        Val::Special(special) => read(&special.to_string()).map(Val::Special).map_err(Fault::Wrong),
        other => unfit(name, "a text", &other),
    }
}
