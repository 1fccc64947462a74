//! Which package may use which: the house's order, and what a room must not even be able to name.
//!
//! The table is what `ARCHITECTURE.md` draws. A new edge is a decision: make it here, in the same commit, with its why.

use anyhow::Context as _;

use super::Finding;

/// Every package, in the house's order, with those of ours that its shipped code may use.
const EDGES: [(&str, &[&str]); 13] = [
    ("handfast-events", &[]),
    ("handfast-contract", &["handfast-events"]),
    ("handfast-engine", &["handfast-events", "handfast-contract"]),
    ("handfast-report", &["handfast-events"]),
    ("handfast-store", &["handfast-events"]),
    // It stands for somebody else's server: what it says of failures must not come out of our own table of them.
    ("handfast-double", &[]),
    ("handfast-model", &["handfast-events", "handfast-contract", "handfast-engine"]),
    ("handfast-tool", &["handfast-events", "handfast-contract", "handfast-engine"]),
    (
        "handfast-host",
        &[
            "handfast-events",
            "handfast-contract",
            "handfast-engine",
            "handfast-store",
            "handfast-model",
            "handfast-tool",
        ],
    ),
    // Pure but for its threads: it brings rooms of its own, and what it drives is the engine alone.
    ("handfast-sim", &["handfast-events", "handfast-contract", "handfast-engine"]),
    (
        "handfast-cli",
        &[
            "handfast-events",
            "handfast-contract",
            "handfast-engine",
            "handfast-report",
            "handfast-store",
            "handfast-model",
            "handfast-tool",
            "handfast-host",
            // `handfast sim` breaks a user's own contract.
            "handfast-sim",
        ],
    ),
    // The shop stands for somebody else's program: it knows nothing of Handfast.
    ("example-shop", &[]),
    ("xtask", &[]),
];

/// The rooms that know no runtime, clock, socket or file.
pub(crate) const PURE: [&str; 4] = ["events", "contract", "engine", "report"];

/// What only some may use, tests included, and what the limit makes impossible.
const KEPT: [(&[&str], &[&str], &str); 5] = [
    (
        &["rusqlite", "libsqlite3-sys"],
        &["handfast-store", "example-shop"],
        "nothing but `store` opens a database",
    ),
    (
        &["rmcp", "process-wrap"],
        &["handfast-tool", "example-shop"],
        "nothing but `tool` talks to tools or starts them",
    ),
    (&["reqwest"], &["handfast-model", "handfast-tool"], "only `model` and `tool` send requests"),
    (&["clap", "indicatif", "comfy-table"], &["handfast-cli", "example-shop"], "nothing but `cli` prints"),
    (
        &["anyhow"],
        &["handfast-cli", "xtask", "example-shop"],
        "an error of a room says what its caller can do",
    ),
];

/// What no pure room may use, not even in a test.
const IMPURE: [&str; 9] =
    ["tokio", "tokio-util", "rand", "reqwest", "rusqlite", "rustix", "axum", "tempfile", "getrandom"];

/// A package of the workspace, as its manifest has it.
#[derive(Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Relative to the root.
    pub(crate) manifest: String,
    /// What it uses, and whether only its tests do.
    pub(crate) uses: Vec<(String, bool)>,
}

impl Package {
    /// All of them, as cargo reads their manifests.
    pub(crate) fn all() -> anyhow::Result<Vec<Self>> {
        let output = crate::shell::cargo(["metadata", "--no-deps", "--offline", "--format-version", "1"])
            .output()
            .context("`cargo metadata` could not be started")?;
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).with_context(|| {
            format!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr))
        })?;
        let packages = metadata.get("packages").and_then(|packages| packages.as_array());
        packages.context("`cargo metadata` names no packages")?.iter().map(Self::one).collect()
    }

    fn one(package: &serde_json::Value) -> anyhow::Result<Self> {
        let text = |value: &serde_json::Value, key: &str| {
            value
                .get(key)
                .and_then(|text| text.as_str())
                .map(str::to_owned)
                .context("a package without its name")
        };
        let manifest = text(package, "manifest_path")?;
        let root = format!("{}/", crate::shell::root().display());
        let uses = package.get("dependencies").and_then(|uses| uses.as_array()).cloned().unwrap_or_default();
        let uses = uses.iter().map(|used| {
            Ok((text(used, "name")?, used.get("kind").and_then(|kind| kind.as_str()) == Some("dev")))
        });
        Ok(Self {
            name: text(package, "name")?,
            manifest: manifest.strip_prefix(&root).unwrap_or(&manifest).into(),
            uses: uses.collect::<anyhow::Result<_>>()?,
        })
    }
}

