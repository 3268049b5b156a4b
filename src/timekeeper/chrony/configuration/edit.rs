//! The edit: other sources in a configuration, every other byte as it was; and the way back.
//!
//! What goes is commented with a mark, what comes stands between two marks at the end of the main file. Each edit begins by
//! undoing the last one, so a second edit changes nothing, and undoing gives the file as it was.

use super::change::{MakeStep, Serving, Wanted, smear_of};
use super::layout::{File, Layout, Role};
use super::lines::{Directive, Line, Lines};
use crate::clock::Nanos;
use crate::timekeeper::smear::Smear;

/// What a line that goes is commented with.
const OFF: &[u8] = b"#clockaudit-off# ";
/// How the first line of the block begins, whichever it is.
const BEGIN_ANY: &[u8] = b"# BEGIN clockaudit";
/// How its last line begins.
const END_ANY: &[u8] = b"# END clockaudit";
/// The first line of the block.
const BEGIN: &str = "# BEGIN clockaudit managed block";
/// The same, where the line before it had no end.
const BEGIN_AFTER_OPEN_END: &str = "# BEGIN clockaudit managed block, and the end of the line before it";
/// The last line of the block.
const END: &str = "# END clockaudit managed block";
/// Where the clients of DHCP put the time servers that they were given.
const OF_DHCP: &str = "chrony-dhcp";

/// Why a configuration is not edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Where the block ends, nobody knows.
    #[error(
        "line {line} of {path} begins a block of clockaudit that has no end: expected `{END}` after it, so what is between is \
         not known to be ours; remove the lines of the block by hand"
    )]
    OpenBlock {
        /// The file.
        path: String,
        /// The line, from 1.
        line: usize,
    },
}

/// Something to know about an edit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Note {
    /// `rtcsync` is left out.
    #[error("`rtcfile` has chronyd keep the hardware clock, beside which `rtcsync` cannot stand: it is left out")]
    RtcFile,
    /// A reference clock stays beside the new sources.
    #[error("the reference clock `{0}` stays beside the new sources")]
    ReferenceClock(String),
    /// A file that somebody makes anew at every boot has sources.
    #[error("the sources in {0} are made anew by somebody else at every boot: they stay")]
    Fleeting(String),
}

/// A smeared and an un-smeared source in one configuration: the clock would be pulled to and fro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mix {
    /// A source that smears.
    pub smeared: String,
    /// One that does not.
    pub plain: String,
}

/// Gives a configuration what is wanted of it; gives back all of its files, with those that need no change unchanged.
pub fn edit(layout: &Layout, wanted: &Wanted) -> Result<Layout, EditError> {
    let mut at = None;
    let mut broken = None;
    let clean = layout.with_lines(|file| match undone(&file.lines) {
        Ok(undone) => {
            if file.role == Role::Main {
                at = undone.block_at;
            }
            undone.lines
        }
        Err(line) => {
            broken.get_or_insert_with(|| EditError::OpenBlock { path: file.path.clone(), line });
            file.lines.clone()
        }
    });
    if let Some(error) = broken {
        return Err(error);
    }
    let mut editor = Editor::new(&clean, wanted);
    let edited = clean.with_lines(|file| editor.file(file));
    let block = editor.block();
    Ok(edited.with_lines(|file| {
        if file.role == Role::Main { with_block(&file.lines, &block, at) } else { file.lines.clone() }
    }))
}

/// A configuration with nothing that steps the clock: for a whole file that is pushed to a host whose clock is to be slewed.
#[must_use]
pub fn without_steps(layout: &Layout) -> Layout {
    let steps = [Some(Directive::MakeStep), Some(Directive::InitialStep)];
    layout.with_lines(|file| {
        let goes = |line: &Line| file.role != Role::Sources && !file.is_fleeting() && steps.contains(&line.directive());
        let off = |line: &Line| if goes(line) { off(line) } else { line.clone() };
        Lines::of(file.lines.iter().map(off).collect())
    })
}

/// The line, commented with our mark.
fn off(line: &Line) -> Line {
    Line::new([OFF, line.bytes()].concat(), b"")
}

/// Takes back what edits did to a file: what was commented stands again, the block is gone.
///
/// # Errors
///
/// The number, from 1, of a line that begins a block without an end.
pub fn undo(lines: &Lines) -> Result<Lines, usize> {
    undone(lines).map(|undone| undone.lines)
}

