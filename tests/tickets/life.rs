//! The life of a ticket in every system: made, left, brought up to date, resolved, opened again, made anew.

use std::sync::{Arc, Mutex};

use clockaudit::report::Report;
use clockaudit::tickets::Key;
use tokio_rustls::rustls::ServerConfig;

use crate::command::User;
use crate::reports::{bad, bad_again, changed, clear, later, many, stored};
use crate::server::{Asked, Server, Told};
use crate::store::{Store, date};
use crate::{github_contract, gitlab_contract, jira_contract, redmine_contract, rt_contract, servicenow_contract};

/// A system and its contract.
pub(crate) struct Contract {
    pub(crate) name: &'static str,
    pub(crate) answer: fn(&mut Store, &Asked) -> Told,
    /// How the path of a new ticket ends.
    pub(crate) create: &'static str,
    pub(crate) project: Option<&'static str>,
    pub(crate) secrets: &'static [(&'static str, &'static str)],
    /// What the first ticket is called.
    pub(crate) first: &'static str,
    pub(crate) takes_files: bool,
}

pub(crate) const SYSTEMS: [Contract; 7] = [
    Contract {
        name: "github",
        answer: github_contract::answer,
        create: "/issues",
        project: Some("ops/clocks"),
        secrets: &[("GITHUB_TOKEN", "s3cret-token")],
        first: "#1",
        takes_files: false,
    },
    Contract {
        name: "gitlab",
        answer: gitlab_contract::answer,
        create: "/issues",
        project: Some("ops/clocks"),
        secrets: &[("GITLAB_TOKEN", "s3cret-token")],
        first: "#1",
        takes_files: true,
    },
    Contract {
        name: "jira",
        answer: jira_contract::server,
        create: "/issue",
        project: Some("OPS"),
        secrets: &[("JIRA_TOKEN", "s3cret-token")],
        first: "OPS-1",
        takes_files: true,
    },
    Contract {
        name: "jira-cloud",
        answer: jira_contract::cloud,
        create: "/issue",
        project: Some("OPS"),
        secrets: &[("JIRA_USER", "ops@example.com"), ("JIRA_TOKEN", "s3cret-token")],
        first: "OPS-1",
        takes_files: true,
    },
    Contract {
        name: "servicenow",
        answer: servicenow_contract::answer,
        create: "/incident",
        project: None,
        secrets: &[("SN_USERNAME", "ops"), ("SN_PASSWORD", "s3cret-token")],
        first: "INC0000001",
        takes_files: true,
    },
    Contract {
        name: "redmine",
        answer: redmine_contract::answer,
        create: "/issues.json",
        project: Some("clocks"),
        secrets: &[("REDMINE_API_KEY", "s3cret-token")],
        first: "#1",
        takes_files: true,
    },
    Contract {
        name: "rt",
        answer: rt_contract::answer,
        create: "/ticket",
        project: Some("clocks"),
        secrets: &[("RT_TOKEN", "s3cret-token")],
        first: "#1",
        takes_files: true,
    },
];

/// A system that runs.
pub(crate) struct Running {
    pub(crate) server: Server,
    pub(crate) store: Arc<Mutex<Store>>,
    pub(crate) arguments: Vec<String>,
}

impl Contract {
    pub(crate) fn start(&self) -> Running {
        self.start_over(None)
    }

    /// The same over TLS where its settings are given.
    pub(crate) fn start_over(&self, tls: Option<Arc<ServerConfig>>) -> Running {
        let store = Arc::new(Mutex::new(Store { day: 1, ..Store::default() }));
        let kept = store.clone();
        let answer = self.answer;
        let create = self.create;
        let server = Server::start_over(tls, move |asked| {
            let mut store = kept.lock().expect("the tickets");
            let day = store.day;
            if std::mem::take(&mut store.has_rival) {
                // Only a new ticket meets one; everything else goes its way.
                let is_new = asked.method == "POST" && asked.path.ends_with(create);
                store.has_rival = !is_new;
                if is_new {
                    answer(&mut store, asked);
                }
            }
            if let Some(refused) = store.refusal(asked) {
                return refused.header("Date", &date(day));
            }
            let told = match store.fault(asked) {
                Some(fault) => {
                    if fault.is_done {
                        answer(&mut store, asked);
                    }
                    fault.answer
                }
                None => answer(&mut store, asked),
            };
            told.header("Date", &date(day))
        });
        let mut arguments = vec![self.name.to_owned(), "--url".to_owned(), server.url.clone()];
        arguments.extend(self.project.iter().flat_map(|project| ["--project".to_owned(), (*project).to_owned()]));
        Running { server, store, arguments }
    }

    pub(crate) fn user(&self, running: &Running) -> User {
        let arguments: Vec<&str> = running.arguments.iter().map(String::as_str).collect();
        User::new(&arguments, self.secrets)
    }
}

