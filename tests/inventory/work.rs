//! What hostile inventories cost, in counted work: never more than what their size or a limit allows. No time is measured.

use clockaudit::files::inventory::{Limits, LoadError, LoadSettings, Loaded, Source, load};
use clockaudit::inventory::model::{Draft, MAX_DEPTH, ReconcileError, Room, Source as SourceRecord};
use clockaudit::inventory::ranges::Budget;
use clockaudit::inventory::yaml::MAX_ALIASED_VALUES;
use clockaudit::inventory::{Diagnostic, ini};

use crate::loading::{load_text, said, settings};

/// Steps that every byte of a source may cost: a line of a few letters is a handful of them.
const STEPS_A_BYTE: usize = 2;

/// Loads a text: what is said of it contains this (nothing, where that is empty), and it takes no more steps than its size
/// allows, and a limit besides.
fn check(name: &str, text: &str, besides: usize, expected: &str) -> Loaded {
    let loaded = load_text(name, text, |_| {});
    assert_eq!(loaded.is_incomplete(), !expected.is_empty(), "{name}: {:?}", said(&loaded));
    assert!(
        expected.is_empty() || said(&loaded).first().is_some_and(|first| first.contains(expected)),
        "{name}: {:?}",
        said(&loaded)
    );
    let (steps, most) = (loaded.inventory.steps(), STEPS_A_BYTE * text.len() + besides);
    assert!((1..=most).contains(&steps), "{name}: {steps} steps for {} bytes", text.len());
    loaded
}

#[test]
fn random_bytes_take_no_more_steps_than_there_are_bytes() {
    let mut random = fastrand::Rng::with_seed(31);
    let bytes: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(1 << 20).collect();
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["hosts", "hosts.ini", "hosts.yml", "hosts.json", "hosts.toml"] {
        std::fs::write(folder.path().join(name), &bytes).expect("a file");
        let loaded = load(&[Source::from(name)], &settings(folder.path())).expect("an inventory");
        assert!(loaded.is_incomplete(), "{name}");
        assert!(loaded.inventory.steps() <= bytes.len(), "{name}: {} steps", loaded.inventory.steps());
    }
    // Letters of inventories reach deeper.
    let alphabet = b"[]:={}\"'#,- \n\n\nabc019*&!";
    let text: String =
        std::iter::repeat_with(|| char::from(alphabet[random.usize(..alphabet.len())])).take(1 << 18).collect();
    for name in ["hosts", "hosts.ini", "hosts.yml", "hosts.toml"] {
        let loaded = load_text(name, &text, |_| {});
        let most = STEPS_A_BYTE * text.len() + Limits::default().room.hosts;
        assert!(loaded.inventory.steps() <= most, "{name}: {} steps", loaded.inventory.steps());
    }
}

#[test]
fn a_bomb_of_aliases_takes_no_more_steps_than_aliases_may_stand_for() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        bomb = format!("{bomb}a{level}: &a{level} [{}]\n", format!("*a{},", level - 1).repeat(10));
    }
    check("hosts.yml", &bomb, MAX_ALIASED_VALUES, "stand for more than 1000000 values");
}

#[test]
fn a_range_takes_no_more_steps_than_an_inventory_may_have_hosts() {
    let most = Limits::default().room.hosts;
    let refused = "larger than 100000 hosts";
    check("hosts.ini", "[a]\nh[1:1000000000]\n", most, refused);
    check("hosts.ini", "[a]\nh[1:1000][1:1000][1:1000]\n", most, refused);
    check("hosts.yml", "a: {hosts: {'h[1:1000000000]': {}}}\n", most, refused);
    check("hosts.toml", "[a.hosts]\n'h[1:1000000000]' = {}\n", most, refused);
    // Each name once made, once added, settled, and told of its group.
    let full = check("hosts.ini", "h[1:100000]\n", 4 * most, "");
    assert_eq!(full.inventory.host_count(), most);
    let one_more =
        check("hosts.ini", "h[1:100000]\nlast\n", 4 * most, "an inventory may have 100000 hosts, and `last`");
    assert_eq!(one_more.inventory.host_count(), most);
    check("hosts.yml", "a: {hosts: {'h[1:100000]': , last: }}\n", 4 * most, "and `last` would be one more");
    check(
        "hosts.json",
        "{\"a\": {\"hosts\": {\"h[1:100000]\": {}, \"last\": {}}}}",
        4 * most,
        "and `last` would be one more",
    );
    check("hosts.ini", &"h[1:1000]\n".repeat(1001), 3_000_000, "the ranges up to here make more than 1000000 names");
    let variables = " a=1".repeat(1000);
    check(
        "hosts.ini",
        &format!("h[1:1000]{variables}\n"),
        2000,
        "1000 hosts with all of this line's variables are too much",
    );
    let list = format!("{},", (0..=most).map(|n| format!("h{n}")).collect::<Vec<_>>().join(","));
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = load(&[Source::from(list.as_str())], &settings(folder.path())).expect("an inventory");
    assert!(
        loaded.is_incomplete() && said(&loaded)[0].contains("`h100000` would be one more"),
        "{}",
        said(&loaded)[0].len()
    );
}

#[test]
fn hosts_leave_ungrouped_at_once() {
    // Each is named outside of groups first.
    let loaded = check("hosts.ini", "h[1:20000]\n[web]\nh[1:20000]\n", 7 * 20_000, "");
    let names = |name: &str| loaded.inventory.hosts_of(loaded.inventory.group_named(name).expect("a group")).len();
    assert_eq!((names("web"), names("ungrouped")), (20_000, 0));
}

