# Installing chrony, stopping another timekeeper for it, and the way back.
#
# `taken` in a run's folder tells the way back, a line each: "own active|inactive enabled|disabled" (chronyd as it was),
# "package MANAGER purge|remove" (chrony came by it), "back NAME=VERSION" (a package that went for it),
# "service active|inactive enabled|disabled NAME" (another timekeeper as it was).

# patiently SECONDS COMMAND...: with signs of life meanwhile; leaves what was printed in `o`.
patiently() {
  left_s=$1
  shift
  rm -f "$folder/done"
  ( (umask 022; "$@") >"$folder/said" 2>&1 </dev/null; echo $? >"$folder/done.new"; mv -f "$folder/done.new" "$folder/done") &
  started $! || t=gone
  printf '%s\n' "$! $t" >"$folder/works"
  left_s=$((left_s * pauses)) n=0
  until [ -f "$folder/done" ]; do
    if [ $n -ge $left_s ]; then end_work $!; o='it took too long'; return 1; fi
    pause
    alive
    n=$((n + 1))
    [ $((n % 10)) = 0 ] && say 'step waiting'
  done
  n=1
  read -r n <"$folder/done"
  o=$(tail -n 40 "$folder/said")
  rm -f "$folder/done" "$folder/said"
  return "$n"
}

# end_work PID: it and all that it began end, by force where they do not when they are told to: what is to be taken back must not
# go on meanwhile.
end_work() {
  kin=" $1 " x=
  until [ "$x" = "$kin" ]; do
    x=$kin
    for d in /proc/[0-9]*/stat; do
      { IFS= read -r m <"$d"; } || continue
      m=${m##*") "} m=${m#* } d=${d#/proc/} d=${d%/stat}
      case $kin in
      *" $d "*) ;;
      *" ${m%% *} "*) kin="$kin$d " ;;
      esac
    done
  done
  kill $kin
  n=$((20 * pauses))
  while any_lives $kin && [ $n -gt 0 ]; do
    pause
    alive
    n=$((n - 1))
  done
  kill -9 $kin
  wait "$1"
}

any_lives() {
  for d in "$@"; do { IFS= read -r m <"/proc/$d/stat"; } && case ${m##*") "} in Z*) ;; *) return ;; esac; done
  return 1
}

is_manager() { case $manager in apt-get | dnf | yum | zypper | apk) ;; *) return 1 ;; esac; }

# await_works: a package manager that outlives whoever began it is not got in the way of.
await_works() {
  x=
  { IFS= read -r x <"$folder/works"; } || return 0
  n=0
  while started "${x%% *}" && [ "$t" = "${x#* }" ] && [ $n -lt $((600 * pauses)) ]; do pause; n=$((n + 1)); done
  started "${x%% *}" && [ "$t" = "${x#* }" ] && end_work "${x%% *}"
}

# Leaves in `e` what a package manager complained of, by what it printed in `o`.
blame() {
  x=$(printf '%s\n' "$o" | grep -i -e '^E:' -e error -e 'unable to' -e 'not found' -e 'no such' -e 'no match' | head -n 1)
  [ "$x" ] || x=$(printf '%s\n' "$o" | tail -n 1)
  line "$x"
}

debian() {
  DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 NEEDRESTART_SUSPEND=1 APT_LISTCHANGES_FRONTEND=none apt-get -q -y \
    --no-install-recommends -o DPkg::Lock::Timeout=60 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}

# What apt would do, in `o`; no file of its own is written for it.
rehearse() {
  o=$(lim 60 apt-get -s -q -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= --no-install-recommends install chrony 2>&1 </dev/null)
}

# offer: which chrony would be installed, and what would go for it. Reads only.
offer() {
  case $manager in
  apt-get)
    if rehearse; then
      printf '%s\n' "$o" | while read -r x m d; do
        case $x$m in
        Instchrony) d=${d#*"("}; line "${d%% *}"; say "installs ${e:--}" ;;
        Remv*) d=${d#*"["}; line "$m ${d%%"]"*}"; say "removes $e" ;;
        esac
      done
    else blame; say "unavailable $e"
    fi ;;
  *) say 'installs -' ;;
  esac
}

# obtain: what is needed for the way there and back lies ready, while nothing has changed yet; leaves in `e` why not.
obtain() {
  back=
  [ "$manager" = apt-get ] || return 0
  say 'step fetching'
  patiently 300 debian --download-only install chrony || {
    patiently 120 debian update
    patiently 300 debian --download-only install chrony
  } || { blame; return 1; }
  rehearse || { blame; return 1; }
  back=$(printf '%s\n' "$o" | while read -r x m d; do
    d=${d#*"["}
    [ "$x" = Remv ] && echo "$m=${d%%"]"*}"
  done)
  for x in $back; do
    case " $removes " in *" ${x%%=*} "*) ;; *) e="it would remove ${x%%=*}, too"; return 1 ;; esac
  done
  keep_for_the_way_back
}

keep_for_the_way_back() {
  for b in $back; do
    patiently 300 debian --download-only --reinstall install "$b" || {
      blame
      e="$b cannot be had again for the way back, bring it up to date first: $e"
      return 1
    }
  done
}

