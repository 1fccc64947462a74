//! The law of types, tried on random schemas, values and expressions: what evaluates fits the type that was inferred, and
//! where nothing was reported nothing is absent and nothing is of the wrong kind.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::{Wanted, check};
use crate::reads::{Reads, Shape, place};
use crate::{Expr, Schema, Scope};

/// A type that is known through and through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Whole,
    Number,
    Text,
    Word,
    Texts,
    Numbers,
    Rows,
    Cost,
    Time,
}

const KINDS: [Kind; 10] = [
    Kind::Bool,
    Kind::Whole,
    Kind::Number,
    Kind::Text,
    Kind::Word,
    Kind::Texts,
    Kind::Numbers,
    Kind::Rows,
    Kind::Cost,
    Kind::Time,
];

/// A path, what it leads to, and what has to be asked first.
#[derive(Clone, Debug)]
struct Way {
    path: String,
    kind: Kind,
    optional: bool,
    nullable: bool,
}

/// Draws from what proptest gives, so that a failure shrinks.
struct Draw<'d> {
    left: &'d [u16],
    ways: Vec<Way>,
    names: usize,
    sober: usize,
}

impl Draw<'_> {
    fn below(&mut self, bound: usize) -> usize {
        let Some((first, rest)) = self.left.split_first() else { return 0 };
        self.left = rest;
        usize::from(*first) % bound
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) >= 100 - percent
    }

    fn schema(&mut self, kind: Kind, path: &str) -> (Value, Value) {
        let (schema, value) = match kind {
            Kind::Bool => (json!({ "type": "boolean" }), json!(self.chance(50))),
            Kind::Whole => (
                json!({ "type": "integer" }),
                [json!(3), json!(-2), json!(0), json!(4.0)][self.below(4)].clone(),
            ),
            Kind::Number => {
                (json!({ "type": "number" }), [json!(2.5), json!(7), json!(-0.5)][self.below(3)].clone())
            }
            Kind::Text => (json!({ "type": "string" }), json!(["", "abc", "ö z", "12"][self.below(4)])),
            Kind::Word => (json!({ "enum": ["open", "shipped"] }), json!(["open", "shipped"][self.below(2)])),
            Kind::Cost => (
                json!({ "type": "string", "pattern": "^[0-9]+(\\.[0-9]{1,9})? [A-Z]{3}$" }),
                json!(["1 USD", "0.50 USD", "2.5 USD"][self.below(3)]),
            ),
            Kind::Time => (
                json!({ "type": "string", "format": "date-time" }),
                json!(["2026-11-21T09:00:00Z", "2020-01-01T00:00:00+02:00"][self.below(2)]),
            ),
            Kind::Texts | Kind::Numbers | Kind::Rows => {
                let (mut items, mut schema) = (Vec::new(), None);
                for _ in 0..1 + self.below(3) {
                    let (item, value) = match kind {
                        Kind::Texts => self.schema(Kind::Text, ""),
                        Kind::Numbers => self.schema(Kind::Number, ""),
                        _ => self.row(),
                    };
                    schema = Some(item);
                    items.push(value);
                }
                items.truncate(self.below(4));
                (json!({ "type": "array", "items": schema }), json!(items))
            }
        };
        if path.is_empty() {
            return (schema, value);
        }
        let (optional, nullable) = (self.chance(40), self.chance(20));
        self.ways.push(Way { path: path.to_owned(), kind, optional, nullable });
        let schema = if nullable { json!({ "anyOf": [schema, { "type": "null" }] }) } else { schema };
        let value = if nullable && self.chance(50) { Value::Null } else { value };
        (schema, value)
    }

    /// A row of a list of objects: all have one schema.
    fn row(&mut self) -> (Value, Value) {
        let schema = json!({ "type": "object", "additionalProperties": false, "required": ["id", "n"], "properties": {
            "id": { "type": "string" }, "n": { "type": "integer" }, "note": { "type": "string" },
            "price": { "anyOf": [{ "type": "number" }, { "type": "null" }] } } });
        let id = ["a", "b"][self.below(2)];
        let mut value = json!({ "id": id, "n": self.below(5) });
        if self.chance(50) {
            value["note"] = json!("n");
        }
        if self.chance(60) {
            value["price"] = if self.chance(50) { Value::Null } else { json!(1.5) };
        }
        (schema, value)
    }

    fn object(&mut self, path: &str, deeper: bool) -> (Value, Value) {
        let (mut properties, mut required, mut value) = (Map::new(), Vec::new(), Map::new());
        for place in 0..2 + self.below(5) {
            let (name, kind) = (format!("f{place}"), KINDS[self.below(KINDS.len())]);
            let inner = format!("{path}.{name}");
            let (schema, one) = self.schema(kind, &inner);
            let optional = self.ways.last().is_some_and(|way| way.optional);
            if !optional {
                required.push(name.clone());
            }
            if !optional || self.chance(60) {
                value.insert(name.clone(), one);
            }
            properties.insert(name, schema);
        }
        if deeper {
            let before = self.ways.len();
            let (schema, one) = self.object(&format!("{path}.o"), false);
            let optional = self.chance(50);
            self.ways[before..].iter_mut().for_each(|way| way.optional |= optional);
            if !optional {
                required.push("o".to_owned());
            }
            if !optional || self.chance(60) {
                value.insert("o".to_owned(), one);
            }
            properties.insert("o".to_owned(), schema);
        }
        let schema = json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
        (schema, Value::Object(value))
    }

    fn literal(&mut self, kind: Kind) -> String {
        let all: &[&str] = match kind {
            Kind::Bool => &["true", "false"],
            Kind::Whole => &["1", "-3", "0", "2"],
            Kind::Number => &["1.5", "2.0", "-0.25"],
            Kind::Text => &["'a'", "''", "'ö'"],
            Kind::Word => &["'open'", "'shipped'", "'lost'"],
            Kind::Texts => &["['a', 'b']", "['x']"],
            Kind::Numbers => &["[1, 2.5]", "[0]", "[]"],
            Kind::Rows => &["[{'id': 'a', 'n': 1, 'note': 'x', 'price': 2.0}]"],
            Kind::Cost => &["money('1.25 USD')", "money('0 USD')"],
            Kind::Time => &["timestamp('2026-01-01T00:00:00Z')"],
        };
        let place = self.below(all.len());
        all[place].to_owned()
    }

    fn path(&mut self, kind: Kind) -> String {
        let fitting: Vec<Way> = self.ways.iter().filter(|way| way.kind == kind).cloned().collect();
        if fitting.is_empty() {
            return self.literal(kind);
        }
        let way = fitting[self.below(fitting.len())].clone();
        let read = match kind {
            Kind::Cost => format!("money({})", way.path),
            Kind::Time => format!("timestamp({})", way.path),
            _ => way.path.clone(),
        };
        let (optional, nullable) = (format!("has({})", way.path), format!("{} != null", way.path));
        let asked = match (way.optional, way.nullable) {
            (false, false) => return read,
            (true, false) => optional,
            (false, true) => nullable,
            (true, true) => format!("{optional} && {nullable}"),
        };
        if self.chance(15) {
            return read;
        }
        let other = self.literal(kind);
        if kind == Kind::Bool && self.chance(50) {
            return [format!("({asked} && {read})"), format!("(!({asked}) || {read})")][self.below(2)]
                .clone();
        }
        format!("({asked} ? {read} : {other})")
    }

    /// An expression of this kind, mostly.
    fn expr(&mut self, kind: Kind, depth: usize) -> String {
        // A list of several kinds is typed as such, and what an item turns out to be is only known when it is read.
        let list = matches!(kind, Kind::Texts | Kind::Numbers | Kind::Rows);
        let kind =
            if self.sober == 0 && !list && self.chance(4) { KINDS[self.below(KINDS.len())] } else { kind };
        if depth == 0 || self.chance(20) {
            return if self.chance(70) { self.path(kind) } else { self.literal(kind) };
        }
        let next = depth - 1;
        if self.chance(10) {
            let condition = self.expr(Kind::Bool, next);
            return format!("({condition} ? {} : {})", self.expr(kind, next), self.expr(kind, next));
        }
        match kind {
            Kind::Bool => self.condition(next),
            Kind::Whole => match self.below(5) {
                0 => format!("({} + {})", self.expr(kind, next), self.expr(kind, next)),
                1 => format!("({} * {})", self.expr(kind, next), self.expr(kind, next)),
                2 => format!("size({})", self.expr(Kind::Texts, next)),
                3 => format!("int({})", self.expr(Kind::Number, next)),
                _ => format!("-{}", self.expr(kind, next)),
            },
            Kind::Number => match self.below(5) {
                0 => format!("({} - {})", self.expr(kind, next), self.expr(Kind::Whole, next)),
                1 => format!("({} / {})", self.expr(kind, next), self.expr(kind, next)),
                2 => format!("sum({})", self.expr(Kind::Numbers, next)),
                3 => format!("round({}, 1)", self.expr(kind, next)),
                _ => format!("{}[{}]", self.expr(Kind::Numbers, next), self.expr(Kind::Whole, 0)),
            },
            Kind::Text => match self.below(5) {
                0 => format!("({} + {})", self.expr(kind, next), self.expr(kind, next)),
                1 => format!("lower({})", self.expr(kind, next)),
                2 => format!("string({})", self.expr(Kind::Number, next)),
                3 => format!("join({}, '-')", self.expr(Kind::Texts, next)),
                _ => format!("json({})", self.expr(Kind::Rows, next)),
            },
            Kind::Texts | Kind::Numbers | Kind::Rows => self.list(kind, next),
            Kind::Cost if self.chance(50) => {
                format!("({} {} {})", self.expr(kind, next), ["+", "-"][self.below(2)], self.expr(kind, next))
            }
            Kind::Time if self.chance(50) => format!("({} + duration('1h'))", self.expr(kind, next)),
            Kind::Word | Kind::Cost | Kind::Time => self.path(kind),
        }
    }

    fn condition(&mut self, next: usize) -> String {
        const NUMBERS: [&str; 6] = ["<", "<=", ">", ">=", "==", "!="];
        match self.below(9) {
            0 => format!("({} && {})", self.expr(Kind::Bool, next), self.expr(Kind::Bool, next)),
            1 => format!("({} || {})", self.expr(Kind::Bool, next), self.expr(Kind::Bool, next)),
            2 => format!("!{}", self.expr(Kind::Bool, next)),
            3 => {
                let kind = [Kind::Number, Kind::Text, Kind::Cost, Kind::Time][self.below(4)];
                format!("({} {} {})", self.expr(kind, next), NUMBERS[self.below(6)], self.expr(kind, next))
            }
            4 => format!("({} == {})", self.path(Kind::Word), self.literal(Kind::Word)),
            5 => format!("({} in {})", self.expr(Kind::Text, next), self.expr(Kind::Texts, next)),
            6 => format!("{}.contains({})", self.expr(Kind::Text, next), self.expr(Kind::Text, 0)),
            7 => self.with_item(next, |draw, item| {
                let call = ["exists", "all", "exists_one"][draw.below(3)];
                (call.to_owned(), draw.item_condition(item, next))
            }),
            _ => format!("near({}, {})", self.expr(Kind::Number, next), self.expr(Kind::Whole, next)),
        }
    }

    fn with_item(&mut self, next: usize, body: impl Fn(&mut Self, &str) -> (String, String)) -> String {
        let list = self.expr(Kind::Rows, next);
        self.names += 1;
        let item = format!("x{}", self.names);
        let (call, body) = body(self, &item);
        format!("{list}.{call}({item}, {body})")
    }

    fn item_condition(&mut self, item: &str, next: usize) -> String {
        match self.below(6) {
            0 => format!("{item}.n > {}", self.expr(Kind::Whole, next.min(1))),
            1 => format!("has({item}.note) && {item}.note.contains('n')"),
            2 => format!("has({item}.price) && {item}.price != null && {item}.price > 1"),
            3 => format!("has({item}.price) && {item}.price > 1"),
            4 => format!("{item}.note != ''"),
            _ => format!("{item}.id == {}", self.expr(Kind::Text, next.min(1))),
        }
    }

    fn list(&mut self, kind: Kind, next: usize) -> String {
        match (kind, self.below(6)) {
            (_, 0) => format!("({} + {})", self.expr(kind, next), self.expr(kind, next)),
            (Kind::Rows, 1 | 2) => {
                self.with_item(next, |draw, item| ("filter".to_owned(), draw.item_condition(item, next)))
            }
            (Kind::Texts, 1) => self.with_item(next, |_, item| ("map".to_owned(), format!("{item}.id"))),
            (Kind::Texts, 2) => {
                let rows = self.with_item(next, |_, item| ("filter".to_owned(), format!("has({item}.note)")));
                format!("{rows}.map(y{}, y{}.note)", self.names, self.names)
            }
            (Kind::Numbers, 1) => self.with_item(next, |_, item| ("map".to_owned(), format!("{item}.n"))),
            (Kind::Rows, _) => format!("unique({})", self.expr(kind, next)),
            (_, 3) => format!("sorted({})", self.expr(kind, next)),
            (_, 4) => {
                self.sober += 1;
                let flat = format!("flatten([{}, {}])", self.expr(kind, next), self.expr(kind, next));
                self.sober -= 1;
                flat
            }
            _ => {
                self.sober += 1;
                let item = if kind == Kind::Texts { Kind::Text } else { Kind::Number };
                let list = format!("[{}, {}]", self.expr(item, next), self.expr(item, next));
                self.sober -= 1;
                list
            }
        }
    }
}

