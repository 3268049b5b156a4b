//! Pages of SSH901 to SSH912: why a host was not measured.

use super::Page;
use crate::probe::FailureCode;

/// The page of a failure.
pub(super) fn page(failure: FailureCode) -> &'static Page {
    match failure {
        FailureCode::Timeout => &TIMEOUT,
        FailureCode::Refused => &REFUSED,
        FailureCode::HostKeyChanged => &HOST_KEY_CHANGED,
        FailureCode::HostKeyRevoked => &HOST_KEY_REVOKED,
        FailureCode::HostKeyUnknown => &HOST_KEY_UNKNOWN,
        FailureCode::HostCertificateRefused => &HOST_CERTIFICATE_REFUSED,
        FailureCode::AuthenticationRejected | FailureCode::LoginTries => &AUTHENTICATION_REJECTED,
        FailureCode::JumpHost => &JUMP_HOST,
        FailureCode::Throttled => &THROTTLED,
        FailureCode::Dropped => &DROPPED,
        FailureCode::NoShell => &NO_SHELL,
        FailureCode::SudoPassword | FailureCode::SudoPasswordWrong | FailureCode::SudoForbidden => &SUDO,
        FailureCode::SuPassword | FailureCode::SuPasswordWrong | FailureCode::SuForbidden => &SU,
        FailureCode::BecomeMissing => &BECOME_MISSING,
        FailureCode::BecomeFailed => &BECOME_FAILED,
        FailureCode::NameNotFound | FailureCode::NameUnanswered => &NAME_NOT_FOUND,
        FailureCode::NotAttempted => &NOT_ATTEMPTED,
    }
}

const TIMEOUT: Page = Page {
    title: "a stage took longer than its time limit",
    evidence: "Nothing came within the limit of the stage that is named: TCP, identification and key exchange have \
               `--timeout` (10 s), the login 20 s, opening a channel 5 s, the first answer of the probe 15 s.",
    meaning: "connect: the host is off, or a firewall drops packets without a word. login: its PAM modules, LDAP or DNS are \
              slow. channel: the login was accepted, and PAM has not set up the session; `pam_systemd` waits for systemd-logind, \
              and that for the user's `user@` service, which may take minutes to stop after an earlier session. start: a login \
              script waits for something.",
    remedy: &[
        "Try the same by hand: `ssh -v -p PORT USER@ADDRESS true`, with `-J` where it is behind another host, as `clockaudit \
         inventory --explain HOST` shows them; the last line before the silence names the stage.",
        "A slow path needs `--timeout 30`; the limits behind the key exchange do not depend on it.",
        "channel: `systemctl list-jobs` and `journalctl -u 'user@*'` there, as somebody who is logged in already, name what is \
         waited for.",
    ],
};

const REFUSED: Page = Page {
    title: "the connection was refused",
    evidence: "The host, or a router before it, answered that nothing listens on that port or that there is no way.",
    meaning: "sshd does not run, listens on another port or address, or a firewall rejects.",
    remedy: &["See `ansible_port`, `--port`, and `ss -tln` on the host's console."],
};

const HOST_KEY_CHANGED: Page = Page {
    title: "the host key changed",
    evidence: "known_hosts has a key for this host, and the server showed another one. A key of another type than the \
               known ones counts as changed.",
    meaning: "The host was installed anew, its address belongs to another one now, or somebody is in between. Nothing secret \
              was sent; `--accept-new` does not help, on purpose.",
    remedy: &[
        "Ask its administrator for the fingerprint: `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on its console (rsa or \
         ecdsa, as the finding says).",
        "Only if it is right: `ssh-keygen -f FILE -R HOST` as the finding names it (HOST is `'[HOST]:PORT'` for other ports than \
         22), then connect once with ssh.",
    ],
};

