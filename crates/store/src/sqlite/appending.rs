//! One append within the writer's transaction: first every condition, then every change.

use handfast_events::{
    AppendId, CommandId, Digest, Epoch, Format, Head, RunId, Salt, Seq, Status, Timestamp, Waits,
};
use rusqlite::{Connection, OptionalExtension as _};

use super::codec::{int, run as run_of, uint};
use crate::lines::Encoded;
use crate::{Append, AppendError, ClaimChange, ClaimSet, Expected, Hold, RunBirth};

/// An append as the writer gets it: all that can be computed before is.
pub(super) struct Order {
    id: AppendId,
    run: RunId,
    follows: Head,
    epoch: Epoch,
    salt: Salt,
    encoded: Encoded,
    /// The lowest format that can hold these events.
    format: Format,
    status: String,
    /// From when on the run can move by itself.
    ready: Option<i64>,
    wake_at: Option<i64>,
    updated: i64,
    hold: Hold,
    taken: Vec<CommandId>,
    claims: Vec<ClaimChange>,
    start: Option<RunBirth>,
}

impl Order {
    /// Prepares an append.
    pub(super) fn new(append: &Append, encoded: Encoded) -> Result<Self, AppendError> {
        let seq = append.follows.seq;
        let status = serde_json::to_string(&append.status).map_err(|cause| AppendError::Encode {
            run: append.run,
            seq,
            cause,
        })?;
        let format = append.events.iter().map(|event| event.body.format()).max().unwrap_or(Format(1));
        let updated = append.events.last().map_or(0, |event| event.time.as_microsecond());
        Ok(Self {
            id: append.id,
            run: append.run,
            follows: append.follows,
            epoch: append.epoch,
            salt: append.salt,
            encoded,
            format,
            status,
            ready: ready(&append.status, append.wake_at).map(Timestamp::as_microsecond),
            wake_at: append.wake_at.map(Timestamp::as_microsecond),
            updated,
            hold: append.hold,
            taken: append.taken.clone(),
            claims: append.all_claims(),
            start: append.start.clone(),
        })
    }

    /// Does it all, or refuses without having written.
    pub(super) fn apply(&self, db: &Connection) -> rusqlite::Result<Result<Head, AppendError>> {
        if !self.claims.is_empty() || !self.taken.is_empty() {
            // An append that landed already has changed its claims itself: the conflict is the better answer.
            if let Some(refusal) = self.stands_elsewhere(db)? {
                return Ok(Err(refusal));
            }
            if let Some(refusal) = self.claims_differ(db)? {
                return Ok(Err(refusal));
            }
            if let Some(refusal) = self.mail_is_gone(db)? {
                return Ok(Err(refusal));
            }
        }
        let moved = if let Some(birth) = &self.start { self.begin(db, birth)? } else { self.advance(db)? };
        if !moved {
            let refusal = self.stands_elsewhere(db)?;
            return Ok(Err(
                refusal.unwrap_or(AppendError::Malformed { run: self.run, why: "its salt is not the run's" })
            ));
        }
        self.write_events(db)?;
        self.write_claims(db)?;
        self.write_mail(db)?;
        Ok(Ok(self.encoded.head))
    }

    /// Why the run can't be advanced, as far as its row tells.
    fn stands_elsewhere(&self, db: &Connection) -> rusqlite::Result<Option<AppendError>> {
        let run = self.run;
        let sql = "SELECT seq, chain, epoch, worker IS NOT NULL FROM runs WHERE run = ?1";
        let found = db
            .prepare_cached(sql)?
            .query_row([run.as_bytes()], |row| {
                let head = Head { seq: Seq(uint(row, 0)?), chain: Digest::from_bytes(row.get(1)?) };
                Ok((head, Epoch(uint(row, 2)?), row.get::<_, bool>(3)?))
            })
            .optional()?;
        let refusal = match (found, &self.start) {
            (None, Some(_)) => None,
            (None, None) => Some(AppendError::NotFound { run }),
            (Some((head, ..)), Some(_)) => {
                Some(AppendError::Conflict { run, expected: Seq::default(), found: head.seq })
            }
            (Some((_, epoch, is_held)), None) if epoch != self.epoch || !is_held => {
                Some(AppendError::Fenced { run, epoch: self.epoch, found: epoch })
            }
            (Some((head, ..)), None) if head != self.follows => {
                Some(AppendError::Conflict { run, expected: self.follows.seq, found: head.seq })
            }
            (Some(_), None) => None,
        };
        Ok(refusal)
    }

    /// Makes the run's row; false if there is one.
    fn begin(&self, db: &Connection, birth: &RunBirth) -> rusqlite::Result<bool> {
        let sql = "INSERT INTO runs (run, seq, chain, epoch, salt, format, status, contract, workflow, started, updated, \
                   wake_at, ready) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
                   ON CONFLICT (run) DO NOTHING";
        let rows = db.prepare_cached(sql)?.execute((
            self.run.as_bytes(),
            int(self.encoded.head.seq.0),
            self.encoded.head.chain.as_bytes(),
            self.salt.0,
            self.format.0,
            &self.status,
            &birth.contract,
            &birth.workflow,
            birth.started.as_microsecond(),
            self.updated,
            self.wake_at,
            self.ready,
        ))?;
        Ok(rows == 1)
    }

