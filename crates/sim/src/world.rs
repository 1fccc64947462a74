//! One world: what happens in it, one thing after the other, until its run has ended and nothing is under way.

use std::sync::Arc;

use handfast_engine::{Command, Plan, Run, Start};
use handfast_events::{CommandId, Epoch, Mail, RunId, Status};
use jiff::Timestamp;

use crate::happening::{Answered, Happening, Queue, Who};
use crate::limits::{
    FAULTS, HAPPENINGS_MAX, LEASE, LOOK, NETWORK_MAX, PERSON, SETTLED, TOOL_MAX, WORKERS, WORLD_MAX,
};
use crate::person::{Person, cancel};
use crate::random::Random;
use crate::store::{Append, MailRow, Store};
use crate::tool::Ledger;
use crate::watch::Watch;
use crate::worker::{Live, Worker};
use crate::{Broken, Counts, Law, Mutant};

/// What came of a world.
#[derive(Debug)]
pub struct Outcome {
    /// The seed: the same seed is the same world.
    pub seed: u64,
    /// Every law that was broken, and how; none in a world without a mutant.
    pub broken: Vec<Broken>,
    /// How the run ended.
    pub status: Status,
    /// What happened how often.
    pub counts: Counts,
    /// The digest over all that was recorded: the same seed gives the same.
    pub chain: String,
    /// The journal's kinds of events with their places, for whoever looks into a failure.
    pub journal: Vec<String>,
}

pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) id: RunId,
    pub(crate) random: Random,
    pub(crate) now: u64,
    pub(crate) queue: Queue,
    pub(crate) store: Store,
    pub(crate) workers: Vec<Worker>,
    pub(crate) ledger: Ledger,
    pub(crate) watch: Watch,
    pub(crate) counts: Counts,
    /// When the last fault happened, or somebody did something.
    pub(crate) disturbed: u64,
    person: Person,
    appends: u64,
    mails: u64,
    /// When the run came to its end.
    ended: Option<u64>,
}

/// Lets one world happen.
///
/// # Errors
/// The world's own contract doesn't load: mend `contract.yaml`.
pub fn run(seed: u64, mutant: Option<Mutant>) -> Result<Outcome, String> {
    let mut world = World::new(seed, mutant, crate::plan::plan()?);
    world.begin()?;
    let mut left = HAPPENINGS_MAX;
    while let Some((time, happening)) = world.queue.next() {
        world.now = world.now.max(time);
        left -= 1;
        if left == 0 || world.now > WORLD_MAX || world.is_over() {
            break;
        }
        world.happen(happening);
        world.is_alive();
    }
    Ok(world.end())
}

