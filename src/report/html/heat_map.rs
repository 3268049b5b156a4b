//! Which clocks are too far from which: each pair as a field with a sign and a colour, or the pairs of two groups together.

use minijinja::{Value, context};

use super::group_pairs::{Group, Judged};
use super::scale::px;
use super::standings::{Member, members};
use crate::audit::figure;
use crate::clock::pairs::Decision;
use crate::clock::{Interval, Nanos};
use crate::report::causes::EVERYBODY;
use crate::report::escape::escaped_within;
use crate::report::model::{Pair, Report};

/// More hosts than these are shown by group.
const MOST_HOSTS: usize = 60;
/// So many groups are shown, those with the most pairs apart first.
const MOST_GROUPS: usize = 40;
/// So many of the widest pairs are told.
const MOST_PAIRS: usize = 10;
/// The room for all fields of a row.
const ROOM: f64 = 640.0;
/// The least and the greatest field.
const FIELD: [f64; 2] = [13.0, 28.0];
/// How many characters of a name are written.
const NAME: usize = 22;
/// How wide a letter of a name is, about.
const LETTER: f64 = 7.2;
/// The map and the widest pairs; nothing where there are fewer than two clocks.
pub(super) fn map(report: &Report) -> Option<Value> {
    let mut members = members(report);
    if members.len() < 2 {
        return None;
    }
    // Who is furthest ahead comes first: clocks that agree are neighbours.
    members.sort_by_key(|member| (std::cmp::Reverse(member.standing.estimate), &member.host.name));
    let drawn = if members.len() <= MOST_HOSTS { Some(of_hosts(&members)) } else { of_groups(&members) };
    let worst: Vec<Value> = report.pairs_worst.iter().take(MOST_PAIRS).map(pair).collect();
    Some(context! { drawn, worst })
}

fn pair(pair: &Pair) -> Value {
    let bounds = Interval::new(pair.lo_s.0, pair.hi_s.0);
    let difference = figure::with_bound(pair.difference_s.0, bounds);
    context! { ahead => &pair.ahead, behind => &pair.behind, difference }
}

/// One field: its sign, its colour, and what it says.
struct Field {
    sign: &'static str,
    class: &'static str,
    title: String,
}

fn of_hosts(members: &[Member<'_>]) -> Value {
    let field = |one: &Member<'_>, other: &Member<'_>| {
        let (value, bounds) = one.minus(other);
        let (sign, class, words) = match one.against(other) {
            Decision::Within => ("", "o", "within"),
            Decision::Undecided => ("?", "u", "undecided"),
            Decision::Beyond if value < Nanos::ZERO => ("-", "b", "beyond"),
            Decision::Beyond => ("+", "c", "beyond"),
        };
        let title = format!(
            "{} - {}: {}, {words}",
            escaped_within(&one.host.name, NAME),
            escaped_within(&other.host.name, NAME),
            figure::with_bound(value, bounds)
        );
        Field { sign, class, title }
    };
    let fields = |row: usize, one: &Member<'_>| {
        let others = members.iter().enumerate();
        others.map(|(column, other)| (row != column).then(|| field(one, other))).collect()
    };
    let rows: Vec<_> =
        members.iter().enumerate().map(|(row, one)| (one.host.name.as_str(), fields(row, one))).collect();
    drawn(&rows, false, 0)
}

/// The groups that tell hosts apart; nothing where there are fewer than two.
fn of_groups(members: &[Member<'_>]) -> Option<Value> {
    let mut groups = Group::all(members, &EVERYBODY);
    if groups.len() < 2 {
        return None;
    }
    let left_out = groups.len().saturating_sub(MOST_GROUPS);
    // The widest first, where not all find room; then by name.
    groups.sort_by_cached_key(|group| (std::cmp::Reverse(group.spread()), group.name.to_owned()));
    groups.truncate(MOST_GROUPS);
    groups.sort_by_key(|group| group.name);
    let field = |one: &Group<'_>, other: &Group<'_>| {
        let Judged { ahead, behind, possibly, widest } = one.against(other)?;
        let (sign, class, words) = match (ahead, behind, possibly) {
            (true, true, _) => ("±", "c", "some pairs beyond for certain, both ways"),
            (true, false, _) => ("+", "c", "some pairs beyond for certain, hosts of the row ahead"),
            (false, true, _) => ("-", "b", "some pairs beyond for certain, hosts of the row behind"),
            (false, false, true) => ("?", "u", "no pair beyond for certain, some undecided"),
            (false, false, false) => ("", "o", "all pairs within"),
        };
        let (one, other) = (escaped_within(one.name, NAME), escaped_within(other.name, NAME));
        let title = format!("{one} - {other}: {words}; surely apart by {} at most", figure::length(widest));
        Some(Field { sign, class, title })
    };
    let rows: Vec<_> =
        groups.iter().map(|one| (one.name, groups.iter().map(|other| field(one, other)).collect())).collect();
    Some(drawn(&rows, true, left_out))
}

/// A name as it is written beside the map: what is escaped takes more room than what it stands for.
fn label(name: &str) -> String {
    escaped_within(&escaped_within(name, NAME), NAME)
}

/// The fields as they are drawn: those of a colour in one row side by side, the signs above them.
fn drawn(rows: &[(&str, Vec<Option<Field>>)], is_by_group: bool, left_out: usize) -> Value {
    let count = f64::from(u16::try_from(rows.len()).unwrap_or(u16::MAX));
    let size = (ROOM / count).clamp(FIELD[0], FIELD[1]);
    let real = |count: usize| f64::from(u16::try_from(count).unwrap_or(u16::MAX));
    let labels: Vec<String> = rows.iter().map(|(name, _)| label(name)).collect();
    let longest = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    // Beside and below the names.
    let margin = 14.0 + LETTER * real(longest);
    let place = |index: usize| margin + size * real(index);
    let names: Vec<Value> = rows
        .iter()
        .enumerate()
        .zip(&labels)
        .map(|((index, (name, _)), label)| context! { name => label, full => *name, at => px(place(index) + size / 2.0) })
        .collect();
    let fields: Vec<Value> = rows
        .iter()
        .enumerate()
        .flat_map(|(row, (_, fields))| fields.iter().enumerate().map(move |(column, field)| (row, column, field)))
        .filter_map(|(row, column, field)| {
            let Field { sign, class, title } = field.as_ref()?;
            let middle = |index: usize, down: f64| px(place(index) + size / 2.0 + down);
            Some(context! {
                x => px(place(column)),
                y => px(place(row)),
                sign_x => middle(column, 0.0),
                sign_y => middle(row, 4.0),
                sign => *sign,
                class => *class,
                title => title,
            })
        })
        .collect();
    context! {
        names,
        fields,
        size => px(size - 1.0),
        before => px(margin - 6.0),
        width => px(margin + size * count + 10.0),
        is_by_group,
        left_out,
        count => rows.len(),
    }
}
