//! Commands with passwords, and what is shown of them.

use proptest::prelude::*;

use super::*;

#[test]
fn passwords_of_commands_are_replaced_in_whatever_form_they_stand() {
    let check = |text: &str, expected: &str| assert_eq!(masked(text), expected, "{text}");
    check("sshpass -p hunter2 ssh -W %h:%p gate", "sshpass -p ******** ssh -W %h:%p gate");
    check("sshpass -phunter2 ssh gate", "sshpass -p******** ssh gate");
    check("sshpass -v -P assword -p hunter2 ssh", "sshpass -v -P assword -p ******** ssh");
    check("/usr/bin/sshpass -p 'my secret' ssh -p 22", "/usr/bin/sshpass -p ******** ssh -p 22");
    check("sshpass -p \"it's\" ssh", "sshpass -p ******** ssh");
    check("sshpass -p my\\ secret ssh", "sshpass -p ******** ssh");
    check(
        "-o ProxyCommand=\"sshpass -p hunter2 ssh -W %h:%p gate\" -p 22",
        "-o ProxyCommand=\"sshpass -p ******** ssh -W %h:%p gate\" -p 22",
    );
    check("-o ProxyCommand=\"sshpass -p hunter2\"", "-o ProxyCommand=\"sshpass -p ********\"");
    check("-oProxyCommand=\"sshpass -p \\\"my secret\\\" ssh\"", "-oProxyCommand=\"sshpass -p ******** ssh\"");
    check("SSHPASS=hunter2 sshpass -e ssh gate", "SSHPASS=******** sshpass -e ssh gate");
    check("env SSHPASS='a b' sshpass -e ssh", "env SSHPASS=******** sshpass -e ssh");
    check("'-oProxyCommand=SSHPASS=hunter2 sshpass -e ssh'", "'-oProxyCommand=SSHPASS=******** sshpass -e ssh'");
    check("proxy --password=hunter2 %h", "proxy --password=******** %h");
    check("proxy --password hunter2 %h", "proxy --password ******** %h");
    check("plink -pw hunter2 gate", "plink -pw ******** gate");
    check("ncat --proxy-auth ops:hunter2 %h %p", "ncat --proxy-auth ******** %h %p");
    check("socat - PROXY:p:%h:%p,proxyauth=ops:hunter2", "socat - PROXY:p:%h:%p,proxyauth=********");
    check("connect -H http://ops:hunter2@proxy:80 %h", "connect -H http://ops:********@proxy:80 %h");
    check("ProxyCommand `sshpass -phunter2`: closed", "ProxyCommand `sshpass -p********`: closed");
    check("ProxyCommand `SSHPASS=hunter2`: closed", "ProxyCommand `SSHPASS=********`: closed");
    check("sshpass -p hun…", "sshpass -p ********");
    check("sshpass -vp hunter2 ssh", "sshpass -vp ******** ssh");
    check("sshpass -vphunter2 ssh", "sshpass -vp******** ssh");
    check("sshpass -ev -Password -p hunter2 ssh", "sshpass -ev -Password -p ******** ssh");
    check("sshpass -vPassword -vp 'my secret' ssh", "sshpass -vPassword -vp ******** ssh");
    check("sshpass '-p' hunter2 ssh", "sshpass '-p' ******** ssh");
    check("sshpass \"-vp\" hunter2 ssh", "sshpass \"-vp\" ******** ssh");
    check("sshpass -p$(cat f) ssh", "sshpass -p******** ssh");
    check("sshpass -p $(echo $(cat f) hunter2) ssh", "sshpass -p ******** ssh");
    check("sshpass -p \"$(echo hunter2 | tr a \"b c\")\" ssh", "sshpass -p ******** ssh");
    check("sshpass -vp ${PASS:-my secret} ssh", "sshpass -vp ******** ssh");
    check("sshpass -p `echo my secret` ssh", "sshpass -p ******** ssh");
    check("sshpass -p`echo my secret` ssh", "sshpass -p******** ssh");
    check("SSHPASS=$(pass show gate) sshpass -e ssh", "SSHPASS=******** sshpass -e ssh");
    check("sshpass -p $(cat f", "sshpass -p ********");
    check("sshpass -d 3 -p hunter2 ssh -p 22", "sshpass -d 3 -p ******** ssh -p 22");
    check("true; sshpass -p a; sshpass -p b|cat", "true; sshpass -p ********; sshpass -p ********|cat");
}

