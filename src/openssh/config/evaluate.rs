//! Going through the files for one host: the first value of a setting wins, key files and certificates add up.

use std::collections::BTreeMap;

use super::criteria::{Criterion, Test};
use super::directive::{Directive, Given, Origin, SshConfig};
use super::host_config::{HostConfig, Settled};
use super::keyword::Keyword;
use super::names;
use super::tokens::{MOST, Tokens};
use super::value;
use super::words::shown;
use crate::openssh::DEFAULT_PORT;
use crate::openssh::pattern::{list_matches, matches};

/// How many dots a name that is completed may have, unless somebody says so.
const MOST_DOTS: u32 = 1;

/// Who asks, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// The number.
    pub id: u32,
    /// The home folder.
    pub home: String,
    /// The name of this machine.
    pub machine: String,
}

/// What must be asked of the world outside.
pub trait Outside {
    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;
    /// The home folder of a user.
    fn home_of(&self, user: &str) -> Option<String>;
    /// Whether a name has an address; why that cannot be told.
    fn resolves(&mut self, name: &str) -> Result<bool, String>;
    /// Whether a command of `Match exec` ends well; why it could not be run.
    fn run(&mut self, command: &str) -> Result<bool, String>;
}

/// One host that is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'request> {
    /// The name, as one would type it behind `ssh`.
    pub host: &'request str,
    /// What was said before any file, the first of each setting wins.
    pub given: &'request [Given],
    /// Who asks.
    pub user: &'request User,
}

impl SshConfig {
    /// What OpenSSH would do for a host; why it would refuse.
    pub fn resolve(&self, request: &Request<'_>, outside: &mut dyn Outside) -> Result<HostConfig, String> {
        let mut evaluation = Evaluation {
            request: *request,
            outside,
            host: request.host.to_owned(),
            settled: Settled::default(),
            is_second_pass: false,
        };
        for given in request.given {
            evaluation.settled.take(given, true);
        }
        evaluation.check_names()?;
        self.go_through(&mut evaluation)?;
        let name = evaluation.host_name()?;
        let address = name.parse::<core::net::IpAddr>();
        evaluation.host = address.map_or_else(|_| name.to_ascii_lowercase(), |address| address.to_string());
        let canonical = evaluation.settled.first(Keyword::CanonicalizeHostname).map(str::to_ascii_lowercase);
        let canonical = canonical.filter(|word| !["no", "false"].contains(&word.as_str()));
        let is_canonical = canonical.is_some();
        if let Some(word) = canonical.filter(|_| evaluation.host.parse::<core::net::IpAddr>().is_err()) {
            evaluation.complete(word == "always")?;
        }
        if self.wants_final_pass || is_canonical {
            evaluation.is_second_pass = true;
            self.go_through(&mut evaluation)?;
        }
        let Evaluation { host, settled, outside, .. } = evaluation;
        HostConfig::new(host, request, &settled, outside)
    }

    fn go_through<'config>(&'config self, evaluation: &mut Evaluation<'_, 'config>) -> Result<(), String> {
        self.files.iter().try_for_each(|file| evaluation.block(&file.directives, file.is_users, true))
    }
}

struct Evaluation<'outside, 'config> {
    request: Request<'config>,
    outside: &'outside mut dyn Outside,
    /// The name that `Host` is compared with: what was asked for, in the second pass the one that is connected to.
    host: String,
    settled: Settled<'config>,
    is_second_pass: bool,
}

