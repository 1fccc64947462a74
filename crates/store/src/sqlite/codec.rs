//! Between columns and values.

use handfast_events::{Digest, Epoch, Format, Head, RunId, Seq, Status, Timestamp};
use rusqlite::Row;
use rusqlite::types::Type;

use crate::{RunRow, Worker};

/// A count as a column holds it. Nothing that is counted here reaches 2^63.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit as a column holds it.
pub(super) fn size(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A count that a column held.
pub(super) fn uint(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// A time that a column held.
pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let micros: i64 = row.get(column)?;
    Timestamp::from_microsecond(micros).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, micros))
}

/// A time that a column held, or none.
pub(super) fn time_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    match row.get::<_, Option<i64>>(column)? {
        Some(_) => time(row, column).map(Some),
        None => Ok(None),
    }
}

/// A run's id that a column held.
pub(super) fn run(row: &Row<'_>, column: usize) -> rusqlite::Result<RunId> {
    row.get(column).map(RunId::from_bytes)
}

/// A digest that a column held.
pub(super) fn digest(row: &Row<'_>, column: usize) -> rusqlite::Result<Digest> {
    row.get(column).map(Digest::from_bytes)
}

/// A value that a column held as JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|cause| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(cause)))
}

/// The columns that [`run_row`] reads.
pub(super) const RUN_COLUMNS: &str =
    "run, seq, chain, epoch, format, status, contract, workflow, started, updated, wake_at, worker, aside";

/// A run's row, selected by [`RUN_COLUMNS`].
pub(super) fn run_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    let format: i64 = row.get(4)?;
    let format = u32::try_from(format).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(4, format))?;
    // A newer release may know more statuses; its format says so, and nothing is done with the run.
    let status = match json(row, 5) {
        Err(_) if Format(format) > Format::CURRENT => Status::Quarantined,
        read => read?,
    };
    Ok(RunRow {
        run: run(row, 0)?,
        head: Head { seq: Seq(uint(row, 1)?), chain: digest(row, 2)? },
        epoch: Epoch(uint(row, 3)?),
        format: Format(format),
        status,
        contract: row.get(6)?,
        workflow: row.get(7)?,
        started: time(row, 8)?,
        updated: time(row, 9)?,
        wake_at: time_or_none(row, 10)?,
        worker: row.get::<_, Option<String>>(11)?.map(Worker::new),
        aside: row.get(12)?,
    })
}

/// Whether the database did its part, and only a value is not what any release writes.
pub(super) const fn is_value_wrong(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
    )
}
