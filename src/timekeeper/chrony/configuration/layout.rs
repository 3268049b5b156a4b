//! The files that make up the configuration of one chronyd.

use super::lines::{Directive, Lines};

/// How a file comes to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// It is the one that chronyd is started with.
    Main,
    /// `include` or `confdir` names it: any directive may stand there.
    Included,
    /// `sourcedir` names it: sources only.
    Sources,
}

/// One file of configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it is on the host, symbolic links followed.
    pub path: String,
    /// Where the configuration names it, if that is elsewhere: a symbolic link, or below one.
    pub named: Option<String>,
    /// How it comes to be read.
    pub role: Role,
    /// What it says.
    pub lines: Lines,
}

impl File {
    /// A file of these bytes.
    pub fn new(path: impl Into<String>, role: Role, bytes: &[u8]) -> Self {
        Self { path: path.into(), named: None, role, lines: Lines::parse(bytes) }
    }

    /// The same file, which the configuration names so.
    #[must_use]
    pub fn named(self, named: Option<String>) -> Self {
        Self { named, ..self }
    }

    /// Whether it is made anew at every boot, by somebody else: what is written there does not last.
    pub fn is_fleeting(&self) -> bool {
        ["/run/", "/var/run/", "/tmp/"].iter().any(|folder| self.path.starts_with(folder))
    }
}

/// Other files that a file has chronyd read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Inclusion {
    /// `include`: a pattern of paths.
    Pattern(String),
    /// `confdir`: the `*.conf` of a folder.
    Configurations(String),
    /// `sourcedir`: the `*.sources` of a folder.
    Sources(String),
}

impl Inclusion {
    /// Whether a file is one of those.
    fn names(&self, file: &File) -> bool {
        let pattern = match self {
            Self::Pattern(pattern) => pattern.clone(),
            Self::Configurations(folder) => format!("{folder}/*.conf"),
            Self::Sources(folder) => format!("{folder}/*.sources"),
        };
        std::iter::once(&file.path).chain(&file.named).any(|path| is_matched(&pattern, path))
    }
}

/// Whether a pattern of paths matches a path: each of its names matches the other's.
fn is_matched(pattern: &str, path: &str) -> bool {
    let names = |path: &str| path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (patterns, names) = (names(pattern), names(path));
    let hides = |(pattern, name): (&String, &String)| name.starts_with('.') && !pattern.starts_with('.');
    patterns.len() == names.len()
        && !patterns.iter().zip(&names).any(hides)
        && patterns.iter().zip(&names).all(|(pattern, name)| is_name_matched(pattern.as_bytes(), name.as_bytes()))
}

/// The same of one name. A set of letters (`[a-c]`) is taken for any letter: a file that is read must not count as one that is not.
fn is_name_matched(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            (0..=name.len()).any(|from| name.get(from..).is_some_and(|name| is_name_matched(rest, name)))
        }
        (Some((b'?', rest)), Some((_, others))) => is_name_matched(rest, others),
        (Some((b'[', rest)), Some((first, others))) => {
            let end = rest.iter().skip(1).position(|letter| *letter == b']').and_then(|end| rest.get(end + 2..));
            end.map_or(*first == b'[' && is_name_matched(rest, others), |rest| is_name_matched(rest, others))
        }
        (Some((letter, rest)), Some((first, others))) => letter == first && is_name_matched(rest, others),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

fn without_inclusions(lines: &Lines) -> Lines {
    let names = [Some(Directive::Include), Some(Directive::ConfDir), Some(Directive::SourceDir)];
    Lines::of(lines.iter().filter(|line| !names.contains(&line.directive())).cloned().collect())
}

/// All files of one chronyd's configuration, the main one first, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    main: File,
    others: Vec<File>,
}

impl Layout {
    /// A configuration that begins with this file.
    pub fn new(path: impl Into<String>, bytes: &[u8]) -> Self {
        Self { main: File::new(path, Role::Main, bytes), others: Vec::new() }
    }

    /// Adds a file that is read too; one that is there already is left as it is.
    pub fn add(&mut self, file: File) {
        if self.files().all(|known| known.path != file.path) {
            self.others.push(file);
        }
    }

    /// The file that chronyd is started with.
    pub fn main(&self) -> &File {
        &self.main
    }

