//! What hostile inventories cost, in counted work: never more than what their size or a limit allows. No time is measured.

use std::sync::Arc;
use std::time::Duration;

use clockaudit::files::TimeLeft;
use clockaudit::files::inventory::{Limits, LoadError, LoadSettings, Loaded, Source, load, open_ahead};
use clockaudit::inventory::model::{Draft, Inventory, MAX_DEPTH, ReconcileError, Room, Source as SourceRecord};
use clockaudit::inventory::ranges::Budget;
use clockaudit::inventory::template::{Renderer, Surroundings, TemplateError};
use clockaudit::inventory::vault::{Identity, Keyring, Password, VaultError};
use clockaudit::inventory::yaml::MAX_ALIASED_VALUES;
use clockaudit::inventory::{Diagnostic, Value, ini};

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
    let said = ini::read(&mut draft, source, text, &mut Budget::new(100_000));
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

/// A machine whose run has no time left.
struct TooLate;

impl Surroundings for TooLate {
    fn environment(&self, _: &str) -> Option<String> {
        None
    }

    fn file(&self, _: &str) -> Result<String, String> {
        Err("is not there".to_owned())
    }

    fn time_over(&self) -> Option<Duration> {
        Some(Duration::from_millis(1500))
    }
}

/// The hosts of an INI text, which must be sound.
fn hosts(text: &str) -> Arc<Inventory> {
    let (draft, said) = read(text);
    assert_eq!(said, []);
    Arc::new(draft.reconcile().expect("consistent").0)
}

/// What a variable of every host comes to.
fn rendered(renderer: &Renderer, name: &str) -> Vec<Result<String, TemplateError>> {
    let inventory = renderer.inventory();
    let of_host = |host| {
        let variables = inventory.variables(host);
        let value = &variables.get(name).expect("the variable").value;
        renderer.render(host, name, value).map(|rendered| rendered.value.to_string())
    };
    inventory.hosts().map(|(id, _)| of_host(id)).collect()
}

#[test]
fn all_templates_together_take_no_more_steps_than_they_may() {
    /// What one template may take besides, which has begun before the end.
    const ONE_MORE: u64 = 51_000;
    let loops = "{% for i in range(9000) %}{% endfor %}";
    let check = |own: &str, is_rendered: bool| {
        let inventory = hosts(&format!("h[1:900]\n[all:vars]\nslow={own}\nport={{{{ slow }}}}\nplain=22\n"));
        let most = 2_000_000;
        let renderer = Renderer::alone(inventory).within(most);
        let all = rendered(&renderer, "port");
        let first = all.iter().position(|one| matches!(one, Err(TemplateError::Exhausted { .. }))).expect("an end");
        assert!((10..100).contains(&first), "{own}: {first}");
        assert!(all[..first - 1].iter().all(|one| one.is_ok() == is_rendered), "{own}: {all:?}");
        // The one at which it ended is named, by all that come after it, so that they are told as one.
        let told = all[first].as_ref().map_err(ToString::to_string);
        let last = format!(
            "is not rendered: the templates of this inventory took more than 2000000 steps of work, the last of them for \
             slow of h{first}; make that value cheaper, or pass it with -e"
        );
        assert_eq!(told, Err(last), "{own}");
        assert!(all[first..].iter().all(|one| *one == all[first]), "{own}");
        assert!((most..most + ONE_MORE).contains(&renderer.steps()), "{own}: {}", renderer.steps());
        // What is no template needs none.
        assert!(rendered(&renderer, "plain").iter().all(Result::is_ok));
    };
    check(&format!("{loops}22"), true);
    // It runs, and then fails; it is too long by itself.
    check(&format!("{loops}{{{{ nowhere }}}}"), false);
    check(&loops.repeat(30), false);
}

#[test]
fn looking_at_large_values_and_at_other_hosts_is_work_too() {
    let check = |variables: &str, hosts_of: usize| {
        let inventory = hosts(&format!("h[1:{hosts_of}]\n[all:vars]\n{variables}\n"));
        let renderer = Renderer::alone(inventory).within(100_000);
        let all = rendered(&renderer, "port");
        assert!(all.iter().any(|one| matches!(one, Err(TemplateError::Exhausted { .. }))), "{}", renderer.steps());
    };
    let words = "w ".repeat(100_000);
    check(&format!("port={{{{ large | length }}}}\nlarge={words}"), 100);
    let many = (0..1000).map(|n| format!("v{n}=1\n")).collect::<Vec<_>>().concat();
    check(&format!("{many}port={{{{ hostvars['h1'].v1 + hostvars['h2'].v2 + hostvars['h3'].v3 }}}}"), 100);
}

#[test]
fn templates_of_a_large_fleet_are_far_below_the_limit() {
    // As much as an inventory may hold, and more expressions than connections have settings.
    let inventory = hosts(
        "h[1:10000]\n[all:vars]\nsite=par\nnet={{ {'par': '10.1', 'lon': '10.2'}[site] }}\n\
         a={{ net }}.{{ inventory_hostname[1:] | int % 250 }}\nb={{ nowhere.port | default(22) }}\n\
         c={% if 'web' in group_names %}www{% else %}{{ site | upper }}{% endif %}\nd={{ hostvars['h1'].site }}\n\
         e={{ groups['all'] | length > 3 | ternary('x', 'y') }}\nf={{ lookup('env', 'HOME') | default('/root', true) }}/.ssh/id\n",
    );
    let renderer = Renderer::alone(inventory);
    for name in ["a", "b", "c", "d", "e", "f"] {
        let all = rendered(&renderer, name);
        assert!(all.iter().all(Result::is_ok), "{name}: {:?}", all.first());
    }
    // A hundred million, and two thousand for each of them.
    assert!(renderer.steps() < (100_000_000 + 2_000 * 10_000) / 10, "{}", renderer.steps());
}

#[test]
fn nothing_is_rendered_nor_decrypted_once_the_time_of_the_run_is_over() {
    let machine: Arc<dyn Surroundings> = Arc::new(TooLate);
    let password = Password::new(b"correct horse".to_vec()).expect("a password");
    let keyring = Arc::new(Keyring::new(vec![Identity { label: "default".to_owned(), password }], false));
    let inventory = hosts("h1 port=22 user='{{ port }}'\n");
    let renderer = Renderer::new(inventory, Arc::clone(&keyring), &machine, String::new());
    let host = renderer.inventory().host_named("h1").expect("the host");
    assert_eq!(rendered(&renderer, "port"), [Ok("22".to_owned())]);
    let late = TemplateError::TooLate { whole: Duration::from_millis(1500) };
    assert_eq!(rendered(&renderer, "user"), [Err(late.clone())]);
    assert_eq!(late.to_string(), "could not be worked out before the 1.5 s of `--deadline` were over");
    let sealed = Value::Vaulted("$ANSIBLE_VAULT;1.1;AES256\n00".to_owned());
    let opened = |renderer: &Renderer| renderer.render(host, "s", &sealed).map(|_| ());
    assert_eq!((opened(&renderer), keyring.tried()), (Err(late), 0));
    open_ahead(&keyring, &["one", "other"], &TimeLeft::of(Some(Duration::ZERO)));
    assert_eq!(keyring.tried(), 0);
    // What was opened before is known.
    open_ahead(&keyring, &["$ANSIBLE_VAULT;1.1;AES256\n00"], &TimeLeft::default());
    assert!(matches!(opened(&renderer), Err(TemplateError::Vault(VaultError::Part(_)))), "{:?}", opened(&renderer));
}
