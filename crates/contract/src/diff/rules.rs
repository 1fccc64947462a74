//! The table of rules: what each kind of change asks of people, why, and what to do. The reference is made from it.

use super::Breaks::{self, Callers, Runs, Users};
use super::Weight::{self, Breaking, Compatible, Reapprove, Reevaluate};

/// How one kind of change is judged.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// Its name: `input-refuses`. It never changes its meaning.
    pub name: &'static str,
    /// How much such a change asks of people.
    pub weight: Weight,
    /// For whom it breaks something.
    pub breaks: &'static [Breaks],
    /// Why it weighs so much.
    pub why: &'static str,
    /// What to do about it; empty where there is nothing to do.
    pub remedy: &'static str,
}

impl Rule {
    /// All rules, in the order of the table.
    ///
    /// ```
    /// use handfast_contract::diff::{Rule, Weight};
    /// let rule = Rule::all().iter().find(|rule| rule.name == "grant-added").unwrap();
    /// assert_eq!(rule.weight, Weight::Reapprove);
    /// ```
    pub const fn all() -> &'static [&'static Self] {
        ALL
    }
}

macro_rules! rules {
    ($($id:ident = $name:literal, $weight:ident, [$($breaks:ident),*], $why:literal, $remedy:literal;)*) => {
        $(pub(super) static $id: Rule =
            Rule { name: $name, weight: $weight, breaks: &[$($breaks),*], why: $why, remedy: $remedy };)*
        static TABLE: &[&Rule] = &[$(&$id),*];
        const ALL: &[&Rule] = TABLE;
    };
}

