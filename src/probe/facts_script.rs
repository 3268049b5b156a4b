//! The facts script: what a host says of itself, as `key=value` lines bounded in number, length and time; needs no root.
//!
//! First the timekeeper is asked, between two readings of the clock: the claim holds for an instant between them. Then
//! comes what explains a claim. At most four programs that may hang are run, each under its own time limit; the rest reads
//! files and asks the shell. Everything that a program prints goes through a bound on length, and each loop over such
//! output through a bound on lines.
//!
//! Keys: `facts` (the marker that opens), `clock` (twice), `chrony.csv`, `chrony.text`, `chrony.error` (what `chronyc`
//! printed), `chrony.rc` (its exit status), `chrony.version`, `proc` (each timekeeper's process), `kernel`, `uid`, `os.*`,
//! `clocksource`, `container`, `kernel.status`, `kernel.maxerror`, `kernel.esterror`, `end` (the marker that closes).

/// The script, for any POSIX shell that reads it from standard input.
///
/// The probe leaves in `I` and `P` how the clock is read, and has set `PATH` and `LC_ALL` and silenced standard error. The
/// script is one function that reads nothing from standard input, so that no program eats the rest of it.
///
/// `lim` runs a program for 1.5 s at most, by the host's `timeout` or, where that is missing or busybox's (whose watcher
/// outlives the program), for 2 s: the shell waits for a `sleep` that the end of the program cuts short. What is cut off has
/// exit status 124 either way.
pub(super) const FACTS_SCRIPT: &str = r#"
say() { printf '%.400s\n' "$1=$2"; }
clock() { say clock "$(echo now | ($I "$P"))"; }
lines() {
  n=0
  while [ $n -lt "$2" ] && IFS= read -r l; do say "$1" "$l"; n=$((n + 1)); done
}
field() { IFS= read -r l <"$2" && say "$1" "$l"; }
limits() {
  if timeout --version >/dev/null && timeout -k 1 1.5 true; then lim() { timeout -k 1 1.5 "$@"; }
  else lim() {
    sleep 2 >/dev/null & s=$!
    ("$@" & q=$!; trap "kill -9 $q; wait $q; exit 124" TERM; wait $q; e=$?; kill $s; exit $e) & p=$!
    wait $s && kill $p; wait $p; }
  fi
}
chrony() {
  o=$(lim chronyc -n -c -m 'timeout 300' 'retries 0' tracking sources activity 2>&1); e=$?
  case $o in
  *nvalid\ option* | *nrecognized\ option* | *nrecognized\ command* | *sage:*)
    k=chrony.text; o=$(lim chronyc -n -m 'timeout 300' 'retries 0' tracking 2>&1); e=$? ;;
  *,*,*,*,*,*,*,*,*,*,*,*,*,*) k=chrony.csv ;;
  *) k=chrony.error ;;
  esac
}
timekeepers() {
  if [ -r /proc/self/comm ]; then o=$(lim cat /proc/[0-9]*/comm); else o=$(lim ps -A -o comm=); fi
  for x in chronyd ntpd openntpd ntp-daemon systemd-timesyn phc2sys ptp4l timemaster gpsd vmtoolsd VBoxService; do
    case "
$o
" in *"
$x
"*) say proc "$x" ;; esac
  done
}
system() {
  say uid "$(id -u)"
  for f in /etc/os-release /usr/lib/os-release; do
    [ -r $f ] || continue
    while IFS== read -r l x; do
      case $l in ID | VERSION_ID) x=${x#\"}; say os.$l "${x%\"}" ;; esac
    done <$f
    break
  done
  field clocksource /sys/devices/system/clocksource/clocksource0/current_clocksource
  for f in /.dockerenv /run/.containerenv /run/systemd/container; do [ -e $f ] && say container $f; done
  for x in $(lim busybox adjtimex || lim adjtimex --print); do
    case $l in status: | maxerror: | esterror:) say "kernel.${l%:}" "$x" ;; esac
    l=$x
  done
}
main() {
  echo facts=1
  limits
  k=
  clock
  command -v chronyc >/dev/null && chrony
  clock
  if [ "$k" ]; then
    printf '%s\n' "$o" | lines $k 40
    say chrony.rc $e
    lim chronyc -v | lines chrony.version 1
  fi
  timekeepers
  say kernel "$(uname -srm)"
  system
  echo end=1
}
main </dev/null
exit
"#;
