//! How hosts are reached, against the calls of `ssh` that the real Ansible made.

use std::time::Duration;

use clockaudit::files::inventory::load;
use clockaudit::inventory::configuration::Given;
use clockaudit::inventory::connection::{Becoming, ConnectionFlags, ConnectionSettings, HIDDEN, settings_of};
use clockaudit::inventory::patterns::Selection;
use clockaudit::inventory::secret::Secret;
use clockaudit::inventory::{HostId, Value, json as writer};

use crate::cases::{compare, for_each};
use crate::json::{entries, get, text, texts};
use crate::staging::Staged;

#[test]
fn hosts_are_reached_as_ansible_reaches_them() {
    let seen = for_each(|staged, wrong| {
        let Some(expected) = staged.expected("expected-conn.json") else { return false };
        let loaded = load(&staged.sources, &staged.settings).expect("an inventory");
        let pattern = text(get(&expected, "pattern").expect("a pattern"));
        let hosts = loaded.inventory.select(&Selection { pattern, limit: Vec::new() }).expect("hosts").hosts;
        let flags = flags(&texts(get(&expected, "cli").expect("flags")), staged);
        let ran =
            |host: HostId| loaded.inventory.host(host).is_some_and(|host| fate(&expected, &host.name) == Fate::Ran);
        let reached = |host: HostId| {
            let settings =
                settings_of(&loaded.renderer, host, &flags, &loaded.configuration).expect("settings").settings;
            reaches_by_ssh(&settings).then_some(settings)
        };
        let hosts = hosts.iter().filter(|host| ran(**host));
        let mut found: Vec<Value> = hosts.filter_map(|host| Some(call(&reached(*host)?))).collect();
        let Some(Value::List(calls)) = get(&expected, "ssh") else { panic!("no ssh") };
        let mut wanted: Vec<Value> = calls.iter().map(|call| expected_call(call, staged)).collect();
        for calls in [&mut found, &mut wanted] {
            calls.sort_by_key(writer::pretty);
            calls.dedup();
        }
        compare("ssh", &Value::List(found), &Value::List(wanted), wrong);
        true
    });
    assert_eq!(seen, 24, "every case whose calls were recorded");
}

/// The same of the settings that a person is shown, in which the words of `ssh` and its files have their say too.
#[test]
fn hosts_are_explained_as_ansible_reaches_them() {
    let seen = for_each(|staged, wrong| {
        let Some(expected) = staged.expected("expected-conn.json") else { return false };
        let words = texts(get(&expected, "cli").expect("flags"));
        let hosts: Vec<String> = entries(get(&expected, "hosts").expect("hosts")).into_keys().collect();
        let mut found = Vec::new();
        for host in &hosts {
            let told = staged.explained(host, &words);
            let is_refused = ["defects", "not_audited"].iter().any(|key| get(&told, key).is_some_and(Value::is_truthy));
            match fate(&expected, host) {
                Fate::Failed if !is_refused => wrong.push(format!("{host} fails in Ansible")),
                Fate::Failed | Fate::NoPlugin => {}
                Fate::Ran => {
                    let settings = explained_settings(get(&told, "settings").expect("settings"));
                    found.extend(reaches_by_ssh(&settings).then(|| shown(&call(&settings))));
                }
            }
        }
        let Some(Value::List(calls)) = get(&expected, "ssh") else { panic!("no ssh") };
        let mut wanted: Vec<Value> = calls.iter().map(|call| shown(&expected_call(call, staged))).collect();
        for calls in [&mut found, &mut wanted] {
            calls.sort_by_key(writer::pretty);
            calls.dedup();
        }
        compare("ssh", &Value::List(found), &Value::List(wanted), wrong);
        true
    });
    assert_eq!(seen, 24, "every case whose calls were recorded");
}

/// What became of a host when the calls were recorded.
#[derive(PartialEq, Eq)]
enum Fate {
    /// Its command was run, over `ssh` or here.
    Ran,
    /// Ansible refused one of its settings.
    Failed,
    /// The Ansible of the record lacked the plugin of its connection, which tells nothing of its settings.
    NoPlugin,
}

