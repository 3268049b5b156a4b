//! Logging in by password, plain or in answer to a question. The password goes to a server once at most, and only to one whose
//! host key was found right.

use russh::client::KeyboardInteractiveAuthResponse as Response;
use russh::client::{AuthResult, Prompt};

use super::ladder::{Answer, Ladder, PasswordState};
use crate::inventory::secret::Secret;
use crate::ssh::settings::AuthMethod;

/// Rounds of questions that a server may ask; PAM needs two, of which the second is empty.
const MOST_ROUNDS: usize = 8;
/// Letters of a question that are shown.
const QUESTION_SHOWN: usize = 60;
/// Words of questions for a one-time code, in small letters. Whoever asks in another language, or by other words, is taken to ask
/// for the password.
const OF_CODES: [&str; 9] =
    ["code", "one-time", "one time", "otp", "token", "verification", "authenticator", "challenge", "yubikey"];
/// What to do about a jump host that asks for more than a password.
const BY_HAND: &str = ": log in to it with `ssh` and a ControlMaster, and reach the hosts behind by \
                       `ProxyCommand ssh -W %h:%p GATE`";

impl Ladder<'_> {
    /// `password`: tried only where it has not been sent in answer to a question.
    pub(super) async fn try_password(&mut self) -> Answer {
        let user = self.means.settings.user.clone();
        if self.means.password.is_none() && self.means.asked.is_some() && self.methods.is_none() {
            // Nobody is asked for what the server may not want: it says so to whoever comes with nothing.
            let answer = self.handle.authenticate_none(&user).await.ok();
            match self.take_note(answer) {
                Answer::Refused if self.is_wanted(AuthMethod::Password) => {}
                answer => return answer,
            }
        }
        let Some(password) = self.password_to_send().await else { return Answer::Refused };
        let answer = self.handle.authenticate_password(user, password.reveal()).await.ok();
        self.judged(answer)
    }

    /// `keyboard-interactive`: a single hidden question is taken for that of the password, unless it asks for a one-time code. That,
    /// and whatever else a server asks, is for a person to answer, and ends the login.
    pub(super) async fn try_questions(&mut self) -> Answer {
        let has_password = self.means.password.is_some() || self.means.asked.is_some();
        if !has_password || self.password != PasswordState::Kept {
            return Answer::Refused;
        }
        let user = self.means.settings.user.clone();
        let mut response = self.handle.authenticate_keyboard_interactive_start(user, None::<String>).await;
        for _ in 0..MOST_ROUNDS {
            let prompts = match response {
                Ok(Response::InfoRequest { prompts, .. }) => prompts,
                Ok(Response::Success) => return self.judged(Some(AuthResult::Success)),
                Ok(Response::Failure { remaining_methods, partial_success }) => {
                    return self.judged(Some(AuthResult::Failure { remaining_methods, partial_success }));
                }
                Err(_) => return self.judged(None),
            };
            let answers = match prompts.as_slice() {
                [] => Vec::new(),
                [Prompt { echo: false, prompt }] if self.password == PasswordState::Kept && !is_of_a_code(prompt) => {
                    match self.password_to_send().await {
                        Some(password) => vec![password.reveal().to_owned()],
                        None => return self.was_asked(refusal(&prompts)),
                    }
                }
                // Any answer would be a wrong one, which servers count; none at all ends the login.
                questions => {
                    let by_hand = if self.means.asked.is_some() { BY_HAND } else { "" };
                    return self.was_asked(format!("{}{by_hand}", refusal(questions)));
                }
            };
            response = self.handle.authenticate_keyboard_interactive_respond(answers).await;
        }
        self.was_asked("the server goes on asking".to_owned())
    }

    /// The password, on its way to the server: the one that is known, else what a person types.
    async fn password_to_send(&mut self) -> Option<Secret> {
        if self.password != PasswordState::Kept {
            return None;
        }
        let password = match (self.means.password, self.means.asked) {
            (Some(password), _) => password.clone(),
            (None, Some(asked)) => match asked.lend().await {
                Ok(loan) => self.loan.insert(loan).secret.clone(),
                Err(why) => {
                    self.notes.push(why);
                    return None;
                }
            },
            (None, None) => return None,
        };
        self.password = PasswordState::Sent;
        Some(password)
    }

    /// What the server says to the password; where it was not even asked for, it is kept for the next method.
    fn judged(&mut self, answer: Option<AuthResult>) -> Answer {
        let answer = self.take_note(answer);
        if let Some(loan) = self.loan.take_if(|_| matches!(answer, Answer::Accepted | Answer::Further)) {
            loan.was_right();
        }
        if answer == Answer::Refused && self.password == PasswordState::Sent {
            self.password = PasswordState::Refused;
        }
        answer
    }
}

/// Whether a question is that for a one-time code, which no password answers.
fn is_of_a_code(question: &str) -> bool {
    let question = question.to_lowercase();
    OF_CODES.iter().any(|word| question.contains(word))
}

/// What is said of questions that are left to a person; the text is the server's.
fn refusal(questions: &[Prompt]) -> String {
    let first: String =
        questions.first().map(|one| one.prompt.trim().chars().take(QUESTION_SHOWN).collect()).unwrap_or_default();
    match questions.len() {
        1 => format!("the server asks \"{first}\", which only a person can answer"),
        many => format!(
            "the server asks {many} questions at once, beginning with \"{first}\", which only a person can answer"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_for_a_code_are_known_by_their_words() {
        for question in [
            "Verification code: ",
            "One-time password (OATH) for `ops': ",
            "OTP: ",
            "Enter your RSA SecurID token: ",
            "Passcode or option (1-3): ",
            "YubiKey for `ops': ",
        ] {
            assert!(is_of_a_code(question), "{question}");
        }
        for question in ["Password: ", "(ops@gate) Password for ops@gate:", "Passwort: ", "Mot de passe : ", ""] {
            assert!(!is_of_a_code(question), "{question}");
        }
    }
}
