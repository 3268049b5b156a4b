//! The parts of the script, one by one, run by the shell of this machine.

#[cfg(test)]
mod parts {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::super::*;

    /// Runs lines that may use every part, in this folder; gives back what they print.
    fn run(folder: &Path, lines: &str) -> String {
        let parts = LIBRARY.map(without_comments).concat();
        let begun = "state=$PWD/run folder=$PWD/run/r1 conf=$PWD/chrony.conf run=r1 count=0 init=sysv unit=none was=inactive restart=no\n\
                 mkdir -p \"$folder\"\n";
        let output = Command::new("/bin/sh")
            .args(["-c", &format!("{parts}{begun}{lines}")])
            .current_dir(folder)
            .output()
            .expect("a shell");
        let complained = String::from_utf8_lossy(&output.stderr).into_owned();
        String::from_utf8(output.stdout).unwrap_or_else(|_| panic!("{complained}"))
    }

    /// Names that a shell may take for something else, each of a file whose text is its name.
    const ODD: [&str; 12] =
        ["a b", " ", "q'\"x", "x|y", "|", "*", "-d", "$(id)", "back\\slash\\n", "semi;colon", "a.clockaudit-0", "#"];

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn odd_files(folder: &Path) -> Vec<std::path::PathBuf> {
        let files = folder.join("files");
        fs::create_dir(&files).expect("a folder");
        ODD.iter()
            .map(|name| {
                let path = files.join(name);
                fs::write(&path, format!("{name}\n")).expect("a file");
                path
            })
            .collect()
    }

