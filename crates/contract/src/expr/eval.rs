//! Evaluation: a walk over the tree, with a ceiling on its steps. Never panics and performs nothing.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde_json::{Map, Value};

use super::functions;
use super::limits::{STEPS_MAX, TEXT_BYTES_MAX};
use super::node::{Each, Field, Kind, Node};
use super::operators::{binary, negate};
use super::value::Val;

/// Why there is no value.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// The path leads to nothing.
    Absent(String),
    /// Anything else, in a sentence.
    Wrong(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(path) => write!(f, "`{path}` is absent; ask with `has({path})` first"),
            Self::Wrong(reason) => f.write_str(reason),
        }
    }
}

pub(super) fn wrong<T>(reason: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Wrong(reason.into()))
}

/// The steps that one evaluation has left.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Default for Budget {
    fn default() -> Self {
        Self(Cell::new(STEPS_MAX))
    }
}

impl Budget {
    /// Takes these steps.
    pub(super) fn spend(&self, steps: u64) -> Result<(), Fault> {
        match self.0.get().checked_sub(steps) {
            Some(left) => {
                self.0.set(left);
                Ok(())
            }
            None => wrong("it takes more steps than one evaluation may; compute this in a tool"),
        }
    }

    /// Takes the steps for handling text of this length, and refuses to make more of it than fits.
    pub(super) fn text(&self, bytes: usize) -> Result<(), Fault> {
        if bytes > TEXT_BYTES_MAX {
            return wrong("it makes a text of more than 1 MiB; compute this in a tool");
        }
        self.spend(bytes as u64 / 16)
    }
}

/// What the names mean.
#[derive(Clone, Copy)]
pub(super) struct Env<'v> {
    roots: &'v [(&'v str, &'v Value)],
    local: Option<&'v Local<'v>>,
    pub(super) budget: &'v Budget,
}

/// A macro's name for the item at hand.
struct Local<'v> {
    name: &'v str,
    value: &'v Value,
    outer: Option<&'v Local<'v>>,
}

impl<'v> Env<'v> {
    pub(super) fn new(roots: &'v [(&'v str, &'v Value)], budget: &'v Budget) -> Self {
        Self { roots, local: None, budget }
    }

    fn lookup(&self, name: &str) -> Result<&'v Value, Fault> {
        let mut local = self.local;
        while let Some(here) = local {
            if here.name == name {
                return Ok(here.value);
            }
            local = here.outer;
        }
        let root = self.roots.iter().rev().find(|(root, _)| *root == name);
        root.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<_> = self.roots.iter().map(|(root, _)| *root).collect();
            Fault::Wrong(format!("there is no `{name}` here; this place reads {}", known.join(", ")))
        })
    }
}

/// The node's value.
pub(super) fn value<'v>(node: &'v Node, env: &Env<'v>) -> Result<Val<'v>, Fault> {
    env.budget.spend(1)?;
    match &node.kind {
        Kind::Literal(value) => Ok(Val::Json(value)),
        Kind::Path { root, fields } => path(root, fields, env).map(Val::Json),
        Kind::Select { of, field } => select(plain(of, env)?, &field.name),
        Kind::Index { of, at } => index(plain(of, env)?, plain(at, env)?),
        Kind::Has { of, field } => has(of, &field.name, env).map(Val::Bool),
        Kind::Not(of) => Ok(Val::Bool(!truth(of, env, "!")?)),
        Kind::Negate(of) => negate(plain(of, env)?),
        Kind::Logic { or, left, right } => logic(*or, left, right, env).map(Val::Bool),
        Kind::Binary { op, left, right } => binary(*op, plain(left, env)?, plain(right, env)?, env.budget),
        Kind::If { condition, then, otherwise } => {
            value(if truth(condition, env, "? :")? { then } else { otherwise }, env)
        }
        Kind::List(items) => {
            let items: Result<Vec<_>, _> =
                items.iter().map(|item| value(item, env).and_then(|item| json(item, env))).collect();
            Ok(Val::List(Cow::Owned(items?)))
        }
        Kind::Map(entries) => map(entries, env),
        Kind::Each { what, over, name } => each(what, plain(over, env)?, name, env),
        Kind::Call { function, args } => {
            let args: Result<Vec<_>, _> = args.iter().map(|arg| plain(arg, env)).collect();
            functions::call(*function, args?, env.budget)
        }
        Kind::Matches { text, pattern, .. } => match plain(text, env)? {
            Val::Text(text) => {
                env.budget.text(text.len())?;
                Ok(Val::Bool(pattern.is_match(&text)))
            }
            other => wrong(format!("`matches` is for text; this is {}", other.kind())),
        },
    }
}

