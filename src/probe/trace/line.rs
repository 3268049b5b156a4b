//! The lines of a trace as they are stored: plain structs, one a type, every length and instant in nanoseconds.

use serde::{Deserialize, Serialize};

use super::NotAudited;
use crate::clock::reference::NtpExchange;
use crate::clock::{Exchange, Nanos, UnixNanos};

/// The type of a line; the rest of it is read by the struct of that type.
#[derive(Deserialize)]
pub(super) struct Kind {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

/// A setting, by name.
#[derive(Default, Deserialize)]
pub(super) struct Meta {
    pub(super) epoch_ns: Option<i64>,
    pub(super) rho_ppb: Option<i64>,
    pub(super) rho_max_ppb: Option<i64>,
    pub(super) rho_est_ppb: Option<i64>,
    pub(super) kappa_ppm: Option<i64>,
    pub(super) threshold_ns: Option<i64>,
    pub(super) cluster_gap_ns: Option<i64>,
    pub(super) max_root_distance_ns: Option<i64>,
    pub(super) topk: Option<i64>,
    pub(super) jwt: Option<Jwt>,
}

/// The question about tokens.
#[derive(Deserialize)]
pub(super) struct Jwt {
    #[serde(default = "issuers")]
    pub(super) issuers: String,
    #[serde(default = "verifiers")]
    pub(super) verifiers: String,
    #[serde(default)]
    pub(super) leeway_ns: i64,
    #[serde(default)]
    pub(super) transit_ns: i64,
}

fn issuers() -> String {
    "issuers".to_owned()
}

fn verifiers() -> String {
    "verifiers".to_owned()
}

/// The stamps and readings of an exchange.
#[derive(Serialize, Deserialize)]
pub(super) struct Stamps {
    pub(super) s: i64,
    pub(super) r: i64,
    pub(super) c: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) c2: Option<i64>,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(super) q: i64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) g: i64,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) spawned: bool,
}

/// One exchange with a host, as it is written. It is read as [`Of`] and [`Stamps`], each from the whole line: serde tells
/// the column of a mistake only where nothing is flattened.
#[derive(Serialize)]
pub(super) struct Sample<'scan> {
    #[serde(rename = "type")]
    kind: &'static str,
    host: &'scan str,
    #[serde(flatten)]
    stamps: Stamps,
}

/// The host that a line is about.
#[derive(Deserialize)]
pub(super) struct Of {
    pub(super) host: String,
}

/// What is known of a host besides its exchanges.
#[derive(Default, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the key that names a host is `host` in every line")]
pub(super) struct Host {
    #[serde(rename = "type", skip_deserializing)]
    pub(super) kind: &'static str,
    pub(super) host: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) spawn_ns: i64,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) reference_only: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) profiles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) warn_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crit_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reader: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ready_after_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "is_first")]
    pub(super) window: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) detail: Option<String>,
}

/// The facts of a host and the readings around them.
#[derive(Serialize, Deserialize)]
pub(super) struct FactsLine {
    #[serde(rename = "type", skip_deserializing)]
    pub(super) kind: &'static str,
    pub(super) host: String,
    pub(super) complete: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bracket: Option<Stamps>,
    pub(super) facts: Vec<(String, String)>,
}

/// What the controller's own timekeeper said.
#[derive(Serialize, Deserialize)]
pub(super) struct ControllerFacts {
    #[serde(rename = "type", skip_deserializing)]
    pub(super) kind: &'static str,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bracket: Option<Stamps>,
    pub(super) facts: Vec<(String, String)>,
}

/// What chronyd says on a host.
#[derive(Serialize, Deserialize)]
pub(super) struct Chrony {
    #[serde(rename = "type", skip_deserializing)]
    pub(super) kind: &'static str,
    pub(super) host: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at_ns: Option<i64>,
    pub(super) system_time_ns: i64,
    pub(super) root_delay_ns: i64,
    pub(super) root_dispersion_ns: i64,
    #[serde(default)]
    pub(super) leap: String,
    #[serde(default)]
    pub(super) stratum: u32,
    #[serde(default)]
    pub(super) refid: String,
}