    /// All files of `files` are to be new, with a backup each.
    const REPLACED: &str = "
printf 'new\\n' >fresh; digest \"$PWD/fresh\"; fresh=$h
for f in \"$PWD\"/files/*; do
  is_path \"$f\" || echo \"refused $f\"
  digest \"$f\"
  count=$((count + 1))
  eval \"path_$count=\\$f old_$count=\\$h new_$count=\\$fresh data_$count='new\\\\n' from_$count= backup_$count=-\"
done
each() { i=0; while [ $i -lt $count ]; do i=$((i + 1)); nth; \"$1\" || echo \"not $1 $path: $e\"; done; }
kept() { keep_backup && eval \"backup_$i=\\$backup\"; }
each kept
each write_candidate
make_plan
each replace
";

    #[test]
    fn the_guard_puts_back_files_of_any_name_that_is_taken() {
        let folder = folder();
        let files = odd_files(folder.path());
        let said =
            run(folder.path(), &format!("{REPLACED}cat files/*; put_back; echo \"left:$left\"; ls -A files | wc -l"));
        let expected = format!("{}left:\n{}\n", "new\n".repeat(ODD.len()), ODD.len());
        assert_eq!(said.replace(' ', ""), expected);
        for (path, name) in files.iter().zip(ODD) {
            assert_eq!(fs::read_to_string(path).expect("a file"), format!("{name}\n"));
        }
    }

    #[test]
    fn no_pattern_takes_a_backup_for_a_configuration() {
        let folder = folder();
        odd_files(folder.path());
        let said = run(
            folder.path(),
            &format!(
                "conf=\"$PWD/files/#\"\n{REPLACED}each_backup() {{ printf '%s\\n' \"${{backup##*/}}\"; }}; each each_backup"
            ),
        );
        let plain: Vec<&str> = said.lines().filter(|name| !name.starts_with('.')).collect();
        assert_eq!(plain, ["#.clockaudit-r1"], "{said}");
        assert_eq!(said.lines().count(), ODD.len(), "{said}");
    }

    #[test]
    fn the_guard_waits_for_exactly_its_limit_after_the_last_sign_of_life() {
        let folder = folder();
        let files = odd_files(folder.path());
        // Its clock are its sleeps of one second: here each is counted, and the 100th hears the session once more.
        let guarded = |limit: &str| {
            let rest = "slept=0; sleep() { slept=$((slept + $1)); echo $slept >slept; [ $slept != 100 ] || alive; }\n\
                    (guard \"$folder\")\n\
                    cat slept run/last; ls -A run";
            run(folder.path(), &format!("{REPLACED}printf '%s\\n' {limit} >\"$folder/limit\"; alive\n{rest}"))
        };
        for (limit, seconds) in [("120", "220"), ("7", "8"), ("rubbish", "220")] {
            let said = guarded(limit);
            // The first look hears the first sign of life, and counts for nothing.
            let words: Vec<&str> = said.split_whitespace().collect();
            assert_eq!(words, [seconds, "r1", "last"], "{limit}: {said}");
            for (path, name) in files.iter().zip(ODD) {
                assert_eq!(fs::read_to_string(path).expect("a file"), format!("{name}\n"), "{limit}");
            }
        }
    }

    #[test]
    fn a_file_that_is_not_what_was_written_any_more_is_told_and_left_as_it_is() {
        let folder = folder();
        let files = odd_files(folder.path());
        let said = run(
            folder.path(),
            &format!("{REPLACED}echo edited >>\"$path_1\"; rm \"$path_2\"; confirm; cat \"$path_1\""),
        );
        let mut files = files;
        files.sort();
        let told = files.iter().take(2).map(|path| format!("edited {}\n", path.display())).collect::<Vec<_>>().concat();
        assert_eq!(said, format!("{told}ok confirm\nnew\nedited\n"));
    }

    #[test]
    fn the_newest_five_backups_of_a_file_stay() {
        let folder = folder();
        let files = odd_files(folder.path());
        for path in &files {
            let name = path.file_name().expect("a name").to_string_lossy();
            for run in 1..=7 {
                fs::write(path.with_file_name(format!(".{name}.clockaudit-2026010{run}")), "").expect("a backup");
            }
        }
        // The name of the run comes after all of those.
        let said = run(folder.path(), &format!("{REPLACED}confirm; ls -d run/r1"));
        assert_eq!(said, "ok confirm\n");
        for (path, name) in files.iter().zip(ODD) {
            assert_eq!(fs::read_to_string(path).expect("a file"), "new\n", "{name}");
            let there = |backup: &str| path.with_file_name(format!(".{name}.clockaudit-{backup}")).exists();
            let stay = ["20260104", "20260105", "20260106", "20260107", "r1"];
            assert!(stay.iter().all(|backup| there(backup)), "{name}");
            assert!(!["20260101", "20260102", "20260103"].iter().any(|backup| there(backup)), "{name}");
        }
    }

    #[test]
    fn the_backup_of_a_run_stays_whatever_the_names_of_others_say() {
        let folder = folder();
        let files = odd_files(folder.path());
        let beside = |path: &Path, run: &str| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            path.with_file_name(format!(".{name}.clockaudit-{run}"))
        };
        // Runs of a controller whose clock was ahead; and what was kept while steps came back.
        let others = ["x1", "x2", "x3", "x4", "x5", "x6", "x5.steps", "x6.steps.2"];
        for (path, run) in files.iter().flat_map(|path| others.map(|run| (path, run))) {
            fs::write(beside(path, run), "").expect("a backup");
        }
        let steps = "printf 'with steps\\n' >fresh; digest \"$PWD/fresh\"; old=$fresh fresh=$h run=r1.steps folder=$state/r1.steps\n\
                 mkdir -p $folder; i=0\n\
                 while [ $i -lt $count ]; do i=$((i + 1)); eval \"old_$i=$old new_$i=$fresh data_$i='with steps\\\\n'\"; done\n\
                 each kept; each write_candidate; make_plan; each replace; confirm\n";
        let said = run(folder.path(), &format!("{REPLACED}confirm\n{steps}"));
        assert_eq!(said, "ok confirm\nok confirm\n");
        for (path, name) in files.iter().zip(ODD) {
            assert_eq!(fs::read_to_string(path).expect("a file"), "with steps\n", "{name}");
            assert_eq!(fs::read_to_string(beside(path, "r1")).expect("its backup"), format!("{name}\n"));
            let there = others.into_iter().chain(["r1.steps"]).filter(|run| beside(path, run).exists());
            assert_eq!(there.collect::<Vec<_>>(), ["x3", "x4", "x5", "x6"], "{name}");
        }
    }

    #[test]
    fn a_file_that_somebody_changes_meanwhile_is_left_to_them() {
        for edit in ["echo edited >x && mv x files/b", "echo edited >files/b"] {
            let folder = folder();
            let files = folder.path().join("files");
            fs::create_dir(&files).expect("a folder");
            for name in ["a", "b", "c"] {
                fs::write(files.join(name), format!("{name}\n")).expect("a file");
            }
            let told = format!(
                "has() {{ :; }}; id() {{ echo 0; }}; find_unit() {{ unit=none; }}; is_active() {{ false; }}; arm() {{ {edit}; }}\n\
             printf 'new\\n' >fresh; digest \"$PWD/fresh\"; fresh=$h replaced= manager= validate=no\n\
             for f in \"$PWD\"/files/*; do\n\
             digest \"$f\"; count=$((count + 1))\n\
             eval \"path_$count=\\$f old_$count=\\$h new_$count=\\$fresh data_$count='new\\\\n' from_$count= backup_$count=-\"\n\
             done\napply; cat files/*; ls -A files run"
            );
            let said = run(folder.path(), &told);
            let here = files.canonicalize().expect("a path");
            let answer =
                said.lines().filter(|line| !line.starts_with("step kept") && !line.starts_with("step written"));
            let expected = format!(
                "step locked|step armed |step replaced {here}/a|step undoing|no apply changed {here}/b|a|edited|c|files:|a|b|c",
                here = here.display()
            );
            let answer = answer.collect::<Vec<_>>().join("|");
            assert!(answer.starts_with(&expected), "{edit}: {said}");
            assert!(!said.contains("left "), "{edit}: {said}");
        }
    }

    #[test]
    fn a_chronyd_that_did_not_run_does_not_run_when_all_is_undone() {
        let service = "has() { :; }; id() { echo 0; }; find_unit() { unit=u; }; arm() { :; }; is_enabled() { false; }\n\
                   is_active() { [ -e active ]; }; tracking() { o=follows; is_active; }; pause() { :; }\n\
                   service_does() { case $1 in stop) rm active ;; *) echo >active ;; esac; }\n\
                   replaced= manager= validate=no restart=yes seconds=1 count=1 conf=$PWD/c path_1=$PWD/c from_1=\n\
                   becomes() { digest \"$PWD/c\"; old_1=$h data_1=$1 backup_1=-; printf %s \"$1\" >x; digest \"$PWD/x\"; new_1=$h; }\n\
                   applies() { apply | grep -e took -e tracking -e '^ok' -e '^no'; ls active; }\n\
                   echo old >c; becomes new; expect=running; applies\n";
        let said = run(folder().path(), &format!("{service}revert; ls active; cat c"));
        let applied = "step took own inactive disabled\ntracking follows\nok apply\nactive\n";
        assert_eq!(said, format!("{applied}ok revert\nold\n"));
        let undone = "confirm; run=r2; becomes old; expect=stopped; applies; run=r2; revert; ls active; cat c";
        let said = run(folder().path(), &format!("{service}{undone}"));
        // What undoes a run is undone too where it is not confirmed.
        assert_eq!(said, format!("{applied}ok confirm\nok apply\ntracking follows\nok revert\nactive\nnew"));
    }

    #[test]
    fn what_a_run_made_that_ended_before_its_guard_is_cleared_up_by_the_next() {
        let folder = folder();
        odd_files(folder.path());
        let begun = REPLACED.split("make_plan").next().expect("its first half");
        let next = "rm fresh; ln -s '1 0 another-boot r1' run/lock; run=r2; take_lock && ls -A files | wc -l; ls run";
        let said = run(folder.path(), &format!("{begun}{next}"));
        assert_eq!(said.replace(' ', ""), format!("recoveredr1\n{}\nlock\n", ODD.len()));
        // One that had replaced something keeps no candidate of the rest.
        let half = format!(
            "{begun}make_plan\ni=1; nth; replace\nrm fresh; put_back; echo \"left:$left\"; ls -A files | wc -l"
        );
        fs::remove_dir_all(folder.path().join("run")).expect("a folder");
        assert_eq!(run(folder.path(), &half).replace(' ', ""), format!("left:\n{}\n", ODD.len()));
    }

    #[test]
    fn a_package_manager_that_takes_too_long_is_ended_with_all_that_it_began() {
        let folder = folder();
        // What it began has a session of its own, and does not end when it is told to.
        let work = "package() { (trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$ >pid; sleep 300; echo over >after'); echo over >after; }\n\
                pauses=1\n\
                pause() { until [ -s pid ]; do sleep 0.1; done; }\n\
                patiently 1 package || echo \"$o\"; read -r pid <pid; tail --pid=\"$pid\" -f /dev/null; ls after";
        assert_eq!(run(folder.path(), work), "it took too long\n");
        // Whoever comes after somebody who was cut off does not wait for ever, either.
        let work = "pauses=1; pause() { :; }\n\
                sleep 1000 & started $!; echo \"$! $t\" >\"$folder/works\"; await_works; kill -0 $! || echo ended";
        assert_eq!(run(folder.path(), work), "ended\n");
    }

    #[test]
    fn a_sign_of_life_needs_no_room_and_is_not_told_where_it_is_none() {
        let folder = folder();
        let said = run(
            folder.path(),
            "run=r1; tracking() { return 1; }; echo plan >\"$folder/plan\"; alive; mkdir \"$folder/alive.new\"\n\
         signs=100; sign; read -r x m <\"$folder/alive\"; echo \"$m\"\n\
         rm \"$folder/alive\"; mkdir \"$folder/alive\"; sign",
        );
        assert_eq!(said, "ok alive\n101\nno alive unheard\n");
    }

    #[test]
    fn what_a_guard_could_not_put_back_is_told_to_whoever_comes_later() {
        let folder = folder();
        let fired = "echo plan >\"$folder/plan\"; ln -s reverted \"$folder/over\"\n";
        let ends = "pause() { echo \"r1 $told\" >\"$state/last\"; rm -rf \"$folder\"; }\n";
        let said = run(folder.path(), &format!("{fired}{ends}told=/etc/c; revert"));
        assert_eq!(said, "left /etc/c\nno revert left\n");
        assert_eq!(run(folder.path(), &format!("{fired}{ends}told=; revert")), "ok revert\n");
        let lives = "pause() { :; }; is_guarded() { :; }; revert";
        let hangs = run(folder.path(), &format!("{fired}{lives}"));
        assert!(hangs.starts_with("left /") && hangs.ends_with("/run/r1\nno revert left\n"), "{hangs}");
    }

    #[test]
    fn who_died_while_putting_back_or_clearing_up_keeps_nobody_from_it() {
        let folder = folder();
        odd_files(folder.path());
        let never = "pause() { :; }; tracking() { return 1; }\n";
        // The guard had decided, and died before it had done anything.
        let died = format!("{REPLACED}{never}ln -s reverted \"$folder/over\"; revert");
        assert_eq!(run(folder.path(), &died), "ok revert\n");
        assert!(!folder.path().join("run/r1").exists());
        for name in ODD {
            let path = folder.path().join("files").join(name);
            assert_eq!(fs::read_to_string(&path).expect("a file"), format!("{name}\n"), "{path:?}");
        }
        // All was well, and whoever said so died.
        let kept = format!("{REPLACED}{never}ln -s kept \"$folder/over\"; pending; revert");
        assert_eq!(run(folder.path(), &kept), "no revert unknown\n");
        assert!(!folder.path().join("run/r1").exists());
        assert_eq!(fs::read_to_string(folder.path().join("files/a b")).expect("a file"), "new\n");
    }

    #[test]
    fn a_run_that_only_puts_steps_back_keeps_what_was_there_before() {
        let folder = folder();
        let kept = |names: &[&str], run_of: &str| {
            for name in names {
                fs::write(folder.path().join(format!("chrony.conf.clockaudit-{name}")), "").expect("a backup");
            }
            run(
                folder.path(),
                &format!("run={run_of}; prune \"$conf\"; for f in chrony.conf.c*; do echo ${{f##*-}}; rm $f; done"),
            )
        };
        assert_eq!(kept(&["r0", "r1", "r1.steps", "r0.steps"], "r1.steps"), "r0\nr1\n");
        assert_eq!(kept(&["r1.steps", "r0.steps", "r0"], "r1.steps"), "r0\nr1.steps\n");
        assert_eq!(kept(&["r1", "r1.2", "r1.steps.2", "r0"], "r1"), "r0\nr1\nr1.2\n");
        assert_eq!(kept(&["r1", "r1.steps", "r2.steps", "r3"], "r3"), "r1\nr2.steps\nr3\n");
    }

    /// Two files that can only be written over: the first is, the second was cut off in the middle.
    #[test]
    fn files_that_were_written_over_in_part_are_put_back_all_of_them() {
        let folder = folder();
        let lines = r#"mv() { case $3 in *.conf) return 1 ;; esac; command mv "$@"; }
for f in a b; do echo old >$f.conf; cp $f.conf $f.kept; done; digest "$PWD/a.conf"; old=$h; echo new >x; digest "$PWD/x"; new=$h
echo new >a.conf; echo ne >b.conf; echo "$PWD/b.conf" >"$folder/overwriting"
printf '%s\n' 'sysv no inactive none' "$old $new $PWD/a.kept" "$PWD/a.conf" "$old $new $PWD/b.kept" "$PWD/b.conf" >"$folder/plan"
put_back; cat a.conf b.conf; echo "left:$left"; ls *.kept"#;
        assert_eq!(run(folder.path(), lines), "old\nold\nleft:\n");
    }

    #[test]
    fn as_many_changes_as_are_kept_can_be_taken_back_one_by_one() {
        for (changes, expected) in [(4, "0"), (5, "0"), (6, "1")] {
            let folder = folder();
            // `change RUN FROM NEW`: the file becomes NEW, from a backup where one is named, and that is confirmed.
            let line = r#"change() { run=$1 from=$2 new=$3; folder=$state/$run; mkdir -p "$folder"
  digest "$conf"; old=$h path=$conf; keep_backup
  if [ "$from" ]; then digest "$from"; new=$h; write_candidate || echo "$e"; mv "$new_file" "$conf"
  else echo $3 >new; mv new "$conf"; digest "$conf"; new=$h; fi
  printf '%s\n' 'systemd yes active chrony' "$old $new $backup" "$conf" >"$folder/plan"
  confirm >/dev/null; }
echo 0 >"$conf"; new_file=$conf.new count=0
k=1; while [ $k -le CHANGES ]; do change r$k '' $k; k=$((k + 1)); done
k=CHANGES j=1; while [ $k -ge 1 ] && [ -f "$conf.clockaudit-r$k" ]; do change s$j "$conf.clockaudit-r$k" -; k=$((k - 1)) j=$((j + 1)); done
cat "$conf"; set -- "$conf".clockaudit-*; echo $#"#;
            let line = line.replace("CHANGES", &changes.to_string());
            let kept = changes.min(5);
            assert_eq!(run(folder.path(), &line), format!("{expected}\n{kept}\n"), "{changes} changes");
        }
    }

