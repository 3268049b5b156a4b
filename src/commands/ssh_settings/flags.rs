//! OpenSSH's own flags (`-J`, `-F`, `--ssh-option`, `--accept-new`), which Ansible does not have, wherever they are set.

use super::{Files, without_effect};
use crate::cli::ConnectionArgs;
use crate::commands::error::CommandError;
use crate::commands::plan::flags;
use crate::files::ssh_config::Which;
use crate::inventory::command_secrets::masked;
use crate::inventory::configuration::{Given as Placed, Provenance};
use crate::openssh::config::precedence::{Said, Speaker};
use crate::openssh::config::{Given, Keyword, arguments};
use crate::terminal::Terminal;

/// What they say.
#[derive(Debug)]
pub(super) struct SshFlags {
    /// `--accept-new`, which is about jump hosts too.
    accept_new: Option<Placed<Given>>,
    /// The other settings.
    others: Vec<Placed<Given>>,
    /// The files that are read.
    files: Files,
}

impl SshFlags {
    /// Reads them; options without effect are said.
    pub(super) fn new(args: &ConnectionArgs, terminal: &Terminal) -> Result<Self, CommandError> {
        let flags = flags(args);
        let accept_new = args.accept_new.then(|| {
            let provenance = flags.given((), "--accept-new").provenance;
            let value = arguments::said(Keyword::StrictHostKeyChecking, "accept-new", &provenance.to_string());
            Placed { value, provenance }
        });
        let mut others = Vec::new();
        let mut take = |read: arguments::Arguments, provenance: &Provenance| {
            for word in read.ignored {
                terminal.warn(&without_effect(&word, &provenance.to_string()));
            }
            others.extend(read.given.into_iter().map(|value| Placed { value, provenance: provenance.clone() }));
        };
        for option in &args.ssh_option {
            let Placed { value, provenance } = flags.given(option, "--ssh-option");
            let read = arguments::read_option(value, &provenance.to_string()).map_err(|why| {
                CommandError::usage(masked(&why))
                    .hint("options are written as for `ssh -o`: `--ssh-option HostKeyAlias=gate`")
            })?;
            take(read, &provenance);
        }
        if let Some(jump) = &args.jump {
            let Placed { value, provenance } = flags.given(["-J".to_owned(), jump.clone()], "--jump");
            let read = arguments::read(&value, &provenance.to_string()).map_err(|why| {
                CommandError::usage(masked(&why))
                    .hint("jump hosts are written as for `ssh -J`, comma after comma: `--jump ops@gate:2222,inner`")
            })?;
            take(read, &provenance);
        }
        let named = args.ssh_config.as_deref().map(|file| flags.given(Which::named(file), "--ssh-config"));
        let files = named.map_or_else(Files::default, |Placed { value, provenance }| Files {
            which: value,
            named: Some(provenance),
        });
        Ok(Self { accept_new, others, files })
    }

    /// The files that are read, as far as flags say.
    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// What is said of every host, with who says it.
    pub(super) fn said(&self) -> impl Iterator<Item = Said> {
        self.accept_new.iter().chain(&self.others).map(|placed| Said {
            given: placed.value.clone(),
            speaker: speaker(&placed.provenance),
            has_own_name: false,
        })
    }

    /// What is said of jump hosts too.
    pub(super) fn of_jump_hosts(&self) -> Option<Given> {
        self.accept_new.as_ref().map(|placed| placed.value.clone())
    }

    /// Where they are set.
    pub(super) fn places(&self) -> impl Iterator<Item = &Provenance> {
        self.accept_new.iter().chain(&self.others).map(|placed| &placed.provenance)
    }
}

/// Who says what was set there.
pub(super) fn speaker(provenance: &Provenance) -> Speaker {
    match provenance {
        Provenance::ExtraVariable { .. } | Provenance::Variable { .. } => Speaker::Inventory,
        Provenance::Flag(_) => Speaker::Flag,
        Provenance::Environment(name) if name.starts_with("CLOCKAUDIT_") => Speaker::OwnEnvironment,
        Provenance::Environment(_) => Speaker::AnsibleEnvironment,
        Provenance::File { section: "", .. } => Speaker::OwnFile,
        Provenance::File { .. } | Provenance::Default => Speaker::AnsibleFile,
    }
}
