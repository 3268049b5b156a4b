//! Configurations of people: each trap once.

use std::fs;

use crate::ours::agree;

/// Asks for every host under one configuration.
fn check(text: &str, hosts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    fs::write(&file, text).unwrap();
    for host in hosts {
        agree(&file, &[], host);
    }
}

#[test]
fn a_match_block_ends_the_host_block_before_it() {
    check("Host web\n  User one\nMatch user nobody\n  User two\n  Port 2222\nHost *\n  User three\n", &["web", "db"]);
}

#[test]
fn the_first_value_wins_and_key_files_add_up() {
    check(
        "Host web\n Port 1\n IdentityFile /a\n IdentityFile /b\nHost *\n Port 2\n IdentityFile /b\n IdentityFile /c\n",
        &["web", "db"],
    );
}

#[test]
fn a_negated_pattern_shuts_out_whatever_else_fits() {
    check(
        "Host * !web\n User one\nHost !web\n User two\nHost web* !web2\n User three\n",
        &["web", "web1", "web2", "db"],
    );
}

#[test]
fn the_second_pass_sees_the_name_that_is_connected_to() {
    check(
        "Host web\n HostName web.example\nMatch final host web.example\n User final\nHost web.example\n Port 2222\n",
        &["web", "web.example"],
    );
    check("Host web\n HostName %h.example\nMatch canonical\n User c\nMatch host *.example\n Port 5\n", &["web", "db"]);
}

#[test]
fn whichever_of_jump_and_command_comes_first_wins() {
    check(
        "Host a\n ProxyJump gate\nHost b\n ProxyCommand nc %h %p\nHost *\n ProxyCommand x\n ProxyJump y\n",
        &["a", "b", "c"],
    );
    check("Host a\n ProxyJump none\nHost b\n ProxyCommand none\nHost *\n ProxyJump y\n", &["a", "b", "c"]);
}

#[test]
fn commands_see_what_is_known_by_then() {
    check(
        "Host web\n HostName real\n Port 2222\n User ops\n HostKeyAlias k\n\
         Match exec \"test '%h %n %p %r %k %%' = 'real web 2222 ops k %%'\"\n ConnectTimeout 5\n\
         Match !exec \"exit 3\" user ops\n ConnectionAttempts 4\n",
        &["web", "db"],
    );
}

#[test]
fn addresses_and_names_are_written_as_one_writes_them() {
    check("HostName 2001:DB8::0001\n", &["web"]);
    check("Host 2001:db8::1\n User six\n", &["2001:db8::1", "2001:DB8:0::1"]);
    check("Host WEB\n User upper\nHost web\n User lower\n", &["WEB", "web", "Web"]);
}

#[test]
fn quotes_comments_and_equals_signs() {
    check(
        "Host \"web\" # first\n User=\"a b\" # name\n\tport = 2222\n IdentityFile '/x y' \n\
         ProxyCommand=sh -c 'nc %h %p' # kept\n UserKnownHostsFile \"/a b\" /c\\ d # e\n",
        &["web", "db"],
    );
}

#[test]
fn files_that_are_included_end_their_blocks_and_keep_ours() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("one.conf"), "User one\nHost web\n Port 1\n").unwrap();
    fs::write(at("two.conf"), "Match all\n ConnectTimeout 9\nMatch final\n BindAddress 127.0.0.9\n").unwrap();
    let folder = folder.path().display().to_string();
    fs::write(
        at("config"),
        format!(
            "Host db\n Include {folder}/one.conf\n Port 2\nHost web\n Include {folder}/t*.conf {folder}/none\n Port 3\n"
        ),
    )
    .unwrap();
    for host in ["web", "db", "other"] {
        agree(&at("config"), &[], host);
    }
}

#[test]
fn options_come_before_files_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    fs::write(&file, "User file\nPort 1\nIdentityFile /file\nProxyCommand file\nHostName file.example\n").unwrap();
    for options in [
        &["-o", "User=one", "-l", "two"][..],
        &["-p", "22", "-oPort=23"],
        &["-J", "me@gate:1,inner"],
        &["-o", "ProxyCommand=nc %h %p"],
        &["-o", "HostName %h.cli", "-o", "IdentityFile=/cli"],
        &["-b", "127.0.0.1", "-b", "127.0.0.2", "-o", "BindAddress=127.0.0.3"],
        &["-6", "-o", "AddressFamily=inet", "-vvv", "-tt", "-C"],
    ] {
        let options: Vec<String> = options.iter().map(|word| (*word).to_owned()).collect();
        agree(&file, &options, "web");
    }
}