    #[test]
    fn a_dry_run_takes_nothing_from_the_chronyd_that_runs() {
        let folder = folder();
        let tried = |lines: &str| {
            let stub = "lim() { shift; \"$@\"; }; major=4\n\
                    chronyd() { printf '%s|' \"$@\" >asked; echo 'System clock wrong by 0.5 seconds'; }\n";
            let said =
                run(folder.path(), &format!("{stub}rm -f asked; dry_run \"$(printf '%b' '{lines}')\" || echo failed"));
            (said, fs::read_to_string(folder.path().join("asked")).unwrap_or_default())
        };
        let lines = "server a iburst\\nrefclock SOCK /run/s\\n pidfile /run/p\\nAcquisitionPort 123\\nmaxdistance 2";
        assert_eq!(
            tried(lines),
            ("dryrun 0.5\n".to_owned(), "-Q|-t|12|server a iburst maxsamples 1|maxdistance 2|".to_owned())
        );
        assert_eq!(tried("refclock PHC /dev/ptp0\\nmaxdistance 2"), (String::new(), String::new()));
    }

    #[test]
    fn who_does_not_say_whether_a_service_runs_says_nothing() {
        let folder = folder();
        let asked = |systemctl: &str| {
            let stub =
                format!("init=systemd unit=chrony; lim() {{ shift; \"$@\"; }}; systemctl() {{ {systemctl}; }}\n");
            run(folder.path(), &format!("{stub}is_active && echo yes; echo \"$now\""))
        };
        assert_eq!(asked("echo active"), "yes\nactive\n");
        assert_eq!(asked("echo activating; return 3"), "yes\nactivating\n");
        assert_eq!(asked("echo inactive; return 3"), "inactive\n");
        assert_eq!(asked("return 124"), "\n");
    }

