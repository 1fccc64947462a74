//! One world: what happens in it, one thing after the other, until its run has ended and nothing is under way.

use std::sync::Arc;

use handfast_engine::{Command, Run, Start};
use handfast_events::{CommandId, Epoch, Event, Mail, RunId, Status};
use jiff::Timestamp;

use crate::faults::{Boundary, Fates, Fault, Faults, Happened, Point};
use crate::happening::{Answered, Happening, Queue, Who};
use crate::jobs::Jobs;
use crate::limits::{
    FAULTS, HAPPENINGS_MAX, LEASE, LOOK, LOOK_IDLE, NETWORK_MAX, PERSON, PERSON_SLOW, SETTLED, TOOL_OVERRUN,
    WORKERS, WORLD_MAX,
};
use crate::person::{Person, Seen};
use crate::random::Random;
use crate::store::{Append, MailRow, Store};
use crate::subject::Subject;
use crate::told::Told;
use crate::tool::Ledger;
use crate::watch::Watch;
use crate::worker::{Live, Worker};
use crate::{Broken, Counts, Law, Mutant};

/// Which world shall happen.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The seed: the same spec is the same world.
    pub seed: u64,
    /// What breaks in it.
    pub faults: Faults,
    /// What is wrong with it on purpose.
    pub mutant: Option<Mutant>,
    /// Whether its models do all that they may, one thing after the other, and nothing amiss.
    pub is_good: bool,
    /// Whether every point is kept at which something could break.
    pub keeps_points: bool,
}

impl Spec {
    /// The world of this seed, in which chance rules.
    pub const fn drawn(seed: u64) -> Self {
        Self { seed, faults: Faults::Drawn, mutant: None, is_good: false, keeps_points: false }
    }
}

/// What came of a world.
#[derive(Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Every law that was broken, and how; none in a world without a mutant.
    pub broken: Vec<Broken>,
    /// How the run ended.
    pub status: Status,
    /// What happened how often.
    pub counts: Counts,
    /// What the contract's owner would want to hear of.
    pub told: Told,
    /// What broke, one after the other.
    pub happened: Vec<Happened>,
    /// Every point at which something could break, with what could; none unless they were to be kept.
    pub points: Vec<(Point, Vec<Fault>)>,
    /// The digest over all that was recorded: the same spec gives the same.
    pub chain: String,
    /// The journal, for whoever looks into a failure.
    pub journal: Vec<Event>,
}

pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) is_good: bool,
    pub(crate) subject: Arc<Subject>,
    pub(crate) id: RunId,
    pub(crate) fates: Fates,
    pub(crate) now: u64,
    pub(crate) queue: Queue,
    pub(crate) store: Store,
    pub(crate) workers: Vec<Worker>,
    pub(crate) ledger: Ledger,
    pub(crate) jobs: Jobs,
    pub(crate) watch: Watch,
    pub(crate) counts: Counts,
    /// When the last fault happened, or somebody did something.
    pub(crate) disturbed: u64,
    person: Person,
    appends: u64,
    mails: u64,
    /// When a worker was last seen to be about to write what it had looked at before it fell asleep.
    wrote: u64,
    /// When a slow person says what was asked for.
    says_at: u64,
    /// When the run came to its end.
    ended: Option<u64>,
}

