# Writing: every file of a request, or none; guarded before the first is replaced, verified by chronyd's own word.

# refuse CODE [TEXT]: nothing is changed, and nothing of ours stays.
refuse() {
  finish
  tidy
  i=0
  while [ $i -lt $count ]; do i=$((i + 1)); nth; [ "$backup" = - ] || rm -f "$backup"; done
  free_lock "$run"
  say "no apply $*"
}

# undo CODE [TEXT]: puts the old files back, says what did not come back, and refuses.
undo() {
  why=$*
  go_back
  say "no apply $why"
}

# go_back: the old files are there again, chronyd runs with them, nothing of ours stays; leaves in `left` what did not come back.
go_back() {
  say 'step undoing'
  alive
  put_back
  await_running
  tell_left
  finish
  tidy
  free_lock "$run"
}

# Ends the guard: it sees its folder gone.
finish() { ln -s kept "$folder/over"; forget; }

# The run's folder goes, in an order in which what is left of it at any time is taken for nothing to put back, nor to clear up.
forget() { rm -f "$folder/taken" "$folder/plan" "$folder/made"; rm -rf "$folder"; }

# Removes candidates.
tidy() {
  i=0
  while [ $i -lt $count ]; do i=$((i + 1)); nth; rm -f "$new_file"; done
}

# The file of number `i`; `new_file` is the one beside it with what is to come, which no pattern of chronyd matches.
nth() {
  eval "path=\$path_$i old=\$old_$i new=\$new_$i from=\$from_$i backup=\$backup_$i"
  new_file=${path%/*}/.${path##*/}.new-clockaudit
  # Debian's AppArmor profile has chronyd read /etc/chrony.* there, and nothing hidden.
  case $path in /etc/chrony.conf) new_file=$path.new-clockaudit ;; esac
}

# Waits until chronyd answers, where it did before; leaves its report in `o`.
await_running() {
  [ "$was" = active ] || return 0
  case $left in *"$newline$unit does not run: "*) return 1 ;; esac
  if [ -f "$folder/mute" ]; then is_active || left=$left${newline}chronyd; return 1; fi
  n=0
  while [ $n -lt $((10 * pauses)) ]; do
    tracking && return
    pause
    n=$((n + 1))
  done
  left=$left${newline}chronyd
}

# Keeps the old file of `path` as `backup`: by a second name where that can be, for it needs no room and is the file itself.
keep_backup() {
  backup=-
  [ "$old" = - ] && return
  x=${path%/*}/${path##*/}.clockaudit-$run
  # Other files are read by patterns, which pass by what starts with a dot.
  [ "$path" = "$conf" ] || x=${path%/*}/.${path##*/}.clockaudit-$run
  backup=$x
  n=1
  while [ -e "$backup" ] || [ -L "$backup" ]; do n=$((n + 1)) backup=$x.$n; done
  printf '%s\n' "$backup" >>"$folder/made"
  o=$({ ln "$path" "$backup" || cp -p "$path" "$backup"; } 2>&1) || { line "$o"; rm -f "$backup"; return 1; }
  digest "$backup"
  [ "$h" = "$old" ] || { e='the backup is not the file'; rm -f "$backup"; return 1; }
}

# Writes what is to come into `new_file`; leaves in `e` why not.
write_candidate() {
  printf '%s\n' "$new_file" >>"$folder/made"
  rm -f "$new_file"
  [ "$new" = - ] && return
  o=
  if [ "$from" ]; then
    digest "$from"
    [ "$h" = - ] && e="its backup is gone: $from" && return 1
    [ "$h" = "$new" ] || { e="its backup is not what was kept: $from"; return 1; }
    printf '%s\n' "$from" >>"$folder/used"
    o=$(cp -p "$from" "$new_file" 2>&1)
  elif [ "$old" = - ]; then o=$( (umask 022; unescape >"$new_file") 2>&1)
  else o=$({ cp -p "$path" "$new_file" && unescape >"$new_file"; } 2>&1)
  fi
  line "$o"
  digest "$new_file"
  [ "$h" = "$new" ] && return
  e=${e:-the written file is not what was to be written: is the disk full?}
  return 1
}

unescape() { eval "x=\$data_$i"; printf '%b' "$x"; }

