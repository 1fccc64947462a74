//! `handfast show`: what a model sees of an agent or a tool; a workflow as a graph.

use handfast_contract::{Contract, ShownAgent, ShownTool};
use serde_json::{Value, json};

use crate::exit::{Exit, stop};
use crate::project::Project;
use crate::{args, out};

/// Shows one thing of a contract, by its name.
///
/// # Errors
/// The contract is invalid, or has no such thing.
pub(crate) fn run(args: &args::Show) -> anyhow::Result<Exit> {
    let contract = Project::read(&args.path, &args.settings)?.checkable()?.contract;
    let name = args.name.as_str();
    if args.mermaid {
        let chart = contract.workflow_mermaid(name).ok_or_else(|| no_chart(&contract, name))?;
        if args.json {
            out::json(&json!({ "workflow": name, "mermaid": chart }))?;
        } else {
            out::data(&chart)?;
        }
        return Ok(Exit::Done);
    }
    if let Some(agent) = contract.shown_agent(name) {
        if args.json {
            out::json(&agent_json(name, &agent))?;
        } else {
            out::data(&agent_text(&agent)?)?;
        }
    } else if let Some(tool) = contract.tools.get(name) {
        let tool = contract.shown_tool(tool);
        if args.json {
            out::json(&tool_json(&tool))?;
        } else {
            out::data(&tool_text(&tool)?)?;
        }
    } else if let Some(graph) = contract.workflow_graph(name) {
        if args.json {
            out::json(&json!({ "workflow": name, "graph": graph }))?;
        } else {
            out::data(&graph)?;
        }
    } else {
        return Err(unknown(&contract, name));
    }
    Ok(Exit::Done)
}

/// Only workflows are drawn.
fn no_chart(contract: &Contract, name: &str) -> anyhow::Error {
    let names: Vec<&str> = contract.workflows.keys().map(|name| &**name).collect();
    let meant = handfast_contract::suggest(name, names.iter().copied());
    let meant = meant.map_or(".".to_owned(), |meant| format!("; did you mean `{meant}`?"));
    let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    stop(Exit::NotFound, format!("the contract has no workflow `{name}` to draw{meant} It has {has}"))
}

fn unknown(contract: &Contract, name: &str) -> anyhow::Error {
    let names = contract.agents.keys().chain(contract.tools.keys()).chain(contract.workflows.keys());
    let names: Vec<&str> = names.map(|name| &**name).collect();
    let meant = handfast_contract::suggest(name, names.iter().copied());
    let meant = meant.map_or(".".to_owned(), |meant| format!("; did you mean `{meant}`?"));
    let message =
        format!("the contract has no agent, tool or workflow `{name}`{meant} It has {}", names.join(", "));
    stop(Exit::NotFound, message)
}

fn agent_text(agent: &ShownAgent) -> anyhow::Result<String> {
    let mut text = format!("{}\n", agent.instructions.trim_end());
    for tool in &agent.tools {
        text.push_str(&format!("\n--- tool {} ---\n{}", tool.name, tool_text(tool)?));
    }
    if let Some(output) = &agent.output {
        text.push_str(&format!("\n--- the answer's schema ---\n{}\n", serde_json::to_string_pretty(output)?));
    }
    Ok(text)
}

fn tool_text(tool: &ShownTool) -> anyhow::Result<String> {
    Ok(format!("{}\n{}\n", tool.description.trim_end(), serde_json::to_string_pretty(&tool.input)?))
}

fn agent_json(name: &str, agent: &ShownAgent) -> Value {
    let tools: Vec<Value> = agent.tools.iter().map(tool_json).collect();
    json!({ "agent": name, "instructions": agent.instructions, "tools": tools, "output": agent.output })
}

fn tool_json(tool: &ShownTool) -> Value {
    json!({ "tool": tool.name, "description": tool.description, "input": tool.input })
}
