//! Changes as a person reads them: the heaviest first, each with why it weighs so much and what to do. Decides nothing.

use std::fmt::Write as _;

use super::{Breaks, Change, Weight, heaviest};

/// From the heaviest on: how each is headed, and what it asks for.
const HEADS: [(Weight, &str); 4] = [
    (Weight::Breaking, "Breaking: somebody who relies on the old contract can't rely on the new one"),
    (Weight::Reapprove, "To be approved anew: more may be done, or fewer people are asked"),
    (Weight::Reevaluate, "To be evaluated anew: a model reads other words, or has more to do"),
    (Weight::Compatible, "Compatible: nothing to do"),
];

/// All changes by weight, each with its address, and their sum. They stand in the order that [`super::diff`] gives them.
pub fn report(changes: &[Change]) -> String {
    let mut text = String::new();
    for (weight, head) in HEADS {
        let of: Vec<&Change> = changes.iter().filter(|change| change.weight() == weight).collect();
        if of.is_empty() {
            continue;
        }
        // Writing to a `String` can't fail.
        let _ = writeln!(text, "{head}\n");
        for change in of {
            text.push_str(&told(change));
            text.push('\n');
        }
    }
    text + &sum(changes) + "\n"
}

fn told(change: &Change) -> String {
    let mut text = format!("  {}\n    {}\n", change.address, change.what);
    if change.weight() == Weight::Compatible {
        return text;
    }
    let breaks: Vec<&str> = change.rule.breaks.iter().copied().map(Breaks::name).collect();
    let breaks = if breaks.is_empty() { String::new() } else { format!("breaks {}: ", breaks.join(", ")) };
    let _ = writeln!(text, "    = {breaks}{}", change.rule.why);
    if !change.rule.remedy.is_empty() {
        let _ = writeln!(text, "    = do: {}", change.rule.remedy);
    }
    text
}

/// How many changes of which weight, and which version comes next, in a sentence.
pub fn sum(changes: &[Change]) -> String {
    let Some(weight) = heaviest(changes) else {
        return "no change: both mean the same".to_owned();
    };
    let number = |weight: Weight| changes.iter().filter(|change| change.weight() == weight).count();
    let parts: Vec<String> = HEADS
        .iter()
        .map(|(weight, _)| (number(*weight), weight.name()))
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| format!("{number} {name}"))
        .collect();
    let changed = if changes.len() == 1 { "1 change" } else { &format!("{} changes", changes.len()) };
    format!(
        "{changed}: {}; counted as major.minor.patch, the next version is a {} one",
        parts.join(", "),
        weight.step()
    )
}
