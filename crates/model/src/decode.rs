//! A provider's answer, read from its bytes: streamed or whole, in the shapes that compatible servers give it.
//!
//! Reading is lenient where servers differ and nothing is lost, and refuses where guessing would be needed.

use handfast_engine::ModelSaid;
use handfast_events::{Answer, Ask, Finish, Usage};
use serde_json::Value;

use crate::limits::CALLS_MAX;
use crate::sse::Sse;
use crate::trouble::ProviderError;

/// Why bytes are no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Broken {
    /// The stream ended before the answer did.
    Cut,
    /// The provider reported an error within its answer.
    Provider(ProviderError),
    /// It is not what Chat Completions answer.
    NotChat(String),
    /// It asks for more calls than an answer may.
    TooManyCalls,
}

/// Reads one answer.
#[derive(Debug)]
pub(crate) struct Reader {
    form: Form,
    answer: Assembly,
    /// The turn, for ids of calls where the server gives none.
    turn: u32,
    broken: Option<Broken>,
    done: bool,
}

#[derive(Debug)]
enum Form {
    /// The first bytes will tell: servers label streams as they like.
    Open(Vec<u8>),
    Streamed(Sse),
    Whole(Vec<u8>),
}

#[derive(Debug, Default)]
struct Assembly {
    text: String,
    refusal: Option<String>,
    calls: Vec<(Option<u64>, Ask)>,
    finish: Option<String>,
    usage: Option<Usage>,
    has_choice: bool,
}

impl Reader {
    /// A reader for the answer of this turn.
    pub(crate) fn new(turn: u32) -> Self {
        Self { form: Form::Open(Vec::new()), answer: Assembly::default(), turn, broken: None, done: false }
    }

    /// Takes in the next bytes. What is wrong is told at the end: the rest is still read, as evidence.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        match &mut self.form {
            Form::Open(seen) => {
                seen.extend_from_slice(bytes);
                let first = seen.iter().copied().find(|byte| !byte.is_ascii_whitespace());
                let Some(first) = first else { return };
                let seen = std::mem::take(seen);
                // A JSON document begins with a brace or bracket (or is none); no line of a stream does.
                let is_stream = matches!(first, b'd' | b'e' | b'i' | b'r' | b':' | 0xef);
                self.form = if is_stream { Form::Streamed(Sse::default()) } else { Form::Whole(Vec::new()) };
                self.feed(&seen);
            }
            Form::Whole(body) => body.extend_from_slice(bytes),
            Form::Streamed(sse) => {
                let (answer, broken, done) = (&mut self.answer, &mut self.broken, &mut self.done);
                sse.feed(bytes, |data| {
                    if broken.is_none() && !*done {
                        match answer.event(data) {
                            Ok(ended) => *done = ended,
                            Err(found) => *broken = Some(found),
                        }
                    }
                });
            }
        }
    }

    /// Bytes of text and arguments so far.
    pub(crate) fn answer_bytes(&self) -> u64 {
        let calls: usize = self.answer.calls.iter().map(|(_, call)| call.tool.len() + call.args.len()).sum();
        (self.answer.text.len() + calls + self.answer.refusal.as_ref().map_or(0, String::len)) as u64
    }

    /// Whether the server has said that nothing more comes.
    pub(crate) const fn is_done(&self) -> bool {
        self.done
    }

    /// The answer. `cut` says that the connection broke; an answer that had ended by then still counts.
    pub(crate) fn finish(mut self, cut: bool) -> Result<ModelSaid, Broken> {
        match std::mem::replace(&mut self.form, Form::Whole(Vec::new())) {
            Form::Streamed(sse) => {
                // An event that the stream ended in may be torn: it counts if it can be read.
                if let (Some(data), None, false) = (sse.finish(), &self.broken, self.done) {
                    if let Err(Broken::Provider(error)) = self.answer.event(&data) {
                        self.broken = Some(Broken::Provider(error));
                    }
                }
            }
            Form::Open(body) | Form::Whole(body) if self.broken.is_none() => {
                if cut {
                    return Err(Broken::Cut);
                }
                let value: Value = serde_json::from_slice(&body).map_err(|cause| {
                    Broken::NotChat(format!("it is neither JSON nor a stream of it ({cause})"))
                })?;
                self.answer.take(&value)?;
                if !self.answer.has_choice {
                    return Err(Broken::NotChat("it has no `choices`".into()));
                }
                // Whole documents need no word for their end.
                self.answer.finish.get_or_insert_with(|| "stop".into());
            }
            Form::Open(_) | Form::Whole(_) => {}
        }
        match self.broken {
            Some(broken) => Err(broken),
            None => self.answer.finish(self.turn, self.done),
        }
    }
}

