//! How the command speaks: data to standard output, the rest to standard error. A reader that went away is no error.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::Context as _;
use serde::Serialize;

use crate::exit::{Exit, table};
use crate::limits::COLUMNS;

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Writes data, and ends its line.
///
/// # Errors
/// Standard output can't be written for another reason than that nobody reads it: see to where it goes.
pub(crate) fn data(text: &str) -> anyhow::Result<()> {
    // Colours are taken out where nobody would see them: pipes, NO_COLOR.
    let mut stdout = anstream::stdout().lock();
    let newline = if text.ends_with('\n') { "" } else { "\n" };
    let written = write!(stdout, "{text}{newline}").and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("can't write to standard output: see to where it goes"),
    }
}

/// Writes one JSON document.
///
/// # Errors
/// As for [`data`].
pub(crate) fn json(document: &impl Serialize) -> anyhow::Result<()> {
    data(&serde_json::to_string_pretty(document).context("can't write JSON")?)
}

/// Tells a person something. Nobody may be there to hear it.
pub(crate) fn note(text: impl AsRef<str>) {
    let mut stderr = anstream::stderr().lock();
    drop(writeln!(stderr, "{}", text.as_ref()));
}

/// Shows a person that it is their turn, on the line that they write on.
pub(crate) fn prompt(text: &str) {
    let mut stderr = anstream::stderr().lock();
    drop(write!(stderr, "{text}").and_then(|()| stderr.flush()));
}

/// Tells a person of something that may go wrong.
pub(crate) fn warn(text: impl AsRef<str>) {
    note(format!("{YELLOW}warning{YELLOW:#}: {}", text.as_ref()));
}

/// Says what went wrong, one line for each cause, and gives its code.
pub(crate) fn error(error: &anyhow::Error) -> ExitCode {
    let exit = Exit::of_error(error);
    if exit == Exit::Interrupted {
        return exit.into();
    }
    let mut told = format!("{RED}error{RED:#}: {error}");
    let mut before = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if cause != before {
            told.push_str(&format!("\n  because: {cause}"));
        }
        before = cause;
    }
    note(told);
    exit.into()
}

/// Shows help, or what is wrong with the command line.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A reader that went away is no error here either.
    drop(error.print());
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

/// What `--help` ends with.
pub(crate) fn help_end() -> String {
    format!("Start with `handfast init hello`, then `handfast run hello`.\n\n{}", table())
}

/// Whether a person looks at standard error.
pub(crate) fn is_watched() -> bool {
    rustix::termios::isatty(io::stderr())
}

/// The columns that standard output, else standard error, shows.
pub(crate) fn columns() -> usize {
    let of = |size: rustix::io::Result<rustix::termios::Winsize>| {
        size.ok().map(|size| size.ws_col).filter(|n| *n > 0)
    };
    let found = of(rustix::termios::tcgetwinsize(io::stdout()));
    usize::from(found.or_else(|| of(rustix::termios::tcgetwinsize(io::stderr()))).unwrap_or(COLUMNS))
}
