//! Facts: what a run has established. A tool's result sets them, never a model's words; a clause that needs one which isn't
//! set refuses, and names who can find it out. And what a result must fulfil to be shown at all.

use handfast_contract::{Clause, Compensate, EvalError, Expr, Fact, Tool};
use handfast_events::{CallId, CallRefused, CallWithheld, FactSet, Kept};
use serde_json::Value;

use crate::Refusal;
use crate::check::UNEVALUABLE;
use crate::decide::Draft;
use crate::state::{Call, CallState, Closed};

impl Draft {
    /// A fact that these expressions read, and that isn't set.
    pub(crate) fn unset<'e>(&self, exprs: impl IntoIterator<Item = &'e Expr>) -> Option<&Fact> {
        let facts = &self.run.plan.contract().facts;
        exprs.into_iter().flat_map(Expr::paths).find_map(|path| {
            let (root, names) = path.split_first()?;
            if root != "facts" {
                return None;
            }
            // A fact of an included contract has the include's name before its own.
            let fact = (1..=names.len()).find_map(|parts| {
                let name = names.get(..parts)?.join(".");
                facts.get(name.as_str())
            })?;
            self.run.known.fact(&fact.name).is_none().then_some(fact)
        })
    }

    /// What a fact that isn't set has to say, and how it can be found out.
    pub(crate) fn missing(&self, fact: &Fact) -> (String, String) {
        let tools = self.run.plan.contract().tools.values();
        let by = tools.filter(|tool| tool.establishes.contains_key(&fact.name));
        let by: Vec<String> = by.map(|tool| format!("`{}`", tool.shown_name())).collect();
        let reason = format!("the fact `{}` is not set yet", fact.name);
        let first = fact.missing.clone().unwrap_or_else(|| "establish it first".into());
        let mend = match by.as_slice() {
            [] => format!("{first}; no tool establishes it."),
            by => format!("{first}: {} establishes it. Then call again.", by.join(" or ")),
        };
        (reason, mend)
    }

    /// Why a condition can't be evaluated, and what sets the fact that it lacks, if that is why.
    pub(crate) fn not_told(&self, condition: &Expr, fault: &EvalError) -> (String, Option<String>) {
        match self.unset([condition]) {
            Some(fact) => {
                let (reason, mend) = self.missing(fact);
                (reason, Some(mend))
            }
            None => (format!("{UNEVALUABLE}: {fault}"), None),
        }
    }

    /// Refuses a call whose contract needs a fact, outside of clauses, to know what is sent, touched or asked.
    pub(crate) fn objection_to_ignorance(
        &self,
        call: &Call,
        tool: &Tool,
        can_tell: impl Fn(&Expr) -> bool,
    ) -> Option<CallRefused> {
        let fact = before(tool, call.purpose.is_none()).into_iter().find_map(|expr| {
            let fact = self.unset([expr])?;
            (!can_tell(expr)).then_some(fact)
        })?;
        let (reason, mend) = self.missing(fact);
        let sentence = format!("`{}` is known before `{}` is called", fact.name, tool.name);
        Some(CallRefused { clause: format!("facts.{}", fact.name), sentence, reason, mend })
    }

    /// What a call that is closed teaches the run: it is shown where its contract lets it, and then sets its facts. What
    /// hangs behind another call was made for that one, and teaches nothing.
    pub(crate) fn learn_from(&mut self, id: &CallId) -> Result<(), Refusal> {
        let Some(call) = self.run.call(id).filter(|call| call.purpose.is_none()).cloned() else {
            return Ok(());
        };
        let Some(tool) = self.run.plan.tool(&call.tool).cloned() else { return Ok(()) };
        let CallState::Closed(closed) = &call.state else { return Ok(()) };
        let result = match closed {
            Closed::Judged(result) => result,
            Closed::Given(given) => &given.result,
            _ => return Ok(()),
        };
        match self.lesson(&call, &tool, result) {
            Err(withheld) => self.tell_call(id, withheld),
            Ok(facts) => {
                for (fact, value) in facts {
                    self.tell(FactSet { fact, value, by: id.clone() })?;
                }
                Ok(())
            }
        }
    }

    /// The facts that the result sets, or why it is withheld.
    fn lesson(&self, call: &Call, tool: &Tool, result: &Kept) -> Result<Vec<(String, Value)>, CallWithheld> {
        let Kept::Whole(value) = result else {
            return match tool.shows.first() {
                Some(clause) => Err(withheld(clause, "it is too large to be judged".into(), None)),
                None => Ok(Vec::new()),
            };
        };
        let ground = self.ground(call);
        let scope = self.scope_of(call, &ground).with("result", value);
        for clause in &tool.shows {
            if self.unseen_after(call, tool, &clause.condition).is_some() {
                return Err(withheld(clause, "what it is judged by can't be seen".into(), None));
            }
            match clause.condition.holds(&scope) {
                Ok(true) => {}
                Ok(false) => {
                    let reason = format!("`{}` does not hold of the result", clause.condition.source());
                    return Err(withheld(clause, reason, None));
                }
                Err(fault) => {
                    let (reason, mend) = self.not_told(&clause.condition, &fault);
                    return Err(withheld(clause, reason, mend));
                }
            }
        }
        let mut facts = Vec::new();
        for (name, expr) in &tool.establishes {
            let address = format!("establishes.{}", name.rsplit('.').next().unwrap_or_default());
            let address = tool.address(&address);
            let unfit = |reason: String| CallWithheld {
                clause: address.clone(),
                sentence: format!("it establishes `{name}`"),
                reason,
                mend: "Do without: the contract's author must mend this.".into(),
            };
            let value = expr.eval(&scope).map_err(|fault| unfit(format!("{UNEVALUABLE}: {fault}")))?;
            let Some((fact, value)) = self.run.plan.contract().facts.get(name).zip(value) else { continue };
            // Where it doesn't fit, and not what it is: the result may be nobody's to see.
            if let Some(problem) = fact.schema.check(&value).first() {
                let at = if problem.at.is_empty() {
                    "as a whole".to_owned()
                } else {
                    format!("at {}", problem.at)
                };
                return Err(unfit(format!("the value doesn't fit its type, {at}")));
            }
            match self.run.known.fact(name) {
                Some(known) if *known == value => {}
                Some(_) if fact.once => return Err(set_already(fact)),
                _ => facts.push((name.to_string(), value)),
            }
        }
        Ok(facts)
    }
}

