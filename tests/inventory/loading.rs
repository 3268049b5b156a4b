//! Sources on disk: limits, defaults, what is said of what is not read, and the inventories that come with clockaudit.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clockaudit::files::TimeLeft;
use clockaudit::files::inventory::{Limits, LoadError, LoadSettings, Loaded, Source, VaultFlags, load};
use clockaudit::inventory::Diagnostic;
use clockaudit::inventory::connection::{self, ConnectionFlags};
use clockaudit::inventory::patterns::Selection;

pub(crate) fn settings(folder: &Path) -> LoadSettings {
    LoadSettings {
        time: TimeLeft::default(),
        working_directory: folder.to_owned(),
        home: Some(folder.join("home")),
        system_folder: folder.join("etc"),
        environment: BTreeMap::new(),
        extra_variables: Vec::new(),
        extra_variables_from: None,
        playbook_folder: None,
        keyring: std::sync::Arc::default(),
        vault: VaultFlags::default(),
        limits: Limits::default(),
        via_ansible: false,
    }
}

/// Loads a file of this name and text.
pub(crate) fn load_text(name: &str, text: &str, change: impl Fn(&mut LoadSettings)) -> Loaded {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), text).expect("a file");
    let mut settings = settings(folder.path());
    change(&mut settings);
    load(&[Source::from(name)], &settings).expect("an inventory")
}

pub(crate) fn said(loaded: &Loaded) -> Vec<String> {
    loaded.diagnostics.iter().map(ToString::to_string).collect()
}

#[test]
fn of_a_file_with_an_extension_the_error_of_its_reader_comes_first() {
    let check = |name: &str, text: &str, expected: &[(usize, &str)]| {
        let loaded = load_text(name, text, |_| {});
        let line = |told: &Diagnostic| told.span.as_ref().map_or(0, |span| span.line);
        let told: Vec<_> = loaded.diagnostics.iter().map(|told| (line(told), told.message.as_str())).collect();
        assert_eq!(told, expected, "{name}");
    };
    check("hosts.json", "[\"h1\", \"h2\"\n", &[(1, "unclosed bracket '['")]);
    check("hosts.yml", "all:\n  hosts: [h1\n", &[(2, "unclosed bracket '['")]);
    // INI text may stand in such a file as well.
    let ini = (2, "expected key=value, got \"broken\"");
    check("hosts.yml", "[web]\nh1 broken\n", &[(2, "did not find expected <document start>"), ini]);
    check("hosts", "[web]\nh1 broken\n", &[ini]);
}

#[test]
fn what_cannot_be_read_is_said_in_one_line() {
    let check = |name: &str, text: &str, expected: &str| {
        let loaded = load_text(name, text, |_| {});
        assert!(loaded.is_incomplete(), "{name}");
        assert_eq!(said(&loaded), [expected], "{name}");
    };
    check(
        "hosts",
        "$ANSIBLE_VAULT;1.1;AES256\n00\n",
        "inventory incomplete: hosts: the salt of the vault text is no hexadecimal number of whole bytes, so it is damaged \
         (its hosts and variables are missing). Write it again with ansible-vault encrypt or encrypt_string",
    );
    check(
        "hosts.ini",
        "[web]\nh1\nh2 broken\nh3\n",
        "inventory incomplete: hosts.ini line 3: expected key=value, got \"broken\" \
         (everything from this line on is missing). One host a line; a value with blanks needs quotes",
    );
    check(
        "hosts.yml",
        "all:\n  hosts:\n    - h1\n",
        "inventory incomplete: hosts.yml line 3: `hosts` of `all` is a mapping, this is a list \
         (everything from this line on is missing). Write a colon behind each name: `web1:`, without a dash before it",
    );
    check(
        "aws.yml",
        "plugin: amazon.aws.aws_ec2\nregions: [eu-west-1]\n",
        "inventory incomplete: aws.yml line 1: uses the inventory plugin amazon.aws.aws_ec2, which only Ansible can run \
         (its hosts are missing). Use `ansible-inventory -i aws.yml --list > fleet.json && clockaudit scan fleet.json`, \
         or --inventory-via-ansible",
    );
    check(
        "hosts.toml",
        "[web.hosts]\nh1 = 1\n",
        "inventory incomplete: hosts.toml line 2: the variables of `h1` are a mapping, this is a number \
         (everything from this line on is missing). Below a host stands one `name: value` a line",
    );
}

#[test]
fn what_is_wrong_has_the_code_that_is_explained() {
    let check = |name: &str, text: &str, expected: &[Option<&str>]| {
        let loaded = load_text(name, text, |_| {});
        let codes: Vec<_> = loaded.diagnostics.iter().map(Diagnostic::label).collect();
        assert_eq!(codes, expected, "{name}: {:?}", said(&loaded));
    };
    check("hosts", "$ANSIBLE_VAULT;1.1;AES256\n00\n", &[Some("INV302")]);
    check("aws.yml", "plugin: amazon.aws.aws_ec2\n", &[Some("INV303")]);
    check("hosts.yml", "all:\n  hosts: {a: {x: 1, x: 2}}\n", &[Some("INV304")]);
    check("hosts.ini", "h1:2201\nh1:2202\n", &[Some("INV304")]);
    check("hosts.ini", "h1\nh2 broken\n", &[Some("INV305")]);
    check("hosts.ini", "h1 x=a#b\n", &[None]);
}

