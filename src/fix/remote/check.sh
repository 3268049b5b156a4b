# Trying a configuration, with nothing written: its directives are arguments.

# Leaves in `major` chronyd's version: 4 has -p and `maxsamples 1`, 3 has not.
find_version() {
  x=$(lim 3 chronyd -v) x=${x#*version } major=${x%%.*}
  is_number "$major" || major=4
}

# correction TEXT: leaves in `c` what chronyd -Q measured; positive = the host is behind.
correction() {
  c=${1##*System clock wrong by }
  [ "$c" != "$1" ] || { c=; return 1; }
  c=${c%% seconds*}
  case $c in *[!-0-9.]* | ?????????????????????????*) c=; return 1 ;; esac
}

# What chronyd complained of, in `e`: its last line that names a cause.
complaint() {
  x=$(printf '%s\n' "$1" | grep -i -e fatal -e 'could not' -e invalid -e 'no suitable' -e ' is missing' | tail -n 1)
  [ "$x" ] || x=$(printf '%s\n' "$1" | grep -i timeout | tail -n 1)
  line "${x:-$1}"
  case $e in [0-9]*-*T*Z\ *) e=${e#* } ;; esac
}

# has_address NAME: whether it is an address, or has one as far as can be told.
has_address() {
  case $1 in *:*) return 0 ;; *[!0-9.]*) ;; *) return 0 ;; esac
  has getent || return 0
  o=$(lim 5 getent hosts "$1") || [ $? != 2 ]
}

try_servers() {
  m=
  [ "$major" -ge 4 ] && m=' maxsamples 1'
  l=7
  [ "$m" ] || l=12
  set -f
  IFS=$newline
  for d in $servers; do
    set -- $settings "server $d$m"
    IFS=$blanks
    o=$(lim 20 chronyd -Q -t $l "$@" 2>&1)
    if correction "$o"; then say "answers $c ${d%% *}"
    else
      complaint "$o"
      has_address "${d%% *}" || e='no address'
      say "silent ${d%% *} $e"
    fi
    IFS=$newline
  done
  IFS=$blanks
  set +f
}

# passes ARGUMENT...: what chronyd finds in a configuration that it reads and does not use; leaves in `e` what is wrong.
passes() {
  [ "$major" -ge 4 ] || return 0
  if o=$(lim 10 chronyd -p "$@" 2>&1 >/dev/null); then say valid; return; fi
  complaint "$o"
  say "invalid $e"
  return 1
}

# Whether lines name a source that a dry run may ask.
has_source() { printf '%s\n' "$1" | grep -q -i -e '^[ 	]*server[ 	]' -e '^[ 	]*pool[ 	]' -e '^[ 	]*peer[ 	]'; }

# dry_run LINES: how far the clock would have to move; leaves in `e` why nothing can be told.
#
# The lines are arguments, so that those can be left out by which even a dry run writes files, or takes something from the chronyd
# that runs: its pid file, its port, and the socket by which a reference clock reaches it.
dry_run() {
  x=$(printf '%s\n' "$1" | tr -d '\r' | grep -v -i -e '^[ 	]*[#!;%]' -e '^[ 	]*$' -e '^[ 	]*driftfile[ 	]' -e '^[ 	]*[a-z]*dumpdir[ 	]' \
    -e '^[ 	]*rtcfile[ 	]' -e '^[ 	]*log[ 	]' -e '^[ 	]*logdir[ 	]' -e '^[ 	]*dumponexit' -e '^[ 	]*mailonchange[ 	]' \
    -e '^[ 	]*refclock[ 	]' -e '^[ 	]*pidfile[ 	]' -e '^[ 	]*acquisitionport[ 	]')
  # Without a source nothing is told, as where there are only reference clocks.
  has_source "$x" || return 0
  # One sample of a source tells as much as four, some seconds sooner.
  [ "$major" -ge 4 ] && x=$(printf '%s\n' "$x" | sed -e '/^[ 	]*[sS][eE][rR][vV][eE][rR][ 	]/s/$/ maxsamples 1/' \
    -e '/^[ 	]*[pP][oO][oO][lL][ 	]/s/$/ maxsamples 1/' -e '/^[ 	]*[pP][eE][eE][rR][ 	]/s/$/ maxsamples 1/')
  set -f
  IFS=$newline
  set -- $x
  IFS=$blanks
  set +f
  o=$(lim 20 chronyd -Q -t 12 "$@" 2>&1)
  if correction "$o"; then say "dryrun $c"; else complaint "$o"; say "fails $e"; return 1; fi
}

