//! Who else writes a file of configuration, by what its head says: what is changed there by hand will be undone.

use super::lines::Lines;

/// The head of a file: its first so many lines.
const HEAD: usize = 30;

/// Who says that the file is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Manager {
    /// Ansible.
    Ansible,
    /// Puppet.
    Puppet,
    /// cloud-init.
    CloudInit,
    /// Chef.
    Chef,
    /// Salt.
    Salt,
    /// Somebody who is not named.
    Somebody,
}

impl Manager {
    /// The name in messages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ansible => "Ansible",
            Self::Puppet => "Puppet",
            Self::CloudInit => "cloud-init",
            Self::Chef => "Chef",
            Self::Salt => "Salt",
            Self::Somebody => "another program",
        }
    }

    /// Who manages a file, by the comments of its head.
    pub fn of(file: &Lines) -> Option<Self> {
        let comments = file.iter().take(HEAD).filter(|line| line.is_comment());
        comments.filter_map(|line| Self::named(&String::from_utf8_lossy(line.text()).to_lowercase())).min()
    }

    /// Who is named by one comment in lower case.
    fn named(comment: &str) -> Option<Self> {
        let claims = ["managed", "generated", "do not edit", "don't edit", "do not modify", "will be overwritten"];
        if !claims.iter().any(|claim| comment.contains(claim)) || comment.contains("clockaudit") {
            return None;
        }
        let programs = [
            (Self::Ansible, "ansible"),
            (Self::Puppet, "puppet"),
            (Self::CloudInit, "cloud-init"),
            (Self::Chef, "chef"),
            (Self::Salt, "salt"),
        ];
        let named = programs.into_iter().find(|(_, name)| comment.contains(name)).map(|(manager, _)| manager);
        // A pool of "randomly generated" servers is nobody's file.
        let is_of_a_program = comment.contains("managed by") || comment.contains("edit") || comment.contains("modify");
        named.or(is_of_a_program.then_some(Self::Somebody))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_managed_files_are_known() {
        let check = |text: &str, expected: Option<Manager>| {
            assert_eq!(Manager::of(&Lines::parse(text.as_bytes())), expected, "{text}");
        };
        check("# Ansible managed\nserver a\n", Some(Manager::Ansible));
        check("#\n! This file is managed by Puppet. DO NOT EDIT.\n", Some(Manager::Puppet));
        check("# Your system has been configured by cloud-init; this file was generated\n", Some(Manager::CloudInit));
        check("; DO NOT EDIT: changes will be overwritten\n", Some(Manager::Somebody));
        check("# Welcome to the chrony configuration file. See chrony.conf(5) for more\n# information.\n", None);
        check("# Use public servers from the pool.ntp.org project.\n", None);
        check("server managed-by-ansible.example\n", None);
        check(&format!("{}# Ansible managed\n", "\n".repeat(HEAD)), None);
        check("# BEGIN clockaudit managed block: edited by\n", None);
    }
}
