//! Drafts of small fleets, without a host.

use super::*;
use crate::fix::forecast::Movement;
use crate::fix::plan::Follows;
use crate::fix::remote::{
    Digest, FileKind, Guard, Init, Offer, OtherTimekeeper, Package, PackageManager, ServerAnswer, Service, SurveyedFile,
};
use crate::timekeeper::chrony::Tracking;
use crate::timekeeper::chrony::configuration::Wanted;

const STOCK: &str =
    "pool 2.debian.pool.ntp.org iburst\nkeyfile /etc/chrony/chrony.keys\nleapsectz right/UTC\nmakestep 1 3\n";
const SERVER: &str = "169.254.169.123";
const WARN: Nanos = Nanos::from_millis(50);

fn survey(main: &str) -> Survey {
    Survey {
        service: Some(Service { init: Init::Systemd, name: "chrony".to_owned(), is_active: true, is_enabled: None }),
        version: Some("4.3".to_owned()),
        guard: Some(Guard::SystemdRun),
        files: vec![SurveyedFile {
            kind: FileKind::Main,
            path: "/etc/chrony/chrony.conf".to_owned(),
            named: None,
            mode: 0o644,
            owner: 0,
            group: 0,
            inode: 1,
            modified_s: 0,
            digest: Some(Digest::of(main.as_bytes())),
            is_immutable: false,
            bytes: Some(main.as_bytes().to_vec()),
        }],
        ..Survey::default()
    }
}

fn servers(names: &[&str]) -> Intent {
    Intent::Mend(Mending::Edit(Wanted::servers(names).expect("servers")))
}

/// A host whose clock is so far from the axis, and whose chronyd hears a server that is so far from it.
fn subject(name: &str, main: &str, clock_ms: i64, server_ms: i64) -> Subject {
    let answer =
        ServerAnswer { server: format!("{SERVER} iburst"), correction: Ok(Nanos::from_millis(server_ms - clock_ms)) };
    let checked = Checked { servers: vec![answer], syntax: Some(Ok(())), dry_run: Some(Ok(Nanos::ZERO)), offer: None };
    Subject {
        name: name.to_owned(),
        address: format!("{name}.example"),
        intent: Ok(servers(&[SERVER])),
        warn: WARN,
        scanned: None,
        seen: Ok(Seen {
            survey: survey(main),
            checked: Some(Ok(checked)),
            clock: Some(Interval::around(Nanos::from_millis(clock_ms), Nanos::from_millis(1))),
        }),
    }
}

fn terms(step: StepPolicy) -> Terms {
    Terms { step, ..Terms::default() }
}

fn seen(subject: &mut Subject) -> &mut Seen {
    subject.seen.as_mut().expect("something was seen")
}

#[test]
fn each_host_gets_its_change_and_its_forecast() {
    let hosts = [
        subject("ahead", STOCK, 8_000, 0),
        subject("behind", STOCK, -8_000, 0),
        subject("far", STOCK, 120_000, 0),
        subject("near", STOCK, 300, 0),
    ];
    let found = draft(&hosts, &terms(StepPolicy::Forward)).expect("a draft");
    let told: Vec<_> = found
        .hosts
        .iter()
        .map(|host| {
            let forecast = host.forecast.expect("a forecast");
            (host.planned.name.as_str(), forecast.movement, host.planned.without_steps, host.needs_consent)
        })
        .collect();
    let expected = [
        ("ahead", Movement::Slews, true, false),
        ("behind", Movement::Steps, false, false),
        ("far", Movement::Steps, false, true),
        ("near", Movement::Slews, false, false),
    ];
    assert_eq!(told, expected);
    assert!(matches!(found.yardstick, Yardstick::Servers { witnesses: 4, .. }), "{:?}", found.yardstick);
    let host = &found.hosts[1].planned;
    assert_eq!((host.service.as_str(), host.configuration.as_str()), ("chrony", "/etc/chrony/chrony.conf"));
    assert_eq!(host.follows, Follows::Sources(vec![SERVER.to_owned()]));
    assert_eq!(host.checks, Check::ALL);
    let text = String::from_utf8_lossy(&host.files[0].becomes).into_owned();
    assert!(text.contains("#clockaudit-off# pool 2.debian") && text.contains("#clockaudit-off# leapsectz"), "{text}");
    assert!(text.contains(&format!("\nserver {SERVER} prefer iburst\n")), "{text}");
    assert_eq!(found.hosts[1].servers.servers, [format!("{SERVER} iburst")]);
    assert_eq!(found.hosts[1].servers.directives, [""; 0]);
    // Both are shown what there is in the end, whatever is written first.
    assert_eq!(found.hosts[0].diffs, found.hosts[1].diffs);
    assert_ne!(found.hosts[0].planned.files[0].first(), host.files[0].first());
}

