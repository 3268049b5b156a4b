//! A ticket system at its place: which it is, where, in which project, and by which variables one logs in.

use core::net::IpAddr;
use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::draft::Markup;
use super::request::{Piece, Request, Text};
use crate::inventory::secret::Secret;

/// Everything but what RFC 3986 reserves for nobody.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A ticket system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// GitHub, or GitHub Enterprise.
    Github,
    /// GitLab.
    Gitlab,
    /// Jira Server or Data Center.
    Jira,
    /// Jira Cloud.
    JiraCloud,
    /// `ServiceNow`.
    Servicenow,
    /// Request Tracker.
    Rt,
    /// Redmine.
    Redmine,
    /// Roundup.
    Roundup,
    /// Any address that takes what a template makes.
    Webhook,
}

impl System {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Github,
        Self::Gitlab,
        Self::Jira,
        Self::JiraCloud,
        Self::Servicenow,
        Self::Rt,
        Self::Redmine,
        Self::Roundup,
        Self::Webhook,
    ];

    /// The name that is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Jira => "jira",
            Self::JiraCloud => "jira-cloud",
            Self::Servicenow => "servicenow",
            Self::Rt => "rt",
            Self::Redmine => "redmine",
            Self::Roundup => "roundup",
            Self::Webhook => "webhook",
        }
    }

    /// What it takes text as.
    pub fn markup(self) -> Markup {
        match self {
            Self::Github | Self::Gitlab => Markup::Markdown,
            Self::Jira => Markup::JiraWiki,
            Self::JiraCloud => Markup::Adf,
            Self::Rt => Markup::Html,
            Self::Servicenow | Self::Redmine | Self::Roundup | Self::Webhook => Markup::Text,
        }
    }

    /// How long a body or a comment may be, in units of UTF-16. 32,000 fits Jira's 32,767 and GitHub's 65,536.
    pub fn longest_body(self) -> usize {
        match self {
            // `description` of the table `incident` holds 4,000 as it is delivered.
            Self::Servicenow => 3_900,
            _ => 32_000,
        }
    }

    /// Where it is where nothing else is said.
    fn usual_url(self) -> Option<&'static str> {
        match self {
            Self::Github => Some("https://api.github.com"),
            Self::Gitlab => Some("https://gitlab.com"),
            _ => None,
        }
    }

    /// What a project is there, and how one is written.
    fn project(self) -> Option<&'static str> {
        match self {
            Self::Github => Some("OWNER/REPOSITORY"),
            Self::Gitlab => Some("GROUP/PROJECT"),
            Self::Jira | Self::JiraCloud => Some("KEY or KEY/ISSUE TYPE"),
            Self::Rt => Some("the name of a queue"),
            Self::Redmine => Some("the identifier of a project"),
            Self::Servicenow | Self::Roundup | Self::Webhook => None,
        }
    }

    /// The ways to log in: the first whose variables are all set is taken.
    pub fn ways(self) -> &'static [&'static [Variable]] {
        match self {
            Self::Github => &[&[Variable("GITHUB_TOKEN")], &[Variable("GH_TOKEN")]],
            Self::Gitlab => &[&[Variable("GITLAB_TOKEN")]],
            Self::Jira => &[&[Variable("JIRA_USER"), Variable("JIRA_TOKEN")], &[Variable("JIRA_TOKEN")]],
            Self::JiraCloud => &[&[Variable("JIRA_USER"), Variable("JIRA_TOKEN")]],
            Self::Servicenow => &[&[Variable("SN_USERNAME"), Variable("SN_PASSWORD")], &[Variable("SN_TOKEN")]],
            Self::Rt => &[&[Variable("RT_TOKEN")], &[Variable("RT_USER"), Variable("RT_PASSWORD")]],
            Self::Redmine => &[&[Variable("REDMINE_API_KEY")]],
            Self::Roundup => &[&[Variable("ROUNDUP_USER"), Variable("ROUNDUP_PASSWORD")]],
            Self::Webhook => &[&[Variable("WEBHOOK_SECRET")]],
        }
    }
}

/// The name of an environment variable that holds a secret; with `_FILE` behind it, that of a file that does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable(pub(super) &'static str);

impl Variable {
    /// The name.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// Whether it names who logs in, which is no secret.
    fn is_user(self) -> bool {
        self.0.ends_with("USER") || self.0.ends_with("USERNAME")
    }
}