# Puts the candidate of `path` in its place.
replace() {
  if [ "$new" = - ]; then o=$(rm "$path" 2>&1) || { line "$o"; return 1; }; return 0; fi
  o=$(mv -f "$new_file" "$path" 2>&1) || {
    # A file that is mounted cannot be renamed over: its bytes are replaced, once the backup is a file of its own.
    [ -f "$path" ] && cp -p "$path" "$backup.copy" && mv -f "$backup.copy" "$backup" &&
      printf '%s\n' "$path" >>"$folder/overwriting" && o=$({ cat "$new_file" >"$path"; } 2>&1) || { line "$o"; return 1; }
    rm -f "$new_file"
    how=overwritten
  }
  labelled "$path"
  digest "$path"
  [ "$h" = "$new" ] || { e='the file is not what was written'; return 1; }
  rm -f "$folder/overwriting"
}

# spare: from the file of number `i` on nothing was replaced: it is nothing to be put back.
spare() {
  n=$((i - 1))
  while [ $i -le $count ]; do
    nth
    rm -f "$new_file"
    [ "$backup" = - ] || rm -f "$backup"
    i=$((i + 1))
  done
  count=$n
  make_plan
}

# Whether chronyd follows what it is expected to; leaves its report in `o`.
is_as_expected() {
  if [ "$expect" = stopped ]; then o=; ! is_active && [ "$init$now" != systemd ]; return; fi
  tracking || return 1
  x=${o%%,*}
  m=${o#*,} m=${m%%,*}
  case $expect in
  running) return 0 ;;
  local) [ "$x" = 7F7F0101 ]; return ;;
  esac
  case $x in 00000000 | 7F7F0101) return 1 ;; esac
  case $o in *,Normal | *,'Insert second' | *,'Delete second') ;; *) return 1 ;; esac
  case " $expect " in *' selected '* | *" $m "*) return 0 ;; esac
  return 1
}

await_expected() {
  n=0
  while [ $n -lt $((seconds * pauses)) ]; do
    is_as_expected && return
    alive
    pause
    n=$((n + 1))
    [ $((n % 10)) = 0 ] && say "step waiting"
  done
  return 1
}

# give_up CODE [TEXT]: what was done is undone, where anything was.
give_up() { if [ "$is_armed" ]; then undo "$@"; else refuse "$@"; fi; }

# install_first: chrony comes, others go, guarded from the first step; fails where it has answered why not.
install_first() {
  # What a left-over configuration was is kept before a package manager may touch it.
  i=0
  while [ $i -lt $count ]; do
    i=$((i + 1)); nth
    if ! keep_backup; then refuse write "$path: $e"; return 1; fi
    eval "backup_$i=\$backup"
  done
  obtain || { refuse install "$e"; return 1; }
  note_taken && make_plan || { refuse write "$folder"; return 1; }
  arm || { refuse guard; return 1; }
  is_armed=yes
  say "step armed $guarded_by"
  bring_in || { undo install "$e"; return 1; }
  # The guard knows the service from here on.
  make_plan || { undo write "$folder"; return 1; }
}

