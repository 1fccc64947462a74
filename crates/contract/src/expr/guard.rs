//! From text to a tree that may be evaluated: the parser's limits, then ours. What isn't allowed by name is refused.

use std::ops::Range;

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr as Ast, LiteralValue};
use cel::parser::{Expression, PrattParser};
use serde_json::{Number, Value};

use super::functions::{FUNCTIONS, Function};
use super::limits::{
    BRACKETS_MAX, DEPTH_MAX, NESTING_MAX, NODES_MAX, PATTERN_BYTES_MAX, PATTERN_MEMORY_MAX, SOURCE_BYTES_MAX,
    TERNARIES_MAX,
};
use super::node::{Each, Field, Kind, Node, Op};
use super::tokens::Tokens;
use super::{ExprError, ROOTS};
use crate::patterns;

/// Reads one expression.
pub(super) fn read(source: &str) -> Result<Node, ExprError> {
    let whole = 0..source.len();
    if source.trim().is_empty() {
        return Err(error(
            "an expression is missing here",
            whole,
            Some("write CEL, such as `args.amount <= 200`"),
        ));
    }
    if source.len() > SOURCE_BYTES_MAX {
        let message = format!("this expression is longer than {SOURCE_BYTES_MAX} bytes");
        return Err(error(message, whole, Some("split it into several clauses")));
    }
    if source.matches('?').count() > TERNARIES_MAX {
        let message = format!("this expression holds more than {TERNARIES_MAX} `?`");
        return Err(error(message, whole, Some("split it into several clauses")));
    }
    let parser = PrattParser::new()
        .max_recursion_depth(BRACKETS_MAX)
        .max_expression_node_count(NODES_MAX)
        .error_recovery_limit(1)
        .error_reporting_limit(1);
    let tree = parser.parse(source).map_err(|errors| syntax(source, &errors.errors))?;
    Guard { source, tokens: Tokens::of(source), nodes: 0, names: Vec::new() }.node(&tree, 0)
}

fn error(message: impl Into<String>, range: Range<usize>, help: Option<&str>) -> ExprError {
    ExprError { message: message.into(), range, help: help.map(str::to_owned) }
}

/// The parser's first error, in our words and at its place.
fn syntax(source: &str, errors: &[cel::ParseError]) -> ExprError {
    if errors.iter().any(|error| error.msg.contains("recursion limit")) {
        let message = format!("the brackets nest deeper than {BRACKETS_MAX}");
        return error(message, 0..source.len(), Some("split it into several clauses"));
    }
    let placed = errors.iter().find(|error| error.pos.0 > 0).or_else(|| errors.first());
    let (line, column) = placed.map_or((0, 0), |error| error.pos);
    let message = placed.map_or("no expression", |error| error.msg.trim_start_matches("Syntax error: "));
    let lines = usize::try_from(line).unwrap_or(0).saturating_sub(1);
    let before: usize = source.split_inclusive('\n').take(lines).map(str::len).sum();
    let start = before + usize::try_from(column).unwrap_or(0).saturating_sub(1);
    let message = match message {
        text if text.contains("expression count") => {
            format!("this expression has more than {NODES_MAX} parts")
        }
        text => text
            .replace("mismatched input '<EOF>'", "the text ends")
            .replace("expecting <EOF>", "where the expression should end")
            .replace("mismatched input", "found")
            .replace(" expecting ", " where there should be ")
            .replace('\'', "`"),
    };
    error(message, spot(source, start), syntax_help(source, start))
}

/// What people coming from other languages write.
fn syntax_help(source: &str, start: usize) -> Option<&'static str> {
    let rest = source.get(start..).unwrap_or("");
    let word = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    match word {
        "and" => Some("write `&&`"),
        "or" => Some("write `||`"),
        "not" => Some("write `!`"),
        _ if rest.starts_with('=') => Some("`==` compares"),
        _ if rest.starts_with('~') => Some("write `text.matches('a+')`"),
        _ if source.contains("{{") || source.contains("${") => {
            Some("this is CEL as it stands: write the value without the braces around it")
        }
        _ if source.contains(" {") && source.contains('}') => {
            Some("this is CEL, and holes are for texts: write `'Dear ' + input.name`")
        }
        _ if is_prose(source) => Some("this is CEL: a text has quotes of its own, `\"'so'\"`"),
        _ => None,
    }
}

/// Whether it is words and no expression: a text whose author forgot that a value is CEL.
fn is_prose(source: &str) -> bool {
    let word = |word: &str| word.chars().all(|c| c.is_alphabetic() || ",.!?'’-".contains(c));
    source.contains("://") || source.contains(' ') && source.split_whitespace().all(word)
}