/// What there is to know about a configuration that was edited.
pub fn notes(edited: &Layout, wanted: &Wanted) -> Vec<Note> {
    let mut notes = Vec::new();
    for file in edited.files() {
        if file.is_fleeting() && file.lines.iter().any(|line| line.directive() == Some(Directive::Source)) {
            notes.push(Note::Fleeting(file.path.clone()));
        }
        for line in &file.lines {
            let is_wanted = wanted.sources.iter().any(|source| line.says_the_same_as(source));
            match line.directive().filter(|_| file.role != Role::Sources) {
                Some(Directive::RtcFile) if !notes.contains(&Note::RtcFile) => notes.push(Note::RtcFile),
                Some(Directive::ReferenceClock) if !is_wanted => {
                    notes.push(Note::ReferenceClock(
                        line.words().into_iter().skip(1).take(2).collect::<Vec<_>>().join(" "),
                    ));
                }
                _ => {}
            }
        }
    }
    notes
}

/// The sources of a configuration that cannot stand beside each other, where there are such.
pub fn mix(layout: &Layout) -> Option<Mix> {
    let named = |wanted: Smear| {
        let mut words = layout.files().flat_map(|file| file.lines.iter()).map(Line::words);
        words.find(|words| smear_of(words) == Some(wanted)).and_then(|words| words.into_iter().nth(1))
    };
    Some(Mix { smeared: named(Smear::Smeared)?, plain: named(Smear::Plain)? })
}

/// A file without what edits did to it.
struct Undone {
    lines: Lines,
    /// Before which of the lines the block stood.
    block_at: Option<usize>,
}

fn undone(lines: &Lines) -> Result<Undone, usize> {
    let mut kept: Vec<Line> = Vec::new();
    let mut block_at = None;
    let mut rest = lines.iter().enumerate();
    while let Some((index, line)) = rest.next() {
        if !line.text().starts_with(BEGIN_ANY) {
            kept.push(without_mark(line));
            continue;
        }
        if !rest.any(|(_, inner)| inner.text().starts_with(END_ANY)) {
            return Err(index + 1);
        }
        block_at.get_or_insert(kept.len());
        let is_last = rest.len() == 0;
        if is_last
            && line.text() == BEGIN_AFTER_OPEN_END.as_bytes()
            && let Some(before) = kept.pop()
        {
            let text = before.bytes().strip_suffix(line.end()).unwrap_or(before.bytes());
            kept.push(Line::new(text, b""));
        }
    }
    Ok(Undone { lines: Lines::of(kept), block_at })
}

/// The line before it was commented by us, however often.
fn without_mark(line: &Line) -> Line {
    let mut bytes = line.bytes();
    while let Some(rest) = bytes.strip_prefix(OFF) {
        bytes = rest;
    }
    let bare = Line::new(bytes, b"");
    // A comment that only looks like ours stays one.
    if bare.directive().is_some() { bare } else { line.clone() }
}

fn with_block(lines: &Lines, block: &[String], at: Option<usize>) -> Lines {
    if block.is_empty() {
        return lines.clone();
    }
    let end = lines.line_end();
    let mut kept: Vec<Line> = lines.iter().cloned().collect();
    let at = at.unwrap_or(kept.len()).min(kept.len());
    let open = kept.pop_if(|last| last.end().is_empty());
    let is_after_open_end = open.is_some() && at > kept.len();
    let begin = if is_after_open_end { BEGIN_AFTER_OPEN_END } else { BEGIN };
    if let Some(open) = open {
        kept.push(if is_after_open_end { Line::new(open.bytes(), end) } else { open });
    }
    let texts = std::iter::once(begin).chain(block.iter().map(String::as_str)).chain([END]);
    let block: Vec<Line> = texts.map(|text| Line::new(text, end)).collect();
    kept.splice(at..at, block);
    Lines::of(kept)
}

/// Goes through the files of one configuration.
struct Editor<'wanted> {
    wanted: &'wanted Wanted,
    /// The lines of sources that are still missing.
    missing: Vec<String>,
    has_makestep: bool,
    has_rtcsync: bool,
    has_local: bool,
    /// The networks that are not served yet.
    unserved: Vec<String>,
    /// Folders of sources that stood in one line with one that goes.
    folders: Vec<String>,
}

impl<'wanted> Editor<'wanted> {
    fn new(layout: &Layout, wanted: &'wanted Wanted) -> Self {
        let says = |file: &File, directive: Directive| {
            file.role != Role::Sources && file.lines.iter().any(|line| line.directive() == Some(directive))
        };
        // chronyd refuses to start with both.
        let keeps_clock =
            |file: &File| says(file, Directive::RtcFile) || (says(file, Directive::RtcSync) && !file.is_fleeting());
        Self {
            wanted,
            missing: wanted.sources.clone(),
            has_makestep: false,
            has_rtcsync: layout.files().any(keeps_clock),
            has_local: false,
            unserved: wanted.serving.iter().flat_map(|serving| serving.networks.clone()).collect(),
            folders: Vec::new(),
        }
    }

