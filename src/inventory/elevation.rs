//! Becoming another user on a host, as Ansible's `become` does: the command that does it, and when it is given a password.

use super::denial;
pub use super::denial::Denied;
use super::secret::Secret;
use super::shell_words::{arguments, in_quotes, quoted};

/// Becoming another user on a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elevation {
    /// What does it.
    pub method: ElevationMethod,
    /// Who to become.
    pub user: String,
    /// The program in place of the method's own (`ansible_become_exe`).
    pub program: Option<String>,
    /// Its options in place of the usual ones (`ansible_become_flags`), as they were written.
    pub flags: Option<String>,
    /// The password that it may ask for; it is never sent unasked.
    pub password: Option<Secret>,
}

/// What makes another user of a login; Ansible has more of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ElevationMethod {
    /// `sudo`.
    Sudo,
    /// `su`.
    Su,
}

impl ElevationMethod {
    /// The method of that name, Ansible's long names included.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name) {
            "sudo" => Some(Self::Sudo),
            "su" => Some(Self::Su),
            _ => None,
        }
    }

    /// Its name, which is that of its program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sudo => "sudo",
            Self::Su => "su",
        }
    }

    fn usual_flags(self) -> &'static str {
        match self {
            Self::Sudo => "-H -S -n",
            Self::Su => "",
        }
    }
}

impl Elevation {
    /// The command line that runs `command` as the other user, for any login shell; `command` is a program and its words, each
    /// as a shell takes it. `prompt` is what sudo is to ask with, unless it may not ask; without a password to answer with it may
    /// where its flags are not ours.
    pub fn command(&self, command: &str, prompt: &str) -> String {
        let program = self.program.as_deref().unwrap_or_else(|| self.method.name());
        let flags = self.flags.as_deref().unwrap_or_else(|| self.method.usual_flags());
        let mut words = vec!["exec".to_owned()];
        words.extend(split(program));
        match self.method {
            ElevationMethod::Sudo => {
                let has_password = self.password.is_some();
                let flags = split(flags);
                let may_ask = has_password || !flags.iter().any(|flag| forbids_asking(flag));
                let flags = flags.into_iter();
                words.extend(flags.filter_map(|flag| if has_password { asking(&flag) } else { Some(flag) }));
                // There is no terminal on the host to ask on.
                if has_password && !words.iter().any(|word| reads_standard_input(word)) {
                    words.push("-S".to_owned());
                }
                // Without it, nobody would know that it asks.
                if may_ask {
                    words.extend(["-p".to_owned(), quoted(prompt)]);
                }
                words.extend(["-u".to_owned(), quoted(&self.user), command.to_owned()]);
            }
            ElevationMethod::Su => {
                words.extend(split(flags));
                words.extend([quoted(&self.user), "-c".to_owned(), in_quotes(command)]);
            }
        }
        words.join(" ")
    }

    /// The conversation with whatever asks for the password.
    pub fn dialogue(&self, prompt: &str) -> Dialogue {
        let prompt = match self.method {
            ElevationMethod::Sudo => Prompt::Exactly(prompt.to_owned()),
            ElevationMethod::Su => Prompt::InWords,
        };
        Dialogue { elevation: self.clone(), prompt, heard: Vec::new(), is_answered: false }
    }

    /// The program that does it, without its options.
    pub fn program(&self) -> String {
        let whole = self.program.as_deref().unwrap_or_else(|| self.method.name());
        let words = arguments(whole).unwrap_or_default();
        words.into_iter().next().unwrap_or_else(|| whole.to_owned())
    }
}

/// What is heard of a method while it may ask for the password, and what is to be done about it.
#[derive(Debug, Clone)]
pub struct Dialogue {
    elevation: Elevation,
    prompt: Prompt,
    heard: Vec<u8>,
    is_answered: bool,
}

/// How the question for the password is known.
#[derive(Debug, Clone)]
enum Prompt {
    /// sudo asks with the very text that it was given.
    Exactly(String),
    /// su asks in the language of the host.
    InWords,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Nothing: nobody asks.
    Wait,
    /// The password is asked for, for the first time.
    Answer(Secret),
    /// The password is asked for in vain.
    GiveUp(Denied),
}

/// Bytes that are kept of what was heard: more than any lecture before a question.
const KEPT: usize = 4_096;

impl Dialogue {
    /// The method that is heard.
    pub fn method(&self) -> ElevationMethod {
        self.elevation.method
    }

    /// What says why the method ended, of all that was said on standard error.
    pub fn reason(&self, said: &[u8]) -> Option<String> {
        denial::reason(&self.elevation, &String::from_utf8_lossy(said))
    }

