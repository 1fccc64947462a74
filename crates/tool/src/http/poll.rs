//! How a call stands that an HTTP API has taken on: where it is asked, and what its answers say.
//!
//! A handle is a path on the server's own host; a place on another one is never asked. While the work goes on the answer is
//! a 202, or a document whose `status` says so; what is not known to go on or to have failed is the result.

use handfast_contract::Transport;
use handfast_engine::{PollOutcome, TakenOn, ToolError, ToolOutcome};
use handfast_events::{FailureClass, Handle};
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{Response, StatusCode, Url};
use serde_json::Value;

use crate::http::answer::{body, error_of, unanswered, value};
use crate::http::retry_after::retry_after_ms;
use crate::limits::{ERROR_BYTES_MAX, HANDLE_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::tools::{Site, ToolPoll};
use crate::trouble::{trouble, with_causes};

/// Headers by which a server says, with any success, that it goes on with the call and where it tells how that stands.
const OPERATION: [&str; 2] = ["operation-location", "azure-asyncoperation"];

/// What a poll's answer leads to.
pub(crate) enum Polled {
    /// So the call stands.
    Stands(PollOutcome),
    /// What came of it is at this place.
    At(Url),
}

/// What a success says that isn't the end of the call; none where it is.
pub(crate) fn taken_on(
    site: &Site,
    asked: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Option<ToolOutcome> {
    let place = told_place(status, headers)?;
    Some(match own(site, asked, place).as_ref().and_then(handle) {
        Some(handle) => {
            let ask_after_ms = retry_after_ms(headers);
            ToolOutcome::TakenOn(TakenOn { handle, says: Some(status.to_string()), ask_after_ms })
        }
        None => ToolOutcome::Lost(led_away(site, place)),
    })
}

fn told_place(status: StatusCode, headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim).filter(|text| !text.is_empty());
    let accepted = || text(LOCATION.as_str()).filter(|_| status == StatusCode::ACCEPTED);
    OPERATION.iter().find_map(|name| text(name)).or_else(accepted)
}

/// The place of a handle.
pub(crate) fn place(site: &Site, path: &str) -> Option<Url> {
    let Transport::Http { url, .. } = &site.transport else { return None };
    let base = Url::parse(url).ok()?;
    // Put behind the host as it is: joined, a path that begins with `//` would name another one.
    own(site, &base, &format!("{}{path}", base.origin().ascii_serialization()))
}

/// A place that a server names, where it is one of its own.
fn own(site: &Site, from: &Url, place: &str) -> Option<Url> {
    let Transport::Http { url, .. } = &site.transport else { return None };
    let base = Url::parse(url).ok()?;
    let mut place = from.join(place).ok()?;
    place.set_fragment(None);
    let has_user = !place.username().is_empty() || place.password().is_some();
    (place.origin() == base.origin() && !has_user).then_some(place)
}

fn handle(place: &Url) -> Option<Handle> {
    let query = place.query().map_or(String::new(), |query| format!("?{query}"));
    let path = format!("{}{query}", place.path());
    (path.len() <= HANDLE_BYTES_MAX).then_some(Handle::Path(path))
}

/// What can't be followed: only the server that the contract names is asked.
pub(crate) fn led_away(site: &Site, place: &str) -> ToolError {
    let text = format!(
        "`servers.{}` took the call on and says that {place} tells how it stands: no place of that server is that, and \
         none but its own is asked",
        site.name
    );
    trouble(FailureClass::ToolBreach, text)
}

/// Reads the answer to a poll. Behind a place that is said to hold the result, only the HTTP status says how that stands.
pub(crate) async fn read(site: &Site, poll: &ToolPoll, response: Response, is_result: bool) -> Polled {
    let (status, headers, asked) = (response.status(), response.headers().clone(), response.url().clone());
    let still = |says: String| {
        let next = told_place(status, &headers).and_then(|place| own(site, &asked, place));
        let handle = next.as_ref().and_then(handle).unwrap_or_else(|| poll.handle.clone());
        let ask_after_ms = retry_after_ms(&headers);
        Polled::Stands(PollOutcome::Working(TakenOn { handle, says: Some(says), ask_after_ms }))
    };
    if status.is_redirection() {
        let place = headers.get(LOCATION).and_then(|place| place.to_str().ok()).unwrap_or_default();
        return match own(site, &asked, place).filter(|_| !place.is_empty()) {
            Some(place) => Polled::At(place),
            None => Polled::Stands(PollOutcome::Forgotten(led_away(site, place))),
        };
    }
    if !status.is_success() {
        let (body, _) = body(response, ERROR_BYTES_MAX).await;
        return Polled::Stands(refused(status, error_of(status, &headers, &body)));
    }
    let told = match body(response, MESSAGE_BYTES_MAX).await {
        (told, Ok(())) => told,
        (_, Err(error)) => return Polled::Stands(unasked(site, &error)),
    };
    let document = serde_json::from_slice::<Value>(&told).ok();
    let word = document.as_ref().and_then(word);
    if status == StatusCode::ACCEPTED {
        return still(word.map_or_else(|| status.to_string(), str::to_owned));
    }
    match word.filter(|_| !is_result).map(|word| (word, stands(word))) {
        Some((word, Stands::AtWork)) => still(word.to_owned()),
        Some((_, Stands::Failed)) => {
            let error = ToolError { status: None, class: None, ..error_of(status, &headers, &told) };
            Polled::Stands(PollOutcome::Finished(ToolOutcome::Failed(error)))
        }
        _ => {
            let elsewhere =
                document.as_ref().filter(|_| !is_result).and_then(|it| it.get("resourceLocation"));
            match elsewhere.and_then(Value::as_str).and_then(|place| own(site, &asked, place)) {
                Some(place) => Polled::At(place),
                None => {
                    let value = value(&poll.tool, &headers, &told);
                    Polled::Stands(PollOutcome::Finished(ToolOutcome::Returned(value)))
                }
            }
        }
    }
}

/// A server that doesn't know the call any more is told from one that didn't say how it stands: a refusal is about the
/// poll, and only a document says that the call has failed.
fn refused(status: StatusCode, error: ToolError) -> PollOutcome {
    match status.as_u16() {
        404 | 410 => PollOutcome::Forgotten(error),
        _ => PollOutcome::Unasked(error),
    }
}

/// A poll that brought no answer.
pub(crate) fn unasked(site: &Site, error: &reqwest::Error) -> PollOutcome {
    match unanswered(site, error) {
        ToolOutcome::NotSent(error) => PollOutcome::Unasked(error),
        _ => {
            let text = format!("`servers.{}` gave no answer: {}", site.name, with_causes(error));
            PollOutcome::Unasked(trouble(FailureClass::ConnectionLost, text))
        }
    }
}

/// How the work stands that a document tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    AtWork,
    Failed,
    /// It has ended well, or the word is no word for this.
    Otherwise,
}

