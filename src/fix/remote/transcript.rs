//! What comes back from a host: bytes in, steps and answers out. Sans-I/O, bounded, and it refuses what it does not understand.

use std::mem;

use super::answer::{
    Answer, Applied, CheckRefusal, Checked, Gone, Kept, NotApplied, NotReverted, NotTakenBack, Offer, Refusal,
    ServerAnswer, Step,
};
use super::digest::Digest;
use super::request::RunId;
use super::script::{SCRIPT_GREETING, SHELL_GREETING};
use super::survey::{
    Directory, FileKind, Guard, Include, Init, OtherTimekeeper, PackageManager, Pending, Service, Survey, SurveyedFile,
};
use super::taken::{Package, Taken};
use crate::clock::Nanos;
use crate::timekeeper::chrony::Tracking;

/// How much a host may print before the greeting, in bytes: motd, rc files.
pub const MAX_NOISE: usize = 64 * 1024;
/// The longest line after the greeting, without its end, in bytes.
pub const MAX_LINE: usize = 4_096;
/// The longest answer, in bytes.
pub const MAX_ANSWER: usize = 1024 * 1024;

/// Why a transcript is refused. Remote text in it is bounded but not escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// More than [`MAX_NOISE`] bytes without a greeting.
    #[error("no shell answered in {MAX_NOISE} bytes of other output")]
    TooMuchNoise,
    /// A line longer than [`MAX_LINE`].
    #[error("a line of more than {MAX_LINE} bytes")]
    LineTooLong,
    /// An answer longer than [`MAX_ANSWER`].
    #[error("an answer of more than {MAX_ANSWER} bytes")]
    AnswerTooLong,
    /// A line that the script does not say, or not there.
    #[error("not a line of the script: `{line}`")]
    NotUnderstood {
        /// The line.
        line: String,
    },
    /// The bytes of a file are not those that its digest and size tell of.
    #[error("the bytes of `{path}` are not what the host says they are")]
    Damaged {
        /// The file.
        path: String,
    },
}

/// Something that a host said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A shell reads: the script may be written.
    Shell,
    /// The script is whole: requests may be written.
    Script {
        /// Whether it runs as root.
        is_root: bool,
    },
    /// What was done on the way to the answer.
    Step(Step),
    /// The answer to the oldest request that has none yet.
    Answer(Answer),
}

/// Where a transcript is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Noise,
    Script,
    Answers,
}

/// How a file's bytes travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Base64,
    Hex,
}

/// A file of which bytes may still come.
#[derive(Debug, Clone)]
struct Unfinished {
    size: usize,
    is_withheld: bool,
    encoded: String,
}

/// What has been said of the answer to come.
#[derive(Debug, Clone, Default)]
struct Draft {
    survey: Survey,
    encoding: Option<Encoding>,
    file: Option<Unfinished>,
    checked: Checked,
    offer: Option<Offer>,
    kept: Vec<Kept>,
    taken: Vec<Taken>,
    tracking: Option<Tracking>,
    undone: bool,
    left: Vec<String>,
    edited: Vec<String>,
}

/// The transcript of one session with the script.
#[derive(Debug, Clone)]
pub struct Transcript {
    phase: Phase,
    line: Vec<u8>,
    noise: usize,
    answer: usize,
    draft: Draft,
}

impl Default for Transcript {
    fn default() -> Self {
        Self::new()
    }
}

impl Transcript {
    /// Makes the transcript of a session of which nothing has been heard yet.
    pub fn new() -> Self {
        Self { phase: Phase::Noise, line: Vec::new(), noise: 0, answer: 0, draft: Draft::default() }
    }

    /// Takes what arrived, in pieces of any size, and says what it means, oldest first.
    ///
    /// After an error nothing that follows means anything: the session is to be ended, and the host's guard decides.
    pub fn hear(&mut self, bytes: &[u8]) -> Result<Vec<Heard>, TranscriptError> {
        let mut heard = Vec::new();
        for &byte in bytes {
            if self.phase == Phase::Noise {
                self.noise += 1;
                if self.noise > MAX_NOISE {
                    return Err(TranscriptError::TooMuchNoise);
                }
            } else {
                self.answer += 1;
                if self.answer > MAX_ANSWER {
                    return Err(TranscriptError::AnswerTooLong);
                }
            }
            if byte == b'\n' {
                let line = mem::take(&mut self.line);
                heard.extend(self.take(String::from_utf8_lossy(&line).trim_end_matches('\r'))?);
            } else if self.line.len() < MAX_LINE {
                self.line.push(byte);
            } else if self.phase != Phase::Noise {
                return Err(TranscriptError::LineTooLong);
            }
        }
        Ok(heard)
    }