/// Groups one below the other, each declared before those below it or after them.
fn chain(name: &str, length: usize, is_downwards: bool) -> String {
    let link = |n: usize| format!("[{name}{n}:children]\n{name}{}\n", n + 1);
    if is_downwards {
        (0..length).map(link).collect::<String>() + &format!("[{name}{length}]\n")
    } else {
        format!("[{name}{length}]\n") + &(0..length).rev().map(link).collect::<String>()
    }
}

/// Reads an INI text alone.
fn read(text: &str) -> (Draft, Vec<Diagnostic>) {
    let mut draft = Draft::new();
    let record = SourceRecord { name: "x.ini".into(), file: None, folder: None, sha256: String::new() };
    let source = draft.add_source(record);
    let said = ini::read(&mut draft, source, text, &mut Budget::new(1000));
    (draft, said)
}

#[test]
fn deep_groups_take_steps_as_there_are_groups_whatever_their_order() {
    for is_downwards in [true, false] {
        // As deep as may be, many times.
        let text: String = (0..20).map(|n| chain(&format!("c{n}x"), MAX_DEPTH - 1, is_downwards)).collect();
        let loaded = check("hosts.ini", &text, 0, "");
        assert_eq!(loaded.inventory.groups().count(), 2 + 20 * MAX_DEPTH);
        // Deeper than may be: that is told once all is read.
        let text = chain("g", 20_000, is_downwards);
        let (draft, said) = read(&text);
        assert_eq!(said, []);
        assert!(draft.steps() <= STEPS_A_BYTE * text.len(), "{} steps for {} bytes", draft.steps(), text.len());
        let error = draft.reconcile().expect_err("too deep");
        assert_eq!(error, ReconcileError::TooDeep { group: "g20000".to_owned(), depth: 20_001 });
    }
    // All declared first, and then put below each other; all named first, and then declared.
    let declared = (0..20_000).map(|n| format!("[g{n}]\n")).collect::<Vec<_>>().concat();
    let listed = (0..20_000).map(|n| format!("g{n}\n")).collect::<Vec<_>>().concat();
    check("hosts.ini", &format!("{declared}[top:children]\n{listed}"), 0, "");
    check("hosts.ini", &format!("[top:children]\n{listed}{declared}"), 0, "");
    // One a thousand levels down has all of them below it.
    check("hosts.ini", &format!("{}{declared}[c900:children]\n{listed}", chain("c", 900, true)), 0, "");
}

#[test]
fn a_circle_of_many_groups_takes_steps_as_there_are_groups() {
    for is_downwards in [true, false] {
        let text = chain("g", 900, is_downwards) + "[g900:children]\ng0\n";
        check("hosts.ini", &text, 0, "`g0` below `g900` would make a circle of groups");
        let text = chain("g", 20_000, is_downwards) + "[g20000:children]\ng0\n";
        let (draft, said) = read(&text);
        assert_eq!(said[0].message, "`g0` below `g20000` would make a circle of groups");
        assert!(draft.steps() <= STEPS_A_BYTE * text.len(), "{} steps for {} bytes", draft.steps(), text.len());
    }
}

#[test]
fn groups_that_are_intertwined_beyond_reason_are_refused_at_a_limit() {
    // Each of the lower half of one chain above each of the upper half of another.
    let below = (0..100).rev().map(|n| format!("b{n}\n")).collect::<Vec<_>>().concat();
    let crossed = (100..200).map(|n| format!("[a{n}:children]\n{below}")).collect::<Vec<_>>().concat();
    let text = chain("a", 200, true) + &chain("b", 200, true) + &crossed;
    let room = Room { search_steps: 1_000_000, ..Room::default() };
    let loaded = load_text("hosts.ini", &text, |settings| settings.limits.room = room);
    let expected = "too many groups have many above and many below them: 1000000 steps do not tell whether `b";
    assert!(
        loaded.is_incomplete() && said(&loaded).first().is_some_and(|first| first.contains(expected)),
        "{:?}",
        said(&loaded)
    );
    assert!(loaded.inventory.steps() <= STEPS_A_BYTE * text.len() + room.search_steps + 1);
    // Without such a limit there is nothing wrong with it.
    check("hosts.ini", &text, Room::default().search_steps, "");
}

#[test]
fn groups_that_are_too_deep_end_the_run_with_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hosts.ini"), chain("g", MAX_DEPTH, true)).expect("a file");
    std::fs::write(folder.path().join("broken.ini"), "h1 broken\n").expect("a file");
    let settings: LoadSettings = settings(folder.path());
    let sources = ["broken.ini", "hosts.ini"].map(Source::from);
    let Err(LoadError::Groups { cause, diagnostics }) = load(&sources, &settings) else { panic!("it is too deep") };
    // What was wrong before is told as well.
    assert!(diagnostics.iter().any(|told| told.message == "expected key=value, got \"broken\""), "{diagnostics:?}");
    assert_eq!(cause.to_string(), "group `g1000` is 1001 levels below `all`; groups may be nested 1000 deep");
}

#[test]
fn many_warnings_of_a_document_cost_no_more_than_some() {
    // To show the line of each would take as many steps as there are lines before it.
    let text = (0..5000).map(|n| format!("  other{n}: {{}}\n")).collect::<Vec<_>>().concat();
    let loaded = load_text("hosts.yml", &format!("web:\n  hosts: {{h1: }}\n{text}"), |_| {});
    assert!(said(&loaded).iter().any(|line| line.contains("4980 more warnings of this kind")), "{:?}", said(&loaded));
    assert!(loaded.inventory.steps() <= STEPS_A_BYTE * text.len(), "{}", loaded.inventory.steps());
}
