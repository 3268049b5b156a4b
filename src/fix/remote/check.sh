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
  x=$(printf '%s\n' "$1" | grep -i -e fatal -e 'could not' -e timeout -e invalid -e 'no suitable' | tail -n 1)
  line "${x:-$1}"
  case $e in [0-9]*-*T*Z\ *) e=${e#* } ;; esac
}

try_servers() {
  m=
  [ "$major" -ge 4 ] && m=' maxsamples 1'
  l=7
  [ "$m" ] || l=12
  set -f
  IFS=$newline
  for d in $servers; do
    IFS=$blanks
    o=$(lim 20 chronyd -Q -t $l "server $d$m" 2>&1)
    if correction "$o"; then say "answers $c ${d%% *}"; else complaint "$o"; say "silent ${d%% *} $e"; fi
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

# dry_run LINES: how far the clock would have to move; leaves in `e` why nothing can be told.
#
# The lines are arguments, so that those can be left out by which even a dry run writes files.
dry_run() {
  x=$(printf '%s\n' "$1" | tr -d '\r' | grep -v -i -e '^[ 	]*[#!;%]' -e '^[ 	]*$' -e '^[ 	]*driftfile[ 	]' -e '^[ 	]*[a-z]*dumpdir[ 	]' \
    -e '^[ 	]*rtcfile[ 	]' -e '^[ 	]*log[ 	]' -e '^[ 	]*logdir[ 	]' -e '^[ 	]*dumponexit' -e '^[ 	]*mailonchange[ 	]')
  e='no directives'
  [ "$x" ] || { say "fails $e"; return 1; }
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

check() {
  has chronyd || { say 'no check chronyd'; return; }
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