#[test]
fn a_source_that_is_not_read_ends_the_run_where_ansible_cfg_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("good.ini"), "h1\n").expect("a file");
    let error = |cfg: &str, sources: &[&str]| {
        fs::write(folder.path().join("ansible.cfg"), format!("[inventory]\n{cfg}\n")).expect("a file");
        let sources: Vec<Source> = sources.iter().copied().map(Source::from).collect();
        load(&sources, &settings(folder.path())).err().map(|error| error.to_string())
    };
    let any = "gone.ini cannot be read, and [inventory] any_unparsed_is_failed (ansible.cfg line 2) ends the run then";
    assert_eq!(error("any_unparsed_is_failed = true", &["good.ini", "gone.ini"]).as_deref(), Some(any));
    assert_eq!(error("any_unparsed_is_failed = true", &["good.ini"]), None);
    let all = "no inventory can be read, and [inventory] unparsed_is_failed (ansible.cfg line 2) ends the run then";
    assert_eq!(error("unparsed_is_failed = true", &["gone.ini"]).as_deref(), Some(all));
    assert_eq!(error("unparsed_is_failed = true", &["good.ini", "gone.ini"]), None);
    assert_eq!(error("unparsed_is_failed = false", &["gone.ini"]), None);
}

#[test]
fn a_missing_file_and_a_lone_name_are_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = load(&[Source::from("gone.ini"), Source::from("h1")], &settings(folder.path())).expect("an inventory");
    assert_eq!(
        said(&loaded),
        [
            "inventory incomplete: gone.ini: there is no such file (its hosts and variables are missing)",
            "inventory incomplete: h1: there is no such file (its hosts and variables are missing). \
             A list of hosts needs a comma: `h1,`",
        ]
    );
}

#[test]
fn limits_hold() {
    let small_file = load_text("hosts.ini", "h1\nh2\nh3\n", |settings| settings.limits.file_bytes = 4);
    assert!(said(&small_file)[0].contains("is larger than 4 bytes"), "{:?}", said(&small_file));
    let few_hosts = load_text("hosts.ini", "[web]\nh[1:999999999]\n", |settings| settings.limits.room.hosts = 50);
    assert!(said(&few_hosts)[0].contains("larger than 50 hosts"), "{:?}", said(&few_hosts));
    assert_eq!(few_hosts.inventory.host_count(), 0);
}

#[test]
fn without_a_source_the_usual_places_are_looked_at() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = settings(folder.path());
    assert!(matches!(load(&[], &settings), Err(LoadError::NoSource { .. })));
    fs::create_dir(&settings.system_folder).expect("a folder");
    fs::write(settings.system_folder.join("hosts"), "from-etc\n").expect("a file");
    let names = |settings: &LoadSettings| {
        let loaded = load(&[], settings).expect("an inventory");
        loaded.inventory.hosts().map(|(_, host)| host.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&settings), ["from-etc"]);
    fs::write(folder.path().join("a.ini"), "a\n").expect("a file");
    fs::write(folder.path().join("b.ini"), "b\n").expect("a file");
    settings.environment.insert("ANSIBLE_INVENTORY".to_owned(), "a.ini, b.ini".to_owned());
    assert_eq!(names(&settings), ["a", "b"]);
}

#[test]
fn ansible_cfg_names_the_inventory_from_its_own_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("conf")).expect("a folder");
    fs::write(folder.path().join("conf/a.ini"), "from-conf\n").expect("a file");
    fs::write(folder.path().join("conf/ansible.cfg"), "[defaults]\ninventory = a.ini\n").expect("a file");
    fs::write(folder.path().join("ansible.cfg"), "[defaults]\ninventory = gone.ini\n").expect("a file");
    let mut settings = settings(folder.path());
    settings.environment.insert("ANSIBLE_CONFIG".to_owned(), "conf".to_owned());
    let loaded = load(&[], &settings).expect("an inventory");
    assert_eq!(said(&loaded), <[String; 0]>::default());
    assert!(loaded.inventory.host_named("from-conf").is_some());
    // A flag replaces it, and a broken file ends the run whether or not it is needed.
    fs::write(folder.path().join("conf/ansible.cfg"), "[defaults]\nbroken\n").expect("a file");
    let error = load(&[Source::from("h1,")], &settings).expect_err("a broken file");
    assert_eq!(error.to_string(), "conf/ansible.cfg line 2: expected `key = value` or `[section]`");
}

