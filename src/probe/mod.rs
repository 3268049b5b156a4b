//! The probe: the script that is sent to a host, the transcript that comes back, and what was seen. Pure; knows `clock`.

pub mod event;
pub mod facts;
mod facts_script;
pub mod failure;
pub mod observation;
mod plain_date;
pub mod reader;
pub mod reading;
pub mod script;
pub mod trace;
pub mod transcript;

pub use event::HostEvent;
pub use facts::{Facts, FactsReading};
pub use failure::{Failure, FailureCode, Stage};
pub use observation::{ControllerReading, Interruption, Observation, SamplingWindow, Seen, TimeServer, WebServer};
pub use reader::Reader;
pub use reading::Reading;
pub use trace::{Trace, TraceError, TraceHost};