#[test]
fn a_step_back_that_nobody_allows_is_refused_and_says_what_does() {
    let hosts = [subject("far", STOCK, 120_000, 0), subject("near", STOCK, 300, 0)];
    let mut found = draft(&hosts, &terms(StepPolicy::Forward)).expect("a draft");
    assert_eq!(found.needing_consent().map(|host| host.planned.name.as_str()).collect::<Vec<_>>(), ["far"]);
    found.refuse_steps_back();
    let plan = found.plan("--ntp-server b".to_owned());
    assert_eq!(plan.hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>(), ["near"]);
    assert_eq!(plan.refused[0].reason, "step_back");
    assert!(plan.refused[0].message.contains("`--step any`"), "{}", plan.refused[0].message);
    let any = draft(&hosts, &terms(StepPolicy::Any)).expect("a draft");
    assert_eq!(any.needing_consent().count(), 0);
}

#[test]
fn a_host_that_is_as_it_should_be_is_left_as_it_is() {
    let first = draft(&[subject("one", STOCK, 0, 0)], &terms(StepPolicy::Forward)).expect("a draft");
    let becomes = String::from_utf8(first.hosts[0].planned.files[0].becomes.clone()).expect("text");
    let check = |clock_ms: i64, is_active: bool, followed: &str, expected: &str| {
        let mut again = subject("one", &becomes, clock_ms, 0);
        let survey = &mut seen(&mut again).survey;
        survey.service.as_mut().expect("a service").is_active = is_active;
        let report = format!("{followed},3,1764437000.5,0,0,0,0,0,0.1,0.0001,0.0002,64.2,Normal");
        survey.tracking = Some(Tracking::parse(&report).expect("a report"));
        let found = draft(&[again], &terms(StepPolicy::Forward)).expect("a draft");
        assert_eq!((found.changing().count(), found.unchanged().count()), (0, 1));
        assert_eq!(found.hosts[0].forecast, None);
        let warnings = found.hosts[0].planned.warnings.join("; ");
        assert_eq!(found.hosts[0].unsettled.is_some(), !expected.is_empty());
        assert!(if expected.is_empty() { warnings.is_empty() } else { warnings.contains(expected) }, "{warnings}");
    };
    let follows = "A9FEA97B,169.254.169.123";
    check(0, true, follows, "");
    check(120_000, true, follows, "+120.00 s ± 12 ms off");
    check(0, false, follows, "chronyd does not run");
    // The file was replaced and chronyd not restarted.
    check(
        0,
        true,
        "C0000201,192.0.2.1",
        "chronyd follows 192.0.2.1 instead: it may not have read it; restart chrony there",
    );
    check(0, true, "7F7F0101,", "chronyd follows no source");
}

#[test]
fn a_service_that_is_not_started_at_boot_is_told() {
    let mut host = subject("one", STOCK, 0, 0);
    seen(&mut host).survey.service.as_mut().expect("a service").is_enabled = Some(false);
    let check = |host: &Subject| {
        let found = draft(std::slice::from_ref(host), &terms(StepPolicy::Forward)).expect("a draft");
        let warnings = &found.hosts[0].planned.warnings;
        let told = warnings.iter().filter(|warning| warning.contains("`systemctl enable chrony` there")).count();
        assert_eq!(told, 1, "{warnings:?}");
        found.hosts[0].planned.clone()
    };
    let planned = check(&host);
    // Once, by a plan that has it as well.
    host.intent = Ok(Intent::Apply(Box::new(planned)));
    check(&host);
}