#[test]
fn a_broken_file_of_variables_leaves_the_inventory_incomplete_where_it_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("group_vars")).expect("a folder");
    fs::write(folder.path().join("hosts.ini"), "[web]\nh1\n").expect("a file");
    fs::write(folder.path().join("group_vars/web.yml"), "a: 1\n- b\n").expect("a file");
    fs::write(folder.path().join("group_vars/unused.yml"), "- b\n").expect("a file");
    let loaded = load(&[Source::from("hosts.ini")], &settings(folder.path())).expect("an inventory");
    assert!(loaded.is_incomplete());
    let said = said(&loaded);
    assert_eq!(said.len(), 1, "{said:?}");
    let expected = "inventory incomplete: group_vars/web.yml line 2: ";
    assert!(said[0].starts_with(expected) && said[0].contains("(its variables are missing)"), "{said:?}");
}

#[test]
fn variables_of_the_command_line_that_cannot_be_read_end_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |text: &str, expected: &str| {
        let settings = LoadSettings { extra_variables: vec![text.to_owned()], ..settings(folder.path()) };
        let error = load(&[Source::from("h1,")], &settings).expect_err("broken variables");
        assert_eq!(error.to_string(), expected, "{text}");
    };
    check("@gone.yml", "gone.yml: there is no such file");
    check(
        "v",
        "`-e`: expected name=value, got \"v\". A file is named with an @: `-e @vars.yml`; a value with blanks needs quotes of its own",
    );
}

#[test]
fn sources_carry_the_fingerprint_of_their_bytes() {
    let loaded = load_text("hosts.ini", "h1\n", |_| {});
    let prints: Vec<&str> = loaded.inventory.sources().iter().map(|source| source.sha256.as_str()).collect();
    assert_eq!(prints, ["bca117e409063f4c18bda5113cba607ffba3b412328a606c453142304acf54fb"]);
}

#[test]
fn the_inventories_that_come_with_clockaudit_are_read_without_a_word() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("inventories");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .expect("inventories/")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let loaded = load(&[Source(name.clone())], &settings(&folder)).expect("an inventory");
        assert_eq!(said(&loaded), <[String; 0]>::default(), "{name}");
        assert!(loaded.inventory.host_count() > 0, "{name} has no hosts");
        let hosts = loaded.inventory.select(&Selection::all()).expect("hosts").hosts;
        let prepared =
            connection::targets(&loaded.renderer, &hosts, &ConnectionFlags::default(), &loaded.configuration);
        assert_eq!(prepared.diagnostics, [], "{name}");
        assert_eq!(prepared.skipped, [], "{name}");
        assert!(prepared.targets.iter().all(|target| target.defect.is_none()), "{name}");
    }
}

#[test]
fn folders_that_links_lead_back_to_are_read_once_and_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let inventories = folder.path().join("inv");
    fs::create_dir(&inventories).expect("a folder");
    fs::write(inventories.join("a.ini"), "h1\n").expect("a file");
    for name in ["one", "two", "three"] {
        std::os::unix::fs::symlink(".", inventories.join(name)).expect("a link");
    }
    let loaded = load(&[Source::from("inv")], &settings(folder.path())).expect("an inventory");
    assert_eq!(said(&loaded), ["inv/one: leads back to a folder that it is in, and is passed over"]);
    assert_eq!((loaded.inventory.sources().len(), loaded.is_incomplete()), (1, false));
}

#[test]
fn files_of_variables_that_cannot_be_read_leave_the_inventory_incomplete() {
    let check = |link: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("hosts.ini"), "[web]\nh1\n").expect("a file");
        let path = folder.path().join(link);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::os::unix::fs::symlink(&path, &path).expect("a link to itself");
        let loaded = load(&[Source::from("hosts.ini")], &settings(folder.path())).expect("an inventory");
        let [told] = &*said(&loaded) else { panic!("{link}: {:?}", said(&loaded)) };
        let expected = format!("inventory incomplete: {link}: cannot be read: ");
        assert!(loaded.is_incomplete() && told.starts_with(&expected), "{link}: {told}");
        assert!(told.ends_with("(its variables are missing)"), "{link}: {told}");
    };
    check("group_vars");
    check("host_vars");
    check("group_vars/web.yml");
    check("group_vars/web/a.yml");
    check("host_vars/h1");
}

#[test]
fn a_name_that_a_list_has_with_several_ports_is_told_to_be_one_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let told = |list: &str| {
        let loaded = load(&[Source::from(list)], &settings(folder.path())).expect("an inventory");
        assert!(!loaded.is_incomplete());
        said(&loaded)
    };
    let expected = "127.0.0.1:2231,127.0.0.1:2232: 127.0.0.1 is named twice, with port 2231 and with port 2232; one host remains, \
                    with port 2231. Hosts need names of their own, as in an inventory file with the lines \
                    `a ansible_host=127.0.0.1 ansible_port=2231` and `b ansible_host=127.0.0.1 ansible_port=2232`";
    assert_eq!(told("127.0.0.1:2231,127.0.0.1:2232"), [expected]);
    let thrice = told("a,b,a:22,a:23");
    let expected = "a is named 3 times, without a port and with port 22; one host remains, without a port";
    assert!(thrice.first().is_some_and(|said| said.contains(expected)), "{thrice:?}");
    assert_eq!(told("a,b,a"), <[String; 0]>::default());
    assert_eq!(told("a:22,b:22,a:22"), <[String; 0]>::default());
}
