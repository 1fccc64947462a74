//! Reads a JSON Schema into atoms, exactly as the validator takes it: keywords that it ignores (titles, defaults, formats
//! that nobody checks) are gone, so two schemas that differ in those are one. Decides nothing.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::atoms::{Atom, Atoms, Id, Kinds, Side};
use super::number::Num;
use crate::limits::CONTAIN_READ_DEPTH_MAX;

/// The formats that are checked. Every other one says nothing, `int64` for example; a test asks the validator.
pub(super) const FORMATS: &[&str] = &[
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "money",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// What may evaluate fields or items beside the keywords for them; then "unevaluated" isn't understood here.
const BESIDE: &[&str] = &[
    "$ref",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependencies",
    "contains",
];

/// One schema being read.
pub(super) struct Reader<'s> {
    root: &'s Value,
    side: Side,
    depth: usize,
    /// What stands at each pointer that was referred to; nothing yet while it is being read.
    targets: HashMap<&'s str, Option<Id>>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(root: &'s Value, side: Side) -> Self {
        Self { root, side, depth: 0, targets: HashMap::new() }
    }

    /// The whole schema.
    pub(super) fn whole(&mut self, atoms: &mut Atoms) -> Id {
        self.part(self.root, atoms)
    }

    /// What a reference that was left standing leads to.
    pub(super) fn target(&mut self, pointer: &str, atoms: &mut Atoms) -> Id {
        if let Some(Some(id)) = self.targets.get(pointer) {
            return *id;
        }
        self.depth = 0;
        match self.root.pointer(pointer) {
            Some(part) => self.part(part, atoms),
            None => self.opaque("$ref", self.root, atoms),
        }
    }

    fn part(&mut self, part: &'s Value, atoms: &mut Atoms) -> Id {
        let Value::Object(keywords) = part else {
            return if part == &Value::Bool(false) { atoms.nothing() } else { atoms.anything() };
        };
        self.depth += 1;
        let mut found = Vec::new();
        self.common(part, keywords, atoms, &mut found);
        numbers_and_text(keywords, atoms, &mut found);
        self.lists(keywords, atoms, &mut found);
        self.objects(keywords, atoms, &mut found);
        self.depth -= 1;
        atoms.all_of(found)
    }

    fn opaque(&self, keyword: &'static str, part: &Value, atoms: &mut Atoms) -> Id {
        // The whole schema around it, and whose references it holds: only the very same is the same.
        let mut schema = part.to_string();
        if schema.contains("$ref") {
            schema = format!("{:?} {schema}", self.side);
        }
        atoms.add(Atom::Opaque { keyword, schema })
    }

    /// What the rest must be. `unevaluated` means the same where nothing beside evaluates anything.
    fn rest(&mut self, keywords: &'s Map<String, Value>, names: [&str; 2], atoms: &mut Atoms) -> Option<Id> {
        let [plain, unevaluated] = names;
        let alone = !BESIDE.iter().any(|beside| keywords.contains_key(*beside));
        let part = keywords.get(plain).or_else(|| keywords.get(unevaluated).filter(|_| alone))?;
        Some(self.part(part, atoms))
    }

    fn parts(&mut self, parts: &'s Value, atoms: &mut Atoms) -> Vec<Id> {
        parts.as_array().into_iter().flatten().map(|part| self.part(part, atoms)).collect()
    }

    /// What holds whatever the kind.
    fn common(
        &mut self,
        part: &'s Value,
        keywords: &'s Map<String, Value>,
        atoms: &mut Atoms,
        found: &mut Vec<Id>,
    ) {
        if BESIDE.iter().any(|beside| keywords.contains_key(*beside)) {
            for keyword in ["unevaluatedProperties", "unevaluatedItems"] {
                if keywords.contains_key(keyword) {
                    found.push(self.opaque(keyword, part, atoms));
                }
            }
        }
        if let Some(kinds) = keywords.get("type") {
            found.push(atoms.add(Atom::Kinds(kinds_of(kinds))));
        }
        if let Some(Value::Array(values)) = keywords.get("enum") {
            found.push(among(values, atoms));
        }
        if let Some(value) = keywords.get("const") {
            found.push(among(std::slice::from_ref(value), atoms));
        }
        if let Some(all) = keywords.get("allOf") {
            found.extend(self.parts(all, atoms));
        }
        if let Some(any) = keywords.get("anyOf") {
            let ids = self.parts(any, atoms);
            found.push(atoms.any_of(ids));
        }
        if let Some(one) = keywords.get("oneOf") {
            // Sorted, and twice the same stays twice: then neither may hold.
            let mut ids = self.parts(one, atoms);
            ids.sort_unstable();
            found.push(match ids.as_slice() {
                [only] => *only,
                _ => atoms.add(Atom::One(ids)),
            });
        }
        if let Some(not) = keywords.get("not") {
            let inner = self.part(not, atoms);
            found.push(atoms.not(inner));
        }
        if let Some(condition) = keywords.get("if") {
            let condition = self.part(condition, atoms);
            let failed = atoms.not(condition);
            if let Some(then) = keywords.get("then") {
                let then = self.part(then, atoms);
                found.push(atoms.any_of([failed, then]));
            }
            if let Some(otherwise) = keywords.get("else") {
                let otherwise = self.part(otherwise, atoms);
                found.push(atoms.any_of([condition, otherwise]));
            }
        }
        if let Some(Value::String(reference)) = keywords.get("$ref") {
            found.push(self.reference(reference, part, atoms));
        }
    }

    fn reference(&mut self, reference: &'s str, part: &'s Value, atoms: &mut Atoms) -> Id {
        let Some(pointer) = reference.strip_prefix('#').filter(|_| !reference.contains('%')) else {
            return self.opaque("$ref", part, atoms);
        };
        match self.targets.get(pointer) {
            Some(Some(id)) => return *id,
            None if self.depth < CONTAIN_READ_DEPTH_MAX => {}
            _ => return atoms.add(Atom::Ref(self.side, pointer.to_owned())),
        }
        let Some(target) = self.root.pointer(pointer) else { return self.opaque("$ref", part, atoms) };
        self.targets.insert(pointer, None);
        let id = self.part(target, atoms);
        self.targets.insert(pointer, Some(id));
        id
    }

    fn lists(&mut self, keywords: &'s Map<String, Value>, atoms: &mut Atoms, found: &mut Vec<Id>) {
        let prefix = keywords.get("prefixItems").map(|prefix| self.parts(prefix, atoms)).unwrap_or_default();
        for (index, id) in prefix.iter().enumerate() {
            found.push(atoms.add(Atom::Item(index, *id)));
        }
        if let Some(id) = self.rest(keywords, ["items", "unevaluatedItems"], atoms) {
            found.push(atoms.add(Atom::Rest(prefix.len(), id)));
        }
        if let Some(least) = size(keywords, "minItems").filter(|least| *least > 0) {
            found.push(atoms.add(Atom::ItemsMin(least)));
        }
        if let Some(most) = size(keywords, "maxItems") {
            found.push(atoms.add(Atom::ItemsMax(most)));
        }
        if keywords.get("uniqueItems") == Some(&Value::Bool(true)) {
            found.push(atoms.add(Atom::Unique));
        }
        if let Some(contains) = keywords.get("contains") {
            let id = self.part(contains, atoms);
            let (min, max) = (size(keywords, "minContains").unwrap_or(1), size(keywords, "maxContains"));
            if max == Some(0) {
                let none = atoms.not(id);
                found.push(atoms.add(Atom::Rest(0, none)));
            }
            if min > 0 || max.is_some_and(|max| max > 0) {
                found.push(atoms.add(Atom::Contains { id, min, max }));
            }
        }
    }

    fn objects(&mut self, keywords: &'s Map<String, Value>, atoms: &mut Atoms, found: &mut Vec<Id>) {
        let object = |name: &str| keywords.get(name).and_then(Value::as_object).into_iter().flatten();
        let (mut fields, mut patterns) = (BTreeSet::new(), BTreeSet::new());
        for (name, part) in object("properties") {
            fields.insert(name.clone());
            let id = self.part(part, atoms);
            found.push(atoms.add(Atom::Field(name.clone(), id)));
        }
        for (pattern, part) in object("patternProperties") {
            patterns.insert(pattern.clone());
            let id = self.part(part, atoms);
            found.push(atoms.add(Atom::Matching(pattern.clone(), id)));
        }
        if let Some(id) = self.rest(keywords, ["additionalProperties", "unevaluatedProperties"], atoms) {
            let (fields, patterns) = (fields.into_iter().collect(), patterns.into_iter().collect());
            found.push(atoms.add(Atom::Others { fields, patterns, id }));
        }
        if let Some(names) = keywords.get("required") {
            found.extend(required(names, atoms));
        }
        if let Some(names) = keywords.get("propertyNames") {
            let id = self.part(names, atoms);
            found.push(atoms.add(Atom::Names(id)));
        }
        if let Some(least) = size(keywords, "minProperties").filter(|least| *least > 0) {
            found.push(atoms.add(Atom::FieldsMin(least)));
        }
        if let Some(most) = size(keywords, "maxProperties") {
            found.push(atoms.add(Atom::FieldsMax(most)));
        }
        for keyword in ["dependentRequired", "dependentSchemas", "dependencies"] {
            for (name, then) in object(keyword) {
                let then = match then {
                    Value::Array(_) => {
                        let all: Vec<Id> = required(then, atoms).collect();
                        atoms.all_of(all)
                    }
                    part => self.part(part, atoms),
                };
                let is_object = atoms.add(Atom::Kinds(Kinds::OBJECT));
                let has = atoms.add(Atom::Required(name.clone()));
                let both = atoms.all_of([is_object, has]);
                let without = atoms.not(both);
                found.push(atoms.any_of([without, then]));
            }
        }
    }
}

