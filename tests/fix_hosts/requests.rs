//! Requests that the tests make of a host.

use clockaudit::fix::remote::{Answer, Apply, Becomes, Change, Expected, FileKind, Request, RunId, Step, Survey};

use crate::site::Session;

/// Where Debian has its configuration.
pub(crate) const CONFIGURATION: &str = "/etc/chrony/chrony.conf";

/// The name of a run.
pub(crate) fn run(name: &str) -> RunId {
    RunId::new(name).expect("a name")
}

/// What is there.
pub(crate) fn survey(session: &mut Session) -> Survey {
    match session.ask(&Request::Survey).1 {
        Answer::Survey(survey) => *survey,
        other => panic!("{other:?}"),
    }
}

/// The stock configuration with another server in the place of its own.
pub(crate) fn edited(old: &[u8], server: &str) -> Vec<u8> {
    let text = std::str::from_utf8(old).expect("text");
    let mut new = String::new();
    for line in text.lines() {
        if ["pool ", "leapsectz "].iter().any(|directive| line.starts_with(directive)) {
            new.push_str("# ");
        }
        new.push_str(line);
        new.push('\n');
    }
    new.push_str("server ");
    new.push_str(server);
    new.push_str(" prefer iburst\n");
    new.into_bytes()
}

/// A request that makes the stock configuration follow a server.
pub(crate) fn follow(survey: &Survey, server: &str, run: RunId) -> Apply {
    let main = survey.files.iter().find(|file| file.kind == FileKind::Main).expect("a configuration");
    let old = main.bytes.as_deref().expect("its bytes");
    Apply {
        run,
        configuration: main.path.clone(),
        changes: vec![Change {
            path: main.path.clone(),
            was: main.digest,
            becomes: Becomes::Bytes(edited(old, server)),
        }],
        installs: None,
        expected: Expected::OneOf(vec![server.parse().expect("an address")]),
        wait_s: 30,
        guard_s: 120,
        restarts: true,
        validates: true,
        slews: false,
    }
}

pub(crate) fn is_replaced(step: &Step) -> bool {
    matches!(step, Step::Replaced { .. })
}
