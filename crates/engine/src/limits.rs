//! Every number that bounds a run, each with the sentence that justifies it. Contracts override those that they name.

use std::time::Duration;

/// A model that works longer is rarely working; providers cut off at ten minutes themselves.
pub(crate) const MODEL_TIMEOUT: Duration = Duration::from_secs(300);
/// A tool that needs longer should hand out a handle to be polled.
pub(crate) const TOOL_TIMEOUT: Duration = Duration::from_secs(60);
/// A call that hasn't begun to leave within this of its intent doesn't leave: the slowest connection is open by then, and what
/// is concluded of an attempt that nobody heard of can lean on it. A server that takes longer to start is there for the next.
pub(crate) const SEND_WITHIN: Duration = Duration::from_secs(10);
/// Where another model can answer, nobody waits longer than this for one that asks to be left alone.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// What nobody can name may pass: one more try tells, and a third would only cost.
pub(crate) const UNKNOWN_TRIES: u64 = 2;
/// A request that is still too long after three remedies is so for another reason.
pub(crate) const SHORTENED_MAX: u32 = 3;
/// Room for what a colleague would write down of a day's work; longer summaries sum up nothing.
pub(crate) const SUMMARY_TOKENS: u64 = 1024;
/// A summary that is longer is cut: it has to fit beside the newest passages.
pub(crate) const SUMMARY_BYTES_MAX: usize = 16 * 1024;
/// What the first summary keeps of a conversation as it was: a quarter of its bytes, the newest.
pub(crate) const SUMMARY_KEEPS: usize = 4;
/// Where the whole conversation is too long even to be summed up, so much of each part of it is shown, in characters.
pub(crate) const SUMMARY_PART_CHARS: usize = 1_000;
/// Where nobody can sum it up, so much of each part stands in the summary, in characters: what it was about.
pub(crate) const EXTRACT_CHARS: usize = 160;
/// Summing up that failed twice is done without a model: it must never hold a run.
pub(crate) const SUMMARY_TRIES: u32 = 2;
/// More bytes than that are in no token on average, in no tokeniser and no text that people or tools write.
pub(crate) const BYTES_PER_TOKEN_MAX: u64 = 16;
/// No tokeniser in use makes tokens of fewer bytes than that on average.
pub(crate) const BYTES_PER_TOKEN_LEAST: u64 = 3;
/// Providers count the same request by so many tokens differently from one attempt to the next, and mean nothing by it.
pub(crate) const CUT_TOKENS_MIN: u64 = 256;
/// The same call that told the same three times tells it the fourth time too.
pub(crate) const REPEATS: usize = 3;
/// Whoever was told nothing new ten times in a row is stuck; who only looks around meets something new sooner.
pub(crate) const NO_PROGRESS: usize = 10;
/// Calls refused for going round in circles: whoever was told, and refused twice, doesn't hear it the third time either.
pub(crate) const REFUSED_MAX: usize = 3;
/// So many calls are looked at for circles: a larger circle passes ten things that are no news long before it closes.
pub(crate) const LOOKED_BACK: usize = 48;
/// Whoever was asked ten times lately has shown how it is.
pub(crate) const OUTCOMES_KEPT: usize = 10;
/// What failed longer ago than a minute says nothing of now.
pub(crate) const OUTCOMES_WITHIN: Duration = Duration::from_secs(60);
/// Five of the last ten that failed are no bad luck.
pub(crate) const TRIPS_AT: usize = 5;
/// The first pause of whoever is down: what passes at all mostly does in seconds. It doubles with each trial in vain.
pub(crate) const OUTAGE_FIRST: Duration = Duration::from_secs(5);
/// A trial every five minutes costs nothing, and finds whoever is back soon enough.
pub(crate) const OUTAGE_MAX: Duration = Duration::from_secs(300);
/// Those who were held come back within so long of each other: five hundred are fifty a second.
pub(crate) const HOLD_SPREAD: Duration = Duration::from_secs(10);
/// Tries that cost nothing, or that are asked to wait, are worth more patience than others: ten see a restart through,
/// and a minute in which half of all calls are turned away.
pub(crate) const ATTEMPTS_PATIENT: u64 = 10;
/// The first try counts: two more see most passing trouble through, and more would hide what doesn't pass.
pub(crate) const ATTEMPTS: u64 = 3;
/// A model that misses the form three times, twice reminded, misses it the fourth time too.
pub(crate) const MALFORMED_MAX: u32 = 3;
/// Nested retries must not multiply: this many in a whole run, then somebody looks.
pub(crate) const RETRY_BUDGET: u64 = 20;
/// An agent whose contract says nothing still ends: most tasks need under ten turns.
pub(crate) const TURNS: u64 = 50;
/// One answer asks for this many calls at most: more is a model in a loop.
pub(crate) const CALLS_PER_TURN_MAX: usize = 64;
/// Room for a long letter; a model that thinks counts its thinking in.
pub(crate) const OUTPUT_TOKENS: u64 = 4096;
/// With less room than this an answer is cut off more often than not: the call isn't worth making.
pub(crate) const OUTPUT_TOKENS_MIN: u64 = 256;
/// What a provider adds around each message, in tokens; the largest seen is under ten.
pub(crate) const MESSAGE_TOKENS: u64 = 16;
/// What was seen of the world longer ago may have changed: it is looked at again before anything leaves.
pub(crate) const PROBE_FRESH: Duration = Duration::from_secs(10);
/// Probes that are stale each time when the last of them has answered would be asked for ever: after this many the call
/// is refused.
pub(crate) const PROBE_TIMES: usize = 3;
/// The wait after the first look at a doubt; it doubles with each.
pub(crate) const LOOK_WAIT: Duration = Duration::from_secs(1);
/// What took effect mostly shows within seconds: after so many looks the next one waits until it may say *not applied*.
pub(crate) const LOOKS_EARLY: usize = 5;
/// What doesn't show in three looks once all has settled won't: then it is repeated, or a person looks.
pub(crate) const LOOKS_LATE: usize = 3;
/// A server that takes a call on is asked how it stands after this long at first: many have finished by then.
pub(crate) const POLL_FIRST: Duration = Duration::from_secs(1);
/// Later it is asked again after this part of the time that it has been at work: whoever waits an hour can wait four minutes
/// more, and each poll is an event, so that a day's work has a hundred and fifty of them and ten days' forty more.
pub(crate) const POLL_SHARE: u32 = 16;
/// A server that took a call on and couldn't be asked for a day won't say any more what came of it.
pub(crate) const SILENCE_MAX: Duration = Duration::from_secs(24 * 3600);
/// What agents share in one memory, as JSON: it is read as a whole, and told to a model.
pub(crate) const MEMORY_BYTES_MAX: usize = 64 * 1024;
/// A larger result drowns the model; its head and digest are kept.
pub(crate) const RESULT_BYTES_MAX: usize = 256 * 1024;
/// Nobody nests this deep on purpose, and a journal could not be read back past twice of it.
pub(crate) const DEPTH_MAX: usize = 60;
/// As much of a cut result as still tells what it is.
pub(crate) const RESULT_HEAD_BYTES: usize = 8 * 1024;
/// The first backoff's ceiling; it doubles with each try.
pub(crate) const BACKOFF_FIRST: Duration = Duration::from_millis(500);
/// Longer waits help nobody who watches, and the wait is durable anyway.
pub(crate) const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// A provider that asks for longer is obeyed up to here; then it is tried again and may ask again.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);
/// Another run's action is looked for again after this long at first; it doubles with each look.
pub(crate) const CLAIM_LOOK_FIRST: Duration = Duration::from_secs(1);
/// A person may settle the other run's doubt tomorrow: a look a minute costs nothing, and is soon enough.
pub(crate) const CLAIM_LOOK_MAX: Duration = Duration::from_secs(60);
/// Problems told to a model at once: more would not be read.
pub(crate) const PROBLEMS_TOLD: usize = 5;
/// A yes that waits longer is about a world that may have changed: it is asked for again.
pub(crate) const YES_VALID: Duration = Duration::from_secs(900);
/// A question that is longer isn't read; the arguments stand beside it whole.
pub(crate) const QUESTION_CHARS: usize = 2_000;
/// Questions whose end is still known to the run, so that whoever comes too late is told: two screens of them.
pub(crate) const QUESTIONS_KEPT: usize = 64;
/// Evidence kept in a verdict or a failure, in characters: enough to recognise the value.
pub(crate) const EVIDENCE_CHARS: usize = 600;
/// Items of one `each`: each is a lane with steps and calls of its own in one journal; more are better runs of their own.
pub(crate) const LANES_MAX: usize = 1_000;
/// Lanes at a time where the contract doesn't say: as many as it may say, so that only a long list waits for its own.
pub(crate) const LANES_AT_ONCE: u64 = 64;
/// A message is what somebody types or pastes; what is larger belongs into a tool that reads it.
pub(crate) const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Messages that nobody has heard yet: whoever says more takes the run for a queue.
pub(crate) const MESSAGES_KEPT_MAX: usize = 100;
/// Signals kept for steps that don't wait for them yet: whoever sends more takes the run for a queue.
pub(crate) const SIGNALS_KEPT_MAX: usize = 1_000;