#[test]
fn passwords_of_other_programs_are_replaced() {
    let check = |text: &str, expected: &str| assert_eq!(masked(text), expected, "{text}");
    for option in ["-u", "-U", "--user", "--proxy-user", "-fsSu"] {
        check(&format!("curl {option} ops:hunter2 -x p:80 %h"), &format!("curl {option} ops:******** -x p:80 %h"));
        check(&format!("curl %h {option} 'ops:a b'"), &format!("curl %h {option} 'ops:********'"));
    }
    check("curl -sH 'Authorization: Basic hunter2' x", "curl -sH 'Authorization: Basic ********' x");
    check("curl -uops:hunter2 x", "curl -uops:******** x");
    check("curl --user=ops:hunter2 x", "curl --user=ops:******** x");
    check("curl -H \"Authorization: Bearer hunter2\" x", "curl -H \"Authorization: Bearer ********\" x");
    check("curl --header 'X-Auth-Token: a b' x", "curl --header 'X-Auth-Token: ********' x");
    check("curl --header='authorization: hunter2' x", "curl --header='authorization: ********' x");
    check("curl -H'Cookie: a=b; c=d' x", "curl -H'Cookie: ********' x");
    check(
        "ProxyCommand=\"curl -H \\\"Authorization: x y\\\" z\"",
        "ProxyCommand=\"curl -H \\\"Authorization: ********\\\" z\"",
    );
    check("connect -H ops:hunter2@proxy:80 %h %p", "connect -H ops:********@proxy:80 %h %p");
    check("curl -x ops:hunter2@proxy:80 x", "curl -x ops:********@proxy:80 x");
    check("proxytunnel -p proxy:80 -P ops:hunter2 -d %h:%p", "proxytunnel -p proxy:80 -P ops:******** -d %h:%p");
    check("proxytunnel -R ops:hunter2", "proxytunnel -R ops:********");
    check("echo hunter2 | sshpass ssh x", "echo ******** | sshpass ssh x");
    check("echo -n 'a b' c|/usr/bin/sshpass ssh x", "echo -n ********|/usr/bin/sshpass ssh x");
    check("printf '%s\\n' hunter2 | sudo -S x", "printf ******** | sudo -S x");
    check("sh -c \"echo hunter2 | sshpass x\"", "sh -c \"echo ******** | sshpass x\"");
    check("sshpass -f <(echo hunter2) ssh x", "sshpass -f <(echo ********) ssh x");
    check("sshpass -f <(printf %s 'a b') ssh x", "sshpass -f <(printf ********) ssh x");
    check("sshpass <<<hunter2 ssh x", "sshpass <<<******** ssh x");
    check("sshpass ssh x <<< 'a b'", "sshpass ssh x <<< ********");
    check("mysql -u root -phunter2 -h x", "mysql -u root -p******** -h x");
    check("PGPASSWORD=hunter2 psql -h x", "PGPASSWORD=******** psql -h x");
    check(
        "MYSQL_PWD='a b' DB_PW=x PW=y AWS_SECRET_ACCESS_KEY=z x",
        "MYSQL_PWD=******** DB_PW=******** PW=******** AWS_SECRET_ACCESS_KEY=******** x",
    );
    check("git clone https://ops:hunter2@x/y", "git clone https://ops:********@x/y");
}

#[test]
fn what_is_no_password_stays() {
    for text in [
        "ssh -W %h:%p -p 2222 gate",
        "-o PasswordAuthentication=no -o NumberOfPasswordPrompts=0 -p 22",
        "sshpass -f /run/secret ssh -p 22 gate",
        "sshpass -d 3 ssh -p 22",
        "sshpass -vf /run/secret ssh -p 22 gate",
        "sshpass -vd3 ssh -p 22",
        "Pass --ask-vault-pass or --vault-password-file FILE",
        "use --ask-pass, or -k",
        "sshpass -e ssh -p 22 gate",
        "proxy --password-file=/run/x %h",
        "connect -H http://proxy:80/a@b %h",
        "nc -X connect -x proxy:3128 %h %p",
        "curl -u ops -H 'Accept: text/html' --user ops x",
        "mysql -p db -P 3306 -u ops:x",
        "connect -H proxy:80 %h %p; ssh ops@h:22 -p 22",
        "sudo -u ops:staff -H x",
        "echo hello | cat",
        "echo hello || sshpass -e ssh x",
        "diff <(cat x) y",
        "docker run -u 1000:1000 x",
        "ssh -o ControlPath=~/.ssh/%r@%h:%p x",
        "",
    ] {
        assert_eq!(masked(text), text);
    }
}

#[test]
fn passwords_are_told_without_quotation_marks() {
    assert_eq!(secrets("SSHPASS='a b' sshpass -p \"hunter2\" ssh -p x"), ["a b", "hunter2"]);
}

/// Pieces of commands; `X` is a password.
const PIECES: [&str; 24] = [
    "sshpass -p X ",
    "sshpass -pX ",
    "sshpass -f <(echo X) ",
    "echo X | sshpass ",
    "printf %s X | ",
    "curl ",
    "-u a:X ",
    "-H 'Authorization: Basic X' ",
    "--header \"X-Token: X\" ",
    "-H a:X@b ",
    "--user=a:X ",
    "proxytunnel -P a:X ",
    "<<<X ",
    "mysql -pX ",
    "https://a:X@b/ ",
    "PGPASSWORD=X ",
    "--password X ",
    "; ",
    "ssh %h ",
    "'",
    "\"",
    "$(cat X) ",
    "x",
    "\\",
];

proptest! {
    #[test]
    fn any_text_is_masked_in_order_and_within_itself(text in "(sshpass|-p|--password|SSHPASS=|[ '\"\\\\`;é@:/=a-c]){0,40}") {
        let found = found(&text);
        prop_assert!(found.iter().all(|range| text.get(range.clone()).is_some()));
        prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start));
        masked(&text);
    }

    #[test]
    fn what_was_masked_stays_as_it_is(
        words in proptest::collection::vec(0..PIECES.len(), 0..12),
        secret in "[A-Za-z0-9!%+,./:_-]{1,12}",
    ) {
        let text: String = words.into_iter().map(|word| PIECES[word].replace('X', &secret)).collect();
        let shown = masked(&text);
        prop_assert_eq!(masked(&shown), shown);
    }

    #[test]
    fn a_password_of_sshpass_never_stays(password in "[!-~]{1,20}") {
        let quoted = crate::inventory::shell_words::quoted(&password);
        let text = format!("sshpass -p {quoted} ssh -W %h:%p gate");
        let shown = masked(&text);
        // Where marks leave it open what is the password, all that is left is hidden.
        prop_assert!(["sshpass -p ******** ssh -W %h:%p gate", "sshpass -p ********"].contains(&shown.as_str()), "{}", shown);
    }
}
