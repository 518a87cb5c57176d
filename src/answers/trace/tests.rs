//! Tests of the stories.

use super::*;
use crate::access::making::{Inheritance, make};
use crate::access::probe::Someone;
use crate::access::probe::traced::{Beyond, Trial};
use crate::model::accounts::Account;
use crate::model::acl::Listed;
use crate::model::acl::{Acl, AclEntry, Tag};
use crate::model::mode::Mode;
use crate::plan::remedy::case::{Case, Demand, Fixture, Stop};
use crate::plan::remedy::smallest::{Bits, Remedy, Turn};
use crate::report::samples::{Names, state, text};
use crate::screen::style::Palette;
use crate::sys::access::{Answer, Making};
use crate::sys::impersonation::Impersonation;
use rustix::io::Errno;
use snapbox::{IntoData, assert_data_eq, str};

fn entry(tag: Tag, id: Option<u32>, permissions: u8) -> AclEntry {
    AclEntry { tag, id, permissions }
}

/// Alice in a directory of a hostile name, whose ACL has her and masks her.
const PLAIN: Screen<'_> = Screen { palette: &Palette::PLAIN, columns: None };

fn story() -> Trace {
    let account = Account { uid: 1001, gid: 100, groups: vec![100, 3001] };
    let list = Acl::new(vec![
        entry(Tag::Owner, None, 7),
        entry(Tag::User, Some(1001), 7),
        entry(Tag::OwningGroup, None, 7),
        entry(Tag::Mask, None, 5),
        entry(Tag::Other, None, 0),
    ]);
    let stop = |state, listed| Stop { kind: Kind::Dir, state, listed, fixture: Fixture::None };
    let listed = Listed::Yes(list.unwrap());
    let case = Case {
        account: account.clone(),
        stops: vec![stop(state(0, 0, 0o755), Listed::No), stop(state(0, 3001, 0o2750), listed)],
    };
    let tale = |act, can, rights, ways| Tale {
        act,
        can,
        decided: Demand::Rights(1, rights),
        differs: None,
        beyond: Vec::new(),
        ways,
        is_barred: false,
    };
    let rights = Rights::new(7);
    let own = Remedy::Entry { place: 1, tag: Tag::User, id: Some(1001), rights, mask: rights };
    let bit = Remedy::Mode { place: 1, turn: Turn::Give, bits: Bits::Group, rights: Rights::WRITE };
    let beyond = Beyond { place: 1, rights: Rights::CHANGE, answer: Answer::No(Errno::ROFS) };
    let ways = vec![vec![Remedy::Join { gid: 3001 }, bit], vec![own]];
    let made = make(&account, case.stops[1].state, None, Mode::new(0o027), Inheritance::Setgid);
    Trace {
        asked_for: "alice".into(),
        stands_in: false,
        someone: Someone { label: "alice".into(), impersonation: Impersonation::Account(account.clone()), account },
        umask: Mode::new(0o027),
        case,
        paths: vec!["/".into(), "/it's\u{1b}[31m".into()],
        file_systems: vec![None, Some("nfs4".into())],
        passes: vec![Some(Answer::Yes), Some(Answer::No(Errno::ACCESS))],
        acts: vec![
            tale(Operation::List, true, Rights::READ, Vec::new()),
            tale(Operation::Create, false, Rights::CHANGE, ways.clone()),
            tale(Operation::Delete, false, Rights::CHANGE, ways),
            Tale {
                differs: Some(Answer::No(Errno::ROFS)),
                beyond: vec![beyond],
                ..tale(Operation::Enter, false, Rights::PASS, Vec::new())
            },
        ],
        made: Some(Trial { made, making: Making::Made(made.state) }),
    }
}

