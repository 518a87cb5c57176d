//! Compressed input, told by its first bytes: gzip, zstd, xz; anything else is taken as it is.

use flate2::bufread::MultiGzDecoder;
use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};
use std::io::{self, BufRead, BufReader, Read};

/// Bytes that are read at once.
pub(super) const CHUNK: usize = 1 << 17;

/// No frame or stream may ask for more memory than this to be unpacked: what `zstd --ultra` and `xz -9` make.
const MOST_MEMORY_LOG: u32 = 27;

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
        _ => return Ok(Box::new(input)),
    };
    Ok(Box::new(BufReader::with_capacity(CHUNK, unpacked)))
}