fn fate(expected: &Value, host: &str) -> Fate {
    let told = get(expected, "hosts").and_then(|hosts| get(hosts, host)).expect("a host of the record");
    match (text(get(told, "status").expect("a status")).as_str(), get(told, "msg").map(text)) {
        ("CHANGED", _) => Fate::Ran,
        (_, Some(why)) if why.contains("connection plugin '") && why.ends_with("was not found") => Fate::NoPlugin,
        _ => Fate::Failed,
    }
}

/// An empty address is shown as Ansible passes it on; the host is refused all the same.
#[test]
fn an_empty_address_is_shown_and_refused() {
    let told = Staged::new("conn-odd-values").explained("h2", &[]);
    let address = get(get(&told, "settings").expect("settings"), "address").expect("an address");
    assert_eq!(get(address, "value"), Some(&Value::from("")));
    assert!(get(address, "wrong").is_some_and(|wrong| text(wrong).ends_with("is empty")), "{told}");
    assert!(get(&told, "defects").is_some_and(Value::is_truthy), "{told}");
}

/// Whether the host is one that the calls were recorded of.
fn reaches_by_ssh(settings: &ConnectionSettings) -> bool {
    ["ssh", "smart", "ansible.builtin.ssh", "ansible.legacy.ssh"].contains(&settings.connection.value.as_str())
}

/// The settings that an explanation tells of. Of a secret it tells that there is one.
fn explained_settings(rows: &Value) -> ConnectionSettings {
    let value = |name: &str| get(get(rows, name).expect(name), "value").expect("a value").clone();
    let set = |name: &str| Some(value(name)).filter(|value| *value != Value::Null);
    let own = |name: &str| Given::default_of(text(&value(name)));
    let words = |name: &str| Given::default_of(texts(&value(name)));
    let secret = |name: &str| set(name).map(|value| Given::default_of(Secret::new(text(&value))));
    ConnectionSettings {
        connection: own("connection"),
        port: set("port").map(|port| Given::default_of(text(&port).parse().expect("a port"))),
        user: set("user").map(|user| Given::default_of(text(&user))),
        password: secret("password"),
        key_file: set("key_file").map(|file| Given::default_of(text(&file).into())),
        host_key_checking: Given::default_of(value("host_key_checking").is_truthy()),
        timeout: Given::default_of(Duration::from_secs(text(&value("timeout")).parse().expect("seconds"))),
        ssh_args: words("ssh_args"),
        ssh_common_args: words("ssh_common_args"),
        ssh_extra_args: words("ssh_extra_args"),
        becoming: Becoming {
            is_wanted: Given::default_of(value("become").is_truthy()),
            method: own("become_method"),
            user: own("become_user"),
            program: own("become_exe"),
            flags: own("become_flags"),
            password: secret("become_password"),
        },
        ..ConnectionSettings::of_name(&text(&value("address")))
    }
}

/// A call as far as a person is shown it: of each option the first word, which has the say, and no secret.
fn shown(call: &Value) -> Value {
    let mut call = entries(call);
    let (mut known, mut words) = (Vec::new(), Vec::new());
    for word in texts(call.get("argv").expect("argv")) {
        match word.split_once('=') {
            Some((keyword, _)) if known.contains(&keyword.to_ascii_lowercase()) => {}
            Some((keyword, value)) => {
                known.push(keyword.to_ascii_lowercase());
                words.push(format!("{keyword}={}", value.trim_matches('"')));
            }
            None => words.push(word),
        }
    }
    call.insert("argv".to_owned(), list(words));
    for secret in ["password", "become_password"] {
        if let Some(value) = call.get_mut(secret) {
            *value = Value::from(HIDDEN);
        }
    }
    Value::Mapping(call)
}

/// The words that Ansible was given, as flags of ours.
fn flags(words: &[String], staged: &Staged) -> ConnectionFlags {
    let value = |flag: &str| {
        let joined = words.iter().find_map(|word| word.strip_prefix(flag)?.strip_prefix('=').map(str::to_owned));
        joined.or_else(|| {
            let place = words.iter().position(|word| word == flag)?;
            words.get(place + 1).cloned()
        })
    };
    ConnectionFlags {
        user: value("-u"),
        private_key: value("--private-key").map(Into::into),
        timeout: value("-T").map(|text| Duration::from_secs(text.parse().expect("seconds"))),
        ssh_common_args: value("--ssh-common-args"),
        ssh_extra_args: value("--ssh-extra-args"),
        home: staged.settings.home.clone(),
        working_directory: staged.settings.working_directory.clone(),
        ..ConnectionFlags::default()
    }
}

