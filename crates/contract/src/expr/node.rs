//! The tree that is evaluated: smaller than CEL's own, with macros as what they mean.

use regex::Regex;
use serde_json::Value;

use super::functions::Function;

/// One expression.
#[derive(Clone)]
pub(super) enum Node {
    /// A constant.
    Literal(Value),
    /// A name and the fields behind it: `args.order.id`.
    Path { root: Box<str>, fields: Vec<Box<str>> },
    /// A field of what is computed: `x.filter(…)[0].id`.
    Select { of: Box<Node>, field: Box<str> },
    /// `of[at]`.
    Index { of: Box<Node>, at: Box<Node> },
    /// `has(of.field)`.
    Has { of: Box<Node>, field: Box<str> },
    /// `!x`.
    Not(Box<Node>),
    /// `-x`.
    Negate(Box<Node>),
    /// `a && b`, `a || b`: decided where either side decides it.
    Logic { or: bool, left: Box<Node>, right: Box<Node> },
    /// `a + b` and its like.
    Binary { op: Op, left: Box<Node>, right: Box<Node> },
    /// `c ? a : b`.
    If { condition: Box<Node>, then: Box<Node>, otherwise: Box<Node> },
    /// `[a, b]`.
    List(Vec<Node>),
    /// `{'a': b}`.
    Map(Vec<(Node, Node)>),
    /// A macro over the items of a list or the keys of a map.
    Each { what: Each, over: Box<Node>, name: Box<str> },
    /// A function of the language.
    Call { function: Function, args: Vec<Node> },
    /// `text.matches('pattern')`: the pattern is compiled once.
    Matches { text: Box<Node>, pattern: Regex },
}

/// What a macro asks of the items.
#[derive(Clone)]
pub(super) enum Each {
    Exists(Box<Node>),
    All(Box<Node>),
    ExistsOne(Box<Node>),
    /// `map` and `filter`: the value per item, for those where the condition holds.
    Map {
        condition: Option<Box<Node>>,
        value: Box<Node>,
    },
}

/// What stands between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

impl Node {
    /// Whether this is nothing but a way to a value, so that its absence is an answer.
    pub(super) fn is_path(&self) -> bool {
        match self {
            Self::Path { .. } => true,
            Self::Select { of, .. } => of.is_path(),
            Self::Index { of, at } => of.is_path() && matches!(**at, Self::Literal(_)),
            _ => false,
        }
    }

    /// The node's parts, and whether the macro's own name is known in each.
    fn parts(&self) -> Vec<(&Self, bool)> {
        fn plain(node: &Node) -> (&Node, bool) {
            (node, false)
        }
        match self {
            Self::Literal(_) | Self::Path { .. } => Vec::new(),
            Self::Select { of, .. } | Self::Has { of, .. } => vec![plain(of)],
            Self::Not(of) | Self::Negate(of) | Self::Matches { text: of, .. } => vec![plain(of)],
            Self::Index { of, at } => vec![plain(of), plain(at)],
            Self::Logic { left, right, .. } | Self::Binary { left, right, .. } => {
                vec![plain(left), plain(right)]
            }
            Self::If { condition, then, otherwise } => vec![plain(condition), plain(then), plain(otherwise)],
            Self::List(items) => items.iter().map(plain).collect(),
            Self::Map(entries) => {
                entries.iter().flat_map(|(key, value)| [plain(key), plain(value)]).collect()
            }
            Self::Call { args, .. } => args.iter().map(plain).collect(),
            Self::Each { what, over, .. } => {
                let mut parts = vec![plain(over)];
                match what {
                    Each::Exists(node) | Each::All(node) | Each::ExistsOne(node) => parts.push((node, true)),
                    Each::Map { condition, value } => {
                        parts.extend(condition.iter().map(|node| (&**node, true)));
                        parts.push((value, true));
                    }
                }
                parts
            }
        }
    }

    /// Adds the paths read here that don't start with one of `own`, the names of the macros around it.
    pub(super) fn collect_paths<'n>(&'n self, own: &mut Vec<&'n str>, found: &mut Vec<Vec<String>>) {
        let path = match self {
            Self::Path { root, fields } => {
                Some((root, fields.iter().map(|field| field.to_string()).collect::<Vec<_>>()))
            }
            Self::Has { of, field } => match &**of {
                Self::Path { root, fields } => {
                    Some((root, fields.iter().chain([field]).map(|field| field.to_string()).collect()))
                }
                _ => None,
            },
            _ => None,
        };
        if let Some((root, fields)) = path {
            let path: Vec<String> = std::iter::once(root.to_string()).chain(fields).collect();
            if !own.contains(&&**root) && !found.contains(&path) {
                found.push(path);
            }
            return;
        }
        for (part, inner) in self.parts() {
            if let (true, Self::Each { name, .. }) = (inner, self) {
                own.push(name);
                part.collect_paths(own, found);
                own.pop();
            } else {
                part.collect_paths(own, found);
            }
        }
    }
}
