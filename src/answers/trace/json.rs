//! The story of one answer for programs: a line of JSON.

use crate::access::commands::commands;
use crate::access::making::{GroupBy, ModeBy};
use crate::access::probe::traced::{Tale, Trace, Trial};
use crate::access::wording;
use crate::model::accounts::IdNames;
use crate::model::acl::Listed;
use crate::model::entry::Kind;
use crate::model::rights::{Class, Decision, Rights};
use crate::model::wire::WirePath;
use crate::plan::remedy::case::Demand;
use crate::report::json::{JsonState, write_line};
use crate::sys::access::{Answer, Making};
use crate::sys::error::errno_name;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Writes it.
pub(crate) fn write(out: &mut dyn Write, story: &Trace, names: &dyn IdNames) -> io::Result<()> {
    let account = &story.case.account;
    let way: Vec<Value> = (0..story.case.stops.len()).map(|place| stop(story, place, names)).collect();
    let acts: Vec<Value> = story.acts.iter().map(|tale| act(story, tale, names)).collect();
    let line = json!({
        "type": "story",
        "as": story.asked_for,
        "member": (story.asked_for != story.someone.label).then_some(&story.someone.label),
        "uid": account.uid,
        "gid": account.gid,
        "groups": account.groups,
        "umask": story.umask.to_string(),
        "path": story.paths.last().map(|_| WirePath::new(story.path(story.paths.len() - 1))),
        "kind": story.case.stops.last().map(|end| end.kind.name()),
        "way": way,
        "acts": acts,
        "new_file": story.made.map(|trial| new_file(&trial, names)),
        "notes": wording::notes(story),
    });
    write_line(&line, out)
}

fn stop(story: &Trace, place: usize, names: &dyn IdNames) -> Value {
    let stop = &story.case.stops[place];
    let pass = story.passes[place];
    let rights = if stop.kind == Kind::Dir { Rights::PASS } else { Rights::READ };
    json!({
        "path": WirePath::new(story.path(place)),
        "kind": stop.kind.name(),
        "state": JsonState::new(stop.state, names),
        "acl": matches!(stop.listed, Listed::Yes(_)),
        "decided_by": (stop.kind != Kind::Symlink).then(|| decision(&story.case.decide(place, rights))),
        "pass": pass.map(Answer::is_yes),
        "errno": pass.and_then(errno),
        "by_rules": pass.map(|_| story.case.meets(Demand::Rights(place, Rights::PASS))),
    })
}

fn act(story: &Trace, tale: &Tale, names: &dyn IdNames) -> Value {
    let place = tale.decided.place();
    let (by, rights) = match tale.decided {
        Demand::Rights(_, rights) => ("rights", Some(rights)),
        Demand::Unstuck(..) => ("sticky", None),
        Demand::Mutable(_) | Demand::Free(_) => ("attribute", None),
    };
    let ways: Vec<Vec<String>> = tale.ways.iter().map(|way| commands(story, way, names)).collect();
    json!({
        "act": tale.act.name(),
        "can": tale.can,
        "at": WirePath::new(story.path(place)),
        "by": by,
        "needs": rights.map(|rights| rights.to_string()),
        "decided_by": rights.map(|rights| decision(&story.case.decide(place, rights))),
        "differs": tale.differs.is_some(),
        "errno": tale.differs.and_then(errno),
        "changes": ways,
        "against_policy": tale.is_barred,
    })
}

fn decision(decision: &Decision) -> Value {
    let (class, id) = match decision.class {
        Class::Owner => ("owner", None),
        Class::User(uid) => ("named-user", Some(uid)),
        Class::OwningGroup(gid) => ("owning-group", Some(gid)),
        Class::Group(gid) => ("named-group", Some(gid)),
        Class::Other => ("other", None),
    };
    json!({"class": class, "id": id, "given": decision.given.to_string(), "mask": decision.mask.map(|mask| mask.to_string())})
}

fn new_file(trial: &Trial, names: &dyn IdNames) -> Value {
    let made = &trial.made;
    let group_by = match made.group_by {
        GroupBy::Setgid => "setgid",
        GroupBy::Mount => "mount",
        GroupBy::Maker => "maker",
    };
    let mode_by = match made.mode_by {
        ModeBy::Umask(_) => "umask",
        ModeBy::DefaultAcl => "default-acl",
    };
    let (state, errno) = match trial.making {
        Making::Made(state) => (Some(state), None),
        Making::Refused(errno) => (None, Some(errno_name(errno.raw_os_error()))),
        Making::Unsupported => (None, None),
    };
    json!({
        "by_rules": JsonState::new(made.state, names),
        "group_by": group_by,
        "mode_by": mode_by,
        "made": state.map(|state| JsonState::new(state, names)),
        "errno": errno,
    })
}

fn errno(answer: Answer) -> Option<String> {
    match answer {
        Answer::Yes => None,
        Answer::No(errno) => Some(errno_name(errno.raw_os_error())),
    }
}
