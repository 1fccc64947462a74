//! Files that commands write beside a contract: whole or not at all, and none over another unless that is wanted.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;

use crate::exit::{Exit, stop};
use crate::limits::INPUT_BYTES_MAX;

/// Writes a file that isn't there yet.
///
/// # Errors
/// It is there, or it can't be written.
pub(crate) fn create(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let message = format!(
                "`{}` is there already: name another file, or give `--force` to replace it",
                path.display()
            );
            Err(stop(Exit::Usage, message))
        }
        written => written.with_context(|| format!("can't write `{}`", path.display())),
    }
}

/// Writes a file in place of what is there: a reader sees the old one or the new one.
///
/// # Errors
/// It can't be written.
pub(crate) fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let written = File::create(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        drop(fs::remove_file(&beside));
    }
    written.with_context(|| format!("can't write `{}`", path.display()))
}

/// A file's text, if it is there.
///
/// # Errors
/// It is there and can't be read.
pub(crate) fn read_if_there(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        read => read.map(Some).with_context(|| format!("can't read `{}`", path.display())),
    }
}

/// A text of so many bytes at most.
///
/// # Errors
/// It isn't there, has more, or is no text.
pub(crate) fn read_at_most(path: &Path, bytes_max: u64) -> anyhow::Result<String> {
    let read = || -> io::Result<Option<String>> {
        let mut text = String::new();
        File::open(path)?.take(bytes_max + 1).read_to_string(&mut text)?;
        Ok(u64::try_from(text.len()).is_ok_and(|bytes| bytes <= bytes_max).then_some(text))
    };
    let place = path.display();
    match read() {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(stop(
            Exit::Usage,
            format!("`{place}` has more than {bytes_max} bytes: take out what no tool needs"),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(stop(Exit::NotFound, format!("there is no file `{place}`")))
        }
        Err(error) => Err(stop(Exit::Usage, format!("`{place}` can't be read: {error}"))),
    }
}

/// All that can be read from here, whole or not at all.
///
/// # Errors
/// It can't be read, is no text, or is longer than an input may be.
pub(crate) fn text_of(reader: &mut dyn std::io::Read, what: &str) -> anyhow::Result<String> {
    let mut read = String::new();
    reader
        .take(INPUT_BYTES_MAX + 1)
        .read_to_string(&mut read)
        .map_err(|cause| stop(Exit::Usage, format!("can't read {what}: {cause}")))?;
    if read.len() as u64 > INPUT_BYTES_MAX {
        anyhow::bail!(stop(Exit::Usage, format!("{what} has more than {INPUT_BYTES_MAX} bytes")));
    }
    Ok(read)
}
