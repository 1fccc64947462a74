//! What remedies do to a run, as people and machines read it.

use handfast_events::{Body, Event, Money, Status, Waits};
use handfast_report::{Progress, Style, Trace, held_among, journal_line, prompts, render};

use crate::stories::{self, RUN, Story};

fn page(story: &Story) -> String {
    render(&Trace::fold(RUN, &story.events), 110, Style::Plain)
}

/// So many thousandths of a dollar.
const fn mills(count: i64) -> Money {
    Money::from_nano_usd(count * 1_000_000)
}

#[test]
fn every_remedy_is_told_at_its_place_with_its_reason() {
    insta::assert_snapshot!(page(&stories::mended()));
}

#[test]
fn a_journal_of_remedies() {
    let story = stories::mended();
    let lines = story.events.iter().map(|event| journal_line(event, 130, Style::Plain));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn machines_get_every_remedy_as_fields() {
    let trace = Trace::fold(RUN, &stories::mended().events);
    let document = trace.document().unwrap();
    let [_, second, third, fourth] = document["steps"][0]["turns"].as_array().unwrap().as_slice() else {
        panic!("it has four turns")
    };
    assert_eq!(second["before"][1]["held"]["until"], "2026-11-21T06:31:01Z");
    assert_eq!(second["attempts"][0]["then"][0]["switched"]["to"], "local");
    assert_eq!(second["calls"][0]["holds"][0]["until"], "2026-11-21T06:31:33Z");
    assert_eq!(fourth["before"][0]["adjusted"]["turn"], 4);
    insta::assert_json_snapshot!("remedies_as_fields", third["attempts"]);
}

#[test]
fn what_brought_no_answer_and_what_tools_took_is_counted_apart() {
    let totals = Trace::fold(RUN, &stories::mended().events).totals();
    // Cut and malformed; the summary is neither.
    assert_eq!(totals.cost_unusable, mills(7));
    assert_eq!((totals.cost_summing, totals.summaries), (mills(20), 1));
    // Of four attempts one was never sent.
    assert_eq!(totals.cost_tools, mills(6));
    assert_eq!(totals.cost, mills(73));
    assert_eq!(totals.usage.input_written, 7 * 128);
    // Three of turn 3, one of turn 2, two of calls.
    assert_eq!((totals.models_asked, totals.retries), (9, 6));
}

#[test]
fn what_a_tool_took_whose_attempt_is_in_doubt_is_forfeited() {
    let mut story = stories::in_doubt();
    for event in &mut story.events {
        match &mut event.body {
            Body::CallIntended(intent) => intent.costs = mills(3),
            Body::EpochBegan(began) => began.prices = Some("the table of May".into()),
            _ => {}
        }
    }
    let sent = Trace::fold(RUN, &story.events[..story.events.len() - 1]).totals();
    assert_eq!((sent.cost_tools, sent.cost_forfeited), (mills(3), Money::ZERO));
    let doubted = Trace::fold(RUN, &story.events).totals();
    assert_eq!((doubted.cost_tools, doubted.cost_forfeited), (Money::ZERO, mills(3)));
    let page = page(&story);
    assert!(page.contains("0.004512345 USD, and 0.003 USD forfeited; prices of the table of May"), "{page}");
}

#[test]
fn an_answer_that_a_switch_follows_is_counted_as_one_that_could_not_be_used() {
    let mut story = Story::new();
    story.ask(1, 1, "[").answer(1, 1, stories::says("three"));
    let before = Trace::fold(RUN, &story.events).totals();
    let why = "it missed the form 3 times; last: it is no JSON".to_owned();
    let (from, to) = ("main".into(), "local".into());
    story.step("resolve", handfast_events::ModelSwitched { turn: 1, from, to, why });
    let after = Trace::fold(RUN, &story.events).totals();
    assert_eq!((before.cost_unusable, after.cost_unusable), (Money::ZERO, after.cost));
    let page = page(&story);
    assert_eq!(page.matches("it missed the form 3 times").count(), 1, "{page}");
}

#[test]
fn a_run_that_is_held_says_by_what_and_until_when() {
    let stories = [stories::held(), stories::held_call()].map(|story| {
        let trace = Trace::fold(RUN, &story.events);
        let now = story.events.last().unwrap().time;
        let held = trace.held().unwrap();
        let Status::Waiting(Waits::Retry { until }) = trace.status() else {
            panic!("it waits for the end of its hold")
        };
        // A list, which reads the end of a journal alone, says the same.
        let newest = &story.events[story.events.len() - 2..];
        assert_eq!(held_among(newest, until).as_ref(), Some(&held));
        assert_eq!(held_among(newest, now), None);
        format!("{}\n{}\n\n{}", held.told(now), Progress::at(&trace, now).line(110), page(&story))
    });
    insta::assert_snapshot!(stories.join("\n---\n"));
}

#[test]
fn a_place_is_waited_for_without_a_time() {
    let story = stories::mended();
    let is_it = |event: &Event| matches!(&event.body, Body::ModelHeld(held) if held.until.is_none());
    let place = story.events.iter().position(is_it).unwrap();
    let trace = Trace::fold(RUN, &story.events[..=place]);
    // It goes on as soon as somebody has come back: it waits for no time, and nobody need look.
    assert_eq!((trace.status(), trace.held()), (Status::Running, None));
    let now = story.events[place + 1].time;
    let [doing] = &Progress::at(&trace, now).doing[..] else { panic!("one thing is under way") };
    assert_eq!((doing.what.as_str(), doing.for_ms), ("turn 4 is held, since", 2_000));
    assert_eq!(doing.why.as_deref(), Some("as many are under way as may be at once of `local`"));
}

#[test]
fn why_says_how_an_agent_went_round_in_circles() {
    insta::assert_snapshot!(page(&stories::in_circles()));
}

#[test]
fn why_says_what_was_tried_to_make_a_request_fit() {
    insta::assert_snapshot!(page(&stories::does_not_fit()));
}

#[test]
fn a_limit_on_attempts_names_the_models_that_were_tried() {
    insta::assert_snapshot!(page(&stories::models_run_out()));
}

#[test]
fn a_request_that_sums_up_is_told_from_the_agents_own() {
    let story = stories::mended();
    let all: Vec<_> = prompts(&story.events).map(|prompt| prompt.unwrap()).collect();
    let sums_up = all.iter().filter(|prompt| prompt.summarises.is_some());
    assert_eq!(sums_up.map(|prompt| (prompt.turn, prompt.attempt)).collect::<Vec<_>>(), [(3, 2)]);
}
