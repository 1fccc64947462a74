//! The tree that is evaluated: smaller than CEL's own, with macros as what they mean.

use regex::Regex;
use serde_json::Value;

use super::functions::Function;
use super::tokens::Span;

/// One expression, and where it stands.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) at: Span,
}

/// A field's name, and the byte of the source where it ends.
#[derive(Clone)]
pub(super) struct Field {
    pub(super) name: Box<str>,
    pub(super) end: u32,
}

/// What an expression is.
#[derive(Clone)]
pub(super) enum Kind {
    /// A constant.
    Literal(Value),
    /// A name and the fields behind it: `args.order.id`.
    Path { root: Box<str>, fields: Vec<Field> },
    /// A field of what is computed: `x.filter(…)[0].id`.
    Select { of: Box<Node>, field: Field },
    /// `of[at]`.
    Index { of: Box<Node>, at: Box<Node> },
    /// `has(of.field)`.
    Has { of: Box<Node>, field: Field },
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
    Matches { text: Box<Node>, pattern: Regex, memory: usize },
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
        match &self.kind {
            Kind::Path { .. } => true,
            Kind::Select { of, .. } => of.is_path(),
            Kind::Index { of, at } => of.is_path() && matches!(at.kind, Kind::Literal(_)),
            _ => false,
        }
    }

    /// The memory of the patterns that it holds, at most.
    pub(super) fn pattern_memory(&self) -> usize {
        let own = if let Kind::Matches { memory, .. } = &self.kind { *memory } else { 0 };
        self.parts().iter().fold(own, |sum, (part, _)| sum.saturating_add(part.pattern_memory()))
    }

    /// The node's parts, and whether the macro's own name is known in each.
    fn parts(&self) -> Vec<(&Self, bool)> {
        fn plain(node: &Node) -> (&Node, bool) {
            (node, false)
        }
        match &self.kind {
            Kind::Literal(_) | Kind::Path { .. } => Vec::new(),
            Kind::Select { of, .. } | Kind::Has { of, .. } => vec![plain(of)],
            Kind::Not(of) | Kind::Negate(of) | Kind::Matches { text: of, .. } => vec![plain(of)],
            Kind::Index { of, at } => vec![plain(of), plain(at)],
            Kind::Logic { left, right, .. } | Kind::Binary { left, right, .. } => {
                vec![plain(left), plain(right)]
            }
            Kind::If { condition, then, otherwise } => vec![plain(condition), plain(then), plain(otherwise)],
            Kind::List(items) => items.iter().map(plain).collect(),
            Kind::Map(entries) => {
                entries.iter().flat_map(|(key, value)| [plain(key), plain(value)]).collect()
            }
            Kind::Call { args, .. } => args.iter().map(plain).collect(),
            Kind::Each { what, over, .. } => {
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

    /// Reads these roots a level deeper, behind this path: `settings.url` as `settings.cms.url`.
    pub(super) fn nest(&mut self, roots: &[&str], path: &[&str]) {
        if let Kind::Path { root, fields } = &mut self.kind {
            if roots.contains(&&**root) {
                let deeper = path.iter().map(|name| Field { name: (*name).into(), end: self.at.start });
                fields.splice(0..0, deeper);
            }
            return;
        }
        for part in self.parts_mut() {
            part.nest(roots, path);
        }
    }

    fn parts_mut(&mut self) -> Vec<&mut Self> {
        match &mut self.kind {
            Kind::Literal(_) | Kind::Path { .. } => Vec::new(),
            Kind::Select { of, .. }
            | Kind::Has { of, .. }
            | Kind::Not(of)
            | Kind::Negate(of)
            | Kind::Matches { text: of, .. } => vec![of],
            Kind::Index { of, at } => vec![of, at],
            Kind::Logic { left, right, .. } | Kind::Binary { left, right, .. } => vec![left, right],
            Kind::If { condition, then, otherwise } => vec![condition, then, otherwise],
            Kind::List(items) | Kind::Call { args: items, .. } => items.iter_mut().collect(),
            Kind::Map(entries) => entries.iter_mut().flat_map(|(key, value)| [key, value]).collect(),
            Kind::Each { what, over, .. } => {
                let mut parts = vec![&mut **over];
                match what {
                    Each::Exists(node) | Each::All(node) | Each::ExistsOne(node) => parts.push(node),
                    Each::Map { condition, value } => {
                        parts.extend(condition.iter_mut().map(|node| &mut **node));
                        parts.push(value);
                    }
                }
                parts
            }
        }
    }

    /// Adds the paths read here that don't start with one of `own`, the names of the macros around it.
    pub(super) fn collect_paths<'n>(&'n self, own: &mut Vec<&'n str>, found: &mut Vec<Vec<String>>) {
        let path = match &self.kind {
            Kind::Path { root, fields } => {
                Some((root, fields.iter().map(|field| field.name.to_string()).collect::<Vec<_>>()))
            }
            Kind::Has { of, field } => match &of.kind {
                Kind::Path { root, fields } => {
                    Some((root, fields.iter().chain([field]).map(|field| field.name.to_string()).collect()))
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
            if let (true, Kind::Each { name, .. }) = (inner, &self.kind) {
                own.push(name);
                part.collect_paths(own, found);
                own.pop();
            } else {
                part.collect_paths(own, found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Expr, Scope};

    /// One expression of each kind of node, with what it reads at every place where something can be read.
    const EACH: &[&str] = &[
        "settings.a",
        "settings",
        "settings.none",
        "settings.list[settings.one].n",
        "settings['a']",
        "settings.list.filter(x, x.n > 1)[0].n + settings.a",
        "has(settings.a) && !has(settings.none) || has(settings.list[0].n)",
        "!(settings.a > -settings.one)",
        "settings.a > 1 ? settings.a : facts.a",
        "[settings.a, facts.a, args.a]",
        "{settings.text: settings.a}",
        "settings.list.exists(x, x.n == settings.a)",
        "settings.list.all(x, x.n < settings.a)",
        "settings.list.exists_one(x, x.n == facts.a)",
        "settings.list.map(x, x.n > settings.one, x.n * settings.a)",
        "size(settings.list) + size(settings.text)",
        "settings.text.matches('^b') && settings.text.contains(facts.text)",
        "settings.a in settings.list.map(x, x.n)",
    ];

    #[test]
    fn what_is_read_a_level_deeper_is_the_same() {
        let own = json!({ "a": 3, "one": 1, "text": "bc", "list": [{ "n": 1 }, { "n": 3 }] });
        let facts = json!({ "a": 1, "text": "c" });
        let args = json!({ "a": 7 });
        let deep =
            |value: &serde_json::Value| json!({ "cms": { "log": value }, "a": 100, "list": [], "text": "" });
        let (deep_own, deep_facts) = (deep(&own), deep(&facts));
        let flat = Scope::default().with("settings", &own).with("facts", &facts).with("args", &args);
        let nested =
            Scope::default().with("settings", &deep_own).with("facts", &deep_facts).with("args", &args);
        for source in EACH {
            let expr = Expr::parse(source).unwrap();
            let value = expr.eval(&flat).unwrap();
            let expr = expr.nested(&["settings", "facts"], &["cms", "log"]);
            assert_eq!(expr.eval(&nested).unwrap(), value, "{source}");
            assert_eq!(expr.source(), *source);
        }
    }
}
