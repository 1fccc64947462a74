//! Runs and their journals, read back.

use handfast_events::{AppendId, Digest, Format, RunId, Salt, Seq, StoredEvent};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::codec::{RUN_COLUMNS, digest, int, is_value_wrong, run as run_of, run_row, size, uint};
use crate::journal::{StoredAppend, Verifier, is_known, refuse};
use crate::limits::{CANDIDATES_MAX, ROWS_MAX};
use crate::{
    Checked, Damage, Fed, FoundRun, Journal, LoadError, Position, RunFilter, RunRow, StatusFilter,
    VerifyReport, lines,
};

/// What is read, or what is wrong with the run; the database's own errors are outside.
pub(super) type Read<T> = rusqlite::Result<Result<T, LoadError>>;

/// One run's row.
pub(super) fn run(db: &Connection, run: RunId) -> rusqlite::Result<Option<RunRow>> {
    let sql = format!("SELECT {RUN_COLUMNS} FROM runs WHERE run = ?1");
    db.prepare_cached(&sql)?.query_row([run.as_bytes()], run_row).optional()
}

/// Lists runs, the youngest first. A status is kept as it is told, not as it is sought, so the database only leaves out what
/// can't be meant: of many runs most are passed over without being read.
pub(super) fn runs(db: &Connection, filter: &RunFilter) -> rusqlite::Result<Vec<RunRow>> {
    let sql = format!(
        "SELECT {RUN_COLUMNS} FROM runs WHERE (?1 IS NULL OR run < ?1) AND (?2 IS NULL OR workflow = ?2) AND \
         (?3 IS NULL OR contract = ?3) AND (?4 IS NULL OR started >= ?4) AND \
         (?5 IS NULL OR instr(status, ?5) > 0 OR format > ?6) ORDER BY run DESC"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let before = filter.before.as_ref().map(RunId::as_bytes);
    let since = filter.since.map(|since| since.as_microsecond());
    let word = filter.status.as_ref().map(StatusFilter::word);
    let known = Format::CURRENT.0;
    let values = (before, &filter.workflow, &filter.contract, since, word, known);
    let rows = statement.query_map(values, run_row)?;
    let limit = if filter.limit == 0 { ROWS_MAX } else { filter.limit.min(ROWS_MAX) };
    let is_wanted = |row: &rusqlite::Result<RunRow>| match (row, &filter.status) {
        (Ok(row), Some(wanted)) => wanted.accepts(&row.status),
        _ => true,
    };
    rows.filter(is_wanted).take(limit).collect()
}

/// Finds a run by the beginning or the end of its id.
pub(super) fn find_run(db: &Connection, text: &str) -> rusqlite::Result<FoundRun> {
    let digits: String = text.chars().filter(|digit| *digit != '-').collect::<String>().to_ascii_lowercase();
    if digits.is_empty() || digits.len() > 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(FoundRun::None);
    }
    let sql = "SELECT run FROM runs WHERE lower(hex(run)) LIKE ?1 || '%' OR lower(hex(run)) LIKE '%' || ?1 \
               ORDER BY run DESC LIMIT ?2";
    let mut statement = db.prepare_cached(sql)?;
    let found = statement.query_map((digits, size(CANDIDATES_MAX)), |row| run_of(row, 0))?;
    let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(match found.as_slice() {
        [] => FoundRun::None,
        [one] => FoundRun::One(*one),
        _ => FoundRun::Many(found),
    })
}

/// Where an append landed, if it did. A journal has no index by append: this is asked once after a disaster.
pub(super) fn find_append(db: &Connection, run: RunId, id: AppendId) -> rusqlite::Result<Option<Seq>> {
    let sql = "SELECT seq + count - 1 FROM journal WHERE run = ?1 AND append = ?2";
    let mut statement = db.prepare_cached(sql)?;
    statement.query_row((run.as_bytes(), id.as_bytes()), |row| uint(row, 0).map(Seq)).optional()
}

/// The columns of [`stored`].
const JOURNAL_COLUMNS: &str = "seq, count, chain, envelopes, payloads, run, position";

/// One append, selected by [`JOURNAL_COLUMNS`].
fn stored(db: &Connection, row: &Row<'_>) -> rusqlite::Result<StoredAppend> {
    let run: [u8; 16] = row.get(5)?;
    let envelopes = lines::envelopes(row.get_ref(3)?.as_blob()?);
    let joined = row.get_ref(4)?.as_blob_or_null()?;
    let payloads = lines::payloads(joined, envelopes.len(), |digest| large(db, &run, digest))?;
    let (first, count) = (Seq(uint(row, 0)?), uint(row, 1)?);
    Ok(StoredAppend { first, count, chain: digest(row, 2)?, envelopes, payloads })
}

/// A large payload.
fn large(db: &Connection, run: &[u8; 16], digest: Digest) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT bytes FROM payloads WHERE run = ?1 AND digest = ?2";
    db.prepare_cached(sql)?.query_row((run, digest.as_bytes()), |row| row.get(0)).optional()
}

/// An append's events, as they are; the first one that lost its payload is named.
fn events(append: StoredAppend) -> Result<Vec<StoredEvent>, (Seq, Damage)> {
    let mut events = Vec::with_capacity(append.envelopes.len());
    let mut payloads = append.payloads.into_iter();
    for (seq, envelope) in (append.first.0..).zip(append.envelopes) {
        let payload = payloads.next().flatten().ok_or((Seq(seq), Damage::PayloadMissing))?;
        events.push(StoredEvent { envelope, payload });
    }
    Ok(events)
}

