//! The pages themselves.

use handfast_events::*;
use handfast_report::{Progress, Style, Trace, inbox, journal_line, prompts, render, render_item};

use crate::stories::{self, RUN, Story};

fn page(story: &Story) -> String {
    render(&Trace::fold(RUN, &story.events), 110, Style::Plain)
}

#[test]
fn a_malformed_answer_is_told_where_it_happened() {
    insta::assert_snapshot!(page(&stories::malformed_then_good()));
}

#[test]
fn a_refused_call_shows_its_mend_and_a_broken_promise_its_evidence() {
    insta::assert_snapshot!(page(&stories::refused_then_broken()));
}

#[test]
fn a_call_in_doubt_names_the_commands_that_settle_it() {
    insta::assert_snapshot!(page(&stories::in_doubt()));
}

#[test]
fn a_call_that_its_server_works_on_says_who_is_asked_by_what_and_when() {
    let story = stories::working();
    let lines = story.events.iter().map(|event| journal_line(event, 110, Style::Plain));
    let journal = lines.collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(format!("{}\n{journal}\n", page(&story)));
}

#[test]
fn a_result_that_contradicts_is_told_with_its_verb_until_somebody_has_seen_to_it() {
    let mut story = stories::contradicted();
    let trace = Trace::fold(RUN, &story.events);
    let items = inbox(&trace);
    assert_eq!(items.iter().map(|item| item.kind).collect::<Vec<_>>(), ["contradicted"]);
    let items: Vec<String> = items.iter().map(|item| render_item(item, 110, Style::Plain)).collect();
    let newest = journal_line(story.events.last().unwrap(), 110, Style::Plain);
    let before = format!("{}\n{newest}\n\n{}", page(&story), items.concat());
    let accepted = handfast_events::StandingAccepted { who: "asserted: bob".into(), why: "closed it".into() };
    story.after(1_000).call("resolve@1.0", accepted);
    assert!(inbox(&Trace::fold(RUN, &story.events)).is_empty());
    insta::assert_snapshot!(format!("{before}\nand once it is accepted:\n\n{}", page(&story)));
}

#[test]
fn a_paused_run_names_the_command_that_raises_its_limit() {
    insta::assert_snapshot!(page(&stories::paused_by_limit()));
}

#[test]
fn a_doubt_whose_attempts_ran_out_waits_for_a_person_and_says_so() {
    let mut story = stories::in_doubt();
    let clause = "tools.open_case.limits.attempts".into();
    let (ceiling, used, needs) = (Ceiling::Count(1), Ceiling::Count(1), Ceiling::Count(1));
    let step = StepId::new("resolve");
    let again = Next::Retry(Retry { at: Timestamp::UNIX_EPOCH, why: "backoff".into() });
    if let Some(Event { body: Body::CallDoubted(doubted), .. }) = story.events.last_mut() {
        doubted.next = again;
    }
    story.run(RunPaused {
        reason: PauseReason::Limit { clause, limit: LimitKind::Attempts, ceiling, used, needs, step },
    });
    let trace = Trace::fold(RUN, &story.events);
    let kinds: Vec<_> = inbox(&trace).iter().map(|item| (item.kind, item.place.clone())).collect();
    assert_eq!(kinds, [("doubt", Some("resolve@1.0".to_owned())), ("paused", None)]);
    insta::assert_snapshot!(page(&story));
}

#[test]
fn a_run_that_is_stuck_says_what_was_taken_back_what_stands_and_how_to_go_on() {
    insta::assert_snapshot!(page(&stories::stuck()));
}

#[test]
fn an_ended_run_says_what_stands_and_who_accepted_it() {
    let mut story = stories::standing();
    let page_before = page(&story);
    story.after(1_000).call(
        "resolve@1.1",
        StandingAccepted { who: "asserted: bob".into(), why: "called the customer".into() },
    );
    insta::assert_snapshot!(format!("{page_before}\nand once it is accepted:\n\n{}", page(&story)));
}

#[test]
fn a_narrow_terminal_gets_the_same_story() {
    let trace = Trace::fold(RUN, &stories::malformed_then_good().events);
    insta::assert_snapshot!(render(&trace, 64, Style::Plain));
}

#[test]
fn a_journal_reads_line_by_line() {
    let lines = |story: &Story| {
        let lines = story.events.iter().map(|event| journal_line(event, 120, Style::Plain));
        lines.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(lines(&stories::malformed_then_good()));
    insta::assert_snapshot!("a_journal_of_taking_back", lines(&stories::standing()));
}

#[test]
fn machines_get_the_same_tree() {
    let story = stories::in_doubt();
    let trace = Trace::fold(RUN, &story.events);
    insta::assert_json_snapshot!("in_doubt_trace", trace.document().unwrap());
}

#[test]
fn progress_says_what_runs_now() {
    let story = stories::malformed_then_good();
    let mut lines = Vec::new();
    for (index, event) in story.events.iter().enumerate() {
        let trace = Trace::fold(RUN, &story.events[..=index]);
        lines.push(Progress::at(&trace, event.time).line(110));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_prompt_is_rebuilt_to_the_byte() {
    let story = stories::malformed_then_good();
    let rebuilt: Vec<_> = prompts(&story.events).map(|prompt| prompt.unwrap()).collect();
    let places: Vec<_> = rebuilt.iter().map(|prompt| (prompt.turn, prompt.attempt)).collect();
    assert_eq!(places, [(1, 1), (2, 1), (2, 2), (2, 3)]);
    // What is asked again is the same request, and a reminder only adds to it.
    assert_eq!(rebuilt[1].prompt.text(), rebuilt[2].prompt.text());
    insta::assert_snapshot!(rebuilt[3].prompt.text());
}

#[test]
fn the_inbox_has_what_is_stuck_and_what_stands_each_with_its_verb() {
    let items = |story: &stories::Story| {
        let trace = Trace::fold(stories::RUN, &story.events);
        let told = inbox(&trace).into_iter().map(|item| {
            let place = item.place.clone().unwrap_or_default();
            format!("{} {place}\n{}", item.kind, render_item(&item, 100, Style::Plain))
        });
        told.collect::<Vec<_>>().join("\n")
    };
    let mut standing = stories::standing();
    let accepted = items(&standing);
    standing.events.pop();
    insta::assert_snapshot!([items(&stories::stuck()), items(&standing), accepted].join("\n---\n"));
}
