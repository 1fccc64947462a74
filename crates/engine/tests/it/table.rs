//! What follows each failure of a call: every cell is expected here by hand, and found out by the code.

use handfast_engine::{CLASSES, CallPhase, CallTrouble, failures_page, follows};

/// In the order of the troubles: only reads, natural, a key, a forgotten key, none.
/// R: not applied, retried. T: not applied, told. D: in doubt, repeated. S: in doubt, settled. B: applied, broken. -: never.
const EXPECTED: [(CallPhase, [&str; 11]); 3] = [
    (
        CallPhase::First,
        [
            "RRRRR", // no connection
            "TTTTT", // turned away
            "RRRRR", // named, transient
            "TTTTT", // named, permanent
            "TTTTT", // named, settles: call
            "RDDSS", // named, doubtful
            "TDDSS", // unnamed
            "RDDSS", // timeout
            "RDDSS", // broken stream
            "RDDSS", // worker gone
            "BBBBB", // another type
        ],
    ),
    (
        // What only reads is never in doubt; a key that may be forgotten, and none, are never tried a second time.
        CallPhase::Again,
        [
            "RRR--", // no connection: the first attempt's doubt stays
            "TRR--", // turned away: so it does here
            "RRR--", // named, transient
            "TRR--", // named, permanent
            "TTT--", // named, settles: call
            "RDD--", // named, doubtful
            "TDD--", // unnamed
            "RDD--", // timeout
            "RDD--", // broken stream
            "RDD--", // worker gone
            "BBB--", // another type
        ],
    ),
    (
        CallPhase::Ending,
        [
            "TTTTT", // no connection
            "TTTTT", // turned away
            "TTTTT", // named, transient
            "TTTTT", // named, permanent
            "TTTTT", // named, settles: call
            "TSSSS", // named, doubtful
            "TSSSS", // unnamed
            "TSSSS", // timeout
            "TSSSS", // broken stream
            "TSSSS", // worker gone
            "BBBBB", // another type
        ],
    ),
];

#[test]
fn what_follows_a_failure_is_what_was_expected_of_every_cell() {
    for (phase, rows) in EXPECTED {
        for (trouble, row) in CallTrouble::ALL.into_iter().zip(rows) {
            let found: String = CLASSES
                .iter()
                .map(|(class, _)| match follows(class, trouble, phase).unwrap().to_string().as_str() {
                    "not applied, retried" => 'R',
                    "not applied, told" => 'T',
                    "in doubt, repeated" => 'D',
                    "in doubt, settled" => 'S',
                    "applied, broken" => 'B',
                    _ => '-',
                })
                .collect();
            assert_eq!(found, row, "{}, at {}", trouble.name(), phase.name());
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test's own switch")]
fn the_page_of_failures_is_the_code_s() {
    let page = failures_page().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/failures.md");
    if std::env::var("BLESS").is_ok() {
        std::fs::write(path, &page).unwrap();
    }
    let told =
        "isn't the code's any more: `BLESS=1 cargo test -p handfast-engine --test it -- failures` writes it";
    assert!(std::fs::read_to_string(path).unwrap_or_default() == page, "docs/reference/failures.md {told}");
}