#[test]
fn a_chronyd_that_is_started_by_the_change_is_told() {
    let mut host = subject("one", STOCK, 0, 0);
    seen(&mut host).survey.service.as_mut().expect("a service").is_active = false;
    let found = draft(&[host], &terms(StepPolicy::Forward)).expect("a draft");
    assert_eq!(found.hosts[0].planned.warnings, ["its chrony does not run: this starts it"]);
}

#[test]
fn what_a_host_is_asked_depends_on_what_it_becomes() {
    let asked = question(&survey(STOCK), &servers(&[SERVER]), &Terms::default()).expect("no refusal").expect("a check");
    assert_eq!(asked.servers, [format!("{SERVER} iburst")]);
    assert!(asked.directives.contains(&format!("server {SERVER} prefer iburst")), "{:?}", asked.directives);
    assert!(!asked.directives.iter().any(|line| line.starts_with("pool")), "{:?}", asked.directives);
    let right = format!("server {SERVER} prefer iburst\nmakestep 1.0 3\nrtcsync\n");
    let asked =
        question(&survey(&right), &servers(&[SERVER]), &Terms::default()).expect("no refusal").expect("a check");
    assert_eq!((asked.servers.len(), asked.directives.len()), (1, 0));
    let locked = Survey { locked: remote::RunId::new("r1"), ..survey(STOCK) };
    let refused = question(&locked, &servers(&[SERVER]), &Terms::default());
    assert_eq!(refused, Err(Refusal::Locked("r1".to_owned())));
}

#[test]
fn hosts_are_refused_each_for_its_own_reason() {
    let mut unseen = subject("unseen", STOCK, 0, 0);
    unseen.seen = Err(Refusal::NotRoot { what: "no".to_owned(), by: None });
    let mut unmeasured = subject("unmeasured", STOCK, 0, 0);
    seen(&mut unmeasured).clock = None;
    let mut silent = subject("silent", STOCK, 0, 0);
    let Some(Ok(checked)) = &mut seen(&mut silent).checked else { panic!("it was asked") };
    checked.servers[0].correction = Err("Timeout reached".to_owned());
    let mut unfit = subject("unfit", STOCK, 0, 0);
    let Some(Ok(checked)) = &mut seen(&mut unfit).checked else { panic!("it was asked") };
    checked.syntax = Some(Err("Could not parse".to_owned()));
    let mut sourceless = subject("sourceless", STOCK, 0, 0);
    sourceless.intent = Err(Refusal::NoSource);
    let others = ["a", "b", "c"].map(|name| subject(name, STOCK, 0, 0));
    // What it is told is 5 s from what the others are told.
    let elsewhere = subject("elsewhere", STOCK, 0, 5_000);
    let hosts: Vec<Subject> =
        [unseen, unmeasured, silent, unfit, sourceless, elsewhere].into_iter().chain(others).collect();
    let found = draft(&hosts, &terms(StepPolicy::Forward)).expect("a draft");
    let reasons: Vec<_> = found.refused.iter().map(|host| (host.name.as_str(), host.reason.as_str())).collect();
    let expected = [
        ("unseen", "not_root"),
        ("unmeasured", "not_measured"),
        ("silent", "unreachable"),
        ("unfit", "invalid"),
        ("sourceless", "no_source"),
        ("elsewhere", "hears_otherwise"),
    ];
    assert_eq!(reasons, expected);
    assert_eq!(found.hosts.len(), 3);
}

