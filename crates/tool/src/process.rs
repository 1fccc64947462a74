//! Tools that are programs: one process a call, JSON in, JSON out.
//!
//! The arguments come as one JSON object on standard input; the variables `HANDFAST_TOOL`, `HANDFAST_RUN`,
//! `HANDFAST_CALL` and `HANDFAST_ATTEMPT` say which call it is. Exit code 0 means that it is done and that standard
//! output is the result; any other exit code is a failure in the tool's own words, with that code.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use handfast_contract::EnvValue;
use handfast_engine::{ToolError, ToolOutcome};
use handfast_events::FailureClass;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::time::timeout;

use crate::group::{Ended, Group};
use crate::key::Sent;
use crate::limits::{KILL_WAIT, MESSAGE_BYTES_MAX};
use crate::secrets::Secrets;
use crate::tools::{Site, ToolCall, text_or_json};
use crate::trouble::trouble;

/// Makes one call by one process.
pub(crate) async fn call(
    call: &ToolCall,
    site: &Site,
    command: &[String],
    env: &BTreeMap<String, EnvValue>,
    secrets: &Arc<Secrets>,
    sent: Sent,
) -> ToolOutcome {
    let mut variables = match secrets.variables(env) {
        Ok(variables) => variables,
        Err(error) => return ToolOutcome::NotSent(error),
    };
    variables.extend([
        ("HANDFAST_TOOL".to_owned(), call.tool.via.tool.clone()),
        ("HANDFAST_RUN".to_owned(), call.run.to_string()),
        ("HANDFAST_CALL".to_owned(), call.call.to_string()),
        ("HANDFAST_ATTEMPT".to_owned(), call.attempt.to_string()),
    ]);
    variables.extend(sent.variables);
    if call.is_late() {
        return ToolOutcome::NotSent(call.too_late());
    }
    let (group, stdin, stdout) = match Group::start(command, &site.directory, &variables, secrets) {
        Ok(started) => started,
        Err(error) => return ToolOutcome::NotSent(site.cannot_start(command, &error)),
    };
    let input = Value::Object(sent.args).to_string();
    match work(&group, stdin, stdout, input, call.timeout).await {
        Ok((Ended::Alone(status), output)) => match status.code() {
            Some(0) => ToolOutcome::Returned(text_or_json(&call.tool, without_line_end(output))),
            Some(code) => ToolOutcome::Failed(failed(code, &group.words(), &output)),
            None => lost(FailureClass::ConnectionLost, site, &Ended::Alone(status).describe(), &group),
        },
        Ok((Ended::Killed, _)) => {
            let words =
                format!("gave no answer within {:?} and was ended with all that it started", call.timeout);
            lost(FailureClass::Timeout, site, &words, &group)
        }
        Err(error) => {
            group.end(Duration::ZERO).await;
            lost(FailureClass::ConnectionLost, site, &format!("was ended: {error}"), &group)
        }
    }
}

/// Feeds the process, reads it and sees it end, all at once: each may wait for the others.
async fn work(
    group: &Group,
    mut stdin: ChildStdin,
    stdout: ChildStdout,
    input: String,
    limit: Duration,
) -> io::Result<(Ended, String)> {
    let feed = async move {
        // A program need not read what it doesn't want: a closed pipe is no failure.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        Ok(())
    };
    let all = async { tokio::try_join!(feed, read(stdout), async { Ok(group.end(limit).await) }) };
    // Beyond the limit only a process that left its group can still hold the pipe.
    match timeout(limit.saturating_add(KILL_WAIT * 2), all).await {
        Ok(Ok(((), output, ended))) => Ok((ended, output)),
        Ok(Err(error)) => Err(error),
        Err(_) => Ok((Ended::Killed, String::new())),
    }
}

async fn read(stdout: ChildStdout) -> io::Result<String> {
    let mut output = Vec::new();
    let most = u64::try_from(MESSAGE_BYTES_MAX).unwrap_or(u64::MAX);
    stdout.take(most.saturating_add(1)).read_to_end(&mut output).await?;
    if output.len() > MESSAGE_BYTES_MAX {
        return Err(io::Error::other(format!("it wrote more than {MESSAGE_BYTES_MAX} bytes")));
    }
    Ok(String::from_utf8_lossy(&output).into_owned())
}

/// Programs end their output with a line's end that is no part of what they say.
fn without_line_end(mut output: String) -> String {
    if output.ends_with('\n') {
        output.pop();
    }
    output
}

fn failed(code: i32, words: &str, output: &str) -> ToolError {
    let text = match (words, output.trim()) {
        ("", "") => format!("exit code {code}, without a word"),
        ("", output) => output.to_owned(),
        (words, _) => words.to_owned(),
    };
    ToolError { text, code: Some(code.to_string()), ..ToolError::default() }
}

fn lost(class: FailureClass, site: &Site, what: &str, group: &Group) -> ToolOutcome {
    let words = group.words();
    let said = if words.is_empty() { String::new() } else { format!("; it said: {words}") };
    ToolOutcome::Lost(trouble(class, format!("the process of `servers.{}` {what}{said}", site.name)))
}
