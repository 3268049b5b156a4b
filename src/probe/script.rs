//! The script that is sent to a host: one exec string that finds the best clock reader there and answers requests with it.
//!
//! The exec string is `exec /bin/sh -c '<probe>' clockaudit '<rung>' '<interpreter>' '<program>' ...`. Whatever the login
//! shell is (sh, dash, bash, ksh, mksh, zsh, busybox ash, csh, tcsh, fish), it passes single-quoted words unchanged as long
//! as they hold no `'`, no `!`, no newline and no backslash before a quote or another backslash: a test sees to that. The
//! programs travel as arguments of their own, so nothing is ever quoted twice.
//!
//! What the host answers is one line for the hello, [`GREETING`] + `<reader> <system>`, then one line for each [`REQUEST`]:
//! decimal seconds since 1970, two of them where the reader takes two. A line that starts with `q` ends the loop; then a
//! fresh `/bin/sh -s` reads the facts script from the same stream ([`facts_request`]). Nothing is written on the host.

use super::facts_script::FACTS_SCRIPT;
use super::reader::Reader;

/// What is written to ask for one reading.
pub const REQUEST: &str = "now\n";

/// How the probe's first line starts; what a host prints before it (rc files, motd) is noise.
pub const GREETING: &str = "CKA1 ";

/// What is written as the reader's name where no reader proved itself.
pub const NO_READER: &str = "none";

/// The command of last resort, run anew for each reading where a forced command or a restricted shell refuses the probe.
pub const FALLBACK_COMMAND: &str = "date";

/// One rung of the ladder: a program in the words of one interpreter, which answers each line that does not start with `q`.
struct Rung {
    reader: Reader,
    /// What runs the program, split at blanks by the shell.
    interpreter: &'static str,
    program: &'static str,
}

/// The loop of the readers written in shell: `$read` for each line up to one that starts with `q`.
macro_rules! each_line {
    ($($read:tt)+) => {
        concat!("while read -r l;do case $l in q*)break;;esac;", $($read)+, ";done")
    };
}

