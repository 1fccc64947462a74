//! A source's own words, made a proposal: one sentence that a person can see, and what to look at in it.

use super::write::{comment, cut, is_seen};
use crate::limits::PROPOSED_CHARS_MAX;

/// A proposed description, and why it should be looked at.
pub(super) struct Proposed {
    pub(super) text: String,
    pub(super) review: Vec<String>,
}

/// Verbs that say little of what a tool does.
const VAGUE: &[&str] =
    &["manage", "manages", "handle", "handles", "process", "processes", "perform", "performs"];

/// The first sentence of what the source says; None where it says nothing.
pub(super) fn proposed(words: Option<&str>) -> Option<Proposed> {
    let words = words?;
    let seen: String = words.chars().filter(|letter| is_seen(*letter) || letter.is_whitespace()).collect();
    let hidden = words.chars().count() - seen.chars().count();
    let sentence = first_sentence(&seen);
    if !sentence.chars().any(char::is_alphanumeric) {
        return None;
    }
    let mut review = Vec::new();
    if hidden > 0 {
        review.push("letters that nobody sees were taken out".to_owned());
    }
    if sentence.chars().count() > PROPOSED_CHARS_MAX {
        review.push("it was cut; say it in one sentence".to_owned());
    }
    let vague =
        sentence.split_whitespace().take(3).find(|word| VAGUE.contains(&word.to_lowercase().as_str()));
    if let Some(verb) = vague {
        review.push(format!("`{}` says little; name what it does", comment(verb)));
    }
    Some(Proposed { text: cut(&sentence, PROPOSED_CHARS_MAX), review })
}

/// What a field is for, for a comment behind it.
pub(super) fn remark(words: Option<&str>) -> Option<String> {
    let remark = comment(&first_sentence(words?));
    let short = cut(&remark, 90);
    short.chars().any(char::is_alphanumeric).then_some(short)
}

/// Up to the first full stop that ends a sentence, on one line; notes that stand in a frame of their own are passed over.
fn first_sentence(words: &str) -> String {
    let mut line = String::new();
    for one in words.lines().map(str::trim) {
        if one.is_empty() && !line.is_empty() {
            break;
        }
        if one.is_empty() || one.starts_with('>') || line.len() > PROPOSED_CHARS_MAX * 8 {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(one.trim_start_matches(['#', ' ']));
    }
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = line.match_indices(['.', '!', '?']).map(|(at, _)| at + 1).find(|end| {
        let (before, after) = (line.get(..*end).unwrap_or(""), line.get(*end..).unwrap_or(""));
        let is_short =
            ["e.g.", "i.e.", "etc.", "vs.", "cf."].iter().any(|short| before.to_lowercase().ends_with(short));
        (after.is_empty() || after.starts_with(' ')) && !is_short
    });
    line.get(..end.unwrap_or(line.len())).unwrap_or(&line).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_is_proposed_and_what_is_odd_is_marked() {
        for (words, text, review) in [
            ("Reads a file. Returns its text.", "Reads a file.", 0),
            ("Reads e.g. a file v1.2 of it\nand more. Then.", "Reads e.g. a file v1.2 of it and more.", 0),
            ("> [!NOTE]\n> preview\n\nLists tasks.\n\nMore.", "Lists tasks.", 0),
            ("Manages things.", "Manages things.", 1),
            ("Reads\u{202e} it.", "Reads it.", 1),
        ] {
            let proposed = proposed(Some(words)).unwrap();
            assert_eq!((proposed.text.as_str(), proposed.review.len()), (text, review), "{words}");
        }
        assert!(proposed(Some(" \n\u{200b}. ")).is_none());
        assert!(proposed(Some(&"word ".repeat(100))).unwrap().text.ends_with("word…"));
    }
}
