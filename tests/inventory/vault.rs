//! Ansible Vault: what ansible-vault encrypted is read with the right password, and every other case says what it is.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use clockaudit::files::TimeLeft;
use clockaudit::files::inventory::{LoadSettings, Loaded, Source, load, open_ahead};
use clockaudit::inventory::vault::{BodyPart, Identity, Keyring, Password, VaultError};
use proptest::prelude::*;

/// A keyring of (label, password).
fn keyring(secrets: &[(&str, &str)]) -> Keyring {
    let secret = |(label, password): &(&str, &str)| Identity {
        label: (*label).to_owned(),
        password: Password::new(password.as_bytes().to_vec()).expect("a password"),
    };
    Keyring::new(secrets.iter().map(secret).collect(), false)
}

fn data(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/inventory");
    fs::read_to_string(root.join(path)).expect("a file of the corpus")
}

/// The encrypted value of `key: !vault |` in a YAML file of the corpus.
fn inline(path: &str, key: &str) -> String {
    let text = data(path);
    let (_, rest) = text.split_once(&format!("{key}: !vault |\n")).expect("the key");
    let indent = rest.chars().take_while(|character| *character == ' ').count();
    let lines = rest.lines().take_while(|line| line.len() > indent && line.starts_with(&" ".repeat(indent)));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn open(keyring: &Keyring, text: &str) -> Result<Vec<u8>, VaultError> {
    keyring.open(text).map(|plain| plain.expose().to_vec())
}

#[test]
fn inline_values_open_with_their_password() {
    let check = |path: &str, key: &str, secrets: &[(&str, &str)], expected: &str| {
        let opened = open(&keyring(secrets), &inline(&format!("cases/{path}"), key));
        assert_eq!(opened.as_deref(), Ok(expected.as_bytes()), "{path} {key}");
    };
    let inline = "vault-inline/input/group_vars/a.yml";
    check(inline, "ansible_password", &[("default", "correct horse")], "hunter2");
    check(inline, "multi", &[("default", "correct horse")], "line one\nline two\n");
    let labels = "vault-id-label/input/inventory.yml";
    check(labels, "secret", &[("dev", "dev pass"), ("prod", "prod pass")], "prod-secret");
    check(labels, "secret2", &[("dev", "dev pass"), ("prod", "prod pass")], "dev-secret");
    check("vault-wrong-label/input/group_vars/a.yml", "s", &[("other", "same pass")], "open");
    check("vault-client-script/input/group_vars/a.yml", "s", &[("prod", "prod-pass")], "open");
}

#[test]
fn values_are_opened_ahead_whatever_comes_of_each() {
    let keyring = keyring(&[("default", "correct horse")]);
    let file = "cases/vault-inline/input/group_vars/a.yml";
    let (one, other, broken) = (inline(file, "ansible_password"), inline(file, "multi"), "no vault".to_owned());
    open_ahead(&keyring, &[], &TimeLeft::default());
    assert_eq!(keyring.tried(), 0);
    open_ahead(&keyring, &[&one, &broken, &other], &TimeLeft::default());
    assert_eq!(keyring.tried(), 3);
    assert_eq!(open(&keyring, &one).as_deref(), Ok(&b"hunter2"[..]));
    assert_eq!(open(&keyring, &broken), Err(VaultError::Header));
    assert_eq!(keyring.tried(), 3, "each once");
}

#[test]
fn whole_files_open_with_their_password() {
    let check = |path: &str, password: &str, expected: &[u8]| {
        let text = data(path);
        assert_eq!(open(&keyring(&[("default", password)]), &text).as_deref(), Ok(expected), "{path}");
        let windows = text.replace('\n', "\r\n");
        assert_eq!(open(&keyring(&[("default", password)]), &windows).as_deref(), Ok(expected), "{path} with CR");
    };
    let password = "kennwort mit Ümlaut";
    check("vault/unicode.vault", password, "pässwörd ✓".as_bytes());
    check("vault/sixteen.vault", password, b"0123456789abcdef");
    check("vault/labelled.vault", password, b"x: 1\ny: two\n");
    check("vault/stripped.vault", "spaces kept inside only", b"ok");
    check("vault/empty.vault", password, b"");
    check("vault/binary.vault", password, b"\xff\xfe\0\x01");
}

#[test]
fn what_cannot_be_opened_says_why_and_what_to_do() {
    let check = |keyring: &Keyring, text: &str, expected: VaultError, remedy: &str| {
        let error = keyring.open(text).err().expect("an error");
        assert_eq!(error, expected);
        assert!(error.remedy().contains(remedy), "{}", error.remedy());
        assert!(!format!("{error} {error:?} {}", error.remedy()).contains("secret-password"));
    };
    let one = keyring(&[("other", "secret-password")]);
    let labelled = data("vault/labelled.vault");
    let prod = || "prod".to_owned();
    check(&Keyring::default(), &labelled, VaultError::NoPassword { label: prod() }, "--vault-id prod@");
    check(
        &Keyring::default(),
        &data("vault/unicode.vault"),
        VaultError::NoPassword { label: "default".to_owned() },
        "--ask-vault-pass",
    );
    let tried = vec!["other".to_owned()];
    check(&one, &labelled, VaultError::WrongPassword { label: prod(), tried: tried.clone() }, "--vault-id prod@");
    let password = Password::new(b"kennwort mit \xc3\x9cmlaut".to_vec()).expect("a password");
    let strict = Keyring::new(vec![Identity { label: "other".to_owned(), password }], true);
    check(&strict, &labelled, VaultError::NoPasswordOfLabel { label: prod(), given: tried }, "--vault-id prod@");
    let damaged = inline("cases/vault-corrupt/input/group_vars/a.yml", "s");
    check(&one, &damaged, VaultError::Part(BodyPart::Salt), "ansible-vault encrypt");
    let cipher = inline("cases/vault-unknown-cipher/input/group_vars/a.yml", "s");
    check(&one, &cipher, VaultError::Cipher("AES".to_owned()), "ansible-vault rekey");
}

#[test]
fn one_changed_digit_closes_the_text() {
    let ring = keyring(&[("default", "kennwort mit Ümlaut")]);
    let text = data("vault/sixteen.vault");
    let body = text.find('\n').expect("a body") + 1;
    // One digit of the salt, of the check sum and of the ciphertext.
    for offset in [body + 1, body + 200, text.len() - 3] {
        let (before, rest) = text.split_at(offset);
        let changed = if rest.starts_with('3') { '2' } else { '3' };
        let mut characters = rest.chars();
        characters.next();
        let damaged = format!("{before}{changed}{}", characters.as_str());
        assert!(ring.open(&damaged).is_err(), "{offset}");
    }
}

#[test]
fn passwords_have_no_debug_form_and_keyrings_show_labels_only() {
    let ring = keyring(&[("prod", "secret-password")]);
    assert_eq!(format!("{ring:?}"), "[\"prod\"]");
    assert!(Password::new(Vec::new()).is_none());
    let text = keyring(&[("default", "kennwort mit Ümlaut")]).open(&data("vault/binary.vault")).expect("opened").text();
    assert_eq!(text.err(), Some(VaultError::NotText));
}

proptest! {
    #[test]
    fn any_text_ends_in_an_error_or_a_plain_text(body in "[0-9a-f\\n ]{0,200}", junk in any::<String>()) {
        // Without passwords nothing is derived: parsing alone is what is tried.
        let ring = Keyring::default();
        let plain = format!("$ANSIBLE_VAULT;1.1;AES256\n{body}");
        let labelled = format!("$ANSIBLE_VAULT;1.2;AES256;{junk}\n{body}");
        for text in [&junk, &plain, &labelled] {
            prop_assert!(ring.open(text).is_err());
        }
    }
}

#[test]
fn an_encrypted_file_of_variables_is_read_and_no_line_of_a_broken_one_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let variables = folder.path().join("group_vars");
    fs::create_dir(&variables).expect("a folder");
    fs::write(folder.path().join("hosts.ini"), "[a]\nh1\n").expect("a file");
    let mut settings = LoadSettings {
        working_directory: folder.path().to_owned(),
        home: None,
        system_folder: "/nonexistent/ansible".into(),
        environment: std::collections::BTreeMap::new(),
        keyring: Arc::new(keyring(&[("prod", "kennwort mit Ümlaut")])),
        ..LoadSettings::of_this_process()
    };
    let loaded = |vault: &str, settings: &LoadSettings| {
        fs::write(variables.join("a"), data(vault)).expect("a file");
        load(&[Source::from("hosts.ini")], settings).expect("an inventory")
    };
    let read = loaded("vault/labelled.vault", &settings);
    assert_eq!(read.diagnostics, []);
    let host = read.inventory.host_named("h1").expect("the host");
    let shown = clockaudit::inventory::listing::host(&read.inventory, host);
    assert_eq!(shown, "{\n    \"x\": 1,\n    \"y\": \"two\"\n}");
    let said = |loaded: &Loaded| loaded.diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        said(&loaded("vault/sixteen.vault", &settings)),
        ["inventory incomplete: group_vars/a: what is encrypted in it is wrong in line 1 (its variables are missing)"]
    );
    settings.keyring = Arc::default();
    let told = said(&loaded("vault/labelled.vault", &settings)).concat();
    let expected = "it is encrypted by ansible-vault (label prod), and no vault password was given (its variables are missing). \
                    Pass --vault-id prod@FILE, or --vault-id prod@prompt";
    assert!(told.ends_with(expected), "{told}");
}

