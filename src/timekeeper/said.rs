//! What a host said of itself, looked up by key: a view of the facts that the probe brought.

/// The facts of one host, in the order in which they were printed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'facts>(&'facts [(String, String)]);

impl<'facts> Said<'facts> {
    /// Looks at these facts.
    pub(super) fn of(facts: &'facts impl AsRef<[(String, String)]>) -> Self {
        Self(facts.as_ref())
    }

    /// Every value of a key.
    pub(super) fn all(self, key: &'static str) -> impl Iterator<Item = &'facts str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The first value of a key.
    pub(super) fn first(self, key: &'static str) -> Option<&'facts str> {
        self.all(key).next()
    }

    /// Every value of a key, one a line.
    pub(super) fn text(self, key: &'static str) -> String {
        self.all(key).collect::<Vec<_>>().join("\n")
    }
}
