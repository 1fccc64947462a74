//! `docs/reference/language.md` and its chapters are true: each example loads or fails as it says, and what lists the
//! language lists all of it.

mod around;
mod covered;
mod pages;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use handfast_contract::{
    Code, Contract, Diagnostic, Loaded, Paint, Severity, load_environment, places_table, unrun_list,
};

use self::around::wrapped;
use self::pages::{Block, Page, README, pages};
use crate::checked_with;
use crate::fmt::canonical;

/// The examples that load by themselves, each as a whole contract.
pub(crate) fn loading_examples() -> Vec<String> {
    let good = pages().into_iter().flat_map(|page| page.blocks).filter(|block| block.word("error").is_none());
    let contracts = good.filter(|block| block.is_contract()).map(|block| block.contract());
    contracts.filter(|text| !text.contains("\ninclude:") && crate::loaded(text).checked().is_some()).collect()
}

/// What is said of an example, but for what this release doesn't run and for lints of what stands around it.
fn told<'l>(block: &Block, loaded: &'l Loaded) -> Vec<&'l Diagnostic> {
    let lines = match block.has("fragment") {
        true => block.text.lines().count(),
        false => usize::MAX,
    };
    let expected = block.word("error");
    let counts = |found: &&Diagnostic| {
        let within = found.labels.first().is_none_or(|label| label.line <= lines);
        match found.severity {
            Severity::NotRun => found.code.id() != "HF0050" || expected == Some("HF0050"),
            // Of one part by itself nobody can say whether it is used, or owned.
            Severity::Error if found.code.is_lint() => within,
            _ if found.code.is_lint() => {
                within && (!block.has("fragment") || expected == Some(found.code.id()))
            }
            _ => true,
        }
    };
    loaded.diagnostics.iter().filter(counts).collect()
}

fn rendered(found: &[&Diagnostic], loaded: &Loaded) -> String {
    found.iter().map(|found| found.render(&loaded.sources, Paint::Plain) + "\n\n").collect()
}

