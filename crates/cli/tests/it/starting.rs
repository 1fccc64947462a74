//! Runs that start: once per key, detached, with settings, and going on whoever looks.

use std::io::{BufRead as _, BufReader};

use rustix::process::Signal;

use crate::kit::{Folder, hear_hangups, signal, until};

#[test]
fn the_same_key_never_starts_a_second_run() {
    let folder = Folder::with_hello();
    let first = folder.expect(0, &["run", ".", "--key", "monday", "--json"]).json();
    let again = folder.expect(0, &["run", ".", "--key", "monday", "--json"]).json();
    assert_eq!(first["run"], again["run"]);
    assert_eq!((&first["output"]["words"], &first["exit"]), (&8.into(), &0.into()));
    assert_eq!(folder.runs().len(), 1);
    let other = folder.expect(2, &["run", ".", "--key", "monday", "--input", r#"{"name":"Ada"}"#]);
    assert!(other.stderr.contains("choose another key"), "{}", other.stderr);
    assert_eq!(folder.runs().len(), 1);
}

#[test]
fn a_key_belongs_to_its_contract_and_to_the_input_as_the_run_has_it() {
    let folder = Folder::with_hello();
    let hello = folder.read("handfast.yaml");
    let first = folder.expect(0, &["run", ".", "--key", "monday", "--json"]).json();
    let given = first["input"].clone();
    let whole = folder.expect(0, &["journal", "last", "--json"]).stdout;
    let started: serde_json::Value = serde_json::from_str(whole.lines().next().unwrap()).unwrap();
    let input = started["body"]["input"].to_string();
    assert!(given.is_null() && input.contains("name"), "{input}");
    let again = folder.expect(0, &["run", ".", "--key", "monday", "--input", &input, "--json"]).json();
    assert_eq!(first["run"], again["run"], "said or left to its default, it is the same input");
    folder.write("handfast.yaml", &hello.replace("name: hello", "name: farewell"));
    let other = folder.expect(2, &["run", ".", "--key", "monday"]);
    assert!(other.stderr.contains("another contract"), "{}", other.stderr);
    folder.write("handfast.yaml", &hello.replace("version: \"1\"", "version: \"2\""));
    assert_eq!(folder.expect(0, &["run", ".", "--key", "monday", "--json"]).json()["run"], first["run"]);
}

#[test]
fn a_detached_run_is_named_and_ends_without_anybody() {
    let folder = Folder::with_hello();
    let id = folder.expect(0, &["run", ".", "--detach"]).stdout;
    folder.until("done");
    assert_eq!(folder.runs()[0]["run"], id.trim());
    let short = &id.trim()[id.trim().len() - 8..];
    assert_eq!(folder.expect(0, &["trace", short, "--json"]).json()["run"], id.trim());
}

#[test]
fn two_runs_at_once_are_driven_by_one_worker() {
    let folder = Folder::with_hello();
    let followers = [folder.begin(&["run", "."]), folder.begin(&["run", "."])];
    for follower in followers {
        assert!(follower.wait_with_output().unwrap().status.success());
    }
    let worker = |run: &str| {
        let events = folder.expect(0, &["journal", run, "--json"]).stdout;
        let taken = events.lines().find(|line| line.contains("EpochBegan")).unwrap();
        serde_json::from_str::<serde_json::Value>(taken).unwrap()["body"]["worker"].clone()
    };
    let workers: Vec<_> = folder.runs().iter().map(|run| worker(run["run"].as_str().unwrap())).collect();
    assert_eq!(workers.len(), 2);
    assert_eq!(workers[0], workers[1]);
}

#[test]
fn a_closed_pipe_or_terminal_ends_only_the_watching() {
    hear_hangups();
    let folder = Folder::with_hello();
    let script = folder.read("script.json").replace("150", "700");
    folder.write("script.json", &script);
    let mut watched = folder.begin(&["run", "."]);
    let mut lines = BufReader::new(watched.stderr.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("run "));
    // As `| head -1` does, and as a terminal does that is closed.
    drop(lines);
    drop(watched.stdout.take());
    signal(&watched, Signal::HUP);
    assert!(!watched.wait().unwrap().success());
    folder.until("done");
}

#[test]
fn a_reader_that_leaves_early_changes_no_code() {
    let folder = Folder::with_hello();
    let mut watched = folder.begin(&["run", "."]);
    drop(watched.stdout.take());
    drop(watched.stderr.take());
    assert_eq!(watched.wait().unwrap().code(), Some(0));
    assert_eq!(folder.runs()[0]["status"], "done");
}

#[test]
fn settings_come_from_defaults_then_the_environment_then_the_command_line() {
    let contract = "handfast: 1\nname: greet\nversion: \"1\"\n\
        settings: { greeting: { type: string, default: hello }, times: { type: integer, default: 1 } }\n\
        servers: { shell: { process: { command: [cat] } } }\n\
        tools:\n  echo:\n    via: shell.cat\n    description: Gives back what it gets.\n\
        \x20   input: { text: string, times: integer }\n    output: json\n    effects: []\n\
        workflows:\n  greet:\n    input: {}\n    steps:\n\
        \x20     say: { tool: echo, with: { text: settings.greeting, times: settings.times } }\n    output: steps.say\n";
    let folder = Folder::with(contract, "{}");
    folder.write("handfast.prod.yaml", "settings: { greeting: good day, times: 2 }\n");
    let output = |args: &[&str]| folder.expect(0, &[&["run", "."], args].concat()).json();
    assert_eq!(output(&[]), serde_json::json!({ "text": "hello", "times": 1 }));
    assert_eq!(output(&["--env", "prod"]), serde_json::json!({ "text": "good day", "times": 2 }));
    assert_eq!(
        output(&["--env", "prod", "--set", "times=3"]),
        serde_json::json!({ "text": "good day", "times": 3 })
    );
    let wrong = folder.expect(3, &["run", ".", "--set", "greting=x"]);
    assert!(wrong.stderr.contains("greeting"), "{}", wrong.stderr);
    let absent = folder.expect(5, &["run", ".", "--env", "test"]);
    assert!(absent.stderr.contains("handfast.test.yaml"), "{}", absent.stderr);
    folder.write("handfast.bad.yaml", "greeting: hi\n");
    assert!(folder.expect(3, &["run", ".", "--env", "bad"]).stderr.contains("no key `greeting`"));
}

#[test]
fn a_worker_that_stays_keeps_a_far_timer_and_drives_what_others_start() {
    let contract = "handfast: 1\nname: late\nversion: \"1\"\nworkflows:\n  late:\n    input: {}\n    steps:\n\
        \x20     nap: { wait: { for: 4s } }\n    limits: { deadline: 1d }\n";
    let folder = Folder::with(contract, "{}");
    // Whoever looks away leaves nobody behind, were it not for the worker that stays.
    folder.expect(0, &["run", ".", "--detach"]);
    let mut stays = folder.begin(&["worker", "--stay"]);
    let mut lines = BufReader::new(stays.stderr.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("until it is stopped"), "{first}");
    folder.until("done");
    // The detached one has nothing to do any more; then this one drives, and stays though nothing moves.
    until("it drives", || folder.expect(0, &["doctor"]).stdout.contains(&stays.id().to_string()));
    folder.expect(0, &["run", ".", "--detach"]);
    folder.until("done");
    assert!(stays.try_wait().unwrap().is_none(), "it stays");
    signal(&stays, Signal::TERM);
    assert!(stays.wait().unwrap().success());
    folder.until_nobody_drives();
}

#[test]
fn what_is_overdue_is_done_before_it_is_told_how_a_run_stands() {
    let contract = "handfast: 1\nname: late\nversion: \"1\"\nworkflows:\n  late:\n    input: {}\n    steps:\n\
        \x20     nap: { wait: { for: 2s } }\n    limits: { deadline: 1d }\n";
    let folder = Folder::with(contract, "{}");
    folder.expect(0, &["run", ".", "--detach"]);
    folder.until("waiting (time)");
    rustix::process::kill_process(folder.driver(), Signal::KILL).unwrap();
    folder.until_nobody_drives();
    std::thread::sleep(std::time::Duration::from_millis(2_200));
    folder.expect(0, &["go", "last"]);
    assert_eq!(folder.runs()[0]["status"], "done");
}
