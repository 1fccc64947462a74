//! A provider's answer, read from its bytes: streamed or whole, over any wire, in the shapes that servers give it.
//!
//! Reading is lenient where servers differ and nothing is lost, and refuses where guessing would be needed.

use handfast_engine::ModelSaid;
use serde_json::Value;

use crate::assembly::Assembly;
use crate::sse::Sse;
use crate::trouble::ProviderError;

/// Why bytes are no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Broken {
    /// The stream ended before the answer did.
    Cut,
    /// The provider reported an error within its answer.
    Provider(ProviderError),
    /// It is not what this wire answers.
    Foreign(String),
    /// It asks for more calls than an answer may.
    TooManyCalls,
}

/// Reads one answer.
#[derive(Debug)]
pub(crate) struct Reader {
    form: Form,
    answer: Box<dyn Assembly>,
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

impl Reader {
    /// A reader for the answer of this turn.
    pub(crate) fn new(answer: Box<dyn Assembly>, turn: u32) -> Self {
        Self { form: Form::Open(Vec::new()), answer, turn, broken: None, done: false }
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
                        match event(&mut **answer, data) {
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
        self.answer.bytes()
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
                if let (Some(data), None, false) = (sse.finish(), &self.broken, self.done)
                    && let Err(Broken::Provider(error)) = event(&mut *self.answer, &data)
                {
                    self.broken = Some(Broken::Provider(error));
                }
            }
            Form::Open(body) | Form::Whole(body) if self.broken.is_none() => {
                if cut {
                    return Err(Broken::Cut);
                }
                let value: Value = serde_json::from_slice(&body).map_err(|cause| {
                    Broken::Foreign(format!("it is neither JSON nor a stream of it ({cause})"))
                })?;
                self.answer.whole(&value)?;
            }
            Form::Open(_) | Form::Whole(_) => {}
        }
        match self.broken {
            Some(broken) => Err(broken),
            None => self.answer.finish(self.turn, self.done),
        }
    }
}

/// Takes in the data of one event; whether it was the last. `[DONE]` is OpenAI's, but others add it to any wire.
fn event(answer: &mut dyn Assembly, data: &[u8]) -> Result<bool, Broken> {
    match data.trim_ascii() {
        b"[DONE]" => Ok(true),
        b"" => Ok(false),
        data => {
            let value: Value = serde_json::from_slice(data)
                .map_err(|cause| Broken::Foreign(format!("an event of the stream is no JSON ({cause})")))?;
            answer.event(&value)
        }
    }
}

/// What these chunks come to.
#[cfg(test)]
pub(crate) fn read_as(answer: Box<dyn Assembly>, chunks: &[&[u8]]) -> Result<ModelSaid, Broken> {
    let mut reader = Reader::new(answer, 2);
    for chunk in chunks {
        reader.feed(chunk);
    }
    reader.finish(false)
}

/// What this body, and what events with this data, come to, read so.
#[cfg(test)]
pub(crate) fn read_by<A: Assembly + Default + 'static>(body: &str) -> Result<ModelSaid, Broken> {
    read_as(Box::<A>::default(), &[body.as_bytes()])
}

#[cfg(test)]
pub(crate) fn streamed_by<A: Assembly + Default + 'static>(events: &[&str]) -> Result<ModelSaid, Broken> {
    streamed_as(Box::<A>::default(), events)
}

/// What events with this data come to.
#[cfg(test)]
pub(crate) fn streamed_as(answer: Box<dyn Assembly>, events: &[&str]) -> Result<ModelSaid, Broken> {
    let text: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    read_as(answer, &[text.as_bytes()])
}

#[cfg(test)]
mod tests {
    use handfast_events::{Ask, Finish, Usage};
    use proptest::prelude::*;

    use super::*;
    use crate::limits::CALLS_MAX;
    use crate::provider::SCRIPTED;
    use crate::wire::Wire;

    const CHAT: Wire = Wire::Chat(SCRIPTED);

    /// A stream of each wire, and where its answer has ended.
    const STREAMS: [(Wire, &str, &str); 3] = [
        (CHAT, STREAM, "\"finish_reason\""),
        (
            Wire::Messages { is_own: true },
            include_str!("../tests/it/streams/messages.sse"),
            "\"tool_use\",\"stop",
        ),
        (
            Wire::Responses(SCRIPTED),
            include_str!("../tests/it/streams/responses.sse"),
            "\"response.completed\"",
        ),
    ];

    fn read(chunks: &[&[u8]]) -> Result<ModelSaid, Broken> {
        read_as(CHAT.answer(), chunks)
    }

