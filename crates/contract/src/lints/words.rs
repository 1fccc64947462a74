//! Words that a model and people read: vague, missing, or the same for two things.

use std::collections::BTreeMap;

use super::Hits;
use crate::{Contract, Kept};

/// Verbs that say that something is done and not what.
const VAGUE: &[&str] = &[
    "manage",
    "handle",
    "process",
    "perform",
    "execute",
    "run",
    "do",
    "work",
    "deal",
    "operate",
    "administer",
];

/// A verb as it may stand in a sentence: `manages`, `processes`, `handling`.
fn is_vague(word: &str) -> bool {
    let word = word.to_lowercase();
    let stems =
        [Some(word.as_str()), word.strip_suffix("es"), word.strip_suffix('s'), word.strip_suffix("ing")];
    stems.into_iter().flatten().any(|stem| VAGUE.contains(&stem))
}

pub(super) fn vague(contract: &Contract, hits: &mut Hits) {
    for tool in contract.tools.values() {
        let first = tool.description.split_whitespace().next().unwrap_or("");
        let in_name = tool.name.rsplit('.').next().unwrap_or("").split('_').find(|word| is_vague(word));
        let (place, word) = if is_vague(first) {
            (tool.address("description"), first)
        } else if let Some(word) = in_name.filter(|_| tool.description.split_whitespace().count() < 5) {
            (format!("tools.{}", tool.name), word)
        } else {
            continue;
        };
        let message = format!("`{word}` doesn't say what `{}` does", tool.name);
        let help = "say the one thing that it does: “Pays money back to the card of one order.”; two things are two tools";
        hits.add(place, message, help);
    }
}

pub(super) fn restates(contract: &Contract, hits: &mut Hits) {
    let words = |text: &str| -> Vec<String> {
        let lower = text.to_lowercase();
        let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.len() > 2);
        words.map(|word| word.trim_end_matches('s').to_owned()).filter(|word| word != "the").collect()
    };
    for tool in contract.tools.values() {
        let name = words(tool.name.rsplit('.').next().unwrap_or(""));
        let description = words(&tool.description);
        if !description.is_empty() && description.iter().all(|word| name.contains(word)) {
            let message = format!("the description of `{}` only says its name again", tool.name);
            let help =
                "say what it does to what, in one sentence; what it is not for belongs under `not_for`";
            hits.add(tool.address("description"), message, help);
        }
    }
}

pub(super) fn same_words(contract: &Contract, hits: &mut Hits) {
    for agent in contract.agents.values() {
        let mut seen: BTreeMap<String, &str> = BTreeMap::new();
        for grant in &agent.may {
            let words = grant.tool.description.trim_end_matches('.').to_lowercase();
            if let Some(first) = seen.insert(words, &grant.tool.name) {
                let message = format!(
                    "`{}` may call `{first}` and `{}`, and is told the same of both",
                    agent.name, grant.tool.name
                );
                hits.add(
                    grant.tool.address("description"),
                    message,
                    "say how they differ: `not_for` names what the other is for",
                );
            }
        }
    }
}

pub(super) fn never_declared(contract: &Contract, hits: &mut Hits) {
    for never in contract.agents.values().flat_map(|agent| &agent.never) {
        if matches!(never.kept, Kept::Declared) {
            let message = format!("nothing enforces this: “{}”", never.sentence);
            let help = "it is told to the model and taken on trust; `{ says: …, judge: MODEL }` has it judged, `{ tool: …, when: … }` enforces it";
            hits.add(never.address.clone(), message, help);
        }
    }
}

pub(super) fn unsure_unsaid(contract: &Contract, hits: &mut Hits) {
    for agent in contract.agents.values().filter(|agent| agent.unsure.is_none() && !agent.may.is_empty()) {
        let message = format!("nothing says what `{}` does when it is unsure", agent.name);
        hits.add(
            format!("agents.{}", agent.name),
            message,
            "say `unsure: ask`, `escalate` or `refuse`: a model that isn't told guesses",
        );
    }
}

pub(super) fn ownerless(contract: &Contract, hits: &mut Hits) {
    if contract.owner.is_none() {
        hits.add("name", "nobody owns this contract", "say who keeps it: `owner: payments-team`");
    }
}
