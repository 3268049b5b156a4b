//! Folders in folders: links may lead round or multiply them, so a way is bounded in length, and all of them in number.

use std::collections::HashSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use crate::inventory::diagnostics::Diagnostic;

/// Device and number of a folder, by which it is known again whatever path leads to it.
type Identity = (u64, u64);

/// Why something is passed over: what is to be said of it, unless that was said already.
type PassedOver = Option<Diagnostic>;

/// The folders from the first one to where somebody is, and what was passed over on the way.
#[derive(Debug)]
pub(super) struct Way {
    open: Vec<Identity>,
    /// The folders that were told, and whether because they lead in a circle.
    told: HashSet<(Identity, bool)>,
    count: usize,
    deepest: usize,
    most: usize,
    /// What is missing where a folder is not read.
    missing: &'static str,
}

impl Way {
    /// Nowhere yet. At most so many folders in folders, and so many things in all that are counted.
    pub(super) fn new(deepest: usize, most: usize, missing: &'static str) -> Self {
        Self { open: Vec::new(), told: HashSet::new(), count: 0, deepest, most, missing }
    }

    /// Whether there were too many things: nothing more is taken in then.
    pub(super) fn is_full(&self) -> bool {
        self.count > self.most
    }

    /// Counts a thing that is taken in.
    pub(super) fn count(&mut self) -> Result<(), PassedOver> {
        self.count += 1;
        if !self.is_full() {
            return Ok(());
        }
        let reason = format!("is not read, nor is anything behind it: {} others come before it", self.most);
        Err((self.count == self.most + 1).then(|| self.lost(reason)))
    }

    /// Goes into a folder; whoever does goes back out of it.
    pub(super) fn enter(&mut self, folder: &Metadata) -> Result<(), PassedOver> {
        let own = (folder.dev(), folder.ino());
        let is_circle = self.open.contains(&own);
        if is_circle || self.open.len() > self.deepest {
            if !self.told.insert((own, is_circle)) {
                return Err(None);
            }
            return Err(Some(if is_circle {
                Diagnostic::warning("leads back to a folder that it is in, and is passed over")
            } else {
                self.lost(format!("is not read: it is more than {} folders deep", self.deepest))
            }));
        }
        self.count()?;
        self.open.push(own);
        Ok(())
    }

    /// Whether no folder was entered but the first one.
    pub(super) fn is_at_its_beginning(&self) -> bool {
        self.open.len() == 1
    }

    /// Goes back out of a folder.
    pub(super) fn leave(&mut self) {
        self.open.pop();
    }

    fn lost(&self, reason: String) -> Diagnostic {
        Diagnostic::error(reason).with_missing(self.missing)
    }
}
