//! The flags that say in which form results go where.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Where results go.
#[derive(Debug, Clone, Args)]
pub struct OutputArgs {
    /// Print a `table` that fits one screen, every host `wide`, everything as `json`, `jsonl` or `csv`, a page as `md` or
    /// `html`, or what `junit`, `prometheus` or `nagios` reads
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: Format,
    /// Write the report to a file too: `.json`, `.jsonl`, `.csv`, `.txt`, `.md`, `.html`, `.xml` (for `junit`) or `.prom` (can be repeated)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub export: Vec<PathBuf>,
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A summary that fits one screen.
    Table,
    /// Every host, every column.
    Wide,
    /// The whole report.
    Json,
    /// The whole report, one event a line.
    Jsonl,
    /// The host table.
    Csv,
    /// A page in Markdown.
    Md,
    /// A page for a browser.
    Html,
    /// A test case a host.
    Junit,
    /// Metrics.
    Prometheus,
    /// The answer of a monitoring plugin.
    Nagios,
}

/// Where a result goes that is no report.
#[derive(Debug, Clone, Args)]
pub struct PageArgs {
    /// Print lines as a `table`, a page as `md`, or everything as `json`
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: PageFormat,
    /// Write it to a file too: `.json`, `.md` or `.txt` (can be repeated)
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub export: Vec<PathBuf>,
}

/// The form of a result that is no report: what `compare` and `token` tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PageFormat {
    /// Lines for a terminal.
    Table,
    /// A page in Markdown.
    Md,
    /// Everything.
    Json,
}