fn required(names: &Value, atoms: &mut Atoms) -> impl Iterator<Item = Id> {
    let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
    let ids: Vec<Id> = names.map(|name| atoms.add(Atom::Required(name.to_owned()))).collect();
    ids.into_iter()
}

fn kinds_of(kinds: &Value) -> Kinds {
    let one = |kind: &Value| match kind.as_str() {
        Some("null") => Kinds::NULL,
        Some("boolean") => Kinds::BOOL,
        Some("integer") => Kinds::INTEGER,
        Some("number") => Kinds::NUMBER,
        Some("string") => Kinds::TEXT,
        Some("array") => Kinds::LIST,
        Some("object") => Kinds::OBJECT,
        _ => Kinds::NONE,
    };
    match kinds {
        Value::Array(kinds) => kinds.iter().fold(Kinds::NONE, |all, kind| all.or(one(kind))),
        kind => one(kind),
    }
}

/// One of these values, in an order that doesn't depend on how they were written down.
fn among(values: &[Value], atoms: &mut Atoms) -> Id {
    let mut written: Vec<(String, &Value)> = values.iter().map(|value| (value.to_string(), value)).collect();
    written.sort_by(|one, other| one.0.cmp(&other.0));
    written.dedup_by(|one, other| one.0 == other.0);
    atoms.add(Atom::Among(written.into_iter().map(|(_, value)| value.clone()).collect()))
}