impl World {
    fn new(seed: u64, mutant: Option<Mutant>, plan: Arc<Plan>) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        let id = RunId::from_bytes(bytes);
        Self {
            seed,
            mutant,
            plan,
            id,
            random: Random::new(seed),
            now: 0,
            queue: Queue::default(),
            store: Store::new(id),
            workers: (0..WORKERS).map(|_| Worker::default()).collect(),
            ledger: Ledger::default(),
            watch: Watch::default(),
            counts: Counts::default(),
            disturbed: FAULTS,
            person: Person::default(),
            appends: 0,
            mails: 0,
            ended: None,
        }
    }

    fn begin(&mut self) -> Result<(), String> {
        let start = Start { workflow: "ticket".into(), input: serde_json::json!({}), ..Start::default() };
        let run = Run::new(self.plan.clone(), self.id);
        let events = run.start(start, time(0)).map_err(|refused| refused.to_string())?;
        self.store.write(&events);
        self.watch.acknowledged(&events);
        for event in &events {
            self.watch.landed(0, event);
        }
        for worker in 0..WORKERS {
            let first = self.random.between(0, LOOK);
            self.queue.at(first, Happening::Looks(worker));
        }
        self.queue.at(PERSON, Happening::PersonLooks);
        if self.random.chance(15) {
            let enough = self.random.between(100, FAULTS);
            self.queue.at(enough, Happening::PersonCancels);
        }
        let first = self.random.between(20, 1_500);
        self.queue.at(first, Happening::Breaks);
        Ok(())
    }

    /// Faults happen for a while, and then no more.
    pub(crate) fn is_troubled(&self) -> bool {
        self.now < FAULTS
    }

    /// Something happened that a run may need time to get over.
    pub(crate) fn disturb(&mut self, until: u64) {
        self.disturbed = self.disturbed.max(until);
    }

    pub(crate) fn clock(&self, worker: usize) -> Timestamp {
        let skew = self.workers.get(worker).map_or(0, |worker| worker.skew);
        time(self.now.saturating_add_signed(skew))
    }

    fn happen(&mut self, happening: Happening) {
        let who = match &happening {
            Happening::Answers(who, ..) | Happening::Leaves(who, ..) | Happening::Writes(who, ..) => {
                Some(*who)
            }
            Happening::Returns(who, ..) | Happening::Wakes(who, ..) => Some(*who),
            _ => None,
        };
        if let Some(who) = who {
            let Some(worker) = self.workers.get(who.worker) else { return };
            if worker.is_dead || worker.life != who.life {
                return;
            }
            if worker.stalled_until > self.now {
                return self.queue.at(worker.stalled_until, happening);
            }
        }
        match happening {
            Happening::Looks(worker) => self.look(worker),
            Happening::Answers(who, append, answered) => self.answered(who, append, answered),
            Happening::LandsLate(append) => _ = self.land(&append),
            Happening::Leaves(who, debt, send_by) => self.leave(who, debt, send_by),
            Happening::Writes(who, debt) => self.write(who, debt),
            Happening::CallArrives(who, call) => self.call_arrives(who, *call),
            Happening::TakesEffect(call) => _ = self.take_effect(&call),
            Happening::AskArrives(who, ask) => self.ask_arrives(who, &ask),
            Happening::Returns(who, command) => self.tell(who, *command),
            Happening::Wakes(who, until) => self.wake(who, until),
            Happening::PersonLooks => self.person_looks(),
            Happening::PersonCancels => self.post(cancel()),
            Happening::Breaks => self.break_something(),
            Happening::Restarts(worker) => self.restart(worker),
        }
    }

    fn look(&mut self, at: usize) {
        self.queue.at(self.now + LOOK, Happening::Looks(at));
        let clock = self.clock(at);
        let Some(worker) = self.workers.get_mut(at) else { return };
        if worker.is_dead || worker.stalled_until > self.now {
            return;
        }
        let who = Who { worker: at, life: worker.life };
        if let Some(live) = &mut worker.live {
            self.store.beat(at, live.epoch, self.now);
            for row in &self.store.mailbox {
                live.tell_mail(row);
            }
            return self.think(who);
        }
        if self.mutant == Some(Mutant::NoTakeover) && self.counts.deaths > 0 {
            return;
        }
        if let Some(epoch) = self.store.take(at, self.now, clock) {
            self.adopt(who, epoch);
        }
    }

    /// Reads the run that was taken, and lets it begin.
    fn adopt(&mut self, who: Who, epoch: u64) {
        self.counts.takeovers += 1;
        let Some(run) = self.replay() else { return };
        let mut live = Live::new(epoch, run);
        live.tell(Command::Begin { epoch: Epoch(epoch), worker: format!("worker-{}", who.worker) });
        for row in &self.store.mailbox {
            live.tell_mail(row);
        }
        if let Some(worker) = self.workers.get_mut(who.worker) {
            worker.live = Some(live);
        }
        self.think(who);
    }

    /// The run, as its journal tells it.
    pub(crate) fn replay(&mut self) -> Option<Run> {
        let fresh = Run::new(self.plan.clone(), self.id);
        let events = match self.store.load() {
            Ok(events) => events,
            Err(error) => {
                self.watch.broke(Law::SameAgain, self.now, format!("the journal can't be read: {error}"));
                return None;
            }
        };
        let mut run = fresh;
        for event in &events {
            run = match run.evolve(event) {
                Ok(run) => run,
                Err(illegal) => {
                    self.watch.broke(
                        Law::SameAgain,
                        self.now,
                        format!("the journal does not fold: {illegal}"),
                    );
                    return None;
                }
            };
        }
        self.watch.saw(self.now, &run);
        Some(run)
    }

    pub(crate) fn next_append(&mut self) -> u64 {
        self.appends += 1;
        self.appends
    }

    /// A commit lands, or doesn't.
    pub(crate) fn land(&mut self, append: &Append) -> Answered {
        let mut kept = append.clone();
        if self.mutant == Some(Mutant::OtherBytes) {
            crate::perform::spoil(&mut kept.events);
        }
        if let Err(refused) = self.store.land(&kept) {
            return Answered::Refused(refused);
        }
        for event in &kept.events {
            self.watch.landed(self.now, event);
        }
        self.watch.accounted(self.now);
        if append.status.is_ended() {
            self.ended = Some(self.now);
        }
        Answered::Confirmed
    }

    fn person_looks(&mut self) {
        self.queue.at(self.now + PERSON, Happening::PersonLooks);
        // What was said once is waited for.
        if !self.store.mailbox.is_empty() {
            return;
        }
        let is_hasty = self.mutant == Some(Mutant::HastyPerson);
        let status = self.store.status.clone();
        let mails = self.person.act(&status, &self.watch, &self.ledger, (time(self.now), is_hasty));
        for mail in mails {
            match &mail {
                Mail::Settle { .. } => self.counts.settled += 1,
                Mail::Raise { .. } => self.counts.raised += 1,
                _ => {}
            }
            self.post(mail);
        }
    }

    /// Puts a row to the mailbox; a person who hears nothing puts it there again.
    fn post(&mut self, mail: Mail) {
        self.disturb(self.now);
        self.mails += 1;
        let row = MailRow { id: CommandId::new(format!("mail-{}", self.mails)), at: time(self.now), mail };
        if self.random.chance(20) {
            self.store.put_mail(row.clone());
        }
        self.store.put_mail(row);
    }

    /// Never lost: some time after the last trouble, a run is at its end or rests on something that it names.
    fn is_alive(&mut self) {
        let is_late = self.now > self.disturbed + SETTLED;
        let status = &self.store.status;
        if is_late && !status.rests() && !status.is_ended() {
            let told = format!("{} ms after the last trouble it is still {}", SETTLED, status.name());
            self.watch.broke(Law::NeverLost, self.now, told);
        }
    }

    /// Whether the run has ended and nothing can still be under way.
    fn is_over(&self) -> bool {
        let quiet = LEASE + NETWORK_MAX + TOOL_MAX;
        self.ended.is_some_and(|ended| self.now > ended.max(self.disturbed) + quiet)
    }

    fn end(mut self) -> Outcome {
        let journal = self.store.load().unwrap_or_default();
        if self.ended.is_none() {
            let told = format!("it never came to its end; it is {}", self.store.status.name());
            self.watch.broke(Law::NeverLost, self.now, told);
        }
        self.watch.end(self.now, &journal, self.store.known_mail(), &self.ledger);
        // Same again, at every place where somebody saw it.
        let mut run = Some(Run::new(self.plan.clone(), self.id));
        for event in &journal {
            run = run.and_then(|run| run.evolve(event).ok());
            let (now, Some(run)) = (self.now, &run) else { break };
            self.watch.saw_again(now, run);
        }
        self.counts.events = self.store.seq();
        let place = |event: &handfast_events::Event| {
            let place = event.call.as_ref().map(ToString::to_string);
            let place = place.or_else(|| event.step.as_ref().map(ToString::to_string)).unwrap_or_default();
            format!("{:>4} {} {} {place}", event.seq, event.time, event.name())
        };
        Outcome {
            seed: self.seed,
            broken: self.watch.broken,
            status: self.store.status.clone(),
            counts: self.counts,
            chain: self.store.chain().to_string(),
            journal: journal.iter().map(place).collect(),
        }
    }
}

/// A moment of the world, as workers' clocks tell it.
pub(crate) fn time(ms: u64) -> Timestamp {
    const BIRTH_MS: i64 = 1_700_000_000_000;
    Timestamp::from_millisecond(BIRTH_MS.saturating_add_unsigned(ms)).unwrap_or(Timestamp::MAX)
}
