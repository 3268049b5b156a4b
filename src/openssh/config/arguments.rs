//! The words of an `ssh` command line, as they stand in `ansible_ssh_args`, `--ssh-extra-args` and the like.

use std::sync::Arc;

use super::directive::{Given, Origin};
use super::keyword::{Keyword, Meaning, meaning, nearest};
use super::value;
use super::words::{self, shown};

/// What words of an `ssh` command line say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// The settings, in order.
    pub given: Vec<Given>,
    /// The file to read instead of the user's and the system's (`-F`).
    pub file: Option<String>,
    /// What has no effect, each word once.
    pub ignored: Vec<String>,
}

/// Options that take a value and have no effect on a session that runs a command without terminal and forwarding.
const SILENT_WITH_VALUE: &str = "DELORSew";
/// Options without a value, of no effect either.
const SILENT: &str = "1246AaCfGgKkMNnqsTtVvXxYy";

/// Reads words; `from` says where they stand.
pub fn read(words: &[String], from: &str) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    let origin = Origin::Said(Arc::from(from));
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty() && *letters != "-") else {
            return Err(format!("{from}: {} is no option of ssh", shown(word)));
        };
        for (at, letter) in letters.char_indices() {
            let behind = letters.get(at + letter.len_utf8()..).unwrap_or_default();
            if !takes_value(letter) {
                arguments.flag(letter, &origin)?;
                continue;
            }
            let value = match behind {
                "" => words.next().ok_or_else(|| format!("{from}: -{letter} has no value"))?,
                joined => joined,
            };
            arguments.option(letter, value, &origin)?;
            break;
        }
    }
    Ok(arguments)
}

/// Reads `Keyword=value` or `Keyword value`, as behind `-o`.
pub fn read_option(option: &str, from: &str) -> Result<Arguments, String> {
    let mut arguments = Arguments::default();
    arguments.setting(option, &Origin::Said(Arc::from(from)))?;
    Ok(arguments)
}

/// A setting that something else than an `ssh` option amounts to.
pub fn said(keyword: Keyword, value: &str, from: &str) -> Given {
    Given { keyword, words: vec![value.to_owned()], origin: Origin::Said(Arc::from(from)), replaces: false }
}

fn takes_value(letter: char) -> bool {
    "oFJilpbBIQcmPW".contains(letter) || SILENT_WITH_VALUE.contains(letter)
}

impl Arguments {
    fn flag(&mut self, letter: char, origin: &Origin) -> Result<(), String> {
        match letter {
            '4' | '6' => {
                let family = if letter == '4' { "inet" } else { "inet6" };
                self.put(Keyword::AddressFamily, family, origin, true)
            }
            _ if SILENT.contains(letter) => Ok(()),
            _ => Err(format!("{origin}: ssh has no option -{}", shown(&letter.to_string()))),
        }
    }

    fn option(&mut self, letter: char, value: &str, origin: &Origin) -> Result<(), String> {
        match letter {
            'o' => self.setting(value, origin),
            'F' => {
                self.file = Some(value.to_owned());
                Ok(())
            }
            'J' => self.put(Keyword::ProxyJump, value, origin, false),
            'i' => self.put(Keyword::IdentityFile, value, origin, false),
            'l' => self.put(Keyword::User, value, origin, false),
            'p' => self.put(Keyword::Port, value, origin, false),
            'b' => self.put(Keyword::BindAddress, value, origin, true),
            'c' => self.put(Keyword::Ciphers, value, origin, true),
            'm' => self.put(Keyword::Macs, value, origin, true),
            _ if SILENT_WITH_VALUE.contains(letter) => Ok(()),
            _ => {
                self.ignore(format!("-{letter}"));
                Ok(())
            }
        }
    }

    /// `-o`: a line of `ssh_config`, `=` between keyword and value or not.
    fn setting(&mut self, option: &str, origin: &Origin) -> Result<(), String> {
        let wrong = |why: String| format!("{origin}: {why}");
        let line = words::line(option).map_err(wrong)?;
        let line = line.ok_or_else(|| wrong(format!("`{}` is not of the form Keyword=value", shown(option))))?;
        match meaning(&line.keyword) {
            Some(Meaning::Set(keyword)) => {
                let words = value::read(keyword, line.rest).map_err(wrong)?;
                self.given.push(Given { keyword, words, origin: origin.clone(), replaces: false });
            }
            Some(Meaning::Silent | Meaning::IgnoreUnknown) => {}
            Some(Meaning::Unsupported) => self.ignore(line.keyword),
            Some(Meaning::Host | Meaning::Match | Meaning::Include) => {
                return Err(wrong(format!("{} stands in files only", line.keyword)));
            }
            None => {
                let hint = nearest(&line.keyword).map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
                self.ignore(format!("{}{hint}", shown(&line.keyword)));
            }
        }
        Ok(())
    }

    fn put(&mut self, keyword: Keyword, value: &str, origin: &Origin, replaces: bool) -> Result<(), String> {
        // A value of a command line is one word whatever is in it, so it is quoted for the reader of lines.
        let quoted = if keyword == Keyword::ProxyJump { value.to_owned() } else { quoted(value) };
        let words = value::read(keyword, &quoted).map_err(|why| format!("{origin}: {why}"))?;
        self.given.push(Given { keyword, words, origin: origin.clone(), replaces });
        Ok(())
    }

    fn ignore(&mut self, what: String) {
        if !self.ignored.contains(&what) {
            self.ignored.push(what);
        }
    }
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(arguments: &Arguments) -> Vec<String> {
        arguments.given.iter().map(|given| format!("{}={}", given.keyword.name(), given.words.join(" "))).collect()
    }

    #[test]
    fn options_are_read_as_ssh_reads_them() {
        let check = |line: &str, expected: &[&str]| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let read = read(&words, "here").expect("options");
            assert_eq!(
                (texts(&read), read.ignored),
                (expected.iter().map(|one| (*one).to_owned()).collect(), Vec::new())
            );
        };
        check("-C -o ControlMaster=auto -o ControlPersist=60s", &[]);
        check("-oPort=2222 -o user=me", &["Port=2222", "User=me"]);
        check("-vvvp 2222", &["Port=2222"]);
        check(
            "-4 -J me@gate,inner -lops -i/k",
            &["AddressFamily=inet", "ProxyJump=me@gate,inner", "User=ops", "IdentityFile=/k"],
        );
        check("-tt -S /none -D 8080 -b 127.0.0.1", &["BindAddress=127.0.0.1"]);
    }

    #[test]
    fn what_ssh_would_refuse_is_refused_and_what_we_lack_is_named() {
        let check = |line: &str, expected: Result<&[&str], &str>| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let read = read(&words, "ssh_args").map(|read| read.ignored);
            let ignored = read.as_ref().map(|read| read.iter().map(String::as_str).collect::<Vec<_>>());
            assert_eq!(ignored.as_deref().map_err(|why| why.as_str()), expected, "{line}");
        };
        check("-o Prot=22", Ok(&["prot (did you mean Port?)"]));
        check("-o VerifyHostKeyDNS=yes -I x", Ok(&["verifyhostkeydns", "-I"]));
        check("-p x", Err("ssh_args: Port does not take `x`: a port from 1 to 65535"));
        check("-p", Err("ssh_args: -p has no value"));
        check("host", Err("ssh_args: host is no option of ssh"));
        check("-Z", Err("ssh_args: ssh has no option -Z"));
        check("-o Port", Err("ssh_args: Port has no value"));
        check("-o Host=x", Err("ssh_args: host stands in files only"));
    }
}