#[test]
fn what_ansible_would_ask_for_is_told_before_it_is_run() {
    use clockaudit::files::inventory::LoadError;
    let check = |lines: &str, environment: &[(&str, &str)], expected: Option<&str>| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("ansible.cfg"), format!("[defaults]\n{lines}\n")).expect("a file");
        let mut settings = crate::loading::settings(folder.path());
        settings.via_ansible = true;
        settings.environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        // There is no Ansible that could be run.
        settings.environment.insert("PATH".to_owned(), folder.path().display().to_string());
        match (load(&[Source::from("h1,")], &settings), expected) {
            (Err(LoadError::Configuration(said)), Some(expected)) => {
                let said = said.to_string();
                assert!(said.starts_with(&format!("{expected}: Ansible would ask for a vault password")), "{said}");
                assert!(said.contains("vault_password_file = FILE"), "{said}");
            }
            (Ok(loaded), None) => assert!(crate::loading::said(&loaded)[0].contains("cannot be run"), "{lines}"),
            (loaded, _) => panic!("{lines}: {:?}", loaded.map(|loaded| loaded.diagnostics)),
        }
    };
    let cfg = "(ansible.cfg line 2)";
    check("ask_vault_pass = yes", &[], Some(&format!("[defaults] ask_vault_pass {cfg}")));
    check("vault_identity_list = a@file, b@prompt", &[], Some(&format!("[defaults] vault_identity_list {cfg}")));
    check("vault_identity_list = prompt_ask_vault_pass", &[], Some(&format!("[defaults] vault_identity_list {cfg}")));
    check("", &[("ANSIBLE_ASK_VAULT_PASS", "1")], Some("ANSIBLE_ASK_VAULT_PASS"));
    check("", &[("ANSIBLE_VAULT_IDENTITY_LIST", "b@prompt")], Some("ANSIBLE_VAULT_IDENTITY_LIST"));
    check("ask_vault_pass = yes", &[("ANSIBLE_ASK_VAULT_PASS", "no")], None);
    check("ask_vault_pass = no\nvault_identity_list = a@file, prompt@file", &[], None);
}
