//! Under exactly the printed sudoers: a host is mended, and sudo runs nothing else.

use std::process::Stdio;

use clockaudit::clock::Nanos;
use clockaudit::fix::remote::{Answer, Request, script};
use clockaudit::fix::sudoers::sudoers;
use clockaudit::inventory::elevation::{Elevation, ElevationMethod};
use clockaudit::inventory::secret::Secret;

use crate::requests::{follow, run, survey};
use crate::site::{CLOUD_SERVER, Plan, Session, Site};
use crate::{SECOND, with_site};

/// The password of the user, and what sudo asks with.
const PASSWORD: &str = "S3same";
const QUESTION: &str = "[clockaudit 5f] password:";

fn by_sudo(password: Option<&str>) -> Elevation {
    Elevation {
        method: ElevationMethod::Sudo,
        user: "root".to_owned(),
        program: None,
        flags: None,
        password: password.map(|password| Secret::new(password.to_owned())),
    }
}

/// Gives the user these lines and no others.
fn allow(site: &Site, lines: &str) {
    site.run("host", "rm -f /etc/sudoers.d/*");
    site.run("host", &format!("umask 227; cat >/etc/sudoers.d/clockaudit <<'END'\n{lines}END\n"));
    site.run("host", "visudo -c");
}

/// What a command line leaves behind: its status, its output and its complaints.
fn outcome(site: &Site, line: &str) -> (bool, String, String) {
    let output = site.ssh("host", line).stdin(Stdio::null()).output().expect("ssh");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_printed_sudoers_are_enough_for_a_fix_and_for_nothing_else() {
    let plan = Plan { name: "host", offset: Nanos(-8 * SECOND), furnish: "" };
    let test = "sudo::the_printed_sudoers_are_enough_for_a_fix_and_for_nothing_else";
    with_site(test, &[plan], &[(CLOUD_SERVER, Nanos(0))], |site| {
        site.run("host", &format!("echo 'audit:{PASSWORD}' | chpasswd"));
        let lines = sudoers("audit").expect("lines");
        allow(site, &lines);
        // Without the password sudo does nothing, and says so.
        let (is_well, said, complained) = outcome(site, &by_sudo(None).command(script::START, QUESTION));
        assert!(!is_well && said.is_empty() && complained.contains("a password is required"), "{said} {complained}");
        let command = by_sudo(Some(PASSWORD)).command(script::START, QUESTION);
        let session = Session::start_by(site.ssh("host", &command), Some((QUESTION, PASSWORD)));
        mended(session, "1", true);
        nothing_else(site);
        // As the comment in them says: no password.
        allow(site, &lines.replace("ALL=(root) ", "ALL=(root) NOPASSWD: "));
        mended(Session::start(site.ssh("host", &by_sudo(None).command(script::START, QUESTION))), "2", false);
        nothing_else(site);
        // The whole of it, from the scan to the scan afterwards: nothing but the script runs as root.
        let inventory = site.inventory();
        let fixed = site.clockaudit(&["fix", &inventory, "--ntp-server", CLOUD_SERVER, "--hold", "4s", "--yes"]);
        assert_eq!(fixed.status, Some(0), "{fixed}");
        assert!(fixed.stdout.contains("\n1 converged "), "{fixed}");
    });
}

/// Everything that a fix asks of a host; a second one finds all as it should be.
fn mended(mut session: Session, name: &str, is_first: bool) {
    let found = survey(&mut session);
    assert_eq!(found.user, 0);
    if is_first {
        let Answer::Apply(applied) = session.ask(&Request::Apply(follow(&found, CLOUD_SERVER, run(name)))).1 else {
            panic!("no answer to what was asked")
        };
        assert!(applied.is_ok(), "{applied:?}");
        assert!(matches!(
            session.ask(&Request::Alive(run(name))).1,
            Answer::Alive { tracking: Some(_), heard: Ok(()) }
        ));
        assert_eq!(session.ask(&Request::Confirm(run(name))).1, Answer::Confirm(Ok(Vec::new())));
    }
}

/// Other commands, and the same one with anything changed, as root or as somebody else.
fn nothing_else(site: &Site) {
    let same = script::START;
    let others = [
        "id".to_owned(),
        "/bin/sh".to_owned(),
        "/bin/sh -s".to_owned(),
        "/bin/sh -c id".to_owned(),
        format!("{same} x"),
        same.replace("/bin/sh -c", "/bin/bash -c"),
        same.replace("exec /bin/sh -s", "exec /bin/sh -s;id"),
    ];
    for other in others {
        let asked = format!("echo {PASSWORD} | sudo -k -S -p '' -u root {other}");
        let (is_well, said, complained) = outcome(site, &asked);
        assert!(
            !is_well && said.is_empty() && complained.contains("not allowed to execute"),
            "{asked}: {said} {complained}"
        );
    }
    let (is_well, said, _) = outcome(site, &format!("echo {PASSWORD} | sudo -k -S -p '' -u daemon {same}"));
    assert!(!is_well && said.is_empty(), "{said}");
}
