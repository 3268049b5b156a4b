//! Why a host was not measured: a closed list of causes, each with its code, and the stage it happened in.

/// Why a host was not measured. Several causes share a code where users know them by one (product page, section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureCode {
    /// A stage took longer than its time limit.
    Timeout,
    /// The host answered that nothing listens there, or that it cannot be reached.
    Refused,
    /// The host showed a key that differs from the one known for it.
    HostKeyChanged,
    /// The host showed a key that is marked as revoked. It is told as a changed one is, and has another remedy.
    HostKeyRevoked,
    /// The host showed a key, and none is known for it.
    HostKeyUnknown,
    /// An authority that is trusted signed the host's certificate, and it is not good for this host or this time. Told as an
    /// unknown key is, and has another remedy.
    HostCertificateRefused,
    /// The server accepted none of our credentials.
    AuthenticationRejected,
    /// The server ended the login after as many refusals as it allows, before all that there is was tried.
    LoginTries,
    /// The jump host could not be used.
    JumpHost,
    /// The server ended the connection before it identified itself, as a full `MaxStartups` does.
    Throttled,
    /// The connection ended in the middle of the work, or the peer broke the protocol or a limit.
    Dropped,
    /// No shell, or no usable clock behind it: forced command, restricted shell.
    NoShell,
    /// sudo asked for a password that was not given.
    SudoPassword,
    /// sudo did not take the password that was given.
    SudoPasswordWrong,
    /// sudo lets nobody else be become, whatever the password.
    SudoForbidden,
    /// su asked for a password that was not given.
    SuPassword,
    /// su did not take the password that was given.
    SuPasswordWrong,
    /// su lets nobody else be become, whatever the password.
    SuForbidden,
    /// The program that was to make another user of the login is not there.
    BecomeMissing,
    /// It ended for a cause of its own: a user that does not exist, an option that it does not know.
    BecomeFailed,
    /// The name has no address.
    NameNotFound,
    /// Nobody answered whether the name has an address.
    NameUnanswered,
    /// The run ended before this host's turn, or nothing can be tried.
    NotAttempted,
}

impl FailureCode {
    /// The code as it is shown: `SSH901`.
    pub fn label(self) -> String {
        self.code().to_owned()
    }

    fn code(self) -> &'static str {
        match self {
            Self::Timeout => "SSH901",
            Self::Refused => "SSH902",
            Self::HostKeyChanged | Self::HostKeyRevoked => "SSH903",
            Self::HostKeyUnknown | Self::HostCertificateRefused => "SSH904",
            Self::AuthenticationRejected | Self::LoginTries => "SSH905",
            Self::JumpHost => "SSH906",
            Self::Throttled => "SSH907",
            Self::Dropped => "SSH908",
            Self::NoShell | Self::BecomeMissing => "SSH909",
            Self::SudoPassword
            | Self::SudoPasswordWrong
            | Self::SudoForbidden
            | Self::SuPassword
            | Self::SuPasswordWrong
            | Self::SuForbidden
            | Self::BecomeFailed => "SSH910",
            Self::NameNotFound | Self::NameUnanswered => "SSH911",
            Self::NotAttempted => "SSH912",
        }
    }

    /// The word for it in traces: its code, and what tells it from others of that code.
    pub fn word(self) -> &'static str {
        match self {
            Self::HostKeyRevoked => "SSH903-revoked",
            Self::HostCertificateRefused => "SSH904-certificate",
            Self::LoginTries => "SSH905-tries",
            Self::SudoPasswordWrong => "SSH910-sudo-wrong",
            Self::SudoForbidden => "SSH910-sudo-forbidden",
            Self::SuPassword => "SSH910-su",
            Self::SuPasswordWrong => "SSH910-su-wrong",
            Self::SuForbidden => "SSH910-su-forbidden",
            Self::BecomeMissing => "SSH909-become",
            Self::BecomeFailed => "SSH910-failed",
            Self::NameUnanswered => "SSH911-unanswered",
            other => other.code(),
        }
    }

    /// Every code, by number.
    pub const ALL: [Self; 23] = [
        Self::Timeout,
        Self::Refused,
        Self::HostKeyChanged,
        Self::HostKeyRevoked,
        Self::HostKeyUnknown,
        Self::HostCertificateRefused,
        Self::AuthenticationRejected,
        Self::LoginTries,
        Self::JumpHost,
        Self::Throttled,
        Self::Dropped,
        Self::NoShell,
        Self::BecomeMissing,
        Self::SudoPassword,
        Self::SudoPasswordWrong,
        Self::SudoForbidden,
        Self::SuPassword,
        Self::SuPasswordWrong,
        Self::SuForbidden,
        Self::BecomeFailed,
        Self::NameNotFound,
        Self::NameUnanswered,
        Self::NotAttempted,
    ];

    /// The cause of that word in traces.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.word() == word)
    }
}

/// The part of the way to a reading in which a host failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Preparing the target: its settings, its key files.
    Prepare,
    /// Looking up the name.
    Resolve,
    /// Opening the TCP connection.
    Connect,
    /// Waiting for the server's identification line.
    Banner,
    /// Key exchange.
    KeyExchange,
    /// Verifying the host key.
    HostKey,
    /// Logging in.
    Authenticate,
    /// Opening the channel and starting the probe.
    Channel,
    /// Waiting for the probe's first line.
    Probe,
    /// Sampling the clock.
    Sample,
    /// Reading the host's facts.
    Facts,
}

impl Stage {
    /// The stage as it is shown and stored.
    pub fn label(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Banner => "banner",
            Self::KeyExchange => "key exchange",
            Self::HostKey => "host key",
            Self::Authenticate => "login",
            Self::Channel => "channel",
            Self::Probe => "probe",
            Self::Sample => "sample",
            Self::Facts => "facts",
        }
    }

    /// Every stage, in the order of the way.
    pub const ALL: [Self; 11] = [
        Self::Prepare,
        Self::Resolve,
        Self::Connect,
        Self::Banner,
        Self::KeyExchange,
        Self::HostKey,
        Self::Authenticate,
        Self::Channel,
        Self::Probe,
        Self::Sample,
        Self::Facts,
    ];

    /// The stage that is shown so.
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.label() == label)
    }
}

/// One host's failure: data of the report, never an error of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure.
    pub code: FailureCode,
    /// Where on the way.
    pub stage: Stage,
    /// What was seen, in one line: "no answer in 10.0 s", "server accepts publickey, password". Remote text in it is
    /// bounded but not escaped; whoever shows it escapes it.
    pub detail: String,
}
