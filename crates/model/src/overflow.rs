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

/// The failure that this answer is, if so: more went in than there is room for, or the room was full and nothing came.
pub(crate) fn silent(called: &str, said: &ModelSaid, window: Option<Window>) -> Option<Failure> {
    let (window, usage) = (window?, said.usage?);
    let over = window.is_said && usage.input > window.tokens;
    let is_full = usage.input >= window.tokens - window.tokens / 100;
    let starved = said.answer.finish == Finish::Length && usage.output == 0 && is_full;
    (over || starved).then(|| {
        let detail = format!(
            "{called}: it counts {} tokens in and its window has {}; what didn't fit was dropped unsaid",
            usage.input, window.tokens
        );
        Failure::new(FailureClass::ContextOverflow, detail).with_code("silent_overflow")
    })
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
            (said(8_000, 5, Finish::Stop), window(true), false),
            (said(7_920, 0, Finish::Length), window(false), true),
            (said(7_919, 0, Finish::Length), window(true), false),
            (said(8_000, 1, Finish::Length), window(true), false),
            (said(9_000, 5, Finish::Stop), None, false),
            (ModelSaid { usage: None, ..said(9_000, 5, Finish::Stop) }, window(true), false),
        ] {
            assert_eq!(silent("m", &said, window).is_some(), expected, "{said:?} {window:?}");
        }
    }
}
