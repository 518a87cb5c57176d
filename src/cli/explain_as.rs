//! `explain PATH --as USER`: looks at the way as root, and asks the kernel as them, on a thread of its own.

use crate::access::permitted::Permitted;
use crate::access::probe::Someone;
use crate::access::probe::traced::{Scene, Trace};
use crate::access::someone::{each_or_oneself, gid_of, not_posed, own_umask};
use crate::model::accounts::IdNames;
use crate::model::mode::Mode;
use crate::model::principal::Principal;
use crate::plan::remedy::smallest::{Means, Standing};
use crate::process::exit::Failure;
use crate::process::paths;
use crate::session::Session;
use crate::session::judged::Judged;
use crate::sys::root::look_at_path;
use crate::sys::thread::run_apart;
use crate::sys::{SysError, host};
use rustix::io::Errno;
use std::path::{Path, PathBuf};

/// Tells what somebody can do with the entry at a real path; of a group, each of its members.
pub(super) fn tell(
    session: &Session<'_>,
    judged: Option<&Judged>,
    principal: &Principal,
    umask: Option<Mode>,
    path: &Path,
) -> Result<Vec<Trace>, Failure> {
    let everybody = each_or_oneself(principal, &session.names)?;
    let umask = umask.map_or_else(own_umask, Ok)?;
    let unseen = |error: SysError| {
        Failure::incomplete(format!("can't look at the way to {}: {error}", paths::shown(path)))
            .hinted("run it as root, who can look anywhere")
    };
    let scene = session.apart(|| Scene::look(path, &session.features))?.map_err(unseen)?;
    let gid_min = session.trust()?.gid_min;
    let names = &session.names;
    let cover = judged.map(Judged::cover);
    let trees = cover.as_ref().zip(judged.map(|judged| &*judged.roots));
    let permitted = Permitted::of(trees, &scene, names);
    let group = match principal {
        Principal::Member(group) => Some(gid_of(group, group, names)?),
        Principal::User { .. } | Principal::Others => None,
    };
    let told = everybody.iter().map(|someone| {
        // Groups of the system mean more than a shared directory; one without a name can't be joined.
        let is_known = names.user_name(someone.account.uid).is_some();
        let is_joinable = |gid: &u32| {
            is_known && *gid >= gid_min && names.group_name(*gid).is_some() && permitted.is_shared_with(*gid, &scene)
        };
        let joinable: Vec<u32> = scene.groups().filter(is_joinable).collect();
        let means = Means { standing: standing(principal, group), joinable: &joinable, law: &permitted };
        let story = ask(&scene, someone, umask, means).map_err(|failed| match failed {
            Asking::NotPosed(error) => Failure::from(not_posed(someone, error)),
            Asking::Unanswered(error) => {
                let shown = paths::shown(path);
                Failure::incomplete(format!("can't ask as `{}` about {shown}: {error}", someone.label))
            }
        })?;
        let asked_for = principal.to_string();
        // A member is called by their own name.
        let stands_in = group.is_some() && someone.label == asked_for && host::effective_uid() == 0;
        Ok(Trace { asked_for, stands_in, ..story })
    });
    told.collect()
}

/// Where the way ends for who isn't root: the last that can still be looked at. It is the closed door.
pub(super) fn end_of_way(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok().filter(|_| host::effective_uid() != 0)?;
    let is_hidden = look_at_path(&absolute).is_err_and(|error| error.errno == Errno::ACCESS);
    let mut above = absolute.ancestors().skip(1);
    above.find(|path| is_hidden && look_at_path(path).is_ok()).map(Path::to_path_buf)
}

/// What kept the kernel from answering.
enum Asking {
    NotPosed(SysError),
    Unanswered(SysError),
}

/// Asks on a thread that becomes somebody and ends.
fn ask(scene: &Scene, someone: &Someone, umask: Mode, means: Means<'_>) -> Result<Trace, Asking> {
    run_apart(move || {
        let acting = someone.impersonation.impersonate(umask).map_err(Asking::NotPosed)?;
        acting.is_answered().map_err(Asking::NotPosed)?;
        scene.ask(&acting, someone, umask, &means).map_err(Asking::Unanswered)
    })
    .map_err(Asking::NotPosed)?
}

fn standing(principal: &Principal, group: Option<u32>) -> Standing {
    match (principal, group) {
        (Principal::Others, _) => Standing::Anybody,
        (_, Some(gid)) => Standing::Member(gid),
        (_, None) => Standing::User,
    }
}
