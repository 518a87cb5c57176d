//! Every lint that looks at entries, brought about by what people do: a real command in a tree that was all right.

use crate::lab::policy;
use crate::scenario;
use crate::scenario::Scenario;
use sgidlint::Lint;

/// A lint, the keys of a policy that a plain tree complies with, and the command after which the lint is found.
const ACTS: [(Lint, &str, &str); 24] = [
    (Lint::ForeignGroup, "group = 4242", "chgrp 0 f"),
    (Lint::ForeignOwner, "owner = 0", "chown 2001 f"),
    (Lint::SpreadingGroup, "group = 4242", "chgrp 0 d && chmod g+s d"),
    (Lint::MissingSetgid, "setgid = true", "chmod g-s d"),
    (Lint::StraySetgid, "setgid = true\n[[tree.rule]]\nmatch = 'plain/'\nsetgid = false", "mkdir plain"),
    (Lint::MissingSticky, "sticky = true", "chmod -t d"),
    (
        Lint::StraySticky,
        "setgid = true\nsticky = true\n[[tree.rule]]\nmatch = 'f*/'\nsticky = false",
        "mkdir -m 3775 fd",
    ),
    (Lint::MissingPermission, "file-mode = 'g=u'", "chmod g-w f"),
    (Lint::ExcessPermission, "file-mode = 'o-w'", "chmod o+w f"),
    (Lint::MissingAclEntry, "acl = 'none'\n[[tree.rule]]\nmatch = 'new'\nacl = ['u:2005:rX']", "touch new"),
    (Lint::ExcessAclEntry, "acl = 'none'", "setfacl -m u:2003:r f"),
    (Lint::MissingDefaultAcl, "acl = 'none'\n[[tree.rule]]\nmatch = 'new/'\ndefault-acl = '@same'", "mkdir new"),
    (Lint::ExcessDefaultAcl, "default-acl = 'none'", "setfacl -d -m u:2003:r d"),
    (Lint::LatentAclEntry, "acl = ['@any']", "setfacl -m u:2003:rw,m::r f"),
    (
        Lint::MalformedAcl,
        "acl = ['@any']",
        "setfattr -n system.posix_acl_access -v \
         0x0200000001000600ffffffff0200040009000000020004000400000004000400ffffffff10000400ffffffff20000000ffffffff f",
    ),
    (Lint::SetuidFile, "file-mode = 'u+r'", "chmod u+s f"),
    (Lint::SetgidFile, "file-mode = 'u+r'", "chmod g+xs f"),
    (Lint::WritableSetId, "file-mode = 'u+r'", "chmod g+s f"),
    (Lint::SetuidDirectory, "dir-mode = 'u+r'", "chmod u+s d"),
    (Lint::IneffectiveSetgid, "dir-mode = 'u+r'", "chmod g-x d"),
    (Lint::WorldWritable, "file-mode = 'u+r'", "chmod o+w f"),
    (Lint::UnknownId, "file-mode = 'u+r'\n[[tree.rule]]\nmatch = '/'\ndir-mode = 'u+r'", "chgrp 4711 f"),
    (Lint::HardLinked, "file-mode = 'u+r'", "ln f ../other"),
    (Lint::Conflict, "group = 4242", "chgrp 0 f"),
];

/// The lints that need more than a command in the tree, and where their scenarios are.
const ELSEWHERE: [(Lint, &str); 19] = [
    (Lint::Unreachable, include_str!("lints.rs")),
    (Lint::EscapingPath, include_str!("listings.rs")),
    (Lint::WideDefaultAcl, include_str!("lints.rs")),
    (Lint::MaskedByAcl, include_str!("lints.rs")),
    (Lint::ForeignAcl, include_str!("wished_acls.rs")),
    (Lint::UnusedRule, include_str!("lints.rs")),
    (Lint::ShadowedRule, include_str!("lints.rs")),
    (Lint::RiskyRule, include_str!("lints.rs")),
    (Lint::ExpiredException, include_str!("check.rs")),
    (Lint::UnusedException, include_str!("check.rs")),
    (Lint::EmptyGroup, include_str!("policy_tests.rs")),
    (Lint::UnmetExpectation, include_str!("expect.rs")),
    (Lint::CannotEnter, include_str!("probe.rs")),
    (Lint::CannotRead, include_str!("probe.rs")),
    (Lint::CannotWrite, include_str!("probe.rs")),
    (Lint::NewFilesForeign, include_str!("probe.rs")),
    (Lint::NewFilesClosed, include_str!("probe.rs")),
    (Lint::CanDeleteOthers, include_str!("probe.rs")),
    (Lint::OutsiderCan, include_str!("probe.rs")),
];

#[track_caller]
fn is_brought_about(t: &mut Scenario, lint: Lint, keys: &str, act: &str) {
    t.sh("find . -mindepth 1 -delete; rm -f ../other");
    t.tree("dir 0:4242 3775 .\n dir 0:4242 3775 d\n file 0:4242 0664 f");
    // What the tree itself has of other lints is not the question.
    let table = format!("[[tree]]\n{keys}");
    t.policy("act.toml", &format!("format = 1\n[lints]\nunused-rule = \"allow\"\nshadowed-rule = \"allow\"\n{table}"));
    t.policy("other.toml", &policy("[[tree]]\ngroup = 4243"));
    let second = if lint == Lint::Conflict { "-p other.toml" } else { "" };
    let has = |t: &Scenario| {
        let run = t.run(&format!("check . -p act.toml {second} --format json"));
        run.json_of("finding").iter().any(|finding| finding["lint"] == lint.name())
    };
    if lint != Lint::Conflict && lint != Lint::UnknownId {
        assert!(!has(t), "{lint} is found before `{act}`");
    }
    t.sh(act);
    assert!(has(t), "{lint} is not found after `{act}`");
}

scenario!(each_lint_sees_what_people_do, |t| {
    ACTS.into_iter().for_each(|(lint, keys, act)| is_brought_about(t, lint, keys, act));
});

#[test]
fn no_lint_is_without_a_scenario() {
    for lint in Lint::ALL {
        let here = ACTS.iter().any(|(known, ..)| *known == lint);
        let elsewhere = ELSEWHERE.iter().any(|(known, text)| *known == lint && text.contains(lint.name()));
        assert!(here || elsewhere, "{lint} has no scenario");
    }
}