impl<'config> Evaluation<'_, 'config> {
    /// Refuses the names that were said before any file, as OpenSSH does: an inventory may be another one's, and commands of the
    /// files have them in it. What the files say themselves is their own.
    fn check_names(&self) -> Result<(), String> {
        let refused = |what: &str, name: &str, why: &str| format!("{what} `{}`: {why}", shown(name));
        names::host_name(&self.host).map_err(|why| refused("host name", &self.host, why))?;
        let user = self.settled.first(Keyword::User).unwrap_or_default();
        names::login_name(user).map_err(|why| refused("login name", user, why))
    }

    /// Goes through the lines of a file. Where `is_meant` is false, none of its blocks is for this host.
    fn block(&mut self, directives: &'config [Directive], is_users: bool, is_meant: bool) -> Result<(), String> {
        let mut is_active = is_meant;
        for directive in directives {
            match directive {
                Directive::Host(patterns) => is_active = is_meant && self.is_host(patterns),
                Directive::Match(criteria, place) => is_active = is_meant && self.meets(criteria, place)?,
                Directive::Include(blocks) => {
                    for block in blocks {
                        self.block(block, is_users, is_active)?;
                    }
                }
                Directive::Set(given) if is_active => self.settled.take(given, is_users),
                Directive::Broken(why, place) if is_active => return Err(format!("{place}: {why}")),
                Directive::Set(_) | Directive::Broken(..) => {}
            }
        }
        Ok(())
    }

    fn is_host(&self, patterns: &[String]) -> bool {
        let mut fits = false;
        for pattern in patterns {
            let (pattern, is_negated) =
                pattern.strip_prefix('!').map_or((pattern.as_str(), false), |rest| (rest, true));
            if matches(pattern.as_bytes(), self.host.as_bytes()) {
                if is_negated {
                    return false;
                }
                fits = true;
            }
        }
        fits
    }

    fn meets(&mut self, criteria: &[Criterion], place: &Origin) -> Result<bool, String> {
        for Criterion { is_negated, test } in criteria {
            let is_met = match test {
                Test::All => true,
                Test::SecondPass => self.is_second_pass,
                Test::Host(list) => list_matches(list, &self.host_name()?.to_ascii_lowercase()),
                Test::OriginalHost(list) => list_matches(list, &self.request.host.to_ascii_lowercase()),
                Test::User(list) => list_matches(list, self.remote_user()),
                Test::LocalUser(list) => list_matches(list, &self.request.user.name),
                Test::Exec(command) => {
                    let command = self.command(command).map_err(|why| format!("{place}: {why}"))?;
                    self.outside.run(&command).map_err(|why| format!("{place}: Match exec {command}: {why}"))?
                }
                Test::Unknown(name) => return Err(format!("{place}: Match {name} is not supported")),
            };
            if is_met == *is_negated {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The name that is connected to, as far as it is known by now.
    fn host_name(&self) -> Result<String, String> {
        match self.settled.first(Keyword::HostName) {
            _ if self.is_second_pass => Ok(self.host.clone()),
            Some(name) => self.tokens(self.host.clone()).replace(name, "h", self.request.user),
            None => Ok(self.host.clone()),
        }
    }

    /// Completes the name by the first of the domains in which it has an address (`CanonicalizeHostname`). A name that another
    /// host looks up is left to it, unless names are `always` to be completed.
    fn complete(&mut self, is_always: bool) -> Result<(), String> {
        let is_none = |given: &&Given| {
            given.keyword == Keyword::ProxyCommand && given.words.iter().all(|word| word.eq_ignore_ascii_case("none"))
        };
        if !is_always && !self.settled.proxy.as_ref().is_none_or(is_none) {
            return Ok(());
        }
        let most_dots = self.settled.first(Keyword::CanonicalizeMaxDots).and_then(value::number).unwrap_or(MOST_DOTS);
        let candidates: Vec<String> = match self.host.strip_suffix('.') {
            Some(whole) => vec![whole.to_owned()],
            None if self.host.matches('.').count() > usize::try_from(most_dots).unwrap_or(usize::MAX) => return Ok(()),
            None => {
                let domains = self.settled.values.get(&Keyword::CanonicalDomains).into_iter();
                let domains = domains.flat_map(|given| &given.words).filter(|word| !word.eq_ignore_ascii_case("none"));
                domains.map(|domain| format!("{}.{}", self.host, domain.to_ascii_lowercase())).collect()
            }
        };
        for name in candidates {
            // The dot at its end keeps the system from trying domains of its own.
            if self.outside.resolves(&format!("{name}."))? {
                self.host = name;
                return Ok(());
            }
        }
        match self.settled.first(Keyword::CanonicalizeFallbackLocal) {
            Some(word) if !value::is_yes(word) => Err(format!(
                "{} has an address in none of the CanonicalDomains, and CanonicalizeFallbackLocal is no",
                self.host
            )),
            _ => Ok(()),
        }
    }

    fn remote_user(&self) -> &str {
        self.settled.first(Keyword::User).unwrap_or(&self.request.user.name)
    }

    fn command(&self, command: &str) -> Result<String, String> {
        self.tokens(self.host_name()?).replace(command, MOST, self.request.user)
    }

    fn tokens(&self, host: String) -> Tokens {
        let alias = self.settled.first(Keyword::HostKeyAlias);
        Tokens {
            key_name: alias.unwrap_or(&host).to_owned(),
            host,
            original: self.request.host.to_owned(),
            port: self.settled.first(Keyword::Port).and_then(value::port).unwrap_or(DEFAULT_PORT),
            remote_user: self.remote_user().to_owned(),
            jump: self.settled.jump().unwrap_or_default().to_owned(),
        }
    }
}

impl<'config> Settled<'config> {
    /// Takes a value, unless an earlier one stands.
    fn take(&mut self, given: &'config Given, is_users: bool) {
        let Given { keyword, words, origin, replaces } = given;
        match keyword {
            Keyword::IdentityFile | Keyword::CertificateFile => {
                let files =
                    if *keyword == Keyword::IdentityFile { &mut self.identities } else { &mut self.certificates };
                let Some(path) = words.first() else { return };
                let is_there = files.iter().any(|(other, _, users)| *other == path && *users == is_users);
                if !is_there {
                    files.push((path, origin, is_users));
                }
            }
            Keyword::ProxyCommand | Keyword::ProxyJump => {
                // Whichever comes first shuts out the other.
                self.proxy.get_or_insert(given);
            }
            _ if *replaces => {
                self.values.insert(*keyword, given);
            }
            _ => {
                self.values.entry(*keyword).or_insert(given);
            }
        }
    }

    /// The first word of a setting.
    pub(super) fn first(&self, keyword: Keyword) -> Option<&'config str> {
        self.values.get(&keyword).and_then(|given| given.words.first()).map(String::as_str)
    }

    /// The jump hosts, as they are written.
    pub(super) fn jump(&self) -> Option<&'config str> {
        let jump = self.proxy.filter(|given| given.keyword == Keyword::ProxyJump)?;
        jump.words.first().map(String::as_str)
    }
}

/// Values by their keyword.
pub(super) type Values<'config> = BTreeMap<Keyword, &'config Given>;
