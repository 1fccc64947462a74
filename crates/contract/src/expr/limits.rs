//! What one expression may cost, each number with its reason.

/// Bytes of one expression's source. The longest condition in our examples has 90; past 2,000 nobody reads it, and
/// the parser recurses once per token of a chain.
pub(super) const SOURCE_BYTES_MAX: usize = 2_000;
/// Nodes of one expression, macros expanded: ten per macro and one per token fit a source of full length.
pub(super) const NODES_MAX: usize = 2_000;
/// Brackets within brackets, for the parser.
pub(super) const BRACKETS_MAX: u16 = 32;
/// `? :` in one expression: the parser recurses on each without counting it.
pub(super) const TERNARIES_MAX: usize = 32;
/// Levels of the parsed tree, so that evaluation fits a small stack: a chain of 100 `+` is the deepest that reads well.
pub(super) const DEPTH_MAX: usize = 100;
/// Macros over lists within one another: "every source of every claim is one of the pages" needs three. What they may cost
/// together, [`STEPS_MAX`] bounds; a fourth level nobody could follow.
pub(super) const NESTING_MAX: usize = 3;
/// Holes of one text. Our longest question to a person has four; each hole is found in the text again when it is wrong.
pub(super) const HOLES_MAX: usize = 100;
/// Bytes of a pattern for `matches`.
pub(super) const PATTERN_BYTES_MAX: usize = 500;
/// Memory of one compiled pattern: `\w{100}` in Unicode passes, `(\w{100}){100}` doesn't.
pub(super) const PATTERN_MEMORY_MAX: usize = 1 << 20;
/// Steps of one evaluation (a node visited, an item copied, 16 bytes of text handled): some tens of milliseconds, and
/// enough for a pair of lists of 500 items compared with each other.
pub(super) const STEPS_MAX: u64 = 1_000_000;
/// Bytes of text that one operation may make: a prompt's worth.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 20;
/// Levels of a JSON value that is compared or written: the JSON reader itself stops at 128.
pub(super) const JSON_DEPTH_MAX: usize = 256;
/// Parts of the schemas that the type of one expression copies into its own. The largest type that we met has 3,000.
pub(super) const TYPE_PARTS_MAX: usize = 20_000;
/// Parts of an item's schema up to which what a filter asked is written into it: each time may double it.
pub(super) const NARROWED_PARTS_MAX: usize = 5_000;
