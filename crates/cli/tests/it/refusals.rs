//! Command lines that can't be meant: each its code, and an error that names the place and the remedy.

use crate::kit::Folder;

#[test]
fn every_wrong_command_line_has_its_code_and_its_remedy() {
    let folder = Folder::with_hello();
    folder.expect(0, &["run", "."]);
    let table: [(&[&str], i32, &str); 25] = [
        (&["run"], 2, "<PATH>"),
        (&["rnu", "."], 2, "run"),
        (&["run", "nowhere"], 5, "handfast.yaml"),
        (&["run", ".", "welcom"], 5, "did you mean `welcome`"),
        (&["run", ".", "--input", "{"], 2, "is no JSON"),
        (&["run", ".", "--input", "@none.json"], 5, "none.json"),
        (&["run", ".", "--input", r#"{"name":7}"#], 2, "does not fit its type"),
        (&["run", ".", "--set", "x"], 2, "NAME=VALUE"),
        (&["run", ".", "--model", "man"], 2, "script:FILE"),
        (&["run", ".", "--model", "script:none.json"], 3, "none.json"),
        (&["run", ".", "--store", "mysql://x"], 2, "sqlite:PATH"),
        (&["run", ".", "--store", "postgres://x"], 2, "not built yet"),
        (&["runs", "--store", "sqlite:none.db"], 5, "handfast run"),
        (&["runs", "--status", "asleep"], 2, "quarantined"),
        (&["runs", "--since", "yesterday"], 2, "2h"),
        (&["trace", "zzz"], 5, "handfast runs"),
        (&["trace", "last", "--at", "99"], 2, "--at 99"),
        (&["show", ".", "writter"], 5, "did you mean `writer`"),
        (&["show", ".", "writer", "--mermaid"], 5, "no workflow `writer` to draw"),
        (&["explain", "HF9999"], 5, "HF0001"),
        (&["raise", "last"], 2, "--cost"),
        (&["raise", "last", "--cost", "5EUR"], 2, "0.50 USD"),
        (&["settle", "last", "write@1.0", "--not-applied"], 2, "--evidence"),
        (&["cancel", "last"], 1, "has ended (done)"),
        (&["init"], 2, "is there already"),
    ];
    for (args, code, remedy) in table {
        let said = folder.say(args);
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (code, ""),
            "handfast {}\n{}",
            args.join(" "),
            said.stderr
        );
        assert!(
            said.stderr.contains(remedy),
            "handfast {}: no `{remedy}` in\n{}",
            args.join(" "),
            said.stderr
        );
    }
    assert_eq!(folder.runs().len(), 1, "nothing was started by any of them");
}

#[test]
fn a_missing_program_is_said_before_anything_starts() {
    let folder = Folder::with_hello();
    let contract = folder.read("handfast.yaml").replace("[ wc, -w ]", "[ no-such-program ]");
    folder.write("handfast.yaml", &contract);
    let said = folder.expect(10, &["run", "."]);
    assert!(said.stderr.contains("`no-such-program` of `servers.words`"), "{}", said.stderr);
    assert!(!folder.store().exists());
    let doctor = folder.expect(10, &["doctor"]);
    assert!(doctor.stdout.contains("fail  program   `no-such-program` is not there"), "{}", doctor.stdout);
}

#[test]
fn a_link_leads_nothing_out_of_a_contract_s_folder() {
    let (folder, outside) = (Folder::with_hello(), Folder::new());
    outside.write("other.yaml", "handfast: 1\nname: other\nversion: \"1\"\n");
    let contract = folder.read("handfast.yaml");
    folder.write("handfast.yaml", &format!("{contract}include: {{ other: other.yaml }}\n"));
    let (inside, link) = (outside.path().join("other.yaml"), folder.path().join("other.yaml"));
    std::os::unix::fs::symlink(&inside, &link).unwrap();
    let said = folder.expect(3, &["check", "."]);
    assert!(said.told(&folder).contains("a link leads from there out of the contract's folder"));
    // A link within the folder is as good as the file: mounted configuration comes by such.
    std::fs::remove_file(&link).unwrap();
    folder.write("real.yaml", &outside.read("other.yaml"));
    std::os::unix::fs::symlink("real.yaml", &link).unwrap();
    folder.expect(0, &["check", "."]);
}
