//! A trace as a tree for the terminal. Whatever is written passes through [`Line::push`], which spells hidden
//! characters out: no other way leads to the screen.
//!
//! `tree` says what stands in the tree, this file how it is drawn.

mod line;
mod tree;

use handfast_events::{Money, Status};

pub(crate) use line::{Line, Paint};

use crate::explain::{Explanation, explain};
use crate::explain_ended::fault;
use crate::inbox::Item;
use crate::limits::{FACT_LINES_MAX, STORY_LINES_MAX, WIDTH_MAX, WIDTH_MIN};
use crate::text::{Style, count, duration, json, number_of, visible, width as text_width, wrap, wrap_whole};
use crate::trace::{End, Note, Speaker, Totals, Trace, between};
use tree::{Mark, Node};

/// The columns at the right: tokens in, tokens out, dollars, time.
const COLUMNS: [usize; 4] = [9, 8, 9, 10];

/// The words in the margin and the space behind them.
const MARGIN: usize = 10;

/// Draws a run: its head, the tree, what happened to the run as a whole, the totals, and what to do next.
///
/// A width out of bounds is brought into them. The text ends with a line break.
pub fn render(trace: &Trace, width: usize, style: Style) -> String {
    let page = &mut Page::new(width, style);
    page.head(trace);
    let nodes: Vec<Node> = tree::steps(&trace.steps);
    if !nodes.is_empty() {
        page.columns_named();
        page.nodes("", &nodes);
        page.blank();
    }
    page.talk(trace);
    page.notes(trace);
    page.totals(trace, &trace.totals());
    if let Some(End::Succeeded { output }) = &trace.end {
        page.labelled("output", &json(output));
    }
    if let Some(explanation) = explain(trace) {
        page.blank();
        page.explanation(&explanation);
    }
    std::mem::take(&mut page.out)
}

/// Draws an explanation alone: the headline, the clause, who is at fault, what is known, what to do next.
pub fn render_explanation(explanation: &Explanation, width: usize, style: Style) -> String {
    let mut page = Page::new(width, style);
    page.explanation(explanation);
    page.out
}

/// Draws one thing that waits for a person, whole: what is decided on is never cut to fit.
pub fn render_item(item: &Item, width: usize, style: Style) -> String {
    let mut page = Page { facts_max: FACT_LINES_MAX, ..Page::new(width, style) };
    page.explanation(&item.explanation);
    page.out
}

/// What is drawn on.
struct Page {
    out: String,
    width: usize,
    style: Style,
    /// Lines that one fact may take.
    facts_max: usize,
}

impl Page {
    fn new(width: usize, style: Style) -> Self {
        let width = width.clamp(WIDTH_MIN, WIDTH_MAX);
        Self { out: String::new(), width, style, facts_max: STORY_LINES_MAX }
    }

    fn write(&mut self, line: Line) {
        self.out.push_str(&line.finish(self.width, self.style));
        self.out.push('\n');
    }

    fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A short word in the margin, then text.
    fn labelled(&mut self, label: &str, text: &str) {
        let mut line = Line::default();
        line.push(Paint::Dim, &margin(label));
        line.push(Paint::Plain, text);
        self.write(line);
    }

    fn head(&mut self, trace: &Trace) {
        let status = trace.status();
        let mut line = Line::default();
        line.push(Paint::Bold, &format!("{} · {}", trace.contract, trace.workflow));
        line.push(Paint::Plain, "  ");
        let mark = match &status {
            Status::Done => Mark::Good,
            Status::Failed | Status::Cancelled | Status::Killed | Status::Quarantined | Status::Stuck => {
                Mark::Bad
            }
            Status::Waiting(_)
            | Status::PausedByLimit
            | Status::PausedForOperator
            | Status::PausedByPerson
            | Status::PausedByHalt { .. }
            | Status::Standing(_) => Mark::Doubt,
            Status::Running | Status::Compensating => Mark::Open,
        };
        line.push(mark.paint(), &format!("{} {}", mark.sign(), status.name()));
        self.write(line);
        let short = trace.digest.hex().chars().take(12).collect::<String>();
        self.labelled("run", &trace.run.to_string());
        self.labelled("contract", &format!("{}, sha256:{short}…", trace.version));
        if let Some(model) = &trace.model {
            self.labelled("models", model);
        }
        self.labelled("input", &json(&trace.input));
        self.blank();
    }

