//! A made-up fleet: what a scan would have seen of it, exactly the same in every run.

use clockaudit::audit::{self, Policy, ReferenceChoice};
use clockaudit::clock::{Exchange, Interval, Nanos, UnixNanos};
use clockaudit::probe::{
    ControllerReading, Facts, FactsReading, Failure, FailureCode, Observation, Reader, SamplingWindow, Seen, Stage,
};
use clockaudit::report::{self, Place, Provenance, Report, model::Kind};

/// 2026-11-24T16:00:00 UTC.
pub(crate) const STARTED: UnixNanos = UnixNanos(1_795_536_000_000_000_000);

/// The last of what is told of timekeepers.
pub(crate) const KERNEL: (&str, &str) = ("kernel", "Linux 6.1.0 x86_64");

/// A host to make up.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) name: String,
    /// Ahead of the controller.
    pub(crate) offset: Nanos,
    /// Half of the round trip.
    pub(crate) one_way: Nanos,
    /// What it says of its timekeeper; nothing where that is none of the test's business.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) failure: Option<Failure>,
    pub(crate) groups: Vec<String>,
}

pub(crate) fn host(name: &str, offset: Nanos) -> Made {
    Made {
        name: name.to_owned(),
        offset,
        one_way: Nanos::from_micros(300),
        facts: Vec::new(),
        failure: None,
        groups: Vec::new(),
    }
}

impl Made {
    pub(crate) fn one_way(self, one_way: Nanos) -> Self {
        Self { one_way, ..self }
    }

    /// A chronyd that claims to be `slow` behind, give or take 16 us.
    pub(crate) fn claims(self, slow: &str) -> Self {
        let line = format!(
            "0A000001,10.0.0.1,3,1795535990.000000000,{slow},0.000001,0.000002,-3.104,0.001,0.010,0.000020,0.000006,64.2,Normal"
        );
        self.says(&[("chrony.csv", &line), ("proc", "chronyd"), KERNEL])
    }

    /// Nobody keeps its clock.
    pub(crate) fn unkept(self) -> Self {
        self.says(&[KERNEL])
    }

