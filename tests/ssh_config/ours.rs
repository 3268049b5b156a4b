//! What our reader says, in the words of `ssh -G`.

use std::path::Path;

use clockaudit::files::TimeLeft;
use clockaudit::files::ssh_config::{Loaded, ThisMachine, Which, load};
use clockaudit::openssh::config::{
    Agent, Family, HostConfig, Outside, Proxy, Request, Setting, UnknownHostKey, User, arguments, assembled,
};

use crate::oracle::{self, Said};

/// Keywords whose lists of algorithms are compared: as `ssh -G` and as `ssh -Q` name them.
const LISTS: [(&str, &str); 6] = [
    ("kexalgorithms", "kex"),
    ("ciphers", "cipher"),
    ("macs", "mac"),
    ("hostkeyalgorithms", "key-sig"),
    ("pubkeyacceptedalgorithms", "key-sig"),
    ("casignaturealgorithms", "key-sig"),
];
/// Everything that is compared.
pub(crate) const COMPARED: [&str; 31] = [
    "addressfamily",
    "batchmode",
    "bindaddress",
    "casignaturealgorithms",
    "certificatefile",
    "ciphers",
    "connectionattempts",
    "connecttimeout",
    "globalknownhostsfile",
    "hashknownhosts",
    "hostkeyalgorithms",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "kbdinteractiveauthentication",
    "kexalgorithms",
    "macs",
    "numberofpasswordprompts",
    "passwordauthentication",
    "port",
    "preferredauthentications",
    "proxycommand",
    "proxyjump",
    "pubkeyacceptedalgorithms",
    "pubkeyauthentication",
    "revokedhostkeys",
    "stricthostkeychecking",
    "user",
    "userknownhostsfile",
];

/// The world of the tests: this machine with one more variable.
#[derive(Default)]
pub(crate) struct World(pub(crate) ThisMachine);

impl Outside for World {
    fn variable(&self, name: &str) -> Option<String> {
        if name == "SSHTEST" { Some("from-the-environment".to_owned()) } else { self.0.variable(name) }
    }

    fn home_of(&self, user: &str) -> Option<String> {
        self.0.home_of(user)
    }

    fn resolves(&mut self, name: &str) -> Result<bool, String> {
        self.0.resolves(name)
    }

    fn run(&mut self, command: &str) -> Result<bool, String> {
        self.0.run(command)
    }
}

/// Who runs this, as OpenSSH sees them: the home folder is that of the account.
pub(crate) fn user() -> User {
    let account = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().expect("an account");
    ThisMachine::user(&account.dir)
}

/// Reads a file as with `-F`.
pub(crate) fn read(file: &Path) -> Loaded {
    load(&Which::Only(file.to_owned()), Path::new(&user().home), &TimeLeft::default()).expect("a file")
}

/// What our reader says of a host.
pub(crate) fn ask(file: &Path, arguments: &[String], host: &str) -> Result<HostConfig, String> {
    let given = arguments::read(arguments, "arguments")?.given;
    let request = Request { host, given: &given, user: &user() };
    read(file).config.resolve(&request, &mut World::default())
}

/// A host's configuration in the words of `ssh -G`, as far as it is compared.
pub(crate) fn in_words_of_ssh(config: &HostConfig) -> Said {
    let mut said = Said::new();
    let mut say = |keyword: &str, value: String| said.entry(keyword.to_owned()).or_default().push(value);
    let yes = |setting: &Setting<bool>| if setting.value { "yes" } else { "no" }.to_owned();
    say("hostname", config.host_name.value.clone());
    say("user", config.user.value.clone());
    say("port", config.port.value.to_string());
    let family = match config.family.value {
        Family::Any => "any",
        Family::V4 => "inet",
        Family::V6 => "inet6",
    };
    say("addressfamily", family.to_owned());
    say("batchmode", yes(&config.batch));
    say("hashknownhosts", yes(&config.hash_known_hosts));
    say("identitiesonly", yes(&config.identities_only));
    say("kbdinteractiveauthentication", yes(&config.keyboard_interactive));
    say("passwordauthentication", yes(&config.password));
    say("pubkeyauthentication", yes(&config.pubkey));
    say("connectionattempts", config.connection_attempts.value.to_string());
    say("numberofpasswordprompts", config.password_prompts.value.to_string());
    say("connecttimeout", config.connect_timeout.value.map_or("none".to_owned(), |seconds| seconds.to_string()));
    let unknown = match config.unknown_host_key.value {
        UnknownHostKey::Refuse => "refused",
        UnknownHostKey::Accept => "accepted",
    };
    say("stricthostkeychecking", unknown.to_owned());
    for (keyword, text) in [
        ("bindaddress", &config.bind_address),
        ("hostkeyalias", &config.host_key_alias),
        ("preferredauthentications", &config.preferred_methods),
    ] {
        if let Some(text) = &text.value {
            say(keyword, text.clone());
        }
    }
    match &config.agent.value {
        Agent::Environment => {}
        Agent::None => say("identityagent", "none".to_owned()),
        Agent::Socket(path) => say("identityagent", path.clone()),
    }
    config.identity_files.iter().for_each(|file| say("identityfile", file.value.clone()));
    config.certificate_files.iter().for_each(|file| say("certificatefile", file.value.clone()));
    for (keyword, files) in
        [("userknownhostsfile", &config.user_known_hosts), ("globalknownhostsfile", &config.global_known_hosts)]
    {
        say(keyword, if files.value.is_empty() { "none".to_owned() } else { files.value.join(" ") });
    }
    if !config.revoked_host_keys.value.is_empty() {
        say("revokedhostkeys", config.revoked_host_keys.value.join(" "));
    }
    match &config.proxy.value {
        Proxy::None => {}
        Proxy::Command(command) => say("proxycommand", command.clone()),
        Proxy::Jump(hops) => {
            let hops = hops.iter().map(|hop| {
                let user = hop.user.as_ref().map_or_else(String::new, |user| format!("{user}@"));
                let port = hop.port.map_or_else(String::new, |port| format!(":{port}"));
                format!("{user}{}{port}", hop.host)
            });
            say("proxyjump", hops.collect::<Vec<_>>().join(","));
        }
    }
    for (keyword, query) in LISTS {
        let written = match keyword {
            "kexalgorithms" => &config.kex,
            "ciphers" => &config.ciphers,
            "macs" => &config.macs,
            "hostkeyalgorithms" => &config.host_key_algorithms,
            "pubkeyacceptedalgorithms" => &config.key_algorithms,
            _ => &config.ca_algorithms,
        };
        let (built_in, mut all) = (oracle::built_in(keyword), oracle::all(query));
        if keyword == "casignaturealgorithms" {
            all.retain(|name| !name.contains("-cert-"));
        }
        let built_in: Vec<&str> = built_in.iter().map(String::as_str).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        say(keyword, assembled(written.value.as_deref().unwrap_or_default(), &built_in, &all).join(","));
    }
    said
}

