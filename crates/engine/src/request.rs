//! The request of an HTTP tool's call, as its server will get it: made once, recorded with the intent, sent as it stands.
//!
//! Where the server is, its own headers and the key come with the tool room: what is secret never comes here.

use handfast_contract::{Expr, Request, Scope, percent_encoded};
use handfast_events::canonical;
use serde_json::{Map, Value, json};

/// Why no request can be made of a call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unmade {
    /// The contract's expressions can't be evaluated.
    Fault(String),
    /// The call's values don't fit into a request: whoever asks for it can mend that.
    Unfit(String),
}

/// The request with this method, its path with the query behind it, its headers and its body; what there is none of is
/// left out.
pub(crate) fn request(request: &Request, scope: &Scope<'_>) -> Result<Value, Unmade> {
    let mut made = Map::new();
    made.insert("method".into(), request.method.into());
    made.insert("path".into(), (path(request, scope)? + &query(request, scope)?).into());
    let headers = headers(request, scope)?;
    if !headers.is_empty() {
        made.insert("headers".into(), headers.into());
    }
    let body = request.body.as_ref().map(|body| eval(body, scope)).transpose()?;
    if let Some(body) = body.flatten() {
        made.insert("body".into(), body);
    }
    Ok(Value::Object(made))
}

/// The path with its holes filled, each percent-encoded. What would make it another path is refused: nothing where
/// something must stand, and `..`, which every client and server resolves, encoded or not.
fn path(request: &Request, scope: &Scope<'_>) -> Result<String, Unmade> {
    for hole in request.path.exprs() {
        if eval(hole, scope)?.is_some_and(|value| value == json!("")) {
            return Err(Unmade::Unfit(format!(
                "`{}` is empty, and a path needs something there",
                hole.source()
            )));
        }
    }
    let path = request.path.fill_resource(scope).map_err(|fault| Unmade::Fault(fault.to_string()))?;
    match path.split('/').find(|segment| matches!(*segment, "." | "..")) {
        Some(segment) => Err(Unmade::Unfit(format!("a part of the path can't be `{segment}`"))),
        None => Ok(path),
    }
}

/// What stands behind the path, with its `?`. A list gives its name once for each item.
fn query(request: &Request, scope: &Scope<'_>) -> Result<String, Unmade> {
    let mut query = String::new();
    for (name, expr) in &request.query {
        let items = match eval(expr, scope)? {
            None | Some(Value::Null) => continue,
            Some(Value::Array(items)) => items,
            Some(value) => vec![value],
        };
        for item in items {
            let text = plain(&item).ok_or_else(|| {
                Unmade::Fault(format!("`query.{name}` is no text, number or boolean, nor a list of them"))
            })?;
            query.push(if query.is_empty() { '?' } else { '&' });
            query += &format!("{}={}", percent_encoded(name), percent_encoded(&text));
        }
    }
    Ok(query)
}

fn headers(request: &Request, scope: &Scope<'_>) -> Result<Map<String, Value>, Unmade> {
    let mut headers = Map::new();
    for (name, expr) in &request.headers {
        let value = match eval(expr, scope)? {
            None | Some(Value::Null) => continue,
            Some(value) => plain(&value)
                .ok_or_else(|| Unmade::Fault(format!("`headers.{name}` is no text, number or boolean")))?,
        };
        // A line's end would begin another header, and other letters have no agreed form.
        if !value.chars().all(|sign| matches!(sign, ' '..='~')) {
            let told = format!("the header `{name}` can hold letters, digits and signs of ASCII on one line");
            return Err(Unmade::Unfit(told));
        }
        headers.insert(name.clone(), value.into());
    }
    Ok(headers)
}

/// A value as text; 1 and 1.0 are written the same.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) => Some(String::from_utf8_lossy(&canonical(value)).into_owned()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        _ => None,
    }
}

fn eval(expr: &Expr, scope: &Scope<'_>) -> Result<Option<Value>, Unmade> {
    expr.eval(scope).map_err(|fault| Unmade::Fault(fault.to_string()))
}
