//! The pages of the reference and their blocks.

use super::around::wrapped;

pub(super) const README: &str = include_str!("../../../../../README.md");

/// One page.
pub(super) struct Page {
    /// Its path below `docs/reference`.
    pub(super) file: String,
    pub(super) text: String,
    pub(super) blocks: Vec<Block>,
}

/// One fenced block.
pub(super) struct Block {
    /// The line of its fence.
    pub(super) line: usize,
    /// `yaml`, or `text` for what is said of the block above.
    pub(super) kind: String,
    marks: Vec<String>,
    pub(super) text: String,
}

/// The marks that a block may have.
const MARKS: &[&str] = &["fragment", "environment", "error", "file"];

impl Block {
    /// Whether it has this mark.
    pub(super) fn has(&self, mark: &str) -> bool {
        self.marks.iter().any(|own| own == mark)
    }

    /// What it says behind a mark: `error=HF0001`.
    pub(super) fn word(&self, mark: &str) -> Option<&str> {
        self.marks.iter().find_map(|own| own.strip_prefix(mark)?.strip_prefix('='))
    }

    /// Whether it is a contract, or a part of one.
    pub(super) fn is_contract(&self) -> bool {
        self.kind == "yaml" && !self.has("environment")
    }

    /// The contract that it is, or is a part of.
    pub(super) fn contract(&self) -> String {
        if self.has("fragment") { wrapped(&self.text) } else { self.text.clone() }
    }
}

/// `language.md` and all of its chapters: a page that nobody lists here is read all the same.
pub(super) fn pages() -> Vec<Page> {
    let root = format!("{}/../../docs/reference", env!("CARGO_MANIFEST_DIR"));
    let mut files = vec!["language.md".to_owned()];
    let chapters = std::fs::read_dir(format!("{root}/language")).unwrap();
    files.extend(chapters.map(|file| format!("language/{}", file.unwrap().file_name().to_str().unwrap())));
    files.sort();
    let page = |file: String| {
        let text = std::fs::read_to_string(format!("{root}/{file}")).unwrap();
        let blocks = blocks(&file, &text);
        Page { file, text, blocks }
    };
    let pages: Vec<Page> = files.into_iter().map(page).collect();
    assert!(pages.iter().flat_map(|page| &page.blocks).count() > 60, "the pages have lost their examples");
    pages
}

/// Each block of a page. One that no test could check is refused here.
fn blocks(file: &str, text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                let mut words = info.split_whitespace().map(str::to_owned);
                let kind = words.next().unwrap_or_default();
                let marks: Vec<String> = words.collect();
                let known = marks.iter().all(|mark| MARKS.contains(&mark.split('=').next().unwrap()));
                let checked = kind == "text" && marks.is_empty() || kind == "yaml" && known;
                assert!(checked, "{file}:{}: no test can check `{info}`", index + 1);
                found.push(Block { line: index + 1, kind, marks, text: String::new() });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let block = found.last_mut().unwrap();
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!open, "{file}: a block isn't closed");
    found
}
