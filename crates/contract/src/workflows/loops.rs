//! Steps that hold steps: `choose`, `repeat` and `each`, every one of them bounded.

use std::ops::Range;

use serde_json::{Value, json};

use super::sight::Sight;
use crate::expr::types::{Typed, items};
use crate::grammar;
use crate::limits::{LANES_AT_ONCE_MAX, ROUNDS_MAX};
use crate::loader::{Fields, Loader, meant};
use crate::reads::{Presence, Shape, place, portable, record};
use crate::yaml::{Entry, Node};
use crate::{Block, Branch, Expr, Gives, Name, StepWork, code};

impl<'a> Loader<'a> {
    /// The first branch whose condition holds.
    pub(super) fn choose(
        &mut self,
        node: &'a Node,
        fields: &Fields<'a>,
        around: &Sight,
    ) -> (Option<StepWork>, Gives) {
        let entries: Vec<&Entry> = match self.map(node, "`choose`") {
            Some(entries) => meant(entries).filter(|entry| !entry.key.is_empty()).collect(),
            None => return (None, Gives::unknown()),
        };
        if entries.is_empty() {
            let found = self.error(code::MISSING_KEY, &node.span, format!("{} has no branch", fields.what));
            found.help("add one: `NAME: { when: …, steps: { … } }`");
            return (None, Gives::unknown());
        }
        let mut sight = around.clone();
        let (mut branches, mut gives): (Vec<Option<Branch>>, Option<Gives>) = (Vec::new(), None);
        let mut always = false;
        for (index, entry) in entries.iter().enumerate() {
            let (branch, value, when) = self.branch(entry, &sight);
            gives = Some(match gives {
                Some(before) => before.or(value),
                None => value,
            });
            match (when, entries.get(index + 1)) {
                (Some(Some(when)), _) => sight.reads = sight.reads.given_not(&when),
                (Some(None), _) => {}
                (None, None) => always = true,
                (None, Some(next)) => self.never_reached(entry, next),
            }
            branches.push(branch);
        }
        let gives = gives.unwrap_or_else(Gives::nothing);
        let gives = if always { gives } else { gives.or_absent() };
        (branches.into_iter().collect::<Option<_>>().map(StepWork::Choose), gives)
    }

    /// One branch, what it gives, and its condition, if it has one and it could be read.
    fn branch(&mut self, entry: &'a Entry, sight: &Sight) -> (Option<Branch>, Gives, Option<Option<Expr>>) {
        let name = self.name(entry);
        let Some(fields) = self.entry_fields(entry, "the branch", &grammar::BRANCH) else {
            return (None, Gives::unknown(), Some(None));
        };
        let when = fields.get("when").map(|node| self.condition(node, &sight.reads));
        let mut inner = sight.within(format!("{}.choose.{}", sight.address, entry.key));
        if let Some(Some(when)) = &when {
            inner.reads = inner.reads.given(when);
        }
        let Some(read) = self.block(&fields, &inner) else { return (None, Gives::unknown(), when) };
        let whole = when.as_ref().is_none_or(Option::is_some);
        let branch = name.zip(read.block).filter(|_| whole);
        let branch = branch.map(|(name, block)| Branch { name, when: when.clone().flatten(), block });
        (branch, read.gives, when)
    }

    fn never_reached(&mut self, entry: &Entry, next: &Entry) {
        let message = format!(
            "the branch `{}` has no `when` and is always taken, so that `{}` is never reached",
            entry.key, next.key
        );
        let found = self.error(code::NEVER_REACHED, &entry.at, message);
        found.also(next.at.clone(), "this is never reached").help("give it a `when:`, or let it stand last");
    }

    /// Its steps again and again.
    pub(super) fn repeat(
        &mut self,
        node: &'a Node,
        fields: &Fields<'a>,
        around: &Sight,
    ) -> (Option<StepWork>, Gives) {
        let times =
            self.count(node, "`repeat`").filter(|times| self.within(node, "`repeat`", *times, ROUNDS_MAX));
        let last = match fields.get("steps") {
            Some(steps) if !around.rehearsed => self.last(steps, around),
            _ => Shape::unknown(),
        };
        let read = self.block(fields, &around.in_round(&last));
        let until = self.required(fields, "until", "steps.NAME.FIELD == …");
        let until = until.and_then(|until| {
            let sight = read.as_ref().map_or(around, |read| &read.sight);
            self.condition(until, &sight.reads.clone().at(place::UNTIL))
        });
        let Some(read) = read else { return (None, Gives::unknown()) };
        let work = (|| Some(StepWork::Repeat { times: times?, until: until?, block: read.block? }))();
        (work, read.gives)
    }

    /// What `last` has: the values of the round before, by step; none of them in the first round.
    ///
    /// The steps are read once for their types alone, with nothing known of `last`: what they give then is no narrower than
    /// what they give with it.
    fn last(&mut self, steps: &'a Node, around: &Sight) -> Shape {
        let rehearsal = Sight { rehearsed: true, ..around.in_round(&Shape::unknown()) };
        let read = self.unheard(|loader| loader.steps(steps, &rehearsal));
        record(
            read.gives
                .into_iter()
                .map(|(name, gives)| (name, Shape::from((*gives.schema).clone()), Presence::Maybe)),
        )
    }