    fn take(&mut self, line: &str) -> Result<Option<Heard>, TranscriptError> {
        match self.phase {
            Phase::Noise if line == SHELL_GREETING => {
                self.phase = Phase::Script;
                Ok(Some(Heard::Shell))
            }
            Phase::Noise => Ok(None),
            Phase::Script => {
                let user = line.strip_prefix(SCRIPT_GREETING).and_then(|user| user.parse::<u32>().ok());
                let user = user.ok_or_else(|| not_understood(line))?;
                self.phase = Phase::Answers;
                self.answer = 0;
                Ok(Some(Heard::Script { is_root: user == 0 }))
            }
            Phase::Answers => self.said(line),
        }
    }

    fn said(&mut self, line: &str) -> Result<Option<Heard>, TranscriptError> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if let "ok" | "no" = word {
            let mut draft = mem::take(&mut self.draft);
            self.answer = 0;
            draft.finish_file()?;
            let answer = if word == "ok" { draft.agreed(rest) } else { draft.refused(rest) };
            return answer.map(|answer| Some(Heard::Answer(answer))).ok_or_else(|| not_understood(line));
        }
        if let "step" | "recovered" = word {
            let step = if word == "step" { step(rest) } else { RunId::new(rest).map(Step::Recovered) };
            let step = step.ok_or_else(|| not_understood(line))?;
            self.draft.note(&step);
            return Ok(Some(Heard::Step(step)));
        }
        if word == "file" {
            self.draft.finish_file()?;
        }
        self.draft.fact(word, rest).ok_or_else(|| not_understood(line))?;
        Ok(None)
    }
}

fn not_understood(line: &str) -> TranscriptError {
    TranscriptError::NotUnderstood { line: line.chars().take(200).collect() }
}

fn step(text: &str) -> Option<Step> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match (word, rest) {
        ("locked", "") => Step::Locked,
        ("restarting", "") => Step::Restarting,
        ("restarted", "") => Step::Restarted,
        ("waiting", "") => Step::Waiting,
        ("undoing", "") => Step::Undoing,
        ("again", "") => Step::Again,
        ("fetching", "") => Step::Fetching,
        ("installing", "") => Step::Installing,
        ("installed", "") => Step::Installed,
        ("took", line) => Step::Took(Taken::parse(line)?),
        ("stopped", service) => Step::Stopped(RunId::new(service)?.as_str().to_owned()),
        ("armed", guard) => Step::Armed(Guard::parse(guard)?),
        ("written", path) => Step::Written(path_of(path)?),
        ("replaced", path) => Step::Replaced { path: path_of(path)?, in_place: false },
        ("overwritten", path) => Step::Replaced { path: path_of(path)?, in_place: true },
        // A path may hold blanks: `kept -` for none, else the backup's length in bytes says where it ends.
        ("kept", rest) => {
            let (length, rest) = rest.split_once(' ')?;
            if length == "-" {
                return Some(Step::Kept(Kept { path: path_of(rest)?, backup: None }));
            }
            let (backup, path) = rest.split_at_checked(length.parse().ok()?)?;
            Step::Kept(Kept { path: path_of(path.strip_prefix(' ')?)?, backup: Some(path_of(backup)?) })
        }
        _ => return None,
    })
}

fn path_of(text: &str) -> Option<String> {
    text.starts_with('/').then(|| text.to_owned())
}

/// Seconds that chronyd printed, within what a clock can be wrong by.
fn correction(text: &str) -> Option<Nanos> {
    Nanos::from_seconds_text(text).filter(|length| length.0 != i64::MAX && length.0 != i64::MIN)
}

