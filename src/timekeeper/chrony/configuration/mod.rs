//! chronyd's configuration: what it amounts to where only that is known, and its files as lines that write back byte for
//! byte, with the edit that gives them other sources.

pub mod change;
pub mod defects;
pub mod edit;
pub mod effective;
pub mod layout;
pub mod lines;
pub mod managers;
pub mod presets;

pub use change::{BadSource, MakeStep, Serving, Wanted};
pub use defects::Defect;
pub use edit::{EditError, edit, undo};
pub use effective::Configuration;
pub use layout::{File, Inclusion, Layout, Role};
pub use lines::{Line, Lines};
pub use managers::Manager;
pub use presets::Preset;
