//! `fix` and `rollback` as far as they get without a host: what makes no sense is told before anybody is reached.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Session, command, file, finished, run};

const SERVER: [&str; 2] = ["--ntp-server", "169.254.169.123"];

fn check(arguments: &[&str], status: i32, expected: &str) {
    let session = run(arguments);
    assert_eq!(session.status, Some(status), "{arguments:?}: {}", session.transcript());
    assert!(session.stderr.contains(expected), "{arguments:?}: {}", session.transcript());
    assert_eq!(session.stdout, "", "{arguments:?}");
}

#[test]
fn what_makes_no_sense_is_told_before_anybody_is_reached() {
    let fix = |more: &[&str], expected: &str| check(&[&["fix", "a.example,"], more].concat(), 64, expected);
    // Nobody is there to agree, and nobody has.
    fix(&SERVER, "there is no terminal to ask on");
    fix(&SERVER, "hint: `--yes` changes hosts without asking");
    fix(&SERVER, "hint: `--check --diff` shows what would be done");
    fix(&["--yes"], "nothing says which time servers the hosts are to follow");
    fix(&["--check"], "`clockaudit_ntp_servers`");
    fix(&["--yes", "--ntp-server", "a;reboot"], "`--ntp-server`: `a;reboot` is no name or address of a time server");
    for empty in ["", "a,", "a,,b"] {
        fix(&["--yes", "--ntp-server", empty], "`--ntp-server`: the name of a time server is empty");
    }
    fix(&["--yes", "--ntp-server", "a", "--ntp-server", "b,A"], "`--ntp-server`: `A` is named twice");
    fix(&["--yes", "--ntp-server", "169.254.169.300"], "`169.254.169.300` is no IPv4 or IPv6 address");
    fix(&["--yes", "--pool", ""], "`--pool`: the name of a time server is empty");
    fix(&["--yes", "--internal", ""], "`--internal` names no host");
    fix(&["--yes", "--pool", "a b"], "`--pool`: `a b` is no name or address");
    fix(&["--yes", "--ntp-server", "a", "--pool", "b"], "cannot be used with");
    fix(&["--yes", "--plan", "p.json", "--ntp-server", "a"], "cannot be used with");
    fix(&["--check", "--plan", "p.json", "--plan-out", "q.json"], "cannot be used with");
    check(&["fix", "a.example,", "--yes", "--plan", "/nowhere/p.json"], 65, "cannot be read");
    check(&["fix", "a.example,", "--yes", "--plan", super::slips::STORED], 65, "of format `clockaudit.report/1`");
    check(&["fix", "a.example,", "--ntp-server", "a", "--plan-out", "/nowhere/p.json"], 74, "there is no folder");
    fix(&["--yes", "--preset", "asw"], "[possible values: aws, gcp");
    fix(&["--yes", "--makestep", "--step", "never"], "`--makestep` steps clocks, and `--step never` allows none");
    fix(&["--yes", "--makestep", "--conf", "c"], "cannot be used with");
    check(&["fix", "a.example,", "--yes", "--conf", "/nowhere/c"], 65, "the template `/nowhere/c` cannot be read");
    check(&["fix", "10.0.0.1,10.0.0.2,", "--yes", "--internal", "10.0.0.3"], 64, "is not among the selected hosts");
    check(&["fix", "10.0.0.1,", "--yes", "--internal", "10.0.0.1"], 64, "needs other hosts beside");
    fix(&["--yes", "--canary", "0"], "must be at least 1");
    fix(&["--yes", "--wave", "0%"], "must be at least 1");
    fix(&["--yes", "--max-fail", "101%"], "at most `100%`");
    fix(&["--yes", "--hold", "30"], "a duration needs a unit");
    fix(&["--yes", "--step", "back"], "invalid value 'back'");
    let yes = ["--yes", "--ntp-server", "a"];
    check(&[&["fix", ""], &yes[..]].concat(), 64, "the name of an inventory is empty");
    check(&[&["fix", "a.example,", "-l", "b"], &yes[..]].concat(), 69, "b");
}

