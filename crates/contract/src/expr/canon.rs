//! When one condition follows from another, as far as how they are written shows it.
//!
//! Expressions are compared by their trees: brackets, blanks, the order of `&&` and `||` and which side of a comparison
//! stands left make no other condition. Beyond that only what is plainly so is decided: a part more or less, a bound that
//! is wider, a value more or less in a list. It knows no types and no schemas: nothing here is true of some types only.

use super::node::{Each, Kind, Node, Op};
use super::{Expr, Template};
use crate::limits::IMPLIED_STEPS_MAX;

/// How a condition relates to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// They hold of the same.
    Same,
    /// It holds of less.
    Stronger,
    /// It holds of more.
    Weaker,
    /// Nobody can tell.
    Unclear,
}

impl Compared {
    /// Where none stands, everything is fine.
    pub(crate) fn between(old: Option<&Expr>, new: Option<&Expr>) -> Self {
        match (old, new) {
            (None, None) => Self::Same,
            (None, Some(_)) => Self::Stronger,
            (Some(_), None) => Self::Weaker,
            (Some(old), Some(new)) => old.compare(new),
        }
    }
}

impl Expr {
    /// Whether it is the same expression, however it is laid out.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.source == other.source || self.canon() == other.canon()
    }

    /// The expression in one form for all ways to lay it out. For comparing, not for reading.
    pub(crate) fn canon(&self) -> String {
        Form::of(&self.node).text
    }

    /// How the condition `new` relates to this one.
    pub(crate) fn compare(&self, new: &Self) -> Compared {
        let (old, new) = (Form::of(&self.node), Form::of(&new.node));
        let implies = |a: &Form<'_>, b: &Form<'_>| implies(a, b, &mut { IMPLIED_STEPS_MAX });
        match (implies(&new, &old), implies(&old, &new)) {
            (true, true) => Compared::Same,
            (true, false) => Compared::Stronger,
            (false, true) => Compared::Weaker,
            (false, false) => Compared::Unclear,
        }
    }
}

impl Template {
    /// Whether it is the same text with the same holes, however those are laid out.
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.source() == other.source() || self.pieces() == other.pieces()
    }
}

/// A condition as parts that all must hold, parts of which one must, or one part.
struct Form<'n> {
    text: String,
    parts: Parts<'n>,
}

enum Parts<'n> {
    All(Vec<Form<'n>>),
    Any(Vec<Form<'n>>),
    One(&'n Node),
}

impl<'n> Form<'n> {
    fn of(node: &'n Node) -> Self {
        let Kind::Logic { or, .. } = &node.kind else {
            return Self { text: text(node), parts: Parts::One(node) };
        };
        let mut parts = Vec::new();
        gather(node, *or, &mut parts);
        parts.sort_by(|a, b| a.text.cmp(&b.text));
        parts.dedup_by(|a, b| a.text == b.text);
        if parts.len() == 1
            && let Some(only) = parts.pop()
        {
            return only;
        }
        let texts: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        let text = format!("({} {})", if *or { "any" } else { "all" }, texts.join(" "));
        Self { text, parts: if *or { Parts::Any(parts) } else { Parts::All(parts) } }
    }
}

fn gather<'n>(node: &'n Node, wanted: bool, parts: &mut Vec<Form<'n>>) {
    match &node.kind {
        Kind::Logic { or, left, right } if *or == wanted => {
            gather(left, wanted, parts);
            gather(right, wanted, parts);
        }
        _ => parts.push(Form::of(node)),
    }
}

fn text(node: &Node) -> String {
    let list = |nodes: &[Node]| nodes.iter().map(text).collect::<Vec<_>>().join(" ");
    match &node.kind {
        Kind::Literal(value) => value.to_string(),
        Kind::Path { root, fields } => {
            fields.iter().fold(root.to_string(), |path, field| format!("{path}.{}", field.name))
        }
        Kind::Select { of, field } => format!("{}.{}", text(of), field.name),
        Kind::Index { of, at } => format!("{}[{}]", text(of), text(at)),
        Kind::Has { of, field } => format!("(has {}.{})", text(of), field.name),
        Kind::Not(of) => format!("(not {})", text(of)),
        Kind::Negate(of) => format!("(minus {})", text(of)),
        Kind::Logic { .. } => Form::of(node).text,
        Kind::Binary { op, left, right } => {
            let (op, left, right) = upright(*op, text(left), text(right));
            format!("({op:?} {left} {right})")
        }
        Kind::If { condition, then, otherwise } => {
            format!("(if {} {} {})", text(condition), text(then), text(otherwise))
        }
        Kind::List(items) => format!("(list {})", list(items)),
        Kind::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{} {}", text(key), text(value))).collect();
            format!("(map {})", entries.join(" "))
        }
        Kind::Each { what, over, name } => {
            let (what, inner) = match what {
                Each::Exists(of) => ("exists", text(of)),
                Each::All(of) => ("every", text(of)),
                Each::ExistsOne(of) => ("exists-one", text(of)),
                Each::Map { condition, value } => {
                    let condition = condition.as_ref().map_or("true".to_owned(), |condition| text(condition));
                    ("map", format!("{condition} {}", text(value)))
                }
            };
            format!("({what} {} {name} {inner})", text(over))
        }
        Kind::Call { function, args } => format!("({function:?} {})", list(args)),
        Kind::Matches { text: of, pattern, .. } => format!("(matches {} {:?})", text(of), pattern.as_str()),
    }
}

