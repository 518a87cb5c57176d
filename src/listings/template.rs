//! Templates of lines: which field of a line says what, in letters of find(1).

use super::Record;
use super::find0::kind;
use super::numbers::{decimal, octal};
use crate::model::entry::{Kind, State};
use crate::model::mode::Mode;

/// A template that is known by a name.
pub(crate) struct NamedTemplate {
    /// Its name.
    pub name: &'static str,
    /// The template.
    pub template: &'static str,
    /// What prints such lines.
    pub printed_by: &'static str,
}

/// The templates that are known by a name.
pub(crate) const TEMPLATES: [NamedTemplate; 5] = [
    NamedTemplate {
        name: "find",
        template: "%m %U %G %n %y %i %p",
        printed_by: "find ROOT -printf '%m %U %G %n %y %i %p\\n', where no name holds a newline",
    },
    NamedTemplate {
        name: "lfs",
        template: "%m %U %G %y %p",
        printed_by: "lfs find ROOT --printf '%m %U %G %y %p\\n' (Lustre)",
    },
    NamedTemplate {
        name: "gpfs",
        template: "%x %x %x %M %U %G %n %i -- %p",
        printed_by: "mmapplypolicy: RULE LIST with SHOW(MODE || ' ' || VARCHAR(USER_ID) || ' ' || VARCHAR(GROUP_ID) || ' ' || \
                     VARCHAR(NLINK) || ' ' || VARCHAR(INODE))",
    },
    NamedTemplate {
        name: "pwalk",
        template: "%i,%x,%x,\"%p\",\"%x\",%U,%G,%x,%x,%x,%n,\"%m\",%x",
        printed_by: "pwalk ROOT (comma-separated)",
    },
    NamedTemplate {
        name: "sql",
        template: "%D|%U|%G|%n|%i|%p",
        printed_by: "SELECT mode, uid, gid, nlink, inode, path of GUFI or Robinhood, the mode as a whole number",
    },
];

/// A field of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    /// `%p`: the path.
    Path,
    /// `%m`: the mode in octal, with the file type or without.
    Octal,
    /// `%D`: the same as a decimal number.
    Decimal,
    /// `%M`: the mode as ls(1) writes it.
    Letters,
    /// `%U`.
    Uid,
    /// `%G`.
    Gid,
    /// `%n`: how many names.
    Links,
    /// `%i`: the inode.
    Inode,
    /// `%y`: the letter of the file type.
    Type,
    /// `%x`: something else.
    Other,
}

/// A template: text, and fields each with the text behind it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Template {
    before: Vec<u8>,
    fields: Vec<(Field, Vec<u8>)>,
    /// Which of them is the path.
    path: usize,
}

impl Template {
    /// The template of a name, or the one that is written here.
    pub(crate) fn of(text: &str) -> Result<Template, String> {
        let named = TEMPLATES.iter().find(|known| known.name == text);
        match named {
            None if !text.contains('%') => {
                let names: Vec<_> = TEMPLATES.iter().map(|known| known.name).collect();
                Err(format!(
                    "there is no template `{text}`: name {}, or write one such as `%m %U %G %y %p`",
                    names.join(", ")
                ))
            }
            named => Template::parse(named.map_or(text, |known| known.template)),
        }
    }

    fn parse(text: &str) -> Result<Template, String> {
        let (mut before, mut fields) = (Vec::new(), Vec::<(Field, Vec<u8>)>::new());
        let mut letters = text.bytes();
        while let Some(byte) = letters.next() {
            let literal = match byte {
                b'%' => match letters.next() {
                    Some(b'%') => b'%',
                    Some(letter) => {
                        let field = field(letter).ok_or_else(|| {
                            format!("`%{}` is no field: write %p, %m, %M, %D, %U, %G, %n, %i, %y, or %x for one to pass over", char::from(letter))
                        })?;
                        if fields.last().is_some_and(|(_, behind)| behind.is_empty()) {
                            return Err(format!("nothing tells where the field before `%{}` ends", char::from(letter)));
                        }
                        if field != Field::Other && fields.iter().any(|(known, _)| *known == field) {
                            return Err(format!("`%{}` stands there twice", char::from(letter)));
                        }
                        fields.push((field, Vec::new()));
                        continue;
                    }
                    None => return Err("it ends with `%`".into()),
                },
                byte => byte,
            };
            fields.last_mut().map_or(&mut before, |(_, behind)| behind).push(literal);
        }
        let at = |wanted: Field| fields.iter().position(|(field, _)| *field == wanted);
        let path = at(Field::Path).ok_or("it has no path, `%p`")?;
        let has_mode = at(Field::Octal).is_some() || at(Field::Decimal).is_some() || at(Field::Letters).is_some();
        if !has_mode || at(Field::Uid).is_none() || at(Field::Gid).is_none() {
            return Err("an entry is judged by its owner, group and mode: `%U`, `%G`, and `%m`, `%D` or `%M`".into());
        }
        Ok(Template { before, fields, path })
    }

