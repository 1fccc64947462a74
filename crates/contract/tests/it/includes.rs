//! Contracts of several files: names, settings and facts of includes, circles and ways out, and where findings stand.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use handfast_contract::{Loaded, ModelChoice, Paint, Scope, load, load_again, load_environment};
use serde_json::{Value, json};

const MAIN: &str = r#"handfast: 1
name: news
version: "1"
owner: editors
settings: { place: { type: string, default: here } }
include:
  cms: { file: ./cms/cms.yaml, settings: { url: settings.place } }
models: { main: { use: openai/gpt-5-mini, price: free } }
agents:
  editor:
    purpose: Publish one article.
    model: main
    may: [ cms.publish: facts.cms.article == args.article ]
    output: cms.Article
    limits: { turns: 3 }
workflows:
  day:
    input: { article: string }
    steps:
      write: { agent: editor }
      out:   { tool: cms.publish, with: { article: input.article } }
    output: steps.out
"#;

const CMS: &str = r#"handfast: 1
name: cms
version: "2"
owner: cms-team
settings: { url: { type: string }, most: { type: integer, default: 3 } }
roles: { night desk: {} }
types: { Article: { fields: { url: string, words?: integer } } }
facts: { article: { type: string } }
include: { log: log.yaml }
models: { judge: { use: openai/gpt-5-mini, url: "http://{settings.url}/v1", price: free } }
servers: { web: { process: { command: [publish, "{settings.url}"] } } }
tools:
  publish:
    via: web.publish
    description: Publishes an article.
    input: { article: string }
    output: Article
    effects: [ { writes: "{settings.url}/{args.article}" } ]
    idempotency: natural
    requires:
      it is short: size(args.article) <= settings.most
agents:
  watcher:
    purpose: Watch what is published.
    model: judge
    may: [ log.write: settings.most > 1 && facts.article == args.line ]
    limits: { turns: 3 }
workflows:
  night: { steps: { look: { agent: watcher } }, output: steps.look }
"#;

const LOG: &str = r#"handfast: 1
name: log
version: "3"
settings: { file: { type: string, default: log.txt } }
servers: { disk: { process: { command: [log, "{settings.file}"] } } }
tools:
  write:
    via: disk.write
    description: Writes one line.
    input: { line: string }
    effects: [ { writes: "{settings.file}" } ]
    idempotency: natural
"#;

type Files<'a> = [(&'a str, &'a str)];

fn with(files: &Files<'_>, given: &Value) -> Loaded {
    let mut read = |path: &str| {
        let file = files.iter().find(|(name, _)| *name == path);
        file.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
    };
    let given: BTreeMap<String, Value> =
        given.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    load("news.yaml", ".", &given, &mut read)
}

fn three<'a>(main: &'a str, cms: &'a str, log: &'a str) -> Loaded {
    with(&[("news.yaml", main), ("cms/cms.yaml", cms), ("cms/log.yaml", log)], &json!({}))
}

#[test]
fn what_an_include_gives_has_its_name_before_it() {
    let loaded = three(MAIN, CMS, LOG);
    assert_eq!(loaded.report(Paint::Plain), "");
    let contract = loaded.contract.unwrap();
    assert_eq!(
        contract.settings,
        json!({ "place": "here", "cms": { "url": "here", "most": 3, "log": { "file": "log.txt" } } })
    );
    let names = |names: Vec<&str>| names.join(" ");
    assert_eq!(names(contract.tools.keys().map(|name| &**name).collect()), "cms.log.write cms.publish");
    assert_eq!(names(contract.agents.keys().map(|name| &**name).collect()), "cms.watcher editor");
    assert_eq!(names(contract.workflows.keys().map(|name| &**name).collect()), "cms.night day");
    assert_eq!(names(contract.roles.keys().map(String::as_str).collect()), "cms.night desk");
    assert_eq!(contract.includes["cms"].version, "2");
    assert_eq!(contract.includes["cms.log"].file, "cms/log.yaml");
    assert_eq!(contract.models["cms.judge"].url.as_deref(), Some("http://here/v1"));
    assert_eq!(&*contract.tools["cms.publish"].via.server, "cms.web");
    assert_eq!(contract.agents["editor"].may[0].address, "agents.editor.may.cms.publish");
    assert_eq!(contract.agents["cms.watcher"].may[0].address, "agents.cms.watcher.may.log.write");
    let shown = contract.shown_agent("editor").unwrap();
    assert_eq!(shown.tools[0].name, "cms__publish");
    assert!(shown.instructions.contains("- cms__publish, only where"), "{}", shown.instructions);
}

