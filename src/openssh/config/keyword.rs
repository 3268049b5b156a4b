//! The keywords of `ssh_config(5)`: those that are honoured, those that say nothing to us, and the nearest to a slip of the pen.

/// A keyword that is honoured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keyword {
    /// `AddressFamily`.
    AddressFamily,
    /// `BatchMode`.
    BatchMode,
    /// `BindAddress`.
    BindAddress,
    /// `CASignatureAlgorithms`.
    CaSignatureAlgorithms,
    /// `CanonicalDomains`.
    CanonicalDomains,
    /// `CanonicalizeFallbackLocal`.
    CanonicalizeFallbackLocal,
    /// `CanonicalizeHostname`.
    CanonicalizeHostname,
    /// `CanonicalizeMaxDots`.
    CanonicalizeMaxDots,
    /// `CertificateFile`.
    CertificateFile,
    /// `Ciphers`.
    Ciphers,
    /// `ConnectTimeout`.
    ConnectTimeout,
    /// `ConnectionAttempts`.
    ConnectionAttempts,
    /// `GlobalKnownHostsFile`.
    GlobalKnownHostsFile,
    /// `HashKnownHosts`.
    HashKnownHosts,
    /// `HostKeyAlgorithms`.
    HostKeyAlgorithms,
    /// `HostKeyAlias`.
    HostKeyAlias,
    /// `HostName`.
    HostName,
    /// `IdentitiesOnly`.
    IdentitiesOnly,
    /// `IdentityAgent`.
    IdentityAgent,
    /// `IdentityFile`.
    IdentityFile,
    /// `KbdInteractiveAuthentication`.
    KbdInteractiveAuthentication,
    /// `KexAlgorithms`.
    KexAlgorithms,
    /// `KnownHostsCommand`: not run, so that a host that has one fails.
    KnownHostsCommand,
    /// `MACs`.
    Macs,
    /// `NumberOfPasswordPrompts`.
    NumberOfPasswordPrompts,
    /// `PasswordAuthentication`.
    PasswordAuthentication,
    /// `Port`.
    Port,
    /// `PreferredAuthentications`.
    PreferredAuthentications,
    /// `ProxyCommand`.
    ProxyCommand,
    /// `ProxyJump`.
    ProxyJump,
    /// `PubkeyAcceptedAlgorithms`.
    PubkeyAcceptedAlgorithms,
    /// `PubkeyAuthentication`.
    PubkeyAuthentication,
    /// `RevokedHostKeys`.
    RevokedHostKeys,
    /// `StrictHostKeyChecking`.
    StrictHostKeyChecking,
    /// `User`.
    User,
    /// `UserKnownHostsFile`.
    UserKnownHostsFile,
}

/// What a word at the beginning of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Host,
    Match,
    Include,
    IgnoreUnknown,
    Set(Keyword),
    /// OpenSSH knows it, and it changes nothing about how a clock is asked.
    Silent,
    /// OpenSSH knows it, it would change something, and it has no effect here.
    Unsupported,
}

