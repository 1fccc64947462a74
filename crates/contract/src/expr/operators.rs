//! What stands between two values: equality, order, arithmetic.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::eval::{Budget, Fault, weigh, wrong};
use super::node::Op;
use super::value::{Val, compare_numbers, equal};

/// `-x`.
pub(super) fn negate(of: Val<'_>) -> Result<Val<'_>, Fault> {
    match of {
        Val::Int(value) => whole(value.checked_neg()),
        Val::Double(value) => Ok(Val::Double(-value)),
        other => wrong(format!("`-` is for numbers; this is {}", other.kind())),
    }
}

/// An integer that JSON can hold.
pub(super) fn whole<'v>(value: Option<i128>) -> Result<Val<'v>, Fault> {
    match value {
        Some(value) if (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value) => Ok(Val::Int(value)),
        _ => wrong("the integer is out of range"),
    }
}

/// A double that JSON can hold.
pub(super) fn finite<'v>(value: f64) -> Result<Val<'v>, Fault> {
    if value.is_finite() { Ok(Val::Double(value)) } else { wrong("the number is out of range") }
}

/// `left op right`.
pub(super) fn binary<'v>(op: Op, left: Val<'v>, right: Val<'v>, budget: &Budget) -> Result<Val<'v>, Fault> {
    if let (Val::Special(left), Val::Special(right), Op::Add | Op::Subtract) = (&left, &right, op) {
        let sum = if op == Op::Add { left.plus(right) } else { left.minus(right) };
        return sum.map(Val::Special).map_err(Fault::Wrong);
    }
    match op {
        Op::Equal => same(&left, &right, budget).map(Val::Bool),
        Op::NotEqual => same(&left, &right, budget).map(|same| Val::Bool(!same)),
        Op::Less => order(&left, &right).map(|order| Val::Bool(order == Ordering::Less)),
        Op::LessOrEqual => order(&left, &right).map(|order| Val::Bool(order != Ordering::Greater)),
        Op::Greater => order(&left, &right).map(|order| Val::Bool(order == Ordering::Greater)),
        Op::GreaterOrEqual => order(&left, &right).map(|order| Val::Bool(order != Ordering::Less)),
        Op::In => contains(&left, &right, budget).map(Val::Bool),
        Op::Add => add(left, right, budget),
        Op::Subtract | Op::Multiply | Op::Divide | Op::Modulo => arithmetic(op, left, right),
    }
}

/// Whether two values are equal; values of different kinds are not.
pub(super) fn same(left: &Val<'_>, right: &Val<'_>, budget: &Budget) -> Result<bool, Fault> {
    Ok(match (left, right) {
        (Val::Special(_), _) | (_, Val::Special(_)) => order(left, right)? == Ordering::Equal,
        (Val::Null, Val::Null) => true,
        (Val::Bool(left), Val::Bool(right)) => left == right,
        (Val::Text(left), Val::Text(right)) => {
            budget.spend(left.len() as u64 / 16)?;
            left == right
        }
        (Val::List(left), Val::List(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (left, right) in left.iter().zip(right.iter()) {
                if !equal(left, right, &mut |steps| budget.spend(steps))? {
                    return Ok(false);
                }
            }
            true
        }
        (Val::Map(left), Val::Map(right)) => {
            if left.len() != right.len() {
                return Ok(false);
            }
            for (name, left) in left.iter() {
                let Some(right) = right.get(name) else { return Ok(false) };
                if !equal(left, right, &mut |steps| budget.spend(steps))? {
                    return Ok(false);
                }
            }
            true
        }
        (left, right) => compare_numbers(left, right) == Some(Ordering::Equal),
    })
}

fn order(left: &Val<'_>, right: &Val<'_>) -> Result<Ordering, Fault> {
    let order = match (left, right) {
        (Val::Text(left), Val::Text(right)) => Some(left.cmp(right)),
        (Val::Bool(left), Val::Bool(right)) => Some(left.cmp(right)),
        (Val::Special(left), Val::Special(right)) => return left.order(right).map_err(Fault::Wrong),
        (left, right) => compare_numbers(left, right),
    };
    order.ok_or_else(|| {
        Fault::Wrong(format!("{} and {} have no order between them", left.kind(), right.kind()))
    })
}

fn contains(item: &Val<'_>, within: &Val<'_>, budget: &Budget) -> Result<bool, Fault> {
    match (item, within) {
        (item, Val::List(items)) => {
            for other in items.iter() {
                budget.spend(1)?;
                if same(item, &Val::Json(other).plain(), budget)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (Val::Text(name), Val::Map(fields)) => Ok(fields.contains_key(&**name)),
        // CEL allows these as names; JSON's objects have none such.
        (Val::Int(_) | Val::Bool(_), Val::Map(_)) => Ok(false),
        (_, other) => wrong(format!("`in` looks into a list or an object's names; this is {}", other.kind())),
    }
}

fn add<'v>(left: Val<'v>, right: Val<'v>, budget: &Budget) -> Result<Val<'v>, Fault> {
    match (left, right) {
        (Val::Text(left), Val::Text(right)) => {
            budget.text(left.len() + right.len())?;
            Ok(Val::Text(left + right))
        }
        (Val::List(left), Val::List(right)) => {
            left.iter().chain(right.iter()).try_for_each(|item| weigh(item, budget))?;
            let mut items = left.into_owned();
            items.extend(right.into_owned());
            Ok(Val::List(Cow::Owned(items)))
        }
        (left, right) => arithmetic(Op::Add, left, right),
    }
}

/// Two integers stay exact; as soon as one side is a double, both are. Two integers that don't divide evenly give a
/// double, since a number-typed path may hold a whole number today: `int(a / b)` cuts off.
fn arithmetic<'v>(op: Op, left: Val<'v>, right: Val<'v>) -> Result<Val<'v>, Fault> {
    #[expect(clippy::cast_precision_loss, reason = "an integer beside a double is read as one")]
    let (left, right) = match (left, right) {
        (Val::Int(left), Val::Int(right)) => match op {
            Op::Add => return whole(left.checked_add(right)),
            Op::Subtract => return whole(left.checked_sub(right)),
            Op::Multiply => return whole(left.checked_mul(right)),
            _ if right == 0 => return wrong("it divides by zero"),
            Op::Modulo => return whole(left.checked_rem(right)),
            _ if left.checked_rem(right) == Some(0) => return whole(left.checked_div(right)),
            _ => (left as f64, right as f64),
        },
        (Val::Int(left), Val::Double(right)) => (left as f64, right),
        (Val::Double(left), Val::Int(right)) => (left, right as f64),
        (Val::Double(left), Val::Double(right)) => (left, right),
        (left, right) => {
            return wrong(format!("{} and {} can't be computed together", left.kind(), right.kind()));
        }
    };
    match op {
        Op::Add => finite(left + right),
        Op::Subtract => finite(left - right),
        Op::Multiply => finite(left * right),
        _ if right == 0.0 => wrong("it divides by zero"),
        Op::Modulo => finite(left % right),
        _ => finite(left / right),
    }
}
