//! Tickets: each system's documented contract on a server of this process, and the real Roundup.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where its preparations fail"
)]

mod command;
mod faults;
mod github_contract;
mod gitlab_contract;
mod jira_contract;
mod life;
mod redmine_contract;
mod reports;
mod roundup;
mod rt_contract;
mod server;
mod servicenow_contract;
mod store;
mod webhooks;