/// Functions of other languages, and what says the same here.
const OTHER_FUNCTIONS: [(&str, &str); 15] = [
    ("len", "write `size(x)`"),
    ("length", "write `x.size()`"),
    ("abs", "compare two numbers by `near(a, b, 0.01)`"),
    ("includes", "write `text.contains('a')`, or `x in list`"),
    ("not", "write `!(…)`"),
    ("any", "write `list.exists(item, condition)`"),
    ("some", "write `list.exists(item, condition)`"),
    ("every", "write `list.all(item, condition)`"),
    ("toLowerCase", "write `lower(text)`"),
    ("lowerAscii", "write `lower(text)`"),
    ("float", "write `double(x)`"),
    ("str", "write `string(x)`"),
    ("number", "write `double(x)` or `int(x)`"),
    ("match", "write `text.matches('a+')`"),
    ("now", "time comes from the store: `timestamp(call.started)`"),
];

/// The word or sign at this byte; the last one where the text ends there.
fn spot(source: &str, start: usize) -> Range<usize> {
    let mut start = start.min(source.len());
    while !source.is_char_boundary(start) {
        start -= 1;
    }
    if start == source.len() {
        let last = source.char_indices().next_back().map_or(0, |(place, _)| place);
        return last..source.len();
    }
    let rest = source.get(start..).unwrap_or("");
    let word: usize = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').map(char::len_utf8).sum();
    let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
    start..start + length
}

struct Guard<'s> {
    source: &'s str,
    tokens: Tokens<'s>,
    nodes: usize,
    /// The names of the macros around.
    names: Vec<String>,
}

type Lowered = Result<Kind, ExprError>;

