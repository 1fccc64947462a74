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
        let parts: Vec<&str> = address.split('.').collect();
        find(self.main, &parts).unwrap_or(self.main.start..self.main.start)
    }
}

/// The address within this file; what stands behind an include's name is looked up in that file.
fn find(file: &File, parts: &[&str]) -> Option<Range<usize>> {
    let (section, rest) = parts.split_first()?;
    let here = entry(&file.tree, section);
    let direct = here.and_then(|entry| walk(&entry.value, rest));
    let include = || {
        let (name, rest) = rest.split_first()?;
        let file = file.includes.iter().find(|include| include.name == **name)?;
        let inner: Vec<&str> = std::iter::once(*section).chain(rest.iter().copied()).collect();
        find(file, &inner)
    };
    direct.or_else(include).or_else(|| here.map(|entry| entry.at.clone()))
}

/// The longest part of the path that is written out; none where not even its first part is.
fn walk(node: &Node, parts: &[&str]) -> Option<Range<usize>> {
    let (part, rest) = parts.split_first()?;
    match &node.kind {
        Kind::Map(_) => {
            // A name of an included part holds dots: `tools.cms.publish.requires`.
            let dotted = (2..=parts.len()).rev().find_map(|count| {
                let (name, rest) = parts.split_at_checked(count)?;
                Some((exact(node, &name.join("."))?, rest))
            });
            let (entry, rest) = dotted.or_else(|| Some((entry(node, part)?, rest)))?;
            Some(walk(&entry.value, rest).unwrap_or_else(|| entry.at.clone()))
        }
        Kind::List(items) => {
            let item = match part.parse::<usize>() {
                Ok(index) => items.get(index)?,
                // `may: [ find_order, refund: … ]` lists names.
                Err(_) => items.iter().find(|item| names(item, part))?,
            };
            Some(walk(item, rest).unwrap_or_else(|| {
                match &item.kind {
                    Kind::Map(entries) => entries
                        .iter()
                        .find(|entry| entry.key == **part)
                        .map_or(item.span.clone(), |entry| entry.at.clone()),
                    _ => item.span.clone(),
                }
            }))
        }
        _ => None,
    }
}

fn names(item: &Node, part: &str) -> bool {
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