#[test]
fn models_of_an_include_are_its_own_in_their_conditions_too() {
    let cms = CMS.replacen(
        "models: { judge:",
        "models: { small: { use: openai/gpt-5-nano, price: free }, judge:",
        1,
    );
    let cms =
        cms.replacen("model: judge", "model: [ small: settings.most > 1 && facts.article != '', judge ]", 1);
    let cms = cms.replacen(
        "look: { agent: watcher }",
        "look: { agent: watcher, model: [ small: facts.article == '', judge ] }",
        1,
    );
    let loaded = three(MAIN, &cms, LOG);
    let contract = loaded.checked().unwrap_or_else(|| panic!("{}", loaded.report(Paint::Plain)));
    let watcher = &contract.agents["cms.watcher"].models;
    let look = contract.workflows["cms.night"].steps[0].models.as_ref().unwrap();
    let names =
        |choices: &[ModelChoice]| choices.iter().map(|choice| choice.model.to_string()).collect::<Vec<_>>();
    assert_eq!(
        (names(watcher), names(look)),
        (names(look), vec!["cms.small".to_owned(), "cms.judge".to_owned()])
    );
    let (of_agent, of_step) = (watcher[0].when.as_ref().unwrap(), look[0].when.as_ref().unwrap());
    assert_eq!(of_agent.address, "agents.cms.watcher.model.small");
    assert_eq!(of_step.address, "workflows.cms.night.steps.look.model.small");
    let (facts, input) = (json!({ "cms": { "article": "a" } }), json!({}));
    let scope =
        Scope::default().with("facts", &facts).with("input", &input).with("settings", &contract.settings);
    assert_eq!(of_agent.condition.holds(&scope), Ok(true));
    assert_eq!(of_step.condition.holds(&scope), Ok(false));
}

#[test]
fn what_an_include_reads_is_its_own() {
    let contract = three(MAIN, CMS, LOG).contract.unwrap();
    let tool = &contract.tools["cms.publish"];
    let args = json!({ "article": "a b" });
    let facts = json!({ "article": "of the main contract", "cms": { "article": "a b" } });
    let scope =
        Scope::default().with("args", &args).with("facts", &facts).with("settings", &contract.settings);
    assert!(tool.requires[0].condition.holds(&scope).unwrap());
    let line = json!({ "line": "a b" });
    let may = contract.agents["cms.watcher"].may[0].condition.as_ref().unwrap();
    assert!(may.condition.holds(&scope.clone().with("args", &line)).unwrap());
    let may = contract.agents["editor"].may[0].condition.as_ref().unwrap();
    assert!(may.condition.holds(&scope).unwrap());
    assert_eq!(tool.requires[0].condition.source(), "size(args.article) <= settings.most");
    assert_eq!(tool.effects[0].target.fill_resource(&scope).unwrap(), "here/a%20b");
    let write = &contract.tools["cms.log.write"];
    assert_eq!(write.effects[0].target.fill_resource(&scope).unwrap(), "log.txt");
}

#[test]
fn an_environment_gives_what_the_contract_leaves_open() {
    let files = [("news.yaml", MAIN), ("cms/cms.yaml", CMS), ("cms/log.yaml", LOG)];
    for given in [
        json!({ "cms": { "most": 5, "log": { "file": "x" } } }),
        json!({ "cms.most": "5", "cms.log.file": "x" }),
        json!({ "cms": { "most": 5 }, "cms.log.file": "x" }),
        // A command line counts over an environment's file.
        json!({ "cms": { "most": 4, "log": { "file": "y" } }, "cms.most": "5", "cms.log.file": "x" }),
    ] {
        let loaded = with(&files, &given);
        assert_eq!(loaded.report(Paint::Plain), "", "{given}");
        let contract = loaded.contract.unwrap();
        assert_eq!(contract.settings["cms"], json!({ "url": "here", "most": 5, "log": { "file": "x" } }));
        // A run goes on with the settings that it began with: all of them are given again.
        let settings = contract.settings.as_object().unwrap().clone().into_iter().collect();
        let again = load_again(&loaded.sources, &settings);
        assert_eq!(again.report(Paint::Plain), "", "{given}");
        let again = again.contract.unwrap();
        assert_eq!((&again.settings, &again.digest), (&contract.settings, &contract.digest));
    }
    let file = "settings: { cms: { most: 5, log: { file: x } } }";
    let given = load_environment("handfast.prod.yaml", file).unwrap();
    let loaded = with(&files, &json!(given));
    assert_eq!(loaded.contract.unwrap().settings["cms"]["log"]["file"], "x");
    let mut told = String::new();
    for given in [
        json!({ "cms": { "url": "elsewhere" } }),
        json!({ "cms.mots": "5" }),
        json!({ "cms": 5 }),
        json!({ "csm.most": 5 }),
        json!({ "cms.most": "many" }),
    ] {
        let loaded = with(&files, &given);
        assert!(loaded.contract.is_none(), "{given}");
        writeln!(told, "## {given}\n\n{}", loaded.report(Paint::Plain)).unwrap();
    }
    let open = CMS.replacen("most: { type: integer, default: 3 }", "most: { type: integer }", 1);
    let loaded = three(MAIN, &open, LOG);
    assert!(loaded.contract.is_none() && loaded.unrun.is_some());
    writeln!(told, "## a value that nobody gives\n\n{}", loaded.report(Paint::Plain)).unwrap();
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("environments_of_includes", told) });
}

