//! The remote half of a fix: one POSIX script that root runs on a host, the requests that it reads line by line, and the
//! transcript of its answers. `docs/fix-script.md` tells the rules that the two keep.

pub mod answer;
pub mod digest;
pub mod request;
pub mod script;
pub mod survey;
pub mod taken;
pub mod transcript;

pub use answer::{
    Answer, Applied, CheckRefusal, Checked, Gone, Kept, NotApplied, NotReverted, NotTakenBack, Offer, Refusal,
    ServerAnswer, Step,
};
pub use digest::Digest;
pub use request::{
    Apply, Becomes, Change, Check, Expected, Installing, Request, RunId, STEPS, TakeBack, TakenFile, Unsendable,
};
pub use survey::{
    FileKind, Guard, Include, Init, OtherTimekeeper, PackageManager, Pending, Service, Survey, SurveyedFile,
};
pub use taken::{Package, Ran, Taken};
pub use transcript::{Heard, Transcript, TranscriptError};
