//! How long a big contract takes to check, and one call's whole check: figures, never judged.
//!
//! `cargo run --release -p handfast-contract --example check_bench`

#![expect(clippy::expect_used, reason = "a bench that can't go on has failed")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use handfast_contract::{Contract, Loaded, Paint, Scope, alone};
use serde_json::{Value, json};

/// A contract of so many tools, with one agent and a workflow of so many steps.
fn big(tools: usize, steps: usize) -> String {
    let mut text = String::from(
        "handfast: 1\nname: big\nversion: \"1\"\nowner: bench\nroles: { lead: {} }\nmodels: { main: { use: openai/gpt-5-mini, price: free } }\n\
         types:\n  Order: { fields: { id: string, total: number, status: [ open, shipped, refunded ], customer: string, lines: \"Line[]\" } }\n  \
         Line: { fields: { sku: string, count: 1..1000, price: number, note?: string } }\n\
         servers:\n  shop:\n    mcp: { url: \"http://127.0.0.1:7400/mcp\" }\n    failures:\n      \
         not_found: { when: error.text.contains('not found') }\n      overloaded: { when: error.code == 'overloaded', then: transient }\ntools:\n",
    );
    for index in 0..tools {
        write!(
            text,
            "  tool_{index}:\n    via: shop.tool_{index}\n    description: Changes the order of shelf {index} by what is asked.\n    \
             input: {{ order_id: string, amount: 0.0..10000.0, reason?: string, tags?: \"string[..5]\" }}\n    output: Order\n    \
             effects: [ writes: \"order/{{args.order_id}}\" ]\n    idempotency: {{ key: {{ arg: key }}, valid: 24h }}\n    \
             requires:\n      it is some money: args.amount > 0.0\n      it names an order: size(args.order_id) > 2 && !args.order_id.contains('/')\n    \
             ensures:\n      it is that order: result.id == args.order_id\n    compensate: {{ leaves: [ the note ] }}\n    limits: {{ timeout: 10s, attempts: 3 }}\n"
        )
        .expect("a string takes text");
    }
    text.push_str("agents:\n  clerk:\n    purpose: Resolve one problem with one order.\n    model: main\n    unsure: refuse\n    allow: { HF0125: it is a bench }\n    may:\n");
    for index in 0..tools {
        writeln!(text, "      - tool_{index}: args.amount <= 200.0 && args.order_id != ''")
            .expect("a string takes text");
    }
    text.push_str("    input: { text: string, order?: Order }\n    output: { fields: { text: string } }\n    limits: { turns: 12, cost: 0.01 USD }\n");
    text.push_str("workflows:\n  main:\n    input: { id: string, amount: 0.0..100.0 }\n    limits: { cost: 10 USD }\n    steps:\n");
    for index in 0..steps {
        let before = if index == 0 { "input.id".to_owned() } else { format!("steps.s{}.id", index - 1) };
        writeln!(
            text,
            "      s{index}: {{ tool: tool_{index}, with: {{ order_id: {before}, amount: input.amount }} }}"
        )
        .expect("a string takes text");
    }
    text.push_str(
        "      tell: { agent: clerk, with: { text: input.id, order: steps.s0 } }\n    output: steps.tell\n",
    );
    text
}

fn check(text: &str) -> Loaded {
    handfast_contract::check("big.yaml", ".", &BTreeMap::new(), &mut alone("big.yaml", text))
}

/// The median of some rounds.
fn median(rounds: usize, mut round: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..rounds).map(|_| round()).collect();
    times.sort();
    times.get(rounds / 2).copied().unwrap_or_default()
}

/// What a proposed call goes through before it may be sent: its types, the agent's authority, what the tool requires.
fn call_passes(contract: &Contract, args: &Value, input: &Value) -> bool {
    let Some(grant) = contract.agents.get("clerk").and_then(|agent| agent.grant("tool_7")) else {
        return false;
    };
    let tool = &grant.tool;
    let scope =
        || Scope::default().with("args", args).with("input", input).with("settings", &contract.settings);
    tool.input.fits(args)
        && grant.condition.as_ref().is_none_or(|clause| clause.condition.holds(&scope()).unwrap_or(false))
        && tool.requires.iter().all(|clause| clause.condition.holds(&scope()).unwrap_or(false))
}

fn main() {
    for (tools, steps) in [(10, 5), (100, 50), (1000, 199)] {
        let text = big(tools, steps);
        let loaded = check(&text);
        assert!(loaded.checked().is_some(), "{}", loaded.report(Paint::Plain));
        let time = median(5, || {
            let begun = Instant::now();
            std::hint::black_box(check(&text));
            begun.elapsed()
        });
        println!("check   {tools:>5} tools {:>4} steps {:>8} bytes  {time:>10.2?}", steps + 1, text.len());
    }
    let loaded = check(&big(10, 5));
    let contract = loaded.checked().expect("checked above");
    let args = json!({ "order_id": "o-1234", "amount": 120.5, "reason": "broken", "tags": ["a", "b"] });
    let input = json!({ "text": "It came broken." });
    assert!(call_passes(contract, &args, &input));
    let rounds: u32 = 100_000;
    let time = median(5, || {
        let begun = Instant::now();
        for _ in 0..rounds {
            std::hint::black_box(call_passes(contract, std::hint::black_box(&args), &input));
        }
        begun.elapsed()
    });
    println!("call    types, authority, requires              {:>10.2?}", time / rounds);
}