impl Assembly {
    /// Takes in one event of a stream; whether it was the last.
    fn event(&mut self, data: &[u8]) -> Result<bool, Broken> {
        if data.trim_ascii() == b"[DONE]" {
            return Ok(true);
        }
        if data.trim_ascii().is_empty() {
            return Ok(false);
        }
        let value: Value = serde_json::from_slice(data)
            .map_err(|cause| Broken::NotChat(format!("an event of the stream is no JSON ({cause})")))?;
        self.take(&value)?;
        Ok(false)
    }

    /// Takes in a chunk, or a whole answer.
    fn take(&mut self, value: &Value) -> Result<(), Broken> {
        if value.get("error").is_some_and(|error| !error.is_null()) {
            return Err(Broken::Provider(ProviderError::of(None, value)));
        }
        if let Some(usage) = usage(value) {
            self.usage = Some(usage);
        }
        let choices = value.get("choices").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let first = |choice: &&Value| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0;
        let Some(choice) = choices.iter().find(first) else { return Ok(()) };
        self.has_choice = true;
        if let Some(error) = choice.get("error").filter(|error| !error.is_null()) {
            return Err(Broken::Provider(ProviderError::of(None, error)));
        }
        if let Some(part) = choice.get("delta").or_else(|| choice.get("message")) {
            self.part(part)?;
        }
        if let Some(finish) =
            choice.get("finish_reason").and_then(Value::as_str).filter(|finish| !finish.is_empty())
        {
            self.finish = Some(finish.to_owned());
        }
        Ok(())
    }

    fn part(&mut self, part: &Value) -> Result<(), Broken> {
        match part.get("content") {
            Some(Value::String(text)) => self.text.push_str(text),
            // Thinking models of some servers send typed parts; what isn't text is thinking.
            Some(Value::Array(parts)) => {
                for part in parts {
                    self.text.push_str(part.get("text").and_then(Value::as_str).unwrap_or_default());
                }
            }
            _ => {}
        }
        if let Some(refusal) = part.get("refusal").and_then(Value::as_str) {
            self.refusal.get_or_insert_default().push_str(refusal);
        }
        for call in part.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.call(call)?;
        }
        Ok(())
    }

    /// Adds to the call that this delta continues. It is the one with its index, unless it brings another id: some
    /// servers give every call the index 0, others give none.
    fn call(&mut self, delta: &Value) -> Result<(), Broken> {
        let index = delta.get("index").and_then(Value::as_u64);
        let id = delta.get("id").and_then(Value::as_str).unwrap_or_default();
        let function = delta.get("function");
        let name =
            function.and_then(|function| function.get("name")).and_then(Value::as_str).unwrap_or_default();
        let args = match function.and_then(|function| function.get("arguments")) {
            Some(Value::String(args)) => args.clone(),
            Some(Value::Null) | None => String::new(),
            Some(args) => args.to_string(),
        };
        let at_index = |known: &(Option<u64>, Ask)| index.is_none() || known.0 == index;
        let same =
            |known: &&mut (Option<u64>, Ask)| id.is_empty() || known.1.id.is_empty() || known.1.id == id;
        // Without index and id, a name begins a call and a piece of arguments continues the last.
        let begins = index.is_none() && id.is_empty() && !name.is_empty();
        let known = self.calls.iter_mut().rfind(|known| at_index(known)).filter(same).filter(|_| !begins);
        let Some((_, call)) = known else {
            if self.calls.len() == CALLS_MAX {
                return Err(Broken::TooManyCalls);
            }
            self.calls.push((index, Ask { id: id.to_owned(), tool: name.to_owned(), args }));
            return Ok(());
        };
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        }
        // A name comes in pieces, or whole with every piece of the arguments.
        if call.tool != name {
            call.tool.push_str(name);
        }
        call.args.push_str(&args);
        Ok(())
    }

    fn finish(self, turn: u32, done: bool) -> Result<ModelSaid, Broken> {
        let reason = match self.finish.as_deref() {
            Some(reason) => reason,
            // A server that ends its stream in good order but names no reason.
            None if done && self.has_choice => "stop",
            None => return Err(Broken::Cut),
        };
        let mut calls: Vec<Ask> = self.calls.into_iter().map(|(_, call)| call).collect();
        for (ordinal, call) in calls.iter_mut().enumerate() {
            if call.id.is_empty() {
                call.id = format!("call-{turn}-{ordinal}");
            }
            if call.args.trim().is_empty() {
                call.args = "{}".into();
            }
        }
        let finish = match reason {
            "length" | "max_tokens" | "model_length" => Finish::Length,
            "content_filter" => Finish::Filtered,
            "model_context_window_exceeded" | "error" => {
                let message = format!("the provider ended the answer with `{reason}`");
                return Err(Broken::Provider(ProviderError {
                    status: None,
                    codes: vec![reason.into()],
                    message,
                }));
            }
            _ if calls.is_empty() => Finish::Stop,
            _ => Finish::Calls,
        };
        let refusal = self.refusal.filter(|words| !words.is_empty());
        let answer = Answer { text: self.text, calls, refusal, finish };
        Ok(ModelSaid { answer, usage: self.usage })
    }
}

