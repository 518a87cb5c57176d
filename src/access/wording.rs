//! Who decided and why, in words.

use crate::access::making::{GroupBy, Made, ModeBy};
use crate::access::probe::traced::{Tale, Trace};
use crate::model::accounts::IdNames;
use crate::model::mode::Mode;
use crate::model::rights::{Class, Decision, Rights};
use crate::model::text::account::{group_text, owner_text, state_text};
use crate::model::text::escape::full_path;
use crate::plan::remedy::case::{Demand, Fixture};
use crate::source::mounts::{Class as FileSystem, classify};
use crate::sys::access::{Answer, Making};
use crate::sys::error::{errno_name, errno_text};
use rustix::io::Errno;

/// Who decided and what they have: `group lab r-x`, `ACL user alice rwx, mask r-x`.
pub(crate) fn class(decision: &Decision, names: &dyn IdNames) -> String {
    let Decision { class, given, mask } = *decision;
    let who = match class {
        Class::Owner => "owner".into(),
        Class::User(uid) => format!("ACL user {}", owner_text(uid, names)),
        Class::OwningGroup(gid) => format!("group {}", group_text(gid, names)),
        Class::Group(gid) => format!("ACL group {}", group_text(gid, names)),
        Class::Other => "other".into(),
    };
    match mask {
        Some(mask) => format!("{who} {given}, mask {mask}"),
        None => format!("{who} {given}"),
    }
}

/// What decided about an act.
pub(crate) fn decided(story: &Trace, tale: &Tale, names: &dyn IdNames) -> String {
    if let Some(answer) = tale.differs {
        return format!("the kernel: {}", said(answer));
    }
    let shown = |place: usize| full_path(b"", story.path(place), Some(story.case.stops[place].kind));
    let is_end = tale.decided.place() + 1 == story.case.stops.len();
    let place = tale.decided.place();
    match tale.decided {
        Demand::Rights(_, rights) => {
            let decision = story.case.decide(place, rights);
            let lacking = rights.without(decision.rights()).letters();
            let lacks = if lacking.is_empty() { String::new() } else { format!(" lacks {lacking}") };
            let text = format!("{}{lacks}", class(&decision, names));
            if is_end { text } else { format!("{text} at {}", shown(place)) }
        }
        Demand::Unstuck(_, None) => "sticky bit: the directory isn't theirs".into(),
        Demand::Unstuck(_, Some(_)) => format!("sticky bit of {}: neither that nor this is theirs", shown(place)),
        Demand::Mutable(_) | Demand::Free(_) => held_fast(story, place),
    }
}

/// What else is to be said: where the kernel and the rules differ, and what nothing here can alter.
pub(crate) fn notes(story: &Trace) -> Vec<String> {
    let mut notes = Vec::new();
    if story.stands_in {
        notes.push(format!(
            "nobody is in {} yet, so that this is told of somebody who is in that group and in no other",
            story.asked_for
        ));
    }
    let mut note = |text: String| {
        if !notes.contains(&text) {
            notes.push(text);
        }
    };
    for (place, answer) in story.passes.iter().enumerate() {
        let Some(answer) = *answer else { continue };
        if story.case.meets(Demand::Rights(place, Rights::PASS)) != answer.is_yes() {
            note(difference(story, place, Rights::PASS, answer));
        }
    }
    for tale in &story.acts {
        tale.beyond.iter().for_each(|one| note(difference(story, one.place, one.rights, one.answer)));
        let demands = story.case.demands(tale.act).into_iter().filter(|demand| !story.case.meets(*demand));
        for demand in demands {
            if let Demand::Mutable(place) | Demand::Free(place) = demand {
                note(format!("{}, which no mode, group or ACL alters", held_fast(story, place)));
            }
        }
    }
    notes
}