apply() {
  folder=$state/$run i=0 is_armed=
  [ "$manager" ] || { has chronyd && has chronyc; } || { say 'no apply chronyd'; return; }
  [ "$(id -u)" = 0 ] || { say 'no apply root'; return; }
  digest /dev/null
  [ "$h" ] || { say 'no apply sha256'; return; }
  find_unit || [ "$manager" ] || { say 'no apply unit'; return; }
  take_lock || { not_locked apply; return; }
  folder=$state/$run
  if [ -f "$folder/plan" ]; then
    # This run has been here: what it did is confirmed or taken back before it does more.
    if is_guarded "$folder"; then say "no apply locked $run"; return; fi
    put_back
    if [ "$left" ]; then tell_left; say "no apply behind $folder"; return; fi
  fi
  say 'step locked'
  rm -rf "$folder"
  mkdir "$folder" || { refuse write "$folder"; return; }
  find_unit
  # Who says nothing is no reason to take chronyd for one that did not run, and to stop it on the way back.
  for m in $replaced $unit; do
    if is_running "$m"; then :; elif [ "$init$now" = systemd ]; then refuse state "$m"; return; fi
  done
  is_active && was=active || was=inactive
  if [ $was = active ]; then tracking || echo >"$folder/mute"
  elif [ "$restart$manager$replaced" = yes ]; then
    # Nobody else knows it when all of this is undone.
    is_enabled "$unit" && x=enabled || x=disabled
    say "step took own inactive $x"
  fi
  if [ "$manager" ] && has chronyd; then refuse changed chrony; return; fi
  while [ $i -lt $count ]; do
    i=$((i + 1)); nth
    digest "$path"
    [ "$h" = "$old" ] || { refuse changed "$path"; return; }
    [ -f "$path" ] || [ "$old" = - ] || { refuse changed "$path"; return; }
  done
  if [ "$manager$replaced" ]; then install_first || return; fi
  i=0
  while [ $i -lt $count ]; do
    i=$((i + 1)); nth
    if ! [ "$is_armed" ]; then
      if ! keep_backup; then refuse write "$path: $e"; return; fi
      eval "backup_$i=\$backup"
    fi
    if [ "$backup" = - ]; then say "step kept - $path"; else say "step kept ${#backup} $backup $path"; fi
    if ! write_candidate; then give_up write "$path: $e"; return; fi
    say "step written $path"
    if [ "$validate" = yes ] && [ "$path" = "$conf" ]; then
      find_version
      alive
      tried=$(cat "$new_file")
      # Files that it names may change with it, or name what no dry run may touch: what all amount to was tried before.
      tried=$(printf '%s\n' "$tried" | grep -v -i -e '^[ 	]*sourcedir' -e '^[ 	]*confdir' -e '^[ 	]*include[ 	]')
      passes -f "$new_file" && dry_run "$tried" || { give_up unfit "$e"; return; }
      alive
    fi
  done
  if ! [ "$is_armed" ]; then
    make_plan || { refuse write "$folder"; return; }
    arm || { refuse guard; return; }
    say "step armed $guarded_by"
  fi
  [ "$slewed" != yes ] || echo >"$folder/slewed" || { give_up write "$folder"; return; }
  # A name must not be on the disk before the bytes that it stands for.
  lim 10 sync
  i=0
  while [ $i -lt $count ]; do
    i=$((i + 1)) how=replaced; nth
    # Trying it took a while. What a package brings is looked at before it comes.
    if ! [ "$manager" ] && digest "$path" && ! [ "$h" = "$old" ]; then
      e=$path
      spare
      if [ "$count$replaced" = 0 ]; then refuse changed "$e"; else undo changed "$e"; fi
      return
    fi
    if ! replace; then undo write "$path: $e"; return; fi
    say "step $how $path"
  done
  lim 10 sync
  if [ "$restart" = yes ]; then
    alive
    echo >"$folder/restarting" || { undo write "$folder"; return; }
    say 'step restarting'
    [ "$expect" = stopped ] && x=stop || x=restart
    if ! service_does $x; then
      told_by_journal
      undo restart "$e"
      return
    fi
    alive
    say 'step restarted'
    if ! await_expected; then
      line "$o"
      x=$e
      o=$(lim 4 chronyc -n -c -m 'timeout 300' 'retries 0' sources)
      line "$o"
      undo unselected "$x; sources: $e"
      return
    fi
    alive
    [ "$o" ] && say "tracking $o"
  fi
  say 'ok apply'
}

# Why chronyd did not start, where the journal says so, instead of what systemctl says of it: by itself, or by systemd.
told_by_journal() {
  [ $init = systemd ] || return
  # What chronyd said last may still be on its way, and is of no unit where chronyd was gone when it came.
  lim 4 journalctl --sync
  o=$(lim 4 journalctl -q --no-pager -o cat -b -n 20 -u "$unit.service"; lim 4 journalctl -q --no-pager -o cat -b -n 5 -t chronyd)
  for m in fatal 'failed at step' 'process exited'; do
    x=$(printf '%s\n' "$o" | grep -i "$m" | tail -n 1)
    [ "$x" ] && line "$x" && return
  done
}

# What the guard puts back, whole or not there.
make_plan() {
  i=0
  {
    printf '%s\n' "$init $restart $was $unit"
    while [ $i -lt $count ]; do i=$((i + 1)); nth; printf '%s\n' "$old $new $backup" "$path"; done
  } >"$folder/plan.new" && mv "$folder/plan.new" "$folder/plan"
}

