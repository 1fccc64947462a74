//! Against a model server that nobody here wrote: llama.cpp's own, with tiny models of random weights. On demand:
//! `cargo xtask llama` puts it in place and runs these.
//!
//! What such a model says is noise; that it has the form which was asked for is llama.cpp's doing. Each test prints what
//! it saw.

mod server;

use serde_json::Value;

use crate::kit::{Folder, Said, until};
use server::{Llama, Told, folder};

const WINDOW: u32 = 4096;
/// More than a conversation of a dozen turns needs.
const WIDE: u32 = 32_768;

#[test]
#[ignore = "needs llama.cpp's server: `cargo xtask llama`"]
fn an_answer_is_read_as_a_stream_over_every_wire_and_its_tokens_are_the_servers_own_count() {
    let llama = Llama::start("ready", WINDOW);
    let about: Value = serde_json::from_str(&llama.get("/props")).unwrap();
    println!(
        "llama.cpp {}, {} tokens of window",
        about["build_info"], about["default_generation_settings"]["n_ctx"]
    );
    for wire in ["chat", "responses", "messages"] {
        let folder = folder(wire, 8);
        let before = llama.tokens_said();
        let told = Told::of(&folder, "talk", "the weather", &llama.base());
        assert_eq!(told.said.code, 0, "{}", told.said.stderr);
        let (input, output) = told.tokens();
        assert_eq!(output, llama.tokens_said() - before, "{wire}");
        let bodies: Vec<&str> =
            told.all("ModelAnswered").into_iter().filter_map(|body| body["body"].as_str()).collect();
        let events = bodies.iter().map(|body| body.matches("data: ").count()).sum::<usize>();
        assert!(input > 300 && events > 2, "{wire}: {input} in, {events} events");
        println!(
            "{wire}: {input} tokens in, {output} out, in {events} events; said {}",
            told.said.stdout.trim()
        );
    }
}

#[test]
#[ignore = "needs llama.cpp's server: `cargo xtask llama`"]
fn random_weights_answer_in_the_type_that_the_contract_says() {
    let llama = Llama::start("ready", WINDOW);
    let folder = folder("chat", 8);
    for about in ["Bonn", "Rome", "the sea", "a hill", "nothing"] {
        let told = Told::of(&folder, "judge", about, &llama.base());
        assert_eq!((told.said.code, told.all("ModelAnswered").len()), (0, 1), "{}", told.said.stderr);
        let value: Value = told.said.json();
        assert!(["calm", "storm"].contains(&value["kind"].as_str().unwrap()), "{value}");
        assert!(value["degrees"].is_number() && value["sure"].is_boolean(), "{value}");
        println!("{about}: {value}");
    }
}

/// Neither wire takes a schema there: the words of the contract carry it, and the answer is held to it all the same.
#[test]
#[ignore = "needs llama.cpp's server: `cargo xtask llama`"]
fn where_no_grammar_holds_the_model_noise_is_no_answer() {
    let llama = Llama::start("ready", WINDOW);
    for wire in ["responses", "messages"] {
        let told = Told::of(&folder(wire, 8), "judge", "Bonn", &llama.base());
        assert_eq!(told.said.code, 1, "{wire}: {}", told.said.stdout);
        assert!(told.said.stderr.contains("missed the form 3 times"), "{wire}: {}", told.said.stderr);
    }
}

#[test]
#[ignore = "needs llama.cpp's server: `cargo xtask llama`"]
fn a_tool_is_called_and_the_model_goes_on_from_what_came_of_it_over_every_wire() {
    let llama = Llama::start("ready", WIDE);
    for wire in ["chat", "responses", "messages"] {
        let folder = folder(wire, 8);
        let before = llama.tokens_said();
        let mut output = 0;
        // Each answer is a call with half a chance.
        let told = seen(&folder, &llama, |told| {
            assert!(told.all("ModelFailed").is_empty(), "{wire}: {:?}", told.all("ModelFailed"));
            output += told.tokens().1;
            told.said.code == 0 && told.follows("ModelAnswered", "CallApplied", |_| true)
        });
        assert_eq!(output, llama.tokens_said() - before, "{wire}");
        let asked =
            told.all("ModelAnswered").into_iter().filter_map(|body| body["answer"]["calls"].as_array());
        let asked: usize = asked.map(Vec::len).sum();
        assert_eq!(asked, told.all("CallProposed").len(), "{wire}");
        println!("{wire}: {asked} calls, {} of them made", told.all("CallApplied").len());
    }
}

