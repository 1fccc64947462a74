//! `handfast import`: a first contract from a server or a specification.

use std::collections::BTreeMap;
use std::path::Path;

use handfast_contract::import::{self, ImportError, Imported, McpSource};
use handfast_contract::{EnvValue, Paint, Secret, Transport};
use handfast_tool::{Functions, Tools};
use serde_json::json;

use crate::check::number;
use crate::exit::{Exit, stop};
use crate::limits::SPECIFICATION_BYTES_MAX;
use crate::{args, environment, files, out};

/// Imports.
///
/// # Errors
/// The source can't be read, or gives no contract.
pub(crate) async fn run(args: &args::Import) -> anyhow::Result<Exit> {
    match args {
        args::Import::Mcp(args) => mcp(args).await,
        args::Import::Openapi(args) => openapi(args),
    }
}

async fn mcp(args: &args::ImportMcp) -> anyhow::Result<Exit> {
    let source = McpSource { transport: transport(args)? };
    let asking = import::asking(&source);
    let Some(contract) = &asking.contract else {
        out::note(asking.report(Paint::Coloured).trim_end());
        return Err(stop(Exit::Usage, "the server can't be written into a contract: see above"));
    };
    let here = environment::working_directory()?;
    let tools = Tools::new(contract, &here, &|name| environment::variable(name), Functions::default());
    let listed = tools.list("source").await;
    tools.shutdown().await;
    let listing = match listed {
        Ok(listing) => listing.unwrap_or_default(),
        Err(error) => {
            return Err(stop(Exit::Unavailable, error.text.replace("`servers.source`", "the server")));
        }
    };
    let imported = import::mcp(&listing, &source, &args.picked.wanted(Vec::new())).map_err(refused)?;
    give(&imported, &args.picked)
}

/// How the server is reached, from the command line.
fn transport(args: &args::ImportMcp) -> anyhow::Result<Transport> {
    let is_url = |text: &str| text.starts_with("http://") || text.starts_with("https://");
    match (&args.source, args.command.as_slice()) {
        (Some(url), []) if is_url(url) => {
            if !args.env.is_empty() {
                return Err(stop(Exit::Usage, "`--env` goes with a command; a URL takes `--bearer`"));
            }
            Ok(Transport::McpHttp { url: url.clone(), bearer: args.bearer.clone().map(Secret) })
        }
        (Some(other), []) => {
            let message = format!(
                "`{other}` is no URL; a command stands behind `--`: `handfast import mcp -- {other}`"
            );
            Err(stop(Exit::Usage, message))
        }
        (None, [_, ..]) => {
            if args.bearer.is_some() {
                return Err(stop(Exit::Usage, "`--bearer` goes with a URL; a command takes `--env`"));
            }
            let secret = |name: &String| (name.clone(), EnvValue::Secret(Secret(name.clone())));
            let env: BTreeMap<_, _> = args.env.iter().map(secret).collect();
            Ok(Transport::McpCommand { command: args.command.clone(), env })
        }
        _ => {
            let message = "name one server: a URL, or a command behind `--`: \
                           `handfast import mcp -- npx -y @modelcontextprotocol/server-memory`";
            Err(stop(Exit::Usage, message))
        }
    }
}

fn openapi(args: &args::ImportOpenapi) -> anyhow::Result<Exit> {
    let text = files::read_at_most(&args.file, SPECIFICATION_BYTES_MAX)?;
    let place = args.file.display();
    let document =
        import::read(&text).map_err(|error| stop(Exit::Contract, format!("`{place}`: {error}")))?;
    let folder = args.picked.out.as_deref().filter(|out| out.is_dir());
    match folder {
        Some(folder) => by_tag(&document, args, folder),
        None => {
            let imported =
                import::openapi(&document, &args.picked.wanted(args.tag.clone())).map_err(refused)?;
            give(&imported, &args.picked)
        }
    }
}

/// A contract for each tag, in a folder.
fn by_tag(document: &serde_json::Value, args: &args::ImportOpenapi, folder: &Path) -> anyhow::Result<Exit> {
    let tags = import::tags(document).into_iter().map(|(tag, _)| tag);
    let tags: Vec<String> = tags.filter(|tag| args.tag.is_empty() || args.tag.contains(tag)).collect();
    let (mut texts, mut names) = (Vec::new(), BTreeMap::new());
    for tag in tags {
        let mut wanted = args.picked.wanted(vec![tag.clone()]);
        wanted.first_tag = true;
        let imported = match import::openapi(document, &wanted) {
            Err(ImportError::Nothing { .. }) => continue,
            imported => imported.map_err(refused)?,
        };
        let path = folder.join(format!("{}.yaml", import::file_name(&tag)));
        if let Some(other) = names.insert(path.clone(), tag.clone()) {
            let message = format!(
                "the tags `{other}` and `{tag}` come to one file: import them one by one with `--tag`"
            );
            return Err(stop(Exit::Usage, message));
        }
        texts.push((path, imported));
    }
    if texts.is_empty() {
        return Err(stop(Exit::NotFound, "no tag of the document is picked"));
    }
    let taken = texts.iter().find(|(path, _)| path.exists() && !args.picked.force);
    if let Some((path, _)) = taken {
        let message = format!(
            "`{}` is there already: name another folder, or give `--force` to replace it",
            path.display()
        );
        return Err(stop(Exit::Usage, message));
    }
    for (path, imported) in &texts {
        files::replace(path, &imported.text)?;
        tell(imported);
        out::note(format!("wrote {}: {}", path.display(), number(imported.tools, "tool")));
    }
    Ok(Exit::Done)
}

fn refused(error: ImportError) -> anyhow::Error {
    let exit = match &error {
        ImportError::Unusable(_) => Exit::Contract,
        ImportError::Nothing { .. } => Exit::NotFound,
        ImportError::TooMany { .. } => Exit::Limit,
    };
    stop(exit, error.to_string())
}

/// Writes the contract to where it is wanted, and tells what to look at.
fn give(imported: &Imported, picked: &args::Picked) -> anyhow::Result<Exit> {
    let file = match &picked.out {
        None => None,
        Some(folder) if folder.is_dir() => Some(folder.join("handfast.yaml")),
        Some(file) => Some(file.clone()),
    };
    match &file {
        Some(file) if picked.force => files::replace(file, &imported.text)?,
        Some(file) => files::create(file, &imported.text)?,
        None if !picked.json => out::data(&imported.text)?,
        None => {}
    }
    if picked.json {
        let pairs = |all: &[(String, String)], what: &str| -> Vec<serde_json::Value> {
            all.iter().map(|(tool, why)| json!({ "tool": tool, what: why })).collect()
        };
        out::json(&json!({
            "name": imported.name,
            "file": file,
            "text": imported.text,
            "tools": imported.tools,
            "left_out": pairs(&imported.left_out, "why"),
            "notes": pairs(&imported.notes, "note"),
        }))?;
        return Ok(Exit::Done);
    }
    tell(imported);
    let place = file.map_or_else(|| "the contract".to_owned(), |file| format!("`{}`", file.display()));
    out::note(format!(
        "{}: say what each does where {place} says `todo:`, then `handfast check` and `handfast lock`",
        number(imported.tools, "tool")
    ));
    Ok(Exit::Done)
}

fn tell(imported: &Imported) {
    for (tool, why) in &imported.left_out {
        out::warn(format!("`{tool}` is left out: {why}"));
    }
    for (tool, note) in &imported.notes {
        out::note(format!("{tool}: {note}"));
    }
}
