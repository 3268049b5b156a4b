//! What runs in a channel of a simulated host: it answers as the probe's programs do on a real one.

use std::time::Duration;

use super::fleet::SimulatedHost;
use super::hostile;
use super::plan::{ClaimPlan, Motion, TimekeeperPlan, Trouble};
use crate::clock::{Nanos, UnixNanos};
use crate::probe::Reader;
use crate::probe::script;

/// The time that a fork of `date` takes before it reads the clock.
const FORK: Duration = Duration::from_millis(1);
/// How far apart the ticks of the coarse clock are that whole seconds are taken from (HZ=250).
const TICK: Nanos = Nanos::from_millis(4);
/// How long `chronyc` waits for a chronyd that hangs.
const HUNG_CHRONYC: Duration = Duration::from_millis(650);
/// Bytes of the request for facts, the script included.
const MOST_INPUT: usize = 64 * 1_024;
const SECOND: i64 = 1_000_000_000;

/// What a command printed when it started.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Started {
    /// What it printed.
    pub(super) output: String,
    /// Whether it has ended already.
    pub(super) ended: bool,
    /// Its exit status, once it has ended.
    pub(super) status: u32,
}

/// Something that the probe was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// One reading of the clock.
    Reading,
    /// The facts; nothing comes after them.
    Facts,
}

/// The probe's program in one channel.
#[derive(Debug, Default)]
pub(super) struct Shell {
    /// What has come in and is not a whole request yet.
    input: Vec<u8>,
    /// How often the clock has been read for the client.
    readings: u32,
}

impl Shell {
    /// How many readings were given.
    pub(super) fn readings(&self) -> u32 {
        self.readings
    }

    /// Takes input and tells what it asks for.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Vec<Request> {
        self.input.extend_from_slice(bytes.get(..bytes.len().min(MOST_INPUT)).unwrap_or_default());
        let mut requests = Vec::new();
        while self.input.starts_with(script::REQUEST.as_bytes()) {
            requests.push(Request::Reading);
            self.input.drain(..script::REQUEST.len());
        }
        if self.input.starts_with(b"q") && self.input.len() >= script::facts_request().len() {
            requests.push(Request::Facts);
            self.input.clear();
        }
        self.input.truncate(MOST_INPUT);
        requests
    }

    /// Reads the clock for the client, in the words of the host's reader.
    pub(super) async fn reading(&mut self, host: &SimulatedHost) -> String {
        let line = read(host).await;
        self.readings = self.readings.saturating_add(1);
        host.clock.after_reading(self.readings);
        format!("{line}\n")
    }
}

/// Starts a command: the probe, the `date` of last resort, or something that this host does not have.
pub(super) fn start(command: &[u8], host: &SimulatedHost) -> Started {
    let ended = |output: String, status: u32| Started { output, ended: true, status };
    if command == script::exec_command().as_bytes() && host.plan.reader != Reader::ExecDate {
        let system = match host.plan.trouble {
            Some(Trouble::EscapeSequences) => hostile::ESCAPES,
            _ => "Linux x86_64",
        };
        let output = format!("\n{}{} {system}\n", script::GREETING, host.plan.reader.label());
        return Started { output, ended: false, status: 0 };
    }
    if command == script::FALLBACK_COMMAND.as_bytes() {
        let seconds = coarse(host.clock.now()).0.div_euclid(SECOND);
        return match chrono::DateTime::from_timestamp(seconds, 0) {
            Some(time) => ended(format!("{}\n", time.format("%a %b %e %H:%M:%S UTC %Y")), 0),
            None => ended(String::new(), 1),
        };
    }
    ended("sh: not found\n".to_owned(), 127)
}

/// Reads the facts, `chronyc` between two readings of the clock.
pub(super) async fn facts(host: &SimulatedHost) -> String {
    let before = read(host).await;
    if host.plan.timekeeper == TimekeeperPlan::Hung {
        tokio::time::sleep(HUNG_CHRONYC).await;
    }
    let said = chronyc(host);
    let after = read(host).await;
    let system = match host.plan.trouble {
        Some(Trouble::EscapeSequences) => hostile::ESCAPES,
        _ => "Linux 6.1.0-42-amd64 x86_64",
    };
    format!("facts=1\nclock={before}\nclock={after}\n{said}kernel={system}\nuid=1000\nend=1\n")
}