#[test]
#[ignore = "needs llama.cpp's server: `cargo xtask llama`"]
fn a_conversation_that_outgrows_the_window_is_summed_up_and_goes_on() {
    let llama = Llama::start("eager", 6144);
    let folder = folder("chat", 60);
    let told = seen(&folder, &llama, |told| {
        for failed in told.all("ModelFailed") {
            assert_eq!(failed["failure"]["class"], "context_overflow", "{failed}");
            assert_eq!(failed["failure"]["code"], "exceed_context_size_error", "{failed}");
        }
        told.follows("ModelAnswered", "ContextAdjusted", |body| {
            body["replaces"].is_u64() && body["why"].as_str().unwrap().ends_with("are summed up")
        })
    });
    println!("{}", told.all("ModelFailed")[0]["body"].as_str().unwrap());
    for adjusted in told.all("ContextAdjusted") {
        println!("{}", adjusted["why"].as_str().unwrap());
    }
    println!("{} ms of it waiting for the model\n{}", told.latency_ms(), told.said.stderr.trim());
}

#[test]
#[ignore = "needs llama.cpp's server: `cargo xtask llama`"]
fn a_prompt_beyond_the_window_fails_and_names_it() {
    let llama = Llama::start("ready", WINDOW);
    for wire in ["chat", "responses", "messages"] {
        let told = Told::of(&folder(wire, 8), "talk", &"x".repeat(6000), &llama.base());
        assert_eq!(told.said.code, 1, "{wire}: {}", told.said.stdout);
        let stderr = words(&told.said);
        assert!(stderr.contains("the request doesn't fit the model's window"), "{wire}: {stderr}");
        assert!(stderr.contains("exceeds the available context size (4096 tokens)"), "{wire}: {stderr}");
        assert_eq!(told.tokens(), (0, 0), "{wire}: turned away at the door");
    }
}

#[test]
#[ignore = "needs llama.cpp's server: `cargo xtask llama`"]
fn a_wrong_path_is_told_at_once_with_what_to_check() {
    let llama = Llama::start("ready", WINDOW);
    let base = llama.base().replace("/v1", "/v2");
    let told = Told::of(&folder("chat", 8), "talk", "x", &base);
    assert_eq!((told.said.code, told.all("ModelFailed").len()), (1, 1));
    assert!(
        words(&told.said).contains("answered 404: File Not Found; check `use` and `url`"),
        "{}",
        told.said.stderr
    );
}

#[test]
#[ignore = "needs llama.cpp's server: `cargo xtask llama`"]
fn a_server_that_is_killed_within_an_answer_is_asked_again_once_it_is_back() {
    let llama = Llama::start("endless", 65_536);
    let folder = folder("chat", 8);
    let base = format!("base={}", llama.base());
    let run = folder.begin(&["run", ".", "talk", "--input", r#"{"about":"x"}"#, "--set", &base]);
    until("it is within its answer", || llama.tokens_so_far() > 100);
    let _llama = llama.replaced("ready", WINDOW);
    let told = Told::after(&folder, Said::of(run.wait_with_output().unwrap()));
    println!("{}", told.said.stderr.trim());
    assert_eq!(told.said.code, 0, "{}", told.said.stderr);
    let lost = told.all("ModelFailed")[0];
    assert_eq!(lost["failure"]["class"], "connection_lost", "{lost}");
    assert!(lost["body"].as_str().unwrap().matches("data: ").count() > 50, "what had come is kept");
    println!("{}", lost["failure"]["detail"].as_str().unwrap());
}

/// The first of a dozen runs of which this holds: what such a model does is up to chance.
#[track_caller]
fn seen(folder: &Folder, llama: &Llama, mut holds: impl FnMut(&Told) -> bool) -> Told {
    let runs = (1..=12).map(|run| Told::of(folder, "read", &format!("page {run}"), &llama.base()));
    runs.into_iter().find(|told| holds(told)).unwrap_or_else(|| panic!("none of a dozen runs would do"))
}

/// What was told to whoever looks, without the breaks of its lines.
fn words(said: &Said) -> String {
    said.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}
