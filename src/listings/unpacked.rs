//! Compressed input, told by its first bytes: gzip, zstd, xz; anything else is taken as it is.

use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use std::io::{self, BufRead, BufReader, Read};

/// Bytes that are read at once.
pub(super) const CHUNK: usize = 1 << 17;

/// No frame or stream may ask for more memory than this to be unpacked: what `zstd --ultra` and `xz -9` make.
const MOST_MEMORY_LOG: u32 = 27;

/// The packer that isn't read, by how all that it writes begins, and what unpacks that. No listing begins so.
fn unread(begin: &[u8]) -> Option<(&'static str, &'static str)> {
    Some(match begin {
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..] => ("bzip2", "bzip2 -dc"),
        [b'L', b'Z', b'I', b'P', 1, ..] => ("lzip", "lzip -dc"),
        [0x04, 0x22, 0x4d, 0x18, ..] => ("lz4", "lz4 -dc"),
        [0x1f, 0x9d, ..] => ("compress", "uncompress -c"),
        _ => return None,
    })
}

/// What it holds, unpacked.
pub(super) fn unpacked(input: Box<dyn Read>) -> io::Result<Box<dyn BufRead>> {
    let mut input = BufReader::with_capacity(CHUNK, input);
    let unpacked: Box<dyn Read> = match input.fill_buf()? {
        [0x1f, 0x8b, ..] => Box::new(MultiGzDecoder::new(input)),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            let mut decoder = zstd::Decoder::with_buffer(input)?;
            decoder.window_log_max(MOST_MEMORY_LOG)?;
            Box::new(decoder)
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            Box::new(XzDecoder::new_stream(input, Stream::new_stream_decoder(1 << MOST_MEMORY_LOG, CONCATENATED)?))
        }
        other => match unread(other) {
            Some((name, unpacks)) => {
                let why = format!("it is packed by {name}, which isn't read: unpack it first, as in `{unpacks} FILE`");
                return Err(io::Error::new(io::ErrorKind::Unsupported, why));
            }
            None => return Ok(Box::new(input)),
        },
    };
    Ok(Box::new(BufReader::with_capacity(CHUNK, unpacked)))
}