/// The call of `ssh` that the settings amount to, in the order of Ansible's.
fn call(settings: &ConnectionSettings) -> Value {
    let mut words = settings.ssh_args.value.clone();
    let mut option = |text: String| words.extend(["-o".to_owned(), text]);
    if !settings.host_key_checking.value {
        option("StrictHostKeyChecking=no".to_owned());
    }
    if let Some(port) = &settings.port {
        option(format!("Port={}", port.value));
    }
    if let Some(file) = &settings.key_file {
        option(format!("IdentityFile=\"{}\"", file.value.display()));
    }
    if settings.password.is_none() {
        option("KbdInteractiveAuthentication=no".to_owned());
        option("PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey".to_owned());
        option("PasswordAuthentication=no".to_owned());
    }
    if let Some(user) = &settings.user {
        option(format!("User=\"{}\"", user.value));
    }
    option(format!("ConnectTimeout={}", settings.timeout.value.as_secs()));
    words.extend(settings.ssh_common_args.value.iter().chain(&settings.ssh_extra_args.value).cloned());
    let mut call = indexmap::IndexMap::from([
        ("target".to_owned(), Value::from(settings.address.value.as_str())),
        ("argv".to_owned(), list(words.into_iter().filter(|word| !is_own_business(word)))),
        ("command".to_owned(), Value::Text(command(&settings.becoming))),
    ]);
    if let Some(password) = &settings.password {
        call.insert("password".to_owned(), Value::from(password.value.reveal()));
    }
    if let Some(password) = settings.becoming.password.as_ref().filter(|_| settings.becoming.is_wanted.value) {
        call.insert("become_password".to_owned(), Value::from(password.value.reveal()));
    }
    Value::Mapping(call)
}

/// How Ansible asks for `id`.
fn command(becoming: &Becoming) -> String {
    if !becoming.is_wanted.value {
        return "id".to_owned();
    }
    let run = "/bin/sh -c 'echo BECOME-SUCCESS ; id'";
    let (program, user, flags) = (&becoming.program.value, &becoming.user.value, &becoming.flags.value);
    let words = match becoming.method.value.as_str() {
        "su" => format!("{program} {flags} {user} -c '{}'", run.replace('\'', "'\"'\"'")),
        _ if becoming.password.is_some() => {
            let flags = flags.replace(" -n", "");
            format!("{program} {flags} -p \"[sudo via ansible, key=KEY] password:\" -u {user} {run}")
        }
        _ => format!("{program} {flags} -u {user} {run}"),
    };
    single_blanks(&words)
}

fn single_blanks(text: &str) -> String {
    text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What Ansible adds for its own connection sharing and terminals.
fn is_own_business(word: &str) -> bool {
    word == "-o" || word == "-tt" || word.starts_with("ControlPath=") || word.starts_with("NumberOfPasswordPrompts=")
}

/// A recorded call without what is Ansible's own business.
fn expected_call(call: &Value, staged: &Staged) -> Value {
    let mut call = entries(call);
    let argv = texts(call.get("argv").expect("argv")).into_iter().filter(|word| !is_own_business(word));
    // Ansible keeps the quotes around paths of ansible.cfg and goes wrong; here they are taken away.
    let argv = argv.map(|word| match staged.name.as_str() {
        "conn-cfg-quoting" => {
            word.replace(&format!("{}/'~/k y'", staged.input.display()), &format!("{}/k y", home(staged)))
        }
        _ => word.replace("{HOME}", &home(staged)),
    });
    call.insert("argv".to_owned(), list(argv));
    let command = single_blanks(&text(call.get("command").expect("a command")));
    call.insert("command".to_owned(), Value::Text(command));
    Value::Mapping(call)
}

fn home(staged: &Staged) -> String {
    staged.settings.home.as_ref().expect("a home").display().to_string()
}

fn list(words: impl IntoIterator<Item = String>) -> Value {
    Value::List(words.into_iter().map(Value::Text).collect())
}
