//! Where an address of a contract stands: addresses are paths of keys, so the trees themselves are the index.

use std::ops::Range;

use crate::conditions::slug;
use crate::files::File;
use crate::yaml::{Entry, Kind, Node};

/// The files of a contract, by which addresses are found.
pub(crate) struct Places<'a> {
    main: &'a File,
}

impl<'a> Places<'a> {
    pub(crate) fn new(main: &'a File) -> Self {
        Self { main }
    }

    /// Where this address stands: its key, or the nearest part around it that the files write out.
    pub(crate) fn find(&self, address: &str) -> Range<usize> {
        self.nearest(address).map_or(self.main.start..self.main.start, |found| found.at)
    }

    fn nearest(&self, address: &str) -> Option<Found> {
        let parts: Vec<&str> = address.split('.').collect();
        find(self.main, &parts)
    }
}

/// A part that the files write out.
struct Found {
    at: Range<usize>,
    /// How much of the address it lacks: that many parts at its end.
    left: usize,
}

/// The address within this file; what stands behind an include's name is looked up in that file too, since who includes
/// a tool may narrow it.
fn find(file: &File, parts: &[&str]) -> Option<Found> {
    let (section, rest) = parts.split_first()?;
    let here = entry(&file.tree, section);
    let direct = here.and_then(|entry| walk(&entry.value, rest));
    let include = || {
        let (name, rest) = rest.split_first()?;
        let file = file.includes.iter().find(|include| include.name == **name)?;
        let inner: Vec<&str> = std::iter::once(*section).chain(rest.iter().copied()).collect();
        find(file, &inner)
    };
    let nearest = direct.into_iter().chain(include()).min_by_key(|found| found.left);
    nearest.or_else(|| here.map(|entry| Found { at: entry.at.clone(), left: rest.len() }))
}

/// The longest part of the path that is written out; none where not even its first part is.
fn walk(node: &Node, parts: &[&str]) -> Option<Found> {
    let within = |value: &Node, rest: &[&str], at: &Range<usize>| {
        walk(value, rest).unwrap_or_else(|| Found { at: at.clone(), left: rest.len() })
    };
    // A name of an included part holds dots: `tools.cms.publish.requires`.
    let mut names = (1..=parts.len()).rev().filter_map(|count| {
        let (name, rest) = parts.split_at_checked(count)?;
        Some((name.join("."), rest))
    });
    match &node.kind {
        Kind::Map(_) => names.find_map(|(name, rest)| {
            let entry = if name.contains('.') { exact(node, &name) } else { entry(node, &name) }?;
            Some(within(&entry.value, rest, &entry.at))
        }),
        Kind::List(items) => names.find_map(|(name, rest)| {
            let item = match name.parse::<usize>() {
                Ok(index) => items.get(index)?,
                // `may: [ find_order, refund: … ]` lists names.
                Err(_) => items.iter().find(|item| lists(item, &name))?,
            };
            Some(match exact(item, &name) {
                Some(entry) => within(&entry.value, rest, &entry.at),
                None => within(item, rest, &item.span),
            })
        }),
        _ => None,
    }
}

fn lists(item: &Node, part: &str) -> bool {
    match &item.kind {
        Kind::Text { text, .. } => text.trim() == part,
        Kind::Map(entries) => entries.iter().any(|entry| entry.key == part),
        _ => false,
    }
}

fn exact<'a>(node: &'a Node, key: &str) -> Option<&'a Entry> {
    let Kind::Map(entries) = &node.kind else { return None };
    entries.iter().find(|entry| entry.key == key)
}

/// The entry of this key, or of the sentence or optional field that is addressed so.
fn entry<'a>(node: &'a Node, part: &str) -> Option<&'a Entry> {
    let Kind::Map(entries) = &node.kind else { return None };
    let fits = |entry: &&Entry| entry.key.strip_suffix('?') == Some(part) || slug(&entry.key) == part;
    exact(node, part).or_else(|| entries.iter().find(fits))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};
    use std::path::Path;

    use super::*;
    use crate::diagnostic::Findings;
    use crate::files::Gather;
    use crate::texts::Texts;
    use crate::walk::each_expr;

    /// Parts that an address may end in though nobody wrote them: they have a meaning all the same.
    const UNSAID: &[&str] = &["input", "output", "effects", "idempotency", "may"];

    /// The contracts in this folder and below it.
    fn contracts(folder: &Path, all: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "node_modules" {
                contracts(&path, all);
            } else if name.ends_with(".yaml") && !name.ends_with(".test.yaml") {
                all.push(path);
            }
        }
    }

    /// The addresses of a contract that stand nowhere just so; none where it doesn't check.
    fn lost(path: &Path) -> Option<Vec<String>> {
        let folder = path.parent().unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let mut read =
            |file: &str| std::fs::read_to_string(folder.join(file)).map_err(|error| error.to_string());
        let loaded = crate::load(&name, ".", &BTreeMap::new(), &mut read);
        let contract = loaded.checked()?;
        let mut gather =
            Gather { read: &mut read, texts: Texts::default(), findings: Findings::default(), files: 0 };
        let file = gather.main(&name).unwrap();
        let places = Places::new(&file);
        let clauses: Vec<String> = contract.clauses().into_iter().map(|clause| clause.address).collect();
        let levels: Vec<String> = contract.levels().into_iter().map(|clause| clause.address).collect();
        for once in [&clauses, &levels] {
            assert_eq!(once.iter().collect::<HashSet<_>>().len(), once.len(), "{name}: {once:?}");
        }
        let mut all: Vec<String> = clauses.into_iter().chain(levels).collect();
        each_expr(contract, &mut |part| all.push(part.address.to_owned()));
        all.retain(|address| {
            let last = address.rsplit('.').next().unwrap();
            // Whose approval and which ceilings: a tool may have them from its groups.
            let mut shared = contract.tools.values().filter(|tool| !tool.groups.is_empty());
            let shared = shared.any(|tool| address.starts_with(&tool.address("")));
            let least = if shared { 2 } else { usize::from(UNSAID.contains(&last)) };
            places.nearest(address).is_none_or(|found| found.left > least)
        });
        Some(all.into_iter().map(|address| format!("{name}: {address}")).collect())
    }

    #[test]
    fn every_address_is_one_place_that_somebody_wrote() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut paths = Vec::new();
        contracts(&root.join("../../examples"), &mut paths);
        contracts(&root.join("tests/it"), &mut paths);
        let found: Vec<Vec<String>> = paths.iter().filter_map(|path| lost(path)).collect();
        assert!(found.len() >= 5, "only {} contracts were looked at", found.len());
        assert_eq!(found.concat(), Vec::<String>::new());
    }
}
