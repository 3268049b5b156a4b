//! Sources that are more than a file: programs, standard input, Ansible itself; and what hostile ones cost.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use clockaudit::files::inventory::{LoadSettings, Loaded, Source, load};

use crate::loading::{load_text, said, settings};

/// Writes a program.
fn program(path: &Path, text: &str) {
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// Loads what a script prints.
fn load_script(text: &str, change: impl Fn(&mut LoadSettings)) -> Loaded {
    let folder = tempfile::tempdir().expect("a folder");
    program(&folder.path().join("inv"), text);
    let mut settings = settings(folder.path());
    change(&mut settings);
    load(&[Source::from("inv")], &settings).expect("an inventory")
}

fn hosts(loaded: &Loaded) -> Vec<String> {
    loaded
        .inventory
        .hosts()
        .map(|(_, host)| format!("{} {:?}", host.name, host.variables.get("n").map(|v| &v.value)))
        .collect()
}

#[test]
fn a_script_is_asked_for_each_host_that_it_does_not_describe() {
    let script = "#!/bin/sh\n\
        if [ \"$1\" = --list ]; then echo '{\"web\": [\"h1\", \"h2\", \"h3\"]}'; exit; fi\n\
        [ \"$2\" = h2 ] || echo \"{\\\"n\\\": \\\"of $2\\\"}\"\n";
    let loaded = load_script(script, |_| {});
    assert_eq!(said(&loaded), <[String; 0]>::default());
    assert_eq!(hosts(&loaded), ["h1 Some(Text(\"of h1\"))", "h2 None", "h3 Some(Text(\"of h3\"))"]);
    let loaded = load_script("#!/bin/sh\n[ $1 = --list ] || exit 7\necho '{\"web\": [\"h1\"]}'\n", |_| {});
    assert_eq!(
        said(&loaded),
        ["inventory incomplete: inv --host h1: ended with exit code 7 \
          (the variables of this host and of those after it are missing)"]
    );
}

#[test]
fn a_signal_that_ends_the_program_ends_what_it_runs() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;
    use std::io::{BufRead, BufReader};
    // A script and its child: both say when they are there, and once more unless they were ended.
    let script = "#!/bin/sh\nexec 3>heard\n(sleep 20; echo child survived >&3) >/dev/null 2>&1 &\n\
                  echo started >&3\nsleep 20\necho script survived >&3\n";
    let listed: &[&str] = &["./inv", "--list"];
    let matched: &[&str] = &["h1,", "--explain", "h1", "-F", "config"];
    let opened: &[&str] = &["h1,", "--list", "--vault-password-file", "inv"];
    for (words, signal, code) in [
        (listed, Signal::SIGINT, 130),
        (listed, Signal::SIGTERM, 143),
        (matched, Signal::SIGINT, 130),
        (opened, Signal::SIGTERM, 143),
        (opened, Signal::SIGINT, 130),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let heard = folder.path().join("heard");
        nix::unistd::mkfifo(&heard, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        program(&folder.path().join("inv"), script);
        fs::write(folder.path().join("config"), "Match exec ./inv\n  User x\n").expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
            .arg("inventory")
            .args(words)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut heard = BufReader::new(fs::File::open(heard).expect("the pipe"));
        let mut line = String::new();
        heard.read_line(&mut line).expect("a line");
        assert_eq!(line, "started\n");
        let process = Pid::from_raw(i32::try_from(child.id()).expect("a number"));
        kill(process, signal).expect("a signal");
        assert_eq!(child.wait().expect("an end").code(), Some(code));
        // The end of the pipe comes when nobody holds it any more.
        let rest: Vec<String> = heard.lines().map(|line| line.expect("a line")).collect();
        assert_eq!(rest, <[String; 0]>::default());
    }
}

#[test]
fn a_script_that_does_not_end_or_prints_without_end_is_an_error() {
    let hanging = load_script("#!/bin/sh\nexec sleep 600\n", |settings| {
        settings.limits.script_list = Duration::from_millis(50);
    });
    assert_eq!(
        said(&hanging),
        ["inventory incomplete: inv: has not ended within 0.05 s and was stopped (run with --list) \
          (its hosts and variables are missing)"]
    );
    let endless = load_script("#!/bin/sh\nexec yes\n", |settings| settings.limits.file_bytes = 1 << 20);
    assert!(said(&endless)[0].contains("prints more than 1 MiB"), "{:?}", said(&endless));
}

#[test]
fn the_deadline_of_a_run_ends_the_programs_that_it_waits_for() {
    let folder = tempfile::tempdir().expect("a folder");
    program(&folder.path().join("hangs"), "#!/bin/sh\nexec sleep 1000000\n");
    let check = |words: &[&str], code: i32, expected: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
            .args(["scan", "--deadline", "2", "--no-state", "-F", "none"])
            .args(words)
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("the program runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(code) && said.contains(expected), "{words:?}: {:?} {said}", output.status);
    };
    let late = "has not ended within the 2 s of `--deadline` and was stopped";
    check(&["./hangs"], 65, &format!("./hangs: {late} (run with --list)"));
    check(&["127.0.0.1,", "--connection-password-file", "hangs"], 77, &format!("hangs: the program {late}"));
    check(&["127.0.0.1,", "--vault-password-file", "hangs"], 77, &format!("hangs: the program {late}"));
}

#[test]
fn what_a_script_started_ends_with_it() {
    // The child says when it is there, and once more unless it was ended.
    let script =
        "#!/bin/sh\n(echo started >&3; sleep 20; echo survived >&3) 3>heard >/dev/null 2>&1 &\nexec sleep 1000000\n";
    let folder = tempfile::tempdir().expect("a folder");
    let heard = folder.path().join("heard");
    nix::unistd::mkfifo(&heard, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    program(&folder.path().join("inv"), script);
    let mut settings = settings(folder.path());
    settings.limits.script_list = Duration::from_secs(2);
    let pipe = heard.clone();
    let listener = std::thread::spawn(move || fs::read_to_string(pipe).expect("what was heard"));
    let loaded = load(&[Source::from("inv")], &settings).expect("an inventory");
    assert!(said(&loaded)[0].contains("has not ended within 2 s and was stopped"), "{:?}", said(&loaded));
    // Where the script was ended before it had begun, nobody else would ever have written.
    let nobody = fs::OpenOptions::new().write(true).custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits()).open(&heard);
    drop(nobody);
    let heard = listener.join().expect("a listener");
    assert!(!heard.contains("survived"), "{heard}");
}

#[test]
fn what_a_script_tells_of_one_host_has_a_place() {
    let script = "#!/bin/sh\n\
        if [ \"$1\" = --list ]; then echo '{\"web\": [\"h1\", \"h2\"]}'; exit; fi\n\
        printf '{\\n\"ansible_user\": \"of %s\"\\n}\\n' \"$2\"\n";
    let folder = tempfile::tempdir().expect("a folder");
    program(&folder.path().join("inv"), script);
    let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
        .args(["inventory", "-i", "inv", "--explain", "h2"])
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .output()
        .expect("clockaudit");
    let table = String::from_utf8(output.stdout).expect("text");
    let user = table.lines().find(|line| line.trim_start().starts_with("user ")).expect("the user");
    let user = user.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(user, "user of h2 ansible_user (inv --host line 2)");
}

#[test]
fn a_key_that_json_has_twice_is_told_with_its_place_and_the_later_value_wins() {
    let lost = "Make one of them: what the first one holds is lost, as with Ansible";
    let twice = |name: &str, line: usize, first: usize, hint: &str| {
        let what = "the later value wins, and 1 host of the first one is lost: a";
        format!("{name} line {line}: `hosts` stands in line {first} already; {what}. {hint}")
    };
    let text = "{\"all\": {\"hosts\": {\"a\": {}},\n \"hosts\": {\"b\": {\"n\": 1, \"n\": 2}}}}\n";
    for name in ["hosts.json", "hosts.yml", "hosts"] {
        let loaded = load_text(name, text, |_| {});
        let of_host = format!("{name} line 2: `n` stands in line 2 already; the later value wins. Remove one of them");
        assert_eq!(said(&loaded), [of_host, twice(name, 2, 1, lost)], "{name}");
        assert_eq!(hosts(&loaded), ["b Some(Integer(\"2\"))"], "{name}");
    }
    let script = "#!/bin/sh\n\
        if [ \"$1\" = --list ]; then echo '{\"web\": {\"hosts\": [\"a\"], \"hosts\": [\"b\"]}}'; exit; fi\n\
        echo '{\"n\": 1, \"n\": 2}'\n";
    let loaded = load_script(script, |_| {});
    let of_host = "inv --host b line 1: `n` stands in line 1 already; the later value wins. Remove one of them";
    assert_eq!(said(&loaded), [&twice("inv --list", 1, 1, lost), of_host]);
    assert_eq!(hosts(&loaded), ["b Some(Integer(\"2\"))"]);
    // All on one line, as programs print it: the place is told, and not all of the line.
    let folder = tempfile::tempdir().expect("a folder");
    let long = format!(
        "{{\"all\": {{\"hosts\": {{\"a\": {{\"x\": \"{}\"}}}}, \"hosts\": {{\"b\": {{}}}}}}}}",
        "x".repeat(500)
    );
    fs::write(folder.path().join("hosts.json"), long).expect("a file");
    let output = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
        .args(["inventory", "hosts.json", "--hosts", "all"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .output()
        .expect("clockaudit");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("hosts.json line 1, column 537: `hosts` stands in line 1 already"), "{told}");
    assert!(!told.contains("xxx") && output.stdout == b"b\n", "{told}");
}

#[test]
fn a_key_that_stands_twice_tells_which_hosts_are_lost_by_it() {
    let check = |text: &str, expected: &str| {
        let loaded = load_text("hosts.yml", text, |_| {});
        let told = said(&loaded);
        assert_eq!(told.len(), 1, "{text}: {told:?}");
        assert!(told[0].contains(&format!("already; the later value wins{expected}")), "{text}: {told:?}");
        assert!(!loaded.is_incomplete(), "Ansible goes on, too");
    };
    let lost = |hosts: &str| format!(", and {hosts}");
    check("a: {hosts: {h1: }}\na: {hosts: {h2: }}\n", &lost("1 host of the first one is lost: h1. Remove"));
    check(
        "a:\n  hosts: {h1: , 'w[1:400]': , k: }\n  children: {b: {hosts: {x: }}}\na: {hosts: {k: }}\n",
        &lost("402 hosts of the first one are lost: h1,w[1-400],x. Remove"),
    );
    check(
        "a:\n  children: {b: {hosts: h1}}\n  children: {b: {hosts: h2}}\n",
        &lost("1 host of the first one is lost: h1. Make one"),
    );
    check(
        "a: {hosts: {'h[1:900000]': }}\na: {hosts: {h1: }}\n",
        &lost("the first one's hosts are lost: h[1:900000]. "),
    );
    // Nobody is lost: the same hosts again, variables of a host, and what only looks like hosts.
    check("a: {hosts: {h1: }}\na: {hosts: {h1: }}\n", ". Remove");
    check("a: {hosts: {h1: {v: 1}, h1: {w: 1}}}\n", ". Remove");
    check("a: {vars: {x: {hosts: {h1: }, hosts: {h2: }}}}\n", ". Make one");
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("group_vars")).expect("a folder");
    fs::write(folder.path().join("group_vars/all"), "a: {hosts: {h1: }}\na: {hosts: {h2: }}\n").expect("a file");
    fs::write(folder.path().join("hosts.ini"), "h1\n").expect("a file");
    let loaded = load(&[Source::from("hosts.ini")], &settings(folder.path())).expect("an inventory");
    let told = said(&loaded).join("\n");
    assert!(told.ends_with("`a` stands in line 1 already; the later value wins. Remove one of them"), "{told}");
}

#[test]
fn a_script_that_fails_tells_what_it_said() {
    let failed = load_script("#!/bin/sh\necho no route >&2; exit 3\n", |_| {});
    assert!(said(&failed)[0].contains("ended with exit code 3; it says: no route"), "{:?}", said(&failed));
    let wrong = load_script("#!/bin/sh\necho '{\"web\":'\n", |_| {});
    assert_eq!(
        said(&wrong),
        ["inventory incomplete: inv --list line 2: this is no JSON (its hosts and variables are missing)"]
    );
    let nobody = load_script("#!/nonexistent/python\n", |_| {});
    assert!(said(&nobody)[0].contains("the one after #! is missing"), "{:?}", said(&nobody));
}

#[test]
fn a_text_that_may_be_executed_is_no_program() {
    let loaded = load_script("[web]\nh1 n=1\n", |_| {});
    assert_eq!(said(&loaded), <[String; 0]>::default());
    assert_eq!(hosts(&loaded), ["h1 Some(Integer(\"1\"))"]);
}

#[test]
fn ansible_itself_can_read_the_sources() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = settings(folder.path());
    settings.via_ansible = true;
    settings.environment.insert("PATH".to_owned(), "/nonexistent".to_owned());
    let missing = load(&[Source::from("aws.yml")], &settings).expect("an inventory");
    assert!(missing.is_incomplete() && said(&missing)[0].contains("pipx install ansible-core"), "{:?}", said(&missing));
    // It is there, and has failed.
    program(&folder.path().join("ansible-inventory"), "#!/bin/sh\necho 'no such plugin' >&2\nexit 1\n");
    settings.environment.insert("PATH".to_owned(), folder.path().to_string_lossy().into_owned());
    let failed = load(&[Source::from("aws.yml")], &settings).expect("an inventory");
    let [told] = &*said(&failed) else { panic!("{:?}", said(&failed)) };
    assert!(told.contains("no such plugin") && told.contains("run the command by hand"), "{told}");
    assert!(!told.contains("pipx"), "{told}");
    program(
        &folder.path().join("ansible-inventory"),
        "#!/bin/sh\necho \"{\\\"_meta\\\": {\\\"hostvars\\\": {\\\"h1\\\": {\\\"n\\\": \\\"$*\\\"}}}, \\\"web\\\": {\\\"hosts\\\": [\\\"h1\\\"]}, \
         \\\"none\\\": {}}\"\n",
    );
    settings.environment.insert("PATH".to_owned(), folder.path().to_string_lossy().into_owned());
    let loaded = load(&[Source::from("aws.yml"), Source::from("b")], &settings).expect("an inventory");
    assert_eq!(said(&loaded), <[String; 0]>::default());
    assert_eq!(hosts(&loaded), ["h1 Some(Text(\"-i aws.yml -i b --list\"))"]);
}

