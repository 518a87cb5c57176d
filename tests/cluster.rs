//! `generate slurm`: a real Slurm on this machine, four nodes of which are made up, does what it prints; also where a task is
//! killed, and where the job is and goes on with another number of tasks.

use crate::process::until;
use crate::scenario::{BINARY, Scenario};
use crate::{needs_program, scenario};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// The daemons of a Slurm of its own, ended with it.
struct Slurm {
    folder: PathBuf,
    daemons: Vec<Child>,
}

impl Slurm {
    /// Starts it in `$DIR/slurm`; `None` where it doesn't come up here.
    fn start(t: &Scenario) -> Option<Slurm> {
        let folder = t.dir().join("slurm");
        fs::create_dir_all(folder.join("spool")).unwrap();
        let place = folder.display();
        // As far as one can know that nobody listens there.
        let port = 20_000 + std::process::id() % 20_000;
        let (first, last) = (port + 1, port + 4);
        let conf = format!(
            "ClusterName=try\nSlurmctldHost=localhost\nSlurmUser=root\nSlurmdUser=root\nAuthType=auth/munge\nCryptoType=crypto/munge\n\
             AuthInfo=socket={place}/munge\nStateSaveLocation={place}\nSlurmdSpoolDir={place}/spool/%n\n\
             SlurmctldPidFile={place}/ctld.pid\nSlurmdPidFile={place}/%n.pid\nSlurmctldLogFile={place}/ctld.log\n\
             SlurmdLogFile={place}/%n.log\nSlurmctldPort={port}\nProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\n\
             SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\nReturnToService=2\nMpiDefault=none\nKillWait=1\n\
             JobAcctGatherType=jobacct_gather/none\nSlurmdParameters=config_overrides\n\
             NodeName=n[1-4] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[{first}-{last}] CPUs=2 State=UNKNOWN\n\
             PartitionName=p Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
        );
        fs::write(folder.join("slurm.conf"), conf).unwrap();
        t.sh("cd ../slurm; head -c 128 /dev/urandom > key; chmod 600 key; mkdir spool/n1 spool/n2 spool/n3 spool/n4");
        let munged = format!(
            "--foreground --force --key-file={place}/key --socket={place}/munge --pid-file={place}/munged.pid \
             --log-file={place}/munged.log --seed-file={place}/seed"
        );
        let mut slurm = Slurm { folder, daemons: Vec::new() };
        slurm.daemon("munged", &munged);
        until("a socket of munge", || slurm.folder.join("munge").exists());
        slurm.daemon("slurmctld", "-D");
        (1..=4).for_each(|node| slurm.daemon("slurmd", &format!("-D -N n{node}")));
        let ready = || String::from_utf8_lossy(&slurm.run("sinfo -h -t idle -o %D", t).stdout).trim() == "4";
        // It needs what a container may not give: ports, and a host that is called localhost.
        let comes_up = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| until("four nodes", ready))).is_ok();
        comes_up.then_some(slurm)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", crate::stage::PATH).env("SLURM_CONF", self.folder.join("slurm.conf"));
        command.stdin(Stdio::null()).current_dir(&self.folder);
        command
    }

    fn daemon(&mut self, program: &str, arguments: &str) {
        let log = fs::File::create(self.folder.join(format!("{program}-{}", self.daemons.len()))).unwrap();
        let mut command = self.command(program);
        command.args(arguments.split_whitespace()).stdout(log.try_clone().unwrap()).stderr(log);
        self.daemons.push(command.spawn().unwrap());
    }

    fn run(&self, line: &str, t: &Scenario) -> Output {
        let (program, arguments) = line.split_once(' ').unwrap();
        let folder = t.dir().join("share");
        self.command(program).args(arguments.split_whitespace()).env("SGIDLINT_DIR", folder).output().unwrap()
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        for daemon in self.daemons.iter_mut().rev() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

scenario!(slurm_does_the_rounds_and_goes_on_after_a_kill_and_a_cancellation, |t| {
    needs_program!("munged", "slurmctld", "slurmd", "sbatch", "srun");
    t.tree("dir 0:4242 2775 .");
    t.sh("for d in $(seq 8); do mkdir -p a/$d/x; (cd a/$d/x; seq 100 | xargs touch); done; mkdir flat; cd flat; seq 3000 | xargs touch");
    t.policy("lab.toml", &crate::lab::policy("[[tree]]\nroot = \"$TREE\"\ngroup = 4242\nfile-mode = \"ug+rw\"\n"));
    let Some(slurm) = Slurm::start(t) else {
        return crate::stage::skip(&crate::test_name!(), "a Slurm that comes up");
    };
    let one = t.run("check -p lab.toml --format json").to_string();
    t.run("generate slurm -p lab.toml --threads 1 --for 0s -o $DIR/job").succeeds();
    let job = fs::read_to_string(t.dir().join("job")).unwrap();
    assert!(job.contains(BINARY), "{job}");
    // The second task of the first round is killed; and in the second round the job is, by one of its tasks.
    let once = |what: &str, then: &str| format!("mkdir \"$(dirname \"$1\")/{what}\" 2>/dev/null && {then}; ");
    let kill = once("killed", "kill -9 $$");
    let cancel = once("cancelled", "{ scancel $SLURM_JOB_ID; sleep 60; }");
    let faults = format!("[ $SLURM_PROCID != 1 ] || {{ {kill}}}; case $1 in *.1) {cancel};; esac; ");
    let faulty = job.replace("bash -c 'exec", &format!("bash -c '{faults}exec"));
    assert_ne!(faulty, job);
    fs::write(t.dir().join("job"), faulty).unwrap();
    let line = |tasks: u32| format!("sbatch -W -n {tasks} -o {0}/out.{tasks} {0}/job", t.dir().display());
    let cancelled = slurm.run(&line(4), t);
    assert!(!cancelled.status.success(), "{cancelled:?}");
    let marks = ["killed", "cancelled"].map(|mark| t.dir().join("share").join(mark).exists());
    assert_eq!(marks, [true, true], "{}", fs::read_to_string(t.dir().join("out.4")).unwrap_or_default());
    // What is done isn't all, and is never taken for it.
    t.run("merge $DIR/share -p lab.toml").exits(3).mentions("no part tells of it");
    let done = slurm.run(&line(3), t);
    let out = fs::read_to_string(t.dir().join("out.3")).unwrap_or_default();
    assert_eq!(done.status.code(), Some(1), "{done:?}\n{out}");
    assert!(out.contains("findings in "), "{out}");
    assert_eq!(t.run("merge $DIR/share -p lab.toml --format json").to_string(), one);
});