    /// All files, the main one first.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        std::iter::once(&self.main).chain(&self.others)
    }

    /// The file at this path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files().find(|file| file.path == path)
    }

    /// The same configuration with another main file.
    #[must_use]
    pub fn with_main(&self, bytes: &[u8]) -> Self {
        Self { main: File { lines: Lines::parse(bytes), ..self.main.clone() }, others: self.others.clone() }
    }

    /// The same configuration with other bytes in the file at this path; the same where there is none.
    #[must_use]
    pub fn with_file(&self, path: &str, bytes: &[u8]) -> Self {
        self.with_lines(|file| if file.path == path { Lines::parse(bytes) } else { file.lines.clone() })
    }

    /// The files that chronyd reads: those that the main one names, and those that these name.
    #[must_use]
    pub fn as_read(&self) -> Self {
        let mut rest: Vec<&File> = self.others.iter().collect();
        let mut read = vec![&self.main];
        let mut next = 0;
        while let Some(file) = read.get(next).copied() {
            next += 1;
            let named = if file.role == Role::Sources { Vec::new() } else { inclusions(&file.lines) };
            for inclusion in named {
                let (here, others) = rest.into_iter().partition(|file| inclusion.names(file));
                rest = others;
                read.extend(here);
            }
        }
        let is_read = |file: &&File| rest.iter().all(|unread| unread.path != file.path);
        Self { main: self.main.clone(), others: self.others.iter().filter(is_read).cloned().collect() }
    }

    /// The directives of all files as one list, in the order in which chronyd reads them as far as the paths tell, without those
    /// that only name other files: what `chronyd -p` and `-Q` take as arguments. Comments are left out.
    pub fn directives(&self) -> Vec<String> {
        let mut rest: Vec<&File> = self.others.iter().collect();
        let mut found = Vec::new();
        let texts =
            |lines: &Lines| lines.iter().map(|line| line.words().join(" ")).filter(|text| !text.is_empty()).collect();
        for line in &self.main.lines {
            let named = inclusions(&Lines::of(vec![line.clone()]));
            if named.is_empty() {
                found.extend(Some(line.words().join(" ")).filter(|text| !text.is_empty()));
            }
            for inclusion in named {
                let (here, others) = rest.into_iter().partition(|file| inclusion.names(file));
                rest = others;
                found.extend(
                    here.into_iter().flat_map(|file| -> Vec<String> { texts(&without_inclusions(&file.lines)) }),
                );
            }
        }
        found.extend(rest.into_iter().flat_map(|file| -> Vec<String> { texts(&without_inclusions(&file.lines)) }));
        found
    }

    /// The directives by which chronyd listens to no chronyc at all: no socket where one looks for it, and no port; `None` where it
    /// does listen.
    pub fn is_mute(&self) -> Option<String> {
        let words: Vec<Vec<String>> = self.directives().iter().map(|line| words(line)).collect();
        let last = |name: &str, counts: fn(&str) -> bool| {
            let of = |words: &&Vec<String>| {
                words.first().is_some_and(|word| word.eq_ignore_ascii_case(name))
                    && words.get(1).is_some_and(|value| counts(value))
            };
            words.iter().rev().find(of).map(|words| words.join(" "))
        };
        let port = last("cmdport", |_| true).filter(|line| line.ends_with(" 0"))?;
        // An address is where the port is listened on, a path where the socket is.
        let socket = last("bindcmdaddress", |value| value.starts_with('/'))?;
        (!socket.ends_with("/run/chrony/chronyd.sock")).then(|| format!("{socket}` and `{port}"))
    }

    /// The same files with other lines.
    #[must_use]
    pub(super) fn with_lines(&self, mut lines: impl FnMut(&File) -> Lines) -> Self {
        let mut other = |file: &File| File { lines: lines(file), ..file.clone() };
        Self { main: other(&self.main), others: self.others.iter().map(other).collect() }
    }

    /// The files whose bytes are not the same in both, before and after.
    pub fn changed<'files>(&'files self, after: &'files Self) -> Vec<(&'files File, &'files File)> {
        let pairs = self.files().filter_map(|file| Some((file, after.file(&file.path)?)));
        pairs.filter(|(before, after)| before.lines != after.lines).collect()
    }
}

fn words(line: &str) -> Vec<String> {
    line.split_ascii_whitespace().map(str::to_owned).collect()
}