/// What a new file would be.
pub(crate) fn made(story: &Trace, names: &dyn IdNames) -> Option<String> {
    let trial = story.made?;
    let Made { state, group_by, mode_by } = trial.made;
    let real = match trial.making {
        Making::Made(real) => real,
        Making::Unsupported => state,
        Making::Refused(_) => return None,
    };
    let group = match group_by {
        GroupBy::Setgid => "its group is the directory's, which is setgid",
        GroupBy::Mount => "its group is the directory's, as the mount has grpid",
        GroupBy::Maker => "its group is its maker's, as the directory isn't setgid",
    };
    let mode = match mode_by {
        ModeBy::Umask(umask) => format!("its mode is 0666 without umask {umask}"),
        ModeBy::DefaultAcl => "its mode is by the directory's default ACL, whatever the umask".into(),
    };
    let mut text = format!("a new file there would be {}: {group}, {mode}", state_text(real, names));
    if !real.mode.has(Mode::GROUP_WRITE) {
        text.push_str("; its group can't write it");
    }
    match trial.making {
        Making::Made(real) if real != state => {
            text = format!(
                "a new file there would be {}, as one that was made shows, and not {} as by the rules: the file system \
                 judges for itself",
                state_text(real, names),
                state_text(state, names),
            );
        }
        Making::Unsupported => text.push_str(" (by the rules: this file system makes none without a trace)"),
        Making::Made(_) | Making::Refused(_) => {}
    }
    Some(text)
}

fn held_fast(story: &Trace, place: usize) -> String {
    let shown = full_path(b"", story.path(place), Some(story.case.stops[place].kind));
    match story.case.stops[place].fixture {
        Fixture::Immutable => format!("{shown} is immutable (chattr +i)"),
        Fixture::AppendOnly => format!("{shown} is append-only (chattr +a)"),
        Fixture::ReadOnly => format!("{shown} lies on a read-only mount"),
        Fixture::None => format!("{shown} is held fast"),
    }
}

fn said(answer: Answer) -> String {
    match answer {
        Answer::Yes => "yes".into(),
        Answer::No(errno) => {
            let errno = errno.raw_os_error();
            format!("{} ({})", errno_name(errno), errno_text(errno))
        }
    }
}

fn difference(story: &Trace, place: usize, rights: Rights, answer: Answer) -> String {
    let act = match rights {
        Rights::PASS => "passing",
        Rights::READ => "reading",
        _ => "writing",
    };
    let shown = full_path(b"", story.path(place), Some(story.case.stops[place].kind));
    let (kernel, reason) = (said(answer), reason(story.file_systems[place].as_deref(), answer));
    match (story.case.meets(Demand::Rights(place, rights)), answer) {
        (false, Answer::No(_)) => {
            format!("modes and ACLs refuse {act} {shown}, and the kernel would anyway with {kernel}: {reason}")
        }
        (rules, _) => {
            let rules = if rules { "allow" } else { "refuse" };
            format!("modes and ACLs {rules} {act} {shown}, but the kernel, whose word counts, says {kernel}: {reason}")
        }
    }
}

/// What may stand behind an answer that the rules don't give.
fn reason(file_system: Option<&str>, answer: Answer) -> String {
    let of_errno = match answer {
        Answer::No(Errno::ROFS) => "it lies on a read-only mount",
        Answer::No(Errno::OVERFLOW) => "these ids are not mapped on its mount (user_namespaces(7))",
        Answer::No(Errno::NOSPC | Errno::DQUOT) => "no space, or no quota, is left",
        _ => "",
    };
    if !of_errno.is_empty() {
        return of_errno.into();
    }
    let known = file_system.map(|fs| (fs, classify(fs)));
    match known {
        Some((fs, FileSystem::Network)) => {
            format!("its server ({fs}) judges for itself, by squashed ids or ACLs of its own")
        }
        Some((fs, FileSystem::Fuse)) => {
            format!("{fs} lets in only who mounted it, but with allow_other, and may judge for itself")
        }
        Some((_, FileSystem::Local | FileSystem::Pseudo)) | None => {
            "a security module (SELinux, AppArmor), an attribute (lsattr), or a mount on which ids mean others".into()
        }
    }
}