/// A comparison with its sides in the one order.
fn upright<T: Ord>(op: Op, left: T, right: T) -> (Op, T, T) {
    match op {
        Op::Greater => (Op::Less, right, left),
        Op::GreaterOrEqual => (Op::LessOrEqual, right, left),
        Op::Equal | Op::NotEqual if right < left => (op, right, left),
        _ => (op, left, right),
    }
}

/// Whether `b` holds wherever `a` does. `false` where it can't be shown. `a && b` and `a || b` are decided where either side
/// decides them, so that a side that can't be evaluated changes nothing here.
fn implies(a: &Form<'_>, b: &Form<'_>, steps: &mut usize) -> bool {
    let Some(left) = steps.checked_sub(1) else { return false };
    *steps = left;
    if a.text == b.text {
        return true;
    }
    match (&a.parts, &b.parts) {
        (_, Parts::All(parts)) => parts.iter().all(|part| implies(a, part, steps)),
        (Parts::Any(parts), _) => parts.iter().all(|part| implies(part, b, steps)),
        (Parts::All(parts), Parts::Any(others)) => {
            parts.iter().any(|part| implies(part, b, steps))
                || others.iter().any(|other| implies(a, other, steps))
        }
        (Parts::All(parts), Parts::One(_)) => parts.iter().any(|part| implies(part, b, steps)),
        (Parts::One(_), Parts::Any(others)) => others.iter().any(|other| implies(a, other, steps)),
        (Parts::One(a), Parts::One(b)) => within_bounds(a, b) || within_values(a, b),
    }
}

/// What numbers pass: `x <= 200`, `5 < x`, `x == 3`.
struct Bound {
    of: String,
    least: (f64, bool),
    most: (f64, bool),
}

fn bound(node: &Node) -> Option<Bound> {
    let Kind::Binary { op, left, right } = &node.kind else { return None };
    let (op, left, right) = match op {
        Op::Greater => (Op::Less, right, left),
        Op::GreaterOrEqual => (Op::LessOrEqual, right, left),
        op => (*op, left, right),
    };
    let (of, at, is_most) = match (number(left), number(right)) {
        (None, Some(most)) => (left, most, true),
        (Some(least), None) => (right, least, false),
        _ => return None,
    };
    let without = [(f64::NEG_INFINITY, true), (f64::INFINITY, true)];
    let [none_least, none_most] = without;
    let (least, most) = match (op, is_most) {
        (Op::Equal, _) => ((at, true), (at, true)),
        (Op::Less | Op::LessOrEqual, true) => (none_least, (at, op == Op::LessOrEqual)),
        (Op::Less | Op::LessOrEqual, false) => ((at, op == Op::LessOrEqual), none_most),
        _ => return None,
    };
    Some(Bound { of: text(of), least, most })
}

/// A literal that a double holds exactly.
fn number(node: &Node) -> Option<f64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match &node.kind {
        Kind::Literal(value) => value.as_f64().filter(|number| number.abs() <= EXACT),
        Kind::Negate(of) => number(of).map(|number| -number),
        _ => None,
    }
}

fn within_bounds(a: &Node, b: &Node) -> bool {
    let (Some(a), Some(b)) = (bound(a), bound(b)) else { return false };
    let above = a.least.0 > b.least.0 || (a.least.0 == b.least.0 && (b.least.1 || !a.least.1));
    let below = a.most.0 < b.most.0 || (a.most.0 == b.most.0 && (b.most.1 || !a.most.1));
    a.of == b.of && above && below
}

/// What may equal what: `x == 'a'`, `x in ['a', 'b']`.
fn values(node: &Node) -> Option<(String, Vec<String>)> {
    let literal = |node: &Node| matches!(node.kind, Kind::Literal(_)).then(|| text(node));
    let Kind::Binary { op, left, right } = &node.kind else { return None };
    match (op, &right.kind) {
        (Op::In, Kind::List(items)) => {
            Some((text(left), items.iter().map(literal).collect::<Option<Vec<_>>>()?))
        }
        (Op::Equal, _) => match (literal(left), literal(right)) {
            (None, Some(value)) => Some((text(left), vec![value])),
            (Some(value), None) => Some((text(right), vec![value])),
            _ => None,
        },
        _ => None,
    }
}

