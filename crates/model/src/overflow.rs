//! A prompt that outgrew the model's window without anybody saying so: some servers drop what doesn't fit and answer.

use handfast_engine::ModelSaid;
use handfast_events::{Failure, FailureClass, Finish};

/// How many tokens a model may be given and give, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) tokens: u64,
    /// Whether the contract says it. The built-in table may lag behind: a prompt that is longer than it knows is no proof.
    pub(crate) is_said: bool,
}

/// The failure that this answer is, if so: no less went in than there is room for, or the room was full and nothing came.
///
/// Whoever cuts a prompt counts what is left of it, and that is the window to the token.
pub(crate) fn silent(called: &str, said: &ModelSaid, window: Option<Window>) -> Option<Failure> {
    let usage = said.usage?;
    let is_cut = window.is_some_and(|window| match window.is_said {
        true => usage.input >= window.tokens,
        false => usage.input == window.tokens,
    });
    let is_full = window.is_none_or(|window| usage.input >= window.tokens - window.tokens / 100);
    let is_empty = said.answer.text.is_empty() && said.answer.calls.is_empty();
    let is_starved = said.answer.finish == Finish::Length && usage.output == 0 && is_empty && is_full;
    let why = match window.filter(|_| is_cut && !is_starved) {
        Some(window) => format!("its window has {}; what didn't fit was dropped unsaid", window.tokens),
        None if is_starved => "had no room left for an answer".into(),
        None => return None,
    };
    let detail = format!("{called}: it counts {} tokens in and {why}", usage.input);
    Some(Failure::new(FailureClass::ContextOverflow, detail).with_code("silent_overflow"))
}

#[cfg(test)]
mod tests {
    use handfast_events::{Answer, Usage};

    use super::*;

    #[test]
    fn a_window_that_was_passed_in_silence_is_an_overflow_where_that_is_certain() {
        let said = |input, output, finish| ModelSaid {
            answer: Answer { finish, ..Answer::default() },
            usage: Some(Usage { input, output, ..Usage::default() }),
        };
        let window = |is_said| Some(Window { tokens: 8_000, is_said });
        for (said, window, expected) in [
            (said(8_001, 5, Finish::Stop), window(true), true),
            (said(8_001, 5, Finish::Stop), window(false), false),
            (said(8_000, 5, Finish::Stop), window(true), true),
            (said(8_000, 5, Finish::Stop), window(false), true),
            (said(7_999, 5, Finish::Stop), window(true), false),
            (said(7_920, 0, Finish::Length), window(false), true),
            (said(7_919, 0, Finish::Length), window(true), false),
            (said(7_999, 1, Finish::Length), window(true), false),
            (said(9_000, 5, Finish::Stop), None, false),
            (said(9_000, 0, Finish::Length), None, true),
            (said(9_000, 1, Finish::Length), None, false),
            (ModelSaid { usage: None, ..said(9_000, 5, Finish::Stop) }, window(true), false),
        ] {
            assert_eq!(silent("m", &said, window).is_some(), expected, "{said:?} {window:?}");
        }
    }
}
