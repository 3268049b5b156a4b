//! The facts script: what a host says of itself, as `key=value` lines bounded in number, length and time; needs no root.
//!
//! First it finds the timekeepers' processes. Then those that run are asked, between two readings of the clock: the claim
//! holds for an instant between them. Then comes what explains a claim. Only programs that a timekeeper has are run for it,
//! never `timedatectl` where no timesyncd runs: it would hang. Each program has its own time limit, a shorter one once
//! another did not keep its own; what it prints is bounded in bytes, and what is passed on of it in lines. Nothing is ever
//! written on the host.
//!
//! Keys: `facts` (the marker that opens), `proc` (each process that sets a clock, outside of containers), `proc.container`,
//! `chronyd.args`, `ntpd.args`, `ntpd.program`; `clock` (twice); `chrony.csv`, `chrony.text`, `chrony.error` (what `chronyc`
//! printed), `timesyncd`, `timesyncd.text`, `ntpq`, `ntpctl`, `ntp-ctl`, each with `.rc` (the exit status);
//! `chrony.version`, `chrony.conf`, `timesyncd.synchronized`, `unit`; `kernel`, `uid`, `address` (where the session came in), `os.*`, `dmi.*`, `clocksource`,
//! `clocksources`, `ptp`, `capbnd`, `uidmap`, `container`, `virt.container`, `virt.vm`, `node`, `vmware.timesync`, `adjtime`,
//! `suspended`, `asleep`, `kernel.status`, `kernel.maxerror`, `kernel.esterror`; `end` (the marker that closes).