impl Guard<'_> {
    /// An error about a word of the source; the parser keeps no places for what it parsed, so its first use is shown.
    fn about(&self, word: &str, message: impl Into<String>, help: Option<&str>) -> ExprError {
        let range = self.source.find(word).map_or(0..self.source.len(), |start| start..start + word.len());
        error(message, range, help)
    }

    fn whole(&self, message: impl Into<String>, help: &str) -> ExprError {
        error(message, 0..self.source.len(), Some(help))
    }

    fn boxed(&mut self, tree: &Expression, depth: usize) -> Result<Box<Node>, ExprError> {
        self.node(tree, depth).map(Box::new)
    }

    fn node(&mut self, tree: &Expression, depth: usize) -> Result<Node, ExprError> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err(self.whole(
                format!("this expression has more than {NODES_MAX} parts"),
                "split it into several clauses",
            ));
        }
        if depth > DEPTH_MAX {
            let message = format!("this expression is a chain of more than {DEPTH_MAX} operators");
            return Err(self.whole(message, "use brackets to group it, or split it into several clauses"));
        }
        let mark = self.tokens.mark();
        let kind = self.kind(tree, depth + 1)?;
        let signed = match &kind {
            Kind::Not(_) | Kind::Negate(_) => true,
            Kind::Literal(Value::Number(number)) => number.as_f64().is_some_and(f64::is_sign_negative),
            _ => false,
        };
        Ok(Node { kind, at: self.tokens.since(mark, signed) })
    }

    fn kind(&mut self, tree: &Expression, depth: usize) -> Lowered {
        match &tree.expr {
            Ast::Literal(literal) => {
                self.tokens.literal();
                self.literal(literal)
            }
            Ast::Ident(name) => {
                if name.starts_with(['.', '@']) {
                    return Err(self.about(name, "a name starts with a letter", None));
                }
                self.tokens.name(name);
                Ok(Kind::Path { root: name.as_str().into(), fields: Vec::new() })
            }
            Ast::Select(select) => {
                if select.test {
                    self.tokens.name("has");
                }
                let of = self.boxed(&select.operand, depth)?;
                self.tokens.name(&select.field);
                let field = Field { name: select.field.as_str().into(), end: self.tokens.end() };
                Ok(if select.test { Kind::Has { of, field } } else { field_of(*of, field) })
            }
            Ast::Call(call) => self.call(call, depth),
            Ast::List(list) => {
                self.tokens.open();
                let items: Result<Vec<_>, _> =
                    list.elements.iter().map(|item| self.node(item, depth)).collect();
                Ok(Kind::List(items?))
            }
            Ast::Map(map) => {
                self.tokens.open();
                let mut entries = Vec::new();
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { return Err(self.no_messages()) };
                    entries.push((self.node(&entry.key, depth)?, self.node(&entry.value, depth)?));
                }
                Ok(Kind::Map(entries))
            }
            Ast::Comprehension(each) => self.each(each, depth),
            Ast::Struct(_) => Err(self.no_messages()),
            Ast::Unspecified => {
                Err(self.whole("this is no expression", "write CEL, such as `args.amount <= 200`"))
            }
        }
    }

    fn no_messages(&self) -> ExprError {
        self.about("{", "there are no message types here", Some("an object is written `{'name': value}`"))
    }

    fn literal(&self, literal: &LiteralValue) -> Lowered {
        Ok(Kind::Literal(match literal {
            LiteralValue::Null => Value::Null,
            LiteralValue::Boolean(value) => Value::Bool(*value.inner()),
            LiteralValue::Int(value) => Value::from(*value.inner()),
            LiteralValue::UInt(value) => Value::from(*value.inner()),
            LiteralValue::Double(value) => Number::from_f64(*value.inner())
                .map(Value::Number)
                .ok_or_else(|| self.whole("a number is out of range", "write a smaller one"))?,
            LiteralValue::String(text) => Value::String(text.inner().to_owned()),
            LiteralValue::Bytes(_) => {
                return Err(self.whole("there are no byte strings here", "write a text: `'…'`"));
            }
        }))
    }

    fn call(&mut self, call: &CallExpr, depth: usize) -> Lowered {
        if let (None, Some(op)) = (&call.target, operator(&call.func_name)) {
            let [left, right] = call.args.as_slice() else { return Err(self.unknown(&call.func_name)) };
            return Ok(Kind::Binary { op, left: self.boxed(left, depth)?, right: self.boxed(right, depth)? });
        }
        match (call.func_name.as_str(), &call.target, call.args.as_slice()) {
            (name @ ("_&&_" | "_||_"), None, [left, right]) => {
                let (left, right) = (self.boxed(left, depth)?, self.boxed(right, depth)?);
                Ok(Kind::Logic { or: name == "_||_", left, right })
            }
            ("!_", None, [of]) => Ok(Kind::Not(self.boxed(of, depth)?)),
            ("-_", None, [of]) => Ok(Kind::Negate(self.boxed(of, depth)?)),
            ("_?_:_", None, [condition, then, otherwise]) => Ok(Kind::If {
                condition: self.boxed(condition, depth)?,
                then: self.boxed(then, depth)?,
                otherwise: self.boxed(otherwise, depth)?,
            }),
            ("_[_]", None, [of, at]) => {
                let (of, at) = (self.boxed(of, depth)?, self.boxed(at, depth)?);
                // `steps['order']` is `steps.order`, so that what it reads is known.
                Ok(match &at.kind {
                    Kind::Literal(Value::String(field)) => {
                        // Up to the bracket behind the name.
                        let end = at.at.end
                            + u32::from(
                                self.source
                                    .get(at.at.range().end..)
                                    .is_some_and(|rest| rest.starts_with(']')),
                            );
                        field_of(*of, Field { name: field.as_str().into(), end })
                    }
                    _ => Kind::Index { of, at },
                })
            }
            (name, target, args) => self.function(name, target.as_deref(), args, depth),
        }
    }

    fn function(
        &mut self,
        name: &str,
        target: Option<&Expression>,
        args: &[Expression],
        depth: usize,
    ) -> Lowered {
        let Some(row) = FUNCTIONS.iter().find(|row| row.name == name) else { return Err(self.unknown(name)) };
        let given = args.len() + usize::from(target.is_some());
        let style = if target.is_some() { row.method } else { row.global };
        if !style || given < row.least || given > row.most {
            return Err(self.about(name, format!("`{name}` is written `{}`", row.usage), None));
        }
        let mut lowered = Vec::with_capacity(given);
        if let Some(target) = target {
            lowered.push(self.node(target, depth)?);
        }
        self.tokens.name(name);
        for arg in args {
            lowered.push(self.node(arg, depth)?);
        }
        if row.function != Function::Matches {
            return Ok(Kind::Call { function: row.function, args: lowered });
        }
        match <[Node; 2]>::try_from(lowered) {
            Ok([text, Node { kind: Kind::Literal(Value::String(pattern)), .. }]) => {
                self.matches(text, &pattern)
            }
            _ => Err(self.about(name, "`matches` wants its pattern written out as a text", Some(row.usage))),
        }
    }

    fn matches(&self, text: Node, pattern: &str) -> Lowered {
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(self.about(
                "matches",
                format!("the pattern is longer than {PATTERN_BYTES_MAX} bytes"),
                None,
            ));
        }
        match patterns::compiled(pattern, PATTERN_MEMORY_MAX) {
            Ok((pattern, memory)) => Ok(Kind::Matches { text: Box::new(text), pattern, memory }),
            Err(cause) => {
                let cause = cause.to_string();
                let reason = cause.lines().last().unwrap_or("").trim_start_matches("error: ");
                let message = format!("the pattern of `matches` can't be used: {reason}");
                Err(self.about(
                    "matches",
                    message,
                    Some("patterns are linear: no look-around, no back-references"),
                ))
            }
        }
    }

    fn unknown(&self, name: &str) -> ExprError {
        let macros = ["has", "exists", "all", "exists_one", "map", "filter"];
        if macros.contains(&name) {
            let help =
                "`has(a.b)`; `list.exists(x, condition)`, also all, exists_one, filter; `list.map(x, value)`";
            return self.about(name, format!("`{name}` is written differently"), Some(help));
        }
        if let Some((_, ours)) = OTHER_FUNCTIONS.iter().find(|(other, _)| *other == name) {
            return self.about(name, format!("there is no function `{name}`"), Some(ours));
        }
        let known: Vec<_> = macros.into_iter().chain(FUNCTIONS.iter().map(|row| row.name)).collect();
        let help = format!("the functions are {}", known.join(", "));
        self.about(name, format!("there is no function `{name}`"), Some(&help))
    }

    /// The parser writes macros out as folds; their few shapes are read back as what they mean.
    fn each(&mut self, each: &ComprehensionExpr, depth: usize) -> Lowered {
        let name = each.iter_var.as_str();
        if ROOTS.contains(&name) || name.starts_with('.') || self.names.iter().any(|outer| outer == name) {
            let help = Some("take another name, such as `item`");
            return Err(self.about(name, format!("`{name}` already means something here"), help));
        }
        let over = self.boxed(&each.iter_range, depth)?;
        if self.names.len() >= NESTING_MAX {
            let message = format!("macros over lists nest deeper than {NESTING_MAX}");
            return Err(self.whole(message, "compute this in a tool"));
        }
        let filter = self.tokens.any_name() == "filter";
        self.tokens.name(name);
        self.names.push(name.to_owned());
        let what = self.shape(each, filter, depth);
        self.names.pop();
        Ok(Kind::Each { what: what?, over, name: name.into() })
    }

    fn shape(&mut self, each: &ComprehensionExpr, filter: bool, depth: usize) -> Result<Each, ExprError> {
        let Ast::Call(step) = &each.loop_step.expr else { return Err(self.odd_macro()) };
        match (&each.accu_init.expr, step.func_name.as_str(), step.args.as_slice()) {
            (Ast::Literal(LiteralValue::Boolean(_)), "_||_", [_, holds]) => {
                Ok(Each::Exists(self.boxed(holds, depth)?))
            }
            (Ast::Literal(LiteralValue::Boolean(_)), "_&&_", [_, holds]) => {
                Ok(Each::All(self.boxed(holds, depth)?))
            }
            (Ast::Literal(LiteralValue::Int(_)), "_?_:_", [holds, _, _]) => {
                Ok(Each::ExistsOne(self.boxed(holds, depth)?))
            }
            (Ast::List(_), "_+_", _) => {
                Ok(Each::Map { condition: None, value: self.added(&each.loop_step, depth)? })
            }
            (Ast::List(_), "_?_:_", [condition, added, _]) => {
                let condition = self.boxed(condition, depth)?;
                if filter {
                    // What a filter keeps is the item itself, which the text doesn't name again.
                    let item = Kind::Path { root: each.iter_var.as_str().into(), fields: Vec::new() };
                    let value = Box::new(Node { kind: item, at: condition.at });
                    return Ok(Each::Map { condition: Some(condition), value });
                }
                let condition = Some(condition);
                Ok(Each::Map { condition, value: self.added(added, depth)? })
            }
            _ => Err(self.odd_macro()),
        }
    }

    /// The one item of the list that a fold of `map` or `filter` adds.
    fn added(&mut self, step: &Expression, depth: usize) -> Result<Box<Node>, ExprError> {
        if let Ast::Call(call) = &step.expr
            && let [_, list] = call.args.as_slice()
            && let Ast::List(list) = &list.expr
            && let [item] = list.elements.as_slice()
        {
            return self.boxed(item, depth);
        }
        Err(self.odd_macro())
    }

    fn odd_macro(&self) -> ExprError {
        self.whole("this macro is not known", "use exists, all, exists_one, map or filter")
    }
}

fn field_of(of: Node, field: Field) -> Kind {
    match of {
        Node { kind: Kind::Path { root, mut fields }, .. } => {
            fields.push(field);
            Kind::Path { root, fields }
        }
        of => Kind::Select { of: Box::new(of), field },
    }
}

fn operator(name: &str) -> Option<Op> {
    Some(match name {
        "_+_" => Op::Add,
        "_-_" => Op::Subtract,
        "_*_" => Op::Multiply,
        "_/_" => Op::Divide,
        "_%_" => Op::Modulo,
        "_==_" => Op::Equal,
        "_!=_" => Op::NotEqual,
        "_<_" => Op::Less,
        "_<=_" => Op::LessOrEqual,
        "_>_" => Op::Greater,
        "_>=_" => Op::GreaterOrEqual,
        "@in" => Op::In,
        _ => return None,
    })
}
