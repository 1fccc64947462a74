//! What each function takes and gives.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::super::functions::Function;
use super::super::node::{Kind, Node};
use super::super::special;
use super::Problem;
use super::infer::{Special, Type, Walk};
use super::operators::number;
use super::view::{self, Kinds};
use crate::code;
use crate::reads::BadRead;

const SCALAR: Kinds = Kinds::TEXT.or(Kinds::NUMBER).or(Kinds::BOOL);

fn text<'s>() -> Type<'s> {
    Type::made(json!({ "type": "string" }))
}

fn list_of<'s>(items: Cow<'s, Value>) -> Type<'s> {
    Type::made(json!({ "type": "array", "items": items }))
}

impl<'s> Walk<'s> {
    pub(super) fn call(&mut self, node: &Node, function: Function, args: &[Node]) -> Type<'s> {
        let [first, rest @ ..] = args else { return Type::unknown() };
        let second = rest.first();
        match function {
            Function::Size => {
                self.operand(
                    first,
                    Kinds::TEXT.or(Kinds::LIST).or(Kinds::MAP),
                    "`size` wants text, a list or an object",
                );
                number(true)
            }
            Function::Count => {
                self.operand(first, Kinds::LIST, "`count` wants a list");
                number(true)
            }
            Function::Contains | Function::StartsWith | Function::EndsWith => {
                for arg in args {
                    self.operand(arg, Kinds::TEXT, "`contains`, `startsWith` and `endsWith` want texts");
                }
                Type::boolean()
            }
            Function::Matches => Type::boolean(),
            Function::Text | Function::Int | Function::Double | Function::Bool => {
                self.convert(function, first)
            }
            Function::Near => {
                for arg in args {
                    self.operand(arg, Kinds::NUMBER, "`near` wants numbers");
                }
                Type::boolean()
            }
            Function::Lower => {
                self.operand(first, Kinds::TEXT, "`lower` wants text");
                text()
            }
            Function::Sum => {
                let item = self.items(first, Kinds::NUMBER, "`sum` wants a list of numbers");
                number(view::whole(&item))
            }
            Function::Round => {
                let value = self.operand(first, Kinds::NUMBER, "`round` wants a number");
                if let Some(digits) = second {
                    self.operand(digits, Kinds::NUMBER, "`round` wants a number of digits");
                }
                number(second.is_none() || view::whole(&value.schema))
            }
            Function::Join => {
                self.items(first, SCALAR, "`join` wants a list of texts, numbers or booleans");
                if let Some(between) = second {
                    self.operand(between, Kinds::TEXT, "`join` wants text to put between");
                }
                text()
            }
            Function::Json => {
                self.value(first);
                text()
            }
            _ => self.helper(node, function, first, second),
        }
    }

    /// The same as another kind of value.
    fn convert(&mut self, function: Function, first: &Node) -> Type<'s> {
        match function {
            Function::Text => {
                let found = self.value(first);
                if found.special.is_none() {
                    let wants = "`string` wants text, a number or a boolean (`json(x)` writes anything)";
                    self.fits(first, &found, SCALAR, wants);
                }
                text()
            }
            Function::Int => {
                self.operand(first, Kinds::NUMBER.or(Kinds::TEXT), "`int` wants a number or text");
                number(true)
            }
            Function::Double => {
                self.operand(first, Kinds::NUMBER.or(Kinds::TEXT), "`double` wants a number or text");
                number(false)
            }
            _ => {
                self.operand(first, Kinds::BOOL.or(Kinds::TEXT), "`bool` wants a boolean or text");
                Type::boolean()
            }
        }
    }

    /// The functions that CEL's users know from elsewhere.
    fn helper(&mut self, node: &Node, function: Function, first: &Node, second: Option<&Node>) -> Type<'s> {
        match function {
            Function::Unique => list_of(self.items(first, Kinds::ALL, "`unique` wants a list")),
            Function::Sorted => list_of(self.items(
                first,
                SCALAR,
                "`sorted` wants a list of numbers, of texts or of booleans",
            )),
            Function::Flatten => {
                let item = self.items(first, Kinds::ALL, "`flatten` wants a list of lists");
                let kinds = view::kinds(&item);
                if kinds == Kinds::LIST {
                    list_of(Cow::Owned(view::item(&item, None).into_owned()))
                } else if kinds.known() && kinds.meets(Kinds::LIST) {
                    let rest = kinds.without(Kinds::LIST).schema();
                    list_of(view::union(Cow::Owned(view::item(&item, None).into_owned()), Cow::Owned(rest)))
                } else {
                    list_of(item)
                }
            }
            Function::Zip => {
                let one = self.items(first, Kinds::ALL, "`zip` wants two lists");
                let other = second.map(|node| self.items(node, Kinds::ALL, "`zip` wants two lists"));
                let pair = [one, other.unwrap_or(Cow::Owned(json!({})))];
                list_of(Cow::Owned(
                    json!({ "type": "array", "prefixItems": pair, "items": false, "minItems": 2, "maxItems": 2 }),
                ))
            }
            Function::Pick => self.pick(first, second),
            Function::Under => {
                for arg in [Some(first), second].into_iter().flatten() {
                    self.operand(arg, Kinds::TEXT, "`under` wants two paths, which are texts");
                }
                Type::boolean()
            }
            Function::Money => self.special(node, Special::Money, first),
            Function::Timestamp => self.special(node, Special::Time, first),
            Function::Duration => self.special(node, Special::Duration, first),
            _ => Type::unknown(),
        }
    }

    /// A text that is read as something else: one that is written out is read now.
    fn special(&mut self, node: &Node, special: Special, text: &Node) -> Type<'s> {
        let wants = match special {
            Special::Money => "`money` wants a text such as `'0.50 USD'`",
            Special::Time => "`timestamp` wants a text such as `'2026-11-21T09:00:00Z'`",
            Special::Duration => "`duration` wants a text such as `'90s'` or `'1h30m'`",
        };
        let found = self.value(text);
        if found.special != Some(special) {
            self.fits(text, &found, Kinds::TEXT, wants);
        }
        if let Kind::Literal(Value::String(written)) = &text.kind
            && let Err(reason) = match special {
                Special::Money => special::money(written),
                Special::Time => special::time(written),
                Special::Duration => special::duration(written),
            }
        {
            self.report(Problem::new(code::MIXED, node.at.range(), reason).help(wants));
        }
        Type::special(special)
    }

    /// An object of the named fields.
    fn pick(&mut self, of: &Node, names: Option<&Node>) -> Type<'s> {
        let object = self.operand(of, Kinds::MAP, "`pick` wants an object");
        let Some(names) = names else { return Type::unknown() };
        self.items(names, Kinds::TEXT, "`pick` wants a list of names");
        let Kind::List(written) = &names.kind else { return Type::made(json!({ "type": "object" })) };
        let (mut fields, mut required) = (serde_json::Map::new(), Vec::new());
        for name in written {
            let Kind::Literal(Value::String(field)) = &name.kind else {
                return Type::made(json!({ "type": "object" }));
            };
            let found = view::field(&object.schema, field);
            match found.presence {
                view::Presence::Never => {
                    let way = super::infer::shown(of);
                    let bad = BadRead::unknown(
                        way.trim_matches('`'),
                        field,
                        view::names(&object.schema).into_iter(),
                    );
                    self.report(Problem::read(bad, name.at.range()));
                }
                // A default counts for a value that was read by its type; here only what is sure to be copied does.
                view::Presence::Always => required.push(Value::from(field.as_str())),
                view::Presence::Maybe | view::Presence::Open => {}
            }
            if found.presence != view::Presence::Never {
                let schema = object.part(|schema| view::field(schema, field).schema);
                fields.insert(field.clone(), self.keep(schema).into_owned());
            }
        }
        Type::made(
            json!({ "type": "object", "properties": fields, "required": required, "additionalProperties": false }),
        )
    }

    /// The type of a list's items, which have to be of these kinds.
    fn items(&mut self, list: &Node, wanted: Kinds, wants: &str) -> Cow<'s, Value> {
        let found = self.operand(list, Kinds::LIST, wants);
        let kinds = found.kinds();
        if found.special.is_some() || !kinds.known() || !kinds.meets(Kinds::LIST) {
            return Cow::Owned(json!({}));
        }
        let item = Type::of(found.part(|schema| view::item(schema, None)));
        let kinds = item.kinds();
        if kinds.known() && (!kinds.meets(wanted) || kinds.meets(Kinds::NULL) && !wanted.meets(Kinds::NULL)) {
            let message = format!(
                "{wants}, and this list holds {}",
                if kinds.meets(wanted) { "null".to_owned() } else { item.words() }
            );
            let problem = Problem::new(code::MIXED, list.at.range(), message);
            self.report(problem.help("choose what fits with `.filter(…)` or `.map(…)` first"));
        }
        self.keep(item.schema)
    }
}
