//! Tickets: each system's documented contract on a server of this process, and the real Roundup.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends where its preparations fail"
)]

mod authority;
mod children;
mod command;
mod cuts;
mod faults;
mod files;
mod fixes;
mod fresh;
mod github_contract;
mod gitlab_contract;
mod https;
mod jira_contract;
mod life;
mod notes;
mod others;
mod parts;
mod redmine_contract;
mod reports;
mod rights;
mod roundup;
mod rt_contract;
mod server;
mod servicenow_contract;
mod store;
mod unseen;
mod webhooks;
