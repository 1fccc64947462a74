//! Runs that rest, and what people do about it: limits, doubts, keys, Ctrl-C.

use std::io::{Read as _, Write as _};

use rustix::process::Signal;
use serde_json::json;

use crate::kit::{Folder, Said, signal, until};

/// A run whose one call takes a while: `idempotency` says what may be done with it after a crash.
fn slow(idempotency: &str) -> Folder {
    let contract = format!(
        "handfast: 1\nname: slow\nversion: \"1\"\nroles: {{ lead: {{}} }}\nservers: {{ shell: {{ process: {{ command: [sh, work.sh] }} }} }}\n\
         tools:\n  work:\n    via: shell.work\n    description: Works for a while.\n    input: {{}}\n    output: string\n\
         \x20   effects: [creates: thing/one]\n    idempotency: {idempotency}\n    reconcile: {{ ask: lead }}\n    compensate: {{ leaves: [the thing] }}\n    limits: {{ timeout: 60s }}\n\
         workflows:\n  job:\n    input: {{}}\n    steps:\n      go: {{ tool: work }}\n    output: steps.go\n"
    );
    let folder = Folder::with(&contract, "{}");
    // It ends once the test lets it.
    folder
        .write("work.sh", "echo begun >> begun\nwhile [ ! -e free ]; do sleep 0.05; done\necho well done\n");
    folder
}

#[test]
fn a_limit_stops_a_run_before_the_next_call_and_raising_it_goes_on() {
    let folder = Folder::with_hello();
    let contract = folder.read("handfast.yaml").replace("turns: 5", "turns: 1");
    folder.write("handfast.yaml", &contract);
    let said = folder.expect(8, &["run", "."]);
    insta::assert_snapshot!(said.told(&folder));
    let refused = folder.expect(1, &["raise", "last", "--tokens", "200k"]);
    assert!(refused.stderr.contains("handfast raise --turns"), "{}", refused.stderr);
    let raised =
        folder.expect(0, &["raise", "last", "--turns", "4", "--reason", "it was nearly done", "--follow"]);
    assert_eq!(raised.json()["words"], 8);
}

#[test]
fn a_run_whose_script_is_gone_is_set_aside_with_the_reason_until_it_is_mended() {
    let folder = Folder::with_hello();
    let contract = folder.read("handfast.yaml").replace("turns: 5", "turns: 1");
    folder.write("handfast.yaml", &contract);
    folder.expect(8, &["run", "."]);
    folder.until_nobody_drives();
    let script = folder.read("script.json");
    std::fs::remove_file(folder.path().join("script.json")).unwrap();
    let aside = folder.expect(12, &["raise", "last", "--turns", "4"]);
    assert!(aside.stderr.contains("/script.json"), "{}", aside.stderr);
    assert_eq!(folder.runs()[0]["status"], "quarantined");
    let still = folder.expect(12, &["go", "last"]);
    assert!(still.stderr.contains("/script.json"), "{}", still.stderr);
    assert!(folder.expect(0, &["trace", "last"]).stderr.contains("/script.json"));
    folder.write("script.json", &script);
    assert_eq!(folder.expect(0, &["go", "last"]).json()["words"], 8);
}

#[test]
fn a_missing_key_pauses_the_run_and_is_named_but_never_shown() {
    let folder = Folder::with_hello();
    let contract = folder.read("handfast.yaml").replace(
        "{ use: script/script.json }",
        "{ use: openai/none, url: \"http://127.0.0.1:9/v1\", price: free, api_key: { secret: HANDFAST_TEST_KEY } }",
    );
    folder.write("handfast.yaml", &contract);
    for args in [["run", "."], ["go", "last"]] {
        let said = folder.expect(9, &args);
        assert!(said.stderr.contains("HANDFAST_TEST_KEY"), "{}", said.stderr);
        folder.until_nobody_drives();
    }
    assert!(folder.expect(0, &["doctor"]).stdout.contains("warn  key       HANDFAST_TEST_KEY is not set"));
    let doctor = folder.command(&["doctor"]).env("HANDFAST_TEST_KEY", "sk-shown-never").output().unwrap();
    let doctor = Said::of(doctor);
    assert!(doctor.stdout.contains("HANDFAST_TEST_KEY is set") && !doctor.stdout.contains("sk-shown"));
}

