//! Properties of the edit of chrony.conf, on random files; and what chronyd itself says of the lines that are written.

use std::process::Command;

use clockaudit::timekeeper::chrony::configuration::edit::mix;
use clockaudit::timekeeper::chrony::configuration::{File, Layout, Lines, Preset, Role, Wanted, edit, undo};
use proptest::prelude::*;

/// Lines of all kinds, and bytes that are none.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "server a.example iburst",
        "  SERVER 169.254.169.123 prefer iburst",
        "pool 2.debian.pool.ntp.org iburst",
        "peer b.example",
        "\tserver ntp1.example prefer iburst",
        "refclock PHC /dev/ptp0",
        "refclock SHM 0",
        "leapsectz right/UTC",
        "leapseclist /usr/share/zoneinfo/leap-seconds.list",
        "makestep 1 3",
        "makestep 10 -1",
        "MakeStep 0.1",
        "initstepslew 30 a b",
        "rtcsync",
        "rtcfile /var/lib/chrony/rtc",
        "local stratum 10",
        "allow 10.0.0.0/8",
        "port 0",
        "include /etc/chrony.d/*.conf",
        "confdir /etc/chrony/conf.d",
        "sourcedir /run/chrony-dhcp /etc/chrony/sources.d",
        "sourcedir /run/chrony-dhcp",
        "! server a",
        "; leapsectz right/UTC",
        "  # makestep",
        "% pool x",
        "driftfile /var/lib/chrony/chrony.drift",
        "server a # no comment",
        "",
    ]);
    let known = known.prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![8 => known, 1 => prop::collection::vec(any::<u8>(), 0..40)]
}

/// A file without marks of ours: any ends of lines, with or without one at the end.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![4 => Just(&b"\n"[..]), 2 => Just(&b"\r\n"[..]), 1 => Just(&b"\r"[..])];
    (prop::collection::vec((line(), end), 0..20), any::<bool>()).prop_map(|(lines, is_open)| {
        let mut bytes: Vec<u8> = lines.into_iter().flat_map(|(line, end)| [line, end.to_vec()].concat()).collect();
        if is_open && bytes.ends_with(b"\n") {
            bytes.pop();
        }
        bytes
    })
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let servers = prop::sample::subsequence(vec!["169.254.169.123", "ntp1.example", "fd00::1"], 1..=3);
    prop_oneof![
        servers.prop_map(|names| Wanted::servers(&names).expect("servers")),
        prop::sample::select(&Preset::ALL).prop_map(Wanted::preset),
        Just(Wanted::pool("pool.ntp.org").expect("a pool")),
        Just(Wanted::own_clock(&["10.0.0.0/8".to_owned()]).expect("networks")),
        Just(Wanted::client_of("10.0.0.1").expect("a server").without_steps()),
    ]
}

/// Several files as one configuration.
fn layout() -> impl Strategy<Value = Layout> {
    (file(), file(), file(), file()).prop_map(|(main, included, sources, fleeting)| {
        let mut layout = Layout::new("/etc/chrony/chrony.conf", &main);
        layout.add(File::new("/etc/chrony/conf.d/a.conf", Role::Included, &included));
        layout.add(File::new("/etc/chrony/sources.d/a.sources", Role::Sources, &sources));
        layout.add(File::new("/run/chrony-dhcp/eth0.sources", Role::Sources, &fleeting));
        layout
    })
}

