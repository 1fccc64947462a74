//! `handfast init`: a small contract that runs at once.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::exit::{Exit, stop};
use crate::{args, out};

/// What is written, by its place in the folder.
const FILES: [(&str, &str); 4] = [
    ("handfast.yaml", include_str!("init/handfast.yaml")),
    ("handfast.test.yaml", include_str!("init/handfast.test.yaml")),
    ("script.json", include_str!("init/script.json")),
    (".gitignore", ".handfast/\n"),
];

/// Writes the files, none of them over another.
///
/// # Errors
/// One of them is there already, or the folder can't be written.
pub(crate) fn run(args: &args::Init) -> anyhow::Result<Exit> {
    let dir = &args.dir;
    fs::create_dir_all(dir).with_context(|| format!("can't make the folder `{}`", dir.display()))?;
    if let Some((taken, _)) = FILES.iter().find(|(name, _)| dir.join(name).exists()) {
        let message = format!("`{}` is there already: name another folder", dir.join(taken).display());
        return Err(stop(Exit::Usage, message));
    }
    for (name, text) in FILES {
        write(&dir.join(name), text)?;
    }
    let [contract, tests, script, _] = FILES.map(|(name, _)| name);
    if dir == Path::new(".") {
        out::note(format!(
            "wrote {contract}, its tests {tests}, and {script}, by which its model speaks\n\nTry it:\n  handfast test .\n  \
             handfast run .\n  handfast trace last"
        ));
    } else {
        let dir = dir.display();
        out::note(format!(
            "wrote {dir}/{contract}, its tests {dir}/{tests}, and {dir}/{script}, by which its model speaks\n\nTry it:\n  \
             handfast test {dir}\n  handfast run {dir}\n  \
             handfast trace last --store sqlite:{dir}/.handfast/journal.db"
        ));
    }
    Ok(Exit::Done)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("can't write `{}`", path.display()))
}
