# What the host is and how chronyd is configured there. Reads only.

# data FILE: its bytes.
data() {
  if [ $encoding = base64 ]; then base64 <"$1" | while IFS= read -r x; do say "+$x"; done
  else od -A n -v -t x1 "$1" | while IFS= read -r x; do say "+$x"; done
  fi
}

# file KIND PATH: one file, its directory the first time, and what it includes.
file() {
  files=$((files + 1))
  if [ $files -ge 100 ]; then [ $files -gt 100 ] || say crowded; return; fi
  r=$(readlink -f "$2") || r=$2
  [ "$r" ] || r=$2
  is_path "$r" && is_path "$2" || { line "$2"; say "unnameable $e"; return; }
  if ! [ -f "$r" ] || ! [ -r "$r" ]; then say "missing $1 $2"; return; fi
  case "$seen" in *"$newline$r$newline"*) return ;; esac
  seen=$seen$r$newline
  directory "${r%/*}"
  digest "$r"
  facts=$(stat -c '%a %u %g %i %Y %s' "$r" || stat -f '%Lp %u %g %i %m %z' "$r")
  case $facts in '' | *[!0-9\ ]*) facts='0 0 0 0 0 0' ;; esac
  size=${facts##* } mark=-
  x=$(lsattr -d "$r")
  case ${x%% *} in *i* | *a*) mark=immutable ;; esac
  say "file $1 $facts ${h:--} $mark $r"
  [ "$r" = "$2" ] || say "as $2"
  bytes=$((bytes + size))
  if [ "$size" -gt 65536 ] || [ $bytes -gt 262144 ]; then say withheld; else data "$r"; fi
  [ "$1" = sources ] || included "$r"
}

directory() {
  case "$seen" in *"$newline$1/$newline"*) return ;; esac
  seen=$seen$1/$newline
  x=$(df -P -k "$1") x=${x##*"$newline"}
  set -f
  set -- "$1" $x
  set +f
  free=${5:-0}
  case $free in *[!0-9]*) free=0 ;; ???????*) free=999999 ;; esac
  if [ -w "$1" ] && ! read_only "$1"; then x=writable; else x=read-only; fi
  say "directory $x $free $1"
}

# Whether a directory's file system is mounted so that nothing can be written to: `test -w` of some shells asks no kernel.
read_only() {
  best= how=
  while read -r x x x x at with x; do
    case $1/ in "${at%/}"/*) [ ${#at} -ge ${#best} ] && best=$at how=$with ;; esac
  done </proc/self/mountinfo
  case ,$how, in *,ro,*) ;; *) return 1 ;; esac
}

# included FILE: what its directives name, in the order in which chronyd reads it.
included() {
  depth=$((depth + 1))
  [ $depth -le 10 ] && while read -r d p || [ "$d" ]; do
    p=${p%"$return"}
    case $d in
    [iI][nN][cC][lL][uU][dD][eE])
      m=
      for x in $p; do [ -e "$x" ] && m=1; done
      [ "$m" ] || { is_path "$p" && say "missing include $p"; continue; }
      for p in $p; do file include "$p"; done ;;
    [cC][oO][nN][fF][dD][iI][rR])
      for p in $p; do
        is_path "$p" && say "confdir $p"
        for p in "$p"/*.conf; do [ -e "$p" ] && file conf "$p"; done
      done ;;
    [sS][oO][uU][rR][cC][eE][dD][iI][rR])
      for p in $p; do
        is_path "$p" && say "sourcedir $p"
        for p in "$p"/*.sources; do [ -e "$p" ] && file sources "$p"; done
      done ;;
    esac
  done <"$1"
  depth=$((depth - 1))
}

# Leaves in `conf` the file that chronyd reads first: what it was told to, else what distributions have.
find_configuration() {
  conf= args=
  for x in $(running); do
    args=$(tr '\000' ' ' <"/proc/$x/cmdline") || args=
    break
  done
  set -f
  m=
  for x in $args; do
    case $m in -f) conf=$x ;; esac
    case $x in -f/*) conf=${x#-f} ;; esac
    m=$x
  done
  set +f
  case $conf in /*) [ -f "$conf" ] || conf= ;; *) conf= ;; esac
  if ! [ "$conf" ]; then
    for x in /etc/chrony/chrony.conf /etc/chrony.conf /usr/local/etc/chrony.conf; do [ -f $x ] && conf=$x && break; done
  fi
}

survey() {
  files=0 bytes=0 depth=0 seen=$newline return=$(printf '\r')
  say "user $(id -u)"
  line "$(uname -srm)"; say "kernel $e"
  find_unit && {
    case $o in *ActiveState=active* | *ActiveState=activating* | *ActiveState=reloading*) x=active ;; *) x=inactive ;; esac
    [ $init = systemd ] || { x=inactive; is_active && x=active; }
    case $o in *UnitFileState=disabled* | *UnitFileState=masked*) m=disabled ;; *UnitFileState=enabled*) m=enabled ;; *) m=- ;; esac
    say "unit $init $x $m $unit"
    # Of a unit that was not started since the boot systemd says `no`, too: it has looked at no condition.
    case $x$o in inactive*ConditionTimestampMonotonic=[1-9]*)
      case $o in *ConditionResult=no*) say 'unable condition' ;; esac ;;
    esac
    if [ $init = systemd ] && has journalctl; then
      x=$(lim 4 journalctl -q --no-pager -o cat -b -n 60 -u "$unit.service" | grep -e 'adjtimex.*failed' -e 'not set system clock' |
        tail -n 1)
      [ "$x" ] && line "$x" && say "unable log $e"
    fi
  }
  if has chronyd; then
    x=$(lim 3 chronyd -v) x=${x#*version } x=${x%% *}
    line "$x"; say "version ${e:--}"
  fi
  find_configuration
  [ "$args" ] && line "$args" && say "arguments $e" && tracking && say "tracking $o"
  for x in ntpd openntpd ntp-daemon systemd-timesyn phc2sys ptp4l timemaster; do
    set -- $(named $x)
    [ $# -gt 0 ] || continue
    m=$x
    service_of "$1" "$m"
    say "runs $m ${u:--}"
  done
  for x in /.dockerenv /run/.containerenv /run/systemd/container; do [ -e $x ] && say "container $x"; done
  for x in apt-get dnf yum zypper apk pacman pkg; do has $x && say "packages $x" && break; done
  if [ -d /run/systemd/system ] && has systemd-run; then say 'guard systemd-run'; else say 'guard shell'; fi
  digest /dev/null; [ "$h" ] || say 'lacks sha256'
  if [ "$(printf a | base64)" = YQ== ]; then encoding=base64; else encoding=hex; fi
  [ $encoding = base64 ] || [ "$(printf a | od -A n -v -t x1 | tr -d ' ')" = 61 ] || say 'lacks od'
  say "encoding $encoding"
  if [ "$conf" ]; then file main "$conf"; fi
  if [ -L "$state/lock" ]; then
    m=$(readlink "$state/lock")
    if is_held "$m"; then say "locked ${m##* }"; fi
  fi
  pending
  say 'ok survey'
}
