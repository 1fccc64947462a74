//! How much a contract may hold. Every number with its reason: a contract is written by people, but it may come from
//! anywhere, and a hostile one must end in an error rather than in a machine without memory.

/// The bytes of one file. The longest contract that we have seen has 40 kB; twenty-five times that is still read
/// in milliseconds.
pub(crate) const FILE_BYTES_MAX: usize = 1 << 20;

/// The bytes of all files of one contract; a text that several agents share counts for each, since each carries it. All
/// of it is kept with every run.
pub(crate) const FILES_BYTES_MAX: usize = 8 << 20;

/// The memory of all compiled patterns of one contract. What patterns for ids and dates take is a few kilobytes each, so
/// that every tool of the largest contract can have several.
pub(crate) const PATTERNS_MEMORY_MAX: usize = 32 << 20;

/// Parts of types that all expressions of one contract may copy into their own: a thousand tools with twenty conditions
/// come to a tenth of it.
pub(crate) const TYPED_PARTS_MAX: usize = 5_000_000;

/// How deep YAML may nest. Our own examples need 12; beyond 64 nobody can follow, and recursion stays small.
pub(crate) const DEPTH_MAX: usize = 64;

/// The nodes of one document: a megabyte of `a,` would be half a million, each worth a hundred bytes of memory.
pub(crate) const NODES_MAX: usize = 200_000;

/// How far types may name each other, together with their own nesting: the depth of the schema that comes of it.
pub(crate) const TYPE_DEPTH_MAX: usize = 64;

/// The parts of all schemas of one contract, named types spelled out: twenty types that each name the last one twice
/// would be a million.
pub(crate) const TYPE_PARTS_MAX: usize = 100_000;

/// Files that one contract is made of: more parts than that are programs of their own.
pub(crate) const FILES_MAX: usize = 32;

/// How deep files may include each other.
pub(crate) const INCLUDE_DEPTH_MAX: usize = 8;

/// Diagnostics of one load: nobody reads more, and one wrong indentation can cause hundreds.
pub(crate) const DIAGNOSTICS_MAX: usize = 100;

/// The bytes of one name: what all model providers accept as a tool's name.
pub(crate) const NAME_BYTES_MAX: usize = 64;

/// Entries of one section or list. The largest API that we imported has 1,100 operations; every part of a contract is
/// looked at a few times for each name, and that many squared is still a second.
pub(crate) const ENTRIES_MAX: usize = 2_000;

/// Conditions that are read once for each of several tools: a grant of a group, an invariant about one. Fifty of them over
/// four hundred tools take a fraction of a second; five hundred of them over five hundred would take many.
pub(crate) const EXPANDED_CONDITIONS_MAX: usize = 20_000;

/// Clauses of groups, counted once for each tool that shares them: a thousand tools with twenty each.
pub(crate) const SHARED_CLAUSES_MAX: usize = 20_000;

/// Steps of one workflow: a person must follow it, and finding a circle costs the square.
pub(crate) const STEPS_MAX: usize = 200;

/// Rounds of one `repeat`. Work that people or models haven't finished after a hundred rounds won't be after a thousand;
/// each round is kept in the run's journal.
pub(crate) const ROUNDS_MAX: u64 = 100;

/// Lanes of one `each` at a time: every lane may hold a model's call and a server's process open.
pub(crate) const LANES_AT_ONCE_MAX: u64 = 64;

/// How deep steps may stand within steps. Our own examples need 2; each level is a level of scopes for a reader too.
pub(crate) const BLOCK_DEPTH_MAX: usize = 8;

/// How deep workflows may start each other: every level multiplies what one start can cost.
pub(crate) const WORKFLOW_DEPTH_MAX: usize = 8;

/// Answers of one approval: what fits as buttons below a question.
pub(crate) const ASKS_MAX: usize = 12;

/// Findings that are kept at all, before the first hundred are shown in order: a megabyte of wrong keys has no more.
pub(crate) const FINDINGS_MAX: usize = 1_000;

/// Characters of one sentence about a finding, names and values in it included: ten lines of a terminal. Whoever wants
/// the whole of a megabyte has it in the file.
pub(crate) const SENTENCE_CHARS_MAX: usize = 800;

/// Bytes of a line that is shown with a finding: fifty widths of a terminal.
pub(crate) const LINE_BYTES_MAX: usize = 8_000;

/// The longest time that can be written, in seconds: ten years. Longer is a slip, and sums of such stay far from overflow.
pub(crate) const SECONDS_MAX: u64 = 10 * 366 * 86_400;

/// How many a rate lets begin in its time, at most. Each may be remembered until that time is over; a million in a second is
/// more than any store commits, and a million in a day more than any server asks its callers to count.
pub(crate) const RATE_MAX: u64 = 1_000_000;

/// The bytes of a name that suggestions are looked for: the distance costs the product of both lengths.
pub(crate) const SUGGEST_BYTES_MAX: usize = 64;