#[test]
fn go_sees_a_key_that_was_exported_since() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", server.local_addr().unwrap());
    let folder = Folder::with_hello();
    let model = format!(
        "{{ use: openai/none, url: \"{url}\", price: free, api_key: {{ secret: HANDFAST_TEST_KEY }} }}"
    );
    let contract = folder.read("handfast.yaml").replace("{ use: script/script.json }", &model);
    folder.write("handfast.yaml", &contract);
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut request = String::new();
        until_begun(&mut stream, &mut request, "\r\n\r\n");
        let answer = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
        request
    });
    let missing = folder.expect(9, &["run", "."]);
    assert!(missing.stderr.contains("HANDFAST_TEST_KEY"), "{}", missing.stderr);
    // At once: the worker that did not find it may still be there.
    let later = folder.command(&["go", "last"]).env("HANDFAST_TEST_KEY", "sk-later").output().unwrap();
    let later = Said::of(later);
    assert!(!later.stderr.contains("is not set") && later.code == 9, "{}\n{}", later.code, later.stderr);
    assert!(asked.join().unwrap().contains("sk-later"));
}

#[test]
fn a_killed_worker_is_noticed_and_go_finishes_what_may_be_repeated() {
    let folder = slow("natural");
    let follower = folder.begin(&["run", "."]);
    until("the call has left", || folder.path().join("begun").exists());
    folder.kill_driver();
    let said = Said::of(follower.wait_with_output().unwrap());
    assert_eq!(said.code, 10, "{}", said.stderr);
    assert!(said.stderr.contains("handfast go "), "{}", said.stderr);
    folder.write("free", "");
    assert_eq!(folder.expect(0, &["go"]).json(), json!("well done"));
    assert_eq!(folder.read("begun").lines().count(), 2);
}

#[test]
fn a_call_that_must_not_be_repeated_rests_in_doubt_until_somebody_settles_it() {
    let folder = slow("none");
    let follower = folder.begin(&["run", "."]);
    until("the call has left", || folder.path().join("begun").exists());
    folder.kill_driver();
    assert_eq!(follower.wait_with_output().unwrap().status.code(), Some(10));
    folder.write("free", "");
    let said = folder.expect(12, &["go", "last"]);
    assert!(said.stderr.contains("handfast settle "), "{}", said.stderr);
    assert_eq!(folder.read("begun").lines().count(), 1, "it was not made again");
    let wrong = folder.expect(1, &["settle", "last", "go@0.0", "--applied", "7", "--evidence", "saw it"]);
    assert!(wrong.stderr.contains("must fit its output"), "{}", wrong.stderr);
    folder.write("large.json", &format!("\"{}\"", "x".repeat(300_000)));
    let large =
        folder.expect(2, &["settle", "last", "go@0.0", "--applied", "@large.json", "--evidence", "saw it"]);
    assert!(large.stderr.contains("more than the 262144"), "{}", large.stderr);
    let deep = format!("{}{}", "[".repeat(126), "]".repeat(126));
    let deep = folder.expect(2, &["settle", "last", "go@0.0", "--applied", &deep, "--evidence", "saw it"]);
    assert!(deep.stderr.contains("nested too deeply"), "{}", deep.stderr);
    let settle =
        ["settle", "last", "go@0.0", "--applied", "\"seen\"", "--evidence", "saw it", "--json", "--follow"];
    let settled = folder.expect(0, &settle).json();
    assert_eq!((&settled["outcome"], &settled["status"]), (&json!("done"), &json!("done")));
    let journal = folder.expect(0, &["journal", "last", "--json"]).stdout;
    assert!(journal.contains("asserted:tester@"), "the journal says who");
}

/// A server that takes one order on and has done it once `free` stands in the folder. Tells the first line of what it was asked.
fn press(folder: &Folder) -> std::sync::mpsc::Receiver<String> {
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let contract = PRESS.replace("URL", &format!("http://{}", server.local_addr().unwrap()));
    folder.write("handfast.yaml", &contract);
    let (tell, told) = std::sync::mpsc::channel();
    let free = folder.path().join("free");
    std::thread::spawn(move || {
        for stream in server.incoming() {
            let (mut stream, mut request) = (stream.unwrap(), String::new());
            until_begun(&mut stream, &mut request, "\r\n\r\n");
            if request.starts_with("POST") {
                until_begun(&mut stream, &mut request, "}");
            }
            let line = request.lines().next().unwrap().to_owned();
            let answer = match free.exists() && line.starts_with("GET") {
                true => {
                    "200 OK\r\ncontent-type: application/json\r\ncontent-length: 12\r\n\r\n{\"copies\":3}"
                }
                false => "202 Accepted\r\nlocation: /jobs/7\r\ncontent-length: 0\r\n\r\n",
            };
            tell.send(line).unwrap();
            let _ = stream.write_all(format!("HTTP/1.1 {answer}").as_bytes());
        }
    });
    told
}

