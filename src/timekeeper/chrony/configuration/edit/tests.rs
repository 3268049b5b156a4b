//! The edit on the files that distributions bring, and on what people make of them.

use super::super::change::Wanted;
use super::super::presets::Preset;
use super::*;

const DEBIAN: &str = "# Welcome to the chrony configuration file. See chrony.conf(5) for more\n\
                      # information about usable directives.\n\n\
                      confdir /etc/chrony/conf.d\n\n\
                      pool 2.debian.pool.ntp.org iburst\n\n\
                      sourcedir /run/chrony-dhcp\n\n\
                      sourcedir /etc/chrony/sources.d\n\n\
                      keyfile /etc/chrony/chrony.keys\n\
                      maxupdateskew 100.0\n\
                      rtcsync\n\
                      makestep 1 3\n\
                      leapsectz right/UTC\n";

fn aws() -> Wanted {
    Wanted::servers(&["169.254.169.123"]).expect("a server")
}

fn plain() -> Wanted {
    Wanted::servers(&["ntp1.example", "ntp2.example"]).expect("servers")
}

fn text(lines: &Lines) -> String {
    String::from_utf8(lines.to_bytes()).expect("text")
}

/// The main file after the edit, which must be stable and reversible.
fn edited(main: &str, wanted: &Wanted) -> String {
    let layout = Layout::new("/etc/chrony.conf", main.as_bytes());
    let once = edit(&layout, wanted).expect("an edit");
    assert_eq!(edit(&once, wanted).as_ref(), Ok(&once), "a second edit changes something");
    assert_eq!(undo(&once.main().lines), Ok(layout.main().lines.clone()), "the way back leads elsewhere");
    text(&once.main().lines)
}

#[test]
fn the_stock_file_of_debian_gets_a_smearing_server() {
    let expected = DEBIAN
        .replace("pool 2", "#clockaudit-off# pool 2")
        .replace("sourcedir /run/chrony-dhcp", "#clockaudit-off# sourcedir /run/chrony-dhcp")
        .replace("leapsectz", "#clockaudit-off# leapsectz")
        + "# BEGIN clockaudit managed block\nserver 169.254.169.123 prefer iburst\n# END clockaudit managed block\n";
    assert_eq!(edited(DEBIAN, &aws()), expected);
}

#[test]
fn a_plain_server_leaves_leap_seconds_and_dhcp_alone() {
    let expected = DEBIAN.replace("pool 2", "#clockaudit-off# pool 2")
        + "# BEGIN clockaudit managed block\nserver ntp1.example prefer iburst\nserver ntp2.example iburst\n\
           # END clockaudit managed block\n";
    assert_eq!(edited(DEBIAN, &plain()), expected);
}

