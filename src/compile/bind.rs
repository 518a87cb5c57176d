//! A tree bound to one real root: captures put in, and names of groups and owners turned into ids.

mod acls;
mod similar;

use super::instance::Instance;
use super::rules::TreeRules;
use crate::model::intent::{GroupTerm, OwnerTerm};
use crate::pattern::placeholder::{Origin, PlaceholderError, is_name, put_in};
use crate::policy::model::{AccountText, At};
use crate::policy::problem::Problem;
use crate::sys::names::NameService;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// Names to ids, as the name service has them; whoever answers remembers, so that each name is asked once.
pub(crate) trait Lookup {
    /// The group of this name; `None` if there is none.
    fn gid(&self, name: &str) -> Result<Option<u32>, LookupError>;

    /// The user of this name; `None` if there is none.
    fn uid(&self, name: &str) -> Result<Option<u32>, LookupError>;
}

/// The name service gave no answer, which is not the same as that there is no such name.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct LookupError {
    /// The call and its errno.
    pub message: String,
}

impl Lookup for NameService {
    fn gid(&self, name: &str) -> Result<Option<u32>, LookupError> {
        NameService::gid(self, name).map_err(|error| LookupError { message: error.to_string() })
    }

    fn uid(&self, name: &str) -> Result<Option<u32>, LookupError> {
        NameService::uid(self, name).map_err(|error| LookupError { message: error.to_string() })
    }
}

/// What a tree is bound to.
#[derive(Clone, Debug)]
pub(crate) struct Binding<'a> {
    /// The absolute path of the real root.
    pub root: PathBuf,
    /// The policy's params, all of them, defaults put in.
    pub params: &'a BTreeMap<String, String>,
    /// What the root's pattern captured.
    pub captures: &'a [(String, String)],
    /// The least gid of ordinary groups, if captures may name no others: as root, where users make directories.
    pub gid_min: Option<u32>,
}

/// Binds a tree to a root; all names that can't be turned into ids are reported at once.
pub(crate) fn bind(
    rules: &Arc<TreeRules>,
    binding: Binding<'_>,
    lookup: &dyn Lookup,
) -> Result<Instance, Vec<Problem>> {
    let mut binder = Binder { rules, binding: &binding, lookup, problems: Vec::new(), passed_over: BTreeSet::new() };
    let (group_rules, owner_rules) = rules.account_rules();
    let groups: Vec<_> = group_rules.iter().map(|&rule| binder.groups(rule)).collect();
    let owners: Vec<_> = owner_rules.iter().map(|&rule| binder.owners(rule)).collect();
    let (acl_rules, default_acl_rules) = rules.acl_rules();
    let wished = |&rule: &usize| Some((rule, rules.wishes(rule).acl.wish()?));
    let acls: Vec<_> = acl_rules.iter().filter_map(wished).map(|(rule, acl)| binder.acl(rule, acl)).collect();
    let wished = |&rule: &usize| Some((rule, rules.wishes(rule).default_acl.wish()?));
    let default_acls = default_acl_rules.iter().filter_map(wished);
    let default_acls: Vec<_> = default_acls.map(|(rule, acl)| binder.default_acl(rule, acl)).collect();
    if !binder.problems.is_empty() {
        return Err(binder.problems);
    }
    let passed_over = binder.passed_over;
    Ok(Instance { root: binding.root, rules: Arc::clone(rules), groups, owners, acls, default_acls, passed_over })
}

struct Binder<'a> {
    rules: &'a TreeRules,
    binding: &'a Binding<'a>,
    lookup: &'a dyn Lookup,
    problems: Vec<Problem>,
    /// Unknown accounts of rules that may name some.
    passed_over: BTreeSet<String>,
}

/// What one text of a list stands for.
enum Term<T> {
    Known(T),
    /// No such name; in a list it is passed over.
    Unknown(String),
    /// A problem that has been reported.
    Wrong,
}

