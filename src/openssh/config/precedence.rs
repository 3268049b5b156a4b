//! The order of what several said of a host before any file of `ssh_config` is read; the first of each setting wins.

use super::directive::Given;
use super::keyword::Keyword;

/// Who says something of a host before any file of `ssh_config` is read; the later one of these counts more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Speaker {
    /// ansible.cfg, or nobody.
    AnsibleFile,
    /// `clockaudit.toml`.
    OwnFile,
    /// `ANSIBLE_*`.
    AnsibleEnvironment,
    /// `CLOCKAUDIT_*`.
    OwnEnvironment,
    /// The command line.
    Flag,
    /// The inventory, or a variable on the command line.
    Inventory,
}

/// A setting, and who says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The setting.
    pub given: Given,
    /// Who says it.
    pub speaker: Speaker,
    /// Whether it has a name of its own there (`-u`), and is no option of `ssh` among others: of one speaker that counts more.
    pub has_own_name: bool,
}

/// Puts flags of OpenSSH's own kind before everything but what counts more. All others keep their order, so that all is as with
/// Ansible where there are no such flags.
pub fn in_order(said: &[Said], mut flags: Vec<Said>) -> Vec<Given> {
    let weight = |said: &Said| (said.speaker, said.has_own_name);
    let is_outweighed = |flag: &Said| {
        let counts_more = |said: &&Said| weight(said) > (flag.speaker, false);
        said.iter().filter(counts_more).any(|said| is_same_setting(said.given.keyword, flag.given.keyword))
    };
    flags.sort_by_key(|flag| std::cmp::Reverse(flag.speaker));
    let (behind, before): (Vec<Said>, Vec<Said>) = flags.into_iter().partition(is_outweighed);
    // An option that replaces what was said before it is about what stands beside it.
    let is_replaced = |said: &Said| {
        said.given.replaces && before.iter().any(|flag| is_same_setting(said.given.keyword, flag.given.keyword))
    };
    let said: Vec<Said> = said.iter().filter(|said| !is_replaced(said)).cloned().collect();
    before.into_iter().chain(said).chain(behind).map(|said| said.given).collect()
}

/// Whether the first of two shuts out the other: a command and jump hosts are two ways of one connection.
fn is_same_setting(one: Keyword, other: Keyword) -> bool {
    let is_proxy = |keyword| matches!(keyword, Keyword::ProxyCommand | Keyword::ProxyJump);
    one == other || is_proxy(one) && is_proxy(other)
}

#[cfg(test)]
mod tests {
    use super::super::arguments;
    use super::*;

    #[test]
    fn flags_stand_between_the_inventory_and_everything_else() {
        let said = |words: &str, speaker: Speaker| {
            let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
            let given = arguments::read(&words, "here").expect("options").given;
            let said = |given| Said { given, speaker, has_own_name: false };
            given.into_iter().map(said).collect::<Vec<_>>()
        };
        let check = |of_files: &str, of_inventory: &str, flags: &str, expected: &str| {
            let of_files = said(of_files, Speaker::AnsibleFile);
            let all: Vec<Said> = of_files.into_iter().chain(said(of_inventory, Speaker::Inventory)).collect();
            let ordered = in_order(&all, said(flags, Speaker::Flag));
            let texts = ordered.iter().map(|given| format!("{}={}", given.keyword.name(), given.words.join(" ")));
            assert_eq!(texts.collect::<Vec<_>>().join(" "), expected, "{of_inventory} | {flags}");
        };
        check("-p 1", "-l a", "-oPort=2", "Port=2 Port=1 User=a");
        check("-p 1", "-p 3", "-oPort=2", "Port=1 Port=3 Port=2");
        check("-J gate", "-l a", "-oProxyCommand=x", "ProxyCommand=x ProxyJump=gate User=a");
        check("-l b", "-J gate", "-oProxyCommand=x", "User=b ProxyJump=gate ProxyCommand=x");
        check("-4", "-l a", "-6", "AddressFamily=inet6 User=a");
        check("-l b", "-4", "-6", "User=b AddressFamily=inet AddressFamily=inet6");
    }

    #[test]
    fn each_speaker_counts_more_than_those_before() {
        let said = |port: &str, speaker: Speaker, has_own_name: bool| Said {
            given: arguments::said(Keyword::Port, port, "here"),
            speaker,
            has_own_name,
        };
        let first = |all: &[Said], flags: Vec<Said>| in_order(all, flags).first().map(|given| given.words.join(" "));
        let speakers = [
            Speaker::AnsibleFile,
            Speaker::OwnFile,
            Speaker::AnsibleEnvironment,
            Speaker::OwnEnvironment,
            Speaker::Flag,
            Speaker::Inventory,
        ];
        for pair in speakers.windows(2) {
            let [low, high] = pair else { continue };
            let check = |all: &[Said], flags: Vec<Said>| {
                assert_eq!(first(all, flags).as_deref(), Some("2"), "{low:?} {high:?}");
            };
            check(&[said("1", *low, true)], vec![said("2", *high, false)]);
            check(&[said("2", *high, false)], vec![said("1", *low, false)]);
            check(&[], vec![said("1", *low, false), said("2", *high, false)]);
        }
        let (flag, named) = (said("1", Speaker::Flag, false), said("2", Speaker::Flag, true));
        assert_eq!(first(&[named], vec![flag.clone()]).as_deref(), Some("2"));
        assert_eq!(first(&[said("2", Speaker::Flag, false)], vec![flag]).as_deref(), Some("1"));
    }
}
