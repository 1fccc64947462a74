//! What a condition that held (or didn't) proves about paths: that a value is there, or isn't null.

use serde_json::Value;

use super::super::node::{Kind, Node, Op};

/// One thing that is known of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    /// The path as [`key`] writes it.
    pub(super) path: String,
    /// That it isn't null, which a value that is there may still be.
    pub(super) not_null: bool,
}

impl Fact {
    /// The name that the path begins with.
    pub(crate) fn root(&self) -> &str {
        self.path.split(['.', '[']).next().unwrap_or("")
    }
}

/// How a path is written in facts; none where it isn't the same value each time it is read.
pub(super) fn key(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Path { root, fields } => {
            let mut path = root.to_string();
            for field in fields {
                path.push('.');
                path.push_str(&field.name);
            }
            Some(path)
        }
        Kind::Select { of, field } => Some(format!("{}.{}", key(of)?, field.name)),
        Kind::Index { of, at } => match &at.kind {
            Kind::Literal(place) => Some(format!("{}[{place}]", key(of)?)),
            _ => None,
        },
        _ => None,
    }
}

/// What is proved where the condition is `held`.
pub(super) fn proves(condition: &Node, held: bool) -> Vec<Fact> {
    match &condition.kind {
        Kind::Not(of) => proves(of, !held),
        Kind::Logic { or, left, right } => {
            let (mut left, right) = (proves(left, held), proves(right, held));
            if *or == held {
                // One of the two, and nobody knows which.
                left.retain(|fact| right.contains(fact));
                left
            } else {
                left.extend(right);
                left
            }
        }
        Kind::Has { of, field } if held => {
            key(of).map(|path| there(&format!("{path}.{}", field.name))).unwrap_or_default()
        }
        Kind::Binary { op: Op::In, left, right } if held => match (&left.kind, key(right)) {
            // A name that holds a dot or a bracket is no path of several names: `'a.b' in order` says nothing of `order.a`.
            (Kind::Literal(Value::String(name)), Some(path)) if !name.contains(['.', '[']) => {
                there(&format!("{path}.{name}"))
            }
            _ => Vec::new(),
        },
        Kind::Binary { op, left, right } => {
            let null = |node: &Node| matches!(&node.kind, Kind::Literal(Value::Null));
            let constant = |node: &Node| matches!(&node.kind, Kind::Literal(_)) && !null(node);
            let differs_from_null = match op {
                Op::Equal => {
                    !held && (null(left) || null(right)) || held && (constant(left) || constant(right))
                }
                Op::NotEqual => {
                    held && (null(left) || null(right)) || !held && (constant(left) || constant(right))
                }
                _ => false,
            };
            let paths = [left, right].into_iter().filter(|_| differs_from_null).filter_map(|node| key(node));
            paths.map(|path| Fact { path, not_null: true }).collect()
        }
        _ => Vec::new(),
    }
}

/// That something is there, and with it the way that leads to it.
fn there(path: &str) -> Vec<Fact> {
    let mut facts = vec![Fact { path: path.to_owned(), not_null: false }];
    for (place, _) in path.match_indices('.') {
        let before = path.get(..place).unwrap_or("");
        facts.push(Fact { path: before.to_owned(), not_null: false });
        facts.push(Fact { path: before.to_owned(), not_null: true });
    }
    facts
}
