//! `docs/reference/language.md` is true: its examples load or fail as it says, its lists are the language's.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use handfast_contract::Code;

use crate::{loaded, report};

const PAGE: &str = include_str!("../../../../docs/reference/language.md");
const README: &str = include_str!("../../../../README.md");

/// The sections in the order in which they name each other, as the fragments of the page lean on them.
const SECTIONS: [(&str, &str); 7] = [
    ("settings", "settings: { shop: { type: string, default: shop-server } }\n"),
    (
        "models",
        "models:\n  main: { use: openai/gpt-5-mini }\n  local: { use: openai/qwen3-4b, url: \"http://127.0.0.1:8080/v1\", price: free }\n",
    ),
    (
        "types",
        "types:\n  Customer: { fields: { id: string, name: string } }\n  Receipt: { fields: { refund_id: string, amount: number } }\n  Reply: { fields: { text: string } }\n",
    ),
    ("servers", "servers:\n  shop: { mcp: { command: [\"{settings.shop}\"] } }\n"),
    (
        "tools",
        "tools:
  find_customer:
    via: shop.find_customer
    description: Finds the one customer with this email address.
    input: { email: email }
    output: Customer
    effects: [ reads: customer/* ]
  find_order:
    via: shop.find_order
    description: Reads one order by its id.
    input: { order_id: string }
    effects: [ reads: order/* ]
  refund:
    via: shop.refund
    description: Pays money back for one order.
    input: { order_id: string, amount: number }
    effects: [ writes: order/* ]
    idempotency: natural
  send_mail:
    via: shop.send_mail
    description: Sends one plain-text email.
    input: { to: email, body: string }
    effects: [ notifies: the reader of that address ]
    idempotency: none
",
    ),
    (
        "agents",
        "agents:
  clerk:
    purpose: Resolve one customer's problem with one order.
    model: main
    may: [ find_order ]
    unsure: refuse
    input: { text: string }
    output: Reply
    limits: { turns: 3 }
",
    ),
    (
        "workflows",
        "workflows:
  ticket:
    steps:
      resolve: { agent: clerk, with: { text: \"'hello'\" } }
",
    ),
];

const HEAD: &str = "handfast: 1\nname: reference\nversion: \"1\"\n";

/// A fragment within a contract that has what it leans on: the sections that stand before its own.
fn wrapped(fragment: &str) -> String {
    let first = fragment.split(':').next().unwrap();
    let before = SECTIONS.iter().take_while(|(section, _)| *section != first);
    let mut text = HEAD.to_owned();
    text.extend(before.map(|(_, section)| *section));
    assert!(SECTIONS.iter().any(|(section, _)| *section == first), "no section `{first}`:\n{fragment}");
    text + fragment
}

/// Each fenced block: the words behind its fence, and its text.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    let mut rest = PAGE;
    while let Some((_, behind)) = rest.split_once("```") {
        let (info, behind) = behind.split_once('\n').unwrap();
        let (text, behind) = behind.split_once("```").expect("a block of the page isn't closed");
        found.push((info, text));
        rest = behind;
    }
    found
}

/// The page's examples that load, each as a whole contract.
pub(crate) fn loading_examples() -> Vec<String> {
    let good = blocks().into_iter().filter(|(info, _)| !info.contains("error="));
    good.map(|(info, text)| if info.contains("fragment") { wrapped(text) } else { text.to_owned() }).collect()
}

#[test]
fn every_example_loads_or_fails_as_it_says() {
    let blocks = blocks();
    assert!(blocks.len() > 15, "the page has lost its examples");
    for (info, text) in blocks {
        let words: Vec<&str> = info.split_whitespace().collect();
        assert_eq!(words.first(), Some(&"yaml"), "a block of another language can't be checked here");
        let source = if words.contains(&"fragment") { wrapped(text) } else { text.to_owned() };
        match words.iter().find_map(|word| word.strip_prefix("error=")) {
            None => assert_eq!(report(&source), "", "{text}"),
            Some(code) => {
                let found = loaded(&source);
                let codes: BTreeSet<&str> = found.diagnostics.iter().map(|found| found.code.id()).collect();
                assert_eq!(codes, BTreeSet::from([code]), "{}", report(&source));
            }
        }
    }
}

#[test]
fn the_readme_shows_a_tool_that_loads() {
    let (_, block) = README.split_once("```yaml\nrefund:\n").unwrap();
    let (lines, _) = block.split_once("```").unwrap();
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    let rest = "    via: shop.refund\n    description: Pays money back for one order.\n    input: { order_id: string, amount: number }\n    output: Receipt\n";
    assert_eq!(report(&wrapped(&format!("tools:\n  refund:\n{lines}{rest}"))), "");
}

#[test]
fn the_page_of_codes_has_every_code_with_its_own_words() {
    let mut page = String::from(
        "# Codes\n\nWhat `handfast explain CODE` shows. `HF00…` are errors of the language, `HF01…` are lints.\n\n\
         | code | what | why, and what to do |\n|---|---|---|\n",
    );
    for code in Code::all() {
        writeln!(page, "| `{}` | {} | {} |", code.id(), code.title(), code.page()).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/codes.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let told = "the page of codes isn't the codes': `BLESS=1 cargo test -p handfast-contract --test it codes` writes it";
    assert!(std::fs::read_to_string(path).unwrap_or_default() == page, "{told}");
}