fn plain<'v>(node: &'v Node, env: &Env<'v>) -> Result<Val<'v>, Fault> {
    value(node, env).map(Val::plain)
}

/// The value as JSON that a list or map can own; pays for its size.
fn json(value: Val<'_>, env: &Env<'_>) -> Result<Value, Fault> {
    env.budget.spend(1)?;
    let value = match value {
        Val::Json(value) => {
            weigh(value, env.budget)?;
            value.clone()
        }
        value => value.into_json().map_err(Fault::Wrong)?,
    };
    Ok(value)
}

/// Pays for every part of a value that is about to be copied or written.
pub(super) fn weigh(value: &Value, budget: &Budget) -> Result<(), Fault> {
    budget.spend(1)?;
    match value {
        Value::String(text) => budget.spend(text.len() as u64 / 16),
        Value::Array(items) => items.iter().try_for_each(|item| weigh(item, budget)),
        Value::Object(fields) => fields.values().try_for_each(|field| weigh(field, budget)),
        _ => Ok(()),
    }
}

fn path<'v>(root: &str, fields: &[Field], env: &Env<'v>) -> Result<&'v Value, Fault> {
    let mut value = env.lookup(root)?;
    for (place, field) in fields.iter().enumerate() {
        value = match value {
            Value::Object(object) => {
                object.get(&*field.name).ok_or_else(|| Fault::Absent(shown(root, fields, place + 1)))?
            }
            Value::Null => return Err(Fault::Absent(shown(root, fields, place + 1))),
            other => {
                let (path, kind) = (shown(root, fields, place), Val::Json(other).kind());
                return wrong(format!("`{path}` is {kind} and has no field `{}`", field.name));
            }
        };
    }
    Ok(value)
}

fn shown(root: &str, fields: &[Field], count: usize) -> String {
    std::iter::once(root)
        .chain(fields.iter().take(count).map(|field| &*field.name))
        .collect::<Vec<_>>()
        .join(".")
}

fn select<'v>(of: Val<'v>, field: &str) -> Result<Val<'v>, Fault> {
    let absent = || Fault::Absent(format!("….{field}"));
    match of {
        Val::Map(Cow::Borrowed(fields)) => fields.get(field).map(Val::Json).ok_or_else(absent),
        Val::Map(Cow::Owned(mut fields)) => fields.remove(field).map(Val::owned).ok_or_else(absent),
        Val::Null => Err(absent()),
        other => wrong(format!("{} has no field `{field}`", other.kind())),
    }
}

fn index<'v>(of: Val<'v>, at: Val<'v>) -> Result<Val<'v>, Fault> {
    match (of, at) {
        // `1.0` is a whole number to JSON, and so it is a place.
        (of @ (Val::List(_) | Val::Null), Val::Double(place))
            if place.fract() == 0.0 && place.abs() < 1e15 =>
        {
            #[expect(clippy::cast_possible_truncation, reason = "whole and small, as just tested")]
            index(of, Val::Int(place as i128))
        }
        (map @ (Val::Map(_) | Val::Null), Val::Text(field)) => select(map, &field),
        (Val::Null, Val::Int(place)) => Err(Fault::Absent(format!("…[{place}]"))),
        (Val::List(items), Val::Int(place)) => {
            let absent = || Fault::Absent(format!("…[{place}]"));
            let place = usize::try_from(place).map_err(|_| absent())?;
            match items {
                Cow::Borrowed(items) => items.get(place).map(Val::Json).ok_or_else(absent),
                Cow::Owned(items) => items.into_iter().nth(place).map(Val::owned).ok_or_else(absent),
            }
        }
        (of, at) => wrong(format!("{} has no place named by {}", of.kind(), at.kind())),
    }
}

