//! The walk: each node's type from its parts' types, with what the conditions around it have proved.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::super::limits::TYPE_PARTS_MAX;
use super::super::node::{Each, Kind, Node};
use super::super::tokens::Span;
use super::known::{Fact, key, proves};
use super::view::{self, Kinds};
use super::{Checked, Problem, Wanted};
use crate::code;
use crate::reads::Reads;

/// Values that are no JSON while they are computed; they turn into texts where they are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    Money,
    Time,
    Duration,
}

/// What is known of a node's value.
#[derive(Clone, Debug)]
pub(super) struct Type<'s> {
    pub(super) schema: Cow<'s, Value>,
    pub(super) special: Option<Special>,
    /// Why there may be no value.
    pub(super) missing: Option<Missing>,
}

/// Why a path may lead to nothing.
#[derive(Clone, Debug)]
pub(super) struct Missing {
    pub(super) message: String,
    pub(super) help: String,
    pub(super) at: Span,
    /// Whether an expression that reads it has to ask first.
    pub(super) guarded: bool,
}

impl<'s> Type<'s> {
    pub(super) fn of(schema: Cow<'s, Value>) -> Self {
        Self { schema, special: None, missing: None }
    }

    pub(super) fn made(schema: Value) -> Self {
        Self::of(Cow::Owned(schema))
    }

    pub(super) fn unknown() -> Self {
        Self::made(json!({}))
    }

    pub(super) fn boolean() -> Self {
        Self::made(json!({ "type": "boolean" }))
    }

    pub(super) fn special(special: Special) -> Self {
        let schema = match special {
            Special::Money => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,9})? [A-Z]{3}$" }),
            Special::Time => json!({ "type": "string", "format": "date-time" }),
            Special::Duration => json!({ "type": "string" }),
        };
        Self { schema: Cow::Owned(schema), special: Some(special), missing: None }
    }

    /// The kinds that it may be of. What is no JSON is of none of them.
    pub(super) fn kinds(&self) -> Kinds {
        if self.special.is_some() { Kinds::NONE } else { view::kinds(&self.schema) }
    }

    /// For people.
    pub(super) fn words(&self) -> String {
        match self.special {
            Some(Special::Money) => "an amount of money".to_owned(),
            Some(Special::Time) => "a time".to_owned(),
            Some(Special::Duration) => "a duration".to_owned(),
            None => self.kinds().words(),
        }
    }

    /// What a part of the schema says, for as long as the schema itself is kept.
    pub(super) fn part(&self, part: impl for<'a> Fn(&'a Value) -> Cow<'a, Value>) -> Cow<'s, Value> {
        match &self.schema {
            Cow::Borrowed(schema) => part(schema),
            Cow::Owned(schema) => Cow::Owned(part(schema).into_owned()),
        }
    }
}

/// A macro's name for the item at hand.
pub(super) struct Local<'s> {
    pub(super) name: String,
    pub(super) item: Type<'s>,
}

pub(super) struct Walk<'s> {
    pub(super) reads: &'s Reads,
    pub(super) locals: Vec<Local<'s>>,
    known: Vec<Fact>,
    pub(super) problems: Vec<Problem>,
    /// The parts of schemas that were copied into others.
    kept: usize,
}

pub(super) fn check(node: &Node, reads: &Reads, wanted: Wanted) -> Checked {
    let mut walk =
        Walk { reads, locals: Vec::new(), known: reads.facts().to_vec(), problems: Vec::new(), kept: 0 };
    let found = match wanted {
        Wanted::Condition => walk.condition_of(node),
        Wanted::Value if node.is_path() => walk.infer(node),
        Wanted::Value => walk.value(node),
        Wanted::Hole => {
            let found = walk.value(node);
            if found.kinds().known() && found.kinds().meets(Kinds::NULL) {
                walk.nullable(node, "a hole is filled with a value");
            }
            found
        }
    };
    let copied = walk.kept.saturating_add(view::parts(&found.schema, TYPE_PARTS_MAX));
    let (schema, absent) = (found.schema.into_owned(), found.missing.is_some());
    Checked { schema, absent, problems: walk.problems, copied }
}