#[test]
fn a_server_that_is_far_from_what_the_scan_took_for_utc_changes_nothing() {
    let hosts = [subject("a", STOCK, 0, 5_000), subject("b", STOCK, 10, 5_000)];
    let utc =
        Absolute { standing: Interval::around(Nanos::ZERO, Nanos::from_millis(5)), crit: Nanos::from_millis(100) };
    let terms = Terms { absolute: Some(utc), ..terms(StepPolicy::Any) };
    let refused = draft(&hosts, &terms);
    assert!(matches!(refused, Err(NoYardstick::BeyondReference { .. })), "{refused:?}");
    let forced = draft(&hosts, &Terms { is_forced: true, ..terms }).expect("a draft");
    assert_eq!(forced.hosts.len(), 2);
}

#[test]
fn where_no_host_can_ask_the_scan_says_how_far_off_clocks_are() {
    let mut host = subject("a", STOCK, 7_000, 0);
    seen(&mut host).checked = Some(Ok(Checked::default()));
    host.scanned = Some(Interval::around(Nanos::from_millis(200), Nanos::from_millis(1)));
    seen(&mut host).survey.version = Some("3.4".to_owned());
    let found = draft(&[host], &terms(StepPolicy::Forward)).expect("a draft");
    assert_eq!(found.yardstick, Yardstick::Claims);
    assert_eq!(found.hosts[0].outset.offset.midpoint(), Nanos::from_millis(200));
    assert!(found.hosts[0].planned.warnings[0].contains("chronyd 3.4"), "{:?}", found.hosts[0].planned.warnings);
}

#[test]
fn those_that_others_follow_are_time_servers() {
    let check = |main: &str, other: &str, expected: bool| {
        let hosts = [subject("a", main, 0, 0), subject("b", other, 0, 0)];
        let found = draft(&hosts, &terms(StepPolicy::Forward)).expect("a draft");
        assert_eq!(found.hosts[0].is_time_server, expected, "{main} {other}");
    };
    check(STOCK, STOCK, false);
    check("allow 10.0.0.0/8\n", STOCK, true);
    check("allow\nport 0\n", STOCK, false);
    check("#allow\n", STOCK, false);
    check(STOCK, "server a iburst\n", true);
    check(STOCK, "server a.example iburst\n", true);
}

#[test]
fn the_server_of_an_isolated_network_is_the_yardstick() {
    let mut server = subject("server", STOCK, 5_000, 0);
    server.intent = Ok(Intent::Mend(Mending::Edit(Wanted::own_clock(&["10.0.0.0/8".to_owned()]).expect("a server"))));
    let mut client = subject("client", STOCK, 0, 0);
    client.intent = Ok(Intent::Mend(Mending::Edit(Wanted::client_of("10.0.0.1").expect("a client"))));
    for host in [&mut server, &mut client] {
        // Nobody serves yet.
        let Some(Ok(checked)) = &mut seen(host).checked else { panic!("it was asked") };
        *checked = Checked {
            servers: Vec::new(),
            syntax: Some(Ok(())),
            dry_run: Some(Err("Timeout".to_owned())),
            offer: None,
        };
    }
    let terms = Terms { internal: Some("server".to_owned()), ..terms(StepPolicy::Forward) };
    let found = draft(&[server, client], &terms).expect("a draft");
    assert!(matches!(&found.yardstick, Yardstick::Internal { host, .. } if host == "server"), "{:?}", found.yardstick);
    let [server, client] = found.hosts.as_slice() else { panic!("{:?}", found.refused) };
    assert_eq!(server.planned.follows, Follows::OwnClock(10));
    assert_eq!(server.forecast.map(|forecast| forecast.movement), Some(Movement::Stays));
    assert!(server.is_time_server);
    assert_eq!(client.planned.follows, Follows::Sources(vec!["10.0.0.1".to_owned()]));
    assert_eq!(client.outset.offset.midpoint(), Nanos::from_seconds(-5));
}

