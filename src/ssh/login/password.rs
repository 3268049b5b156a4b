//! Logging in by password, plain or in answer to a question. The password goes to a server once at most, and only to one whose
//! host key was found right.

use russh::client::KeyboardInteractiveAuthResponse as Response;
use russh::client::{AuthResult, Prompt};

use super::ladder::{Answer, Ladder, PasswordState};

/// Rounds of questions that a server may ask; PAM needs two, of which the second is empty.
const MOST_ROUNDS: usize = 8;
/// Letters of a question that are shown.
const QUESTION_SHOWN: usize = 60;

impl Ladder<'_> {
    /// `password`: tried only where it has not been sent in answer to a question.
    pub(super) async fn try_password(&mut self) -> Answer {
        let Some(password) = self.means.password.filter(|_| self.password == PasswordState::Kept) else {
            return Answer::Refused;
        };
        self.password = PasswordState::Sent;
        let user = self.means.settings.user.clone();
        let answer = self.handle.authenticate_password(user, password.reveal()).await.ok();
        self.judged(answer)
    }

    /// `keyboard-interactive`: a single hidden question is taken for that of the password. Whatever else a server asks, one-time
    /// codes among it, is for a person to answer, and ends the login.
    pub(super) async fn try_questions(&mut self) -> Answer {
        let Some(password) = self.means.password.filter(|_| self.password == PasswordState::Kept) else {
            return Answer::Refused;
        };
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
                [Prompt { echo: false, .. }] if self.password == PasswordState::Kept => {
                    self.password = PasswordState::Sent;
                    vec![password.reveal().to_owned()]
                }
                // Any answer would be a wrong one, which servers count; none at all ends the login.
                questions => return self.was_asked(refusal(questions)),
            };
            response = self.handle.authenticate_keyboard_interactive_respond(answers).await;
        }
        self.was_asked("the server goes on asking".to_owned())
    }

    /// What the server says to the password; where it was not even asked for, it is kept for the next method.
    fn judged(&mut self, answer: Option<AuthResult>) -> Answer {
        let answer = self.take_note(answer);
        if answer == Answer::Refused && self.password == PasswordState::Sent {
            self.password = PasswordState::Refused;
        }
        answer
    }
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
