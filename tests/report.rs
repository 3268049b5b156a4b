//! The report: its schema, its exactness, and what people see of it.

#[path = "report/fleet.rs"]
mod fleet;

use clockaudit::report::table::{Detail, render};

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[test]
fn show() {
    let report = fleet::report(&fleet::dozen());
    println!("{}", render(&report, Detail::Summary));
    println!("{}", plain(&render(&report, Detail::Wide)));
    println!("{}", clockaudit::report::json::write(&report).unwrap());
}