impl<'s> Walk<'s> {
    pub(super) fn report(&mut self, problem: Problem) {
        if !self.problems.iter().any(|known| known.range == problem.range && known.message == problem.message)
        {
            self.problems.push(problem);
        }
    }

    /// The schema, as a part of another one; anything, past what one expression may copy.
    pub(super) fn keep(&mut self, schema: Cow<'s, Value>) -> Cow<'s, Value> {
        self.kept = self.kept.saturating_add(view::parts(&schema, TYPE_PARTS_MAX));
        if self.kept > TYPE_PARTS_MAX { Cow::Owned(json!({})) } else { schema }
    }

    /// The whole condition of a clause.
    fn condition_of(&mut self, node: &Node) -> Type<'s> {
        let before = self.problems.len();
        let found = self.value(node);
        let kinds = found.kinds();
        if found.special.is_some() || kinds.known() && !kinds.meets(Kinds::BOOL) {
            if self.problems.len() == before {
                let message = format!("a condition is true or false, and this is {}", found.words());
                let problem = Problem::new(code::NO_CONDITION, node.at.range(), message);
                self.report(problem.help(compare_help(kinds)));
            }
        } else if kinds.known() && kinds.meets(Kinds::NULL) {
            self.nullable(node, "a condition is true or false");
        } else if let (Some([only]), false) =
            (view::literals(&found.schema).as_deref(), matches!(node.kind, Kind::Literal(_)))
        {
            let message = format!("by its type this is always {only}, so that it decides nothing");
            let problem = Problem::new(code::CONSTANT, node.at.range(), message);
            self.report(problem.help("compare what can differ, or take the clause out"));
        }
        found
    }