    #[test]
    fn a_chronyd_that_answered_nobody_before_needs_to_run_only() {
        let folder = folder();
        let said = run(
            folder.path(),
            "was=active left=; pause() { :; }; tracking() { return 1; }; is_active() { :; }\n\
         await_running; echo \"$left\"; left=; echo >\"$folder/mute\"; await_running; echo \"$left\"\n\
         is_active() { return 1; }; await_running; echo \"$left\"",
        );
        assert_eq!(said, "\nchronyd\n\n\nchronyd\n");
    }

    #[test]
    fn names_that_no_line_can_hold_are_told() {
        let folder = folder();
        let said = run(
            folder.path(),
            "for p in /etc/a '/etc/a|b *' \"/etc/a${newline}b\" \"/etc/a$newline\" '/etc/\t' etc/a /etc/../a '' \"/$(printf '\\303\\251')\"; do\n\
         is_path \"$p\" && printf yes, || printf no,\ndone",
        );
        assert_eq!(said, "yes,yes,no,no,no,no,no,no,no,");
    }

    #[test]
    fn what_a_dead_run_left_and_cannot_be_put_back_is_kept_and_told() {
        let folder = folder();
        odd_files(folder.path());
        let dead = "rm -f fresh; ln -s '1 0 another-boot r1' run/lock; run=r2\n";
        let taken = "take_lock && echo taken || not_locked apply\n";
        let edited = "echo edited >'files/a b'\n";
        let said = run(
            folder.path(),
            &format!("{REPLACED}{dead}{edited}{taken}readlink run/lock | sed 's/ .* / /'; head -n 1 run/r1/plan"),
        );
        let here = folder.path().canonicalize().expect("a path");
        let here = here.display();
        let expected =
            format!("left {here}/files/a b\nno apply behind {here}/run/r1\nleft r1\nsysv no inactive none\n");
        assert_eq!(said, expected);
        let files = folder.path().join("files");
        assert_eq!(fs::read_to_string(files.join("a b")).expect("a file"), "edited\n", "it is somebody's wish");
        assert_eq!(fs::read_to_string(files.join("x|y")).expect("a file"), "x|y\n");
        // Once it is put right the next run goes on.
        let said =
            run(folder.path(), &format!("printf 'a b\\n' >'files/a b'; run=r2\n{taken}readlink run/lock; ls run"));
        let words: Vec<&str> = said.lines().collect();
        assert_eq!((words.first(), words.get(1)), (Some(&"recovered r1"), Some(&"taken")), "{said}");
        assert!(words.get(2).is_some_and(|owner| owner.ends_with(" r2")) && words.get(3) == Some(&"lock"), "{said}");
    }

