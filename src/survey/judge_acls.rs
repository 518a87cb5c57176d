//! Judging entries whose policies speak of ACLs: those are asked for first, and where that can't be had, it is told.

use super::acls::{self, Asked, Unasked};
use super::assess::{Judged, assess};
use super::site::Site;
use super::surveyor::Surveyor;
use crate::findings::EntryError;
use crate::judging::scope::{Region, Wanted};
use crate::model::entry::Entry;
use crate::sys::stat::Look;

impl<'p> Surveyor<'p> {
    /// The same where one of them speaks of ACLs.
    pub(super) fn judge_acls(
        &mut self,
        region: &Region<'p>,
        site: &dyn Site,
        look: &Look,
        all_wanted: &[Wanted<'p>],
    ) -> Judged {
        let why = match acls::ask(all_wanted, &look.entry, site) {
            Ok(Asked { extras, access, default }) => {
                let look = Look { entry: Entry { extras, ..look.entry }, ..look.clone() };
                let judgeable =
                    if access && default { None } else { Some(acls::judgeable(all_wanted, access, default)) };
                let all_wanted = judgeable.as_deref().unwrap_or(all_wanted);
                return assess(region, all_wanted, &look, site, &self.context, &mut self.finds, &mut self.verdicts);
            }
            Err(why) => why,
        };
        for wanted in all_wanted.iter().filter(|wanted| wanted.intent.is_about_acls()) {
            let root = region.views[wanted.view].bound.index;
            match why {
                Unasked::Never => {
                    let mount = self.mounts.by_id(look.entry.mount);
                    let mount = mount.map_or_else(String::new, |mount| mount.point.display().to_string());
                    self.without_acls.insert((root, mount));
                }
                Unasked::Failed(error) => {
                    self.errors.push(EntryError::of(Some(root), site.path(region, wanted.view), error));
                }
            }
        }
        let all_wanted = acls::judgeable(all_wanted, false, false);
        assess(region, &all_wanted, look, site, &self.context, &mut self.finds, &mut self.verdicts)
    }
}