const KEYWORDS: [(&str, Keyword); 36] = [
    ("AddressFamily", Keyword::AddressFamily),
    ("BatchMode", Keyword::BatchMode),
    ("BindAddress", Keyword::BindAddress),
    ("CASignatureAlgorithms", Keyword::CaSignatureAlgorithms),
    ("CanonicalDomains", Keyword::CanonicalDomains),
    ("CanonicalizeFallbackLocal", Keyword::CanonicalizeFallbackLocal),
    ("CanonicalizeHostname", Keyword::CanonicalizeHostname),
    ("CanonicalizeMaxDots", Keyword::CanonicalizeMaxDots),
    ("CertificateFile", Keyword::CertificateFile),
    ("Ciphers", Keyword::Ciphers),
    ("ConnectTimeout", Keyword::ConnectTimeout),
    ("ConnectionAttempts", Keyword::ConnectionAttempts),
    ("GlobalKnownHostsFile", Keyword::GlobalKnownHostsFile),
    ("HashKnownHosts", Keyword::HashKnownHosts),
    ("HostKeyAlgorithms", Keyword::HostKeyAlgorithms),
    ("HostKeyAlias", Keyword::HostKeyAlias),
    ("HostName", Keyword::HostName),
    ("IdentitiesOnly", Keyword::IdentitiesOnly),
    ("IdentityAgent", Keyword::IdentityAgent),
    ("IdentityFile", Keyword::IdentityFile),
    ("KbdInteractiveAuthentication", Keyword::KbdInteractiveAuthentication),
    ("KexAlgorithms", Keyword::KexAlgorithms),
    ("KnownHostsCommand", Keyword::KnownHostsCommand),
    ("MACs", Keyword::Macs),
    ("NumberOfPasswordPrompts", Keyword::NumberOfPasswordPrompts),
    ("PasswordAuthentication", Keyword::PasswordAuthentication),
    ("Port", Keyword::Port),
    ("PreferredAuthentications", Keyword::PreferredAuthentications),
    ("ProxyCommand", Keyword::ProxyCommand),
    ("ProxyJump", Keyword::ProxyJump),
    ("PubkeyAcceptedAlgorithms", Keyword::PubkeyAcceptedAlgorithms),
    ("PubkeyAuthentication", Keyword::PubkeyAuthentication),
    ("RevokedHostKeys", Keyword::RevokedHostKeys),
    ("StrictHostKeyChecking", Keyword::StrictHostKeyChecking),
    ("User", Keyword::User),
    ("UserKnownHostsFile", Keyword::UserKnownHostsFile),
];

/// Other names of the same.
const ALIASES: [(&str, Keyword); 6] = [
    ("challengeresponseauthentication", Keyword::KbdInteractiveAuthentication),
    ("skeyauthentication", Keyword::KbdInteractiveAuthentication),
    ("tisauthentication", Keyword::KbdInteractiveAuthentication),
    ("dsaauthentication", Keyword::PubkeyAuthentication),
    ("identityfile2", Keyword::IdentityFile),
    ("pubkeyacceptedkeytypes", Keyword::PubkeyAcceptedAlgorithms),
];

/// Known to OpenSSH, deprecated ones included, and of no effect on a session without terminal, forwarding and multiplexing.
const SILENT: [&str; 77] = [
    "addkeystoagent",
    "afstokenpassing",
    "channeltimeout",
    "checkhostip",
    "cipher",
    "clearallforwardings",
    "compression",
    "compressionlevel",
    "controlmaster",
    "controlpath",
    "controlpersist",
    "dynamicforward",
    "enableescapecommandline",
    "enablesshkeysign",
    "escapechar",
    "exitonforwardfailure",
    "fallbacktorsh",
    "fingerprinthash",
    "forkafterauthentication",
    "forwardagent",
    "forwardx11",
    "forwardx11timeout",
    "forwardx11trusted",
    "gatewayports",
    "globalknownhostsfile2",
    "gssapiauthentication",
    "gssapiclientidentity",
    "gssapidelegatecredentials",
    "gssapikexalgorithms",
    "gssapikeyexchange",
    "gssapirenewalforcesrekey",
    "gssapiserveridentity",
    "gssapitrustdns",
    "hostbasedacceptedalgorithms",
    "hostbasedauthentication",
    "hostbasedkeytypes",
    "ipqos",
    "kbdinteractivedevices",
    "keepalive",
    "kerberosauthentication",
    "kerberostgtpassing",
    "localcommand",
    "localforward",
    "loglevel",
    "logverbose",
    "obscurekeystroketiming",
    "permitlocalcommand",
    "permitremoteopen",
    "protocol",
    "protocolkeepalives",
    "rekeylimit",
    "remotecommand",
    "remoteforward",
    "requesttty",
    "rhostsauthentication",
    "rhostsrsaauthentication",
    "rsaauthentication",
    "securitykeyprovider",
    "sendenv",
    "serveralivecountmax",
    "serveraliveinterval",
    "sessiontype",
    "setenv",
    "setuptimeout",
    "stdinnull",
    "streamlocalbindmask",
    "streamlocalbindunlink",
    "syslogfacility",
    "tcpkeepalive",
    "tunnel",
    "tunneldevice",
    "updatehostkeys",
    "useblacklistedkeys",
    "useprivilegedport",
    "userknownhostsfile2",
    "visualhostkey",
    "xauthlocation",
];