#[test]
fn standard_input_is_read_as_a_file_without_extension() {
    let listed = |input: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_clockaudit"))
            .args(["inventory", "-", "--hosts", "web"])
            .env("HOME", "/nonexistent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("clockaudit");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("its end");
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(listed("{\"_meta\": {\"hostvars\": {}}, \"web\": {\"hosts\": [\"h1\", \"h2\"]}}"), "h1\nh2\n");
    assert_eq!(listed("web:\n  hosts:\n    h3:\n"), "h3\n");
    assert_eq!(listed("[web]\nh4\n"), "h4\n");
}

#[test]
fn a_megabyte_of_random_bytes_is_one_clear_error() {
    let mut random = fastrand::Rng::with_seed(11);
    let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(1 << 20).collect();
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["hosts", "hosts.ini", "hosts.yml", "hosts.json", "hosts.toml"] {
        fs::write(folder.path().join(name), &bytes).expect("a file");
        let loaded = load(&[Source::from(name)], &settings(folder.path())).expect("an inventory");
        assert!(loaded.is_incomplete(), "{name}");
        assert!(loaded.diagnostics.len() <= 3, "{name}: {} diagnostics", loaded.diagnostics.len());
    }
}

#[test]
fn a_bomb_a_circle_and_a_huge_range_end_at_their_limits() {
    let check = |name: &str, text: &str, expected: &str| {
        let loaded = load_text(name, text, |_| {});
        assert!(loaded.is_incomplete() && said(&loaded)[0].contains(expected), "{:?}", said(&loaded));
        assert_eq!(loaded.inventory.host_count(), 0, "{name}");
    };
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        bomb = format!("{bomb}a{level}: &a{level} [{}]\n", format!("*a{},", level - 1).repeat(10));
    }
    check("hosts.yml", &bomb, "hosts.yml line 6: the aliases up to here stand for more than 1000000 values");
    check("hosts.yml", "a: {children: {b: {children: {a: {}}}}}\n", "would make a circle of groups");
    check("hosts.yml", "a: {hosts: {'h[1:1000000000]': {}}}\n", "larger than 100000 hosts");
    check("hosts.toml", "[a.hosts]\n'h[1:1000000000]' = {}\n", "larger than 100000 hosts");
}