#[test]
fn a_plan_that_was_made_before_is_applied_and_nothing_else() {
    let planned = |clock_ms: i64, step: StepPolicy| {
        let found = draft(&[subject("a", STOCK, clock_ms, 0)], &terms(step)).expect("a draft");
        found.hosts[0].planned.clone()
    };
    let again = |planned: &PlannedHost, main: &str, clock_ms: i64| {
        let subject =
            Subject { intent: Ok(Intent::Apply(Box::new(planned.clone()))), ..subject("a", main, clock_ms, 0) };
        draft(&[subject], &terms(StepPolicy::Forward)).expect("a draft")
    };
    let stepped = planned(-8_000, StepPolicy::Forward);
    let found = again(&stepped, STOCK, -9_000);
    assert_eq!(found.hosts[0].planned.files, stepped.files);
    assert_eq!(found.hosts[0].planned.follows, stepped.follows);
    assert_eq!(found.hosts[0].diffs.len(), 1);
    assert_eq!(found.hosts[0].forecast.map(|forecast| forecast.movement), Some(Movement::Steps));
    assert_eq!(again(&stepped, "pool edited iburst\n", -9_000).refused[0].reason, "changed");
    assert_eq!(again(&stepped, STOCK, 8_000).refused[0].reason, "moved");
    assert_eq!(again(&stepped, STOCK, 80_000).needing_consent().count(), 1);
    // What the plan makes of it is there already.
    let done = String::from_utf8_lossy(&stepped.files[0].becomes).into_owned();
    let found = again(&stepped, &done, 0);
    assert_eq!((found.refused.len(), found.changing().count(), found.unchanged().count()), (0, 0, 1), "{found:?}");
    assert_eq!(again(&stepped, &done, 80_000).needing_consent().count(), 0, "nothing is done that could step it");
    // One that was to be slewed, and is right by now, gets all at once what it is in the end.
    let slewed = planned(8_000, StepPolicy::Forward);
    assert!(slewed.files[0].meanwhile.is_some() && slewed.without_steps);
    let right = again(&slewed, STOCK, 0);
    assert_eq!(right.hosts[0].planned.files[0].first(), slewed.files[0].becomes);
    assert!(!right.hosts[0].planned.without_steps);
    assert_eq!(again(&slewed, STOCK, 7_000).hosts[0].planned.files, slewed.files);
    let asked = question(&survey(STOCK), &Intent::Apply(Box::new(slewed)), &Terms::default());
    assert!(asked.expect("no refusal").expect("a check").directives.iter().any(|line| line.contains(SERVER)));
}

#[test]
fn clocks_that_are_off_are_stepped_at_once_where_that_is_asked() {
    let of = |clock_ms: i64| Subject { intent: Ok(Intent::Mend(Mending::StepNow)), ..subject("a", STOCK, clock_ms, 0) };
    let check = |clock_ms: i64, steps_now: bool, needs_consent: bool| {
        let found = draft(&[of(clock_ms)], &terms(StepPolicy::Forward)).expect("a draft");
        let host = &found.hosts[0];
        assert_eq!(
            (host.steps_now, host.needs_consent, host.planned.files.len()),
            (steps_now, needs_consent, 0),
            "{clock_ms}"
        );
    };
    check(-300, true, false);
    check(-300_000, true, false);
    check(300, true, true);
    check(20, false, false);
    // Where it stands is asked of what it follows.
    let asked = question(&survey(STOCK), &Intent::Mend(Mending::StepNow), &Terms::default());
    let asked = asked.expect("no refusal").expect("a check");
    assert_eq!(
        (asked.servers.as_slice(), asked.directives.len()),
        (&["2.debian.pool.ntp.org iburst".to_owned()][..], 0)
    );
}

/// A host that timesyncd keeps the clock of, without chrony.
fn without_chrony(name: &str, clock_ms: i64) -> Subject {
    let mut subject = subject(name, STOCK, clock_ms, 0);
    let seen = seen(&mut subject);
    seen.survey = Survey {
        service: None,
        version: None,
        packages: Some(PackageManager::Apt),
        others: vec![OtherTimekeeper {
            process: "systemd-timesyn".to_owned(),
            service: Some("systemd-timesyncd".to_owned()),
        }],
        files: Vec::new(),
        ..survey(STOCK)
    };
    let Some(Ok(checked)) = &mut seen.checked else { panic!("it was asked") };
    (checked.syntax, checked.dry_run) = (None, None);
    let timesyncd = Package { name: "systemd-timesyncd".to_owned(), version: "252".to_owned() };
    checked.offer = Some(Ok(Offer { version: Some("4.3-2".to_owned()), removes: vec![timesyncd] }));
    subject
}

