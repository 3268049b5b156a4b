//! The clock of a test host: a mapped file that `clock.c`, preloaded into every program of the host, adds to the time.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use clockaudit::clock::{Nanos, Ppm, UnixNanos};
use nix::time::{ClockId, clock_gettime};

/// The fields of `struct state` in `clock.c`, 8 bytes each.
const FIELDS: usize = 17;
/// The fields of one `struct part`: version, offset, rate, since, slew.
const PART: usize = 5;
/// Where the kernel's tick, status, maximal and estimated error stand.
const TICK: usize = 11;
const STATUS: usize = 12;
const MAXERROR: usize = 13;
const ESTERROR: usize = 14;
/// `STA_UNSYNC`: what the kernel says until a timekeeper says otherwise.
const UNSYNCHRONISED: i64 = 0x40;
/// The rates of the file are in 2^-16 ppm.
const SCALED_PPM: i128 = 65_536;

/// Compiles the preloaded library, once for all hosts of this test.
pub(crate) fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| compiled("clock"))
}

/// Compiles the library that lets a daemon stay root.
pub(crate) fn root_library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| compiled("root"))
}

fn compiled(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let built = folder.join(format!("{name}-{}.so", std::process::id()));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support").join(name).with_extension("c");
    let mut compiler = Command::new("cc");
    compiler.args(["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]).arg(&built).arg(source);
    let outcome = compiler.status().expect("a C compiler");
    assert!(outcome.success(), "{name}.c does not compile");
    let library = folder.join(name).with_extension("so");
    fs::rename(built, &library).expect("the library in its place");
    library
}

/// One host's clock, settable while the host runs.
#[derive(Debug)]
pub(crate) struct HostClock {
    file: File,
    setting: Mutex<()>,
}

impl HostClock {
    /// Makes the file of a clock that is `offset` ahead of this machine's and gains `rate` on it, set by no timekeeper yet.
    pub(crate) fn create(path: &Path, offset: Nanos, rate: Ppm) -> Self {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path).expect("a new clock");
        file.set_permissions(fs::Permissions::from_mode(0o644)).expect("a clock that all can read");
        let mut fields = [0_i64; FIELDS];
        fields[TICK] = 10_000;
        fields[STATUS] = UNSYNCHRONISED;
        fields[MAXERROR] = 16_000_000;
        fields[ESTERROR] = 16_000_000;
        write_fields(&file, 0, &fields);
        let clock = Self { file, setting: Mutex::new(()) };
        clock.set(offset, rate);
        clock
    }

    /// Sets how far the clock is ahead of this machine's now and how much it gains, apart from what its own programs set.
    pub(crate) fn set(&self, offset: Nanos, rate: Ppm) {
        let alone = self.setting.lock().expect("no test has failed while setting");
        let [version, ..] = read_fields::<PART>(&self.file);
        let scaled = i128::from(rate.ppb()) * SCALED_PPM / 1_000;
        let scaled = i64::try_from(scaled).expect("a rate that a clock can have");
        write_fields(&self.file, 0, &[version + 1]);
        write_fields(&self.file, 1, &[offset.0, scaled, raw_now(), 0]);
        write_fields(&self.file, 0, &[version + 2]);
        drop(alone);
    }

    /// Moves the clock at once; its rate stays.
    pub(crate) fn step(&self, by: Nanos) {
        let alone = self.setting.lock().expect("no test has failed while setting");
        let [version, offset] = read_fields::<2>(&self.file);
        write_fields(&self.file, 0, &[version + 1, offset + by.0]);
        write_fields(&self.file, 0, &[version + 2]);
        drop(alone);
    }

    /// How far the clock is ahead of this machine's now: the truth that a test compares with.
    pub(crate) fn offset(&self) -> Nanos {
        self.offset_after(Nanos::ZERO)
    }

    /// How far the clock was ahead at that instant of this machine's clock, where nothing has set it since.
    pub(crate) fn offset_at(&self, instant: UnixNanos) -> Nanos {
        self.offset_after(instant.since(now()))
    }

    /// How far the clock is ahead after that time from now.
    fn offset_after(&self, time: Nanos) -> Nanos {
        loop {
            let fields = read_fields::<FIELDS>(&self.file);
            let raw = raw_now() + time.0;
            if fields == read_fields::<FIELDS>(&self.file) && fields[0] % 2 == 0 && fields[PART] % 2 == 0 {
                return part_offset(&fields[..PART], raw) + part_offset(&fields[PART..2 * PART], raw);
            }
        }
    }
}

/// What one part adds to the time at `raw`, a reading of `CLOCK_MONOTONIC_RAW` in nanoseconds.
fn part_offset(part: &[i64], raw: i64) -> Nanos {
    let &[_, offset, rate, since, slew] = part else { unreachable!("a part has five fields") };
    let elapsed = i128::from(raw - since);
    let gained = elapsed * i128::from(rate) / (SCALED_PPM * 1_000_000);
    let most = elapsed * 500 / 1_000_000;
    let slewed = i128::from(slew).clamp(-most, most);
    Nanos::saturating_from(i128::from(offset) + gained + slewed)
}

/// This machine's clock.
pub(crate) fn now() -> UnixNanos {
    UnixNanos(nanos_of(ClockId::CLOCK_REALTIME))
}

fn raw_now() -> i64 {
    nanos_of(ClockId::CLOCK_MONOTONIC_RAW)
}

fn nanos_of(clock: ClockId) -> i64 {
    let now = clock_gettime(clock).expect("a clock of this machine");
    now.tv_sec() * 1_000_000_000 + now.tv_nsec()
}

fn read_fields<const COUNT: usize>(file: &File) -> [i64; COUNT] {
    let mut bytes = vec![0_u8; COUNT * 8];
    file.read_exact_at(&mut bytes, 0).expect("the fields of a clock");
    let mut fields = bytes.chunks_exact(8).map(|field| i64::from_ne_bytes(field.try_into().expect("8 bytes")));
    std::array::from_fn(|_| fields.next().expect("as many fields as bytes were read for"))
}

fn write_fields(file: &File, first: u64, fields: &[i64]) {
    let bytes: Vec<u8> = fields.iter().flat_map(|field| field.to_ne_bytes()).collect();
    file.write_all_at(&bytes, first * 8).expect("the fields of a clock");
}