    fn columns_named(&mut self) {
        let mut line = Line::default();
        line.columns(&["in".into(), "out".into(), "USD".into(), "time".into()], self.width);
        self.write(line);
    }

    fn nodes(&mut self, before: &str, nodes: &[Node]) {
        let last = nodes.len().saturating_sub(1);
        for (index, node) in nodes.iter().enumerate() {
            let (branch, below) = if index == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let mut line = Line::default();
            line.push(Paint::Dim, &format!("{before}{branch}"));
            line.push(node.mark.paint(), node.mark.sign());
            line.push(Paint::Plain, " ");
            line.push(Paint::Bold, &node.name);
            line.push(Paint::Plain, &node.text);
            line.columns(&node.columns, self.width);
            self.write(line);
            let below = format!("{before}{below}");
            self.details(&format!("{below}{}", if node.children.is_empty() { "  " } else { "│ " }), node);
            self.nodes(&below, &node.children);
        }
    }

    fn details(&mut self, before: &str, node: &Node) {
        for detail in &node.details {
            let room = self.width.saturating_sub(text_width(before)).max(8);
            let shown = visible(&detail.text);
            let room = room.saturating_sub(detail.hang);
            for (index, text) in wrap(&shown, room, detail.lines_max).iter().enumerate() {
                let mut line = Line::default();
                line.push(Paint::Dim, before);
                line.push(Paint::Plain, &" ".repeat(if index == 0 { 0 } else { detail.hang }));
                line.push(detail.paint, text);
                self.write(line);
            }
        }
    }

    /// What was said, one line after the other.
    fn talk(&mut self, trace: &Trace) {
        for line in &trace.talk {
            let (who, paint) = match &line.by {
                Speaker::Person { .. } => ("heard", Paint::Plain),
                Speaker::Agent => ("said", Paint::Bold),
                Speaker::Question { .. } => ("asked", Paint::Doubt),
            };
            self.wrapped(who, paint, &line.text);
        }
        if !trace.talk.is_empty() {
            self.blank();
        }
    }

    fn notes(&mut self, trace: &Trace) {
        let mut is_any = false;
        let mut driver = "";
        for (time, note) in &trace.notes {
            let text = match note {
                // The first taking is how every run begins.
                Note::Taken { epoch: 0..=1, worker } => {
                    driver = worker;
                    continue;
                }
                // It let go of a run that rested, and took it again when it could move.
                Note::Taken { worker, .. } if worker == driver => continue,
                Note::Taken { worker, epoch } => {
                    driver = worker;
                    format!("{worker} took over (epoch {epoch})")
                }
                Note::Turned { who, why } => format!("{who} was turned down: {why}"),
                Note::Paused(handfast_events::PauseReason::Limit { clause, .. }) => {
                    format!("paused by {clause}")
                }
                Note::Paused(handfast_events::PauseReason::Operator { why }) => format!("paused: {why}"),
                Note::Paused(handfast_events::PauseReason::Person { who, why }) => {
                    format!("paused by {who}: {why}")
                }
                Note::Paused(handfast_events::PauseReason::Halt { scope, who, why }) => {
                    format!("paused, since {who} halted {scope}: {why}")
                }
                Note::Resumed { who } => format!("resumed by {who}"),
                Note::Raised { clause, to } => format!("{clause} raised to {to}"),
                Note::Learned { fact, value, by } => {
                    format!("{fact} is {}, by {by}", json(value))
                }
                Note::CancelRequested { who, why } => format!("{who} asked for the end: {why}"),
            };
            is_any = true;
            let at = format!("+{}", duration(between(trace.began, Some(*time))));
            self.labelled(&at, &text);
        }
        if is_any {
            self.blank();
        }
    }