#[test]
fn one_file_may_be_two_includes() {
    let main = MAIN.replacen("include:\n", "include:\n  log: cms/log.yaml\n", 1);
    let loaded = three(&main, CMS, LOG);
    assert_eq!(loaded.report(Paint::Plain), "");
    let contract = loaded.contract.unwrap();
    assert!(contract.tools.contains_key("log.write") && contract.tools.contains_key("cms.log.write"));
    assert_eq!(loaded.sources.files.len(), 3);
}

#[test]
fn what_is_wrong_with_includes() {
    let mut told = String::new();
    let path = "file: ./cms/cms.yaml";
    let mistakes: &[(&str, &str, &str)] = &[
        ("a way out", path, "file: ../cms.yaml"),
        ("a way out further in", path, "file: cms/../../cms.yaml"),
        ("an absolute path", path, "file: /etc/cms.yaml"),
        ("a drive", path, "file: \"C:\\\\cms.yaml\""),
        ("a way out for another system", path, "file: \"..\\\\cms.yaml\""),
        ("a zero byte", path, "file: \"cms\\0.yaml\""),
        ("a home", path, "file: ~/cms.yaml"),
        ("no such file", path, "file: cms/csm.yaml"),
        ("no file", "file: ./cms/cms.yaml, settings", "settings"),
        ("nothing", "{ file: ./cms/cms.yaml, settings: { url: settings.place } }", ""),
        ("a list", "{ file: ./cms/cms.yaml, settings: { url: settings.place } }", "[ ./cms/cms.yaml ]"),
        ("itself", path, "file: news.yaml"),
        ("a name that can't be one", "  cms: {", "  CMS: {"),
        (
            "the name of a setting",
            "settings: { place:",
            "settings: { cms: { type: string, default: x }, place:",
        ),
        ("a setting that isn't there", "url: settings.place", "url: settings.plaice"),
        ("a setting that it hasn't", "url: settings.place", "url: settings.place, colour: \"'red'\""),
        ("a setting of another type", "url: settings.place", "url: settings.place, most: \"'many'\""),
        ("a tool that it hasn't", "[ cms.publish:", "[ cms.publsh:"),
        ("a role that it hasn't", "    limits", "    talks_to: cms.day desk\n    limits"),
        ("a role of an include again", "agents:\n", "roles: { cms.night desk: {} }\nagents:\n"),
        ("a fact without its name", "facts.cms.article", "facts.article"),
        ("the name of a fact", "agents:\n", "facts: { cms: { type: string } }\nagents:\n"),
    ];
    for (name, from, to) in mistakes {
        assert!(MAIN.contains(from), "{name}: there is no `{from}`");
        let report = three(&MAIN.replacen(from, to, 1), CMS, LOG).report(Paint::Plain);
        assert!(report.contains("HF"), "{name}: nothing is said of it");
        writeln!(told, "## {name}\n\n{report}").unwrap();
    }
    for (name, from, to) in [
        ("a mistake further in", "facts.article == args.line", "facts.artcle == args.line"),
        ("a circle", "include: { log: log.yaml }", "include: { log: log.yaml, me: cms.yaml }"),
        ("a setting of the outer file", "settings.most\n", "settings.place\n"),
        ("a word with accents before it", "purpose: Watch", "purpose: Éléphant\n    purpos: Watch"),
        ("another version of the language", "handfast: 1", "handfast: 2"),
    ] {
        let report = three(MAIN, &CMS.replacen(from, to, 1), LOG).report(Paint::Plain);
        assert!(report.contains("cms/cms.yaml"), "{name}: {report}");
        writeln!(told, "## {name}\n\n{report}").unwrap();
    }
    let log = LOG.replacen("settings:", "include: { back: cms.yaml }\nsettings:", 1);
    writeln!(told, "## a circle of two files\n\n{}", three(MAIN, CMS, &log).report(Paint::Plain)).unwrap();
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("includes", told) });
}

