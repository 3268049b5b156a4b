//! The report `chronyc tracking`, as CSV (`-c`, since 2.4; 14 columns to this day) and as text (the only form of 1.x).
//!
//! chrony's signs differ from field to field. They are turned here, once: every offset and rate of [`Tracking`] is positive
//! where the host's clock is ahead or fast.

use std::collections::BTreeMap;
use std::fmt;

use crate::clock::{CivilTime, Interval, Nanos, Ppm, UnixNanos};

/// What chronyd reports of the system clock and of what it follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracking {
    /// What chronyd follows.
    pub reference_id: ReferenceId,
    /// Name or address of the source; `None` where there is none, as for the local reference.
    pub source: Option<String>,
    /// The host's own stratum: the source's plus one, 0 where not synchronised.
    pub stratum: u8,
    /// When the clock was last updated, by the clock itself; `None` = never.
    pub reference_time: Option<UnixNanos>,
    /// System clock minus the NTP time that chronyd keeps ("System time"): what is still to be corrected; positive = ahead.
    pub offset: Nanos,
    /// Local clock minus NTP time as measured at the last update; positive = ahead.
    pub last_offset: Nanos,
    /// Long-term average of the offsets, never negative.
    pub rms_offset: Nanos,
    /// By how much the clock would be wrong if chronyd did not correct it; positive = fast.
    pub frequency: Ppm,
    /// What the last measurements say of the frequency beside what is in use; positive = fast.
    pub residual_frequency: Ppm,
    /// Bound of the frequency's error, never negative.
    pub skew: Ppm,
    /// Delay of the whole way to the stratum-1 clock, there and back.
    pub root_delay: Nanos,
    /// Dispersion of the whole way to the stratum-1 clock.
    pub root_dispersion: Nanos,
    /// Time between the last two updates.
    pub update_interval: Nanos,
    /// Whether the clock is synchronised, and what is planned for the end of the day.
    pub leap_status: LeapStatus,
}

/// The NTP reference ID: an IPv4 address, the hash of an IPv6 address, or four letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReferenceId(pub u32);

impl ReferenceId {
    /// Nothing is followed.
    pub const NONE: Self = Self(0);
    /// chronyd's own clock: `local` is set, and the host runs free.
    pub const LOCAL: Self = Self(0x7F7F_0101);

    /// Reads eight hexadecimal digits (since 3.0), or four decimal numbers with dots (before).
    pub(in crate::timekeeper) fn parse(text: &str) -> Option<Self> {
        if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return u32::from_str_radix(text, 16).ok().map(Self);
        }
        let bytes: Vec<u8> = text.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        <[u8; 4]>::try_from(bytes).ok().map(|bytes| Self(u32::from_be_bytes(bytes)))
    }
}

impl fmt::Display for ReferenceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:08X}", self.0)
    }
}

/// chronyd's leap status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeapStatus {
    /// Synchronised, nothing is planned.
    Normal,
    /// A second will be inserted at the end of the day (UTC).
    InsertSecond,
    /// A second will be deleted at the end of the day (UTC).
    DeleteSecond,
    /// The clock is not synchronised.
    NotSynchronised,
    /// chronyc does not know the status that chronyd gave.
    Invalid,
}

impl LeapStatus {
    /// The words of `chronyc`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::InsertSecond => "Insert second",
            Self::DeleteSecond => "Delete second",
            Self::NotSynchronised => "Not synchronised",
            Self::Invalid => "Invalid",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "Normal" => Self::Normal,
            "Insert second" => Self::InsertSecond,
            "Delete second" => Self::DeleteSecond,
            "Not synchronised" => Self::NotSynchronised,
            "Invalid" | "Unknown" => Self::Invalid,
            _ => return None,
        })
    }
}

/// Why a text is not a tracking report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrackingError {
    /// Not the 14 columns of the CSV form.
    #[error("tracking has 14 columns, not {0}")]
    Columns(usize),
    /// A field of the text form is not there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A field does not hold what it should.
    #[error("`{field}` cannot be `{text}`")]
    Field {
        /// The field, as chronyc names it.
        field: &'static str,
        /// What stood there.
        text: String,
    },
}