/// The controller's own clock.
#[derive(Serialize, Deserialize)]
pub(super) struct Controller {
    #[serde(rename = "type", skip_deserializing)]
    pub(super) kind: &'static str,
    pub(super) at_ns: i64,
    pub(super) x_lo_ns: i64,
    pub(super) x_hi_ns: i64,
}

/// The run as a whole.
#[derive(Serialize, Deserialize)]
pub(super) struct Run {
    #[serde(rename = "type", skip_deserializing)]
    pub(super) kind: &'static str,
    pub(super) started_ns: i64,
    pub(super) finished_ns: i64,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) controller_stepped: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timer_lateness_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) claims_window_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) claims_late_window_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) interrupted: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) inventory_incomplete: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asked: Option<AskedLine>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) not_audited: Vec<NotAudited>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hosts: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lines: Option<usize>,
}

/// What flags asked of all hosts.
#[derive(Serialize, Deserialize)]
pub(super) struct AskedLine {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) profiles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) warn_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) crit_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) from_files: Vec<String>,
}

/// One exchange with an NTP server.
#[derive(Serialize, Deserialize)]
pub(super) struct Ntp {
    #[serde(rename = "type", skip_deserializing)]
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) t1: i64,
    pub(super) t2: i64,
    pub(super) t3: i64,
    pub(super) t4: i64,
    pub(super) root_delay_ns: i64,
    pub(super) root_dispersion_ns: i64,
    pub(super) stratum: u8,
    pub(super) leap: u8,
    #[serde(default)]
    pub(super) precision_ns: i64,
}

/// One exchange with a web server, or what went wrong with it.
#[derive(Serialize, Deserialize)]
pub(super) struct Https {
    #[serde(rename = "type", skip_deserializing)]
    pub(super) kind: &'static str,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exchange: Option<Stamps>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
}

/// One sampling window.
#[derive(Serialize, Deserialize)]
pub(super) struct Window {
    #[serde(rename = "type", skip_deserializing)]
    pub(super) kind: &'static str,
    pub(super) opened_ns: i64,
    pub(super) closed_ns: i64,
    pub(super) first_spread_ns: i64,
}

fn one() -> i64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_one(value: &i64) -> bool {
    *value == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_first(window: &u32) -> bool {
    *window == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_false(value: &bool) -> bool {
    !*value
}

impl Stamps {
    pub(super) fn of(exchange: &Exchange) -> Self {
        Self {
            s: exchange.sent.0,
            r: exchange.received.0,
            c: exchange.first.0,
            c2: (exchange.last != exchange.first).then_some(exchange.last.0),
            q: exchange.resolution.0,
            g: exchange.lag.0,
            spawned: exchange.spawned,
        }
    }

    pub(super) fn exchange(&self) -> Exchange {
        Exchange {
            sent: UnixNanos(self.s),
            received: UnixNanos(self.r),
            first: UnixNanos(self.c),
            last: UnixNanos(self.c2.unwrap_or(self.c)),
            resolution: Nanos(self.q),
            lag: Nanos(self.g),
            spawned: self.spawned,
        }
    }
}

impl Ntp {
    pub(super) fn of(server: &str, exchange: &NtpExchange) -> Self {
        Self {
            kind: "ntp",
            name: server.to_owned(),
            t1: exchange.sent.0,
            t2: exchange.server_received.0,
            t3: exchange.server_sent.0,
            t4: exchange.received.0,
            root_delay_ns: exchange.root_delay.0,
            root_dispersion_ns: exchange.root_dispersion.0,
            stratum: exchange.stratum,
            leap: exchange.leap,
            precision_ns: exchange.precision.0,
        }
    }

    pub(super) fn exchange(&self) -> NtpExchange {
        NtpExchange {
            sent: UnixNanos(self.t1),
            server_received: UnixNanos(self.t2),
            server_sent: UnixNanos(self.t3),
            received: UnixNanos(self.t4),
            root_delay: Nanos(self.root_delay_ns),
            root_dispersion: Nanos(self.root_dispersion_ns),
            precision: Nanos(self.precision_ns),
            stratum: self.stratum,
            leap: self.leap,
        }
    }
}

impl<'scan> Sample<'scan> {
    pub(super) fn of(host: &'scan str, exchange: &Exchange) -> Self {
        Self { kind: "sample", host, stamps: Stamps::of(exchange) }
    }
}