/// The ladder, in the order of [`Reader::LADDER`]; `exec-date` is no rung of the probe, it stands in for it.
///
/// No program may read past the line that ends it, or the facts script is lost: perl and python read byte by byte, as the
/// shells' `read` does. `date -f -` would take `q` for a time zone, so it never sees it.
const LADDER: [Rung; 9] = [
    Rung { reader: Reader::Shell, interpreter: "eval", program: each_line!("echo $EPOCHREALTIME") },
    Rung { reader: Reader::Bash, interpreter: "bash -c", program: each_line!("echo $EPOCHREALTIME") },
    Rung {
        reader: Reader::DateStream,
        interpreter: "eval",
        program: concat!(each_line!("echo now"), "|stdbuf -oL date -f - +%s.%N"),
    },
    Rung {
        reader: Reader::Perl,
        interpreter: "perl -MTime::HiRes=gettimeofday -e",
        program: concat!(
            r"$|=1;while(sysread STDIN,$c,1){$l.=$c;next if $c ne qq(\n);last if $l=~/^q/;$l=q();",
            r"printf qq(%d.%06d\n),gettimeofday}"
        ),
    },
    Rung {
        reader: Reader::Python,
        interpreter: "python3 -IBc",
        program: concat!(
            r#"import os,time;all(l[:1]not in b"q" and os.write(1,b"%d.%09d\n"%divmod(time.time_ns(),10**9))"#,
            r#"for l in iter(open(0,"rb",0).readline,b""))"#
        ),
    },
    Rung {
        reader: Reader::Zsh,
        interpreter: "zsh -fc",
        program: concat!("zmodload zsh/datetime;", each_line!(r#"printf "%d.%09d\n" $epochtime"#)),
    },
    Rung { reader: Reader::DatePair, interpreter: "eval", program: each_line!("echo $(date +%s.%N) $(date +%s.%N)") },
    // busybox prints tv_usec without leading zeros, in nanoseconds where the status has STA_NANO (0x2000).
    Rung {
        reader: Reader::Adjtimex,
        interpreter: "eval",
        program: each_line!(concat!(
            "k=;o=;for w in $(busybox adjtimex) $(busybox adjtimex);do case $k in status:)m=1000000;",
            "[ $((w&8192)) = 0 ]||m=1000000000;;*.tv_sec:)s=$w;;*.tv_usec:)u=$((m+w));o=\"$o $s.${u#1}\";;esac;k=$w;done;",
            "echo $o"
        )),
    },
    Rung { reader: Reader::WholeSecond, interpreter: "eval", program: each_line!("date +%s") },
];

/// The probe. `n` asks twice; `v` is satisfied with two plausible readings of which the second is not smaller; the first
/// rung that satisfies it is greeted with and run.
///
/// Two proofs are stricter. `date -f -` must answer before its input ends, or its output is buffered and it would never
/// answer: `x` arrives a second later on the same pipe and must not come first. The shells' `$EPOCHREALTIME` must have
/// moved, or it is a variable of the environment. The reader is asked in a subshell, because ksh93 loses output of the last
/// part of a pipeline that it runs itself.
const PROBE: &str = concat!(
    "exec 2>/dev/null;LC_ALL=C;PATH=${PATH:-/bin}:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin;",
    "export LC_ALL PATH I P;",
    "n(){ echo now;echo now;case $r in date-stream)stdbuf -oL date -f - </dev/null>&2&&sleep 1;echo x>&3;;esac;};",
    "v(){ case $1$2 in *[A-Za-z%-]*)return 1;;esac;case $r in *sh*)[ $1 = $2 ]&&return 1;;esac;",
    "s=${1%%[.,]*};t=${2%%[.,]*};",
    "[ $s -ge 0 ]&&[ $t -ge $s ]&&{ [ $t -gt $s ]||[ 1${2#*[.,]} -ge 1${1#*[.,]} ];};};",
    "while [ $# -gt 0 ];do r=$1;I=$2;P=$3;shift 3;v $({ n|($I \"$P\");} 3>&1)&&break;r=none;done;",
    "echo;echo CKA1 $r $(uname -s -m);[ $r = none ]&&exit;",
    "$I \"$P\";exec /bin/sh -s"
);

/// The exec string that starts the probe on any host.
pub fn exec_command() -> String {
    format!("exec {}", probe_command())
}

/// The probe's command: a program and its words, each of which any login shell passes unchanged.
pub fn probe_command() -> String {
    let rungs = LADDER
        .iter()
        .map(|Rung { reader, interpreter, program }| format!(" {} '{interpreter}' '{program}'", reader.label()));
    let start = format!("/bin/sh -c '{PROBE}' clockaudit");
    std::iter::once(start).chain(rungs).collect()
}

/// What is written after sampling: the end of the reader's loop and the facts script for the shell that follows it.
pub fn facts_request() -> String {
    format!("q\n{FACTS_SCRIPT}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_login_shell_passes_the_words_unchanged() {
        let command = exec_command();
        assert!(command.len() < 4096, "{} bytes", command.len());
        for (index, word) in command.split('\'').enumerate().filter(|(index, _)| index % 2 == 1) {
            assert!(!word.contains(['!', '\n', '\r']), "word {index}: {word}");
            for after in word.split('\\').skip(1) {
                assert!(!after.is_empty() && !after.starts_with(['"', '\'', '\\']), "word {index}: {word}");
            }
        }
        let between: String = command.split('\'').step_by(2).collect();
        assert!(between.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" /-".contains(&byte)), "{between}");
    }

    #[test]
    fn the_ladder_is_climbed_down_in_order() {
        let rungs: Vec<Reader> = LADDER.iter().map(|rung| rung.reader).chain([Reader::ExecDate]).collect();
        assert_eq!(rungs, Reader::LADDER);
    }
}
