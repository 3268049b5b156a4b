//! The arguments of `compare`.

use std::path::PathBuf;

use clap::Args;

use super::PageArgs;

/// Shown under the help of `compare`.
pub const EXIT_CODES: &str = "Exit codes:
  0    nothing new
  4    new findings
  64   the command line makes no sense
  65   a report cannot be understood
  74   output could not be written";

/// Arguments of `compare`.
#[derive(Debug, Clone, Args)]
pub struct CompareArgs {
    /// The earlier report and the later one, as `--export FILE.json` wrote them; or, with `--last`, an inventory
    #[arg(value_name = "OLD NEW", num_args = 0..=2)]
    pub files: Vec<PathBuf>,
    /// Compare the last two scans of this inventory that were kept; without an inventory, of the one that was scanned last
    #[arg(long)]
    pub last: bool,
    /// With `--last`: the `--limit` that the scans had
    #[arg(short, long, value_name = "PATTERN", requires = "last")]
    pub limit: Vec<String>,
    /// Where the comparison goes.
    #[command(flatten)]
    pub output: PageArgs,
}
