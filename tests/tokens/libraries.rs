//! The real libraries: each is asked whether it refuses a token at an instant that the test chooses.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use clockaudit::clock::Nanos;
use serde_json::{Value, json};

/// Where `tests/run` installs them.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/token-libraries");
/// Where the programs are that ask them.
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tokens");

/// A process that has libraries loaded and answers one question after the other.
pub(crate) struct Verifier {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Verifier {
    /// `PyJWT` and python-jose.
    pub(crate) fn python() -> Self {
        let python = format!("{INSTALLED}/python/bin/python");
        assert!(Path::new(&python).exists(), "{python} is missing: `./tests/run --set-up` installs it");
        Self::start(Command::new(python).arg(format!("{HERE}/verify.py")))
    }

    /// jsonwebtoken and jose of Node.js.
    pub(crate) fn node() -> Self {
        let modules = format!("{INSTALLED}/node_modules/jsonwebtoken");
        assert!(Path::new(&modules).exists(), "{modules} is missing: `./tests/run --set-up` installs it");
        Self::start(Command::new("node").arg(format!("{HERE}/verify.cjs")).arg(INSTALLED))
    }

    fn start(command: &mut Command) -> Self {
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the libraries' interpreter starts");
        let questions = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        Self { process, questions, answers }
    }

    /// Whether this library refuses a token with one claim (whole seconds since 1970) at this reading of its clock.
    pub(crate) fn refuses(&mut self, library: &str, claim: (&str, i64), now: Nanos, leeway: Option<i64>) -> bool {
        let (name, second) = claim;
        self.refuses_all(library, &json!({ name: second }), now, leeway)
    }

    /// Whether it refuses a token with these claims (seconds since 1970) at this reading of its clock.
    pub(crate) fn refuses_all(&mut self, library: &str, claims: &Value, now: Nanos, leeway: Option<i64>) -> bool {
        let question = json!({ "library": library, "claims": claims, "now": now.0, "leeway": leeway });
        self.ask(&question).as_bool().expect("yes or no")
    }

    /// How many of `count` tokens `PyJWT` refuses at their first use.
    pub(crate) fn refused_first_uses(&mut self, count: u32, skew: Nanos, transit: Nanos, leeway: i64) -> u32 {
        let now = Nanos::from_seconds(super::shares::NOON).0;
        let question = json!({ "count": count, "now": now, "skew": skew.0, "transit": transit.0, "leeway": leeway });
        self.ask(&question).as_u64().and_then(|found| u32::try_from(found).ok()).expect("a number")
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions, "{question}").expect("the library is there");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer");
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("no answer to {question}: {answer:?}"))
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        // It ends with its input; whoever does not is ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