# The session says that all is well.
confirm() {
  folder=$state/$run
  [ -f "$folder/plan" ] || { say 'no confirm unknown'; return; }
  # Whoever changed a file since it was written wanted it so; it is told.
  { IFS= read -r d; while IFS= read -r d && IFS= read -r p; do d=${d#* }; digest "$p"; [ "$h" = "${d%% *}" ] || { say "edited $p"; rm -f "$folder/used"; }; done; } <"$folder/plan"
  if ! ln -s kept "$folder/over"; then say 'no confirm reverted'; return; fi
  # A backup that is back is of no use any more: those of older runs keep their places.
  if [ -f "$folder/used" ]; then while IFS= read -r b; do rm -f "$b"; done <"$folder/used"; fi
  { IFS= read -r d; while IFS= read -r d && IFS= read -r p; do prune "$p"; done; } <"$folder/plan"
  forget
  free_lock "$run"
  say 'ok confirm'
}

# prune PATH: the newest five backups of a file stay, and this run's own whatever the names of others say; what was kept while steps
# were added is of no use any more, unless it is all that its run has kept.
prune() {
  own=${run%.steps}
  [ -f "${1%/*}/${1##*/}.clockaudit-$own" ] || [ -f "${1%/*}/.${1##*/}.clockaudit-$own" ] || own=$run
  for b in "${1%/*}/${1##*/}".clockaudit-* "${1%/*}/.${1##*/}".clockaudit-*; do
    [ -f "$b" ] && case ${b##*.clockaudit-} in
    "$own" | "$own".[0-9]*) printf '%s\n' "1$b" ;;
    *.steps | *.steps.*) if [ -f "${b%.steps*}" ]; then rm -f "$b"; else printf '%s\n' "0$b"; fi ;;
    *) printf '%s\n' "0$b" ;;
    esac
  done | sort | { set --; while IFS= read -r b; do set -- "$@" "${b#?}"; done
      while [ $# -gt 5 ]; do rm -f "$1"; shift; done; }
}

revert() {
  folder=$state/$run
  [ -f "$folder/plan" ] || { say 'no revert unknown'; return; }
  alive
  n=1 m=10 left=
  case $(readlink "$folder/over") in
  # All was well, and whoever said so went before all of it was cleared up.
  kept) forget; free_lock "$run"; say 'no revert unknown'; return ;;
  # A guard that was killed is started again soon, or never.
  ?*)
    n=120
    [ -f "$folder/taken" ] && n=2400
    while [ -d "$folder" ] && [ $n -gt 0 ] && [ $m -gt 0 ]; do
      is_guarded "$folder" && m=10 || m=$((m - 1))
      pause
      n=$((n - 1))
    done ;;
  esac
  if ! [ -d "$folder" ]; then
    # What the guard could not put back.
    x=
    { IFS= read -r x <"$state/last"; }
    case $x in "$run "?*) left=${x#* } ;; esac
    tell_left
  elif [ $n = 0 ]; then left=$folder; tell_left
  else
    put_back
    await_running && tracking && say "tracking $o"
    tell_left
    finish
    free_lock "$run"
  fi
  if [ "$left" ]; then say 'no revert left'; else say 'ok revert'; fi
}

# take_back: what an earlier run installed and stopped is as it was, and its files are. The guard goes on with it where this is cut
# off: there is no other way.
take_back() {
  folder=$state/$run i=0
  [ "$(id -u)" = 0 ] || { say 'no takeback root'; return; }
  take_lock || { not_locked takeback; return; }
  folder=$state/$run
  rm -rf "$folder"
  mkdir "$folder" || { refuse_back write "$folder"; return; }
  find_unit
  while [ $i -lt $count ]; do
    i=$((i + 1)); nth
    digest "$path"
    [ "$h" = "$old" ] || [ "$h" = "$new" ] || { refuse_back changed "$path"; return; }
    if [ "$from" ] && [ "$h" = "$new" ]; then
      digest "$from"
      [ "$h" = "$old" ] || { refuse_back changed "$from"; return; }
    fi
    eval "backup_$i=\${from:--}"
  done
  restart=yes was=inactive back=
  case $taken in "own active "*) was=active ;; esac
  printf '%s' "$taken" >"$folder/taken" && make_plan || { refuse_back write "$folder"; return; }
  while read -r x m d; do case $x in package) manager=$m ;; back) back="$back $m" ;; esac; done <"$folder/taken"
  if [ "$back" ]; then keep_for_the_way_back || { refuse_back install "$e"; return; }; fi
  [ "$was" = inactive ] || echo >"$folder/restarting"
  arm || { refuse_back guard; return; }
  go_back
  if [ "$left" ]; then say 'no takeback left'; else say 'ok takeback'; fi
}

refuse_back() {
  finish
  free_lock "$run"
  say "no takeback $*"
}

# sign: all is well so far; says what chronyd follows.
sign() {
  folder=$state/$run e=
  if ! [ -f "$folder/plan" ]; then e=unknown
  elif [ -L "$folder/over" ]; then e=reverted
  # Nobody else can tell the guard.
  else alive || e=unheard
  fi
  tracking && say "tracking $o"
  if [ "$e" ]; then say "no alive $e"; else say 'ok alive'; fi
}

makestep() {
  o=$(lim 5 chronyc -n -m 'timeout 300' 'retries 0' makestep 2>&1) || { line "$o"; say "no makestep refused $e"; return; }
  tracking && say "tracking $o"
  say 'ok makestep'
}
