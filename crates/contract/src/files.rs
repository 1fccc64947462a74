//! The files of a contract: the main one and those that it includes, each parsed once, before anything in them is read.

use std::ops::Range;

use crate::diagnostic::Findings;
use crate::limits::{FILE_BYTES_MAX, FILES_BYTES_MAX, FILES_MAX, INCLUDE_DEPTH_MAX};
use crate::loader::Loader;
use crate::texts::Texts;
use crate::yaml::{self, Kind, Node};
use crate::{Code, code};

/// One file of a contract.
#[derive(Debug)]
pub(crate) struct File {
    /// The name that it is included by; empty for the main one.
    pub(crate) name: String,
    /// What stands before the names that it gives: `cms.`, or nothing.
    pub(crate) prefix: String,
    /// Its path, relative to the main contract's folder.
    pub(crate) path: String,
    /// Its folder; empty or ending in `/`.
    pub(crate) folder: String,
    /// Where it begins among all texts.
    pub(crate) start: usize,
    pub(crate) tree: Node,
    /// The files that it includes, in its order.
    pub(crate) includes: Vec<File>,
}

/// A file whose includes are being read, and where it is included.
struct Open {
    path: String,
    at: Range<usize>,
}

/// Reads files as they name each other.
pub(crate) struct Gather<'r> {
    pub(crate) read: &'r mut dyn FnMut(&str) -> Result<String, String>,
    pub(crate) texts: Texts,
    pub(crate) findings: Findings,
    pub(crate) files: usize,
}

impl Gather<'_> {
    /// The main file and all that it includes.
    pub(crate) fn main(&mut self, path: &str) -> Option<File> {
        let text = match (self.read)(path) {
            Ok(text) => text,
            Err(reason) => {
                let message = format!("`{path}` can't be read: {reason}");
                let found = self.findings.error_outside(code::BAD_FILE, message);
                found.help("name a contract's file, or a folder with a `handfast.yaml`");
                return None;
            }
        };
        let open = Open { path: path.to_owned(), at: 0..0 };
        self.file("", "", path, String::new(), &text, &mut vec![open])
    }

    fn file(
        &mut self,
        name: &str,
        prefix: &str,
        path: &str,
        folder: String,
        text: &str,
        open: &mut Vec<Open>,
    ) -> Option<File> {
        let place = self.texts.add(path, text);
        let start = place.start;
        let tree = yaml::parse(self.texts.all(), place, &mut self.findings)?;
        let mut includes = Vec::new();
        for (inner, said, at) in includes_of(&tree) {
            includes.extend(self.include(prefix, &folder, &inner, &said, &at, open));
        }
        Some(File {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            path: path.to_owned(),
            folder,
            start,
            tree,
            includes,
        })
    }

    fn include(
        &mut self,
        prefix: &str,
        folder: &str,
        name: &str,
        said: &str,
        at: &Range<usize>,
        open: &mut Vec<Open>,
    ) -> Option<File> {
        let Some(path) = inside(folder, said) else {
            leads_out(&mut self.findings, at, said);
            return None;
        };
        if let Some(first) = open.iter().position(|open| open.path == path) {
            self.circle(open.get(first..).unwrap_or_default(), &path, at);
            return None;
        }
        if open.len() >= INCLUDE_DEPTH_MAX || self.files >= FILES_MAX {
            let message = format!("more than {FILES_MAX} files, or nested deeper than {INCLUDE_DEPTH_MAX}");
            return self.refuse(code::TOO_LARGE, at, &message, "include what is needed directly");
        }
        self.files += 1;
        // A file that is included twice is read once, so that it can't be two.
        let known = self.texts.files().find(|(file, _)| *file == path).map(|(_, text)| text.to_owned());
        match known.map_or_else(|| (self.read)(&path), Ok) {
            Ok(text) if text.len() > FILES_BYTES_MAX.saturating_sub(self.texts.all().len()) => {
                let message =
                    format!("with `{path}` the files have more than {FILES_BYTES_MAX} bytes together");
                self.refuse(code::TOO_LARGE, at, &message, "include less, or make the files shorter")
            }
            Ok(text) => {
                let inner = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
                open.push(Open { path: path.clone(), at: at.clone() });
                let file = self.file(name, &format!("{prefix}{name}."), &path, inner, &text, open);
                open.pop();
                file
            }
            Err(reason) => {
                let message = format!("`{path}` can't be read: {reason}");
                let help = "paths are relative to the folder of the file that names them";
                self.refuse(code::BAD_FILE, at, &message, help)
            }
        }
    }

    fn circle(&mut self, circle: &[Open], path: &str, at: &Range<usize>) {
        let names: Vec<&str> = circle.iter().map(|open| open.path.as_str()).collect();
        let message = format!("`{}` includes `{path}`: a circle", names.join("` includes `"));
        let found = self.findings.error(code::BAD_INCLUDE, at.clone(), message);
        for open in circle.iter().skip(1) {
            found.also(open.at.clone(), format!("`{}` is included here", open.path));
        }
        found.help("move what both need into a third file");
    }

    fn refuse(&mut self, code: Code, at: &Range<usize>, message: &str, help: &str) -> Option<File> {
        self.findings.error(code, at.clone(), message).help(help);
        None
    }
}