#[test]
fn a_story_is_told_from_the_top() {
    assert_data_eq!(
        text(|out| write(out, &story(), &[], &Names, PLAIN, Verbosity::Normal)),
        str![[r#"

As alice, uid 1001, groups users lab:

ON THE WAY      STATE           DECIDED BY                    PASS
/               root:root 0755  other r-x                     yes
/it's\x1b[31m/  root:lab 2750   ACL user alice rwx, mask r-x  no

ACT     CAN  DECIDED BY
list    yes  ACL user alice rwx, mask r-x
create  no   ACL user alice rwx, mask r-x lacks w
delete  no   ACL user alice rwx, mask r-x lacks w
enter   no   the kernel: EROFS (read-only file system)

Note: modes and ACLs allow passing /it's\x1b[31m/, but the kernel, whose word counts, says EACCES (permission denied): its server (nfs4) judges for itself, by squashed ids or ACLs of its own.

Note: modes and ACLs refuse writing /it's\x1b[31m/, and the kernel would anyway with EROFS (read-only file system): it lies on a read-only mount.

A new file there would be alice:lab 0640: its group is the directory's, which is setgid, its mode is 0666 without umask 0027; its group can't write it.

Smallest changes that together let alice create, delete:
    gpasswd -a alice lab  # counts from their next login on
    chmod -- g+w $'/it\'s\033[31m'
or for alice alone:
    setfacl -m u:alice:rwx,g::r-x -- $'/it\'s\033[31m'

"#]]
        .raw()
    );
}

#[test]
fn programs_get_one_line() {
    let line = text(|out| json::write(out, &story(), &Names));
    assert!(line.ends_with("}\n") && line.matches('\n').count() == 1 && !line.contains('\u{1b}'), "{line}");
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    let create = &told["acts"][1];
    assert_eq!((&create["can"], create["changes"].as_array().map(Vec::len)), (&false.into(), Some(2)));
    assert_eq!(create["decided_by"]["class"], "named-user");
    assert_eq!((&told["way"][1]["pass"], &told["way"][1]["by_rules"]), (&false.into(), &true.into()));
    assert_eq!(told["new_file"]["made"]["mode"], "0640");
}

#[test]
fn what_was_made_is_believed_before_the_rules() {
    let mut story = story();
    let said = |story: &Trace| wording::made(story, &Names).unwrap_or_default();
    assert_eq!(
        said(&story),
        "a new file there would be alice:lab 0640: its group is the directory's, which is setgid, its mode is 0666 \
         without umask 0027; its group can't write it"
    );
    let Some(trial) = &mut story.made else { unreachable!() };
    trial.making = Making::Made(state(1001, 100, 0o600));
    assert!(said(&story).starts_with("a new file there would be alice:users 0600, as one that was made shows"));
    story.made = story.made.map(|trial| Trial { making: Making::Unsupported, ..trial });
    assert!(said(&story).contains("(by the rules"));
    story.made = story.made.map(|trial| Trial { making: Making::Refused(Errno::NOSPC), ..trial });
    assert_eq!(said(&story), "");
}

#[test]
fn a_mask_is_named_where_setfacl_would_make_another() {
    let mut story = story();
    let alone = |rights, mask| Remedy::Entry {
        place: 1,
        tag: Tag::User,
        id: Some(1001),
        rights: Rights::new(rights),
        mask: Rights::new(mask),
    };
    let of = |story: &Trace, remedy| commands(story, &[remedy], &Names).join("");
    // The owning group's own entry is rwx behind the mask: a wider one would open that too.
    assert_eq!(of(&story, alone(7, 7)), r"setfacl -m u:alice:rwx,g::r-x -- $'/it\'s\033[31m'");
    // So would setfacl, without a mask named.
    assert_eq!(of(&story, alone(5, 5)), r"setfacl -m u:alice:r-x,m::r-x -- $'/it\'s\033[31m'");
    // A name that setfacl could misread is a number.
    story.case.account.uid = 1666;
    let named = Remedy::Entry { place: 0, tag: Tag::User, id: Some(1666), rights: Rights::PASS, mask: Rights::new(5) };
    assert_eq!(of(&story, named), "setfacl -m u:1666:--x -- /");
}