/// The script, for any POSIX shell that reads it from standard input.
///
/// The probe leaves in `I` and `P` how the clock is read, and has set `PATH` and `LC_ALL` and silenced standard error. The
/// script is one function that reads nothing from standard input, so that no program eats the rest of it.
///
/// `lim` runs a program for `L` seconds at most, by the host's `timeout` or, where that is missing or busybox's (whose
/// watcher outlives the program), for `S`: the shell waits for a `sleep` that the end of the program cuts short. What is cut
/// off has exit status 124 either way. `ask` leaves in `o` what a program printed and in `e` its exit status.
pub(super) const FACTS_SCRIPT: &str = r#"
c=0
say() { [ $c -lt 136 ] || return; c=$((c + 1)); printf '%.400s\n' "$1=$2"; }
clock() { printf 'clock=%.100s\n' "$(echo now | ($I "$P"))"; }
field() { IFS= read -r l <"$2" && say "$1" "$l"; }
limits() {
  L=1.5 S=2
  if timeout --version >/dev/null && timeout -k 1 1.5 true; then lim() { timeout -k 1 $L "$@"; }
  else lim() {
    sleep $S >/dev/null & s=$!
    ("$@" & q=$!; trap "kill -9 $q; wait $q; exit 124" TERM; wait $q; e=$?; kill $s; exit $e) & p=$!
    wait $s && kill $p; wait $p; }
  fi
}
ask() {
  o=$({ lim "$@" 2>&1; echo "rc=$?"; } | (head -c 16000 || cat))
  e=${o##*rc=} o=${o%rc=*}
  case $e in 124 | 137) L=.5 S=1 ;; [0-9] | [0-9][0-9] | [0-9][0-9][0-9]) ;; *) e= ;; esac
}
lines() {
  n=0 f=$IFS IFS='
'
  set -f
  for l in $o; do [ $n -lt $2 ] || break; n=$((n + 1)); say "$1" "$l"; done
  set +f
  IFS=$f
}
told() { lines $1 $2; say ${1%.*}.rc "$e"; }
caged() {
  while IFS= read -r l; do
    case $l in *docker* | *kubepods* | *libpod* | *containerd* | */lxc* | */machine.slice*) return 0 ;; esac
  done <$1
  return 1
}
processes() {
  R=
  x='chronyd|ntpd|openntpd|ntp-daemon|systemd-timesyn|phc2sys|ptp4l|timemaster|gpsd|vmtoolsd|VBoxService|prltoolsd'
  if [ -r /proc/self/comm ]; then
    o=$(lim grep -EHxs "$x" /proc/[0-9]*/comm)
    for l in $o; do
      p=${l%/comm:*} x=${l##*:}
      case $p in /proc/[0-9]*) ;; *) continue ;; esac
      if caged $p/cgroup && ! caged /proc/self/cgroup; then say proc.container $x; continue; fi
      case $x in chronyd | ntpd) say $x.args "$(tr '\000' ' ' <$p/cmdline)" ;; esac
      process
    done
  else
    o=$(lim ps -A -o comm= | grep -Ex "$x")
    for x in $o; do process; done
  fi
  case $R in *" ntpd "*) say ntpd.program "$(readlink -f "$(command -v ntpd)")" ;; esac
}
process() { case "$R " in *" $x "*) ;; *) R="$R $x "; say proc "$x" ;; esac; }
runs() { case $R in *" $1 "*) ;; *) return 1 ;; esac; }
has() { command -v $1 >/dev/null; }
chrony() {
  if ! runs chronyd; then case $R in *ntpd* | *timesyn* | *ntp-daemon*) return ;; esac; fi
  has chronyc || return
  k=chrony.error
  ask chronyc -n -c -m 'timeout 300' 'retries 0' tracking sources activity
  case $o in
  *nvalid\ option* | *nrecognized\ option* | *nrecognized\ command* | *sage:*)
    k=chrony.text; ask chronyc -n -m 'timeout 300' 'retries 0' tracking sources activity ;;
  *,*,*,*,*,*,*,*,*,*,*,*,*,*) k=chrony.csv ;;
  esac
  told $k 40
}
others() {
  if runs systemd-timesyn; then
    b=org.freedesktop.timesync1
    if has busctl; then
      ask busctl get-property $b /org/freedesktop/timesync1 $b.Manager ServerName PollIntervalUSec NTPMessage
      told timesyncd 6
    elif has timedatectl; then ask timedatectl timesync-status; told timesyncd.text 16; fi
  fi
  if runs ntpd && has ntpq; then
    ask ntpq -n -c 'rv 0 version,leap,stratum,refid,rootdelay,rootdisp,offset,frequency,reftime,tc' -c lpeers
    told ntpq 24
  fi
  if (runs ntpd || runs openntpd) && has ntpctl; then ask ntpctl -s all; told ntpctl 30; fi
  if runs ntp-daemon && has ntp-ctl; then ask ntp-ctl status; told ntp-ctl 30; fi
}
configured() {
  [ -f "$1" ] && [ -r "$1" ] && [ $d -lt 4 ] || return
  d=$((d + 1))
  while read -r w x && [ $m -lt 400 ]; do
    m=$((m + 1))
    case $w in
    server | pool | peer | refclock | leapsectz | leapseclist | makestep | local) say chrony.conf "$w $x" ;;
    include) for x in $x; do configured "$x"; done ;;
    confdir) for w in $x; do for x in "$w"/*.conf; do configured "$x"; done; done ;;
    sourcedir) for w in $x; do for x in "$w"/*.sources; do configured "$x"; done; done ;;
    esac
  done <"$1"
  d=$((d - 1))
}
unit() {
  case $u in '' | *LoadState=not-found*) ;; *) [ $n -lt 9 ] && say unit "$u"; n=$((n + 1)) ;; esac
  u=
}
units() {
  if [ -d /run/systemd/system ] && has systemctl; then
    ask systemctl show --no-pager -p Id -p LoadState -p ActiveState -p SubState -p UnitFileState -p ConditionResult \
      -p ConditionTimestampMonotonic -p NRestarts chrony.service chronyd.service ntpsec.service ntp.service ntpd.service openntpd.service \
      ntpd-rs.service systemd-timesyncd.service
    printf '%s\n\n' "$o" | {
      u= n=0
      while IFS= read -r l; do case $l in '') unit ;; *) u="$u${u:+ }$l" ;; esac; done
      unit
    }
  elif [ -d /run/openrc/started ]; then
    for x in chronyd ntpd openntpd; do
      [ -e /etc/init.d/$x ] || continue
      a=inactive b=disabled
      [ -e /run/openrc/started/$x ] && a=active
      for f in /etc/runlevels/*/$x; do [ -e $f ] && b=enabled; done
      say unit "Id=$x LoadState=loaded ActiveState=$a UnitFileState=$b"
    done
  fi
}
kernel() {
  o=$(lim busybox adjtimex || lim adjtimex --print || lim ntptime || lim perl -e '
    %n = (x86_64, 159, aarch64, 171, riscv64, 171, ppc64le, 124, s390x, 124); $b = "\0" x 208;
    exit 1 if syscall($n{$ARGV[0]} || exit 1, $b) < 0;
    printf "maxerror: %d esterror: %d status: %d\n", unpack "x24qqi", $b' "$(uname -m)" ||
    lim python3 -IBc 'import ctypes
b = (ctypes.c_long * 26)()
ctypes.CDLL(None).adjtimex(b)
print("maxerror:", b[3], "esterror:", b[4], "status:", b[5] & 0xffffffff)')
  k= l=
  set -f
  for x in $o; do
    case $k.$l in
    *.status: | *.maxerror: | *.esterror:) say "kernel.${l%:}" "$x" ;;
    *.status) say kernel.status "$x" ;;
    maximum.error) say kernel.maxerror "$x" ;;
    estimated.error) say kernel.esterror "$x" ;;
    esac
    k=$l l=$x
  done
  set +f
}
system() {
  say uid "$(id -u)"
  x=${SSH_CONNECTION% *} && [ -n "$x" ] && say address "${x##* }"
  for f in /etc/os-release /usr/lib/os-release; do
    [ -r $f ] || continue
    while IFS== read -r l x; do
      case $l in ID | VERSION_ID) x=${x#\"}; say os.$l "${x%\"}" ;; esac
    done <$f
    break
  done
  for x in sys_vendor product_name chassis_asset_tag; do field dmi.$x /sys/class/dmi/id/$x; done
  f=/sys/devices/system/clocksource/clocksource0
  field clocksource $f/current_clocksource
  field clocksources $f/available_clocksource
  n=0
  for f in /sys/class/ptp/ptp*/clock_name; do
    [ $n -lt 4 ] && [ -r $f ] && field ptp $f
    n=$((n + 1))
  done
  while read -r l x; do case $l in CapBnd:) say capbnd "$x"; break ;; esac; done </proc/self/status
  field uidmap /proc/self/uid_map
  for f in /.dockerenv /run/.containerenv /run/systemd/container; do [ -e $f ] && say container $f; done
  if has systemd-detect-virt; then
    ask systemd-detect-virt -c; say virt.container "${o%%[!a-z0-9-]*}"
    ask systemd-detect-virt -v; say virt.vm "${o%%[!a-z0-9-]*}"
  fi
  tr '\000' '\n' </proc/1/environ | while IFS== read -r l x; do
    case $l in NODE_NAME | K8S_NODE_NAME | KUBERNETES_NODE_NAME | MY_NODE_NAME) say node "$x"; break ;; esac
  done
  if runs vmtoolsd && has vmware-toolbox-cmd; then ask vmware-toolbox-cmd timesync status; lines vmware.timesync 1; fi
  while read -r l; do case $l in LOCAL) say adjtime LOCAL ;; esac; done </etc/adjtime
  field suspended /sys/power/suspend_stats/success
  [ -r /proc/self/comm ] && has perl &&
    say asleep "$(lim perl -MTime::HiRes=clock_gettime -e 'printf "%.3f", clock_gettime(7) - clock_gettime(1)')"
}
main() {
  echo facts=1
  limits
  processes
  clock
  chrony
  others
  clock
  if has chronyc; then
    ask chronyc -v; lines chrony.version 1
  fi
  if runs chronyd; then
    d=0 m=0
    for f in /etc/chrony/chrony.conf /etc/chrony.conf /usr/local/etc/chrony.conf; do [ -f $f ] && configured $f && break; done
  fi
  [ -e /run/systemd/timesync/synchronized ] && say timesyncd.synchronized yes
  say kernel "$(uname -srm)"
  units
  kernel
  system
  echo end=1
}
main </dev/null
exit
"#;