/// What is wrong with a template is told with its place, before any host is reached.
#[test]
fn a_template_that_cannot_be_filled_in_is_told_with_its_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = |template: &str, place: &str, parts: &[&str]| {
        let conf = file(folder.path(), "c.j2", template);
        let variables = r#"{"source": "a", "needs": "{{ gone }}", "x": 1}"#;
        for part in parts
            .iter()
            .chain(&[&*format!(" --> {conf}:{place}\n"), "error: the template can be filled in for no host\n"])
        {
            check(&["fix", "a.example,", "--yes", "--conf", &conf, "-e", variables], 65, part);
        }
    };
    let undefined = "the template refers to 'sorce', which is not defined; did you mean 'source'?\n";
    told(
        "# x\n\nserver {{ sorce }} iburst\n",
        "3:11",
        &[undefined, "\n3 | server {{ sorce }} iburst\n  |           ^^^^^\n"],
    );
    told("server {{\n  sorce }}\n", "2:3", &[undefined, "\n2 |   sorce }}\n"]);
    told("server {{ needs }}", "1:11", &["the template refers to 'gone', which is not defined\n"]);
    told("a\r\n  {% raise %}\r\n", "2:6", &["the template cannot be read: unknown statement raise\n"]);
    told("server a\n{% if x %}\nserver b\n", "3:1", &["unexpected end of input"]);
    told("pool {{ x | nowhere }}\n", "1:13", &["uses the filter 'nowhere', which clockaudit does not have\n"]);
    // What is handed to the engine is another text on this line.
    told("a\n  {{ 'a\\.b' }} {{ x }\n", "2:3", &["\n2 |   {{ 'a\\.b' }} {{ x }\n  |   ^^^^^^^^^^^^^^^^^^^\n"]);
    told("server {{ password = 'hunter2' }}\n", "1:20", &["\n1 | server {{ password = ********* **\n"]);
}

#[test]
fn what_a_plan_has_settled_is_not_typed_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = r#"{"schema":"clockaudit.plan/1","change":"--ntp-server a","step":"forward","hosts":[],"refused":[],"contents":{}}"#;
    let plan = file(folder.path(), "plan.json", plan);
    let conf = file(folder.path(), "chrony.conf", "server a\n");
    let fix = |more: &[&str], status: i32, expected: &str| {
        check(&[&["fix", "a.example,", "--yes", "--plan", &plan], more].concat(), status, expected);
    };
    fix(&["--step", "never"], 64, "the plan was made with `--step forward`, and `--step never` was typed beside it");
    fix(&["--step", "any"], 64, "hint: plan again for the other one: `--step any --plan-out FILE`");
    for more in [
        &["--ntp-server", "a"][..],
        &["--pool", "a"],
        &["--preset", "aws"],
        &["--conf", &conf],
        &["--internal", "a.example"],
        &["--makestep"],
        &["--install"],
        &["--replace-timekeeper"],
    ] {
        fix(more, 64, "cannot be used with");
    }
    // What the plan says too may be said.
    fix(&["--step", "forward"], 69, "none of the hosts of the plan is among the selected ones");
    let makestep = ["fix", "a.example,", "--makestep", "--plan-out", &plan];
    check(&makestep, 64, "cannot be used with");
}

#[test]
fn a_plan_is_not_written_over_the_inventory_of_its_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "a.example\n";
    let inventory = file(folder.path(), "hosts.ini", text);
    let link = folder.path().join("link").display().to_string();
    std::os::unix::fs::symlink(&inventory, &link).expect("a link");
    let whole = folder.path().display().to_string();
    for (source, plan) in [(&inventory, &inventory), (&inventory, &link), (&link, &inventory), (&whole, &inventory)] {
        let arguments = [&["fix", "-i", source, "--plan-out", plan], &SERVER[..]].concat();
        check(&arguments, 64, &format!("`--plan-out {plan}` would overwrite the inventory"));
        assert_eq!(fs::read_to_string(&inventory).expect("an inventory"), text);
    }
}

