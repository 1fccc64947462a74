//! The stable codes of what can be wrong with a contract: what people search for, and what `explain` answers.

use std::fmt;

/// One kind of finding. Its text (`HF0001`) never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    id: &'static str,
    title: &'static str,
    page: &'static str,
}

impl Code {
    /// As people write it: `HF0001`.
    pub const fn id(self) -> &'static str {
        self.id
    }

    /// What kind of finding it is, in a few words.
    pub const fn title(self) -> &'static str {
        self.title
    }

    /// Why it matters and what to do.
    pub const fn page(self) -> &'static str {
        self.page
    }

    /// Whether it is a lint: what the language allows and had better not be said, unless somebody says why.
    pub fn is_lint(self) -> bool {
        self.id.starts_with("HF01")
    }

    /// The code with this id.
    pub fn find(id: &str) -> Option<Self> {
        ALL.iter().copied().find(|code| code.id.eq_ignore_ascii_case(id))
    }

    /// All codes, in order.
    pub const fn all() -> &'static [Self] {
        ALL
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl serde::Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id)
    }
}

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal, $page:literal;)*) => {
        $(pub(crate) const $name: Code = Code { id: $id, title: $title, page: $page };)*
        const ALL: &[Code] = &[$($name),*];
    };
}

codes! {
    SYNTAX = "HF0001", "this is not YAML",
        "The file can't be read as YAML, so nothing behind this place was checked. Mend the place and check again.";
    YAML_FEATURE = "HF0002", "YAML that a contract does without",
        "Tags, anchors, aliases, directives and several documents let one thing stand for another. A contract says \
         everything where it holds, so they are refused: write the value out, and quote text that begins with `!`, `&`, `*`.";
    DUPLICATE_KEY = "HF0003", "a key twice",
        "YAML readers disagree on which of two equal keys counts, so a contract may have each only once.";
    CUT = "HF0004", "a condition that YAML would cut",
        "In YAML ` #` begins a comment, `: ` ends a key, and inside `{…}` and `[…]` a comma or bracket ends the value. \
         Quote the whole condition: \"…\" (CEL's own strings then take single quotes).";
    OTHER_READING = "HF0005", "text that YAML reads as something else",
        "Unquoted, this is a boolean, a number, a date or nothing to some YAML reader, though text is wanted here. \
         Quote it, so that all of them agree.";
    TOO_LARGE = "HF0006", "too large",
        "A contract has ceilings on its size, depth and number of parts, so that reading one can't exhaust a machine. \
         Split it, or make it simpler.";
    WRONG_KIND = "HF0007", "the wrong kind of value",
        "A map, a list or a text is wanted here, and another of these stands here.";
    UNKNOWN_KEY = "HF0008", "an unknown key",
        "The language has no such key here. Unknown keys are errors, because a misspelt promise would be no promise.";
    MISSING_KEY = "HF0009", "a missing key",
        "Something stands here that says too little to run from: add the key that the message names.";
    UNKNOWN_NAME = "HF0010", "an unknown name",
        "The name is defined nowhere in this contract: define it, or write the one that was meant.";
    BAD_NAME = "HF0011", "a name that can't be used",
        "Names that conditions reach are `[a-z][a-z0-9_]*`, at most 64 bytes, no word of CEL and none of its roots \
         (args input result old facts settings call error steps last).";
    BAD_LITERAL = "HF0012", "a literal that can't be read",
        "Times are written `10s 5m 4h 1d`, money `0.50 USD`, counts `12 200k 1M`, rates `10/s 60/m 500/d`, distances in time \
         `every 30s`.";
    NO_CHOICE = "HF0013", "not one of the words that fit here",
        "Only the words that the message names have a meaning here.";
    CLASH = "HF0014", "two things with one address",
        "Every clause and grant is addressed by its sentence or name, in lower case with dashes: two with the same address \
         could not be told apart in a verdict. Reword one.";
    BAD_TYPE = "HF0015", "a type that can't be read",
        "A type is `string number integer boolean email uri money json`, a name out of `types`, one of these with `?`, `[]` or \
         `[1..12]`, `\"string /re/\"`, `0.0..1.0`, `[a, b]`, `{ fields: … }`, `{ schema: … }` or `{ is: …, default: … }`.";
    BAD_EXPRESSION = "HF0016", "a condition or value that can't be parsed",
        "Conditions and values are CEL, within limits of size and nesting and with a closed list of functions. \
         A plain text is written `\"'text'\"`.";
    BAD_READ = "HF0017", "a condition that reads what it can't",
        "Each place may read certain names (a tool's `requires`: args, call, settings), and of these only the fields that \
         their types have.";
    BAD_FILE = "HF0018", "a file that can't be read",
        "The contract names a file that isn't there or can't be read. Paths are relative to the contract's folder and stay in it.";
    BAD_SETTING = "HF0019", "a setting without a fitting value",
        "A setting gets its value from `--set NAME=VALUE`, from the environment's file, or from its `default:`; it has to fit its type.";
    STEP_ORDER = "HF0020", "steps that can't be put in order",
        "A step comes after all that it reads and needs. Steps stand in the file in an order in which they could run.";
    WRONG_ARGUMENTS = "HF0021", "a step that gives too little or too much",
        "A step's `with` gives its tool or agent every input that must be there, and none that isn't known.";
    BAD_KEY_PLACE = "HF0022", "a place where the key can't go",
        "The runtime puts its idempotency key where the contract says: an argument that the model doesn't fill in, a field of \
         MCP's `_meta`, or a variable of a process.";
    BAD_VERSION = "HF0023", "another version of the language",
        "This release reads `handfast: 1`.";
    BAD_INCLUDE = "HF0024", "an include that can't be followed",
        "An include names another contract by its file. Files may not include each other in a circle, nor nest without end, \
         and an include's name may not be a setting's as well.";
    MIXED = "HF0030", "values that don't go together",
        "The types say that this can't be computed or compared: a text with a number, a field of a list, a function of the \
         wrong kind of value. Convert one side (`string(…)`, `double(…)`), or read the path that was meant.";
    NEVER = "HF0031", "a comparison with a value that never comes",
        "The type is a closed list of values, and the one compared with is none of them: the condition could never be what its \
         sentence says. Write one of the values that the type lists.";
    UNGUARDED = "HF0032", "a value that may not be there",
        "A field with `?` may be absent and a type with `?` may be null. A bare path passes absence on; inside an expression ask \
         first: `has(a.b) && a.b > 1`, `a.b != null && a.b > 1`, or give the field a default.";
    NO_CONDITION = "HF0033", "a condition that isn't true or false",
        "What stands where a condition is wanted gives something else: compare it with something.";
    CONSTANT = "HF0034", "a condition that is always the same",
        "By the types this can only come out one way, so it decides nothing. Either the comparison or the type isn't what was meant.";
    HAND_OFF = "HF0040", "a hand-off that doesn't fit",
        "What one part may give isn't always accepted by the one that takes it: the types were compared, and the message shows a \
         value that would be given and refused. It is better found here than in a run. Narrow the type of what gives it, widen \
         that of what takes it, give the absent or null value something in its place, or compute a value that fits.";
    HAND_OFF_UNKNOWN = "HF0041", "a hand-off that can't be judged",
        "It could neither be shown that everything that may be given is accepted, nor that something is refused: a type is left open, \
         a value is computed, or the types are too involved to compare. The value is checked when it comes; to have it proved \
         before, add what the message names, mostly an `output` type where the value is made.";
    STEP_KIND = "HF0042", "a step or workflow that says two things at once",
        "A step is of one kind: `agent`, `tool`, `workflow`, `approval`, `wait`, `choose`, `repeat` or `each`, and has only keys that \
         belong to it. A workflow is a conversation (`chat`) or has `steps`.";
    WORKFLOW_CIRCLE = "HF0043", "workflows that start each other",
        "A workflow may start another, and by however many others never itself: such a run would not end. What is to be done \
         again and again is a `repeat`.";
    LOOP_BOUND = "HF0044", "a loop whose bound doesn't fit",
        "Every loop is bounded before anything runs: a `repeat` by its count, an `each` by its list, lanes by `at_once` and \
         `enough`. The message names the bound that holds.";
    HIDDEN_NAME = "HF0045", "a name that would hide another",
        "The steps within a step read those around it by the same `steps.NAME`, and a lane's item by its own name. A second thing \
         of that name would hide the first: give it another.";
    NEVER_REACHED = "HF0046", "a branch that is never reached",
        "`choose` takes the first branch whose `when` holds. A branch without `when` is always taken, so it stands last.";
    NO_ANSWER = "HF0047", "a question that can't be answered as it says",
        "Whoever is asked chooses one of `asks`; silence means one of them too (`unanswered`), after the time of `within`. A \
         conversation is had with an agent that `talks_to` somebody.";
    BAD_OTHERWISE = "HF0048", "an `otherwise` that doesn't fit its step",
        "What follows a step's failure is `skip` (its value is absent), a value, or another step. `collect` goes on with the \
         lanes that succeeded, and only an `each` has lanes.";
    NO_LIST = "HF0049", "an `each` over what is no list",
        "`each` does its steps once for every item of a list. What it reads must be a list and must be there.";
    NOT_RUN = "HF0050", "part of the language that this release doesn't run yet",
        "The language has this word and `check` checks it, and this release doesn't act on it yet. A promise that nobody keeps \
         is worse than none, so `run` refuses the contract and names every such part: take it out to run the contract.";
    TODO = "HF0060", "something is still to be decided",
        "`{ todo: … }` marks what an import couldn't know and a person has to say: a tool's effects above all, since a source's \
         hints are no promises. Write the value in its place; as long as it stands there, nothing runs.";
    BAD_LOCK = "HF0061", "a lock that can't be used",
        "`handfast.lock` holds what each server's tools looked like when they were asked. It is written by `handfast lock` \
         and by nobody else: one that was edited, merged or cut proves nothing. Write it anew, and look at what changed.";
    UNLOCKED = "HF0062", "a tool that the lock doesn't have",
        "The lock holds the tools that the contract named when it was written. A server with `schemas: pinned`, and a tool whose \
         `input` isn't written, need theirs: ask the servers with `handfast lock`.";
    DRIFT = "HF0063", "a contract and a server that differ",
        "What the contract says of a tool isn't what its server lists, or listed when it was locked, so calls would be refused \
         or mean something else. Change the contract, or the server; if the server's new form is right, `handfast lock` keeps it.";
    TEST_ADDRESS = "HF0070", "a test that names no clause of its contract",
        "An expectation names a clause by its address: `tools.refund.requires.it-is-not-more-than-was-paid`. \
         `handfast test` lists every address of the contract, exercised or not.";
    TEST_ACTION = "HF0071", "a test that tries nothing, or two things",
        "A test tries one thing: `call:` proposes one call, `run:` runs a workflow to its end. Make two tests of two things.";
    TEST_ANSWER = "HF0072", "an answer that no tool gives",
        "A fake tool does one thing at a time: it `returns` a value, `gives` what a CEL expression comes to, `fails`, or `times_out`. \
         Several answers stand in a list and are given in turn.";
    TEST_EXPECTS = "HF0073", "an expectation that can't come true",
        "What breaks before a call is `refused`, what breaks after it is `violated`, a ceiling is `paused`; a test that ends well \
         doesn't fail. At least one thing must be expected.";
    TEST_VALUE = "HF0074", "a value in a test that its contract refuses",
        "What a workflow is given must fit its type. A fake answer that doesn't fit its tool's output breaks the tool's promise: \
         mend it, or expect `violated:`.";
    BAD_VIA = "HF0080", "a tool and a server that don't go together",
        "A tool of an MCP server, a process or Rust functions is named: `via: shop.refund`. One of an HTTP API is a request: one method \
         with its path, and what it sends as `query`, `headers` and `body`.";
    LOOSENED = "HF0081", "an included tool that would be loosened",
        "Who includes a contract may ask for more than it does, never for less: add `requires`, `ensures`, `shows`, `not_for`, an \
         `approval` where there is none, smaller `limits` or a higher `at_least`. All else is what the included contract promises, \
         and its own agents and workflows lean on it; change it there, or define a tool of your own.";
    PROBE_CIRCLE = "HF0082", "probes that need each other",
        "A probe is a call of another tool, taken before the call itself. Where that tool's own probes lead back, no call could ever \
         begin. Probe with a plain read: a tool without probes.";
    BAD_ORIGIN = "HF0083", "a value that could come from nowhere",
        "`from` says where an argument's value must have come from, so that one which a model made up is refused: `input`, \
         `steps.NAME`, or a field of one of them.";
    NOBODY_TO_ASK = "HF0087", "an agent that asks nobody",
        "`unsure: ask` asks whom the agent talks to: name a role under `talks_to`, or say `escalate` or `refuse`.";
    NOBODY_TO_HAND_TO = "HF0088", "an agent that hands over to nobody",
        "What an agent escalates goes to the role under `escalates.to`, else to whom it talks, else to its owner or the contract's: \
         somebody has to be named.";
    BAD_MEMORY = "HF0089", "a memory that holds nothing or two things",
        "A memory is either one value that is replaced as a whole (`is: TYPE`), or a log of entries (`each: TYPE`).";
    BAD_INVARIANT = "HF0090", "a rule that isn't whole",
        "An invariant is one of three rules: `never: A, before: B` (or `never: A` alone), `after: A, must: B` (perhaps `within` a \
         time), `at_most: N, of: A`. `same` and `when` narrow it.";
    BAD_EVENT = "HF0091", "something that invariants can't speak of",
        "Invariants speak of calls and steps: `tools.NAME`, `groups.NAME` (a call of any of its tools), or `steps.PATH` (with the \
         names of the steps around it: `steps.write.review`).";
    SHOWN_NAME = "HF0092", "a tool that no model could be shown",
        "Model providers take letters, digits, `_` and `-` in a tool's name, at most 64: an include's tool `cms.publish` is shown as \
         `cms__publish`. Two tools of one agent may not come to the same name, nor one to a longer one.";
    NO_MODEL = "HF0093", "models that may all be left out",
        "Of an agent's models those are left whose condition holds, or that have none: the first is used, the others are its \
         fallbacks. One at least needs no condition, so that there is always somebody to ask.";
    BAD_VOLATILE = "HF0094", "a look again and again that would change something",
        "`volatile` says that a tool's result may change by itself, so that an agent may call it again and again with the same \
         arguments. Only a tool that only reads may be called so: whatever else it did would be done each time.";
    NOT_KEPT = "HF0095", "a file that can't be formatted",
        "`fmt` reads what it wrote again, and writes nothing where that would not say the same as before. It never should \
         come to this: please report it, with the file.";
    LINT_RESTATES = "HF0101", "a description that only says the name again",
        "A model chooses a tool by its description. One that repeats the name tells it nothing: say what the tool does to what, \
         in one sentence.";
    LINT_VAGUE = "HF0102", "a vague verb",
        "Manage, handle, process: such verbs say that something happens and not what, and a tool that does several things has \
         effects that no contract can state. Say the one action; make two tools of two.";
    LINT_UNKEYED = "HF0103", "effects without idempotency",
        "Without a word on idempotency a call is never repeated blindly: if its answer is lost, it rests in doubt until a person \
         settles it. Say `natural`, `{ key: … }`, or `none` if that is what you want.";
    LINT_UNLIMITED = "HF0104", "an agent without a limit on cost or turns",
        "An agent that nothing stops can spend without end. Give it `limits: { turns: …, cost: … }`.";
    LINT_COMMENT = "HF0105", "text that may have been cut by a comment",
        "In YAML ` #` begins a comment, also in the middle of a sentence. Quote the text if the rest belongs to it.";
    LINT_RETRY = "HF0106", "a retry on what can't be repeated or reconciled",
        "More attempts at an effect that may have happened already would do it twice. Say how the tool may be repeated \
         (`idempotency`) or how one finds out (`reconcile`).";
    LINT_NEVER = "HF0107", "a `never` that nothing enforces",
        "Prose is told to the model and taken on trust: its level is `declared`. Have it judged (`judge: MODEL`), or enforce it \
         (`tool: …, when: …`), where that can be said.";
    LINT_FREE_FORM = "HF0108", "a free-form recipient, amount or path",
        "The model alone decides whom, how much or where, and words that it read can decide it for the model. Bound the argument \
         by a condition in `may` or `requires`, by `from:`, by an `approval`, or by a closed type.";
    LINT_TRIFECTA = "HF0109", "untrusted content, private data and a way out together",
        "An agent that reads what strangers wrote, sees private data and can send something out can be talked into sending the \
         one to the other. Take one of the three away: split the agent, bind arguments with `from:`, or ask a person.";
    LINT_UNCOMPENSATED = "HF0110", "an effect neither compensated nor accepted",
        "When a later step fails, what earlier ones did stays unless somebody takes it back. Say `compensate: { tool: … }`, \
         `compensate: impossible`, or `compensate: { leaves: [ … ] }` for what may stay.";
    LINT_LEAVES = "HF0111", "a compensation that doesn't say what it leaves",
        "A message that was sent stays sent. Name what the compensation can't take back under `leaves`, so that people know.";
    LINT_UNRECONCILED = "HF0112", "a doubt that nobody can settle",
        "A call that can't be repeated and whose answer is lost is in doubt. Say how one finds out (`reconcile: { tool: … }`), or \
         which role settles it (`reconcile: { ask: ROLE }`).";
    LINT_UNREACHED = "HF0113", "an obligation that nobody can meet",
        "The invariant demands a call that no step makes and no agent may make, so every run breaks it or can't do its work.";
    LINT_IRREVERSIBLE = "HF0114", "what nothing takes back, and nobody is asked",
        "A tool with `compensate: impossible` that an agent may call needs an `approval:` of the tool, or the agent says \
         `accepts: [ irreversible ]`.";
    LINT_UNESTABLISHED = "HF0115", "a fact that nothing establishes",
        "A clause that needs a fact which isn't set refuses. If no tool that can be called establishes it, it refuses always.";
    LINT_UNBOUNDED = "HF0116", "lanes without a bound",
        "An `each` over a list of any length costs whatever its writer wants. Give the list's type a longest length.";
    LINT_BUDGET = "HF0117", "parts that may cost more than the whole",
        "If every part of a workflow spent what its own limit allows, the workflow's would stop it halfway. Lower the parts or \
         raise the whole.";
    LINT_LOOKS = "HF0118", "a look that has effects",
        "Probes and reconcilers are taken whenever a clause needs them, also twice. They may only read.";
    LINT_COMPENSATOR = "HF0119", "a compensation that can't be relied on",
        "A compensation is tried until it succeeds, with nobody watching: it has effects, may be repeated, and waits for no person.";
    LINT_UNUSED_TOOL = "HF0120", "a tool that nobody may use",
        "No agent is granted it, no step calls it, and nothing looks or takes back by it.";
    LINT_UNUSED = "HF0121", "a name that nothing uses",
        "A server, model, agent or group that stands here for nothing: use it, or take it out.";
    LINT_SAME_WORDS = "HF0122", "two tools with the same words",
        "A model tells tools apart by their descriptions. Say how they differ.";
    LINT_UNSURE = "HF0123", "an agent that isn't told what to do when unsure",
        "A model that isn't told what to do when it is unsure guesses. Say `unsure: ask`, `escalate` or `refuse`.";
    LINT_OWNERLESS = "HF0124", "a contract that nobody owns",
        "Somebody has to decide what a promise means when it breaks: `owner: TEAM`.";
    LINT_MANY_TOOLS = "HF0125", "very many tools for one agent",
        "Models choose worse among many tools, and each is paid for at every turn. Split the agent by what it is for.";
    LINT_NO_FAILURE = "HF0126", "a tool that names no way to fail",
        "A failure without a name is in doubt, and a breach of the tool's contract. Name those that happen.";
    LINT_SECRET = "HF0127", "a secret in the open",
        "A contract is read by many and kept in histories. Name the variable that holds the secret, and give out a new one.";
    LINT_PLAIN_HTTP = "HF0128", "a secret that travels unencrypted",
        "A key sent over `http://` can be read by everybody on the way. Use `https://`; on one's own machine it doesn't matter.";
    LINT_LEVEL = "HF0129", "a clause below the level that is demanded",
        "`at_least` demands how far clauses must be true, and this one can't be so far true here.";
    LINT_ALLOWED_NOTHING = "HF0130", "an `allow` that nothing needs",
        "The lint that it allows isn't found here. Take it out, so that it can't hide what comes later.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_ascend() {
        assert!(ALL.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert_eq!(Code::find("hf0001"), Some(SYNTAX));
    }
}