/// Known to OpenSSH, and it would change something.
const UNSUPPORTED: [&str; 9] = [
    "bindinterface",
    "canonicalizepermittedcnames",
    "nohostauthenticationforlocalhost",
    "pkcs11provider",
    "proxyusefdpass",
    "requiredrsasize",
    "smartcarddevice",
    "tag",
    "verifyhostkeydns",
];

/// Words that begin a block or change how lines are read.
const STRUCTURE: [(&str, Meaning); 4] = [
    ("Host", Meaning::Host),
    ("Match", Meaning::Match),
    ("Include", Meaning::Include),
    ("IgnoreUnknown", Meaning::IgnoreUnknown),
];

impl Keyword {
    /// The keyword as `ssh_config(5)` writes it.
    pub fn name(self) -> &'static str {
        KEYWORDS.iter().find(|(_, keyword)| *keyword == self).map_or("", |(name, _)| name)
    }

    /// The keyword of that name, in any case; other names that OpenSSH takes for the same are known too.
    pub fn named(name: &str) -> Option<Self> {
        match meaning(&name.to_ascii_lowercase()) {
            Some(Meaning::Set(keyword)) => Some(keyword),
            _ => None,
        }
    }
}

/// What a word at the beginning of a line, in small letters, is; `None` for one that OpenSSH does not know.
pub(super) fn meaning(word: &str) -> Option<Meaning> {
    let set = KEYWORDS.iter().chain(&ALIASES).find(|(name, _)| name.eq_ignore_ascii_case(word));
    let structure = || STRUCTURE.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, meaning)| *meaning);
    let silent = || SILENT.contains(&word).then_some(Meaning::Silent);
    let unsupported = || UNSUPPORTED.contains(&word).then_some(Meaning::Unsupported);
    set.map(|(_, keyword)| Meaning::Set(*keyword)).or_else(structure).or_else(silent).or_else(unsupported)
}

/// The known keyword that a word is most like, if it is like one: two slips at most.
pub(super) fn nearest(word: &str) -> Option<&'static str> {
    const MOST: usize = 2;
    if word.len() > 64 {
        return None;
    }
    let names = KEYWORDS.iter().map(|(name, _)| *name).chain(STRUCTURE.iter().map(|(name, _)| *name)).chain(SILENT);
    let rated = names.map(|name| (strsim::osa_distance(&name.to_ascii_lowercase(), word), name));
    rated.filter(|(distance, _)| *distance <= MOST).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_recognised() {
        let check = |word: &str, expected: Option<&str>| assert_eq!(nearest(word), expected, "{word}");
        check("hostnme", Some("HostName"));
        check("identityfiles", Some("IdentityFile"));
        check("proxyjmup", Some("ProxyJump"));
        check("usekeychain", None);
        check("prot", Some("Port"));
    }

    #[test]
    fn every_keyword_has_one_name_that_means_it() {
        for (name, keyword) in KEYWORDS {
            assert_eq!((keyword.name(), Keyword::named(name)), (name, Some(keyword)));
            assert!(!SILENT.contains(&name.to_ascii_lowercase().as_str()));
        }
        assert_eq!(Keyword::named("ChallengeResponseAuthentication"), Some(Keyword::KbdInteractiveAuthentication));
        assert_eq!(Keyword::named("Host"), None);
    }
}