/// The word by which a document says it.
fn word(document: &Value) -> Option<&str> {
    ["status", "state"].iter().find_map(|name| document.get(name)?.as_str())
}

fn stands(word: &str) -> Stands {
    let letters = word.chars().filter(|letter| letter.is_alphanumeric());
    match letters.collect::<String>().to_ascii_lowercase().as_str() {
        "accepted" | "notstarted" | "queued" | "pending" | "scheduled" | "waiting" | "started"
        | "running" | "inprogress" | "processing" | "working" | "cancelling" | "canceling" => Stands::AtWork,
        "failed" | "failure" | "error" | "errored" | "cancelled" | "canceled" | "aborted" | "timedout" => {
            Stands::Failed
        }
        _ => Stands::Otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        let url = "https://api.example.com/v1".to_owned();
        let transport = Transport::Http { url, bearer: None, headers: Default::default() };
        Site { name: "cms".into(), transport, directory: Default::default() }
    }

    #[test]
    fn a_place_is_followed_on_its_own_host_and_nowhere_else() {
        let asked = Url::parse("https://api.example.com/v1/exports?x=1").unwrap();
        let path = |place: &str| match own(&site(), &asked, place).as_ref().and_then(handle) {
            Some(Handle::Path(path)) => path,
            _ => "no".to_owned(),
        };
        for (place, is) in [
            ("/jobs/7?key=a%20b", "/jobs/7?key=a%20b"),
            ("7", "/v1/7"),
            ("https://api.example.com:443/jobs/7#top", "/jobs/7"),
            ("https://api.example.com:8443/jobs/7", "no"),
            ("http://api.example.com/jobs/7", "no"),
            ("//evil.example.com/jobs/7", "no"),
            ("https://user@api.example.com/jobs/7", "no"),
            ("https://169.254.169.254/latest", "no"),
            ("file:///etc/passwd", "no"),
        ] {
            assert_eq!(path(place), is, "{place}");
        }
        for kept in ["/jobs/7?key=a%20b", "//evil.example.com/7"] {
            assert_eq!(
                place(&site(), kept).map(|place| place.to_string()),
                Some(format!("https://api.example.com{kept}"))
            );
        }
        assert_eq!(path(&format!("/{}", "x".repeat(HANDLE_BYTES_MAX))), "no");
    }

    #[test]
    fn the_words_of_apis_are_told_apart() {
        for word in ["InProgress", "in_progress", "NotStarted", "queued", "PENDING", "Running"] {
            assert_eq!(stands(word), Stands::AtWork, "{word}");
        }
        for word in ["Failed", "Canceled", "cancelled", "error"] {
            assert_eq!(stands(word), Stands::Failed, "{word}");
        }
        for word in ["Succeeded", "done", "open", "", "published"] {
            assert_eq!(stands(word), Stands::Otherwise, "{word}");
        }
    }
}
