//! Names of the language for things that carry other names elsewhere, and patterns that pick some of them.

use std::collections::BTreeSet;

use crate::limits::NAME_BYTES_MAX;
use crate::names::is_reserved;

/// The names that were given so far.
#[derive(Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// A name like this one that nothing else has. A number tells two apart that come to the same.
    pub(super) fn give(&mut self, like: &str, without: &str) -> String {
        let stem = named(like, without);
        let mut name = stem.clone();
        let mut number = 2_usize;
        while !self.0.insert(name.clone()) {
            let suffix = format!("_{number}");
            let room = NAME_BYTES_MAX - suffix.len();
            name = format!(
                "{}{suffix}",
                stem.get(..stem.len().min(room)).unwrap_or(&stem).trim_end_matches('_')
            );
            number += 1;
        }
        name
    }
}

/// `[a-z][a-z0-9_]*`, at most 64 bytes, none of CEL's words: `createIssue-v2` is `create_issue_v2`.
pub(super) fn named(like: &str, without: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    let letters: Vec<char> = like.chars().take(NAME_BYTES_MAX * 4).collect();
    for (index, letter) in letters.iter().copied().enumerate() {
        let next_is_small = letters.get(index + 1).is_some_and(char::is_ascii_lowercase);
        let begins_word = letter.is_ascii_uppercase()
            && (before.is_ascii_lowercase()
                || before.is_ascii_digit()
                || before.is_ascii_uppercase() && next_is_small);
        if letter.is_ascii_alphanumeric() {
            if begins_word && !name.ends_with('_') && !name.is_empty() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        before = letter;
    }
    name.truncate(NAME_BYTES_MAX);
    let name = name.trim_end_matches('_');
    let name = if name.is_empty() { without } else { name };
    let mut name = if name.starts_with(|first: char| first.is_ascii_lowercase()) {
        name.to_owned()
    } else {
        format!("{without}_{name}")
    };
    name.truncate(NAME_BYTES_MAX);
    if is_reserved(&name) { format!("{name}_{without}") } else { name }
}

/// Whether the name fits the pattern: `*` stands for any letters, `?` for one.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // One row of the table of which beginnings fit which: linear in both, whatever the pattern.
    let mut row = vec![false; name.len() + 1];
    if let Some(first) = row.first_mut() {
        *first = true;
    }
    for sign in pattern {
        let mut next = vec![false; name.len() + 1];
        let mut any_before = false;
        for (index, cell) in next.iter_mut().enumerate() {
            let here = row.get(index).copied().unwrap_or(false);
            let before = index.checked_sub(1).and_then(|index| row.get(index)).copied().unwrap_or(false);
            any_before |= here;
            let letter = index.checked_sub(1).and_then(|index| name.get(index)).copied();
            *cell = match sign {
                '*' => any_before,
                '?' => before && letter.is_some(),
                sign => before && letter == Some(sign),
            };
        }
        row = next;
    }
    row.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_become_ours() {
        for (like, name) in [
            ("read_text_file", "read_text_file"),
            ("createIssue", "create_issue"),
            ("agent-tasks/get-task-by-repo", "agent_tasks_get_task_by_repo"),
            ("HTTPServerV2", "http_server_v2"),
            ("get  user", "get_user"),
            ("2fa", "tool_2fa"),
            ("äöü", "tool"),
            ("", "tool"),
            ("return", "return_tool"),
            ("result", "result_tool"),
            ("a\n  effects: []", "a_effects"),
            ("__init__", "init"),
        ] {
            assert_eq!(named(like, "tool"), name, "{like}");
        }
        let mut names = Names::default();
        assert_eq!(names.give("getUser", "tool"), "get_user");
        assert_eq!(names.give("get-user", "tool"), "get_user_2");
        assert_eq!(names.give(&"x".repeat(80), "tool").len(), 64);
        assert_eq!(names.give(&"x".repeat(90), "tool"), format!("{}_2", "x".repeat(62)));
    }

    #[test]
    fn patterns_pick() {
        for (pattern, name, does) in [
            ("*", "anything", true),
            ("repos/*", "repos/get", true),
            ("repos/*", "repo/get", false),
            ("*list*", "a_list_b", true),
            ("get_?", "get_a", true),
            ("get_?", "get_", false),
            ("", "", true),
            ("a", "", false),
        ] {
            assert_eq!(fits(pattern, name), does, "{pattern} {name}");
        }
        assert!(!fits(&"*a".repeat(200), &"b".repeat(10_000)));
    }
}