#[test]
fn every_kind_of_line_gets_what_it_needs() {
    let check = |main: &str, wanted: &Wanted, expected: &str| assert_eq!(edited(main, wanted), expected, "{main}");
    let block = |lines: &str| format!("# BEGIN clockaudit managed block\n{lines}# END clockaudit managed block\n");
    let ours = "server ntp1.example prefer iburst\nserver ntp2.example iburst\n";
    // Nothing to do, however it is written.
    check("Server\tntp1.example  prefer iburst\nserver ntp2.example iburst\nRTCSYNC\nmakestep 0.5 -1\n", &plain(), {
        "Server\tntp1.example  prefer iburst\nserver ntp2.example iburst\nRTCSYNC\nmakestep 0.5 -1\n"
    });
    // An empty file.
    check("", &plain(), &block(&format!("{ours}makestep 1.0 3\nrtcsync\n")));
    // What is there twice is there once.
    check(
        "server ntp1.example prefer iburst\nserver ntp1.example prefer iburst\nrtcsync\nmakestep 1 3\n",
        &plain(),
        &format!(
            "server ntp1.example prefer iburst\n#clockaudit-off# server ntp1.example prefer iburst\nrtcsync\nmakestep 1 3\n{}",
            block("server ntp2.example iburst\n")
        ),
    );
    // A step that is too late, another way to set the clock at the start, and a hardware clock that chronyd keeps.
    check(
        "makestep 10 3\ninitstepslew 10 a b\nrtcfile /var/lib/rtc\n! server c\n",
        &plain(),
        &format!(
            "#clockaudit-off# makestep 10 3\n#clockaudit-off# initstepslew 10 a b\nrtcfile /var/lib/rtc\n! server c\n{}",
            block(&format!("{ours}makestep 1.0 3\n"))
        ),
    );
    // A clock that is slewed.
    check(
        "makestep 1 3\nrtcsync\n",
        &plain().without_steps(),
        &format!("#clockaudit-off# makestep 1 3\nrtcsync\n{}", block(ours)),
    );
    // Ends of lines: those of the file, and one that is missing.
    check(
        "pool a\r\nrtcsync\r\nmakestep 1 3",
        &aws(),
        "#clockaudit-off# pool a\r\nrtcsync\r\nmakestep 1 3\r\n# BEGIN clockaudit managed block, and the end of the line \
         before it\r\nserver 169.254.169.123 prefer iburst\r\n# END clockaudit managed block\r\n",
    );
    // One folder of several.
    check(
        "sourcedir /run/chrony-dhcp /etc/chrony/sources.d\nrtcsync\nmakestep 1 3\n",
        &aws(),
        &format!(
            "#clockaudit-off# sourcedir /run/chrony-dhcp /etc/chrony/sources.d\nrtcsync\nmakestep 1 3\n{}",
            block("server 169.254.169.123 prefer iburst\nsourcedir /etc/chrony/sources.d\n")
        ),
    );
    // A clock of the host beside a server that smears, and one that nothing is known of.
    check(
        "refclock PHC /dev/ptp0\nrefclock SHM 0\nrtcsync\nmakestep 1 3\n",
        &aws(),
        &format!(
            "#clockaudit-off# refclock PHC /dev/ptp0\nrefclock SHM 0\nrtcsync\nmakestep 1 3\n{}",
            block("server 169.254.169.123 prefer iburst\n")
        ),
    );
    check(
        "makestep 1 3\n",
        &Wanted::preset(Preset::Azure),
        &format!(
            "#clockaudit-off# makestep 1 3\n{}",
            block(&format!("{}\nmakestep 1.0 -1\nrtcsync\n", Preset::Azure.line()))
        ),
    );
}

#[test]
fn an_isolated_server_serves_and_follows_nobody() {
    let wanted = Wanted::own_clock(&["10.0.0.0/8".to_owned(), "fd00::/64".to_owned()]).expect("networks");
    let main = "pool a iburst\nlocal stratum 8\nport 0\nallow fd00::/64\nrtcsync\nmakestep 1 3\n";
    let expected = "#clockaudit-off# pool a iburst\n#clockaudit-off# local stratum 8\n#clockaudit-off# port 0\nallow fd00::/64\n\
                    rtcsync\nmakestep 1 3\n# BEGIN clockaudit managed block\nlocal stratum 10\nallow 10.0.0.0/8\n\
                    # END clockaudit managed block\n";
    assert_eq!(edited(main, &wanted), expected);
}

#[test]
fn other_wishes_replace_the_block_where_it_stands() {
    let layout = Layout::new("/etc/chrony.conf", DEBIAN.as_bytes());
    let first = edit(&layout, &aws()).expect("an edit");
    let second = edit(&first, &plain()).expect("an edit");
    assert_eq!(second, edit(&layout, &plain()).expect("an edit"), "the first edit leaves a trace");
    // Lines that came after the block stay there.
    let appended = text(&first.main().lines) + "allow 10.0.0.0/8\n";
    let layout = Layout::new("/etc/chrony.conf", appended.as_bytes());
    assert_eq!(edit(&layout, &aws()).as_ref(), Ok(&layout));
}

