//! The tables, and how a file gets them: an ordered list of scripts, each remembered by its digest.

use handfast_events::Digest;
use rusqlite::Connection;

/// `HFst`: says that a file of SQLite is a store of ours.
const APPLICATION_ID: i64 = 0x4846_7374;

/// The scripts in their order. One that was released is never changed.
const SCRIPTS: [&str; 1] = [include_str!("schema/0001.sql")];

/// What a file is, before it is touched.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is in it.
    Empty,
    /// A store of this release or an older one.
    Ours,
    /// Something else.
    Foreign,
    /// A store of a newer release.
    TooNew {
        /// How many scripts made it.
        found: i64,
    },
    /// A script was not the one that this release knows.
    Altered {
        /// Which.
        script: i64,
    },
}

/// How many scripts this release knows.
pub(super) const fn known() -> i64 {
    SCRIPTS.len() as i64
}

/// Looks what a file is.
pub(super) fn state(db: &Connection) -> rusqlite::Result<State> {
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let application: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Ok(if tables == 0 && application == 0 && found == 0 { State::Empty } else { State::Foreign });
    }
    if found > known() {
        return Ok(State::TooNew { found });
    }
    let mut made = db.prepare("SELECT id, digest FROM migrations ORDER BY id")?;
    let made: Vec<(i64, [u8; 32])> =
        made.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (script, (expected, text)) in (1_i64..=found).zip(SCRIPTS).enumerate() {
        let is_same = made.get(script) == Some(&(expected, *Digest::of(text.as_bytes()).as_bytes()));
        if !is_same {
            return Ok(State::Altered { script: expected });
        }
    }
    let count = i64::try_from(made.len()).unwrap_or(i64::MAX);
    Ok(if count == found { State::Ours } else { State::Altered { script: found + 1 } })
}

/// Runs the scripts that a file lacks, within the caller's transaction.
pub(super) fn migrate(db: &Connection) -> rusqlite::Result<()> {
    let found: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found == 0 {
        db.execute_batch("CREATE TABLE migrations (id INTEGER PRIMARY KEY, digest BLOB NOT NULL) STRICT")?;
        db.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    for (id, script) in (1_i64..).zip(SCRIPTS).filter(|(id, _)| *id > found) {
        db.execute_batch(script)?;
        let digest = Digest::of(script.as_bytes());
        db.execute("INSERT INTO migrations (id, digest) VALUES (?1, ?2)", (id, digest.as_bytes()))?;
        db.pragma_update(None, "user_version", id)?;
    }
    Ok(())
}