/// One reading as the host's reader prints it, with the forks that it costs.
async fn read(host: &SimulatedHost) -> String {
    let reader = host.plan.reader;
    if reader.spawns() {
        tokio::time::sleep(FORK).await;
    }
    let first = printed(host.clock.now(), reader);
    if !matches!(reader, Reader::DatePair | Reader::Adjtimex) {
        return first;
    }
    tokio::time::sleep(FORK).await;
    format!("{first} {}", printed(host.clock.now(), reader))
}

/// A reading with as many digits as the reader has.
fn printed(reading: UnixNanos, reader: Reader) -> String {
    let (seconds, nanos) = (reading.0.div_euclid(SECOND), reading.0.rem_euclid(SECOND));
    match reader {
        Reader::Shell | Reader::Bash | Reader::Perl => format!("{seconds}.{:06}", nanos / 1_000),
        Reader::DateStream | Reader::Python | Reader::Zsh | Reader::DatePair | Reader::Adjtimex => {
            format!("{seconds}.{nanos:09}")
        }
        Reader::WholeSecond | Reader::ExecDate => coarse(reading).0.div_euclid(SECOND).to_string(),
    }
}

/// The coarse clock that whole seconds are taken from: up to a tick behind.
fn coarse(reading: UnixNanos) -> UnixNanos {
    UnixNanos(reading.0 - reading.0.rem_euclid(TICK.0))
}

/// What `chronyc` says on this host, as facts.
fn chronyc(host: &SimulatedHost) -> String {
    let answer = |said: &str, status: u32| {
        format!("{said}\nchrony.rc={status}\nchrony.version=chronyc (chrony) version 4.3 (+IPV6)\nproc=chronyd\n")
    };
    match host.plan.timekeeper {
        TimekeeperPlan::None => String::new(),
        TimekeeperPlan::Hung => answer("chrony.error=506 Cannot talk to daemon", 1),
        TimekeeperPlan::Unsynchronised => {
            let tracking = "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,\
                            1.000000000,0.0,Not synchronised";
            answer(&format!("chrony.csv={tracking}\n{}", sources("?0", "?0")), 0)
        }
        TimekeeperPlan::Synchronised(claim) => {
            answer(&format!("chrony.csv={}\n{}", tracking(host, claim), sources("*377", "+377")), 0)
        }
    }
}

/// The lines of `chronyc -c sources activity`: four sources, the first and the others each with its state and reach.
fn sources(first: &str, others: &str) -> String {
    let line = |number: u8| {
        let (state, reach) = if number == 1 { first } else { others }.split_at(1);
        let (stratum, heard) = if reach == "0" { (0, "4294967295") } else { (2, "40") };
        format!(
            "chrony.csv=^,{state},10.0.0.{number},{stratum},6,{reach},{heard},0.000001000,0.000001000,0.000250000\n"
        )
    };
    (1..=4).map(line).chain(["chrony.csv=4,0,0,0,0".to_owned()]).collect()
}