/// The other files that a file has chronyd read, in the order of its lines.
pub fn inclusions(lines: &Lines) -> Vec<Inclusion> {
    let mut found = Vec::new();
    for line in lines {
        let words = line.words();
        let make: fn(String) -> Inclusion = match line.directive() {
            Some(Directive::Include) => Inclusion::Pattern,
            Some(Directive::ConfDir) => Inclusion::Configurations,
            Some(Directive::SourceDir) => Inclusion::Sources,
            _ => continue,
        };
        found.extend(words.into_iter().skip(1).map(make));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chronyd_that_listens_to_no_chronyc_is_told() {
        let mute = |text: &str| Layout::new("/etc/chrony.conf", text.as_bytes()).is_mute();
        let both = Some("bindcmdaddress /` and `cmdport 0".to_owned());
        assert_eq!(mute("bindcmdaddress /\ncmdport 0\n"), both);
        assert!(mute("CmdPort 0\nbindcmdaddress 127.0.0.1\nBindCmdAddress /\nbindcmdaddress ::1\n").is_some());
        assert!(mute("bindcmdaddress /run/elsewhere.sock\ncmdport 0\n").is_some());
        for text in [
            "cmdport 0\n",
            "bindcmdaddress /\n",
            "bindcmdaddress /\n# cmdport 0\n",
            "bindcmdaddress /\ncmdport 0\ncmdport 323\n",
            "bindcmdaddress /\nbindcmdaddress /var/run/chrony/chronyd.sock\ncmdport 0\n",
        ] {
            assert_eq!(mute(text), None, "{text}");
        }
    }

    #[test]
    fn what_else_is_read_is_told() {
        let lines = Lines::parse(
            b"# include /a\nInclude /etc/chrony.d/*.conf\nconfdir /etc/chrony/conf.d /run/chrony\nsourcedir /run/chrony-dhcp\r\n",
        );
        let expected = [
            Inclusion::Pattern("/etc/chrony.d/*.conf".to_owned()),
            Inclusion::Configurations("/etc/chrony/conf.d".to_owned()),
            Inclusion::Configurations("/run/chrony".to_owned()),
            Inclusion::Sources("/run/chrony-dhcp".to_owned()),
        ];
        assert_eq!(inclusions(&lines), expected);
    }

    #[test]
    fn all_directives_are_one_list_in_the_order_of_reading() {
        let mut layout =
            Layout::new("/etc/chrony/chrony.conf", b"confdir /etc/chrony/conf.d/\nmakestep 1 3\r\n# a\n\nsourcedir /s");
        layout.add(File::new("/s/a.sources", Role::Sources, b"server  b\tiburst\n"));
        layout.add(File::new("/elsewhere/b.conf", Role::Included, b"allow\n"));
        layout.add(File::new("/etc/chrony/conf.d/a.conf", Role::Included, b"include /x\nmakestep 2 3\n"));
        assert_eq!(layout.directives(), ["makestep 2 3", "makestep 1 3", "server b iburst", "allow"]);
    }

    #[test]
    fn only_what_is_named_is_read() {
        let check = |main: &str, expected: &[&str]| {
            let mut layout = Layout::new("/etc/chrony/chrony.conf", main.as_bytes());
            let conf = b"include /opt/chrony/*.inc\n";
            layout.add(
                File::new("/opt/linked.conf", Role::Included, conf).named(Some("/etc/chrony/conf.d/a.conf".to_owned())),
            );
            layout.add(File::new("/etc/chrony/conf.d/b c.conf", Role::Included, b""));
            layout.add(File::new("/opt/chrony/x.inc", Role::Included, b"sourcedir /s"));
            layout.add(File::new("/s/a.sources", Role::Sources, b"confdir /etc/never\n"));
            layout.add(File::new("/etc/never/a.conf", Role::Included, b""));
            let read = layout.as_read();
            let paths: Vec<_> = read.files().skip(1).map(|file| file.path.as_str()).collect();
            assert_eq!(paths, expected, "{main}");
        };
        let linked = ["/opt/linked.conf", "/opt/chrony/x.inc", "/s/a.sources"];
        check("server a\n", &[]);
        check("#confdir /etc/chrony/conf.d\n", &[]);
        check(
            "confdir /etc//chrony/conf.d/\n",
            &["/opt/linked.conf", "/etc/chrony/conf.d/b c.conf", "/opt/chrony/x.inc", "/s/a.sources"],
        );
        check("include /etc/chrony/conf.d/a.conf\n", &linked);
        check("include /etc/chrony/*.d/?.c*f\n", &linked);
        check("include /opt/[a-z]inked.conf\n", &linked);
        check("include /etc/chrony/*.conf\n", &[]);
        check("include *\ninclude /etc/chrony/conf.d/*.con\ninclude /opt/[\ninclude /opt/l*k.conf\n", &[]);
    }

    #[test]
    fn a_file_is_in_a_layout_once() {
        let mut layout = Layout::new("/etc/chrony.conf", b"a\n");
        layout.add(File::new("/etc/chrony.conf", Role::Included, b"b\n"));
        layout.add(File::new("/etc/chrony.d/a.conf", Role::Included, b"c\n"));
        layout.add(File::new("/etc/chrony.d/a.conf", Role::Included, b"d\n"));
        let files: Vec<_> = layout.files().map(|file| (file.path.as_str(), file.lines.to_bytes())).collect();
        assert_eq!(files, [("/etc/chrony.conf", b"a\n".to_vec()), ("/etc/chrony.d/a.conf", b"c\n".to_vec())]);
    }
}