rules! {
    INPUT_REFUSES = "input-refuses", Breaking, [Callers, Runs],
        "an input may widen, never narrow: what was taken is refused now",
        "take what was taken before: what is new stands in an optional field, or in a tool or workflow of its own";
    INPUT_UNDECIDED = "input-undecided", Breaking, [Callers, Runs],
        "an input may widen, never narrow, and what can't be decided counts as breaking",
        "write both types so that they can be compared, or add a tool or workflow beside the old one";
    INPUT_WIDENS = "input-widens", Reevaluate, [],
        "a model fills this in, and sees another schema",
        "evaluate the agents that use it";
    INPUT_OPENS = "input-opens", Compatible, [], "whoever gives what was taken goes on giving it", "";
    INPUT_REWORDED = "input-reworded", Reevaluate, [],
        "the same values are taken, but a model sees the schema as it is written",
        "evaluate the agents that use it";
    DEFAULT = "default-changed", Breaking, [Callers],
        "whoever leaves the field out means another value than before",
        "keep the default, and let whoever wants another value say it";
    OUTPUT_WIDENS = "output-widens", Breaking, [Callers, Runs],
        "an output may narrow, never widen: whoever reads it isn't ready for this value",
        "give only what was given; what is new stands in a tool, agent or workflow of its own";
    OUTPUT_UNDECIDED = "output-undecided", Breaking, [Callers, Runs],
        "an output may narrow, never widen, and what can't be decided counts as breaking",
        "write both types so that they can be compared";
    OUTPUT_READ = "output-read-otherwise", Breaking, [Callers, Runs],
        "what comes back as text is read as JSON unless the output is a text",
        "keep what kind of output it is";
    OUTPUT_GONE = "output-gone", Breaking, [Callers, Runs],
        "whoever reads it relied on its type", "promise the output again";
    OUTPUT_NARROWS = "output-narrows", Compatible, [], "whoever was ready for more is ready for less", "";
    OUTPUT_PROMISED = "output-promised", Compatible, [], "nobody could rely on anything before", "";
    ANSWER_NARROWS = "answer-narrows", Reevaluate, [],
        "readers are ready for it, but a model has to answer in another form", "evaluate the agent";

    RENAMED = "clause-renamed", Breaking, [Callers, Users],
        "a clause's sentence is its address: tests, verdicts and history look it up by it, and the model reads it",
        "keep the sentence, or change what names it along with it";
    REWORDED = "clause-reworded", Reevaluate, [],
        "the address is the same, but the model reads other words", "evaluate the agents that use it";
    REQUIRES_STRONGER = "requires-stronger", Breaking, [Callers, Runs],
        "calls that were sent are refused now", "require it of a tool of its own, or after whoever calls has changed";
    REQUIRES_UNCLEAR = "requires-undecided", Breaking, [Callers, Runs],
        "it can't be told whether calls that were sent are refused now, and that counts as breaking",
        "write it as the old condition with parts joined by `&&` or `||`, or look at who calls it";
    REQUIRES_WEAKER = "requires-weaker", Reevaluate, [],
        "what was sent is still sent; the model reads fewer bounds", "evaluate the agents that use it";
    ENSURES_WEAKER = "ensures-weaker", Breaking, [Callers, Runs],
        "whoever reads the result relied on it", "ensure what was ensured, or change who reads it";
    ENSURES_UNCLEAR = "ensures-undecided", Breaking, [Callers, Runs],
        "it can't be told whether all that was ensured still is, and that counts as breaking",
        "write it as the old condition with parts joined by `&&` or `||`, or look at who reads the result";
    ENSURES_STRONGER = "ensures-stronger", Reevaluate, [],
        "more is promised, and held against the tool or agent", "evaluate the agents that use it";
    SHOWS_STRONGER = "shows-stronger", Breaking, [Callers, Runs],
        "results that the model saw are withheld", "look at what the agents need to see";
    SHOWS_UNCLEAR = "shows-undecided", Breaking, [Callers, Runs],
        "it can't be told what the model sees now, and that counts as breaking",
        "write it as the old condition with parts joined by `&&` or `||`";
    SHOWS_WEAKER = "shows-weaker", Reapprove, [],
        "the model sees results that were withheld from it", "let whoever owns the data allow it again";

    EFFECT_ADDED = "effect-added", Breaking, [Callers, Runs, Users],
        "it does to the world what it didn't do before", "let whoever owns what it touches allow it, and whoever calls it know";
    EFFECT_REMOVED = "effect-removed", Reevaluate, [],
        "it does less, and the model reads that", "evaluate the agents that use it";
    REACHED_OTHERWISE = "reached-otherwise", Breaking, [Callers, Runs],
        "another tool answers, or gets something else: what the old one promised says nothing of it",
        "try it against its contract, and let whoever calls it know";
    FALLBACK_ADDED = "fallback-added", Reapprove, [],
        "arguments go to one more server", "let whoever owns the data allow it again";
    SOURCE_NARROWED = "source-narrowed", Breaking, [Callers, Runs],
        "a value from where it came before is refused now", "allow that source, or change who calls it";
    SOURCE_WIDENED = "source-widened", Reapprove, [],
        "an argument may come from where it couldn't before", "let whoever owns the tool allow it again";
    LABEL_ADDED = "label-added", Reevaluate, [],
        "its results are treated with more care", "evaluate the agents that use it";
    LABEL_REMOVED = "label-removed", Reapprove, [],
        "its results are trusted, or shared, more than before", "let whoever owns the data allow it again";
    RELIES_ADDED = "relies-added", Breaking, [Callers, Runs],
        "calls are refused where that memory has changed", "let agents read it before they call";
    RELIES_REMOVED = "relies-removed", Reapprove, [],
        "calls are made though that memory has changed", "let whoever owns the tool allow it again";
    VOLATILE_LOST = "volatile-lost", Breaking, [Callers, Runs],
        "an agent that looks again and again is taken to go round in a circle", "keep it, or let the agent wait for something else";
    PROBE_CHANGED = "probe-changed", Breaking, [Callers, Runs],
        "the conditions that name it ask another question", "look at each condition that reads it";
    PROBE_GONE = "probe-removed", Compatible, [], "whatever read it has changed too, and is told there", "";
    FACT_SOURCE = "fact-source", Reapprove, [],
        "one more tool may say what conditions rely on", "let whoever owns those conditions allow it again";
    FACT_SOURCE_CHANGED = "fact-source-changed", Breaking, [Callers, Runs],
        "a condition that relies on the fact holds of something else, or of nothing", "let the same result establish it";

    IDEMPOTENCY_LOST = "idempotency-lost", Breaking, [Callers, Runs],
        "a call that was repeated after a crash may now happen twice, or rest in doubt", "keep the key, its place and its time";
    IDEMPOTENCY_WON = "idempotency-won", Compatible, [], "what couldn't be repeated can be", "";
    ONCE_CHANGED = "once-changed", Breaking, [Callers, Runs],
        "which calls are one and the same is decided otherwise, in history too", "keep the expression, or change it while nothing runs";
    FAILURE_ADDED = "failure-added", Breaking, [Callers, Runs],
        "whoever handles its failures doesn't know this one", "let whoever calls it be ready for it";
    FAILURE_REMOVED = "failure-removed", Breaking, [Callers, Runs],
        "what was recognised is in doubt now, or a breach", "recognise it still";
    FAILURE_CHANGED = "failure-changed", Breaking, [Callers, Runs],
        "what was recognised as this failure may mean something else now", "name a new failure beside it";
    FAILURE_SETTLES = "failure-settles", Compatible, [], "it speaks for earlier attempts too: fewer calls rest in doubt", "";
    COMPENSATION_LOST = "compensation-lost", Breaking, [Callers, Runs],
        "what it did isn't taken back as it was", "compensate as before, or let whoever calls it accept what is left";
    COMPENSATION_WON = "compensation-won", Compatible, [], "more is taken back, or less is left", "";
    COMPENSATION_UNHELD = "compensation-unheld", Reapprove, [],
        "calls that were held back, or needed a yes, because nothing could take them back are simply made",
        "let whoever said so allow it again";
    RECONCILE_LOST = "reconcile-lost", Breaking, [Runs, Users],
        "a call in doubt isn't settled as it was", "settle it as before";
    RECONCILE_WON = "reconcile-won", Compatible, [], "a call in doubt is settled, or settled with more care", "";
    RECONCILE_ALONE = "reconcile-alone", Reapprove, [],
        "a look decides where a person did", "let that person allow it";

    APPROVAL_LESS = "approval-less", Reapprove, [],
        "fewer people are asked, or less often", "let those who were asked allow it";
    APPROVAL_MORE = "approval-more", Breaking, [Callers, Runs, Users],
        "calls that were made wait for a person, or are refused", "let whoever calls it, and whoever is asked, know";
    APPROVAL_UNCLEAR = "approval-undecided", Breaking, [Callers, Runs, Users],
        "it can't be told who is asked when, and that counts as breaking",
        "write it as the old condition with parts joined by `&&` or `||`";
    APPROVAL_WORDS = "approval-words", Reapprove, [],
        "people say yes to another question", "let those who are asked allow the new one";
    APPROVAL_SHORTER = "approval-shorter", Breaking, [Runs, Users],
        "who is asked has less time to answer", "let those who are asked know";
    APPROVAL_LONGER = "approval-longer", Compatible, [], "who is asked has more time to answer", "";
    LIMIT_FALLS = "limit-falls", Breaking, [Callers, Runs],
        "work that fitted in doesn't any more", "keep the limit, or look at what the work needs (`handfast trace`)";
    LIMIT_RISES = "limit-rises", Reapprove, [],
        "more may be spent, or done", "let whoever pays for it allow it again";
    PATIENCE_RISES = "patience-rises", Compatible, [], "nothing that ended well ends otherwise", "";
    PACE_FALLS = "pace-falls", Compatible, [], "the same is done, and waits longer for its turn", "";
    PACE_RISES = "pace-rises", Reapprove, [],
        "more is asked of it at a time", "let whoever runs it, or pays for it, allow it again";
    LEVEL_RISES = "level-rises", Breaking, [Callers, Runs],
        "where a host can't give this level, runs don't start", "look at what `handfast check` says of each clause";
    LEVEL_FALLS = "level-falls", Reapprove, [],
        "clauses may be held to a lower level", "let whoever demanded it allow it again";

    GRANT_ADDED = "grant-added", Reapprove, [], "an agent may do more", "let whoever answers for the agent allow it again";
    GRANT_REMOVED = "grant-removed", Breaking, [Callers, Runs],
        "an agent can't do what it could", "look at what the agent is used for";
    GRANT_WEAKER = "grant-weaker", Reapprove, [],
        "an agent may do it in more cases", "let whoever answers for the agent allow it again";
    GRANT_STRONGER = "grant-stronger", Breaking, [Callers, Runs],
        "an agent may do it in fewer cases", "look at what the agent is used for";
    GRANT_UNCLEAR = "grant-undecided", Breaking, [Callers, Runs],
        "it can't be told in which cases an agent may do it, and that counts as breaking",
        "write it as the old condition with parts joined by `&&` or `||`, and let whoever answers for the agent look at it";
    NEVER_ADDED = "never-added", Reevaluate, [], "the model reads one more rule", "evaluate the agent";
    NEVER_ENFORCED = "never-enforced", Breaking, [Callers, Runs],
        "calls or answers that passed are refused", "look at what the agent is used for";
    NEVER_LOST = "never-lost", Reapprove, [],
        "the agent may do what it never might, or less stands in its way", "let whoever forbade it allow it";
    IRREVERSIBLE_ACCEPTED = "irreversible-accepted", Reapprove, [],
        "what can't be taken back is done without a person's yes", "let whoever answers for it allow it";
    IRREVERSIBLE_REFUSED = "irreversible-refused", Breaking, [Callers, Runs],
        "what was done without asking waits for a person's yes", "let whoever calls it, and whoever is asked, know";
    AGENT_ADDED = "agent-added", Reapprove, [], "one more agent may act", "let whoever answers for the contract allow it";
    EXPECTATION_LOST = "expectation-lost", Breaking, [Users],
        "users aren't served as they may expect", "go on serving it, or tell them";
    EXPECTATION_WON = "expectation-won", Reevaluate, [], "the agent has to serve more", "evaluate the agent";
    REFUSAL_LOST = "refusal-lost", Reapprove, [],
        "the agent takes on what it declined", "let whoever decided that it declines allow it";
    WORDS_TO_USERS = "words-to-users", Breaking, [Users],
        "users are told other words than were agreed", "let whoever answers for the words look at them";
    MODEL_TEXT = "model-text", Reevaluate, [], "a model reads other words, and may do otherwise", "evaluate the agents that read it";
    MODEL_CHANGED = "model-changed", Reevaluate, [], "another model may do otherwise", "evaluate the agents that use it";
    PRICE_RISES = "price-rises", Breaking, [Runs],
        "the same ceilings are reached earlier", "raise the ceilings along with it";
    PRICE_FALLS = "price-falls", Reapprove, [],
        "the same ceilings let more through", "let whoever pays for it allow it again";

    STEP_ADDED = "step-added", Breaking, [Callers, Runs],
        "a run does what no run did, and those that are going can't be moved here", "let runs that are going end with the old contract";
    STEP_REMOVED = "step-removed", Breaking, [Callers, Runs],
        "a run doesn't do what every run did, and those that are going can't be moved here",
        "let runs that are going end with the old contract";
    STEP_CHANGED = "step-changed", Breaking, [Runs],
        "a run that is going stands in steps as they were", "let runs that are going end with the old contract";
    STEP_PACE = "step-pace", Compatible, [], "the same is done, sooner or later", "";
    WORKFLOW_ADDED = "workflow-added", Reapprove, [], "one more thing may be started", "let whoever answers for the contract allow it";
    WORKFLOW_OUTPUT = "workflow-output", Breaking, [Callers],
        "whoever started it gets another value", "give what was given, or add a workflow beside the old one";
    INVARIANT_ADDED = "invariant-added", Breaking, [Runs],
        "runs that were in order aren't any more, in history too", "look at how past runs would be judged";
    INVARIANT_CHANGED = "invariant-changed", Breaking, [Runs],
        "it can't be told which runs are in order now, and that counts as breaking", "look at how past runs would be judged";
    INVARIANT_REMOVED = "invariant-removed", Reapprove, [], "runs may do what they never might", "let whoever demanded it allow it";

    PART_GONE = "part-gone", Breaking, [Callers, Runs],
        "whoever names it finds nothing", "keep it beside what replaces it, until nobody names it";
    PART_ADDED = "part-added", Compatible, [], "nobody could name it before", "";
    OTHER_PERSON = "other-person", Breaking, [Runs, Users],
        "somebody else is asked, or elsewhere", "let those who are asked know";
    PERSON_ADDED = "person-added", Reapprove, [], "one more may speak with the agent, or decide", "let whoever answers for the agent allow it";
    FACT_CHANGED = "fact-changed", Breaking, [Runs],
        "conditions rely on another kind of fact", "look at each condition that reads it";
    MEMORY_CHANGED = "memory-changed", Breaking, [Runs],
        "what was kept can't be read any more, or what is kept can't be read by runs that are going",
        "keep it under another name";
    MEMORY_ACCESS = "memory-access", Reapprove, [],
        "more is read, written, or kept for longer", "let whoever owns what is kept allow it again";
    MEMORY_STALE = "memory-stale", Breaking, [Runs],
        "an agent may read what is older than it could be before", "keep how fresh it must be";
    SETTING_NEEDED = "setting-needed", Breaking, [Callers],
        "without a value nothing starts", "give it a default, or a value in every environment";
    SETTING_CHANGED = "setting-changed", Compatible, [], "every environment gives its own value", "";
    SECRET_NEEDED = "secret-needed", Breaking, [Runs],
        "where the environment lacks this secret, runs wait", "put it into every environment first";
    PLACE_CHANGED = "place-changed", Compatible, [],
        "the promises are the same, wherever it is", "check it with `handfast check --live`";
    SERVER_CHANGED = "server-changed", Reapprove, [],
        "another program, or the same in other circumstances, acts for these tools", "let whoever answers for it allow it again";
    PINNED = "server-pinned", Breaking, [Runs],
        "runs don't start where the server differs from the lock", "write `handfast.lock` and keep it beside the contract";
    HEAD = "head-changed", Compatible, [], "it says who and which, and promises nothing", "";
    NAME_CHANGED = "name-changed", Breaking, [Callers, Runs],
        "runs, memory and what was done once are kept under the contract's name", "keep the name";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_stands_once_and_says_whom_it_breaks_if_it_breaks() {
        for (place, rule) in ALL.iter().enumerate() {
            assert!(ALL.iter().skip(place + 1).all(|other| other.name != rule.name), "{}", rule.name);
            assert_eq!(rule.weight == Breaking, !rule.breaks.is_empty(), "{}", rule.name);
            assert_eq!(
                rule.weight == Compatible && rule.name != "place-changed",
                rule.remedy.is_empty(),
                "{}",
                rule.name
            );
        }
    }
}
