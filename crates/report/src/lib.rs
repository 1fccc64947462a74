//! Folds over a journal for people and machines: the trace, every prompt, progress, what to do next.
//!
//! The same events that a run goes on from, read once more. This room is pure: it knows no clock (the time of a view is
//! handed in), no terminal (a width and a style are), and not why the engine decided as it did, only what it recorded.
//! It needs no contract either: whatever a person must be told stands in the events. Start with [`Trace`].

mod limits;
mod text;

mod trace;

mod explain;
mod explain_compensation;
mod explain_ended;
mod explain_late;
mod explain_remedies;
mod held;
mod inbox;
mod journal;
mod people;
mod progress;
mod prompts;
mod render;

pub use explain::{Explanation, NextStep, explain};
pub use held::{Held, held_among};
pub use inbox::{Item, inbox};
pub use journal::{digest, journal_line};
pub use people::Asked;
pub use progress::{Doing, Progress};
pub use prompts::{AskedPrompt, PromptError, prompts};
pub use render::{render, render_explanation, render_item};
pub use text::{Style, visible};
pub use trace::{
    Attempt, AttemptState, Call, CallAttempt, CallState, Change, Changed, Compensation, CompensationState,
    End, Hold, Late, Line, Listening, Note, Question, QuestionEnd, Speaker, Step, StepState, Totals, Trace,
    Turn, Wait, Working,
};
