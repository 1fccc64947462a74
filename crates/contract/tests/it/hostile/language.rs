//! What is well written and too much: types, schemas, patterns and conditions that multiply, and sections whose products do.

use super::{Trial, contract, each, trial};

const SERVER: &str = "servers: { s: { mcp: { command: [s] } } }\n";

/// A tool with more of its keys.
pub(super) fn tool(name: &str, more: &str) -> String {
    format!(
        "  {name}: {{ via: s.t, description: Does it., input: {{ a: string, n: integer, rows: \"string[]\" }}, output: json, effects: [], idempotency: none{more} }}\n"
    )
}

pub(super) fn tools(tools: &str) -> String {
    contract(&format!("{SERVER}tools:\n{tools}"))
}

/// One tool with this condition.
fn condition(cel: &str) -> String {
    tools(&tool("t", &format!(", requires: {{ it holds: '{}' }}", cel.replace('\'', "''"))))
}

/// A type of this JSON Schema.
fn schema(json: &str) -> String {
    contract(&format!("types: {{ T: {{ schema: {json} }} }}\n"))
}

pub(crate) const TRIALS: &[fn() -> Trial] = &[
    // Types.
    || {
        let levels =
            each(40, |level| format!("  T{}: {{ fields: {{ a: T{level}, b: T{level} }} }}\n", level + 1));
        trial(
            "types that double",
            "HF0006",
            contract(&format!("types:\n  T0: {{ fields: {{ a: string }} }}\n{levels}")),
        )
    },
    || {
        let levels = each(200, |level| format!("  T{}: {{ fields: {{ a: T{level} }} }}\n", level + 1));
        trial("types in types", None, contract(&format!("types:\n  T0: string\n{levels}")))
    },
    || {
        trial(
            "null without end",
            "HF0006",
            contract(&format!("types: {{ A: string{} }}\n", "?".repeat(500_000))),
        )
    },
    || {
        trial(
            "lists of lists",
            "HF0006",
            contract(&format!("types: {{ A: \"string{}\" }}\n", "[]".repeat(250_000))),
        )
    },
    || {
        trial(
            "a list of four thousand millions",
            None,
            contract("types: { A: \"string[4294967295..4294967295]\" }\n"),
        )
    },
    || {
        trial(
            "circles of types",
            "HF0015",
            contract(&format!(
                "types:\n{}",
                each(40, |number| format!(
                    "  T{number}: {{ fields: {{ a: T{}, b: T{} }} }}\n",
                    (number + 1) % 40,
                    (number + 7) % 40
                ))
            )),
        )
    },
    || {
        trial(
            "one of very many",
            "HF0006",
            contract(&format!("types: {{ A: [{}] }}\n", each(120_000, |number| format!("v{number},")))),
        )
    },
    || {
        trial(
            "one of many",
            None,
            contract(&format!("types: {{ A: [{}] }}\n", each(40_000, |number| format!("v{number},")))),
        )
    },
    // Patterns.
    || {
        trial(
            "a pattern that is a bomb",
            "HF0015",
            contract("types: { A: 'string /((\\w{99}){99}){99}/' }\n"),
        )
    },
    || trial("a pattern that backtracks elsewhere", None, contract("types: { A: 'string /^(a+)+$/' }\n")),
    || {
        trial(
            "a pattern of many brackets",
            "HF0015",
            contract(&format!("types: {{ A: 'string /{}{}/' }}\n", "(".repeat(100_000), ")".repeat(100_000))),
        )
    },
    || trial("a pattern with look-around", "HF0015", contract("types: { A: 'string /(?=a)(?!b)/' }\n")),
    || {
        let fields =
            |kind: usize| each(400, |number| format!("f{number}: 'string /\\p{{L}}{{40}}{kind}x{number}/',"));
        trial(
            "large patterns, often",
            "HF0006",
            contract(&format!(
                "types:\n{}",
                each(60, |kind| format!("  T{kind}: {{ fields: {{ {} }} }}\n", fields(kind)))
            )),
        )
    },
    || {
        let clauses = |tool: usize| {
            each(100, |number| format!("c{number}: 'args.a.matches(\"\\\\w{{90}}{tool}x{number}\")', "))
        };
        trial(
            "large patterns in conditions, often",
            "HF0006",
            tools(&each(160, |number| {
                tool(&format!("t{number}"), &format!(", requires: {{ {} }}", clauses(number)))
            })),
        )
    },
    || {
        trial(
            "a pattern that is a bomb, in a condition",
            "HF0016",
            condition("args.a.matches('((\\\\w{99}){99}){99}')"),
        )
    },
    || {
        trial(
            "a pattern that is a bomb, in a schema",
            "HF0015",
            schema("{ type: string, pattern: \"((\\\\w{99}){99}){99}\" }"),
        )
    },
    || {
        trial(
            "names by a pattern that is a bomb",
            "HF0015",
            schema("{ patternProperties: { \"((\\\\w{99}){99}){99}\": {} } }"),
        )
    },
    // Schemas.
    || trial("a schema from the network", "HF0015", schema("{ $ref: \"https://127.0.0.1:1/x\" }")),
    || trial("a schema from a file", "HF0015", schema("{ $ref: \"file:///etc/passwd\" }")),
    || {
        trial(
            "a schema with a name of its own",
            "HF0015",
            schema("{ $id: \"https://127.0.0.1:1/x\", properties: { a: { $ref: \"y\" } } }"),
        )
    },
    || trial("another dialect from the network", "HF0015", schema("{ $schema: \"https://127.0.0.1:1/x\" }")),
    || {
        trial(
            "dynamic references",
            "HF0015",
            schema("{ $dynamicAnchor: a, properties: { b: { $dynamicRef: \"#a\" } } }"),
        )
    },
    || trial("a schema that is itself", "HF0015", schema("{ $ref: \"#\" }")),
    || trial("a schema that contains itself", "HF0015", schema("{ properties: { a: { $ref: \"#\" } } }")),
    || {
        let defs = each(60, |level| {
            format!(
                "L{level}: {{ allOf: [ {{ $ref: \"#/$defs/L{0}\" }}, {{ $ref: \"#/$defs/L{0}\" }} ] }},",
                level + 1
            )
        });
        trial(
            "towers of allOf",
            "HF0015",
            schema(&format!("{{ $ref: \"#/$defs/L0\", $defs: {{ {defs} L60: {{}} }} }}")),
        )
    },
    || {
        let defs = each(60, |level| {
            format!(
                "L{level}: {{ properties: {{ a: {{ $ref: \"#/$defs/L{0}\" }}, b: {{ $ref: \"#/$defs/L{0}\" }} }} }},",
                level + 1
            )
        });
        trial(
            "towers of fields",
            "HF0015",
            schema(&format!("{{ $ref: \"#/$defs/L0\", $defs: {{ {defs} L60: {{}} }} }}")),
        )
    },
    || {
        let defs = each(300, |from| {
            format!(
                "D{from}: {{ anyOf: [{}] }},",
                each(100, |to| format!("{{ $ref: \"#/$defs/D{}\" }},", (from + to + 1) % 300))
            )
        });
        trial(
            "a web of references",
            "HF0015",
            schema(&format!("{{ $ref: \"#/$defs/D0\", $defs: {{ {defs} }} }}")),
        )
    },
    || {
        let defs =
            each(90, |level| format!("L{level}: {{ items: {{ $ref: \"#/$defs/L{0}\" }} }},", level + 1));
        trial(
            "a chain of references",
            "HF0015",
            schema(&format!("{{ $ref: \"#/$defs/L0\", $defs: {{ {defs} L90: {{}} }} }}")),
        )
    },
    || trial("a schema of many parts", "HF0015", schema(&format!("{{ anyOf: [{}] }}", "{},".repeat(60_000)))),
    || {
        trial(
            "a default for a schema of many choices",
            None,
            contract(&format!(
                "settings: {{ a: {{ is: {{ schema: {{ anyOf: [{}] }} }}, default: 5 }} }}\n",
                each(5_000, |number| format!("{{const: {number}}},"))
            )),
        )
    },
    || {
        trial(
            "unique items of many",
            "HF0015",
            contract(&format!(
                "settings: {{ a: {{ is: {{ schema: {{ type: array, uniqueItems: true }} }}, default: [{}1] }} }}\n",
                each(20_000, |number| format!("{{a: {number}}},").replace("{a: 7}", "1"))
            )),
        )
    },
    // Conditions.
    || {
        trial(
            "deep in brackets of CEL",
            None,
            condition(&format!("{}1{} == 1", "(".repeat(900), ")".repeat(900))),
        )
    },
    || trial("a condition of a megabyte", "HF0016", condition(&"1 == 1 && ".repeat(90_000))),
    || trial("a long chain", "HF0016", condition(&format!("{}1 == 1", "1 + ".repeat(490)))),
    || {
        trial(
            "a chain of questions",
            "HF0016",
            condition(&format!("{}true", "args.n == 1 ? true : ".repeat(90))),
        )
    },
    || trial("a chain of signs", None, condition(&format!("{}true", "!".repeat(1_900)))),
    || trial("a chain of fields", "HF0016", condition(&format!("args{} == 1", ".a".repeat(900)))),
    || trial("a chain of calls", "HF0016", condition(&format!("args.a{} == ''", ".lower()".repeat(200)))),
    || {
        trial(
            "macros in macros",
            "HF0016",
            condition(
                "args.rows.all(a, args.rows.all(b, args.rows.all(c, args.rows.all(d, a == b && c == d))))",
            ),
        )
    },
    || {
        trial(
            "a text that doubles",
            None,
            condition(&format!(
                "{} == ''",
                "(args.a + args.a)"
                    .replace("args.a", "(args.a + args.a)")
                    .replace("args.a", "(args.a + args.a)")
                    .replace("args.a", "(args.a + args.a)")
                    .replace("args.a", "(args.a + args.a)")
                    .replace("args.a", "(args.a + args.a)")
            )),
        )
    },
    || trial("a number beyond all", "HF0016", condition(&format!("args.n == {}", "9".repeat(1_900)))),
    || {
        trial(
            "numbers at the edge",
            None,
            condition("args.n != -9223372036854775808 && args.n < 9223372036854775807 && 1e308 * 10.0 > 1.0"),
        )
    },
    || trial("a literal list of many", None, condition(&format!("args.n in [{}1]", "1,".repeat(900)))),
    || {
        // A large type, read and written anew by many conditions.
        let fields = each(400, |number| format!("f{number}: string,"));
        let clauses = |count: usize| {
            each(count, |number| {
                format!(
                    "c{number}: 'args.big.filter(b, b.f{number} != \"\").map(b, [b, b]).size() > {number}', "
                )
            })
        };
        let one = |number: usize| {
            format!(
                "  t{number}: {{ via: s.t, description: x, effects: [], input: {{ big: \"Big[]\" }}, requires: {{ {} }} }}\n",
                clauses(100)
            )
        };
        trial(
            "large types in many conditions",
            "HF0006",
            contract(&format!(
                "{SERVER}types: {{ Big: {{ fields: {{ {fields} }} }} }}\ntools:\n{}",
                each(100, one)
            )),
        )
    },
    // Texts with holes.
    || {
        trial(
            "thousands of holes",
            "HF0016",
            tools(
                &tool("t", &format!(", effects: [ notifies: \"{}\" ]", "x{args.a}".repeat(50_000))).replacen(
                    "effects: [], ",
                    "",
                    1,
                ),
            ),
        )
    },
    || {
        trial(
            "thousands of wrong holes",
            "HF0016",
            tools(
                &tool("t", &format!(", effects: [ notifies: \"{}\" ]", "x{args.b}".repeat(90_000))).replacen(
                    "effects: [], ",
                    "",
                    1,
                ),
            ),
        )
    },
    || {
        trial(
            "thousands of braces",
            "HF0016",
            tools(
                &tool("t", &format!(", effects: [ notifies: \"{}\" ]", "{{".repeat(250_000) + "{")).replacen(
                    "effects: [], ",
                    "",
                    1,
                ),
            ),
        )
    },
    || {
        trial(
            "a hole of many braces",
            "HF0016",
            tools(&tool("t", &format!(", effects: [ notifies: \"{}\" ]", "{".repeat(500_001))).replacen(
                "effects: [], ",
                "",
                1,
            )),
        )
    },
    // Products.
    || {
        trial(
            "thousands of findings",
            "HF0006",
            tools(&each(450, |number| {
                tool(&format!("t{number}"), &each(40, |key| format!(", wrong{key}: x")))
            })),
        )
    },
    || {
        let near = |number: usize| format!("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz{number:04}");
        let servers = each(450, |number| format!("  {}: {{ rust: {{}} }}\n", near(number)));
        let models = each(450, |number| format!("  {}: {{ use: openai/x }}\n", near(number)));
        let agents = each(450, |number| {
            format!(
                "  a{number}: {{ purpose: x, model: [{}] }}\n",
                each(30, |other| format!("{}, ", near(number * 9 + other + 1000)))
            )
        });
        trial(
            "names that are nearly right",
            "HF0010",
            contract(&format!("servers:\n{servers}models:\n{models}agents:\n{agents}")),
        )
    },
    || {
        let env = each(450, |number| format!("V{number}: {{ secret: 1 }},"));
        trial(
            "secrets that are none",
            "HF0007",
            contract(&format!(
                "servers:\n{}",
                each(60, |number| format!(
                    "  s{number}: {{ process: {{ command: [x], env: {{ {} }} }} }}\n",
                    env.replace("{ secret: 1 }", "x").replace("V1:", "1:")
                ))
            ))
            .replace(": x,", ": [x],"),
        )
    },
    || {
        let models = each(450, |number| format!("  m{number}: {{ use: openai/x, api_key: sk }}\n"));
        trial(
            "secrets that are written out",
            "HF0007",
            contract(&format!("models:\n{models}owner: {}\n", "x".repeat(900_000))),
        )
    },
    || {
        let failures =
            each(100, |number| format!("f{number}: {{ when: error.text.contains('{number}') }}, "));
        let all = each(490, |number| tool(&format!("t{number}"), ""));
        trial(
            "failures of a server with many tools",
            None,
            contract(&format!(
                "servers: {{ s: {{ mcp: {{ command: [s] }}, failures: {{ {failures} }} }} }}\ntools:\n{all}"
            )),
        )
    },
    || {
        let failures = each(490, |number| {
            format!(
                "f{number}: {{ when: error.text.contains('{number}') || error.text.contains('{number}b') || error.text.contains('{number}c') }}, "
            )
        });
        let all = each(490, |number| tool(&format!("t{number}"), ""));
        trial(
            "as many failures and tools as may be",
            None,
            contract(&format!(
                "servers: {{ s: {{ mcp: {{ command: [s] }}, failures: {{ {failures} }} }} }}\ntools:\n{all}"
            )),
        )
    },
    || {
        let clauses = each(100, |number| format!("c{number}: args.a != '{number}', "));
        let groups = each(100, |number| format!("  g{number}: {{ requires: {{ {clauses} }} }}\n"));
        let list = each(100, |number| format!("g{number}, "));
        let all = each(400, |number| tool(&format!("t{number}"), &format!(", in: [ {list} ]")));
        trial(
            "groups of clauses of tools",
            "HF0006",
            contract(&format!("{SERVER}groups:\n{groups}tools:\n{all}")),
        )
    },
];
