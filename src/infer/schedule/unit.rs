//! Units of systemd: the service with as few rights as its run needs, and the timer.

use super::{Job, Task, is_related};
use crate::model::text::escape::escape;
use std::io::{self, Write};

pub(super) fn write_timer(out: &mut dyn Write, task: Task) -> io::Result<()> {
    write!(
        out,
        "\
# /etc/systemd/system/{}.timer
[Unit]
Description=Run sgidlint every night

[Timer]
OnCalendar=*-*-* 0{}:17:00
RandomizedDelaySec=30min
Persistent=true

[Install]
WantedBy=timers.target
",
        task.name(),
        task.hour()
    )
}

pub(super) fn write_service(out: &mut dyn Write, job: &Job) -> io::Result<()> {
    let (does, capabilities) = match job.task {
        Task::Check => ("Check", "CAP_DAC_READ_SEARCH"),
        Task::Probe => ("Check", "CAP_DAC_READ_SEARCH CAP_SETUID CAP_SETGID"),
        Task::Fix => ("Repair", "CAP_DAC_READ_SEARCH CAP_CHOWN CAP_FOWNER CAP_FSETID"),
    };
    let command =
        |words: &[String]| words.iter().map(|word| unit_word(word).replace('$', "$$")).collect::<Vec<_>>().join(" ");
    let (why, more) = match job.writes_to_others {
        true => (
            "# CAP_DAC_OVERRIDE: a report goes to another user's directory; what looks at trees gives it up.\n",
            " CAP_DAC_OVERRIDE",
        ),
        false => ("", ""),
    };
    let on_failure = job.on_failure.as_ref().map(|unit| format!("OnFailure={unit}\n")).unwrap_or_default();
    // A record that can't be removed is no reason not to repair.
    let pruning = job.pruning.as_ref().map(|words| format!("ExecStartPre=-{}\n", command(words))).unwrap_or_default();
    // Whatever the repair came to; what is left it has told itself.
    let check = job
        .check
        .as_ref()
        .map(|check| format!("# Reports are of what is left.\nExecStopPost=-{}\n", command(&check.words)));
    let check = check.unwrap_or_default();
    write!(
        out,
        "\
# /etc/systemd/system/{}.service
[Unit]
Description={does} setgid directory trees
Documentation=man:sgidlint(1)
{}{on_failure}
[Service]
Type=oneshot
{pruning}ExecStart={}
{check}Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
UMask=0077
{why}CapabilityBoundingSet={capabilities}{more}
AmbientCapabilities=
NoNewPrivileges=yes
ProtectSystem=strict
",
        job.task.name(),
        mounts_first(&job.mounts),
        command(&job.words)
    )?;
    match job.task {
        Task::Check | Task::Probe => {
            writeln!(out, "RestrictSUIDSGID=yes")?;
            writeln!(out, "# Nothing is written there, but what is read-only can't be repaired, which would be said.")?;
        }
        Task::Fix => {
            writeln!(out, "# Not RestrictSUIDSGID: it would forbid setting the bit.")?;
            writeln!(out, "StateDirectory=sgidlint\nStateDirectoryMode=0700")?;
        }
    }
    writeln!(out, "# The roots as the policies have them now: once they get another, print this unit again.")?;
    for place in &job.places {
        // Where one is missing, the run says so, and looks at the others.
        writeln!(out, "ReadWritePaths={}", unit_word(&format!("-{place}")))?;
    }
    // A private /tmp would hide what is to be looked at.
    if !job.places.iter().any(|place| ["/tmp", "/var/tmp"].iter().any(|tmp| is_related(place, tmp))) {
        writeln!(out, "PrivateTmp=yes")?;
    }
    out.write_all(HARDENING.as_bytes())
}

/// The lines that let a unit begin after what is mounted where it looks, remote or not. It only wishes for those: where one
/// can't be mounted, the run tells that, and looks at the others; a unit that requires it would fail in silence.
fn mounts_first(mounts: &[String]) -> String {
    let units: Vec<String> = mounts.iter().map(|point| mount_unit(point)).collect();
    let each = units.iter().map(|unit| format!("Wants={unit}\nAfter={unit}\n")).collect::<String>();
    format!("After=local-fs.target remote-fs.target\n{each}")
}

/// The unit of a mount point: `srv-a\\x2db.mount` of `/srv/a-b` (systemd.unit(5), "String escaping").
pub(super) fn mount_unit(point: &str) -> String {
    let mut name = String::new();
    for (at, byte) in point.trim_matches('/').bytes().enumerate() {
        match byte {
            b'/' => name.push('-'),
            b'.' if at == 0 => name.push_str(r"\x2e"),
            // A `%` of its own would be a specifier.
            byte if byte.is_ascii_alphanumeric() || b":_.".contains(&byte) => name.push(char::from(byte)),
            byte => name.push_str(&format!(r"\x{byte:02x}")),
        }
    }
    format!("{name}.mount")
}

/// What no run needs. A call that the filter doesn't know is answered as an old kernel would, and sgidlint has another
/// way; names come from the name services of this machine, over their sockets.
const HARDENING: &str = "\
PrivateDevices=yes
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
IPAddressDeny=any
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@resources
SystemCallFilter=seccomp
SystemCallErrorNumber=ENOSYS
";

/// A word as systemd.service(5) reads it back.
fn unit_word(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:,@+=".contains(&byte);
    let text = word.replace('%', "%%");
    if !word.is_empty() && word.bytes().all(plain) {
        return text;
    }
    format!("\"{}\"", escape(text.as_bytes()).replace('\\', r"\\").replace('"', "\\\""))
}