pub(crate) fn check(packages: &[Package]) -> Vec<Finding> {
    packages.iter().flat_map(check_one).collect()
}

fn check_one(package: &Package) -> Vec<Finding> {
    let Package { name, manifest, uses } = package;
    let finding =
        |problem: String, remedy: String| Finding { file: manifest.clone(), line: 0, problem, remedy };
    let Some(place) = EDGES.iter().position(|(known, _)| known == name) else {
        let remedy = "give it a row in xtask/src/tidy/edges.rs, with what it makes impossible".into();
        return vec![finding(format!("nobody knows the package `{name}`"), remedy)];
    };
    let (above, allowed) =
        (EDGES.get(..place).unwrap_or_default(), EDGES.get(place).map_or(&[][..], |(_, uses)| *uses));
    let is_ours = |used: &str| EDGES.iter().any(|(known, _)| *known == used);
    let mut findings = Vec::new();
    for (used, only_tests) in uses {
        // A test may use all that stands above; what is shipped, only what the table grants.
        let is_granted =
            allowed.contains(&used.as_str()) || (*only_tests && above.iter().any(|(known, _)| known == used));
        if is_ours(used) && !is_granted {
            let remedy = "turn the edge round, or move what is needed up; else change the table in xtask/src/tidy/edges.rs";
            findings.push(finding(
                format!("`{name}` uses `{used}`, which isn't among those it may use"),
                remedy.into(),
            ));
        }
        let pure = name.strip_prefix("handfast-").is_some_and(|room| PURE.contains(&room));
        if pure && IMPURE.contains(&used.as_str()) {
            let remedy =
                "let the value enter through a command or an argument, from a room at the edge".into();
            findings.push(finding(format!("`{name}` is pure and uses `{used}`"), remedy));
        }
        for (kept, keepers, why) in KEPT {
            if kept.contains(&used.as_str()) && !keepers.contains(&name.as_str()) && !only_tests {
                findings.push(finding(
                    format!("`{name}` uses `{used}`"),
                    format!("{why}: ask that room instead"),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{Package, check};

    fn problems(name: &str, uses: &[(&str, bool)]) -> Vec<String> {
        let uses = uses.iter().map(|(used, only_tests)| ((*used).to_owned(), *only_tests)).collect();
        let package = Package { name: name.into(), manifest: "Cargo.toml".into(), uses };
        check(&[package]).into_iter().map(|finding| finding.problem).collect()
    }

    #[test]
    fn an_edge_that_the_table_lacks_is_found() {
        assert_eq!(
            problems("handfast-host", &[("handfast-store", false), ("handfast-report", true)]),
            [""; 0]
        );
        let edge = ["`handfast-engine` uses `handfast-store`, which isn't among those it may use"];
        assert_eq!(problems("handfast-engine", &[("handfast-store", false)]), edge);
        assert_eq!(problems("handfast-engine", &[("handfast-store", true)]), edge);
        assert_eq!(problems("handfast-attic", &[]), ["nobody knows the package `handfast-attic`"]);
    }

    #[test]
    fn pure_rooms_cannot_even_test_with_a_runtime() {
        assert_eq!(
            problems("handfast-report", &[("tokio", true)]),
            ["`handfast-report` is pure and uses `tokio`"]
        );
    }

    #[test]
    fn only_the_store_opens_a_database() {
        assert_eq!(problems("handfast-host", &[("rusqlite", false)]), ["`handfast-host` uses `rusqlite`"]);
        assert_eq!(problems("handfast-store", &[("rusqlite", false)]), [""; 0]);
    }
}
