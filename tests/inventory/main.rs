//! Inventories as the real Ansible reads them: a corpus of cases and vectors, and properties of the readers.

mod cases;
mod json;
mod later;
mod loading;
mod properties;
mod staging;
mod vectors;
