//! Who may write to which run.

use handfast_events::{Epoch, Format, RunId, Status, Timestamp};
use rusqlite::{Connection, OptionalExtension as _};

use super::codec::{int, run as run_of, size, uint};
use crate::{Lease, TakeError, Worker, WriteError};

/// Runs whose time has come, and that nobody holds.
const DUE: &str = "SELECT run, epoch FROM runs WHERE ready <= ?1 AND ready IS NOT NULL AND worker IS NULL AND \
                   aside = 0 AND format <= ?2 ORDER BY ready LIMIT ?3";

/// Runs whose time has not come, but that have mail, and that nobody holds. Mail that came after a run's end moves nothing,
/// but for what was heard late of its calls.
const MAILED: &str = "SELECT runs.run, epoch FROM (SELECT run, max(mail LIKE '{\"late\":%') late FROM mailbox \
                      WHERE taken_seq IS NULL GROUP BY run) mail \
                      CROSS JOIN runs ON runs.run = mail.run WHERE worker IS NULL AND aside = 0 AND format <= ?1 AND \
                      (late OR status NOT IN ('\"done\"', '\"failed\"', '\"cancelled\"', '\"killed\"')) AND \
                      NOT (ready IS NOT NULL AND ready <= ?2) LIMIT ?3";

const NEXT_WAKE: &str =
    "SELECT min(ready) FROM runs WHERE ready IS NOT NULL AND worker IS NULL AND aside = 0";

/// A run that was set aside and did not get as far as an append of its new holder is set aside again.
const RELEASE_ALL: &str = "UPDATE runs SET worker = NULL, aside = aside OR status = '\"quarantined\"' \
                           WHERE worker IS NOT NULL";

/// Takes runs that can move and that nobody holds.
pub(super) fn take(
    db: &Connection,
    worker: &Worker,
    limit: usize,
    now: Timestamp,
) -> rusqlite::Result<Result<Vec<Lease>, TakeError>> {
    let mut found = Vec::new();
    let known = Format::CURRENT.0;
    let mut due = db.prepare_cached(DUE)?;
    let rows = due.query_map((now.as_microsecond(), known, size(limit)), lease)?;
    found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    let mut mailed = db.prepare_cached(MAILED)?;
    let rest = size(limit.saturating_sub(found.len()));
    let rows = mailed.query_map((known, now.as_microsecond(), rest), lease)?;
    found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    for lease in &found {
        hold(db, worker, *lease)?;
    }
    Ok(Ok(found))
}

/// A run's lease as it would be, once taken.
fn lease(row: &rusqlite::Row<'_>) -> rusqlite::Result<Lease> {
    Ok(Lease { run: run_of(row, 0)?, epoch: Epoch(uint(row, 1)? + 1) })
}

fn hold(db: &Connection, worker: &Worker, lease: Lease) -> rusqlite::Result<()> {
    let sql = "UPDATE runs SET worker = ?1, epoch = ?2, aside = 0 WHERE run = ?3";
    db.prepare_cached(sql)?.execute((worker.as_str(), int(lease.epoch.0), lease.run.as_bytes()))?;
    Ok(())
}

/// Takes one run by name.
pub(super) fn take_run(
    db: &Connection,
    worker: &Worker,
    run: RunId,
) -> rusqlite::Result<Result<Lease, TakeError>> {
    let sql = "SELECT run, epoch, worker, format FROM runs WHERE run = ?1";
    let found = db
        .prepare_cached(sql)?
        .query_row([run.as_bytes()], |row| {
            Ok((lease(row)?, row.get::<_, Option<String>>(2)?, row.get::<_, i64>(3)?))
        })
        .optional()?;
    let Some((lease, holder, format)) = found else { return Ok(Err(TakeError::NotFound { run })) };
    if let Some(worker) = holder {
        return Ok(Err(TakeError::Held { run, worker }));
    }
    if format > i64::from(Format::CURRENT.0) {
        return Ok(Err(TakeError::TooNew { run }));
    }
    hold(db, worker, lease)?;
    Ok(Ok(lease))
}

/// Lets go of a run; see [`RELEASE_ALL`] for one that was set aside.
pub(super) fn release(db: &Connection, lease: Lease) -> rusqlite::Result<Result<(), WriteError>> {
    let sql = "UPDATE runs SET worker = NULL, aside = aside OR status = '\"quarantined\"' \
               WHERE run = ?1 AND epoch = ?2";
    db.prepare_cached(sql)?.execute((lease.run.as_bytes(), int(lease.epoch.0)))?;
    Ok(Ok(()))
}

/// Sets a run aside.
pub(super) fn quarantine(db: &Connection, lease: Lease) -> rusqlite::Result<Result<(), WriteError>> {
    let status = serde_json::to_string(&Status::Quarantined)
        .map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))?;
    let sql = "UPDATE runs SET worker = NULL, ready = NULL, wake_at = NULL, aside = 1, status = ?3 \
               WHERE run = ?1 AND epoch = ?2";
    db.prepare_cached(sql)?.execute((lease.run.as_bytes(), int(lease.epoch.0), status))?;
    Ok(Ok(()))
}

/// Lets go of whatever a process held that is dead now. Whoever holds the lock is alone, so all others are.
pub(super) fn release_all(db: &Connection) -> rusqlite::Result<()> {
    db.execute(RELEASE_ALL, [])?;
    Ok(())
}

/// The earliest time at which a run that nobody holds moves by itself.
pub(super) fn next_wake(db: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    db.prepare_cached(NEXT_WAKE)?.query_row([], |row| super::codec::time_or_none(row, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_for_work_reads_no_run_that_sleeps() {
        let db = Connection::open_in_memory().unwrap();
        super::super::schema::migrate(&db).unwrap();
        let plan = |sql: &str| {
            let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let mut rows = statement.raw_query();
            let mut plan = String::new();
            while let Some(row) = rows.next().unwrap() {
                plan.push_str(&row.get::<_, String>(3).unwrap());
                plan.push('\n');
            }
            plan
        };
        for (sql, index) in [
            (DUE, "runs_ready"),
            (MAILED, "mailbox_untaken"),
            (NEXT_WAKE, "runs_ready"),
            (RELEASE_ALL, "runs_held"),
        ] {
            let plan = plan(sql);
            assert!(plan.contains(index) && !plan.contains("SCAN runs\n"), "{sql}\n{plan}");
        }
    }
}
