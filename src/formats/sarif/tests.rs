//! What a SARIF log says, and that hostile names stay names.

use super::*;
use crate::report::check::samples::{check_of, ended, failed};
use crate::report::samples::{survey, text};
use serde_json::{Value, json};

fn log(survey: &Survey) -> Value {
    log_of(&check_of(survey, ended()))
}

fn log_of(check: &Check<'_>) -> Value {
    let text = text(|out| write_check(out, check));
    assert!(!text.trim_end().contains(|c: char| c.is_control()), "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_result_says_which_rule_where_and_who_says_so() {
    let log = log(&survey());
    let run = &log["runs"][0];
    assert_eq!(log["version"], "2.1.0");
    let results = run["results"].as_array().unwrap();
    let rules: Vec<&Value> = results.iter().map(|result| &result["ruleId"]).collect();
    let excused = "spreading-group";
    assert_eq!(
        rules,
        ["spreading-group", "world-writable", "foreign-group", "hard-linked", excused, "expired-exception"]
    );
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
    }
    let hostile = &results[2];
    assert_eq!(hostile["level"], "error");
    assert_eq!(
        hostile["message"]["text"],
        r"/srv/lab/a\nb/\xff: gid is 100, should be 3001; fix is unsafe: its owner keeps it private"
    );
    assert_eq!(
        hostile["locations"],
        json!([{"physicalLocation": {"artifactLocation": {"uri": "file:///srv/lab/a%0Ab/%FF"}}}])
    );
    let rule = &hostile["relatedLocations"][0]["physicalLocation"];
    assert_eq!(
        rule,
        &json!({"artifactLocation": {"uri": "file:///etc/sgidlint/lab.toml"}, "region": {"startLine": 14}})
    );
    assert_eq!(hostile["properties"]["actual"]["group"], "users");
    assert_eq!(hostile["properties"]["because"], "private");
    let notice = &results[5]["locations"][0]["physicalLocation"];
    assert_eq!(notice["region"]["startLine"], 30);
}

#[test]
fn what_an_exception_covers_is_suppressed_with_its_reason() {
    let log = log(&survey());
    let results = log["runs"][0]["results"].as_array().unwrap();
    let suppressed: Vec<&Value> = results.iter().filter_map(|result| result.get("suppressions")).collect();
    let expected = json!([{"kind": "external", "status": "accepted", "justification": "owner on leave, ticket 4711"}]);
    assert_eq!(suppressed, [&expected]);
}

#[test]
fn errors_and_the_exit_status_are_the_invocations() {
    let log = log(&survey());
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!((&invocation["executionSuccessful"], &invocation["exitCode"]), (&json!(false), &json!(3)));
    assert_eq!(invocation["startTimeUtc"], "2026-11-22T00:32:22.000Z");
    assert_eq!(invocation["endTimeUtc"], "2026-11-22T00:32:23.250Z");
    let told = &invocation["toolExecutionNotifications"][0];
    assert_eq!(told["level"], "error");
    assert_eq!(
        told["message"]["text"],
        "/srv/lab/secret: openat: EACCES (permission denied): can't list the directory; run as root"
    );
}

#[test]
fn a_fingerprint_stays_while_the_state_changes_and_tells_places_apart() {
    let mut other = survey();
    let prints = |survey: &Survey| {
        let log = log(survey);
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["partialFingerprints"]["sgidlint/v2"].clone()).collect::<Vec<_>>()
    };
    let before = prints(&other);
    other.reports[0].actual.gid = 7;
    assert_eq!(prints(&other), before);
    let distinct: std::collections::HashSet<String> = before.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), before.len());
    // Held, for those who compare runs by it: another way of making it needs another key.
    let print = fingerprint(Lint::ForeignGroup, b"/srv/lab/a", "lab");
    assert_eq!(print[FINGERPRINT], "e34ce9be04e51bb1706adb5331f4fcae");
}

#[test]
fn a_message_is_neither_a_link_nor_a_placeholder() {
    let message = serde_json::to_value(Message::of("group {0} [x](evil:y)")).unwrap();
    assert_eq!(message["text"], r"group {{0}} \[x\](evil:y)");
}

#[test]
fn every_lint_is_a_rule_with_help() {
    let log = log(&Survey::default());
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Lint::ALL.len());
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[text]["text"].as_str().unwrap().len() > 20, "{rule}");
        }
    }
}

#[test]
fn in_a_repository_places_are_told_from_its_top() {
    let (mut survey, base) = (survey(), Base::of("/srv/lab".into(), "/srv/lab".into()));
    survey.policies[0].file = "./sgidlint.toml".into();
    let log = log_of(&Check { base: &base, ..check_of(&survey, ended()) });
    let run = &log["runs"][0];
    assert_eq!(run["originalUriBaseIds"], json!({"SRCROOT": {"uri": "file:///srv/lab/"}}));
    let at = |uri: &str| json!({"uri": uri, "uriBaseId": "SRCROOT"});
    let place = |result: usize, locations: &str| {
        run["results"][result][locations][0]["physicalLocation"]["artifactLocation"].clone()
    };
    assert_eq!((place(0, "locations"), place(2, "locations")), (at("./"), at("a%0Ab/%FF")));
    assert_eq!((place(0, "relatedLocations"), place(5, "locations")), (at("sgidlint.toml"), at("sgidlint.toml")));
    let other = Base::of("/srv/la".into(), "/srv/la".into());
    let log = log_of(&Check { base: &other, ..check_of(&survey, ended()) });
    let uri = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(uri, &json!({"uri": "file:///srv/lab"}));
}

#[test]
fn what_fails_is_an_error_and_nothing_else() {
    let survey = survey();
    let levels = |strictness| {
        let log = log_of(&check_of(&survey, Ended { strictness, ..ended() }));
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["level"].as_str().unwrap() == "error").collect::<Vec<_>>()
    };
    assert_eq!(levels(Strictness::Deny), [true, false, true, false, true, false]);
    assert_eq!(levels(Strictness::Warn), [true; 6]);
}

#[test]
fn a_check_that_came_to_nothing_has_no_results_and_says_why() {
    let text = text(|out| write_failed(out, &failed()));
    let log: Value = serde_json::from_str(&text).unwrap();
    let run = &log["runs"][0];
    assert!(run.get("results").is_none() && run["tool"]["driver"]["rules"].is_array(), "{log}");
    let invocation = &run["invocations"][0];
    assert_eq!((&invocation["executionSuccessful"], &invocation["exitCode"]), (&json!(false), &json!(2)));
    assert_eq!(invocation["toolExecutionNotifications"][0]["message"]["text"], "no policy is called `x\n<y>`");
}