const HOST_KEY_REVOKED: Page = Page {
    title: "the host key is revoked",
    evidence: "The server showed a key that known_hosts marks `@revoked` or that a file of `RevokedHostKeys` lists, or that file \
               cannot be read.",
    meaning: "Somebody put that key out of use, because it leaked or its host is gone. Nothing secret was sent.",
    remedy: &[
        "Leave the `@revoked` line where it is: it is there on purpose.",
        "The host needs a new key: `sudo ssh-keygen -A` after its old files were removed, then `sudo systemctl restart ssh` (`sshd` \
         on RHEL and others).",
    ],
};

const HOST_KEY_UNKNOWN: Page = Page {
    title: "the host key is not known",
    evidence: "No line of known_hosts matches this host and port.",
    meaning: "Nobody can tell whether this is the right host. Nothing secret was sent.",
    remedy: &[
        "Connect once with ssh, the same way (port, jump host, `HostKeyAlias`), and compare the fingerprint; or put your fleet's \
         keys into known_hosts: `ssh-keyscan -p PORT ADDRESS` prints them, from anybody who answers there.",
        "`--accept-new` takes and stores unknown keys, as OpenSSH's `StrictHostKeyChecking accept-new`.",
    ],
};

const HOST_CERTIFICATE_REFUSED: Page = Page {
    title: "the host's certificate is not good",
    evidence: "known_hosts trusts the authority that signed it (`@cert-authority`), and the certificate names other hosts, is not \
               valid yet or any more, is a user's, or has a condition that nobody here understands.",
    meaning: "The certificate was not renewed, or the host is reached by a name that it was not signed for. Its time is compared \
              with this machine's clock, which may itself be the wrong one. Nothing secret was sent.",
    remedy: &[
        "On the host's console: `ssh-keygen -Lf /etc/ssh/ssh_host_ed25519_key-cert.pub` shows its names and its time.",
        "Compare this machine's clock first: `clockaudit doctor`. Then have a new certificate signed for the name that you use.",
    ],
};

const AUTHENTICATION_REJECTED: Page = Page {
    title: "the login was rejected",
    evidence: "The server took none of the keys, certificates or passwords that were offered. The methods that it would take are \
               listed; a password is sent to a host once at most.",
    meaning: "The user name, the key or the password is another one than on your usual way to this host, or the server takes \
              only methods that clockaudit does not have (`gssapi-with-mic`, `hostbased`).",
    remedy: &[
        "`ssh-add -l` lists what the agent offers; `--private-key FILE` and `--user NAME` choose, `--ask-pass` asks for a password.",
        "`ssh -v -p PORT USER@ADDRESS true` shows what your usual configuration does differently.",
    ],
};

const JUMP_HOST: Page = Page {
    title: "the jump host failed",
    evidence: "The way to this host goes through another one, which could not be used.",
    meaning: "All hosts behind it are out of reach at once; none of them is to blame.",
    remedy: &[
        "Try it by hand: `ssh -p PORT USER@JUMPHOST true`, then `ssh -J USER@JUMPHOST:PORT HOST true`; `clockaudit inventory \
         --explain HOST` shows the way. Where a code is named with it (SSH903, SSH905), that page holds for the jump host.",
        "A ProxyCommand is tried as it stands in the message, with what it prints to standard error.",
    ],
};

const THROTTLED: Page = Page {
    title: "the server throttles connections",
    evidence: "The connection ended before the server's identification; OpenSSH may say `Exceeded MaxStartups`.",
    meaning: "Too many logins were in progress at once (`MaxStartups`, by default 10 with random refusal), or this address is \
              refused for a time (`PerSourcePenalties`, fail2ban).",
    remedy: &["Scan again. Raise `MaxStartups`, or lower `--forks`; see the server's log for a penalty."],
};

const DROPPED: Page = Page {
    title: "the connection was lost",
    evidence: "It ended in the middle of the work, or the peer broke the protocol or a bound on what it may send.",
    meaning: "sshd was restarted, the network failed, a firewall forgot the connection; or what answers there is no honest \
              SSH server.",
    remedy: &["Scan it again; the host's sshd log has its side: `journalctl -u ssh -u sshd --since -10min`."],
};