impl Tracking {
    /// What chronyd says of the clock that it keeps: system clock minus its source's time, as good as it claims to know that (half of
    /// the root delay and the root dispersion, RFC 5905, 11.1).
    pub fn own_bounds(&self) -> Interval {
        let delay = self.root_delay.abs();
        Interval::around(self.offset, Nanos(delay.0 / 2 + delay.0 % 2) + self.root_dispersion.abs())
    }

    /// Reads the line that `chronyc -c tracking` prints.
    pub fn parse(line: &str) -> Result<Self, TrackingError> {
        let columns: Vec<&str> = line.trim_end().split(',').collect();
        let [id, name, stratum, time, system, last, rms, freq, residual, skew, delay, dispersion, interval, leap] =
            columns.as_slice()
        else {
            return Err(TrackingError::Columns(columns.len()));
        };
        Ok(Self {
            reference_id: field(REFERENCE_ID, id, ReferenceId::parse)?,
            source: named(name),
            stratum: field(STRATUM, stratum, stratum_of)?,
            reference_time: update_of(field(REFERENCE_TIME, time, seconds)?),
            // The one field whose sign is the correction's, not the error's.
            offset: -field(SYSTEM_TIME, system, seconds)?,
            last_offset: field(LAST_OFFSET, last, seconds)?,
            rms_offset: field(RMS_OFFSET, rms, length)?,
            frequency: field(FREQUENCY, freq, ppm)?,
            residual_frequency: field(RESIDUAL, residual, ppm)?,
            skew: field(SKEW, skew, ppm)?,
            root_delay: field(ROOT_DELAY, delay, seconds)?,
            root_dispersion: field(ROOT_DISPERSION, dispersion, length)?,
            update_interval: field(UPDATE_INTERVAL, interval, length)?,
            leap_status: field(LEAP_STATUS, leap, LeapStatus::parse)?,
        })
    }

    /// Reads what `chronyc tracking` prints without `-c`; lines that it does not know are left out.
    pub fn parse_text(text: &str) -> Result<Self, TrackingError> {
        let lines: BTreeMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.split_once(" : "))
            .map(|(key, value)| (key.trim(), value.trim()))
            .collect();
        let of = |name: &'static str| lines.get(name).copied().ok_or(TrackingError::Missing(name));
        let (id, name) = of(REFERENCE_ID)?.split_once(' ').unwrap_or((of(REFERENCE_ID)?, ""));
        Ok(Self {
            reference_id: field(REFERENCE_ID, id, ReferenceId::parse)?,
            source: named(name.trim().trim_start_matches('(').trim_end_matches(')')),
            stratum: field(STRATUM, of(STRATUM)?, stratum_of)?,
            reference_time: update_of(field(REFERENCE_TIME, of(REFERENCE_TIME)?, date)?),
            offset: field(SYSTEM_TIME, of(SYSTEM_TIME)?, |text| {
                let (magnitude, ahead) = worded(text, " seconds ", " of NTP time")?;
                seconds(magnitude).map(|offset| if ahead { offset } else { -offset })
            })?,
            last_offset: field(LAST_OFFSET, of(LAST_OFFSET)?, unit("seconds", seconds))?,
            rms_offset: field(RMS_OFFSET, of(RMS_OFFSET)?, unit("seconds", length))?,
            frequency: field(FREQUENCY, of(FREQUENCY)?, |text| {
                let (magnitude, fast) = worded(text, " ppm ", "")?;
                ppm(magnitude).map(|rate| if fast { rate } else { Ppm::from_ppb(rate.ppb().saturating_neg()) })
            })?,
            residual_frequency: field(RESIDUAL, of(RESIDUAL)?, unit("ppm", ppm))?,
            skew: field(SKEW, of(SKEW)?, unit("ppm", ppm))?,
            root_delay: field(ROOT_DELAY, of(ROOT_DELAY)?, unit("seconds", seconds))?,
            root_dispersion: field(ROOT_DISPERSION, of(ROOT_DISPERSION)?, unit("seconds", length))?,
            update_interval: field(UPDATE_INTERVAL, of(UPDATE_INTERVAL)?, unit("seconds", length))?,
            leap_status: field(LEAP_STATUS, of(LEAP_STATUS)?, LeapStatus::parse)?,
        })
    }

    /// Whether chronyd says that the clock follows something other than itself.
    ///
    /// Its leap status alone says nothing: it is `Normal` for a host that follows its own clock.
    pub fn is_synchronised(&self) -> bool {
        let leap_is_known = !matches!(self.leap_status, LeapStatus::NotSynchronised | LeapStatus::Invalid);
        leap_is_known && self.stratum > 0 && ![ReferenceId::NONE, ReferenceId::LOCAL].contains(&self.reference_id)
    }
}

