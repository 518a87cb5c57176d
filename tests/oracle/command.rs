//! The command itself against the oracle: `sgidlint probe` says of every directory what the probe below it is told.

use super::ask::ask;
use super::forest::{PEOPLE, Soil, grow};
use crate::run::Run;
use crate::scenario;
use crate::scenario::Scenario;
use crate::soak::Dice;
use crate::stage::User;
use serde_json::Value;
use sgidlint::internals::Making;
use sgidlint::internals::Told;
use sgidlint::internals::{Operation, Operations};
use std::path::Path;

/// The lines of one of those who were asked, by their paths.
pub struct Said(Vec<Value>);

/// What can be done in a directory, and the group and mode of a new file.
type Answer = (Operations, Option<(u64, String)>);

/// What a run says of somebody.
pub fn said(run: &Run, principal: &str) -> Said {
    Said(run.json_of("access").into_iter().filter(|line| line["as"] == principal).collect())
}

impl Said {
    /// What is said of a directory, by its path from the root: the line of the nearest one at or above it.
    #[track_caller]
    pub fn of(&self, path: &Path) -> Answer {
        let is_of = |place: &Value, path: &Path| Path::new(place["path"]["text"].as_str().unwrap()) == path;
        // Its group, too: a line may be about directories of several.
        let line_of = |path: &Path| {
            self.0.iter().find_map(|line| {
                let also = line["also"].as_array().and_then(|also| also.iter().find(|top| is_of(top, path)));
                let gid = if is_of(line, path) { Some(&line["actual"]["gid"]) } else { also.map(|top| &top["gid"]) };
                gid.map(|gid| (line, gid.as_u64().unwrap()))
            })
        };
        let above = path.ancestors().filter(|above| !above.as_os_str().is_empty()).find_map(line_of);
        let (line, gid) =
            above.or_else(|| line_of(Path::new("."))).unwrap_or_else(|| panic!("nothing is said of {path:?}"));
        let acts =
            line["can"].as_array().unwrap().iter().map(|act| Operation::from_name(act.as_str().unwrap()).unwrap());
        let new = &line["new_file"];
        let own = |new: u64| if line["actual"]["gid"] == new { gid } else { new };
        let new =
            new.is_object().then(|| (own(new["gid"].as_u64().unwrap()), new["mode"].as_str().unwrap().to_owned()));
        (acts.collect(), new)
    }
}

/// The same from what was told without the command.
pub fn answer(told: &Told) -> Answer {
    let new = match told.making {
        Some(Making::Made(state)) => Some((u64::from(state.gid), state.mode.to_string())),
        _ => None,
    };
    (told.acts, new)
}

/// Makes the people of the forests known to the name service.
fn register(t: &Scenario) {
    let user = |user: User| format!("p{0}:x:{0}:{1}::/:/bin/sh\n", user.uid, user.gid);
    let passwd: String = PEOPLE.map(user).concat();
    t.shadow("/etc/passwd", &format!("root:x:0:0::/:/bin/sh\n{passwd}"));
    let group = |gid: u32| {
        let members: Vec<String> =
            PEOPLE.iter().filter(|user| user.groups.contains(&gid)).map(|user| format!("p{}", user.uid)).collect();
        format!("g{gid}:x:{gid}:{}\n", members.join(","))
    };
    let groups: String = [3001, 3003, 3004, 3005, 4242, 4243].map(group).concat();
    t.shadow("/etc/group", &format!("root:x:0:\n{groups}"));
    t.shadow("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
}

scenario!(the_command_says_of_a_forest_what_the_probe_is_told, own mounts, |t| {
    t.sh("mount -t tmpfs -o mode=755 none $PWD");
    register(t);
    let (mut dice, top, soil) = (Dice(8), t.path("."), Soil { acls: true, attributes: true });
    let mut directories = Vec::new();
    while directories.len() < 60 {
        let plants = grow(&mut dice, soil, &top, &format!("tree{}", directories.len()));
        directories.extend(plants.into_iter().filter(|plant| plant.is_dir).map(|plant| plant.path));
    }
    for umask in [0o002, 0o077] {
        let principal: String = PEOPLE.map(|user| format!("--as p{} ", user.uid)).concat();
        let run = t.run(&format!("probe . {principal} --umask {umask:03o} --threads 4 --format json"));
        run.exits(1);
        for user in PEOPLE {
            let said = said(&run, &format!("p{}", user.uid));
            let paths: Vec<_> = directories.iter().map(|path| top.join(path)).collect();
            let told = ask(user, umask, paths.iter().map(|path| path.as_path()));
            for (path, told) in directories.iter().zip(&told) {
                assert_eq!(said.of(path), answer(told), "{user:?}, {}", path.display());
            }
        }
    }
});