/// Lets one world happen.
///
/// # Errors
/// The run can't begin: its contract isn't ready to be run, or takes no input that could be made.
pub fn run(subject: &Arc<Subject>, spec: Spec) -> Result<Outcome, String> {
    let mut world = World::new(subject.clone(), spec);
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
    fn new(subject: Arc<Subject>, spec: Spec) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&spec.seed.to_be_bytes());
        let id = RunId::from_bytes(bytes);
        let fates = Fates::new(spec.seed, spec.faults, spec.keeps_points);
        Self {
            seed: spec.seed,
            mutant: spec.mutant,
            is_good: spec.is_good,
            watch: Watch::new(subject.clone()),
            subject,
            id,
            now: 0,
            queue: Queue::default(),
            store: Store::new(id),
            workers: (0..WORKERS).map(|_| Worker::default()).collect(),
            ledger: Ledger::default(),
            jobs: Jobs::default(),
            counts: Counts::default(),
            disturbed: if fates.is_rough(0) { FAULTS } else { 0 },
            fates,
            person: Person::default(),
            appends: 0,
            mails: 0,
            wrote: 0,
            says_at: 0,
            ended: None,
        }
    }

    fn begin(&mut self) -> Result<(), String> {
        let input = self.subject.input(self.seed);
        let start = Start { workflow: self.subject.workflow.name.to_string(), input, ..Start::default() };
        let run = Run::new(self.subject.plan.clone(), self.id);
        let events = run.start(start, time(0)).map_err(|refused| refused.to_string())?;
        self.store.write(&events);
        let events = Arc::new(events);
        self.watch.acknowledged(&events);
        for event in events.iter() {
            self.watch.landed(0, event);
        }
        let mut random = Random::at(self.seed, "begin");
        for worker in 0..WORKERS {
            self.queue.at(random.between(0, LOOK), Happening::Looks(worker));
        }
        self.queue.at(PERSON, Happening::PersonLooks);
        self.queue.at(random.between(20, 1_500), Happening::Moment(0));
        Ok(())
    }

    /// What breaks here; it is counted, and the run may need time to get over it.
    pub(crate) fn fate(
        &mut self,
        boundary: Boundary,
        what: &str,
        could: impl Fn() -> Vec<Fault>,
    ) -> (Option<Fault>, Random) {
        let (fault, random) = self.fates.at(self.now, boundary, what, could);
        if let Some(fault) = fault {
            self.counts.broken(boundary, fault);
            self.disturb(self.now);
        }
        (fault, random)
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
        if let Some(who) = happening.whose() {
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
            Happening::Commits(who, append) => self.commit_late(who, append),
            Happening::Answers(who, append, answered) => self.answered(who, append, answered),
            Happening::LandsLate(append) => _ = self.land(&append),
            Happening::Leaves(who, debt, leaving) => self.leave(who, debt, leaving),
            Happening::Writes(who, debt) => {
                self.wrote = self.now;
                self.write(who, debt);
            }
            Happening::CallArrives(who, call) => self.call_arrives(who, *call),
            Happening::TakesEffect(call) => _ = self.take_effect(&call),
            Happening::Finishes(call) => self.finish(&call),
            Happening::PollArrives(who, poll) => self.poll_arrives(who, &poll),
            Happening::AskArrives(who, ask) => self.ask_arrives(who, &ask),
            Happening::Returns(who, command) => self.tell(who, *command),
            Happening::Wakes(who, until) => self.wake(who, until),
            Happening::PersonLooks => self.person_looks(),
            Happening::PersonSays(mail) => self.post(mail, false),
            Happening::Moment(count) => self.moment(count),
            Happening::Dies(who) => self.die(who.worker),
            Happening::Sleeps(who, until) => self.stall(who.worker, until),
            Happening::Restarts(worker) => self.restart(worker),
        }
    }

    fn look(&mut self, at: usize) {
        let clock = self.clock(at);
        let Some(worker) = self.workers.get_mut(at) else { return };
        let next = match (worker.looks_until, self.store.is_idle()) {
            (until, _) if until > self.now => None,
            (_, true) => Some(self.now + LOOK_IDLE),
            _ => Some(self.now + LOOK),
        };
        // A look that was asked for beside the others is one, and begins no second chain of them.
        let Some(next) = next else { return };
        worker.looks_until = next;
        self.queue.at(next, Happening::Looks(at));
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
        if self.mutant == Some(Mutant::NoTakeover) && self.workers.iter().any(|worker| worker.life > 0) {
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
        live.tell_time(self.clock(who.worker));
        if let Some(worker) = self.workers.get_mut(who.worker) {
            worker.live = Some(live);
        }
        self.think(who);
    }

    /// The run, as its journal tells it.
    pub(crate) fn replay(&mut self) -> Option<Run> {
        let fresh = Run::new(self.subject.plan.clone(), self.id);
        let folded = match self.store.load() {
            Ok(events) => {
                let folded = events.iter().try_fold(fresh, Run::evolve);
                folded.map_err(|illegal| format!("the journal does not fold: {illegal}"))
            }
            Err(error) => Err(format!("the journal can't be read: {error}")),
        };
        let run = match folded {
            Ok(run) => run,
            Err(told) => {
                self.watch.broke(Law::SameAgain, self.now, told);
                return None;
            }
        };
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
            let events: &mut Vec<Event> = Arc::make_mut(&mut kept.events);
            crate::perform::spoil(events);
        }
        if let Err(refused) = self.store.land(&kept, self.mutant) {
            self.counts.fenced += u64::from(refused == crate::store::Refused::Fenced);
            return Answered::Refused(refused);
        }
        for event in kept.events.iter() {
            self.watch.landed(self.now, event);
        }
        self.watch.accounted(self.now);
        if append.status.is_ended() {
            self.ended = Some(self.now);
        }
        Answered::Confirmed
    }

    /// Whether a worker lives, and in this life.
    fn is_alive_as(&self, who: Who) -> bool {
        self.workers.get(who.worker).is_some_and(|worker| !worker.is_dead && worker.life == who.life)
    }

    fn person_looks(&mut self) {
        let is_hasty = self.mutant == Some(Mutant::HastyPerson);
        self.queue.at(self.now + if is_hasty { PERSON / 10 } else { PERSON }, Happening::PersonLooks);
        // What was said once is waited for.
        if !self.store.mailbox.is_empty() || self.says_at > self.now {
            return;
        }
        let status = self.store.status.clone();
        if self
            .queue
            .has(|happening| matches!(happening, Happening::Writes(who, _) if self.is_alive_as(*who)))
        {
            self.wrote = self.now;
        }
        let seen = Seen {
            subject: &self.subject,
            seed: self.seed,
            is_good: self.is_good,
            status: &status,
            watch: &self.watch,
            ledger: &self.ledger,
            now: time(self.now),
            awake: time(self.wrote),
            is_hasty,
        };
        for mail in self.person.act(&seen) {
            let what = asked_for(&mail);
            match &mail {
                Mail::Settle { .. } => self.counts.settled += 1,
                Mail::Raise { .. } => self.counts.raised += 1,
                _ => {}
            }
            let (fault, _) = self.fate(Boundary::AtPerson, &what, || vec![Fault::SaidTwice, Fault::SaidLate]);
            if fault == Some(Fault::SaidLate) {
                self.says_at = self.now + PERSON_SLOW;
                self.queue.at(self.says_at, Happening::PersonSays(mail));
            } else {
                self.post(mail, fault == Some(Fault::SaidTwice));
            }
        }
    }

    /// Puts a row to the mailbox, and knocks; a person who hears nothing puts it there again.
    pub(crate) fn post(&mut self, mail: Mail, twice: bool) {
        self.disturb(self.now);
        self.mails += 1;
        let row = MailRow { id: CommandId::new(format!("mail-{}", self.mails)), at: time(self.now), mail };
        if twice {
            self.store.put_mail(row.clone());
        }
        self.store.put_mail(row);
        for (at, worker) in self.workers.iter_mut().enumerate() {
            worker.looks_until = 0;
            self.queue.at(self.now + 1, Happening::Looks(at));
        }
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
        let quiet = LEASE + NETWORK_MAX + TOOL_OVERRUN;
        self.ended.is_some_and(|ended| self.now > ended.max(self.disturbed) + quiet)
    }

    fn end(mut self) -> Outcome {
        let journal = self.store.load().map(<[Event]>::to_vec).unwrap_or_default();
        if self.ended.is_none() {
            let told = format!("it never came to its end; it is {}", self.store.status.name());
            self.watch.broke(Law::NeverLost, self.now, told);
        }
        self.watch.end(self.now, &journal, self.store.known_mail(), &self.ledger);
        // Same again, at every place where somebody saw it.
        let mut run = Some(Run::new(self.subject.plan.clone(), self.id));
        for event in &journal {
            run = run.and_then(|run| run.evolve(event).ok());
            let (now, Some(run)) = (self.now, &run) else { break };
            self.watch.saw_again(now, run);
        }
        self.counts.events = self.store.seq();
        Outcome {
            seed: self.seed,
            broken: self.watch.broken,
            status: self.store.status.clone(),
            counts: self.counts,
            told: self.watch.told,
            happened: self.fates.happened,
            points: self.fates.visited.unwrap_or_default(),
            chain: self.store.chain().to_string(),
            journal,
        }
    }
}

/// What the person was asked for.
fn asked_for(mail: &Mail) -> String {
    match mail {
        Mail::Settle { call, .. } => format!("a word on {call}"),
        Mail::Raise { limit, .. } => format!("more {}", limit.name()),
        Mail::Resume { .. } => "a mended account".into(),
        Mail::Retry { call, .. } => format!("another try at {call}"),
        Mail::Accept { call, .. } => format!("leave for {call} to stand"),
        Mail::Answer { id, role, .. } => {
            format!("an answer to {id} of {}", role.as_deref().unwrap_or("anybody"))
        }
        Mail::Say { to: Some(id), .. } => format!("a word to {id}"),
        Mail::Say { text, .. } => text.clone(),
        Mail::Leave => "a farewell".into(),
        _ => "the end".into(),
    }
}

/// A moment of the world, as workers' clocks tell it.
pub(crate) fn time(ms: u64) -> Timestamp {
    const BIRTH_MS: i64 = 1_700_000_000_000;
    Timestamp::from_millisecond(BIRTH_MS.saturating_add_unsigned(ms)).unwrap_or(Timestamp::MAX)
}
