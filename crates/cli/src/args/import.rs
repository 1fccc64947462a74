//! What can be said of sources: which to import from, which servers to lock.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use handfast_contract::import::Wanted;

use super::Settings;

#[derive(Debug, Args)]
pub(crate) struct Lock {
    /// A contract's file, or a folder with a handfast.yaml
    #[arg(default_value = ".")]
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Ask only this server
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// From what an MCP server lists
    #[command(
        after_help = "Example: handfast import mcp -- npx -y @modelcontextprotocol/server-memory\n         \
        handfast import mcp https://mcp.example.com --bearer EXAMPLE_TOKEN --out example.yaml"
    )]
    Mcp(ImportMcp),
    /// From an OpenAPI document (3.0 or 3.1, JSON or YAML)
    #[command(
        after_help = "Example: handfast import openapi api.github.com.json --tag issues --out github.yaml"
    )]
    Openapi(ImportOpenapi),
}

/// Which tools, and where to.
#[derive(Debug, Args)]
pub(crate) struct Picked {
    /// What the contract and its server are called [default: what the source calls itself]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Only tools of this name; `*` stands for any letters, `?` for one
    #[arg(long, value_name = "PATTERN")]
    pub(crate) tool: Vec<String>,
    /// Write to this file, or to handfast.yaml in this folder [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace what is there
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    /// One JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

impl Picked {
    pub(crate) fn wanted(&self, tags: Vec<String>) -> Wanted {
        Wanted { name: self.name.clone(), tools: self.tool.clone(), tags, ..Wanted::default() }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ImportMcp {
    /// The server's URL; a command stands behind `--`
    pub(crate) source: Option<String>,
    /// Give the command this variable of the environment, as a secret
    #[arg(long, value_name = "NAME")]
    pub(crate) env: Vec<String>,
    /// The variable of the environment that holds the URL's token
    #[arg(long, value_name = "NAME")]
    pub(crate) bearer: Option<String>,
    #[command(flatten)]
    pub(crate) picked: Picked,
    /// The server's command
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportOpenapi {
    /// The document
    pub(crate) file: PathBuf,
    /// Only operations with this tag; with a folder as `--out`, a contract for each tag
    #[arg(long)]
    pub(crate) tag: Vec<String>,
    #[command(flatten)]
    pub(crate) picked: Picked,
}
