//! What comes back from a host: bytes in, readings and facts out. Sans-I/O, bounded, and it refuses what it does not understand.

use super::facts::Facts;
pub use super::plain_date::fallback;
use super::reader::Reader;
use super::reading::Reading;
use super::script::{GREETING, NO_READER};

/// The longest line that is read after the greeting, without its end, in bytes.
pub const MAX_LINE: usize = 512;
/// How much a host may print before the greeting, in bytes: motd, rc files.
pub const MAX_NOISE: usize = 64 * 1024;
/// The most lines of facts, the markers included.
pub const MAX_FACTS: usize = 160;

/// Why a transcript is refused. Remote text in it is bounded but not escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// More than [`MAX_NOISE`] bytes without a greeting.
    #[error("no answer of the probe in {MAX_NOISE} bytes of other output")]
    TooMuchNoise,
    /// A line longer than [`MAX_LINE`].
    #[error("a line of more than {MAX_LINE} bytes")]
    LineTooLong,
    /// A greeting that names a reader we did not send.
    #[error("the probe greeted with an unknown reader, `{label}`")]
    UnknownReader {
        /// The name it gave.
        label: String,
    },
    /// The host has a shell but no program that reads its clock.
    #[error("no program there reads the clock ({system})")]
    NoReader {
        /// What `uname -s -m` printed, possibly nothing.
        system: String,
    },
    /// A line that is no reading where one was due.
    #[error("not a reading of a clock: `{line}`")]
    NotAReading {
        /// The line.
        line: String,
    },
    /// A line among the facts that is no `key=value`.
    #[error("not a fact: `{line}`")]
    NotAFact {
        /// The line.
        line: String,
    },
    /// More than [`MAX_FACTS`] lines of facts.
    #[error("more than {MAX_FACTS} lines of facts")]
    TooManyFacts,
    /// Anything but blank lines after the end of the facts.
    #[error("output after the end of the facts: `{line}`")]
    AfterTheEnd {
        /// The line.
        line: String,
    },
}

/// Something that a host said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The probe is ready to be asked.
    Hello {
        /// How the host's clock is read from now on.
        reader: Reader,
        /// What `uname -s -m` printed, possibly nothing.
        system: String,
    },
    /// The answer to the oldest request that has none yet. Nothing but the order ties them together: whoever asks must
    /// count, or a late answer is taken for that of the next request.
    Reading(Reading),
    /// The readings around the timekeeper's claim, the second of which has just come: `first` is the last one before the
    /// timekeeper was asked, `last` the first one after it had answered. `received` of their exchange is to be stamped now.
    Bracket(Reading),
    /// The facts are complete; nothing follows.
    FactsEnd(Facts),
}

/// Where a transcript is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Before the greeting: whatever comes is noise.
    Noise,
    /// Greeted: readings are due.
    Sampling,
    /// The facts script is running.
    Facts,
    /// The end marker has been read.
    Ended,
}

/// The transcript of one session with the probe. Holds at most one line, the facts and the first line of noise.
#[derive(Debug, Clone)]
pub struct Transcript {
    phase: Phase,
    reader: Option<Reader>,
    line: Vec<u8>,
    noise: usize,
    first_noise: Option<String>,
    opening: Option<Reading>,
    bracketed: bool,
    facts: Facts,
}

impl Default for Transcript {
    fn default() -> Self {
        Self::new()
    }
}

impl Transcript {
    /// Makes the transcript of a session of which nothing has been heard yet.
    pub fn new() -> Self {
        Self {
            phase: Phase::Noise,
            reader: None,
            line: Vec::new(),
            noise: 0,
            first_noise: None,
            opening: None,
            bracketed: false,
            facts: Facts::default(),
        }
    }

    /// Where the transcript is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// How the host's clock is read, once the host has greeted.
    pub fn reader(&self) -> Option<Reader> {
        self.reader
    }

    /// The first line that the host printed before a greeting, even if it has no end yet: what to show where no greeting came.
    pub fn first_noise(&self) -> Option<String> {
        self.first_noise.clone().or_else(|| {
            let unfinished = self.phase == Phase::Noise && !self.line.trim_ascii().is_empty();
            unfinished.then(|| text_of(self.line.trim_ascii()))
        })
    }