fn within_values(a: &Node, b: &Node) -> bool {
    let (Some((of, some)), Some((other, all))) = (values(a), values(b)) else { return false };
    of == other && some.iter().all(|value| all.contains(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(old: &str, new: &str) -> Compared {
        Expr::parse(old).unwrap().compare(&Expr::parse(new).unwrap())
    }

    #[test]
    fn what_is_laid_out_anew_is_the_same() {
        for (old, new) in [
            ("args.a <= b.c", "(args.a)<=(b.c)"),
            ("a && b && c", "c && (b && a)"),
            ("a || b", "b || a || b"),
            ("a > b", "b < a"),
            ("a == b", "b == a"),
            ("a <= 200", "a <= 200.0"),
            ("x in ['a', 'b']", "x in ['b', 'a']"),
            ("x.all(y, y > 1 && z)", "x.all(y, z && 1 < y)"),
        ] {
            assert_eq!(compared(old, new), Compared::Same, "{old} / {new}");
            assert_eq!(compared(new, old), Compared::Same, "{new} / {old}");
        }
    }

    #[test]
    fn what_holds_of_less_is_stronger_and_the_other_way_round_weaker() {
        for (weaker, stronger) in [
            ("a", "a && b"),
            ("a || b", "a"),
            ("a || b", "a && c"),
            ("a && (b || c)", "a && b"),
            ("(a && b) || c", "c"),
            ("x <= 300.0", "x <= 200.0"),
            ("x <= 300", "x < 300"),
            ("x > 1", "x > 2"),
            ("x >= 1", "x == 3"),
            ("-5 <= x", "x > -5"),
            ("x in ['a', 'b']", "x == 'a'"),
            ("x in ['a', 'b', 'c']", "x in ['c', 'a']"),
            ("x <= 300 || y", "x <= 200 && z"),
        ] {
            assert_eq!(compared(weaker, stronger), Compared::Stronger, "{weaker} / {stronger}");
            assert_eq!(compared(stronger, weaker), Compared::Weaker, "{stronger} / {weaker}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_unclear() {
        for (old, new) in [
            ("a <= b", "a <= b - 1.0"),
            ("a", "!a"),
            ("x <= 1", "y <= 1"),
            ("x <= 1", "x >= 1"),
            ("x + 'a' == y", "'a' + x == y"),
            ("x < 9007199254740993", "x < 9007199254740995"),
            ("t.contains('a')", "t.contains('ab')"),
            ("x != 'a'", "x == 'b'"),
        ] {
            assert_eq!(compared(old, new), Compared::Unclear, "{old} / {new}");
        }
    }

    #[test]
    fn conditions_without_end_are_unclear_in_bounded_time() {
        let nested = |name: &str| {
            (0..30).fold(format!("{name}0"), |inner, level| match level % 2 {
                0 => format!("({inner} && {name}{level})"),
                _ => format!("({inner} || {name}{level})"),
            })
        };
        assert_eq!(compared(&nested("a"), &nested("b")), Compared::Unclear);
    }

    /// A condition from a few parts, however the numbers fall.
    fn condition(dice: &mut u64, depth: u32) -> String {
        let mut roll = |sides: u64| {
            *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*dice >> 33) % sides
        };
        if depth > 0 && roll(3) > 0 {
            let or = roll(2) == 0;
            let (left, right) = (condition(dice, depth - 1), condition(dice, depth - 1));
            return format!("({left} {} {right})", if or { "||" } else { "&&" });
        }
        let number = ["-1", "0", "1", "1.0", "1.5", "2"][usize::try_from(roll(6)).unwrap()];
        match roll(8) {
            0 => format!("args.x <= {number}"),
            1 => format!("{number} < args.x"),
            2 => format!("args.x >= {number}"),
            3 => format!("args.x == {number}"),
            4 => format!("{number} in [args.x]"),
            5 => format!("args.x in [{number}, 2]"),
            6 => "args.y == 'a'".to_owned(),
            _ => "args.y in ['a', 'b']".to_owned(),
        }
    }

    #[test]
    fn what_is_called_stronger_never_holds_where_the_other_does_not() {
        use crate::Scope;
        use serde_json::json;
        let values = [
            json!(-1),
            json!(0.5),
            json!(1),
            json!(1.0),
            json!(1.5),
            json!(2),
            json!(3),
            json!(null),
            json!("a"),
        ];
        let texts = [json!("a"), json!("b"), json!("c"), json!(1)];
        let mut dice = 7;
        let mut compared = 0;
        for _ in 0..3_000 {
            let [old, new] = [(); 2].map(|()| Expr::parse(&condition(&mut dice, 2)).unwrap());
            let (wide, narrow) = match old.compare(&new) {
                Compared::Stronger => (&old, &new),
                Compared::Weaker => (&new, &old),
                Compared::Same | Compared::Unclear => continue,
            };
            compared += 1;
            for (x, y) in values.iter().flat_map(|x| texts.iter().map(move |y| (x, y))) {
                for args in [json!({ "x": x, "y": y }), json!({ "x": x }), json!({ "y": y })] {
                    let scope = Scope::default().with("args", &args);
                    let holds = |expr: &Expr| expr.holds(&scope).unwrap_or(false);
                    assert!(!holds(narrow) || holds(wide), "{narrow} / {wide} of {args}");
                }
            }
        }
        assert!(compared > 300, "only {compared} were told apart");
    }
}
