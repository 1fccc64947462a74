//! How much of something is shown. What is cut here stands whole in the journal (`handfast journal RUN --json`).

/// Arguments and results in a trace: enough to recognise an order, short enough that a tree stays a tree.
pub(crate) const VALUE_CHARS_MAX: usize = 2_000;

/// A line is cut to the terminal's width, but never below this: less than 40 columns shows nothing of use.
pub(crate) const WIDTH_MIN: usize = 40;

/// Wider than this, a line's columns lose sight of what they belong to.
pub(crate) const WIDTH_MAX: usize = 160;

/// Lines of progress shown at once: a workflow that runs more steps side by side says how many more there are.
pub(crate) const DOING_MAX: usize = 4;

/// Lines that a context adjustment or a refusal may take: they are the story, but not a novel.
pub(crate) const STORY_LINES_MAX: usize = 6;
/// Lines of one fact that a person decides on: whoever says yes must see all of it, and more than this nobody reads.
pub(crate) const FACT_LINES_MAX: usize = 400;
/// Calls that are told of an agent that went round in circles: two of the largest circles that are worth reading.
pub(crate) const CIRCLE_CALLS_MAX: usize = 8;
/// Characters of what one of them told: enough to see that it is the same again.
pub(crate) const CIRCLE_CHARS_MAX: usize = 200;
