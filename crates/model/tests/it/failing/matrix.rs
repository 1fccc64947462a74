//! The whole matrix, to be read by people: a table for each wire.

use std::fmt::Write as _;

use futures_util::{StreamExt as _, stream};
use handfast_double::{Fault, Meaning, Wire};

use super::cell::Cell;
use super::page;
use super::stage::Stage;
use super::told::Told;

/// Cells whose runs are under way at once.
const AT_ONCE: usize = 16;

/// The classes that a meaning may have here.
fn classes(fault: Option<Fault>, meaning: Meaning) -> &'static [&'static str] {
    match (meaning, fault) {
        (Meaning::RateLimited, _) => &["rate limited"],
        (Meaning::Overloaded, _) => &["overloaded"],
        (Meaning::Billing, _) => &["billing"],
        (Meaning::Authentication, _) => &["authentication"],
        (Meaning::ContextOverflow, _) => &["context overflow"],
        (Meaning::Refused, _) => &["refused"],
        (Meaning::ContentFiltered, _) => &["content filtered"],
        // A redirect isn't followed: the URL is to be corrected.
        (Meaning::BadRequest | Meaning::Redirected, _) => &["bad request"],
        (Meaning::Timeout, _) => &["timeout"],
        (Meaning::Unavailable, _) => &["unavailable"],
        (Meaning::ConnectionLost, _) => &["connection lost"],
        // Arguments that are no JSON are a call that is refused, and the model is told why.
        (Meaning::Malformed, Some(Fault::ArgumentsTorn)) => &["refused call"],
        (Meaning::CutShort, Some(Fault::ArgumentsCut)) => &["refused call"],
        // What was cut off is no value of the form that was asked for.
        (Meaning::Malformed | Meaning::CutShort, _) => &["malformed output"],
        (Meaning::Unknown, _) => &["unknown failure"],
    }
}

/// A cell, and what its three runs came to.
pub(super) type Met = (Cell, [Told; 3]);

#[tokio::test]
async fn every_failure_has_its_class_its_remedy_and_its_outcome() {
    let mut met = Vec::new();
    for wire in Wire::ALL {
        let stage = Stage::new(wire).await;
        let meets = async |cell: Cell| {
            let three = cell.three([&stage; 3]).await;
            (cell, three)
        };
        met.extend(stream::iter(Cell::all(wire)).map(meets).buffered(AT_ONCE).collect::<Vec<Met>>().await);
    }
    for wire in Wire::ALL {
        let own: Vec<&Met> = met.iter().filter(|(cell, _)| cell.wire == wire).collect();
        insta::assert_snapshot!(format!("matrix_{wire}"), table(&own));
    }
    let wrong: Vec<String> = met.iter().flat_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    page::holds(&met);
}

/// What is wrong with a cell: its class is another than its provider says, or its run neither ended nor rests.
fn wrong((cell, three): &Met) -> Vec<String> {
    let place = format!("{}, {}, {}", cell.wire, cell.name(), cell.moment);
    let expected = classes(cell.fault, cell.meaning);
    let misread = three.iter().filter(|told| !expected.contains(&told.class.as_str()));
    let misread = misread.map(|told| format!("{place}: {}, and means {}", told.class, cell.meaning));
    let unsettled = three.iter().filter(|told| !told.is_settled);
    misread.chain(unsettled.map(|told| format!("{place}: {}", told.story))).collect()
}

/// One line for all moments of a failure that come to the same.
pub(super) fn table(met: &[&Met]) -> String {
    let mut rows: Vec<[String; 6]> = Vec::new();
    for (cell, [passes, lasts, alone]) in met {
        let name = cell.name().to_owned();
        let columns = [&passes.class, &passes.story, &lasts.story, &alone.story].map(Clone::clone);
        match rows.last_mut().filter(|row| row[0] == name && row[2..] == columns) {
            Some(row) => row[1].push_str(&format!(" · {}", cell.moment)),
            None => {
                let [class, passes, lasts, alone] = columns;
                rows.push([name, cell.moment.to_string(), class, passes, lasts, alone]);
            }
        }
    }
    let head = ["what came", "when", "class", "it passes", "it lasts, with a spare", "it lasts, alone"];
    rows.insert(0, head.map(Into::into));
    let widths: Vec<usize> =
        (0..6).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}", width = *width)).collect();
        writeln!(text, "{}", cells.join(" | ").trim_end()).unwrap();
    }
    text
}