#[test]
fn every_example_loads_or_fails_as_it_says() {
    let mut wrong = String::new();
    for page in pages() {
        let mut files = Vec::new();
        let mut before = String::new();
        for (index, block) in page.blocks.iter().enumerate() {
            if let Err(problem) = holds(block, &mut files, &mut before) {
                writeln!(wrong, "{}:{}\n{problem}\n", page.file, block.line).unwrap();
            }
            // The mark behind a fence isn't shown: whoever reads the page must see what is said, too.
            let told = page.blocks.get(index + 1).is_some_and(|next| next.kind == "text");
            if block.word("error").is_some() && !told {
                let first = before.lines().next().unwrap_or_default();
                writeln!(wrong, "{}:{} wants below it\n```text\n{first}\n```\n", page.file, block.line)
                    .unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Whether an example is as its marks say. `files` are those of the page so far, `before` is what was said of the last one.
fn holds(block: &Block, files: &mut Vec<(String, String)>, before: &mut String) -> Result<(), String> {
    if block.kind == "text" {
        let first = before.lines().next().unwrap_or("");
        return match block.text.trim_end() {
            whole if before.trim_end() == whole || first == whole => Ok(()),
            _ => Err(format!("what is said above is\n{before}")),
        };
    }
    if block.has("environment") {
        return match load_environment("handfast.prod.yaml", &block.text) {
            Ok(_) => Ok(()),
            Err(found) => Err(found.report(Paint::Plain)),
        };
    }
    if let Some(name) = block.word("file") {
        files.push((name.to_owned(), block.text.clone()));
    }
    let loaded = checked_with(&block.contract(), files);
    let found = told(block, &loaded);
    *before = rendered(&found, &loaded);
    let codes: BTreeSet<&str> = found.iter().map(|found| found.code.id()).collect();
    let expected: BTreeSet<&str> = block.word("error").into_iter().collect();
    // A setting of an included file is given by who includes it.
    let alone = block.word("file").is_some() && codes == BTreeSet::from(["HF0019"]);
    match codes == expected || alone {
        true => Ok(()),
        false => Err(format!("expected {expected:?}\n{before}")),
    }
}

#[test]
fn whatever_the_reference_shows_says_the_same_in_its_canonical_form() {
    let same = |text: &str| {
        let contract = crate::loaded(text)
            .checked()
            .cloned()
            .map(|contract| Contract { digest: handfast_events::Digest::default(), ..contract });
        format!("{contract:?}")
    };
    for text in loading_examples() {
        assert!(
            same(&text) == same(&canonical(&text)),
            "it says something else:\n{}\nfrom\n{text}",
            canonical(&text)
        );
    }
}

#[test]
fn the_lists_that_are_made_are_the_languages() {
    for (file, mark, list) in
        [("language.md", "checked", unrun_list()), ("language/values.md", "places", places_table())]
    {
        let path = format!("{}/../../docs/reference/{file}", env!("CARGO_MANIFEST_DIR"));
        let page = std::fs::read_to_string(&path).unwrap();
        let (head, rest) = page.split_once(&format!("<!-- {mark}: ")).unwrap();
        let (comment, rest) = rest.split_once("-->\n").unwrap();
        let (_, tail) = rest.split_once("<!-- end -->").unwrap();
        let written = format!("{head}<!-- {mark}: {comment}-->\n\n{list}\n<!-- end -->{tail}");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &written).unwrap();
        }
        let told = "isn't the code's any more: `BLESS=1 cargo test -p handfast-contract --test it reference` writes it";
        assert!(page == written || std::env::var_os("BLESS").is_some(), "the list `{mark}` of {file} {told}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let root = format!("{}/../../docs/reference", env!("CARGO_MANIFEST_DIR"));
    let chapters = pages().into_iter().map(|Page { file, text, .. }| (file, text));
    let files =
        std::fs::read_dir(&root).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let all = files.filter(|file| file.ends_with(".md") && file != "language.md");
    let all = all.map(|file| (file.clone(), std::fs::read_to_string(format!("{root}/{file}")).unwrap()));
    for (file, text) in chapters.chain(all) {
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("http")) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
            let full = match (path, path.strip_prefix("../")) {
                ("", _) => file.clone(),
                (_, Some(above)) => above.to_owned(),
                (path, None) if folder.is_empty() => path.to_owned(),
                (path, None) => format!("{folder}/{path}"),
            };
            let target = std::fs::read_to_string(format!("{root}/{full}"))
                .unwrap_or_else(|_| panic!("{file} links to {link}"));
            let slug = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
            let plain = |line: &str| slug(line).replace([',', ':', '`', '\''], "");
            let found = heading.is_empty()
                || target.lines().any(|line| line.starts_with('#') && plain(line) == heading);
            assert!(found, "{file} links to {link}, and there is no such heading");
        }
    }
}

#[test]
fn the_readme_shows_a_tool_that_loads() {
    let (_, block) = README.split_once("```yaml\nrefund:\n").unwrap();
    let (lines, _) = block.split_once("```").unwrap();
    let lines: String = lines.lines().map(|line| format!("  {line}\n")).collect();
    let rest = "    via: shop.refund\n    description: Pays money back for one order.\n    input: { order_id: string, amount: number }\n    output: Receipt\n";
    let loaded = crate::loaded(&wrapped(&format!("tools:\n  refund:\n{lines}{rest}")));
    let errors = loaded.diagnostics.iter().filter(|found| found.severity == Severity::Error);
    assert!(errors.count() == 0, "{}", loaded.report(Paint::Plain));
}

#[test]
fn the_readme_shows_a_finding_as_it_is_told() {
    let (_, behind) = README.split_once("```text\n").unwrap();
    let (shown, _) = behind.split_once("```").unwrap();
    let pages = pages();
    let mut blocks = pages.iter().flat_map(|page| &page.blocks);
    assert!(blocks.any(|block| block.kind == "text" && block.text == shown), "no page has\n{shown}");
}

#[test]
fn the_page_of_codes_has_every_code_with_its_own_words() {
    let mut page = String::from(
        "# Codes\n\nWhat `handfast explain CODE` shows. `HF00…` are errors of the language, `HF01…` are lints.\n\n\
         | code | what | why, and what to do |\n|---|---|---|\n",
    );
    for code in Code::all() {
        writeln!(page, "| `{}` | {} | {} |", code.id(), code.title(), code.page()).unwrap();
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/codes.md");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let told = "the page of codes isn't the codes': `BLESS=1 cargo test -p handfast-contract --test it codes` writes it";
    assert!(std::fs::read_to_string(path).unwrap_or_default() == page, "{told}");
}