impl Draft {
    /// Takes one line that is neither a step nor an end; `None` where it says nothing.
    fn fact(&mut self, word: &str, rest: &str) -> Option<()> {
        if let Some(encoded) = word.strip_prefix('+') {
            let file = self.file.as_mut()?;
            file.encoded.push_str(encoded);
            file.encoded.push_str(rest);
            return Some(());
        }
        let text = || rest.to_owned();
        let survey = &mut self.survey;
        match word {
            "user" => survey.user = rest.parse().ok()?,
            "kernel" => survey.kernel = text(),
            "unit" => survey.service = Some(service(rest)?),
            "unable" => survey.unable.push(text()),
            "version" => survey.version = (rest != "-").then(text),
            "arguments" => survey.arguments = Some(text()),
            "runs" => {
                let (process, service) = rest.split_once(' ')?;
                let service = if service == "-" { None } else { Some(RunId::new(service)?.as_str().to_owned()) };
                survey.others.push(OtherTimekeeper { process: process.to_owned(), service });
            }
            "container" => survey.container.push(text()),
            "packages" => survey.packages = Some(PackageManager::parse(rest)?),
            "guard" => survey.guard = Some(Guard::parse(rest)?),
            "lacks" => survey.lacks.push(text()),
            "encoding" => {
                self.encoding = Some(match rest {
                    "base64" => Encoding::Base64,
                    "hex" => Encoding::Hex,
                    _ => return None,
                });
            }
            "file" => {
                let (file, size) = file(rest)?;
                self.file = Some(Unfinished { size, is_withheld: false, encoded: String::new() });
                survey.files.push(file);
            }
            "as" => survey.files.last_mut()?.named = Some(path_of(rest)?),
            "withheld" => self.file.as_mut()?.is_withheld = true,
            "directory" => survey.directories.push(directory(rest)?),
            "confdir" => survey.includes.push(Include::ConfDir(path_of(rest)?)),
            "sourcedir" => survey.includes.push(Include::SourceDir(path_of(rest)?)),
            "missing" => {
                let (kind, path) = rest.split_once(' ')?;
                survey.includes.push(Include::Missing(FileKind::parse(kind)?, path.to_owned()));
            }
            "crowded" => survey.is_crowded = true,
            "unnameable" => survey.unnameable.push(text()),
            "locked" => survey.locked = Some(RunId::new(rest)?),
            "pending" => {
                let (how, run) = rest.split_once(' ')?;
                let is_guarded = match how {
                    "guarded" => true,
                    "unguarded" => false,
                    _ => return None,
                };
                survey.pending.push(Pending { run: RunId::new(run)?, is_guarded });
            }
            "last" => survey.last = Some(text()),
            "answers" => {
                let (moves, server) = rest.split_once(' ')?;
                self.checked
                    .servers
                    .push(ServerAnswer { server: server.to_owned(), correction: Ok(correction(moves)?) });
            }
            "silent" => {
                let (server, why) = rest.split_once(' ').unwrap_or((rest, ""));
                self.checked.servers.push(ServerAnswer { server: server.to_owned(), correction: Err(why.to_owned()) });
            }
            "valid" => self.checked.syntax = Some(Ok(())),
            "invalid" => self.checked.syntax = Some(Err(text())),
            "dryrun" => self.checked.dry_run = Some(Ok(correction(rest)?)),
            "fails" => self.checked.dry_run = Some(Err(text())),
            "installs" => self.offer.get_or_insert_default().version = (rest != "-").then(text),
            "removes" => {
                let (name, version) = rest.split_once(' ')?;
                self.offer.get_or_insert_default().removes.push(Package::new(name, version)?);
            }
            "unavailable" => self.checked.offer = Some(Err(text())),
            "tracking" => self.tracking = Some(Tracking::parse(rest).ok()?),
            "left" => self.left.push(text()),
            "edited" => self.edited.push(path_of(rest)?),
            _ => return None,
        }
        Some(())
    }

    /// Takes a step that the answer will tell of, too.
    fn note(&mut self, step: &Step) {
        match step {
            Step::Kept(kept) => self.kept.push(kept.clone()),
            Step::Took(taken) => self.taken.push(taken.clone()),
            Step::Undoing => self.undone = true,
            _ => {}
        }
    }

    /// Decodes the bytes of the last file, and holds them against what was said of them.
    fn finish_file(&mut self) -> Result<(), TranscriptError> {
        let (Some(unfinished), Some(file)) = (self.file.take(), self.survey.files.last_mut()) else { return Ok(()) };
        if unfinished.is_withheld {
            return Ok(());
        }
        let bytes = match self.encoding {
            Some(Encoding::Base64) => base64(&unfinished.encoded),
            Some(Encoding::Hex) => base16ct::lower::decode_vec(unfinished.encoded.replace(' ', "")).ok(),
            None => None,
        };
        let bytes = bytes.filter(|bytes| {
            bytes.len() == unfinished.size && file.digest.is_none_or(|digest| digest == Digest::of(bytes))
        });
        file.bytes = Some(bytes.ok_or_else(|| TranscriptError::Damaged { path: file.path.clone() })?);
        Ok(())
    }