/// The tokens, wherever the server counts them. Where output and total disagree the larger counts: some leave thinking
/// out of the output, and none bills less than it says.
fn usage(value: &Value) -> Option<Usage> {
    let usage = value
        .get("usage")
        .filter(|usage| usage.is_object())
        .or_else(|| value.get("x_groq").and_then(|groq| groq.get("usage")))?;
    let count = |name: &str| usage.get(name).and_then(Value::as_u64);
    let input = count("prompt_tokens")?;
    let output = count("completion_tokens").unwrap_or(0);
    let output = output.max(count("total_tokens").unwrap_or(0).saturating_sub(input));
    let details = usage.get("prompt_tokens_details");
    let cached = details
        .and_then(|details| details.get("cached_tokens"))
        .and_then(Value::as_u64)
        .or_else(|| count("prompt_cache_hit_tokens"))
        .unwrap_or(0);
    Some(Usage { input, input_cached: cached.min(input), output })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Result<ModelSaid, Broken> {
        let mut reader = Reader::new(2);
        for chunk in chunks {
            reader.feed(chunk);
        }
        reader.finish(false)
    }

    fn streamed(chunks: &[&str]) -> Result<ModelSaid, Broken> {
        let text: String = chunks.iter().map(|chunk| format!("data: {chunk}\n\n")).collect();
        read(&[text.as_bytes()])
    }

    const STREAM: &str = concat!(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"Grüße 🚚 \"}}]}\r\n\r\n",
        ": keep-alive\r\n\r\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"find\",\"arguments\":\"\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"a\\\":\"}},{\"index\":1,\"id\":\"c2\",\"function\":{\"name\":\"mail\",\"arguments\":\"{}\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"1}\"}}]}}]}\n\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":150,\"prompt_tokens_details\":{\"cached_tokens\":64}}}\n\n",
        "data: [DONE]\n\n",
    );

    fn ask(id: &str, tool: &str, args: &str) -> Ask {
        Ask { id: id.into(), tool: tool.into(), args: args.into() }
    }

    #[test]
    fn a_stream_becomes_one_answer_with_its_calls_and_tokens() {
        let said = read(&[STREAM.as_bytes()]).unwrap();
        assert_eq!(said.answer.text, "Grüße 🚚 ");
        assert_eq!(said.answer.calls, [ask("c1", "find", "{\"a\":1}"), ask("c2", "mail", "{}")]);
        assert_eq!(said.answer.finish, Finish::Calls);
        assert_eq!(said.usage, Some(Usage { input: 100, input_cached: 64, output: 50 }));
    }

    #[test]
    fn calls_are_told_apart_as_servers_number_them() {
        let calls = |deltas: &[&str]| {
            let mut chunks: Vec<String> = deltas
                .iter()
                .map(|delta| format!("{{\"choices\":[{{\"delta\":{{\"tool_calls\":[{delta}]}}}}]}}"))
                .collect();
            chunks.push("{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}".into());
            streamed(&chunks.iter().map(String::as_str).collect::<Vec<_>>()).unwrap().answer.calls
        };
        let two = [ask("x", "a", "{}"), ask("y", "b", "{}")];
        let one = |index: &str, id: &str, name: &str| {
            format!("{{{index}\"id\":\"{id}\",\"function\":{{\"name\":\"{name}\",\"arguments\":\"{{}}\"}}}}")
        };
        assert_eq!(calls(&[&one("\"index\":0,", "x", "a"), &one("\"index\":0,", "y", "b")]), two);
        assert_eq!(calls(&[&one("", "x", "a"), &one("", "y", "b")]), two);
        let nameless = calls(&[&one("", "", "a"), &one("", "", "b")]);
        assert_eq!(nameless, [ask("call-2-0", "a", "{}"), ask("call-2-1", "b", "{}")]);
        let object = "{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"a\",\"arguments\":{\"n\":1}}}";
        assert_eq!(calls(&[object]), [ask("x", "a", "{\"n\":1}")]);
    }

    #[test]
    fn a_whole_document_reads_like_a_stream() {
        let body = r#" {"choices":[{"index":0,"finish_reason":"length","message":{"content":"Hi","refusal":null}}],
            "usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
        let said = read(&[body.as_bytes()]).unwrap();
        assert_eq!((said.answer.text.as_str(), said.answer.finish), ("Hi", Finish::Length));
        assert_eq!(said.usage, Some(Usage { input: 3, input_cached: 0, output: 1 }));
    }

    #[test]
    fn refusals_filters_and_missing_ends_are_told_apart() {
        let refused = streamed(&[
            r#"{"choices":[{"delta":{"refusal":"I can't "}}]}"#,
            r#"{"choices":[{"delta":{"refusal":"do that."},"finish_reason":"stop"}]}"#,
        ]);
        assert_eq!(refused.unwrap().answer.refusal.as_deref(), Some("I can't do that."));
        let filtered =
            streamed(&[r#"{"choices":[{"delta":{"content":"x"},"finish_reason":"content_filter"}]}"#]);
        assert_eq!(filtered.unwrap().answer.finish, Finish::Filtered);
        let open = r#"{"choices":[{"delta":{"content":"x"}}]}"#;
        assert_eq!(streamed(&[open]), Err(Broken::Cut));
        assert_eq!(streamed(&[open, "[DONE]"]).unwrap().answer.text, "x");
        let error = streamed(&[open, r#"{"error":{"message":"overloaded","code":502}}"#, "[DONE]"]);
        assert!(matches!(error, Err(Broken::Provider(error)) if error.status == Some(502)));
        assert!(matches!(streamed(&["{"]), Err(Broken::NotChat(_))));
        assert!(matches!(read(&[b"<html>"]), Err(Broken::NotChat(_))));
        assert!(matches!(read(&[b"{}"]), Err(Broken::NotChat(_))));
        assert!(matches!(read(&[]), Err(Broken::NotChat(_))));
    }

    #[test]
    fn calls_without_end_are_refused() {
        let call = |at: usize| {
            let call = format!("{{\"index\":{at},\"id\":\"c{at}\",\"function\":{{\"name\":\"a\"}}}}");
            format!("{{\"choices\":[{{\"delta\":{{\"tool_calls\":[{call}]}}}}]}}")
        };
        let chunks: Vec<String> = (0..=CALLS_MAX).map(call).collect();
        let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
        assert_eq!(streamed(&chunks), Err(Broken::TooManyCalls));
    }

    proptest! {
        #[test]
        fn any_chunking_of_a_stream_decodes_the_same(cuts in proptest::collection::vec(0usize..STREAM.len(), 0..40)) {
            let mut cuts = cuts;
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &STREAM.as_bytes()[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&chunks), read(&[STREAM.as_bytes()]));
        }

        #[test]
        fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in any::<bool>()) {
            let mut reader = Reader::new(1);
            reader.feed(b"data: ");
            reader.feed(&bytes);
            let _ = reader.finish(cut);
            let _ = read(&[&bytes]);
        }

        #[test]
        fn a_stream_cut_anywhere_is_an_answer_only_if_it_had_ended(at in 0usize..STREAM.len()) {
            let mut reader = Reader::new(2);
            reader.feed(&STREAM.as_bytes()[..at]);
            let ended = STREAM.find("\"finish_reason\"").unwrap();
            match reader.finish(true) {
                Ok(said) => {
                    prop_assert!(at > ended);
                    prop_assert_eq!(said.answer, read(&[STREAM.as_bytes()]).unwrap().answer);
                }
                Err(broken) => prop_assert_eq!(broken, Broken::Cut),
            }
        }
    }
}