    /// The facts read so far: all of them at the end, and what there is where the end does not come in time.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Takes what arrived, in pieces of any size, and says what it means, oldest first.
    ///
    /// After an error the transcript is worthless: what was heard before it in the same bytes is lost with them.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<Heard>, TranscriptError> {
        let mut heard = Vec::new();
        for &byte in bytes {
            if self.phase == Phase::Noise {
                self.noise += 1;
                if self.noise > MAX_NOISE {
                    return Err(TranscriptError::TooMuchNoise);
                }
            }
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                heard.extend(self.end_of_line(line.strip_suffix(b"\r").unwrap_or(&line))?);
            } else if self.line.len() <= MAX_LINE {
                // One byte more than a line may have: a carriage return before the end.
                self.line.push(byte);
            } else if self.phase != Phase::Noise {
                return Err(TranscriptError::LineTooLong);
            }
        }
        Ok(heard)
    }

    fn end_of_line(&mut self, line: &[u8]) -> Result<Option<Heard>, TranscriptError> {
        if self.phase == Phase::Noise {
            return self.greeting(line);
        }
        if line.len() > MAX_LINE {
            return Err(TranscriptError::LineTooLong);
        }
        match self.phase {
            Phase::Noise | Phase::Sampling => self.answer(line),
            Phase::Facts => self.fact(line),
            Phase::Ended if line.is_empty() => Ok(None),
            Phase::Ended => Err(TranscriptError::AfterTheEnd { line: text_of(line) }),
        }
    }

    fn greeting(&mut self, line: &[u8]) -> Result<Option<Heard>, TranscriptError> {
        let Some(hello) = line.strip_prefix(GREETING.as_bytes()) else {
            if self.first_noise.is_none() && !line.trim_ascii().is_empty() {
                self.first_noise = Some(text_of(line.trim_ascii()));
            }
            return Ok(None);
        };
        let hello = text_of(hello);
        let (label, system) = hello.split_once(' ').unwrap_or((&hello, ""));
        let system = system.trim().to_owned();
        if label == NO_READER {
            return Err(TranscriptError::NoReader { system });
        }
        let Some(reader) = Reader::from_label(label).filter(|reader| *reader != Reader::ExecDate) else {
            return Err(TranscriptError::UnknownReader { label: label.to_owned() });
        };
        self.reader = Some(reader);
        self.phase = Phase::Sampling;
        Ok(Some(Heard::Hello { reader, system }))
    }

    fn answer(&mut self, line: &[u8]) -> Result<Option<Heard>, TranscriptError> {
        if line == b"facts=1" {
            self.phase = Phase::Facts;
            return Ok(None);
        }
        reading_of(line).map(|reading| Some(Heard::Reading(reading)))
    }

    fn fact(&mut self, line: &[u8]) -> Result<Option<Heard>, TranscriptError> {
        let text = text_of(line);
        let Some((key, value)) = text.split_once('=') else {
            return Err(TranscriptError::NotAFact { line: text });
        };
        match key {
            "clock" => return self.bracket_reading(value),
            "end" => {
                self.phase = Phase::Ended;
                return Ok(Some(Heard::FactsEnd(self.facts.clone())));
            }
            _ => {}
        }
        if self.facts.0.len() >= MAX_FACTS {
            return Err(TranscriptError::TooManyFacts);
        }
        self.facts.0.push((key.to_owned(), value.to_owned()));
        Ok(None)
    }

    fn bracket_reading(&mut self, value: &str) -> Result<Option<Heard>, TranscriptError> {
        if value.is_empty() {
            // The host could not read its clock this once; its facts still stand.
            return Ok(None);
        }
        let reading = reading_of(value.as_bytes())?;
        let Some(opening) = self.opening else {
            self.opening = Some(reading);
            return Ok(None);
        };
        if self.bracketed {
            return Err(TranscriptError::NotAFact { line: format!("clock={value}") });
        }
        self.bracketed = true;
        let resolution = opening.resolution.max(reading.resolution);
        Ok(Some(Heard::Bracket(Reading { first: opening.last, last: reading.first, resolution })))
    }
}

fn reading_of(line: &[u8]) -> Result<Reading, TranscriptError> {
    let text = text_of(line);
    Reading::parse(&text).ok_or(TranscriptError::NotAReading { line: text })
}

