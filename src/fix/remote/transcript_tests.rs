//! Transcripts as hosts send them, whole and in pieces; hostile ones are refused.

use proptest::prelude::*;

use super::*;

fn ready() -> Transcript {
    let mut transcript = Transcript::new();
    let heard = transcript.hear(b"Last login: never\n\nCKF1 shell\nscript 0\n").expect("a greeting");
    assert_eq!(heard, [Heard::Shell, Heard::Script { is_root: true }]);
    transcript
}

fn answer(text: &str) -> Result<Vec<Heard>, TranscriptError> {
    ready().hear(text.as_bytes())
}

const SERVER: &[u8] = b"server a iburst\n";

const TRACKING: &str = "tracking A9FEA97B,169.254.169.123,3,1764437000.5,0.000001,0.000002,0.00001,-12.5,0.01,0.1,0.0001,0.0002,64.2,Normal\n";

fn survey_of(data: &str) -> String {
    let digest = Digest::of(SERVER);
    format!(
        "user 0\nkernel Linux 6.1 x86_64\nunit systemd active enabled chrony\nversion 4.3\n\
         arguments /usr/sbin/chronyd -F 1\n{TRACKING}guard systemd-run\nencoding base64\ndirectory writable 4096 /etc/chrony\n\
         file main 644 0 0 77 1764437000 16 {digest} - /etc/chrony/chrony.conf\nas /etc/chrony.conf\n{data}\
         crowded\nconfdir /etc/chrony/conf.d\nmissing include /etc/chrony/x\npending guarded run-1\nok survey\n"
    )
}

#[test]
fn a_survey_is_read() {
    let heard = answer(&survey_of("+c2VydmVyIGEg\n+aWJ1cnN0Cg==\n")).expect("a survey");
    let [Heard::Answer(Answer::Survey(survey))] = heard.as_slice() else { panic!("{heard:?}") };
    let service = Service { init: Init::Systemd, name: "chrony".to_owned(), is_active: true, is_enabled: Some(true) };
    assert_eq!(survey.service, Some(service));
    let source = survey.tracking.as_ref().and_then(|tracking| tracking.source.as_deref());
    assert_eq!(source, Some("169.254.169.123"));
    assert_eq!((survey.files.len(), survey.is_crowded), (1, true));
    let file = survey.files.first().expect("one");
    assert_eq!(file.bytes.as_deref(), Some(SERVER));
    assert_eq!((file.mode, file.inode, file.named.as_deref()), (0o644, 77, Some("/etc/chrony.conf")));
    let includes = [
        Include::ConfDir("/etc/chrony/conf.d".to_owned()),
        Include::Missing(FileKind::Include, "/etc/chrony/x".to_owned()),
    ];
    assert_eq!(survey.includes, includes);
    assert_eq!(survey.pending, [Pending { run: RunId::new("run-1").expect("a name"), is_guarded: true }]);
}

#[test]
fn bytes_that_are_not_those_of_the_digest_are_refused() {
    let damaged = Err(TranscriptError::Damaged { path: "/etc/chrony/chrony.conf".to_owned() });
    for data in ["", "+c2VydmVyIGEg\n", "+c2VydmVyIGIg\n+aWJ1cnN0Cg==\n", "+!\n"] {
        assert_eq!(answer(&survey_of(data)), damaged, "{data}");
    }
    let hex = survey_of("+ 73 65 72 76 65 72 20 61 20 69\n+62 75 72 73 74 0a\n").replace("base64", "hex");
    assert!(answer(&hex).is_ok(), "{hex}");
}

#[test]
fn a_check_is_read_with_its_signs() {
    let text = "answers -8.000001 169.254.169.123\nsilent b.example Fatal error : Could not resolve\nvalid\n\
                dryrun 0.25\nok check\n";
    let heard = answer(text).expect("a check");
    let checked = Checked {
        servers: vec![
            ServerAnswer { server: "169.254.169.123".to_owned(), correction: Ok(Nanos(-8_000_001_000)) },
            ServerAnswer {
                server: "b.example".to_owned(),
                correction: Err("Fatal error : Could not resolve".to_owned()),
            },
        ],
        syntax: Some(Ok(())),
        dry_run: Some(Ok(Nanos(250_000_000))),
        offer: None,
    };
    assert_eq!(heard, [Heard::Answer(Answer::Check(Ok(checked)))]);
}

#[test]
fn an_installation_is_told_before_and_on_the_way() {
    let offer = |text: &str| match answer(text).expect("a check").pop() {
        Some(Heard::Answer(Answer::Check(Ok(checked)))) => checked.offer,
        other => panic!("{other:?}"),
    };
    let removes = vec![Package { name: "systemd-timesyncd".to_owned(), version: "252.39-1~deb12u2".to_owned() }];
    let whole = "removes systemd-timesyncd 252.39-1~deb12u2\ninstalls 4.3-2+deb12u1\nok check\n";
    assert_eq!(offer(whole), Some(Ok(Offer { version: Some("4.3-2+deb12u1".to_owned()), removes })));
    assert_eq!(offer("installs -\nok check\n"), Some(Ok(Offer::default())));
    assert_eq!(offer("unavailable E: no chrony\nok check\n"), Some(Err("E: no chrony".to_owned())));
    assert_eq!(offer("ok check\n"), None);

    let text = "step locked\nstep fetching\nstep took package apt-get purge\nstep installing\nstep installed\n\
                step stopped ntpsec\nok apply\n";
    let heard = answer(text).expect("an answer");
    let taken = Taken::parse("package apt-get purge").expect("a line");
    assert_eq!(heard.get(2), Some(&Heard::Step(Step::Took(taken.clone()))));
    let Some(Heard::Answer(Answer::Apply(applied))) = heard.last() else { panic!("{heard:?}") };
    assert_eq!(applied.as_ref().as_ref().map(|applied| applied.taken.clone()), Ok(vec![taken]));
    let back = |text: &str| answer(text).expect("an answer").pop();
    assert_eq!(back("ok takeback\n"), Some(Heard::Answer(Answer::TakeBack(Ok(())))));
    let left = NotTakenBack::Left(vec!["ntpsec".to_owned()]);
    assert_eq!(back("left ntpsec\nno takeback left\n"), Some(Heard::Answer(Answer::TakeBack(Err(left)))));
    let refused = NotTakenBack::Refused(Refusal::Changed, "/etc/a".to_owned());
    assert_eq!(back("no takeback changed /etc/a\n"), Some(Heard::Answer(Answer::TakeBack(Err(refused)))));
}