    /// Reads a line: the entry without its path, and the path.
    pub(super) fn read<'l>(&self, line: &'l [u8]) -> Option<(&'l [u8], Record)> {
        let mut rest = line.strip_prefix(&*self.before)?;
        let mut values = vec![&b""[..]; self.fields.len()];
        for (at, (_, behind)) in self.fields[..self.path].iter().enumerate() {
            // Columns are set apart by any number of blanks.
            if behind.starts_with(b" ") {
                rest = rest.trim_ascii_start();
            }
            let end = find(rest, behind)?;
            (values[at], rest) = (&rest[..end], &rest[end + behind.len()..]);
        }
        // A path may hold what stands between fields; those behind it don't.
        for (at, (_, behind)) in self.fields.iter().enumerate().skip(self.path + 1).rev() {
            rest = rest.strip_suffix(&**behind)?;
            let before = &self.fields[at - 1].1;
            let start = find_last(rest, before)? + before.len();
            values[at] = &rest[start..];
            rest = &rest[..start];
        }
        values[self.path] = rest.strip_suffix(&*self.fields[self.path].1)?;
        self.record(&values).map(|record| (values[self.path], record))
    }

    fn record(&self, values: &[&[u8]]) -> Option<Record> {
        let (mut kind_told, mut nlink, mut ino) = (None, 1, 0);
        let (mut uid, mut gid, mut st_mode) = (0, 0, 0);
        for ((field, _), value) in self.fields.iter().zip(values) {
            match field {
                Field::Path | Field::Other => {}
                Field::Octal => st_mode = octal(value).filter(|mode| *mode <= 0o177_777)?,
                Field::Decimal => st_mode = decimal::<u32>(value).filter(|mode| *mode <= 0o177_777)?,
                Field::Letters => st_mode = mode_of_letters(value, &mut kind_told)?,
                Field::Uid => uid = decimal(value)?,
                Field::Gid => gid = decimal(value)?,
                Field::Links => nlink = decimal(value)?,
                Field::Inode => ino = decimal(value)?,
                Field::Type => kind_told = Some(kind(value)?),
            }
        }
        let kind = kind_told.or_else(|| Kind::from_st_mode(st_mode))?;
        Some(Record {
            path: Vec::new(),
            kind,
            state: Some(State { uid, gid, mode: Mode::new(st_mode & 0o7777) }),
            nlink,
            ino,
            bytes: 0,
        })
    }
}

fn field(letter: u8) -> Option<Field> {
    Some(match letter {
        b'p' => Field::Path,
        b'm' => Field::Octal,
        b'D' => Field::Decimal,
        b'M' => Field::Letters,
        b'U' => Field::Uid,
        b'G' => Field::Gid,
        b'n' => Field::Links,
        b'i' => Field::Inode,
        b'y' => Field::Type,
        b'x' => Field::Other,
        _ => return None,
    })
}

/// Where some text begins in another.
fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len().max(1)).position(|window| window == what)
}

fn find_last(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len().max(1)).rposition(|window| window == what)
}

/// A mode as ls(1) writes it, and the kind that its first letter says.
fn mode_of_letters(text: &[u8], told: &mut Option<Kind>) -> Option<u32> {
    // What some programs put behind it tells of ACLs and labels.
    let [letter, bits @ ..] = text.get(..10)? else { return None };
    *told = Some(kind(&[*letter])?);
    let mut mode = 0;
    for (at, &byte) in bits.iter().enumerate() {
        let bit = 0o400 >> at;
        let special = [0o4000, 0o2000, 0o1000][at / 3];
        mode |= match (at % 3, byte) {
            (_, b'-') => 0,
            (0, b'r') | (1, b'w') | (2, b'x') => bit,
            (2, b's') if at < 6 => bit | special,
            (2, b'S') if at < 6 => special,
            (2, b't') if at > 6 => bit | special,
            (2, b'T') if at > 6 => special,
            _ => return None,
        };
    }
    Some(mode)
}

#[cfg(test)]
mod tests {
    use super::super::Item;
    use super::super::testing::told;
    use super::*;

    fn read(template: &str, line: &str) -> String {
        let template = Template::of(template).expect(template);
        match template.read(line.as_bytes()) {
            Some((path, record)) => told(&Item::Entry(Record { path: path.to_vec(), ..record })),
            None => "-".into(),
        }
    }

    #[test]
    fn every_named_template_reads_a_line_of_its_program() {
        for (name, line, expected) in [
            ("find", "2775 0 7 3 d 2 /srv/a b", "dir 0:7 2775 3 [/srv/a b]"),
            ("lfs", "644 1000 7 f /lustre/x", "file 1000:7 0644 1 [/lustre/x]"),
            ("gpfs", "12 77  0  drwxrwsr-x 0 7 2 12 -- /gpfs/a -- b", "dir 0:7 2775 2 [/gpfs/a -- b]"),
            ("gpfs", "12 77 0 -rwSr-sr-T 0 7 2 12 -- /g", "file 0:7 7654 2 [/g]"),
            (
                "pwalk",
                r#"5,2,1,"/srv/a,"",b",",b",0,7,12,2049,8,1,"0100644",1,2,3,-1,0"#,
                r#"file 0:7 0644 1 [/srv/a,"",b]"#,
            ),
            ("sql", "16877|0|7|2|9|/srv/a|b", "dir 0:7 0755 2 [/srv/a|b]"),
            ("sql", "493|0|7|2|9|/srv/a", "-"),
            ("lfs", "644 x 7 f /lustre/x", "-"),
            ("lfs", "644 0 7", "-"),
            ("%p<%M>%U:%G", "a<b><-rw-r--r-->0:1", "file 0:1 0644 1 [a<b>]"),
            ("%p<%M>%U:%G", "a<-rwxr-xr-t.>0:1", "file 0:1 1755 1 [a]"),
            ("%p<%M>%U:%G", "a<-rwtr-xr-x>0:1", "-"),
        ] {
            assert_eq!(read(name, line), expected, "{name} {line}");
        }
    }

    #[test]
    fn what_is_no_template_is_told() {
        for (text, why) in [
            ("lfz", "no template `lfz`"),
            ("%m%U", "nothing tells where"),
            ("%m %U %G %z", "`%z` is no field"),
            ("%m %U %G", "no path"),
            ("%m %U %p", "its owner, group and mode"),
            ("%m %U %G %U %p", "twice"),
            ("%p %", "ends with"),
        ] {
            let told = Template::of(text).expect_err(text);
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}