/// Errors that no type can rule out: they are about the values.
fn of_values(reason: &str) -> bool {
    const OF_VALUES: [&str; 6] =
        ["by zero", "out of range", "[", "can't read this text", "more steps", "wants a distance"];
    OF_VALUES.iter().any(|part| reason.contains(part))
}

#[derive(Default, Debug)]
struct Tally {
    refused_by_guard: u32,
    with_problems: u32,
    values: u32,
    absent: u32,
    errors_of_values: u32,
}

fn tried(entropy: &[u16], tally: &mut Tally) -> Result<(), TestCaseError> {
    let mut draw = Draw { left: entropy, ways: Vec::new(), names: 0, sober: 0 };
    let (schema, args) = draw.object("args", true);
    let compiled = Schema::compile(schema).unwrap();
    prop_assert!(compiled.fits(&args), "the test's own value doesn't fit: {args}");
    let reads = Reads::new(place::REQUIRES, &Shape::unknown()).with("args", &Shape::Schema(compiled.clone()));
    for _ in 0..4 {
        let kind = KINDS[draw.below(KINDS.len())];
        let source = if draw.chance(10) { draw.ways[0].path.clone() } else { draw.expr(kind, 3) };
        let Ok(expr) = Expr::parse(&source) else {
            tally.refused_by_guard += 1;
            continue;
        };
        let checked = check(&expr, &reads, Wanted::Value);
        for problem in &checked.problems {
            prop_assert!(
                source.get(problem.range.clone()).is_some_and(|at| !at.is_empty()),
                "{source}: {problem:?}"
            );
        }
        if checked.problems.iter().any(|problem| !problem.warning) {
            tally.with_problems += 1;
            continue;
        }
        match expr.eval(&Scope::default().with("args", &args)) {
            Ok(Some(value)) => {
                tally.values += 1;
                let typed = Schema::compile(checked.schema.clone()).unwrap();
                prop_assert!(
                    typed.fits(&value),
                    "{source}\ngives {value}\nand is typed {}\nargs {args}",
                    checked.schema
                );
            }
            Ok(None) => {
                tally.absent += 1;
                prop_assert!(checked.absent, "{source}\nis absent and was typed as never so\nargs {args}");
            }
            Err(error) => {
                tally.errors_of_values += 1;
                prop_assert!(
                    of_values(&error.reason),
                    "{source}\n{}\nargs {args}\nof {}",
                    error.reason,
                    compiled.json()
                );
            }
        }
    }
    Ok(())
}

