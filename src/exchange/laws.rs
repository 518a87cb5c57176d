//! Whatever is imported: nothing panics, and what comes of it is a sound policy, or nothing.

use super::format::FORMATS;
use super::said::SourceText;
use super::toml::Preface;
use crate::compile::rule_table::RuleTable;
use crate::policy::problem::Source;
use std::sync::Arc;

const SAMPLES: [(&str, &str); 6] = [
    (
        "tmpfiles.d",
        "d /run/lab 2775 root lab 10d\nz /var/log/*.log ~0640 - adm\na+ /srv/x - - - - d:g:adm:rwX,u:7:r,m::rwx\nf \"/etc/two words\" :0600 0 0 - x\nZ %t/y 1777\np+ /run/p 0600\n",
    ),
    (
        "mtree",
        "#mtree\n/set type=file uid=0 gid=0 mode=0644\n. type=dir mode=02775 gname=lab\n  a\\040b uid=7\n  d type=dir \\\n mode=0700\n   {x} mode=04755\n  ..\n  l type=link\n..\n./x/y type=fifo\n",
    ),
    (
        "getfacl",
        "# file: srv/lab\n# owner: root\n# group: lab\n# flags: -s-\nuser::rwx\nuser:ann:rwx\t#effective:r-x\ngroup::r-x\nmask::r-x\nother::---\ndefault:user::rwx\ndefault:group::r-x\ndefault:other::---\n\n# file: srv/lab/a\\040b\nuser::rw-\ngroup::r--\nother::r--\n\n",
    ),
    (
        "permctl",
        "# x\n/usr/bin/at root:trusted 4750\n +capabilities cap_x=ep\n:package: x\n/tmp/ 0:0 1777\n%{v}/y a.b 755\n",
    ),
    (
        "smb.conf",
        "[global]\ncreate mask = 0744\n[lab]\n\tpath = /srv/lab\n\tvalid users = @lab, ann \"b c\"\n\tforce group = +lab\n\tread only = No\n[x]\npath=/srv/%U\n",
    ),
    ("dpkg-statoverride", "root mail 2755 /usr/bin/mail lock\n#7 #8 0700 /var/x\n"),
];

/// Bytes that mean something to one of the formats, to patterns or to TOML.
const HOSTILE: &[u8] = b"\n\r\t \"'\\#=:/*?[]{}!@%-~+,.;0789a\0\x7f\xc3\xa0\xff";

/// Numbers that look random, the same ones each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn mutated(sample: &str, numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = sample.as_bytes().to_vec();
    for _ in 0..1 + numbers.below(6) {
        let at = numbers.below(bytes.len() + 1);
        let byte = HOSTILE[numbers.below(HOSTILE.len())];
        match numbers.below(5) {
            0 => bytes.insert(at, byte),
            1 if at < bytes.len() => bytes[at] = byte,
            2 if at < bytes.len() => drop(bytes.remove(at)),
            3 => bytes.truncate(at),
            _ => {
                let end = (at + numbers.below(40)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

#[test]
fn what_is_imported_is_a_sound_policy_whatever_was_read() {
    let mut numbers = Numbers(0x5eed_1e55_u64);
    let (mut sound, mut lost) = (0, 0);
    for (name, sample) in SAMPLES {
        let format = FORMATS.iter().find(|format| format.name == name).expect("a format");
        for round in 0..600 {
            let bytes = if round == 0 { sample.into() } else { mutated(sample, &mut numbers) };
            let source = SourceText { name: "source".into(), bytes: bytes.clone() };
            let root = if name == "getfacl" { &b"/"[..] } else { b"/srv/lab" };
            let is_of_a_tree = matches!(name, "mtree" | "getfacl");
            let mut imported = format.read(std::slice::from_ref(&source), root);
            if is_of_a_tree && round % 2 == 1 {
                imported.fold();
            }
            let mut text = Vec::new();
            let preface = Preface { format: name, file: "source", root: is_of_a_tree.then_some(root) };
            imported.write(&mut text, preface).expect("a vector takes all");
            lost += imported.lost().len();
            let text = String::from_utf8(text).expect("TOML is UTF-8");
            if !text.contains("[[tree") {
                continue;
            }
            let model = crate::policy::read(Arc::new(Source { file: "test".into(), text: text.clone() }));
            let told = |problems: Vec<crate::policy::problem::Problem>| {
                let problems: Vec<_> = problems.into_iter().map(|problem| problem.message).collect();
                panic!("{problems:?}\n{}\n{text}", String::from_utf8_lossy(&bytes))
            };
            let model = model.unwrap_or_else(told);
            if let Err(problems) = RuleTable::compile(&[Arc::new(model)]) {
                told(problems);
            }
            sound += 1;
        }
    }
    assert!(sound > 2000 && lost > 1000, "{sound} {lost}");
}
