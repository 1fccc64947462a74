//! llama.cpp's own server as a process of the test's, and the contract that is run on it.

#![expect(
    clippy::disallowed_methods,
    reason = "where the server is comes from the chore that put it in place"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::kit::{Folder, Said};

/// The server, gone when it is dropped: at once, as a machine would go.
pub(super) struct Llama {
    child: Child,
    /// `127.0.0.1:PORT`.
    host: String,
}

impl Llama {
    /// Starts it with these weights and this window, on a port of its own choice.
    pub(super) fn start(weights: &str, window: u32) -> Self {
        Self::at(weights, window, "0")
    }

    fn at(weights: &str, window: u32, port: &str) -> Self {
        let (home, scripts) = (place("HANDFAST_TEST_LLAMA"), place("HANDFAST_TEST_LLAMA_SCRIPTS"));
        let log = std::fs::File::options().create(true).append(true).open(home.join("server.log")).unwrap();
        let mut child = Command::new(home.join("venv/bin/python"))
            .arg(scripts.join("serve.py"))
            .arg(home.join(format!("{weights}.gguf")))
            .args([&window.to_string(), port])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let host = said.trim().strip_prefix("http://").map(str::to_owned);
        let host = host.unwrap_or_else(|| panic!("it didn't start: {}", home.join("server.log").display()));
        Self { child, host }
    }

    /// Kills it once another one stands in its place, which hears whoever comes from then on.
    pub(super) fn replaced(self, weights: &str, window: u32) -> Self {
        let port = self.host.rsplit(':').next().unwrap().to_owned();
        Self::at(weights, window, &port)
    }

    /// Where its wires are.
    pub(super) fn base(&self) -> String {
        format!("http://{}/v1", self.host)
    }

    /// What it says of itself here.
    pub(super) fn get(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(&self.host).unwrap();
        write!(socket, "GET {path} HTTP/1.0\r\nhost: {}\r\n\r\n", self.host).unwrap();
        let mut said = String::new();
        socket.read_to_string(&mut said).unwrap();
        said.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// How many tokens it has said since it began, by its own count.
    pub(super) fn tokens_said(&self) -> u64 {
        let said = self.get("/metrics");
        let line = said.lines().find_map(|line| line.strip_prefix("llamacpp:tokens_predicted_total "));
        line.unwrap().trim().parse().unwrap()
    }

    /// How many tokens of an answer it has said that it is still at.
    pub(super) fn tokens_so_far(&self) -> u64 {
        let slots: Value = serde_json::from_str(&self.get("/slots")).unwrap();
        slots[0]["next_token"][0]["n_decoded"].as_u64().unwrap_or(0)
    }
}

impl Drop for Llama {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn place(variable: &str) -> PathBuf {
    std::env::var(variable).unwrap_or_else(|_| panic!("run these by `cargo xtask llama`")).into()
}

/// A talker, a judge whose answer has a type, and one who asks a server of pages.
const CONTRACT: &str = r#"
handfast: 1
name: weights
version: "1"
owner: us
settings: { base: { type: string } }
servers: { book: { mcp: { command: [sh, server.sh] } } }
models: { local: { use: llamacpp/random, url: "{settings.base}", price: free } }
types: { Verdict: { fields: { kind: { is: [calm, storm] }, degrees: integer, sure: boolean } } }
tools:
  page:
    via: book.page
    description: Gives one page.
    input: { number: 1..1000 }
    output: { fields: { text: string } }
    effects: [ reads: book ]
agents:
  talker: { purpose: Talk., model: local, input: { about: string }, limits: { turns: 4 } }
  judge: { purpose: Judge the weather., model: local, input: { about: string }, output: Verdict, limits: { turns: 4 } }
  reader:
    purpose: Read the book.
    model: local
    may: [ page ]
    unsure: refuse
    input: { about: string }
    limits: { turns: 12 }
workflows:
  talk:  { input: { about: string }, steps: { it: { agent: talker, with: { about: input.about } } }, output: steps.it }
  judge: { input: { about: string }, steps: { it: { agent: judge, with: { about: input.about } } }, output: steps.it }
  read:  { input: { about: string }, steps: { it: { agent: reader, with: { about: input.about } } }, output: steps.it }
"#;

/// Speaks as much MCP as a book needs; a page has as many letters as `letters` says.
const BOOK: &str = r#"
while IFS= read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  say() { printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"; }
  case "$line" in
    *'"method":"initialize"'*)
      say '"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}' ;;
    *'"method":"tools/list"'*)
      say '"result":{"tools":[{"name":"page","inputSchema":{"type":"object","properties":{"number":{"type":"integer"}},"required":["number"]}}]}' ;;
    *'"method":"tools/call"'*)
      text=$(printf "%$(cat letters)s" '' | tr ' ' a)
      say "\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"$text\"}],\"structuredContent\":{\"text\":\"$text\"}}" ;;
    *'"id":'*) say '"error":{"code":-32601,"message":"no such method"}' ;;
  esac
done
"#;

/// A folder with the contract, whose model speaks over this wire, and whose pages have so many letters.
pub(super) fn folder(speaks: &str, letters: usize) -> Folder {
    let folder = Folder::new();
    folder
        .write("handfast.yaml", &CONTRACT.replace("price: free", &format!("price: free, speaks: {speaks}")));
    folder.write("server.sh", BOOK);
    folder.write("letters", &letters.to_string());
    folder
}

/// What a run came to.
pub(super) struct Told {
    pub(super) said: Said,
    /// Kind and body of each event.
    events: Vec<(String, Value)>,
}

impl Told {
    /// Runs this workflow to its end.
    pub(super) fn of(folder: &Folder, workflow: &str, about: &str, base: &str) -> Self {
        let (input, base) = (serde_json::json!({ "about": about }).to_string(), format!("base={base}"));
        let said = folder.say(&["run", ".", workflow, "--input", &input, "--set", &base]);
        Self::after(folder, said)
    }

    /// Of the youngest run, which said this.
    pub(super) fn after(folder: &Folder, said: Said) -> Self {
        let journal = folder.expect(0, &["journal", "last", "--json"]).stdout;
        let event = |line: &str| {
            let event: Value = serde_json::from_str(line).unwrap();
            (event["envelope"]["kind"].as_str().unwrap().to_owned(), event["body"].clone())
        };
        Self { said, events: journal.lines().map(event).collect() }
    }

    /// The bodies of all events of this kind.
    pub(super) fn all(&self, kind: &str) -> Vec<&Value> {
        self.events.iter().filter(|(of, _)| of == kind).map(|(_, body)| body).collect()
    }

    /// Whether an event of this kind comes behind the first of that one for which this holds.
    pub(super) fn follows(&self, kind: &str, first: &str, holds: impl Fn(&Value) -> bool) -> bool {
        let mut rest = self.events.iter().skip_while(|(of, body)| of != first || !holds(body));
        rest.any(|(of, _)| of == kind)
    }

    /// Tokens that went in, and that came out, over all answers.
    pub(super) fn tokens(&self) -> (u64, u64) {
        let answers = self.all("ModelAnswered");
        let count = |name: &str| answers.iter().map(|body| body["usage"][name].as_u64().unwrap()).sum();
        (count("input"), count("output"))
    }

    /// How long the model was waited for.
    pub(super) fn latency_ms(&self) -> u64 {
        let asked = self.events.iter().filter(|(kind, _)| kind.starts_with("Model"));
        asked.filter_map(|(_, body)| body["latency_ms"].as_u64()).sum()
    }
}
