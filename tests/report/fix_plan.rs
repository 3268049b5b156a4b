//! The plan as people see it: short however many hosts it has, whole where that is asked for, and harmless.

use clockaudit::fix::forecast::Forecast;
use clockaudit::fix::plan::{Check, Installation};
use clockaudit::fix::remote::PackageManager;
use clockaudit::fix::{Refusal, Yardstick};
use clockaudit::report::fix::{PlanView, plan, step_back};
use clockaudit::report::table::{Detail, Page};

use super::mending::{Mended, STOCK, around, moved};
use super::plain;

fn shown(mended: &Mended, detail: Detail) -> String {
    plain(&plan(&mended.view(&mended.forecasts()), detail, Page::ENDLESS))
}

/// A dozen hosts: some alike, one as wanted, one with an old chronyd, one that gets chrony, and two that are left alone.
fn dozen() -> Mended {
    let offsets = [-8_000, 300, -12, 3, -45_000, 8_000, -3];
    let like = offsets.iter().enumerate().map(|(index, millis)| (format!("web{}", index + 1), STOCK, *millis));
    let managed = format!("# Ansible managed\n{STOCK}");
    let done = "server 169.254.169.123 prefer iburst\nmakestep 1.0 3\nrtcsync\n";
    let others =
        [("db1".to_owned(), managed.as_str(), -20), ("db2".to_owned(), done, 0), ("old1".to_owned(), STOCK, 7)];
    let mut mended = Mended::of(like.chain(others))
        .refuses("edge1", &Refusal::OtherTimekeeper("systemd-timesyncd".to_owned()))
        .refuses("edge2", &Refusal::StepBack { offset: "+120.301 s ± 12 ms".to_owned() });
    for host in &mut mended.plan.hosts {
        match host.name.as_str() {
            "old1" => {
                host.version = Some("3.4".to_owned());
                host.checks.retain(|check| !matches!(check, Check::Syntax | Check::DryRun));
                "chronyd".clone_into(&mut host.service);
            }
            "web7" => {
                host.installs = Some(Installation {
                    manager: Some(PackageManager::Apt),
                    version: Some("4.3-2".to_owned()),
                    replaces: vec!["systemd-timesyncd".to_owned()],
                    removes: vec!["systemd-timesyncd".to_owned()],
                });
                host.version = None;
            }
            _ => {}
        }
    }
    mended
}

#[test]
fn a_plan_reads_like_this() {
    let mended = dozen();
    insta::assert_snapshot!("plan", shown(&mended, Detail::Summary));
    let narrow = plan(&mended.view(&mended.forecasts()), Detail::Summary, Page::of_width(60));
    insta::assert_snapshot!("plan_at_60_columns", plain(&narrow));
    let consent = [("edge2", moved(120_301)), ("edge3", moved(64_000))];
    insta::assert_snapshot!("step_back", step_back(&consent, Page::ENDLESS));
}

/// Thousands of hosts, whose files differ in more ways than anybody reads.
fn many() -> Mended {
    let kinds: Vec<String> = (0..40).map(|kind| format!("server 10.0.0.{kind} iburst\n{STOCK}")).collect();
    let hosts = (0..4_000_usize).map(|index| {
        let kind = kinds.get(if index < 3_900 { index % 4 } else { index % 40 }).unwrap();
        let millis = i64::try_from(index * 37 % 9_000).unwrap() - 6_000;
        (format!("web{index:04}"), kind.as_str(), millis)
    });
    let mut mended = Mended::of(hosts);
    for index in 0..500_i64 {
        let offset = format!("+{}.000 s ± 12 ms", 20 + index);
        mended = mended.refuses(&format!("edge{}", index * 3), &Refusal::StepBack { offset });
    }
    mended
}

#[test]
fn a_plan_for_thousands_stays_readable_and_in_full_has_everything() {
    let mended = many();
    let short = shown(&mended, Detail::Summary);
    assert!(short.lines().count() < 260, "{} lines\n{short}", short.lines().count());
    assert!(short.contains("500 hosts: edge0, edge3"), "{short}");
    let words = short.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(" more; as edge0: +20.000 s ± 12 ms off: right only by"), "{short}");
    assert!(short.contains("32 more kinds of change on 80 hosts (show them: --diff)"), "{short}");
    assert!(short.contains("4500 hosts: 4000 to change, 500 left alone"), "{short}");
    let full = shown(&mended, Detail::Wide);
    for kind in 0..40 {
        let commented = format!("\n+#clockaudit-off# server 10.0.0.{kind} iburst\n");
        assert!(full.contains(&commented), "{kind}");
    }
    for index in 0..500 {
        assert!(full.contains(&format!("edge{}: +{}.000 s", index * 3, 20 + index)), "{index}");
    }
    let clocks = full.lines().filter(|line| line.contains("web") && line.contains(" off: ")).count();
    assert_eq!(clocks, 4_000);
    for text in [&short, &full] {
        let too_wide = text.lines().find(|line| line.chars().count() > 100);
        assert_eq!(too_wide, None);
    }
}

#[test]
fn what_hosts_sent_does_nothing_to_a_terminal() {
    let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\u{202e}\u{9b}31m\u{0}";
    let configuration = format!("# {evil}\n{STOCK}");
    let mut mended = Mended::of([(format!("web{evil}"), configuration.as_str(), 12_000)])
        .refuses(evil, &Refusal::Invalid(evil.repeat(200)));
    let host = &mut mended.plan.hosts[0];
    (host.service, host.version) = (evil.to_owned(), Some(evil.to_owned()));
    host.warnings.push(evil.repeat(300));
    let (version, replaces) = (Some(evil.to_owned()), vec![evil.to_owned()]);
    host.installs = Some(Installation { manager: Some(PackageManager::Apk), version, replaces, removes: Vec::new() });
    mended.plan.change = evil.to_owned();
    mended.diffs[0].diffs[0].path = evil.to_owned();
    mended.yardstick = Yardstick::Internal { host: evil.to_owned(), standing: around(0, 1) };
    let forecasts = mended.forecasts();
    for (detail, page) in [(Detail::Summary, Page::ENDLESS), (Detail::Wide, Page::of_width(60))] {
        let text = plain(&plan(&mended.view(&forecasts), detail, page)) + &step_back(&forecasts, page);
        let acts = |character: &char| (character.is_control() && *character != '\n') || *character == '\u{202e}';
        assert_eq!(text.chars().find(acts), None, "{text}");
        assert!(text.chars().count() < 12_000, "{} characters", text.chars().count());
    }
}

#[test]
fn a_plan_without_changes_says_so_and_one_that_steps_at_once_too() {
    let done = "server 169.254.169.123 prefer iburst\nmakestep 1.0 3\nrtcsync\n";
    let mended = Mended::of([("a".to_owned(), done, 0), ("b".to_owned(), done, 1)]);
    let text = shown(&mended, Detail::Summary);
    assert!(text.contains("Hosts       2 hosts: 2 as wanted already\n"), "{text}");
    assert!(!text.contains("Restarts") && !text.contains("Checked") && !text.contains("+++"), "{text}");
    let forecasts: [(&str, Forecast); 1] = [("a", moved(-8_000))];
    let view = PlanView { steps_now: true, ..mended.view(&forecasts) };
    let text = plain(&plan(&view, Detail::Summary, Page::ENDLESS));
    assert!(text.contains("2 hosts: 2 to step\n") && text.contains("no file changes"), "{text}");
}