    /// The type of a part whose value has to be there.
    pub(super) fn value(&mut self, node: &Node) -> Type<'s> {
        let found = self.infer(node);
        if let Some(missing) = found.missing.as_ref().filter(|missing| missing.guarded) {
            let problem = Problem::new(code::UNGUARDED, missing.at.range(), missing.message.clone());
            self.report(problem.help(missing.help.clone()));
        }
        Type { missing: None, ..found }
    }

    /// The type of a part that has to be of these kinds; `wants` says so, as in "`+` wants two texts".
    pub(super) fn operand(&mut self, node: &Node, wanted: Kinds, wants: &str) -> Type<'s> {
        let found = self.value(node);
        self.fits(node, &found, wanted, wants);
        found
    }

    /// Whether it reported nothing.
    pub(super) fn fits(&mut self, node: &Node, found: &Type<'s>, wanted: Kinds, wants: &str) -> bool {
        let kinds = found.kinds();
        if found.special.is_some() || kinds.known() && !kinds.meets(wanted) {
            let message = format!("{wants}, and {} is {}", shown(node), found.words());
            let mut problem = Problem::new(code::MIXED, node.at.range(), message);
            if kinds == Kinds::NUMBER && wanted == Kinds::TEXT {
                problem = problem.help("write a number as text with `string(…)`");
            } else if kinds == Kinds::TEXT && wanted == Kinds::NUMBER {
                problem = problem.help("read a text as a number with `double(…)` or `int(…)`");
            }
            self.report(problem);
            return false;
        }
        if kinds.known() && kinds.meets(Kinds::NULL) && !wanted.meets(Kinds::NULL) {
            self.nullable(node, wants);
            return false;
        }
        true
    }

    pub(super) fn nullable(&mut self, node: &Node, wants: &str) {
        let message = format!("{wants}, and {} may be null", shown(node));
        let problem = Problem::new(code::UNGUARDED, node.at.range(), message);
        self.report(match key(node) {
            Some(path) => problem.help(format!("ask first: `{path} != null && …`")),
            None => problem,
        });
    }

    /// Walks a part with more known than around it.
    pub(super) fn knowing<T>(&mut self, facts: Vec<Fact>, walk: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.known.len();
        self.known.extend(facts);
        let result = walk(self);
        self.known.truncate(before);
        result
    }

    pub(super) fn is_known(&self, path: &str, not_null: bool) -> bool {
        self.known.iter().any(|fact| fact.not_null == not_null && fact.path == path)
    }

    /// The type of a node; a path may turn out to lead to nothing.
    pub(super) fn infer(&mut self, node: &Node) -> Type<'s> {
        let mut found = match &node.kind {
            Kind::Literal(value) => Type::made(json!({ "const": value })),
            Kind::Path { root, fields } => self.path(node, root, fields),
            Kind::Select { of, field } => {
                let of_type = self.way(of);
                self.step(of_type, &shown_path(of), field, node.at)
            }
            Kind::Index { of, at } => self.index(node, of, at),
            Kind::Has { of, field } => {
                // Whatever is missing on the way is an answer; what can't be there at all is not.
                let of_type = match &of.kind {
                    // All `steps` at once can't be read, and one of them can be asked for.
                    Kind::Path { root, fields } => self.path_on(of, root, fields, Some(field)),
                    _ => self.infer(of),
                };
                let way = Type { missing: None, ..of_type };
                self.step(way, &shown_path(of), field, of.at);
                Type::boolean()
            }
            Kind::Not(of) => {
                self.operand(of, Kinds::BOOL, "`!` wants true or false");
                Type::boolean()
            }
            Kind::Negate(of) => {
                let of = self.operand(of, Kinds::NUMBER, "`-` wants a number");
                super::operators::number(view::whole(&of.schema))
            }
            Kind::Logic { or, left, right } => self.logic(*or, left, right),
            Kind::Binary { op, left, right } => self.binary(*op, left, right),
            Kind::If { condition, then, otherwise } => self.branches(condition, then, otherwise),
            Kind::List(items) => self.list(items),
            Kind::Map(entries) => self.map(entries),
            Kind::Each { what, over, name } => self.each(what, over, name),
            Kind::Call { function, args } => self.call(node, *function, args),
            Kind::Matches { text, .. } => {
                self.operand(text, Kinds::TEXT, "`matches` is for text");
                Type::boolean()
            }
        };
        if key(node).is_some_and(|path| self.is_known(&path, true)) {
            found.schema = found.part_without_null();
        }
        found
    }

    fn logic(&mut self, or: bool, left: &Node, right: &Node) -> Type<'s> {
        // Either side may decide, so that each may rely on what the other would prove.
        let wants = if or {
            "`||` wants true or false on both sides"
        } else {
            "`&&` wants true or false on both sides"
        };
        self.knowing(proves(right, !or), |walk| walk.operand(left, Kinds::BOOL, wants));
        self.knowing(proves(left, !or), |walk| walk.operand(right, Kinds::BOOL, wants));
        Type::boolean()
    }

    fn branches(&mut self, condition: &Node, then: &Node, otherwise: &Node) -> Type<'s> {
        self.operand(condition, Kinds::BOOL, "`? :` wants true or false before the `?`");
        let yes = self.knowing(proves(condition, true), |walk| walk.value(then));
        let no = self.knowing(proves(condition, false), |walk| walk.value(otherwise));
        let real = |side: &Type<'s>| side.kinds().without(Kinds::NULL);
        let both_kinds = yes.kinds().known() && no.kinds().known() && !real(&yes).meets(real(&no));
        let apart = if yes.special.is_some() || no.special.is_some() {
            yes.special != no.special
        } else {
            both_kinds && real(&yes) != Kinds::NONE && real(&no) != Kinds::NONE
        };
        if apart {
            let (this, other) = (no.words(), yes.words());
            let message =
                format!("both values of `? :` are of one kind, and this is {this}, the other {other}");
            let open = [&yes, &no].iter().any(|side| side.special.is_none() && !side.kinds().known());
            if !open {
                self.report(Problem::new(code::MIXED, otherwise.at.range(), message));
            }
            return Type::unknown();
        }
        let (first, second) = (self.keep(yes.schema), self.keep(no.schema));
        Type { schema: view::union(first, second), special: yes.special, missing: None }
    }

    fn list(&mut self, items: &[Node]) -> Type<'s> {
        let items: Vec<Type<'s>> = items.iter().map(|item| self.value(item)).collect();
        let count = items.len();
        let item = items.into_iter().map(|item| self.keep(item.schema)).reduce(view::union);
        let item = item.unwrap_or(Cow::Owned(Value::Bool(false)));
        Type::made(json!({ "type": "array", "items": item, "minItems": count, "maxItems": count }))
    }

    fn map(&mut self, entries: &[(Node, Node)]) -> Type<'s> {
        let mut fields = Some(serde_json::Map::new());
        for (name, value) in entries {
            self.operand(name, Kinds::TEXT, "an object's names are texts");
            let value = self.value(value);
            match (&name.kind, &mut fields) {
                (Kind::Literal(Value::String(name)), Some(fields)) => {
                    fields.insert(name.clone(), self.keep(value.schema).into_owned());
                }
                _ => fields = None,
            }
        }
        Type::made(match fields {
            None => json!({ "type": "object" }),
            Some(fields) => {
                let names: Vec<&String> = fields.keys().collect();
                json!({ "type": "object", "required": names, "additionalProperties": false, "properties": fields })
            }
        })
    }

    fn each(&mut self, what: &Each, over: &Node, name: &str) -> Type<'s> {
        let wants = "a macro goes over a list or an object's names";
        let list = self.operand(over, Kinds::LIST.or(Kinds::MAP), wants);
        let kinds = list.kinds();
        let item = match (kinds.meets(Kinds::LIST), kinds.meets(Kinds::MAP)) {
            (true, false) => list.part(|schema| view::item(schema, None)),
            (false, true) => Cow::Owned(json!({ "type": "string" })),
            _ => Cow::Owned(json!({})),
        };
        // No item at all: nothing can be wrong with it.
        let item = if *item == Value::Bool(false) { Cow::Owned(json!({})) } else { item };
        self.locals.push(Local { name: name.to_owned(), item: Type::of(item) });
        // Within the macro the name is the item, whatever is known of a probe or a lane that is called so.
        let around = self.known.iter().any(|fact| fact.root() == name).then(|| self.known.clone());
        self.known.retain(|fact| fact.root() != name);
        let of_each = match what {
            Each::Exists(holds) | Each::All(holds) | Each::ExistsOne(holds) => {
                self.operand(holds, Kinds::BOOL, "a macro's condition is true or false");
                Type::boolean()
            }
            Each::Map { condition: None, value } => {
                let value = self.value(value);
                Type::made(json!({ "type": "array", "items": self.keep(value.schema) }))
            }
            Each::Map { condition: Some(condition), value } => {
                self.operand(condition, Kinds::BOOL, "a macro's condition is true or false");
                let facts = proves(condition, true);
                self.narrow_item(name, &facts);
                let value = self.knowing(facts, |walk| walk.value(value));
                Type::made(json!({ "type": "array", "items": self.keep(value.schema) }))
            }
        };
        self.known = around.unwrap_or_else(|| std::mem::take(&mut self.known));
        self.locals.pop();
        of_each
    }
}

impl<'s> Type<'s> {
    pub(super) fn part_without_null(&self) -> Cow<'s, Value> {
        view::without_null(self.schema.clone())
    }
}

/// A part as people call it: by its path, a constant by itself, or not at all.
pub(super) fn shown(node: &Node) -> String {
    const SHORT: usize = 40;
    match (&node.kind, key(node)) {
        (_, Some(path)) => format!("`{path}`"),
        (Kind::Literal(Value::String(text)), None) if text.len() <= SHORT => format!("`'{text}'`"),
        (Kind::Literal(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)), None) => {
            format!("`{value}`")
        }
        _ => "this".to_owned(),
    }
}

pub(super) fn shown_path(node: &Node) -> String {
    key(node).unwrap_or_else(|| "…".to_owned())
}

fn compare_help(kinds: Kinds) -> &'static str {
    if kinds == Kinds::TEXT {
        "compare it: `… == 'text'`, `… != ''`"
    } else if kinds == Kinds::NUMBER {
        "compare it: `… > 0`"
    } else if kinds == Kinds::LIST {
        "ask for what it holds: `size(…) > 0`, `….exists(item, …)`"
    } else {
        "compare it with something, or read one of its fields"
    }
}