    /// Reads something, and tells nothing of what is wrong with it.
    fn unheard<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        let findings = std::mem::take(&mut self.findings);
        let found = read(self);
        self.findings = findings;
        found
    }

    /// Whether a number is no greater than what this release bounds it by.
    fn within(&mut self, node: &Node, what: &str, number: u64, most: u64) -> bool {
        if number > most {
            let found = self.error(
                code::LOOP_BOUND,
                &node.span,
                format!("{what} is {most} at most, and this is {number}"),
            );
            found.help(format!("write {most} or less"));
        }
        number <= most
    }

    /// Its steps for each item of a list.
    pub(super) fn each(
        &mut self,
        node: &'a Node,
        fields: &Fields<'a>,
        around: &Sight,
        collects: bool,
    ) -> (Option<StepWork>, Gives) {
        let over = self.value(node, &around.reads);
        let item_type = over.as_ref().and_then(|over| self.items_of(node, over));
        let item = self.lane_name(fields, around);
        let at_once = fields.get("at_once").map(|node| {
            let count = self.count(node, "`at_once`")?;
            self.within(node, "`at_once`", count, LANES_AT_ONCE_MAX).then_some(count)
        });
        let enough = fields.get("enough").map(|node| self.enough(node, over.as_ref()));
        let whole = over.is_some() == item_type.is_some();
        let shape = Shape::from(item_type.unwrap_or_else(|| json!({})));
        let lane = match &item {
            Some((name, at)) => around.in_lane(name, at.clone(), &shape),
            None => around.clone(),
        };
        let read = match item {
            Some(_) => self.block(fields, &lane),
            // Nothing in the block could read the item: that would be told at every place.
            None => self.unheard(|loader| loader.block(fields, &lane)),
        };
        let Some(read) = read else { return (None, Gives::unknown()) };
        let over_schema = over.as_ref().map_or(&Value::Null, |over| &over.schema);
        let enough_known = enough.flatten();
        let gives = lanes_give(&read.gives, over_schema, enough_known, collects);
        if (fields.get("at_once").is_some() && at_once.flatten().is_none())
            || (fields.get("enough").is_some() && enough_known.is_none())
            || !whole
        {
            return (None, gives);
        }
        let work = |over: Typed, (item, _): (Name, Range<usize>), block: Block| StepWork::Each {
            lanes_max: over.schema.get("maxItems").and_then(Value::as_u64),
            over: over.expr,
            item,
            at_once: at_once.flatten(),
            enough: enough_known,
            block,
        };
        let parts = (|| Some((over?, item?, read.block?)))();
        (parts.map(|(over, item, block)| work(over, item, block)), gives)
    }

    /// The type of a list's items; none where it is no list, which is reported.
    fn items_of(&mut self, node: &Node, over: &Typed) -> Option<Value> {
        let source = over.expr.source();
        let (problem, help) = match items(&over.schema) {
            Ok(_) if over.absent => (
                "may be absent".to_owned(),
                format!("do the step only where it is there: `when: has({source})`"),
            ),
            Ok(item) => return Some(item),
            Err(what) if what.starts_with("may") => {
                (what, format!("do the step only where it is there: `when: {source} != null`"))
            }
            Err(what) => (what, "read a path whose type is a list: `T[]`".to_owned()),
        };
        let message = format!("`each` goes over a list, and `{source}` {problem}");
        self.error(code::NO_LIST, &node.span, message).help(help);
        None
    }

    /// The name of a lane's item.
    fn lane_name(&mut self, fields: &Fields<'a>, around: &Sight) -> Option<(Name, Range<usize>)> {
        let node = self.required(fields, "as", "item")?;
        let text = self.text(node, "the item's name")?;
        let name = self.usable(&text, &node.span)?;
        let hides = self.hides_nothing(&around.lanes, &name, &node.span, "lane's item");
        hides.then(|| (name, node.span.clone()))
    }

    fn enough(&mut self, node: &'a Node, over: Option<&Typed>) -> Option<u64> {
        let enough = self.count(node, "`enough`")?;
        let most = over.and_then(|over| over.schema.get("maxItems")).and_then(Value::as_u64);
        if let Some(most) = most.filter(|most| enough > *most) {
            let message =
                format!("`enough` is {enough}, and the list has {most} items at most: it would always fail");
            self.error(code::LOOP_BOUND, &node.span, message).help(format!("write {most} or less"));
            return None;
        }
        Some(enough)
    }
}

/// What an `each` gives: the lanes' values as a list. A lane without a value has no place in it.
fn lanes_give(lane: &Gives, over: &Value, enough: Option<u64>, collects: bool) -> Gives {
    if lane.is_nothing() {
        return Gives::nothing();
    }
    let mut schema = json!({ "type": "array", "items": *lane.schema });
    let list = over.get("type") == Some(&Value::from("array"));
    let bound = |key: &str| over.get(key).filter(|_| list).and_then(Value::as_u64);
    let fewest = match (lane.absent || collects, enough) {
        (true, _) => None,
        (false, Some(enough)) => Some(enough),
        (false, None) => bound("minItems"),
    };
    for (key, bound) in [("minItems", fewest), ("maxItems", bound("maxItems"))] {
        if let (Some(bound), Some(schema)) = (bound, schema.as_object_mut()) {
            schema.insert(key.to_owned(), bound.into());
        }
    }
    Gives { schema: portable(&schema).into(), absent: false }
}