    /// Takes in what the method said; a password is answered with once, and a second question means that it was wrong.
    pub fn hear(&mut self, bytes: &[u8]) -> Reply {
        self.heard.extend_from_slice(bytes);
        if self.heard.len() > KEPT {
            self.heard.drain(..self.heard.len() - KEPT);
        }
        let is_asked = match &self.prompt {
            Prompt::Exactly(prompt) => self.heard.windows(prompt.len().max(1)).any(|part| part == prompt.as_bytes()),
            Prompt::InWords => asks_for_password(&String::from_utf8_lossy(&self.heard)),
        };
        if !is_asked {
            return Reply::Wait;
        }
        self.heard.clear();
        match (&self.elevation.password, self.is_answered) {
            (Some(password), false) => {
                self.is_answered = true;
                Reply::Answer(password.clone())
            }
            (Some(_), true) => Reply::GiveUp(Denied::WrongPassword),
            (None, _) => Reply::GiveUp(Denied::NoPassword),
        }
    }
}

/// What su calls a password, in the languages that Ansible knows of.
const PASSWORD_WORDS: [&str; 32] = [
    "password",
    "암호",
    "パスワード",
    "adgangskode",
    "contraseña",
    "contrasenya",
    "hasło",
    "heslo",
    "jelszó",
    "lösenord",
    "mật khẩu",
    "mot de passe",
    "parola",
    "parool",
    "pasahitza",
    "passord",
    "passwort",
    "salasana",
    "sandi",
    "senha",
    "wachtwoord",
    "ססמה",
    "лозинка",
    "парола",
    "пароль",
    "गुप्तशब्द",
    "शब्दकूट",
    "సంకేతపదము",
    "හස්පදය",
    "密码",
    "密碼",
    "口令",
];

/// Whether the text ends in a question for a password, with no line end behind it.
fn asks_for_password(text: &str) -> bool {
    let last = text.rsplit('\n').next().unwrap_or_default().trim_end().to_lowercase();
    let Some(question) = last.strip_suffix([':', '：']) else { return false };
    PASSWORD_WORDS.iter().any(|word| question.trim_end().ends_with(word))
}

/// Whether the text is of a password, in one of those languages.
pub(super) fn names_a_password(text: &str) -> bool {
    let text = text.to_lowercase();
    PASSWORD_WORDS.iter().any(|word| text.contains(word))
}

/// A flag of sudo that does not keep it from asking; `None` where that was all that it did.
fn asking(flag: &str) -> Option<String> {
    if flag == "--non-interactive" {
        return None;
    }
    let is_short = flag.starts_with('-') && !flag.starts_with("--");
    let kept = if is_short { flag.replacen('n', "", 1) } else { flag.to_owned() };
    (kept != "-").then_some(kept)
}

/// Whether a flag of sudo keeps it from asking.
fn forbids_asking(flag: &str) -> bool {
    asking(flag).is_none_or(|kept| kept != flag)
}

fn reads_standard_input(flag: &str) -> bool {
    flag == "--stdin" || (flag.starts_with('-') && !flag.starts_with("--") && flag.contains('S'))
}