#[test]
fn variables_that_name_a_source_stand_for_a_flag() {
    let folder = tempfile::tempdir().expect("a folder");
    let inventory = file(folder.path(), "hosts.ini", "here clockaudit_preset=amazon\nthere\n");
    let session = run(&["fix", &inventory, "--list-hosts"]);
    assert_eq!(session.status, Some(0), "{}", session.transcript());
    assert_eq!(session.stdout, "  hosts (2):\n    here\n    there\n");
    check(&["fix", &inventory, "-l", "there", "--check"], 64, "nothing says which time servers");
}

#[test]
fn a_run_without_a_place_for_its_journal_changes_nothing() {
    let session = |set: &dyn Fn(&mut std::process::Command)| -> Session {
        let mut command = command(&["fix", "a.example,", "--yes", "--ntp-server", "a"]);
        set(&mut command);
        finished(command.spawn().expect("start"))
    };
    let nowhere = session(&|command| {
        command.env_remove("XDG_STATE_HOME").env_remove("HOME");
    });
    assert_eq!(nowhere.status, Some(74), "{}", nowhere.transcript());
    assert!(nowhere.stderr.contains("neither XDG_STATE_HOME nor HOME is set"), "{}", nowhere.transcript());
    let folder = tempfile::tempdir().expect("a folder");
    let taken = file(folder.path(), "taken", "");
    let not_there = session(&|command| {
        command.env("XDG_STATE_HOME", &taken);
    });
    assert_eq!(not_there.status, Some(74), "{}", not_there.transcript());
    assert!(not_there.stderr.contains("the journal of the run cannot be written"), "{}", not_there.transcript());
}

#[test]
fn a_run_is_undone_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let runs = folder.path().join("clockaudit/runs");
    fs::create_dir_all(&runs).expect("a folder");
    let check = |more: &[&str], status: i32, expected: &str| {
        let mut command = command(&[&["rollback"], more].concat());
        let session = finished(command.env("XDG_STATE_HOME", folder.path()).spawn().expect("start"));
        assert_eq!(session.status, Some(status), "{more:?}: {}", session.transcript());
        assert!(session.stderr.contains(expected), "{more:?}: {}", session.transcript());
    };
    check(&["20261129T210000Z-0001"], 64, "there is no terminal to ask on");
    check(&["20261129T210000Z-0001", "--yes"], 64, "there is none at all in");
    let begun = "{\"event\":\"run\",\"data\":{\"schema\":\"clockaudit.journal/1\",\"run\":\"20261129T210000Z-0001\",\
                 \"version\":\"0.1.0\",\"at\":\"2026-11-29T21:00:00.000Z\",\"change\":\"--ntp-server a\",\
                 \"inventories\":[\"a.example,\"]}}\n";
    fs::write(runs.join("20261129T210000Z-0001.jsonl"), begun).expect("a journal");
    check(&["20261129T210000Z-0002", "--yes"], 64, "did you mean `20261129T210000Z-0001`?");
    check(&["../../etc/passwd", "--yes"], 64, "there is no journal of a run `../../etc/passwd`");
    check(&["20261129T210000Z-0001", "--yes"], 0, "the run changed no host that is not as it was already");
    fs::write(runs.join("20261129T210000Z-0001.jsonl"), format!("{begun}nonsense\n")).expect("a journal");
    check(&["20261129T210000Z-0001", "--yes"], 65, "line 2 of the journal is damaged");
    fs::write(runs.join("20261129T210000Z-0001.jsonl"), "nonsense\n").expect("a journal");
    check(&["20261129T210000Z-0001", "--yes"], 65, "not a journal of clockaudit");
    let mode = fs::metadata(&runs).expect("a folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "others must not look into the journals");
}
