//! Extended headers of pax archives: what of them tells of an entry.

use super::numbers::decimal;

/// What extended headers say, in the place of a header's own fields.
#[derive(Clone, Default, Debug)]
pub(super) struct Extended {
    pub path: Option<Vec<u8>>,
    pub link: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub user: Option<Vec<u8>>,
    pub group: Option<Vec<u8>>,
}

impl Extended {
    /// Reads one more; what it says again it says anew.
    pub(super) fn read(&mut self, data: &[u8]) -> Result<(), String> {
        // A sparse file has another name in its header (GNU.sparse.name).
        let mut sparse = None;
        let mut rest = data;
        while !rest.is_empty() {
            let (key, value, behind) = record(rest).ok_or("an extended header isn't as pax(1) has it")?;
            rest = behind;
            let number = || format!("an extended header tells no number: {}", String::from_utf8_lossy(value));
            match key {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = Some(decimal(value).filter(|size| *size <= i64::MAX as u64).ok_or_else(number)?),
                b"uid" => self.uid = Some(decimal(value).ok_or_else(number)?),
                b"gid" => self.gid = Some(decimal(value).ok_or_else(number)?),
                b"uname" => self.user = Some(value.to_vec()),
                b"gname" => self.group = Some(value.to_vec()),
                b"GNU.sparse.name" => sparse = Some(value.to_vec()),
                _ => {}
            }
        }
        if sparse.is_some() {
            self.path = sparse;
        }
        Ok(())
    }
}

/// The key and the value of a record, which says how long it is as a value may hold any byte, and what stands behind it.
fn record(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = data.iter().take(20).position(|&byte| byte == b' ')?;
    let length = decimal::<usize>(&data[..blank])?;
    let (record, behind) = data.split_at_checked(length)?;
    let (b'\n', told) = record.get(blank + 1..)?.split_last()? else { return None };
    let sign = told.iter().position(|&byte| byte == b'=')?;
    Some((&told[..sign], &told[sign + 1..], behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_hold_lines_and_signs() {
        let mut extended = Extended::default();
        extended.read(b"14 path=a\n=b\n\n10 gid=77\n").expect("two records");
        assert_eq!((extended.path.as_deref(), extended.gid), (Some(&b"a\n=b\n"[..]), Some(77)));
        for false_one in
            [&b"8 path=a\n"[..], b"99 path=a\n", b"0 =\n", b"x path=a\n", b"10 path=ab", b"5 ab\n", b"12 uid=minus\n"]
        {
            assert!(Extended::default().read(false_one).is_err(), "{}", String::from_utf8_lossy(false_one));
        }
        assert!(Extended::default().read(b"18446744073709551616 a=b\n").is_err());
    }
}