/// The words of a text, each as a shell takes it; one that cannot be split is one word.
fn split(text: &str) -> Vec<String> {
    let words = arguments(text).unwrap_or_else(|_| vec![text.to_owned()]);
    words.iter().map(|word| quoted(word)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn elevation(method: ElevationMethod) -> Elevation {
        Elevation { method, user: "root".to_owned(), program: None, flags: None, password: None }
    }

    #[test]
    fn commands_have_the_form_that_ansible_gives_them() {
        let check = |elevation: Elevation, expected: &str| {
            assert_eq!(elevation.command("/bin/sh -c 'id' x", "[k] password:"), expected);
        };
        let password = Some(Secret::new("hunter2".to_owned()));
        let (sudo, su) = (elevation(ElevationMethod::Sudo), elevation(ElevationMethod::Su));
        check(sudo.clone(), "exec sudo -H -S -n -u root /bin/sh -c 'id' x");
        check(
            Elevation { password: password.clone(), ..sudo.clone() },
            "exec sudo -H -S -p '[k] password:' -u root /bin/sh -c 'id' x",
        );
        let own = Elevation {
            program: Some("/usr/local/bin/sudo".to_owned()),
            flags: Some("-nE --non-interactive".to_owned()),
            user: "chrony".to_owned(),
            ..sudo.clone()
        };
        check(own.clone(), "exec /usr/local/bin/sudo -nE --non-interactive -u chrony /bin/sh -c 'id' x");
        check(
            Elevation { password: password.clone(), ..own },
            "exec /usr/local/bin/sudo -E -S -p '[k] password:' -u chrony /bin/sh -c 'id' x",
        );
        // Flags that let sudo ask where there is nothing to answer with: its question must be known all the same.
        let asks = Elevation { flags: Some("-H -S".to_owned()), ..sudo.clone() };
        check(asks, "exec sudo -H -S -p '[k] password:' -u root /bin/sh -c 'id' x");
        check(su.clone(), r#"exec su root -c '/bin/sh -c '"'"'id'"'"' x'"#);
        check(
            Elevation { password, flags: Some("-l".to_owned()), ..su },
            r#"exec su -l root -c '/bin/sh -c '"'"'id'"'"' x'"#,
        );
        let strange = Elevation { user: "a b;c".to_owned(), ..sudo };
        check(strange, "exec sudo -H -S -n -u 'a b;c' /bin/sh -c 'id' x");
    }

    #[test]
    fn the_password_answers_the_first_question_and_no_other() {
        let check = |method: ElevationMethod, password: Option<&str>, heard: &[&str], expected: &[&str]| {
            let password = password.map(|text| Secret::new(text.to_owned()));
            let mut dialogue = Elevation { password, ..elevation(method) }.dialogue("[clockaudit 1f] password:");
            let replies: Vec<String> = heard
                .iter()
                .map(|text| match dialogue.hear(text.as_bytes()) {
                    Reply::Wait => String::new(),
                    Reply::Answer(secret) => secret.reveal().to_owned(),
                    Reply::GiveUp(why) => format!("!{why:?}"),
                })
                .collect();
            assert_eq!(replies, expected, "{heard:?}");
        };
        let (sudo, su) = (ElevationMethod::Sudo, ElevationMethod::Su);
        check(sudo, Some("pw"), &["We trust you\n", "[clockaudit 1f] pass", "word:"], &["", "", "pw"]);
        let again = ["[clockaudit 1f] password:", "Sorry, try again.\n[clockaudit 1f] password:"];
        check(sudo, Some("pw"), &again, &["pw", "!WrongPassword"]);
        // Another program's question is none of sudo's.
        check(
            sudo,
            Some("pw"),
            &["Password:", "[sudo] password for audit: ", "[clockaudit 2f] password:"],
            &["", "", ""],
        );
        check(sudo, None, &["[clockaudit 1f] password:"], &["!NoPassword"]);
        check(su, Some("pw"), &["Password: "], &["pw"]);
        check(su, Some("pw"), &["root's Password:"], &["pw"]);
        check(su, Some("pw"), &["Passwort: "], &["pw"]);
        check(su, Some("pw"), &["密码：", "su: 鉴定故障\n"], &["pw", ""]);
        check(su, Some("pw"), &["loading profile:", "\nYour password expires:\n"], &["", ""]);
        check(su, None, &["Password: "], &["!NoPassword"]);
    }

    proptest! {
        #[test]
        fn whatever_a_host_says_is_heard_and_little_of_it_kept(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), ..6_000), ..4),
            is_sudo: bool,
            has_password: bool,
        ) {
            let method = if is_sudo { ElevationMethod::Sudo } else { ElevationMethod::Su };
            let password = has_password.then(|| Secret::new("pw".to_owned()));
            let mut dialogue = Elevation { password, ..elevation(method) }.dialogue("[k] password:");
            for piece in &pieces {
                let _ = dialogue.hear(piece);
                prop_assert!(dialogue.heard.len() <= KEPT);
            }
        }

        #[test]
        fn a_question_is_known_however_it_is_cut(
            before in proptest::collection::vec(any::<u8>(), ..100),
            sizes in proptest::collection::vec(1..9_usize, 1..30),
        ) {
            let prompt = "[clockaudit 1f] password:";
            let mut dialogue = elevation(ElevationMethod::Sudo).dialogue(prompt);
            let text = [before.as_slice(), prompt.as_bytes()].concat();
            let (mut rest, mut sizes) = (text.as_slice(), sizes.iter().cycle());
            let mut last = Reply::Wait;
            while !rest.is_empty() {
                prop_assert_eq!(&last, &Reply::Wait);
                let (piece, behind) = rest.split_at(rest.len().min(*sizes.next().expect("a size")));
                last = dialogue.hear(piece);
                rest = behind;
            }
            prop_assert_eq!(last, Reply::GiveUp(Denied::NoPassword));
        }
    }
}
