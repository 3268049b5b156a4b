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

# claim OWNER: the right to change a lock that says OWNER, who is dead or on the way out. One has it: whoever made the link of that
# name; where that one has died, whoever makes the next link, with one dot more in its name. Leaves the link in `claimed`.
#
# No lock says the same twice: once it has been changed, whoever comes late does not get past the last line.
claim() {
  claimed=$state/lock.$1
  until ln -s "$mine" "$claimed"; do
    m=$(readlink "$claimed") && ! is_held "$m" || return 1
    claimed=$claimed.
  done
  [ "$(readlink "$state/lock")" = "$1" ] || { rm -f "$claimed"; return 1; }
}

# Leaves in `mine` what a lock of `run` says that this process has.
own_name() {
  booted
  started $$ || t=unknown
  mine="$$ $t $boot $run"
}

# Takes the lock for `run`; leaves in `owner` who has it where somebody else does, nobody where none can be made, and in `behind`
# the folder of a dead owner whose files could not all be put back.
take_lock() {
  behind=
  owner=
  own_name
  # Whoever frees it takes the folder away, too, if it can.
  for x in 1 2; do
    mkdir -p "$state" || return 1
    ln -s "$mine" "$state/lock" && return
    owner=$(readlink "$state/lock") && break
  done
  case $owner in "$mine") return ;; '') return 1 ;; esac
  is_held "$owner" && return 1
  # At no time there is no lock, so nobody comes in between. What others have claimed is of no use any more.
  claim "$owner" && mv -f "$claimed" "$state/lock" || { owner=$(readlink "$state/lock"); return 1; }
  rm -f "$state/lock."*
  # What the dead owner left: its guard lives no longer, so nobody else puts it right.
  gone=${owner##* }
  folder=$state/$gone
  if is_run "$gone" && [ -d "$folder" ]; then
    left=
    if [ "$(readlink "$folder/over")" = kept ]; then :
    elif [ -f "$folder/plan" ]; then put_back
    else clear_up all
    fi
    if [ "$left" ]; then
      # What to put back is known nowhere else: whoever comes next tries again.
      tell_left
      behind=$folder
      ln -s "left $mine $gone" "$state/lock.$$" && mv -f "$state/lock.$$" "$state/lock"
      return 1
    fi
    rm -rf "$folder"
    say "recovered $gone"
  fi
}

# not_locked WORD: answers a request why it has no lock.
not_locked() {
  line "${owner##* }"
  if [ "$behind" ]; then say "no $1 behind $behind"
  elif [ "$owner" ]; then say "no $1 locked $e"
  else say "no $1 write $state"
  fi
}

# free_lock RUN: where it is that run's.
free_lock() {
  own_name
  x=$(readlink "$state/lock")
  [ "${x##* }" = "$1" ] && claim "$x" && rm -f "$state/lock" "$state/lock."*
  rmdir "$state"
}

# Runs whose guard has not been told to stand down, and what the last guard did.
pending() {
  for x in "$state"/*/plan; do
    [ -f "$x" ] || continue
    x=${x%/plan}
    m=${x##*/}
    is_run "$m" || continue
    if is_guarded "$state/$m"; then say "pending guarded $m"
    # Whoever said that all was well went before it was cleared up.
    elif [ "$(readlink "$state/$m/over")" != kept ]; then say "pending unguarded $m"
    fi
  done
  { IFS= read -r x <"$state/last"; } && { line "$x"; say "last $e"; }
}
