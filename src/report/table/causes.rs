//! The causes of a great fleet's trouble, one after the other, each with a host that can be looked at.

use super::fleet::GAP;
use super::layout::style;
use super::page::{Page, cut, shortened};
use crate::audit::figure;
use crate::report::escape::escaped;
use crate::report::model::{Cause, Verdict};
use crate::report::sentences::{self, first_and_more, folded_names, word};

/// A page of so many columns has room for all codes of a cause.
const ROOMY: usize = 120;
/// So many are shown on another; it keeps its room for the words.
const FEW_CODES: usize = 1;
/// How short a name may become so that others are counted beside it.
const SHORTEST_NAME: usize = 8;

/// So many lines a cause takes: on a narrow page its hosts are below its words.
pub(super) fn lines_each(page: Page) -> usize {
    if page.is_narrow() { 2 } else { 1 }
}

/// The causes in at most so many lines: those of hosts that were measured, then why the others were not.
pub(super) fn lines(causes: &[Cause], most: usize, page: Page) -> Vec<String> {
    let room = most.saturating_sub(1) / lines_each(page);
    let (down, measured): (Vec<&Cause>, Vec<&Cause>) = causes.iter().partition(|cause| cause.verdict == Verdict::Down);
    // One line says what is left out; a third of the others is for what was not measured, if it needs that.
    let room = if causes.len() > room { room.saturating_sub(1) } else { room };
    let for_down = down.len().min((room / 3).max(room.saturating_sub(measured.len())));
    let shown: Vec<&Cause> =
        measured.into_iter().take(room.saturating_sub(for_down)).chain(down.into_iter().take(for_down)).collect();
    let mut lines = rows(&shown, page);
    let left_out = causes.len() - shown.len();
    if left_out > 0 {
        let told: usize = shown.iter().map(|cause| cause.hosts.len()).sum();
        let rest = causes.iter().map(|cause| cause.hosts.len()).sum::<usize>() - told;
        let what = format!("and {}, {}", figure::count(left_out, "more cause"), figure::count(rest, "host"));
        lines.push(cut(&format!("{what} (show them: -o json)"), page.room_after(0)));
    }
    lines
}

fn rows(causes: &[&Cause], page: Page) -> Vec<String> {
    let most_codes = if page.holds(ROOMY) { usize::MAX } else { FEW_CODES };
    // The words of a cause take its codes' room where there is little.
    let codes_of = |cause: &Cause| if page.is_narrow() { String::new() } else { codes(&cause.codes, most_codes) };
    let heading = if page.is_narrow() { "" } else { "CODES" };
    let mut table = vec![["STATUS", "HOSTS", heading].map(str::to_owned)];
    let row = |cause: &&Cause| [word(cause.verdict).to_owned(), cause.hosts.len().to_string(), codes_of(cause)];
    table.extend(causes.iter().map(row));
    let [statuses, counts, codes] = [0, 1, 2]
        .map(|column| table.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max().unwrap_or(0));
    let head = |[status, count, code]: &[String; 3]| {
        let code = if codes == 0 { String::new() } else { format!("{GAP}{code:codes$}") };
        format!("{status:statuses$}{GAP}{count:>counts$}{code}{GAP}")
    };
    let indent = table.first().map_or(0, |row| head(row).chars().count());
    let room = page.room_after(indent);
    let texts = causes.iter().map(|cause| (Some(cause.verdict), text(cause, room, page)));
    let mut lines = Vec::new();
    for (row, (verdict, text)) in table.iter().zip(std::iter::once((None, vec!["CAUSE".to_owned()])).chain(texts)) {
        let mut head = head(row);
        if let (Some(verdict), [status, ..]) = (verdict, row) {
            let style = style(verdict);
            head = head.strip_prefix(status).map_or(head.clone(), |rest| format!("{style}{status}{style:#}{rest}"));
        }
        for line in text {
            lines.push(std::mem::replace(&mut head, format!("{:indent$}", "")) + &line);
        }
    }
    lines
}