#[test]
fn a_ticket_is_made_left_updated_resolved_opened_again_and_made_anew() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        let store = || running.store.lock().expect("the tickets");
        let counts = || {
            let store = store();
            (store.open().len(), store.tickets.len())
        };
        let told = |report: &Report, more: &[&str]| user.ticket(report, more).good();
        let key = Key::of("inventory.ini", "");
        let name = contract.name;

        let first = told(&bad(), &[]);
        assert!(
            first.starts_with(&format!("created {}  {key}  Clocks: CRIT, 2 of 12 hosts crit", contract.first)),
            "{name}: {first}"
        );
        assert_eq!(store().tickets.len(), 1);
        let made = store().tickets[0].clone();
        assert!(made.body.contains("auth02") && made.body.contains("CLK107"), "{name}: {}", made.body);
        assert!(made.body.contains(&format!("{key} state ")), "{name}: {}", made.body);
        // GitHub takes no files: there the report is a comment.
        let first_comments = usize::from(!contract.takes_files);
        assert_eq!(made.comments.len(), first_comments, "{name}");
        for comment in &made.comments {
            let (_, rest) =
                comment.split_once("<details><summary>The JSON report</summary>\n\n```json\n").expect("a part");
            let (json, rest) = rest.split_once("\n```\n").expect("the end of the fence");
            assert_eq!(rest, "\n</details>\n");
            assert_eq!(clockaudit::report::json::read(json).expect("a report"), bad());
            assert!(made.body.contains("The JSON report is in a comment of this issue."), "{}", made.body);
        }
        if contract.takes_files {
            let names: Vec<&str> = made.files.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(
                names,
                ["clockaudit-20261124T160000Z-0001.json", "clockaudit-20261124T160000Z-0001.html"],
                "{name}"
            );
            assert!(made.files[0].1 == stored(&bad()).into_bytes(), "{name}: the report comes back byte for byte");
        }

        running.server.taken();
        assert!(told(&bad(), &[]).starts_with("unchanged "), "{name}");
        let asked = running.server.taken();
        assert!(asked.iter().all(|asked| asked.method == "GET"), "{name}: nothing changed, so nothing is said");

        assert!(told(&changed(), &[]).starts_with("updated "), "{name}");
        let updated = store().tickets[0].clone();
        assert_eq!(updated.comments.len(), first_comments + 1, "{name}");
        let comment = &updated.comments[first_comments];
        assert!(comment.contains("+2 −2"), "{name}: {comment}");
        assert_eq!(comment.contains("<details>"), !contract.takes_files, "{name}: {comment}");
        assert!(updated.body.contains("api02"), "{name}");
        assert_eq!(updated.files.len(), if contract.takes_files { 4 } else { 0 }, "{name}");

        assert!(told(&clear(), &[]).starts_with("cleared "), "{name}");
        assert_eq!(counts(), (1, 1), "{name}");
        assert_eq!(store().tickets[0].comments.len(), first_comments + 2, "{name}");
        assert!(told(&clear(), &[]).starts_with("unchanged "), "{name}");
        assert!(told(&clear(), &["--resolve"]).starts_with("resolved "), "{name}");
        assert_eq!(store().open().len(), 0, "{name}");
        assert!(told(&clear(), &["--resolve"]).starts_with("no ticket is needed"), "{name}");

        store().day = 2;
        if !["rt", "roundup"].contains(&name) {
            // What is older than what closed it opens nothing; these two do not show whose the last word is.
            assert!(told(&bad(), &[]).starts_with("left as it is "), "{name}");
        }
        assert!(told(&bad_again(), &[]).starts_with("reopened "), "{name}");
        assert_eq!(counts(), (1, 1), "{name}");
        let clear_again = later(clear(), 5, "20261129T160000Z-0007");
        assert!(told(&clear_again, &["--resolve"]).starts_with("resolved "), "{name}");
        store().day = 6;
        if !["rt", "roundup"].contains(&name) {
            // However long ago it was closed.
            assert!(told(&bad_again(), &[]).starts_with("left as it is "), "{name}");
        }
        let bad_once_more = later(bad(), 6, "20261130T160000Z-0008");
        assert!(told(&bad_once_more, &[]).starts_with("created "), "{name}");
        assert_eq!(counts(), (1, 2), "{name}");
        assert!(!user.has_noted("s3cret-token"), "{name}: a secret is noted nowhere");
    }
}

#[test]
fn of_two_runs_that_both_make_a_ticket_the_later_one_yields() {
    for contract in &SYSTEMS {
        let running = contract.start();
        running.store.lock().expect("the tickets").has_rival = true;
        let told = contract.user(&running).ticket(&bad(), &[]).good();
        let store = running.store.lock().expect("the tickets");
        assert_eq!((store.tickets.len(), store.open().len()), (2, 1), "{}: {told}", contract.name);
        assert!(told.contains(contract.first), "{}: {told}", contract.name);
        assert_eq!(store.open()[0].id, 1, "{}", contract.name);
        assert!(store.tickets[1].title.starts_with("Duplicate of "), "{}: {}", contract.name, store.tickets[1].title);
        // Below the name of the one that stays it says what it said.
        let body = &store.tickets[1].body;
        assert!(body.contains("auth02") && body.contains("CLK107"), "{}: {body}", contract.name);
        if contract.name != "rt" {
            let place = |words: &str| body.find(words).expect(words);
            assert!(place(contract.first) < place("Two runs made"), "{}: {body}", contract.name);
            assert!(place("Two runs made") < place("auth02"), "{}: {body}", contract.name);
        }
    }
}

