//! `--ssh-option K=V`: the OpenSSH settings that the engine honours, and a word about those it does not.

use std::path::PathBuf;
use std::time::Duration;

use super::plan::{ConnectionPlan, UnknownKeys};

/// Algorithm lists that replace the built-in ones; empty = the built-in list. Names as OpenSSH writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Algorithms {
    /// Key exchange (`KexAlgorithms`).
    pub kex: Vec<String>,
    /// Ciphers (`Ciphers`).
    pub ciphers: Vec<String>,
    /// Message authentication (`MACs`).
    pub macs: Vec<String>,
    /// Host keys (`HostKeyAlgorithms`).
    pub host_keys: Vec<String>,
}

/// A setting that could not be applied, in one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// The setting is not `K=V`.
    #[error("`{0}` is not of the form Keyword=value")]
    Form(String),
    /// The value is not one that the setting takes.
    #[error("{keyword} does not take `{value}`: {expected}")]
    Value {
        /// The setting.
        keyword: String,
        /// What was given.
        value: String,
        /// What it takes.
        expected: &'static str,
    },
}

/// What became of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// It is honoured.
    Honoured,
    /// It is not supported and has no effect; the text says so.
    Ignored(String),
}

impl ConnectionPlan {
    /// Applies one `-o` setting as OpenSSH writes it, `Keyword=value` or `Keyword value`, keywords in any case. `User` and
    /// `IdentityFile` serve targets that name none of their own; `Port` is final in each target, and only its form is looked at here.
    pub fn apply_option(&mut self, option: &str) -> Result<Applied, OptionError> {
        let (keyword, typed) = split(option).ok_or_else(|| OptionError::Form(option.to_owned()))?;
        let value = typed.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(typed);
        if value.is_empty() {
            return Err(OptionError::Form(option.to_owned()));
        }
        let wrong = |expected| OptionError::Value { keyword: keyword.to_owned(), value: value.to_owned(), expected };
        match keyword.to_ascii_lowercase().as_str() {
            "stricthostkeychecking" => {
                self.unknown_keys = match value.to_ascii_lowercase().as_str() {
                    "yes" | "true" | "ask" => UnknownKeys::Refuse,
                    "no" | "off" | "false" | "accept-new" => UnknownKeys::AcceptNew,
                    _ => return Err(wrong("yes, accept-new or no")),
                };
            }
            "userknownhostsfile" => self.user_known_hosts = files(typed),
            "globalknownhostsfile" => self.global_known_hosts = files(typed),
            "hashknownhosts" => self.hash_known_hosts = yes_or_no(value).ok_or_else(|| wrong("yes or no"))?,
            "hostkeyalias" => self.host_key_alias = Some(value.to_owned()),
            "connecttimeout" => {
                let seconds = value.parse().ok().filter(|seconds| *seconds > 0);
                self.limits.connect = Duration::from_secs(seconds.ok_or_else(|| wrong("whole seconds"))?);
            }
            "user" => value.clone_into(&mut self.user),
            "identityfile" => self.default_keys = files(typed),
            "identitiesonly" => self.identities_only = yes_or_no(value).ok_or_else(|| wrong("yes or no"))?,
            "identityagent" => self.agent = (value != "none").then(|| home_expanded(value)),
            "kexalgorithms" => self.algorithms.kex = list(value),
            "ciphers" => self.algorithms.ciphers = list(value),
            "macs" => self.algorithms.macs = list(value),
            "hostkeyalgorithms" => self.algorithms.host_keys = list(value),
            // True already, or settled elsewhere: nothing is lost by taking them silently.
            "port" => {
                let port: Option<u16> = value.parse().ok().filter(|port| *port != 0);
                port.ok_or_else(|| wrong("a port from 1 to 65535"))?;
            }
            "batchmode" | "compression" | "forwardagent" | "requesttty" | "loglevel" | "tcpkeepalive"
            | "controlmaster" | "controlpersist" | "controlpath" => {}
            _ => return Ok(Applied::Ignored(format!("ssh option {keyword} is not supported and has no effect"))),
        }
        Ok(Applied::Honoured)
    }
}

fn split(option: &str) -> Option<(&str, &str)> {
    let option = option.trim();
    let end = option.find(|c: char| c == '=' || c.is_whitespace())?;
    let (keyword, rest) = option.split_at(end);
    let value = rest.trim_start().trim_start_matches('=').trim();
    (!keyword.is_empty() && !value.is_empty()).then_some((keyword, value))
}

fn yes_or_no(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// Files one behind the other; one with a blank in its name stands in double quotes.
fn files(typed: &str) -> Vec<PathBuf> {
    let mut is_quoted = false;
    let ends = |character: char| {
        is_quoted ^= character == '"';
        character.is_whitespace() && !is_quoted
    };
    let names = typed.split(ends).map(|name| name.replace('"', ""));
    names.filter(|name| !name.is_empty() && name != "none").map(|name| home_expanded(&name)).collect()
}

/// A path with its leading `~/` replaced.
pub(super) fn home_expanded(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_applied_as_openssh_writes_them() {
        let mut plan = ConnectionPlan::for_this_user();
        let mut check = |option: &str, expected: Result<Applied, ()>| {
            assert_eq!(plan.apply_option(option).map_err(|_| ()), expected, "{option}");
        };
        check("StrictHostKeyChecking=accept-new", Ok(Applied::Honoured));
        check("userknownhostsfile /a /b", Ok(Applied::Honoured));
        check("ConnectTimeout = 3", Ok(Applied::Honoured));
        check("HostKeyAlias=\"gate\"", Ok(Applied::Honoured));
        check("StrictHostKeyChecking=maybe", Err(()));
        check("ConnectTimeout=0", Err(()));
        check("nonsense", Err(()));
        check("Port=2222", Ok(Applied::Honoured));
        check("Port=0", Err(()));
        check("port 99999", Err(()));
        check("HostKeyAlias=\"\"", Err(()));
        let ignored = "ssh option ProxyJump is not supported and has no effect".to_owned();
        check("ProxyJump=gate", Ok(Applied::Ignored(ignored)));
        assert_eq!(plan.unknown_keys, UnknownKeys::AcceptNew);
        assert_eq!(plan.user_known_hosts, [PathBuf::from("/a"), PathBuf::from("/b")]);
        assert_eq!(plan.apply_option("UserKnownHostsFile=\"/a b/c\" /d").ok(), Some(Applied::Honoured));
        assert_eq!(plan.user_known_hosts, [PathBuf::from("/a b/c"), PathBuf::from("/d")]);
        assert_eq!(plan.limits.connect, Duration::from_secs(3));
        assert_eq!(plan.host_key_alias.as_deref(), Some("gate"));
    }
}