/// Remote bytes as text, cut to [`MAX_LINE`] bytes; what is no UTF-8 becomes U+FFFD.
fn text_of(bytes: &[u8]) -> String {
    let bounded = bytes.get(..MAX_LINE).unwrap_or(bytes);
    String::from_utf8_lossy(bounded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELLO: &str = "CKA1 shell Linux x86_64\n";

    /// Feeds a whole text and returns what was heard, or why it was refused.
    fn heard(text: &str) -> Result<Vec<Heard>, TranscriptError> {
        Transcript::new().feed(text.as_bytes())
    }

    fn reading(text: &str) -> Reading {
        Reading::parse(text).expect("a reading")
    }

    #[test]
    fn a_whole_session_is_heard() {
        let text = "Welcome!\r\n\nCKA1 date-pair Linux x86_64\r\n1.000000001 1.000000002\n\
                    facts=1\nclock=2.000000001 2.000000002\nclock=3.000000001 3.000000002\n\
                    chrony.csv=a,b=c\nproc=\nend=1\n\n";
        let facts = Facts(vec![("chrony.csv".into(), "a,b=c".into()), ("proc".into(), String::new())]);
        let expected = vec![
            Heard::Hello { reader: Reader::DatePair, system: "Linux x86_64".into() },
            Heard::Reading(reading("1.000000001 1.000000002")),
            Heard::Bracket(reading("2.000000002 3.000000001")),
            Heard::FactsEnd(facts),
        ];
        assert_eq!(heard(text), Ok(expected));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let check = |text: &str, expected: TranscriptError| assert_eq!(heard(text), Err(expected), "{text:?}");
        let after_hello = |text: &str| format!("{HELLO}{text}");
        let line = |text: &str| text.to_owned();
        check("CKA1 sundial Linux\n", TranscriptError::UnknownReader { label: line("sundial") });
        check("CKA1 exec-date Linux\n", TranscriptError::UnknownReader { label: line("exec-date") });
        check("CKA1 none Linux mips\n", TranscriptError::NoReader { system: line("Linux mips") });
        check("CKA1 none\n", TranscriptError::NoReader { system: String::new() });
        check(&"x".repeat(MAX_NOISE + 1), TranscriptError::TooMuchNoise);
        check(&after_hello("soon\n"), TranscriptError::NotAReading { line: line("soon") });
        check(&after_hello("\n"), TranscriptError::NotAReading { line: String::new() });
        check(&after_hello(&"1".repeat(MAX_LINE + 2)), TranscriptError::LineTooLong);
        check(&after_hello(&format!("{}\n", "1".repeat(MAX_LINE + 1))), TranscriptError::LineTooLong);
        check(&after_hello("facts=1\nhello\n"), TranscriptError::NotAFact { line: line("hello") });
        check(&after_hello("facts=1\nclock=x\n"), TranscriptError::NotAReading { line: line("x") });
        let thrice = "facts=1\nclock=1\nclock=2\nclock=3\n";
        check(&after_hello(thrice), TranscriptError::NotAFact { line: line("clock=3") });
        check(&after_hello(&format!("facts=1\n{}", "a=b\n".repeat(MAX_FACTS + 1))), TranscriptError::TooManyFacts);
        check(&after_hello("facts=1\nend=1\nmore\n"), TranscriptError::AfterTheEnd { line: line("more") });
    }

    #[test]
    fn a_host_that_cannot_name_its_system_is_greeted_too() {
        let hello = Heard::Hello { reader: Reader::Shell, system: String::new() };
        assert_eq!(heard("\nCKA1 shell\n"), Ok(vec![hello]));
    }

    #[test]
    fn the_first_line_of_noise_is_kept_and_cut() {
        let check = |text: &str, expected: Option<&str>| {
            let mut transcript = Transcript::new();
            transcript.feed(text.as_bytes()).expect("noise");
            assert_eq!(transcript.first_noise().as_deref(), expected, "{text:?}");
        };
        check("", None);
        check(" \n\n", None);
        check("\nThis account is not available.\nCKA1", Some("This account is not available."));
        check("no newline", Some("no newline"));
        check(&format!("{}\n", "x".repeat(5_000)), Some(&"x".repeat(MAX_LINE)));
    }

    #[test]
    fn a_bracket_that_could_not_be_read_is_left_out() {
        let heard = heard(&format!("{HELLO}facts=1\nclock=\nclock=\nend=1\n")).expect("facts");
        assert_eq!(heard.last(), Some(&Heard::FactsEnd(Facts::default())));
        assert!(!heard.iter().any(|heard| matches!(heard, Heard::Bracket(_))));
    }
}
