//! A run as tests tell it: where it stands, and the next append.

use handfast_events::{
    AppendId, Body, CommandId, Digest, Epoch, Event, Head, Mail, RunId, RunStarted, Salt, Seq, Status,
    StepId, StepSkipped, Timestamp,
};
use handfast_store::{Append, Hold, MailRow, RunBirth};
use uuid::Uuid;

/// A time of the tests' own: `second` seconds after it began.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// One run.
#[derive(Clone)]
pub(crate) struct Tale {
    pub(crate) run: RunId,
    pub(crate) salt: Salt,
    pub(crate) head: Head,
    pub(crate) epoch: Epoch,
}

impl Tale {
    /// One that hasn't begun.
    pub(crate) fn new() -> Self {
        let salt = Salt(*Uuid::now_v7().as_bytes());
        Self { run: RunId::new(Uuid::now_v7()), salt, head: Head::default(), epoch: Epoch(0) }
    }

    /// Its beginning.
    pub(crate) fn begin(&self) -> Append {
        let started = RunStarted {
            contract: "shop".into(),
            version: "1".into(),
            digest: Digest::of(b"shop"),
            workflow: "ticket".into(),
            input: serde_json::json!({ "ticket": 7 }),
            key: None,
            folder: "/contracts".into(),
            model: None,
            settings: Default::default(),
        };
        let birth = RunBirth { contract: "shop".into(), workflow: "ticket".into(), started: at(0) };
        Append { start: Some(birth), ..self.append(vec![started.into()]) }
    }

    /// Its next append, with one event for each text.
    pub(crate) fn then(&self, texts: &[&str]) -> Append {
        let skipped = |text: &&str| Body::from(StepSkipped { why: (*text).into() });
        self.append(texts.iter().map(skipped).collect())
    }

    fn append(&self, bodies: Vec<Body>) -> Append {
        let events = (self.head.seq.0 + 1..).zip(bodies).map(|(seq, body)| Event {
            seq: Seq(seq),
            time: at(i64::try_from(seq).unwrap()),
            step: Some(StepId::new("order")),
            call: None,
            body,
        });
        Append {
            id: AppendId::new(Uuid::now_v7()),
            run: self.run,
            follows: self.head,
            epoch: self.epoch,
            salt: self.salt,
            events: events.collect(),
            status: Status::Running,
            wake_at: None,
            hold: Hold::Keep,
            taken: Vec::new(),
            claims: Vec::new(),
            start: None,
        }
    }

    /// Mail for it.
    pub(crate) fn mail(&self, id: &str) -> MailRow {
        let mail = Mail::Cancel { reason: "enough".into() };
        MailRow { id: CommandId::new(id), run: self.run, who: "ann".into(), at: at(5), mail }
    }
}