#[test]
fn other_files_lose_their_sources_but_for_what_is_made_anew() {
    let mut layout = Layout::new("/etc/chrony/chrony.conf", b"confdir a\nrtcsync\nmakestep 1 3\n");
    let nts = b"pool 1.ntp.ubuntu.com iburst maxsources 1 nts prefer\n# keep\n";
    layout.add(File::new("/etc/chrony/sources.d/ubuntu-ntp-pools.sources", Role::Sources, nts));
    layout.add(File::new(
        "/etc/chrony/conf.d/a.conf",
        Role::Included,
        b"server x\nleapsectz right/UTC\nntsdumpdir /x\n",
    ));
    layout.add(File::new("/run/chrony-dhcp/eth0.sources", Role::Sources, b"server y\n"));
    let after = edit(&layout, &aws()).expect("an edit");
    let changed: Vec<(&str, String)> =
        layout.changed(&after).iter().map(|(_, after)| (after.path.as_str(), text(&after.lines))).collect();
    let expected = [
        (
            "/etc/chrony/chrony.conf",
            "confdir a\nrtcsync\nmakestep 1 3\n# BEGIN clockaudit managed block\nserver 169.254.169.123 prefer iburst\n\
             # END clockaudit managed block\n",
        ),
        (
            "/etc/chrony/sources.d/ubuntu-ntp-pools.sources",
            "#clockaudit-off# pool 1.ntp.ubuntu.com iburst maxsources 1 nts prefer\n# keep\n",
        ),
        (
            "/etc/chrony/conf.d/a.conf",
            "#clockaudit-off# server x\n#clockaudit-off# leapsectz right/UTC\nntsdumpdir /x\n",
        ),
    ];
    assert_eq!(changed, expected.map(|(path, text)| (path, text.to_owned())));
    assert_eq!(edit(&after, &aws()).as_ref(), Ok(&after));
    assert_eq!(notes(&after, &aws()), [Note::Fleeting("/run/chrony-dhcp/eth0.sources".to_owned())]);
}

#[test]
fn smeared_and_plain_sources_in_one_configuration_are_found() {
    let check = |main: &str, wanted: &Wanted, expected: Option<(&str, &str)>| {
        let after = edit(&Layout::new("/etc/chrony.conf", main.as_bytes()), wanted).expect("an edit");
        let mix = mix(&after);
        assert_eq!(mix.as_ref().map(|mix| (mix.smeared.as_str(), mix.plain.as_str())), expected, "{main}");
    };
    check("pool pool.ntp.org\n", &aws(), None);
    let both = Wanted::servers(&["169.254.169.123", "time.cloudflare.com"]).expect("servers");
    check("", &both, Some(("169.254.169.123", "time.cloudflare.com")));
    check("refclock SHM 0\n", &aws(), None);
}

#[test]
fn a_block_without_an_end_is_not_guessed_at() {
    let layout = Layout::new("/etc/chrony.conf", b"rtcsync\n# BEGIN clockaudit managed block\nserver a\nallow\n");
    assert_eq!(edit(&layout, &aws()), Err(EditError::OpenBlock { path: "/etc/chrony.conf".to_owned(), line: 2 }));
    assert_eq!(undo(&layout.main().lines), Err(2));
}

#[test]
fn comments_that_only_look_like_ours_stay() {
    let main = "#clockaudit-off# a remark\n#clockaudit-off# #clockaudit-off# pool a\nrtcsync\nmakestep 1 3\n";
    let layout = Layout::new("/etc/chrony.conf", main.as_bytes());
    let once = edit(&layout, &plain()).expect("an edit");
    assert!(text(&once.main().lines).starts_with("#clockaudit-off# a remark\n#clockaudit-off# pool a\nrtcsync\n"));
    assert_eq!(edit(&once, &plain()).as_ref(), Ok(&once));
}
