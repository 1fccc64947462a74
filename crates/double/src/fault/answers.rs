//! Failures that are answers: what the model says, or how it is said, is not what was hoped for.

use super::row::{ALL, Form, MESSAGES, OPENAI, Row};
use super::{Fault, Meaning, Speech};
use crate::asked::Asked;
use crate::cue::Numbers;
use crate::said::{Call, Finish, Said, Tally, Usage};
use crate::wire::Wire;

/// Where the reasons of an answer's end are listed.
const REASONS: &str = "developers.openai.com/api/reference, finish_reason and incomplete_details; \
                       platform.claude.com/docs/en/build-with-claude/handling-stop-reasons";

const fn twist(
    wires: &'static [Wire],
    fault: Fault,
    meaning: Meaning,
    source: &'static str,
    twist: fn(Said, &Asked, Numbers) -> Said,
) -> Row {
    Row { wires, fault, meaning, source, form: Form::Twist(twist), speech: Speech::Any }
}

pub(crate) const ROWS: &[Row] = &[
    twist(ALL, Fault::Refused, Meaning::Refused, REASONS, refused),
    twist(OPENAI, Fault::Filtered, Meaning::ContentFiltered, REASONS, filtered),
    // Anthropic has one word for both: `refusal`.
    twist(MESSAGES, Fault::Filtered, Meaning::Refused, REASONS, filtered),
    twist(ALL, Fault::Length, Meaning::CutShort, REASONS, |said, _, _| {
        half_said(said).finish(Finish::Length)
    }),
    twist(ALL, Fault::ArgumentsCut, Meaning::CutShort, REASONS, |said, asked, _| {
        half_asked(said, asked).finish(Finish::Length)
    }),
    twist(OPENAI, Fault::ArgumentsTorn, Meaning::Malformed, TORN, |said, asked, _| half_asked(said, asked)),
    // Whole, Anthropic gives arguments as JSON, which can't be torn.
    Row {
        wires: MESSAGES,
        fault: Fault::ArgumentsTorn,
        meaning: Meaning::Malformed,
        source: TORN,
        form: Form::Twist(|said, asked, _| half_asked(said, asked)),
        speech: Speech::Streamed,
    },
    twist(ALL, Fault::FinishUnknown, Meaning::Unknown, "nobody: a word that is new", |said, _, _| {
        said.finish(Finish::Word("moon_phase".into()))
    }),
    twist(
        ALL,
        Fault::TruncatedSilently,
        Meaning::ContextOverflow,
        "ollama/ollama issue 4967; z.ai, as noted in earendil-works/pi packages/ai/src/utils/overflow.ts",
        truncated,
    ),
    twist(
        ALL,
        Fault::WindowFilled,
        Meaning::ContextOverflow,
        "platform.claude.com, stop_reason model_context_window_exceeded; MiMo, as noted in earendil-works/pi overflow.ts",
        |_, _, numbers| filled(numbers),
    ),
    Row {
        wires: ALL,
        fault: Fault::JsonTorn,
        meaning: Meaning::Malformed,
        source: "a proxy that stops copying, and says that it is done",
        form: Form::Warp(torn_document),
        speech: Speech::Whole,
    },
    Row {
        wires: ALL,
        fault: Fault::EventTorn,
        meaning: Meaning::Malformed,
        source: "a proxy that loses a piece of a stream",
        form: Form::Warp(torn_event),
        speech: Speech::Streamed,
    },
];

const TORN: &str = "developers.openai.com/api/docs/guides/function-calling: \"the model does not always generate valid JSON\"; \
                    anthropic-sdk-python tests/lib/streaming/fixtures/tool_use_invalid_json_response.txt";

fn refused(_: Said, _: &Asked, _: Numbers) -> Said {
    Said::refusal("I'm sorry, I cannot assist with that request.")
}

fn filtered(said: Said, _: &Asked, _: Numbers) -> Said {
    half_said(said).finish(Finish::Filtered)
}

/// The first half of the text.
fn half_said(mut said: Said) -> Said {
    said.calls.clear();
    said.text = half(&said.text);
    said
}

/// The same with the last call's arguments cut in their middle; where it has no call, one of the first tool.
fn half_asked(mut said: Said, asked: &Asked) -> Said {
    if said.calls.is_empty() {
        let tool = asked.tools().first().map_or("find_order", |tool| *tool).to_owned();
        said.calls.push(Call { id: None, tool, args: r#"{"id":"A-1","note":"cut"}"#.into() });
    }
    if let Some(last) = said.calls.last_mut() {
        last.args = half(&last.args);
    }
    said
}

/// The answer as it is, to no more of the prompt than the window holds.
fn truncated(said: Said, asked: &Asked, numbers: Numbers) -> Said {
    let used = said.used(asked.tokens()).unwrap_or_default();
    said.usage(Usage { input: numbers.window, cached: 0, cache_written: 0, ..used })
}

/// No word, because the prompt took all.
fn filled(numbers: Numbers) -> Said {
    let usage = Usage { input: numbers.window, ..Usage::default() };
    Said { finish: Finish::WindowFull, tally: Tally::Exactly(usage), ..Said::default() }
}

fn half(text: &str) -> String {
    text.chars().take(text.chars().count() / 2).collect()
}

fn torn_document(units: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    units
        .into_iter()
        .map(|mut unit| {
            unit.truncate(unit.len() / 2);
            unit
        })
        .collect()
}

/// The event in the middle loses its second half, but not the blank line behind it.
fn torn_event(mut units: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let middle = units.len() / 2;
    if let Some(unit) = units.get_mut(middle) {
        unit.truncate(unit.len() / 2);
        unit.extend_from_slice(b"\n\n");
    }
    units
}
