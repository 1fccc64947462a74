//! What is said of results that came late, and of those that contradict.

use handfast_events::{Came, Settled};

use crate::explain::{Explanation, step, what_it_is};
use crate::journal::{failure, kept};
use crate::text::{json, shell_word};
use crate::trace::{Call, Late, Trace};

/// What was heard, in a sentence.
pub(crate) fn heard(late: &Late) -> String {
    let came = match &late.came {
        Came::Applied(result) => format!("took effect, and gave {}", kept(result)),
        Came::NotApplied(why) => format!("took no effect: {}", failure(why)),
    };
    let other = match late.contradicts.as_ref().map(|said| (&said.settled, &said.by)) {
        None => String::new(),
        Some((Settled::Applied(gave), by)) => {
            format!("; {by} had said that it took effect, and gave {}", json(gave))
        }
        Some((Settled::NotApplied, by)) => format!("; {by} had said that it did not take effect"),
    };
    format!("heard late of attempt {}: it {came}{other}", late.attempt)
}

/// One call of which something else was said than what came late.
pub(crate) fn contradicted(trace: &Trace, call: &Call, late: &Late) -> Explanation {
    let mut evidence = vec![what_it_is(call)];
    if let Some((_, who, why)) = &call.settled {
        evidence.push(format!("settled by {who}: {why}"));
    }
    evidence.push(format!("{}, {}", late.at, heard(late)));
    evidence.push("nothing follows from that by itself: what the run did since stays as it is".to_owned());
    let (run, id) = (trace.run, shell_word(call.id.as_str()));
    let headline = match (&late.came, late.contradicts.as_ref().map(|said| &said.settled)) {
        (Came::Applied(_), Some(Settled::NotApplied)) => {
            format!("call {} took effect after all: it stands, and nothing takes it back", call.id)
        }
        (Came::Applied(_), _) => format!("call {} gave something else than was said of it", call.id),
        (Came::NotApplied(_), _) => {
            format!("call {} did not take effect, though that was said of it", call.id)
        }
    };
    let next = vec![step("once you have seen to it", format!("handfast accept {run} {id} --reason TEXT"))];
    Explanation { headline, evidence, next, ..Explanation::bare(trace) }
}
