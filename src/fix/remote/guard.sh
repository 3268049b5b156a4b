# The dead man's guard: puts the old files back where nobody says for a while that all is well.
#
# A run's folder holds `plan` (what to put back), `guard` (the guard's process), `alive` (changes with each sign of life),
# `limit` (seconds without one), and `over`, a link that ends it: `kept` by the session, `reverted` by the guard. Whoever
# makes that link first has decided.

# put_back: every file of the plan in `folder` is again what it was, and chronyd runs with it; leaves in `left` what is not, a line each.
#
# `plan` has a line for chronyd, "INIT RESTART ACTIVE UNIT", and two for each file: "OLD NEW BACKUP", and its path.
put_back() {
  left=
  IFS=' ' read -r init restarts was unit <"$folder/plan"
  # What is asked for now may be something else than what is put back.
  if [ -f "$folder/taken" ]; then asked=$manager; withdraw; manager=$asked; fi
  { IFS= read -r d; while IFS= read -r d && IFS= read -r p; do put_one_back "$d" "$p"; done; } <"$folder/plan"
  if [ "$restarts" = yes ] && [ -f "$folder/restarting" ]; then
    if [ "$was" = active ]; then start_again
    else service_does stop
    fi
    rm -f "$folder/restarting"
  fi
  [ -f "$folder/taken" ] && reinstate
  clear_up
}

# clear_up [all]: what the run in `folder` made beside files goes; its backups only where it had replaced nothing.
clear_up() {
  [ -f "$folder/made" ] || return 0
  while IFS= read -r x; do case $1$x in all* | *.new-clockaudit) rm -f "$x" ;; esac; done <"$folder/made"
}

# start_again: chronyd runs with the old files. What kept it the first time may be over by the second; nobody else would start it.
start_again() {
  if service_does restart || { say 'step again'; pause; service_does restart; }; then
    [ -f "$folder/slewed" ] && stop_steps
    return 0
  fi
  told_by_journal
  left="$left$newline$unit does not run: $e"
}

# stop_steps: a clock that was to be slewed is not stepped by the old file, whose `makestep` counts from each start.
stop_steps() {
  n=0
  until lim 4 chronyc -m 'timeout 300' 'makestep 1 0' >/dev/null || [ $n = 20 ]; do pause; n=$((n + 1)); done
}

put_one_back() {
  b=$1 p=$2
  old=${b%% *} b=${b#* }
  new=${b%% *} b=${b#* }
  digest "$p"
  # Whoever changed it since wanted it so; what was being written over in place is nobody's wish.
  if [ "$h" = "$old" ]; then
    [ "$b" = - ] || rm -f "$b"
  elif [ "$h" != "$new" ] && ! grep -qxF -e "$p" "$folder/overwriting"; then left=$left$newline$p
  elif [ "$old" = - ]; then rm -f "$p" || left=$left$newline$p
  else
    mv -f "$b" "$p" || { [ -f "$b" ] && { printf '%s\n' "$p" >>"$folder/overwriting"; cat "$b" >"$p"; } && rm -f "$b"; }
    labelled "$p"
    digest "$p"
    [ "$h" = "$old" ] || left=$left$newline$p
  fi
}

tell_left() { printf '%s\n' "$left" | while IFS= read -r x; do [ "$x" ] && say "left $x"; done; }

labelled() { has restorecon && lim 5 restorecon "$1"; return 0; }

# guard FOLDER: waits for the end of the run or for the silence of its session.
guard() {
  folder=$1 run=${1##*/} n=0 last=
  started $$ || t=unknown
  printf '%s\n' "$$ $t" >"$folder/guard.new"
  mv -f "$folder/guard.new" "$folder/guard"
  read -r limit <"$folder/limit"
  is_number "$limit" || limit=120
  while [ "$n" -lt "$limit" ]; do
    [ -d "$folder" ] || exit 0
    case $(readlink "$folder/over") in reverted) break ;; ?*) exit 0 ;; esac
    sleep 1
    m=
    { IFS= read -r m <"$folder/alive"; }
    if [ "$m" = "$last" ]; then n=$((n + 1)); else last=$m n=0; fi
  done
  # Made before by this guard, where it was killed and started again.
  ln -s reverted "$folder/over" || [ "$(readlink "$folder/over")" = reverted ] || exit 0
  put_back
  line "$left"; printf '%s\n' "$run $e" >"$state/last"
  forget
  free_lock "$run"
  exit 0
}

# arm: starts the guard of the run in `folder`; fails where it does not report.
arm() {
  printf '%s\n' "$limit" >"$folder/limit" && alive && printf '%s\n' "$library" "guard $folder" >"$folder/script" || return 1
  guarded_by=systemd-run
  if ! { [ -d /run/systemd/system ] && has systemd-run && start_unit; }; then
    guarded_by=shell
    if setsid true; then setsid sh "$folder/script" </dev/null >/dev/null 2>&1 &
    else (sh "$folder/script" </dev/null >/dev/null 2>&1 &)
    fi
  fi
  n=0
  while [ $n -lt 20 ]; do
    is_guarded "$folder" && return
    pause
    n=$((n + 1))
  done
  return 1
}

# A unit of its own outlives the session, and systemd starts it again where it is killed.
start_unit() {
  set -- lim 10 systemd-run --quiet --unit="clockaudit-$run-$$-$signs" --description='clockaudit: reverts an unconfirmed fix'
  x='[ ! -f "$0" ] || exec /bin/sh "$0"'
  "$@" -p Restart=on-failure -p RestartSec=1 /bin/sh -c "$x" "$folder/script" || "$@" /bin/sh -c "$x" "$folder/script"
}

# A sign of life. Where there is no room left it is written over the last one, which needs none.
alive() {
  signs=$((signs + 1))
  { printf '%s\n' "$$ $signs" >"$folder/alive.new" && mv -f "$folder/alive.new" "$folder/alive"; } ||
    printf '%s\n' "$$ $signs" 1<>"$folder/alive"
}
signs=0