# What asks a time server where there is no chronyd yet: four questions, and what the quickest answer says.
in_python='
import socket, struct, sys, time
best = None
try:
  for a in socket.getaddrinfo(sys.argv[1], 123, 0, socket.SOCK_DGRAM)[:2]:
    s = socket.socket(a[0], socket.SOCK_DGRAM)
    s.settimeout(1)
    s.connect(a[4])
    for n in range(4):
      sent = time.time()
      t = sent + 2208988800
      q = struct.pack(">B39xII", 35, int(t), int((t - int(t)) * 4294967296))
      try:
        s.send(q)
        d = s.recv(99)
      except socket.error:
        continue
      got = time.time()
      if len(d) < 48 or d[24:32] != q[40:]: continue
      u = struct.unpack(">BB30x4I", d[:48])
      if u[0] % 8 != 4 or u[0] > 191 or not 0 < u[1] < 16: continue
      r, x = [u[i] + u[i + 1] / 4294967296.0 - 2208988800 for i in (2, 4)]
      found = (got - sent - x + r, (r - sent + x - got) / 2)
      best = min(best or found, found)
except Exception:
  sys.exit("could not ask it: %s" % sys.exc_info()[1])
if best is None: sys.exit("no answer: timeout")
print("System clock wrong by %.9f seconds" % best[1])
'
in_perl='
use Socket;
sub now { my $t = $fine ? Time::HiRes::time() : `date +%s.%N`; $t =~ /\.\d{3}/ or die "could not ask it: no clock\n"; $t + 0 }
$fine = eval { require Time::HiRes };
($e, @r) = Socket::getaddrinfo($ARGV[0], 123, { socktype => SOCK_DGRAM });
die "could not ask it: $e\n" if $e;
for $a (@r > 2 ? @r[0, 1] : @r) {
  socket(S, $a->{family}, SOCK_DGRAM, 0) && connect(S, $a->{addr}) or next;
  for (1 .. 4) {
    $sent = now();
    $t = $sent + 2208988800;
    $q = pack("Cx39NN", 35, int $t, ($t - int $t) * 4294967296);
    send(S, $q, 0) or next;
    $v = "";
    vec($v, fileno S, 1) = 1;
    select($v, undef, undef, 1) > 0 && defined recv(S, $d, 99, 0) or next;
    $got = now();
    next if length $d < 48 || substr($d, 24, 8) ne substr($q, 40);
    @u = unpack("CCx30N4", $d);
    next if $u[0] % 8 != 4 || $u[0] > 191 || !$u[1] || $u[1] > 15;
    ($r, $x) = map { $u[$_] + $u[$_ + 1] / 4294967296 - 2208988800 } 2, 4;
    $far = $got - $sent - $x + $r;
    ($best, $off) = ($far, ($r - $sent + $x - $got) / 2) if !defined $best || $far < $best;
  }
}
die "no answer: timeout\n" if !defined $best;
printf "System clock wrong by %.9f seconds\n", $off;
'

ask_plainly() {
  for asks in python3 python /usr/libexec/platform-python perl; do has $asks && break; asks=; done
  [ "$asks" ] || return
  if [ $asks = perl ]; then l=-e m=$in_perl; else l=-c m=$in_python; fi
  set -f
  IFS=$newline
  for d in $servers; do
    IFS=$blanks
    d=${d%% *}
    o=$(lim 20 $asks $l "$m" "$d" 2>&1)
    if correction "$o"; then say "answers $c $d"; else complaint "$o"; say "silent $d $e"; fi
    IFS=$newline
  done
  IFS=$blanks
  set +f
}

check() {
  if ! has chronyd; then
    if [ "$lines" ]; then say 'no check chronyd'; return; fi
    ask_plainly
    [ "$manager" ] && offer
    say 'ok check'
    return
  fi
  find_version
  try_servers
  if [ "$lines" ]; then
    set -f
    IFS=$newline
    set -- $lines
    IFS=$blanks
    set +f
    passes "$@" && dry_run "$lines"
  fi
  say 'ok check'
}
blanks=' 	
'
