//! What a room's sources must not say: the absences that `ARCHITECTURE.md` promises, as words to look for.
//!
//! Tests, examples and measurements are left out: what they do never reaches a user.

use super::scan::{Source, line_of, words};
use super::{Finding, Tree, edges};

/// Words that may stand only in some rooms.
struct Absence {
    /// The words.
    words: &'static [&'static str],
    /// Whether the rooms named are the only ones without them, or the only ones with them.
    rooms: Rooms,
    /// Whether to look into strings too.
    strings: bool,
    remedy: &'static str,
}

enum Rooms {
    Only(&'static [&'static str]),
    Never(&'static [&'static str]),
}

const ABSENCES: [Absence; 7] = [
    Absence {
        words: &["tokio", "rand", "reqwest", "rusqlite", "rustix", "axum"],
        rooms: Rooms::Never(&edges::PURE),
        strings: false,
        remedy: "a pure room knows no runtime: let `host` do it and tell the outcome as a command",
    },
    Absence {
        words: &["SystemTime", "Instant", "Timestamp::now", "Zoned::now", "thread::sleep"],
        rooms: Rooms::Never(&edges::PURE),
        strings: false,
        remedy: "a pure room can't tell the time: take it as an argument",
    },
    Absence {
        words: &["std::fs", "std::net", "std::process", "std::env", "std::thread", "File::open"],
        rooms: Rooms::Never(&edges::PURE),
        strings: false,
        remedy: "a pure room has no files, sockets, processes or environment: take the bytes as an argument",
    },
    Absence {
        words: &["rusqlite", "sqlite3_open"],
        rooms: Rooms::Only(&["store"]),
        strings: false,
        remedy: "nothing but `store` opens a database: add what is missing to its trait",
    },
    Absence {
        words: &["process::Command", "Command::new", "process_wrap", "posix_spawn"],
        rooms: Rooms::Only(&["tool", "cli"]),
        strings: false,
        remedy: "nothing but `tool` starts a process (and `cli` itself, detached)",
    },
    Absence {
        words: &["chat/completions", "tool_calls", "tool_call_id", "finish_reason", "max_completion_tokens"],
        rooms: Rooms::Only(&["model", "double"]),
        strings: true,
        remedy: "nothing but `model` knows a provider's JSON: use `events::Answer` and `engine::Dialect`",
    },
    Absence {
        words: &["println!", "print!", "eprintln!", "eprint!"],
        rooms: Rooms::Only(&["cli"]),
        strings: false,
        remedy: "nothing but `cli` prints: return it, or trace it",
    },
];

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust.iter().flat_map(check_one).collect()
}

fn check_one(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for word in ["todo!", "unimplemented!"] {
        for at in words(&source.code, word) {
            let remedy = "build it, or refuse it by name".into();
            findings.push(finding(source, line_of(&source.code, at), word, remedy));
        }
    }
    let Some(room) = source.path.strip_prefix("crates/").and_then(|path| path.split('/').next()) else {
        return findings;
    };
    if source.is_beside() {
        return findings;
    }
    for absence in &ABSENCES {
        let is_free = match absence.rooms {
            Rooms::Only(rooms) => rooms.contains(&room),
            Rooms::Never(rooms) => !rooms.contains(&room),
        };
        if is_free {
            continue;
        }
        let text = if absence.strings { &source.shipped_text } else { &spell_out(&source.shipped_code) };
        for word in absence.words {
            let lines = words(text, word).map(|at| line_of(text, at));
            findings.extend(lines.map(|line| finding(source, line, word, absence.remedy.into())));
        }
    }
    findings
}

fn finding(source: &Source, line: usize, word: &str, remedy: String) -> Finding {
    Finding { file: source.path.clone(), line, problem: format!("`{word}` may not stand here"), remedy }
}

/// `use std::{fmt, fs};` names `std::fs` too: says so, on the same line.
fn spell_out(code: &str) -> String {
    let mut spelled = String::with_capacity(code.len());
    let mut rest = code;
    while let Some((before, group)) = rest.split_once("std::{") {
        let Some((names, behind)) = group.split_once("};") else { break };
        spelled.push_str(before);
        for line in names.split_inclusive('\n') {
            for name in line.split([',', '{']).map(str::trim).filter(|name| !name.is_empty()) {
                spelled.push_str("std::");
                spelled.push_str(name);
                spelled.push(' ');
            }
            spelled.push_str(if line.ends_with('\n') { "\n" } else { ";" });
        }
        rest = behind;
    }
    spelled.push_str(rest);
    spelled
}

#[cfg(test)]
mod tests {
    use super::super::scan::Source;
    use super::check_one;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[(usize, &str)]) {
        let found = check_one(&Source::new(path, text));
        let found: Vec<_> = found.iter().map(|finding| (finding.line, finding.problem.as_str())).collect();
        let expected: Vec<_> =
            expected.iter().map(|(line, word)| (*line, format!("`{word}` may not stand here"))).collect();
        let expected: Vec<_> = expected.iter().map(|(line, problem)| (*line, problem.as_str())).collect();
        assert_eq!(found, expected, "{path}\n{text}");
    }

    #[test]
    fn the_engine_cannot_tell_the_time() {
        check(
            "crates/engine/src/a.rs",
            "use jiff::Timestamp;\nlet now = Timestamp::now();",
            &[(2, "Timestamp::now")],
        );
        check("crates/host/src/a.rs", "let now = Timestamp::now();", &[]);
        check("crates/engine/src/a.rs", "// SystemTime is not for us\nstruct SystemTimes;", &[]);
    }

    #[test]
    fn pure_rooms_have_no_files_sockets_or_processes() {
        check("crates/report/src/a.rs", "use std::{fmt,\n  fs::File};", &[(2, "std::fs")]);
        check("crates/events/src/a.rs", "fn a() { std::net::TcpStream::connect(x); }", &[(1, "std::net")]);
        check("crates/contract/tests/it/main.rs", "use std::fs;", &[]);
        check("crates/contract/src/a.rs", "#[cfg(test)]\nmod tests { use std::fs; }", &[]);
    }

    #[test]
    fn nothing_but_the_store_opens_a_database() {
        check("crates/cli/src/a.rs", "let db = rusqlite::Connection::open(path);", &[(1, "rusqlite")]);
        check("crates/store/src/a.rs", "let db = rusqlite::Connection::open(path);", &[]);
    }

    #[test]
    fn nothing_but_tools_and_the_command_start_a_process() {
        check("crates/host/src/a.rs", "let child = Command::new(program);", &[(1, "Command::new")]);
        check("crates/tool/src/a.rs", "let child = Command::new(program);", &[]);
    }

    #[test]
    fn nothing_but_models_know_a_providers_json() {
        check("crates/host/src/a.rs", "let asks = &body[\"tool_calls\"];", &[(1, "tool_calls")]);
        check("crates/model/src/a.rs", "let asks = &body[\"tool_calls\"];", &[]);
        check("crates/double/src/a.rs", "let asks = &body[\"tool_calls\"];", &[]);
    }

    #[test]
    fn nothing_but_the_command_prints() {
        check("crates/report/src/a.rs", "fn a() { println!(\"a\"); }", &[(1, "println!")]);
        check("crates/cli/src/a.rs", "fn a() { println!(\"a\"); }", &[]);
    }

    #[test]
    fn nothing_is_left_undone() {
        check("crates/cli/src/a.rs", "fn a() { todo!() }", &[(1, "todo!")]);
    }
}
