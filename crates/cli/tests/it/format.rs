//! `handfast fmt` and `handfast schema`, as somebody uses them.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::kit::{Folder, Said};

const ODD: &str = "name: hello # mine\nhandfast: 1\nversion: '1'\n";
const EVEN: &str = "handfast: 1\nname: hello  # mine\nversion: \"1\"\n";

#[test]
fn a_contract_is_written_in_its_form_and_keeps_its_permissions() {
    let folder = Folder::new();
    folder.write("handfast.yaml", ODD);
    folder.write("handfast.prod.yaml", "settings: {a:   1}");
    folder.write("hello.test.yaml", "{ a: b }");
    folder.write("other.yaml", ODD);
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(folder.path().join("handfast.yaml"), private).unwrap();

    let said = folder.expect(1, &["fmt", "--check"]);
    assert_eq!(said.stdout, "handfast.yaml\nhandfast.prod.yaml\nhello.test.yaml\n");
    assert_eq!(folder.read("handfast.yaml"), ODD, "--check changes nothing");

    let said = folder.expect(0, &["fmt", "."]);
    assert_eq!(
        said.stderr,
        "formatted handfast.yaml\nformatted handfast.prod.yaml\nformatted hello.test.yaml\n"
    );
    assert_eq!(folder.read("handfast.yaml"), EVEN);
    assert_eq!(folder.read("handfast.prod.yaml"), "settings:\n  a: 1\n");
    assert_eq!(folder.read("other.yaml"), ODD, "what isn't named stays");
    let mode = std::fs::metadata(folder.path().join("handfast.yaml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 4, "{left:?}");

    assert_eq!(folder.expect(0, &["fmt"]).stderr, "nothing to change\n");
    assert_eq!(folder.expect(0, &["fmt", "--check"]).stdout, "");
}

#[test]
fn what_is_no_yaml_stays_and_the_others_are_written() {
    let folder = Folder::new();
    folder.write("a.yaml", "a: [");
    folder.write("b.yaml", ODD);
    let said = folder.expect(3, &["fmt", "a.yaml", "b.yaml"]);
    assert!(said.stderr.contains("HF0001") && said.stderr.contains("a.yaml:1"), "{}", said.stderr);
    assert_eq!((folder.read("a.yaml").as_str(), folder.read("b.yaml").as_str()), ("a: [", EVEN));
    folder.expect(5, &["fmt", "c.yaml"]);
}

#[test]
fn a_link_stays_a_link() {
    let folder = Folder::new();
    folder.write("real.yaml", ODD);
    let link = folder.path().join("handfast.yaml");
    std::os::unix::fs::symlink("real.yaml", &link).unwrap();
    folder.expect(0, &["fmt", "."]);
    assert!(link.is_symlink());
    assert_eq!(folder.read("real.yaml"), EVEN);
}

#[test]
fn it_speaks_json_and_to_editors() {
    let folder = Folder::new();
    folder.write("handfast.yaml", ODD);
    assert_eq!(folder.expect(0, &["fmt", "--stdout", "."]).stdout, EVEN);
    let document: Value =
        serde_json::from_str(&folder.expect(1, &["fmt", "--check", "--json"]).stdout).unwrap();
    assert_eq!(
        document,
        json!({ "files": [{ "file": "handfast.yaml", "changed": true, "diagnostics": [] }] })
    );

    let mut child =
        folder.command(&["fmt", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(ODD.as_bytes()).unwrap();
    assert_eq!(Said::of(child.wait_with_output().unwrap()).stdout, EVEN);
    assert_eq!(folder.read("handfast.yaml"), ODD);
}

#[test]
fn the_schema_is_the_one_in_the_reference() {
    let reference = include_str!("../../../../docs/reference/handfast.schema.json");
    assert!(Folder::new().expect(0, &["schema"]).stdout == reference);
}

#[test]
fn the_line_that_names_the_schema_stays_the_first() {
    let folder = Folder::new();
    let line = "# yaml-language-server: $schema=.handfast/handfast.schema.json\n";
    folder.write("handfast.yaml", &format!("{line}{ODD}"));
    folder.expect(0, &["fmt"]);
    assert_eq!(folder.read("handfast.yaml"), format!("{line}{EVEN}"));
}
