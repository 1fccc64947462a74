//! Answers that break off, at offsets from their first byte to their last: a part of one never passes for the whole.

use handfast_double::{Cue, Meaning, Wire};
use handfast_events::Body;

use super::cell::{Cell, Moment, SAID};
use super::matrix::{Met, table};
use super::stage::{Case, Stage};

/// Into so many parts an answer is cut.
const PARTS: usize = 8;

#[tokio::test]
async fn an_answer_that_breaks_off_is_lost_or_whole_and_never_a_part() {
    for wire in Wire::ALL {
        let mut cells = Vec::new();
        for is_streamed in [true, false] {
            let bytes = bytes(wire, is_streamed).await;
            for is_closed in [false, true] {
                let ats = [0, 1].into_iter().chain((1..PARTS).map(|part| bytes * part / PARTS));
                cells.extend(ats.chain([bytes - 1]).map(|at| Cell {
                    wire,
                    fault: None,
                    meaning: Meaning::ConnectionLost,
                    moment: Moment::Broken { at, is_streamed, is_closed },
                }));
            }
        }
        let mut met: Vec<Met> = Vec::new();
        for cell in cells {
            // Each has a stage of its own, so that an answer is as long as the one that was measured.
            let stages = [Stage::new(wire).await, Stage::new(wire).await, Stage::new(wire).await];
            let three = cell.three(stages.each_ref()).await;
            met.push((cell, three));
        }
        for (cell, three) in &met {
            let lost = ["connection lost", "malformed output"];
            for told in three {
                let is_whole = told.class == "answered" && told.said.as_deref() == Some(SAID);
                assert!(
                    is_whole || lost.contains(&told.class.as_str()),
                    "{} at {}: {told:?}",
                    cell.name(),
                    cell.moment
                );
            }
        }
        insta::assert_snapshot!(format!("breaks_{wire}"), table(&met.iter().collect::<Vec<&Met>>()));
    }
}

/// How long the answer is that is cut here.
async fn bytes(wire: Wire, is_streamed: bool) -> usize {
    let cue = Cue::said(SAID);
    let cue = if is_streamed { cue } else { cue.whole() };
    let case = Case { cue, times: 1, is_alone: true, is_silent: false };
    let small = Stage::new(wire).await.meets(case).await;
    let bodies = small.bodies().filter_map(|body| match body {
        Body::ModelAnswered(answered) => answered.body.clone(),
        _ => None,
    });
    bodies.last().unwrap().len()
}