/// A size; one past what any value can have stays at the largest.
fn size(keywords: &Map<String, Value>, name: &str) -> Option<u64> {
    let value = keywords.get(name)?;
    value.as_u64().or_else(|| value.as_f64().filter(|size| *size >= 0.0).map(|size| size as u64))
}

fn numbers_and_text(keywords: &Map<String, Value>, atoms: &mut Atoms, found: &mut Vec<Id>) {
    let number = |name: &str| match keywords.get(name) {
        Some(Value::Number(number)) => Num::new(number),
        _ => None,
    };
    let bounds = [("minimum", false), ("exclusiveMinimum", true)];
    for (name, open) in bounds {
        found.extend(number(name).map(|bound| atoms.add(Atom::Low { bound, open })));
    }
    for (name, open) in [("maximum", false), ("exclusiveMaximum", true)] {
        found.extend(number(name).map(|bound| atoms.add(Atom::High { bound, open })));
    }
    found.extend(number("multipleOf").map(|step| atoms.add(Atom::Multiple(step))));
    if let Some(least) = size(keywords, "minLength").filter(|least| *least > 0) {
        found.push(atoms.add(Atom::LengthMin(least)));
    }
    if let Some(most) = size(keywords, "maxLength") {
        found.push(atoms.add(Atom::LengthMax(most)));
    }
    if let Some(Value::String(pattern)) = keywords.get("pattern") {
        found.extend(pattern_atom(pattern, atoms));
    }
    if let Some(Value::String(format)) = keywords.get("format")
        && FORMATS.contains(&format.as_str())
    {
        found.push(atoms.add(Atom::Format(format.clone())));
    }
}

/// A pattern; where it only lists words, those.
fn pattern_atom(pattern: &str, atoms: &mut Atoms) -> Option<Id> {
    if matches!(pattern, "" | "^" | ".*") {
        return None;
    }
    let plain =
        |text: &str| text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_- ".contains(letter));
    let words = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')).and_then(|inner| {
        let grouped = inner.strip_prefix('(').and_then(|inner| inner.strip_suffix(')'));
        let grouped = grouped.map(|inner| inner.strip_prefix("?:").unwrap_or(inner));
        match grouped {
            Some(list) if list.split('|').all(plain) => Some(list.split('|').collect::<Vec<_>>()),
            None if plain(inner) => Some(vec![inner]),
            _ => None,
        }
    });
    let Some(words) = words else { return Some(atoms.add(Atom::Pattern(pattern.to_owned()))) };
    let words: Vec<Value> = words.into_iter().map(Value::from).collect();
    let (text, words) = (atoms.add(Atom::Kinds(Kinds::TEXT)), among(&words, atoms));
    let other = atoms.not(text);
    Some(atoms.any_of([other, words]))
}

/// Whether a schema switches to another version of JSON Schema somewhere within: then nothing is read of it.
pub(super) fn switches(schema: &Value) -> bool {
    let within = |value: &Value| value.get("$schema").is_some_and(Value::is_string) || switches(value);
    match schema {
        Value::Object(fields) => fields.values().any(within),
        Value::Array(items) => items.iter().any(within),
        _ => false,
    }
}
