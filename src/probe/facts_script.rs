//! The facts script: what a host says of itself, as `key=value` lines bounded in number, length and time; needs no root.

/// The script, for any POSIX shell that reads it from standard input.
///
/// The reader's interpreter and program come in `I` and `P` from the probe.
pub(super) const FACTS_SCRIPT: &str = r#"clock() { printf 'clock='; echo now | $I "$P"; }
main() {
echo facts=1
clock
ca_o=$(timeout 2 chronyc -n -c -m 'timeout 300' 'retries 0' tracking sources activity 2>&1)
clock
printf '%s\n' "$ca_o" | while read -r l; do echo "chrony.csv=$l"; done
echo end=1
}
main </dev/null 2>/dev/null
exit
"#;
