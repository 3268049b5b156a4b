//! The compact form of a list of revoked keys, as `ssh-keygen -k` writes it (OpenSSH's PROTOCOL.krl).

use std::sync::Arc;

use super::revoked_keys::ListError;

/// How a list begins.
pub(super) const MAGIC: &[u8] = b"SSHKRL\n\0";
/// The only version that there is.
const VERSION: u32 = 1;

/// What a list says is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Revoked {
    /// A key, in SSH's wire format.
    Key(Vec<u8>),
    /// Keys by the SHA-1 of their wire format.
    Sha1(Vec<u8>),
    /// Keys by the SHA-256 of their wire format.
    Sha256(Vec<u8>),
    /// Certificates of an authority, or of any where that is empty, from a number to another one, both included.
    Serials(Arc<[u8]>, u64, u64),
    /// Certificates of an authority, or of any, by what it calls them.
    KeyId(Arc<[u8]>, Vec<u8>),
}

/// Everything that a list says.
pub(super) fn read(text: &[u8]) -> Result<Vec<Revoked>, ListError> {
    let mut left = Left(text.get(MAGIC.len()..).unwrap_or_default());
    if u32::from_be_bytes(left.number::<4>()?) != VERSION {
        return Err(ListError::Broken);
    }
    // Its own number, when it was made, flags; what is reserved; a comment.
    for _ in 0..3 {
        left.long()?;
    }
    left.string()?;
    left.string()?;
    let mut revoked = Vec::new();
    while let Some(kind) = left.byte() {
        let mut section = Left(left.string()?);
        match kind {
            1 => certificates(&mut section, &mut revoked)?,
            2 | 3 | 5 => {
                while !section.0.is_empty() {
                    let one = section.string()?.to_vec();
                    revoked.push(match kind {
                        2 => Revoked::Key(one),
                        3 => Revoked::Sha1(one),
                        _ => Revoked::Sha256(one),
                    });
                }
            }
            // A signature: nothing stands behind it, and OpenSSH does not look at it either.
            4 => break,
            255 => extension(&mut section)?,
            _ => return Err(ListError::Broken),
        }
    }
    Ok(revoked)
}

/// What is said of one authority's certificates.
fn certificates(section: &mut Left<'_>, revoked: &mut Vec<Revoked>) -> Result<(), ListError> {
    // Millions of numbers may be those of one authority.
    let authority: Arc<[u8]> = Arc::from(section.string()?);
    section.string()?;
    while let Some(kind) = section.byte() {
        let mut part = Left(section.string()?);
        match kind {
            0x20 => {
                while !part.0.is_empty() {
                    let serial = part.long()?;
                    revoked.push(Revoked::Serials(Arc::clone(&authority), serial, serial));
                }
            }
            0x21 => {
                let (first, last) = (part.long()?, part.long()?);
                revoked.push(Revoked::Serials(Arc::clone(&authority), first, last));
            }
            0x22 => {
                let first = part.long()?;
                for (place, byte) in part.string()?.iter().rev().enumerate() {
                    let bits = (0..8_u64).filter(|bit| (byte >> bit) & 1 == 1);
                    let serials = bits.filter_map(|bit| {
                        u64::try_from(place).ok()?.checked_mul(8)?.checked_add(bit)?.checked_add(first)
                    });
                    revoked.extend(serials.map(|serial| Revoked::Serials(Arc::clone(&authority), serial, serial)));
                }
            }
            0x23 => {
                while !part.0.is_empty() {
                    revoked.push(Revoked::KeyId(Arc::clone(&authority), part.string()?.to_vec()));
                }
            }
            0x39 => extension(&mut part)?,
            _ => return Err(ListError::Broken),
        }
    }
    Ok(())
}

/// An extension: one that must be understood is not.
fn extension(section: &mut Left<'_>) -> Result<(), ListError> {
    section.string()?;
    if section.byte() == Some(0) { Ok(()) } else { Err(ListError::Broken) }
}

/// What is left to read.
struct Left<'text>(&'text [u8]);

impl<'text> Left<'text> {
    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number<const BYTES: usize>(&mut self) -> Result<[u8; BYTES], ListError> {
        let (number, rest) = self.0.split_first_chunk::<BYTES>().ok_or(ListError::Broken)?;
        self.0 = rest;
        Ok(*number)
    }

    fn long(&mut self) -> Result<u64, ListError> {
        Ok(u64::from_be_bytes(self.number::<8>()?))
    }

    fn string(&mut self) -> Result<&'text [u8], ListError> {
        let length = u32::from_be_bytes(self.number::<4>()?);
        let length = usize::try_from(length).map_err(|_| ListError::Broken)?;
        let (string, rest) = self.0.split_at_checked(length).ok_or(ListError::Broken)?;
        self.0 = rest;
        Ok(string)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(bytes: &[u8]) -> Vec<u8> {
        [u32::try_from(bytes.len()).expect("a length").to_be_bytes().as_slice(), bytes].concat()
    }

    #[test]
    fn the_numbers_of_an_authority_share_it() {
        let authority = vec![b'x'; 1 << 16];
        let serials: Vec<u8> = (1..=50_u64).flat_map(u64::to_be_bytes).collect();
        let bitmap = [7_u64.to_be_bytes().as_slice(), &string(&[0xff; 8])].concat();
        let part = |kind: u8, of: &[u8]| [[kind].as_slice(), &string(of)].concat();
        let said = [part(0x20, &serials), part(0x22, &bitmap), part(0x23, &string(b"web"))].concat();
        let section = [string(&authority), string(b""), said].concat();
        let list = [MAGIC, &VERSION.to_be_bytes(), &[0; 32], &part(1, &section)].concat();
        let revoked = read(&list).expect("a list");
        let authorities: Vec<&Arc<[u8]>> = revoked
            .iter()
            .map(|revoked| match revoked {
                Revoked::Serials(of, ..) | Revoked::KeyId(of, _) => of,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!((authorities.len(), &authorities[0][..]), (50 + 64 + 1, authority.as_slice()));
        assert!(authorities.iter().all(|of| Arc::ptr_eq(of, authorities[0])));
    }
}