#[test]
fn what_evaluates_fits_its_type_and_what_is_typed_evaluates() {
    let tally = std::cell::RefCell::new(Tally::default());
    let mut runner = TestRunner::new(Config { cases: 3_000, failure_persistence: None, ..Config::default() });
    let entropy = prop::collection::vec(any::<u16>(), 40..400);
    runner.run(&entropy, |entropy| tried(&entropy, &mut tally.borrow_mut())).unwrap();
    let tally = tally.into_inner();
    // The law says nothing where it is never tried.
    assert!(tally.values > 3_000 && tally.with_problems > 300 && tally.absent > 5, "{tally:?}");
}

proptest! {
    #![proptest_config(Config { cases: 2_000, failure_persistence: None, ..Config::default() })]

    /// Whatever parses is typed, at places within its text, in steps that its length bounds.
    #[test]
    fn typing_never_panics_whatever_the_text_is(
        parts in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..60),
    ) {
        let source = parts.concat();
        if let Ok(expr) = Expr::parse(&source) {
            let schema = json!({ "type": "object", "properties": {
                "a": { "type": "string" }, "l": { "type": "array", "items": { "type": ["integer", "null"] } },
                "o": { "anyOf": [{ "type": "object", "properties": { "a": {} } }, { "type": "null" }] } } });
            let reads = Reads::new(place::ENSURES, &Shape::unknown()).with("args", &schema.into());
            for wanted in [Wanted::Condition, Wanted::Value, Wanted::Hole] {
                for problem in check(&expr, &reads, wanted).problems {
                    prop_assert!(source.get(problem.range.clone()).is_some_and(|at| !at.is_empty()), "{source}");
                }
            }
        }
    }
}

const PIECES: &[&str] = &[
    "args.a",
    "args.l",
    "args.o",
    "args",
    ".a",
    ".b",
    "[0]",
    "['a']",
    "[-1]",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "'a'",
    "\"é→\"",
    "r'\\'",
    "1",
    "2.5",
    "0x1f",
    "1u",
    "-",
    "!",
    "!!",
    " + ",
    " * ",
    " == ",
    " != ",
    " < ",
    " && ",
    " || ",
    " ? ",
    " : ",
    ", ",
    " in ",
    "has(args.a)",
    "has(args.o.a)",
    ".map(x, x)",
    ".filter(x, x == 1)",
    ".exists(y, y",
    "x",
    "null",
    "true",
    "size(",
    "sum(",
    "zip(",
    "pick(args, ['a'])",
    "money('1 USD')",
    "duration('1h')",
    "args.`a`",
    "// no\n",
    "\n",
    "🙂",
    "''",
    "1e9",
];