#[test]
fn what_was_not_applied_says_why_and_what_is_left() {
    let text = "step locked\nstep kept 16 /etc/c d.backup1 /etc/c d\nstep armed shell\nstep replaced /etc/c d\n\
                step undoing\nstep again\nleft /etc/c d\nno apply unselected 00000000,,0\n";
    let heard = answer(text).expect("an answer");
    let kept = Kept { path: "/etc/c d".to_owned(), backup: Some("/etc/c d.backup1".to_owned()) };
    assert_eq!(heard.get(1), Some(&Heard::Step(Step::Kept(kept))));
    assert_eq!(heard.get(5), Some(&Heard::Step(Step::Again)));
    let not_applied = NotApplied {
        refusal: Refusal::NotSelected,
        detail: "00000000,,0".to_owned(),
        undone: true,
        left: vec!["/etc/c d".to_owned()],
    };
    assert_eq!(heard.last(), Some(&Heard::Answer(Answer::Apply(Box::new(Err(not_applied))))));
}

#[test]
fn what_an_earlier_run_left_is_told() {
    let heard = answer("left /etc/c\nno apply behind /run/clockaudit/r0\n").expect("an answer");
    let Some(Heard::Answer(Answer::Apply(applied))) = heard.last() else { panic!("{heard:?}") };
    let told = applied.as_ref().as_ref().expect_err("refused").to_string();
    assert!(told.ends_with("what that run knows of it: /run/clockaudit/r0; not put back: /etc/c"), "{told}");
}

#[test]
fn what_the_script_does_not_say_is_refused() {
    for line in [
        "hello",
        "ok",
        "ok root",
        "no apply",
        "no apply tired",
        "step",
        "step armed gun",
        "step replaced etc",
        "user -1",
        "file main 644 0 0 1 1 1 - - etc",
        "+AAAA",
        "as /etc/a",
        "tracking 1,2",
        "answers 1e9 a",
        "dryrun inf",
        "recovered ..",
        "unit upstart active - chrony",
        "step kept 99 /a /b",
        "pending maybe a",
    ] {
        let heard = answer(&format!("{line}\n"));
        assert_eq!(heard, Err(TranscriptError::NotUnderstood { line: line.to_owned() }), "{line}");
    }
}

#[test]
fn what_is_too_long_is_refused() {
    assert_eq!(Transcript::new().hear(&vec![b'x'; MAX_NOISE + 1]), Err(TranscriptError::TooMuchNoise));
    assert_eq!(ready().hear(&vec![b'x'; MAX_LINE + 1]), Err(TranscriptError::LineTooLong));
    let lines = "unable x\n".repeat(MAX_ANSWER / 9 + 1);
    assert_eq!(answer(&lines), Err(TranscriptError::AnswerTooLong));
}

/// Lines that the script could say, and some that it could not.
fn lines() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "file main 644 0 0 1 1 3 - -",
        "+YWJj",
        "as",
        "step kept 3",
        "step",
        "ok",
        "no",
        "survey",
        "apply",
        "tracking",
        "answers 1.5",
        "missing",
        "unit sysv active -",
        "encoding hex",
        "encoding base64",
        "withheld",
        "left",
        "directory",
        "no apply write",
        "ok survey",
        "ok apply",
        "no revert left",
        "pending guarded",
        "recovered",
    ]);
    prop::collection::vec((word, "[ -~\u{e9}]{0,12}"), 0..20).prop_map(|lines| {
        lines.into_iter().flat_map(|(word, rest)| [word.to_owned(), " ".to_owned(), rest, "\n".to_owned()]).collect()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..4_000)) {
        let _ = Transcript::new().hear(&bytes);
        let _ = ready().hear(&bytes);
    }

    #[test]
    fn pieces_mean_what_the_whole_means(text in lines(), sizes in prop::collection::vec(1_usize..9, 1..8)) {
        let whole = ready().hear(text.as_bytes());
        let mut transcript = ready();
        let mut rest = text.as_bytes();
        let mut pieces = Ok(Vec::new());
        for size in sizes.iter().cycle() {
            if rest.is_empty() || pieces.is_err() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            rest = after;
            pieces = pieces.and_then(|mut heard: Vec<Heard>| {
                heard.extend(transcript.hear(piece)?);
                Ok(heard)
            });
        }
        prop_assert_eq!(whole, pieces);
    }
}

#[test]
fn files_that_are_not_what_was_written_any_more_are_told_with_the_confirmation() {
    let confirmed = |text: &str| answer(text).expect("an answer");
    let edited = Answer::Confirm(Ok(vec!["/etc/c d".to_owned()]));
    assert_eq!(confirmed("edited /etc/c d\nok confirm\n"), [Heard::Answer(edited)]);
    assert_eq!(confirmed("ok confirm\n"), [Heard::Answer(Answer::Confirm(Ok(Vec::new())))]);
    assert!(answer("edited c\nok confirm\n").is_err());
}