/// The names of all variables that log in to a ticket system, and of those that name files: no program that is started inherits
/// one, for none has to know them.
pub fn login_variables() -> impl Iterator<Item = String> {
    let of = |system: System| system.ways().iter().copied().flatten().map(|variable| variable.name());
    System::ALL.into_iter().flat_map(of).flat_map(|name| [name.to_owned(), format!("{name}_FILE")])
}

/// The secrets that were found, by the names of their variables.
#[derive(Debug, Clone, Default)]
pub struct Credentials(BTreeMap<Variable, Secret>);

impl Credentials {
    /// The first way to log in whose variables all have a value, as `read` tells it.
    ///
    /// # Errors
    ///
    /// What `read` fails with.
    pub fn find<Failed>(
        system: System,
        mut read: impl FnMut(Variable) -> Result<Option<Secret>, Failed>,
    ) -> Result<Option<Self>, Failed> {
        for way in system.ways() {
            let mut found = BTreeMap::new();
            for variable in *way {
                if let Some(secret) = read(*variable)? {
                    found.insert(*variable, secret);
                }
            }
            if found.len() == way.len() {
                return Ok(Some(Self(found)));
            }
        }
        Ok(None)
    }

    /// Whether this is set.
    pub fn has(&self, variable: Variable) -> bool {
        self.0.contains_key(&variable)
    }

    /// Who logs in.
    pub(super) fn users(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(variable, _)| variable.is_user()).map(|(_, user)| user.reveal())
    }

    /// What nobody else is to see.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|(variable, _)| !variable.is_user()).map(|(_, secret)| secret.reveal())
    }

    pub(super) fn reveal(&self, variable: Variable) -> Option<&str> {
        self.0.get(&variable).map(Secret::reveal)
    }
}

/// Why there is no such place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    /// No address.
    #[error("where is it? `--url` names the address of the {0} server")]
    NoUrl(&'static str),
    /// An address of another kind.
    #[error(
        "`--url` is no address of a web server: it begins with `https://` or `http://`, and holds no user, no `?` and no `#`"
    )]
    BadUrl,
    /// No project.
    #[error("in which project? `--project` is {0} there")]
    NoProject(&'static str),
    /// A project of another form.
    #[error("`--project` is {0} there")]
    BadProject(&'static str),
}

/// A ticket system at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Which system.
    pub system: System,
    base: String,
    project: String,
    way: &'static [Variable],
}

impl Site {
    /// The place that was typed. `credentials` decide how one logs in; without any the usual way is named.
    pub fn new(
        system: System,
        url: Option<&str>,
        project: Option<&str>,
        credentials: Option<&Credentials>,
    ) -> Result<Self, SiteError> {
        let base = url.or(system.usual_url()).ok_or(SiteError::NoUrl(system.name()))?;
        let rest = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://")).ok_or(SiteError::BadUrl)?;
        let is_odd = |character: char| character.is_control() || " ?#@\\\"'<>".contains(character);
        if rest.is_empty() || rest.starts_with('/') || rest.contains(is_odd) {
            return Err(SiteError::BadUrl);
        }
        let project = match (system.project(), project) {
            (Some(form), None) => return Err(SiteError::NoProject(form)),
            (Some(form), Some(typed)) if !is_project(system, typed) => return Err(SiteError::BadProject(form)),
            (_, typed) => typed.unwrap_or_default().to_owned(),
        };
        let is_there = |way: &&&[Variable]| {
            credentials
                .is_some_and(|found| way.iter().all(|variable| found.has(*variable)) && way.len() == found.0.len())
        };
        let ways = system.ways();
        let way = ways.iter().find(is_there).or(ways.first()).copied().unwrap_or_default();
        Ok(Self { system, base: base.trim_end_matches('/').to_owned(), project, way })
    }

