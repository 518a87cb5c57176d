use super::unit::mount_unit;
use super::*;
use crate::model::samples::text;
use snapbox::{IntoData, assert_data_eq, str};

fn job(task: Task, places: &[&str]) -> Job {
    Job {
        project: None,
        words: ["/usr/bin/sgidlint", "check", "-q", "-s", "group=50% $of 'us'"].map(Into::into).into(),
        pruning: None,
        check: None,
        on_failure: None,
        writes_to_others: false,
        mounts: Vec::new(),
        task,
        places: places.iter().map(|&path| path.into()).collect(),
        whose: Whose::Root,
    }
}

#[test]
fn cron_reads_the_words_back() {
    assert_data_eq!(
        text(|out| write_cron(out, &job(Task::Check, &[]))),
        str![[r#"
# /etc/cron.d/sgidlint-check: nothing wrong, nothing said; cron mails the rest.
17 3 * * *  root  /usr/bin/sgidlint check -q -s 'group=50\% $of '\''us'\'''

"#]]
        .raw()
    );
    let own = Job { whose: Whose::Users, ..job(Task::Check, &[]) };
    assert!(text(|out| write_cron(out, &own)).contains("17 3 * * *  /usr/bin/sgidlint"));
}

#[test]
fn a_repair_may_write_to_its_places_and_nowhere_else() {
    let places = ["/srv/a b", "/srv/%i"];
    let unit = text(|out| write_unit(out, &job(Task::Fix, &places), Unit::Service));
    for line in [
        "ExecStart=/usr/bin/sgidlint check -q -s \"group=50%% $$of 'us'\"",
        "CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_CHOWN CAP_FOWNER CAP_FSETID",
        "ReadWritePaths=\"-/srv/a b\"",
        "ReadWritePaths=\"-/srv/%%i\"",
        "StateDirectory=sgidlint",
        "PrivateTmp=yes",
    ] {
        assert!(unit.lines().any(|shown| shown == line), "{line}\n{unit}");
    }
    assert!(!unit.contains("\nRestrictSUIDSGID"));
}

#[test]
fn a_check_sees_its_places_as_a_repair_would() {
    for (task, capabilities) in
        [(Task::Check, "CAP_DAC_READ_SEARCH"), (Task::Probe, "CAP_DAC_READ_SEARCH CAP_SETUID CAP_SETGID")]
    {
        let unit = text(|out| write_unit(out, &job(task, &["/srv"]), Unit::Service));
        let capabilities = format!("CapabilityBoundingSet={capabilities}");
        for line in [capabilities.as_str(), "RestrictSUIDSGID=yes", "ReadWritePaths=-/srv"] {
            assert!(unit.lines().any(|shown| shown == line), "{line}\n{unit}");
        }
        assert!(!unit.contains("StateDirectory"));
    }
}

#[test]
fn what_lies_in_tmp_is_not_hidden() {
    for (path, hidden) in [("/tmp", false), ("/tmp/a", false), ("/", false), ("/var/tmp/b", false), ("/tmpo", true)] {
        let unit = text(|out| write_unit(out, &job(Task::Check, &[path]), Unit::Service));
        assert_eq!(unit.contains("PrivateTmp=yes"), hidden, "{path}");
    }
}

#[test]
fn what_no_line_can_hold_is_known() {
    assert_eq!(unfit(["a", "b c", "d\ne"]), Some("d\ne"));
    assert_eq!(unfit(["a", "'%$\\\""]), None);
}

#[test]
fn places_below_others_go_with_them() {
    let places = ["/srv/a", "/srv/a/b", "/srv/a-b", "/srv/a", "/var/x/y", "/var/x"].map(str::to_owned);
    assert_eq!(topmost(places.into()), ["/srv/a", "/srv/a-b", "/var/x"]);
}

#[test]
fn what_is_left_is_told_once_a_night() {
    for (tells, lines) in
        [(false, ["17 2 * * *  root  /r fix; /r check"]), (true, ["17 2 * * *  root  /r fix >/dev/null; /r check"])]
    {
        let words = |command: &str| vec!["/r".to_owned(), command.to_owned()];
        let check = Some(FollowUp { words: words("check"), tells });
        let pair = text(|out| write_cron(out, &Job { words: words("fix"), check, ..job(Task::Fix, &[]) }));
        let told: Vec<&str> = pair.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(told, lines, "{pair}");
    }
    let alone = text(|out| write_cron(out, &job(Task::Fix, &[])));
    assert!(alone.contains("# What it can't repair it tells as well") && !alone.contains("/dev/null"), "{alone}");
}

#[test]
fn root_may_write_where_the_mode_lets_it() {
    for (uid, gid, mode, may) in [
        (0, 0, 0o755, true),
        (0, 7, 0o555, false),
        (7, 7, 0o755, false),
        (7, 7, 0o775, false),
        (7, 0, 0o775, true),
        (7, 0, 0o757, false),
        (7, 7, 0o1777, true),
    ] {
        let state = State { uid, gid, mode: crate::model::mode::Mode::new(mode) };
        assert_eq!(lets_root_write(state), may, "{uid}:{gid} {mode:o}");
    }
}

#[test]
fn mounts_are_waited_for_by_the_names_of_their_units() {
    for (point, unit) in [
        ("/srv/data", "srv-data.mount"),
        ("/srv/a-b c", r"srv-a\x2db\x20c.mount"),
        ("/.x/y.z_%/", r"\x2ex-y.z_\x25.mount"),
    ] {
        assert_eq!(mount_unit(point), unit);
    }
    let unit = text(|out| {
        write_unit(out, &Job { mounts: vec!["/srv/data".into()], ..job(Task::Fix, &["/srv/data"]) }, Unit::Service)
    });
    assert!(
        unit.contains(
            "\nAfter=local-fs.target remote-fs.target\nWants=srv-data.mount\nAfter=srv-data.mount\n\n[Service]\n"
        ),
        "{unit}"
    );
}
