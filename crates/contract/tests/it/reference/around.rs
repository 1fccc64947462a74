//! What stands around a fragment: a small contract, of which it gets all that it can lean on.

const AROUND: &str = include_str!("around.yaml");

const HEAD: &str = "handfast: 1\nname: reference\nversion: \"1\"\nowner: docs\n";

/// The sections that a fragment may begin, in the order in which they name each other.
const ORDER: &[&str] = &[
    "settings",
    "roles",
    "models",
    "types",
    "servers",
    "facts",
    "groups",
    "tools",
    "memory",
    "agents",
    "workflows",
    "invariants",
];

/// A section, and its entries: each from its name on, with the lines that follow.
type Section = (String, Vec<(String, String)>);

/// A fragment within a contract that has what it leans on, the fragment first so that its lines keep their numbers. Of the
/// sections that it has itself it gets the entries that something names and it lacks.
pub(super) fn wrapped(fragment: &str) -> String {
    let own = sections(fragment);
    let place = |name: &str| {
        let place = ORDER.iter().position(|known| *known == name);
        place.unwrap_or_else(|| panic!("no section `{name}`:\n{fragment}"))
    };
    let last = own.iter().map(|(name, _)| place(name)).max().expect("a fragment has a section");
    let (mut text, mut rest) = (fragment.to_owned(), String::new());
    for (name, entries) in sections(AROUND).iter().rev().filter(|(name, _)| place(name) <= last) {
        let Some((_, written)) = own.iter().find(|(own, _)| own == name) else {
            let entries: String = entries.iter().map(|(_, lines)| lines.as_str()).collect();
            rest = format!("{name}:\n{entries}{rest}");
            continue;
        };
        let behind = written.last().map(|(_, lines)| lines.clone()).expect("a section has an entry");
        let mut missing = String::new();
        for (entry, lines) in
            entries.iter().rev().filter(|(entry, _)| written.iter().all(|(own, _)| own != entry))
        {
            if [&text, &rest, &missing].iter().any(|text| names(text, entry)) {
                missing = format!("{lines}{missing}");
            }
        }
        text = text.replacen(&behind, &format!("{behind}{missing}"), 1);
    }
    format!("{text}{HEAD}{rest}")
}

/// Whether a text has this word.
fn names(text: &str, word: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|other| other == word)
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let name = line.trim_start().split(':').next().unwrap_or_default().to_owned();
        match (indent, sections.last_mut()) {
            (0, _) => sections.push((name, Vec::new())),
            (2, Some((_, entries))) => entries.push((name, format!("{line}\n"))),
            (_, Some((_, entries))) => {
                let (_, lines) = entries.last_mut().expect("a section's entries stand two blanks in");
                lines.push_str(&format!("{line}\n"));
            }
            (_, None) => panic!("a fragment begins with a section:\n{text}"),
        }
    }
    sections
}