const NO_SHELL: Page = Page {
    title: "no shell, or no clock behind it",
    evidence: "The login ran, and what came back was neither the probe's answer nor a date.",
    meaning: "A forced command, a restricted shell, a network device, or a shell without `date`.",
    remedy: &[
        "`ssh HOST date` shows what an account of yours gets.",
        "A key with `command=\"date -u +%s.%N\"` is enough for a measurement; better an account with a shell.",
    ],
};

const SUDO: Page = Page {
    title: "sudo did not make another user of the login",
    evidence: "`--become` was asked for, and sudo wanted a password that was not given, refused the one that was, or does not let \
               this login become that user. What it said is shown. A password is given once, and only when it is asked for: a \
               wrong one cannot lock the account.",
    meaning: "The clock itself is read without root; only what needs root there is missing.",
    remedy: &[
        "`--ask-become-pass` asks for the password, which is that of the login; `ansible_become_password` has one for each host.",
        "`sudo -l` as that login shows what sudoers allows; NOPASSWD there needs no password.",
        "Or scan without `--become`: it is needed only where chronyd answers nobody else.",
    ],
};

const SU: Page = Page {
    title: "su did not make another user of the login",
    evidence: "`--become-method su` was asked for, and su wanted a password that was not given, refused the one that was, or does \
               not let this login become that user, which it tells apart for nobody. What it said is shown.",
    meaning: "The clock itself is read without root; only what needs root there is missing.",
    remedy: &[
        "`--ask-become-pass` asks for the password, which is that of the user who is to be become; `ansible_become_password` has \
         one for each host. Where root has none (`passwd -S root`), use `--become-method sudo`.",
        "su may be left to a group: see `pam_wheel` in /etc/pam.d/su.",
        "Or scan without `--become`: it is needed only where chronyd answers nobody else.",
    ],
};

const BECOME_MISSING: Page = Page {
    title: "the program that becomes another user is not there",
    evidence: "`--become` was asked for, and the shell of the login says that it cannot run sudo, su, or what `ansible_become_exe` \
               names. What it said is shown.",
    meaning: "The clock itself is read without root; only what needs root there is missing.",
    remedy: &[
        "`ssh HOST command -v sudo` shows whether it is there for that login; minimal systems have su alone (`--become-method su`).",
        "`clockaudit inventory --explain HOST` shows where `become_exe` comes from.",
        "Or scan without `--become`: it is needed only where chronyd answers nobody else.",
    ],
};

const BECOME_FAILED: Page = Page {
    title: "what was to become another user failed",
    evidence: "`--become` was asked for, and sudo or su ended with words of its own, which are shown: neither about a password nor \
               about a right. Most often the user does not exist there, or an option is not known there.",
    meaning: "The clock itself is read without root; only what needs root there is missing.",
    remedy: &[
        "`clockaudit inventory --explain HOST` shows `become_user`, `become_exe` and `become_flags`, and where each comes from.",
        "`getent passwd USER` there tells whether the user exists; `sudo -V` there which sudo it is.",
        "Or scan without `--become`: it is needed only where chronyd answers nobody else.",
    ],
};

const NAME_NOT_FOUND: Page = Page {
    title: "the name has no address",
    evidence: "Neither DNS nor /etc/hosts knows it, or no name server answered, which is told as \"name server silent\".",
    meaning: "A typing error, a host that is gone, or a resolver that does not answer on this machine.",
    remedy: &["Try `getent hosts NAME`; correct the inventory, or set `ansible_host` to the address."],
};

const NOT_ATTEMPTED: Page = Page {
    title: "not attempted",
    evidence: "The run ended before this host's turn (Ctrl-C, `--deadline`), or its settings cannot be used.",
    meaning: "Nothing is known of it.",
    remedy: &["Scan it again with `--limit`; where its settings are to blame, the message names them."],
};