    pub(crate) fn says(self, facts: &[(&'static str, &str)]) -> Self {
        Self { facts: facts.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(), ..self }
    }

    pub(crate) fn of(self, group: &str) -> Self {
        Self { groups: vec![group.to_owned()], ..self }
    }

    pub(crate) fn fails(self, code: FailureCode, stage: Stage, detail: &str) -> Self {
        Self { failure: Some(Failure { code, stage, detail: detail.to_owned() }), ..self }
    }
}

fn observation(made: &Made) -> Observation {
    let exchange = |index: i64| {
        let sent = STARTED + Nanos::from_seconds(1) + Nanos::from_millis(250 * index);
        let reading = sent + made.one_way + made.offset;
        Exchange {
            sent,
            received: sent + made.one_way + made.one_way,
            first: reading,
            last: reading,
            resolution: Nanos::from_micros(1),
            lag: Nanos::ZERO,
            spawned: false,
        }
    };
    let is_up = made.failure.is_none();
    let facts = is_up.then(|| {
        let mut facts = vec![("os.ID".to_owned(), "debian".to_owned())];
        facts.extend(made.facts.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
        FactsReading { bracket: Some(exchange(9)), facts: Facts(facts), complete: true }
    });
    Observation {
        host: made.name.clone(),
        reader: is_up.then_some(Reader::Bash),
        exchanges: if is_up { (0..8).map(exchange).collect() } else { Vec::new() },
        facts,
        failure: made.failure.clone(),
        ready_after: is_up.then_some(Nanos::from_millis(80)),
        window: 0,
    }
}

/// What a scan sees of them.
pub(crate) fn seen(fleet: &[Made]) -> Seen {
    let reading = |millis: i64| ControllerReading {
        at: STARTED + Nanos::from_millis(millis),
        x: Interval::around(Nanos::ZERO, Nanos(60)),
    };
    Seen {
        started: STARTED,
        finished: STARTED + Nanos::from_millis(2_900),
        observations: fleet.iter().map(observation).collect(),
        controller: (4..=12).map(|index| reading(index * 250)).collect(),
        controller_facts: None,
        controller_stepped: false,
        timer_lateness_p95: Some(Nanos::from_micros(20)),
        windows: vec![SamplingWindow {
            opened: STARTED + Nanos::from_millis(1_000),
            closed: STARTED + Nanos::from_millis(2_751),
            first_spread: Nanos::from_millis(12),
        }],
        claims_window: Some(Nanos::from_millis(240)),
        claims_late_window: None,
        time_servers: Vec::new(),
        web_servers: Vec::new(),
        interrupted: None,
    }
}

/// The report that a scan of them makes.
pub(crate) fn report(fleet: &[Made]) -> Report {
    report_by(fleet, &Policy::standard())
}

/// The report of a scan against the controller's clock, named.
pub(crate) fn report_by_controller(fleet: &[Made]) -> Report {
    report_by(fleet, &by_controller())
}

/// The standard limits, against the controller's clock.
pub(crate) fn by_controller() -> Policy {
    Policy { reference: ReferenceChoice::Controller, ..Policy::standard() }
}

/// The report that a scan of them makes by another policy.
pub(crate) fn report_by(fleet: &[Made], policy: &Policy) -> Report {
    report_in_groups(&seen(fleet), fleet.iter().map(|made| made.groups.clone()).collect(), policy)
}

pub(crate) fn report_of(seen: &Seen, policy: &Policy) -> Report {
    report_in_groups(seen, vec![Vec::new(); seen.observations.len()], policy)
}

fn report_in_groups(seen: &Seen, groups: Vec<Vec<String>>, policy: &Policy) -> Report {
    let estimates = audit::estimates(seen);
    let provenance = Provenance {
        kind: Kind::Scan,
        run: "20261124T160000Z-0001".to_owned(),
        sources: vec!["inventory.ini".to_owned()],
        sha256: None,
        limit: Vec::new(),
        incomplete: false,
        places: groups.into_iter().map(|groups| Place { groups, ..Place::default() }).collect(),
        not_audited: Vec::new(),
    };
    let (groups, addresses) = (provenance.groups(), provenance.addresses());
    let places = audit::Places { groups: &groups, addresses: &addresses };
    let judgement = audit::judge(seen, &estimates, places, policy);
    report::compose(seen, &estimates, &judgement, policy, &provenance)
}

/// Twelve hosts with most of what can be wrong.
pub(crate) fn dozen() -> Vec<Made> {
    let micros = Nanos::from_micros;
    let mut fleet: Vec<Made> =
        (1..=6).map(|index| host(&format!("api0{index}"), micros(40 * index)).claims("0.000001")).collect();
    fleet.push(host("api07", Nanos(-3_599_998_100_000)).unkept());
    fleet.push(host("auth02", Nanos(2_104_100_000)).claims("-0.000003"));
    fleet.push(host("db01", Nanos(-63_200_000)).claims("0.063"));
    fleet.push(host("edge-syd1", Nanos(60_000_000)).one_way(Nanos::from_millis(61)).says(&[
        ("timesyncd", "s \"ntp.ubuntu.com\""),
        ("timesyncd", "t 64000000"),
        (
            "timesyncd",
            "(uuuuittayttttbtt) 0 4 4 2 -20 1200 900 4 17 253 34 123 1795535990000000 1795535990064000 1795535990064020 \
             1795535990122000 false 9 0",
        ),
        ("proc", "systemd-timesyn"),
        KERNEL,
    ]));
    fleet.push(host("cache02", Nanos::ZERO).fails(FailureCode::HostKeyChanged, Stage::HostKey, "host key changed"));
    fleet.push(host("web05", Nanos::ZERO).fails(FailureCode::Timeout, Stage::Connect, "no answer in 10.0 s"));
    fleet
}

/// A fleet in which every fourth host has something, of every kind there is.
pub(crate) fn many(size: usize) -> Vec<Made> {
    let made = |index: usize| {
        let made = host(&format!("web{index:05}"), Nanos::from_micros(i64::try_from(index % 90).expect("in range")));
        let made = made.of(["web", "api", "db", "cache"].into_iter().nth(index / 8 % 4).expect("in range"));
        let off = Nanos::from_millis(i64::try_from(index).expect("in range") + 101);
        match index % 32 {
            3 => Made { offset: off, ..made },
            7 => Made { offset: Nanos::from_millis(70), ..made }.claims("-0.07"),
            11 => made.one_way(Nanos::from_millis(150)),
            15 => made.fails(FailureCode::Timeout, Stage::Connect, "no answer in 10.0 s"),
            19 => {
                made.fails(FailureCode::AuthenticationRejected, Stage::Authenticate, &format!("server accepts {index}"))
            }
            23 => Made { offset: Nanos::from_seconds(3_600), ..made },
            27 => Made { offset: off, ..made }.claims("0.000001"),
            31 => made.fails(FailureCode::Refused, Stage::Connect, "connection refused"),
            _ => made,
        }
    };
    (0..size).map(made).collect()
}
