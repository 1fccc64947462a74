//! A value while it is computed: borrowed from JSON wherever it can be.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

use super::limits::JSON_DEPTH_MAX;
use super::special::Special;

/// A value. Integers are wide enough for every JSON integer, so that no two ids are ever rounded to one double.
#[derive(Clone, Debug)]
pub(super) enum Val<'v> {
    /// As it stands in the scope, not looked at yet.
    Json(&'v Value),
    Null,
    Bool(bool),
    Int(i128),
    Double(f64),
    Text(Cow<'v, str>),
    List(Cow<'v, [Value]>),
    Map(Cow<'v, Map<String, Value>>),
    /// What is no JSON; it turns into a text where it is kept.
    Special(Special),
}

impl<'v> Val<'v> {
    /// The same value, looked at: never [`Val::Json`].
    pub(super) fn plain(self) -> Self {
        match self {
            Self::Json(Value::Null) => Self::Null,
            Self::Json(Value::Bool(value)) => Self::Bool(*value),
            Self::Json(Value::Number(number)) => Self::number(number),
            Self::Json(Value::String(text)) => Self::Text(Cow::Borrowed(text)),
            Self::Json(Value::Array(items)) => Self::List(Cow::Borrowed(items)),
            Self::Json(Value::Object(fields)) => Self::Map(Cow::Borrowed(fields)),
            plain => plain,
        }
    }

    fn number(number: &Number) -> Self {
        let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
        // A number that is neither is a finite double: this serde_json keeps no arbitrary precision.
        whole.map_or_else(|| Self::Double(number.as_f64().unwrap_or(f64::NAN)), Self::Int)
    }

    /// The value that somebody owns.
    pub(super) fn owned(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::number(&number),
            Value::String(text) => Self::Text(Cow::Owned(text)),
            Value::Array(items) => Self::List(Cow::Owned(items)),
            Value::Object(fields) => Self::Map(Cow::Owned(fields)),
        }
    }

    /// Text made here.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(Cow::Owned(text.into()))
    }

    /// What kind of value it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Json(value) => Val::Json(value).plain().kind(),
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Double(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
            Self::Special(special) => special.kind(),
        }
    }

    /// As JSON; a whole double comes back as an integer.
    pub(super) fn into_json(self) -> Result<Value, String> {
        Ok(match self {
            Self::Json(value) => value.clone(),
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Number(integer(value).ok_or("the integer is out of range")?),
            Self::Double(value) => Value::Number(double(value).ok_or("the number is not finite")?),
            Self::Text(text) => Value::String(text.into_owned()),
            Self::List(items) => Value::Array(items.into_owned()),
            Self::Map(fields) => Value::Object(fields.into_owned()),
            Self::Special(special) => Value::String(special.to_string()),
        })
    }
}

fn integer(value: i128) -> Option<Number> {
    i64::try_from(value).map(Number::from).or_else(|_| u64::try_from(value).map(Number::from)).ok()
}

fn double(value: f64) -> Option<Number> {
    /// Below this every whole double is exactly an integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within 53 bits, as just tested")]
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}

/// How two numbers stand to each other, exactly; none where one is no number at all.
pub(super) fn compare_numbers(left: &Val<'_>, right: &Val<'_>) -> Option<Ordering> {
    match (left, right) {
        (Val::Int(left), Val::Int(right)) => Some(left.cmp(right)),
        (Val::Double(left), Val::Double(right)) => left.partial_cmp(right),
        (Val::Int(left), Val::Double(right)) => compare_mixed(*left, *right),
        (Val::Double(left), Val::Int(right)) => compare_mixed(*right, *left).map(Ordering::reverse),
        _ => None,
    }
}

fn compare_mixed(whole: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // Our integers lie within 65 bits; a double beyond that is decided by its sign, and below it the cast is exact.
    if double.abs() >= 1e20 {
        return Some(if double > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    let floor = double.floor();
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 1e20, which i128 holds")]
    let order = whole.cmp(&(floor as i128));
    Some(order.then(if double > floor { Ordering::Less } else { Ordering::Equal }))
}

/// Whether two JSON values are equal, 1 and 1.0 being one. `spend` is asked for every part.
pub(super) fn equal<E>(
    left: &Value,
    right: &Value,
    spend: &mut impl FnMut(u64) -> Result<(), E>,
) -> Result<bool, E> {
    equal_within(left, right, JSON_DEPTH_MAX, spend)
}

fn equal_within<E>(
    left: &Value,
    right: &Value,
    depth: usize,
    spend: &mut impl FnMut(u64) -> Result<(), E>,
) -> Result<bool, E> {
    spend(1)?;
    // Deeper than any value that came in as text: the budget says so rather than a stack.
    let Some(depth) = depth.checked_sub(1) else { return spend(u64::MAX).map(|()| false) };
    Ok(match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            compare_numbers(&Val::number(left), &Val::number(right)) == Some(Ordering::Equal)
        }
        (Value::String(left), Value::String(right)) => {
            spend(left.len() as u64 / 16)?;
            left == right
        }
        (Value::Array(left), Value::Array(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(right) {
                if !equal_within(left, right, depth, spend)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Object(left), Value::Object(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (name, left) in left {
                let Some(right) = right.get(name) else { return Ok(false) };
                if !equal_within(left, right, depth, spend)? {
                    return Ok(false);
                }
            }
            true
        }
        (left, right) => left == right,
    })
}