/// False as soon as any part of the way is absent, so that one `has` is enough for a long path.
fn has<'v>(of: &'v Node, field: &str, env: &Env<'v>) -> Result<bool, Fault> {
    match plain(of, env) {
        Ok(Val::Map(fields)) => Ok(fields.contains_key(field)),
        Ok(Val::Null) | Err(Fault::Absent(_)) => Ok(false),
        Ok(other) => wrong(format!("{} has no field `{field}`", other.kind())),
        Err(fault) => Err(fault),
    }
}

fn truth<'v>(node: &'v Node, env: &Env<'v>, place: &str) -> Result<bool, Fault> {
    match plain(node, env)? {
        Val::Bool(value) => Ok(value),
        other => wrong(format!("`{place}` wants true or false; this is {}", other.kind())),
    }
}

/// As CEL has it: where one side decides, the other's error doesn't matter.
fn logic<'v>(or: bool, left: &'v Node, right: &'v Node, env: &Env<'v>) -> Result<bool, Fault> {
    let place = if or { "||" } else { "&&" };
    match truth(left, env, place) {
        Ok(value) if value == or => Ok(or),
        Ok(_) => truth(right, env, place),
        Err(fault) => match truth(right, env, place) {
            Ok(value) if value == or => Ok(or),
            _ => Err(fault),
        },
    }
}

fn map<'v>(entries: &'v [(Node, Node)], env: &Env<'v>) -> Result<Val<'v>, Fault> {
    let mut fields = Map::new();
    for (name, field) in entries {
        let Val::Text(name) = plain(name, env)? else { return wrong("an object's names are texts") };
        let field = json(value(field, env)?, env)?;
        if fields.insert(name.to_string(), field).is_some() {
            return wrong(format!("the object names `{name}` twice"));
        }
    }
    Ok(Val::Map(Cow::Owned(fields)))
}

fn each<'v>(what: &'v Each, over: Val<'v>, name: &'v str, env: &Env<'v>) -> Result<Val<'v>, Fault> {
    match over {
        Val::List(items) => each_of(what, items.iter(), name, env),
        Val::Map(fields) => {
            fields.keys().try_for_each(|name| env.budget.spend(1 + name.len() as u64 / 16))?;
            let names: Vec<Value> = fields.keys().map(|name| Value::String(name.clone())).collect();
            each_of(what, names.iter(), name, env)
        }
        other => wrong(format!("a macro goes over a list or an object's names; this is {}", other.kind())),
    }
}

/// As CEL folds them: `exists` and `all` are chains of `||` and `&&`, so one item can outweigh another's error.
fn each_of<'i, 'v>(
    what: &'v Each,
    items: impl Iterator<Item = &'i Value>,
    name: &'v str,
    env: &Env<'v>,
) -> Result<Val<'v>, Fault> {
    let (mut fault, mut count, mut kept) = (None, 0_u64, Vec::new());
    for item in items {
        let local = Local { name, value: item, outer: env.local };
        let inner = Env { local: Some(&local), ..*env };
        match what {
            Each::Exists(node) | Each::All(node) => {
                let or = matches!(what, Each::Exists(_));
                match truth(node, &inner, if or { "exists" } else { "all" }) {
                    Ok(value) if value == or => return Ok(Val::Bool(or)),
                    Ok(_) => {}
                    Err(found) => fault = fault.or(Some(found)),
                }
            }
            Each::ExistsOne(node) => count += u64::from(truth(node, &inner, "exists_one")?),
            Each::Map { condition, value: node } => {
                if let Some(condition) = condition
                    && !truth(condition, &inner, "filter")?
                {
                    continue;
                }
                kept.push(json(value(node, &inner)?, env)?);
            }
        }
    }
    match (what, fault) {
        (_, Some(fault)) => Err(fault),
        (Each::Exists(_), None) => Ok(Val::Bool(false)),
        (Each::All(_), None) => Ok(Val::Bool(true)),
        (Each::ExistsOne(_), None) => Ok(Val::Bool(count == 1)),
        (Each::Map { .. }, None) => Ok(Val::List(Cow::Owned(kept))),
    }
}
