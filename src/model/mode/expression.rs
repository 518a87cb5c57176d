//! chmod's language, symbolic and octal, as chmod(1) has it but for two things that policies need.
//!
//! Only `s`, `t` and four octal digits speak of the bits above the permissions: `=` and three octal digits leave
//! them alone (GNU chmod's `=` clears them on files). And a missing class means all of them, whatever the umask.

use super::Mode;
use std::fmt;
use std::ops::Range;

/// A mode expression: what chmod(1) would do to a mode.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ModeExpression {
    source: Box<str>,
    steps: Box<[Step]>,
}

/// Why a mode expression can't be read, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ModeError {
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that is known.
    pub hint: Option<String>,
    /// The bytes of the expression that are wrong.
    pub span: Range<usize>,
}

/// One operator with its operands: `g=u`, `o-w`, or a whole octal mode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Step {
    operator: Operator,
    /// The permission bits of the classes that are named.
    classes: Mode,
    /// The special bits that this step speaks of.
    spoken: Mode,
    operand: Operand,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operator {
    Add,
    Remove,
    Set,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Operand {
    /// These bits; `conditional` is those that `X` gives where there is an execute bit already, or to a directory.
    Bits { bits: Mode, conditional: Mode },
    /// The permissions that the class at this shift has at that moment, for all named classes.
    Copy { shift: u32 },
}

impl ModeExpression {
    /// Parses an expression: `u=rwx,g=u,o=`, `g+rwX`, `o-w`, `+t`, `770`, `2775`.
    pub fn parse(source: &str) -> Result<ModeExpression, ModeError> {
        let steps = Parser { source, at: 0 }.expression()?;
        Ok(ModeExpression { source: source.into(), steps: steps.into() })
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What chmod(1) would make of `mode`, of a directory or of something else (`X` tells them apart).
    pub fn apply(&self, mode: Mode, is_directory: bool) -> Mode {
        self.steps.iter().fold(mode, |mode, step| step.apply(mode, is_directory))
    }

    /// The special bits that it speaks of, to set or to clear them.
    pub fn speaks_of(&self) -> Mode {
        self.steps.iter().fold(Mode::NONE, |all, step| all | step.spoken)
    }

    /// Whether it asks for `bit` of `mode`: it would set it where it is missing.
    pub fn asks_for(&self, bit: Mode, mode: Mode, is_directory: bool) -> bool {
        self.apply(mode.without(bit), is_directory).has(bit)
    }

    /// A mode of which it makes another the second time than the first, so that no entry could ever be right for long:
    /// `u=o,o=g,g=u` turns in circles.
    pub fn unstable_at(&self, is_directory: bool) -> Option<Mode> {
        // Permissions never depend on the special bits, and special bits are only set or cleared: nine bits tell all.
        (0..=0o777).map(Mode::new).find(|&mode| {
            let once = self.apply(mode, is_directory);
            self.apply(once, is_directory) != once
        })
    }
}

impl fmt::Display for ModeExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Step {
    fn apply(self, mode: Mode, is_directory: bool) -> Mode {
        let value = match self.operand {
            Operand::Bits { bits, conditional } => {
                let executable = is_directory || mode.has_any(Mode::new(0o111));
                if executable { bits | conditional } else { bits }
            }
            Operand::Copy { shift } => {
                let class = (mode.bits() >> shift) & 7;
                Mode::new(class * 0o111) & self.classes
            }
        };
        match self.operator {
            Operator::Add => mode | value,
            Operator::Remove => mode.without(value),
            Operator::Set => mode.with_from(self.classes | self.spoken, value),
        }
    }
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn expression(mut self) -> Result<Vec<Step>, ModeError> {
        if self.source.is_empty() {
            return Err(self.error(0..0, "an empty mode", Some("write what should hold, as in `g=u,o=`")));
        }
        let mut steps = Vec::new();
        if self.peek().is_some_and(|c| c.is_ascii_digit()) {
            steps.push(self.octal(Operator::Set)?);
            if self.at < self.source.len() {
                return Err(self.unexpected("after an octal mode"));
            }
            return Ok(steps);
        }
        loop {
            self.clause(&mut steps)?;
            match self.next() {
                None => return Ok(steps),
                Some(',') if self.at < self.source.len() => {}
                Some(',') => return Err(self.error(self.at - 1..self.at, "nothing behind the comma", None)),
                Some(c) => {
                    self.at -= c.len_utf8();
                    return Err(self.unexpected("in a mode"));
                }
            }
        }
    }

    /// `[ugoa]*([-+=]([rwxXst]*|[ugo]|octal))+`
    fn clause(&mut self, steps: &mut Vec<Step>) -> Result<(), ModeError> {
        let start = self.at;
        let mut classes = Mode::NONE;
        while let Some(class) = self.peek().and_then(class_of) {
            classes = classes | class;
            self.at += 1;
        }
        let named = self.at > start;
        let classes = if named { classes } else { Mode::PERMISSIONS };
        let mut operators = 0;
        while let Some(operator) = self.peek().and_then(operator_of) {
            self.at += 1;
            operators += 1;
            if !named && self.peek().is_some_and(|c| c.is_ascii_digit()) {
                steps.push(self.octal(operator)?);
                return Ok(());
            }
            steps.push(self.step(operator, classes)?);
        }
        if operators == 0 {
            return Err(match self.peek() {
                Some(_) => self.unexpected("where `+`, `-` or `=` should be"),
                None => self.error(
                    start..self.at.max(start + 1),
                    "a class without `+`, `-` or `=`",
                    Some("write as in `g+w`"),
                ),
            });
        }
        Ok(())
    }

    fn step(&mut self, operator: Operator, classes: Mode) -> Result<Step, ModeError> {
        if let Some(shift) = self.peek().and_then(copy_shift) {
            self.at += 1;
            return Ok(Step { operator, classes, spoken: Mode::NONE, operand: Operand::Copy { shift } });
        }
        let (mut bits, mut conditional, mut spoken) = (Mode::NONE, Mode::NONE, Mode::NONE);
        while let Some(c) = self.peek() {
            match c {
                'r' => bits = bits | (Mode::new(0o444) & classes),
                'w' => bits = bits | (Mode::new(0o222) & classes),
                'x' => bits = bits | (Mode::new(0o111) & classes),
                'X' => conditional = conditional | (Mode::new(0o111) & classes),
                's' => spoken = spoken | set_id_of(classes),
                't' if classes.has_any(Mode::OTHER) => spoken = spoken | Mode::STICKY,
                't' => {}
                _ => break,
            }
            self.at += 1;
        }
        Ok(Step { operator, classes, spoken, operand: Operand::Bits { bits: bits | spoken, conditional } })
    }

    fn octal(&mut self, operator: Operator) -> Result<Step, ModeError> {
        let start = self.at;
        let digits = self.source[start..].bytes().take_while(u8::is_ascii_digit).count();
        self.at += digits;
        let text = &self.source[start..self.at];
        let span = start..self.at;
        if let Some(bad) = text.find(['8', '9']) {
            return Err(self.error(
                start + bad..start + bad + 1,
                "not an octal digit",
                Some("octal digits are 0 to 7"),
            ));
        }
        if digits != 3 && digits != 4 {
            let hint = "three digits speak of permissions, four of set-ID and sticky bits too";
            return Err(self.error(span, "an octal mode has three or four digits", Some(hint)));
        }
        let bits = Mode::new(u32::from_str_radix(text, 8).expect("four octal digits are a number"));
        let spoken = match operator {
            _ if digits == 3 => Mode::NONE,
            Operator::Set => Mode::SPECIAL,
            Operator::Add | Operator::Remove => bits & Mode::SPECIAL,
        };
        Ok(Step {
            operator,
            classes: Mode::PERMISSIONS,
            spoken,
            operand: Operand::Bits { bits, conditional: Mode::NONE },
        })
    }

    fn peek(&self) -> Option<char> {
        self.source[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn unexpected(&self, place: &str) -> ModeError {
        let c = self.peek().expect("called at a character");
        let hint = (c == 'S' || c == 'T').then(|| format!("write `{}`", c.to_ascii_lowercase()));
        let message = format!("`{}` {place}", c.escape_default());
        ModeError { message, hint, span: self.at..self.at + c.len_utf8() }
    }

    fn error(&self, span: Range<usize>, message: &str, hint: Option<&str>) -> ModeError {
        let end = span.end.min(self.source.len());
        ModeError { message: message.into(), hint: hint.map(Into::into), span: span.start.min(end)..end }
    }
}

fn class_of(c: char) -> Option<Mode> {
    match c {
        'u' => Some(Mode::OWNER),
        'g' => Some(Mode::GROUP),
        'o' => Some(Mode::OTHER),
        'a' => Some(Mode::PERMISSIONS),
        _ => None,
    }
}

fn operator_of(c: char) -> Option<Operator> {
    match c {
        '+' => Some(Operator::Add),
        '-' => Some(Operator::Remove),
        '=' => Some(Operator::Set),
        _ => None,
    }
}

fn copy_shift(c: char) -> Option<u32> {
    match c {
        'u' => Some(6),
        'g' => Some(3),
        'o' => Some(0),
        _ => None,
    }
}

/// What `s` means for these classes: of the owner set-user-ID, of the group set-group-ID.
fn set_id_of(classes: Mode) -> Mode {
    let owner = if classes.has_any(Mode::OWNER) { Mode::SETUID } else { Mode::NONE };
    let group = if classes.has_any(Mode::GROUP) { Mode::SETGID } else { Mode::NONE };
    owner | group
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(source: &str, mode: u32, is_directory: bool) -> u32 {
        ModeExpression::parse(source).expect(source).apply(Mode::new(mode), is_directory).bits()
    }

    #[test]
    fn applies_as_chmod_does() {
        for (source, mode, is_directory, expected) in [
            ("u=rwx,g=u,o=", 0o2755, true, 0o2770),
            ("g+rwX", 0o600, false, 0o660),
            ("g+rwX", 0o700, false, 0o770),
            ("g+rwX", 0o600, true, 0o670),
            ("o-w", 0o777, false, 0o775),
            ("g=u", 0o644, false, 0o664),
            ("g=u", 0o400, false, 0o440),
            ("+t", 0o777, true, 0o1777),
            ("g+s", 0o755, true, 0o2755),
            ("+s", 0o755, true, 0o6755),
            ("a-s", 0o6755, true, 0o755),
            ("u=rw,go=u-w", 0o777, false, 0o644),
            ("-022", 0o777, false, 0o755),
            ("+2000", 0o755, true, 0o2755),
            ("0755", 0o2775, true, 0o0755),
            ("2775", 0o0700, true, 0o2775),
            ("a=", 0o777, false, 0),
        ] {
            assert_eq!(apply(source, mode, is_directory), expected, "{source} of {mode:o}");
        }
    }

    #[test]
    fn only_s_t_and_four_digits_speak_of_special_bits() {
        for (source, spoken) in [
            ("770", 0),
            ("a=rwx", 0),
            ("g=u", 0),
            ("0770", 0o7000),
            ("g+s", 0o2000),
            ("u-s", 0o4000),
            ("+s", 0o6000),
            ("o+s", 0),
            ("u+t", 0),
            ("g=rwxs,+t", 0o3000),
        ] {
            assert_eq!(ModeExpression::parse(source).expect(source).speaks_of().bits(), spoken, "{source}");
        }
        assert_eq!(apply("770", 0o7755, false), 0o7770);
        assert_eq!(apply("a=rwx", 0o7000, false), 0o7777);
    }

    #[test]
    fn refuses_with_the_place() {
        for (source, span, message) in [
            ("", 0..0, "an empty mode"),
            ("g+rwz", 4..5, "`z` in a mode"),
            ("u+rwx,,g+x", 6..7, "`,` where `+`, `-` or `=` should be"),
            ("u+x,", 3..4, "nothing behind the comma"),
            ("rwx", 0..1, "`r` where `+`, `-` or `=` should be"),
            ("g", 0..1, "a class without `+`, `-` or `=`"),
            ("778", 2..3, "not an octal digit"),
            ("75", 0..2, "an octal mode has three or four digits"),
            ("02775", 0..5, "an octal mode has three or four digits"),
            ("775,g+s", 3..4, "`,` after an octal mode"),
            ("g+ü", 2..4, "`\\u{fc}` in a mode"),
            ("g=rwS", 4..5, "`S` in a mode"),
        ] {
            let error = ModeExpression::parse(source).expect_err(source);
            assert_eq!((error.span, error.message.as_str()), (span, message), "{source}");
        }
    }

    #[test]
    fn finds_what_turns_in_circles() {
        let unstable = |source| ModeExpression::parse(source).expect(source).unstable_at(true).is_some();
        assert!(unstable("u=o,o=g,g=u"));
        assert!(!unstable("u=rwx,g=u,o="));
        assert!(!unstable("a-x,a+X"));
    }

    #[test]
    fn asks_only_for_what_it_would_set() {
        let asks =
            |source: &str, bit, mode| ModeExpression::parse(source).expect(source).asks_for(bit, Mode::new(mode), true);
        assert!(asks("1777", Mode::OTHER_WRITE, 0o777));
        assert!(!asks("g=u", Mode::OTHER_WRITE, 0o777));
        assert!(!asks("o-w", Mode::OTHER_WRITE, 0o777));
    }
}
