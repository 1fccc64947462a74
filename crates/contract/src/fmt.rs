//! The one canonical form of a contract, an environment or a test file: same meaning, same comments, one way to write it.
//!
//! The order of keys is the grammar's; names, steps, failures and clauses keep theirs, since it means something. What a
//! text says is never touched: CEL is not reformatted, and a block scalar keeps its lines. It knows no file, and it
//! trusts itself no further than it can check: what it wrote is read again and compared. Start with [`format`]; the
//! layout's rules stand in `fmt/write.rs`, those of quoting in `fmt/scalar.rs`.

mod comments;
mod order;
mod piece;
mod scalar;
mod write;

use std::collections::BTreeMap;

use handfast_events::Sources;

use self::piece::{Body, Piece};
use crate::diagnostic::{Findings, Severity};
use crate::texts::Texts;
use crate::yaml::{self, Kind, Node, Style};
use crate::{Loaded, code, traps};

/// Writes the canonical form of the text of the file `file`: a contract's, an environment's, or that of its tests.
/// Whether it checks is not asked; it has to be YAML that a contract may be written in.
///
/// # Errors
/// The text is no such YAML, or YAML cut one of its conditions: mend what the diagnostics say.
///
/// ```
/// let text = "name: hello   # a greeting\nhandfast: 1\nversion: '1'\n";
/// let canonical = "handfast: 1\nname: hello  # a greeting\nversion: \"1\"\n";
/// assert_eq!(handfast_contract::format("hello.yaml", text).unwrap(), canonical);
/// ```
pub fn format(file: &str, text: &str) -> Result<String, Box<Loaded>> {
    let mut texts = Texts::default();
    let mut findings = Findings::default();
    let written = formatted(file, text, &mut texts, &mut findings);
    let diagnostics = findings.finish(&texts);
    let failed = diagnostics.iter().any(|found| found.severity == Severity::Error);
    if let Some(written) = written.filter(|_| !failed) {
        return Ok(written);
    }
    let files = BTreeMap::from([(file.to_owned(), text.to_owned())]);
    let sources = Sources { main: file.to_owned(), files, root: String::new() };
    Err(Box::new(Loaded::broken(diagnostics, sources)))
}

fn formatted(file: &str, text: &str, texts: &mut Texts, findings: &mut Findings) -> Option<String> {
    let place = texts.add(file, text);
    let tree = yaml::parse(texts.all(), place, findings)?;
    if findings.count() > 0 {
        return None;
    }
    // The only text so far, so that its places are those of the whole.
    let found = comments::read(text, findings)?;
    let mut root = piece::build(&tree, &found.lines, &found.blocks);
    let said: Vec<&str> = found.comments.iter().map(|comment| comment.text.as_str()).collect();
    comments::attach(&mut root, &found.comments, &found.lines);
    order::settle(&mut root, &mut |node| explain_cut(node, text, findings));
    if findings.count() > 0 {
        return None;
    }
    let written = write::document(&root);
    let same = keeps(&root, &said, &written);
    if !same {
        let message = "the canonical form of this file would not say the same; it stays as it is";
        let found = findings.error(code::NOT_KEPT, 0..0, message);
        found.help("this is a mistake of Handfast's: please report it, with the file");
    }
    same.then_some(written)
}

/// Reports a condition that YAML cut: written again, it would only look more intended.
fn explain_cut(node: &Piece, text: &str, findings: &mut Findings) {
    let Body::Text(said) = &node.body else { return };
    let style = if said.plain { Style::Plain } else { Style::Quoted };
    let kind = Kind::Text { text: said.text.clone(), style };
    let node = Node { span: node.span.clone(), in_flow: node.in_flow, kind };
    if crate::Expr::parse(&said.text).is_err() {
        traps::explain_cut(&node, text, findings);
    }
}

/// Whether what was written reads as what was meant: the same values in the same order, and every comment once.
fn keeps(root: &Piece, comments: &[&str], written: &str) -> bool {
    let mut findings = Findings::default();
    let Some(tree) = yaml::parse(written, 0..written.len(), &mut findings) else { return false };
    let Some(found) = comments::read(written, &mut findings) else { return false };
    let mut before = comments.to_vec();
    let mut after: Vec<&str> = found.comments.iter().map(|comment| comment.text.as_str()).collect();
    before.sort_unstable();
    after.sort_unstable();
    findings.count() == 0 && before == after && says(root, &tree)
}

fn says(piece: &Piece, node: &Node) -> bool {
    match (&piece.body, &node.kind) {
        (Body::Text(said), Kind::Text { text, style }) => {
            // To some readers a plain `1.0` is a number and a quoted one a text.
            let typed = |plain: bool| plain && traps::other_reading(text).is_some();
            said.text == *text && typed(said.plain) == typed(*style == Style::Plain)
        }
        (Body::List(parts), Kind::List(items)) => {
            parts.len() == items.len() && parts.iter().zip(items).all(|(part, item)| says(&part.value, item))
        }
        (Body::Map(parts), Kind::Map(entries)) => {
            parts.len() == entries.len()
                && parts
                    .iter()
                    .zip(entries)
                    .all(|(part, entry)| part.key == entry.key && says(&part.value, &entry.value))
        }
        _ => false,
    }
}
