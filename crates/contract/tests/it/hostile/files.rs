//! Includes and other files: circles, diamonds, depths, and paths that lead elsewhere.

use super::{Trial, contract, each, trial};

fn including(names: &[(&str, &str)]) -> String {
    contract(&format!(
        "include: {{ {} }}\n",
        names.iter().map(|(name, path)| format!("{name}: {path}")).collect::<Vec<_>>().join(", ")
    ))
}

fn files(
    name: &'static str,
    says: impl Into<Option<&'static str>>,
    main: String,
    others: impl IntoIterator<Item = (String, String)>,
) -> Trial {
    let mut trial = trial(name, says, main);
    trial.files.extend(others);
    trial
}

pub(crate) const TRIALS: &[fn() -> Trial] = &[
    || trial("an include of itself", "HF0024", including(&[("a", "main.yaml")])),
    || trial("an include of itself by another spelling", "HF0024", including(&[("a", "././/main.yaml")])),
    || {
        let others = [
            ("a.yaml".to_owned(), including(&[("b", "b.yaml")])),
            ("b.yaml".to_owned(), including(&[("a", "a.yaml"), ("m", "main.yaml")])),
        ];
        files("circles", "HF0024", including(&[("a", "a.yaml"), ("b", "b.yaml")]), others)
    },
    || {
        // Each includes the next one twice: a million files, if they were followed.
        let level = |number: usize| {
            including(&[("a", &*format!("f{}.yaml", number + 1)), ("b", &*format!("f{}.yaml", number + 1))])
        };
        let others = (0..20).map(|number| (format!("f{number}.yaml"), level(number)));
        files("diamonds that multiply", "HF0006", including(&[("a", "f0.yaml"), ("b", "f0.yaml")]), others)
    },
    || {
        let others = (0..40).map(|number| {
            (format!("f{number}.yaml"), including(&[("a", &*format!("f{}.yaml", number + 1))]))
        });
        files("includes in includes", "HF0006", including(&[("a", "f0.yaml")]), others)
    },
    || {
        let others = (0..400).map(|number| (format!("f{number}.yaml"), contract("")));
        let names = each(400, |number| format!("  f{number}: f{number}.yaml\n"));
        files("includes side by side", "HF0006", contract(&format!("include:\n{names}")), others)
    },
    || {
        let names = each(90_000, |number| format!("{number}: x,"));
        trial("includes without end", "HF0006", contract(&format!("include: {{{names}}}\n")))
    },
    || {
        // Each file is as large as one may be, and so is their sum.
        let big =
            |number: usize| (format!("f{number}.yaml"), contract(&format!("x: [{}]\n", "a,".repeat(90_000))));
        let names = each(31, |number| format!("  f{number}: f{number}.yaml\n"));
        files("large includes", "HF0008", contract(&format!("include:\n{names}")), (0..31).map(big))
    },
    || {
        let big = |number: usize| (format!("f{number}.md"), "x".repeat(1 << 20));
        let agents = each(400, |number| {
            format!("  a{number}: {{ purpose: x, model: m, instructions: {{ file: f{number}.md }} }}\n")
        });
        files(
            "large instructions",
            "HF0006",
            contract(&format!("models: {{ m: {{ use: openai/x }} }}\nagents:\n{agents}")),
            (0..400).map(big),
        )
    },
    || {
        let big = ("f.md".to_owned(), "x".repeat(1 << 20));
        let agents = each(400, |number| {
            format!("  a{number}: {{ purpose: x, model: m, instructions: {{ file: f.md }} }}\n")
        });
        files(
            "instructions that many agents share",
            "HF0006",
            contract(&format!("models: {{ m: {{ use: openai/x }} }}\nagents:\n{agents}")),
            [big],
        )
    },
    || trial("out of the folder", "HF0018", including(&[("a", "../a.yaml")])),
    || trial("out of the folder in the middle", "HF0018", including(&[("a", "b/../../a.yaml")])),
    || trial("from the root", "HF0018", including(&[("a", "/etc/passwd")])),
    || trial("from a drive", "HF0018", including(&[("a", "'C:\\a.yaml'")])),
    || trial("from a share", "HF0018", including(&[("a", "'\\\\host\\a.yaml'")])),
    || trial("from home", "HF0018", including(&[("a", "\"~/a.yaml\"")])),
    || trial("from the network", "HF0018", including(&[("a", "\"https://example.com/a.yaml\"")])),
    || trial("a nul in a path", "HF0018", including(&[("a", "\"a\\0.yaml\"")])),
    || trial("a folder", "HF0018", including(&[("a", "\".\"")])),
    || trial("a path of half a megabyte", "HF0018", including(&[("a", &*"a/".repeat(1 << 18))])),
    || {
        files(
            "a lock that nests",
            "HF0061",
            contract(
                "servers: { s: { mcp: { command: [s], schemas: pinned } } }\ntools: { t: { via: s.t, description: x, effects: [] } }\n",
            ),
            [("main.lock".to_owned(), "[".repeat(1 << 19))],
        )
    },
    || {
        files(
            "a lock of many megabytes",
            "HF0061",
            contract(
                "servers: { s: { mcp: { command: [s], schemas: pinned } } }\ntools: { t: { via: s.t, description: x, effects: [] } }\n",
            ),
            [("main.lock".to_owned(), "[".repeat(8 << 20))],
        )
    },
];