fn withheld(clause: &Clause, reason: String, mend: Option<String>) -> CallWithheld {
    CallWithheld {
        clause: clause.address.clone(),
        sentence: clause.sentence.clone(),
        reason,
        mend: mend.unwrap_or_else(|| "Ask for something else, or do without.".into()),
    }
}

fn set_already(fact: &Fact) -> CallWithheld {
    CallWithheld {
        clause: format!("facts.{}", fact.name),
        sentence: format!("`{}` is set once", fact.name),
        reason: "it was set before, and this result would set it to another value".into(),
        mend: "Go on with what was found first.".into(),
    }
}

/// All that must be known of a call before it leaves, beside its clauses. What hangs behind another call asks nobody.
fn before(tool: &Tool, asks: bool) -> Vec<&Expr> {
    let mut all: Vec<&Expr> = tool.sends.iter().flat_map(|sends| sends.values()).collect();
    all.extend(&tool.once_per);
    all.extend(tool.probes.iter().flat_map(|probe| probe.with.values()));
    all.extend(tool.effects.iter().flat_map(|effect| effect.target.exprs().chain(&effect.when)));
    if let Some(request) = &tool.via.request {
        all.extend(request.path.exprs());
        all.extend(request.query.values().chain(request.headers.values()).chain(&request.body));
    }
    if let Some(approval) = tool.approval.as_ref().filter(|_| asks) {
        all.extend(approval.by.iter().flat_map(|approver| &approver.when));
        all.extend(approval.saying.iter().flat_map(|saying| saying.exprs()));
    }
    // What is read once the call took effect: by then it is too late to find out. What its own result sets isn't meant, nor
    // what asks whether a fact is set.
    let clauses = tool.ensures.iter().chain(&tool.shows).map(|clause| &clause.condition);
    let undo = match &tool.compensate {
        Some(Compensate::By { undo: Some((_, with)), .. }) => Some(with.values()),
        _ => None,
    };
    let is_own = |expr: &&Expr| tool.establishes.keys().any(|fact| reads(expr, fact));
    let asks_first = |expr: &&Expr| expr.source().contains("has(facts.");
    all.extend(clauses.chain(undo.into_iter().flatten()).filter(|expr| !is_own(expr) && !asks_first(expr)));
    all
}

fn reads(expr: &Expr, fact: &str) -> bool {
    expr.paths().iter().any(|path| path.iter().skip(1).map(String::as_str).eq(fact.split('.')))
}
