//! What stands between two values: which kinds go together, and what can never be equal.

use serde_json::{Value, json};

use super::super::node::{Kind, Node, Op};
use super::Problem;
use super::infer::{Special, Type, Walk, shown};
use super::view::{self, Kinds};
use crate::loader::listed;
use crate::{code, suggest};

/// A number; a whole one where that is sure.
pub(super) fn number<'s>(whole: bool) -> Type<'s> {
    Type::made(json!({ "type": if whole { "integer" } else { "number" } }))
}

impl<'s> Walk<'s> {
    pub(super) fn binary(&mut self, op: Op, left: &Node, right: &Node) -> Type<'s> {
        match op {
            Op::Equal | Op::NotEqual => self.equal(op, left, right),
            Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => self.order(left, right),
            Op::In => self.within(left, right),
            Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Modulo => self.compute(op, left, right),
        }
    }

    /// Says that the two don't go together.
    fn mixed(&mut self, at: &Node, message: String, left: &Type<'s>, right: &Type<'s>) {
        let mut problem = Problem::new(code::MIXED, at.at.range(), message);
        let kinds = [left.kinds(), right.kinds()].map(|kinds| kinds.without(Kinds::NULL));
        if kinds.contains(&Kinds::TEXT) && kinds.contains(&Kinds::NUMBER) {
            problem =
                problem.help("`string(…)` writes a number as text, `double(…)` reads a text as a number");
        } else if left.special.is_some() != right.special.is_some() {
            let special = left.special.or(right.special);
            problem = problem.help(match special {
                Some(Special::Money) => "read both as money: `money(…)`",
                Some(Special::Time) => "read both as times: `timestamp(…)`",
                _ => "read both as durations: `duration(…)`",
            });
        }
        self.report(problem);
    }

    /// Whether the two are surely of kinds that have nothing in common.
    fn apart(left: &Type<'s>, right: &Type<'s>) -> bool {
        if left.special.is_some() || right.special.is_some() {
            // Beside an open type nobody can tell.
            let open = |side: &Type<'s>| side.special.is_none() && !side.kinds().known();
            return left.special != right.special && !open(left) && !open(right);
        }
        let (first, second) = (left.kinds(), right.kinds());
        first.known() && second.known() && !first.meets(second)
    }

    fn equal(&mut self, op: Op, left: &Node, right: &Node) -> Type<'s> {
        let told = self.problems.len();
        let (first, second) = (self.value(left), self.value(right));
        if self.problems.len() > told {
            return Type::boolean();
        }
        let whole = Node { kind: Kind::Literal(Value::Null), at: left.at.to(right.at.end) };
        let never = if op == Op::Equal { "never" } else { "always" };
        let is_null = |side: &Type<'s>| side.special.is_none() && side.kinds() == Kinds::NULL;
        if Self::apart(&first, &second) {
            let null = is_null(&first) || is_null(&second);
            if null {
                let (node, verb) = (
                    if is_null(&first) { right } else { left },
                    if op == Op::Equal { "false" } else { "true" },
                );
                let message = format!("{} is never null, so that this is always {verb}", shown(node));
                let problem = Problem::new(code::CONSTANT, whole.at.range(), message);
                self.report(
                    Problem { warning: true, ..problem }
                        .help("leave the comparison out, or let the type be `T?`"),
                );
            } else {
                let message = format!(
                    "{} is {} and {} is {}: they are {never} {}",
                    shown(left),
                    first.words(),
                    shown(right),
                    second.words(),
                    if op == Op::Equal { "equal" } else { "different" },
                );
                self.mixed(&whole, message, &first, &second);
            }
        } else if first.special.is_none() && second.special.is_none() {
            self.closed_lists(left, &first, right, &second);
        }
        Type::boolean()
    }

    /// Whether two closed lists of values have one in common; what is wrong is pointed out where it is written.
    fn closed_lists(&mut self, left: &Node, first: &Type<'s>, right: &Node, second: &Type<'s>) {
        let (Some(ours), Some(theirs)) = (view::literals(&first.schema), view::literals(&second.schema))
        else {
            return;
        };
        let literal = |node: &Node| matches!(node.kind, Kind::Literal(_));
        if ours.iter().any(|value| theirs.contains(value))
            || literal(left) && literal(right)
            || ours.is_empty()
            || theirs.is_empty()
        {
            return;
        }
        let numbers = |values: &[&Value]| values.iter().any(|value| value.is_number());
        if numbers(&ours) && numbers(&theirs) {
            // 1 and 1.0 are one number.
            return;
        }
        let (at, wrong, path, values) =
            if literal(left) { (left, &ours, right, &theirs) } else { (right, &theirs, left, &ours) };
        let words = |values: &[&Value]| values.iter().map(|value| plain(value)).collect::<Vec<_>>();
        let values = words(values);
        let never = words(wrong).join("`, `");
        let message = format!("{} is never `{never}`", shown(path));
        let mut problem = Problem::new(code::NEVER, at.at.range(), message);
        if let ([Value::String(wrong)], true) = (wrong.as_slice(), literal(at)) {
            let meant = suggest(wrong, values.iter().map(String::as_str)).or_else(|| begun(wrong, &values));
            if let Some(meant) = meant {
                problem = problem.help(format!("did you mean '{meant}'?"));
            }
        }
        let known = listed(values.iter().map(String::as_str));
        self.report(problem.help(format!("{} is one of {known}", shown(path))));
    }

    fn order(&mut self, left: &Node, right: &Node) -> Type<'s> {
        let (first, second) = (self.value(left), self.value(right));
        let ordered = Kinds::TEXT.or(Kinds::NUMBER).or(Kinds::BOOL);
        let wants = "only texts, numbers and booleans have an order";
        let special = first.special.is_some() || second.special.is_some();
        let good =
            special || self.fits(left, &first, ordered, wants) && self.fits(right, &second, ordered, wants);
        if good && Self::apart(&first, &second) {
            let message = format!(
                "{} is {} and {} is {}: they have no order between them",
                shown(left),
                first.words(),
                shown(right),
                second.words(),
            );
            let whole = Node { kind: Kind::Literal(Value::Null), at: left.at.to(right.at.end) };
            self.mixed(&whole, message, &first, &second);
        }
        Type::boolean()
    }

    fn within(&mut self, left: &Node, right: &Node) -> Type<'s> {
        let item = self.value(left);
        if let Kind::List(written) = &right.kind {
            for other in written {
                let one = self.value(other);
                self.alike(left, &item, other, &one);
            }
            return Type::boolean();
        }
        let told = self.problems.len();
        let list =
            self.operand(right, Kinds::LIST.or(Kinds::MAP), "`in` looks into a list or an object's names");
        let kinds = list.kinds();
        let boolean = Type::boolean();
        if !kinds.known() || list.special.is_some() || self.problems.len() > told {
            return boolean;
        }
        if !kinds.meets(Kinds::LIST) {
            self.fits(left, &item, Kinds::TEXT, "an object's names are texts");
            return boolean;
        }
        if kinds.meets(Kinds::MAP) {
            return boolean;
        }
        let one = Type::of(list.part(|schema| view::item(schema, None)));
        if *one.schema != Value::Bool(false) {
            self.alike(left, &item, left, &one);
        }
        boolean
    }

    /// Whether an item could be the one that is looked for; told at `at`.
    fn alike(&mut self, left: &Node, item: &Type<'s>, at: &Node, one: &Type<'s>) {
        if Self::apart(item, one) {
            let message = if std::ptr::eq(left, at) {
                format!("{} is {}, and the list holds {}", shown(left), item.words(), one.words())
            } else {
                format!("{} is {}, and this is {}", shown(left), item.words(), one.words())
            };
            self.mixed(at, message, item, one);
        } else if item.special.is_none() && one.special.is_none() {
            self.closed_lists(left, item, at, one);
        }
    }

    fn compute(&mut self, op: Op, left: &Node, right: &Node) -> Type<'s> {
        let (first, second) = (self.value(left), self.value(right));
        if first.special.is_some() || second.special.is_some() {
            return self.compute_special(op, left, &first, right, &second);
        }
        let (wanted, wants) = match op {
            Op::Add => (Kinds::NUMBER.or(Kinds::TEXT).or(Kinds::LIST), "`+` adds numbers, texts or lists"),
            Op::Subtract => (Kinds::NUMBER, "`-` wants numbers"),
            Op::Multiply => (Kinds::NUMBER, "`*` wants numbers"),
            Op::Divide => (Kinds::NUMBER, "`/` wants numbers"),
            _ => (Kinds::NUMBER, "`%` wants numbers"),
        };
        let good = self.fits(left, &first, wanted, wants) & self.fits(right, &second, wanted, wants);
        let one_kind = first.kinds().and(second.kinds()).without(Kinds::NULL);
        if good && Self::apart(&first, &second) {
            let message = format!(
                "{} is {} and {} is {}: they can't be added",
                shown(left),
                first.words(),
                shown(right),
                second.words(),
            );
            let whole = Node { kind: Kind::Literal(Value::Null), at: left.at.to(right.at.end) };
            self.mixed(&whole, message, &first, &second);
            return Type::unknown();
        }
        let both = one_kind.and(wanted);
        if both == Kinds::NUMBER {
            let whole = view::whole(&first.schema) && view::whole(&second.schema);
            return number(whole && op != Op::Divide);
        }
        if both == Kinds::TEXT {
            return Type::made(json!({ "type": "string" }));
        }
        if both == Kinds::LIST {
            let item = |list: &Type<'s>| list.part(|schema| view::item(schema, None));
            let (one, other) = (self.keep(item(&first)), self.keep(item(&second)));
            let items = view::union(one, other);
            return Type::made(json!({ "type": "array", "items": items }));
        }
        Type::unknown()
    }

    /// Money with money; times and durations as the calendar has them.
    fn compute_special(
        &mut self,
        op: Op,
        left: &Node,
        first: &Type<'s>,
        right: &Node,
        second: &Type<'s>,
    ) -> Type<'s> {
        use Special::{Duration, Money, Time};
        let open = |side: &Type<'s>| side.special.is_none() && !side.kinds().known();
        if open(first) || open(second) {
            return Type::unknown();
        }
        let result = match (op, first.special, second.special) {
            (Op::Add | Op::Subtract, Some(Money), Some(Money)) => Money,
            (Op::Add | Op::Subtract, Some(Duration), Some(Duration)) => Duration,
            (Op::Add | Op::Subtract, Some(Time), Some(Duration)) | (Op::Add, Some(Duration), Some(Time)) => {
                Time
            }
            (Op::Subtract, Some(Time), Some(Time)) => Duration,
            _ => {
                let message = format!(
                    "{} is {} and {} is {}: they can't be computed together",
                    shown(left),
                    first.words(),
                    shown(right),
                    second.words(),
                );
                let whole = Node { kind: Kind::Literal(Value::Null), at: left.at.to(right.at.end) };
                self.mixed(&whole, message, first, second);
                return Type::unknown();
            }
        };
        Type::special(result)
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `refund` for `refunded`: the beginning of the one word that begins so.
fn begun<'v>(wrong: &str, values: &'v [String]) -> Option<&'v str> {
    let wrong = wrong.to_lowercase();
    let mut fitting =
        values.iter().filter(|value| value.to_lowercase().starts_with(&wrong) && !wrong.is_empty());
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}