/// The first codes, and how many more there are. That the clock is off comes last: the others may say why.
fn codes(codes: &[String], most: usize) -> String {
    let (off, telling): (Vec<&String>, Vec<&String>) =
        codes.iter().partition(|code| matches!(code.as_str(), "CLK101" | "CLK102"));
    let mut shown: Vec<String> = telling.into_iter().chain(off).take(most).map(|code| escaped(code)).collect();
    let more = codes.len().saturating_sub(most);
    shown.extend((more > 0).then(|| format!("+{more}")));
    shown.join(" ")
}

/// `chronyd cannot reach its sources: web[001-400] (in web, follows 10.0.0.1, on kvm, off by 1 s to 10 s)`. Where there is
/// less room, what the hosts share leaves first, then the words are shortened: some host is always named.
fn text(cause: &Cause, room: Option<usize>, page: Page) -> Vec<String> {
    let what = escaped(&cause.what);
    let who = folded_names(&cause.hosts.iter().map(String::as_str).collect::<Vec<_>>());
    let shared = sentences::shared(cause);
    let fitting = |before: &str| {
        let with = |count: usize| match shared.get(..count).unwrap_or_default() {
            [] => before.to_owned(),
            told => format!("{before} ({})", told.join(", ")),
        };
        let fits = |text: &String| room.is_none_or(|room| text.chars().count() <= room);
        (0..=shared.len()).rev().map(with).find(fits)
    };
    let named = |room: usize| match cause.hosts.as_slice() {
        [first, rest @ ..] if who.chars().count() > room => {
            let more = if rest.is_empty() { String::new() } else { first_and_more("", rest.len()) };
            shortened(&escaped(first), room.saturating_sub(more.chars().count()).max(SHORTEST_NAME)) + &more
        }
        _ => who.clone(),
    };
    let Some(room) = room else { return fitting(&format!("{what}: {who}")).into_iter().collect() };
    if page.is_narrow() {
        return vec![cut(&what, Some(room)), fitting(&who).unwrap_or_else(|| named(room))];
    }
    let line = fitting(&format!("{what}: {who}")).unwrap_or_else(|| {
        let who = named(room / 2);
        format!("{}: {who}", cut(&what, Some(room.saturating_sub(who.chars().count() + 2))))
    });
    vec![line]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(what: &str, hosts: &[&str]) -> Cause {
        Cause {
            what: what.to_owned(),
            verdict: Verdict::Crit,
            codes: ["CLK101", "CLK107"].map(str::to_owned).to_vec(),
            upstream: Some("10.0.0.1".to_owned()),
            virtualisation: None,
            group: Some("web".to_owned()),
            offset_band: None,
            hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        }
    }

    #[test]
    fn a_cause_names_a_host_however_little_room_there_is() {
        let odd = cause(
            "chronyd claims what the measurement excludes",
            &["web3", "web17", "web5", "web9", "web28", "web99", "web132"],
        );
        let check = |columns: Option<usize>, expected: &[&str]| {
            let page = columns.map_or(Page::ENDLESS, Page::of_width);
            let lines = rows(&[&odd], page);
            let plain: Vec<String> = lines
                .iter()
                .skip(1)
                .map(|line| line.replace("\u{1b}[1m\u{1b}[31m", "").replace("\u{1b}[0m", ""))
                .collect();
            assert_eq!(plain, expected, "{columns:?}");
            assert!(plain.iter().all(|line| page.holds(line.chars().count())), "{columns:?}");
        };
        let whole = "chronyd claims what the measurement excludes: web3 and 6 more (in web, follows 10.0.0.1)";
        check(None, &[&format!("CRIT        7  CLK107 CLK101  {whole}")]);
        check(
            Some(100),
            &["CRIT        7  CLK107 +1  chronyd claims what the measurement excludes: web3 and 6 more (in web)"],
        );
        check(Some(80), &["CRIT        7  CLK107 +1  chronyd claims what the measurement…: web3 and 6 more"]);
        check(Some(40), &["CRIT        7  chronyd claims what the…", "               web3 and 6 more (in web)"]);
    }
}