/// The limits are those of the contracts.
#[test]
fn a_long_ticket_that_yields_says_as_much_as_fits() {
    let mut long = many();
    long.hosts.truncate(300);
    long.causes.truncate(10);
    for contract in &SYSTEMS {
        let running = contract.start();
        running.store.lock().expect("the tickets").has_rival = true;
        contract.user(&running).ticket(&long, &[]).good();
        let store = running.store.lock().expect("the tickets");
        assert_eq!((store.tickets.len(), store.open().len()), (2, 1), "{}", contract.name);
        let (stays, yields) = (&store.tickets[0].body, &store.tickets[1].body);
        assert!(yields.len() * 10 > stays.len() * 9, "{}: {} of {}", contract.name, yields.len(), stays.len());
    }
}

#[test]
fn runs_at_once_leave_one_open_ticket() {
    for contract in &SYSTEMS {
        let running = contract.start();
        // Each has a home of its own, so that no lock keeps them apart.
        let users = [(); 3].map(|()| contract.user(&running));
        let started: Vec<_> = users.iter().map(|user| user.command(&bad(), &[]).spawn().expect("a run")).collect();
        for mut run in started {
            assert!(run.wait().expect("an end").success(), "{}", contract.name);
        }
        assert_eq!(running.store.lock().expect("the tickets").open().len(), 1, "{}", contract.name);
    }
}

/// The contract's limits are the test: whoever breaks one is answered with an error.
#[test]
fn ten_thousand_hosts_with_hostile_names_stay_within_every_limit() {
    for contract in &SYSTEMS {
        let running = contract.start();
        let user = contract.user(&running);
        user.ticket(&many(), &[]).good();
        // A comment is clamped as a body is; the strictest of each kind stand for all.
        let is_commented = ["jira-cloud", "servicenow"].contains(&contract.name);
        if is_commented {
            let mut fewer = many();
            fewer.hosts.truncate(5_000);
            user.ticket(&fewer, &[]).good();
        }
        let store = running.store.lock().expect("the tickets");
        let ticket = &store.tickets[0];
        let left_out = ["more, in the JSON report", "more in the JSON report"];
        assert!(left_out.iter().any(|words| ticket.body.contains(words)), "{}: {}", contract.name, ticket.body);
        assert!(ticket.body.contains(" state "), "{}: its last line is there", contract.name);
        assert_eq!(ticket.comments.len(), usize::from(is_commented), "{}", contract.name);
        let is_told = ticket
            .body
            .contains("The JSON report is not here: it is the file 20261124T160000Z-0001.json on the machine");
        assert_eq!(is_told, !contract.takes_files, "{}: {}", contract.name, ticket.body);
        if contract.takes_files {
            let (name, bytes) = &ticket.files[0];
            assert!(name.ends_with(".json.gz"), "{}: {name}", contract.name);
            let mut back = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut back).expect("gzip");
            assert!(back == stored(&many()).into_bytes(), "{}: the whole report", contract.name);
        }
    }
}

#[test]
fn each_cause_or_host_has_a_ticket_of_its_own_which_goes_with_it() {
    let contract = &SYSTEMS[0];
    let running = contract.start();
    let user = contract.user(&running);
    user.ticket(&bad(), &["--grain", "host", "--scope", "prod"]).good();
    let titles = |running: &Running| {
        let store = running.store.lock().expect("the tickets");
        store.open().iter().map(|ticket| ticket.title.clone()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&running).len(), 6, "{:?}", titles(&running));
    assert!(titles(&running).iter().any(|title| title.starts_with("Clock of db01: WARN")), "{:?}", titles(&running));
    let counted = |told: &str, word: &str| told.lines().filter(|line| line.starts_with(word)).count();
    // Of a host that was left out, or that was not reached, nobody knows whether it is good.
    let (mut without, mut unreached) = (changed(), changed());
    without.hosts.retain(|host| host.name != "db01");
    unreached.hosts.iter_mut().filter(|host| host.name == "db01").for_each(|host| host.clock = None);
    for (report, created) in [(without, 1), (unreached, 0)] {
        let told = user.ticket(&report, &["--grain", "host", "--scope", "prod", "--resolve"]).good();
        assert_eq!((counted(&told, "created "), counted(&told, "resolved ")), (created, 0), "{told}");
        assert!(titles(&running).iter().any(|title| title.contains("db01")), "{:?}", titles(&running));
    }
    let told = user.ticket(&changed(), &["--grain", "host", "--scope", "prod", "--resolve"]).good();
    assert_eq!((counted(&told, "created "), counted(&told, "resolved ")), (0, 1), "{told}");
    assert!(!titles(&running).iter().any(|title| title.contains("db01")), "{:?}", titles(&running));
    let told = user.ticket(&many(), &["--grain", "cause", "--scope", "prod"]).good();
    assert_eq!(told.lines().count(), 1, "causes that differ only in hosts and offsets are one: {told}");
}