    /// Moves the run's row; false if it is not as the append says.
    fn advance(&self, db: &Connection) -> rusqlite::Result<bool> {
        let Head { seq, chain } = self.encoded.head;
        let run = self.run.as_bytes();
        if self.hold == Hold::Keep {
            // What most appends are: the run goes on as it was, and no index is touched.
            let sql = "UPDATE runs SET seq = ?1, chain = ?2, updated = ?3, format = max(format, ?4) WHERE run = ?5 AND seq = ?6 AND \
                       chain = ?7 AND epoch = ?8 AND salt = ?9 AND worker IS NOT NULL AND status = ?10 AND wake_at IS ?11";
            let rows = db.prepare_cached(sql)?.execute((
                int(seq.0),
                chain.as_bytes(),
                self.updated,
                self.format.0,
                run,
                int(self.follows.seq.0),
                self.follows.chain.as_bytes(),
                int(self.epoch.0),
                self.salt.0,
                &self.status,
                self.wake_at,
            ))?;
            if rows == 1 {
                return Ok(true);
            }
        }
        let sql = "UPDATE runs SET seq = ?1, chain = ?2, updated = ?3, format = max(format, ?4), status = ?10, wake_at = ?11, \
                   ready = ?12, worker = CASE WHEN ?13 THEN worker END WHERE run = ?5 AND seq = ?6 AND chain = ?7 AND \
                   epoch = ?8 AND salt = ?9 AND worker IS NOT NULL";
        let rows = db.prepare_cached(sql)?.execute((
            int(seq.0),
            chain.as_bytes(),
            self.updated,
            self.format.0,
            run,
            int(self.follows.seq.0),
            self.follows.chain.as_bytes(),
            int(self.epoch.0),
            self.salt.0,
            &self.status,
            self.wake_at,
            self.ready,
            self.hold == Hold::Keep,
        ))?;
        Ok(rows == 1)
    }

    fn write_events(&self, db: &Connection) -> rusqlite::Result<()> {
        let sql = "INSERT INTO journal (run, seq, count, append, chain, envelopes, payloads) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        db.prepare_cached(sql)?.execute((
            self.run.as_bytes(),
            int(self.encoded.first.0),
            int(self.encoded.count),
            self.id.as_bytes(),
            self.encoded.head.chain.as_bytes(),
            &self.encoded.envelopes,
            &self.encoded.payloads,
        ))?;
        for (digest, bytes) in &self.encoded.spilled {
            let sql = "INSERT INTO payloads (run, digest, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
            db.prepare_cached(sql)?.execute((self.run.as_bytes(), digest.as_bytes(), bytes))?;
        }
        Ok(())
    }

    /// The first claim that is not as expected. Two changes of one name are held against the same row.
    fn claims_differ(&self, db: &Connection) -> rusqlite::Result<Option<AppendError>> {
        for change in &self.claims {
            let sql = "SELECT run, value FROM claims WHERE name = ?1";
            let read = |row: &rusqlite::Row<'_>| Ok((run_of(row, 0)?, row.get::<_, String>(1)?));
            let found = db.prepare_cached(sql)?.query_row([&change.name], read).optional()?;
            let is_so = match (&change.expected, &found) {
                (Expected::Absent, found) => found.is_none(),
                (Expected::HeldBy(run), Some((by, _))) => by == run,
                (Expected::Is(wanted), Some((_, value))) => value == wanted,
                (Expected::Digest(wanted), Some((_, value))) => Digest::of(value.as_bytes()) == *wanted,
                (Expected::HeldBy(_) | Expected::Is(_) | Expected::Digest(_), None) => false,
            };
            if !is_so {
                let by = found.map(|(by, _)| by);
                return Ok(Some(AppendError::ClaimHeld { name: change.name.clone(), by }));
            }
        }
        Ok(None)
    }

    fn write_claims(&self, db: &Connection) -> rusqlite::Result<()> {
        for change in &self.claims {
            match &change.set {
                ClaimSet::Keep => {}
                ClaimSet::Free => {
                    db.prepare_cached("DELETE FROM claims WHERE name = ?1")?.execute([&change.name])?;
                }
                ClaimSet::To(value) => {
                    let sql = "INSERT INTO claims (name, run, seq, value, changed) VALUES (?1, ?2, ?3, ?4, ?5) \
                               ON CONFLICT (name) DO UPDATE SET run = ?2, seq = ?3, value = ?4, changed = ?5";
                    let seq = int(self.encoded.head.seq.0);
                    let row = (&change.name, self.run.as_bytes(), seq, value, self.updated);
                    db.prepare_cached(sql)?.execute(row)?;
                }
            }
        }
        Ok(())
    }

    /// The first row of the mailbox that doesn't wait for this run.
    fn mail_is_gone(&self, db: &Connection) -> rusqlite::Result<Option<AppendError>> {
        for id in &self.taken {
            let sql = "SELECT 1 FROM mailbox WHERE id = ?1 AND run = ?2 AND taken_seq IS NULL";
            if !db.prepare_cached(sql)?.exists((id.as_str(), self.run.as_bytes()))? {
                return Ok(Some(AppendError::MailGone { run: self.run, id: id.clone() }));
            }
        }
        Ok(None)
    }

    fn write_mail(&self, db: &Connection) -> rusqlite::Result<()> {
        for id in &self.taken {
            let sql = "UPDATE mailbox SET taken_seq = ?1 WHERE id = ?2";
            db.prepare_cached(sql)?.execute((int(self.encoded.head.seq.0), id.as_str()))?;
        }
        Ok(())
    }
}

/// From when on a run can move without anybody's help. What can move at once could since the beginning of time, so that
/// a clock that was set back strands nothing.
fn ready(status: &Status, wake_at: Option<Timestamp>) -> Option<Timestamp> {
    match status {
        Status::Running | Status::Compensating => Some(Timestamp::UNIX_EPOCH),
        Status::Waiting(Waits::Retry { until } | Waits::Claim { until, .. } | Waits::Call { until }) => {
            Some(wake_at.unwrap_or(*until))
        }
        ended if ended.is_ended() => None,
        Status::Quarantined => None,
        _ => wake_at,
    }
}