    /// Whether what is sent can be read on the way.
    pub fn is_in_clear(&self) -> bool {
        let Some(rest) = self.base.strip_prefix("http://") else { return false };
        let authority = rest.split('/').next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback());
        !is_loopback && !host.eq_ignore_ascii_case("localhost")
    }

    /// The place in a line: the system, its address, the project.
    pub fn place(&self) -> String {
        format!("{} {} {}", self.system.name(), self.base, self.project)
    }

    pub(super) fn project(&self) -> &str {
        &self.project
    }

    /// The address of a path that begins with `/`.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What a browser calls the origin.
    pub(super) fn origin(&self) -> String {
        let scheme = if self.base.starts_with("https") { "https" } else { "http" };
        let rest = self.base.split_once("://").map(|(_, rest)| rest).unwrap_or_default();
        format!("{scheme}://{}", rest.split('/').next().unwrap_or_default())
    }

    /// The request with what logs in.
    pub(super) fn authorised(&self, mut request: Request) -> Request {
        let plain = |text: &str| Piece::Plain(text.to_owned());
        let header = match (self.system, self.way) {
            (System::Webhook, _) | (_, []) => None,
            (System::Gitlab, [token, ..]) => Some(("PRIVATE-TOKEN", vec![Piece::Secret(*token)])),
            (System::Redmine, [key, ..]) => Some(("X-Redmine-API-Key", vec![Piece::Secret(*key)])),
            (System::Rt, [token]) => Some(("Authorization", vec![plain("token "), Piece::Secret(*token)])),
            (_, [token]) => Some(("Authorization", vec![plain("Bearer "), Piece::Secret(*token)])),
            (_, [user, password, ..]) => Some(("Authorization", vec![plain("Basic "), Piece::Basic(*user, *password)])),
        };
        request.headers.extend(header.map(|(name, value)| (name.to_owned(), Text(value))));
        request
    }
}

/// A part of a path or of a query, written so that it stays one.
pub(super) fn component(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

fn is_project(system: System, typed: &str) -> bool {
    let is_name =
        |part: &str| !part.is_empty() && !part.chars().any(|character| character.is_control() || character == '"');
    // In an address they would lead somewhere else.
    if typed.split('/').any(|part| part == "." || part == "..") {
        return false;
    }
    match system {
        System::Github => typed.split('/').count() == 2 && typed.split('/').all(is_name),
        System::Jira | System::JiraCloud => typed.splitn(2, '/').all(is_name),
        _ => is_name(typed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_cannot_be_are_refused() {
        let check = |system: System, url: Option<&str>, project: Option<&str>, expected: Result<&str, SiteError>| {
            let found = Site::new(system, url, project, None);
            assert_eq!(
                found.as_ref().map(|site| site.base.as_str()).map_err(Clone::clone),
                expected,
                "{url:?} {project:?}"
            );
        };
        check(System::Github, None, Some("ops/clocks"), Ok("https://api.github.com"));
        check(System::Github, None, Some("ops"), Err(SiteError::BadProject("OWNER/REPOSITORY")));
        check(System::Github, None, None, Err(SiteError::NoProject("OWNER/REPOSITORY")));
        for project in ["../..", "ops/..", "./clocks", "ops/."] {
            check(System::Github, None, Some(project), Err(SiteError::BadProject("OWNER/REPOSITORY")));
        }
        check(System::Github, None, Some("ops/.github"), Ok("https://api.github.com"));
        for system in [System::Gitlab, System::Redmine, System::Rt, System::Jira] {
            let form = system.project().unwrap_or_default();
            check(system, Some("https://x"), Some(".."), Err(SiteError::BadProject(form)));
        }
        check(System::Roundup, None, None, Err(SiteError::NoUrl("roundup")));
        check(System::Roundup, Some("http://127.0.0.1:80/tracker/"), None, Ok("http://127.0.0.1:80/tracker"));
        for url in ["ftp://x", "https://", "https:///x", "https://user@x", "https://x/?a", "x", "https://x y"] {
            check(System::Roundup, Some(url), None, Err(SiteError::BadUrl));
        }
        assert_eq!(component("a b/c\"&é"), "a%20b%2Fc%22%26%C3%A9");
    }

    #[test]
    fn what_goes_over_the_network_in_clear_is_known() {
        let check = |url: &str, expected: bool| {
            let site = Site::new(System::Roundup, Some(url), None, None).expect("a place");
            assert_eq!(site.is_in_clear(), expected, "{url}");
        };
        check("http://tracker.example", true);
        check("https://tracker.example", false);
        check("http://127.0.0.1:8080", false);
        check("http://localhost", false);
        check("http://LocalHost:8080/tracker", false);
        check("http://[::1]:8080/tracker", false);
        check("http://127.9.0.1/", false);
        check("http://127.evil.invalid", true);
        check("http://127.0.0.1.evil.invalid", true);
        check("http://localhost.evil.invalid", true);
        check("http://[2001:db8::1]:8080", true);
    }
}
