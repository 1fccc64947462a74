//! What holds for every journal, whole or cut anywhere.

use handfast_events::{Body, Money, Status};
use handfast_report::{Progress, PromptError, Style, Trace, explain, inbox, journal_line, prompts, render};

use crate::stories::{self, RUN, Story};

/// Every story, cut behind each of its events.
fn every_beginning(mut look: impl FnMut(&Story, usize, &Trace)) {
    for story in stories::all() {
        let mut trace = Trace::new(RUN);
        for (index, event) in story.events.iter().enumerate() {
            trace.follow(event);
            look(&story, index, &trace);
        }
    }
}

#[test]
fn a_live_view_is_the_view_of_the_whole() {
    every_beginning(|story, index, trace| {
        let whole = Trace::fold(RUN, &story.events[..=index]);
        assert_eq!(serde_json::to_value(trace).unwrap(), serde_json::to_value(whole).unwrap());
    });
}

#[test]
fn totals_are_those_of_the_events() {
    every_beginning(|story, index, trace| {
        let (mut cost, mut tokens, mut forfeited, mut asked) = (Money::ZERO, 0, 0, 0);
        let (mut tools, mut summing, mut unusable) = (Money::ZERO, Money::ZERO, Money::ZERO);
        let (mut sums_up, mut newest_price, mut answered) = (false, Money::ZERO, None);
        for event in &story.events[..=index] {
            let just_answered = answered.take();
            match &event.body {
                Body::ModelIntended(intent) => {
                    asked += 1;
                    sums_up = intent.summarises.is_some();
                }
                Body::ModelAnswered(said) => {
                    cost = cost.plus(said.cost);
                    tokens += said.usage.total();
                    if sums_up {
                        summing = summing.plus(said.cost);
                    }
                    answered = Some(said.cost);
                }
                Body::ModelFailed(failed) => forfeited += failed.forfeited.tokens,
                Body::ContextAdjusted(adjusted) if adjusted.replaces.is_none() => {
                    unusable = unusable.plus(just_answered.unwrap_or_default());
                }
                Body::ModelSwitched(_) => unusable = unusable.plus(just_answered.unwrap_or_default()),
                Body::CallIntended(intent) => {
                    newest_price = intent.costs;
                    tools = tools.plus(intent.costs);
                }
                Body::CallNotSent(_) => tools = tools.minus(newest_price),
                _ => {}
            }
        }
        let totals = trace.totals();
        assert_eq!(
            (totals.cost, totals.usage.total(), totals.tokens_forfeited, totals.models_asked),
            (cost.plus(tools), tokens, forfeited, asked)
        );
        assert_eq!(
            (totals.cost_tools, totals.cost_summing, totals.cost_unusable),
            (tools, summing, unusable)
        );
    });
}

#[test]
fn no_line_is_wider_than_its_terminal_but_a_command_to_copy() {
    every_beginning(|story, index, trace| {
        for width in [40, 64, 80, 110, 160] {
            let mut lines: Vec<String> =
                render(trace, width, Style::Plain).lines().map(str::to_owned).collect();
            lines.push(journal_line(&story.events[index], width, Style::Plain));
            lines.extend(Progress::at(trace, story.events[index].time).lines(width));
            for line in lines.iter().filter(|line| !line.trim_start().starts_with("handfast ")) {
                assert!(line.chars().count() <= width, "{} > {width}: {line}", line.chars().count());
            }
        }
    });
}

#[test]
fn nothing_that_a_model_or_a_tool_wrote_reaches_the_terminal_as_a_command() {
    let story = stories::hostile();
    let trace = Trace::fold(RUN, &story.events);
    let mut text = render(&trace, 160, Style::Plain);
    for event in &story.events {
        text.push_str(&journal_line(event, 110, Style::Plain));
        text.push_str(&Progress::at(&trace, event.time).lines(110).concat());
    }
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}' | '\u{e0041}')
    };
    assert_eq!(text.chars().find(|c| hidden(*c)), None, "{text}");
    assert!(text.contains(r"1042\u{202e}0001"), "{text}");

    // In colour the only commands are ours: a select-graphic-rendition each.
    let colour = render(&trace, 110, Style::Colour);
    for behind in colour.split('\u{1b}').skip(1) {
        let code = behind.strip_prefix('[').and_then(|behind| behind.split_once('m')).map(|(code, _)| code);
        assert!(matches!(code, Some("0" | "1" | "2" | "31" | "32" | "33" | "36")), "{behind:?}");
    }
}

#[test]
fn a_run_that_rests_says_why_and_what_to_do() {
    every_beginning(|_, _, trace| {
        let explanation = explain(trace);
        match trace.status() {
            Status::Running | Status::Compensating | Status::Done => assert!(explanation.is_none()),
            status => {
                let explanation = explanation.unwrap_or_else(|| panic!("{} is not explained", status.name()));
                assert!(!explanation.headline.is_empty());
                let run = RUN.to_string();
                assert!(explanation.next.iter().any(|next| next.command.contains(&run)), "{explanation:?}");
            }
        }
    });
}

#[test]
fn a_changed_prompt_is_found() {
    let mut story = stories::malformed_then_good();
    let place = story.events.iter().position(|event| matches!(event.body, Body::ModelIntended(_))).unwrap();
    let Body::ModelIntended(intent) = &mut story.events[place].body else { panic!("found above") };
    intent.prompt.delta = intent.prompt.delta.replace("parcel", "dragon").into();
    let first = prompts(&story.events).next().unwrap();
    assert!(matches!(first, Err(PromptError::Damaged { .. })), "{first:?}");
}

#[test]
fn a_long_run_is_told_in_linear_time() {
    let mut story = Story::new();
    for turn in 1..=2_000 {
        story.ask(turn, 1, ",{}").answer(turn, 1, stories::asks(&[("find_order", serde_json::json!({}))]));
        let call = format!("resolve@{turn}.0");
        story.intend(&call, "find_order", serde_json::json!({}), handfast_events::Idempotency::Reads);
        story.applied(&call, 1, serde_json::json!({ "total": turn }));
    }
    let trace = Trace::fold(RUN, &story.events);
    assert_eq!((trace.totals().models_asked, trace.totals().calls_sent), (2_000, 2_000));
    let last = prompts(&story.events).last().unwrap().unwrap();
    assert_eq!(last.prompt.text().matches("{}").count(), 2_000);
}

#[test]
fn whatever_waits_for_a_person_is_in_the_inbox_with_its_verb() {
    every_beginning(|story, index, trace| {
        let waits = matches!(
            trace.status(),
            Status::Waiting(handfast_events::Waits::Settlement | handfast_events::Waits::Approval)
                | Status::PausedByLimit
                | Status::PausedForOperator
                | Status::PausedByPerson
                | Status::PausedByHalt { .. }
                | Status::Stuck
                | Status::Standing(_)
        );
        let items = inbox(trace);
        let told = || format!("{} after {}: {items:?}", trace.status().name(), story.events[index].name());
        assert!(!waits || !items.is_empty(), "{}", told());
        assert!(items.iter().all(|item| !item.explanation.next.is_empty()), "{}", told());
    });
}
