//! What two policies want of one entry, where no state suits both: who they are, and the state that each of them wants.

use crate::findings::Survey;
use crate::findings::found::Rival;
use crate::model::accounts::IdNames;
use crate::model::entry::State;
use crate::model::intent::{Intent, RuleId, Wish};
use crate::model::mode::Mode;
use crate::model::text::account::state_text;
use std::collections::HashMap;
use std::sync::Arc;

/// What one policy wants.
pub(super) struct Side<'i> {
    /// Its root, by index.
    pub root: u32,
    /// Its intent.
    pub intent: &'i Intent<'i>,
    /// The state that would suit it.
    pub ideal: State,
    /// Whether the entry is as it wants it.
    pub complies: bool,
}

/// One of some policies, by its index, and the first that wants something else, if there is one.
pub(super) fn of(one: usize, all: &[Side<'_>]) -> Option<Box<[Rival; 2]>> {
    let side = all.get(one)?;
    if let Some(other) = all.iter().find(|other| other.ideal != side.ideal) {
        let rival = |side: &Side<'_>, against: &Side<'_>| {
            let rule = rule(side.intent, side.ideal, against.ideal);
            Rival { root: side.root, ideal: Some(side.ideal), rule }
        };
        return Some(Box::new([rival(side, other), rival(other, side)]));
    }
    // The state suits both, and one ACL can't: most likely it isn't one that complies as well.
    let mut others = all.iter().enumerate().filter(|(at, _)| *at != one).map(|(_, other)| other);
    let other = others.clone().find(|other| other.complies != side.complies).or_else(|| others.next())?;
    let rival = |side: &Side<'_>| Rival { root: side.root, ideal: None, rule: rule_of_acl(side.intent) };
    Some(Box::new([rival(side), rival(other)]))
}

/// The rule that speaks of the ACL, or else of the mode, which is the mask of one.
fn rule_of_acl(intent: &Intent<'_>) -> Option<RuleId> {
    let acl = intent.acl.map(|wish| wish.rule).or(intent.default_acl.map(|wish| wish.rule));
    acl.or(intent.mode.map(|wish| wish.rule))
}

/// The rule that wants the first thing in which two states differ.
fn rule(intent: &Intent<'_>, ideal: State, other: State) -> Option<RuleId> {
    let differs = Mode::new(ideal.mode.bits() ^ other.mode.bits());
    let of_flag = |bit, wish: Option<Wish<bool>>| wish.filter(|_| differs.has(bit)).map(|wish| wish.rule);
    let of_mode = || intent.mode.as_ref().map(|wish| wish.rule);
    if ideal.gid != other.gid {
        intent.group.as_ref().map(|wish| wish.rule)
    } else if ideal.uid != other.uid {
        intent.owner.as_ref().map(|wish| wish.rule)
    } else {
        of_flag(Mode::SETGID, intent.setgid).or_else(|| of_flag(Mode::STICKY, intent.sticky)).or_else(of_mode)
    }
}

/// Puts into words what was found of rivals. A tree has few of them, so that most entries share a text.
pub(super) fn tell(survey: &mut Survey, names: &dyn IdNames) {
    let mut told: HashMap<[Rival; 2], Arc<str>> = HashMap::new();
    let mut reports = std::mem::take(&mut survey.reports);
    for rare in reports.iter_mut().filter_map(|report| report.rare.as_deref_mut()) {
        if let Some(rivals) = rare.rivals.take() {
            let text = told.entry(*rivals).or_insert_with_key(|rivals| text(rivals, survey, names));
            rare.conflict = Some(Arc::clone(text));
        }
    }
    survey.reports = reports;
}

fn text(rivals: &[Rival; 2], survey: &Survey, names: &dyn IdNames) -> Arc<str> {
    let one = |rival: &Rival| {
        let policy = survey.roots.get(rival.root as usize).and_then(|root| survey.policies.get(root.policy as usize));
        let (name, file) = policy.map_or(("", ""), |policy| (&policy.name, &policy.file));
        let line = rival.rule.and_then(|rule| survey.rules.get(rule.index())).map(|place| place.line);
        let line = line.map(|line| format!(":{line}")).unwrap_or_default();
        match rival.ideal {
            Some(ideal) => format!("{name} ({file}{line}) wants {}", state_text(ideal, names)),
            None => format!("{name} ({file}{line})"),
        }
    };
    let [first, second] = rivals.each_ref().map(one);
    match rivals[0].ideal {
        Some(_) => format!("two policies want different states of it: {first}, {second}").into(),
        None => format!("two policies want what no ACL of it gives both: {first} and {second}").into(),
    }
}