const REFERENCE_ID: &str = "Reference ID";
const STRATUM: &str = "Stratum";
const REFERENCE_TIME: &str = "Ref time (UTC)";
const SYSTEM_TIME: &str = "System time";
const LAST_OFFSET: &str = "Last offset";
const RMS_OFFSET: &str = "RMS offset";
const FREQUENCY: &str = "Frequency";
const RESIDUAL: &str = "Residual freq";
const SKEW: &str = "Skew";
const ROOT_DELAY: &str = "Root delay";
const ROOT_DISPERSION: &str = "Root dispersion";
const UPDATE_INTERVAL: &str = "Update interval";
const LEAP_STATUS: &str = "Leap status";

fn field<Value>(field: &'static str, text: &str, read: impl Fn(&str) -> Option<Value>) -> Result<Value, TrackingError> {
    read(text).ok_or_else(|| TrackingError::Field { field, text: text.to_owned() })
}

fn named(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

/// chronyd reports 1970 for "never".
fn update_of(since_1970: Nanos) -> Option<UnixNanos> {
    (since_1970 != Nanos::ZERO).then_some(UnixNanos(since_1970.0))
}

fn stratum_of(text: &str) -> Option<u8> {
    text.parse().ok().filter(|stratum| *stratum <= 16)
}

fn seconds(text: &str) -> Option<Nanos> {
    Nanos::from_seconds_text(text).filter(|length| length.0 != i64::MAX && length.0 != i64::MIN)
}

fn length(text: &str) -> Option<Nanos> {
    seconds(text).filter(|length| *length >= Nanos::ZERO)
}

/// chronyc prints three digits after the point: a thousandth of a ppm is the unit of [`Ppm`].
fn ppm(text: &str) -> Option<Ppm> {
    seconds(text).map(|scaled| Ppm::from_ppb(scaled.0 / 1_000_000))
}

fn unit<Value>(name: &'static str, read: fn(&str) -> Option<Value>) -> impl Fn(&str) -> Option<Value> {
    move |text| text.strip_suffix(name).and_then(|number| read(number.trim_end()))
}

/// A magnitude followed by `fast` (true) or `slow` (false) between two fixed texts.
fn worded<'text>(text: &'text str, before: &str, after: &str) -> Option<(&'text str, bool)> {
    let (magnitude, word) = text.strip_suffix(after)?.split_once(before)?;
    match word {
        "fast" => Some((magnitude, true)),
        "slow" => Some((magnitude, false)),
        _ => None,
    }
}

/// `Sat Nov 21 19:38:22 2026`; 1.x pads the day with a blank.
fn date(text: &str) -> Option<Nanos> {
    let mut words = text.split_ascii_whitespace().skip(1);
    let month = CivilTime::month_of(words.next()?)?;
    let day = words.next()?.parse().ok()?;
    let time: Vec<i64> = words.next()?.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    let year = words.next()?.parse().ok()?;
    let ([hour, minute, second], None) = (<[i64; 3]>::try_from(time).ok()?, words.next()) else {
        return None;
    };
    let instant = CivilTime { year, month, day, hour, minute, second }.instant()?;
    Some(Nanos(instant.0))
}
