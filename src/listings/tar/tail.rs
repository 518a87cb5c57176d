//! What stands behind the last member: zeros to the end. All of it is read, as what an archive is packed by has its sums and
//! lengths there, and a cut or a change in what was packed is only told by them.

use super::{ListingError, Tar};
use std::io::{self, BufRead};

/// So many zeros at most: far more than any tape's block, and soon read however small they are packed.
const LONGEST_TAIL: u64 = 1 << 30;

impl<R: BufRead> Tar<R> {
    /// Reads what is left, the block of zeros included that tells the end.
    pub(super) fn pass_tail(&mut self) -> Result<(), ListingError> {
        let end = self.offset;
        loop {
            let there = match self.input.fill_buf() {
                Ok([]) => return Ok(()),
                Ok(there) => there,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.unread(&error)),
            };
            let zeros = there.iter().take_while(|&&byte| byte == 0).count();
            let are_all = zeros == there.len();
            self.input.consume(zeros);
            self.offset = self.offset.saturating_add(zeros as u64);
            if !are_all {
                return Err(self.error(
                    "something stands behind the archive's end, which some programs would unpack and others not: where it is \
                     another archive, check that by itself",
                ));
            }
            if self.offset - end > LONGEST_TAIL {
                return Err(self.error(format!("more than {LONGEST_TAIL} zeros stand behind the archive's end")));
            }
        }
    }
}
