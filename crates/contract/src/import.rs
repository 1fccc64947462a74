//! A first contract from what a server or a specification says of itself.
//!
//! What is known is written down exactly, what isn't is marked `todo:`, which `load` refuses until a person has decided it.
//! Hints stay hints: they stand in comments, and nothing follows from them. A source may be hostile: its words become
//! texts and comments, never keys, and every tool is loaded once before it is given out. Start with [`mcp()`] and
//! [`openapi()`].

mod draft;
mod mcp;
mod name;
mod openapi;
mod prose;
mod read;
mod same;
mod types;
mod write;

use std::fmt;

pub use mcp::{McpSource, asking, mcp};
pub use openapi::{file_name, openapi, tags};
pub use read::{ReadError, read};

use crate::limits::{IMPORTED_BYTES_MAX, IMPORTED_TOOLS_MAX};

/// Which of a source's tools are wanted, and what the contract and its server are called.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The name of contract and server; the source's own unless said.
    pub name: Option<String>,
    /// Patterns of names, with `*` and `?`; all tools unless said.
    pub tools: Vec<String>,
    /// Tags of an OpenAPI document; all unless said.
    pub tags: Vec<String>,
    /// Only operations whose first tag is one of these, so that each stands in one contract of many.
    pub first_tag: bool,
}

impl Wanted {
    fn tags(&self, tags: &[&str]) -> bool {
        let tags = if self.first_tag { tags.get(..1).unwrap_or(&[]) } else { tags };
        self.tags.is_empty() || self.tags.iter().any(|wanted| tags.contains(&wanted.as_str()))
    }

    fn tool(&self, names: &[&str]) -> bool {
        self.tools.is_empty()
            || self.tools.iter().any(|pattern| names.iter().any(|name| name::fits(pattern, name)))
    }
}

/// A first contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its text, in YAML.
    pub text: String,
    /// Its name.
    pub name: String,
    /// How many tools it has.
    pub tools: usize,
    /// Tools of the source that no contract can have, and why.
    pub left_out: Vec<(String, String)>,
    /// What was kept only in part, by tool.
    pub notes: Vec<(String, String)>,
}

/// Why nothing was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportError {
    /// It isn't what it should be: the text says what, and what to do.
    Unusable(String),
    /// Nothing of it is wanted: other patterns or tags may pick something.
    Nothing {
        /// How many tools the source has.
        of: usize,
        /// The tags that it knows, with their numbers of tools.
        tags: Vec<(String, usize)>,
    },
    /// More than one contract holds: pick some.
    TooMany {
        /// How many tools are wanted.
        tools: usize,
        /// The bytes that they would come to; none where they are too many already.
        bytes: Option<usize>,
        /// The tags of the source, with their numbers of tools.
        tags: Vec<(String, usize)>,
    },
}

impl std::error::Error for ImportError {}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, tags: &[(String, usize)]| {
            if tags.is_empty() {
                return Ok(());
            }
            let tags: Vec<String> =
                tags.iter().map(|(tag, count)| format!("{} {count}", write::comment(tag))).collect();
            write!(f, ". Its tags, with their tools: {}", tags.join(", "))
        };
        match self {
            Self::Unusable(why) => f.write_str(why),
            Self::Nothing { of: 0, .. } => f.write_str("the source has no tools"),
            Self::Nothing { of, tags } => {
                write!(
                    f,
                    "none of its {of} tools is picked: give `--tool` a name or a pattern such as `*list*`"
                )?;
                list(f, tags)
            }
            Self::TooMany { tools, bytes, tags } => {
                match bytes {
                    None => write!(f, "it has {tools} tools, and one contract holds {IMPORTED_TOOLS_MAX}")?,
                    Some(bytes) => write!(
                        f,
                        "its {tools} tools come to {bytes} bytes, and one contract begins with {IMPORTED_BYTES_MAX} at most"
                    )?,
                }
                f.write_str(": pick some with `--tool PATTERN`")?;
                if !tags.is_empty() {
                    f.write_str(" or `--tag TAG`, or give `--out` a folder for a contract of each tag")?;
                }
                list(f, tags)
            }
        }
    }
}