/// The lines of a file that are no comments and not empty, as chronyd reads them.
fn active(lines: &Lines) -> Vec<Vec<String>> {
    lines
        .iter()
        .map(clockaudit::timekeeper::chrony::configuration::Line::words)
        .filter(|words| !words.is_empty())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_lines_that_write_back(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(Lines::parse(&bytes).to_bytes(), bytes);
    }

    #[test]
    fn a_second_edit_changes_nothing_and_undoing_gives_every_byte_back(layout in layout(), wanted in wanted()) {
        let once = edit(&layout, &wanted).expect("an edit");
        prop_assert_eq!(&edit(&once, &wanted).expect("an edit"), &once);
        for (before, after) in layout.files().zip(once.files()) {
            prop_assert_eq!(undo(&after.lines).expect("undone").to_bytes(), before.lines.to_bytes());
        }
        // Also by way of another edit.
        let other = edit(&once, &Wanted::preset(Preset::Pool).without_steps()).expect("an edit");
        prop_assert_eq!(&edit(&other, &wanted).expect("an edit"), &once);
    }

    #[test]
    fn every_other_line_stays_and_only_what_is_wanted_is_a_source(layout in layout(), wanted in wanted()) {
        let after = edit(&layout, &wanted).expect("an edit");
        let mut sources = Vec::new();
        for (before, after) in layout.files().zip(after.files()) {
            if before.is_fleeting() {
                prop_assert_eq!(before, after);
                continue;
            }
            // Lines are commented or added, and no byte of them is lost.
            let bare = |text: &[u8]| text.trim_ascii_end().to_vec();
            let mut left = after.lines.iter().map(|line| bare(line.text()));
            for line in &before.lines {
                let text = line.text();
                let off = bare(&[b"#clockaudit-off# ", text].concat());
                prop_assert!(left.any(|found| found == bare(text) || found == off));
            }
            sources.extend(active(&after.lines).into_iter().filter(|words| {
                ["server", "pool", "peer"].iter().any(|name| words[0].eq_ignore_ascii_case(name))
            }));
        }
        let expected = wanted.sources.iter().filter(|source| !source.starts_with("refclock")).count();
        prop_assert_eq!(sources.len(), expected);
        for words in sources {
            let line = words.join(" ");
            prop_assert!(wanted.sources.iter().any(|source| source.eq_ignore_ascii_case(&line)), "{}", line);
        }
        let is_kept = |file: &&File| !file.is_fleeting() && file.role != Role::Sources;
        let all: Vec<_> = after.files().filter(is_kept).flat_map(|file| active(&file.lines)).collect();
        let has = |name: &str| all.iter().any(|words| words[0].eq_ignore_ascii_case(name));
        prop_assert_eq!(has("makestep"), wanted.makestep.line().is_some());
        prop_assert!(has("rtcsync") || has("rtcfile"));
        if wanted.smears() {
            prop_assert!(!has("leapsectz") && !has("leapseclist"));
        }
    }
}

/// What chronyd says of a file; `None` where it takes it.
fn refusal(path: &std::path::Path) -> Option<String> {
    let output = Command::new("chronyd").arg("-p").arg("-f").arg(path).output().expect("chronyd, see tests/run");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn chronyd_takes_every_file_that_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chrony.conf");
    let stock =
        "pool 2.debian.pool.ntp.org iburst\r\nkeyfile /etc/chrony/chrony.keys\r\nmakestep 1 3\r\nleapsectz right/UTC";
    let mut wishes: Vec<Wanted> = Preset::ALL.into_iter().map(Wanted::preset).collect();
    wishes.push(Wanted::servers(&["169.254.169.123", "fd00:ec2::123"]).expect("servers"));
    wishes.push(Wanted::own_clock(&["10.0.0.0/8".to_owned(), "fd00::/64".to_owned()]).expect("networks"));
    wishes.push(Wanted::client_of("10.0.0.1").expect("a server").without_steps());
    for wanted in wishes {
        let after = edit(&Layout::new("/etc/chrony.conf", stock.as_bytes()), &wanted).expect("an edit");
        assert_eq!(mix(&after), None, "{wanted:?}");
        std::fs::write(&path, after.main().lines.to_bytes()).expect("written");
        assert_eq!(refusal(&path), None, "{wanted:?}");
    }
}

#[test]
fn chronyd_refuses_what_is_told_as_a_defect() {
    use clockaudit::timekeeper::chrony::configuration::defects::defects;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("chrony.conf");
    let check = |bytes: &[u8], is_refused: bool| {
        std::fs::write(&path, bytes).expect("written");
        let told = defects(&Lines::parse(bytes));
        let refusal = refusal(&path);
        assert_eq!((!told.is_empty(), refusal.is_some()), (is_refused, is_refused), "{told:?} {refusal:?}");
    };
    check(b"server a.example\n# no\xc2\xa0break\n", false);
    check(b"\xef\xbb\xbfserver a.example\n", true);
    check(b"server\xc2\xa0a.example\n", true);
    check(format!("#{}\n", "x".repeat(2_045)).as_bytes(), false);
    check(format!("#{}\n", "x".repeat(2_050)).as_bytes(), true);
}
