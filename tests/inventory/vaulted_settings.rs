//! Settings that were encrypted, whatever they are settings of: neither reports nor errors show them.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

/// `S3CRETvault x;`, encrypted by ansible-vault of ansible-core 2.19.14 with the password `correct horse`.
const WORDS: &str = "$ANSIBLE_VAULT;1.1;AES256\n\
    63306337623232343865666565333562633062373032353432303534353033613639323237663966\n\
    3738343561343162666237653334633462643433303635300a643031613362336131626539313563\n\
    31363336343834663464353237616639353236653665386434373336386365363635353234653965\n\
    3634346366386362310a346137313039643965643665396331626362306465643136346365323834\n\
    3162";
/// `127.66.77.88`, in the same way.
const ADDRESS: &str = "$ANSIBLE_VAULT;1.1;AES256\n\
    36633533393534363630386234376163623862633864316562326433333533303833653336303335\n\
    3537346463396433376533666463373132383766623661340a653738353463626439646134313564\n\
    35333439393833353435343933353461303364373330633735383933326334356537613030303564\n\
    6237323435323435630a396436613130366436666332616363396536613038383063313537636431\n\
    3366";

/// A value for YAML.
fn inline(vaulted: &str) -> String {
    let lines = vaulted.lines().flat_map(|line| ["\n    ", line.trim()]).collect::<String>();
    format!("!vault |{lines}")
}

/// A host of these variables, `sec` and `addr` being encrypted.
fn fleet(variables: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let vars = format!("{variables}\nsec: {}\naddr: {}\n", inline(WORDS), inline(ADDRESS));
    fs::create_dir(folder.path().join("group_vars")).expect("a folder");
    fs::write(folder.path().join("group_vars/all.yml"), vars).expect("the variables");
    fs::write(folder.path().join("hosts.ini"), "h1 ansible_port=1\n").expect("the inventory");
    fs::write(folder.path().join("pw"), "correct horse\n").expect("the password");
    folder
}

/// What a command says of the fleet, which holds neither secret nor the short word of one.
fn said(folder: &TempDir, words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_clockaudit"));
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path()).args(words);
    let output = command.args(["-F", "none", "--vault-password-file", "pw"]).output().expect("the program runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    for secret in ["S3CRET", "127.66"] {
        assert!(!said.contains(secret), "{words:?} shows {secret}:\n{said}");
    }
    // Lines are as wide as the page.
    let words_said: Vec<&str> = said.split_whitespace().collect();
    let is_fragment = |word: &&str| word.trim_matches(['\'', '`', '"', ',', ':']) == "x;";
    assert!(!words_said.iter().any(is_fragment), "{words:?} shows a piece:\n{said}");
    words_said.join(" ")
}

const SCAN: [&str; 4] = ["scan", "hosts.ini", "--no-state", "--no-progress"];
const EXPLAIN: [&str; 4] = ["inventory", "hosts.ini", "--explain", "h1"];
const DOCTOR: [&str; 2] = ["doctor", "hosts.ini"];

#[test]
fn an_address_that_was_encrypted_is_in_no_report() {
    let folder = fleet("ansible_host: '{{ addr }}'");
    for format in ["table", "wide", "json", "jsonl", "csv", "md", "html", "junit", "prometheus", "nagios"] {
        let said = said(&folder, &[&SCAN[..], &["-o", format]].concat());
        assert!(said.contains("h1") || format == "nagios", "{format}: {said}");
    }
    let told = said(&folder, &[&SCAN[..], &["-vvv", "--record", "trace"]].concat());
    assert!(told.contains("SSH902 h1: "), "{told}");
    let trace = fs::read_to_string(folder.path().join("trace")).expect("a trace");
    assert!(trace.contains("\"h1\"") && !trace.contains("127.66"), "{trace}");
    said(&folder, &EXPLAIN);
    said(&folder, &DOCTOR);
    // Made of what was encrypted, and as `ssh` reads it: without the login name.
    let folder = fleet("ansible_host: 'ops@{{ addr[:3] }}.9.77.88'");
    let told = said(&folder, &[&SCAN[..], &["-o", "json"]].concat());
    assert!(!told.contains("127.9.77") && told.contains("\"h1\""), "{told}");
    // And a port.
    let folder = fleet("ansible_host: 127.0.0.1");
    for format in ["wide", "csv", "json"] {
        let port = ["-e", "ansible_port={{'225'~addr[:2]}}", "-o", format];
        let told = said(&folder, &[&SCAN[..], &port].concat());
        assert!(told.contains("127.0.0.1") && !told.contains("22512"), "{format}: {told}");
    }
    // One that is open is told as ever.
    let folder = fleet("ansible_host: 127.0.0.1");
    let told = said(&folder, &[&SCAN[..], &["-o", "json"]].concat());
    assert!(told.contains("\"127.0.0.1\""), "{told}");
}

