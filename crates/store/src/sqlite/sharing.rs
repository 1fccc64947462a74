//! What doesn't belong to one run's journal: mail before it is taken in, claims, contracts.

use std::sync::Arc;

use handfast_events::{CommandId, Digest, RunId, Seq, Sources};
use rusqlite::{Connection, OptionalExtension as _};

use super::codec::{is_value_wrong, json, run as run_of, size, time, uint};
use super::reading::Read;
use crate::{Claim, LoadError, MailError, MailRow, Posted, WriteError};

/// Puts a row, once. `mail` is its body as JSON.
pub(super) fn put_mail(
    db: &Connection,
    row: &MailRow,
    mail: &str,
) -> rusqlite::Result<Result<Posted, MailError>> {
    let sql = "INSERT INTO mailbox (id, run, who, at, mail) SELECT ?1, ?2, ?3, ?4, ?5 \
               WHERE EXISTS (SELECT 1 FROM runs WHERE run = ?2) ON CONFLICT (id) DO NOTHING";
    let values = (row.id.as_str(), row.run.as_bytes(), &row.who, row.at.as_microsecond(), mail);
    if db.prepare_cached(sql)?.execute(values)? == 1 {
        return Ok(Ok(Posted::New));
    }
    let is_known = db.prepare_cached("SELECT 1 FROM mailbox WHERE id = ?1")?.exists([row.id.as_str()])?;
    Ok(if is_known { Ok(Posted::Known) } else { Err(MailError::NotFound { run: row.run }) })
}

/// The rows that nobody took in yet.
pub(super) fn mail(db: &Connection, run: RunId) -> Read<Vec<MailRow>> {
    let sql = "SELECT id, who, at, mail FROM mailbox WHERE run = ?1 AND taken_seq IS NULL ORDER BY position";
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map([run.as_bytes()], |row| {
        let id = CommandId::new(row.get::<_, String>(0)?);
        Ok(MailRow { id, run, who: row.get(1)?, at: time(row, 2)?, mail: json(row, 3)? })
    })?;
    match rows.collect() {
        Ok(rows) => Ok(Ok(rows)),
        // That run's trouble, and nobody else's.
        Err(error) if is_value_wrong(&error) => Ok(Err(LoadError::Mail { run, cause: Arc::new(error) })),
        Err(error) => Err(error),
    }
}

/// The runs that have such rows.
pub(super) fn mailed(db: &Connection, limit: usize) -> rusqlite::Result<Vec<RunId>> {
    // Mail that came after a run's end stays where it is, but for what was heard late of its calls.
    let sql = "SELECT mail.run FROM mailbox mail CROSS JOIN runs ON runs.run = mail.run WHERE taken_seq IS NULL \
               AND (mail LIKE '{\"late\":%' OR \
               status NOT IN ('\"done\"', '\"failed\"', '\"cancelled\"', '\"killed\"')) \
               GROUP BY mail.run ORDER BY min(position) LIMIT ?1";
    db.prepare_cached(sql)?.query_map([size(limit)], |row| run_of(row, 0))?.collect()
}

/// A claim as it stands.
pub(super) fn claim(db: &Connection, name: &str) -> rusqlite::Result<Option<Claim>> {
    let sql = "SELECT name, run, seq, value, changed FROM claims WHERE name = ?1";
    db.prepare_cached(sql)?.query_row([name], claim_of).optional()
}

/// All claims whose names begin so.
pub(super) fn claims(db: &Connection, prefix: &str) -> rusqlite::Result<Vec<Claim>> {
    let sql =
        "SELECT name, run, seq, value, changed FROM claims WHERE name >= ?1 AND name < ?2 ORDER BY name";
    let behind = format!("{prefix}\u{10ffff}");
    db.prepare_cached(sql)?.query_map((prefix, behind), claim_of)?.collect()
}

fn claim_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Claim> {
    let seq = Seq(uint(row, 2)?);
    Ok(Claim { name: row.get(0)?, run: run_of(row, 1)?, seq, value: row.get(3)?, changed: time(row, 4)? })
}

/// Keeps a contract's sources; the same digest is the same contract, except for where its folder is now.
pub(super) fn put_contract(
    db: &Connection,
    digest: Digest,
    sources: &str,
) -> rusqlite::Result<Result<Digest, WriteError>> {
    let sql = "INSERT INTO contracts (digest, sources) VALUES (?1, ?2) ON CONFLICT (digest) DO UPDATE SET sources = ?2";
    db.prepare_cached(sql)?.execute((digest.as_bytes(), sources))?;
    Ok(Ok(digest))
}

/// The sources with this digest.
pub(super) fn contract(db: &Connection, digest: Digest) -> rusqlite::Result<Option<Sources>> {
    let sql = "SELECT sources FROM contracts WHERE digest = ?1";
    db.prepare_cached(sql)?.query_row([digest.as_bytes()], |row| json(row, 0)).optional()
}