    #[test]
    fn a_lock_that_cannot_be_made_is_nobodys() {
        let folder = folder();
        let said = run(
            folder.path(),
            "run=r1; rm -rf \"$state\"; echo >\"$state\"; take_lock && echo taken || not_locked apply\n",
        );
        let state = folder.path().canonicalize().expect("a path").join("run");
        assert_eq!(said, format!("no apply write {}\n", state.display()));
    }

    #[test]
    fn the_configuration_that_chronyd_was_started_with_is_found() {
        let folder = folder();
        let found = |arguments: &str| {
            // A process with those arguments, which ends once it is looked at.
            let process =
                format!("sh -c 'read x' chronyd {arguments} <pipe &\nexec 3>pipe; running() {{ echo $!; }}\n");
            let commands = format!(
                "echo >own.conf; rm -f pipe; mkfifo pipe; {process}find_configuration; echo \"$conf\"; exec 3>&-"
            );
            run(folder.path(), &commands)
        };
        let own = folder.path().canonicalize().expect("a path").join("own.conf");
        for arguments in ["-F 1 -f $PWD/own.conf", "-f$PWD/own.conf -F 1"] {
            assert_eq!(found(arguments), format!("{}\n", own.display()), "{arguments}");
        }
        assert!(!found("-x$PWD/own.conf").contains("own.conf"));
    }