#[test]
fn names_that_a_model_could_not_tell_apart_are_refused() {
    let own = "tools: { cms__publish: { via: cms.y, description: Does it., input: {}, effects: [] } }\nservers: { cms: { rust: {} } }\nagents:\n";
    let main = MAIN.replacen("agents:\n", own, 1);
    let clash = main.replacen("may: [ cms", "may: [ cms__publish, cms", 1);
    assert_eq!(three(&main, CMS, LOG).report(Paint::Plain), "");
    let long = "a".repeat(60);
    let long = MAIN.replacen("  cms:", &format!("  {long}:"), 1).replace("cms.", &format!("{long}."));
    let long = long.replacen(&format!("{}.yaml", "a".repeat(60)), "cms.yaml", 1);
    let told = three(&clash, CMS, LOG).report(Paint::Plain);
    assert!(told.contains("HF0092"), "{told}");
    let too_long = three(&long, CMS, LOG);
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!("names_shown", format!("{told}\n{}", too_long.report(Paint::Plain)))
    });
}

#[test]
fn neither_depth_nor_number_of_files_is_endless() {
    let file =
        |next: &str| format!("handfast: 1\nname: x\nversion: \"1\"\ninclude: {{ a: {next}, b: {next} }}\n");
    let mut reads = 0;
    let mut read = |path: &str| {
        reads += 1;
        let number: usize = path.trim_end_matches(".yaml").parse().map_err(|_| "no such file".to_owned())?;
        Ok(file(&format!("{}.yaml", number + 1)))
    };
    let loaded = load("0.yaml", ".", &BTreeMap::new(), &mut read);
    assert!(reads < 40, "{reads}");
    assert!(loaded.report(Paint::Plain).contains("HF0006"), "{}", loaded.report(Paint::Plain));
}

/// An include whose workflow asks in `when` for what its tool is given, and which has a setting of its own name.
fn asks_first(when: &str, given: &str) -> Loaded {
    let main = "handfast: 1\nname: news\nversion: \"1\"\ninclude: { cms: cms/cms.yaml }\n";
    let cms = format!(
        "handfast: 1
name: cms
version: \"1\"
settings: {{ cms: {{ is: {{ fields: {{ cms?: {{ fields: {{ url: string }} }}, url?: string }} }}, default: {{}} }} }}
servers: {{ web: {{ process: {{ command: [publish] }} }} }}
tools:
  look: {{ via: web.look, description: Looks at one page., input: {{ url: string }}, effects: [ reads: page ], output: string }}
workflows:
  day: {{ steps: {{ look: {{ tool: look, when: '{when}', with: {{ url: {given} }} }} }} }}
"
    );
    three(main, &cms, LOG)
}

#[test]
fn what_an_include_asks_first_is_known_of_its_own_names_alone() {
    assert_eq!(asks_first("has(settings.cms.url)", "settings.cms.url").report(Paint::Plain), "");
    // Of the whole this is `settings.cms.cms`, and of the include's own `settings.cms.cms` it says nothing.
    for when in ["has(settings.cms)", "settings.cms != null"] {
        let loaded = asks_first(when, "settings.cms.cms.url + 'x'");
        assert!(loaded.contract.is_none(), "{when}");
        assert!(loaded.report(Paint::Plain).contains("`settings.cms.cms` may be absent"), "{when}");
    }
}

#[test]
fn what_an_include_demands_holds_for_its_own_clauses() {
    let cms = CMS.replace("owner: cms-team", "owner: cms-team\nat_least: enforced");
    let files = [("news.yaml", MAIN), ("cms/cms.yaml", &cms), ("cms/log.yaml", LOG)];
    let mut read = |path: &str| {
        let file = files.iter().find(|(name, _)| *name == path);
        file.map(|(_, text)| (*text).to_owned()).ok_or_else(|| "no such file".to_owned())
    };
    let loaded = handfast_contract::check("news.yaml", ".", &BTreeMap::new(), &mut read);
    let below: Vec<&str> = loaded
        .diagnostics
        .iter()
        .filter(|found| found.message.contains("`cms.at_least` demands enforced"))
        .map(|found| &*found.labels[0].file)
        .collect();
    assert!(below.contains(&"cms/cms.yaml"), "{}", loaded.report(Paint::Plain));
    assert!(!below.contains(&"news.yaml"), "{}", loaded.report(Paint::Plain));
}
