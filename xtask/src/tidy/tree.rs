//! What is looked at: every file under the root that isn't built, fetched or kept by a tool.

use std::path::Path;

use anyhow::Context as _;

use super::scan::Source;

/// Folders that hold nothing of ours, wherever they are.
const FOREIGN: [&str; 5] = ["target", ".git", "node_modules", ".venv", ".handfast"];

/// A file's place and size.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Relative to the root, parts joined by `/`.
    pub(crate) path: String,
    pub(crate) bytes: u64,
}

/// The whole tree, read once.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<Entry>,
    /// The Rust files among them.
    pub(crate) rust: Vec<Source>,
    /// The text of `ARCHITECTURE.md`.
    pub(crate) architecture: String,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut tree = Self::default();
        tree.walk(root, "")?;
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        for entry in tree.files.iter().filter(|entry| entry.path.ends_with(".rs")) {
            let text = std::fs::read_to_string(root.join(&entry.path))
                .with_context(|| format!("{} could not be read", entry.path))?;
            tree.rust.push(Source::new(&entry.path, &text));
        }
        tree.architecture = std::fs::read_to_string(root.join("ARCHITECTURE.md"))
            .context("ARCHITECTURE.md could not be read")?;
        Ok(tree)
    }

    fn walk(&mut self, root: &Path, folder: &str) -> anyhow::Result<()> {
        for entry in
            std::fs::read_dir(root.join(folder)).with_context(|| format!("`{folder}` could not be read"))?
        {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            // A colleague's editor or a running test may take a file away while we look.
            let Ok(metadata) = entry.metadata() else { continue };
            // In a second work tree `.git` is a file.
            if FOREIGN.contains(&name.as_str()) {
                continue;
            }
            if metadata.is_dir() {
                self.walk(root, &path)?;
            } else {
                self.files.push(Entry { path, bytes: metadata.len() });
            }
        }
        Ok(())
    }
}