/// Names that one suggestion is looked for among: those of the largest section.
pub(crate) const SUGGESTED_FROM_MAX: usize = ENTRIES_MAX;

/// Addresses that are offered where a test names none of them: more is a list that nobody reads.
pub(crate) const ADDRESSES_SHOWN: usize = 12;

/// Levels of one JSON Schema, counted in its JSON: a type of [`TYPE_DEPTH_MAX`] levels needs two of these each.
pub(crate) const SCHEMA_DEPTH_MAX: usize = 160;

/// Parts of one JSON Schema. The largest that we met on a public server has 3,000; its compiled form fits in megabytes.
pub(crate) const SCHEMA_PARTS_MAX: usize = 50_000;

/// Memory of one compiled pattern of a schema: what patterns for dates, ids and amounts need a hundred times over.
pub(crate) const SCHEMA_PATTERN_MEMORY_MAX: usize = 1 << 20;

/// Problems told of one value: a model mends ten things at a time at best.
pub(crate) const SCHEMA_PROBLEMS_MAX: usize = 10;

/// Characters of one problem's sentence: it goes into a prompt.
pub(crate) const SCHEMA_SENTENCE_CHARS_MAX: usize = 300;

/// Bytes up to which a wrong value is shown in its sentence.
pub(crate) const SCHEMA_SHOWN_BYTES_MAX: usize = 60;

/// Steps of one question whether a hand-off fits; a step is a microsecond or less. Real schemas take hundreds, so the
/// largest still gets an answer, and a hostile one ends in a fraction of a second.
pub(crate) const CONTAIN_STEPS_MAX: usize = 200_000;

/// How deep that question may nest, in values and in alternatives: a type of [`TYPE_DEPTH_MAX`] levels needs two of these
/// each. Unoptimised that is little more than half of the two megabytes that a thread's stack has.
pub(crate) const CONTAIN_DEPTH_MAX: usize = 128;

/// How far references are followed while a schema is read; what lies deeper is followed once it is needed.
pub(crate) const CONTAIN_READ_DEPTH_MAX: usize = 48;

/// Alternatives of one `oneOf` that are told apart in pairs: the pairs are the square.
pub(crate) const CONTAIN_ALTERNATIVES_MAX: usize = 64;

/// Values tried where only trying helps.
pub(crate) const CONTAIN_TRIES_MAX: usize = 32;

/// Characters of a text that is tried. Limits in real schemas are titles, names and messages.
pub(crate) const CONTAIN_TEXT_MAX: u64 = 4_000;

/// Items or fields of a value that is tried.
pub(crate) const CONTAIN_ITEMS_MAX: usize = 1_000;

/// Places of a list that are compared one by one: a tuple has a handful.
pub(crate) const CONTAIN_PLACES_MAX: usize = 32;

/// Patterns for names of fields that are compared: each set of them is looked at, 32 for five.
pub(crate) const CONTAIN_PATTERNS_MAX: usize = 5;

/// Parts of one schema that an import takes over as they are. Beyond that it keeps the upper levels: nobody reads more, and
/// two hundred tools must share [`TYPE_PARTS_MAX`].
pub(crate) const ADOPTED_PARTS_MAX: usize = 300;

/// Parts looked at in one try to adopt a schema, its references followed: some public ones spell out to millions.
pub(crate) const ADOPT_STEPS_MAX: usize = 20_000;

/// Levels of an adopted schema, references followed: written out it must stay within [`DEPTH_MAX`] of YAML.
pub(crate) const ADOPT_DEPTH_MAX: usize = 12;

/// Bytes of a specification that is imported: the largest public one (GitHub's) has 13 MB.
pub(crate) const SPECIFICATION_BYTES_MAX: usize = 32 << 20;

/// Levels of a specification in YAML; those we met have 30.
pub(crate) const SPECIFICATION_DEPTH_MAX: usize = 128;

/// Values of a specification in YAML: GitHub's has half a million.
pub(crate) const SPECIFICATION_NODES_MAX: usize = 4_000_000;

/// Characters of a source's sentence that become a proposed description: two lines, more is no sentence.
pub(crate) const PROPOSED_CHARS_MAX: usize = 200;

/// Characters of a source's words in a comment: the rest is found at the source.
pub(crate) const COMMENT_CHARS_MAX: usize = 160;

/// Bytes that an import may come to: what a file may have, less what people add to it.
pub(crate) const IMPORTED_BYTES_MAX: usize = FILE_BYTES_MAX / 4 * 3;

/// Tools that an import may come to: what a section may hold.
pub(crate) const IMPORTED_TOOLS_MAX: usize = ENTRIES_MAX;

/// Characters of a value that a message shows: enough for the part that doesn't fit, and for a narrow terminal.
pub(crate) const SHOWN_CHARS_MAX: usize = 120;

/// Steps of one question whether a condition follows from another. Conditions have a handful of parts, each compared with
/// each; where alternatives nest in each other the question could grow without end.
pub(crate) const IMPLIED_STEPS_MAX: usize = 10_000;