#[test]
fn a_host_without_chrony_gets_it_only_where_that_was_asked_for() {
    let host = without_chrony("bare", -8_000);
    let survey = host.seen.as_ref().expect("seen").survey.clone();
    let refused = draft(std::slice::from_ref(&host), &terms(StepPolicy::Forward)).expect("a draft");
    assert_eq!(refused.refused[0].reason, "other_timekeeper");
    assert!(refused.refused[0].message.contains("`--replace-timekeeper`"), "{:?}", refused.refused);

    let allowed = guards::Allowed { installs: false, replaces: true };
    let terms = Terms { allowed, ..terms(StepPolicy::Forward) };
    let asked = question(&survey, &servers(&[SERVER]), &terms).expect("no refusal").expect("a check");
    assert_eq!((asked.installs, asked.servers.len()), (Some(PackageManager::Apt), 1));
    assert_eq!(asked.directives, [""; 0], "nobody there could try them");
    let found = draft(std::slice::from_ref(&host), &terms).expect("a draft");
    let drafted = &found.hosts[0];
    let installs = drafted.planned.installs.as_ref().expect("an installation");
    assert_eq!((installs.version.as_deref(), installs.goes()), (Some("4.3-2"), vec!["systemd-timesyncd"]));
    assert_eq!((drafted.planned.service.as_str(), drafted.planned.files[0].was), ("chrony", None));
    assert!(drafted.is_changing() && drafted.planned.restarts() && drafted.forecast.is_some());
    let text = String::from_utf8_lossy(&drafted.planned.files[0].becomes).into_owned();
    assert!(text.contains(&format!("\nserver {SERVER} prefer iburst\n")), "{text}");

    // What was planned is done without being asked for again, as long as it is the same.
    let planned = Subject { intent: Ok(Intent::Apply(Box::new(drafted.planned.clone()))), ..host };
    let stored = draft(std::slice::from_ref(&planned), &Terms::default()).expect("a draft");
    assert_eq!(stored.hosts[0].planned.installs, drafted.planned.installs);
    let mut applied = planned.clone();
    seen(&mut applied).survey = self::survey(&text);
    let stored = draft(&[applied], &Terms::default()).expect("a draft");
    assert_eq!((stored.refused.len(), stored.unchanged().count()), (0, 1), "it is installed by now: {stored:?}");
    let mut other = planned;
    seen(&mut other).survey.others.clear();
    let stored = draft(&[other], &Terms::default()).expect("a draft");
    assert_eq!(stored.refused[0].reason, "other_installation");
}

#[test]
fn chronyd_that_runs_beside_another_is_left_alone_with_the_clock() {
    let becomes = format!("server {SERVER} prefer iburst\nmakestep 1.0 3\nrtcsync\n");
    let mut host = subject("both", &becomes, 0, 0);
    let service = Some("ntpsec".to_owned());
    seen(&mut host).survey.others = vec![OtherTimekeeper { process: "ntpd".to_owned(), service }];
    let allowed = guards::Allowed { installs: false, replaces: true };
    let found = draft(&[host], &Terms { allowed, ..terms(StepPolicy::Forward) }).expect("a draft");
    let host = &found.hosts[0];
    assert!(host.planned.files.is_empty() && host.is_changing() && host.forecast.is_some(), "{host:?}");
    let request = host.planned.request(remote::RunId::new("r").expect("a name"), Nanos::ZERO);
    assert_eq!(request.guard_s, 120, "the guard puts the old files back after two minutes of silence");
    assert_eq!(request.installs.expect("something is stopped").replaces, ["ntpsec"]);
}
