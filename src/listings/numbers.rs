//! Numbers as listings write them: digits and nothing else.

/// A decimal number.
pub(super) fn decimal<T: TryFrom<u64>>(text: &[u8]) -> Option<T> {
    digits(text, 10).and_then(|number| T::try_from(number).ok())
}

/// An octal number.
pub(crate) fn octal(text: &[u8]) -> Option<u32> {
    digits(text, 8).and_then(|number| u32::try_from(number).ok())
}

fn digits(text: &[u8], base: u64) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |number, &byte| {
        let digit = u64::from(byte.wrapping_sub(b'0'));
        (digit < base).then_some(())?;
        number.checked_mul(base)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_alone_are_numbers() {
        assert_eq!((decimal::<u32>(b"4294967295"), decimal::<u32>(b"4294967296")), (Some(u32::MAX), None));
        assert_eq!((decimal::<u64>(b"+1"), decimal::<u64>(b""), decimal::<u64>(b" 1")), (None, None, None));
        assert_eq!((octal(b"2775"), octal(b"8"), octal(b"0")), (Some(0o2775), None, Some(0)));
        assert_eq!(decimal::<u64>(b"99999999999999999999"), None);
    }
}
