//! Files that go with a ticket: as they are, or as gzip where they are large.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::tickets::Attachment;

/// What is larger is compressed: Redmine takes 5 MiB as it is delivered.
const LARGEST: usize = 4 << 20;

/// A file of this name.
pub fn pack(name: String, media: &'static str, bytes: Vec<u8>) -> io::Result<Attachment> {
    if bytes.len() <= LARGEST {
        return Ok(Attachment { name, media, bytes });
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&bytes)?;
    Ok(Attachment { name: format!("{name}.gz"), media: "application/gzip", bytes: encoder.finish()? })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_large_is_compressed_and_comes_back_whole() {
        let small = pack("a.json".to_owned(), "application/json", b"{}".to_vec()).unwrap();
        assert_eq!((small.name.as_str(), small.bytes.as_slice()), ("a.json", b"{}".as_slice()));
        let large: Vec<u8> = (0..=LARGEST).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let packed = pack("a.json".to_owned(), "application/json", large.clone()).unwrap();
        assert_eq!((packed.name.as_str(), packed.media), ("a.json.gz", "application/gzip"));
        let mut back = Vec::new();
        flate2::read::GzDecoder::new(packed.bytes.as_slice()).read_to_end(&mut back).unwrap();
        assert_eq!(back, large);
    }
}
