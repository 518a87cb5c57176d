//! A job script for Slurm: one check in rounds, by as many tasks as the job has.

use crate::model::text::quote::shell_quote;
use std::io::{self, Write};

/// A check that is shared out.
pub(crate) struct Shared {
    /// The program.
    pub program: String,
    /// What every command of it takes.
    pub judged: Vec<String>,
    /// What `check` takes beside that.
    pub check: Vec<String>,
    /// What `merge` takes beside that.
    pub merge: Vec<String>,
    /// The PATHs that it is limited to.
    pub paths: Vec<String>,
    /// How long a round takes.
    pub time: String,
}

/// Writes the script.
pub(crate) fn write_slurm(out: &mut dyn Write, shared: &Shared) -> io::Result<()> {
    let words = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|word| shell_quote(word.as_bytes())).collect();
        words.join(" ")
    };
    let (judged, check, merge, paths) =
        (words(&shared.judged), words(&shared.check), words(&shared.merge), words(&shared.paths));
    let (program, time) = (words(std::slice::from_ref(&shared.program)), &shared.time);
    write!(
        out,
        r#"#!/bin/bash
# Checks trees by all tasks of a job, in rounds: `sbatch --ntasks=16 FILE`. Whatever one run would tell is in its output,
# and its exit status. What tasks do lies in one folder that all nodes have and only this user can write: SGIDLINT_DIR. A
# job that ended early, or lost tasks, goes on from there when it is submitted again; a new check takes a new folder.
#SBATCH --job-name=sgidlint
#SBATCH --ntasks=4
#SBATCH --open-mode=append
set -u
folder=${{SGIDLINT_DIR:?names the folder that all nodes share, as in: sbatch --export=ALL,SGIDLINT_DIR=/shared/check FILE}}
program={program}
judged=({judged})
paths=({paths})
tasks=${{SLURM_NTASKS:-1}}
# No part takes the name of another, also where Slurm starts the job anew.
job=$SLURM_JOB_ID.${{SLURM_RESTART_COUNT:-0}}
mkdir -p -m 700 -- "$folder" || exit 3
round=0 failed=0
while
    "$program" units "${{judged[@]}}" --left "$folder" --share "$tasks" -o "$folder/$job.$round" -- "${{paths[@]}}"
    status=$?
    [ "$status" = 0 ]
do
    # A task that fails takes no other with it: what it was given is given out again.
    srun --kill-on-bad-exit=0 bash -c 'exec "$0" check "${{@:2}}" --units "$1.$SLURM_PROCID" --part "$1.$SLURM_PROCID.part"' \
        "$program" "$folder/$job.$round" "${{judged[@]}}" {check} --for {time} || failed=$((failed + 1))
    [ "$failed" -lt 3 ] || exit 3
    round=$((round + 1))
done
# 1: nothing is left.
[ "$status" = 1 ] || exit "$status"
exec "$program" merge "$folder" "${{judged[@]}}" {merge} -- "${{paths[@]}}"
"#
    )
}
