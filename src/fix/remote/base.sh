# What the other parts stand on. POSIX sh; no here-documents (some shells write them to files), nothing read from standard
# input but commands; every program that could hang has a time limit; a lost connection stops nothing.
trap '' HUP INT QUIT PIPE
PATH=${PATH:-/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
umask 077
state=/run/clockaudit
[ -d /run ] || state=/var/run/clockaudit

has() { command -v "$1" >/dev/null; }

# say WORD...: one line of the answer.
say() { printf '%.4000s\n' "$*"; }

# Leaves in `e` what a program printed in `o`, as one printable line.
line() { e=$(printf '%.2000s' "$1" | tr -s '\000-\040\177-\377' ' '); e=${e# } e=${e% }; e=$(printf '%.300s' "$e"); }

# Takes the first word of `rest` into `w`.
word() { w=${rest%% *}; case $rest in *\ *) rest=${rest#* } ;; *) rest= ;; esac; }

is_number() { case $1 in '' | *[!0-9]* | ???????*) return 1 ;; esac; }

# lim SECONDS COMMAND...: exit status 124 where it took longer.
if timeout --version >/dev/null && timeout -k 1 5 true; then lim() { timeout -k 1 "$@"; }
else lim() {
  lim_n=$1
  shift
  sleep "$lim_n" >/dev/null & lim_s=$!
  ("$@" & lim_q=$!; trap "kill -9 $lim_q; wait $lim_q; exit 124" TERM; wait $lim_q; lim_n=$?; kill $lim_s; exit $lim_n) &
  lim_p=$!
  wait $lim_s && kill $lim_p
  wait $lim_p
}
fi

if sleep 0.01; then pauses=2; pause() { sleep 0.5; }; else pauses=1; pause() { sleep 1; }; fi

# digest FILE: leaves in `h` the SHA-256, `-` where there is no such file, nothing where it cannot be told.
digest() {
  h=-
  [ -e "$1" ] || return 0
  for tool in sha256sum 'sha256 -q' 'shasum -a 256' 'openssl dgst -sha256 -r'; do
    h=$($tool <"$1")
    h=${h%% *}
    case $h in *[!0-9a-f]*) h= ;; esac
    [ ${#h} = 64 ] && return
  done
  h=
}

# Whether a file of that name can be named in a line.
is_path() {
  case $1 in /* ) ;; *) return 1 ;; esac
  case $1/ in */../* | *"$newline"*) return 1 ;; esac
  [ ${#1} -lt 1024 ] && ! [ "$(printf %s "$1" | tr -d '\040-\176')" ]
}

# started PID: leaves in `t` when the process started, so that another one of its number is not taken for it.
started() {
  t=
  { IFS= read -r t </proc/"$1"/stat; } || { kill -0 "$1" && t=unknown; return; }
  set -f
  set -- ${t##*") "}
  set +f
  shift 19
  t=$1
}

# Leaves in `boot` which start of the machine this is.
booted() { boot=unknown; [ -r /proc/sys/kernel/random/boot_id ] && IFS= read -r boot </proc/sys/kernel/random/boot_id; }

# The service of chronyd: its name in `unit`, what systemd says of it in `o`; how services are started in `init`, in any case.
find_unit() {
  unit= o=
  if [ -d /run/systemd/system ] && has systemctl; then
    init=systemd
    for x in chrony chronyd; do
      o=$(lim 5 systemctl show --no-pager -p Id -p LoadState -p ActiveState -p UnitFileState -p ConditionResult \
        -p ConditionTimestampMonotonic $x.service)
      case $o in *LoadState=loaded*) unit=${o#*Id=}; unit=${unit%%.service*}; return ;; esac
    done
  elif has rc-service; then
    init=openrc
    for x in chronyd chrony; do [ -e /etc/init.d/$x ] && unit=$x && return; done
  else
    init=sysv
    for x in chrony chronyd; do [ -e /etc/init.d/$x ] && unit=$x && return; done
    for x in /usr/local/etc/rc.d /etc/rc.d; do [ -e $x/chronyd ] && init=rc unit=chronyd && return; done
  fi
  return 1
}

# unit_does SERVICE ACTION: leaves in `e` what was said, where it failed.
unit_does() {
  case $init in
  systemd) lim 5 systemctl reset-failed "$1.service"; o=$(lim 40 systemctl "$2" "$1.service" 2>&1) ;;
  openrc) o=$(lim 40 rc-service "$1" "$2" 2>&1) ;;
  rc) o=$(lim 40 service "$1" "$2" 2>&1) ;;
  *) o=$(lim 40 /etc/init.d/"$1" "$2" 2>&1) ;;
  esac </dev/null
  n=$?
  line "$o"
  return $n
}

# service_does ACTION: the same for chronyd.
service_does() { unit_does "$unit" "$1"; }

# is_running SERVICE: leaves what systemd says in `now`; nothing where it does not say.
is_running() {
  now=
  case $init in
  systemd)
    now=$(lim 5 systemctl is-active "$1.service")
    case $now in active | activating | reloading | refreshing) return 0 ;; *) return 1 ;; esac ;;
  openrc) lim 10 rc-service "$1" status ;;
  *) lim 10 /etc/init.d/"$1" status ;;
  esac </dev/null >/dev/null
}

# Whether chronyd runs.
is_active() {
  case $init in
  systemd) is_running "$unit" ;;
  *) set -- $(running); [ $# -gt 0 ] ;;
  esac
}

# The numbers of the processes of a name, without those of containers.
named() {
  if [ -r /proc/self/comm ]; then
    own=$(readlink /proc/self/ns/pid)
    for x in $(grep -lxs "$1" /proc/[0-9]*/comm); do
      x=${x%/comm} x=${x#/proc/}
      is_own "$x" && echo "$x"
    done
  else ps -A -o pid= -o comm= | while read -r x w; do case $w in *"$1") echo "$x" ;; esac; done
  fi
}

# is_own PID: whether a process is in no other namespace of processes than this one, `own`.
is_own() {
  m=$(readlink "/proc/$1/ns/pid")
  if [ "$m" ] && [ "$own" ]; then [ "$m" = "$own" ]; return; fi
  # One number in each namespace that it is in; old kernels do not tell.
  m=$(grep '^NSpid:' "/proc/$1/status")
  set -- $m
  [ $# -le 2 ]
}

running() { named chronyd; }

# tracking: leaves in `o` chronyd's report as columns, fails where there is none.
tracking() {
  o=$(lim 4 chronyc -n -c -m 'timeout 300' 'retries 0' tracking 2>&1)
  o=${o%%"$newline"*}
  case $o in *,*,*,*,*,*,*,*,*,*,*,*,*,*) ;; *) return 1 ;; esac
}
newline='
'
