//! Halts: claims of nobody's run, so that every worker finds them where it looks for what runs share.

use handfast_events::{Halt, HaltScope, Heeded, RunId};
use rusqlite::{Connection, OptionalExtension as _};

use super::codec::json;
use crate::WriteError;

/// What the names of their claims begin with, and the first text behind all of those.
const PREFIX: &str = "halt/";
const BEHIND: &str = "halt0";

fn name(scope: &HaltScope) -> String {
    format!("{PREFIX}{scope}")
}

/// Halts are stored as JSON; it can only fail for maps whose keys aren't text, and they have none.
fn text(halt: &Halt) -> rusqlite::Result<String> {
    serde_json::to_string(halt).map_err(|cause| rusqlite::Error::ToSqlConversionFailure(Box::new(cause)))
}

fn find(db: &Connection, scope: &HaltScope) -> rusqlite::Result<Option<Halt>> {
    let sql = "SELECT value FROM claims WHERE name = ?1";
    db.prepare_cached(sql)?.query_row([name(scope)], |row| json(row, 0)).optional()
}

/// Keeps a halt, unless there is one of its scope.
pub(super) fn halt(db: &Connection, halt: &Halt) -> rusqlite::Result<Result<Halt, WriteError>> {
    if let Some(known) = find(db, &halt.scope)? {
        return Ok(Ok(known));
    }
    let sql = "INSERT INTO claims (name, run, seq, value, changed) VALUES (?1, ?2, 0, ?3, ?4)";
    let nobody = RunId::from_bytes([0; 16]);
    let row = (name(&halt.scope), nobody.as_bytes(), text(halt)?, halt.at.as_microsecond());
    db.prepare_cached(sql)?.execute(row)?;
    Ok(Ok(halt.clone()))
}

/// Notes who heeds a halt.
pub(super) fn heed(
    db: &Connection,
    scope: &HaltScope,
    heeded: &Heeded,
) -> rusqlite::Result<Result<(), WriteError>> {
    if let Some(halt) = find(db, scope)? {
        let halt = Halt { heeded: Some(heeded.clone()), ..halt };
        let sql = "UPDATE claims SET value = ?1 WHERE name = ?2";
        db.prepare_cached(sql)?.execute((text(&halt)?, name(scope)))?;
    }
    Ok(Ok(()))
}

/// Lifts a halt.
pub(super) fn unhalt(
    db: &Connection,
    scope: &HaltScope,
) -> rusqlite::Result<Result<Option<Halt>, WriteError>> {
    let known = find(db, scope)?;
    db.prepare_cached("DELETE FROM claims WHERE name = ?1")?.execute([name(scope)])?;
    Ok(Ok(known))
}

/// What is halted. All of it: one that was left out would be sent past.
pub(super) fn halts(db: &Connection) -> rusqlite::Result<Vec<Halt>> {
    let sql = "SELECT value FROM claims WHERE name >= ?1 AND name < ?2 ORDER BY name";
    db.prepare_cached(sql)?.query_map((PREFIX, BEHIND), |row| json(row, 0))?.collect()
}
