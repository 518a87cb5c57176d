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

/// What one policy wants: its root, by index, its intent and the state that would suit it.
pub(super) type Side<'i> = (u32, &'i Intent<'i>, State);

/// One of some policies and the first that wants another state, if there is one.
pub(super) fn of(one: Side<'_>, all: &[Side<'_>]) -> Option<Box<[Rival; 2]>> {
    let other = *all.iter().find(|other| other.2 != one.2)?;
    let rival =
        |(root, intent, ideal): Side<'_>, against: State| Rival { root, ideal, rule: rule(intent, ideal, against) };
    Some(Box::new([rival(one, other.2), rival(other, one.2)]))
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
        format!("{name} ({file}{line}) wants {}", state_text(rival.ideal, names))
    };
    let [first, second] = rivals.each_ref().map(one);
    format!("two policies want different states of it: {first}, {second}").into()
}