    fn streamed(chunks: &[&str]) -> Result<ModelSaid, Broken> {
        streamed_as(CHAT.answer(), chunks)
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
        assert_eq!(said.usage, Some(Usage { input: 100, input_cached: 64, input_written: 0, output: 50 }));
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
        assert_eq!(said.usage, Some(Usage { input: 3, input_cached: 0, input_written: 0, output: 1 }));
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
        assert!(matches!(streamed(&["{"]), Err(Broken::Foreign(_))));
        assert!(matches!(read(&[b"<html>"]), Err(Broken::Foreign(_))));
        assert!(matches!(read(&[b"{}"]), Err(Broken::Foreign(_))));
        assert!(matches!(read(&[]), Err(Broken::Foreign(_))));
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

    #[test]
    fn a_stream_that_is_split_at_any_byte_gives_the_same_answer() {
        for (wire, stream, _) in STREAMS {
            let whole = read_as(wire.answer(), &[stream.as_bytes()]).unwrap();
            for at in 0..stream.len() {
                let (head, tail) = stream.as_bytes().split_at(at);
                assert_eq!(
                    read_as(wire.answer(), &[head, tail]).as_ref(),
                    Ok(&whole),
                    "{} at {at}",
                    wire.name()
                );
            }
        }
    }

    #[test]
    fn a_stream_cut_at_any_byte_is_the_answer_only_if_that_had_ended() {
        for (wire, stream, end) in STREAMS {
            let ended = stream.find(end).unwrap();
            let whole = read_as(wire.answer(), &[stream.as_bytes()]).unwrap();
            for at in 0..stream.len() {
                let mut reader = Reader::new(wire.answer(), 2);
                reader.feed(&stream.as_bytes()[..at]);
                match reader.finish(true) {
                    Ok(said) => {
                        assert!(at > ended, "{} at {at}", wire.name());
                        assert_eq!(said.answer, whole.answer, "{} at {at}", wire.name());
                    }
                    Err(broken) => assert_eq!(broken, Broken::Cut, "{} at {at}", wire.name()),
                }
            }
        }
    }

    /// A piece of JSON as these wires have it, or near it.
    fn event() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            Just("type"),
            Just("index"),
            Just("delta"),
            Just("item"),
            Just("response"),
            Just("message"),
            Just("content"),
            Just("content_block"),
            Just("usage"),
            Just("choices"),
            Just("text"),
            Just("message_start"),
            Just("content_block_start"),
            Just("content_block_delta"),
            Just("message_delta"),
            Just("text_delta"),
            Just("tool_use"),
            Just("thinking"),
            Just("stop_reason"),
            Just("end_turn"),
            Just("response.completed"),
            Just("response.output_item.done"),
            Just("output"),
            Just("function_call"),
            Just("reasoning"),
            Just("status"),
            Just("completed"),
            Just("arguments"),
            Just("tool_calls"),
        ];
        let leaf = prop_oneof![
            word.clone().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null),
        ];
        let value = leaf.prop_recursive(4, 24, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map(word.clone().prop_map(str::to_owned), inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        });
        value.prop_map(|value| value.to_string())
    }

    proptest! {
        #[test]
        fn any_chunking_of_a_stream_decodes_the_same(cuts in proptest::collection::vec(0.0..1.0f64, 0..40)) {
            for (wire, stream, _) in STREAMS {
                let mut cuts: Vec<usize> = cuts.iter().map(|cut| (cut * stream.len() as f64) as usize).collect();
                cuts.extend([0, stream.len()]);
                cuts.sort_unstable();
                let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &stream.as_bytes()[pair[0]..pair[1]]).collect();
                prop_assert_eq!(read_as(wire.answer(), &chunks), read_as(wire.answer(), &[stream.as_bytes()]));
            }
        }

        #[test]
        fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in any::<bool>()) {
            for (wire, ..) in STREAMS {
                let mut reader = Reader::new(wire.answer(), 1);
                reader.feed(b"data: ");
                reader.feed(&bytes);
                let _ = reader.finish(cut);
                let _ = read_as(wire.answer(), &[&bytes]);
            }
        }

        #[test]
        fn events_of_any_shape_never_panic(events in proptest::collection::vec(event(), 0..12)) {
            for (wire, ..) in STREAMS {
                let events: Vec<&str> = events.iter().map(String::as_str).collect();
                let _ = streamed_as(wire.answer(), &events);
                for event in events {
                    let _ = read_as(wire.answer(), &[event.as_bytes()]);
                }
            }
        }
    }
}