    #[test]
    fn what_is_tried_has_a_name_that_chronyd_may_read() {
        let folder = folder();
        let names = "for p in /etc/chrony.conf /etc/chrony/chrony.conf /etc/chrony.d/a.conf; do path_1=$p i=1; nth; echo \"$new_file\"; done";
        let expected = "/etc/chrony.conf.new-clockaudit\n/etc/chrony/.chrony.conf.new-clockaudit\n\
                    /etc/chrony.d/.a.conf.new-clockaudit\n";
        assert_eq!(run(folder.path(), names), expected);
    }

    #[test]
    fn more_files_than_are_read_are_told() {
        let folder = folder();
        let surveyed = |count: usize| {
            let path = folder.path().join(count.to_string());
            fs::create_dir(&path).expect("a folder");
            for number in 0..count {
                fs::write(path.join(format!("{number}.conf")), "").expect("a file");
            }
            fs::write(path.join("main"), format!("confdir {}\n", path.display())).expect("a file");
            let survey = format!(
                "files=0 bytes=0 depth=0 seen=$newline return=$(printf '\\r') encoding=base64\n\
             file main '{}/main' | grep -c -e '^file' -e '^crowded$'; file main '{}/main' | grep -x crowded",
                path.display(),
                path.display()
            );
            run(folder.path(), &survey)
        };
        assert_eq!(surveyed(98), "99\n");
        assert_eq!(surveyed(120), "100\ncrowded\n");
    }
}