    fn totals(&mut self, trace: &Trace, totals: &Totals) {
        let mut calls = number_of(totals.calls_sent, "tool call", "tool calls");
        if totals.calls_refused > 0 {
            calls.push_str(&format!(" ({} refused)", count(totals.calls_refused)));
        }
        let retries = number_of(totals.retries, "retry", "retries");
        let mut models = number_of(totals.models_asked, "model call", "model calls");
        if totals.summaries > 0 {
            models.push_str(&format!(" ({} to sum up)", count(totals.summaries)));
        }
        self.labelled(
            "totals",
            &format!("{} · {models} · {calls} · {retries}", duration(trace.elapsed_ms())),
        );
        self.labelled(
            "time",
            &format!(
                "{} waiting for models, {} for tools",
                duration(totals.model_ms),
                duration(totals.tool_ms)
            ),
        );
        let (cached, written) = (totals.usage.input_cached, totals.usage.input_written);
        let told = [(cached, "cached"), (written, "written to the cache")]
            .into_iter()
            .filter(|(tokens, _)| *tokens > 0)
            .map(|(tokens, how)| format!("{} {how}", count(tokens)))
            .collect::<Vec<_>>();
        let cached = if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) };
        self.labelled(
            "tokens",
            &format!("{} in{cached}, {} out", count(totals.usage.input), count(totals.usage.output)),
        );
        let mut cost = totals.cost.to_string();
        if totals.tokens_forfeited > 0 || totals.cost_forfeited.nano_usd() > 0 {
            cost.push_str(&format!(", and {} forfeited", totals.cost_forfeited));
        }
        if totals.tokens_forfeited > 0 {
            cost.push_str(&format!(" ({} tokens assumed)", count(totals.tokens_forfeited)));
        }
        if let Some(table) = trace.prices.as_ref().filter(|_| totals.cost > Money::ZERO) {
            cost.push_str(&format!("; prices of {table}"));
        }
        self.labelled("cost", &cost);
        if let Some(told) = of_which(totals) {
            self.wrapped("", Paint::Dim, &told);
        }
    }

    fn explanation(&mut self, explanation: &Explanation) {
        self.wrapped("why", Paint::Bold, &explanation.headline);
        if let Some(clause) = &explanation.clause {
            self.wrapped("clause", Paint::Plain, clause);
        }
        if let Some(party) = explanation.party {
            self.wrapped("fault", Paint::Plain, &fault(party, &explanation.from));
        }
        for (index, fact) in explanation.evidence.iter().enumerate() {
            self.wrapped_to(if index == 0 { "known" } else { "" }, Paint::Plain, fact, self.facts_max);
        }
        for (index, next) in explanation.next.iter().enumerate() {
            self.wrapped(if index == 0 { "next" } else { "" }, Paint::Dim, &format!("{}:", next.when));
            // A command is for copying: never wrapped, never cut.
            let mut line = Line::default();
            line.push(Paint::Key, &next.command);
            self.out.push_str(&" ".repeat(MARGIN + 2));
            self.out.push_str(&line.finish(usize::MAX, self.style));
            self.blank();
        }
    }

    /// A short word in the margin, then text on as many lines as it takes.
    fn wrapped(&mut self, label: &str, paint: Paint, text: &str) {
        self.wrapped_to(label, paint, text, STORY_LINES_MAX);
    }

    fn wrapped_to(&mut self, label: &str, paint: Paint, text: &str, lines_max: usize) {
        let shown = visible(text);
        let room = self.width.saturating_sub(MARGIN);
        let is_story = lines_max <= STORY_LINES_MAX;
        let parts =
            if is_story { wrap(&shown, room, lines_max) } else { wrap_whole(&shown, room, lines_max) };
        for (index, part) in parts.iter().enumerate() {
            let mut line = Line::default();
            line.push(Paint::Dim, &margin(if index == 0 { label } else { "" }));
            line.push(paint, part);
            self.write(line);
        }
    }
}

/// What of the cost brought no answer by itself, and what tools took; none where all of it was for answers.
fn of_which(totals: &Totals) -> Option<String> {
    let parts = [
        (totals.cost_unusable, "for answers that could not be used"),
        (totals.cost_summing, "for summing up"),
        (totals.cost_tools, "for tools"),
    ];
    let told = parts.into_iter().filter(|(cost, _)| *cost > Money::ZERO);
    let told = told.map(|(cost, what)| format!("{cost} {what}")).collect::<Vec<_>>();
    (!told.is_empty()).then(|| format!("of which {}", told.join(", ")))
}

/// The margin with a short word in it.
fn margin(label: &str) -> String {
    format!("{label:<MARGIN$}")
}