#[test]
fn what_is_asked_of_a_host_is_not_told_where_it_was_encrypted() {
    let check = |variable: &str, expected: &str| {
        let told = said(&fleet(&format!("{variable}: '{{{{ sec }}}}'")), &SCAN);
        let whole = format!("h1: `{variable}` (group_vars/all.yml:1): what is encrypted there is {expected}");
        assert!(told.contains(&whole), "{told}");
    };
    check("clockaudit_profile", "no name of a profile");
    check("clockaudit_warn", "no duration, such as 20ms");
}

#[test]
fn doctor_shows_neither_path_nor_method_that_was_encrypted() {
    let told = said(&fleet("ansible_ssh_private_key_file: '~/{{ sec }}'"), &DOCTOR);
    assert!(told.contains("******** does not exist"), "{told}");
    let folder = fleet("ansible_become_method: '{{ sec }}'");
    assert!(said(&folder, &DOCTOR).contains("is '********', which is not supported"));
    assert!(said(&folder, &[&SCAN[..], &["-b"]].concat()).contains("become method '********' is not supported"));
}

#[test]
fn no_piece_of_a_secret_is_shown_that_is_a_word_for_ssh() {
    let told = said(&fleet("ansible_ssh_common_args: '-o Foo={{ sec }}'"), &EXPLAIN);
    assert!(told.contains("******** is no option of ssh"), "{told}");
    for words in ["-o Foo={{ sec }}", "{{ sec }}", "-o {{ sec }} -o User=me", "-J {{ sec }}"] {
        let folder = fleet(&format!("ansible_ssh_common_args: '{words}'"));
        for command in [&EXPLAIN[..], &[&EXPLAIN[..], &["-o", "json"]].concat(), &DOCTOR, &SCAN] {
            let told = said(&folder, command);
            assert!(told.contains("********"), "{words}: {told}");
        }
    }
}

#[test]
fn what_a_lookup_was_given_is_not_told_where_it_was_encrypted() {
    let check = |template: &str, expected: &str| {
        let told = said(&fleet(&format!("ansible_user: \"{{{{ {template} }}}}\"")), &EXPLAIN);
        assert!(told.contains(expected), "{template}: {told}");
    };
    check("lookup('file', sec)", "reads the file '********', which is not there");
    check("lookup('file', sec | b64encode)", "reads the file '********', which is not there");
    check("lookup(sec, 1)", "uses lookup('********'), which only Ansible can run");
    check("query('vars', sec)", "refers to '********', which is not defined");
    check("['a'] | map(sec) | join", "uses the filter '********', which only Ansible can run");
    // What stands in the template, or in a variable that is none, is told as ever.
    check("lookup('file', '/nowhere/' ~ 'a') ~ sec", "reads the file '/nowhere/a', which is not there");
    check("sec ~ lookup('file', '/nowhere/b')", "reads the file '/nowhere/b', which is not there");
    check("sec ~ lookup('file', inventory_hostname)", "reads the file '********', which is not there");
    check("sec ~ lookup('hashi', sec)", "uses lookup('hashi'), which only Ansible can run");
}
