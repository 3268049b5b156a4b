# The commands, one a line. `run` begins a request, which `check` or `apply` carries out; a request of which any line is
# not understood is not carried out at all.

begin() {
  run=$1 broken= conf= count=0 lines= servers= settings= limit=120 seconds=30 expect=selected restart=yes validate=no
  manager= removes= replaced= taken= slewed=
}

# told LINE: one line of a request; fails where it is none.
told() {
  rest=$1
  word
  case $w in
  run) word; is_run "$w" && begin "$w" ;;
  guard) is_number "$rest" && limit=$rest ;;
  wait) is_number "$rest" && seconds=$rest ;;
  config) is_path "$rest" && conf=$rest ;;
  expect) expect=$rest ;;
  restart) restart=$rest ;;
  slewed) slewed=$rest ;;
  validate) validate=$rest ;;
  setting) settings=$settings$rest$newline ;;
  server) servers=$servers$rest$newline ;;
  line) lines=$lines$(printf '%b' "$rest")$newline ;;
  install) manager=$rest; is_manager ;;
  removes) is_run "$rest" && removes="$removes $rest" ;;
  replace) is_run "$rest" && replaced="$replaced $rest" ;;
  taken) taken=$taken$rest$newline ;;
  file)
    word; old=$w
    word; new=$w
    count=$((count + 1))
    eval "old_$count=\$old new_$count=\$new path_$count=\$rest data_$count= from_$count= backup_$count=-"
    is_path "$rest" ;;
  from) [ "$count" -gt 0 ] && is_path "$rest" && eval "from_$count=\$rest" ;;
  data) [ "$count" -gt 0 ] && eval "data_$count=\$data_$count\$rest" ;;
  *) return 1 ;;
  esac
}

# carry_out WORD: what ends a request, and always answers.
carry_out() {
  # Where programs are is looked up anew: packages come and go.
  hash -r
  case $1$broken in
  survey*) survey ;;
  makestep*) makestep ;;
  check) check ;;
  apply) apply ;;
  alive) sign ;;
  confirm) confirm ;;
  revert) revert ;;
  takeback) take_back ;;
  *) say 'no command unknown' ;;
  esac
}

# In one piece: a shell that reads its script in blocks must have all of it before anybody hears that requests may follow, or it
# takes the first one for a part of the script.
{
  begin none
  say "script $(id -u)"
  while IFS= read -r l; do
    case $l in
    survey | makestep | check | apply | alive | confirm | revert | takeback)
      carry_out "$l" </dev/null ;;
    *) told "$l" || broken=yes ;;
    esac
  done
}
