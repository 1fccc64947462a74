//! When two resources can be one.

use handfast_contract::overlap;
use proptest::prelude::*;

#[test]
fn paths_overlap_what_lies_under_them_and_what_they_can_mean() {
    let rows = [
        ("order/7", "order/7", true),
        ("order/7", "order/8", false),
        ("order/7", "order/70", false),
        ("order/*", "order/7", true),
        ("order/*", "customer/7", false),
        ("order", "order/7/lines", true),
        ("order/7/lines", "order/*", true),
        ("order/*/lines", "order/7/notes", false),
        ("order/*/lines", "order/7", true),
        ("order/**", "order/7/lines/1", true),
        ("**", "anything/at/all", true),
        ("a/**", "b/**", false),
        ("*/x", "a/*", true),
        ("*/x", "a/y", false),
        ("order/%2A", "order/7", false),
        ("/order//7/", "order/7", true),
        ("", "order/7", true),
    ];
    for (a, b, expected) in rows {
        assert_eq!(overlap(a, b), expected, "{a} {b}");
    }
}

/// What a path means, by the letter: all ways to fill it with two letters, and what lies under, to a depth.
fn meanings(path: &[String], depth: usize) -> Vec<Vec<String>> {
    let Some((first, rest)) = path.split_first().filter(|(first, _)| *first != "**") else {
        return if depth == 0 { vec![vec![]] } else { meanings(&["*".to_owned()], depth) };
    };
    if depth == 0 {
        return Vec::new();
    }
    let firsts = if first == "*" { vec!["a".to_owned(), "b".to_owned()] } else { vec![first.clone()] };
    let behind = if rest.is_empty() && depth == 1 { vec![vec![]] } else { meanings(rest, depth - 1) };
    firsts
        .iter()
        .flat_map(|first| behind.iter().map(move |rest| [vec![first.clone()], rest.clone()].concat()))
        .collect()
}

fn path() -> impl Strategy<Value = Vec<String>> {
    let segment = prop::sample::select(vec!["a", "b", "*"]).prop_map(str::to_owned);
    (prop::collection::vec(segment, 1..4), any::<bool>()).prop_map(|(mut path, rest)| {
        if rest {
            path.push("**".to_owned());
        }
        path
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn overlapping_is_having_a_meaning_in_common(a in path(), b in path()) {
        // Four levels are deeper than any of these paths, so each has meanings there.
        let (mine, theirs) = (meanings(&a, 4), meanings(&b, 4));
        prop_assert!(!mine.is_empty() && !theirs.is_empty());
        let common = mine.iter().any(|one| theirs.contains(one));
        prop_assert_eq!(overlap(&a.join("/"), &b.join("/")), common);
    }

    #[test]
    fn it_is_symmetric_and_covers_itself_and_its_children(a in "[a-c/*]{0,12}", b in "[a-c/*]{0,12}", child in "[a-c]{1,3}") {
        prop_assert_eq!(overlap(&a, &b), overlap(&b, &a));
        prop_assert!(overlap(&a, &a));
        let under = format!("{a}/{child}");
        prop_assert!(overlap(&a, &under));
    }
}
