//! `handfast schema`: the JSON Schema of the language, for editors.

use crate::exit::Exit;
use crate::out;

/// Prints it.
///
/// # Errors
/// Standard output can't be written.
pub(crate) fn run() -> anyhow::Result<Exit> {
    out::json(&handfast_contract::language_schema())?;
    Ok(Exit::Done)
}
