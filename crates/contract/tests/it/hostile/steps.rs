//! Workflows, grants and invariants whose parts multiply.

use super::language::{tool, tools};
use super::{Trial, contract, each, trial};

pub(crate) const TRIALS: &[fn() -> Trial] = &[
    || {
        let steps = each(200, |number| {
            format!(
                "      s{number}: {{ tool: t, with: {{ a: \"'x'\", n: '{}0', rows: '[]' }} }}\n",
                each(number, |other| format!("size(string(steps.s{other})) + "))
                    .chars()
                    .rev()
                    .take(1_800)
                    .collect::<String>()
                    .chars()
                    .rev()
                    .collect::<String>()
                    .split_once("size(")
                    .map_or(String::new(), |(_, rest)| format!("size({rest}"))
            )
        });
        trial(
            "steps that read many others",
            None,
            tools(&tool("t", "")) + &format!("workflows:\n  w:\n    steps:\n{steps}"),
        )
    },
    || {
        let steps = each(200, |number| {
            format!(
                "      s{number}: {{ tool: t, with: {{ a: \"'x'\", n: '1', rows: '[]' }}, needs: [{}] }}\n",
                each(200, |other| if other == number { String::new() } else { format!("s{other}, ") })
            )
        });
        trial(
            "steps that each need all others",
            "HF0020",
            tools(&tool("t", "")) + &format!("workflows:\n  w:\n    steps:\n{steps}"),
        )
    },
    || {
        let steps = each(200, |number| {
            format!(
                "      s{number}: {{ tool: t, with: {{ a: \"'x'\", n: '1', rows: '[]' }}, needs: [{}] }}\n",
                each(199 - number, |other| format!("s{}, ", number + other + 1))
            )
        });
        trial(
            "steps that need all below",
            "HF0020",
            tools(&tool("t", "")) + &format!("workflows:\n  w:\n    steps:\n{steps}"),
        )
    },
    || {
        let mut inner = "x: { tool: t, with: { a: \"'x'\", n: '1', rows: '[]' } }".to_owned();
        for level in 0..20 {
            inner = format!("s{level}: {{ repeat: 3, until: 'true', steps: {{ {inner} }} }}");
        }
        trial(
            "steps in steps",
            "HF0006",
            tools(&tool("t", "")) + &format!("workflows:\n  w:\n    steps:\n      {inner}\n"),
        )
    },
    || {
        // Each choice gives one of two forms of what the one before gave.
        let steps = each(60, |number| {
            let before = if number == 0 { "'1'".to_owned() } else { format!("steps.s{}", number - 1) };
            format!(
                "      s{number}: {{ choose: {{ a: {{ when: \"input.n == {number}\", steps: {{ t: {{ tool: t, with: {{ a: \"'x'\", n: '1', rows: '[]' }} }} }}, output: {{ x: {before}, y: {before} }} }}, b: {{ steps: {{ t: {{ tool: t, with: {{ a: \"'x'\", n: '1', rows: '[]' }} }} }}, output: {{ x: {before}, z: {before} }} }} }} }}\n"
            )
        });
        trial(
            "choices of choices",
            None,
            tools(&tool("t", ""))
                + &format!(
                    "workflows:\n  w:\n    input: {{ n: integer }}\n    steps:\n{steps}    output: steps.s59\n"
                ),
        )
    },
    || {
        let calls = each(400, |number| {
            format!(
                "  w{number}: {{ input: {{ n: integer }}, steps: {{ a: {{ workflow: w{0}, with: {{ n: input.n }} }}, b: {{ workflow: w{1}, with: {{ n: input.n }} }} }}, output: {{ x: steps.a, y: steps.b }} }}\n",
                (number + 1) % 400,
                (number + 2) % 400
            )
        });
        trial("workflows in a circle", "HF0043", contract(&format!("workflows:\n{calls}")))
    },
    || {
        let calls = each(60, |number| {
            format!(
                "  w{number}: {{ input: {{ n: integer }}, steps: {{ a: {{ workflow: w{0}, with: {{ n: input.n }} }}, b: {{ workflow: w{0}, with: {{ n: input.n }} }} }}, output: {{ x: steps.a, y: steps.b }} }}\n",
                number + 1
            )
        });
        trial(
            "workflows whose results double",
            "HF0006",
            tools(&tool("t", ""))
                + &format!(
                    "workflows:\n{calls}  w60: {{ input: {{ n: integer }}, steps: {{ a: {{ tool: t, with: {{ a: \"'x'\", n: '1', rows: '[]' }} }} }}, output: steps.a }}\n"
                ),
        )
    },
    || {
        let mut agents = each(450, |number| {
            format!(
                "  a{number}: {{ purpose: x, model: m, limits: {{ turns: 1, cost: 1 USD }}, may: [{}] }}\n",
                each(60, |tool| format!("t{tool}: 'args.n > {tool}', "))
            )
        });
        agents.insert_str(0, "agents:\n");
        trial(
            "grants of many tools to many agents",
            "HF0006",
            tools(&each(60, |number| tool(&format!("t{number}"), "")))
                + "models: { m: { use: openai/x } }\n"
                + &agents,
        )
    },
    || {
        let rules = each(450, |number| {
            format!(
                "  i{number}: {{ never: tools.t{}, before: tools.t{}, same: args.a }}\n",
                number % 60,
                (number + 1) % 60
            )
        });
        trial(
            "invariants over everything",
            None,
            tools(&each(60, |number| tool(&format!("t{number}"), ""))) + "invariants:\n" + &rules,
        )
    },
    || {
        // A hand-off between two unions that overlap in too many ways to be looked at one by one.
        let side = |which: usize| {
            each(14, |number| {
                format!(
                    "{{ anyOf: [{{ properties: {{ f{number}: {{ const: {which} }} }} }}, {{ required: [f{}] }}] }},",
                    (number + which) % 14
                )
            })
        };
        let one = |name: &str, kind: &str, which: usize| {
            format!(
                "  {name}: {{ via: s.t, description: x, effects: [], {kind}: {{ v: {{ schema: {{ type: object, allOf: [{}] }} }} }} {} }}\n",
                side(which),
                if kind == "input" { ", output: json" } else { "" }
            )
        };
        let giver = one("giver", "input", 1).replace(
            "output: json",
            &format!("output: {{ schema: {{ type: object, allOf: [{}] }} }}", side(2)),
        );
        let taker = one("taker", "input", 3);
        trial(
            "hand-offs of many ways",
            "HF0040",
            tools(&(giver + &taker))
                + "workflows:\n  w:\n    input: { v: json }\n    steps:\n      a: { tool: giver, with: { v: input.v } }\n      b: { tool: taker, with: { v: steps.a } }\n",
        )
    },
];