/// A run's events behind `after`.
pub(super) fn read(db: &Connection, run: RunId, after: Seq, limit: usize) -> Read<Vec<StoredEvent>> {
    let sql = format!(
        "SELECT {JOURNAL_COLUMNS} FROM journal WHERE run = ?1 AND seq >= coalesce((SELECT max(seq) FROM journal \
         WHERE run = ?1 AND seq <= ?2), 0) ORDER BY seq"
    );
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query((run.as_bytes(), int(after.0.saturating_add(1))))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if found.len() >= limit.min(ROWS_MAX) {
            break;
        }
        let append = stored(db, row)?;
        let behind = usize::try_from((after.0 + 1).saturating_sub(append.first.0)).unwrap_or(usize::MAX);
        match events(append) {
            Ok(events) => found.extend(events.into_iter().skip(behind)),
            Err(damage) => return Ok(Err(refuse(run, damage))),
        }
    }
    found.truncate(limit.min(ROWS_MAX));
    Ok(Ok(found))
}

/// A whole run, verified.
pub(super) fn load(db: &Connection, run: RunId) -> Read<Journal> {
    let (row, salt) = match head(db, run)? {
        Ok(head) => head,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !is_known(row.format) {
        return Ok(Err(LoadError::TooNew { run }));
    }
    let mut verifier = Verifier::new(run, salt);
    let mut events = Vec::with_capacity(usize::try_from(row.head.seq.0).unwrap_or(0).min(ROWS_MAX));
    let found = walk(db, run, &row, &mut verifier, |stored| {
        events.push(stored.decode()?);
        Ok(())
    })?;
    Ok(match found {
        Some(damage) => Err(refuse(run, damage)),
        None => Ok(Journal { row, salt, events }),
    })
}

/// A run, held against itself; payloads are not decoded, so a newer release's run can be verified too.
pub(super) fn verify(db: &Connection, run: RunId) -> Read<VerifyReport> {
    let (row, salt) = match head(db, run)? {
        Ok(head) => head,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut verifier = Verifier::new(run, salt);
    let damaged = walk(db, run, &row, &mut verifier, |_| Ok(()))?;
    Ok(Ok(VerifyReport { run, head: verifier.head(), damaged, checked: Checked::Itself }))
}

/// A run's row and salt.
fn head(db: &Connection, run: RunId) -> Read<(RunRow, Salt)> {
    let sql = format!("SELECT {RUN_COLUMNS}, salt FROM runs WHERE run = ?1");
    let found = db
        .prepare_cached(&sql)?
        .query_row([run.as_bytes()], |row| Ok((run_row(row)?, row.get::<_, Option<[u8; 16]>>(13)?)));
    Ok(match found {
        Ok((row, Some(salt))) => Ok((row, Salt(salt))),
        Ok((_, None)) => Err(LoadError::Damaged { run, seq: Seq(1), cause: Damage::Row("its salt is gone") }),
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(LoadError::NotFound { run }),
        Err(error) if is_value_wrong(&error) => {
            Err(LoadError::Damaged { run, seq: Seq(1), cause: Damage::Row("a value that no release writes") })
        }
        Err(error) => return Err(error),
    })
}

/// Follows a run from its first append to the place that its row names.
fn walk(
    db: &Connection,
    run: RunId,
    row: &RunRow,
    verifier: &mut Verifier,
    mut each: impl FnMut(StoredEvent) -> Result<(), handfast_events::DecodeError>,
) -> rusqlite::Result<Option<(Seq, Damage)>> {
    let sql = format!("SELECT {JOURNAL_COLUMNS} FROM journal WHERE run = ?1 ORDER BY seq");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query([run.as_bytes()])?;
    while let Some(found) = rows.next()? {
        let append = match stored(db, found) {
            Ok(append) => append,
            Err(error) if is_value_wrong(&error) => {
                let damage = Damage::Row("an append's column is not what any release writes");
                return Ok(Some((verifier.head().seq.next(), damage)));
            }
            Err(error) => return Err(error),
        };
        if let Err(damage) = verifier.follow(append, &mut each) {
            return Ok(Some(damage));
        }
    }
    Ok(verifier.end(row.head).err())
}

/// Appends of all runs behind a place.
pub(super) fn feed(db: &Connection, after: Position, limit: usize) -> Read<Vec<Fed>> {
    let sql = format!("SELECT {JOURNAL_COLUMNS} FROM journal WHERE position > ?1 ORDER BY position LIMIT ?2");
    let mut statement = db.prepare_cached(&sql)?;
    let mut rows = statement.query((int(after.0), size(limit.min(ROWS_MAX))))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let run = run_of(row, 5)?;
        let position = Position(uint(row, 6)?);
        match events(stored(db, row)?) {
            Ok(events) => found.push(Fed { position, run, events }),
            Err(damage) => return Ok(Err(refuse(run, damage))),
        }
    }
    Ok(Ok(found))
}

/// The newest place of the feed.
pub(super) fn position(db: &Connection) -> rusqlite::Result<Position> {
    let sql = "SELECT coalesce(max(position), 0) FROM journal";
    db.prepare_cached(sql)?.query_row([], |row| uint(row, 0).map(Position))
}
