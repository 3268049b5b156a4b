# One run at a time on a host. The lock is a symbolic link whose text is its owner: made and told in one step.

# is_held OWNER: whether the owner, "PID START BOOT RUN", still lives, or the guard of its run.
is_held() {
  set -f
  set -- $1
  set +f
  [ $# = 4 ] || return 1
  booted
  [ "$3" = "$boot" ] || return 1
  is_run "$4" || return 1
  started "$1" && [ "$t" = "$2" ] && return
  is_guarded "$state/$4"
}

# is_guarded FOLDER: whether the guard of a run lives.
is_guarded() {
  x=
  { IFS= read -r x <"$1/guard"; } || return 1
  started "${x%% *}" && [ "$t" = "${x#* }" ]
}

is_run() { case $1 in '' | .* | -* | *[!A-Za-z0-9._-]*) return 1 ;; esac; [ ${#1} -le 64 ]; }

# Takes the lock for `run`; leaves in `owner` who has it where somebody else does, nobody where none can be made, and in `behind` the folder of a dead owner whose
# files could not all be put back.
take_lock() {
  behind=
  owner=
  mkdir -p "$state" || return 1
  booted
  started $$ || t=unknown
  mine="$$ $t $boot $run"
  ln -s "$mine" "$state/lock" && return
  owner=$(readlink "$state/lock")
  [ "$owner" = "$mine" ] && return
  is_held "$owner" && return 1
  # Whoever moves the dead owner's link away may make a new one; who moved a living one gives it back.
  mv "$state/lock" "$state/lock.$$" || { owner=$(readlink "$state/lock"); return 1; }
  x=$(readlink "$state/lock.$$")
  rm -f "$state/lock.$$"
  [ "$x" = "$owner" ] || { ln -s "$x" "$state/lock"; owner=$x; return 1; }
  ln -s "$mine" "$state/lock" || { owner=$(readlink "$state/lock"); return 1; }
  # What the dead owner left: its guard lives no longer, so nobody else puts it right.
  gone=${owner##* }
  folder=$state/$gone
  if is_run "$gone" && [ -d "$folder" ]; then
    left=
    if ! [ -f "$folder/plan" ]; then clear_up all
    else [ "$(readlink "$folder/over")" = kept ] || put_back
    fi
    if [ "$left" ]; then
      # What to put back is known nowhere else: whoever comes next tries again.
      tell_left
      behind=$folder
      rm -f "$state/lock"
      ln -s "$owner" "$state/lock"
      return 1
    fi
    rm -rf "$folder"
    say "recovered $gone"
  fi
}

# not_locked WORD: answers a request why it has no lock.
not_locked() {
  line "$owner"
  if [ "$behind" ]; then say "no $1 behind $behind"
  elif [ "$owner" ]; then say "no $1 locked $e"
  else say "no $1 write $state"
  fi
}

free_lock() {
  x=$(readlink "$state/lock")
  [ "${x##* }" = "$1" ] && rm -f "$state/lock"
  rmdir "$state"
}

# Runs whose guard has not been told to stand down, and what the last guard did.
pending() {
  for x in "$state"/*/plan; do
    [ -f "$x" ] || continue
    x=${x%/plan}
    m=${x##*/}
    is_run "$m" && if is_guarded "$state/$m"; then say "pending guarded $m"; else say "pending unguarded $m"; fi
  done
  { IFS= read -r x <"$state/last"; } && { line "$x"; say "last $e"; }
}
