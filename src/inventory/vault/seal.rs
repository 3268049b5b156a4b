//! The cryptography of one encrypted text: keys from the password, the check sum first, then the plain text.

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::envelope::Envelope;

/// Rounds of the key derivation.
const ROUNDS: u32 = 10_000;
/// Bytes of the key of the cipher, and of the key of the check sum.
const KEY: usize = 32;
/// Bytes of a block of the cipher: the first counter, and what the padding fills.
const BLOCK: usize = 16;

/// Why one password does not open a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// The check sum is another.
    WrongPassword,
    /// The check sum is right, the padding is not.
    Padding,
}

/// The plain text, if the password is the one it was encrypted with.
pub(super) fn open(envelope: &Envelope, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Closed> {
    let mut keys = Zeroizing::new([0_u8; 2 * KEY + BLOCK]);
    pbkdf2::pbkdf2_hmac::<Sha256>(password, &envelope.salt, ROUNDS, keys.as_mut_slice());
    let (cipher_key, rest) = keys.split_at(KEY);
    let (checksum_key, counter) = rest.split_at(KEY);
    let mut checksum = Hmac::<Sha256>::new_from_slice(checksum_key).map_err(|_| Closed::WrongPassword)?;
    checksum.update(&envelope.ciphertext);
    // Compares in constant time.
    checksum.verify_slice(&envelope.checksum).map_err(|_| Closed::WrongPassword)?;
    let mut text = Zeroizing::new(envelope.ciphertext.clone());
    let mut cipher = Ctr128BE::<Aes256>::new_from_slices(cipher_key, counter).map_err(|_| Closed::Padding)?;
    cipher.try_apply_keystream(&mut text).map_err(|_| Closed::Padding)?;
    let padding = padding(&text).ok_or(Closed::Padding)?;
    let length = text.len() - padding;
    text.truncate(length);
    Ok(text)
}

/// How many bytes of padding end a text (PKCS#7).
fn padding(text: &[u8]) -> Option<usize> {
    let last = *text.last()?;
    let count = usize::from(last);
    let is_padding = text.len().is_multiple_of(BLOCK) && (1..=BLOCK).contains(&count);
    let (_, padding) = text.split_at_checked(text.len().checked_sub(count)?)?;
    (is_padding && padding.iter().all(|byte| *byte == last)).then_some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_read_as_it_was_written() {
        let check = |tail: &[u8], expected: Option<usize>| {
            let text: Vec<u8> = std::iter::repeat_n(b'x', 32 - tail.len()).chain(tail.iter().copied()).collect();
            assert_eq!(padding(&text), expected, "{tail:?}");
        };
        check(&[1], Some(1));
        check(&[2, 2], Some(2));
        check(&[16; 16], Some(16));
        check(&[0], None);
        check(&[17; 17], None);
        check(&[3, 2, 3], None);
        assert_eq!(padding(&[1]), None);
        assert_eq!(padding(&[]), None);
    }
}