/// Which kind of account a text names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BoundAccount {
    Group,
    Owner,
}

impl Binder<'_> {
    fn groups(&mut self, rule: usize) -> Box<[GroupTerm]> {
        let texts = self.rules.wishes(rule).group.wish().map_or(&[][..], |texts| texts);
        let form = |text: &str| match text {
            "@root" => Some(GroupTerm::Root),
            "@parent" => Some(GroupTerm::Parent),
            "@setgid" => Some(GroupTerm::Setgid),
            "@primary" => Some(GroupTerm::Primary),
            _ => None,
        };
        self.list((rule, texts), BoundAccount::Group, form, GroupTerm::Gid)
    }

    fn owners(&mut self, rule: usize) -> Box<[OwnerTerm]> {
        let texts = self.rules.wishes(rule).owner.wish().map_or(&[][..], |texts| texts);
        self.list(
            (rule, texts),
            BoundAccount::Owner,
            |text| (text == "@name").then_some(OwnerTerm::Name),
            OwnerTerm::Uid,
        )
    }

    /// Turns a list into terms. Unknown names are passed over unless all are.
    fn list<T>(
        &mut self,
        (rule, texts): (usize, &[At<AccountText>]),
        account: BoundAccount,
        form: impl Fn(&str) -> Option<T>,
        id: impl Fn(u32) -> T,
    ) -> Box<[T]> {
        let (mut terms, mut unknown, mut wrong) = (Vec::new(), Vec::new(), false);
        for text in texts {
            match self.term(text, account, &form, &id) {
                Term::Known(term) => terms.push(term),
                Term::Unknown(name) => unknown.push(name),
                Term::Wrong => wrong = true,
            }
        }
        if terms.is_empty()
            && !wrong
            && let (Some(first), Some(last)) = (texts.first(), texts.last())
        {
            self.unknown_of(rule, account, &unknown, first.span.start..last.span.end);
        }
        terms.into()
    }

    fn term<T>(
        &mut self,
        text: &At<AccountText>,
        account: BoundAccount,
        form: impl Fn(&str) -> Option<T>,
        id: impl Fn(u32) -> T,
    ) -> Term<T> {
        let span = text.span.clone();
        let (name, origin) = match &text.value {
            AccountText::Id(number) => {
                return self.number(*number, account, span).map_or(Term::Wrong, |n| Term::Known(id(n)));
            }
            AccountText::Text(text) => match put_in(text, |name| self.value(name)) {
                Ok(filled) => filled,
                Err(error) => return self.placeholder(error, span),
            },
        };
        // A captured name is only ever a name: whoever makes a directory must not choose a gid or an `@` form by it.
        if origin == Origin::Policy && name.starts_with('@') {
            return form(&name).map_or_else(|| self.no_form(account, &name, span), Term::Known);
        }
        let found = match account {
            BoundAccount::Group => self.lookup.gid(&name),
            BoundAccount::Owner => self.lookup.uid(&name),
        };
        match found {
            Err(error) => self.failed(account, &name, &error, span),
            Ok(Some(number)) => match self.guarded(&name, number, account, origin, span) {
                Some(number) => Term::Known(id(number)),
                None => Term::Wrong,
            },
            Ok(None) if origin == Origin::Policy && is_digits(&name) => {
                let number = name.parse().unwrap_or(u32::MAX);
                self.number(number, account, span).map_or(Term::Wrong, |number| Term::Known(id(number)))
            }
            Ok(None) => Term::Unknown(name),
        }
    }

    fn value(&self, name: &str) -> Option<(&str, Origin)> {
        let capture = self.binding.captures.iter().find(|(capture, _)| capture == name);
        let param = || self.binding.params.get(name).map(|value| (value.as_str(), Origin::Policy));
        capture.map(|(_, value)| (value.as_str(), Origin::Capture)).or_else(param)
    }

    fn number(&mut self, number: u32, account: BoundAccount, span: Range<usize>) -> Option<u32> {
        if number < u32::MAX {
            return Some(number);
        }
        // chown(2) takes -1 for "leave as it is".
        let message = format!("no {} has an id of {} or more", account.noun(), u32::MAX);
        self.problem(span, message, None);
        None
    }

    fn guarded(
        &mut self,
        name: &str,
        id: u32,
        account: BoundAccount,
        origin: Origin,
        span: Range<usize>,
    ) -> Option<u32> {
        let least = self.binding.gid_min.filter(|_| account == BoundAccount::Group && origin == Origin::Capture);
        let Some(least) = least.filter(|&least| id < least) else {
            return self.number(id, account, span);
        };
        let message = format!(
            "the name of {} makes `{}` its group, which is a system group: gid {id} is below {least}",
            self.binding.root.display().to_string().escape_debug(),
            name.escape_debug()
        );
        let hint =
            "captures choose ordinary groups only (GID_MIN in /etc/login.defs); give this directory a tree of its own";
        self.problem(span, message, Some(hint.into()));
        None
    }

    /// The same of a rule that may name some.
    fn unknown_of(&mut self, rule: usize, account: BoundAccount, names: &[String], span: Range<usize>) {
        if names.is_empty() || !self.rules.has_optional_accounts(rule) {
            return self.unknown(account, names, span);
        }
        let noun = account.noun();
        self.passed_over.extend(names.iter().map(|name| format!("{noun} `{}`", name.escape_debug())));
    }

    fn unknown(&mut self, account: BoundAccount, names: &[String], span: Range<usize>) {
        let noun = account.noun();
        let quoted: Vec<_> = names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
        let (message, hint) = match names {
            [] => (format!("no {noun} at all"), Some("name one, or write \"@any\"".to_owned())),
            [name] if is_name(name) => {
                let command = if account == BoundAccount::Group { "groupadd" } else { "useradd" };
                let hint = match similar::similar(account, name) {
                    Some(near) => format!("did you mean `{near}`? (`{command} {name}` makes one of that name)"),
                    None => {
                        format!("`{command} {name}` makes one, `getent {noun}` lists them", noun = account.database())
                    }
                };
                (format!("no {noun} is called {}", quoted[0]), Some(hint))
            }
            [_] => (format!("no {noun} is called {}", quoted[0]), None),
            _ => (format!("no {noun} is called any of {}", quoted.join(", ")), Some("one of them has to exist".into())),
        };
        self.problem(span, message, hint);
    }

    fn no_form<T>(&mut self, account: BoundAccount, text: &str, span: Range<usize>) -> Term<T> {
        let hint = match account {
            BoundAccount::Group => "a group is a name, a gid, @root, @parent, @setgid or @primary",
            BoundAccount::Owner => "an owner is a name, a uid or @name",
        };
        let message = format!("`{}` is no {}", text.escape_debug(), account.noun());
        self.problem(span, message, Some(hint.into()));
        Term::Wrong
    }

    fn failed<T>(&mut self, account: BoundAccount, name: &str, error: &LookupError, span: Range<usize>) -> Term<T> {
        let message = format!("whether there is a {} `{}` can't be told: {error}", account.noun(), name.escape_debug());
        self.problem(span, message, Some("see that the name service (nsswitch.conf) answers, then run again".into()));
        Term::Wrong
    }

    fn placeholder<T>(&mut self, error: PlaceholderError, span: Range<usize>) -> Term<T> {
        self.problem(span, error.message, error.hint);
        Term::Wrong
    }

    fn problem(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        let source = Some(Arc::clone(&self.rules.model().source));
        self.problems.push(Problem { source, span, message, hint });
    }
}

impl BoundAccount {
    fn noun(self) -> &'static str {
        match self {
            BoundAccount::Group => "group",
            BoundAccount::Owner => "user",
        }
    }

    /// What getent(1) calls them.
    fn database(self) -> &'static str {
        match self {
            BoundAccount::Group => "group",
            BoundAccount::Owner => "passwd",
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests;