# package install|purge|remove: by `manager`; of apt the packages in `back` come at once where chrony goes.
package() {
  case $manager-$1 in
  apt-get-install) debian install chrony ;;
  apt-get-purge) debian --purge install chrony- $back ;;
  apt-get-*) debian install chrony- $back ;;
  apk-install) apk add -q chrony ;;
  apk-*) apk del -q chrony ;;
  zypper-install) zypper --non-interactive --quiet install --no-recommends chrony ;;
  zypper-*) zypper --non-interactive --quiet remove chrony ;;
  *-install) "$manager" -y -q install chrony ;;
  *) "$manager" -y -q remove chrony ;;
  esac
}

# masked on|off: whether systemd starts chronyd for anybody, as for the installation that brings it.
masked() {
  [ "$init" = systemd ] || return
  [ "$1" = on ] && x=mask || x=unmask
  lim 20 systemctl $x --runtime chrony.service chronyd.service
  lim 20 systemctl daemon-reload
}

is_enabled() {
  case $init in
  systemd) [ "$(lim 5 systemctl is-enabled "$1.service")" = enabled ] ;;
  openrc) set -- /etc/runlevels/*/"$1"; [ -e "$1" ] || [ -L "$1" ] ;;
  *) set -- /etc/rc[2-5].d/S[0-9][0-9]"$1"; [ -e "$1" ] ;;
  esac
}

# at_boot on|off SERVICE
at_boot() {
  case $init-$1 in
  systemd-on) lim 30 systemctl enable "$2.service" ;;
  systemd-*) lim 30 systemctl disable "$2.service" ;;
  openrc-on) is_enabled "$2" || lim 10 rc-update add "$2" default ;;
  openrc-*) lim 10 rc-update -a del "$2" || lim 10 rc-update del "$2" default ;;
  *)
    [ "$1" = on ] && x=enable || x=disable
    if has update-rc.d; then lim 10 update-rc.d "$2" $x
    else lim 10 chkconfig "$2" "$1"
    fi ;;
  esac </dev/null >/dev/null
}

# find_state SERVICE: leaves in `u` whether it runs, and whether it is started at boot.
find_state() {
  is_running "$1" && u=active || u=inactive
  is_enabled "$1" && u="$u enabled" || u="$u disabled"
}

# note_taken: what is there now, for the way back.
note_taken() {
  {
    if [ "$unit" ]; then find_state "$unit"; else u='inactive disabled'; fi
    echo "own $u"
    if [ "$manager" ]; then
      m=purge
      [ "$manager" = apt-get ] && [ "$(dpkg-query -W -f '${db:Status-Status}' chrony)" = config-files ] && m=remove
      echo "package $manager $m"
    fi
    for x in $back; do echo "back $x"; done
    for m in $replaced; do find_state "$m"; echo "service $u $m"; done
  } >"$folder/taken.new" && mv -f "$folder/taken.new" "$folder/taken" || return 1
  while IFS= read -r d; do say "step took $d"; done <"$folder/taken"
}

# bring_in: chrony is there and nothing else keeps the clock; leaves in `e` why not. chronyd does not run with it yet.
bring_in() {
  if [ "$manager" ]; then
    say 'step installing'
    masked on
    patiently 600 package install && is_there=yes || is_there=
    masked off
    hash -r
    [ "$is_there" ] && has chronyd && has chronyc || { blame; return 1; }
    find_unit || { e='no service of chronyd came with the package'; return 1; }
    say 'step installed'
  fi
  for m in $replaced; do
    # What the package manager has taken away is not there to be stopped.
    at_boot off "$m"
    if is_running "$m"; then unit_does "$m" stop || return 1; fi
    if is_running "$m"; then e="$m runs on"; return 1; fi
    say "step stopped $m"
  done
  at_boot on "$unit" || { e="$unit is not started at boot"; return 1; }
}

# withdraw: on the way back, before files: chronyd stops, and goes where it came with the run.
withdraw() {
  await_works
  manager= back=
  while read -r x m d; do
    case $x in
    own) [ "$m" = active ] || { find_unit && service_does stop; }
      [ "$d" = enabled ] || { find_unit && at_boot off "$unit"; } ;;
    package) manager=$m how=$d; is_manager || manager= ;;
    back) back="$back $m" ;;
    esac
  done <"$folder/taken"
  [ "$manager" ] || return 0
  masked off
  [ "$manager" = apt-get ] && [ "$(dpkg --audit)" ] && patiently 300 dpkg --configure -a
  hash -r
  if has chronyd; then patiently 600 package "$how" || left="$left$newline$manager"; fi
}

# reinstate: on the way back, after files: what kept the clock does again.
reinstate() {
  while read -r x m d u; do
    [ "$x" = service ] || continue
    if [ "$d" = enabled ]; then at_boot on "$u"; else at_boot off "$u"; fi
    [ "$m" = active ] || continue
    is_running "$u" || unit_does "$u" start
    is_running "$u" || left=$left$newline$u
  done <"$folder/taken"
}

# service_of PID NAME: leaves in `u` the service that a process belongs to.
service_of() {
  u=
  case $init in
  systemd) while IFS= read -r x; do case $x in *.service) u=${x##*/} u=${u%.service} ;; esac; done <"/proc/$1/cgroup" ;;
  openrc | sysv) for x in "$2" ntpd openntpd ntpsec ntp ntpd-rs; do [ -e "/etc/init.d/$x" ] && is_running "$x" && u=$x && return; done ;;
  esac
  is_run "$u" || u=
}