const PRESS: &str = r#"
handfast: 1
name: press
version: "1"
roles: { printer: {} }
servers: { api: { http: { url: "URL" } } }
tools:
  print:
    via: { server: api, post: /prints, body: args }
    description: Prints one book.
    input: { book: string }
    output: { fields: { copies: integer } }
    effects: [ { creates: "print/*" } ]
    idempotency: none
    reconcile: { ask: printer }
    compensate: { leaves: [ the copies ] }
workflows:
  book:
    steps: { print: { tool: print, with: { book: "'Of shelves'" } } }
    output: steps.print.copies
"#;

#[test]
fn a_worker_that_is_killed_while_a_server_works_on_a_call_leaves_it_to_the_next() {
    let folder = Folder::new();
    let told = press(&folder);
    let follower = folder.begin(&["run", "."]);
    folder.until("waiting (call)");
    folder.kill_driver();
    let said = Said::of(follower.wait_with_output().unwrap());
    assert_eq!(said.code, 10, "{}", said.stderr);
    let trace = folder.expect(0, &["trace", "last"]).stdout;
    for told in
        ["api works on it: /jobs/7, asked again at ", "print@0.0 (api)", "print@0.0 goes by /jobs/7 there"]
    {
        assert!(trace.contains(told), "{trace}");
    }
    assert_eq!(
        folder.expect(0, &["runs", "--status", "waiting (call)", "--json"]).json()["runs"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let early = ["settle", "last", "print@0.0", "--not-applied", "--evidence", "saw nothing", "--follow"];
    let early = folder.expect(1, &early).stderr;
    assert!(early.contains("its server is at work on it"), "{early}");
    folder.write("free", "");
    assert_eq!(folder.expect(0, &["go"]).json(), json!(3));
    let asked: Vec<String> = told.try_iter().collect();
    assert_eq!(asked.iter().filter(|line| line.starts_with("POST")).count(), 1, "{asked:?}");
}

#[test]
fn cancelling_waits_for_what_has_left_and_then_ends_the_run() {
    let folder = slow("none");
    folder.expect(0, &["run", ".", "--detach"]);
    until("the call has left", || folder.path().join("begun").exists());
    folder.expect(0, &["cancel", "last", "--reason", "not needed"]);
    folder.write("free", "");
    folder.until("cancelled");
    assert_eq!(folder.expect(11, &["go", "last"]).stdout, "");
}

#[test]
fn what_comes_after_a_runs_end_is_refused_and_keeps_no_worker_busy() {
    let folder = Folder::with_hello();
    let contract = folder.read("handfast.yaml").replace("turns: 5", "turns: 1");
    folder.write("handfast.yaml", &contract);
    folder.expect(8, &["run", "."]);
    let cancels: Vec<_> = (0..3).map(|_| folder.begin(&["cancel", "last"])).collect();
    let codes = cancels.into_iter().map(|cancel| Said::of(cancel.wait_with_output().unwrap()).code);
    let mut codes: Vec<i32> = codes.collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 1, 1]);
    folder.until_nobody_drives();
}

#[test]
fn ctrl_c_detaches_and_a_second_one_stops_the_worker() {
    let folder = slow("natural");
    let run = |times: usize| {
        let mut follower = folder.begin(&["run", ".", "--key", "same"]);
        let mut told = String::new();
        let mut stderr = follower.stderr.take().unwrap();
        until("the call has left", || folder.path().join("begun").exists());
        until_begun(&mut stderr, &mut told, "begun by tool");
        signal(&follower, Signal::INT);
        until_begun(&mut stderr, &mut told, "detached");
        if times == 2 {
            signal(&follower, Signal::INT);
        }
        stderr.read_to_string(&mut told).unwrap();
        (follower.wait().unwrap().code(), told)
    };
    let (code, told) = run(1);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("handfast trace ") && told.contains("handfast go "), "{told}");
    assert_eq!(folder.runs()[0]["status"], "running");
    // The worker waits for the call under way before it goes.
    let free = folder.path().join("free");
    let freeing = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(1500));
        std::fs::write(free, "").unwrap();
    });
    let (code, told) = run(2);
    freeing.join().unwrap();
    assert_eq!(code, Some(130), "{told}");
    assert!(told.contains("stopped: go on with `handfast go "), "{told}");
    assert_eq!(folder.expect(0, &["go"]).code, 0);
    assert_eq!(folder.expect(0, &["run", ".", "--key", "same"]).json(), json!("well done"));
    assert_eq!(folder.read("begun").lines().count(), 1, "the call under way was waited for");
}

/// Reads until this was said.
fn until_begun(stderr: &mut impl std::io::Read, told: &mut String, word: &str) {
    let mut byte = [0; 1];
    while !told.contains(word) && stderr.read(&mut byte).unwrap() == 1 {
        told.push(char::from(byte[0]));
    }
    assert!(told.contains(word), "{told}");
}
