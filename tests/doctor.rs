//! `clockaudit doctor` on machines with one planted fault each: it is found, named, and decides the exit code.
#![expect(clippy::expect_used, reason = "a test ends where its preparations fail")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A user's home with a key that an agent holds, and a known host.
struct Home {
    folder: tempfile::TempDir,
    agent: Child,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ssh = folder.path().join(".ssh");
        fs::create_dir(&ssh).expect("a folder");
        let key = ssh.join("id_ed25519");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(&key)
            .status()
            .expect("ssh-keygen of openssh-client");
        assert!(made.success());
        let public = fs::read_to_string(key.with_extension("pub")).expect("a key");
        fs::write(ssh.join("known_hosts"), format!("a.example {public}")).expect("a file");
        let socket = folder.path().join("agent");
        // It says where it listens once it does.
        let mut agent = Command::new("ssh-agent")
            .args(["-D", "-a"])
            .arg(&socket)
            .stdout(Stdio::piped())
            .spawn()
            .expect("ssh-agent of openssh-client");
        let mut said = String::new();
        let stdout = agent.stdout.take().expect("a pipe");
        std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut said).expect("a line");
        let added = Command::new("ssh-add").arg(&key).env("SSH_AUTH_SOCK", &socket).output().expect("ssh-add");
        assert!(added.status.success(), "{added:?}");
        Self { folder, agent }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An inventory of this text.
    fn inventory(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a file");
        path
    }

    /// clockaudit as this user runs it, started by `front` where that is not empty.
    fn command(&self, front: &[&str]) -> Command {
        let program = env!("CARGO_BIN_EXE_clockaudit");
        let mut command = match front {
            [] => Command::new(program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        command.env("HOME", self.folder.path()).env("SSH_AUTH_SOCK", self.path("agent"));
        for variable in ["ANSIBLE_INVENTORY", "ANSIBLE_CONFIG", "CLICOLOR_FORCE", "XDG_STATE_HOME"] {
            command.env_remove(variable);
        }
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

/// What doctor said, and how it ended.
fn doctor(command: &mut Command, inventory: &Path) -> (Option<i32>, String) {
    let output = command.arg("doctor").arg(inventory).stdin(Stdio::null()).output().expect("a command that ends");
    let text = String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// The line of a subject.
fn line<'text>(text: &'text str, subject: &str) -> &'text str {
    let is_it = |line: &&str| line.get(6..).is_some_and(|rest| rest.starts_with(subject));
    text.lines().find(is_it).unwrap_or_default()
}

#[test]
fn a_machine_without_faults_is_told_so() {
    let home = Home::new();
    let inventory = home.inventory("fleet.ini", "a.example\n");
    let (code, text) = doctor(&mut home.command(&[]), &inventory);
    // Nobody keeps this machine's clock in a test, which is worth a warning and no more.
    assert_eq!(code, Some(1), "{text}");
    for subject in ["inventory", "agent", "key file", "known hosts"] {
        assert!(line(&text, subject).starts_with("ok "), "{subject}: {text}");
    }
    assert!(!text.contains("FAIL"), "{text}");
}

#[test]
fn help_tells_what_the_exit_codes_mean() {
    let output = Home::new().command(&[]).args(["doctor", "--help"]).output().expect("a command that ends");
    let text = String::from_utf8(output.stdout).expect("text");
    for code in ["  0    nothing", "  1    a scan works worse", "  2    a scan fails"] {
        assert!(text.contains(code), "{code}: {text}");
    }
}

#[test]
fn keys_are_asked_for_only_where_a_host_needs_them() {
    let home = Home::new();
    fs::remove_file(home.path(".ssh/id_ed25519")).expect("a key");
    let check = |text: &str, agent: &str| {
        let inventory = home.inventory("fleet.ini", text);
        let mut alone = home.command(&[]);
        alone.env_remove("SSH_AUTH_SOCK");
        let (_, text) = doctor(&mut alone, &inventory);
        assert!(line(&text, "agent").starts_with(agent), "{text}");
        assert_eq!(line(&text, "agent").is_empty(), agent.is_empty(), "{text}");
    };
    check("a.example\n", "FAIL");
    check("a.example ansible_password=secret\n", "ok ");
    check("here ansible_connection=local\n", "");
    check("here ansible_connection=local\na.example\n", "FAIL");
}

#[test]
fn each_planted_fault_is_found() {
    let home = Home::new();
    let good = home.inventory("good.ini", "a.example\n");
    let missing_key = home.inventory("key.ini", "a.example ansible_ssh_private_key_file=/no/such/key\n");
    fs::write(home.path("garbage"), "no key at all\n").expect("a file");
    let garbage = format!("a.example ansible_ssh_private_key_file={}\n", home.path("garbage").display());
    let garbage = home.inventory("garbage.ini", &garbage);
    let plugin = home.inventory("cloud.yml", "plugin: no.such.plugin\n");

    let check = |mut command: Command, inventory: &Path, expected: (&str, &str, i32)| {
        let (subject, word, code) = expected;
        let (ended, text) = doctor(&mut command, inventory);
        let is_told =
            |line: &str| line.starts_with(word) && line.get(6..).is_some_and(|rest| rest.starts_with(subject));
        assert!(text.lines().any(is_told), "{subject}: {text}");
        assert_eq!(ended, Some(code), "{subject}: {text}");
    };
    check(home.command(&["prlimit", "--nofile=256:256"]), &good, ("open files", "warn", 1));
    check(home.command(&[]), &missing_key, ("key file", "warn", 1));
    check(home.command(&[]), &garbage, ("key file", "warn", 1));
    check(home.command(&[]), &plugin, ("inventory", "FAIL", 2));

    let mut nobody_answers = home.command(&[]);
    nobody_answers.env("SSH_AUTH_SOCK", home.path("nobody"));
    check(nobody_answers, &good, ("agent", "warn", 1));
    fs::remove_file(home.path(".ssh/id_ed25519")).expect("a key");
    let mut no_agent = home.command(&[]);
    no_agent.env_remove("SSH_AUTH_SOCK");
    check(no_agent, &good, ("agent", "FAIL", 2));
}

#[test]
fn a_key_file_that_is_missing_is_a_fault_only_where_nothing_else_logs_in() {
    let home = Home::new();
    let (key, config) = (home.path(".ssh/id_ed25519"), home.path(".ssh/other_config"));
    let public = home.path("public");
    fs::copy(key.with_extension("pub"), &public).expect("a file");
    let check = |lines: &str, host: &str, has_agent: bool, code: i32, told: &[&str]| {
        let lines = lines.replace("KEY", &key.display().to_string()).replace("PUBLIC", &public.display().to_string());
        fs::write(&config, lines).expect("a file");
        let inventory = home.inventory("fleet.ini", host);
        let mut command = home.command(&[]);
        if !has_agent {
            command.env_remove("SSH_AUTH_SOCK");
        }
        let output =
            command.arg("doctor").arg(&inventory).arg("-F").arg(&config).output().expect("a command that ends");
        let text = String::from_utf8(output.stdout).expect("text");
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words_told in told {
            assert!(words.contains(words_told), "{words_told}: {text}");
        }
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert_eq!(text.contains("FAIL"), code == 2, "{text}");
    };
    let missing = "warn key file /no/such/key does not exist";
    let nothing = "FAIL login a.example: nothing to log in with";
    let two = "IdentityFile /no/such/key\nIdentityFile KEY\nIdentitiesOnly yes\n";
    let one = "IdentityFile /no/such/key\n";
    let only = "IdentityFile /no/such/key\nIdentitiesOnly yes\n";
    check(two, "a.example\n", false, 1, &[missing, "ok agent none runs"]);
    check(one, "a.example\n", true, 1, &[missing]);
    check(one, "a.example ansible_password=secret\n", false, 1, &[missing]);
    check(one, "a.example\n", false, 2, &[missing, nothing]);
    check(only, "a.example\nb.example ansible_password=secret\n", true, 2, &[missing, nothing]);
    let no_password = "PasswordAuthentication no\nKbdInteractiveAuthentication no\n";
    check(&format!("{only}{no_password}"), "a.example ansible_password=secret\n", true, 2, &[missing, nothing]);
    // A key may be named by its public half.
    check("IdentityFile PUBLIC\n", "a.example\n", true, 1, &["public: the agent holds its key"]);
    check("IdentityFile PUBLIC\nIdentitiesOnly yes\n", "a.example\n", false, 2, &["is only a public key", nothing]);
    // A jump host has files of its own, and is asked for its password by a person.
    let behind =
        "Host a.example\nProxyJump gate\nIdentityFile KEY\nHost gate\nIdentityFile /no/such/key\nIdentitiesOnly yes\n";
    check(behind, "a.example\n", true, 1, &[missing]);
    check(&format!("{behind}BatchMode yes\n"), "a.example\n", true, 2, &[missing, nothing]);
    check(
        "IdentityAgent SOCKET\n".replace("SOCKET", &home.path("agent").display().to_string()).as_str(),
        "a.example\n",
        false,
        1,
        &["ok agent none runs"],
    );
}

#[test]
fn settings_that_lose_hosts_are_found_with_their_place() {
    let home = Home::new();
    let check = |text: &str, code: i32, word: &str, told: &[&str]| {
        let inventory = home.inventory("fleet.ini", text);
        let output = home.command(&[]).arg("doctor").arg(&inventory).output().expect("a command that ends");
        let text = String::from_utf8(output.stdout).expect("text").replace(&inventory.display().to_string(), "FLEET");
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(line(&text, "settings").starts_with(word), "{text}");
        assert!(!text.contains("everything understood"), "{text}");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in told {
            assert!(text.contains(words), "{words}: {text}");
        }
    };
    let of_group = "[web]\nweb[1:40]\na.example\n[web:vars]\nansible_port=22x1\n";
    check(
        of_group,
        2,
        "FAIL",
        &["a.example,web[1-40]: ansible_port (FLEET line 5) is no port: 22x1", "not fit to scan"],
    );
    check("a.example\nb ansible_port=99999\n", 2, "FAIL", &["b: ansible_port (FLEET line 2) is no port: 99999"]);
    let remedy = "`clockaudit inventory INVENTORY --explain b` shows every setting";
    check("b ansible_host=x:2200\n", 2, "FAIL", &["FLEET line 1) is x:2200; a port belongs into ansible_port", remedy]);
    check("b ansible_user='{{ who }}'\n", 2, "FAIL", &["(FLEET line 1) refers to 'who', which is not defined"]);
    check("b clockaudit_warn=soon\n", 2, "FAIL", &["clockaudit_warn", "no scan begins before"]);
    let doas = "b: ansible_become_method (FLEET line 1) is 'doas', which is not supported (sudo, su)";
    check("b ansible_become_method=doas\n", 1, "warn", &[doas, "a fix refuses the host: say sudo or su"]);
}

#[test]
fn hosts_that_are_not_audited_are_told() {
    let home = Home::new();
    let fleet = "a.example\n[windows]\nwin[01:02] ansible_connection=winrm\n";
    let (code, text) = doctor(&mut home.command(&[]), &home.inventory("fleet.ini", fleet));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("\nok    inventory   not audited: win[01-02] (winrm)\n"), "{text}");
    let alone = home.inventory("windows.ini", "win01 ansible_connection=winrm\n");
    let (code, text) = doctor(&mut home.command(&[]), &alone);
    assert_eq!(code, Some(2), "{text}");
    assert!(line(&text, "inventory").contains("none of its hosts can be audited: win01 (winrm)"), "{text}");
}

#[test]
fn variables_and_files_that_count_for_nothing_are_told_and_are_no_fault() {
    let home = Home::new();
    let folder = home.path("project");
    fs::create_dir_all(folder.join("group_vars")).expect("a folder");
    fs::write(folder.join("group_vars/wbe.yml"), "ansible_user: ops\n").expect("a file");
    fs::write(folder.join("group_vars/web.yml"), "clockaudit_ntp_server: 192.0.2.1\n").expect("a file");
    let fleet = "[web]\na.example ansible_hots=192.0.2.1\nb.example ansible_hots=192.0.2.2\n";
    fs::write(folder.join("fleet.ini"), fleet).expect("a file");
    let mut command = home.command(&[]);
    let (code, text) = doctor(command.current_dir(&folder), Path::new("fleet.ini"));
    assert_eq!(code, Some(1), "{text}");
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "ok inventory 2 hosts note",
        "note variables fleet.ini:2:11: `ansible_hots` (and in 1 more place) is no variable that is known \
         did you mean `ansible_host`?",
        "note variables group_vars/web.yml:1:1: `clockaudit_ntp_server` is no variable that is known did you mean \
         `clockaudit_ntp_servers`?",
        "note variables group_vars/wbe.yml: is for no group of the inventory, and is not read did you mean `web`?",
    ] {
        assert!(words.contains(expected), "{expected}: {text}");
    }
    // A scan says nothing of them, and loses nobody.
    let mut scan = home.command(&[]);
    let output = scan.current_dir(&folder).args(["scan", "fleet.ini", "--list-hosts"]).output().expect("a run");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_key_that_this_user_may_not_read_is_found() {
    let home = Home::new();
    let key = home.path("locked");
    fs::copy(home.path(".ssh/id_ed25519"), &key).expect("a file");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o000)).expect("permissions");
    let inventory = home.inventory("fleet.ini", &format!("a.example ansible_ssh_private_key_file={}\n", key.display()));
    // Root may read everything unless it gives that up.
    let front = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"];
    let (code, text) = doctor(&mut home.command(&front), &inventory);
    let said = text.lines().find(|line| line.contains("locked") && line.contains("cannot be used")).unwrap_or_default();
    assert!(said.starts_with("warn") && said.to_lowercase().contains("permission"), "{text}");
    assert_eq!(code, Some(1), "{text}");
}