/// The line of `chronyc -c tracking` for this claim.
fn tracking(host: &SimulatedHost, claim: ClaimPlan) -> String {
    let now = host.clock.now();
    // A clock that is being slewed knows what remains; another one keeps believing what it believed, but knows its rate error:
    // a fleet that stays up for hours must not become one of liars.
    let offset = match host.plan.clock.motion {
        Motion::Slews { .. } => host.clock.truth(),
        Motion::Free | Motion::Steps { .. } => claim.offset + host.clock.drift(),
    };
    let updated = (now - Nanos::from_seconds(40)).0.max(0);
    format!(
        "0A000001,10.0.0.1,3,{}.{:09},{},0.000001214,0.000021000,{},0.001,0.024,{},{},64.4,Normal",
        updated / SECOND,
        updated % SECOND,
        (-offset).to_seconds_text(),
        host.plan.clock.frequency.to_ppm_text(),
        claim.root_delay.to_seconds_text(),
        claim.root_dispersion.to_seconds_text(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Ppm;
    use crate::demo::clock::FleetStart;
    use crate::demo::clock::SimulatedClock;
    use crate::demo::plan::{ClockPlan, HostPlan};
    use crate::probe::transcript::{Heard, Transcript};
    use crate::timekeeper::{self, ClaimOutcome};

    #[test]
    fn requests_are_heard_however_they_are_cut() {
        let facts = script::facts_request();
        let all = format!("now\nnow\n{facts}");
        let expected = [Request::Reading, Request::Reading, Request::Facts];
        for size in [1, 2, 3, 5, 64, all.len()] {
            let mut shell = Shell::default();
            let heard: Vec<Request> = all.as_bytes().chunks(size).flat_map(|piece| shell.hear(piece)).collect();
            assert_eq!(heard, expected, "in pieces of {size}");
        }
    }

    fn host(plan: HostPlan) -> SimulatedHost {
        SimulatedHost { clock: SimulatedClock::new(plan.clock, FleetStart::now()), plan }
    }

    #[tokio::test]
    async fn the_probes_own_transcript_understands_every_reader() {
        for reader in Reader::LADDER.into_iter().filter(|reader| *reader != Reader::ExecDate) {
            let host = host(HostPlan { reader, ..HostPlan::good("a", "web") });
            let mut transcript = Transcript::new();
            let hello = start(script::exec_command().as_bytes(), &host);
            let heard = transcript.feed(hello.output.as_bytes()).expect("a greeting");
            assert_eq!(heard, [Heard::Hello { reader, system: "Linux x86_64".to_owned() }]);
            let reading = Shell::default().reading(&host).await;
            let heard = transcript.feed(reading.as_bytes()).expect("a reading");
            assert!(matches!(heard.as_slice(), [Heard::Reading(_)]), "{heard:?}");
            let heard = transcript.feed(facts(&host).await.as_bytes()).expect("facts");
            let [Heard::Bracket(_), Heard::FactsEnd(facts)] = heard.as_slice() else { panic!("{heard:?}") };
            assert!(matches!(timekeeper::claim(facts), ClaimOutcome::Claimed(_)), "{facts:?}");
        }
    }

    #[tokio::test]
    async fn each_timekeeper_says_what_its_plan_wants() {
        async fn check(timekeeper: TimekeeperPlan, expected: fn(&ClaimOutcome) -> bool) {
            let host = host(HostPlan { timekeeper, ..HostPlan::good("a", "web") });
            let mut transcript = Transcript::new();
            transcript.feed(start(script::exec_command().as_bytes(), &host).output.as_bytes()).expect("a greeting");
            transcript.feed(facts(&host).await.as_bytes()).expect("facts");
            let outcome = timekeeper::claim(transcript.facts());
            assert!(expected(&outcome), "{timekeeper:?}: {outcome:?}");
        }
        let ahead = Nanos::from_millis(3);
        check(TimekeeperPlan::None, |said| matches!(said, ClaimOutcome::NoTimekeeper)).await;
        check(TimekeeperPlan::Hung, |said| matches!(said, ClaimOutcome::NoAnswer { .. })).await;
        check(TimekeeperPlan::Unsynchronised, |said| matches!(said, ClaimOutcome::NotSynchronised(_))).await;
        check(TimekeeperPlan::honest(ahead), |said| {
            said.claim().is_some_and(|claim| claim.offset == Nanos::from_millis(3))
        })
        .await;
    }

    #[tokio::test]
    async fn an_honest_claim_stays_true_while_the_clock_drifts() {
        let offset = Nanos::from_millis(3);
        let clock = ClockPlan { frequency: Ppm::from_ppm(50_000), ..ClockPlan::at(offset) };
        let timekeeper = TimekeeperPlan::honest(offset);
        let host = host(HostPlan { clock, timekeeper, ..HostPlan::good("a", "web") });
        let mut transcript = Transcript::new();
        transcript.feed(start(script::exec_command().as_bytes(), &host).output.as_bytes()).expect("a greeting");
        let before = host.clock.truth();
        transcript.feed(facts(&host).await.as_bytes()).expect("facts");
        let after = host.clock.truth();
        let claimed = timekeeper::claim(transcript.facts()).claim().expect("a claim").offset;
        assert!(offset < before && before <= claimed && claimed <= after, "{before} {claimed} {after}");
    }

    #[test]
    fn each_reader_prints_the_digits_it_has() {
        let check = |reader: Reader, expected: &str| {
            assert_eq!(printed(UnixNanos(1_700_000_000_002_345_678), reader), expected, "{reader:?}");
        };
        check(Reader::Bash, "1700000000.002345");
        check(Reader::Python, "1700000000.002345678");
        // The coarse clock has not seen the new second yet.
        check(Reader::WholeSecond, "1700000000");
        assert_eq!(printed(UnixNanos(1_000), Reader::Bash), "0.000001");
    }
}