    fn file(&mut self, file: &File) -> Lines {
        if file.is_fleeting() {
            return file.lines.clone();
        }
        let edited = file.lines.iter().map(|line| {
            let goes = match (file.role, line.directive()) {
                // chronyd 4.3 passes over the last line of a file of sources where it has no end.
                (Role::Sources, Some(Directive::Source)) => line.end().is_empty() || !self.is_wanted(line),
                // Nothing else means anything there.
                (Role::Sources, _) => false,
                (Role::Main | Role::Included, _) => self.goes(line),
            };
            if goes { off(line) } else { line.clone() }
        });
        Lines::of(edited.collect())
    }

    /// Whether a line goes; takes note of it where it stays and is wanted.
    fn goes(&mut self, line: &Line) -> bool {
        let Some(directive) = line.directive() else { return false };
        let words = line.words();
        match directive {
            Directive::Source => !self.is_wanted(line),
            Directive::ReferenceClock => {
                !self.is_wanted(line) && self.wanted.smears() && smear_of(&words) == Some(Smear::Plain)
            }
            Directive::LeapTable => self.wanted.smears(),
            // Its servers are sources too, asked at the start.
            Directive::InitialStep => true,
            Directive::MakeStep => {
                let stays = steps_enough(&words, self.wanted.makestep);
                self.has_makestep |= stays;
                !stays
            }
            Directive::Local => self.wanted.serving.as_ref().is_some_and(|serving| {
                let stays = line.says_the_same_as(&local(serving)) && !self.has_local;
                self.has_local |= stays;
                !stays
            }),
            Directive::Allow => {
                self.unserved.retain(|network| !line.says_the_same_as(&allow(network)));
                false
            }
            Directive::Port => self.wanted.serving.is_some() && words.get(1).is_some_and(|port| port == "0"),
            Directive::SourceDir => self.folder_goes(&words),
            Directive::RtcSync | Directive::RtcFile | Directive::Include | Directive::ConfDir => false,
        }
    }

    fn is_wanted(&mut self, line: &Line) -> bool {
        let found = self.missing.iter().position(|source| line.says_the_same_as(source));
        found.map(|index| self.missing.remove(index)).is_some()
    }

    /// Sources of DHCP may be of another kind than one that smears, and than one of an isolated network.
    fn folder_goes(&mut self, words: &[String]) -> bool {
        let is_isolated = self.wanted.serving.is_some();
        let folders = words.get(1..).unwrap_or_default();
        let is_of_dhcp = |folder: &String| folder.trim_end_matches('/').ends_with(OF_DHCP);
        if !(self.wanted.smears() || is_isolated) || !folders.iter().any(is_of_dhcp) {
            return false;
        }
        self.folders.extend(folders.iter().filter(|folder| !is_of_dhcp(folder)).cloned());
        true
    }

    /// What stands between the marks.
    fn block(self) -> Vec<String> {
        let mut block = self.missing;
        if !self.folders.is_empty() {
            block.push(format!("sourcedir {}", self.folders.join(" ")));
        }
        if !self.has_makestep {
            block.extend(self.wanted.makestep.line().map(str::to_owned));
        }
        if !self.has_rtcsync {
            block.push("rtcsync".to_owned());
        }
        if let Some(serving) = self.wanted.serving.as_ref().filter(|_| !self.has_local) {
            block.push(local(serving));
        }
        block.extend(self.unserved.iter().map(|network| allow(network)));
        block
    }
}

fn local(serving: &Serving) -> String {
    format!("local stratum {}", serving.stratum)
}

fn allow(network: &str) -> String {
    format!("allow {network}")
}

/// Whether a `makestep` that is there does what is wanted: at most a second, for at least so many updates.
fn steps_enough(words: &[String], wanted: MakeStep) -> bool {
    let [_, threshold, limit] = words else { return false };
    let Some((threshold, limit)) = Nanos::from_seconds_text(threshold).zip(limit.parse::<i64>().ok()) else {
        return false;
    };
    threshold > Nanos::ZERO
        && threshold <= Nanos::from_seconds(1)
        && match wanted {
            // Negative: at every update.
            MakeStep::AtStart => !(0..3).contains(&limit),
            MakeStep::Always => limit < 0,
            MakeStep::LeftOut => false,
        }
}

#[cfg(test)]
mod tests;