/// The includes that a tree names: name, path, and where the path stands. What is malformed is reported when it is read.
fn includes_of(tree: &Node) -> Vec<(String, String, Range<usize>)> {
    let Some(Kind::Map(entries)) = tree.get("include").map(|node| &node.kind) else { return Vec::new() };
    let path = |node: &Node| node.said().map(|(text, _)| (text.trim().to_owned(), node.span.clone()));
    let include = |entry: &crate::yaml::Entry| {
        let (said, at) = match &entry.value.kind {
            Kind::Map(_) => path(entry.value.get("file")?)?,
            _ => path(&entry.value)?,
        };
        (!entry.key.is_empty() && !said.is_empty()).then(|| (entry.key.clone(), said, at))
    };
    entries.iter().filter_map(include).collect()
}

impl<'a> Loader<'a> {
    /// The text of a file beside the contract.
    pub(crate) fn file(&mut self, node: &'a Node, what: &str) -> Option<String> {
        let said = self.text(node, what)?;
        self.file_at(node, &said)
    }

    /// The text of the file at this path, which `node` names.
    pub(crate) fn file_at(&mut self, node: &Node, said: &str) -> Option<String> {
        let Some(path) = inside(&self.folder, said) else {
            leads_out(&mut self.findings, &node.span, said);
            return None;
        };
        let text = match self.files.get(&path) {
            Some(text) => Ok(text.clone()),
            None => (self.read)(&path),
        };
        match text {
            Ok(text) if text.len() > FILE_BYTES_MAX => {
                let message = format!("`{path}` has {} bytes; a file may have {FILE_BYTES_MAX}", text.len());
                self.error(code::TOO_LARGE, &node.span, message).help("make it shorter");
                None
            }
            Ok(text) if text.len() > FILES_BYTES_MAX.saturating_sub(self.bytes) => {
                let message = format!(
                    "with `{path}` the files have more than {FILES_BYTES_MAX} bytes, each counted as often as it is named"
                );
                self.error(code::TOO_LARGE, &node.span, message)
                    .help("make it shorter, or name it less often");
                None
            }
            Ok(text) => {
                self.bytes += text.len();
                self.files.insert(path, text.clone());
                Some(text)
            }
            Err(reason) => {
                let found =
                    self.error(code::BAD_FILE, &node.span, format!("`{path}` can't be read: {reason}"));
                found.help("paths are relative to the contract's folder");
                None
            }
        }
    }
}

/// The path, relative to the main contract's folder, of what a file in `folder` names so; none where that leads out.
pub(crate) fn inside(folder: &str, path: &str) -> Option<String> {
    let leaves = path.starts_with(['/', '\\', '~'])
        || path.contains([':', '\0'])
        || path.split(['/', '\\']).any(|part| part == "..");
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    (!leaves).then(|| format!("{folder}{}", parts.collect::<Vec<_>>().join("/")))
}

/// Refuses a path that leads out of the contract's folder.
pub(crate) fn leads_out(findings: &mut Findings, span: &Range<usize>, path: &str) {
    let message = format!("`{path}` leads out of the contract's folder");
    let found = findings.error(code::BAD_FILE, span.clone(), message);
    found.help("put the file beside the contract and name it by a relative path");
}