/// What `ssh -G` says, as far as it is compared: what it replaces only when it connects is replaced here.
pub(crate) fn comparable(said: &Said, asked: &str) -> Said {
    let one = |keyword: &str| said[keyword][0].as_str();
    let user = user();
    let key_name = said.get("hostkeyalias").map_or(asked, |alias| alias[0].as_str());
    let short = user.machine.split('.').next().unwrap();
    let hash = {
        use sha1::{Digest, Sha1};
        let text = format!("{}{}{}{}", user.machine, one("hostname"), one("port"), one("user"));
        Sha1::digest(text).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    };
    let replaced = |text: &str| {
        let id = user.id.to_string();
        let tokens: [(&str, &str); 12] = [
            ("%h", one("hostname")),
            ("%n", asked),
            ("%p", one("port")),
            ("%r", one("user")),
            ("%u", &user.name),
            ("%d", &user.home),
            ("%l", &user.machine),
            ("%L", short),
            ("%i", &id),
            ("%k", key_name),
            ("%C", &hash),
            ("${SSHTEST}", "from-the-environment"),
        ];
        let text = text.replace("%%", "\u{1}");
        let text = tokens.iter().fold(text, |text, (token, value)| text.replace(token, value));
        let home = text.strip_prefix("~/").map(|path| format!("{}/{path}", user.home));
        home.unwrap_or(text).replace('\u{1}', "%")
    };
    let mut kept = Said::new();
    for keyword in COMPARED {
        let Some(values) = said.get(keyword) else { continue };
        let values = values.iter().map(|value| match keyword {
            "stricthostkeychecking" => match value.as_str() {
                "ask" | "yes" | "true" => "refused".to_owned(),
                _ => "accepted".to_owned(),
            },
            "pubkeyauthentication" => if value == "false" { "no" } else { "yes" }.to_owned(),
            "identityfile" | "certificatefile" | "proxycommand" => replaced(value),
            "proxyjump" => replaced(&value.replace(['[', ']'], "")),
            _ => value.clone(),
        });
        kept.insert(keyword.to_owned(), values.collect());
    }
    // Where nobody names a key, ssh lists its defaults, which are not ours.
    if said.get("identityfile").is_some_and(|files| files.first().map(String::as_str) == Some("~/.ssh/id_rsa")) {
        kept.remove("identityfile");
    }
    kept
}

/// Fails where our reader and OpenSSH differ.
pub(crate) fn agree(file: &Path, arguments: &[String], host: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    let about = || format!("ssh -G -F {} {} {host}\n{text}", file.display(), arguments.join(" "));
    let ssh = oracle::ask(file, arguments, host).unwrap_or_else(|why| panic!("ssh refuses: {why}\n{}", about()));
    let ours = ask(file, arguments, host).unwrap_or_else(|why| panic!("we refuse: {why}\n{}", about()));
    let (ours, ssh) = (in_words_of_ssh(&ours), comparable(&ssh, host));
    for keyword in COMPARED {
        assert_eq!(ours.get(keyword), ssh.get(keyword), "{keyword}: ours, then ssh's\n{}", about());
    }
}
