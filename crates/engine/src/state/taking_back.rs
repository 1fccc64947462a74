//! What a run becomes by what takes its calls back, and how it stands at its end.

use handfast_events::{Body, CompensationBegan, EndedAs, Event, Status};

use super::{Compensation, Illegal, Phase, Run};

impl Run {
    /// How it stands once it has ended so.
    pub(super) fn ended(&self, ended: EndedAs) -> Phase {
        Phase::Ended(match ended {
            _ if !self.unaccepted.is_empty() => Status::Standing(ended),
            EndedAs::Done => Status::Done,
            EndedAs::Failed => Status::Failed,
            EndedAs::Cancelled => Status::Cancelled,
        })
    }

    /// What is about taking back: told apart from the events of steps, which may have gone long since.
    pub(super) fn evolve_compensation(&mut self, event: &Event) -> Result<bool, Illegal> {
        let Some(call) = &event.call else {
            let Body::CompensationBegan(began) = &event.body else { return Ok(false) };
            return self.list_compensations(began, event).map(|()| true);
        };
        let of = call.takes_back();
        let unknown = |state| Illegal { place: format!("call `{call}`"), state, event: event.name() };
        match &event.body {
            Body::StandingAccepted(_) => {
                let index = self.unaccepted.iter().position(|standing| standing == call);
                self.unaccepted.remove(index.ok_or_else(|| unknown("not left standing"))?);
                return Ok(true);
            }
            Body::CallLeftStanding(left) => {
                self.standing.push(call.clone());
                if left.why.waits() {
                    self.unaccepted.push(call.clone());
                }
                if self.applied.take(call).is_some() {
                    return Ok(true);
                }
            }
            Body::CallCompensated(_) => self.compensated.push(call.clone()),
            Body::CompensationStuck(_) | Body::CompensationRetried(_) => {}
            _ if of.is_none() => return Ok(false),
            _ => {}
        }
        let of = of.as_ref().unwrap_or(call);
        let index = self.compensations.iter().position(|one| one.of.id == *of);
        let index = index.ok_or_else(|| unknown("not taken back"))?;
        let before = self.compensations.remove(index);
        if let Some(after) = before.evolve(event.time, event.call.as_ref(), &event.body)? {
            self.compensations.insert(index, after);
        }
        Ok(true)
    }

    fn list_compensations(&mut self, began: &CompensationBegan, event: &Event) -> Result<(), Illegal> {
        for id in &began.calls {
            let illegal =
                || Illegal { place: format!("call `{id}`"), state: "without effect", event: event.name() };
            let call = self.applied.take(id).ok_or_else(illegal)?;
            self.compensations.push(Compensation::new(call));
        }
        Ok(())
    }
}
