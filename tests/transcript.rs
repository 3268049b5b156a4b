//! The transcript against hostile hosts: any bytes in any pieces neither make it panic nor cost it more than its bounds, and
//! how the bytes are cut never changes what is heard.

use clockaudit::probe::transcript::{Heard, MAX_FACTS, MAX_LINE, MAX_NOISE, Transcript, TranscriptError, fallback};
use proptest::prelude::*;

/// Lines that a host may send, good and bad, and bytes that are no lines at all.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => Just(b"CKA1 shell Linux x86_64\n".to_vec()),
        8 => "[0-9]{1,10}\\.[0-9]{6}\r?\n".prop_map(String::into_bytes),
        2 => "[0-9]{1,10}\\.[0-9]{9} [0-9]{1,10}\\.[0-9]{9}\n".prop_map(String::into_bytes),
        2 => Just(b"facts=1\n".to_vec()),
        4 => "clock=[0-9]{1,9}\\.[0-9]{6}\n".prop_map(String::into_bytes),
        8 => "[a-z.]{1,12}=\\PC{0,30}\n".prop_map(String::into_bytes),
        1 => Just(b"end=1\n".to_vec()),
        1 => Just(b"CKA1 none Linux\n".to_vec()),
        1 => Just(vec![b'7'; MAX_LINE + 3]),
        2 => proptest::collection::vec(any::<u8>(), 0..60),
    ];
    proptest::collection::vec(line, 0..60).prop_map(|lines| lines.concat())
}

/// Feeds a stream in pieces of the given sizes, over and over; what was heard, up to the error that ended it.
fn heard(stream: &[u8], sizes: &[usize]) -> (Vec<Heard>, Option<TranscriptError>, Transcript) {
    let mut transcript = Transcript::new();
    let mut all = Vec::new();
    let mut rest = stream;
    for size in sizes.iter().cycle() {
        let (piece, after) = rest.split_at(rest.len().min(*size));
        match transcript.feed(piece) {
            Ok(heard) => all.extend(heard),
            Err(error) => return (all, Some(error), transcript),
        }
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    (all, None, transcript)
}

fn facts_bytes(transcript: &Transcript) -> usize {
    transcript.facts().0.iter().map(|(key, value)| key.len() + value.len()).sum()
}

proptest! {
    #[test]
    fn cuts_change_nothing(stream in stream(), sizes in proptest::collection::vec(1_usize..50, 1..20)) {
        let (bytewise, first_error, ended) = heard(&stream, &[1]);
        let (cut, second_error, ended_too) = heard(&stream, &sizes);
        prop_assert_eq!(&first_error, &second_error);
        prop_assert_eq!(ended.facts(), ended_too.facts());
        prop_assert_eq!(ended.first_noise(), ended_too.first_noise());
        // What was heard in the piece that ends in an error is lost with it.
        prop_assert!(bytewise.starts_with(&cut) && (first_error.is_some() || bytewise == cut));
    }

    #[test]
    fn any_bytes_stay_within_the_bounds(bytes in proptest::collection::vec(any::<u8>(), 0..2_000), greeted in any::<bool>()) {
        let hello: &[u8] = if greeted { b"CKA1 shell Linux\nfacts=1\n" } else { b"" };
        let stream = [hello, &bytes].concat();
        let (_, _, transcript) = heard(&stream, &[7, 513]);
        prop_assert!(facts_bytes(&transcript) <= MAX_FACTS * 3 * MAX_LINE);
        prop_assert!(transcript.first_noise().is_none_or(|line| line.len() <= 3 * MAX_LINE));
        let _ = fallback(&bytes);
    }

    #[test]
    fn the_fallback_never_panics(text in "[0-9A-Za-z:+,. -]{0,60}") {
        let _ = fallback(text.as_bytes());
    }
}

#[test]
fn endless_noise_ends() {
    let mut transcript = Transcript::new();
    let pieces = (0..=MAX_NOISE / 1_024).map(|_| transcript.feed(&[b'x'; 1_024]));
    let last = pieces.last().expect("a piece");
    assert_eq!(last, Err(TranscriptError::TooMuchNoise));
    assert!(transcript.first_noise().expect("the line").len() <= MAX_LINE);
}

#[test]
fn endless_facts_end() {
    let mut transcript = Transcript::new();
    transcript.feed(b"CKA1 shell Linux\nfacts=1\n").expect("a greeting");
    let line = format!("key={}\n", "v".repeat(MAX_LINE - 4));
    let errors = (0..1_000_000).map(|_| transcript.feed(line.as_bytes())).find_map(Result::err);
    assert_eq!(errors, Some(TranscriptError::TooManyFacts));
    assert!(facts_bytes(&transcript) <= MAX_FACTS * MAX_LINE);
}