/// A process that does nothing but that.
struct Busy(Child);

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_overloaded_controller_is_found() {
    let home = Home::new();
    let inventory = home.inventory("fleet.ini", "a.example\n");
    // All of them on one processor: there whoever wants to run must wait for the others.
    let processor = first_processor();
    let on_it = ["taskset", "-c", processor.as_str()];
    let busy = || {
        let mut command = Command::new(on_it[0]);
        command.args(&on_it[1..]).args(["sh", "-c", "while :; do :; done"]);
        Busy(command.spawn().expect("taskset of util-linux"))
    };
    let _load: Vec<Busy> = (0..4).map(|_| busy()).collect();
    let (code, text) = doctor(&mut home.command(&on_it), &inventory);
    let load = line(&text, "load");
    assert!(load.starts_with("warn") && load.contains("timers are late by "), "{text}");
    assert_eq!(code, Some(1), "{text}");
}

/// The first processor that this process may run on.
fn first_processor() -> String {
    let status = fs::read_to_string("/proc/self/status").expect("the state of this process");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("its processors");
    list.trim().split(['-', ',']).next().expect("a processor").to_owned()
}

#[test]
fn every_setting_is_shown_with_where_it_comes_from() {
    let home = Home::new();
    let folder = home.path("project");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("clockaudit.toml"), "samples = 12\nwarn = \"20ms\"\n").expect("a file");
    fs::write(folder.join("ansible.cfg"), "[defaults]\ntimeout = 7\n").expect("a file");
    let fleet =
        "web[1:3] ansible_user=deploy\ndb1 ansible_host=192.0.2.1\ndb2 ansible_host=192.0.2.2 clockaudit_crit=30ms\n";
    fs::write(folder.join("fleet.ini"), fleet).expect("an inventory");
    let mut command = home.command(&[]);
    command.current_dir(&folder).env("CLOCKAUDIT_PORT", "2222").env("CLOCKAUDIT_FORKS", "9");
    let output = command.args(["doctor", "fleet.ini", "-u", "ops"]).output().expect("a command that ends");
    let text = String::from_utf8(output.stdout).expect("text");
    let (_, told) = text.split_once("Settings, and where they come from\n").expect("the settings");
    let told: Vec<String> = told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for expected in [
        "forks 9 CLOCKAUDIT_FORKS",
        "samples 12 samples (clockaudit.toml line 1)",
        "address 2 values ansible_host (fleet.ini, 2 lines) db[1-2]",
        "port 2222 CLOCKAUDIT_PORT all 5 hosts",
        "user deploy ansible_user (fleet.ini line 1) web[1-3]",
        "user ops --user db[1-2]",
        "timeout 7 s [defaults] timeout (ansible.cfg line 2) all 5 hosts",
        "warn 20ms warn (clockaudit.toml line 2) all 5 hosts",
        "crit 30ms clockaudit_crit (fleet.ini line 3) db2",
    ] {
        assert!(told.iter().any(|line| line == expected), "{expected}: {told:#?}");
    }
}