    fn agreed(self, request: &str) -> Option<Answer> {
        Some(match request {
            "survey" => Answer::Survey(Box::new(Survey { tracking: self.tracking, ..self.survey })),
            "check" => {
                let offer = self.checked.offer.or(self.offer.map(Ok));
                Answer::Check(Ok(Checked { offer, ..self.checked }))
            }
            "apply" => {
                let dry_run = self.checked.dry_run.and_then(Result::ok);
                let (kept, taken) = (self.kept, self.taken);
                Answer::Apply(Box::new(Ok(Applied { kept, tracking: self.tracking, dry_run, taken })))
            }
            "alive" => Answer::Alive { tracking: self.tracking, heard: Ok(()) },
            "confirm" => Answer::Confirm(Ok(self.edited)),
            "revert" => Answer::Revert(Ok(self.tracking)),
            "takeback" => Answer::TakeBack(Ok(())),
            "makestep" => Answer::MakeStep(Ok(self.tracking)),
            _ => return None,
        })
    }

    fn refused(self, rest: &str) -> Option<Answer> {
        let (request, why) = rest.split_once(' ')?;
        let (word, detail) = why.split_once(' ').unwrap_or((why, ""));
        Some(match (request, word) {
            ("check", "chronyd") => Answer::Check(Err(CheckRefusal::NoChronyd)),
            ("apply", _) => Answer::Apply(Box::new(Err(NotApplied {
                refusal: Refusal::parse(word)?,
                detail: detail.to_owned(),
                undone: self.undone,
                left: self.left,
            }))),
            ("alive", word) => Answer::Alive { tracking: self.tracking, heard: Err(gone(word)?) },
            ("confirm", word) => Answer::Confirm(Err(gone(word)?)),
            ("revert", "left") => Answer::Revert(Err(NotReverted::Left(self.left))),
            ("revert", "unknown") => Answer::Revert(Err(NotReverted::Unknown)),
            ("takeback", "left") => Answer::TakeBack(Err(NotTakenBack::Left(self.left))),
            ("takeback", word) => {
                Answer::TakeBack(Err(NotTakenBack::Refused(Refusal::parse(word)?, detail.to_owned())))
            }
            ("makestep", "refused") => Answer::MakeStep(Err(detail.to_owned())),
            ("command", "unknown") => Answer::NotUnderstood,
            _ => return None,
        })
    }
}

fn gone(word: &str) -> Option<Gone> {
    match word {
        "reverted" => Some(Gone::Reverted),
        "unknown" => Some(Gone::Unknown),
        "unheard" => Some(Gone::Unheard),
        _ => None,
    }
}

/// `INIT active|inactive enabled|disabled|- NAME`.
fn service(rest: &str) -> Option<Service> {
    let mut words = rest.splitn(4, ' ');
    let init = Init::parse(words.next()?)?;
    let is_active = match words.next()? {
        "active" => true,
        "inactive" => false,
        _ => return None,
    };
    let is_enabled = match words.next()? {
        "enabled" => Some(true),
        "disabled" => Some(false),
        "-" => None,
        _ => return None,
    };
    Some(Service { init, name: words.next()?.to_owned(), is_active, is_enabled })
}

/// `KIND MODE USER GROUP INODE MODIFIED SIZE DIGEST|- immutable|- PATH`; with it the size.
fn file(rest: &str) -> Option<(SurveyedFile, usize)> {
    let mut words = rest.splitn(10, ' ');
    let kind = FileKind::parse(words.next()?)?;
    let mode = u32::from_str_radix(words.next()?, 8).ok()?;
    let (owner, group) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let (inode, modified_s) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let size = words.next()?.parse().ok()?;
    let digest = match words.next()? {
        "-" => None,
        text => Some(Digest::parse(text)?),
    };
    let is_immutable = match words.next()? {
        "immutable" => true,
        "-" => false,
        _ => return None,
    };
    let path = path_of(words.next()?)?;
    let file = SurveyedFile {
        kind,
        path,
        named: None,
        mode,
        owner,
        group,
        inode,
        modified_s,
        digest,
        is_immutable,
        bytes: None,
    };
    Some((file, size))
}

/// `writable|read-only KIB PATH`.
fn directory(rest: &str) -> Option<Directory> {
    let mut words = rest.splitn(3, ' ');
    let is_writable = match words.next()? {
        "writable" => true,
        "read-only" => false,
        _ => return None,
    };
    let free_kib = words.next()?.parse().ok()?;
    Some(Directory { path: path_of(words.next()?)?, is_writable, free_kib })
}

fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

#[cfg(test)]
#[path = "transcript_tests.rs"]
mod tests;
