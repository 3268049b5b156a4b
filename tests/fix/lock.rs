//! The lock of a host under runs that come at the same time: never are there two owners, whatever comes between any two steps.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A run that wants the lock, or is to give it back. Its words are its name, what it does (`take`, `free`), and what happens after
/// which of its steps: `3:die`, or `3:NAME` for another run that comes then and has decided before the next step.
///
/// Whoever has got the lock is named in `owners`, and lives on: only its own word ends an ownership.
const ACTOR: &str = r#"
state=$PWD/run folder=$PWD/run/none run=$1 count=0 name=$1 does=$2 happens=$3
step() {
  [ "$happens" ] || return 0
  read -r step_s <steps
  step_s=$((step_s + 1))
  echo $step_s >steps
  for step_h in $happens; do
    [ "${step_h%:*}" = $step_s ] || continue
    case ${step_h#*:} in
    die) kill -9 $$ ;;
    *) come "${step_h#*:}" ;;
    esac
  done
}
come() {
  ./actor "$1" take '' >/dev/null 2>&1 &
  read -r step_x <decided
}
for program in ln mv rm readlink mkdir; do
  eval "$program() { command $program \"\$@\"; step_r=\$?; step; return \$step_r; }"
done
case $does in
take) take_lock && echo "$name" >>owners ;;
free) free_lock r0 ;;
esac
[ "$happens" ] && exit
echo $$ >>alive
echo >decided
exec sleep 1000
"#;

/// The parts of the script that the lock needs.
const BASE: &str = include_str!("../../src/fix/remote/base.sh");
const LOCK: &str = include_str!("../../src/fix/remote/lock.sh");

/// Steps that a run takes at most, and one more.
const MOST_STEPS: usize = 8;

/// Writes what all actors of a folder are: the parts that the lock needs, and what it is used for.
fn prepare(folder: &Path, actor: &str) {
    let parts = ["#!/bin/sh\n", BASE, LOCK, actor];
    let path = folder.join("actor");
    fs::write(&path, parts.concat()).expect("an actor");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

/// Plays scenes, each from a lock whose owner is dead: a line of shell that has actors come. Gives back what each ended with: the
/// owners, and who the lock says.
fn played(scenes: &[String]) -> Vec<(String, String)> {
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path(), ACTOR);
    let stage = r#"
        mkfifo decided
        scene() {
          rm -rf run owners
          mkdir run
          ln -s '1 0 another-boot r0' run/lock
          : >owners
          : >alive
          echo 0 >steps
          eval "$1" >/dev/null 2>&1
          lock=$(readlink run/lock)
          echo "$(echo $(cat owners)):${lock##* }"
          kill -9 $(cat alive) 2>/dev/null
        }
    "#;
    let lines = scenes.iter().map(|scene| format!("scene '{scene}'\n"));
    let output = Command::new("/bin/sh")
        .args(["-c", &format!("{stage}{}", lines.collect::<String>())])
        .current_dir(folder.path())
        .output()
        .expect("a shell");
    let said = String::from_utf8(output.stdout).expect("text");
    let split = |line: &str| line.split_once(':').map(|(owners, lock)| (owners.to_owned(), lock.to_owned()));
    let ends: Vec<_> = said.lines().filter_map(split).collect();
    assert_eq!(ends.len(), scenes.len(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    ends
}

/// Whether a scene ended as it may: with one owner, who has the lock, or with none.
fn is_sound((owners, lock): &(String, String)) -> bool {
    owners.is_empty() || (owners == lock && !owners.contains(' '))
}

fn check(scenes: &[String]) -> usize {
    let ends = played(scenes);
    let broken: Vec<_> = scenes.iter().zip(&ends).filter(|(_, end)| !is_sound(end)).collect();
    assert!(broken.is_empty(), "{broken:#?}");
    ends.iter().filter(|(owners, _)| !owners.is_empty()).count()
}

#[test]
fn two_that_find_a_dead_owner_and_a_third_are_never_owners_together() {
    let mut scenes = Vec::new();
    for first in 1..=MOST_STEPS {
        for second in first..=MOST_STEPS {
            scenes.push(format!("./actor b take \"{first}:a {second}:c\""));
        }
    }
    assert!(check(&scenes) > MOST_STEPS, "hardly anybody got it");
}

#[test]
fn whoever_dies_on_the_way_to_the_lock_keeps_nobody_from_it() {
    let mut scenes = Vec::new();
    for dies in 1..=MOST_STEPS {
        for comes in 1..=MOST_STEPS {
            let then = format!("echo 0 >steps; : >owners; ./actor d take \"{comes}:a\"");
            scenes.push(format!("./actor b take {dies}:die; {then}"));
        }
    }
    assert_eq!(check(&scenes), scenes.len(), "nobody got it");
}

/// Whoever gives its own lock back makes a link that is named by itself, and may die then; so may whoever comes next.
#[test]
fn an_owner_that_dies_while_it_gives_its_lock_back_keeps_nobody_from_it() {
    let died = r#"ln -s "1 0 another-boot r0" "run/lock.1 0 another-boot r0""#;
    let next = r#"ln -s "2 0 another-boot r0" "run/lock.1 0 another-boot r0.""#;
    let scenes = [format!("{died}; ./actor b take 99:die"), format!("{died}; {next}; ./actor b take 99:die")];
    assert_eq!(check(&scenes), scenes.len(), "nobody got it");
}

#[test]
fn a_lock_that_is_given_back_is_nobody_elses() {
    let mut scenes = Vec::new();
    for first in 1..=MOST_STEPS {
        for second in first..=MOST_STEPS {
            scenes.push(format!("./actor g free \"{first}:a {second}:c\""));
        }
    }
    check(&scenes);
}

/// Many at once, half of whom die with the lock: each does something that no two may do at the same time.
#[test]
fn one_at_a_time_has_the_lock_however_many_want_it() {
    const WORKERS: usize = 6;
    const ROUNDS: usize = 40;
    let actor = r#"
        state=$PWD/run folder=$PWD/run/none run=$1 count=0
        take_lock || exit 0
        command mkdir alone && command rmdir alone || echo "$1" >>together
        echo "$1" >>owners
        case $1 in *[02468]) free_lock "$1" ;; esac
    "#;
    for shell in [&["dash"][..], &["busybox", "ash"]] {
        let folder = tempfile::tempdir().expect("a folder");
        prepare(folder.path(), actor);
        let rounds =
            format!("n=0; while [ $n -lt {ROUNDS} ]; do {} ./actor \"$0.$n\"; n=$((n + 1)); done", shell.join(" "));
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let mut command = Command::new("/bin/sh");
                command.args(["-c", &rounds, &format!("w{worker}")]).current_dir(folder.path());
                command.stderr(Stdio::null());
                command.spawn().expect("a worker")
            })
            .collect();
        for mut worker in workers {
            assert!(worker.wait().expect("its end").success());
        }
        let together = fs::read_to_string(folder.path().join("together")).unwrap_or_default();
        assert_eq!(together, "", "{shell:?}");
        let owners = fs::read_to_string(folder.path().join("owners")).expect("owners");
        assert!(owners.lines().count() > ROUNDS, "{shell:?}: {owners}");
    }
}
